// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package forkexec

import (
	"context"
	"fmt"
	"os"
	"syscall"
)

// object says in words what a step was about.
func object(step Step, detail int64, argv0 string, attr *syscall.ProcAttr) string {
	sys := attr.Sys
	if sys == nil {
		sys = &syscall.SysProcAttr{}
	}
	switch step {
	case StepExecve:
		return quotePath(argv0)
	case StepChdir:
		return quotePath(attr.Dir)
	case StepChroot:
		return quotePath(sys.Chroot)
	case StepFdMove, StepFdDup:
		if detail >= 0 && detail < int64(len(attr.Files)) {
			return fmt.Sprintf("Files[%d] = %d", detail, int(attr.Files[detail]))
		}
	case StepClone:
		if sys.UseCgroupFD {
			return fmt.Sprintf("into cgroup of descriptor %d", sys.CgroupFD)
		}
	}
	return plainObject(step, detail)
}

// ForkExec starts a program like syscall.ForkExec: same arguments, same result
// and the same error values; a step that failed gives its bare syscall.Errno.
func ForkExec(argv0 string, argv []string, attr *syscall.ProcAttr) (pid int, err error) {
	return syscall.ForkExec(argv0, argv, attr)
}

// Start starts a program with options. It is syscall.StartProcess with three
// additions: a failure is an *Error that names the step; opt; and ctx, whose end
// kills a child that has not come to its execve yet, so that Start returns
// ctx.Err() even if, say, the program lies on a file system that hangs. Once
// Start has returned nil, ctx has no more effect.
//
// The process must be waited for, or released.
func Start(ctx context.Context, argv0 string, argv []string, attr *syscall.ProcAttr, opt *Options) (*os.Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if attr == nil {
		attr = new(syscall.ProcAttr)
	}
	pid, err := syscall.ForkExec(argv0, argv, attr)
	if err != nil {
		errno, _ := err.(syscall.Errno)
		return nil, newError(0, errno, 0, argv0, attr)
	}
	return os.FindProcess(pid)
}

func startProcess(name string, argv []string, attr *syscall.ProcAttr) (*os.Process, error) {
	return nil, syscall.ENOSYS
}

const implementation = "stdlib"

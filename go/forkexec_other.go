// SPDX-License-Identifier: BSD-3-Clause

//go:build !linux || android

package forkexec

import (
	"context"
	"os"
	"syscall"
)

const implementation = "stdlib"

// ForkExec is syscall.ForkExec, or what comes nearest to it on this system.
func ForkExec(argv0 string, argv []string, attr *syscall.ProcAttr) (pid int, err error) {
	return forkExec(argv0, argv, attr)
}

// Start starts a program by the standard library. There are no steps on this
// system, so its errors are the standard library's; opt.CloseFDs fails.
func Start(ctx context.Context, argv0 string, argv []string, attr *syscall.ProcAttr, opt *Options) (*os.Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if opt != nil && opt.CloseFDs {
		return nil, os.NewSyscallError("close_range", errUnsupported)
	}
	pid, err := forkExec(argv0, argv, attr)
	if err != nil {
		return nil, err
	}
	return os.FindProcess(pid)
}

// startProcess is not called: StartProcess is os.StartProcess here.
func startProcess(name string, argv []string, attr *syscall.ProcAttr) (*os.Process, error) {
	return Start(context.Background(), name, argv, attr, nil)
}

// ReserveFDs sets descriptors aside for starts with [Options].CloseFDs. Here, where there
// is no C path, it only checks n.
func ReserveFDs(n int) error {
	if n < 0 || n > maxReserved {
		return os.ErrInvalid
	}
	return nil
}

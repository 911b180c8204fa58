// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && !(386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"context"
	"syscall"

	"forkexec.example/forkexec/go/internal/run"
)

const implementation = "stdlib"

// startC is never called: Implementation says "stdlib".
func startC(context.Context, *run.Once, string, []string, *syscall.ProcAttr, *syscall.SysProcAttr, *Options, *note) (int, error) {
	return 0, &Error{Step: StepClone, Errno: syscall.ENOSYS}
}

// reserveFDs is never called, for the same reason.
func reserveFDs(int) error { return syscall.ENOSYS }

// SPDX-License-Identifier: BSD-3-Clause

// Package forkexec starts processes on Linux through a freestanding C
// implementation of what the standard library does in
// syscall.forkAndExecInChild: same semantics and same errors, but faster,
// without stopping the Go runtime while the child is before its execve, and
// with errors that can name the step that failed.
//
// [ForkExec] and [StartProcess] are drop-ins for syscall.ForkExec and
// os.StartProcess. [Start] adds a context, [Options] and [Error].
//
// What differs from the standard library is listed in docs/differences.md: it
// refuses what would crash, hang or harm the parent there.
//
// # Environment
//
// FORKEXEC, read once at the first start, holds words separated by commas:
//
//	stdlib    send every start down the standard library's path
//	noclone3  never call clone3(2), for seccomp filters that kill
//	verbose   name the failed step in the errors of StartProcess and of go/exec
//
// # Other systems
//
// Only Linux has the C path, on 386, amd64, arm, arm64, ppc64le, riscv64 and s390x, with
// cgo or without; the tag forkexec_nocgo asks for the way without where cgo is on.
// Elsewhere the package compiles and uses the standard library; [Implementation] says
// which is in use.
package forkexec

import (
	"os"
	"runtime"

	"forkexec.example/forkexec/go/internal/osproc"
	"forkexec.example/forkexec/go/internal/settings"
)

// maxReserved is the most that ReserveFDs sets aside.
const maxReserved = 1024

// Implementation returns what starts processes in this program: "cgo" or
// "nocgo" for the C path, compiled with the program or as generated text, or "stdlib"
// where there is no C path or FORKEXEC=stdlib is set.
func Implementation() string {
	if settings.Get().Stdlib {
		return "stdlib"
	}
	return implementation
}

// StartProcess starts a program like os.StartProcess: same arguments, same
// result, and for a failure an *os.PathError with the same Op, Path and Err.
func StartProcess(name string, argv []string, attr *os.ProcAttr) (*os.Process, error) {
	if Implementation() == "stdlib" {
		return os.StartProcess(name, argv, attr)
	}
	if attr == nil {
		attr = new(os.ProcAttr)
	}
	osproc.NoteInput(name)
	if err := osproc.CheckDir(attr); err != nil {
		return nil, err
	}
	p, err := startProcess(name, argv, osproc.SysAttr(attr))
	runtime.KeepAlive(attr)
	if err != nil {
		return nil, osproc.PathError(name, err)
	}
	return p, nil
}

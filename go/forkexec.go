// SPDX-License-Identifier: BSD-3-Clause

// Package forkexec starts processes on Linux by a freestanding C function in the place of
// the standard library's syscall.forkAndExecInChild. Semantics and errors are the same,
// but a child that hangs before its execve never stalls the Go runtime, errors can name the
// step that failed with its cause and cure, and input that crashes, hangs or harms the parent in
// the standard library is refused.
//
// [ForkExec] and [StartProcess] are drop-ins for [syscall.ForkExec] and
// [os.StartProcess]. [Start] and [StartProcessOptions] take the same attributes and
// add a context, [Options] and [Error]. Package
// [forkexec.example/forkexec/go/exec] is the drop-in for [os/exec].
//
// In the repository, docs/tutorial.md shows all of it in ten minutes, docs/migration.md ports
// programs, and docs/differences.md lists what differs from the standard library. The C
// library and the command have man pages: forkexec_spawn(3), forkexec(1), and forkexec(7)
// for the steps.
//
// # Environment
//
// FORKEXEC, read once at the first start, holds words separated by commas:
//
//	stdlib    every start goes down the standard library's path
//	noclone3  clone3(2) is never called, for seccomp filters that kill
//	verbose   errors of StartProcess and of go/exec have step, cause and cure; where
//	          ForkExec fails they go to standard error
//	trace=F   a line of JSON is appended to the file F for each start, see docs/trace.md (Linux)
//
// # Other systems
//
// Only Linux has the C path, on 386, amd64, arm, arm64, ppc64le, riscv64 and s390x, with
// cgo or without; with the build tag forkexec_nocgo it does without cgo even where cgo is on.
// Elsewhere the package compiles and uses the standard library. [Implementation] says
// which is in use.
package forkexec

import (
	"context"
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

// StartProcess starts a program like [os.StartProcess]: same arguments, same
// result, and for a failure an [*os.PathError] with the same Op, Path and Err.
func StartProcess(name string, argv []string, attr *os.ProcAttr) (*os.Process, error) {
	if Implementation() == "stdlib" {
		return startByOS(name, argv, attr)
	}
	if attr == nil {
		attr = new(os.ProcAttr)
	}
	osproc.NoteInput(name)
	// Where errors name the step, the child finds out.
	if !settings.Get().Verbose {
		if err := osproc.CheckDir(attr); err != nil {
			noteRefused(name, argv, attr, err)
			return nil, err
		}
	}
	p, err := startProcess(name, argv, osproc.SysAttr(attr))
	runtime.KeepAlive(attr)
	if err != nil {
		return nil, osproc.PathError(name, err)
	}
	return p, nil
}

// StartProcessOptions is [StartProcess] with what [Start] adds: a context (if it ends before
// the child's execve, the error is ctx.Err()), opt, and errors that name the
// step. A failed start gives an [*os.PathError] with Op "fork/exec" whose Err is an *[Error]:
// errors.As finds both, errors.Is the errno. A missing attr.Dir is a failure of [StepChdir].
//
// Where the standard library does the start (see [Implementation]), Step is 0, except for
// options that are refused and, where attr.Sys is nil, for a missing Dir. StartProcessOptions panics if ctx is nil, as
// [os/exec.CommandContext] does.
func StartProcessOptions(ctx context.Context, name string, argv []string, attr *os.ProcAttr, opt *Options) (*os.Process, error) {
	needContext(ctx)
	if attr == nil {
		attr = new(os.ProcAttr)
	}
	p, err := startProcessOptions(ctx, name, argv, attr, opt)
	runtime.KeepAlive(attr)
	if e, ok := err.(*Error); ok {
		if e.Step == 0 { // the os.PathError has the path
			e.Object = ""
		}
		return nil, osproc.PathError(name, e)
	}
	return p, err
}

// withDir names the step of an error of the standard library's path, if it is the directory.
func withDir(ctx context.Context, err error, attr *os.ProcAttr) error {
	e, ok := err.(*Error)
	if !ok || e.Step != 0 {
		return err
	}
	switch err := osproc.CheckDirFor(ctx, attr).(type) {
	case nil:
		return e
	case *os.PathError:
		dir := &Error{Step: StepChdir, Object: attr.Dir, err: err.Err}
		if no, ok := err.Err.(errno); ok {
			dir.Errno, dir.err = no, nil
		}
		return dir
	default:
		return err
	}
}

func needContext(ctx context.Context) {
	if ctx == nil {
		panic("nil Context")
	}
}

// SPDX-License-Identifier: BSD-3-Clause

// Package forkexec starts processes on Linux through a freestanding C
// implementation of what the standard library does in
// syscall.forkAndExecInChild: same semantics and same errors, but faster,
// without stopping the Go runtime while the child is before its execve, and
// with errors that can name the step that failed.
//
// [ForkExec] and [StartProcess] are drop-ins for syscall.ForkExec and
// os.StartProcess. [Start] and [StartProcessOptions] take the same attributes and
// add a context, [Options] and [Error]. Package go/exec beside this one is the
// drop-in for os/exec.
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
//	verbose   say step, cause and cure in the errors of StartProcess and of go/exec, and
//	          on standard error where ForkExec fails
//	trace=F   append a line of JSON to the file F for each start, see docs/trace.md (Linux)
//
// # Other systems
//
// Only Linux has the C path, on 386, amd64, arm, arm64, ppc64le, riscv64 and s390x, with
// cgo or without; the tag forkexec_nocgo asks for the way without where cgo is on.
// Elsewhere the package compiles and uses the standard library; [Implementation] says
// which is in use.
package forkexec

import (
	"context"
	"os"
	"runtime"
	"time"

	"forkexec.example/forkexec/go/internal/osproc"
	"forkexec.example/forkexec/go/internal/settings"
)

// Options are wishes that syscall.SysProcAttr has no field for. A nil *Options
// asks for none.
type Options struct {
	// StepErrors lets the errors of a Cmd of package exec name the failed step, as
	// FORKEXEC=verbose does for the whole program: Err of the *os.PathError then is an
	// *[Error], which errors.As finds, and the text is longer than that of os/exec.
	// [Start] and [StartProcessOptions] always do so.
	StepErrors bool

	// CloseFDs closes every descriptor in the child that is not in
	// ProcAttr.Files, also those that lack FD_CLOEXEC. From Linux 5.9 on, what
	// lies above the last of Files is not even copied, so that the start costs the same
	// however many descriptors are open; see [ReserveFDs] for Files that lie high
	// themselves. A Files entry must stay open until the start has returned. Where the standard
	// library does the start (see Implementation) it cannot be honoured, and
	// the start fails with ENOSYS at StepCloseFDs.
	CloseFDs bool

	// TextBusyTimeout is for how long a start whose execve fails with ETXTBSY is
	// tried again before that error is reported. It is usual, and passes soon, for a
	// program written a moment ago (golang/go#22315). Zero reports it at once, but
	// for a Cmd of package exec: there a negative value does.
	TextBusyTimeout time.Duration

	// PdeathsigProcess makes SysProcAttr.Pdeathsig mean the end of this process. As
	// it is, the kernel sends the signal when the thread that started the child
	// ends, and Go ends threads (golang/go#27505). The child is then made by a
	// thread that lives as long as the process, so it does not inherit what belongs
	// to the caller's thread alone, such as namespaces or credentials changed under
	// LockOSThread. It cannot be combined with Ptrace, which needs the caller's
	// thread: EINVAL at StepRequest. Otherwise it does nothing without Pdeathsig.
	PdeathsigProcess bool

	// KeepDumpable makes this process dumpable again after a start with
	// SysProcAttr.Credential, good or failed, if it was before. Such a child leaves the
	// memory that it shares non-dumpable, see PR_SET_DUMPABLE in prctl(2): the files of
	// this process in /proc then belong to root, it dumps no core, no debugger can attach
	// to it. As in the standard library that is for good, also if one of several starts has
	// not asked for KeepDumpable.
	//
	// It is put back soon after Start has returned, when no child with other IDs is left
	// in this memory, and not if the process has changed its IDs or capabilities in the
	// meantime. SECURITY.md has the whole story. Where the standard library does the
	// start it cannot be honoured, and a start with Credential fails with ENOSYS at
	// StepRequest.
	KeepDumpable bool
}

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
		return startByOS(name, argv, attr)
	}
	if attr == nil {
		attr = new(os.ProcAttr)
	}
	osproc.NoteInput(name)
	// Where errors name the step, the child finds out.
	if err := osproc.CheckDir(attr); err != nil && !settings.Get().Verbose {
		return nil, err
	}
	p, err := startProcess(name, argv, osproc.SysAttr(attr))
	runtime.KeepAlive(attr)
	if err != nil {
		return nil, osproc.PathError(name, err)
	}
	return p, nil
}

// StartProcessOptions is [StartProcess] with the additions of [Start]: the context, whose
// end before the child's execve is returned as ctx.Err(), opt, and errors that name the
// step. A failed start gives an *os.PathError with Op "fork/exec" whose Err is an *[Error]:
// errors.As finds both, errors.Is the errno. A missing attr.Dir is the failure of StepChdir.
//
// Where the standard library does the start (see [Implementation]), the Step is 0 but for
// a missing Dir and for options that are refused. It panics if ctx is nil, as
// os/exec.CommandContext does.
func StartProcessOptions(ctx context.Context, name string, argv []string, attr *os.ProcAttr, opt *Options) (*os.Process, error) {
	needContext(ctx)
	if attr == nil {
		attr = new(os.ProcAttr)
	}
	p, err := startProcessOptions(ctx, name, argv, attr, opt)
	runtime.KeepAlive(attr)
	if e, ok := err.(*Error); ok {
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

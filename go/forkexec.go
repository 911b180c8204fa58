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
//	verbose   say step, cause and cure in the errors of StartProcess and of go/exec, and
//	          on standard error where ForkExec fails
//
// # Other systems
//
// Only Linux has the C path, on 386, amd64, arm, arm64, ppc64le, riscv64 and s390x, with
// cgo or without; the tag forkexec_nocgo asks for the way without where cgo is on.
// Elsewhere the package compiles and uses the standard library; [Implementation] says
// which is in use.
package forkexec

import (
	"errors"
	"os"
	"runtime"
	"time"

	"forkexec.example/forkexec/go/internal/osproc"
	"forkexec.example/forkexec/go/internal/settings"
)

// Options are wishes that syscall.SysProcAttr has no field for. A nil *Options
// asks for none.
type Options struct {
	// CloseFDs closes every descriptor in the child that is not in
	// ProcAttr.Files, also those that lack FD_CLOEXEC. From Linux 5.9 on, what
	// lies above the last of Files is not even copied, so that the start costs the same
	// however many descriptors are open; see [ReserveFDs] for Files that lie high
	// themselves. A Files entry must stay open until the start has returned. Where the standard
	// library does the start (see Implementation) it cannot be honoured, and
	// the start fails with ENOSYS at StepCloseFds.
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

// dirHint is the hint for an error of CheckDir.
func dirHint(err error, dir string) func() string {
	return func() string {
		e := &Error{Step: StepChdir, Object: dir}
		_ = errors.As(err, &e.Errno)
		return e.Hint()
	}
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
		return nil, osproc.Explain(err, dirHint(err, attr.Dir))
	}
	p, err := startProcess(name, argv, osproc.SysAttr(attr))
	runtime.KeepAlive(attr)
	if err != nil {
		return nil, osproc.PathError(name, err)
	}
	return p, nil
}

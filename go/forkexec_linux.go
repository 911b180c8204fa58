// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package forkexec

import (
	"context"
	"fmt"
	"math"
	"os"
	"syscall"

	"forkexec.example/forkexec/go/internal/osproc"
	"forkexec.example/forkexec/go/internal/run"
	"forkexec.example/forkexec/go/internal/settings"
	"forkexec.example/forkexec/go/internal/trace"
)

var zeroSysProcAttr syscall.SysProcAttr

// withDefaults replaces nil attributes, which ask for nothing.
func withDefaults(attr *syscall.ProcAttr) (*syscall.ProcAttr, *syscall.SysProcAttr) {
	if attr == nil {
		attr = new(syscall.ProcAttr)
	}
	if attr.Sys == nil {
		return attr, &zeroSysProcAttr
	}
	return attr, attr.Sys
}

// ForkExec starts a program like [syscall.ForkExec]: same arguments, same result
// and the same error values; a step that failed gives its bare [syscall.Errno].
//
// As there, the child inherits from the calling thread. So [runtime.LockOSThread] matters for
// Ptrace, for Pdeathsig, and to callers that have changed namespaces, credentials
// and the like of their thread.
func ForkExec(argv0 string, argv []string, attr *syscall.ProcAttr) (pid int, err error) {
	if Implementation() == "stdlib" {
		if !trace.ByUs() {
			return syscall.ForkExec(argv0, argv, attr)
		}
		n := newNote(argv0, argv, attr, nil)
		pid, err = syscall.ForkExec(argv0, argv, attr)
		n.end(pid, err)
		return pid, err
	}
	attr, sys := withDefaults(attr)
	n := newNote(argv0, argv, attr, nil)
	pid, err = startC(context.Background(), nil, argv0, argv, attr, sys, nil, n)
	n.end(pid, err)
	if e, ok := err.(*Error); ok {
		if settings.Get().Verbose { // what is returned has no room for it
			fmt.Fprintf(os.Stderr, "forkexec: %v\n", osproc.Plain(e, true))
		}
		return 0, e.Unwrap()
	}
	return pid, err
}

// Start starts a program with options. It is [syscall.StartProcess] with three
// additions: a failure is an *[Error] that names the step; opt; and ctx. If ctx ends before the
// child's execve, the child is killed and Start returns ctx.Err(), even
// if the program is on a file system that hangs. If it ends in the very moment of
// the execve, Start may succeed with a program that has been killed. Once Start
// has succeeded, ctx has no more effect.
//
// The process must be waited for, or released. Start panics if ctx is nil, as
// [os/exec.CommandContext] does.
func Start(ctx context.Context, argv0 string, argv []string, attr *syscall.ProcAttr, opt *Options) (*os.Process, error) {
	return startFor(ctx, nil, argv0, argv, attr, opt, opt)
}

func init() {
	run.Start = func(ctx context.Context, waiter *run.Once, argv0 string, argv []string, attr *syscall.ProcAttr, opt, asked any) (*os.Process, error) {
		return startFor(ctx, waiter, argv0, argv, attr, opt.(*Options), asked.(*Options))
	}
}

// startFor is Start for a waiter, or for nil. asked is what of opt the caller has set.
func startFor(ctx context.Context, waiter *run.Once, argv0 string, argv []string, attr *syscall.ProcAttr, opt, asked *Options) (p *os.Process, err error) {
	needContext(ctx)
	opt.reset()
	n := newNote(argv0, argv, attr, asked)
	if n == nil {
		return startNoted(ctx, waiter, argv0, argv, attr, opt, nil)
	}
	err = errNoReturn // until it has
	defer func() { n.end(0, err) }()
	p, err = startNoted(ctx, waiter, argv0, argv, attr, opt, n)
	return p, err
}

func startNoted(ctx context.Context, waiter *run.Once, argv0 string, argv []string, attr *syscall.ProcAttr, opt *Options, n *note) (*os.Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	attr, sys := withDefaults(attr)
	if opt != nil && opt.PdeathsigProcess && sys.Ptrace {
		return nil, &Error{Step: StepRequest, Errno: syscall.EINVAL, Object: "PdeathsigProcess with Ptrace", field: "PdeathsigProcess",
			hint: "Ptrace needs the calling thread as the parent, PdeathsigProcess one that lives on: set one of the two."}
	}
	if sys.PidFD != nil {
		pid, err := start(ctx, waiter, argv0, argv, attr, sys, opt, n)
		if err != nil {
			return nil, err
		}
		return made(waiter, pid, *sys.PidFD), nil
	}
	// A pidfd tells a child from a later process that was given its ID.
	pidfd := -1
	own := *sys
	own.PidFD = &pidfd
	pid, err := start(ctx, waiter, argv0, argv, attr, &own, opt, n)
	if err != nil {
		return nil, err
	}
	p := made(waiter, pid, pidfd)
	if pidfd >= 0 {
		_ = syscall.Close(pidfd)
	}
	return p, nil
}

// ReserveFDs sets n descriptors aside, the lowest that are free, for starts with
// [Options].CloseFDs whose ProcAttr.Files have high numbers, as in a server with many
// connections: such a start then costs the same however many descriptors are open. It is
// meant to be called early, before others take the low numbers; of several calls the
// largest n counts. Three or so for each start that is under way at the same time will do;
// where none is free, and for files that are not pipes, sockets or /dev/null, the start is
// as without it: closing a duplicate of a file would drop this process's POSIX locks on it.
//
// The descriptors are close-on-exec, stay open as long as the process and must not be
// closed. The error is EINVAL if n is negative or beyond 1024, or that of pipe2(2) or
// fcntl(2), EMFILE for example; the number set aside then is what it was. Where
// [Implementation] is "stdlib" nothing is set aside. It is safe for concurrent use.
func ReserveFDs(n int) error {
	if n < 0 || n > maxReserved {
		return syscall.EINVAL
	}
	if Implementation() == "stdlib" {
		return nil
	}
	return reserveFDs(n)
}

// start starts by whichever path is in use, with sys in place of attr.Sys.
func start(ctx context.Context, waiter *run.Once, argv0 string, argv []string, attr *syscall.ProcAttr, sys *syscall.SysProcAttr, opt *Options, n *note) (int, error) {
	if Implementation() != "stdlib" {
		pid, err := startC(ctx, waiter, argv0, argv, attr, sys, opt, n)
		n.end(pid, err)
		return pid, err
	}
	if option, step := opt.NeedsC(); option != "" {
		return 0, refused(step, option)
	}
	if opt != nil && opt.KeepDumpable && sys.Credential != nil {
		return 0, refused(StepRequest, "KeepDumpable")
	}
	with := *attr
	with.Sys = sys
	var pid int
	var err error
	n.toSyscall()
	fork := func() { pid, err = syscall.ForkExec(argv0, argv, &with) }
	if opt != nil && opt.PdeathsigProcess && sys.Pdeathsig != 0 {
		onImmortalThread(fork)
	} else {
		fork()
	}
	n.end(pid, err)
	if err == nil {
		return pid, nil
	}
	if errno, ok := err.(syscall.Errno); ok {
		return 0, &Error{Errno: errno, Object: argv0}
	}
	return 0, &Error{Step: StepRequest, Errno: syscall.EINVAL, err: err}
}

// refused is what an option gives that the standard library's path does not have.
func refused(step Step, option string) *Error {
	why := "the standard library starts this program"
	if settings.Get().Stdlib {
		why = "FORKEXEC=stdlib is set"
	}
	return &Error{Step: step, Errno: syscall.ENOSYS, Object: "Options." + option + ", while " + why,
		hint: option + " needs the C path, and this start goes down the standard library's: see Implementation."}
}

// startProcess is Start for StartProcess, whose errors it shapes.
func startProcess(name string, argv []string, attr *syscall.ProcAttr) (*os.Process, error) {
	p, err := Start(context.Background(), name, argv, attr, nil)
	if e, ok := err.(*Error); ok {
		return nil, osproc.Plain(e, settings.Get().Verbose)
	}
	return p, err
}

// startByOS is os.StartProcess with the trace.
func startByOS(name string, argv []string, attr *os.ProcAttr) (*os.Process, error) {
	if !trace.On() {
		return os.StartProcess(name, argv, attr)
	}
	sys := new(syscall.ProcAttr)
	if attr != nil {
		sys.Dir, sys.Sys = attr.Dir, attr.Sys
	}
	n := newNote(name, argv, sys, nil)
	p, err := os.StartProcess(name, argv, attr)
	if osproc.DirError(err) == nil {
		n.toSyscall()
	}
	pid := 0
	if p != nil {
		pid = p.Pid
	}
	n.end(pid, err)
	return p, err
}

func startProcessOptions(ctx context.Context, name string, argv []string, attr *os.ProcAttr, opt *Options) (*os.Process, error) {
	p, err := Start(ctx, name, argv, osproc.SysAttr(attr), opt)
	osproc.NoteInput(name) // after the start, as it may lie on a file system that hangs
	if err != nil {
		return nil, withDir(ctx, err, attr)
	}
	return p, nil
}

// made is process for a child that may have one already.
func made(waiter *run.Once, pid, pidfd int) *os.Process {
	if waiter != nil && waiter.Process != nil {
		return waiter.Process
	}
	return process(pid, pidfd)
}

// sysPidfdSendSignal is the same on all architectures but alpha.
const sysPidfdSendSignal = 424

// process returns the os.Process of a child that we have not waited for. Somebody
// else may have: a parent that ignores SIGCHLD does so by itself, and then the ID may
// name a stranger already. If the child's own pidfd says so, the result is a process
// that has ended, as package os makes it for an ID that does not exist.
func process(pid, pidfd int) *os.Process {
	p, err := os.FindProcess(pid)
	if err == nil && pidfd >= 0 {
		_, _, errno := syscall.RawSyscall6(sysPidfdSendSignal, uintptr(pidfd), 0, 0, 0, 0, 0)
		if errno == syscall.ESRCH {
			_ = p.Release()
			p, err = os.FindProcess(math.MaxInt32)
		}
	}
	if err != nil { // cannot be: FindProcess never fails on Unix
		panic(err)
	}
	p.Pid = pid
	return p
}

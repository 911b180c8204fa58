// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Package run is how package exec tells package forkexec that it waits for the end of the
// process anyway, and need not be woken at the execve.
package run

import (
	"context"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"forkexec.example/forkexec/go/internal/bubble"
)

// Start is package forkexec's Start with a waiter, or without one if that is nil. opt is a
// *forkexec.Options, a type that this package cannot name, and so is asked: what the user of package
// exec has set of it, which may be nil.
var Start func(ctx context.Context, waiter *Once, argv0 string, argv []string, attr *syscall.ProcAttr, opt, asked any) (*os.Process, error)

// Once is the waiter of such a start, and of no other: what that starts by itself has none.
type Once struct {
	// Born is called when there is a child, and with nil when that has not come to its execve.
	Born func(*os.Process)

	// Outputs are descriptors of which the caller reads what the child writes: one who
	// writes has come past its execve.
	Outputs []int

	// Process is the child; Exited is set if it was seen to end.
	Process *os.Process
	Exited  bool
}

// Begin is called by package forkexec when the child exists. It sleeps until there may be news
// of the child, or ctx has ended.
func (o *Once) Begin(ctx context.Context, p *os.Process, pidfd int) {
	o.Process = p
	o.Born(p)
	o.sleep(ctx, pidfd)
}

// Forget is called for a child that has not come to its execve.
func (o *Once) Forget() {
	if o.Process != nil {
		o.Born(nil)
		_ = o.Process.Release()
		o.Process, o.Exited = nil, false
	}
}

const (
	// longest is for how long a child that does not end keeps its start's memory.
	longest = 20 * time.Millisecond

	// most is how many such sleeps there are at the same time: each holds a thread.
	most = 16
)

var sleeping atomic.Int32

type pollfd struct {
	fd              int32
	events, revents int16
}

const pollIn = 1 // POLLIN

// sleep returns when the child has ended, when it has written something, when the context has
// ended, or when it has lasted too long.
func (o *Once) sleep(ctx context.Context, pidfd int) {
	defer sleeping.Add(-1)
	if sleeping.Add(1) > most {
		return
	}
	var room [5]pollfd
	fds := append(room[:0], pollfd{fd: int32(pidfd), events: pollIn})
	for _, fd := range o.Outputs {
		fds = append(fds, pollfd{fd: int32(fd), events: pollIn})
	}
	if ctx.Done() != nil {
		kick, _, errno := syscall.RawSyscall(syscall.SYS_EVENTFD2, 0, syscall.O_CLOEXEC, 0)
		if errno != 0 {
			return
		}
		defer syscall.Close(int(kick))
		defer atEnd(ctx, kick)()
		fds = append(fds, pollfd{fd: int32(kick), events: pollIn})
	}
	// With signals open: the kernel tells the thread that has cloned of its child's end, and where
	// that may not be woken it wakes another one. EINTR is an end of the sleep as well.
	limit := syscall.NsecToTimespec(int64(longest))
	n, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&fds[0])), uintptr(len(fds)),
		uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	o.Exited = errno == 0 && n > 0 && fds[0].revents != 0
}

// atEnd makes an eventfd readable at the end of the context, until end has returned.
func atEnd(ctx context.Context, fd uintptr) (end func() bool) {
	return bubble.While(ctx, func() {
		one := uint64(1)
		_, _, _ = syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(&one)), unsafe.Sizeof(one))
	})
}

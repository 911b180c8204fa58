// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package stuck

import (
	"syscall"
	"unsafe"

	"forkexec.example/forkexec/tests/internal/seccomp"
)

// A hold stops the children of one thread at their chdir(2) until it is let go: a
// seccomp filter asks this process. It needs no privilege.
type hold struct {
	fd      uintptr
	pids    chan uint32 // of those held
	release chan struct{}
}

// seccomp_notif and seccomp_notif_resp of linux/seccomp.h.
type (
	notice struct {
		id         uint64
		pid, flags uint32
		data       [8]uint64
	}
	reply struct {
		id    uint64
		value int64
		errno int32
		flags uint32
	}
)

const (
	notifyReceive = 0xc0502100
	notifySend    = 0xc0182101
	replyGoOn     = 1 // SECCOMP_USER_NOTIF_FLAG_CONTINUE
)

// holdChildren begins to hold the children of the calling thread, which must be locked.
// onlyVfork is a sandbox that knows clone as fork, vfork and for threads.
func holdChildren(onlyVfork bool) (*hold, error) {
	filter := seccomp.Act(syscall.SYS_CHDIR, seccomp.Notify)
	if onlyVfork {
		filter = append([]seccomp.Instruction{
			seccomp.Op(seccomp.Load, 0, 0, seccomp.Number),
			seccomp.Op(seccomp.Equal, 0, 1, seccomp.Clone3),
			seccomp.Op(seccomp.Return, 0, 0, seccomp.Errno|uint32(syscall.ENOSYS)),
			seccomp.Op(seccomp.Equal, 0, 4, syscall.SYS_CLONE),
			seccomp.Op(seccomp.Load, 0, 0, seccomp.FirstArg),
			seccomp.Op(seccomp.AnyBit, 2, 0, syscall.CLONE_VFORK|syscall.CLONE_THREAD),
			seccomp.Op(seccomp.AnyBit, 0, 1, syscall.CLONE_VM),
			seccomp.Op(seccomp.Return, 0, 0, seccomp.Errno|uint32(syscall.EPERM)),
		}, filter...)
	}
	if err := seccomp.NoNewPrivs(); err != nil {
		return nil, err
	}
	fd, err := seccomp.Install(filter, seccomp.NewListener)
	if err != nil {
		return nil, err
	}
	h := &hold{fd: fd, pids: make(chan uint32, 100), release: make(chan struct{})}
	syscall.CloseOnExec(int(fd))
	go h.serve()
	return h, nil
}

func (h *hold) serve() {
	for {
		var n notice
		_, _, e := syscall.Syscall(syscall.SYS_IOCTL, h.fd, notifyReceive, uintptr(unsafe.Pointer(&n)))
		if e == syscall.EINTR || e == syscall.ENOENT { // ENOENT: a signal came to the child first
			continue
		}
		if e != 0 {
			return
		}
		h.pids <- n.pid
		<-h.release
		// It fails if a signal has ended the call; then the child asks again.
		r := reply{id: n.id, flags: replyGoOn}
		_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, h.fd, notifySend, uintptr(unsafe.Pointer(&r)))
	}
}

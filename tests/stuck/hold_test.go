// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package stuck

import (
	"errors"
	"runtime"
	"syscall"
	"unsafe"
)

// A hold stops the children of one thread at their chdir(2) until it is let go: a
// seccomp filter asks this process. It needs no privilege.
type hold struct {
	fd      uintptr
	pids    chan uint32 // of those held
	release chan struct{}
}

type bpfInstruction struct {
	code   uint16
	jt, jf uint8
	k      uint32
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
	prSetNoNewPrivs = 38
	sysClone3       = 435

	seccompFilter   = 1 // SECCOMP_SET_MODE_FILTER
	seccompListener = 8 // SECCOMP_FILTER_FLAG_NEW_LISTENER
	actionAllow     = 0x7fff0000
	actionErrno     = 0x00050000
	actionNotify    = 0x7fc00000
	notifyReceive   = 0xc0502100
	notifySend      = 0xc0182101
	replyGoOn       = 1 // SECCOMP_USER_NOTIF_FLAG_CONTINUE

	bpfLoad   = 0x20
	bpfEq     = 0x15
	bpfAnyBit = 0x45
	bpfReturn = 0x06

	numberInSeccomp = 0  // offsets in struct seccomp_data
	flagsInSeccomp  = 16 // the lower half of args[0]
)

// sysSeccomp are the numbers of seccomp(2), which package syscall lacks.
var sysSeccomp = map[string]uintptr{"amd64": 317, "arm64": 277}

// holdChildren begins to hold the children of the calling thread, which must be locked.
// onlyVfork is a sandbox that knows clone as fork, vfork and for threads.
func holdChildren(onlyVfork bool) (*hold, error) {
	number, ok := sysSeccomp[runtime.GOARCH]
	if !ok {
		return nil, errors.New("no number of seccomp(2) known for this architecture")
	}
	filter := []bpfInstruction{
		{bpfLoad, 0, 0, numberInSeccomp},
		{bpfEq, 0, 1, syscall.SYS_CHDIR},
		{bpfReturn, 0, 0, actionNotify},
		{bpfReturn, 0, 0, actionAllow},
	}
	if onlyVfork {
		filter = append([]bpfInstruction{
			{bpfLoad, 0, 0, numberInSeccomp},
			{bpfEq, 0, 1, sysClone3},
			{bpfReturn, 0, 0, actionErrno | uint32(syscall.ENOSYS)},
			{bpfEq, 0, 4, syscall.SYS_CLONE},
			{bpfLoad, 0, 0, flagsInSeccomp},
			{bpfAnyBit, 2, 0, syscall.CLONE_VFORK | syscall.CLONE_THREAD},
			{bpfAnyBit, 0, 1, syscall.CLONE_VM},
			{bpfReturn, 0, 0, actionErrno | uint32(syscall.EPERM)},
		}, filter...)
	}
	program := struct {
		n    uint16
		list *bpfInstruction
	}{uint16(len(filter)), &filter[0]}
	if _, _, e := syscall.RawSyscall6(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0, 0); e != 0 {
		return nil, e
	}
	fd, _, e := syscall.RawSyscall(number, seccompFilter, seccompListener, uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(filter)
	if e != 0 {
		return nil, e
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

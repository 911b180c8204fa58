// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Seccomp filters for the calling thread: they make one system call fail with an
// errno, as an old kernel or a container's policy would. A filter looks at the
// number alone, which is enough on a thread that only this test uses.

package differential

import (
	"runtime"
	"syscall"
	"unsafe"
)

const (
	sysClone3 = 435 // the same on all architectures, as all newer numbers

	bpfLoadNumber = 0x20 // LD W ABS; the number is at offset 0
	bpfJumpEqual  = 0x15
	bpfReturn     = 0x06
	actionAllow   = 0x7fff0000
	actionErrno   = 0x00050000
	prSetSeccomp  = 22
	seccompFilter = 2
)

type bpfInstruction struct {
	code   uint16
	jt, jf uint8
	k      uint32
}

type bpfProgram struct {
	n            uint16
	instructions *bpfInstruction
}

var filterAllow = []bpfInstruction{{bpfReturn, 0, 0, actionAllow}}

// refuse lets a system call fail.
func refuse(number uint32, e syscall.Errno) []bpfInstruction {
	return []bpfInstruction{
		{bpfLoadNumber, 0, 0, 0},
		{bpfJumpEqual, 0, 1, number},
		{bpfReturn, 0, 0, actionErrno | uint32(e)},
		{bpfReturn, 0, 0, actionAllow},
	}
}

// filter returns the changes that install a filter on the calling thread.
func filter(list []bpfInstruction) []func() error {
	install := func() error {
		var p runtime.Pinner
		defer p.Unpin()
		p.Pin(&list[0])
		program := bpfProgram{uint16(len(list)), &list[0]}
		_, _, e := syscall.RawSyscall(syscall.SYS_PRCTL, prSetSeccomp, seccompFilter, uintptr(unsafe.Pointer(&program)))
		if e != 0 {
			return e
		}
		return nil
	}
	return []func() error{prctl(prSetNoNewPrivs, 1), install}
}

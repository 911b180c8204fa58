// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Package seccomp makes and installs seccomp filters for tests that show how starts fare
// on old kernels and in sandboxes. A filter cannot be taken back: use it on a thread, or in
// a process, that ends.
package seccomp

import (
	"runtime"
	"syscall"
	"unsafe"
)

// An Instruction is struct sock_filter.
type Instruction struct {
	Code   uint16
	Jt, Jf uint8
	K      uint32
}

// Codes of instructions, and where they find what in struct seccomp_data. On the
// little-endian architectures the low half of an argument comes first.
const (
	Load   = 0x20 // LD W ABS
	Equal  = 0x15
	AnyBit = 0x45
	Return = 0x06

	Number    = 0
	FirstArg  = 16
	SecondArg = 24
)

// What a filter may return. Errno is to be combined with one.
const (
	Allow  = 0x7fff0000
	Notify = 0x7fc00000
	Errno  = 0x00050000
	Trap   = 0x00030000
	Kill   = 0x80000000
)

// Flags of Install.
const (
	AllThreads  = 1 // SECCOMP_FILTER_FLAG_TSYNC
	NewListener = 8 // SECCOMP_FILTER_FLAG_NEW_LISTENER
)

// Clone3 is the number of clone3(2), the same on all architectures, as all newer ones.
const Clone3 = 435

// Op is an instruction with its jumps, zero for none.
func Op(code uint16, jt, jf uint8, k uint32) Instruction { return Instruction{code, jt, jf, k} }

// Act is a filter that acts at one system call and allows all others.
func Act(number, action uint32) []Instruction {
	return []Instruction{{Load, 0, 0, Number}, {Equal, 0, 1, number}, {Return, 0, 0, action}, {Return, 0, 0, Allow}}
}

// NoNewPrivs must come before Install where the caller lacks CAP_SYS_ADMIN.
func NoNewPrivs() error {
	const prSetNoNewPrivs = 38
	if _, _, e := syscall.RawSyscall6(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0, 0); e != 0 {
		return e
	}
	return nil
}

// numbers are those of seccomp(2), which package syscall lacks. Without flags prctl(2)
// does the same.
var numbers = map[string]uintptr{"amd64": 317, "arm64": 277, "riscv64": 277}

// Install puts a filter on the calling thread, which the caller has locked, or on all. The
// result is that of seccomp(2): with NewListener a descriptor.
func Install(list []Instruction, flags uintptr) (uintptr, error) {
	program := struct {
		n    uint16
		list *Instruction
	}{uint16(len(list)), &list[0]}
	const prSetSeccomp, modeFilter, setModeFilter = 22, 2, 1
	call, op, arg := uintptr(syscall.SYS_PRCTL), uintptr(prSetSeccomp), uintptr(modeFilter)
	if flags != 0 {
		call, op, arg = numbers[runtime.GOARCH], setModeFilter, flags
		if call == 0 {
			return 0, syscall.ENOSYS
		}
	}
	r, _, e := syscall.RawSyscall(call, op, arg, uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(list)
	if e != 0 {
		return 0, e
	}
	return r, nil
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build !android && (amd64 || arm64 || riscv64)

package sandbox

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"
)

// A rule lets a system call fail with err if its first argument has a bit of mask and
// none of unless; without a mask, always.
type rule struct {
	nr           uint32
	mask, unless uint32
	err          syscall.Errno
}

type instruction struct {
	code   uint16
	jt, jf uint8
	k      uint32
}

// install puts a filter on all threads. All architectures here are little-endian: the
// low half of the first argument is at offset 16 of struct seccomp_data.
func install(rules []rule) error {
	const load, equal, set, ret = 0x20, 0x15, 0x45, 0x06
	const allow, answer = 0x7fff0000, 0x00050000
	code := []instruction{{load, 0, 0, 0}}
	for _, r := range rules {
		mask := instruction{set, 0, 1, r.mask}
		if r.mask == 0 {
			mask = instruction{set, 0, 0, 0}
		}
		code = append(code, instruction{equal, 0, 5, r.nr}, instruction{load, 0, 0, 16},
			instruction{set, 2, 0, r.unless}, mask, instruction{ret, 0, 0, answer | uint32(r.err)},
			instruction{load, 0, 0, 0})
	}
	code = append(code, instruction{ret, 0, 0, allow})
	program := struct {
		n    uint16
		code *instruction
	}{uint16(len(code)), &code[0]}
	const prSetNoNewPrivs, setModeFilter, tsync = 38, 1, 1
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if _, _, e := syscall.RawSyscall6(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0, 0); e != 0 {
		return e
	}
	thread, _, e := syscall.RawSyscall(sysSeccomp, setModeFilter, tsync, uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(code)
	if e != 0 {
		return e
	}
	if thread != 0 {
		return fmt.Errorf("thread %d cannot be filtered", thread)
	}
	return nil
}

var sysSeccomp = func() uintptr {
	if runtime.GOARCH == "amd64" {
		return 317
	}
	return 277
}()

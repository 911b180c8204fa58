// SPDX-License-Identifier: BSD-3-Clause

//go:build !android && (amd64 || arm64 || riscv64)

package sandbox

import (
	"fmt"
	"runtime"
	"syscall"

	"forkexec.example/forkexec/tests/internal/seccomp"
)

// A rule lets a system call fail with err if its first argument has a bit of mask and
// none of unless; without a mask, always.
type rule struct {
	nr           uint32
	mask, unless uint32
	err          syscall.Errno
}

// install puts a filter on all threads. All architectures here are little-endian.
func install(rules []rule) error {
	code := []seccomp.Instruction{seccomp.Op(seccomp.Load, 0, 0, seccomp.Number)}
	for _, r := range rules {
		mask := seccomp.Op(seccomp.AnyBit, 0, 1, r.mask)
		if r.mask == 0 {
			mask.Jf = 0
		}
		code = append(code, seccomp.Op(seccomp.Equal, 0, 5, r.nr), seccomp.Op(seccomp.Load, 0, 0, seccomp.FirstArg),
			seccomp.Op(seccomp.AnyBit, 2, 0, r.unless), mask, seccomp.Op(seccomp.Return, 0, 0, seccomp.Errno|uint32(r.err)),
			seccomp.Op(seccomp.Load, 0, 0, seccomp.Number))
	}
	code = append(code, seccomp.Op(seccomp.Return, 0, 0, seccomp.Allow))
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := seccomp.NoNewPrivs(); err != nil {
		return err
	}
	thread, err := seccomp.Install(code, seccomp.AllThreads)
	if err != nil {
		return err
	}
	if thread != 0 {
		return fmt.Errorf("thread %d cannot be filtered", thread)
	}
	return nil
}

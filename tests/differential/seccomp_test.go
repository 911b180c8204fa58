// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Seccomp filters for the calling thread: they make one system call fail with an
// errno, as an old kernel or a container's policy would. A filter looks at the
// number alone, which is enough on a thread that only this test uses.

package differential

import (
	"syscall"

	"forkexec.example/forkexec/tests/internal/seccomp"
)

var filterAllow = []seccomp.Instruction{{Code: seccomp.Return, K: seccomp.Allow}}

// refuse lets a system call fail.
func refuse(number uint32, e syscall.Errno) []seccomp.Instruction {
	return seccomp.Act(number, seccomp.Errno|uint32(e))
}

// filter returns the changes that install a filter on the calling thread.
func filter(list []seccomp.Instruction) []func() error {
	install := func() error {
		_, err := seccomp.Install(list, 0)
		return err
	}
	return []func() error{seccomp.NoNewPrivs, install}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Seccomp filters for the calling thread: they make one system call fail with an
// errno, as an old kernel or a container's policy would. A filter looks at little more
// than the number, which is enough on a thread that only this test uses.

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

// refuseCommand lets a system call fail whose second argument is a certain one. All
// architectures but s390x are little-endian; there it is the high half, and nothing fails.
func refuseCommand(number, command uint32, e syscall.Errno) []seccomp.Instruction {
	return []seccomp.Instruction{
		seccomp.Op(seccomp.Load, 0, 0, seccomp.Number), seccomp.Op(seccomp.Equal, 0, 3, number),
		seccomp.Op(seccomp.Load, 0, 0, seccomp.SecondArg), seccomp.Op(seccomp.Equal, 0, 1, command),
		seccomp.Op(seccomp.Return, 0, 0, seccomp.Errno|uint32(e)), seccomp.Op(seccomp.Return, 0, 0, seccomp.Allow),
	}
}

// filter returns the changes that install a filter on the calling thread.
func filter(list []seccomp.Instruction) []func() error {
	install := func() error {
		_, err := seccomp.Install(list, 0)
		return err
	}
	return []func() error{seccomp.NoNewPrivs, install}
}

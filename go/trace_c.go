// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"forkexec.example/forkexec/c"
	"forkexec.example/forkexec/go/internal/trace"
)

// made is what the core says of how a child was made.
type made c.Result

func (m *made) how(s *trace.Start) {
	switch {
	case m.Method == 0:
		return
	case m.How&c.HowVfork != 0:
		s.Method = "vfork"
	case m.Method == c.MethodClone3:
		s.Method = "clone3"
	case m.How&c.HowShared == 0:
		s.Method = "fork"
	default:
		s.Method = "clone"
	}
	s.Shared = m.How&c.HowShared != 0
	switch {
	case s.Shared:
	case m.How&c.HowRefused != 0:
		s.Why = "the kernel or a filter refuses to share memory"
	case m.How&c.HowUnsafe != 0:
		s.Why = "others could get into memory that this child shares"
	case m.How&c.HowUnseen != 0:
		s.Why = "an emulator copied the memory, or the child was killed at once"
	}
}

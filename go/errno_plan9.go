// SPDX-License-Identifier: BSD-3-Clause

package forkexec

import (
	"strconv"
	"syscall"
)

// Plan 9 has no errnos. This type lets Error compile there; none is ever made.
type errno uintptr

func (e errno) Error() string { return "errno " + strconv.Itoa(int(e)) }

// signal is what Options call a signal; there is none here that they could mean.
type signal = syscall.Note

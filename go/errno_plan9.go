// SPDX-License-Identifier: BSD-3-Clause

package forkexec

import (
	"strconv"
	"syscall"
)

// An Errno stands in for syscall.Errno, which Plan 9 does not have. It is always 0.
type Errno uintptr

type errno = Errno

// Error returns the number.
func (e Errno) Error() string { return "errno " + strconv.Itoa(int(e)) }

// An Error is a start that failed.
type Error struct {
	Step   Step
	Errno  Errno  // always 0
	Detail int64  // the step's number: a descriptor's index, a capability, … (see the Step constants)
	Object string // the same in words: "/missing", "Files[3] = 17"; may be empty

	err   error  // in place of Errno, where package syscall returns no Errno
	hint  string // in place of what stands in a table
	field string // in place of the step's
	cause cause  // nil: nobody can look for the cause
}

// signal is what Options call a signal; there is none here that they could mean.
type signal = syscall.Note

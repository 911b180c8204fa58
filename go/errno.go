// SPDX-License-Identifier: BSD-3-Clause

//go:build !plan9

package forkexec

import "syscall"

type errno = syscall.Errno

// signal is what Options call a signal.
type signal = syscall.Signal

// An Error is a start that failed: which step, on what, and why.
//
// errors.Is(err, syscall.EPERM) and errors.Is(err, fs.ErrNotExist) hold for the
// errno. (Plan 9 has no syscall.Errno: there the field is a number that is always 0.)
type Error struct {
	Step   Step
	Errno  syscall.Errno // 0 for an error without one, see Unwrap
	Detail int64         // the step's number: a descriptor's index, a capability, … (see the Step constants)
	Object string        // the same in words: "/missing", "Files[3] = 17"; may be empty

	err   error  // in place of Errno, where package syscall returns no Errno
	hint  string // in place of what stands in a table
	field string // in place of the step's
	cause cause  // nil: nobody can look for the cause
}

// SPDX-License-Identifier: BSD-3-Clause

// Package fdtest stands in for os/exec/internal/fdtest in the standard library's
// tests.
package fdtest

import "syscall"

// Exists reports whether fd is an open descriptor.
func Exists(fd uintptr) bool {
	var st syscall.Stat_t
	return syscall.Fstat(int(fd), &st) != syscall.EBADF
}

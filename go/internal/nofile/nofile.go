// SPDX-License-Identifier: BSD-3-Clause

// Package nofile reads RLIMIT_NOFILE before anybody changes it.
//
// Go's package syscall raises the soft limit when it is initialised and gives
// children the old one back from a variable that other packages cannot reach.
// Packages are initialised in the order of their import paths as soon as all
// that they import has been (specified since Go 1.21). So a package that imports
// nothing and whose path sorts before "internal/", on which syscall depends, comes
// first. That is why this one imports nothing, contains no cgo, and why the
// module's path must start with a letter before i; tests/nofile fails if the
// order ever changes.
//
// In a plugin it comes too late: the limit read is the raised one.
package nofile

// Limit holds the soft and the hard limit as the process was started, or zeros
// where they are not known.
var Limit [2]uint64

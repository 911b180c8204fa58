// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !cgo

// Package handler has no C handlers to install in this build.
package handler

import "syscall"

// Install reports that it cannot.
func Install(syscall.Signal) bool { return false }

// Counts returns zeros.
func Counts() (here, elsewhere int) { return 0, 0 }

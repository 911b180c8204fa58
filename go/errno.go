// SPDX-License-Identifier: BSD-3-Clause

//go:build !plan9

package forkexec

import "syscall"

type errno = syscall.Errno

// signal is what Options call a signal.
type signal = syscall.Signal

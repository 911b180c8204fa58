// SPDX-License-Identifier: BSD-3-Clause

//go:build !plan9

package forkexec

import "syscall"

type errno = syscall.Errno

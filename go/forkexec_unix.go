// SPDX-License-Identifier: BSD-3-Clause

//go:build (unix && !linux) || android

package forkexec

import "syscall"

const errUnsupported = syscall.ENOTSUP

func forkExec(argv0 string, argv []string, attr *syscall.ProcAttr) (int, error) {
	return syscall.ForkExec(argv0, argv, attr)
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build !unix

package forkexec

import (
	"errors"
	"syscall"
)

var errUnsupported = errors.ErrUnsupported

// forkExec drops what syscall.StartProcess returns beside the process ID. On Windows
// that is a handle, which keeps the ID from being used again: it is not closed, so
// that the ID stays good for os.FindProcess.
func forkExec(argv0 string, argv []string, attr *syscall.ProcAttr) (int, error) {
	pid, _, err := syscall.StartProcess(argv0, argv, attr)
	return pid, err
}

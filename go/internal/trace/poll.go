// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package trace

import (
	"syscall"
	"unsafe"
)

// writable reports whether a write to a descriptor would not wait.
func writable(fd int32) bool {
	p := struct {
		fd              int32
		events, revents int16
	}{fd, 4 /* POLLOUT */, 0}
	var now syscall.Timespec
	n, _, _ := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&p)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	return n == 1
}

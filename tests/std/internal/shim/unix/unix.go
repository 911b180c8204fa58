// SPDX-License-Identifier: BSD-3-Clause

// Package unix stands in for internal/syscall/unix in the standard library's
// tests.
package unix

import (
	"fmt"
	"os"
)

// KernelVersion returns the first two numbers of the kernel's release.
func KernelVersion() (major, minor int) {
	b, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return 0, 0
	}
	_, _ = fmt.Sscanf(string(b), "%d.%d", &major, &minor) // 0.0 if it has another form
	return major, minor
}

// KernelVersionGE reports whether the kernel is at least x.y.
func KernelVersionGE(x, y int) bool {
	major, minor := KernelVersion()
	return major > x || (major == x && minor >= y)
}

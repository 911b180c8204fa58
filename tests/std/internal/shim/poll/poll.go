// SPDX-License-Identifier: BSD-3-Clause

// Package poll stands in for internal/poll in the standard library's tests.
package poll

import (
	"fmt"
	"os"
	"strings"
)

// IsPollDescriptor reports whether fd is one that the runtime opens for itself:
// the poller's epoll instance and the eventfd that wakes it, and since Go 1.25 the
// cgroup's CPU limit. The original knows only the former, and so a test that
// wants no descriptors to be open skips itself in a container.
func IsPollDescriptor(fd uintptr) bool {
	link, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return false
	}
	return strings.HasPrefix(link, "anon_inode:[event") || strings.HasPrefix(link, "/sys/fs/cgroup/")
}

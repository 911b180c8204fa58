// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package stuck

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// makeCgroup makes a cgroup in a hierarchy of this type and option, which root mounts if
// nobody else has.
func makeCgroup(t *testing.T, fstype, option string) string {
	t.Helper()
	root := ""
	for _, line := range strings.Split(readFile("/proc/self/mounts"), "\n") {
		f := strings.Fields(line)
		if len(f) > 3 && f[2] == fstype && (option == "" || strings.Contains(","+f[3]+",", ","+option+",")) {
			root = f[1]
		}
	}
	if root == "" {
		root = t.TempDir()
		if err := syscall.Mount("forkexec-stuck", root, fstype, 0, option); err != nil {
			t.Skipf("needs to mount %s %s: %v", fstype, option, err)
		}
		t.Cleanup(func() { _ = syscall.Unmount(root, syscall.MNT_DETACH) })
	}
	dir, err := os.MkdirTemp(root, "forkexec-stuck-")
	if err != nil {
		t.Skip("needs to make a cgroup: ", err)
	}
	t.Cleanup(func() { removeCgroup(t, dir) })
	return dir
}

// removeCgroup waits for the kernel: a cgroup stays busy for a moment after its last
// process has been reaped.
func removeCgroup(t *testing.T, dir string) {
	var err error
	for i := 0; i < 200; i++ {
		if err = os.Remove(dir); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error(err)
}

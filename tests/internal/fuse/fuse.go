// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Package fuse mounts FUSE file systems for tests of processes that hang in one.
package fuse

import (
	"fmt"
	"syscall"
	"testing"
)

// Mount mounts a file system at dir and returns its server's descriptor. As long as nobody
// reads that, whoever looks into dir hangs until he is killed. The descriptor is the
// caller's to close, after Abort; the end of the test unmounts dir.
func Mount(t *testing.T, dir string) int {
	t.Helper()
	fd, err := syscall.Open("/dev/fuse", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("needs FUSE: ", err)
	}
	opts := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd)
	if err := syscall.Mount("hung", dir, "fuse", 0, opts); err != nil {
		syscall.Close(fd)
		t.Skip("needs to mount FUSE: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil && err != syscall.EINVAL {
			t.Error(err) // EINVAL: not mounted any more
		}
	})
	return fd
}

// Abort ends the connection to the server: all who hang go on with an error.
func Abort(dir string) { _ = syscall.Unmount(dir, syscall.MNT_FORCE) }

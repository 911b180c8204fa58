// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestNoIDMapHelper: a system without the helpers.
func TestNoIDMapHelper(t *testing.T) {
	folders := usualFolders
	t.Cleanup(func() { usualFolders = folders })
	usualFolders = []string{t.TempDir()}
	t.Setenv("PATH", t.TempDir())
	sys := &syscall.SysProcAttr{UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}}
	err := uidMap.write(context.Background(), os.Getpid(), sys)
	h, ok := err.(*hookError)
	if !ok || !errors.Is(err, syscall.ENOENT) || h.field != "IDMapHelpers" {
		t.Fatalf("%#v", err)
	}
	if hint := h.explain(nil); !strings.HasPrefix(hint, "newuidmap is neither in PATH nor in "+usualFolders[0]) || !strings.Contains(hint, "Install it") {
		t.Error(hint)
	}
}

func TestWhyNotGranted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "subuid")
	uid := strconv.Itoa(os.Getuid())
	if err := os.WriteFile(file, []byte("# of a test\nsomebody else:0:4000000000\n"+uid+":1000000:10\n"+uid+":1000010:10\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := uidMap
	m.grants = file
	for _, c := range []struct {
		maps []syscall.SysProcIDMap
		want string
	}{
		{[]syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}, {ContainerID: 1, HostID: 1000000, Size: 10}, {ContainerID: 11, HostID: 1000010, Size: 1}}, ""},
		{[]syscall.SysProcIDMap{{HostID: 1000001, Size: 19}}, ""}, // two ranges that follow each other
		{[]syscall.SysProcIDMap{{HostID: 1000001, Size: 20}}, "has only 1000000:10, 1000010:10"},
		{[]syscall.SysProcIDMap{{HostID: 1000000, Size: 1}, {ContainerID: 1, HostID: 999999, Size: 2}}, "Line 2 of UidMappings, \"1 999999 2\""},
	} {
		got := m.whyNotGranted(c.maps)
		if got == "" && c.want != "" {
			t.Skip("this user has no name in passwd(5), or his ranges are not in files alone")
		}
		if !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%v: %q, want %q", c.maps, got, c.want)
		}
	}
}

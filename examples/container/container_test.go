// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	forkexec "forkexec.example/forkexec/go"
)

// TestMain is the command itself if the test says so.
func TestMain(m *testing.M) {
	if os.Getenv("CONTAINER_TEST_MAIN") != "" {
		os.Unsetenv("CONTAINER_TEST_MAIN")
		main()
	}
	os.Exit(m.Run())
}

const script = `id -u; echo $$; ulimit -n; ulimit -c; umask; cat /proc/self/uid_map | wc -l
grep -E '^(CapBnd|CapEff|NoNewPrivs|Seccomp):' /proc/self/status
for ns in user mnt pid net uts ipc; do readlink /proc/self/ns/$ns; done
cat /proc/net/dev | wc -l
mount -t tmpfs none /mnt 2>/dev/null || echo no mount
exit 5`

// container runs the command with a copy of this program that other users may execute.
func container(t *testing.T, cred *syscall.Credential, args ...string) string {
	t.Helper()
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "container")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "container")
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, self, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = []string{"CONTAINER_TEST_MAIN=1", "PATH=/usr/bin:/bin"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if cmd.ProcessState.ExitCode() != 5 {
		if strings.Contains(said.String(), "clone") || strings.Contains(said.String(), "newuidmap: exec") {
			t.Skip("no user namespaces here: ", said.String())
		}
		t.Fatalf("%v: %s%s", err, out, said.String())
	}
	if !strings.Contains(said.String(), "container: process ") {
		t.Errorf("the hook says %q", said.String())
	}
	return string(out)
}

func TestContainer(t *testing.T) {
	if forkexec.Implementation() == "stdlib" {
		t.Skip("needs the C path")
	}
	if _, err := exec.LookPath("newuidmap"); err != nil {
		t.Skip("needs newuidmap (package uidmap)")
	}
	users := map[string]*syscall.Credential{"caller": nil}
	if os.Getuid() == 0 {
		users["ordinary user"] = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	for name, cred := range users {
		t.Run(name, func(t *testing.T) {
			lines := strings.Split(container(t, cred, "/bin/sh", "-c", script), "\n")
			for i, want := range []string{"0", "1", "64", "0", "0022"} {
				if lines[i] != want {
					t.Errorf("line %d is %q, want %q", i, lines[i], want)
				}
			}
			all := strings.Join(lines, "\n")
			for _, want := range []string{"CapBnd:\t00000000000000c2", "CapEff:\t00000000000000c2", "NoNewPrivs:\t1", "Seccomp:\t2", "no mount"} {
				if !strings.Contains(all, want) {
					t.Errorf("no %q in\n%s", want, all)
				}
			}
			for _, ns := range []string{"user", "mnt", "pid", "net", "uts", "ipc"} {
				if to, _ := os.Readlink("/proc/self/ns/" + ns); strings.Contains(all, to) {
					t.Errorf("the container is in our %s namespace, %s", ns, to)
				}
			}
		})
	}
}

// TestCgroup starts in a cgroup, where one may be made.
func TestCgroup(t *testing.T) {
	for _, top := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		if _, err := os.Stat(top + "/cgroup.procs"); err != nil || os.Getuid() != 0 {
			continue
		}
		dir := fmt.Sprintf("%s/forkexec-container-%d", top, os.Getpid())
		if err := os.Mkdir(dir, 0o755); err != nil {
			continue
		}
		defer os.Remove(dir)
		if out := container(t, nil, "-cgroup", dir, "/bin/sh", "-c", "cat /proc/self/cgroup; exit 5"); !strings.Contains(out, filepath.Base(dir)) {
			t.Error("not in the cgroup:", out)
		}
		return
	}
	t.Skip("no cgroup v2 that may be written")
}

func TestLength(t *testing.T) {
	text, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n >= 150 {
		t.Errorf("main.go has %d lines, the example shall have less than 150", n)
	}
}

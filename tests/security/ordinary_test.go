// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && (amd64 || arm64)

package security

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestOrdinaryUser is why an ordinary user's child with a new user namespace is forked. The
// namespace belongs to a user, and to no group: a process of the same user that has another
// group may not trace the parent, but everything in the namespace.
func TestOrdinaryUser(t *testing.T) {
	need(t)
	if b, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope"); err == nil && b[0] != '0' {
		t.Skip("needs kernel.yama.ptrace_scope 0, as the one that lets most in")
	}
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	program := filepath.Join(binDir, "ordinary")
	sources, _ := filepath.Glob("../../c/*.c")
	args := append([]string{"-std=gnu11", "-Wall", "-Wextra", "-I../../include", "-o", program, "ordinary.c"}, sources...)
	if out, err := exec.Command(cc, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.Command(program).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 77 {
		t.Skip("needs user namespaces for ordinary users")
	}
	const want = "same user and group: parent IN child IN\n" +
		"same user, other group: parent out child IN\n" +
		"other user: parent out child out\n" +
		"core: forked\n"
	if string(out) != want || err != nil {
		t.Errorf("%v\n%swant\n%s", err, out, want)
	}
}

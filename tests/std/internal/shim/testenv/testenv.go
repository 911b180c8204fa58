// SPDX-License-Identifier: BSD-3-Clause

// Package testenv stands in for internal/testenv where the standard library's
// os/exec tests run outside the standard library. It says yes to everything that
// Linux with a go command has.
package testenv

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"forkexec.example/forkexec/go/exec"
)

// NoSpecialBuildTypes is an argument of MustInternalLink.
const NoSpecialBuildTypes = false

// MustHaveExec does nothing: Linux can start processes.
func MustHaveExec(testing.TB) {}

// MustHaveGoBuild skips the test if there is no go command.
func MustHaveGoBuild(t testing.TB) { GoToolPath(t) }

// MustInternalLink does nothing: what the tests build links without cgo.
func MustInternalLink(testing.TB, any) {}

// MustHaveSymlink does nothing: Linux has symbolic links.
func MustHaveSymlink(testing.TB) {}

// SkipFlaky skips a test that the standard library calls flaky.
func SkipFlaky(t testing.TB, issue int) { t.Skipf("flaky, golang issue %d", issue) }

// GOROOT returns the root of the toolchain in use.
func GOROOT(testing.TB) string { return runtime.GOROOT() }

// GoToolPath returns the go command of the toolchain in use.
func GoToolPath(t testing.TB) string {
	p := filepath.Join(runtime.GOROOT(), "bin", "go")
	if _, err := os.Stat(p); err != nil {
		t.Skip("no go command: ", err)
	}
	return p
}

// Executable returns the test binary.
func Executable(t testing.TB) string {
	p, err := os.Executable()
	if err == nil {
		return p
	}
	if t == nil {
		panic(err)
	}
	t.Fatal(err)
	return ""
}

// Command returns a command that outlives the test only if the test hangs.
func Command(_ testing.TB, name string, args ...string) *exec.Cmd {
	return exec.Command(name, args...)
}

// SyscallIsNotSupported reports whether err means that the machine or its
// sandbox does not allow a system call.
func SyscallIsNotSupported(err error) bool {
	for _, e := range []syscall.Errno{syscall.ENOSYS, syscall.ENOTSUP, syscall.EPERM, syscall.EACCES, syscall.EROFS} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

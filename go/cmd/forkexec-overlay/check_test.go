// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const starts = `package main

import "os/exec"

func main() { _ = exec.Command("/bin/true").Run() }
`

const idle = `package main

func main() { println() }
`

// TestCheck builds programs with the overlay and without, and asks the command itself, with
// its exit status.
func TestCheck(t *testing.T) {
	if os.Getenv("FORKEXEC_TEST_EMULATOR") != "" {
		t.Skip("builds programs, which takes too long in an emulator")
	}
	dir := t.TempDir()
	goTool := func(args ...string) {
		t.Helper()
		cmd := exec.Command("go", args...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
	}
	self, overlay := filepath.Join(dir, "forkexec-overlay"), filepath.Join(dir, "overlay.json")
	goTool("build", "-o", self, ".")
	if out, err := exec.Command(self, "-o", overlay).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	} else if strings.Contains(string(out), "module cache") {
		t.Skip(string(out))
	}
	for name, source := range map[string]string{"starts.go": starts, "idle.go": idle} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(source), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	build := func(source string, args ...string) string {
		out := filepath.Join(dir, "program")
		goTool(append(append([]string{"build", "-o", out}, args...), filepath.Join(dir, source))...)
		return out
	}
	check := func(what, program string, status int, text string) {
		t.Helper()
		cmd := exec.Command(self, "-check", program)
		out, _ := cmd.CombinedOutput() // the status is looked at below
		if got := cmd.ProcessState.ExitCode(); got != status || !strings.Contains(string(out), text) {
			t.Errorf("%s: exit status %d, %q; want %d and %q", what, got, out, status, text)
		}
	}
	check("overlay", build("starts.go", "-overlay", overlay), 0, "has the overlay")
	check("overlay, stripped", build("starts.go", "-overlay", overlay, "-trimpath", "-ldflags=-s -w"), 0, "has the overlay")
	check("overlay, PIE", build("starts.go", "-overlay", overlay, "-buildmode=pie"), 0, "has the overlay")
	check("plain", build("starts.go"), 1, "the standard library's")
	check("plain, stripped", build("starts.go", "-ldflags=-s -w"), 1, "the standard library's")
	check("no starts", build("idle.go", "-overlay", overlay), 1, "starts no processes")
	check("itself", self, 1, "the standard library's")
	check("no program", overlay, 2, "forkexec-overlay:")
	t.Setenv("GOARCH", "arm64")
	check("overlay, arm64", build("starts.go", "-overlay", overlay), 0, "has the overlay")
	t.Setenv("GOARCH", "mips64")
	check("overlay, no text", build("starts.go", "-overlay", overlay), 1, "the standard library's")
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && (amd64 || arm64)

// Package nofile_test asks whether the limit on descriptors that children get back
// was read before package syscall raised it: that rests on the order in which Go
// initialises packages. It builds one program in several ways and runs it under a
// lowered soft limit.
package nofile_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestOrder(t *testing.T) {
	for _, c := range []struct {
		name string
		env  string
		args []string
	}{
		{"cgo", "CGO_ENABLED=1", nil},
		{"no cgo", "CGO_ENABLED=0", nil},
		{"race", "CGO_ENABLED=1", []string{"-race"}},
		{"cover", "CGO_ENABLED=1", []string{"-cover", "-coverpkg=forkexec.example/forkexec/go/..."}},
		{"trimpath", "CGO_ENABLED=1", []string{"-trimpath"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bin := filepath.Join(t.TempDir(), "program")
			build := exec.Command("go", append(append([]string{"build", "-o", bin}, c.args...), "./program")...)
			build.Env = append(os.Environ(), c.env)
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			out, err := exec.Command("/bin/sh", "-c", `ulimit -Sn 300 && exec "$0"`, bin).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if got := strings.TrimSpace(string(out)); got != "300\n300" {
				t.Errorf("children have the soft limits %q, want 300 from both", got)
			}
		})
	}
}

// The path must sort before "internal/", or package syscall comes first.
func TestModulePath(t *testing.T) {
	out, err := exec.Command("go", "list", "forkexec.example/forkexec/go/internal/nofile").Output()
	if err != nil {
		t.Fatal(err)
	}
	if path := strings.TrimSpace(string(out)); path >= "internal/" {
		t.Errorf("package %s is initialised after package syscall", path)
	}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

// Package readme compiles and runs the examples of README.md, as they stand there.
package readme

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	forkexec "forkexec.example/forkexec/go"
)

const root = "../.."

// example returns the only block of README.md in that language.
func example(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllSubmatch(text, -1)
	if len(blocks) != 1 {
		t.Fatalf("README.md has %d blocks in %s, want 1", len(blocks), language)
	}
	return string(blocks[0][1])
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestGo(t *testing.T) {
	if forkexec.Implementation() == "stdlib" {
		t.Skip("the example shows what the C path does, and this build has none")
	}
	out := run(t, "go", "run", write(t, "main.go", example(t, "go")))
	want := "hello\nexit status 0 <nil>\nchdir /missing: no such file or directory\nchdir true\nThe working directory"
	if !strings.HasPrefix(out, want) {
		t.Errorf("got\n%s\nwant\n%s…", out, want)
	}
}

func TestC(t *testing.T) {
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	bin := filepath.Join(t.TempDir(), "example")
	args := []string{"-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Iinclude", "-Ic", "-o", bin, write(t, "example.c", example(t, "c"))}
	sources, err := filepath.Glob(filepath.Join(root, "c/*.c"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range sources {
		args = append(args, "c/"+filepath.Base(f))
	}
	run(t, cc, args...)
	out := run(t, bin)
	if want := "hello\nstatus 0\nchdir /missing: ENOENT. The working directory /missing does not exist"; !strings.HasPrefix(out, want) {
		t.Errorf("got\n%s\nwant\n%s…", out, want)
	}
}

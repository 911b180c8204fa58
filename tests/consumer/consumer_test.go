// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

// Package consumer asks whether the module works for somebody who gets it: it packs the
// tree as a module zip, serves it from a module proxy made of files, and builds and runs
// a program of a new module against it, from the module cache and from vendor.
package consumer

import (
	"archive/zip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	module  = "forkexec.example/forkexec"
	version = "v0.1.0"
	root    = "../.."
)

const program = `package main

import (
	"fmt"
	"os"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

func main() {
	out, err := exec.Command("/bin/echo", "hello").Output()
	fmt.Printf("%s %q %v\n", forkexec.Implementation(), out, err)
	p, err := forkexec.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
	if err == nil {
		_, err = p.Wait()
	}
	fmt.Println(err)
}
`

// proxy packs the files that git knows, or would take, and returns the proxy's folder.
func proxy(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	at := filepath.Join(dir, module, "@v")
	if err := os.MkdirAll(at, 0o777); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"list": version + "\n", version + ".mod": string(mod),
		version + ".info": `{"Version":"` + version + `","Time":"2026-01-01T00:00:00Z"}`,
	} {
		if err := os.WriteFile(filepath.Join(at, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := pack(filepath.Join(at, version+".zip")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func pack(file string) error {
	cmd := exec.Command("git", "ls-files", "-co", "--exclude-standard")
	cmd.Dir = root
	list, err := cmd.Output()
	if err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	z := zip.NewWriter(f)
	for _, name := range strings.Fields(string(list)) {
		in, err := os.Open(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted, not committed
		}
		if err != nil {
			return err
		}
		out, err := z.Create(module + "@" + version + "/" + name)
		if err == nil {
			_, err = io.Copy(out, in)
		}
		in.Close()
		if err != nil {
			return err
		}
	}
	return z.Close()
}

func TestConsumer(t *testing.T) {
	dir := t.TempDir()
	cache := filepath.Join(t.TempDir(), "cache")
	// The cache writes its files without write permission; its own cleaner can.
	env := append(os.Environ(), "GOPROXY=file://"+proxy(t), "GONOSUMDB=*", "GONOSUMCHECK=1", "GOFLAGS=-modcacherw",
		"GOMODCACHE="+cache, "GOTOOLCHAIN=local", "GOWORK=off")
	run := func(extra string, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = dir, append(env, strings.Fields(extra)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", extra, cmd, err, out)
		}
		return string(out)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o666); err != nil {
		t.Fatal(err)
	}
	run("", "go", "mod", "init", "consumer.example/program")
	run("", "go", "get", module+"/go@"+version)
	try := func(extra, implementation string, args ...string) {
		t.Helper()
		run(extra, "go", append(append([]string{"build", "-o", "program"}, args...), ".")...)
		want := implementation + " \"hello\\n\" <nil>\n<nil>\n"
		if got := run("", "./program"); got != want {
			t.Errorf("%s %v: got %q, want %q", extra, args, got, want)
		}
	}
	for _, mode := range []string{"-mod=mod", "-mod=vendor"} {
		if mode == "-mod=vendor" {
			run("", "go", "mod", "vendor")
		}
		try("CGO_ENABLED=1", "cgo", mode)
		try("CGO_ENABLED=0", "nocgo", mode)
		try("CGO_ENABLED=1", "cgo", mode, "-race")
		try("CGO_ENABLED=1", "cgo", mode, "-trimpath")
		run("CGO_ENABLED=1", "go", "vet", mode, ".")
	}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

// Package consumer asks whether the module works for somebody who gets it: it packs the
// tree as a module zip, serves it from a module proxy made of files, and builds and runs
// a program of a new module against it, from the module cache and from vendor; and one
// that knows nothing of it, with the overlay.
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

// The child of overlayProgram fails. The error is the standard library's; only the core can
// say at which step, and does on standard error.
const (
	overlayError = "fork/exec /bin/true: operation not permitted\n"
	overlayStep  = "forkexec: setpgid 4000000: EPERM. There is no process group 4000000 in the session of the caller"

	overlayProgram = `package main

import (
	"fmt"
	"os/exec"
	"syscall"
)

func start() {
	cmd := exec.Command("/bin/true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: 4000000}
	fmt.Println(cmd.Run())
}

func main() { start() }
`
	overlayTest = `package main

import "testing"

func TestStart(*testing.T) { start() }
`
)

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

// consumer makes a new module that requires this one, by the argument of go get, and
// returns what runs a command in it, with words for the environment.
func consumer(t *testing.T, get string, files map[string]string) (run func(env, name string, args ...string) string) {
	t.Helper()
	dir := t.TempDir()
	cache := filepath.Join(t.TempDir(), "cache")
	// The cache writes its files without write permission; its own cleaner can.
	env := append(os.Environ(), "GOPROXY=file://"+proxy(t), "GONOSUMDB=*", "GONOSUMCHECK=1", "GOFLAGS=-modcacherw",
		"GOMODCACHE="+cache, "GOTOOLCHAIN=local", "GOWORK=off")
	run = func(extra string, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = dir, append(env, strings.Fields(extra)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", extra, cmd, err, out)
		}
		return string(out)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	run("", "go", "mod", "init", "consumer.example/program")
	run("", "go", "get", get+"@"+version)
	return run
}

func TestConsumer(t *testing.T) {
	run := consumer(t, module+"/go", map[string]string{"main.go": program})
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

// TestOverlay runs the documented commands in a module with a vendor folder, in which the
// overlay's command is not, as nothing imports it.
func TestOverlay(t *testing.T) {
	run := consumer(t, module, map[string]string{"main.go": overlayProgram, "main_test.go": overlayTest})
	run("", "go", "mod", "vendor")
	overlay := filepath.Join(t.TempDir(), "overlay.json")
	run("", "go", "run", "-mod=mod", module+"/go/cmd/forkexec-overlay", "-o", overlay)
	run("CGO_ENABLED=0", "go", "build", "-mod=vendor", "-overlay", overlay, "-o", "program", ".")
	for _, command := range [][]string{
		{"./program"},
		{"go", "test", "-v", "-count=1", "-mod=vendor", "-overlay", overlay, "."},
	} {
		for setting, want := range map[string]int{"verbose": 1, "stdlib,verbose": 0} {
			out := run("CGO_ENABLED=0 FORKEXEC="+setting, command[0], command[1:]...)
			if !strings.Contains(out, overlayError) || strings.Count(out, overlayStep) != want {
				t.Errorf("FORKEXEC=%s %s: %q, want %q and %d times %q", setting, command, out, overlayError, want, overlayStep)
			}
		}
	}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Package std asks: do the standard library's own tests of os/exec pass with our
// package in its place? They are read from the toolchain in use (GOTOOLCHAIN
// chooses it) and are never part of this repository. Run with -race to run them
// with -race; -v prints each skipped test with its reason.
package std

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"
)

var raceFlag []string

// timeout is for one run: they take 10 s, with -race on a busy machine 60 s.
const timeout = 5 * time.Minute

// maxSkipped is how many tests may skip themselves: one needs to mount a tmpfs,
// one to have no descriptors open that the runner could not close.
const maxSkipped = 2

func TestMain(m *testing.M) {
	// What this process was given by its parent without close-on-exec would
	// be taken for a leak of ours.
	for fd := 3; fd < 256; fd++ {
		syscall.CloseOnExec(fd)
	}
	os.Exit(m.Run())
}

// TestOsExec runs them on what the program would use.
func TestOsExec(t *testing.T) { runStd(t, "") }

// TestOsExecStdlib runs them with the operator's switch.
func TestOsExecStdlib(t *testing.T) {
	t.Setenv("FORKEXEC", "stdlib")
	runStd(t, "")
}

// TestOsExecOtherSystems runs them on the implementation of other systems, which
// an overlay puts in the place of the one for Linux.
func TestOsExecOtherSystems(t *testing.T) { runStd(t, otherSystems(t)) }

func runStd(t *testing.T, overlay string) {
	dir := scratch(t)
	args := append([]string{"test", "-count=1", "-json", "-timeout", timeout.String()}, raceFlag...)
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.Command(goCommand(), append(args, ".")...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	r := count(out)
	if err != nil {
		t.Errorf("go test: %v\n%s\n%s", err, stderr.Bytes(), r.text)
	}
	for _, name := range r.failed {
		t.Errorf("%s failed:\n%s", name, r.output[name])
	}
	for _, name := range r.skipped {
		t.Logf("skipped %s:\n%s", name, r.output[name])
	}
	t.Logf("%s: %d passed, %d skipped, %d failed (top level), %d subtests passed", runtime.Version(), r.passed, len(r.skipped), len(r.failed), r.sub)
	if r.passed == 0 {
		t.Error("no test has run")
	}
	if len(r.skipped) > maxSkipped {
		t.Errorf("%d tests were skipped, at most %d should be", len(r.skipped), maxSkipped)
	}
}

// scratch makes a module with the toolchain's tests.
func scratch(t *testing.T) string {
	t.Helper()
	src := filepath.Join(goroot(t), "src", "os", "exec")
	dir := t.TempDir()
	leftOut := readLeftOut(t)
	names, err := filepath.Glob(filepath.Join(src, "*_test.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no tests in %s: %v", src, err)
	}
	for _, name := range append(names, filepath.Join(src, "read3.go")) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		base := filepath.Base(name)
		// read3.go is a program that looks at its descriptors and is built
		// without cgo: it is an instrument, not what is tested.
		out, found, empty, err := rewrite(base, b, leftOut, base == "read3.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			t.Logf("left out %s: %s", f, leftOut[f])
			delete(leftOut, f)
		}
		if !empty {
			write(t, filepath.Join(dir, base), out)
		}
	}
	for name := range leftOut {
		t.Errorf("leftout.txt names %s, which does not exist in %s", name, runtime.Version())
	}
	write(t, filepath.Join(dir, "go.mod"), []byte(fmt.Sprintf(
		"module %s/tests/std/scratch\n\ngo %s\n\nrequire %s v0.0.0\n\nreplace %s => %s\n",
		module, language(), module, module, root(t)))) // the name lets it import what is internal to std
	return dir
}

// language returns the language version of the toolchain in use, such as 1.22.
func language() string {
	p := strings.SplitN(strings.TrimPrefix(runtime.Version(), "go"), ".", 3)
	if len(p) < 2 {
		return "1.22" // a development version
	}
	return p[0] + "." + strings.TrimRight(strings.SplitN(p[1], "-", 2)[0], "abcdefghijklmnopqrstuvwxyz ")
}

func goCommand() string { return filepath.Join(runtime.GOROOT(), "bin", "go") }

func goroot(t *testing.T) string {
	if runtime.GOROOT() == "" {
		t.Skip("the test binary was built with -trimpath and does not know its toolchain")
	}
	return runtime.GOROOT()
}

func root(t *testing.T) string {
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o666); err != nil {
		t.Fatal(err)
	}
}

func readLeftOut(t *testing.T) map[string]string {
	b, err := os.ReadFile("leftout.txt")
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for _, line := range strings.Split(string(b), "\n") {
		if name, reason, ok := strings.Cut(line, " "); ok && name != "#" {
			m[name] = strings.TrimSpace(reason)
		}
	}
	return m
}

// otherSystems returns an overlay that compiles go/exec as on other systems.
func otherSystems(t *testing.T) string {
	dir := filepath.Join(root(t), "go", "exec")
	names, err := filepath.Glob(filepath.Join(dir, "*_linux.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no Linux files in %s: %v", dir, err)
	}
	replace := map[string]string{}
	for _, name := range names {
		replace[name] = "" // deleted
	}
	other := filepath.Join(dir, "other.go")
	b, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	b = bytes.Replace(b, []byte("//go:build !linux || android"), []byte("//go:build linux"), 1)
	replace[other] = filepath.Join(tmp, "other.go")
	write(t, replace[other], b)
	j, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(tmp, "overlay.json"), j)
	return filepath.Join(tmp, "overlay.json")
}

// A result is what `go test -json` has told.
type result struct {
	passed, sub     int
	skipped, failed []string
	output          map[string]string
	text            string // what belongs to no test, such as compiler errors
}

func count(out []byte) *result {
	r := &result{output: map[string]string{}}
	s := bufio.NewScanner(bytes.NewReader(out))
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		var e struct{ Action, Test, Output string }
		if json.Unmarshal(s.Bytes(), &e) != nil {
			r.text += s.Text() + "\n"
			continue
		}
		top := !strings.Contains(e.Test, "/")
		switch {
		case e.Action == "output" && e.Test == "":
			r.text += e.Output
		case e.Action == "output":
			r.output[e.Test] += e.Output
		case e.Test == "":
		case e.Action == "fail":
			r.failed = append(r.failed, e.Test)
		case e.Action == "skip" && top:
			r.skipped = append(r.skipped, e.Test)
		case e.Action == "pass" && top:
			r.passed++
		case e.Action == "pass":
			r.sub++
		}
	}
	sort.Strings(r.skipped)
	return r
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package exec

// Errors of starts and of wrong use, in both packages: type, Op, Path, Err, text.

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

func TestErrors(t *testing.T) { compare(t, append(startErrors(t), misuse...)) }

// A badStart is a start that fails.
type badStart struct {
	name, path string
	change     func(command)
}

// pathErrors are those for the path: lookup and execve.
func pathErrors(t *testing.T) []badStart {
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		p := filepath.Join(dir, name)
		must(t, os.WriteFile(p, []byte(text), mode))
		return p
	}
	plain := file("plain", "text", 0o644)
	garbage := file("garbage", "\x01\x02\x03", 0o755)
	orphan := file("orphan", "#!/no/such/interpreter\n", 0o755)
	loop := filepath.Join(dir, "loop")
	must(t, os.Symlink(loop, loop))
	return []badStart{
		{"missing", "/no/such/program", nil},
		{"missing-in-path", "no-such-program-anywhere", nil},
		{"empty", "", nil},
		{"root", "/", nil},
		{"dot", ".", nil},
		{"dotdot", "..", nil},
		{"directory", dir, nil},
		{"not-executable", plain, nil},
		{"not-a-program", garbage, nil},
		{"no-interpreter", orphan, nil},
		{"under-a-file", plain + "/x", nil},
		{"link-loop", loop, nil},
		{"long-name", "/" + strings.Repeat("x", 5000), nil},
	}
}

// attrErrors are those for everything else.
func attrErrors(t *testing.T) []badStart {
	plain := filepath.Join(t.TempDir(), "plain")
	must(t, os.WriteFile(plain, []byte("text"), 0o644))
	with := func(field string, v any) func(command) { return func(c command) { set(c, field, v) } }
	sys := func(a syscall.SysProcAttr) func(command) {
		return func(c command) { b := a; set(c, "SysProcAttr", &b) }
	}
	return []badStart{
		{"nul-in-path", "/bin/sh\x00x", nil},
		{"nul-in-arg", "/bin/sh", with("Args", []string{"sh", "a\x00b"})},
		{"nul-in-env", "/bin/true", with("Env", []string{"A=b", "C=d\x00e"})},
		{"nul-in-dir", "/bin/true", with("Dir", "/tmp\x00x")},
		{"nul-in-dir-and-env-set", "/bin/true", func(c command) { set(c, "Dir", "/tmp\x00x"); set(c, "Env", []string{"A=b"}) }},
		{"dir-missing", "/bin/true", with("Dir", "/no/such/dir")},
		{"dir-missing-with-attr", "/bin/true", func(c command) {
			set(c, "Dir", "/no/such/dir")
			set(c, "SysProcAttr", new(syscall.SysProcAttr))
		}},
		{"dir-is-a-file", "/bin/true", with("Dir", plain)},
		{"dir-makes-path-missing", "./sh", with("Dir", "/")},
		{"argument-too-long", "/bin/true", with("Args", []string{"true", strings.Repeat("x", 1<<20)})},
		{"setsid-and-setpgid", "/bin/true", sys(syscall.SysProcAttr{Setsid: true, Setpgid: true})},
		{"no-such-group", "/bin/true", sys(syscall.SysProcAttr{Setpgid: true, Pgid: 1 << 30})},
		{"setctty-and-foreground", "/bin/true", sys(syscall.SysProcAttr{Setctty: true, Foreground: true})},
		{"ctty-out-of-range", "/bin/true", sys(syscall.SysProcAttr{Setctty: true, Ctty: 9})},
		{"ctty-no-terminal", "/bin/true", sys(syscall.SysProcAttr{Setsid: true, Setctty: true})},
		{"foreground-no-terminal", "/bin/true", sys(syscall.SysProcAttr{Foreground: true, Ctty: 0})},
		{"chroot-missing", "/bin/true", sys(syscall.SysProcAttr{Chroot: "/no/such/root"})},
		{"bad-signal", "/bin/true", sys(syscall.SysProcAttr{Pdeathsig: 9999})},
	}
}

// startErrors returns a script for each.
func startErrors(t *testing.T) []script {
	var l []script
	for _, e := range append(pathErrors(t), attrErrors(t)...) {
		l = append(l, script{e.name, func(l lib, n *notes) {
			c := l.command(e.path)
			n.add("Path", get[string](c, "Path"))
			n.err("Err", get[error](c, "Err"))
			if e.change != nil {
				e.change(c)
			}
			n.add("string", c.String())
			var b bytes.Buffer
			set(c, "Stdout", &b)
			set(c, "Stdin", strings.NewReader("input"))
			n.end(c, c.Run())
			n.add("process", get[*os.Process](c, "Process"))
			n.err("Err", get[error](c, "Err"))
			n.err("again", c.Start())
			n.err("wait", c.Wait())
		}})
	}
	return l
}

// misuse is what a program should not do.
var misuse = []script{
	{"twice", func(l lib, n *notes) {
		c := l.sh("exit 0")
		n.err("wait", c.Wait())
		n.err("start", c.Start())
		n.err("start", c.Start())
		n.err("wait", c.Wait())
		n.err("wait", c.Wait())
		n.err("start", c.Start())
		n.err("run", c.Run())
	}},
	{"pipes-late", func(l lib, n *notes) {
		c := l.sh("exit 0")
		n.err("start", c.Start())
		_, err := c.StdinPipe()
		n.err("stdin", err)
		_, err = c.StdoutPipe()
		n.err("stdout", err)
		_, err = c.StderrPipe()
		n.err("stderr", err)
		n.err("wait", c.Wait())
	}},
	{"already-set", func(l lib, n *notes) {
		c := l.sh("exit 0")
		set(c, "Stdin", strings.NewReader(""))
		set(c, "Stdout", new(bytes.Buffer))
		set(c, "Stderr", new(bytes.Buffer))
		_, err := c.StdinPipe()
		n.err("stdin", err)
		_, err = c.StdoutPipe()
		n.err("stdout", err)
		_, err = c.StderrPipe()
		n.err("stderr", err)
		_, err = c.Output()
		n.err("output", err)
		_, err = c.CombinedOutput()
		n.err("combined", err)
		set(c, "Stdout", nil)
		_, err = c.CombinedOutput()
		n.err("combined", err)
	}},
	{"cancel-without-context", func(l lib, n *notes) {
		c := l.sh("exit 0")
		set(c, "Cancel", func() error { return nil })
		n.end(c, c.Run())
	}},
	{"nil-context", func(l lib, n *notes) {
		defer func() { n.add("panic", recover()) }()
		l.context(nil, "x") //nolint:staticcheck // it is the case
	}},
	{"pipes-of-a-failed-start", func(l lib, n *notes) {
		c := l.command("/no/such/program")
		in, err := c.StdinPipe()
		n.err("stdin", err)
		out, err := c.StdoutPipe()
		n.err("stdout", err)
		n.err("start", c.Start())
		_, err = in.Write([]byte("x"))
		n.err("write", err)
		_, err = out.Read(make([]byte, 1))
		n.err("read", err)
	}},
	{"relative", func(l lib, n *notes) {
		dir := n.t.TempDir()
		must(n.t, os.WriteFile(filepath.Join(dir, "prog"), []byte("#!/bin/sh\necho ran\n"), 0o755))
		defer chdir(n.t, dir)()
		n.t.Setenv("PATH", ".")
		c := l.command("prog", "arg")
		n.add("path", get[string](c, "Path"))
		n.add("string", c.String())
		n.add("is ErrDot", errors.Is(get[error](c, "Err"), exec.ErrDot))
		_, err := c.Output()
		n.add("error", strings.ReplaceAll(shape(err), dir, "DIR"))
		c = l.command("prog")
		set(c, "Err", nil)
		out, err := c.Output()
		n.add("overruled", string(out))
		n.err("error", err)
	}},
}

func chdir(t *testing.T, dir string) (back func()) {
	old, err := os.Getwd()
	must(t, err)
	must(t, os.Chdir(dir))
	return func() { must(t, os.Chdir(old)) }
}

// TestStepError asks for what os/exec does not tell.
func TestStepError(t *testing.T) {
	c := exec.Command("/bin/true")
	if c.StepError() != nil {
		t.Error("StepError before Start is not nil")
	}
	must(t, c.Run())
	if c.StepError() != nil {
		t.Error("StepError after a success is not nil")
	}
	c = exec.Command("no-such-program-anywhere")
	if err := c.Run(); err == nil || c.StepError() != nil {
		t.Errorf("a failed lookup: %v, StepError %v; there was no step", err, c.StepError())
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c = exec.CommandContext(ctx, "/bin/true")
	if err := c.Run(); err != context.Canceled || c.StepError() != nil {
		t.Errorf("a canceled context: %v, StepError %v", err, c.StepError())
	}
	c = exec.Command("/bin/true")
	c.Dir = "/no/such/dir"
	err := c.Run()
	if e := c.StepError(); e == nil || e.Step != forkexec.StepChdir || e.Errno != syscall.ENOENT || e.Object != c.Dir {
		t.Errorf("a missing directory: %v, StepError %v", err, e)
	}
	c = exec.Command("/no/such/program")
	err = c.Run()
	e := c.StepError()
	if e == nil || !errors.Is(e, syscall.ENOENT) || !errors.Is(err, syscall.ENOENT) {
		t.Fatalf("a missing program: %v, StepError %v", err, e)
	}
	needCore(t)
	if e.Step != forkexec.StepExecve || e.Object != c.Path {
		t.Errorf("StepError %v, want step %v of %s", e, forkexec.StepExecve, c.Path)
	}
	c = exec.Command("/bin/true")
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setpgid: true}
	err = c.Run()
	if e := c.StepError(); e == nil || e.Step != forkexec.StepSetpgid {
		t.Errorf("%v, StepError %v, want step %v", err, e, forkexec.StepSetpgid)
	}
	runtime.KeepAlive(c)
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

// A failure as a Cmd with StepErrors and StartProcessOptions report it. The step is that of
// the C path; the standard library's knows the one of Dir only.
var stepFailures = []struct {
	name, path string
	dir        string
	sys        *syscall.SysProcAttr
	step       forkexec.Step
	errno      syscall.Errno
	text       string
}{
	{"program", "/missing", "", nil, forkexec.StepExecve, syscall.ENOENT,
		"fork/exec /missing: execve /missing: no such file or directory"},
	{"Dir", "/bin/true", "/missing", nil, forkexec.StepChdir, syscall.ENOENT,
		"fork/exec /bin/true: chdir /missing: no such file or directory"},
	{"Dir with Sys", "/bin/true", "/missing", &syscall.SysProcAttr{Setsid: true}, forkexec.StepChdir, syscall.ENOENT,
		"fork/exec /bin/true: chdir /missing: no such file or directory"},
	{"Pgid", "/bin/true", "", &syscall.SysProcAttr{Setpgid: true, Pgid: 4000000}, forkexec.StepSetpgid, syscall.EPERM,
		"fork/exec /bin/true: setpgid 4000000: operation not permitted"},
}

func TestStepErrors(t *testing.T) {
	for _, c := range stepFailures {
		check := func(how string, err error) {
			t.Helper()
			var step *forkexec.Error
			var path *os.PathError
			if !errors.As(err, &step) || !errors.As(err, &path) || !errors.Is(err, c.errno) {
				t.Fatalf("%s, %s: %#v has not both types and %v", how, c.name, err, c.errno)
			}
			if path.Op != "fork/exec" || path.Path != c.path {
				t.Errorf("%s, %s: %q of %q", how, c.name, path.Op, path.Path)
			}
			if forkexec.Implementation() == "stdlib" && (c.step != forkexec.StepChdir || c.sys != nil) {
				return
			}
			want := c.text
			if how == "Cmd" {
				want += ". " + step.Hint()
			}
			if step.Step != c.step || step.Errno != c.errno || err.Error() != want || step.Hint() == "" {
				t.Errorf("%s, %s: %v, %v, %q, want %v, %v, %q", how, c.name, step.Step, step.Errno, err, c.step, c.errno, want)
			}
		}
		clean(t)
		cmd := exec.Command(c.path)
		cmd.Dir, cmd.SysProcAttr, cmd.Options = c.dir, c.sys, &forkexec.Options{StepErrors: true}
		err := cmd.Start()
		check("Cmd", err)
		var step *forkexec.Error
		if errors.As(err, &step); step != cmd.StepError() {
			t.Errorf("%s: StepError is another error: %v", c.name, cmd.StepError())
		}
		attr := &os.ProcAttr{Dir: c.dir, Sys: c.sys}
		_, err = forkexec.StartProcessOptions(context.Background(), c.path, []string{c.path}, attr, nil)
		check("StartProcessOptions", err)

		// Without the option nothing has changed.
		cmd = exec.Command(c.path)
		cmd.Dir, cmd.SysProcAttr = c.dir, c.sys
		if err := cmd.Start(); errors.As(err, &step) {
			t.Errorf("%s: a Cmd without StepErrors gives %#v", c.name, err)
		}
	}
}

// verbose prints the errors that FORKEXEC=verbose gives for the failures above.
func verbose() int {
	for _, c := range stepFailures {
		cmd := exec.Command(c.path)
		cmd.Dir, cmd.SysProcAttr = c.dir, c.sys
		_, err := forkexec.StartProcess(c.path, []string{c.path}, &os.ProcAttr{Dir: c.dir, Sys: c.sys})
		_, _ = os.Stdout.WriteString(cmd.Start().Error() + "\n" + err.Error() + "\n")
	}
	return 0
}

// TestVerboseIsStepErrors: the setting for the whole program gives the same texts.
func TestVerboseIsStepErrors(t *testing.T) {
	needC(t)
	want := ""
	for _, c := range stepFailures {
		cmd := exec.Command(c.path)
		cmd.Dir, cmd.SysProcAttr, cmd.Options = c.dir, c.sys, &forkexec.Options{StepErrors: true}
		text := cmd.Start().Error() + "\n"
		want += text + text
	}
	if got := runProgram(t, "verbose", "FORKEXEC=verbose"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestStartProcessOptions(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	t.Setenv("API_TEST_WORD", "inherited")
	p, err := forkexec.StartProcessOptions(context.Background(), "/bin/sh", []string{"sh", "-c", "pwd; echo $API_TEST_WORD"},
		&os.ProcAttr{Dir: dir, Files: []*os.File{nil, out, out}}, &forkexec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if st, err := p.Wait(); err != nil || !st.Success() {
		t.Error(st, err)
	}
	if text, err := os.ReadFile(out.Name()); string(text) != dir+"\ninherited\n" {
		t.Errorf("the child wrote %q, %v", text, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := forkexec.StartProcessOptions(ctx, "/bin/true", nil, nil, nil); err != context.Canceled {
		t.Errorf("with a context that has ended: %v", err)
	}
}

// TestNilContext: as os/exec.CommandContext, whose panic has this text.
func TestNilContext(t *testing.T) {
	for name, start := range map[string]func(){
		"Start":               func() { _, _ = forkexec.Start(nil, "/bin/true", nil, nil, nil) },
		"StartProcessOptions": func() { _, _ = forkexec.StartProcessOptions(nil, "/bin/true", nil, nil, nil) },
	} {
		func() {
			defer func() {
				if got := recover(); got != "nil Context" {
					t.Errorf("%s: %v", name, got)
				}
			}()
			start()
		}()
	}
}

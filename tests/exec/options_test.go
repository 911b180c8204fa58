// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package exec

// What Options change about a Cmd, where os/exec has nothing to compare with.

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

// TestDirElsewhere: a Dir below DirFD is not looked for in this process's working directory.
func TestDirElsewhere(t *testing.T) {
	needCore(t)
	usr, err := os.Open("/usr")
	must(t, err)
	defer usr.Close()
	refusal := errors.New("not today")
	for _, c := range []struct {
		path string
		hook error
		step forkexec.Step
		want error
		text string
	}{
		{"/missing", nil, forkexec.StepExecve, syscall.ENOENT, "fork/exec /missing: no such file or directory"},
		{"/bin/true", refusal, forkexec.StepStopExec, refusal, "fork/exec /bin/true: not today"},
	} {
		cmd := exec.Command(c.path)
		cmd.Dir, cmd.Options = "bin", &forkexec.Options{DirFD: usr}
		if c.hook != nil {
			cmd.Options.OnExec = func(int) error { return c.hook }
		}
		err := cmd.Run()
		if e := cmd.StepError(); err == nil || err.Error() != c.text || !errors.Is(err, c.want) || e == nil || e.Step != c.step {
			t.Errorf("%s: %v, %v; want %q and step %v", c.path, err, e, c.text, c.step)
		}
	}
}

// TestHookBeforeDir: the error of a hook is Start's, also if Dir is missing.
func TestHookBeforeDir(t *testing.T) {
	needCore(t)
	refusal := errors.New("not today")
	cmd := exec.Command("/bin/true")
	cmd.Dir = "/missing"
	cmd.Options = &forkexec.Options{OnClone: func(int) error { return refusal }}
	if err := cmd.Run(); !errors.Is(err, refusal) || cmd.StepError() == nil || cmd.StepError().Step != forkexec.StepStopClone {
		t.Errorf("%v, %v", err, cmd.StepError())
	}
}

// TestPWDElsewhere: PWD is the child's directory, or is not set.
func TestPWDElsewhere(t *testing.T) {
	usr, err := os.Open("/usr")
	must(t, err)
	defer usr.Close()
	t.Setenv("PWD", "/elsewhere")
	mount := []forkexec.Namespace{{FD: int(usr.Fd()), Type: syscall.CLONE_NEWNS}}
	for _, c := range []struct {
		dir  string
		opt  *forkexec.Options
		want string
	}{
		{"", &forkexec.Options{}, "PWD=/elsewhere"},
		{"", &forkexec.Options{DirFD: usr}, ""},
		{"bin", &forkexec.Options{DirFD: usr}, ""},
		{"/bin", &forkexec.Options{DirFD: usr}, "PWD=/bin"},
		{"", &forkexec.Options{Namespaces: mount}, ""},
		{"bin", &forkexec.Options{Namespaces: mount}, ""},
		{"/bin", &forkexec.Options{Namespaces: mount}, "PWD=/bin"},
		{"", &forkexec.Options{Namespaces: []forkexec.Namespace{{Type: syscall.CLONE_NEWNET}}}, "PWD=/elsewhere"},
	} {
		cmd := exec.Command("/bin/true")
		cmd.Dir, cmd.Options = c.dir, c.opt
		if got := pwd(cmd.Environ()); got != c.want {
			t.Errorf("Dir %q, %+v: %q, want %q", c.dir, c.opt, got, c.want)
		}
	}
	if forkexec.Implementation() == "stdlib" {
		return
	}
	cmd := exec.Command("/usr/bin/env")
	cmd.Dir, cmd.Options = "bin", &forkexec.Options{DirFD: usr}
	out, err := cmd.Output()
	if got := pwd(strings.Split(string(out), "\n")); err != nil || got != "" {
		t.Errorf("%q, %v", got, err)
	}
}

func pwd(env []string) string {
	for _, e := range env {
		if strings.HasPrefix(e, "PWD=") {
			return e
		}
	}
	return ""
}

// TestHookDoesNotReturn: a panic or Goexit of a hook leaves nothing open, without a garbage
// collection, and the pipes of the caller are closed.
func TestHookDoesNotReturn(t *testing.T) {
	needCore(t)
	warmUp(t)
	for name, leave := range map[string]func(){"panic": func() { panic("here") }, "Goexit": runtime.Goexit} {
		for _, opt := range []*forkexec.Options{
			{OnClone: func(int) error { leave(); return nil }},
			{OnExec: func(int) error { leave(); return nil }},
		} {
			before := openFDs()
			cmd := exec.Command("/bin/cat")
			cmd.Stdin, cmd.Stdout, cmd.Options = strings.NewReader("x"), new(strings.Builder), opt
			r, err := cmd.StderrPipe()
			must(t, err)
			left := make(chan any)
			go func() {
				defer func() { left <- recover() }()
				t.Errorf("%s: Start has returned %v", name, cmd.Start())
			}()
			if got := <-left; (got == "here") != (name == "panic") {
				t.Errorf("%s: recovered %v", name, got)
			}
			if left := appeared(before, openFDs()); len(left) > 0 {
				t.Errorf("%s: left open: %q", name, left)
			}
			if _, err := r.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
				t.Errorf("%s: our end of the pipe: %v", name, err)
			}
			runtime.KeepAlive(cmd)
		}
	}
}

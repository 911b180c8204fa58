// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

// Package api tests the public surface of package forkexec where it says more than
// the standard library: errors that name their step, options, contexts, settings.
// That it does the same otherwise is the question of tests/differential.
package api

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

// TestMain lets the test binary be the program that its tests start.
func TestMain(m *testing.M) {
	if f := programs[os.Getenv("API_TEST_PROGRAM")]; f != nil {
		os.Exit(f())
	}
	os.Exit(m.Run())
}

// needC skips what the standard library's path cannot do.
func needC(t *testing.T) {
	t.Helper()
	if forkexec.Implementation() == "stdlib" {
		t.Skip("needs the C path, and this build uses the standard library's")
	}
}

// clean checks that a test leaves no descriptor and no child.
func clean(t *testing.T) {
	t.Helper()
	before := openFDs(t)
	t.Cleanup(func() {
		t.Helper()
		sameFDs(t, before)
		if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != syscall.ECHILD {
			t.Errorf("a child is left: wait4 = %d, %v", pid, err)
		}
	})
}

func openFDs(t *testing.T) string {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("needs /proc: ", err)
	}
	var open []string
	for _, n := range names {
		to, err := os.Readlink("/proc/self/fd/" + n.Name())
		// The poller's own descriptors come with its first use.
		if err == nil && !strings.HasPrefix(to, "anon_inode:[event") && !strings.HasPrefix(to, "/proc/") {
			open = append(open, n.Name()+"="+to)
		}
	}
	return strings.Join(open, " ")
}

// sameFDs fails if other descriptors are open than before. A pipe of ours may be for a moment
// after a start with a new user namespace.
func sameFDs(t *testing.T, before string) {
	t.Helper()
	after := openFDs(t)
	for end := time.Now().Add(10 * time.Second); after != before && time.Now().Before(end); after = openFDs(t) {
		time.Sleep(time.Millisecond)
	}
	if after != before {
		t.Errorf("descriptors open: %s, before: %s", after, before)
	}
}

func attr(files ...uintptr) *syscall.ProcAttr {
	return &syscall.ProcAttr{Env: os.Environ(), Files: files}
}

func TestStart(t *testing.T) {
	clean(t)
	p, err := forkexec.Start(context.Background(), "/bin/sh", []string{"sh", "-c", "exit 7"}, attr(0, 1, 2), nil)
	if err != nil {
		t.Fatal(err)
	}
	st, err := p.Wait()
	if err != nil || st.ExitCode() != 7 {
		t.Fatalf("Wait = %v, %v; want exit status 7", st, err)
	}
}

func TestErrorNamesStep(t *testing.T) {
	needC(t)
	clean(t)
	missing := filepath.Join(t.TempDir(), "missing")
	for _, c := range []struct {
		name  string
		argv0 string
		attr  syscall.ProcAttr
		step  forkexec.Step
		errno syscall.Errno
		text  string
	}{
		{"program", missing, syscall.ProcAttr{}, forkexec.StepExecve, syscall.ENOENT, "execve " + missing + ": no such file or directory"},
		{"Dir", "/bin/true", syscall.ProcAttr{Dir: missing}, forkexec.StepChdir, syscall.ENOENT, "chdir " + missing + ": no such file or directory"},
		{"Files", "/bin/true", syscall.ProcAttr{Files: []uintptr{0, 1, 2, 999999}}, forkexec.StepFDDup, syscall.EBADF, "duplicate descriptor Files[3] = 999999: bad file descriptor"},
		{"NUL", "/bin/true\x00", syscall.ProcAttr{}, forkexec.StepRequest, syscall.EINVAL, "request argv0 contains a NUL byte: invalid argument"},
		{"Env", "/bin/true", syscall.ProcAttr{Env: []string{"A=1", "B=\x00"}}, forkexec.StepRequest, syscall.EINVAL, "request Env[1] contains a NUL byte: invalid argument"},
		{"capability", "/bin/true", syscall.ProcAttr{Sys: &syscall.SysProcAttr{AmbientCaps: []uintptr{64}}}, forkexec.StepAmbient, syscall.EINVAL, "ambient capability 64: invalid argument"},
		{"map", "/bin/true", syscall.ProcAttr{Sys: &syscall.SysProcAttr{UidMappings: []syscall.SysProcIDMap{{}}}}, forkexec.StepUIDMap, syscall.EINVAL, `uid_map "0 0 0": invalid argument`},
		{"flags", "/bin/true", syscall.ProcAttr{Sys: &syscall.SysProcAttr{Cloneflags: syscall.CLONE_THREAD | syscall.CLONE_NEWUTS}}, forkexec.StepClone, syscall.EINVAL, "clone CLONE_THREAD: invalid argument"},
		{"pdeathsig", "/bin/true", syscall.ProcAttr{Sys: &syscall.SysProcAttr{Pdeathsig: 99}}, forkexec.StepPdeathsig, syscall.EINVAL, "pdeathsig 99: invalid argument"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := forkexec.Start(context.Background(), c.argv0, []string{"x"}, &c.attr, nil)
			var e *forkexec.Error
			if p != nil || !errors.As(err, &e) || !errors.Is(err, c.errno) {
				t.Fatalf("Start = %v, %#v", p, err)
			}
			if e.Step != c.step || e.Errno != c.errno || err.Error() != c.text {
				t.Errorf("error %v, %v, %q; want %v, %v, %q", e.Step, e.Errno, err, c.step, c.errno, c.text)
			}
			if e.Hint() == "" {
				t.Errorf("no hint for %v", err)
			}
			if _, err := forkexec.ForkExec(c.argv0, []string{"x"}, &c.attr); err != error(c.errno) {
				t.Errorf("ForkExec's error is %#v, want the bare errno", err)
			}
		})
	}
}

func TestErrorIsNotExist(t *testing.T) {
	_, err := forkexec.Start(context.Background(), "/missing", nil, nil, nil)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("errors.Is(%#v, fs.ErrNotExist) is false", err)
	}
}

func TestCloseFDs(t *testing.T) {
	needC(t)
	clean(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	leak, err := syscall.Dup(int(r.Fd())) // without FD_CLOEXEC
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(leak)
	p, err := forkexec.Start(context.Background(), "/bin/sh", []string{"sh", "-c", "ls -l /proc/self/fd"},
		attr(0, w.Fd(), w.Fd()), &forkexec.Options{CloseFDs: true})
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	out := make([]byte, 64<<10)
	n := 0
	for {
		m, err := r.Read(out[n:])
		if n += m; err != nil {
			break
		}
	}
	if st, err := p.Wait(); err != nil || !st.Success() {
		t.Fatal(st, err)
	}
	lines := strings.Count(string(out[:n]), " -> ")
	if lines != 4 { // 0, 1, 2 and ls's own
		t.Errorf("the child sees %d descriptors, want 4:\n%s", lines, out[:n])
	}
}

func TestTextBusy(t *testing.T) {
	needC(t)
	clean(t)
	program := filepath.Join(t.TempDir(), "program")
	sh, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Skip(err)
	}
	f, err := os.OpenFile(program, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(sh); err != nil {
		t.Fatal(err)
	}
	_, err = forkexec.Start(context.Background(), program, []string{"x"}, nil, nil)
	if !errors.Is(err, syscall.ETXTBSY) {
		t.Fatalf("without an option: %v, want ETXTBSY", err)
	}
	_, err = forkexec.Start(context.Background(), program, []string{"x"}, nil, &forkexec.Options{TextBusyTimeout: 5 * time.Millisecond})
	if !errors.Is(err, syscall.ETXTBSY) {
		t.Fatalf("still busy after the time-out: %v, want ETXTBSY", err)
	}
	time.AfterFunc(20*time.Millisecond, func() { f.Close() })
	p, err := forkexec.Start(context.Background(), program, []string{"x"}, nil, &forkexec.Options{TextBusyTimeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if st, err := p.Wait(); err != nil || !st.Success() {
		t.Error(st, err)
	}
}

func TestPdeathsigProcessWithPtrace(t *testing.T) {
	clean(t)
	_, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"},
		&syscall.ProcAttr{Sys: &syscall.SysProcAttr{Ptrace: true, Pdeathsig: syscall.SIGKILL}},
		&forkexec.Options{PdeathsigProcess: true})
	var e *forkexec.Error
	if !errors.As(err, &e) || e.Step != forkexec.StepRequest || e.Errno != syscall.EINVAL {
		t.Errorf("Start = %v, want EINVAL at the request", err)
	}
}

func TestContextAlreadyDone(t *testing.T) {
	clean(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if p, err := forkexec.Start(ctx, "/bin/true", []string{"true"}, nil, nil); p != nil || err != context.Canceled {
		t.Errorf("Start = %v, %v; want context.Canceled", p, err)
	}
}

func TestContextThatStays(t *testing.T) {
	clean(t)
	ctx, cancel := context.WithCancel(context.Background())
	p, err := forkexec.Start(ctx, "/bin/sh", []string{"sh", "-c", "read x; exit 3"}, attr(), nil)
	if err != nil {
		t.Fatal(err)
	}
	cancel() // no effect any more
	if st, err := p.Wait(); err != nil || st.ExitCode() < 0 {
		t.Errorf("Wait = %v, %v; the end of the context must not kill", st, err)
	}
}

func TestStepNames(t *testing.T) {
	if s := forkexec.StepExecve; s.String() != "execve" || s.Syscall() != "execve" {
		t.Errorf("StepExecve is %q, %q", s, s.Syscall())
	}
	if s := forkexec.StepSetuid; s.Field() != "Credential.Uid" {
		t.Errorf("StepSetuid's field is %q", s.Field())
	}
	if s := forkexec.Step(60000); s.String() != "fork/exec" {
		t.Errorf("an unknown step is %q", s)
	}
}

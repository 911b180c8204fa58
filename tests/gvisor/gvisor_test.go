// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Package gvisor answers: are starts inside gVisor what they are on Linux? run.sh runs it
// there. gVisor clears the word of CLONE_CHILD_CLEARTID at exit only: who waits for that
// waits for the end of the program.
package gvisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	stdexec "os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

// Which program this is: cgo, nocgo or overlay.
var variant = os.Getenv("FORKEXEC_TEST_GVISOR")

type start func(string, []string, *syscall.ProcAttr) (int, error)

// ways returns those of the package to start and, as what shall be equalled, the standard
// library's; in the overlay's program the latter are the core's.
func ways(t *testing.T) map[string]start {
	if variant == "overlay" {
		return map[string]start{"syscall.ForkExec": syscall.ForkExec, "os.StartProcess": osStart}
	}
	if got := forkexec.Implementation(); got != variant {
		t.Fatalf("implementation %q, want %q", got, variant)
	}
	return map[string]start{
		"syscall.ForkExec": syscall.ForkExec, "ForkExec": forkexec.ForkExec,
		"Start": func(path string, argv []string, attr *syscall.ProcAttr) (int, error) {
			p, err := forkexec.Start(context.Background(), path, argv, attr, nil)
			return pid(p), err
		},
		"Start, CloseFDs": func(path string, argv []string, attr *syscall.ProcAttr) (int, error) {
			p, err := forkexec.Start(context.Background(), path, argv, attr, &forkexec.Options{CloseFDs: true})
			return pid(p), err
		},
		"Start, context": func(path string, argv []string, attr *syscall.ProcAttr) (int, error) {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			p, err := forkexec.Start(ctx, path, argv, attr, nil)
			return pid(p), err
		},
	}
}

func pid(p *os.Process) int {
	if p == nil {
		return 0
	}
	return p.Pid
}

func osStart(path string, argv []string, attr *syscall.ProcAttr) (int, error) {
	files := []*os.File{os.Stdin, os.Stdout, os.Stderr}
	p, err := os.StartProcess(path, argv, &os.ProcAttr{Dir: attr.Dir, Env: attr.Env, Files: files, Sys: attr.Sys})
	return pid(p), err
}

func plain() *syscall.ProcAttr {
	return &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}}
}

func TestMain(m *testing.M) {
	if variant == "" {
		os.Stdout.WriteString("only inside gVisor: tests/gvisor/run.sh\n")
		return
	}
	os.Exit(m.Run())
}

// TestReturns: a start returns long before its program ends, each time: which it
// does if the program still runs then.
func TestReturns(t *testing.T) {
	for name, start := range ways(t) {
		for i := 0; i < 3; i++ {
			begin := time.Now()
			pid, err := start("/bin/sleep", []string{"sleep", "20"}, plain())
			took := time.Since(begin)
			if err != nil {
				t.Fatalf("%s %d: %v", name, i, err)
			}
			var status syscall.WaitStatus
			ended, err := syscall.Wait4(pid, &status, syscall.WNOHANG, nil)
			t.Logf("%s: start %d took %v", name, i, took)
			if ended != 0 || err != nil {
				t.Errorf("%s: start %d returned after %v, when its child had ended (%v)", name, i, took, err)
				break
			}
			_ = syscall.Kill(pid, syscall.SIGKILL)
			if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || status.Signal() != syscall.SIGKILL {
				t.Errorf("%s: %v, %v", name, status, err)
			}
		}
	}
}

// TestWaitsForParent: a child that ends when its parent has gone on.
func TestWaitsForParent(t *testing.T) {
	for name, start := range ways(t) {
		if name == "os.StartProcess" {
			continue // which passes this process's own standard input
		}
		for i := 0; i < 3; i++ {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			late := time.AfterFunc(20*time.Second, func() { w.Close() })
			attr := plain()
			attr.Files[0] = r.Fd()
			pid, err := start("/bin/cat", []string{"cat"}, attr)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if !late.Stop() {
				t.Errorf("%s: the start waits for a child that waits for us", name)
			}
			r.Close()
			w.Close()
			var status syscall.WaitStatus
			if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || !status.Exited() || status.ExitStatus() != 0 {
				t.Errorf("%s: %v, %v", name, status, err)
			}
		}
	}
}

// TestErrors: a step that fails is told, first and later, and the child is reaped.
func TestErrors(t *testing.T) {
	for name, start := range ways(t) {
		for i := 0; i < 3; i++ {
			if _, err := start("/missing", []string{"missing"}, plain()); !errors.Is(err, syscall.ENOENT) {
				t.Errorf("%s: %v, want ENOENT", name, err)
			}
			attr := plain()
			attr.Dir = "/missing"
			if _, err := start("/bin/true", []string{"true"}, attr); !errors.Is(err, syscall.ENOENT) {
				t.Errorf("%s: Dir: %v, want ENOENT", name, err)
			}
		}
	}
	if _, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != syscall.ECHILD {
		t.Errorf("a child is left: %v", err)
	}
}

// TestCancel: a context that ends after the start kills the program, and one that has ended
// before lets none start. By os/exec too, which is the overlay's.
func TestCancel(t *testing.T) {
	t.Run("os/exec", func(t *testing.T) {
		cancel(t, func(ctx context.Context) (func() error, func() error) {
			cmd := stdexec.CommandContext(ctx, "/bin/sleep", "100")
			return cmd.Start, cmd.Wait
		})
	})
	t.Run("go/exec", func(t *testing.T) {
		cancel(t, func(ctx context.Context) (func() error, func() error) {
			cmd := exec.CommandContext(ctx, "/bin/sleep", "100")
			return cmd.Start, cmd.Wait
		})
	})
}

func cancel(t *testing.T, command func(context.Context) (start, wait func() error)) {
	for i := 0; i < 3; i++ {
		ctx, cancel := context.WithCancel(context.Background())
		start, wait := command(ctx)
		if err := start(); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Errorf("%v, want killed", err)
		}
		start, _ = command(ctx)
		if err := start(); !errors.Is(err, context.Canceled) {
			t.Errorf("%v of a context that had ended", err)
		}
	}
}

// TestOutput: many at a time, none loses a word.
func TestOutput(t *testing.T) {
	failures := make(chan error)
	for i := 0; i < 8; i++ {
		go func() {
			var err error
			for j := 0; j < 10 && err == nil; j++ {
				err = echo()
			}
			failures <- err
		}()
	}
	for i := 0; i < 8; i++ {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
}

func echo() error {
	const name, script = "/bin/sh", "read word; echo $word"
	var out []byte
	var err error
	if variant == "overlay" {
		cmd := stdexec.Command(name, "-c", script)
		cmd.Stdin = strings.NewReader("hello\n")
		out, err = cmd.Output()
	} else {
		cmd := exec.Command(name, "-c", script)
		cmd.Stdin = strings.NewReader("hello\n")
		out, err = cmd.Output()
	}
	if err == nil && string(out) != "hello\n" {
		err = fmt.Errorf("output %q", out)
	}
	return err
}

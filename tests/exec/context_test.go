// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package exec

// Contexts, Cancel and WaitDelay, in both packages; and the start that ends with
// its context, in ours.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

func TestContexts(t *testing.T) { compare(t, contexts) }

// soon is long enough for a shell to have come to its sleep, delay for whatever
// has to happen before it is over on a busy machine.
const (
	soon  = 50 * time.Millisecond
	delay = 300 * time.Millisecond
)

// cancelled starts a command that says when it is ready, ends its context then,
// and notes how it ended.
func cancelled(l lib, n *notes, text string, change func(c command)) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := l.context(ctx, "/bin/sh", "-c", text)
	out, err := c.StdoutPipe()
	n.err("pipe", err)
	if change != nil {
		change(c)
	}
	n.err("start", c.Start())
	line := make([]byte, len("ready\n"))
	_, err = io.ReadFull(out, line)
	n.err(string(line), err)
	cancel()
	n.end(c, c.Wait())
}

var errCancel = errors.New("cannot cancel")

var contexts = []script{
	{"not-ended", func(l lib, n *notes) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		c := l.context(ctx, "/bin/sh", "-c", "echo x; exit 3")
		out, err := c.Output()
		n.add("out", string(out))
		n.end(c, err)
	}},
	{"background", func(l lib, n *notes) {
		c := l.context(context.Background(), "/bin/sh", "-c", "exit 3")
		n.add("has Cancel", get[func() error](c, "Cancel") != nil)
		n.end(c, c.Run())
	}},
	{"ended-before", func(l lib, n *notes) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		c := l.context(ctx, "/bin/true")
		in, err := c.StdinPipe()
		n.err("pipe", err)
		n.end(c, c.Run())
		_, err = in.Write([]byte("x"))
		n.err("write", err)
		ctx, cancel = context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
		defer cancel()
		c = l.context(ctx, "/bin/true")
		n.end(c, c.Run())
	}},
	{"deadline", func(l lib, n *notes) {
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		c := l.context(ctx, "/bin/sleep", "100")
		n.end(c, c.Run())
	}},
	{"killed", func(l lib, n *notes) { cancelled(l, n, "echo ready; exec sleep 100", nil) }},
	{"own-cancel", func(l lib, n *notes) {
		for _, code := range []int{0, 7} {
			cancelled(l, n, fmt.Sprintf("trap 'exit %d' TERM; echo ready; while :; do sleep 0.01; done", code), func(c command) {
				set(c, "Cancel", func() error { return get[*os.Process](c, "Process").Signal(syscall.SIGTERM) })
			})
		}
	}},
	{"cancel-fails", func(l lib, n *notes) {
		for _, code := range []int{0, 7} {
			cancelled(l, n, fmt.Sprintf("echo ready; sleep 0.1; exit %d", code), func(c command) {
				set(c, "Cancel", func() error { return errCancel })
			})
		}
	}},
	{"cancel-says-done", func(l lib, n *notes) {
		cancelled(l, n, "echo ready; sleep 0.1", func(c command) {
			set(c, "Cancel", func() error { return fmt.Errorf("wrapped: %w", os.ErrProcessDone) })
		})
	}},
	{"cancel-nil", func(l lib, n *notes) {
		cancelled(l, n, "echo ready; sleep 0.1; exit 5", func(c command) { set(c, "Cancel", nil) })
	}},
	{"delay-kills", func(l lib, n *notes) {
		cancelled(l, n, "echo ready; exec sleep 100", func(c command) {
			set(c, "Cancel", nil)
			set(c, "WaitDelay", soon)
		})
		cancelled(l, n, "trap '' TERM; echo ready; while :; do sleep 0.01; done", func(c command) {
			set(c, "Cancel", func() error { return get[*os.Process](c, "Process").Signal(syscall.SIGTERM) })
			set(c, "WaitDelay", soon)
		})
		cancelled(l, n, "echo ready; exec sleep 100", func(c command) {
			set(c, "Cancel", func() error { return errCancel })
			set(c, "WaitDelay", soon)
		})
	}},
	{"delay-not-needed", func(l lib, n *notes) {
		cancelled(l, n, "trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done", func(c command) {
			set(c, "Cancel", func() error { return get[*os.Process](c, "Process").Signal(syscall.SIGTERM) })
			set(c, "WaitDelay", 10*time.Second)
			set(c, "Stderr", new(bytes.Buffer))
		})
	}},
	{"orphan-holds-pipe", func(l lib, n *notes) {
		for _, s := range []string{"echo x; sleep 2 & exit 0", "echo x; sleep 2 & exit 6"} {
			c := l.sh(s)
			set(c, "WaitDelay", delay)
			out, err := c.Output()
			n.add("out", string(out))
			n.end(c, err)
		}
	}},
	{"orphan-holds-input", func(l lib, n *notes) {
		r, w, err := os.Pipe()
		must(n.t, err)
		defer w.Close()
		defer r.Close()
		c := l.sh("exit 0")
		set(c, "Stdin", struct{ io.Reader }{r}) // blocks, and is no file to the packages
		set(c, "WaitDelay", soon)
		// Neither package can end a Read of the caller's: it is ended here.
		time.AfterFunc(delay, func() { w.Close() })
		n.end(c, c.Run())
	}},
	{"orphan-after-cancel", func(l lib, n *notes) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*soon) // not before it has started, in a crowd either
		defer cancel()
		c := l.context(ctx, "/bin/sh", "-c", "sleep 2; echo never")
		set(c, "WaitDelay", delay)
		out, err := c.Output()
		n.add("out", string(out))
		n.end(c, err)
	}},
	{"delay-without-context", func(l lib, n *notes) {
		c := l.sh("echo x")
		set(c, "WaitDelay", time.Hour)
		out, err := c.Output()
		n.add("out", string(out))
		n.end(c, err)
	}},
	{"never-waited", func(l lib, n *notes) {
		ctx, cancel := context.WithCancel(context.Background())
		c := l.context(ctx, "/bin/sleep", "100")
		n.err("start", c.Start())
		cancel() // kills without Wait
		p := get[*os.Process](c, "Process")
		ps, err := p.Wait()
		n.add("state", ps)
		n.err("error", err)
		n.end(c, c.Wait())
	}},
}

// busyProgram returns a program that another process keeps open for writing, so
// that execve fails with ETXTBSY until release is called.
func busyProgram(t *testing.T) (path string, release func()) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "busy")
	b, err := os.ReadFile("/bin/true")
	must(t, err)
	must(t, os.WriteFile(path, b, 0o755))
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(t, err)
	c := exec.Command("/bin/sleep", "1000")
	c.ExtraFiles = []*os.File{f}
	must(t, c.Start())
	must(t, f.Close())
	release = sync.OnceFunc(func() {
		_ = c.Process.Kill()
		_ = c.Wait() // killed
	})
	t.Cleanup(release)
	return path, release
}

// TestStartEndsWithContext ends the context while the child tries its execve
// again and again.
func TestStartEndsWithContext(t *testing.T) {
	needCore(t)
	defer limit(t, time.Minute)()
	warmUp(t)
	fds := openFDs()
	path, release := busyProgram(t)
	ctx, cancel := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, path)
	c.Options = &forkexec.Options{TextBusyTimeout: 50 * time.Second}
	called := false
	c.Cancel = func() error { called = true; return nil }
	in, err := c.StdinPipe()
	must(t, err)
	time.AfterFunc(soon, cancel)
	begin := time.Now()
	err = c.Start()
	if d := time.Since(begin); d > 10*time.Second {
		t.Errorf("Start took %v", d)
	}
	if err != context.Canceled {
		t.Errorf("Start: %v, want %v", err, context.Canceled)
	}
	if c.Process != nil || c.StepError() != nil {
		t.Errorf("Process %v, StepError %v, want nil", c.Process, c.StepError())
	}
	if _, err := in.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the pipe is not closed: %v", err)
	}
	release()
	time.Sleep(2 * soon)
	if called {
		t.Error("Cancel was called though Start failed")
	}
	if l := appeared(fds, settledFDs(fds)); l != nil {
		t.Errorf("descriptors left: %q", l)
	}
	if l := childrenLeft(); l != "" {
		t.Errorf("children left: %s", l)
	}
}

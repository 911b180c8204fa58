// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package exec

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"sort"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

// A late start is one whose context ends about when the program begins to run. The program
// says that it runs, and stays until somebody ends it.
type late struct {
	name string
	// start makes one. It returns the error, and if there is none how the program ended,
	// after it was told to by SIGTERM.
	start func(ctx context.Context, l *lateRun) (error, syscall.WaitStatus)
}

// A lateRun has what the program is given: a file to show, an input that does not end, and
// an output that tells the test whether it ran.
type lateRun struct {
	mark      string
	in, out   *os.File
	openAfter bool // the context had not ended when the start had returned
}

var lateStarts = []late{
	{"Start", func(ctx context.Context, l *lateRun) (error, syscall.WaitStatus) {
		attr := &syscall.ProcAttr{Files: []uintptr{l.in.Fd(), l.out.Fd(), 2}}
		p, err := forkexec.Start(ctx, "/bin/cat", []string{"cat", l.mark, "-"}, attr, nil)
		if err != nil {
			return err, 0
		}
		l.openAfter = ctx.Err() == nil
		time.Sleep(time.Millisecond)
		_ = p.Signal(syscall.SIGTERM)
		st, err := p.Wait()
		if err != nil {
			return err, 0
		}
		return nil, st.Sys().(syscall.WaitStatus)
	}},
	{"CommandContext", func(ctx context.Context, l *lateRun) (error, syscall.WaitStatus) {
		cmd := exec.CommandContext(ctx, "/bin/cat", l.mark, "-")
		cmd.Stdin, cmd.Stdout = l.in, l.out
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		if err := cmd.Start(); err != nil {
			return err, 0
		}
		l.openAfter = ctx.Err() == nil
		_ = cmd.Wait()
		return nil, cmd.ProcessState.Sys().(syscall.WaitStatus)
	}},
	{"Run", func(ctx context.Context, l *lateRun) (error, syscall.WaitStatus) {
		cmd := exec.CommandContext(ctx, "/bin/cat", l.mark, "-")
		cmd.Stdin, cmd.Stdout = l.in, l.out
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		if err := cmd.Run(); cmd.ProcessState == nil {
			return err, 0
		}
		return nil, cmd.ProcessState.Sys().(syscall.WaitStatus)
	}},
}

// TestLateContext ends contexts around the execve. An error means that the program has never
// run; a program that runs is ended by Cancel, not by the start. Where a start cannot tell in
// time it may kill a program, rarely, and then it counts as started.
func TestLateContext(t *testing.T) {
	if forkexec.Implementation() == "stdlib" {
		t.Skip("the standard library's starts know no contexts")
	}
	// At most 3 programs in 1,000 may be killed. Were it just as many, more than 10 would be
	// seen once in 3,400 runs: only that many say that it is more.
	const starts, tooMany = 1000, 11
	mark := filepath.Join(t.TempDir(), "mark")
	if err := os.WriteFile(mark, []byte("ran"), 0o600); err != nil {
		t.Fatal(err)
	}
	// The input ends for nobody: this end stays open.
	in, hold, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Close()
	defer in.Close()
	for _, l := range lateStarts {
		t.Run(l.name, func(t *testing.T) {
			span := 2 * usual(t, mark, in)
			var errs, ranBut, killed, killedLater int
			for i := 0; i < starts; i++ {
				ctx, cancel := context.WithCancel(context.Background())
				timer := time.AfterFunc(span/10+time.Duration(rand.Int63n(int64(span))), cancel)
				run, ran, err, status := lateOnce(t, l, ctx, mark, in)
				timer.Stop()
				cancel()
				switch {
				case err != nil && !errors.Is(err, context.Canceled):
					t.Fatalf("start %d: %v", i, err)
				case err != nil:
					errs++
					if ran {
						ranBut++
					}
				case status.Signal() == syscall.SIGKILL:
					killed++
					if run.openAfter {
						killedLater++
					}
				case status.Signal() != syscall.SIGTERM:
					t.Fatalf("start %d: the program has ended by itself: %#x", i, status)
				}
			}
			t.Logf("%d starts within %v: %d errors, in %d the program had run; %d others were killed, not told", starts, span, errs, ranBut, killed)
			if ranBut > 0 {
				t.Errorf("%d of %d starts that gave an error had run their program", ranBut, errs)
			}
			if killed >= tooMany {
				t.Errorf("%d of %d programs were killed past Cancel, at most 3 in 1,000 may be", killed, starts)
			}
			if killedLater > 0 {
				t.Errorf("%d programs were killed by contexts that ended after the start", killedLater)
			}
		})
	}
}

// usual is how long a start takes here and now.
func usual(t *testing.T, mark string, in *os.File) time.Duration {
	var took []time.Duration
	for i := 0; i < 21; i++ {
		ctx, cancel := context.WithCancel(context.Background())
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		cmd := exec.CommandContext(ctx, "/bin/cat", mark, "-")
		cmd.Stdin, cmd.Stdout = in, w
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(begin))
		cancel()
		_ = cmd.Wait()
		r.Close()
		w.Close()
	}
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	return took[len(took)/2]
}

// lateOnce makes one start, and tells whether its program ran.
func lateOnce(t *testing.T, l late, ctx context.Context, mark string, in *os.File) (run *lateRun, ran bool, err error, status syscall.WaitStatus) {
	t.Helper()
	r, w, e := os.Pipe()
	if e != nil {
		t.Fatal(e)
	}
	defer r.Close()
	run = &lateRun{mark: mark, in: in, out: w}
	err, status = l.start(ctx, run)
	w.Close()
	b := make([]byte, 8)
	n, _ := r.Read(b) // ends with the program
	return run, fmt.Sprintf("%s", b[:n]) == "ran", err, status
}

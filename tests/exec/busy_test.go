// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package exec

// golang/go#22315: a program that was just written, while other goroutines start
// processes.

import (
	"errors"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

// TestWriteThenRun writes programs and runs them, from several goroutines. Without
// the trying again a few of the runs fail here.
func TestWriteThenRun(t *testing.T) {
	needCore(t)
	defer limit(t, 2*time.Minute)()
	warmUp(t)
	fds := openFDs()
	const writers = 8
	rounds := 50
	if testing.Short() {
		rounds = 10
	}
	program, err := os.ReadFile("/bin/true")
	must(t, err)
	dir := t.TempDir()
	var wg sync.WaitGroup
	for w := 0; w < writers; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < rounds; i++ {
				path := filepath.Join(dir, fmt.Sprintf("p%d-%d", w, i))
				if err := os.WriteFile(path, program, 0o755); err != nil {
					t.Error(err)
					return
				}
				c := exec.Command(path)
				if err := c.Run(); err != nil {
					t.Errorf("run %d of writer %d: %v (%v)", i, w, err, c.StepError())
				}
				os.Remove(path)
			}
		}()
	}
	wg.Wait()
	if l := appeared(fds, settledFDs(fds)); l != nil {
		t.Errorf("descriptors left: %q", l)
	}
}

// TestTextBusy asks when the trying ends.
func TestTextBusy(t *testing.T) {
	needCore(t)
	defer limit(t, time.Minute)()
	path, release := busyProgram(t)

	// Negative: at once. A start takes a millisecond or so; half of the
	// default timeout is far from both.
	c := exec.Command(path)
	c.Options = &forkexec.Options{TextBusyTimeout: -1}
	begin := time.Now()
	err := c.Run()
	if !errors.Is(err, syscall.ETXTBSY) || time.Since(begin) > 250*time.Millisecond {
		t.Errorf("with a negative timeout: %v after %v, want %v at once", err, time.Since(begin), syscall.ETXTBSY)
	}
	// None: bounded, whatever else is wished for.
	for _, opt := range []*forkexec.Options{nil, {CloseFDs: true}} {
		c := exec.Command(path)
		c.Options = opt
		begin = time.Now()
		err = c.Run()
		if d := time.Since(begin); !errors.Is(err, syscall.ETXTBSY) || d < 250*time.Millisecond || d > 20*time.Second {
			t.Errorf("with %v: %v after %v, want %v after half a second", opt, err, d, syscall.ETXTBSY)
		}
	}
	// The pipes of a start that is tried again are the same.
	time.AfterFunc(100*time.Millisecond, release)
	if out, err := exec.Command(path).CombinedOutput(); err != nil || len(out) != 0 {
		t.Errorf("released while trying: %q, %v", out, err)
	}
}

// TestTextBusyStdlib: where nothing is tried again, what asks for it is refused, and nothing else is.
func TestTextBusyStdlib(t *testing.T) {
	if forkexec.Implementation() != "stdlib" {
		self := osexec.Command("/proc/self/exe", "-test.run=^TestTextBusyStdlib$")
		self.Env = append(os.Environ(), "FORKEXEC=stdlib")
		if out, err := self.CombinedOutput(); err != nil {
			t.Errorf("with FORKEXEC=stdlib: %v\n%s", err, out)
		}
		return
	}
	for _, opt := range []*forkexec.Options{nil, {StepErrors: true}, {TextBusyTimeout: -1}} {
		c := exec.Command("/bin/true")
		c.Options = opt
		if err := c.Run(); err != nil {
			t.Errorf("%+v: %v", opt, err)
		}
	}
	c := exec.Command("/bin/true")
	c.Options = &forkexec.Options{TextBusyTimeout: time.Second}
	err := c.Run()
	if !errors.Is(err, syscall.ENOSYS) || c.StepError() == nil || c.StepError().Step != forkexec.StepExecve {
		t.Error("TextBusyTimeout:", err, c.StepError())
	}
}

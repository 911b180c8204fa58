// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package confined

import (
	"context"
	"fmt"
	"math"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

func init() { programs["process limit"] = processLimit }

const rlimitNproc = 6

// processLimit makes starts where few more processes or threads may be: by NPROC_WAY, with a
// limit that is NPROC_ABOVE over the threads there are. The Go runtime ends a program that
// gets no thread when it wants one. EAGAIN is what a start may say.
func processLimit() error {
	start := forkexec.ForkExec
	if os.Getenv("NPROC_WAY") == "std" {
		start = syscall.ForkExec
	}
	above, err := strconv.Atoi(os.Getenv("NPROC_ABOVE"))
	if err != nil {
		return err
	}
	// A program that has run for a while has a thread for each processor.
	var wg sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for begin := time.Now(); time.Since(begin) < 5*time.Millisecond; {
				runtime.Gosched()
			}
		}()
	}
	wg.Wait()
	if pid, err := start("/bin/true", []string{"true"}, nil); err != nil {
		return err
	} else if _, err := syscall.Wait4(pid, nil, 0, nil); err != nil {
		return err
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	limit := uint64(len(threads) + above)
	if err := syscall.Setrlimit(rlimitNproc, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		return err
	}
	time.Sleep(15 * time.Millisecond) // whoever looks at limits does so from time to time
	end := time.Now().Add(100 * time.Millisecond)
	wrong := make(chan error, 4)
	for range cap(wrong) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for time.Now().Before(end) {
				pid, err := start("/bin/true", []string{"true"}, nil)
				if err == syscall.EAGAIN {
					continue
				}
				if err == nil {
					err = reapRaw(pid)
				}
				if err != nil {
					wrong <- err
					return
				}
			}
		}()
	}
	wg.Wait()
	select {
	case err := <-wrong:
		return err
	default:
		return nil
	}
}

// reapRaw reaps a child without a system call that the runtime knows of: in one of those, however
// short, it may want a thread, and here the starts alone are to.
func reapRaw(pid int) error {
	for {
		done, _, errno := syscall.RawSyscall6(syscall.SYS_WAIT4, uintptr(pid), 0, syscall.WNOHANG, 0, 0, 0)
		if errno != 0 {
			return errno
		}
		if done != 0 {
			return nil
		}
		runtime.Gosched()
	}
}

// TestProcessLimit compares how many programs at the limit of processes end for want of a
// thread: with our starts not significantly more than with the standard library's.
//
// The runs of both alternate. If both end equally often, the numbers of those that did are
// two samples of one kind, and Fisher's exact test says how likely ours is as high as it is.
// If it is not clear after the first runs, three times as many are looked at, once.
//
// Of 80 programs each none ends with ours, with cgo and without, and 1 with the standard
// library's. Before starts kept their P near the limit 12 and 10 did.
func TestProcessLimit(t *testing.T) {
	if forkexec.Implementation() == "stdlib" || !privileged() {
		t.Skip("needs the C path, and root, for a user of its own for each program")
	}
	const significant, clear = 4e-4, 0.1
	program := ownCopy(t)
	runs, ours, std := 0, 0, 0
	var p float64
	for _, upTo := range []int{60, 180} {
		for ; runs < upTo; runs++ {
			above := 4 + runs%4 // where a thread is wanted as children hold the last places
			ours += aborts(t, program, "ours", above)
			std += aborts(t, program, "std", above)
		}
		if p = fisher(ours, std, runs); p > clear || p < significant {
			break
		}
	}
	t.Logf("of %d programs each, %d ended with our starts and %d with the standard library's (p %.2g)", runs, ours, std, p)
	if p < significant {
		t.Errorf("more programs end for want of a thread: %d of %d, with the standard library's starts %d (p %.2g)", ours, runs, std, p)
	}
}

// ownCopy is this program where every user can execute it.
func ownCopy(t *testing.T) string {
	t.Helper()
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "nproc-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, self, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return program
}

// nextUser is a user of its own for each run: the zombies of the last run count for theirs.
var nextUser = 1<<20 + rand.Uint32()>>3

// aborts is 1 if the program ends because the runtime gets no thread.
func aborts(t *testing.T, program, way string, above int) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	nextUser++
	cmd := exec.CommandContext(ctx, program)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), programVar+"=process limit", "NPROC_WAY="+way, fmt.Sprint("NPROC_ABOVE=", above), "GOTRACEBACK=none")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nextUser, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	switch text := string(out); {
	case err == nil:
		return 0
	case strings.Contains(text, "pthread_create failed"), strings.Contains(text, "failed to create new OS thread"):
		return 1
	}
	t.Fatalf("%s, limit of %d: %v\n%s", way, above, err, out)
	return 0
}

// fisher returns how likely it is that, of a+b things among 2n, a or more are in one half.
func fisher(a, b, n int) (p float64) {
	choose := func(n, k int) float64 { // its logarithm
		x, _ := math.Lgamma(float64(n + 1))
		y, _ := math.Lgamma(float64(k + 1))
		z, _ := math.Lgamma(float64(n - k + 1))
		return x - y - z
	}
	for i := a; i <= min(a+b, n); i++ {
		if a+b-i <= n {
			p += math.Exp(choose(n, i) + choose(n, a+b-i) - choose(2*n, a+b))
		}
	}
	return min(p, 1)
}

func TestFisher(t *testing.T) {
	for _, c := range []struct {
		a, b, n int
		want    float64
	}{{0, 0, 10, 1}, {3, 0, 3, 0.05}, {1, 1, 2, 5. / 6}, {10, 0, 10, 1. / 184756}, {2, 8, 10, 0.9989}} {
		if got := fisher(c.a, c.b, c.n); math.Abs(got-c.want) > 1e-3*c.want {
			t.Errorf("fisher(%d, %d, %d) = %v, want %v", c.a, c.b, c.n, got, c.want)
		}
	}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package exec

// Waiting for many children, and for children in odd situations.

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"forkexec.example/forkexec/go/exec"
)

// threads returns how many threads this process has.
func threads() (n int, err error) {
	b, err := os.ReadFile("/proc/self/status")
	if err == nil {
		_, rest, _ := strings.Cut(string(b), "\nThreads:")
		_, err = fmt.Sscan(rest, &n)
	}
	return n, err
}

// manyChildren are waited for at once; where the limit on descriptors is lower, as many as fit.
const manyChildren, fewChildren = 2000, 100

func init() {
	helpers["many"] = waitForMany
}

// TestManyWaits runs in a process of its own: the runtime does not give threads back that
// earlier tests made, and the process may change its limit.
func TestManyWaits(t *testing.T) {
	needCore(t)
	defer limit(t, 3*time.Minute)()
	out, err := helper(ours, "many").CombinedOutput()
	if strings.HasPrefix(string(out), "skip: ") {
		t.Skipf("%s", out)
	}
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}

// room raises the hard limit on descriptors for manyChildren if that is allowed, and returns
// how many fit.
func room() (int, error) {
	const others, each = 100, 2 // each: the pidfd in its os.Process and the one it is waited by
	need := syscall.Rlimit{Cur: each*manyChildren + others, Max: each*manyChildren + others}
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return 0, err
	}
	if files.Max >= need.Max || syscall.Setrlimit(syscall.RLIMIT_NOFILE, &need) == nil {
		return manyChildren, nil
	}
	return (int(files.Max) - others) / each, nil
}

func waitForMany() {
	const most = 32 // threads
	fail := func(v ...any) {
		fmt.Println(v...)
		os.Exit(1)
	}
	children, err := room()
	if err != nil {
		fail("limit", err)
	}
	if children < fewChildren {
		fmt.Println("skip: RLIMIT_NOFILE has room for", children, "children, and may not be raised")
		return
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var wrong []error
	cmds := make([]*exec.Cmd, children)
	for i := range cmds {
		c := exec.Command("/bin/sleep", "1000")
		if err := c.Start(); err != nil {
			fail("start", i, err)
		}
		cmds[i] = c
		wg.Add(1)
		go func() {
			defer wg.Done()
			err := c.Wait()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
				mu.Lock()
				wrong = append(wrong, err)
				mu.Unlock()
			}
		}()
	}
	time.Sleep(200 * time.Millisecond) // until the last ones wait
	n, err := threads()
	if err != nil {
		fail("threads", err)
	}
	fmt.Printf("%s: %d children (of %d wanted) waited for by %d goroutines on %d threads\n", runtime.Version(), children, manyChildren, runtime.NumGoroutine(), n)
	for _, c := range cmds {
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			fail("signal", err)
		}
	}
	wg.Wait()
	if len(wrong) > 0 {
		fail(len(wrong), "wrong results, one is", wrong[0])
	}
	if n >= most {
		fail("too many threads: want fewer than", most)
	}
	if l := childrenLeft(); l != "" {
		fail("children left:", l)
	}
	left := 0
	for _, link := range openFDs() {
		if strings.Contains(link, "pidfd") {
			left++
		}
	}
	if left > 0 {
		fail("pidfds left:", left)
	}
}

// crowd takes the waits that may hold a thread, so that the next one parks in
// the poller.
func crowd(t *testing.T) (leave func()) {
	var cmds []*exec.Cmd
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		c := exec.Command("/bin/sleep", "1000")
		must(t, c.Start())
		cmds = append(cmds, c)
		wg.Add(1)
		go func() {
			defer wg.Done()
			_ = c.Wait() // killed below
		}()
	}
	time.Sleep(soon)
	return func() {
		for _, c := range cmds {
			_ = c.Process.Kill()
		}
		wg.Wait()
	}
}

// TestWaitsInACrowd runs scripts whose waits go through the poller.
func TestWaitsInACrowd(t *testing.T) {
	warmUp(t)
	leave := crowd(t)
	defer leave()
	if l := childrenLeft(); l != "one that runs" {
		t.Fatalf("the crowd is %q", l)
	}
	compare(t, append(append([]script{}, scripts...), contexts...))
}

// TestStoppedChild stops a child that is waited for: that is no exit.
func TestStoppedChild(t *testing.T) {
	defer limit(t, time.Minute)()
	leave := crowd(t)
	defer leave()
	c := exec.Command("/bin/sh", "-c", "kill -STOP $$; exit 3")
	// In our own process group, should it be orphaned, a stopped member may bring us SIGHUP.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(t, c.Start())
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	select {
	case err := <-done:
		t.Fatalf("Wait returned %v for a stopped child", err)
	case <-time.After(2 * soon):
	}
	must(t, c.Process.Signal(syscall.SIGCONT))
	if err := <-done; fmt.Sprint(err) != "exit status 3" {
		t.Error(err)
	}
}

// TestUserPidFD waits for a child whose pidfd the caller asked for: it stays the
// caller's, open and blocking.
func TestUserPidFD(t *testing.T) {
	defer limit(t, time.Minute)()
	leave := crowd(t)
	defer leave()
	compare(t, []script{{"pidfd", func(l lib, n *notes) {
		fd := -1
		c := l.sh("exit 3")
		set(c, "SysProcAttr", &syscall.SysProcAttr{PidFD: &fd})
		n.err("start", c.Start())
		n.end(c, c.Wait())
		flags, _, e := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFL, 0)
		n.add("flags", fmt.Sprintf("%#o %d", flags, e))
		n.err("close", syscall.Close(fd))
	}}})
}

// TestOtherReaper waits for children that something else has reaped: by itself,
// as the kernel does if SIGCHLD is ignored.
func TestOtherReaper(t *testing.T) {
	defer limit(t, time.Minute)()
	reaped := script{"wait4", func(l lib, n *notes) {
		c := l.sh("exit 3")
		n.err("start", c.Start())
		var ws syscall.WaitStatus
		_, err := syscall.Wait4(get[*os.Process](c, "Process").Pid, &ws, 0, nil)
		n.add("status", ws)
		n.err("wait4", err)
		n.end(c, c.Wait())
		n.end(c, c.Wait())
	}}
	compare(t, []script{reaped})
	leave := crowd(t)
	compare(t, []script{reaped})
	leave()
}

func init() {
	helpers["ignore"] = func() {
		// Only in a process of its own: it concerns all children.
		signal.Ignore(syscall.SIGCHLD)
		for _, l := range []lib{theirs, ours} {
			n := &notes{}
			for i := 0; i < 3; i++ {
				c := l.sh("exit 3")
				n.err("start", c.Start())
				n.end(c, c.Wait())
				out, err := l.sh("echo x").Output()
				n.add("out", string(out))
				n.err("error", err)
			}
			fmt.Printf("%q\n", n.list)
		}
	}
}

// TestIgnoredSIGCHLD compares what a program sees that lets the kernel reap.
func TestIgnoredSIGCHLD(t *testing.T) {
	defer limit(t, time.Minute)()
	out, err := helper(ours, "ignore").Output()
	must(t, err)
	// Which call says ECHILD in Go 1.23 depends on whether the child is gone already.
	said := strings.ReplaceAll(strings.TrimSpace(string(out)), "waitid: ", "wait: ")
	lines := strings.Split(said, "\n")
	if len(lines) != 2 || lines[0] != lines[1] {
		t.Errorf("os/exec and go/exec:\n%s", out)
	}
}

// TestNeverWaited drops commands without Wait: their descriptors go with the
// garbage.
func TestNeverWaited(t *testing.T) {
	defer limit(t, time.Minute)()
	warmUp(t)
	fds := openFDs()
	var pids []int
	for i := 0; i < 20; i++ {
		c := exec.Command("/bin/true")
		c.Stdout = new(strings.Builder)
		must(t, c.Start())
		pids = append(pids, c.Process.Pid)
	}
	for _, pid := range pids {
		_, err := syscall.Wait4(pid, nil, 0, nil)
		must(t, err)
	}
	for i := 0; i < 20; i++ {
		runtime.GC()
		debug.FreeOSMemory()
		if l := appeared(fds, openFDs()); len(l) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("descriptors left: %q", appeared(fds, openFDs()))
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

// frozenCgroup makes a frozen cgroup: a child born in it is stuck before its first
// instruction until the cgroup is thawed or the child is killed.
func frozenCgroup(t *testing.T) (fd int, thaw func()) {
	t.Helper()
	mounts, _ := os.ReadFile("/proc/self/mounts")
	for _, line := range strings.Split(string(mounts), "\n") {
		f := strings.Fields(line)
		if len(f) < 3 || f[2] != "cgroup2" {
			continue
		}
		dir, err := os.MkdirTemp(f[1], "forkexec-test-")
		if err != nil {
			t.Skip("needs to make a cgroup: ", err)
		}
		t.Cleanup(func() { removeCgroup(t, dir) })
		write := func(v string) {
			if err := os.WriteFile(filepath.Join(dir, "cgroup.freeze"), []byte(v), 0); err != nil {
				t.Fatal(err)
			}
		}
		write("1")
		fd, err := syscall.Open(dir, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { syscall.Close(fd) })
		return fd, func() { write("0") }
	}
	t.Skip("needs a cgroup v2 mount")
	return -1, nil
}

// removeCgroup waits for the kernel: a cgroup stays busy for a moment after its last
// process has been reaped.
func removeCgroup(t *testing.T, dir string) {
	var err error
	for i := 0; i < 200; i++ {
		if err = os.Remove(dir); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error(err)
}

// TestStuckChild starts a child that cannot come to its execve. All else must go on:
// the garbage collector, other goroutines, ForkLock, other starts.
func TestStuckChild(t *testing.T) {
	needC(t)
	clean(t)
	fd, _ := frozenCgroup(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	result := make(chan error, 1)
	go func() {
		_, err := forkexec.Start(ctx, "/bin/true", []string{"true"},
			&syscall.ProcAttr{Sys: &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: fd}}, nil)
		result <- err
	}()
	alive := make(chan string, 1)
	go func() {
		time.Sleep(20 * time.Millisecond) // the child is in its clone by now, or soon
		for i := 0; i < 5; i++ {
			runtime.GC() // stops the world
		}
		syscall.ForkLock.RLock()
		syscall.ForkLock.RUnlock()
		if err := exec.Command("/bin/true").Run(); err != nil {
			alive <- err.Error()
			return
		}
		pid, err := forkexec.ForkExec("/bin/true", []string{"true"}, nil)
		if err != nil {
			alive <- err.Error()
			return
		}
		_, err = syscall.Wait4(pid, nil, 0, nil)
		alive <- map[bool]string{true: "", false: "wait4 failed"}[err == nil]
	}()
	select {
	case s := <-alive:
		if s != "" {
			t.Error(s)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the program stands still behind a child that is stuck before its execve")
	}
	select {
	case err := <-result:
		t.Fatalf("the child in the frozen cgroup was not stuck: %v", err)
	default:
	}
	cancel()
	select {
	case err := <-result:
		if err != context.Canceled {
			t.Errorf("Start = %v, want context.Canceled", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("Start does not end with its context")
	}
}

func TestThawedChild(t *testing.T) {
	needC(t)
	clean(t)
	fd, thaw := frozenCgroup(t)
	thawed := make(chan struct{})
	time.AfterFunc(300*time.Millisecond, func() { // three slices of the wait
		thaw()
		close(thawed)
	})
	defer func() { <-thawed }()
	pid, err := forkexec.ForkExec("/bin/true", []string{"true"},
		&syscall.ProcAttr{Sys: &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: fd}})
	if err != nil {
		t.Fatal(err)
	}
	var ws syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &ws, 0, nil); err != nil || ws != 0 {
		t.Errorf("wait4: %v, %v", ws, err)
	}
}

// TestCancelStorm races the end of contexts with starts: each start either gives a
// process or the context's error, and never leaves a child.
func TestCancelStorm(t *testing.T) {
	clean(t)
	for i := 0; i < 400; i++ {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i%40)*5*time.Microsecond)
		p, err := forkexec.Start(ctx, "/bin/true", []string{"true"}, nil, nil)
		if err == nil {
			st, err := p.Wait()
			if err != nil || !st.Success() {
				t.Fatalf("start %d: %v, %v", i, st, err)
			}
		} else if err != context.DeadlineExceeded {
			t.Fatalf("start %d: %v", i, err)
		}
		cancel()
	}
}

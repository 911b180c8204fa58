// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

// hungDir mounts a FUSE file system that nobody serves: whoever looks into it hangs
// until abort is called, or is killed (golang/go#11155).
func hungDir(t *testing.T) (dir string, abort func()) {
	t.Helper()
	fd, err := syscall.Open("/dev/fuse", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("needs FUSE: ", err)
	}
	dir = t.TempDir()
	if err := syscall.Mount("hung", dir, "fuse", 0, fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fd)); err != nil {
		syscall.Close(fd)
		t.Skip("needs to mount FUSE: ", err)
	}
	// To close fd is not enough: the child that hangs has a copy.
	abort = func() { _ = syscall.Unmount(dir, syscall.MNT_FORCE) }
	t.Cleanup(func() {
		syscall.Close(fd)
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil && err != syscall.EINVAL {
			t.Error(err) // EINVAL: not mounted any more
		}
	})
	return dir, abort
}

// others checks that everybody else goes on: the garbage collector, ForkLock, starts of
// the standard library and of ours.
func others(t *testing.T) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		for i := 0; i < 5; i++ {
			runtime.GC()
		}
		syscall.ForkLock.RLock()
		syscall.ForkLock.RUnlock()
		if err := exec.Command("/bin/true").Run(); err != nil {
			done <- err
			return
		}
		pid, err := forkexec.ForkExec("/bin/true", []string{"true"}, nil)
		if err == nil {
			_, err = syscall.Wait4(pid, nil, 0, nil)
		}
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the program stands still behind a child that hangs before its execve")
	}
}

// TestHungWithoutContext hangs a start that nothing can end. It is made with CLONE_VFORK,
// so that ForkLock must be let go behind its back.
func TestHungWithoutContext(t *testing.T) {
	needC(t)
	clean(t)
	dir, abort := hungDir(t)
	result := make(chan error, 1)
	go func() {
		_, err := forkexec.ForkExec("/bin/true", []string{"true"}, &syscall.ProcAttr{Dir: dir})
		result <- err
	}()
	time.Sleep(20 * time.Millisecond) // the child is in its chdir by now, or soon
	others(t)
	select {
	case err := <-result:
		t.Fatal("the start did not hang: ", err)
	default:
	}
	abort()
	select {
	case err := <-result:
		if err != error(syscall.ENOTCONN) && err != error(syscall.ECONNABORTED) {
			t.Errorf("ForkExec = %v, want that the connection is gone", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the start hangs on")
	}
	others(t)
}

func TestHungWithContext(t *testing.T) {
	needC(t)
	clean(t)
	dir, _ := hungDir(t)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := forkexec.Start(ctx, "/bin/true", []string{"true"}, &syscall.ProcAttr{Dir: dir, Env: os.Environ()}, nil)
	if err != context.DeadlineExceeded {
		t.Errorf("Start = %v, want its context's error", err)
	}
	if d := time.Since(begin); d > 20*time.Second {
		t.Errorf("the context's end took %v", d)
	}
	others(t)
}

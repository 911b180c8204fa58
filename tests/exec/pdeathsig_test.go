// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package exec

// golang/go#27505: the parent death signal comes when the thread ends that made
// the child. Options.PdeathsigProcess ties it to the process instead.

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

var pdeathsigProcess = &forkexec.Options{PdeathsigProcess: true}

// sleeper starts a child that is to be killed with its parent.
func sleeper(o *forkexec.Options) (*exec.Cmd, error) {
	c := exec.Command("/bin/sleep", "1000")
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	c.Options = o
	return c, c.Start()
}

// startOnDyingThread starts a child from a goroutine that is locked to its thread
// and takes the thread with it.
func startOnDyingThread(t *testing.T, o *forkexec.Options) *exec.Cmd {
	var c *exec.Cmd
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the runtime ends the thread
		if syscall.Gettid() != os.Getpid() {
			c, err = sleeper(o)
			return
		}
		// But not the first thread of the process. While this goroutine has
		// it, another one cannot get it.
		c = startOnDyingThread(t, o)
		runtime.UnlockOSThread()
	}()
	<-done
	must(t, err)
	return c
}

func waitFor(c *exec.Cmd) <-chan error {
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	return done
}

func TestPdeathsigThreadEnds(t *testing.T) {
	needCore(t)
	defer limit(t, time.Minute)()

	// The default takes after the caller's thread, as os/exec: that the child
	// dies shows that the thread has really ended.
	c := startOnDyingThread(t, nil)
	select {
	case <-waitFor(c):
	case <-time.After(10 * time.Second):
		t.Error("the default: the child outlived its thread")
		_ = c.Process.Kill()
	}

	c = startOnDyingThread(t, pdeathsigProcess)
	done := waitFor(c)
	select {
	case err := <-done:
		t.Fatalf("PdeathsigProcess: the child died with the thread: %v", err)
	case <-time.After(500 * time.Millisecond):
	}
	must(t, c.Process.Kill())
	<-done
}

func init() {
	helpers["pdeathsig"] = func() {
		c, err := sleeper(pdeathsigProcess)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(c.Process.Pid)
		// Ends without Wait, and the child has to end as well.
	}
}

func TestPdeathsigProcessEnds(t *testing.T) {
	needCore(t)
	defer limit(t, time.Minute)()
	// Orphans come to this process, so that their end can be waited for and the
	// process ID cannot be given to somebody else.
	const prSetChildSubreaper = 36
	if _, _, e := syscall.Syscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0); e != 0 {
		t.Skip("prctl(PR_SET_CHILD_SUBREAPER): ", e)
	}
	defer syscall.Syscall(syscall.SYS_PRCTL, prSetChildSubreaper, 0, 0)
	c := helper(ours, "pdeathsig").(*exec.Cmd)
	out, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	var pid int
	_, err = fmt.Fscan(bufio.NewReader(out), &pid)
	must(t, err)
	must(t, c.Wait())
	var ws syscall.WaitStatus
	for i := 0; i < 1000; i++ {
		got, err := syscall.Wait4(pid, &ws, syscall.WNOHANG, nil)
		if got == pid {
			if ws.Signal() != syscall.SIGKILL {
				t.Errorf("the child ended with %v", ws)
			}
			return
		}
		if err != nil && err != syscall.EINTR {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the child outlived its process")
	_ = syscall.Kill(pid, syscall.SIGKILL)
	_, _ = syscall.Wait4(pid, nil, 0, nil)
}

// TestPdeathsigPtrace: a tracer is a thread, so the two exclude each other.
func TestPdeathsigPtrace(t *testing.T) {
	needCore(t)
	c := exec.Command("/bin/true")
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Ptrace: true}
	c.Options = pdeathsigProcess
	err := c.Run()
	if !errors.Is(err, syscall.EINVAL) || c.StepError() == nil {
		t.Errorf("with Ptrace: %v (%v), want EINVAL", err, c.StepError())
	}
}

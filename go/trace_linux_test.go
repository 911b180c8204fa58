// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// TestHasStopped: a child that has been continued before anybody has looked counts, too.
func TestHasStopped(t *testing.T) {
	cmd := exec.Command("/bin/cat")
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	if hasStopped(pid) {
		t.Error("a child that runs has not stopped")
	}
	signal := func(sig os.Signal) {
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	signal(syscall.SIGSTOP)
	for i := 0; !hasStopped(pid); i++ {
		if i == 5000 {
			t.Fatal("it does not stop")
		}
		time.Sleep(time.Millisecond)
	}
	signal(syscall.SIGCONT)
	if !hasStopped(pid) {
		t.Error("a child that has stopped and goes on is waited for")
	}
	signal(syscall.SIGKILL)
	_ = in.Close()
	_ = cmd.Wait()
	if !hasStopped(pid) {
		t.Error("a child that has ended is waited for")
	}
}

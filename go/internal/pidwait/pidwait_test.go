// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package pidwait

import (
	"os"
	"syscall"
	"testing"
	"time"
)

// TestPark asks whether parking ends when the process does, and at once where it
// cannot work.
func TestPark(t *testing.T) {
	start := func(name string, args ...string) *os.Process {
		p, err := os.StartProcess(name, append([]string{name}, args...), &os.ProcAttr{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	parked := func(p *os.Process) bool {
		done := make(chan bool)
		go func() {
			Park(p)
			close(done)
		}()
		select {
		case <-done:
			return false
		case <-time.After(50 * time.Millisecond):
		}
		_ = p.Kill()
		<-done
		return true
	}
	p := start("/bin/sleep", "100")
	if fd, err := openPidfd(p.Pid); err != nil {
		t.Skip("no pidfd_open: ", err)
	} else {
		syscall.Close(fd)
	}
	if !parked(p) {
		t.Error("Park did not wait")
	}
	if parked(p) { // a zombie now
		t.Error("Park waited for a process that has exited")
	}
	if _, err := p.Wait(); err != nil {
		t.Error(err)
	}
	if parked(p) {
		t.Error("Park waited for a process that has been reaped")
	}
	if self, err := os.FindProcess(os.Getppid()); err != nil || parkedForeign(self) {
		t.Errorf("Park waited for a process that is no child: %v", err)
	}
}

func parkedForeign(p *os.Process) bool {
	done := make(chan bool)
	go func() {
		Park(p)
		close(done)
	}()
	select {
	case <-done:
		return false
	case <-time.After(10 * time.Second):
		return true
	}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package stuck

import (
	"context"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

// TestShared looks at a child that is held before its execve: does it share its parent's
// memory just where SECURITY.md says so?
func TestShared(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const file = "/proc/sys/fs/suid_dumpable"
	old := readFile(file)
	if os.Getuid() != 0 || os.WriteFile(file, []byte(old), 0) != nil {
		t.Skip("needs root, to set fs.suid_dumpable")
	}
	t.Cleanup(func() { writeFile(t, file, old) })
	for _, c := range []struct {
		name, way, dumpable string
		uid                 uint32
		shared              bool
	}{
		{"plain", "ForkExec", "0", 0, true},
		{"plain, suid_dumpable 1", "ForkExec", "1", 0, true},
		{"user", "ForkExec", "0", 65534, true},
		{"user, suid_dumpable 1", "ForkExec", "1", 65534, false},
		{"user, suid_dumpable 2", "ForkExec", "2", 65534, true},
		{"user namespace", "Start in a user namespace", "0", 0, true}, // held, see hold.c
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := hung(t, true, false)
			tr.Way, tr.UID = c.way, c.uid
			writeFile(t, file, c.dumpable)
			v := startVictim(t, self, &tr.order)
			defer v.end(func() { tr.release(v) })
			v.expect("started")
			tr.catch(v)
			writeFile(t, file, old)
			if forkexec.Implementation() == "stdlib" && c.way != "ForkExec" {
				return // it never shares memory with a new user namespace
			}
			if got := sameMemory(t, v.cmd.Process.Pid, v.child()); got != c.shared {
				t.Errorf("with %s the child shares memory: %v, want %v", forkexec.Implementation(), got, c.shared)
			}
		})
	}
}

// sameMemory tells whether two processes have the same memory, not just equal memory.
func sameMemory(t *testing.T, a, b int) bool {
	t.Helper()
	const kcmpVM = 1
	number, ok := map[string]uintptr{"amd64": 312, "arm64": 272}[runtime.GOARCH]
	if !ok {
		t.Skip("no number of kcmp(2) known for this architecture")
	}
	ret, _, e := syscall.Syscall6(number, uintptr(a), uintptr(b), kcmpVM, 0, 0, 0)
	if e != 0 {
		t.Skip("needs kcmp: ", e)
	}
	return ret == 0
}

// TestReserve has a file on a file system that does not answer among those that a start with
// CloseFDs might move: it must not ask for its attributes.
func TestReserve(t *testing.T) {
	const oPath = 0x200000 // O_PATH
	f := mountHung(t, false)
	low, err := syscall.Open(f.dir, oPath|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(low)
	high, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(low), syscall.F_DUPFD_CLOEXEC, 300)
	if errno != 0 {
		t.Fatal(errno)
	}
	defer syscall.Close(int(high))
	if err := forkexec.ReserveFDs(4); err != nil {
		t.Fatal(err)
	}
	started := make(chan error, 1)
	go func() {
		p, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"},
			&syscall.ProcAttr{Files: []uintptr{0, 1, 2, high}}, &forkexec.Options{CloseFDs: true})
		if err == nil {
			_, err = p.Wait()
		}
		started <- err
	}()
	select {
	case err := <-started:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		f.abort()
		t.Errorf("the start hung: %v", <-started)
	}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestReserveFDsErrors(t *testing.T) {
	for _, n := range []int{-1, 1025} {
		if err := ReserveFDs(n); err != error(syscall.EINVAL) {
			t.Errorf("ReserveFDs(%d) = %v, want EINVAL", n, err)
		}
	}
	if err := ReserveFDs(0); err != nil {
		t.Errorf("ReserveFDs(0) = %v", err)
	}
}

// newReserve is one of n slots that ends with the test.
func newReserve(t *testing.T, n int) *reserve {
	t.Helper()
	r := new(reserve)
	if err := r.grow(n); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if len(r.free) != n {
			t.Errorf("%d slots of %d are back", len(r.free), n)
		}
		for _, fd := range append(r.free, int32(r.filler)) {
			_ = syscall.Close(int(fd))
		}
	})
	return r
}

// high moves fd to number 300 or above.
func high(t *testing.T, fd int) int32 {
	t.Helper()
	n, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, 300)
	if errno != 0 {
		t.Fatal(errno)
	}
	t.Cleanup(func() { _ = syscall.Close(int(n)) })
	return int32(n)
}

func highPipe(t *testing.T) int32 {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	return high(t, int(w.Fd()))
}

func link(t *testing.T, fd int32) string {
	t.Helper()
	s, err := os.Readlink(filepath.Join("/proc/self/fd", strconv.Itoa(int(fd))))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReserveLend(t *testing.T) {
	r := newReserve(t, 2)
	filler := link(t, int32(r.filler))
	a, b, c := highPipe(t), highPipe(t), highPipe(t)
	fds := []int32{0, a, -1, b, a}
	slots := r.lend(fds)
	if len(slots) != 2 || fds[0] != 0 || fds[2] != -1 || fds[1] != fds[4] || max(fds[1], fds[3]) >= worthMoving {
		t.Fatalf("lend made %v and slots %v of [0 %d -1 %d %d]", fds, slots, a, b, a)
	}
	if link(t, fds[1]) != link(t, a) || link(t, fds[3]) != link(t, b) {
		t.Error("another file lies in the slot")
	}
	busy := []int32{c}
	if more := r.lend(busy); more != nil || busy[0] != c {
		t.Errorf("lent %v of an empty reserve", more)
	}
	r.giveBack(slots)
	for _, fd := range slots {
		if link(t, fd) != filler {
			t.Errorf("slot %d still holds %s", fd, link(t, fd))
		}
	}
	if slots := r.lend([]int32{a, b, c}); slots != nil {
		t.Errorf("lent %v for three files out of two slots", slots)
	}
}

// What must not be moved: see ReserveFDs.
func TestReserveKinds(t *testing.T) {
	r := newReserve(t, 1)
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(pair[1])
	defer syscall.Close(pair[0])
	for _, c := range []struct {
		name    string
		open    func() (int, error)
		movable bool
	}{
		{"socket", func() (int, error) { return syscall.Dup(pair[0]) }, true},
		{"null", func() (int, error) { return syscall.Open("/dev/null", syscall.O_RDWR|syscall.O_CLOEXEC, 0) }, true},
		{"zero", func() (int, error) { return syscall.Open("/dev/zero", syscall.O_RDWR|syscall.O_CLOEXEC, 0) }, false},
		{"fifo", func() (int, error) { return syscall.Open(fifo, syscall.O_RDWR|syscall.O_CLOEXEC, 0) }, false},
		{"file", func() (int, error) {
			return syscall.Open(filepath.Join(dir, "file"), syscall.O_RDWR|syscall.O_CREAT|syscall.O_CLOEXEC, 0o600)
		}, false},
		{"directory", func() (int, error) { return syscall.Open(dir, syscall.O_RDONLY|syscall.O_CLOEXEC, 0) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			low, err := c.open()
			if err != nil {
				t.Fatal(err)
			}
			fd := high(t, low)
			_ = syscall.Close(low)
			slots := r.lend([]int32{fd})
			r.giveBack(slots)
			if (slots != nil) != c.movable {
				t.Errorf("moved: %v, want %v", slots != nil, c.movable)
			}
		})
	}
	if slots := r.lend([]int32{20000}); slots != nil {
		t.Error("a closed descriptor was moved")
	}
}

// Whole starts, in parallel, with files of every kind and fewer slots than starts.
func TestReserveStart(t *testing.T) {
	if Implementation() == "stdlib" {
		t.Skip("needs the C path")
	}
	if err := ReserveFDs(4); err != nil {
		t.Fatal(err)
	}
	slots := slices.Clone(reserved.free)
	locked, err := os.Create(filepath.Join(t.TempDir(), "locked"))
	if err != nil {
		t.Fatal(err)
	}
	defer locked.Close()
	file := high(t, int(locked.Fd()))
	if err := syscall.FcntlFlock(uintptr(file), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for i := range 8 {
		go func() {
			var err error
			for range 20 {
				if err = echo(file, i%2 == 0); err != nil {
					break
				}
			}
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if len(reserved.free) != len(slots) {
		t.Errorf("%d slots of %d are back", len(reserved.free), len(slots))
	}
	// Only another process sees our lock.
	p, err := Start(context.Background(), "/proc/self/exe", []string{"is-locked"},
		&syscall.ProcAttr{Env: []string{"FORKEXEC_TEST_LOCKED=" + locked.Name()}, Files: []uintptr{0, 1, 2}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if st, err := p.Wait(); err != nil || st.ExitCode() != 10 {
		t.Errorf("the lock is lost: %v, %v", st, err)
	}
}

// echo starts a shell that says what its descriptors are: two pipes, or a pipe and file.
func echo(file int32, pipes bool) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	n, _, errno := syscall.Syscall(syscall.SYS_FCNTL, w.Fd(), syscall.F_DUPFD_CLOEXEC, 300)
	w.Close()
	if errno != 0 {
		return errno
	}
	files, third := []uintptr{n, n, n}, "pipe:"
	if !pipes {
		files[2], third = uintptr(file), "/"
	}
	p, err := Start(context.Background(), "/bin/sh", []string{"sh", "-c", "readlink /proc/$$/fd/2; echo /proc/$$/fd/*"},
		&syscall.ProcAttr{Env: os.Environ(), Files: files}, &Options{CloseFDs: true})
	_ = syscall.Close(int(n))
	if err != nil {
		return err
	}
	b := make([]byte, 4096)
	k := 0
	for {
		m, err := r.Read(b[k:])
		if k += m; err != nil {
			break
		}
	}
	if st, err := p.Wait(); err != nil || !st.Success() {
		return fmt.Errorf("the shell failed: %v, %v", st, err)
	}
	said := string(b[:k])
	if !strings.HasPrefix(said, third) || strings.Count(said, "/fd/") != 4 { // and the shell's own
		return fmt.Errorf("the child has %q", said)
	}
	return nil
}

func TestMain(m *testing.M) {
	if name := os.Getenv("FORKEXEC_TEST_LOCKED"); name != "" {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			os.Exit(1)
		}
		lock := syscall.Flock_t{Type: syscall.F_WRLCK}
		if syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock) != nil {
			os.Exit(1)
		}
		os.Exit(10 * int(lock.Type&1)) // F_WRLCK is 1, F_UNLCK 2
	}
	os.Exit(m.Run())
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && (amd64 || arm64 || riscv64)

package api

import (
	"context"
	"errors"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"
	"unsafe"

	forkexec "forkexec.example/forkexec/go"
)

// notification and answer are structs seccomp_notif and seccomp_notif_resp.
type notification struct {
	id         uint64
	pid, flags uint32
	nr         int32
	arch       uint32
	ip         uint64
	args       [6]uint64
}

type answer struct {
	id           uint64
	value        int64
	errno, flags int32
}

const (
	notifyReceive = 0xc0502100
	notifySend    = 0xc0182101
	notify        = 0x7fc00000
	allow         = 0x7fff0000
)

// notifyAll is a filter that notifies of all system calls but that of an execve, or of one.
func notifyAll(but bool, nr uint32) []forkexec.SockFilter {
	yes, no := uint32(notify), uint32(allow)
	if but {
		yes, no = no, yes
	}
	return []forkexec.SockFilter{{Code: 0x20}, {Code: 0x15, Jf: 1, K: nr}, {Code: 6, K: yes}, {Code: 6, K: no}}
}

// serve answers until the child has ended, and returns how often.
func serve(fd int, errno syscall.Errno) (n int) {
	for {
		var in notification
		if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), notifyReceive, uintptr(unsafe.Pointer(&in))); e == syscall.EINTR {
			continue
		} else if e != 0 {
			return n
		}
		out := answer{id: in.id, errno: -int32(errno)}
		if errno == 0 {
			out.flags = 1 // SECCOMP_USER_NOTIF_FLAG_CONTINUE
		}
		_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), notifySend, uintptr(unsafe.Pointer(&out)))
		n++
	}
}

func listen(t *testing.T, sys *syscall.SysProcAttr, filter []forkexec.SockFilter, errno syscall.Errno, argv ...string) (int, int) {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	listener := -2
	opt := &forkexec.Options{NoNewPrivs: true, Seccomp: &forkexec.Seccomp{Filter: filter, Listener: &listener}}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	p, err := forkexec.Start(ctx, argv[0], argv, &syscall.ProcAttr{Files: []uintptr{null.Fd(), null.Fd(), null.Fd()}, Sys: sys}, opt)
	var e *forkexec.Error
	if errors.As(err, &e) && (e.Step == forkexec.StepSeccomp && e.Errno == syscall.EINVAL || e.Errno == syscall.ENOSYS) {
		t.Skip("no notifications here: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if flags, _, e := syscall.Syscall(syscall.SYS_FCNTL, uintptr(listener), syscall.F_GETFD, 0); e != 0 || flags&syscall.FD_CLOEXEC == 0 {
		t.Errorf("the listener is %d: flags %d, %v", listener, flags, e)
	}
	answered := make(chan int)
	go func() { answered <- serve(listener, errno) }()
	state, err := p.Wait()
	if err != nil {
		t.Fatal(err)
	}
	// Before Linux 6.11 the sleep of a receiver does not end with the child.
	var n int
	select {
	case n = <-answered:
		_ = syscall.Close(listener)
	case <-time.After(time.Second):
		t.Log("the receiver sleeps on")
		n = 1
	}
	return state.ExitCode(), n
}

// TestListener: the parent gets the descriptor, and decides. Also where every system call of the
// child between its filter and its execve would wait for it.
func TestListener(t *testing.T) {
	needC(t)
	uname := map[string]uint32{"amd64": 63, "arm64": 160, "riscv64": 160}[runtime.GOARCH]
	execve := map[string]uint32{"amd64": 59, "arm64": 221, "riscv64": 221}[runtime.GOARCH]
	if status, n := listen(t, nil, notifyAll(false, uname), syscall.EPERM, "/bin/uname"); status != 1 || n == 0 {
		t.Errorf("uname refused: status %d after %d answers", status, n)
	}
	if status, n := listen(t, nil, notifyAll(false, uname), 0, "/bin/uname"); status != 0 || n == 0 {
		t.Errorf("uname allowed: status %d after %d answers", status, n)
	}
	if status, n := listen(t, nil, notifyAll(true, execve), 0, "/bin/true"); status != 0 || n < 5 && n != 1 {
		t.Errorf("all system calls: status %d after %d answers", status, n)
	}
	if os.Geteuid() == 0 {
		sys := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		if status, n := listen(t, sys, notifyAll(false, uname), 0, "/bin/uname"); status != 0 || n == 0 {
			t.Errorf("another user: status %d after %d answers", status, n)
		}
	}
}

// TestListenerFails: the report of a failure is not lost where the child could only write it, or
// even end, if somebody answered; and nothing is left open.
func TestListenerFails(t *testing.T) {
	needC(t)
	clean(t)
	execve := map[string]uint32{"amd64": 59, "arm64": 221, "riscv64": 221}[runtime.GOARCH]
	listener := -2
	opt := &forkexec.Options{NoNewPrivs: true, Seccomp: &forkexec.Seccomp{Filter: notifyAll(true, execve), Listener: &listener}}
	_, err := forkexec.Start(context.Background(), "/no/where", []string{"x"}, nil, opt)
	var e *forkexec.Error
	if errors.As(err, &e) && e.Step == forkexec.StepSeccomp {
		t.Skip("no notifications here: ", err)
	}
	if !errors.As(err, &e) || e.Step != forkexec.StepExecve || e.Errno != syscall.ENOENT || listener != -1 {
		t.Errorf("%v, listener %d", err, listener)
	}
	opt.Seccomp.Flags = 8
	if _, err := forkexec.Start(context.Background(), "/bin/true", []string{"x"}, nil, opt); !errors.As(err, &e) || e.Errno != syscall.EINVAL {
		t.Error("the flag by itself: ", err)
	}
}

// TestListenerCancelled: a filter that notifies of the execve itself waits until the context ends.
func TestListenerCancelled(t *testing.T) {
	needC(t)
	clean(t)
	listener := -2
	execve := map[string]uint32{"amd64": 59, "arm64": 221, "riscv64": 221}[runtime.GOARCH]
	opt := &forkexec.Options{NoNewPrivs: true, Seccomp: &forkexec.Seccomp{Filter: notifyAll(false, execve), Listener: &listener}}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	var e *forkexec.Error
	_, err := forkexec.Start(ctx, "/bin/true", []string{"true"}, nil, opt)
	if errors.As(err, &e) && e.Step == forkexec.StepSeccomp {
		t.Skip("no notifications here: ", err)
	}
	if !errors.Is(err, context.DeadlineExceeded) || listener != -1 {
		t.Errorf("%v, listener %d", err, listener)
	}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	forkexec "forkexec.example/forkexec/go"
)

// TestDeadline: the kernel says what the child is scheduled by.
func TestDeadline(t *testing.T) {
	needC(t)
	clean(t)
	if os.Geteuid() != 0 {
		t.Skip("needs CAP_SYS_NICE")
	}
	const resetOnFork = 1 // or the child could not fork
	opt := &forkexec.Options{Scheduler: &forkexec.Scheduler{Policy: 6, Flags: resetOnFork, Runtime: 1e6, Deadline: 20e6, Period: 30e6}}
	wantLines(t, stateOf(t, nil, opt), fmt.Sprint("policy: ", 6|0x40000000))
	if _, err := os.Stat("/proc/self/sched"); err != nil {
		return
	}
	out := outputOf(t, nil, opt, "/bin/sh", "-c", "cat /proc/$$/sched")
	for _, want := range []string{"dl.runtime", "dl.deadline"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in /proc/PID/sched:\n%s", want, out)
		}
	}
}

// TestRaisedLimits: as high as is allowed, and no higher, by root as well.
func TestRaisedLimits(t *testing.T) {
	needC(t)
	clean(t)
	var now syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &now); err != nil {
		t.Fatal(err)
	}
	raise := &forkexec.Options{Rlimits: []forkexec.Rlimit{{Resource: syscall.RLIMIT_CORE, Cur: now.Max, Max: now.Max}}}
	limit := fmt.Sprint(now.Max)
	if now.Max == ^uint64(0) {
		limit = "unlimited"
	}
	wantLines(t, stateOf(t, nil, raise), "Max core file size "+limit+" "+limit+" bytes")
	// In the child the hard limit goes down first, and up by a privilege, before that is given up.
	again := &forkexec.Options{Rlimits: []forkexec.Rlimit{{Resource: syscall.RLIMIT_CORE, Cur: 1, Max: 1}, {Resource: syscall.RLIMIT_CORE, Cur: 7, Max: 7}}}
	if hasCap(t, capSysResource) {
		wantLines(t, stateOf(t, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}, again), "Max core file size 7 7 bytes")
	}
	withoutCap(t, capSysResource, func() {
		_, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, nil, again)
		var e *forkexec.Error
		if !errors.As(err, &e) || e.Step != forkexec.StepRlimit || e.Errno != syscall.EPERM || e.Detail != 1 {
			t.Errorf("without CAP_SYS_RESOURCE: %v", err)
		}
	})
}

const capSysResource = 24

func hasCap(t *testing.T, number uint) bool {
	status, err := os.ReadFile("/proc/thread-self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "CapEff:\t")
	line, _, _ := strings.Cut(rest, "\n")
	set, err := strconv.ParseUint(line, 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return set>>number&1 != 0
}

// withoutCap calls f on a thread without one of root's capabilities, which ends then.
func withoutCap(t *testing.T, number uint, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked
		dropCap(t, number)
		f()
	}()
	<-done
}

// TestJoin: user and time namespaces that somebody else has made.
func TestJoin(t *testing.T) {
	needC(t)
	clean(t)
	for _, c := range []struct {
		name, file string
		flag       uintptr
	}{
		{"user", "user", syscall.CLONE_NEWUSER}, {"time", "time_for_children", 0x80}, {"cgroup", "cgroup", 0x02000000},
	} {
		t.Run(c.name, func(t *testing.T) {
			if os.Geteuid() != 0 && c.flag != syscall.CLONE_NEWUSER {
				t.Skip("needs CAP_SYS_ADMIN")
			}
			fd := newNamespace(t, c.file, c.flag)
			defer syscall.Close(fd)
			want, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
			if err != nil {
				t.Fatal(err)
			}
			for _, kind := range []uintptr{c.flag, 0} {
				out := outputOf(t, nil, &forkexec.Options{Namespaces: []forkexec.Namespace{{FD: fd, Type: kind}}}, "/bin/sh", "-c", "readlink /proc/self/ns/"+c.name)
				if strings.TrimSpace(out) != want {
					t.Errorf("type %#x: the child is in %q, want %s", kind, out, want)
				}
			}
		})
	}
}

// newNamespace is one that a child, or for time a thread of ours, has made.
func newNamespace(t *testing.T, file string, flag uintptr) int {
	t.Helper()
	path := "/proc/thread-self/ns/" + file
	if flag == syscall.CLONE_NEWUSER {
		p, err := forkexec.Start(context.Background(), "/bin/sleep", []string{"sleep", "60"}, &syscall.ProcAttr{Sys: asInNewUser(t, 0)}, nil)
		if err != nil {
			t.Skip(err)
		}
		defer func() { _ = p.Kill(); _, _ = p.Wait() }()
		path = fmt.Sprintf("/proc/%d/ns/%s", p.Pid, file)
	}
	got := make(chan int)
	go func() {
		runtime.LockOSThread() // and never unlocked
		if flag != syscall.CLONE_NEWUSER && syscall.Unshare(int(flag)) != nil {
			got <- -1
			return
		}
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != nil {
			fd = -1
		}
		got <- fd
	}()
	fd := <-got
	if fd < 0 {
		t.Skip("no such namespaces here")
	}
	return fd
}

func dropCap(t *testing.T, number uint) {
	header := struct {
		version uint32
		pid     int32
	}{0x20080522, 0}
	var sets [2]struct{ effective, permitted, inheritable uint32 }
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CAPGET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&sets)), 0); errno != 0 {
		t.Error(errno)
	}
	bit := uint32(1) << (number % 32)
	sets[number/32].effective &^= bit
	sets[number/32].permitted &^= bit
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&sets)), 0); errno != 0 {
		t.Error(errno)
	}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	forkexec "forkexec.example/forkexec/go"
)

// TestRequestFields: what C refuses as a request has the name of its field in Go, and so has a
// file that is closed.
func TestRequestFields(t *testing.T) {
	needC(t)
	clean(t)
	closed, err := os.Open("/")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	some, none := uint64(1), uint64(0)
	allow := []forkexec.SockFilter{{Code: 6, K: 0x7fff0000}}
	for _, c := range []struct {
		opt   forkexec.Options
		field string
		says  string
	}{
		{forkexec.Options{SignalDefault: []syscall.Signal{1}, SignalIgnore: []syscall.Signal{1}}, "SignalIgnore", "SignalDefault"},
		{forkexec.Options{Capabilities: &forkexec.Capabilities{Ambient: &some, Inheritable: &none}}, "Capabilities.Inheritable", "inheritable"},
		{forkexec.Options{Capabilities: &forkexec.Capabilities{Ambient: &some, Permitted: &none}}, "Capabilities", "permitted"},
		{forkexec.Options{Nice: ptr(3), Scheduler: &forkexec.Scheduler{Nice: 4}}, "Nice", "differ"},
		{forkexec.Options{Scheduler: &forkexec.Scheduler{Policy: 1}, Seccomp: &forkexec.Seccomp{Filter: allow, Listener: ptr(0)}}, "Scheduler", "real-time"},
		{forkexec.Options{Seccomp: &forkexec.Seccomp{Filter: allow, Flags: 1}}, "Seccomp.Flags", "SPEC_ALLOW"},
		{forkexec.Options{PauseAt: 1000}, "PauseAt", "step"},
		{forkexec.Options{ExecFD: closed}, "ExecFD", "ExecFD is an *os.File that has been closed."},
		{forkexec.Options{DirFD: closed}, "DirFD", "DirFD is an *os.File that has been closed."},
		{forkexec.Options{Landlock: closed}, "Landlock", "Landlock is an *os.File that has been closed."},
	} {
		_, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, attr(0, 1, 2), &c.opt)
		blames(t, err, c.field, c.says)
	}
	many := attr()
	many.Files = make([]uintptr, 1<<20+1)
	_, err = forkexec.Start(context.Background(), "/bin/true", []string{"true"}, many, nil)
	blames(t, err, "Files", "1048576")
	ambient := attr(0, 1, 2)
	ambient.Sys = &syscall.SysProcAttr{AmbientCaps: []uintptr{0}}
	_, err = forkexec.Start(context.Background(), "/bin/true", []string{"true"}, ambient, &forkexec.Options{Capabilities: &forkexec.Capabilities{Ambient: &none}})
	blames(t, err, "Capabilities.Ambient", "AmbientCaps")
	_, err = forkexec.Start(context.Background(), "/bin/true", []string{"true"}, attr(0, 1, 2),
		&forkexec.Options{Capabilities: &forkexec.Capabilities{Ambient: ptr(uint64(1) << 63)}}) // no kernel has it
	blames(t, err, "Capabilities.Ambient")
	file, err := os.Open("/etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	_, err = forkexec.Start(context.Background(), "the name", []string{"true"}, attr(0, 1, 2), &forkexec.Options{ExecFD: file})
	blames(t, err, "ExecFD")
}

// TestWideFlags: what is beyond the kernel's 32 bits is refused, not cut off.
func TestWideFlags(t *testing.T) {
	needC(t)
	if strconv.IntSize < 64 {
		t.Skip("needs an int of 64 bits")
	}
	clean(t)
	wide := uint64(1) << 40
	net, err := os.Open("/proc/self/ns/net")
	if err != nil {
		t.Skip(err)
	}
	defer net.Close()
	for _, c := range []struct {
		opt   forkexec.Options
		field string
		step  forkexec.Step
	}{
		{forkexec.Options{Namespaces: []forkexec.Namespace{{FD: int(net.Fd()), Type: uintptr(wide)}}}, "Namespaces", forkexec.StepSetns},
		{forkexec.Options{Open: []forkexec.OpenFile{{FD: 3, Path: "/", Flags: int(wide)}}}, "Open", forkexec.StepOpen},
		{forkexec.Options{Open: []forkexec.OpenFile{{FD: 3, Path: "/", Flags: -int(wide)}}}, "Open", forkexec.StepOpen},
	} {
		_, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, attr(0, 1, 2), &c.opt)
		blames(t, err, c.field, "32 bits")
		var e *forkexec.Error
		if !errors.As(err, &e) || e.Step != c.step || e.Errno != syscall.EINVAL {
			t.Errorf("%v, want %v, %v", err, c.step, syscall.EINVAL)
		}
	}
}

// TestUnblockable: as the documentation says, SIGKILL and SIGSTOP in SignalMask count for nothing, and
// a capability that this process's bounding set lacks stays away.
func TestUnblockable(t *testing.T) {
	needC(t)
	clean(t)
	all := ^uint64(0)
	opt := &forkexec.Options{SignalMask: []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGUSR1},
		Capabilities: &forkexec.Capabilities{Bounding: &all}}
	out := outputOf(t, nil, opt, "/bin/cat", "/proc/self/status")
	if want := "\nSigBlk:\t0000000000000200\n"; !strings.Contains(out, want) {
		t.Errorf("want %q in %s", want, out)
	}
	ended := make(chan struct{})
	go func() { // on a thread that ends with it
		defer close(ended)
		runtime.LockOSThread()
		const capbsetDrop, capAuditRead = 24, 37
		_, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, capbsetDrop, capAuditRead, 0)
		t.Log("CAP_AUDIT_READ dropped: ", errno)
		b, _ := os.ReadFile("/proc/thread-self/status")
		_, own, _ := strings.Cut(string(b), "\nCapBnd:\t")
		own, _, _ = strings.Cut(own, "\n")
		if out := outputOf(t, nil, opt, "/bin/cat", "/proc/self/status"); own == "" || !strings.Contains(out, "\nCapBnd:\t"+own+"\n") {
			t.Errorf("the bounding set is not %q in %s", own, out)
		}
	}()
	<-ended
}

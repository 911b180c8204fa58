// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

func procStatus(pid int, field string) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(b), "\n"+field+":")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}

// TestHooks: both are called once, while the child is where it should be, and others go on.
func TestHooks(t *testing.T) {
	needC(t)
	clean(t)
	var calls []string
	opt := &forkexec.Options{
		Umask: ptr(0o27), NoNewPrivs: true,
		OnClone: func(pid int) error {
			calls = append(calls, "clone "+procStatus(pid, "NoNewPrivs"))
			runtime.GC()
			p, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, nil, nil)
			if err == nil {
				_, err = p.Wait()
			}
			return err
		},
		OnExec: func(pid int) error {
			calls = append(calls, "exec "+procStatus(pid, "NoNewPrivs")+" "+procStatus(pid, "Umask"))
			return nil
		},
	}
	for _, files := range [][]uintptr{{0, 1, 2}, make([]uintptr, 40)} {
		for _, closeFDs := range []bool{false, true} {
			calls, opt.CloseFDs = nil, closeFDs
			p, err := forkexec.Start(context.Background(), "/bin/sh", []string{"sh", "-c", "exit 6"}, attr(files...), opt)
			if err != nil {
				t.Fatal(err)
			}
			if st, _ := p.Wait(); st.ExitCode() != 6 {
				t.Error(st)
			}
			if got := fmt.Sprint(calls); got != "[clone "+procStatus(os.Getpid(), "NoNewPrivs")+" exec 1 0027]" {
				t.Error("calls:", got)
			}
		}
	}
	if _, err := forkexec.Start(context.Background(), "/does/not/exist", []string{"x"}, nil, opt); !errors.Is(err, syscall.ENOENT) {
		t.Error("a failure after both hooks:", err)
	}
}

func TestHookRefuses(t *testing.T) {
	needC(t)
	clean(t)
	refusal := errors.New("not today")
	refuse := func(int) error { return refusal }
	die := func(pid int) error {
		_ = syscall.Kill(pid, syscall.SIGKILL)
		time.Sleep(20 * time.Millisecond)
		return refusal
	}
	for _, c := range []struct {
		opt  forkexec.Options
		step forkexec.Step
	}{
		{forkexec.Options{OnClone: refuse}, forkexec.StepStopClone},
		{forkexec.Options{OnExec: refuse}, forkexec.StepStopExec},
		{forkexec.Options{OnClone: die}, forkexec.StepStopClone},
		{forkexec.Options{OnExec: die}, forkexec.StepStopExec},
	} {
		_, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, nil, &c.opt)
		var e *forkexec.Error
		if !errors.Is(err, refusal) || !errors.As(err, &e) || e.Step != c.step {
			t.Errorf("%v, want %v", err, c.step)
		}
	}
}

// TestHookPanics: the child does not outlive a hook that does not return.
func TestHookPanics(t *testing.T) {
	needC(t)
	clean(t)
	for _, opt := range []*forkexec.Options{{OnClone: func(int) error { panic("here") }}, {OnExec: func(int) error { panic("here") }}} {
		func() {
			defer func() {
				if r := recover(); r != "here" {
					t.Error("recovered", r)
				}
			}()
			_, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, nil, opt)
			t.Error("Start has returned", err)
		}()
	}
}

func TestHookContext(t *testing.T) {
	needC(t)
	clean(t)
	for i := range 2 {
		ctx, cancel := context.WithCancel(context.Background())
		var state string
		hook := func(pid int) error {
			cancel()
			for range 500 {
				if state = procStatus(pid, "State"); strings.HasPrefix(state, "Z") {
					break
				}
				time.Sleep(time.Millisecond)
			}
			return nil
		}
		opt := &forkexec.Options{OnClone: hook}
		if i == 1 {
			opt = &forkexec.Options{OnExec: hook}
		}
		_, err := forkexec.Start(ctx, "/bin/true", []string{"true"}, nil, opt)
		if !errors.Is(err, context.Canceled) || !strings.HasPrefix(state, "Z") {
			t.Errorf("%v; the child was %q when its context had ended", err, state)
		}
	}
}

// TestIDMapHelpers: an ordinary user's child has the IDs that /etc/subuid gives him.
func TestIDMapHelpers(t *testing.T) {
	needC(t)
	if _, err := exec.LookPath("newuidmap"); err != nil {
		t.Skip("needs newuidmap (package uidmap)")
	}
	clean(t)
	sys := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out := outputOf(t, sys, &forkexec.Options{IDMapHelpers: true}, "/bin/cat", "/proc/self/uid_map", "/proc/self/gid_map")
	if want := fmt.Sprintf("[0 %d 1 0 %d 1]", os.Getuid(), os.Getgid()); fmt.Sprint(strings.Fields(out)) != want {
		t.Errorf("maps %q, want %s", out, want)
	}
	sys.UidMappings[0].HostID = 1234567
	_, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, &syscall.ProcAttr{Sys: sys}, &forkexec.Options{IDMapHelpers: true})
	var e *forkexec.Error
	if os.Getuid() != 0 && (!errors.As(err, &e) || e.Step != forkexec.StepStopClone || !strings.Contains(err.Error(), "newuidmap")) {
		t.Error("a map that is not allowed:", err)
	}
	sys.Cloneflags = 0
	if _, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, &syscall.ProcAttr{Sys: sys}, &forkexec.Options{IDMapHelpers: true}); !errors.Is(err, syscall.EINVAL) {
		t.Error("without a user namespace:", err)
	}
}

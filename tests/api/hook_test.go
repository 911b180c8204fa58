// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	for _, closeFDs := range []bool{false, true} {
		calls, opt.CloseFDs = nil, closeFDs
		if _, err := forkexec.Start(context.Background(), "/does/not/exist", []string{"x"}, nil, opt); !errors.Is(err, syscall.ENOENT) || len(calls) != 2 {
			t.Error("a failure after both hooks:", err, calls)
		}
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

// TestIDMapHelpersSetgroups: the maps mean for setgroups(2) what they mean without helpers.
func TestIDMapHelpersSetgroups(t *testing.T) {
	needC(t)
	clean(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"newuidmap": "echo $2 $3 $4 >/proc/$1/uid_map",
		"newgidmap": "echo $2 $3 $4 >/proc/$1/gid_map",
		// as for a user's own group
		"deny/newuidmap": "echo $2 $3 $4 >/proc/$1/uid_map",
		"deny/newgidmap": "echo deny >/proc/$1/setgroups; echo $2 $3 $4 >/proc/$1/gid_map",
	} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte("#!/bin/sh\n"+text+"\n"), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	path := os.Getenv("PATH")
	for _, helpers := range []string{dir, filepath.Join(dir, "deny")} {
		t.Setenv("PATH", helpers+":"+path)
		for _, enable := range []bool{false, true} {
			sys := &syscall.SysProcAttr{
				Cloneflags:  syscall.CLONE_NEWUSER,
				UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
				GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
				Credential:  &syscall.Credential{}, GidMappingsEnableSetgroups: enable,
			}
			if enable && (helpers != dir || os.Getuid() != 0) {
				_, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, &syscall.ProcAttr{Sys: sys}, &forkexec.Options{IDMapHelpers: true})
				if err == nil || os.Getuid() == 0 && !strings.Contains(err.Error(), "GidMappingsEnableSetgroups") {
					t.Error("denied, but GidMappingsEnableSetgroups:", err)
				}
				continue
			}
			want := "deny\n"
			if enable {
				want = "allow\n"
			}
			for _, opt := range []*forkexec.Options{nil, {IDMapHelpers: true}} {
				if got := outputOf(t, sys, opt, "/bin/cat", "/proc/self/setgroups"); got != want {
					t.Errorf("helpers %v, enable %v: setgroups is %q, want %q", opt != nil, enable, got, want)
				}
			}
			if sys.Credential.NoSetGroups {
				t.Error("the caller's Credential has changed")
			}
			if enable {
				continue
			}
			sys.Credential = &syscall.Credential{Groups: []uint32{0}}
			_, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, &syscall.ProcAttr{Sys: sys}, &forkexec.Options{IDMapHelpers: true})
			var e *forkexec.Error
			if !errors.As(err, &e) || e.Step != forkexec.StepSetgroups || e.Errno != syscall.EPERM {
				t.Error("groups where setgroups is denied:", err)
			}
		}
	}
}

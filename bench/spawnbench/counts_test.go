// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Switches are taken from the rounds that others disturbed least.
func TestQuietest(t *testing.T) {
	s := new(series)
	for i := range 10 {
		s.Rounds = append(s.Rounds, round{Cost: float64(100 + (i*7)%10), Values: map[string]float64{voluntary: float64(i), userTime: float64(i)}})
	}
	// The cheapest two are those of i = 0 (100) and i = 3 (101).
	if v, ok := s.value(voluntary); !ok || v != 1.5 {
		t.Errorf("switches of the quietest fifth: %v, want 1.5", v)
	}
	if v, _ := s.value(userTime); v != 4.5 {
		t.Errorf("user time: %v, want the mean of all rounds, 4.5", v)
	}
	if one := quietest(s.Rounds[:1]); len(one) != 1 {
		t.Errorf("the quietest of one round are %d", len(one))
	}
	if _, ok := s.value(faults); ok {
		t.Error("what was not counted has a value")
	}
}

// What a process does without any start is taken off, and never more than there is.
func TestTakeOwn(t *testing.T) {
	s := &session{own: map[*host]ownRates{goHost: {10, 1000}, floorHost: {}}}
	for _, c := range []struct {
		h                      *host
		counted, ns, cpu, want float64
	}{{goHost, 3, 1e6, 100, 2.89}, {floorHost, 2, 1e6, 100, 2}, {goHost, 0.01, 1e6, 100, 0}} {
		b := &batch{values: map[string]float64{voluntary: c.counted, cpuTimeUnit: c.cpu}}
		s.takeOwn(&path{host: c.h}, b, c.ns)
		if got := b.values[voluntary]; math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%v switches in %v ns, %v µs of them running: %v left, want %v", c.counted, c.ns, c.cpu, got, c.want)
		}
	}
}

// The floor is vfork, execve, waitpid and nothing else: so many system calls are what must
// come out; a longer answer may take the worker one more in all.
func TestCountSyscalls(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not installed")
	}
	b, err := newBuilder(buildDir)
	if err != nil {
		t.Fatal(err)
	}
	program, err := tinyProgram(b)
	if err != nil {
		t.Skip(err)
	}
	paths := []*path{pathNamed(floorPath), pathNamed(stdlibPath)}
	s := &session{hosts: buildHosts(b, paths), program: program, setup: setup{env: os.Environ()}}
	all := []*series{{}, {}}
	if err := countSyscalls(b, s, all, paths, true, newProgress(os.Stderr)); err != nil {
		t.Skip("strace cannot trace here: ", err)
	}
	if got := all[0].Values[syscalls]; math.Abs(got-3) > 0.2 {
		t.Errorf("the floor makes %v system calls, want 3: vfork, execve, wait4", got)
	}
	if got := all[1].Values[syscalls]; got < 10 {
		t.Errorf("syscall.ForkExec makes %v system calls: its child's are missing", got)
	}
}

// A program that takes seconds is not started hundreds of times more.
func TestCountingTime(t *testing.T) {
	took := map[*path]time.Duration{{}: time.Second, {}: time.Second}
	if countingTime(took, time.Minute) {
		t.Error("60 starts of a second under strace are to fit into a third of a minute")
	}
	if !countingTime(took, 0) || !countingTime(took, time.Hour) {
		t.Error("with time enough there is none")
	}
	b := &builder{dir: t.TempDir()}
	if err := countSyscalls(b, new(session), nil, nil, false, newProgress(os.Stderr)); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("not counted, and the reason is %v", err)
	}
}

func TestTotalCalls(t *testing.T) {
	file := filepath.Join(t.TempDir(), "summary")
	for _, c := range []struct {
		text string
		want float64
	}{
		{"------ --\n100.00    0.000000           0        29         1 total\n", 29},
		{"100.00    0.000000           0        28           total\n", 28},
		{"strace: something\n", -1},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o666); err != nil {
			t.Fatal(err)
		}
		got, err := totalCalls(file)
		if c.want < 0 && err == nil || c.want >= 0 && (err != nil || got != c.want) {
			t.Errorf("%q: %v, %v", c.text, got, err)
		}
	}
}

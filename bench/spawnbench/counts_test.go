// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
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
	s := &session{own: map[*host]float64{goHost: 1000, floorHost: 0}}
	for _, c := range []struct {
		h           *host
		counted, ns float64
		want        float64
	}{{goHost, 3, 100e3, 2.9}, {floorHost, 2, 100e3, 2}, {goHost, 0.1, 1e6, 0}} {
		b := &batch{values: map[string]float64{voluntary: c.counted}}
		s.takeOwn(&path{host: c.h}, b, c.ns)
		if got := b.values[voluntary]; math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%v switches in %v ns: %v left, want %v", c.counted, c.ns, got, c.want)
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
	if err := countSyscalls(b, s, all, paths, newProgress(os.Stderr)); err != nil {
		t.Skip("strace cannot trace here: ", err)
	}
	if got := all[0].Values[syscalls]; math.Abs(got-3) > 0.2 {
		t.Errorf("the floor makes %v system calls, want 3: vfork, execve, wait4", got)
	}
	if got := all[1].Values[syscalls]; got < 10 {
		t.Errorf("syscall.ForkExec makes %v system calls: its child's are missing", got)
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

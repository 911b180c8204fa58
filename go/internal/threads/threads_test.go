// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package threads

import (
	"os"
	"syscall"
	"testing"
)

func TestText(t *testing.T) {
	var x Threads
	for text, want := range map[string]uint64{"12\n": 12, "0": 0, "77 5": 77, "9999999999999999999999": 9999999999999999999} {
		if n, ok := x.number(text); n != want || !ok {
			t.Errorf("number(%q) = %d, %t, want %d", text, n, ok, want)
		}
	}
	for _, text := range []string{"max\n", "", "-1"} {
		if n, ok := x.number(text); ok {
			t.Errorf("number(%q) = %d", text, n)
		}
	}
	for path, want := range map[string]int{"/a/b": 2, "/a": 0, "": -1, "a": -1} {
		if i := x.lastSlash(path); i != want {
			t.Errorf("lastSlash(%q) = %d, want %d", path, i, want)
		}
	}
	if before, after := x.cut("4:pids:/a", ':'); before != "4" || after != "pids:/a" {
		t.Errorf("cut = %q, %q", before, after)
	}
	if self, _ := os.ReadFile("/proc/self/cgroup"); x.read("/proc/self/cgroup") != string(self)[:min(len(self), 4096)] {
		t.Error("read differs from os.ReadFile")
	}
	if text := x.read("/does/not/exist"); text != "" {
		t.Errorf("a missing file: %q", text)
	}
}

// TestLimit lowers this process's own limit, to less than the system has tasks and back.
func TestLimit(t *testing.T) {
	const rlimitNproc = 6
	var old, low syscall.Rlimit
	if err := syscall.Getrlimit(rlimitNproc, &old); err != nil {
		t.Fatal(err)
	}
	low = syscall.Rlimit{Cur: 60, Max: old.Max} // less than near
	if err := syscall.Setrlimit(rlimitNproc, &low); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setrlimit(rlimitNproc, &old)
	var x Threads
	if !x.limitIsNear(1) {
		t.Error("60 processes and threads are not near")
	}
	if err := syscall.Setrlimit(rlimitNproc, &syscall.Rlimit{Cur: min(old.Max, 1<<22), Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	if !x.limitIsNear(2) {
		t.Error("asked again after a nanosecond")
	}
	if old.Max > 1<<16 && x.limitIsNear(1+11e6) && x.cgroupRoom() > 64 {
		t.Error("not asked again after 11 ms")
	}
	if err := syscall.Setrlimit(rlimitNproc, &low); err != nil {
		t.Fatal(err)
	}
	if !x.limitIsNear(23e6) {
		t.Error("a new limit is not looked at before it is time")
	}
	var y Threads
	y.LimitReached(12e6)
	if y.asked.Store(13e6); !y.limitIsNear(14e6) {
		t.Error("what a clone has said is forgotten")
	}
}

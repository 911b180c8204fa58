// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

import (
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

// TestManyFiles has Files that all must be moved out of the way of others. The work must
// grow with their number, not with its square. It is no system call that grew so, but a
// search between them, so what is compared is the CPU time that the children were charged
// with, which a busy machine does not change much, and its growth with the standard
// library's: the kernel's own part is in both.
func TestManyFiles(t *testing.T) {
	needC(t)
	clean(t)
	const few, many = 900, 9000
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < 2*many+100 {
		t.Skip("needs a limit of 18100 descriptors, has ", limit.Cur) // they lie above the list for a while
	}
	ours, std := forkexec.ForkExec, syscall.ForkExec
	// The least of several, as caches and the like only add.
	least := func(f forkExec, n int, d time.Duration) time.Duration { return min(d, childTime(t, f, n)) }
	const far = time.Hour
	oursFew, oursMany, stdFew, stdMany := far, far, far, far
	for i := 0; i < 5; i++ {
		oursFew, oursMany = least(ours, few, oursFew), least(ours, many, oursMany)
		stdFew, stdMany = least(std, few, stdFew), least(std, many, stdMany)
	}
	growth, want := float64(oursMany)/float64(oursFew), float64(stdMany)/float64(stdFew)
	t.Logf("CPU time of children with %d and %d Files: %v and %v, standard library's %v and %v", few, many, oursFew, oursMany, stdFew, stdMany)
	if growth > 3*want {
		t.Errorf("from %d to %d Files the child's CPU time grows %.1f-fold, the standard library's %.1f-fold", few, many, growth, want)
	}
}

type forkExec = func(argv0 string, argv []string, attr *syscall.ProcAttr) (int, error)

// childTime returns the CPU time of a child with n Files.
func childTime(t *testing.T, f forkExec, n int) time.Duration {
	t.Helper()
	files := make([]uintptr, n)
	for i := range files {
		files[i] = uintptr(min(i, 2)) // 2 is overwritten before the others are in their places
	}
	pid, err := f("/bin/true", []string{"true"}, &syscall.ProcAttr{Files: files})
	if err != nil {
		t.Fatal(err)
	}
	var usage syscall.Rusage
	if _, err := syscall.Wait4(pid, nil, 0, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

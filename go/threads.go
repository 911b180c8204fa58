// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// A start that sleeps gives up its P, a processor of the Go runtime. Whoever then runs there
// needs a thread; if none is idle the runtime makes one, and if it cannot, at the limit of
// processes (RLIMIT_NPROC, pids.max), it ends the program. So as long as this program has few
// threads, starts do as those of package syscall: one after the other clones, and waits with
// its P for the execve; but not for longer than a garbage collection may wait.

// starting is how many starts are between their begin and their execve.
var starting atomic.Int32

// threadsSeen is how many threads this program had when somebody counted.
var threadsSeen atomic.Int32

// threadsAreScarce reports whether there may be no idle thread for each of n starts that sleep.
func threadsAreScarce(n int32) bool {
	const others = 4 // sysmon's, one that waits for the poller, and two for the runtime's own work
	want := n + int32(runtime.GOMAXPROCS(0)) + others
	if threadsSeen.Load() >= want {
		return false
	}
	seen, _ := runtime.ThreadCreateProfile(nil)
	threadsSeen.Store(int32(seen))
	return int32(seen) < want
}

// withP is how long a start keeps its P.
const withP = time.Millisecond

// waitWithP returns when the child has left our memory (work begins with struct job's tid), or
// later; the caller looks.
func waitWithP(work unsafe.Pointer) {
	t := syscall.NsecToTimespec(int64(withP))
	_, _, _ = syscall.RawSyscall6(syscall.SYS_FUTEX, uintptr(work), 0, 1, uintptr(unsafe.Pointer(&t)), 0, 0) // FUTEX_WAIT
}

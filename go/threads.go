// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// A start that sleeps gives up its P, a processor of the Go runtime. Whoever then runs there
// needs a thread; if none is idle the runtime makes one, and if it cannot, at the limit of
// processes, it ends the program. So where that limit is near and this program has few
// threads, starts do as those of package syscall: one after the other clones, and waits for the
// execve, with its P; but not for longer at a time than a garbage collection may wait.

// starting is how many starts are between their begin and their execve.
var starting atomic.Int32

// threadsSeen is how many threads this program had when somebody counted.
var threadsSeen atomic.Int32

// threadsAreScarce reports whether there may be no idle thread for each of n starts that sleep,
// and none to be had.
func threadsAreScarce(n int32) bool {
	const others = 8 // sysmon's, the poller's, the runtime's own work, and callers in system calls
	want := n + int32(runtime.GOMAXPROCS(0)) + others
	if threadsSeen.Load() >= want {
		return false
	}
	seen, _ := runtime.ThreadCreateProfile(nil)
	threadsSeen.Store(int32(seen))
	return int32(seen) < want && limitIsNear()
}

// limitLooked is when somebody looked at the limits, in nanoseconds; limitNear is what he saw.
var (
	limitLooked atomic.Int64
	limitNear   atomic.Bool
)

const (
	lookEvery = 10 * time.Millisecond
	nearLimit = 64 // processes and threads
)

func limitIsNear() bool {
	now := nanotime()
	if last := limitLooked.Load(); last == 0 || now-last > int64(lookEvery) {
		limitNear.Store(userLimitIsNear() || cgroupLimitIsNear())
		limitLooked.Store(now)
	}
	return limitNear.Load()
}

// limitIsReached is what a clone has said.
func limitIsReached() {
	limitNear.Store(true)
	limitLooked.Store(nanotime())
}

// userLimitIsNear looks at RLIMIT_NPROC. How many tasks the user has, only a walk through
// /proc tells; not more than the system, whose number is in /proc/loadavg.
func userLimitIsNear() bool {
	const rlimitNproc = 6 // the same on the architectures that we know
	var limit syscall.Rlimit
	if syscall.Getrlimit(rlimitNproc, &limit) != nil || limit.Cur > 1<<22 { // PID_MAX_LIMIT
		return false
	}
	text := read("/proc/loadavg") // "0.00 0.01 0.05 1/234 5678"
	var tasks uint64
	if f := strings.Fields(text); len(f) > 3 {
		_, total, _ := strings.Cut(f[3], "/")
		tasks, _ = strconv.ParseUint(total, 10, 64)
	}
	return tasks == 0 || tasks+nearLimit >= limit.Cur
}

// cgroupLimitIsNear looks at pids.max of this process's cgroups, version 1 and 2, and those above.
func cgroupLimitIsNear() bool {
	for _, line := range strings.Fields(read("/proc/self/cgroup")) {
		part := strings.SplitN(line, ":", 3) // "4:pids:/a/b", "0::/a/b"
		if len(part) < 3 || part[1] != "pids" && part[1] != "" {
			continue
		}
		root := "/sys/fs/cgroup/" + part[1]
		for path := part[2]; ; path = path[:max(0, strings.LastIndexByte(path, '/'))] {
			limit, err := readCount(root + path + "/pids.max")
			if now, e := readCount(root + path + "/pids.current"); err == nil && e == nil && now+nearLimit >= limit {
				return true
			}
			if path == "" {
				break
			}
		}
	}
	return false
}

// readCount returns the number in a file; the error is not nil for "max".
func readCount(file string) (uint64, error) {
	return strconv.ParseUint(strings.TrimSpace(read(file)), 10, 64)
}

// read returns the beginning of a file of the kernel's, "" if there is none. Like the starts, it
// keeps its P.
func read(file string) string {
	var text [4096]byte
	path, _ := syscall.BytePtrFromString(file)
	at := -100 // AT_FDCWD
	fd, _, errno := syscall.RawSyscall6(syscall.SYS_OPENAT, uintptr(at), uintptr(unsafe.Pointer(path)), syscall.O_RDONLY|syscall.O_CLOEXEC, 0, 0, 0)
	if errno != 0 {
		return ""
	}
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(&text)), uintptr(len(text)))
	_, _, _ = syscall.RawSyscall(syscall.SYS_CLOSE, fd, 0, 0)
	if errno != 0 {
		return ""
	}
	return string(text[:n])
}

// withP is how long a start keeps its P without a pause, and withPTimes how often.
const (
	withP      = 5 * time.Millisecond
	withPTimes = 20
)

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package threads

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// A start that sleeps gives up its P, a processor of the Go runtime. Whoever then runs there
// needs a thread; if none is idle the runtime makes one, and if it cannot, at the limit of
// processes, it ends the program. So where that limit is near and this program has few
// threads, starts do as those of package syscall: one after the other clones, and waits for the
// execve, with its P; but not for longer at a time than a garbage collection may wait.

// Threads is what a program knows of its own and of the limit. Times are nanoseconds of one clock.
type Threads struct {
	starting atomic.Int32  // starts between their begin and their execve
	seen     atomic.Int32  // threads when somebody counted
	asked    atomic.Int64  // when somebody asked for RLIMIT_NPROC
	limit    atomic.Uint64 // what it was
	lookNext atomic.Int64  // when it is time to see how many tasks there are
	near     atomic.Bool   // what that showed
}

// How long a start keeps its P without a pause, and how often.
const (
	ThreadsKeepP      = 5e6
	ThreadsKeepPTimes = 20
)

// Begin is called before a clone, and End when its child has come to the execve. Begin reports
// whether threads are scarce: there may be no idle one for each start that sleeps, and none to be
// had.
func (t *Threads) Begin(now int64) bool {
	const others = 8 // sysmon's, the poller's, the runtime's own work, and callers in system calls
	want := t.starting.Add(1) + int32(runtime.GOMAXPROCS(0)) + others
	if t.seen.Load() >= want {
		return false
	}
	seen, _ := runtime.ThreadCreateProfile(nil)
	t.seen.Store(int32(seen))
	return int32(seen) < want && t.limitIsNear(now)
}

func (t *Threads) End() { t.starting.Add(-1) }

// LimitReached is what a clone has said.
func (t *Threads) LimitReached(now int64) { t.look(now, 0) }

const (
	threadsAskEvery = 10e6
	threadsNear     = 64      // tasks: so few are left
	threadsPerTask  = 150e3   // nanoseconds: no program makes them faster
	threadsNoLimit  = 1 << 22 // PID_MAX_LIMIT
)

func (t *Threads) limitIsNear(now int64) bool {
	if last := t.asked.Load(); last != 0 && now-last < threadsAskEvery {
		return t.near.Load()
	}
	t.asked.Store(now)
	const rlimitNproc = 6 // the same on the architectures that we know
	var limit syscall.Rlimit
	_ = syscall.Getrlimit(rlimitNproc, &limit) // 0 after a failure: near
	if t.limit.Swap(limit.Cur) != limit.Cur || now >= t.lookNext.Load() {
		t.look(now, min(t.userRoom(limit.Cur), t.cgroupRoom()))
	}
	return t.near.Load()
}

// look stores that there is room for so many more tasks, which need their time to come.
func (t *Threads) look(now int64, room uint64) {
	t.near.Store(room < threadsNear)
	t.lookNext.Store(now + max(threadsAskEvery, min(int64(room), 1e4)*threadsPerTask))
}

// userRoom is for RLIMIT_NPROC. How many tasks the user has, only a walk through /proc tells;
// not more than the system, whose number is in /proc/loadavg.
func (t *Threads) userRoom(limit uint64) uint64 {
	if limit > threadsNoLimit {
		return threadsNoLimit
	}
	_, text := t.cut(t.read("/proc/loadavg"), '/') // "0.00 0.01 0.05 1/234 5678"
	tasks, ok := t.number(text)
	if !ok || tasks > limit {
		return 0
	}
	return limit - tasks
}

// cgroupRoom is for pids.max of this process's cgroups, version 1 and 2, and those above.
func (t *Threads) cgroupRoom() uint64 {
	room := uint64(threadsNoLimit)
	line, rest := t.cut(t.read("/proc/self/cgroup"), '\n')
	for ; line != ""; line, rest = t.cut(rest, '\n') {
		_, line = t.cut(line, ':') // "4:pids:/a/b", "0::/a/b"
		controllers, path := t.cut(line, ':')
		if controllers != "pids" && controllers != "" {
			continue
		}
		for end := len(path); end >= 0; end = t.lastSlash(path[:end]) {
			dir := "/sys/fs/cgroup/" + controllers + path[:end]
			limit, limited := t.number(t.read(dir + "/pids.max")) // or "max"
			tasks, ok := t.number(t.read(dir + "/pids.current"))
			if ok && limited {
				room = min(room, limit-min(tasks, limit))
			}
		}
	}
	return room
}

// lastSlash returns where the last one is, or -1.
func (*Threads) lastSlash(path string) int {
	i := len(path) - 1
	for i >= 0 && path[i] != '/' {
		i--
	}
	return i
}

// number returns the number that text begins with.
func (*Threads) number(text string) (n uint64, ok bool) {
	for i := 0; i < len(text) && i < 19 && '0' <= text[i] && text[i] <= '9'; i++ {
		n, ok = 10*n+uint64(text[i]-'0'), true
	}
	return n, ok
}

// cut returns what is before and after the first c, without it.
func (*Threads) cut(text string, c byte) (before, after string) {
	for i := range len(text) {
		if text[i] == c {
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}

// read returns the beginning of a file of the kernel's, "" if there is none. Like the starts, it
// keeps its P.
func (*Threads) read(file string) string {
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

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Reading what a run has left: the probe's report, brought to a form in which two
// runs can be equal, and the state of the parent (descriptors, children, the
// calling thread's signal mask, limits, dumpable), which a start must not change.

package differential

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

const (
	scanFds        = 256
	prGetDumpable  = 3
	prSetDumpable  = 4
	reportSizeAt   = int64(len(reportMagic))
	reportTextAt   = reportSizeAt + 8
	reportMaxBytes = 1 << 17
)

func clearReport() {
	var zero [8]byte
	_, _ = syscall.Pwrite(fdReport, zero[:], reportSizeAt)
}

var reportBuffer [reportMaxBytes]byte

// readReport returns the lines of the probe, with namespaces named "own" if they
// are those of the calling thread and "new" if not.
func readReport(own map[string]string) []string {
	var size [8]byte
	_, _ = syscall.Pread(fdReport, size[:], reportSizeAt)
	n := binary.LittleEndian.Uint64(size[:])
	if n == 0 || n > reportMaxBytes {
		return nil
	}
	got, _ := syscall.Pread(fdReport, reportBuffer[:n], reportTextAt)
	lines := strings.Split(strings.TrimSuffix(string(reportBuffer[:max(got, 0)]), "\n"), "\n")
	if lines[len(lines)-1] != "end" {
		return []string{"report truncated"}
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, "ns.") {
			continue
		}
		name, link, _ := strings.Cut(line[len("ns."):], " ")
		switch link {
		case "-":
		case own[name]:
			lines[i] = "ns." + name + " own"
		default:
			lines[i] = "ns." + name + " new"
		}
	}
	return lines
}

var processNamespaces = sync.OnceValue(readNamespaces)

func readNamespaces() map[string]string {
	own := map[string]string{}
	for _, name := range []string{"cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts"} {
		own[name], _ = os.Readlink("/proc/thread-self/ns/" + name)
	}
	return own
}

// A parentState is what of the parent a start could change.
type parentState struct {
	fds      [scanFds]int8 // F_GETFD, or -1
	mask     uint64
	limit    syscall.Rlimit
	dumpable int
	cwd      string
}

// lookAtParent looks at the parent before a run. It makes it dumpable, for a child
// that changes its credentials leaves the parent non-dumpable (the standard
// library's too), and the next run would start from there.
func lookAtParent(s *spec) *parentState {
	dumpable := uintptr(1)
	if s.undumpable {
		dumpable = 0
	}
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, prSetDumpable, dumpable, 0)
	return readParent()
}

func readParent() *parentState {
	s := &parentState{mask: threadMask()}
	for fd := range s.fds {
		flags, _, e := syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0)
		s.fds[fd] = int8(flags)
		if e != 0 {
			s.fds[fd] = -1
		}
	}
	_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &s.limit)
	dumpable, _, _ := syscall.RawSyscall(syscall.SYS_PRCTL, prGetDumpable, 0, 0)
	s.dumpable = int(dumpable)
	s.cwd, _ = syscall.Getwd()
	return s
}

// settled waits for what a start may leave for a moment: the descriptor by which it sees
// that its child has left its memory, and that it is not dumpable until then. Only a leak,
// which the reference has, takes all of the time.
func settled(before *parentState) *parentState {
	after := readParent()
	for i := 0; i < 100 && after.fds != before.fds; i++ {
		time.Sleep(time.Millisecond)
		after = readParent()
	}
	return after
}

// observeParent looks again. A leak is harm and not part of the comparison: the
// reference has one; it is closed, so that the next run is not affected.
func (o *outcome) observeParent(s *spec, before *parentState) {
	after := settled(before)
	for fd := range after.fds {
		switch {
		case before.fds[fd] == after.fds[fd]:
		case before.fds[fd] == -1:
			o.harmed("leaked descriptor %d", fd)
			_ = syscall.Close(fd)
		default:
			o.harmed("descriptor %d had flags %d, has %d", fd, before.fds[fd], after.fds[fd])
		}
	}
	if before.mask != after.mask {
		o.harmed("signal mask was %#x, is %#x", before.mask, after.mask)
	}
	if before.limit != after.limit {
		o.harmed("NOFILE was %v, is %v", before.limit, after.limit)
	}
	if before.cwd != after.cwd {
		o.harmed("working directory was %s, is %s", before.cwd, after.cwd)
	}
	o.add("parent dumpable %d", after.dumpable)
	const wall = 0x40000000 // __WALL: also children without SIGCHLD
	pid, err := syscall.Wait4(-1, nil, wall|syscall.WNOHANG, nil)
	if err != syscall.ECHILD && !(s.company && pid == 0) {
		o.harmed("a child is left: wait4 gives %d, %v", pid, err)
	}
}

// observePidfd looks at what the start has put into *PidFD and closes it. The
// child has not been waited for.
func (o *outcome) observePidfd(fd, pid int) {
	switch {
	case fd == pidfdUntouched:
		o.add("pidfd untouched")
	case fd < 0:
		o.add("pidfd %d", fd)
	default:
		flags, _, e := syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0)
		info, _ := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", fd))
		_, rest, _ := strings.Cut(string(info), "\nPid:\t")
		of, _, _ := strings.Cut(rest, "\n")
		if of == fmt.Sprint(pid) {
			of = "the child"
		}
		o.add("pidfd of %s flags %d errno %d", of, flags, int(e))
		_ = syscall.Close(fd)
	}
}

func threadMask() (mask uint64) {
	// how is ignored, for there is no new mask
	_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, 0, 0, uintptr(unsafe.Pointer(&mask)), 8, 0, 0)
	return mask
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// A reserve is a set of low descriptors. A start with Options.CloseFDs costs time for
// every descriptor below the last one that the child needs; so those that it needs are
// duplicated into the reserve first, where they are numbered high.
type reserve struct {
	mu     sync.Mutex
	filler int // what lies in a slot that is not lent
	n      int
	free   []int32
}

var reserved reserve

// worthMoving is a number below which the kernel copies the table faster than we move.
const worthMoving = 128

func reserveFDs(n int) error { return reserved.grow(n) }

func (r *reserve) grow(n int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n == 0 && n > 0 {
		if err := r.open(); err != nil {
			return err
		}
	}
	var more []int32
	for len(more) < n-r.n {
		fd, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(r.filler), syscall.F_DUPFD_CLOEXEC, 3)
		if errno != 0 {
			for _, fd := range more {
				_ = syscall.Close(int(fd))
			}
			if r.n == 0 {
				_ = syscall.Close(r.filler)
			}
			return errno
		}
		more = append(more, int32(fd))
	}
	r.free = append(r.free, more...)
	r.n += len(more)
	return nil
}

// open makes the filler: one end of a pipe, which no lock can be on.
func (r *reserve) open() error {
	var ends [2]int
	if err := syscall.Pipe2(ends[:], syscall.O_CLOEXEC); err != nil {
		return err
	}
	_ = syscall.Close(ends[1])
	r.filler = ends[0]
	return nil
}

// movable says if a duplicate of fd can be closed without a trace. It asks nothing of a file
// system, which may hang: a pipe that has a name, and can be locked, is not one of "pipe:[…]".
func movable(fd int32) bool {
	if _, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TYPE); err == nil {
		return true
	}
	name, err := os.Readlink("/proc/thread-self/fd/" + strconv.Itoa(int(fd)))
	if err != nil || name != "/dev/null" {
		return strings.HasPrefix(name, "pipe:[")
	}
	var st syscall.Stat_t
	return syscall.Fstat(int(fd), &st) == nil && st.Mode&syscall.S_IFMT == syscall.S_IFCHR && st.Rdev == 1<<8|3
}

// lend puts those of fds that are numbered high into the reserve, and their new numbers
// into fds, and returns the slots that they are in: all of them or, if that cannot be,
// none. The caller has to give the slots back.
func (r *reserve) lend(fds []int32) []int32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.free) == 0 || len(fds) == 0 || slices.Max(fds) < worthMoving {
		return nil
	}
	var high []int32
	for _, fd := range fds {
		if fd >= worthMoving && !slices.Contains(high, fd) {
			high = append(high, fd)
		}
	}
	if len(high) > len(r.free) || slices.ContainsFunc(high, func(fd int32) bool { return !movable(fd) }) {
		return nil
	}
	slots := slices.Clone(r.free[len(r.free)-len(high):])
	for i, fd := range high {
		if _, _, errno := syscall.RawSyscall(syscall.SYS_DUP3, uintptr(fd), uintptr(slots[i]), syscall.O_CLOEXEC); errno != 0 {
			r.fill(slots[:i])
			return nil
		}
	}
	r.free = r.free[:len(r.free)-len(high)]
	for i, fd := range fds {
		if k := slices.Index(high, fd); k >= 0 {
			fds[i] = slots[k]
		}
	}
	return slots
}

func (r *reserve) fill(slots []int32) {
	for _, slot := range slots {
		// Cannot fail: both are ours, and open.
		_, _, _ = syscall.RawSyscall(syscall.SYS_DUP3, uintptr(r.filler), uintptr(slot), syscall.O_CLOEXEC)
	}
}

func (r *reserve) giveBack(slots []int32) {
	if len(slots) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fill(slots)
	r.free = append(r.free, slots...)
}

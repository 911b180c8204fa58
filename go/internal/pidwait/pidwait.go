// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Package pidwait waits for the end of a process without a thread: the goroutine parks in
// the runtime's poller on a pidfd of its own. Nothing here reaps, so wherever something is
// missing the answer is to return and let the caller block, or look again.
//
// The pidfd is opened for this wait and closed after it. The one inside os.Process, and one
// that the caller asked for in SysProcAttr, would not do: the poller needs O_NONBLOCK, which
// belongs to the open file, and with it waitid(2) on that pidfd fails with EAGAIN instead of
// blocking.
package pidwait

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

// Park returns when p has exited, or when that cannot be waited for here.
func Park(p *os.Process) {
	fd, err := openPidfd(p.Pid)
	if err != nil {
		return
	}
	f := os.NewFile(uintptr(fd), "pidfd")
	defer f.Close()
	if f.SetReadDeadline(time.Time{}) != nil {
		return // the poller did not take it
	}
	// If the process can still be signalled it has not been reaped since the
	// pidfd was opened, so the number has not got another owner in between. A
	// process reaped behind our back is what happens if SIGCHLD is ignored.
	// Before Go 1.23 an os.Process is a number itself and cannot tell; waiting
	// for a wrong child is then os/exec's risk as well, and hasExited sees to
	// it that it is a child at least.
	if err := p.Signal(syscall.Signal(0)); err != nil && !errors.Is(err, syscall.EPERM) {
		return
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return
	}
	// Read calls the function before it parks and after each event. The first
	// call looks, because the event of a process that has exited already may be
	// lost. The second does not: a pidfd becomes readable once, also if the
	// process cannot be reaped yet because a tracer has to see it first.
	asked := false
	_ = conn.Read(func(fd uintptr) bool {
		if asked {
			return true
		}
		asked = true
		return hasExited(pPidfd, fd)
	})
}

// HasExited reports whether a process has exited or is no child of this process.
func HasExited(pid int) bool { return hasExited(pPid, uintptr(pid)) }

const (
	pPid    = 1          // P_PID
	pPidfd  = 3          // P_PIDFD
	wNoWait = 0x01000000 // WNOWAIT: leave it to the caller
)

// hasExited reports whether the process has exited or is no child of this process,
// which can be waited for no better.
func hasExited(kind, id uintptr) bool {
	// siginfo_t is 128 bytes on every architecture and begins with si_signo,
	// which stays zero if there is nothing to report.
	var info [128 / 8]uint64
	_, _, e := syscall.Syscall6(syscall.SYS_WAITID, kind, id, uintptr(unsafe.Pointer(&info)),
		syscall.WEXITED|syscall.WNOHANG|wNoWait, 0, 0)
	return e != 0 || *(*int32)(unsafe.Pointer(&info)) != 0
}

// openPidfd returns a non-blocking pidfd. It is close-on-exec as every pidfd is.
func openPidfd(pid int) (int, error) {
	fd, _, e := syscall.RawSyscall(sysPidfdOpen(), uintptr(pid), syscall.O_NONBLOCK, 0)
	if e == 0 {
		return int(fd), nil
	}
	if e != syscall.EINVAL {
		return -1, e
	}
	// Linux 5.3 to 5.9 has no PIDFD_NONBLOCK.
	fd, _, e = syscall.RawSyscall(sysPidfdOpen(), uintptr(pid), 0, 0)
	if e != 0 {
		return -1, e
	}
	if err := syscall.SetNonblock(int(fd), true); err != nil {
		syscall.Close(int(fd))
		return -1, err
	}
	return int(fd), nil
}

// sysPidfdOpen returns the number of pidfd_open(2), which package syscall lacks.
// It is the same everywhere but for the base of MIPS.
func sysPidfdOpen() uintptr {
	switch runtime.GOARCH {
	case "mips", "mipsle":
		return 4434
	case "mips64", "mips64le":
		return 5434
	}
	return 434
}

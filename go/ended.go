// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

// Children whose start was ended before their execve.

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"

	"forkexec.example/forkexec/go/internal/pidwait"
)

// kill sends SIGKILL to a child that has not been waited for.
func kill(pid, pidfd int) {
	if pidfd >= 0 {
		_, _, _ = syscall.RawSyscall6(sysPidfdSendSignal, uintptr(pidfd), uintptr(syscall.SIGKILL), 0, 0, 0, 0)
	} else if pid > 0 {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// beforeExec reports whether a child that has SIGKILL pending, or has died of it, is known
// not to have executed its program: the kernel keeps a flag for that, also in a zombie.
func beforeExec(pid int) bool {
	const forkNoExec = 0x40 // PF_FORKNOEXEC
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	// pid (comm) state ppid pgrp session tty_nr tpgid flags …; comm may hold anything.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 7 {
		return false
	}
	flags, err := strconv.ParseUint(string(fields[6]), 10, 64)
	return err == nil && flags&forkNoExec != 0
}

// waitForExit returns when a child of ours has exited.
func waitForExit(pid int) {
	p, err := os.FindProcess(pid)
	if err == nil {
		pidwait.Park(p)
		_ = p.Release()
	}
	// Without pidfds, look from time to time.
	for delay := time.Millisecond; !pidwait.HasExited(pid); delay = min(2*delay, time.Second) {
		time.Sleep(delay)
	}
}

// reap waits for a child and drops its status. The pidfd is preferred: it cannot
// name another child that was given the same ID.
func reap(pid, pidfd int) {
	const pPidfd = 3 // P_PIDFD of waitid(2), since Linux 5.4
	for pidfd >= 0 {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, pPidfd, uintptr(pidfd), 0, syscall.WEXITED, 0, 0)
		if errno == 0 || errno == syscall.ECHILD {
			return
		}
		if errno != syscall.EINTR {
			break
		}
	}
	for {
		if _, err := syscall.Wait4(pid, nil, 0, nil); err != syscall.EINTR {
			return
		}
	}
}

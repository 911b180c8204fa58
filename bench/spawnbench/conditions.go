// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"os"
	"syscall"

	forkexec "forkexec.example/forkexec/go"
)

// set puts the worker into a condition, for the rest of its life.
func (t *target) set(condition string, n int) error {
	switch condition {
	case "touch":
		return touch(n << 20)
	case "open":
		return t.openMany(n)
	case "userns":
		return t.inUserNamespace()
	}
	return cannot(fmt.Sprintf("%s %d: there is no such condition", condition, n))
}

// touched is what touch has made; it is never unmapped.
var touched []byte

// touch makes private memory and writes to every page of it. Huge pages would hide what
// the page tables cost, and whether there are any depends on the machine.
func touch(size int) (err error) {
	if size == 0 {
		return nil
	}
	touched, err = syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return cannot(fmt.Sprintf("map %d MB: %v", size>>20, err))
	}
	const noHugePage = 15 // MADV_NOHUGEPAGE; a kernel without huge pages refuses it
	_ = syscall.Madvise(touched, noHugePage)
	for i := 0; i < size; i += os.Getpagesize() {
		touched[i] = 1
	}
	return nil
}

// openMany has all descriptors below n open, and then makes the pipes that are the
// program's files on the path close_fds_high.
func (t *target) openMany(n int) error {
	if err := forkexec.ReserveFDs(8); err != nil {
		return err
	}
	null, err := syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	for fd := null; fd < n-1; {
		r, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(null), syscall.F_DUPFD_CLOEXEC, 0)
		if errno != 0 {
			return cannot(fmt.Sprintf("open %d descriptors: %v", n, errno))
		}
		fd = int(r)
	}
	var p [2]int
	if err := syscall.Pipe2(p[:], syscall.O_CLOEXEC); err != nil {
		return cannot(fmt.Sprintf("open a pipe after %d descriptors: %v", n, err))
	}
	high := *t.attr
	high.Files = []uintptr{uintptr(p[0]), uintptr(p[1]), uintptr(p[1])}
	t.high = &high
	return nil
}

// inUserNamespace has each program run in a user namespace of its own. One is tried:
// not every machine lets everybody have them.
func (t *target) inUserNamespace() error {
	t.attr.Sys = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	if err := goPaths[stdlibPath](t); err != nil {
		return cannot(fmt.Sprintf("make a user namespace: %v", err))
	}
	return nil
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// A lease makes the next exec of a file slow: the kernel lets nobody open a file that is
// leased (fcntl(2), F_SETLEASE) before the holder, which gets a SIGIO, has given the lease
// back. That needs neither a privilege nor a file system of our own, only that the file
// is ours and that nobody else has it open.
type lease struct {
	file   *os.File
	broken chan os.Signal
	stop   chan struct{}
	ended  chan error
}

const (
	fSetLease = 1024
	slowExec  = 200 * time.Millisecond
)

// takeLease takes the lease and gives it back slowExec after somebody wants to have the
// file, or at the call of end.
func takeLease(name string) (*lease, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	l := &lease{f, make(chan os.Signal, 1), make(chan struct{}), make(chan error, 1)}
	signal.Notify(l.broken, syscall.SIGIO)
	if err := l.set(syscall.F_WRLCK); err != nil {
		signal.Stop(l.broken)
		f.Close()
		return nil, cannot(fmt.Sprintf("lease %s: %v", name, err))
	}
	go func() {
		var err error
		select {
		case <-l.broken:
			time.Sleep(slowExec)
		case <-l.stop:
			err = fmt.Errorf("nobody has opened %s", name)
		}
		if e := l.set(syscall.F_UNLCK); e != nil {
			err = e
		}
		l.ended <- err
	}()
	return l, nil
}

func (l *lease) set(kind uintptr) error {
	_, _, errno := syscall.Syscall(syscall.SYS_FCNTL, l.file.Fd(), fSetLease, kind)
	if errno != 0 {
		return errno
	}
	return nil
}

// end gives the lease back. The error says that the exec was not slow.
func (l *lease) end() error {
	close(l.stop)
	err := <-l.ended
	signal.Stop(l.broken)
	l.file.Close()
	return err
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

// Program starts its arguments with three files, many times, with marks that show in a
// trace around each start.
package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	forkexec "forkexec.example/forkexec/go"
)

func main() {
	runtime.LockOSThread() // it is this thread's system calls that are counted
	attr := &syscall.ProcAttr{Env: []string{"A=1"}, Files: []uintptr{0, 1, 2}}
	for range 20 {
		mark("start")
		pid, err := forkexec.ForkExec(os.Args[1], os.Args[1:], attr)
		mark(fmt.Sprint("child-", pid))
		var status syscall.WaitStatus
		if err == nil {
			_, err = syscall.Wait4(pid, &status, 0, nil)
		}
		if err != nil || status != 0 {
			fmt.Fprintln(os.Stderr, err, status)
			os.Exit(1)
		}
	}
	fmt.Println(forkexec.Implementation())
}

func mark(name string) { _ = syscall.Access("/mark-"+name, 0) }

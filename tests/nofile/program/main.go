// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

// Command program prints the soft limit on descriptors that children get, from the
// standard library and from forkexec.
package main

import (
	"fmt"
	_ "net/http" // many packages, to be initialised in some order
	"os"
	"syscall"

	forkexec "forkexec.example/forkexec/go"
)

func main() {
	for _, fork := range []func(string, []string, *syscall.ProcAttr) (int, error){syscall.ForkExec, forkexec.ForkExec} {
		pid, err := fork("/bin/sh", []string{"sh", "-c", "ulimit -Sn"}, &syscall.ProcAttr{Files: []uintptr{0, 1, 2}, Env: os.Environ()})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if _, err := syscall.Wait4(pid, nil, 0, nil); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

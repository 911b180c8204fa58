// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

// Program breakpoints calls a function after each of its starts, for debugger_test.go.
package main

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

const starts = 4

//go:noinline
func tick(i int) { fmt.Println("tick", i) }

func wait(pid int, err error) error {
	if err == nil {
		_, err = syscall.Wait4(pid, nil, 0, nil)
	}
	return err
}

func start(opt *forkexec.Options) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	p, err := forkexec.Start(ctx, "/bin/true", []string{"true"}, nil, opt)
	if err == nil {
		_, err = p.Wait()
	}
	return err
}

// ways are by what the program starts another.
var ways = map[string]func() error{
	"syscall.ForkExec": func() error { return wait(syscall.ForkExec("/bin/true", []string{"true"}, nil)) },
	"ForkExec":         func() error { return wait(forkexec.ForkExec("/bin/true", []string{"true"}, nil)) },
	"Start":            func() error { return start(nil) },
	"CloseFDs":         func() error { return start(&forkexec.Options{CloseFDs: true}) },
	"Command":          func() error { return exec.Command("/bin/true").Run() },
	"a failed start": func() error {
		if err := exec.Command("/missing/program").Run(); err == nil {
			return os.ErrExist
		}
		return nil
	},
}

func main() {
	for i := 0; i < starts; i++ {
		if err := ways[os.Args[1]](); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		tick(i)
	}
}

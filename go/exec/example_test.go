// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package exec_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

func ExampleCommand() {
	out, err := exec.Command("echo", "hello").Output()
	fmt.Printf("%q %v\n", out, err)
	// Output: "hello\n" <nil>
}

func ExampleCommandContext() {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	err := exec.CommandContext(ctx, "sleep", "10").Run()
	fmt.Println(err)
	// Output: signal: killed
}

func ExampleCmd_StepError() {
	cmd := exec.Command("/bin/true")
	cmd.Dir = "/no/such/directory"
	err := cmd.Run()
	fmt.Println(err)

	step := cmd.StepError()
	fmt.Println(step.Step, step.Object, errors.Is(step, syscall.ENOENT))
	fmt.Println(step.Hint())
	// Output:
	// chdir /no/such/directory: no such file or directory
	// chdir /no/such/directory true
	// The working directory /no/such/directory does not exist, because /no is missing already. Create that directory, or correct the path.
}

// A program that was just written may be refused with ETXTBSY for a moment. That
// is waited for by default, for half a second; Options change how long.
func ExampleCmd_options() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho written and run\n"), 0o755); err != nil {
		fmt.Println(err)
		return
	}
	cmd := exec.Command(program)
	cmd.Options = &forkexec.Options{TextBusyTimeout: 5 * time.Second}
	out, err := cmd.Output()
	fmt.Print(string(out))
	fmt.Println(err)
	// Output:
	// written and run
	// <nil>
}

// A command that should end well gets a signal it can handle, and is killed if it
// takes too long.
func ExampleCmd_cancel() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
		return
	}
	line := make([]byte, len("ready\n"))
	if _, err := io.ReadFull(out, line); err != nil {
		fmt.Println(err)
	}
	cancel()
	rest, _ := io.ReadAll(out)
	fmt.Printf("%s%s%v\n", line, rest, cmd.Wait())
	// Output:
	// ready
	// bye
	// context canceled
}

// Many commands are waited for by as many goroutines, but by few threads.
func ExampleCmd_Wait() {
	var wg sync.WaitGroup
	for i := 0; i < 100; i++ {
		cmd := exec.Command("sleep", "0.1")
		if err := cmd.Start(); err != nil {
			fmt.Println(err)
			return
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := cmd.Wait(); err != nil {
				fmt.Println(err)
			}
		}()
	}
	wg.Wait()
	fmt.Println("all done")
	// Output: all done
}

func ExampleCmd_StdinPipe() {
	cmd := exec.Command("tr", "a-z", "A-Z")
	in, err := cmd.StdinPipe()
	if err != nil {
		fmt.Println(err)
		return
	}
	go func() {
		defer in.Close()
		io.WriteString(in, "through a pipe\n")
	}()
	out, err := cmd.Output()
	fmt.Print(string(out), err, "\n")
	// Output:
	// THROUGH A PIPE
	// <nil>
}

func ExampleCmd_StdoutPipe() {
	list, last := exec.Command("seq", "100"), exec.Command("tail", "-n", "1")
	pipe, err := list.StdoutPipe()
	if err != nil {
		fmt.Println(err)
		return
	}
	last.Stdin = pipe
	if err := list.Start(); err != nil {
		fmt.Println(err)
		return
	}
	out, err := last.Output()
	fmt.Println(strings.TrimSpace(string(out)), err, list.Wait())
	// Output: 100 <nil> <nil>
}

func ExampleCmd_Environ() {
	cmd := exec.Command("pwd")
	cmd.Env = []string{"COLOR=red", "SHAPE=round", "COLOR=blue"}
	fmt.Println(cmd.Environ())
	// Output: [SHAPE=round COLOR=blue]
}

func ExampleLookPath() {
	_, err := exec.LookPath("no-such-program")
	fmt.Println(errors.Is(err, exec.ErrNotFound))
	// Output: true
}

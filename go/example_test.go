// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

func ExampleForkExec() {
	pid, err := forkexec.ForkExec("/bin/echo", []string{"echo", "hello"},
		&syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
	if err != nil {
		fmt.Println(err)
		return
	}
	var status syscall.WaitStatus
	_, err = syscall.Wait4(pid, &status, 0, nil)
	fmt.Println(status.ExitStatus(), err)
	// Output: 0 <nil>
}

func ExampleStartProcess() {
	p, err := forkexec.StartProcess("/bin/sh", []string{"sh", "-c", "exit 3"},
		&os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}})
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := p.Wait()
	fmt.Println(state, err)
	// Output: exit status 3 <nil>
}

// The context bounds how long the start itself may take, however slow the file system is.
func ExampleStartProcessOptions() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err := forkexec.StartProcessOptions(ctx, "/bin/true", []string{"true"},
		&os.ProcAttr{Dir: "/no/such/directory"}, nil)
	fmt.Println(err)

	var step *forkexec.Error
	var path *os.PathError
	fmt.Println(errors.As(err, &step), step.Step == forkexec.StepChdir, errors.As(err, &path), path.Path)
	// Output:
	// fork/exec /bin/true: chdir /no/such/directory: no such file or directory
	// true true true /bin/true
}

func ExampleStart() {
	p, err := forkexec.Start(context.Background(), "/bin/sh", []string{"sh", "-c", "exit 5"},
		&syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := p.Wait()
	fmt.Println(state, err)
	// Output: exit status 5 <nil>
}

func ExampleReserveFDs() {
	// Early in main, before connections take the low numbers.
	fmt.Println(forkexec.ReserveFDs(6))
	fmt.Println(forkexec.ReserveFDs(-1))
	// Output:
	// <nil>
	// invalid argument
}

func ExampleImplementation() {
	switch forkexec.Implementation() {
	case "cgo", "nocgo":
		fmt.Println("the C path")
	case "stdlib":
		fmt.Println("the standard library's")
	}
	// Output: the C path
}

func ExampleError() {
	_, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"},
		&syscall.ProcAttr{Files: []uintptr{0, 1, 2, 99999}}, nil)
	var e *forkexec.Error
	if errors.As(err, &e) {
		fmt.Println(e)
		fmt.Println(e.Step == forkexec.StepFDDup, e.Errno == syscall.EBADF, e.Detail, e.Object)
	}
	// Output:
	// duplicate descriptor Files[3] = 99999: bad file descriptor
	// true true 3 Files[3] = 99999
}

func ExampleError_Hint() {
	_, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"},
		&syscall.ProcAttr{Dir: "/no/such/directory"}, nil)
	var e *forkexec.Error
	if errors.As(err, &e) {
		fmt.Println(e.Hint())
	}
	// Output: The working directory /no/such/directory does not exist, because /no is missing already. Create that directory, or correct the path.
}

func ExampleStep() {
	step := forkexec.StepSetuid
	fmt.Printf("step %s: %s(2), for %s\n", step, step.Syscall(), step.Field())
	// Output: step setuid: setuid(2), for Credential.Uid
}

// Code that has to run everywhere asks before it starts.
func ExampleOptions_NeedsC() {
	for _, opt := range []*forkexec.Options{{StepErrors: true}, {CloseFDs: true}} {
		if field, step := opt.NeedsC(); field != "" {
			fmt.Printf("%s takes the C path, for step %s\n", field, step)
		}
	}
	// Output: CloseFDs takes the C path, for step close descriptors
}

// The errors of [Start] name the step always; the option is for a Cmd of package exec, where
// there is an example, too.
func ExampleOptions_stepErrors() {
	_, err := forkexec.Start(context.Background(), "/missing", []string{"missing"}, nil,
		&forkexec.Options{StepErrors: true})
	fmt.Println(err)
	// Output: execve /missing: no such file or directory
}

// A descriptor that is not close-on-exec stays out of the child.
func ExampleOptions_closeFDs() {
	secret, err := syscall.Dup(0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer syscall.Close(secret)
	test := fmt.Sprintf("test -e /proc/self/fd/%d && echo open || echo closed", secret)
	for _, closeFDs := range []bool{false, true} {
		fmt.Print(output(test, &forkexec.Options{CloseFDs: closeFDs}))
	}
	// Output:
	// open
	// closed
}

// A program that somebody has open for writing cannot be executed. A moment later it can.
func ExampleOptions_textBusyTimeout() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "program")
	f, err := os.OpenFile(program, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = f.WriteString("#!/bin/sh\nexit 4\n")
	time.AfterFunc(50*time.Millisecond, func() { f.Close() })

	_, err = forkexec.Start(context.Background(), program, []string{program}, nil, nil)
	fmt.Println(errors.Is(err, syscall.ETXTBSY))
	p, err := forkexec.Start(context.Background(), program, []string{program}, nil,
		&forkexec.Options{TextBusyTimeout: 10 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Wait())
	// Output:
	// true
	// exit status 4 <nil>
}

// The child gets SIGTERM when this process ends, and not before.
func ExampleOptions_pdeathsigProcess() {
	p, err := forkexec.Start(context.Background(), "/bin/sleep", []string{"sleep", "0.01"},
		&syscall.ProcAttr{Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}},
		&forkexec.Options{PdeathsigProcess: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Wait())
	// Output: exit status 0 <nil>
}

// After a start with a Credential this process can be debugged and dumps core as before.
func ExampleOptions_keepDumpable() {
	own := &syscall.Credential{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid()), NoSetGroups: true}
	p, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"},
		&syscall.ProcAttr{Sys: &syscall.SysProcAttr{Credential: own}},
		&forkexec.Options{KeepDumpable: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Wait())
	// Output: exit status 0 <nil>
}

// output returns what a shell command writes to its standard output, or why it was not started.
func output(command string, opt *forkexec.Options) string {
	text, err := outputOf(command, opt)
	if err != nil {
		return err.Error()
	}
	return text
}

func outputOf(command string, opt *forkexec.Options) (string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer r.Close()
	p, err := forkexec.Start(context.Background(), "/bin/sh", []string{"sh", "-c", command},
		&syscall.ProcAttr{Files: []uintptr{0, w.Fd(), 2}}, opt)
	w.Close()
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	_, _ = p.Wait()
	return string(text), err
}

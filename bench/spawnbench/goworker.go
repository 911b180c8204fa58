// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"bufio"
	"fmt"
	"os"
	osexec "os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

// workerCommand is the first argument that makes this program a worker.
const workerCommand = "worker"

// Descriptors of the protocol in a worker.
const (
	requestsFd = 3
	answersFd  = 4
)

// target is what the Go paths start, with all converted beforehand that their
// functions allow to be.
type target struct {
	argv []string
	attr *syscall.ProcAttr
}

var goPaths = map[string]func(t *target) error{
	"forkexec": func(t *target) error {
		return reap(forkexec.ForkExec(t.argv[0], t.argv, t.attr))
	},
	stdlibPath: func(t *target) error {
		return reap(syscall.ForkExec(t.argv[0], t.argv, t.attr))
	},
	"exec": func(t *target) error {
		cmd := exec.Command(t.argv[0], t.argv[1:]...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		return cmd.Run()
	},
	"osexec": func(t *target) error {
		cmd := osexec.Command(t.argv[0], t.argv[1:]...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		return cmd.Run()
	},
}

func reap(pid int, err error) error {
	if err != nil {
		return err
	}
	var status syscall.WaitStatus
	for {
		_, err = syscall.Wait4(pid, &status, 0, nil)
		if err != syscall.EINTR {
			break
		}
	}
	if err == nil && status != 0 {
		err = fmt.Errorf("the program ended with wait status %#x", uint32(status))
	}
	return err
}

// work is the whole life of the Go worker: it starts argv whenever the
// controller asks for it.
func work(argv []string) error {
	if len(argv) == 0 {
		return fmt.Errorf("usage: spawnbench %s program [argument]...", workerCommand)
	}
	syscall.CloseOnExec(requestsFd)
	syscall.CloseOnExec(answersFd)
	requests := bufio.NewScanner(os.NewFile(requestsFd, "requests"))
	answers := os.NewFile(answersFd, "answers")
	t := &target{argv, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}}}
	for requests.Scan() {
		var name string
		var n int
		if _, err := fmt.Sscan(requests.Text(), &name, &n); err != nil {
			return fmt.Errorf("bad request %q: %w", requests.Text(), err)
		}
		start := goPaths[name]
		if start == nil {
			return fmt.Errorf("bad request: there is no path %q", name)
		}
		answer, err := measure(start, t, n)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if _, err := answers.WriteString(answer); err != nil {
			return err
		}
	}
	return requests.Err()
}

// measure spawns n times and returns the line that answers the request.
func measure(start func(*target) error, t *target, n int) (string, error) {
	ns := make([]int64, n)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range ns {
		begin := time.Now()
		if err := start(t); err != nil {
			return "", err
		}
		ns[i] = int64(time.Since(begin))
	}
	runtime.ReadMemStats(&after)
	var s strings.Builder
	for _, v := range ns {
		s.WriteString(strconv.FormatInt(v, 10))
		s.WriteByte(' ')
	}
	fmt.Fprintf(&s, "mallocs=%d bytes=%d\n", after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc)
	return s.String(), nil
}

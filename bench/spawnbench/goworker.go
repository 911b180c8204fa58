// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

// First arguments that make this program something else: a worker, and one that says
// what starts processes in it.
const (
	workerCommand         = "worker"
	implementationCommand = "implementation"
)

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
	high *syscall.ProcAttr // with files of high numbers, see openMany
	// stdin is what Output gets: nothing, or the file that the user has given.
	stdin *os.File
}

var goPaths = map[string]func(t *target) error{
	"forkexec": func(t *target) error {
		return reap(forkexec.ForkExec(t.argv[0], t.argv, t.attr))
	},
	stdlibPath: func(t *target) error {
		return reap(syscall.ForkExec(t.argv[0], t.argv, t.attr))
	},
	"start": func(t *target) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		return start(ctx, t.argv, t.attr, nil)
	},
	"close_fds": func(t *target) error {
		return start(context.Background(), t.argv, t.attr, &forkexec.Options{CloseFDs: true})
	},
	"close_fds_high": func(t *target) error {
		if t.high == nil {
			return cannot("has no files of high numbers")
		}
		return start(context.Background(), t.argv, t.high, &forkexec.Options{CloseFDs: true})
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
	"exec_nil":   func(t *target) error { return exec.Command(t.argv[0], t.argv[1:]...).Run() },
	"osexec_nil": func(t *target) error { return osexec.Command(t.argv[0], t.argv[1:]...).Run() },
	"exec_output": func(t *target) error {
		cmd := exec.Command(t.argv[0], t.argv[1:]...)
		if t.stdin != nil {
			cmd.Stdin = t.stdin
		}
		_, err := cmd.Output()
		return err
	},
	"osexec_output": func(t *target) error {
		cmd := osexec.Command(t.argv[0], t.argv[1:]...)
		if t.stdin != nil {
			cmd.Stdin = t.stdin
		}
		_, err := cmd.Output()
		return err
	},
}

func start(ctx context.Context, argv []string, attr *syscall.ProcAttr, opt *forkexec.Options) error {
	p, err := forkexec.Start(ctx, argv[0], argv, attr, opt)
	if err != nil {
		return err
	}
	state, err := p.Wait()
	if err == nil && !state.Success() {
		err = fmt.Errorf("the program ended with %v", state)
	}
	return err
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

// work is the whole life of the Go worker: it does with argv what the controller asks
// for.
func work(argv []string) error {
	if len(argv) == 0 {
		return fmt.Errorf("usage: spawnbench %s program [argument]...", workerCommand)
	}
	syscall.CloseOnExec(requestsFd)
	syscall.CloseOnExec(answersFd)
	requests := bufio.NewScanner(os.NewFile(requestsFd, "requests"))
	answers := os.NewFile(answersFd, "answers")
	t := &target{argv: argv, attr: &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}}}
	if info, err := os.Stdin.Stat(); err == nil && info.Mode().IsRegular() {
		t.stdin = os.Stdin
	}
	for requests.Scan() {
		answer, err := t.answer(strings.Fields(requests.Text()))
		var reason cannot
		if errors.As(err, &reason) {
			answer = "cannot " + err.Error()
		} else if err != nil {
			return fmt.Errorf("%s: %w", requests.Text(), err)
		}
		if _, err := answers.WriteString(answer + "\n"); err != nil {
			return err
		}
	}
	return requests.Err()
}

// answer does what a request asks for.
func (t *target) answer(request []string) (string, error) {
	numbers := make([]int, 2) // the second may be left out
	for i, word := range request[min(2, len(request)):] {
		if _, err := fmt.Sscan(word, &numbers[min(i, 1)]); err != nil {
			return "", err
		}
	}
	switch {
	case len(request) == 3 && request[0] == "set":
		return "", t.set(request[1], numbers[0])
	case len(request) == 4 && request[0] == "waiters":
		return wait(t, request[1], numbers[0], time.Duration(numbers[1])*time.Millisecond)
	case len(request) == 2 && request[0] == "busy":
		var ms int
		_, err := fmt.Sscan(request[1], &ms)
		return busy(time.Duration(ms) * time.Millisecond), err
	case len(request) == 2 && request[0] == "slow" && goPaths[request[1]] != nil:
		return disturb(func() error { return goPaths[request[1]](t) })
	case len(request) == 3 && goPaths[request[0]] != nil:
		var n int
		if _, err := fmt.Sscan(request[1], &n); err != nil || n < cold {
			return "", errors.New("bad number of spawns")
		}
		return measure(goPaths[request[0]], t, n, max(numbers[0], 1))
	}
	return "", errors.New("bad request")
}

// measure spawns n times and returns the answer to the request. The first spawns are
// made alone, the others by width goroutines; the time of these others altogether is
// what spawns/s comes from.
func measure(do func(*target) error, t *target, n, width int) (string, error) {
	ns := make([]int64, n)
	for i := range cold {
		if err := timed(do, t, &ns[i]); err != nil {
			return "", err
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	used := resources()
	begin := time.Now()
	err := share(n-cold, width, func(i int) error { return timed(do, t, &ns[cold+i]) })
	took := time.Since(begin)
	costs := usageWords(used, resources(), n-cold)
	runtime.ReadMemStats(&after)
	if err != nil {
		return "", err
	}
	var s strings.Builder
	for _, v := range ns {
		fmt.Fprintf(&s, "%d ", v)
	}
	if counted := float64(n - cold); counted > 0 {
		fmt.Fprintf(&s, "%s allocs/op=%.2f B/op=%.0f", costs, float64(after.Mallocs-before.Mallocs)/counted,
			float64(after.TotalAlloc-before.TotalAlloc)/counted)
		if width > 1 {
			fmt.Fprintf(&s, " spawns/s=%.1f", counted/took.Seconds())
		}
	}
	return s.String(), nil
}

func timed(do func(*target) error, t *target, ns *int64) error {
	if t.stdin != nil { // each start reads the file from its begin
		if _, err := t.stdin.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	begin := time.Now()
	err := do(t)
	*ns = int64(time.Since(begin))
	return err
}

// share does n things in width goroutines, each of which takes the next one when it has
// done one. With one it is a loop: a goroutine more would be part of the measurement.
func share(n, width int, do func(i int) error) error {
	var next atomic.Int64
	loop := func() error {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			if err := do(i); err != nil {
				return err
			}
		}
		return nil
	}
	if width == 1 {
		return loop()
	}
	errs := make([]error, width)
	var running sync.WaitGroup
	for w := range width {
		running.Add(1)
		go func() {
			defer running.Done()
			errs[w] = loop()
		}()
	}
	running.Wait()
	return errors.Join(errs...)
}

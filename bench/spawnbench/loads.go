// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	osexec "os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"forkexec.example/forkexec/go/exec"
)

// What the Go worker can be asked for besides starts one after the other.

// A command is what both packages call Cmd.
type command interface {
	Start() error
	Wait() error
}

var commands = map[string]func(argv []string, stdin *os.File) command{
	"exec": func(argv []string, stdin *os.File) command {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Stdin = stdin
		return cmd
	},
	"osexec": func(argv []string, stdin *os.File) command {
		cmd := osexec.Command(argv[0], argv[1:]...)
		cmd.Stdin = stdin
		return cmd
	},
}

// wait starts n children that end when their standard input does, waits for each in a
// goroutine, and looks at itself while nothing happens.
func wait(t *target, path string, n int, rest time.Duration) (string, error) {
	if commands[path] == nil {
		return "", cannot("has no Cmd to wait with")
	}
	stdin, end, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer stdin.Close()
	errs := make(chan error, n)
	begin := time.Now()
	for i := 0; i < n && err == nil; i++ {
		cmd := commands[path](t.argv, stdin)
		if err = cmd.Start(); err == nil {
			go func() { errs <- cmd.Wait() }()
		} else {
			n = i
		}
	}
	started := time.Since(begin)
	time.Sleep(min(rest, 300*time.Millisecond)) // until each goroutine waits
	cpu := cpuTime()
	time.Sleep(rest)
	cpu = cpuTime() - cpu
	threads := procField("/proc/self/status", "Threads")
	begin = time.Now()
	end.Close()
	for range n {
		err = errors.Join(err, <-errs)
	}
	return fmt.Sprintf("threads=%s cpu-ms/s=%.3f start-ms=%.2f end-ms=%.2f", threads,
		millis(cpu)/rest.Seconds(), millis(started), millis(time.Since(begin))), err
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// disturb starts a program whose exec takes long, while one goroutine collects garbage
// and another one looks how late it wakes up.
func disturb(start func() error) (string, error) {
	done := make(chan struct{})
	var running sync.WaitGroup
	var stall, collection time.Duration
	repeat := func(worst *time.Duration, do func() time.Duration) {
		running.Add(1)
		go func() {
			defer running.Done()
			for {
				*worst = max(*worst, do())
				select {
				case <-done:
					return
				default:
				}
			}
		}()
	}
	repeat(&stall, func() time.Duration {
		begin := time.Now()
		time.Sleep(time.Millisecond)
		return time.Since(begin) - time.Millisecond
	})
	repeat(&collection, func() time.Duration {
		begin := time.Now()
		runtime.GC()
		took := time.Since(begin)
		time.Sleep(10 * time.Millisecond)
		return took
	})
	begin := time.Now()
	err := start()
	took := time.Since(begin)
	close(done)
	running.Wait()
	return fmt.Sprintf("exec-ms=%.2f gc-ms=%.2f stall-ms=%.2f", millis(took), millis(collection), millis(stall)), err
}

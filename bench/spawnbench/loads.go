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

// resources is what all threads of this process together have used so far.
func resources() (u syscall.Rusage) {
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail
	return u
}

func cpuTime() time.Duration {
	u := resources()
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// usageWords are the words of an answer that say what n starts have cost their process.
func usageWords(from, to syscall.Rusage, n int) string {
	per := func(from, to int64) float64 { return float64(to-from) / float64(max(n, 1)) }
	user := per(from.Utime.Nano(), to.Utime.Nano()) / 1e3
	system := per(from.Stime.Nano(), to.Stime.Nano()) / 1e3
	return fmt.Sprintf("%s=%.4f %s=%.4f %s=%.3f %s=%.3f %s=%.3f",
		voluntary, per(int64(from.Nvcsw), int64(to.Nvcsw)), involuntary, per(int64(from.Nivcsw), int64(to.Nivcsw)),
		faults, per(int64(from.Minflt), int64(to.Minflt)), userTime, user, cpuTimeUnit, user+system)
}

// busy keeps one goroutine running and says how often the process's other threads, which
// are the runtime's own, go to sleep meanwhile: they would without any start. The runtime's
// monitor looks more and more rarely while nothing happens: to that it is given time.
func busy(d time.Duration) string {
	const calm = 30 * time.Millisecond
	spin := func(d time.Duration) {
		for begin := time.Now(); time.Since(begin) < d; {
		}
	}
	spin(calm)
	before := resources()
	spin(d)
	after := resources()
	return fmt.Sprintf("%s=%.3f", busySwitches, float64(after.Nvcsw-before.Nvcsw)/d.Seconds())
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

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

// Program program has goroutines start programs without a pause, and measures how long others
// wait beside them. Arguments: by what they start (a key of starts), how many they are, and
// the longest wait in milliseconds. It prints a line for each who waits, "NAME MICROSECONDS":
// the median. Whoever has waited for the longest is given up, and the program ends.
//
// Without tag forkexec_package it is an ordinary program, which knows nothing of forkexec.
package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"
)

type forkExec = func(argv0 string, argv []string, attr *syscall.ProcAttr) (int, error)

var starts = map[string]forkExec{"standard start": syscall.ForkExec}

func start(f forkExec) time.Duration {
	begin := time.Now()
	pid, err := f("/bin/true", []string{"true"}, nil)
	took := time.Since(begin)
	if err == nil {
		_, err = syscall.Wait4(pid, nil, 0, nil)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	return took
}

func measure(f func()) time.Duration {
	begin := time.Now()
	f()
	return time.Since(begin)
}

// samples is of how many waits the median is taken.
const samples = 5

func main() {
	beside := starts[os.Args[1]]
	n, _ := strconv.Atoi(os.Args[2])
	longest, _ := strconv.Atoi(os.Args[3])
	for range n {
		go func() {
			for {
				start(beside)
			}
		}()
	}
	time.Sleep(100 * time.Millisecond)
	waits := map[string]func() time.Duration{
		"reader": func() time.Duration {
			return measure(func() { syscall.ForkLock.RLock(); syscall.ForkLock.RUnlock() })
		},
		"writer": func() time.Duration {
			return measure(func() { syscall.ForkLock.Lock(); syscall.ForkLock.Unlock() })
		},
	}
	for name, f := range starts {
		waits[name] = func() time.Duration { return start(f) }
	}
	// The writer comes last: one that waits holds up the readers.
	for _, name := range []string{"reader", "standard start", "package's start", "writer"} {
		wait := waits[name]
		if wait == nil {
			continue
		}
		got := make(chan time.Duration, 1)
		go func() {
			var all []time.Duration
			for range samples {
				all = append(all, wait())
				time.Sleep(time.Millisecond)
			}
			slices.Sort(all)
			got <- all[samples/2]
		}()
		select {
		case d := <-got:
			fmt.Println(name+":", d.Microseconds())
		case <-time.After(time.Duration(longest) * time.Millisecond * samples):
			fmt.Println(name+":", "longer")
			return
		}
	}
}

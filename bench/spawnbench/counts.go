// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// What a start costs that does not depend on the machine's speed. The workers count
// context switches, page faults and processor time themselves (getrusage(2), of all their
// threads); here is what must be taken off, and the system calls.

const (
	idleTime = 40 * time.Millisecond
	busyTime = 50 * time.Millisecond
	// more is how many starts the second worker under strace makes more than the first.
	more = 20
)

// countingTime says whether the starts for the counting fit into a third of the share. A
// start under strace takes several times as long.
func countingTime(took map[*path]time.Duration, share time.Duration) bool {
	const slower = 5
	return share == 0 || slower*(roundTime(took, 0)+roundTime(took, more)) <= share/3
}

// ownRates are how often a worker's process sleeps in a second without starting anything:
// while it waits, as seen from outside, and while it runs, which keeps a Go program's
// monitor awake.
type ownRates struct{ idle, busy float64 }

// measureOwn finds the rates of all workers, once: they are the same after each restart.
func (s *session) measureOwn() error {
	if s.own != nil {
		return nil
	}
	time.Sleep(idleTime / 10) // until those that have just answered wait
	before := make(map[*host]int64)
	for h, w := range s.workers {
		before[h] = switchesOf(w.pid())
	}
	time.Sleep(idleTime)
	s.own = make(map[*host]ownRates)
	for h, w := range s.workers {
		s.own[h] = ownRates{idle: float64(switchesOf(w.pid())-before[h]) / idleTime.Seconds()}
	}
	for h, w := range s.workers {
		if h != goHost && h != nocgoHost {
			continue
		}
		b, err := w.ask("busy %d", busyTime.Milliseconds())
		if err != nil {
			return fmt.Errorf("worker %s: %w", h.name, err)
		}
		s.own[h] = ownRates{s.own[h].idle, b.values[busySwitches]}
	}
	return nil
}

// switchesOf returns the voluntary context switches of all threads of a process. A thread
// that ends meanwhile is not counted; Go's do not end.
func switchesOf(pid int) (n int64) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	for _, file := range files {
		v, _ := strconv.ParseInt(procField(file, "voluntary_ctxt_switches"), 10, 64)
		n += v
	}
	return n
}

// takeOwn takes off a batch what the process does without any start: as long as a start
// takes, and as long as it keeps the process running.
func (s *session) takeOwn(p *path, b *batch, cost float64) {
	if v, ok := b.values[voluntary]; ok {
		rates := s.own[p.host]
		own := rates.idle*cost/1e9 + rates.busy*b.values[cpuTimeUnit]/1e6
		b.values[ownSwitches] = own
		b.values[voluntary] = max(v-own, 0)
	}
}

// countSyscalls adds the system calls of a start to each series: those of the worker's
// threads and of the child until it runs its program. strace counts a worker that makes a
// few starts and one that makes some more; the difference is theirs. What the program
// itself does, as strace counts it alone, is taken off.
func countSyscalls(b *builder, s *session, all []*series, paths []*path, fits bool, pr *progress) error {
	if !fits {
		return errors.New("that would take too long")
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		return notInstalled("strace")
	}
	file := filepath.Join(b.dir, fmt.Sprintf("strace-%d", os.Getpid()))
	defer os.Remove(file)
	command := func(argv ...string) []string {
		return append([]string{strace, "-f", "-c", "-o", file, "--"}, argv...)
	}
	alone, err := s.startProgram(command(s.program...), file)
	if err != nil {
		return err
	}
	for i, p := range paths {
		pr.say("counting system calls: %s", p.name)
		var counts [2]float64
		for k := range counts {
			w, err := s.startWorker(p.host, command(s.hosts[p.host].argv...))
			if err != nil {
				return err
			}
			if _, err := w.spawn(p, k*more, 1); err != nil {
				w.kill()
				return err
			}
			if err := w.stop(); err != nil {
				return err
			}
			if counts[k], err = totalCalls(file); err != nil {
				return err
			}
		}
		all[i].Values = map[string]float64{syscalls: (counts[1]-counts[0])/more - (alone - 1)} // its execve is the start's
	}
	return nil
}

// startProgram runs the program alone under strace and returns its system calls.
func (s *session) startProgram(argv []string, file string) (float64, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Dir = s.setup.env, s.setup.dir
	stdin, err := s.setup.open()
	if err != nil {
		return 0, err
	}
	defer stdin.Close()
	cmd.Stdin = stdin
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("strace: %w: %s", err, firstError(string(out), err))
	}
	return totalCalls(file)
}

// totalCalls reads the last line of what strace -c has written.
func totalCalls(file string) (float64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for _, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		if len(words) >= 5 && words[len(words)-1] == "total" {
			return strconv.ParseFloat(words[3], 64)
		}
	}
	return 0, errors.New("strace has counted nothing")
}

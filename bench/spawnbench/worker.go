// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// batchTimeout is many times what the longest request takes: to touch 8 GB that a virtual
// machine's host has to find first, or 100 spawns of the slowest program under an
// emulator. It turns a hang into an error.
const batchTimeout = 10 * time.Minute

// A worker is a running process that spawns on request.
type worker struct {
	cmd      *exec.Cmd
	requests *os.File
	answers  *os.File
	reader   *bufio.Reader
	stderr   *tail
}

// A setup is what a worker starts with and hands on to its programs.
type setup struct {
	env        []string
	dir        string              // "": the current one
	stdin      string              // file; "": /dev/null
	credential *syscall.Credential // nil: that of spawnbench
}

// startWorker starts a host for a program. Its descriptors 0, if nothing else is asked
// for, and 1, which its children inherit, are /dev/null. 2 is a pipe, which costs them the
// same and keeps what a worker has to say when it fails.
func startWorker(host, program []string, with setup) (*worker, error) {
	stdin, err := with.open()
	if err != nil {
		return nil, err
	}
	defer stdin.Close()
	requestEnd, requests, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	answers, answerEnd, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	w := &worker{requests: requests, answers: answers, reader: bufio.NewReader(answers), stderr: new(tail)}
	w.cmd = exec.Command(host[0], append(append([]string{}, host[1:]...), program...)...)
	w.cmd.Env, w.cmd.Dir, w.cmd.Stdin = with.env, with.dir, stdin
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: with.credential}
	w.cmd.Stderr = w.stderr
	w.cmd.WaitDelay = time.Second                        // a program that hangs may hold the pipe
	w.cmd.ExtraFiles = []*os.File{requestEnd, answerEnd} // 3 and 4
	err = w.cmd.Start()
	requestEnd.Close()
	answerEnd.Close()
	if err != nil {
		requests.Close()
		answers.Close()
		return nil, err
	}
	return w, nil
}

func (s *setup) open() (*os.File, error) {
	if s.stdin == "" {
		return os.Open(os.DevNull)
	}
	return os.Open(s.stdin)
}

func (w *worker) pid() int { return w.cmd.Process.Pid }

// stop ends the worker, which leaves its loop at the end of the requests.
func (w *worker) stop() error {
	w.requests.Close()
	err := w.cmd.Wait()
	w.answers.Close()
	return w.explain(err)
}

// kill ends a worker of which nothing is expected any more.
func (w *worker) kill() {
	w.cmd.Process.Kill()
	w.stop()
}

// explain adds what the worker has written to its standard error.
func (w *worker) explain(err error) error {
	if text := w.stderr.String(); err != nil && text != "" {
		return fmt.Errorf("%w: %s", err, text)
	}
	return err
}

// A batch is the answer to one request.
type batch struct {
	ns     []int64            // of each spawn
	values map[string]float64 // by unit
}

// cold is the number of spawns at the begin of a batch that are not counted:
// the worker has slept, and its caches hold what another has left.
const cold = 5

// A cannot is what a worker answers that is well, but cannot do what it has been asked
// for, or not on this machine.
type cannot string

func (reason cannot) Error() string { return string(reason) }

// ask sends a request and returns the answer.
func (w *worker) ask(format string, args ...any) (*batch, error) {
	if _, err := fmt.Fprintf(w.requests, format+"\n", args...); err != nil {
		return nil, w.failed(err)
	}
	if err := w.answers.SetReadDeadline(time.Now().Add(batchTimeout)); err != nil {
		return nil, err
	}
	line, err := w.reader.ReadString('\n')
	if err != nil {
		return nil, w.failed(err)
	}
	if reason, ok := strings.CutPrefix(line, "cannot "); ok {
		return nil, cannot(strings.TrimSpace(reason))
	}
	return parseAnswer(line)
}

// spawn has the worker spawn n times, in width goroutines at once, and returns the
// times.
func (w *worker) spawn(p *path, n, width int) (*batch, error) {
	b, err := w.ask("%s %d %d", p.request(), n+cold, width)
	if err != nil {
		return nil, err
	}
	if len(b.ns) != n+cold {
		return nil, fmt.Errorf("%d spawns were asked for and %d made", n+cold, len(b.ns))
	}
	b.ns = b.ns[cold:]
	return b, nil
}

// failed says why a worker does not answer.
func (w *worker) failed(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		w.cmd.Process.Kill()
		return fmt.Errorf("no answer within %v", batchTimeout)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.EPIPE) {
		if err := w.stop(); err != nil {
			return err
		}
	}
	return err
}

// parseAnswer reads a line of numbers, which are the nanoseconds of the spawns,
// and unit=number words.
func parseAnswer(line string) (*batch, error) {
	b := &batch{values: make(map[string]float64)}
	for _, word := range strings.Fields(line) {
		var err error
		if unit, number, ok := strings.Cut(word, "="); ok {
			b.values[unit], err = strconv.ParseFloat(number, 64)
		} else {
			var ns int64
			ns, err = strconv.ParseInt(word, 10, 64)
			b.ns = append(b.ns, ns)
		}
		if err != nil {
			return nil, fmt.Errorf("the worker's answer holds %q", word)
		}
	}
	return b, nil
}

// tail keeps the last part of what is written to it.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	const limit = 2000
	t.text = append(t.text, p...)
	if len(t.text) > limit {
		t.text = t.text[len(t.text)-limit:]
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(string(t.text)) }

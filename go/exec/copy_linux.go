// SPDX-License-Identifier: BSD-3-Clause

//go:build !android

package exec

// Copying between the command's pipes and the caller's readers and writers.

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// A copyJob copies in one direction until the end; pipe is the one of to and from
// that this package made.
type copyJob struct {
	to   io.Writer
	from io.Reader
	pipe *os.File
}

func (j *copyJob) run() error {
	_, err := io.Copy(j.to, j.from)
	// Closing tells the command: that its input has ended, or that nobody
	// reads its output any more if it was the writer that failed.
	if j.to != io.Writer(j.pipe) {
		j.pipe.Close()
		return err
	}
	if j.refused(err) {
		err = nil
	}
	if e := j.pipe.Close(); err == nil {
		err = e
	}
	return err
}

// refused reports whether err says only that the command did not read all of its
// input. Whether that is a failure, the command's exit status says.
func (j *copyJob) refused(err error) bool {
	pe, ok := err.(*os.PathError)
	return ok && pe.Op == "write" && pe.Path == j.pipe.Name() && pe.Err == syscall.EPIPE
}

// A copyGroup is the running jobs of one command.
type copyGroup struct {
	mu      sync.Mutex
	running int
	err     error         // the first, valid once done is closed
	done    chan struct{} // closed by the last job
}

func (g *copyGroup) run(j copyJob) {
	err := j.run()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err == nil {
		g.err = err
	}
	if g.running--; g.running == 0 {
		close(g.done)
	}
}

func (c *Cmd) startCopying() {
	if len(c.state.todo) == 0 {
		return
	}
	g := &copyGroup{running: len(c.state.todo), done: make(chan struct{})}
	for _, j := range c.state.todo {
		go g.run(j)
	}
	c.state.copying, c.state.todo = g, nil
}

// finishCopying waits for the jobs of a command that has exited, for as long as
// WaitDelay allows, and returns their error. timer runs already if the context's
// end came first.
func (c *Cmd) finishCopying(timer *time.Timer) error {
	g := c.state.copying
	c.state.copying = nil
	if timer != nil {
		defer timer.Stop()
	}
	if g == nil {
		return nil
	}
	if timer == nil && c.WaitDelay != 0 {
		select {
		case <-g.done: // the usual case needs no timer
		default:
			timer = time.NewTimer(c.WaitDelay)
			defer timer.Stop()
		}
	}
	if timer == nil {
		<-g.done
		return g.err
	}
	select {
	case <-g.done:
		return g.err
	case <-timer.C:
		return c.abandonCopying(g)
	}
}

// abandonCopying closes the pipes under jobs that will not end by themselves,
// usually because a process that the command left behind holds the other end.
func (c *Cmd) abandonCopying(g *copyGroup) error {
	for _, f := range c.state.ownEnds {
		f.Close()
	}
	<-g.done // its error may be the closing's
	return ErrWaitDelay
}

// wrapped is an error in its context.
type wrapped struct {
	doing string
	err   error
}

func (w *wrapped) Error() string { return w.doing + ": " + w.err.Error() }

func (w *wrapped) Unwrap() error { return w.err }

// gone reports whether err says that there is no process any more to be told.
func gone(err error) bool { return errors.Is(err, os.ErrProcessDone) }

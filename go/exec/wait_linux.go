// SPDX-License-Identifier: BSD-3-Clause

//go:build !android

package exec

// Wait, and what happens when the context ends before the command does.

import (
	"errors"
	"time"

	"forkexec.example/forkexec/go/internal/trace"

	"forkexec.example/forkexec/go/internal/bubble"
)

// Errors of Wait. The texts are os/exec's.
var (
	errNotStarted = errors.New("exec: not started")
	errWaited     = errors.New("exec: Wait was already called")
)

func (c *Cmd) wait() error { return c.waitFor(false) }

// waitFor waits for a command; ended: it is known to have ended.
func (c *Cmd) waitFor(ended bool) error {
	if c.Process == nil {
		return errNotStarted
	}
	if c.ProcessState != nil {
		return errWaited
	}
	ps, err := reap(c.Process, ended)
	if trace.On() && !c.state.began.IsZero() {
		trace.Wait(c.Process.Pid, ps, c.state.began)
	}
	if err == nil && !ps.Success() {
		err = &ExitError{ProcessState: ps}
	}
	c.ProcessState = ps
	c.tellOrigin()

	// How the process ended counts for more than how it was told to, and that
	// for more than an error of copying, which is often its consequence.
	o := c.stopWatching()
	if err == nil {
		err = o.err
	}
	if o.copied {
		c.state.copying = nil
	}
	if e := c.finishCopying(o.timer); err == nil {
		err = e
	}
	c.closeOwnEnds()
	return err
}

// A watcher acts on the end of the context. It is no goroutine as long as the
// context has not ended.
type watcher struct {
	cancel  func() bool   // false: the context has ended and report gets a value
	exited  chan struct{} // closed when the process has been reaped
	outcome chan outcome
}

// An outcome is what the end of the context led to.
type outcome struct {
	err    error
	timer  *time.Timer // WaitDelay has begun and is not over
	copied bool        // the copying has been seen to end
}

func (c *Cmd) startWatching() {
	ctx := c.state.ctx
	if ctx == nil || ctx.Done() == nil || (c.Cancel == nil && c.WaitDelay == 0) {
		return
	}
	w := &watcher{exited: make(chan struct{}), outcome: make(chan outcome, 1)}
	c.state.watch = w
	w.cancel = bubble.AfterFunc(ctx, func() { w.outcome <- c.contextEnded(w.exited) })
}

// stopWatching is called when the process has been reaped. After it Cancel is not
// called any more, and is not running.
func (c *Cmd) stopWatching() outcome {
	w := c.state.watch
	if w == nil {
		return outcome{}
	}
	c.state.watch = nil
	close(w.exited)
	if w.cancel() {
		return outcome{}
	}
	return <-w.outcome
}

func (c *Cmd) contextEnded(exited <-chan struct{}) (o outcome) {
	if c.Cancel != nil {
		switch err := c.Cancel(); {
		case err == nil:
			// Whatever the command does from here on may be due to it.
			o.err = c.state.ctx.Err()
		case !gone(err):
			o.err = &wrapped{"exec: canceling Cmd", err}
		}
	}
	if c.WaitDelay == 0 {
		return o
	}
	timer := time.NewTimer(c.WaitDelay)
	select {
	case <-exited:
		o.timer = timer
		return o
	case <-timer.C:
		return c.force(o)
	}
}

// force kills a command that has outlived its WaitDelay, and only then closes its
// pipes: it is to die of the signal, not of SIGPIPE.
func (c *Cmd) force(o outcome) outcome {
	err := c.Process.Kill()
	if err != nil && !gone(err) {
		o.err = &wrapped{"exec: killing Cmd", err}
	}
	g := c.state.copying
	if g == nil {
		return o
	}
	o.copied = true
	select {
	case <-g.done:
		// An error of copying is news only if nothing was done to cause it.
		if o.err == nil && err != nil {
			o.err = g.err
		}
	default:
		if e := c.abandonCopying(g); o.err == nil {
			o.err = e
		}
	}
	return o
}

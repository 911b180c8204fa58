// SPDX-License-Identifier: BSD-3-Clause

//go:build !android

package exec

// Start: the checks in os/exec's order, the start itself and the shape of its
// errors.

import (
	"context"
	"errors"
	"os"
	"runtime"
	"syscall"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/internal/osproc"
	"forkexec.example/forkexec/go/internal/run"
	"forkexec.example/forkexec/go/internal/settings"
	"forkexec.example/forkexec/go/internal/trace"
)

// textBusyTimeout is for how long a start that sets none itself tries again an execve
// that fails with ETXTBSY. The usual cause is a child of this process that was
// cloned while the file was written and has not come to its own execve: about
// 0.1 ms away, but with tens of runnable children on each core one turn on the
// CPU (3 ms) times their number, about 100 ms, and such children queue behind
// each other. The go command gives up after 700 ms. It costs time only for a
// file that somebody really keeps open.
const textBusyTimeout = 500 * time.Millisecond

// Errors of Start. The texts are os/exec's.
var (
	errStarted     = errors.New("exec: already started")
	errNoCommand   = errors.New("exec: no command")
	errNeedContext = errors.New("exec: command with a non-nil Cancel was not created with CommandContext")
)

// run is start and wait with one sleep, where that can be.
func (c *Cmd) run() error {
	waiter := &run.Once{Born: c.born}
	if err := c.startFor(waiter); err != nil {
		return err
	}
	return c.waitFor(waiter.Exited)
}

// born is told of the child before it is known to come to its execve, and with nil if it does
// not.
func (c *Cmd) born(p *os.Process) {
	c.Process = p
	c.tellOrigin()
}

func (c *Cmd) start() error { return c.startFor(nil) }

// startFor starts the command for a waiter, or for nil.
func (c *Cmd) startFor(waiter *run.Once) error {
	var began time.Time
	if trace.On() {
		began = time.Now()
	}
	// A second Start must not touch the pipes of the first.
	if c.startedBefore() {
		if trace.On() {
			c.traceByUs(began, nil, errStarted)
		}
		return errStarted
	}
	c.state.stepErr = nil
	forget(c.Options)
	if err := c.launchPrepared(waiter, began); err != nil {
		return err
	}
	c.startCopying()
	c.startWatching()
	return nil
}

// launchPrepared leaves nothing of a failed start open, also if a hook of the caller does not
// return.
func (c *Cmd) launchPrepared(waiter *run.Once, began time.Time) error {
	var p plan
	launched := false
	defer func() {
		p.closeEnds()
		c.closeChildEnds()
		if !launched {
			c.closeOwnEnds()
			c.state.todo = nil
		}
	}()
	err := c.prepareAndLaunch(&p, waiter)
	launched = err == nil
	if err != nil && !p.launched && trace.On() {
		c.traceByUs(began, nil, err)
	}
	return err
}

func (c *Cmd) prepareAndLaunch(p *plan, waiter *run.Once) error {
	if c.Path == "" && c.Err == nil {
		c.Err = errNoCommand
	}
	if c.Err != nil {
		return c.Err
	}
	ctx := c.state.ctx
	if ctx == nil {
		if c.Cancel != nil {
			return errNeedContext
		}
		ctx = context.Background()
	}
	// Err rather than a select on Done: the same answer, and a nil Done needs
	// no case of its own.
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.connect(p); err != nil {
		return err
	}
	env, err := c.environment()
	if err != nil {
		return err
	}
	if trace.On() {
		c.state.began = time.Now()
	}
	if p.copiesInput {
		waiter = nil
	}
	if waiter != nil {
		waiter.Outputs = p.outputs
	}
	proc, err := c.launch(ctx, waiter, p, env)
	if err != nil {
		return err
	}
	c.born(proc)
	return nil
}

// launch starts the process. The standard library's own path is taken where
// there is no other, or the environment asks for it, unless Options ask for more
// than that can do: then package forkexec has to refuse them.
func (c *Cmd) launch(ctx context.Context, waiter *run.Once, p *plan, env []string) (*os.Process, error) {
	argv := c.argv()
	p.launched = true
	if c.Options == nil && forkexec.Implementation() == "stdlib" {
		return c.launchByOS(p, argv, env)
	}
	var opt forkexec.Options
	if c.Options != nil {
		opt = *c.Options
	}
	if opt.TextBusyTimeout == 0 && forkexec.Implementation() != "stdlib" {
		opt.TextBusyTimeout = textBusyTimeout
	}
	attr := &syscall.ProcAttr{Dir: c.Dir, Env: env, Files: p.descriptors(c.ExtraFiles), Sys: c.SysProcAttr}
	proc, err := run.Start(ctx, waiter, c.Path, argv, attr, &opt, c.Options)
	// The numbers in attr.Files are good only while the files are.
	runtime.KeepAlive(p)
	runtime.KeepAlive(c)
	var step *forkexec.Error
	if err != nil && !errors.As(err, &step) {
		return nil, err // the context's
	}
	// Package os looks at these before it starts. They may lie on a file system that hangs;
	// now the child has come past them, or has failed.
	osproc.NoteInput(c.Path)
	if err == nil {
		return proc, nil
	}
	named := opt.StepErrors || settings.Get().Verbose
	if (!named || step.Step == 0) && !c.movesChild() && !ofHook(step) {
		if err := osproc.CheckDirFor(ctx, &os.ProcAttr{Dir: c.Dir, Sys: c.SysProcAttr}); err != nil {
			err = c.noteStep(err)
			if c.state.stepErr == nil || !named {
				return nil, err
			}
			step = c.state.stepErr
		}
	}
	c.state.stepErr = step
	if step.Step == 0 { // the os.PathError has the path
		step.Object = ""
	}
	return nil, osproc.PathError(c.Path, osproc.Plain(step, named))
}

// movesChild reports whether Dir may be another place for the child than for this process: to
// look for it here would tell nothing.
func (c *Cmd) movesChild() bool {
	return c.Options != nil && (c.Options.DirFD != nil || len(c.Options.Namespaces) > 0)
}

// ofHook reports whether a function of the caller has ended a start: package os has none, so no
// error of its own would have come first.
func ofHook(e *forkexec.Error) bool {
	return e.Step == forkexec.StepStopClone || e.Step == forkexec.StepStopExec
}

func (c *Cmd) launchByOS(p *plan, argv, env []string) (*os.Process, error) {
	proc, err := os.StartProcess(c.Path, argv, &os.ProcAttr{
		Dir:   c.Dir,
		Env:   env,
		Files: p.files(c.ExtraFiles),
		Sys:   c.SysProcAttr,
	})
	if trace.ByUs() || trace.On() && osproc.DirError(err) != nil {
		c.traceByUs(c.state.began, proc, err)
	}
	if err != nil {
		return nil, c.noteStep(err)
	}
	return proc, nil
}

// argv is what the program gets.
func (c *Cmd) argv() []string {
	if len(c.Args) == 0 {
		return []string{c.Path}
	}
	return c.Args
}

// traceByUs writes the line of a start that package forkexec does not see.
func (c *Cmd) traceByUs(began time.Time, proc *os.Process, err error) {
	s := trace.Start{Begin: began, Program: c.Path, Argv: c.argv(), Err: err, Attributes: trace.Attributes(c.Dir, c.SysProcAttr, c.Options)}
	if forkexec.Implementation() == "stdlib" {
		s.Why = "no C path in this build"
	}
	if settings.Get().Stdlib {
		s.Why = "FORKEXEC=stdlib"
	}
	if proc != nil {
		s.Pid = proc.Pid
	}
	s.Write()
}

// noteStep keeps for StepError what an error of package os says about the step:
// only a directory that is missing is told apart.
func (c *Cmd) noteStep(err error) error {
	step := &forkexec.Error{Object: c.Path}
	var pe *os.PathError
	if errors.As(err, &pe) && pe.Op == "chdir" {
		step.Step, step.Object = forkexec.StepChdir, pe.Path
	}
	if errors.As(err, &step.Errno) {
		c.state.stepErr = step
	}
	return err
}

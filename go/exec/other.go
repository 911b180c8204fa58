// SPDX-License-Identifier: BSD-3-Clause

//go:build !linux || android

package exec

// Where there is no C path the commands of os/exec do the work: each Cmd drives
// one of theirs. An alias of their type would be shorter, but a program that uses
// Options or StepError would then compile on Linux only, and one that mixes the
// two Cmd types would compile everywhere but on Linux.

import (
	"context"
	"errors"
	"io"
	"os"
	osexec "os/exec"

	forkexec "forkexec.example/forkexec/go"
)

// state is what a Cmd keeps between its methods.
type state struct {
	origin  *osexec.Cmd     // of From, or nil
	cmd     *osexec.Cmd     // nil if the Cmd was made as a literal and not used yet
	stepErr *forkexec.Error // always nil: there are no steps here
}

func newCommand(name string, arg []string) *Cmd {
	return adopt(osexec.Command(name, arg...))
}

func newCommandContext(ctx context.Context, name string, arg []string) *Cmd {
	return adopt(osexec.CommandContext(ctx, name, arg...))
}

func newFrom(ctx context.Context, cmd *osexec.Cmd) *Cmd {
	return adopt(osexec.CommandContext(ctx, cmd.Path))
}

func adopt(o *osexec.Cmd) *Cmd {
	return &Cmd{Path: o.Path, Args: o.Args, Err: o.Err, Cancel: o.Cancel, state: state{cmd: o}}
}

// peek returns a command of os/exec that is good for questions. It is not the one
// that runs, whose fields its goroutine reads.
func (c *Cmd) peek() *osexec.Cmd {
	return &osexec.Cmd{Path: c.Path, Args: c.Args, Env: c.Env, Dir: c.Dir, SysProcAttr: c.SysProcAttr, Err: c.Err}
}

func (c *Cmd) describe() string { return c.peek().String() }

func (c *Cmd) currentEnviron() []string { return c.peek().Environ() }

// driven returns the command of os/exec that does the work, with the fields that
// its pipe methods look at.
func (c *Cmd) driven() *osexec.Cmd {
	if c.state.cmd == nil {
		c.state.cmd = new(osexec.Cmd)
	}
	o := c.state.cmd
	o.Stdin, o.Stdout, o.Stderr, o.Process = c.Stdin, c.Stdout, c.Stderr, c.Process
	return o
}

func (c *Cmd) start() error {
	if c.state.cmd != nil && c.state.cmd.Process != nil {
		return c.state.cmd.Start() // refuses
	}
	forget(c.Options)
	o := c.driven()
	o.Path, o.Args, o.Env, o.Dir = c.Path, c.Args, c.Env, c.Dir
	o.ExtraFiles, o.SysProcAttr, o.Err, o.WaitDelay = c.ExtraFiles, c.SysProcAttr, c.Err, c.WaitDelay
	// A Cancel may use c.Process, which is not set yet if the context ends just
	// before Start returns.
	started := make(chan struct{})
	if o.Cancel = c.Cancel; c.Cancel != nil {
		o.Cancel = func() error {
			<-started
			return c.Cancel()
		}
	}
	if option, _ := c.Options.NeedsC(); option != "" && o.Err == nil {
		// To leave something out that was asked for may give away secrets. A lookup error makes os/exec close what it has to.
		o.Err = &os.PathError{Op: "fork/exec", Path: c.Path, Err: errors.ErrUnsupported}
	}
	err := o.Start()
	if c.Options != nil && c.Options.StepErrors {
		err = withStep(err)
	}
	if o.Path == "" && c.Err == nil {
		c.Err = o.Err
	}
	c.Process = o.Process
	c.tellOrigin()
	close(started)
	return err
}

// withStep gives an error of package os the type that Options.StepErrors promise. Which
// step it was is not known here.
func withStep(err error) error {
	pe, ok := err.(*os.PathError)
	if !ok {
		return err
	}
	step := &forkexec.Error{Object: pe.Path}
	if !errors.As(pe.Err, &step.Errno) {
		return err
	}
	return &os.PathError{Op: pe.Op, Path: pe.Path, Err: step}
}

func (c *Cmd) wait() error {
	o := c.state.cmd
	if o == nil || o.Process == nil {
		o = c.driven() // a Process that the caller has set, or none
	}
	o.ProcessState = c.ProcessState
	err := o.Wait()
	c.ProcessState = o.ProcessState
	c.tellOrigin()
	return err
}

func (c *Cmd) stdinPipe() (io.WriteCloser, error) {
	o := c.driven()
	w, err := o.StdinPipe()
	c.Stdin = o.Stdin
	return w, err
}

func (c *Cmd) stdoutPipe() (io.ReadCloser, error) {
	o := c.driven()
	r, err := o.StdoutPipe()
	c.Stdout = o.Stdout
	return r, err
}

func (c *Cmd) stderrPipe() (io.ReadCloser, error) {
	o := c.driven()
	r, err := o.StderrPipe()
	c.Stderr = o.Stderr
	return r, err
}

func (c *Cmd) run() error {
	if err := c.start(); err != nil {
		return err
	}
	return c.wait()
}

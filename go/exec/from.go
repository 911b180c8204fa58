// SPDX-License-Identifier: BSD-3-Clause

package exec

import (
	"context"
	"errors"
	"fmt"
	osexec "os/exec"
	"reflect"
)

// From returns a Cmd that starts what cmd would start, for code that gets an
// [*os/exec.Cmd] from others. It takes over the exported fields as they are now; cmd itself must
// not be started. Start also sets cmd.Process, so that a Cancel
// that uses it works, and Wait sets cmd.ProcessState: cmd may be read, but not waited for.
//
// From cannot see the context of cmd, so ctx takes its place. A cmd made by
// [os/exec.Command] becomes one that is killed when ctx ends, as by [CommandContext]; one made by
// [os/exec.CommandContext] keeps its Cancel, even if it is nil.
//
// A cmd that has been started, or whose StdinPipe, StdoutPipe or StderrPipe has been called,
// cannot be taken over: Err then has an error that says so, and Start returns it. Call the
// methods of the result instead. From panics if ctx or cmd is nil. os/exec has no such function.
func From(ctx context.Context, cmd *osexec.Cmd) *Cmd {
	if ctx == nil {
		panic("nil Context")
	}
	c := newFrom(ctx, cmd)
	c.Path, c.Args, c.Env, c.Dir = cmd.Path, cmd.Args, cmd.Env, cmd.Dir
	c.Stdin, c.Stdout, c.Stderr, c.ExtraFiles = cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles
	c.SysProcAttr, c.WaitDelay, c.Err = cmd.SysProcAttr, cmd.WaitDelay, cmd.Err
	if c.Cancel = cmd.Cancel; cmd.Cancel == nil && !isSet(cmd, "ctx") {
		c.Cancel = func() error { return c.Process.Kill() }
	}
	if err := notFrom(cmd); err != nil {
		c.Err = err
	}
	c.state.origin = cmd
	return c
}

// notFrom returns why a command cannot be taken over.
func notFrom(cmd *osexec.Cmd) error {
	switch {
	case cmd.Process != nil || cmd.ProcessState != nil || isSet(cmd, "startCalled"):
		return errors.New("exec: From: the command has been started already")
	case isSet(cmd, "parentIOPipes") || isSet(cmd, "childIOFiles"):
		return errors.New("exec: From: the command has pipes of os/exec already: " +
			"call StdinPipe, StdoutPipe and StderrPipe after From")
	case isSet(cmd, "lookPathErr"): // by golang.org/x/sys/execabs
		return fmt.Errorf("exec: From: the lookup of %q has failed: %v", cmd.Path,
			reflect.ValueOf(cmd).Elem().FieldByName("lookPathErr"))
	}
	return nil
}

// isSet reports whether an unexported field is there, which depends on the version of Go, and
// not zero.
func isSet(cmd *osexec.Cmd, field string) bool {
	v := reflect.ValueOf(cmd).Elem().FieldByName(field)
	return v.IsValid() && !v.IsZero()
}

// tellOrigin keeps a command that this one was made from up to date.
func (c *Cmd) tellOrigin() {
	if c.state.origin != nil {
		c.state.origin.Process, c.state.origin.ProcessState = c.Process, c.ProcessState
	}
}

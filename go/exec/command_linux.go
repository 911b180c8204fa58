// SPDX-License-Identifier: BSD-3-Clause

//go:build !android

package exec

// Making a Cmd, describing it, and GODEBUG=execwait.

import (
	"context"
	"os"
	osexec "os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

// state is what a Cmd keeps between its methods.
type state struct {
	ctx       context.Context // of CommandContext, or nil
	attempts  int32           // starts begun, where a second one is refused
	stepErr   *forkexec.Error
	began     time.Time  // when the start did; set for a trace only
	childEnds []*os.File // pipe ends given to the child, closed by Start
	ownEnds   []*os.File // the other ends, closed by Wait or a failed Start
	todo      []copyJob  // copying that begins once the child runs
	copying   *copyGroup
	watch     *watcher
	madeBy    []byte      // stack of Command, with GODEBUG=execwait=2
	origin    *osexec.Cmd // of From, or nil
}

func newCommand(name string, arg []string) *Cmd {
	args := make([]string, 1+len(arg))
	args[0] = name
	copy(args[1:], arg)
	c := &Cmd{Path: name, Args: args}
	if mode := execwait(); mode != "" {
		c.reportLeak(mode)
	}
	// A name that is its own last element has no directory: search PATH. What
	// was found is kept with an error too, for callers that overrule ErrDot.
	if filepath.Base(name) == name {
		found, err := LookPath(name)
		if found != "" {
			c.Path = found
		}
		c.Err = err
	}
	return c
}

func newCommandContext(ctx context.Context, name string, arg []string) *Cmd {
	c := newCommand(name, arg)
	c.state.ctx = ctx
	c.Cancel = c.kill
	return c
}

func newFrom(ctx context.Context, cmd *osexec.Cmd) *Cmd {
	c := &Cmd{state: state{ctx: ctx}}
	if mode := execwait(); mode != "" {
		c.reportLeak(mode)
	}
	return c
}

func (c *Cmd) kill() error { return c.Process.Kill() }

func (c *Cmd) describe() string {
	if c.Err != nil {
		return strings.Join(c.Args, " ")
	}
	if len(c.Args) < 2 {
		return c.Path
	}
	return c.Path + " " + strings.Join(c.Args[1:], " ")
}

// execwait returns the value of GODEBUG's execwait. It is read at each command,
// because os.Setenv may set it while the program runs, and past package os, so
// that `go test` does not take every GODEBUG for an input of a cached result.
func execwait() string {
	settings, ok := syscall.Getenv("GODEBUG")
	if !ok || !strings.Contains(settings, "execwait=") {
		return ""
	}
	value := ""
	for _, s := range strings.Split(settings, ",") {
		if v, ok := strings.CutPrefix(s, "execwait="); ok {
			value = v
		}
	}
	return value
}

// reportLeak makes the program panic when c is garbage and was started, but not
// waited for. Mode "2" names who made it.
func (c *Cmd) reportLeak(mode string) {
	if mode == "2" {
		c.state.madeBy = debug.Stack()
	}
	runtime.SetFinalizer(c, func(c *Cmd) {
		if c.Process == nil || c.ProcessState != nil {
			return
		}
		text := "exec: a Cmd was started and never waited for"
		if c.state.madeBy == nil {
			panic(text + " (GODEBUG=execwait=2 shows where it was made)")
		}
		os.Stderr.WriteString("exec: a leaked Cmd was made by:\n" + string(c.state.madeBy) + "\n")
		panic(text)
	})
}

// SPDX-License-Identifier: BSD-3-Clause

package exec

// The exported half of Cmd, the same on every system. What the methods do is in
// the _linux files and in other.go.

import (
	"context"
	"io"
	"os"
	"syscall"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

// Cmd is a command that is being prepared, runs or has run. It is used for one
// run. A Cmd may be made by [Command] or as a literal with Path set; fields are
// set before Start.
type Cmd struct {
	// Path is the file to execute. Unless it is absolute, Dir is where it is
	// looked up.
	Path string

	// Args is the argument list, the program's own name first. Empty means
	// just Path.
	Args []string

	// Env is the environment, as "key=value" strings; the last one of a key
	// counts. Nil means this process's environment, with PWD set to Dir if Dir
	// is set; without PWD if Dir is not absolute and Options.DirFD or a mount namespace in
	// Options.Namespaces gives the directory.
	Env []string

	// Dir is the working directory, "" the one of this process.
	Dir string

	// Stdin is what the command reads. Nil is the null device; the command gets an
	// *os.File itself; anything else is copied into a pipe while the
	// command runs, and Wait waits for the copying, too.
	Stdin io.Reader

	// Stdout and Stderr take what the command writes. Nil is the null device;
	// the command gets an *os.File itself; to anything else a
	// goroutine writes, and Wait waits for it. If both are the same comparable value,
	// they share one pipe, and one goroutine at a time calls Write.
	Stdout io.Writer
	Stderr io.Writer // see Stdout

	// ExtraFiles become descriptors 3, 4, … of the command; a nil entry is a
	// closed one. Not supported on Windows.
	ExtraFiles []*os.File

	// SysProcAttr holds attributes of the start that depend on the system.
	SysProcAttr *syscall.SysProcAttr

	// Process is the started process; nil before Start.
	Process *os.Process

	// ProcessState says how the process ended; nil before Wait or Run.
	ProcessState *os.ProcessState

	// Err is the error of the lookup in Command, to be returned by Start. A
	// program that wants to run what it refuses sets it to nil.
	Err error

	// Cancel is called once if the context of CommandContext ends while the
	// command runs. CommandContext sets it to kill the process. If it returns
	// nil and the command then succeeds, Wait returns the context's error; if
	// it returns another error than os.ErrProcessDone, Wait wraps that one.
	// It is not called if Start fails. With nil only WaitDelay acts.
	Cancel func() error

	// WaitDelay, if not zero, bounds two waits: for a command to exit after its
	// context has ended, and for its pipes to be closed after it has exited.
	// Whichever comes first starts the time; at its end the process is killed
	// and the pipes are closed.
	WaitDelay time.Duration

	// Options are attributes beyond SysProcAttr. os/exec has no such
	// field. On the C path a TextBusyTimeout of zero, also of nil Options, means half a second
	// here; with a negative one there is no second try.
	Options *forkexec.Options

	state state
}

// forget makes what a start fills in say that there is nothing: package exec, too, refuses starts.
func forget(o *forkexec.Options) {
	if o == nil {
		return
	}
	if o.Trace != nil {
		*o.Trace = forkexec.Trace{}
	}
	if o.Seccomp != nil && o.Seccomp.Listener != nil {
		*o.Seccomp.Listener = -1
	}
}

// Command returns a Cmd for the program name with the given arguments, which do
// not include the name. A name without a slash is looked up by [LookPath]; if
// that fails, the Cmd's Err is set and Start returns it.
func Command(name string, arg ...string) *Cmd { return newCommand(name, arg) }

// CommandContext is [Command] with a context. Its end kills the process, unless
// Cancel is set to something else. If it ends before the child's execve, it ends
// the start, and Start returns the context's error.
//
// It panics if ctx is nil.
func CommandContext(ctx context.Context, name string, arg ...string) *Cmd {
	if ctx == nil {
		panic("nil Context")
	}
	return newCommandContext(ctx, name, arg)
}

// String describes the command for people. It is not quoted for a shell.
func (c *Cmd) String() string { return c.describe() }

// Environ returns a copy of the environment that the command would get as it is
// configured now.
func (c *Cmd) Environ() []string { return c.currentEnviron() }

// Start starts the command and does not wait for it. If it succeeds, Process is
// set and [Cmd.Wait] has to be called.
//
// The error of a start that failed is an [*os.PathError], as from [os.StartProcess];
// [Cmd.StepError] knows more about it.
func (c *Cmd) Start() error { return c.start() }

// StepError returns which step of the last start failed and why, or nil if none
// was tried or it succeeded. It is also nil if the context's end was the
// reason, and on systems other than Linux. os/exec has no such method.
func (c *Cmd) StepError() *forkexec.Error { return c.state.stepErr }

// Wait waits until a started command has exited and all copying from and to it
// is done, and releases what belongs to the Cmd. The error is nil if the command
// exited with zero and the copying succeeded, an [*ExitError] if it exited
// otherwise.
func (c *Cmd) Wait() error { return c.wait() }

// Run is [Cmd.Start] followed by [Cmd.Wait].
//
// A command inherits the state of the calling thread, such as namespaces set
// after runtime.LockOSThread.
func (c *Cmd) Run() error { return c.run() }

// StdinPipe returns a pipe into the command's standard input, to be called
// before Start. Wait closes it; close it earlier to let the command see the end
// of its input.
func (c *Cmd) StdinPipe() (io.WriteCloser, error) { return c.stdinPipe() }

// StdoutPipe returns a pipe from the command's standard output, to be called
// before Start. Wait closes it once the command has exited: read to the end
// before, and do not use Run.
func (c *Cmd) StdoutPipe() (io.ReadCloser, error) { return c.stdoutPipe() }

// StderrPipe returns a pipe from the command's standard error. The rules of
// [Cmd.StdoutPipe] hold.
func (c *Cmd) StderrPipe() (io.ReadCloser, error) { return c.stderrPipe() }

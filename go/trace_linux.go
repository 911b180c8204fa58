// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package forkexec

import (
	"errors"
	"os"
	"syscall"
	"time"

	"forkexec.example/forkexec/go/internal/osproc"
	"forkexec.example/forkexec/go/internal/settings"
	"forkexec.example/forkexec/go/internal/trace"
)

// A note becomes the line of a start, if FORKEXEC asks for a trace; nil if not.
type note struct {
	trace.Start
	over bool // the line is written, or package syscall of a program with the overlay writes it
}

// newNote begins the line of a start; asked are the options that its caller has set.
func newNote(argv0 string, argv []string, attr *syscall.ProcAttr, asked *Options) *note {
	if !trace.On() {
		return nil
	}
	n := &note{Start: trace.Start{Begin: time.Now(), Program: argv0, Argv: argv}}
	if attr != nil {
		n.Attributes = trace.Attributes(attr.Dir, attr.Sys, asked)
	}
	if Implementation() == "stdlib" {
		n.Why = "no C path in this build"
		if settings.Get().Stdlib {
			n.Why = "FORKEXEC=stdlib"
		}
	}
	return n
}

// toSyscall is called before a start by package syscall.
func (n *note) toSyscall() {
	if n != nil && !trace.ByUs() {
		n.over = true
	}
}

// errNoReturn stands in the line of a start whose OnClone or OnExec does not return.
var errNoReturn = errors.New("a hook has panicked or called runtime.Goexit")

// end writes the line, once.
func (n *note) end(pid int, err error) {
	if n == nil || n.over {
		return
	}
	n.over = true
	if err == nil {
		n.Pid = pid
	}
	n.Err = err
	if e, ok := err.(*Error); ok && e.Step != 0 {
		n.Step, n.Detail = e.Step.String(), e.Detail
	} else if osproc.DirError(err) != nil {
		n.Step = StepChdir.String()
	}
	n.Write()
}

// noteRefused writes the line of a start that StartProcess refuses.
func noteRefused(name string, argv []string, attr *os.ProcAttr, err error) {
	newNote(name, argv, &syscall.ProcAttr{Dir: attr.Dir, Sys: attr.Sys}, nil).end(0, err)
}

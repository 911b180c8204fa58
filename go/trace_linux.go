// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package forkexec

import (
	"syscall"
	"time"

	"forkexec.example/forkexec/go/internal/settings"
	"forkexec.example/forkexec/go/internal/trace"
)

// traced writes the line of a start that has ended, if FORKEXEC asks for a trace. how says
// what the C path knows of the child.
func traced(begin time.Time, argv0 string, argv []string, attr *syscall.ProcAttr, opt *Options, how func(*trace.Start), pid int, err error) {
	s := trace.Start{Begin: begin, Program: argv0, Argv: argv, Pid: pid, Err: err}
	if attr != nil {
		s.Attributes = trace.Attributes(attr.Dir, attr.Sys, opt)
	}
	if e, ok := err.(*Error); ok && e.Step != 0 {
		s.Step, s.Detail = e.Step.String(), e.Detail
	}
	how(&s)
	s.Write()
}

// byStdlib is how of the standard library's starts.
func byStdlib(s *trace.Start) {
	s.Why = "no C path in this build"
	if settings.Get().Stdlib {
		s.Why = "FORKEXEC=stdlib"
	}
}

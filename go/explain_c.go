// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"forkexec.example/forkexec/c"
)

// A failedStart is what is kept of one, so that its request can be made again when somebody
// asks for the cause: once, so that each answer is the same. What its fields point to is the caller's.
type failedStart struct {
	once  sync.Once
	text  string
	argv0 string
	argv  []string
	attr  syscall.ProcAttr
	sys   syscall.SysProcAttr
	opt   Options
}

// stepError describes the failure of a start whose request is still there.
func (s *child) stepError(argv0 string, argv []string, attr *syscall.ProcAttr, sys *syscall.SysProcAttr, opt *Options) *Error {
	step, errno := Step(s.res.Step), syscall.Errno(s.res.Err)
	e := newError(step, errno, s.res.Detail, argv0, attr, opt)
	failed := &failedStart{argv0: argv0, argv: argv, attr: *attr, sys: *sys}
	if opt != nil {
		failed.opt = *opt
		failed.opt.CloseFDs = false // borrows descriptors
	}
	e.cause = failed
	if objectByC(step, sys) {
		e.Object = s.say(c.ExplainObject)
	}
	if step == StepRequest && opt != nil && opt.PauseAt != 0 && s.res.Detail == int64(unsafe.Offsetof(s.req.PauseAt)) {
		e.Object, e.field, e.hint = "PauseAt = "+opt.PauseAt.word(), "PauseAt", s.say(c.ExplainHint)
	}
	if step.Field() == "AmbientCaps" && len(sys.AmbientCaps) == 0 {
		e.field = "Capabilities"
	}
	if step == StepClone && sys.UseCgroupFD {
		switch errno {
		case syscall.EBADF, syscall.EBUSY, syscall.EACCES, syscall.EOPNOTSUPP, syscall.ENOENT, syscall.ENODEV:
			e.field = "UseCgroupFD"
		}
	}
	return e
}

// objectByC reports whether C says what a step was about: it has names for flags and capabilities.
// Of a plain clone there is nothing to say: one that fails has met the limit of processes, and a
// call wants a thread.
func objectByC(step Step, sys *syscall.SysProcAttr) bool {
	switch step {
	case StepClone:
		return sys.Cloneflags != 0 || sys.UseCgroupFD
	case StepUnshare, StepUIDMap, StepGIDMap, StepAmbient:
		return true
	}
	return false
}

// causeByObject is for errors of package os, which knows of a path and no more.
func causeByObject(e *Error) cause {
	switch {
	case e.Object == "" || e.Errno == 0:
		return nil
	case e.Step == StepChdir:
		return &failedStart{argv0: "/", attr: syscall.ProcAttr{Dir: e.Object}}
	case e.Step == StepExecve:
		return &failedStart{argv0: e.Object}
	}
	return nil
}

func (f *failedStart) explain(e *Error) string {
	f.once.Do(func() { f.text = f.look(e) })
	return f.text
}

// look makes the request again, starts nothing, and asks C.
func (f *failedStart) look(e *Error) string {
	s, err := prepare(f.argv0, f.argv, &f.attr, &f.sys, &f.opt)
	if err != nil {
		return ""
	}
	defer s.free()
	*s.res = c.Result{Pidfd: -1, Step: uint32(e.Step), Err: int32(e.Errno), Detail: e.Detail}
	text := s.say(c.ExplainHint)
	runtime.KeepAlive(f)
	return text
}

// say returns a text of forkexec_explain_as() with Go's names. The work memory of the start,
// which is over, takes it.
func (s *child) say(flags uint32) string {
	const size = 8 << 10 // the work memory has the child's stack, which is as large, and more
	n := c.Explain(s.req, s.res, flags|c.ExplainGo, s.work, size)
	text := string(unsafe.Slice((*byte)(s.work), size)[:min(n, size-1)])
	if flags == c.ExplainObject && text != "" {
		return text[1:] // it begins with a space
	}
	return text
}

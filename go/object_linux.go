// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package forkexec

import (
	"fmt"
	"syscall"
)

// newError describes a failed step in terms of what the caller passed. What is more than
// a path or a number C says, see stepError.
func newError(step Step, errno syscall.Errno, detail int64, argv0 string, attr *syscall.ProcAttr, opt *Options) *Error {
	return &Error{Step: step, Errno: errno, Detail: detail, Object: object(step, detail, argv0, attr, opt)}
}

// object says in words what a step was about.
func object(step Step, detail int64, argv0 string, attr *syscall.ProcAttr, opt *Options) string {
	sys := attr.Sys
	if sys == nil {
		sys = &syscall.SysProcAttr{}
	}
	if opt == nil {
		opt = &Options{}
	}
	// What failed is what the child says, whose memory others may have written to: an index may be any.
	in := func(n int) bool { return detail >= 0 && detail < int64(n) }
	switch step {
	case StepExecve:
		return quotePath(argv0)
	case StepChdir:
		return quotePath(attr.Dir)
	case StepChroot:
		return quotePath(sys.Chroot)
	case StepFDMove, StepFDDup:
		if in(len(attr.Files)) {
			return fmt.Sprintf("Files[%d] = %d", detail, int(attr.Files[detail]))
		}
	case StepOpen:
		if in(len(opt.Open)) {
			return fmt.Sprintf("Open[%d] = %s", detail, quotePath(opt.Open[detail].Path))
		}
	case StepRlimit:
		if in(len(opt.Rlimits)) {
			l := opt.Rlimits[detail]
			return fmt.Sprintf("Rlimits[%d] = %d to %d:%d", detail, l.Resource, l.Cur, l.Max)
		}
	case StepSessionKeyring:
		if opt.SessionKeyring != nil && *opt.SessionKeyring != "" {
			return quotePath(*opt.SessionKeyring)
		}
	case StepSetns:
		if in(len(opt.Namespaces)) {
			return fmt.Sprintf("Namespaces[%d] = %d", detail, opt.Namespaces[detail].FD)
		}
	}
	return plainObject(step, detail)
}

func quotePath(p string) string {
	if p == "" {
		return `""`
	}
	return p
}

func plainObject(step Step, detail int64) string {
	switch step {
	case StepSetpgid, StepForeground, StepSetctty, StepSigaction, StepSetgid, StepSetuid,
		StepPdeathsig, StepPdeathsigKill, StepSignalDefault, StepSignalIgnore,
		StepOomScoreAdj, StepNice, StepBounding, StepFchdir, StepLandlock, StepScheduler:
		return fmt.Sprint(detail)
	case StepUmask:
		return fmt.Sprintf("%#o", detail)
	case StepSecurebits, StepIoprio, StepPersonality:
		return fmt.Sprintf("%#x", detail)
	case StepSeccomp:
		return fmt.Sprintf("flags %#x", detail)
	case StepSetgroups:
		return fmt.Sprintf("of %d", detail)
	case StepCloseFDs:
		return fmt.Sprintf("from %d", detail)
	}
	return ""
}

// SPDX-License-Identifier: BSD-3-Clause

package forkexec

// A Step is one of the actions that a start consists of, most of them one system
// call of the child. Its numbers are those of enum forkexec_step in forkexec.h
// and never change their meaning. The zero Step means that the step is not known.
type Step uint32

type stepInfo struct{ name, syscall, field string }

type hintInfo struct {
	step  Step
	errno errno // 0: any
	text  string
}

// known says if there is such a step. Of those that the table has no room for, int may be too small.
func (s Step) known() bool { return uint64(s) < uint64(len(stepTable)) && stepTable[s].name != "" }

func (s Step) info() stepInfo {
	if s.known() {
		return stepTable[s]
	}
	return stepInfo{name: "fork/exec"}
}

// String returns the name of the step, such as "chdir".
func (s Step) String() string { return s.info().name }

// Syscall returns the name of the step's system call, or "".
func (s Step) Syscall() string { return s.info().syscall }

// Field returns the name of the field of syscall.SysProcAttr, syscall.ProcAttr
// or Options that asked for the step, or "".
func (s Step) Field() string { return s.info().field }

// A cause looks for what made a start fail, and says it with its cure; "" if it cannot.
type cause interface{ explain(e *Error) string }

// Error returns step, object and errno, such as
// "chdir /missing: no such file or directory".
func (e *Error) Error() string {
	if e.Step == 0 && e.Object == "" {
		return e.Unwrap().Error()
	}
	s := e.Step.String()
	if e.Object != "" {
		s += " " + e.Object
	}
	return s + ": " + e.Unwrap().Error()
}

// Unwrap returns the error that [syscall.ForkExec] would have returned. It is
// e.Errno, except for the two combinations of Setctty, Foreground and Ctty that package
// syscall refuses with a text, and for an error of OnClone or OnExec, which it returns (Errno is
// ECANCELED then).
func (e *Error) Unwrap() error {
	if e.err != nil {
		return e.err
	}
	return e.Errno
}

// Is reports whether target is e.Errno.
func (e *Error) Is(target error) bool { return target == error(e.Errno) }

// Field returns the name of the field of [syscall.SysProcAttr], [syscall.ProcAttr] or [Options]
// that the failure is about: the step's, UseCgroupFD for a clone that the cgroup refuses, the one
// that breaks a rule for a [StepRequest], ExecFD for an execve of it.
func (e *Error) Field() string {
	if e.field != "" {
		return e.field
	}
	return e.Step.Field()
}

// Hint returns cause and cure of the failure, or "". An errno of a step may have several
// causes. On the C path, Hint looks for the one that applies, as the child would
// see it: paths part by part, inside of Chroot and from Dir; the #! line or the ELF loader of the
// program; mounts, limits, sysctls, the cgroup, and who has a file open. So call it soon, while
// attributes, descriptors and files are still the same. It may take time on slow file systems: a
// start looks only if it has failed, and StepErrors or FORKEXEC=verbose asks for it.
func (e *Error) Hint() string {
	if e.hint != "" {
		return e.hint
	}
	look := e.cause
	if look == nil {
		look = causeByObject(e)
	}
	if look != nil {
		if s := look.explain(e); s != "" {
			return s
		}
	}
	return e.usual()
}

// usual is what an errno of a step usually means.
func (e *Error) usual() string {
	for _, h := range hintTable {
		if h.step == e.Step && (h.errno == 0 || h.errno == e.Errno) {
			return h.text
		}
	}
	return ""
}

// SPDX-License-Identifier: BSD-3-Clause

package forkexec

import (
	"os"
	"time"
)

// Options are attributes of a start that [syscall.SysProcAttr] has no field for. A nil *Options
// is the same as an empty one. A nil pointer or slice leaves the attribute as it is, which for most
// is as this process has it. Constants (RLIMIT_…, CAP_…, SCHED_…, CLONE_NEW…) are in
// golang.org/x/sys/unix.
type Options struct {
	// StepErrors lets the errors of a Cmd of package exec name the failed step, as
	// FORKEXEC=verbose does for the whole program: errors.As then finds an *[Error] in the
	// [*os.PathError], and the text is longer than that of os/exec.
	// [Start] and [StartProcessOptions] name the step always, without the explanation: ask
	// [Error.Hint].
	StepErrors bool

	// CloseFDs closes every descriptor in the child that is not in
	// ProcAttr.Files, also those that lack FD_CLOEXEC. From Linux 5.9 on, what
	// lies above the last of Files is not even copied, so that the start costs the same
	// however many descriptors are open; see [ReserveFDs] for Files that lie high
	// themselves. A Files entry must stay open until the start has returned. Where the standard
	// library does the start (see [Implementation]), the start fails with ENOSYS at
	// [StepCloseFDs].
	CloseFDs bool

	// TextBusyTimeout is for how long a start whose execve fails with ETXTBSY is
	// tried again before that error is reported. That error is usual for a program written
	// a moment ago, and soon passes (golang/go#22315). Zero reports it at once, except
	// for a Cmd of package exec: there a negative value does. Where the standard library does
	// the start, nothing is tried again, and one that asks for it fails with ENOSYS at
	// [StepExecve].
	TextBusyTimeout time.Duration

	// PdeathsigProcess makes SysProcAttr.Pdeathsig mean the end of this process. Without
	// it, the kernel sends the signal when the thread that started the child
	// ends, and Go ends threads (golang/go#27505). With it, the child is made by a
	// thread that lives as long as the process, so it does not inherit what belongs
	// to the caller's thread alone, such as namespaces or credentials changed under
	// LockOSThread. It cannot be combined with Ptrace, which needs the caller's
	// thread: EINVAL at [StepRequest]. It does nothing without Pdeathsig.
	PdeathsigProcess bool

	// KeepDumpable makes this process dumpable again after a start with
	// SysProcAttr.Credential, successful or not, if it was before. Such a child leaves the
	// memory that it shares non-dumpable, see PR_SET_DUMPABLE in prctl(2): the files of
	// this process in /proc then belong to root, it dumps no core, and no debugger can attach
	// to it. As in the standard library that is for good, even if only one of several starts
	// has not asked for KeepDumpable.
	//
	// The process becomes dumpable soon after Start has returned, when no child with other IDs
	// is left in this memory; but not if it has changed its IDs or capabilities in the
	// meantime. SECURITY.md has the details. Where the standard library does the
	// start, a start with Credential fails with ENOSYS at [StepRequest].
	KeepDumpable bool

	// The fields below are more attributes of the child. Only the C path has them: where
	// [Implementation] is "stdlib", a start with one of them fails at its step with ENOSYS, or with
	// errors.ErrUnsupported on other systems. They take effect in the order of the Step constants.

	// SignalMask is the set of signals that the child blocks, instead of the calling
	// thread's. Signals in SignalDefault get their default action, even if this process
	// ignores them; the child ignores those in SignalIgnore. A list that is empty, but not nil,
	// is the empty set. Each is a []syscall.Signal. SIGKILL and SIGSTOP cannot be blocked: in
	// SignalMask sigprocmask(2) leaves them out without an error, as in posix_spawn(3). In
	// SignalIgnore they are EINVAL.
	SignalMask, SignalDefault, SignalIgnore []signal

	OOMScoreAdj *int       // /proc/PID/oom_score_adj, -1000 to 1000; the child is forked for it
	Rlimits     []Rlimit   // set in this order, before its IDs change; other limits stay
	Nice        *int       // the nice value, -20 to 19, as nice(1) sets it
	Scheduler   *Scheduler // the policy and its parameters, as chrt(1) sets them
	CPUs        []int      // numbers of the processors it may run on; empty, but not nil, is an error

	// IOPriority is what ioprio_set(2) takes: class<<13 | level. Class 1 is real-time, 2 best
	// effort, 3 idle; levels are 0 to 7, the first before the others.
	IOPriority *int
	Umask      *int // the file mode creation mask, at most 0o777

	// Personality is that of personality(2): PER_LINUX32, ADDR_NO_RANDOMIZE and so on, of
	// linux/personality.h. An execve that gives privileges clears some of its bits.
	Personality *uint32

	// Namespaces are joined in this order, before Unshareflags. The program itself stays in
	// its PID namespace: only its children are in one that it joins.
	Namespaces []Namespace

	// Capabilities are sets as masks: bit n is capability n. They are set after the
	// Credential, whose setuid keeps what is permitted then. See capabilities(7) for what the
	// execve makes of the sets. Ambient cannot be combined with SysProcAttr.AmbientCaps.
	Capabilities *Capabilities
	Securebits   *uint // SECBIT_… of linux/securebits.h, after Credential and Capabilities

	// SessionKeyring gives the child a session keyring of its own user's, see keyrings(7): the one of
	// that name, which is made if this user can search none; or a new one without a name, if it
	// is empty.
	SessionKeyring *string

	// DirFD becomes the working directory, and Dir is relative to it. A directory outside of
	// Chroot lets the program out of it.
	DirFD *os.File

	// Open lists files that the child opens with its own root, working directory and IDs,
	// after its Files are in place. Each becomes descriptor FD.
	Open []OpenFile

	// NoNewPrivs keeps execve from granting privilege, by set-user-ID programs for example,
	// to the child and all of its descendants, for good.
	NoNewPrivs bool

	Landlock *os.File // a ruleset; see landlock_restrict_self(2)
	Seccomp  *Seccomp // the last before the execve, which it must allow; the child is forked

	// ExecFD is the program; argv0 is then only its name in errors. If it is a script, its
	// interpreter gets the path /dev/fd/N, which it can open only if ExecFD is in Files as N or
	// lacks FD_CLOEXEC; otherwise the execve fails with ENOENT.
	ExecFD *os.File

	// OnClone and OnExec are called in the goroutine of Start while the child waits: right
	// after the clone, before its ID maps are written and all other steps; and before its
	// execve, with only Seccomp still to come. pid is the child's in this process's PID
	// namespace. Everything else in this process goes on; but the child has a copy of each descriptor
	// that was open at its clone, so a pipe that is closed elsewhere ends for its reader only when
	// the function has returned, also with CloseFDs. If one returns an error, the child is
	// killed, and Start's *[Error] wraps it. The end of Start's context kills the child, too, but
	// does not interrupt the function. With TextBusyTimeout they are called once for each try.
	// Such a child is forked.
	OnClone, OnExec func(pid int) error

	// IDMapHelpers has newuidmap(1) and newgidmap(1) write UidMappings and GidMappings, after
	// OnClone. They grant ordinary users the IDs in /etc/subuid and /etc/subgid. It needs
	// CLONE_NEWUSER in Cloneflags, and one of the two maps. With GidMappings, setgroups(2) is denied in
	// the new namespace, as without IDMapHelpers, unless GidMappingsEnableSetgroups is set; then the
	// start fails if newgidmap denies setgroups(2), as it does when only the user's own group is
	// mapped. The end of Start's context ends the helpers, too.
	IDMapHelpers bool

	// Trace, if it is not nil, has each step of the start with its time when Start returns,
	// also with an error. After several tries (TextBusyTimeout) it is that of the last. It is
	// empty if the start was refused before it began, and has no Steps if the child hangs when
	// Start's context ends.
	Trace *Trace

	// PauseAt stops the child right before that step, by SIGSTOP, until it is continued
	// (kill -CONT PID). Start waits for that, and says on standard error which PID to look at,
	// and how. Everything else goes on; the end of Start's context kills the child. A step that
	// the child does not take is EINVAL at [StepRequest], and so is one after Ptrace, or the
	// execve after Seccomp. Such a child is forked.
	PauseAt Step
}

// A Rlimit is one limit of setrlimit(2). Resource is RLIMIT_CORE or another one. The greatest uint64
// means no limit. RLIMIT_NOFILE is raised with the others, but lowered only after the Files are in
// place.
type Rlimit struct {
	Resource int
	Cur, Max uint64
}

// A Scheduler is what sched_setattr(2) takes. Policy is SCHED_BATCH or another one. Nice is for
// SCHED_OTHER and SCHED_BATCH, Priority for SCHED_FIFO and SCHED_RR; Runtime, Deadline and Period
// are for SCHED_DEADLINE, in nanoseconds.
type Scheduler struct {
	Policy                    uint32
	Flags                     uint64
	Nice                      int32
	Priority                  uint32
	Runtime, Deadline, Period uint64
}

// A Namespace is one that the child joins by setns(2). FD is a file below /proc/PID/ns, or a
// pidfd (Linux 5.8).
type Namespace struct {
	FD   int
	Type uintptr // CLONE_NEWNET and so on; 0: whatever FD is
}

// Capabilities are the five sets of capabilities(7). A nil set stays as it is. If Inheritable
// is nil, Ambient capabilities are made inheritable. The Bounding set can only shrink: the child
// loses what it does not name, and what this process's own set lacks does not come back, without
// an error.
type Capabilities struct {
	Effective, Permitted, Inheritable, Bounding, Ambient *uint64
}

// An OpenFile is one open(2) in the child. With O_CLOEXEC, the execve closes it again.
type OpenFile struct {
	FD    int
	Path  string
	Flags int
	Mode  uint32
}

// A Seccomp is a filter of system calls, see seccomp(2). It needs NoNewPrivs or CAP_SYS_ADMIN. Filter
// may be what Assemble of golang.org/x/net/bpf or libseccomp's seccomp_export_bpf makes. Flags may
// hold SECCOMP_FILTER_FLAG_LOG and SECCOMP_FILTER_FLAG_SPEC_ALLOW; others are refused.
type Seccomp struct {
	Filter []SockFilter
	Flags  uint

	// Listener, if not nil, asks for notifications (SECCOMP_FILTER_FLAG_NEW_LISTENER, Linux
	// 5.6): once the child is running its program, *Listener is a descriptor of this
	// process for seccomp_unotify(2), close-on-exec; -1 if the start failed, whoever refused it. The filter
	// must not notify of the execve: nobody could answer before Start has returned. A
	// parent that may not trace the child, such as an ordinary user after a Credential, cannot
	// take the descriptor: EPERM at [StepSeccomp]. A real-time Scheduler is refused with it.
	Listener *int
}

// A SockFilter is one instruction of a filter, as syscall.SockFilter on Linux.
type SockFilter struct {
	Code   uint16
	Jt, Jf uint8
	K      uint32
}

// reset makes what a start fills in say that there is nothing, whatever the last one has left there.
func (o *Options) reset() {
	if o == nil {
		return
	}
	if o.Trace != nil {
		*o.Trace = Trace{}
	}
	if o.Seccomp != nil && o.Seccomp.Listener != nil {
		*o.Seccomp.Listener = -1
	}
}

// onlyC lists the options that the standard library does not have, with their steps.
var onlyC = []struct {
	name string
	step Step
	set  func(*Options) bool
}{
	{"CloseFDs", StepCloseFDs, func(o *Options) bool { return o.CloseFDs }},
	{"SignalMask", StepSigmask, func(o *Options) bool { return o.SignalMask != nil }},
	{"SignalDefault", StepSignalDefault, func(o *Options) bool { return o.SignalDefault != nil }},
	{"SignalIgnore", StepSignalIgnore, func(o *Options) bool { return o.SignalIgnore != nil }},
	{"OOMScoreAdj", StepOomScoreAdj, func(o *Options) bool { return o.OOMScoreAdj != nil }},
	{"Rlimits", StepRlimit, func(o *Options) bool { return len(o.Rlimits) > 0 }},
	{"Nice", StepNice, func(o *Options) bool { return o.Nice != nil }},
	{"Scheduler", StepScheduler, func(o *Options) bool { return o.Scheduler != nil }},
	{"CPUs", StepAffinity, func(o *Options) bool { return o.CPUs != nil }},
	{"IOPriority", StepIoprio, func(o *Options) bool { return o.IOPriority != nil }},
	{"Umask", StepUmask, func(o *Options) bool { return o.Umask != nil }},
	{"Personality", StepPersonality, func(o *Options) bool { return o.Personality != nil }},
	{"Namespaces", StepSetns, func(o *Options) bool { return len(o.Namespaces) > 0 }},
	{"Capabilities", StepCapabilities, func(o *Options) bool { return o.Capabilities != nil }},
	{"Securebits", StepSecurebits, func(o *Options) bool { return o.Securebits != nil }},
	{"SessionKeyring", StepSessionKeyring, func(o *Options) bool { return o.SessionKeyring != nil }},
	{"DirFD", StepFchdir, func(o *Options) bool { return o.DirFD != nil }},
	{"Open", StepOpen, func(o *Options) bool { return len(o.Open) > 0 }},
	{"NoNewPrivs", StepNoNewPrivs, func(o *Options) bool { return o.NoNewPrivs }},
	{"Landlock", StepLandlock, func(o *Options) bool { return o.Landlock != nil }},
	{"Seccomp", StepSeccomp, func(o *Options) bool { return o.Seccomp != nil }},
	{"OnClone", StepStopClone, func(o *Options) bool { return o.OnClone != nil }},
	{"OnExec", StepStopExec, func(o *Options) bool { return o.OnExec != nil }},
	{"IDMapHelpers", StepStopClone, func(o *Options) bool { return o.IDMapHelpers }},
	{"Trace", StepRequest, func(o *Options) bool { return o.Trace != nil }},
	{"PauseAt", StepRequest, func(o *Options) bool { return o.PauseAt != 0 }},
	{"TextBusyTimeout", StepExecve, func(o *Options) bool { return o.TextBusyTimeout > 0 }},
	{"ExecFD", StepExecve, func(o *Options) bool { return o.ExecFD != nil }},
}

// NeedsC returns the name and the step of a field that is set and that only the C path can do,
// or "" if there is none. Where [Implementation] is "stdlib", a start with such a field fails.
func (o *Options) NeedsC() (field string, step Step) {
	if o == nil {
		return "", 0
	}
	for _, option := range onlyC {
		if option.set(o) {
			return option.name, option.step
		}
	}
	return "", 0
}

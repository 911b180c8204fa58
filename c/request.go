// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

// Package c is the C core of forkexec with a thin Go skin: raw memory in, raw
// results out, no policy. It is not for use outside of this module; its users are
// package forkexec and tests.
//
// The folder is a cgo package and a plain C library at once: cgo compiles only C
// files of the package's own folder. With CGO_ENABLED=0 the C files drop out.
package c

import (
	"sync/atomic"
	"unsafe"

	// For `go mod vendor`, and so that an edited header rebuilds this package.
	_ "forkexec.example/forkexec/include"
)

// Request is struct forkexec_request of forkexec.h, with addresses as uintptr: it
// lies in memory without Go pointers. The flags are named there.
type Request struct {
	Size  uint64
	Flags uint64

	Path, Argv, Envp, Chroot, Dir uintptr

	Fds, Groups, UidMap, GidMap, AmbientCaps      uintptr
	NFds, NGroups, NUidMap, NGidMap, NAmbientCaps uint32

	Ctty, Pgid, Pdeathsig int32
	Uid, Gid              uint32
	CgroupFd              int32
	TextBusyMs            uint32

	CloneFlags, UnshareFlags uint64

	NofileSoft, NofileMax, NofileRaised uint64

	ErrnoPipe int32
	NowMs     uint32

	Work     uintptr
	_        [8 - unsafe.Sizeof(uintptr(0))]byte
	WorkSize uint64

	Sigmask, Sigdefault, Sigignore                                      uint64
	CapEffective, CapPermitted, CapInheritable, CapBounding, CapAmbient uint64

	Rlimits, Cpus, Scheduler, Namespaces, Opens, Seccomp, Trace, SessionKeyring uintptr

	NRlimits, NCpus, NNamespaces, NOpens, NSeccomp, SeccompFlags uint32

	Nice, Ioprio, OomScoreAdj int32
	Umask, Securebits         uint32
	DirFd, ExecFd, LandlockFd int32
	LandlockFlags             uint32
	PauseAt, Personality, _   uint32
}

// TraceSteps is FORKEXEC_TRACE_STEPS.
const TraceSteps = 128

// Trace is struct forkexec_trace.
type Trace struct {
	Size, N uint32
	EndNs   int64
	Steps   [TraceSteps]TraceStep
}

// TraceStep is struct forkexec_trace_step.
type TraceStep struct {
	Step, Calls     uint32
	BeginNs, Detail int64
}

// Rlimit is struct forkexec_rlimit.
type Rlimit struct {
	Resource, _ uint32
	Cur, Max    uint64
}

// Scheduler is struct forkexec_scheduler.
type Scheduler struct {
	Size, Policy              uint32
	Flags                     uint64
	Nice                      int32
	Priority                  uint32
	Runtime, Deadline, Period uint64
}

// Namespace is struct forkexec_namespace.
type Namespace struct {
	FD   int32
	Type uint32
}

// Open is struct forkexec_open.
type Open struct {
	Path           uintptr
	_              [8 - unsafe.Sizeof(uintptr(0))]byte
	FD             int32
	Flags, Mode, _ uint32
}

// IDMap is struct forkexec_id_map.
type IDMap struct{ ContainerID, HostID, Size int64 }

// Result is struct forkexec_result.
type Result struct {
	Pid    int32
	Pidfd  int32
	Step   uint32
	Err    int32
	Detail int64

	RetryFlags  uint64
	Method, How uint32
	SeccompFd   int32
	_           uint32
}

// The values of Result.Method and the bits of Result.How, as in forkexec.h.
const (
	MethodClone3 uint32 = 1
	MethodClone  uint32 = 2

	HowShared  uint32 = 1
	HowVfork   uint32 = 2
	HowRefused uint32 = 4
	HowUnsafe  uint32 = 8
	HowUnseen  uint32 = 16
)

// An Outcome is enum forkexec_outcome.
type Outcome int

// What Finish says of a child.
const (
	Running Outcome = iota
	Failed
	TimedOut
	Cancelled
	Stopped
)

// State is struct forkexec_state.
type State struct {
	Bits, _                             uint32
	_                                   uintptr
	_                                   [8 - unsafe.Sizeof(uintptr(0))]byte
	NofileSoft, NofileMax, NofileRaised uint64
	_                                   [3]uint64
	hold                                [24]uint64
}

// The flags of Request.Flags and the settable bits of State.Bits, as in forkexec.h.
// layout.go checks at compile time that they are the same.
const (
	Setsid uint64 = 1 << iota
	Setpgid
	Foreground
	Setctty
	Noctty
	Ptrace
	Credential
	NoSetGroups
	UidMap
	GidMap
	GidSetgroups
	CgroupFd
	Pidfd
	Nofile
	CloseFds
	_ // ERRNO_PIPE
	BlockSignals
	KeepDumpable
	WholeTable
	SigMask
	SigDefault
	SigIgnore
	OomScoreAdj
	Nice
	IoPrio
	Umask
	Securebits
	NoNewPrivs
	CapEffective
	CapPermitted
	CapInheritable
	CapBounding
	CapAmbient
	DirFd
	ExecFd
	Landlock
	StopClone
	StopExec
	NoPipes
	Personality
	SessionKeyring

	StateNoClone3 uint32 = 1
)

// The flags of Explain.
const (
	ExplainHint uint32 = 1 << iota
	ExplainObject
	ExplainGo
)

// Held reports whether Settle has something to look for: struct hold of core.h has the
// count there.
func Held(s *State) bool {
	return atomic.LoadUint32((*uint32)(unsafe.Pointer(&s.hold))) != 0
}

// TellsLater reports whether Finish may as well be called when the child has ended, where it
// does not sleep then. Nothing waits for the execve but the child's memory: no pipe, which a
// start with NoPipes has not made, and no descriptor table that the child begins with, and in
// which its parent must not close anything. A trace tells of the execve's end.
func TellsLater(r *Request, res *Result) bool {
	return res.How == HowShared && res.Pidfd >= 0 && r.Flags&NoPipes != 0 && r.Flags&CloseFds == 0 && r.Trace == 0
}

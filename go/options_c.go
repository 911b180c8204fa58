// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"fmt"
	"math"
	"os"
	"syscall"
	"unsafe"

	"forkexec.example/forkexec/c"
)

// emitOptions is emit for the fields that only C can do: each sets its flag, or its list.
func emitOptions(e *emitter, r *c.Request, opt *Options) {
	e.signals(r, c.SigMask, &r.Sigmask, opt.SignalMask, StepSigmask, "SignalMask")
	e.signals(r, c.SigDefault, &r.Sigdefault, opt.SignalDefault, StepSignalDefault, "SignalDefault")
	e.signals(r, c.SigIgnore, &r.Sigignore, opt.SignalIgnore, StepSignalIgnore, "SignalIgnore")
	e.number(r, c.OomScoreAdj, &r.OomScoreAdj, opt.OOMScoreAdj, StepOomScoreAdj)
	e.number(r, c.Nice, &r.Nice, opt.Nice, StepNice)
	e.number(r, c.IoPrio, &r.Ioprio, opt.IOPriority, StepIoprio)
	if opt.Umask != nil {
		var mask int32
		e.number(r, c.Umask, &mask, opt.Umask, StepUmask)
		r.Umask = uint32(mask)
	}
	if opt.Personality != nil {
		r.Flags |= c.Personality
		r.Personality = *opt.Personality
	}
	if opt.SessionKeyring != nil {
		r.Flags |= c.SessionKeyring
		r.SessionKeyring = e.optional(*opt.SessionKeyring, "SessionKeyring")
	}
	if opt.Securebits != nil {
		bits := int(*opt.Securebits)
		var narrowed int32
		e.number(r, c.Securebits, &narrowed, &bits, StepSecurebits)
		r.Securebits = uint32(narrowed)
	}
	r.Flags |= c.NoNewPrivs&flagIf(opt.NoNewPrivs) | c.StopClone&flagIf(opt.OnClone != nil) | c.StopExec&flagIf(opt.OnExec != nil)
	e.file(r, c.DirFd, &r.DirFd, opt.DirFD, StepFchdir, "DirFD")
	e.file(r, c.ExecFd, &r.ExecFd, opt.ExecFD, StepExecve, "ExecFD")
	e.file(r, c.Landlock, &r.LandlockFd, opt.Landlock, StepLandlock, "Landlock")
	if opt.Capabilities != nil {
		emitCapabilities(r, opt.Capabilities)
	}
	emitScheduling(e, r, opt)
	emitLists(e, r, opt)
	emitTrace(e, r, opt)
}

func emitCapabilities(r *c.Request, sets *Capabilities) {
	for _, s := range []struct {
		flag uint64
		to   *uint64
		set  *uint64
	}{
		{c.CapEffective, &r.CapEffective, sets.Effective},
		{c.CapPermitted, &r.CapPermitted, sets.Permitted},
		{c.CapInheritable, &r.CapInheritable, sets.Inheritable},
		{c.CapBounding, &r.CapBounding, sets.Bounding},
		{c.CapAmbient, &r.CapAmbient, sets.Ambient},
	} {
		if s.set != nil {
			r.Flags |= s.flag
			*s.to = *s.set
		}
	}
}

func emitScheduling(e *emitter, r *c.Request, opt *Options) {
	if s := opt.Scheduler; s != nil {
		list, p := array[c.Scheduler](e, 1)
		for i := range list {
			list[i] = c.Scheduler{
				Size: uint32(unsafe.Sizeof(c.Scheduler{})), Policy: s.Policy, Flags: s.Flags, Nice: s.Nice,
				Priority: s.Priority, Runtime: s.Runtime, Deadline: s.Deadline, Period: s.Period,
			}
		}
		r.Scheduler = p
	}
	if opt.CPUs == nil {
		return
	}
	const most = 1 << 16 // CPUS_MAX of core.h
	words := 1
	for _, cpu := range opt.CPUs {
		if cpu < 0 || cpu >= most {
			e.refuse(StepAffinity, "CPUs", fmt.Sprintf("CPUs has %d", cpu), "A processor's number is 0 to 65535.")
			return
		}
		words = max(words, cpu/64+1)
	}
	list, p := array[uint64](e, words)
	clear(list)
	for _, cpu := range opt.CPUs {
		if list != nil {
			list[cpu/64] |= 1 << (cpu % 64)
		}
	}
	r.Cpus, r.NCpus = p, uint32(words)
}

func emitLists(e *emitter, r *c.Request, opt *Options) {
	if n := len(opt.Rlimits); n > 0 {
		list, p := array[c.Rlimit](e, n)
		for i := range list {
			l := opt.Rlimits[i]
			list[i] = c.Rlimit{Resource: uint32(narrow(l.Resource)), Cur: l.Cur, Max: l.Max}
		}
		r.Rlimits, r.NRlimits = p, uint32(n)
	}
	if n := len(opt.Namespaces); n > 0 {
		list, p := array[c.Namespace](e, n)
		for i, ns := range opt.Namespaces {
			if uint64(ns.Type) > math.MaxUint32 { // cut off, it could be 0: of any type
				e.refuse(StepSetns, "Namespaces", fmt.Sprintf("Namespaces[%d].Type = %#x", i, ns.Type), "A namespace's Type is a flag of 32 bits, or 0.")
			}
		}
		for i := range list {
			list[i] = c.Namespace{FD: narrow(opt.Namespaces[i].FD), Type: uint32(opt.Namespaces[i].Type)}
		}
		r.Namespaces, r.NNamespaces = p, uint32(n)
	}
	if n := len(opt.Open); n > 0 {
		list, p := array[c.Open](e, n)
		for i, o := range opt.Open {
			if o.FD < 0 || o.FD >= 1<<20 { // FDS_MAX of core.h
				e.refuse(StepOpen, "Open", fmt.Sprintf("Open[%d].FD = %d", i, o.FD), "A descriptor is 0 to 1048575.")
			}
			if flags := int64(o.Flags); flags != int64(int32(flags)) && flags != int64(uint32(flags)) {
				e.refuse(StepOpen, "Open", fmt.Sprintf("Open[%d].Flags = %#x", i, o.Flags), "The Flags of an open(2) are a number of 32 bits.")
			}
			path := e.str(o.Path, fmt.Sprintf("Open[%d].Path", i))
			if list != nil {
				list[i] = c.Open{Path: path, FD: narrow(o.FD), Flags: uint32(o.Flags), Mode: o.Mode}
			}
		}
		r.Opens, r.NOpens = p, uint32(n)
	}
	if s := opt.Seccomp; s != nil {
		const most = 4096     // SECCOMP_MAX of core.h
		const newListener = 8 // SECCOMP_FILTER_FLAG_NEW_LISTENER
		if len(s.Filter) > most || uint64(s.Flags) > math.MaxUint32 || s.Flags&newListener != 0 {
			e.refuse(StepSeccomp, "Seccomp", fmt.Sprintf("of %d instructions, flags %#x", len(s.Filter), s.Flags),
				"A filter has 4096 instructions at most, and SECCOMP_FILTER_FLAG_NEW_LISTENER (8) is what Listener sets.")
			return
		}
		list, p := array[SockFilter](e, len(s.Filter))
		copy(list, s.Filter)
		if p == 0 {
			p = 1 // while counting
		}
		r.Seccomp, r.NSeccomp, r.SeccompFlags = p, uint32(len(s.Filter)), uint32(s.Flags)|newListener&uint32(flagIf(s.Listener != nil))
	}
}

// refuse notes what C cannot be told, and the rule. The first such note counts.
func (e *emitter) refuse(step Step, field, object, rule string) {
	if e.err == nil {
		e.err = &Error{Step: step, Errno: syscall.EINVAL, Object: object, field: field, hint: rule}
	}
}

func (e *emitter) signals(r *c.Request, flag uint64, to *uint64, list []signal, step Step, what string) {
	if list == nil {
		return
	}
	r.Flags |= flag
	for _, s := range list {
		if s < 1 || s > 64 {
			e.refuse(step, what, fmt.Sprintf("%s has %d", what, int(s)), "A signal is 1 to 64.")
			return
		}
		*to |= 1 << (s - 1)
	}
}

func (e *emitter) number(r *c.Request, flag uint64, to *int32, value *int, step Step) {
	if value == nil {
		return
	}
	r.Flags |= flag
	*to = int32(*value)
	if int(*to) != *value {
		e.refuse(step, step.Field(), fmt.Sprint(*value), step.Field()+" is a number of 32 bits.")
	}
}

// file emits a descriptor. It leaves the file's mode alone, which Fd may not.
func (e *emitter) file(r *c.Request, flag uint64, to *int32, f *os.File, step Step, what string) {
	if f == nil {
		return
	}
	r.Flags |= flag
	*to = -1 // if it is closed when we look for the second time
	conn, err := f.SyscallConn()
	if err == nil {
		err = conn.Control(func(fd uintptr) { *to = narrow(int(fd)) })
	}
	if err != nil && e.err == nil {
		e.err = &Error{Step: step, Errno: syscall.EBADF, Object: what + " is closed", field: what,
			hint: what + " is an *os.File that has been closed. It must stay open until Start has returned."}
	}
}

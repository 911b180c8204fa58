// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"forkexec.example/forkexec/c"
	"forkexec.example/forkexec/go/internal/bubble"
)

// wait returns what has become of the child, with what its hooks do on the way.
func (s *child) wait(ctx context.Context, opt *Options) c.Outcome {
	for {
		outcome := s.waitOnce(ctx)
		if outcome != c.Stopped {
			return outcome
		}
		if s.res.Detail != 0 {
			s.pause()
			continue
		}
		step := Step(s.res.Step)
		hook, err := hookAt(step, opt)
		if err == nil && ctx.Err() == nil {
			err = s.runHook(ctx, hook)
		}
		switch {
		case ctx.Err() != nil:
			return c.Cancelled // and attempt() ends the child
		case err != nil:
			s.refuse(step, err)
			return c.Failed
		}
		c.Continue(s.req, s.res, 0)
	}
}

// hookAt returns the function of a stop, of which the child has told.
func hookAt(step Step, opt *Options) (func(pid int) error, error) {
	switch {
	case step == StepStopClone && opt != nil && opt.OnClone != nil:
		return opt.OnClone, nil
	case step == StepStopExec && opt != nil && opt.OnExec != nil:
		return opt.OnExec, nil
	}
	return nil, fmt.Errorf("the child waits at %q, and nobody has asked for that", step)
}

// refuse ends a stopped child.
func (s *child) refuse(step Step, err error) {
	pid, pidfd := int(s.res.Pid), int(s.res.Pidfd)
	kill(pid, pidfd)
	c.Continue(s.req, s.res, syscall.ECANCELED)
	if c.Finish(s.req, s.res, state(), -1) == c.Running { // the signal came first: not reaped yet
		reap(pid, pidfd)
		if pidfd >= 0 {
			_ = syscall.Close(pidfd)
		}
	}
	s.hookErr = &Error{Step: step, Errno: syscall.ECANCELED, err: err}
	if own, ok := err.(*hookError); ok {
		s.hookErr.err, s.hookErr.field, s.hookErr.cause = own.error, own.field, own
	}
}

// runHook calls a hook. The end of ctx kills the child meanwhile, and so does a hook that does not
// return: nobody else would.
func (s *child) runHook(ctx context.Context, hook func(pid int) error) error {
	pid, pidfd := int(s.res.Pid), int(s.res.Pidfd)
	end := bubble.While(ctx, func() { kill(pid, pidfd) })
	returned := false
	defer func() {
		end() // the ID may be another's soon
		if returned {
			return
		}
		if s.note != nil {
			s.note.Step = Step(s.res.Step).String()
		}
		s.refuse(0, nil)
		s.tell()
		s.free()
	}()
	err := hook(pid)
	returned = true
	return err
}

// withIDMapHelpers moves the ID maps from sys to a hook.
func withIDMapHelpers(ctx context.Context, sys *syscall.SysProcAttr, opt *Options) (*syscall.SysProcAttr, *Options, *Error) {
	if sys.Cloneflags&syscall.CLONE_NEWUSER == 0 {
		return nil, nil, &Error{Step: StepRequest, Errno: syscall.EINVAL, Object: "IDMapHelpers without CLONE_NEWUSER in Cloneflags",
			field: "IDMapHelpers", hint: "The helpers write the maps of a new user namespace: set CLONE_NEWUSER in Cloneflags."}
	}
	if sys.UidMappings == nil && sys.GidMappings == nil {
		return nil, nil, &Error{Step: StepRequest, Errno: syscall.EINVAL, Object: "IDMapHelpers without UidMappings and GidMappings",
			field: "IDMapHelpers", hint: "The helpers write UidMappings and GidMappings, and neither is set: set one, or leave IDMapHelpers out."}
	}
	before, gids := opt.OnClone, sys.GidMappings
	own, with := *sys, *opt
	own.UidMappings, own.GidMappings = nil, nil
	deny := gids != nil && !sys.GidMappingsEnableSetgroups
	if deny && sys.Credential != nil && len(sys.Credential.Groups) == 0 {
		cred := *sys.Credential
		cred.NoSetGroups = true // C leaves it out as well where it writes such a map
		own.Credential = &cred
	}
	with.OnClone = func(pid int) error {
		if before != nil {
			if err := before(pid); err != nil {
				return err
			}
		}
		if err := uidMap.write(ctx, pid, sys); err != nil {
			return err
		}
		if deny {
			if err := denySetgroups(pid); err != nil {
				return &hookError{err, "GidMappings", func() string { return "" }}
			}
		}
		if err := gidMap.write(ctx, pid, sys); err != nil {
			return err
		}
		if sys.GidMappingsEnableSetgroups && gids != nil && setgroupsDenied(pid) {
			err := fmt.Errorf("GidMappingsEnableSetgroups: %w: newgidmap, or this process's user namespace, denies setgroups(2)", syscall.EPERM)
			return &hookError{err, "GidMappingsEnableSetgroups", func() string {
				return "newgidmap allows setgroups(2) only for groups that /etc/subgid grants, not for the user's own one. Map only such, " +
					"or leave GidMappingsEnableSetgroups out."
			}}
		}
		return nil
	}
	return &own, &with, nil
}

// denySetgroups is what C does before it writes a map without GidMappingsEnableSetgroups; the helper
// does it for some maps only.
func denySetgroups(pid int) error {
	f, err := os.OpenFile(fmt.Sprintf("/proc/%d/setgroups", pid), os.O_WRONLY, 0)
	if errors.Is(err, syscall.ENOENT) { // Linux < 3.19 has no such file
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString("deny")
	return err
}

func setgroupsDenied(pid int) bool {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/setgroups", pid))
	return strings.HasPrefix(string(b), "deny")
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && cgo && (amd64 || arm64)

package forkexec

import (
	"context"
	"errors"
	"syscall"
	"time"
	"unsafe"

	"forkexec.example/forkexec/c"
	"forkexec.example/forkexec/go/internal/nofile"
)

const implementation = "cgo"

// state is what this process learns about cloning, see struct forkexec_state.
var state c.State

// nofileFlag is c.Nofile if package syscall has raised the soft limit, and the
// request's fields then are nofile.Limit and nofileRaised.
var nofileFlag, nofileRaised = func() (uint64, uint64) {
	var now syscall.Rlimit
	soft, hard := nofile.Limit[0], nofile.Limit[1]
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &now) != nil || hard == 0 || now.Max != hard || now.Cur == soft {
		return 0, 0
	}
	// Go raises to the hard limit or, since 1.23, to one below. Any other value
	// was set by somebody else's init function, which ends the restoring.
	if now.Cur != hard && now.Cur != hard-1 {
		return 0, 0
	}
	return c.Nofile, now.Cur
}()

// A child is one start on its way from the request to the execve.
type child struct {
	arena *arena
	req   *c.Request
	res   *c.Result
	work  unsafe.Pointer
}

// Errors with the texts of syscall.ForkExec, which are no Errno there either.
var (
	errSetcttyForeground = errors.New("both Setctty and Foreground set in SysProcAttr")
	errCttyNotInChild    = errors.New("Setctty set but Ctty not valid in child")
)

// prepare fills an arena. The order of its checks is that of syscall.ForkExec.
func prepare(argv0 string, argv []string, attr *syscall.ProcAttr, sys *syscall.SysProcAttr, opt *Options) (*child, *Error) {
	if err := unknownFields(sys); err != nil {
		return nil, err
	}
	work := workBound(attr, sys)
	a := newArena(arenaSize(argv0, argv, attr, sys) + work + 16)
	s := &child{arena: a, req: (*c.Request)(a.alloc(unsafe.Sizeof(c.Request{}))), res: (*c.Result)(a.alloc(unsafe.Sizeof(c.Result{})))}
	*s.req = c.Request{Size: uint64(unsafe.Sizeof(c.Request{}))}
	*s.res = c.Result{Pidfd: -1}
	err := s.strings(argv0, argv, attr, sys)
	if err == nil {
		err = s.attributes(attr, sys, opt)
	}
	if err != nil {
		a.free()
		return nil, err
	}
	a.align16()
	s.work = a.alloc(work)
	s.req.Work = uintptr(s.work)
	s.req.WorkSize = uint64(work)
	return s, nil
}

func (s *child) strings(argv0 string, argv []string, attr *syscall.ProcAttr, sys *syscall.SysProcAttr) (err *Error) {
	if s.req.Path = s.arena.str(argv0); s.req.Path == 0 {
		return nulError("argv0")
	}
	if s.req.Argv, err = s.arena.strs(argv, "argv"); err != nil {
		return err
	}
	if s.req.Envp, err = s.arena.strs(attr.Env, "Env"); err != nil {
		return err
	}
	if sys.Chroot != "" {
		if s.req.Chroot = s.arena.str(sys.Chroot); s.req.Chroot == 0 {
			return nulError("Chroot")
		}
	}
	if attr.Dir != "" {
		if s.req.Dir = s.arena.str(attr.Dir); s.req.Dir == 0 {
			return nulError("Dir")
		}
	}
	return nil
}

func (s *child) attributes(attr *syscall.ProcAttr, sys *syscall.SysProcAttr, opt *Options) *Error {
	if sys.Setctty && sys.Foreground {
		return &Error{Step: StepRequest, Errno: syscall.EINVAL, err: errSetcttyForeground}
	}
	if sys.Setctty && sys.Ctty >= len(attr.Files) {
		return &Error{Step: StepRequest, Errno: syscall.EINVAL, err: errCttyNotInChild}
	}
	r := s.req
	r.Flags = nofileFlag | c.Pidfd&flagIf(sys.PidFD != nil) | c.Setsid&flagIf(sys.Setsid) |
		c.Setpgid&flagIf(sys.Setpgid) | c.Foreground&flagIf(sys.Foreground) | c.Setctty&flagIf(sys.Setctty) |
		c.Noctty&flagIf(sys.Noctty) | c.Ptrace&flagIf(sys.Ptrace) | c.UidMap&flagIf(sys.UidMappings != nil) |
		c.GidMap&flagIf(sys.GidMappings != nil) | c.GidSetgroups&flagIf(sys.GidMappingsEnableSetgroups) |
		c.CgroupFd&flagIf(sys.UseCgroupFD)
	r.NofileSoft, r.NofileMax, r.NofileRaised = nofile.Limit[0], nofile.Limit[1], nofileRaised
	r.Ctty, r.Pgid, r.Pdeathsig, r.CgroupFd = narrow(sys.Ctty), narrow(sys.Pgid), narrow(int(sys.Pdeathsig)), narrow(sys.CgroupFD)
	r.CloneFlags, r.UnshareFlags = uint64(sys.Cloneflags), uint64(sys.Unshareflags)
	s.lists(attr, sys)
	if opt != nil {
		r.Flags |= c.CloseFds & flagIf(opt.CloseFDs)
		r.TextBusyMs = textBusyMs(opt.TextBusyTimeout)
	}
	return nil
}

func flagIf(b bool) uint64 {
	if b {
		return ^uint64(0)
	}
	return 0
}

func (s *child) lists(attr *syscall.ProcAttr, sys *syscall.SysProcAttr) {
	r := s.req
	var fds []int32
	fds, r.Fds = array[int32](s.arena, len(attr.Files))
	r.NFds = uint32(len(fds))
	for i, fd := range attr.Files {
		fds[i] = narrow(int(fd))
	}
	r.UidMap, r.NUidMap = s.idMap(sys.UidMappings)
	r.GidMap, r.NGidMap = s.idMap(sys.GidMappings)
	var caps []uint64
	caps, r.AmbientCaps = array[uint64](s.arena, len(sys.AmbientCaps))
	r.NAmbientCaps = uint32(len(caps))
	for i, v := range sys.AmbientCaps {
		caps[i] = uint64(v)
	}
	if cred := sys.Credential; cred != nil {
		var groups []uint32
		r.Flags |= c.Credential | c.NoSetGroups&flagIf(cred.NoSetGroups)
		r.Uid, r.Gid = cred.Uid, cred.Gid
		groups, r.Groups = array[uint32](s.arena, len(cred.Groups))
		r.NGroups = uint32(copy(groups, cred.Groups))
	}
}

func (s *child) idMap(list []syscall.SysProcIDMap) (uintptr, uint32) {
	maps, p := array[c.IDMap](s.arena, len(list))
	for i, m := range list {
		maps[i] = c.IDMap{ContainerID: int64(m.ContainerID), HostID: int64(m.HostID), Size: int64(m.Size)}
	}
	return p, uint32(len(maps))
}

// clone makes the child, with ForkLock held just for that.
func (s *child) clone() int {
	if settings().noclone3 {
		// A plain store of the same value by every start; the C side only reads it.
		state.Bits |= c.StateNoClone3
	}
	forkGate.lock()
	defer forkGate.unlock()
	return c.Start(s.req, s.res, &state)
}

// finish waits for the execve, or for the end of ctx, which kills the child. It
// returns a nil error, an *Error or ctx's. Either way the arena is not ours any more.
func (s *child) finish(ctx context.Context, describe func() *Error) error {
	if ctx.Done() == nil {
		rc := c.Finish(s.req, s.res, &state, -1)
		return s.end(rc, describe)
	}
	killed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(killed)
		s.kill()
		c.Cancel(s.work)
	})
	rc := c.Finish(s.req, s.res, &state, -1)
	if stop() {
		return s.end(rc, describe)
	}
	<-killed
	s.abandon(rc)
	return ctx.Err()
}

func (s *child) end(rc int, describe func() *Error) error {
	defer s.arena.free()
	if rc < 0 {
		return describe()
	}
	return nil
}

func (s *child) kill() {
	if fd := s.res.Pidfd; fd >= 0 {
		_, _, _ = syscall.RawSyscall6(sysPidfdSendSignal, uintptr(fd), uintptr(syscall.SIGKILL), 0, 0, 0, 0)
	} else if s.res.Pid > 0 {
		_ = syscall.Kill(int(s.res.Pid), syscall.SIGKILL)
	}
}

// killGrace is for how long a cancelled Start waits for its child to die. It does
// so at once unless it hangs in the kernel, as on a dead network file system; then
// it is left to a goroutine that reaps it whenever it can.
const killGrace = 50 * time.Millisecond

// abandon reaps a child that was killed, and frees the arena once it has died.
func (s *child) abandon(rc int) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if rc == -int(syscall.ECANCELED) {
			rc = c.Finish(s.req, s.res, &state, -1)
		}
		if rc == 0 { // it had come to its execve, or died before without a report
			s.kill()
			waitFor(int(s.res.Pid))
			if s.res.Pidfd >= 0 {
				_ = syscall.Close(int(s.res.Pidfd))
			}
		}
		s.arena.free()
	}()
	select {
	case <-done:
	case <-time.After(killGrace):
	}
}

func waitFor(pid int) {
	for {
		if _, err := syscall.Wait4(pid, nil, 0, nil); err != syscall.EINTR {
			return
		}
	}
}

// startC is the C path of ForkExec and Start. A pidfd is wanted if sys.PidFD is set.
func startC(ctx context.Context, argv0 string, argv []string, attr *syscall.ProcAttr, sys *syscall.SysProcAttr, opt *Options) (int, error) {
	s, perr := prepare(argv0, argv, attr, sys, opt)
	if perr != nil {
		return 0, perr
	}
	describe := func() *Error {
		return newError(Step(s.res.Step), syscall.Errno(s.res.Err), s.res.Detail, argv0, attr)
	}
	if s.clone() < 0 {
		return 0, s.end(-1, describe)
	}
	pid, pidfd := int(s.res.Pid), int(s.res.Pidfd)
	err := s.finish(ctx, describe)
	if sys.PidFD != nil {
		// As in package syscall: untouched if there was no child at all, -1 if
		// it failed later.
		*sys.PidFD = pidfd
		if err != nil {
			*sys.PidFD = -1
		}
	}
	if err != nil {
		return 0, err
	}
	return pid, nil
}

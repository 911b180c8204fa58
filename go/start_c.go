// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"forkexec.example/forkexec/c"
	"forkexec.example/forkexec/go/internal/nofile"
	"forkexec.example/forkexec/go/internal/settings"
)

const implementation = c.Implementation

// state is what this process learns about cloning, see struct forkexec_state.
var state = sync.OnceValue(func() *c.State {
	s := new(c.State)
	if settings.Get().NoClone3 {
		s.Bits = c.StateNoClone3
	}
	return s
})

// nofileFlag is c.Nofile if package syscall has raised the soft limit, and the
// request's fields then are nofile.Limit and nofileRaised.
var nofileFlag, nofileRaised = func() (uint64, uint64) {
	var now syscall.Rlimit
	soft, hard := nofile.Limit[0], nofile.Limit[1]
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &now) != nil || hard == 0 || now.Max != hard || now.Cur == soft {
		return 0, 0
	}
	// Go raises to the hard limit or, since 1.24, to one below. Any other value
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

	lent     []int32 // slots of the reserve that its files lie in
	immortal bool    // clone on the immortal thread
	alone    bool    // may have a pipe that no other child shall inherit
}

// Errors with the texts of syscall.ForkExec, which are no Errno there either.
var (
	errSetcttyForeground = errors.New("both Setctty and Foreground set in SysProcAttr")
	errCttyNotInChild    = errors.New("Setctty set but Ctty not valid in child")
)

// prepare fills an arena. The order of its checks is that of syscall.ForkExec.
func prepare(argv0 string, argv []string, attr *syscall.ProcAttr, sys *syscall.SysProcAttr, opt *Options) (*child, *Error) {
	if err := unknownFields(attr, sys); err != nil {
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
		s.free()
		return nil, err
	}
	a.align16()
	s.work = a.alloc(work)
	s.req.Work = uintptr(s.work)
	s.req.WorkSize = uint64(work)
	return s, nil
}

// free gives back what the start has borrowed. Its child has its own descriptors by now,
// or there is none.
func (s *child) free() {
	reserved.giveBack(s.lent)
	s.arena.free()
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
		return &Error{Step: StepRequest, Errno: syscall.EINVAL, err: errSetcttyForeground,
			hint: "Setctty names a descriptor of the child, Foreground one of the parent, and both use Ctty: set one of the two."}
	}
	if sys.Setctty && sys.Ctty >= len(attr.Files) {
		return &Error{Step: StepRequest, Errno: syscall.EINVAL, err: errCttyNotInChild,
			hint: fmt.Sprintf("With Setctty, Ctty is an index into Files: it is %d, and Files has %d entries.", sys.Ctty, len(attr.Files))}
	}
	r := s.req
	r.Flags = nofileFlag | c.Pidfd&flagIf(sys.PidFD != nil) | c.Setsid&flagIf(sys.Setsid) |
		c.Setpgid&flagIf(sys.Setpgid) | c.Foreground&flagIf(sys.Foreground) | c.Setctty&flagIf(sys.Setctty) |
		c.Noctty&flagIf(sys.Noctty) | c.Ptrace&flagIf(sys.Ptrace) | c.UidMap&flagIf(sys.UidMappings != nil) |
		c.GidMap&flagIf(sys.GidMappings != nil) | c.GidSetgroups&flagIf(sys.GidMappingsEnableSetgroups) |
		c.CgroupFd&flagIf(sys.UseCgroupFD)
	r.NofileSoft, r.NofileMax, r.NofileRaised = nofile.Limit[0], nofile.Limit[1], nofileRaised
	r.Ctty, r.Pdeathsig, r.CgroupFd = narrow(sys.Ctty), narrow(int(sys.Pdeathsig)), narrow(sys.CgroupFD)
	r.Pgid = int32(sys.Pgid) // the kernel truncates it in the standard library's path, too
	r.CloneFlags, r.UnshareFlags = uint64(sys.Cloneflags), uint64(sys.Unshareflags)
	s.lists(attr, sys, opt)
	if opt != nil {
		r.Flags |= c.CloseFds & flagIf(opt.CloseFDs)
		s.immortal = opt.PdeathsigProcess && sys.Pdeathsig != 0
		if opt.KeepDumpable && sys.Credential != nil {
			r.Flags |= c.KeepDumpable
			s.alone = true
		}
	}
	if (r.CloneFlags|r.UnshareFlags)&syscall.CLONE_NEWUSER != 0 && syscall.Geteuid() == 0 {
		s.alone = true
	}
	if !s.immortal { // whose one thread serves all
		r.Flags |= c.Vfork
	}
	return nil
}

func flagIf(b bool) uint64 {
	if b {
		return ^uint64(0)
	}
	return 0
}

func (s *child) lists(attr *syscall.ProcAttr, sys *syscall.SysProcAttr, opt *Options) {
	r := s.req
	var fds []int32
	fds, r.Fds = array[int32](s.arena, len(attr.Files))
	r.NFds = uint32(len(fds))
	for i, fd := range attr.Files {
		fds[i] = narrow(int(fd))
	}
	if opt != nil && opt.CloseFDs {
		s.lent = reserved.lend(fds)
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

// clone makes the child, with ForkLock held until it has its own descriptors, and a while
// longer: see c.Vfork.
func (s *child) clone() int {
	forkGate.lock(s)
	defer forkGate.unlock(s)
	if !s.immortal {
		return c.Start(s.req, s.res, state())
	}
	var rc int
	onImmortalThread(func() { rc = c.Start(s.req, s.res, state()) })
	return rc
}

// An outcome says what has become of a child.
type outcome int

const (
	unborn    outcome = iota // there was none
	finished                 // it has come to its execve, or failed and been reaped
	cancelled                // the context has ended; arena and child are in other hands
)

// once makes the child and waits for its execve, or for the end of ctx, which kills
// it. rc is 0 or a negative errno.
func (s *child) once(ctx context.Context) (rc int, how outcome) {
	if s.alone {
		defer settle()
	}
	if rc = s.clone(); rc < 0 {
		return rc, unborn
	}
	if ctx.Done() == nil {
		return c.Finish(s.req, s.res, state(), -1), finished
	}
	told := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		c.Cancel(s.work)
		close(told)
	})
	rc = c.Finish(s.req, s.res, state(), -1)
	if stop() {
		return rc, finished
	}
	<-told // s.work is ours alone again
	s.abandon(rc)
	return rc, cancelled
}

// killGrace is for how long a cancelled Start waits for its child to die. It does
// so at once unless it hangs in the kernel, as on a dead network file system; then
// it is left to a goroutine that reaps it whenever it can.
const killGrace = 50 * time.Millisecond

// abandon kills and reaps a child and frees the arena once it has died. rc is what
// Finish has returned so far.
func (s *child) abandon(rc int) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer s.free()
		if rc == -int(syscall.ECANCELED) {
			kill(int(s.res.Pid), int(s.res.Pidfd))
			rc = c.Finish(s.req, s.res, state(), -1)
			settle()
		}
		if rc < 0 {
			return // it has failed and been reaped
		}
		// It had come to its execve, or died before without a report.
		kill(int(s.res.Pid), int(s.res.Pidfd))
		reap(int(s.res.Pid), int(s.res.Pidfd))
		if s.res.Pidfd >= 0 {
			_ = syscall.Close(int(s.res.Pidfd))
		}
	}()
	select {
	case <-done:
	case <-time.After(killGrace):
	}
}

// kill sends SIGKILL to a child that has not been waited for.
func kill(pid, pidfd int) {
	if pidfd >= 0 {
		_, _, _ = syscall.RawSyscall6(sysPidfdSendSignal, uintptr(pidfd), uintptr(syscall.SIGKILL), 0, 0, 0, 0)
	} else {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// reap waits for a child and drops its status. The pidfd is preferred: it cannot
// name another child that was given the same ID.
func reap(pid, pidfd int) {
	const pPidfd = 3 // P_PIDFD of waitid(2), since Linux 5.4
	for pidfd >= 0 {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, pPidfd, uintptr(pidfd), 0, syscall.WEXITED, 0, 0)
		if errno == 0 || errno == syscall.ECHILD {
			return
		}
		if errno != syscall.EINTR {
			break
		}
	}
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
	rc, how := s.once(ctx)
	if rc == -int(syscall.ETXTBSY) && how == finished && opt != nil && opt.TextBusyTimeout > 0 {
		rc, how = s.again(ctx, opt.TextBusyTimeout)
	}
	if how == cancelled {
		if sys.PidFD != nil {
			*sys.PidFD = -1
		}
		return 0, ctx.Err()
	}
	defer s.free()
	// As in package syscall: untouched if there was no child, -1 if it failed later.
	if sys.PidFD != nil && how == finished {
		*sys.PidFD = int(s.res.Pidfd)
	}
	if rc < 0 {
		return 0, s.stepError(argv0, argv, attr, sys)
	}
	return int(s.res.Pid), nil
}

// again repeats a start that has failed with ETXTBSY. It is the whole start that is
// repeated: the child itself may have held the descriptor that is open for writing,
// as a copy of ours.
func (s *child) again(ctx context.Context, timeout time.Duration) (rc int, how outcome) {
	end := time.Now().Add(timeout)
	for delay := time.Millisecond; ; delay = min(2*delay, 20*time.Millisecond) {
		timer := time.NewTimer(min(delay, time.Until(end)))
		select {
		case <-ctx.Done():
			timer.Stop()
			s.free()
			return -int(syscall.ECANCELED), cancelled
		case <-timer.C:
		}
		rc, how = s.once(ctx)
		if rc != -int(syscall.ETXTBSY) || how != finished || !time.Now().Before(end) {
			return rc, how
		}
	}
}

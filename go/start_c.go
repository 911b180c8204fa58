// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"forkexec.example/forkexec/c"
	"forkexec.example/forkexec/go/internal/bubble"
	"forkexec.example/forkexec/go/internal/gate"
	"forkexec.example/forkexec/go/internal/nofile"
	"forkexec.example/forkexec/go/internal/run"
	"forkexec.example/forkexec/go/internal/settings"
	"forkexec.example/forkexec/go/internal/threads"
	"forkexec.example/forkexec/go/internal/trace"
)

const implementation = c.Implementation

// state is what this process learns about cloning, see struct forkexec_state.
var state = sync.OnceValue(func() *c.State {
	s := new(c.State)
	if shared := settings.Get().State; shared != 0 {
		s = *(**c.State)(unsafe.Pointer(&shared)) // it is in the data of the program
	}
	if settings.Get().NoClone3 && settings.Get().State == 0 { // the overlay has read it, too
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
	// was set by another init function, which ends the restoring.
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
	scarce   bool    // threads are
	hookErr  *Error  // of OnClone or OnExec

	waiter *run.Once // waits for the end of the child, or nil
	paused bool      // it has been at its PauseAt

	// What is told of the start, and to whom: nil if nobody asks.
	trace *c.Trace
	began time.Time
	fill  func()
	note  *note
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
	var count emitter
	var r c.Request
	count.room(unsafe.Sizeof(c.Request{}) + unsafe.Sizeof(c.Result{}))
	emit(&count, &r, argv0, argv, attr, sys, opt)
	switch {
	case count.err != nil:
		return nil, count.err
	case sys.Setctty && sys.Foreground:
		return nil, &Error{Step: StepRequest, Errno: syscall.EINVAL, err: errSetcttyForeground, field: "Setctty",
			hint: "Setctty names a descriptor of the child, Foreground one of the parent, and both use Ctty: set one of the two."}
	case sys.Setctty && sys.Ctty >= len(attr.Files):
		return nil, &Error{Step: StepRequest, Errno: syscall.EINVAL, err: errCttyNotInChild, field: "Ctty",
			hint: "With Setctty, Ctty is an index into Files: it is " + strconv.Itoa(sys.Ctty) + ", and Files has " + strconv.Itoa(len(attr.Files)) + " entries."}
	}
	work := workSize(&r)
	a := newArena(count.used + 16 + uintptr(work))
	e := emitter{mem: unsafe.Pointer(&a.mem[0]), arena: a, size: count.used}
	s := &child{arena: a}
	s.req, s.res = (*c.Request)(e.room(unsafe.Sizeof(c.Request{}))), (*c.Result)(e.room(unsafe.Sizeof(c.Result{})))
	*s.req, *s.res = c.Request{}, c.Result{Pidfd: -1, SeccompFd: -1}
	emit(&e, s.req, argv0, argv, attr, sys, opt)
	s.trace = e.trace
	end := unsafe.Add(e.mem, e.used)
	s.work = unsafe.Add(end, -uintptr(end)&15)
	s.req.Work, s.req.WorkSize = uintptr(s.work), work
	if opt != nil {
		s.immortal = opt.PdeathsigProcess && sys.Pdeathsig != 0
		if opt.CloseFDs {
			s.lent = reserved.lend(e.fds)
		}
	}
	return s, nil
}

// usualFiles is how many Files most starts have at the most.
const usualFiles = 16

// usualWork is enough for each start with so many Files and no ID maps: what forkexec_work_size()
// returns grows with their number.
var usualWork = sync.OnceValue(func() uint64 {
	return c.WorkSize(&c.Request{Size: uint64(unsafe.Sizeof(c.Request{})), NFds: usualFiles})
})

func workSize(r *c.Request) uint64 {
	if r.NFds <= usualFiles && r.NUidMap == 0 && r.NGidMap == 0 {
		return usualWork()
	}
	return c.WorkSize(r)
}

// tell hands over what is known of the start. It is called before free, whatever becomes of the child.
func (s *child) tell() {
	if s.note != nil {
		s.note.Method, s.note.How = s.res.Method, s.res.How
	}
	if s.trace != nil {
		s.fill()
	}
}

// free gives back what the start has borrowed. Its child has its own descriptors by now,
// or there is none.
func (s *child) free() {
	reserved.giveBack(s.lent)
	s.arena.free()
}

var (
	forkGate  = gate.Gate{ForkLock: &syscall.ForkLock}
	myThreads threads.Threads
)

// clone makes the child, with other starts beside it unless it needs pipes. It returns whether
// there is one.
func (s *child) clone() bool {
	s.req.Flags |= c.NoPipes & flagIf(!s.scarce)
	if s.cloneInside(s.scarce) {
		return true
	}
	if s.res.RetryFlags&c.NoPipes == 0 {
		return false
	}
	s.req.Flags &^= c.NoPipes
	return s.cloneInside(true)
}

func (s *child) cloneInside(alone bool) bool {
	forkGate.Enter(alone)
	defer forkGate.Leave()
	if s.scarce && !s.immortal {
		return c.StartWithP(s.req, s.res, state()) == 0
	}
	if !s.immortal {
		return c.Start(s.req, s.res, state()) == 0
	}
	var rc int
	onImmortalThread(func() { rc = c.Start(s.req, s.res, state()) })
	return rc == 0
}

// A fate is what has become of a start.
type fate int

const (
	unborn  fate = iota // it has failed, and there was no child
	failed              // it has failed at a step, and the child has been reaped
	started             // the child has come to its execve, or was killed before it by others
	aborted             // by its context, or as signals cannot be blocked any more; arena and child are in other hands
)

// nanotime is CLOCK_MONOTONIC without a system call.
//
//go:linkname nanotime runtime.nanotime
func nanotime() int64

// attempt makes the child and waits for its execve, or for the end of ctx.
func (s *child) attempt(ctx context.Context, opt *Options) fate {
	defer settle()
	now := nanotime()
	s.req.NowMs = uint32(now / 1e6)
	if s.trace != nil {
		s.began, s.trace.N = time.Now(), 0
	}
	s.paused = false
	s.scarce = myThreads.Begin(now)
	defer myThreads.End()
	if !s.clone() {
		if syscall.Errno(s.res.Err) == syscall.EAGAIN {
			myThreads.LimitReached(now)
		}
		return unborn
	}
	if s.waiter != nil && !s.scarce && !trace.On() && c.TellsLater(s.req, s.res) {
		s.waiter.Begin(ctx, process(int(s.res.Pid), int(s.res.Pidfd)), int(s.res.Pidfd))
	}
	outcome := s.wait(ctx, opt)
	if outcome == c.Running || outcome != c.Failed && !s.end() {
		return started
	}
	if s.waiter != nil {
		s.waiter.Forget()
	}
	if outcome == c.Failed {
		return failed
	}
	return aborted
}

// waitOnce returns at the latest when the child stops for a hook.
func (s *child) waitOnce(ctx context.Context) c.Outcome {
	if s.paused {
		return s.waitPaused(ctx)
	}
	for i := 0; s.scarce && i < threads.ThreadsKeepPTimes && ctx.Err() == nil; i++ {
		if outcome := c.FinishWithP(s.req, s.res, state(), threads.ThreadsKeepP); outcome != c.TimedOut {
			return outcome
		}
	}
	if ctx.Done() == nil {
		return c.Finish(s.req, s.res, state(), -1)
	}
	if s.waiter != nil { // who has slept already, so that most often no context is needed
		if outcome := c.Finish(s.req, s.res, state(), 0); outcome != c.TimedOut {
			return outcome
		}
	}
	end := bubble.While(ctx, func() { c.Cancel(s.work) })
	outcome := c.Finish(s.req, s.res, state(), -1)
	if end() && outcome == c.Cancelled {
		outcome = c.Finish(s.req, s.res, state(), int64(lastMoment))
	}
	return outcome
}

const (
	// lastMoment is what a child whose context has ended still has for its execve: one that
	// nothing hinders needs less, even on a busy machine, and then the context is its Cmd's.
	lastMoment = 10 * time.Millisecond

	// killGrace is for how long a cancelled Start waits for its child to die. It does
	// so at once unless it hangs in the kernel, as on a dead network file system; then
	// it is left to a goroutine that reaps it whenever it can.
	killGrace = 50 * time.Millisecond
)

// end kills a child that is before its execve. It returns false if the child was quicker, or
// may have been.
func (s *child) end() bool {
	kill(int(s.res.Pid), int(s.res.Pidfd))
	c.Continue(s.req, s.res, syscall.ECANCELED) // if it waits for a hook
	outcome := c.Finish(s.req, s.res, state(), int64(killGrace))
	s.tell()
	switch outcome {
	case c.Failed: // and has been reaped
		s.free()
	case c.Running:
		if !beforeExec(int(s.res.Pid)) {
			return false
		}
		s.bury()
	default:
		go func() {
			// A pidfd wakes this goroutine, so it holds no thread, however long it takes.
			waitForExit(int(s.res.Pid))
			if c.Finish(s.req, s.res, state(), -1) == c.Failed {
				s.free()
			} else {
				s.bury()
			}
			settle()
		}()
	}
	return true
}

// bury reaps a child that has been killed.
func (s *child) bury() {
	reap(int(s.res.Pid), int(s.res.Pidfd))
	for _, fd := range []int32{s.res.Pidfd, s.res.SeccompFd} {
		if fd >= 0 {
			_ = syscall.Close(int(fd))
		}
	}
	s.free()
}

// startC is the C path of ForkExec and Start. A pidfd is wanted if sys.PidFD is set.
func startC(ctx context.Context, waiter *run.Once, argv0 string, argv []string, attr *syscall.ProcAttr, sys *syscall.SysProcAttr, opt *Options, n *note) (int, error) {
	if opt != nil && opt.IDMapHelpers {
		var err *Error
		if sys, opt, err = withIDMapHelpers(ctx, sys, opt); err != nil {
			return 0, err
		}
	}
	s, perr := prepare(argv0, argv, attr, sys, opt)
	if perr != nil {
		return 0, perr
	}
	s.waiter, s.note = waiter, n
	if s.trace != nil {
		s.fill = func() { s.fillTrace(opt.Trace, argv0, attr, sys, opt) }
	}
	fate := s.again(ctx, opt)
	// As in package syscall: untouched if there was no child, -1 if it failed later.
	if sys.PidFD != nil && fate != unborn {
		*sys.PidFD = -1
	}
	if fate == aborted {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return 0, &Error{Step: StepWait, Errno: syscall.EPERM} // signals cannot be blocked any more
	}
	defer s.free()
	s.tell()
	defer runtime.KeepAlive(opt) // its files are open until here
	if fate != started && s.hookErr != nil {
		return 0, s.hookErr
	}
	if fate != started {
		return 0, s.stepError(argv0, argv, attr, sys, opt)
	}
	if sys.PidFD != nil {
		*sys.PidFD = int(s.res.Pidfd)
	}
	if opt != nil && opt.Seccomp != nil && opt.Seccomp.Listener != nil {
		*opt.Seccomp.Listener = int(s.res.SeccompFd)
	}
	return int(s.res.Pid), nil
}

// again makes a start, and repeats it as long as it fails for a reason that may pass. It is
// the whole start that is repeated: of a program that is open for writing, the child itself
// may have held that descriptor, as a copy of ours.
func (s *child) again(ctx context.Context, opt *Options) fate {
	var end time.Time
	if opt != nil && opt.TextBusyTimeout > 0 {
		end = time.Now().Add(opt.TextBusyTimeout)
	}
	fate := s.attempt(ctx, opt)
	for delay := time.Millisecond; fate == failed; delay = min(2*delay, 20*time.Millisecond) {
		if s.res.RetryFlags != 0 {
			s.req.Flags ^= s.res.RetryFlags
			fate = s.attempt(ctx, opt)
			continue
		}
		if !s.textBusy() || !time.Now().Before(end) {
			break
		}
		timer := time.NewTimer(min(delay, time.Until(end)))
		select {
		case <-ctx.Done():
			timer.Stop()
			s.tell()
			s.free()
			return aborted
		case <-timer.C:
		}
		fate = s.attempt(ctx, opt)
	}
	return fate
}

func (s *child) textBusy() bool {
	return Step(s.res.Step) == StepExecve && syscall.Errno(s.res.Err) == syscall.ETXTBSY
}

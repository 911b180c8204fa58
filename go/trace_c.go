// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"

	"forkexec.example/forkexec/c"
)

func emitTrace(e *emitter, r *c.Request, opt *Options) {
	r.PauseAt = uint32(opt.PauseAt)
	if opt.Trace == nil {
		return
	}
	list, p := array[c.Trace](e, 1)
	r.Trace = p
	if len(list) > 0 {
		e.trace = &list[0]
		e.trace.Size, e.trace.N = uint32(unsafe.Sizeof(c.Trace{})), 0
	}
}

// fillTrace takes what C has written, which is nothing yet for a child that hangs. Its times are of a
// clock of its own.
func (s *child) fillTrace(t *Trace, argv0 string, attr *syscall.ProcAttr, sys *syscall.SysProcAttr, opt *Options) {
	from := s.trace
	if from.N == 0 {
		t.Begin, t.Took = s.began, time.Since(s.began)
		return
	}
	steps := from.Steps[:min(from.N, c.TraceSteps)]
	begin := steps[0].BeginNs
	t.Begin, t.Took = s.began, time.Duration(from.EndNs-begin)
	t.Steps = make([]StepTime, len(steps))
	for i, one := range steps {
		end := from.EndNs
		if i+1 < len(steps) {
			end = steps[i+1].BeginNs
		}
		t.Steps[i] = StepTime{Step: Step(one.Step), Detail: one.Detail, Calls: int(one.Calls),
			Begin: time.Duration(one.BeginNs - begin), Took: time.Duration(end - one.BeginNs),
			Object: s.objectOf(Step(one.Step), one.Detail, argv0, attr, sys, opt)}
	}
}

// objectOf says what a step was about as an Error of it would, whether it has failed or not.
func (s *child) objectOf(step Step, detail int64, argv0 string, attr *syscall.ProcAttr, sys *syscall.SysProcAttr, opt *Options) string {
	if !objectByC(step, sys) {
		return object(step, detail, argv0, attr, opt)
	}
	was := *s.res
	if Step(was.Step) != step {
		*s.res = c.Result{Pidfd: -1, Step: uint32(step), Detail: detail}
	}
	text := s.say(c.ExplainObject)
	*s.res = was
	return text
}

// pause stops the child and says so.
func (s *child) pause() {
	pid := s.res.Pid
	step := Step(s.res.Step)
	s.paused = true
	c.Continue(s.req, s.res, 0)
	for tries := 0; tries < 200 && !hasStopped(int(pid)); tries++ { // the signal is on its way
		time.Sleep(time.Millisecond)
	}
	fmt.Fprintf(os.Stderr, "forkexec: process %[1]d is stopped right before its step %[2]q. Look at it:\n"+
		"  ls -l /proc/%[1]d/fd /proc/%[1]d/ns /proc/%[1]d/cwd; cat /proc/%[1]d/status\n"+
		"  nsenter --all --target %[1]d\n"+
		"  gdb --pid %[1]d\n"+
		"It goes on after: kill -CONT %[1]d\n", pid, step.word())
}

// hasStopped reports whether a child is stopped, has been and goes on, or has ended. The first look
// may come after a SIGCONT: the kernel remembers it, unless somebody else has waited for it.
func hasStopped(pid int) bool {
	const (
		byID     = 1                     // P_PID
		anything = 1 | 2 | 4 | 8 | 1<<24 // WNOHANG, WSTOPPED, WEXITED, WCONTINUED, WNOWAIT
		wall     = 1 << 30               // __WALL: also of a child without SIGCHLD
	)
	var info [128 / 4]int32 // siginfo_t, whose first word is 0 if there is nothing to tell
	_, _, errno := syscall.RawSyscall6(syscall.SYS_WAITID, byID, uintptr(pid), uintptr(unsafe.Pointer(&info)), anything|wall, 0, 0)
	if errno == 0 && info[0] != 0 {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || bytes.Contains(stat, []byte(") T "))
}

// waitPaused returns when the child has left, or stops for a hook, or ctx has ended. It may
// take days: no thread is held for it.
func (s *child) waitPaused(ctx context.Context) c.Outcome {
	const look, pause = time.Millisecond, 20 * time.Millisecond
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		if outcome := c.Finish(s.req, s.res, state(), int64(look)); outcome != c.TimedOut {
			return outcome
		}
		timer.Reset(pause)
		select {
		case <-ctx.Done():
			return c.Cancelled
		case <-timer.C:
		}
	}
}

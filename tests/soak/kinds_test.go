// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package soak

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

// A kind of start: its attributes, and by what it is made. The child ends with the given
// status, or as the kind says.
type kind struct {
	name   string
	attr   func(s *soak, a *syscall.ProcAttr)
	opt    *forkexec.Options
	by     func(s *soak, k *kind, code int) error
	fail   syscall.Errno // the start fails with it
	mayDie bool          // the child may be killed
}

func kinds() []kind {
	plain := func(*soak, *syscall.ProcAttr) {}
	sys := func(set func(s *soak, sys *syscall.SysProcAttr)) func(*soak, *syscall.ProcAttr) {
		return func(s *soak, a *syscall.ProcAttr) { set(s, a.Sys) }
	}
	mapped := func(sys *syscall.SysProcAttr) {
		sys.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		sys.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	list := []kind{
		{name: "ForkExec", attr: plain, by: forkExec},
		{name: "ForkExec on a thread that ends", attr: plain, by: onOwnThread},
		{name: "Start", attr: plain, by: start},
		{name: "Setsid", attr: sys(func(_ *soak, y *syscall.SysProcAttr) { y.Setsid = true }), by: forkExec},
		{name: "Chroot", attr: sys(func(_ *soak, y *syscall.SysProcAttr) { y.Chroot = "/" }), by: start},
		{name: "Dir", attr: func(_ *soak, a *syscall.ProcAttr) { a.Dir = "/" }, by: forkExec},
		{name: "Pdeathsig", attr: sys(func(_ *soak, y *syscall.SysProcAttr) { y.Pdeathsig = syscall.SIGKILL }),
			opt: &forkexec.Options{PdeathsigProcess: true}, by: start},
		{name: "Credential", attr: sys(func(_ *soak, y *syscall.SysProcAttr) {
			y.Credential = &syscall.Credential{Uid: 65534, Gid: 65534, Groups: []uint32{65534, 1}}
		}), by: forkExec},
		{name: "many descriptors", attr: func(_ *soak, a *syscall.ProcAttr) {
			for i := 0; i < 40; i++ {
				a.Files = append(a.Files, a.Files[i%3])
			}
		}, by: forkExec},
		{name: "CloseFDs", attr: plain, opt: &forkexec.Options{CloseFDs: true}, by: start},
		{name: "Output", by: output},
		{name: "Run with input", by: input},
		{name: "CommandContext", by: commandContext},
		{name: "cancelled start", attr: plain, by: cancelled},
		{name: "killed by group", attr: sys(func(s *soak, y *syscall.SysProcAttr) { y.Setpgid, y.Pgid = true, s.group }), by: start, mayDie: true},
		{name: "killed while it runs", attr: sys(func(s *soak, y *syscall.SysProcAttr) { y.Setpgid, y.Pgid = true, s.group }), by: stay, mayDie: true},
		{name: "missing program", attr: plain, by: failing, fail: syscall.ENOENT},
		{name: "missing Dir", attr: func(_ *soak, a *syscall.ProcAttr) { a.Dir = "/missing" }, by: failing, fail: syscall.ENOENT},
		{name: "bad descriptor", attr: func(_ *soak, a *syscall.ProcAttr) { a.Files = append(a.Files, 1<<20) }, by: failing, fail: syscall.EBADF},
		{name: "bad program", attr: func(_ *soak, a *syscall.ProcAttr) {}, by: failing, fail: syscall.EACCES},
	}
	// A user namespace costs as much as twenty other starts.
	rare := []kind{
		{name: "NEWUSER", attr: sys(func(_ *soak, y *syscall.SysProcAttr) { y.Cloneflags = syscall.CLONE_NEWUSER; mapped(y) }), by: start},
		{name: "NEWUSER with a refused map", attr: sys(func(_ *soak, y *syscall.SysProcAttr) {
			y.Cloneflags = syscall.CLONE_NEWUSER
			mapped(y)
			y.UidMappings[0].Size = -1
		}), by: failing, fail: syscall.EINVAL},
		{name: "unshare NEWUSER", attr: sys(func(_ *soak, y *syscall.SysProcAttr) { y.Unshareflags = syscall.CLONE_NEWUSER; mapped(y) }), by: forkExec},
		{name: "NEWPID", attr: sys(func(_ *soak, y *syscall.SysProcAttr) { y.Cloneflags = syscall.CLONE_NEWPID }), by: start},
	}
	var all []kind
	for i, r := range rare {
		all = append(all, list...)
		if i%2 == 0 {
			all = append(all, list...)
		}
		all = append(all, r)
	}
	return all
}

func (s *soak) one(k *kind, code int) error {
	counts.starts.Add(1)
	return k.by(s, k, code)
}

var null = func() *os.File {
	f, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	if err != nil {
		panic(err)
	}
	return f
}()

func (s *soak) attributes(k *kind) *syscall.ProcAttr {
	a := &syscall.ProcAttr{
		Env:   []string{"A=1", "B=" + k.name},
		Files: []uintptr{null.Fd(), null.Fd(), 2},
		Sys:   &syscall.SysProcAttr{},
	}
	k.attr(s, a)
	return a
}

// check checks how a child has ended.
func (k *kind) check(ws syscall.WaitStatus, code int) error {
	if k.mayDie && ws.Signaled() && ws.Signal() == syscall.SIGKILL {
		counts.killed.Add(1)
		return nil
	}
	if !ws.Exited() || ws.ExitStatus() != code {
		return fmt.Errorf("wait status %#x, want exit status %d", uint32(ws), code)
	}
	return nil
}

func (s *soak) argv(code int) []string { return []string{s.tiny, strconv.Itoa(code)} }

func forkExec(s *soak, k *kind, code int) error {
	pid, err := forkexec.ForkExec(s.tiny, s.argv(code), s.attributes(k))
	if err != nil {
		return err
	}
	var ws syscall.WaitStatus
	for {
		got, err := syscall.Wait4(pid, &ws, 0, nil)
		if err == nil && got == pid {
			return k.check(ws, code)
		}
		if err != syscall.EINTR {
			return fmt.Errorf("wait4 = %d, %v", got, err)
		}
	}
}

func onOwnThread(s *soak, k *kind, code int) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		result <- forkExec(s, k, code)
	}()
	return <-result
}

func start(s *soak, k *kind, code int) error { return s.startWith(context.Background(), k, code) }

func (s *soak) startWith(ctx context.Context, k *kind, code int) error {
	p, err := forkexec.Start(ctx, s.tiny, s.argv(code), s.attributes(k), k.opt)
	if err != nil {
		return err
	}
	st, err := p.Wait()
	if err != nil {
		return err
	}
	return k.check(st.Sys().(syscall.WaitStatus), code)
}

// cancelled ends the context about when the child comes to its execve.
func cancelled(s *soak, k *kind, code int) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.Intn(400))*time.Microsecond)
	defer cancel()
	counts.late.Add(1)
	err := s.startWith(ctx, k, code)
	switch {
	case err == context.DeadlineExceeded:
		counts.cancelled.Add(1)
		return nil
	case err != nil && ctx.Err() != nil && strings.Contains(err.Error(), "wait status 0x9,"):
		// The end of the context met the execve: whether the program ran cannot be told.
		if n := counts.met.Add(1); n > 5 && 1000*n > 3*counts.late.Load() {
			return fmt.Errorf("%d programs were killed though Start had succeeded, the last: %w", n, err)
		}
		return nil
	}
	return err
}

func failing(s *soak, k *kind, _ int) error {
	program := s.tiny
	switch k.name {
	case "missing program":
		program = "/missing"
	case "bad program":
		program = "/dev/null"
	}
	p, err := forkexec.Start(context.Background(), program, []string{"x"}, s.attributes(k), k.opt)
	if err == nil {
		_, _ = p.Wait()
		return errors.New("it did not fail")
	}
	if !errors.Is(err, k.fail) {
		return fmt.Errorf("%w, want %v", err, k.fail)
	}
	counts.failed.Add(1)
	return nil
}

// stay starts a child that runs until it is killed, by us if nobody else does.
func stay(s *soak, k *kind, code int) error {
	p, err := forkexec.Start(context.Background(), s.tiny, append(s.argv(code), "stay"), s.attributes(k), nil)
	if err != nil {
		return err
	}
	if err := p.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	st, err := p.Wait()
	if err != nil {
		return err
	}
	return k.check(st.Sys().(syscall.WaitStatus), -1)
}

// checkRun checks the error of a Cmd.
func checkRun(cmd *exec.Cmd, err error, code int) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) || cmd.ProcessState.ExitCode() != code {
		return fmt.Errorf("%v, want exit status %d", err, code)
	}
	return nil
}

func output(s *soak, _ *kind, code int) error {
	cmd := exec.Command(s.tiny, strconv.Itoa(code))
	out, err := cmd.Output()
	if string(out) != "x" {
		return fmt.Errorf("output %q, %v", out, err)
	}
	return checkRun(cmd, err, code)
}

func input(s *soak, _ *kind, code int) error {
	cmd := exec.Command(s.tiny, strconv.Itoa(code))
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	_ = in.Close()
	text, err := io.ReadAll(out)
	if string(text) != "x" || err != nil {
		return fmt.Errorf("output %q, %v", text, err)
	}
	return checkRun(cmd, cmd.Wait(), code)
}

// commandContext ends the context while the command runs, or before.
func commandContext(s *soak, _ *kind, code int) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.Intn(1000))*time.Microsecond)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.tiny, strconv.Itoa(code), "stay")
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == context.DeadlineExceeded:
		counts.cancelled.Add(1)
	case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL:
		counts.killed.Add(1)
	default:
		return fmt.Errorf("%v, want that it was killed", err)
	}
	return nil
}

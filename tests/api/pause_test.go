// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

// withManySteps is a start that takes most of the child's steps, as root.
func withManySteps(t *testing.T) (*syscall.ProcAttr, *forkexec.Options) {
	a := attr(2, 1, 0)
	a.Dir = "/"
	a.Sys = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	opt := &forkexec.Options{
		CloseFDs: true, SignalDefault: []syscall.Signal{syscall.SIGPIPE, syscall.SIGUSR1}, SignalIgnore: []syscall.Signal{syscall.SIGUSR2},
		OOMScoreAdj: ptr(0), Rlimits: []forkexec.Rlimit{{Resource: syscall.RLIMIT_CORE}}, Nice: ptr(1), CPUs: []int{0}, IOPriority: ptr(2<<13 | 4),
		Umask: ptr(0o22), Personality: ptr(uint32(0)), NoNewPrivs: true, Securebits: ptr(uint(0)), Open: []forkexec.OpenFile{{FD: 5, Path: "/dev/null"}, {FD: 6, Path: "/"}},
		OnClone: func(int) error { return nil }, OnExec: func(int) error { return nil },
	}
	if os.Geteuid() == 0 {
		a.Sys.Chroot = "/"
		a.Sys.Unshareflags = syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS
		a.Sys.Credential = &syscall.Credential{Gid: 1, Groups: []uint32{1}}
	} else {
		opt.OOMScoreAdj, opt.Securebits, opt.Nice = nil, nil, nil
	}
	return a, opt
}

// stepsOf are what a start has taken, each once.
func stepsOf(tr *forkexec.Trace) (steps []forkexec.Step) {
	for _, s := range tr.Steps {
		if len(steps) == 0 || steps[len(steps)-1] != s.Step {
			steps = append(steps, s.Step)
		}
	}
	return steps
}

func TestTraceSteps(t *testing.T) {
	needC(t)
	clean(t)
	a, opt := withManySteps(t)
	opt.Trace = new(forkexec.Trace)
	before := time.Now()
	p, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, a, opt)
	if err != nil {
		t.Fatal(err)
	}
	if st, _ := p.Wait(); !st.Success() {
		t.Error(st)
	}
	want := []string{"request", "clone", "stop after clone", "setsid", "signal default", "signal ignore", "sigmask",
		"oom_score_adj", "rlimit", "nice", "affinity", "ioprio", "umask", "personality", "unshare", "mount private", "chroot",
		"setgroups", "setgid", "setuid", "capget", "capset", "securebits", "capabilities", "chdir", "pdeathsig",
		"move descriptor", "duplicate descriptor", "close descriptors", "open", "nofile", "no_new_privs", "stop before exec", "execve"}
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	var got []string
	for _, s := range stepsOf(opt.Trace) {
		got = append(got, s.String())
	}
	// Before KEEPCAPS and where a limit on descriptors was raised, depends on the machine.
	want = slices.DeleteFunc(want, func(s string) bool { return s == "nofile" })
	got = slices.DeleteFunc(got, func(s string) bool { return s == "nofile" || s == "keepcaps" || s == "sigaction" })
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
	var at time.Duration
	var opens int
	for _, s := range opt.Trace.Steps {
		if s.Begin < at || s.Took < 0 || s.Calls < 1 || s.Begin+s.Took > opt.Trace.Took {
			t.Errorf("%+v after %v of %v", s, at, opt.Trace.Took)
		}
		at = s.Begin
		if s.Step == forkexec.StepOpen {
			if s.Detail != int64(opens) {
				t.Errorf("%+v, want Open[%d]", s, opens)
			}
			opens++
		}
	}
	if opens != 2 || opt.Trace.Begin.Before(before) || time.Since(opt.Trace.Begin) < opt.Trace.Took {
		t.Errorf("%d files opened; began %v, took %v", opens, opt.Trace.Begin, opt.Trace.Took)
	}
	text := opt.Trace.String()
	for _, want := range []string{"umask 022", "unshare CLONE_NEWNS|CLONE_NEWUTS", "chdir /\n", "setgroups of 1", "open Open[1] = /", "execve /bin/true"} {
		if lines := strings.Count(text, "\n"); lines != len(opt.Trace.Steps) || !strings.Contains(text, want) {
			t.Errorf("%d lines, want %q in\n%s", lines, want, text)
		}
	}
}

// TestTraceOfFailures: the last step is the one that has failed; a request that is refused has none.
func TestTraceOfFailures(t *testing.T) {
	needC(t)
	clean(t)
	for _, seccomp := range []*forkexec.Seccomp{nil, {Filter: []forkexec.SockFilter{{Code: 6, K: 0x7fff0000}}}} {
		opt := &forkexec.Options{Trace: new(forkexec.Trace), NoNewPrivs: true, Seccomp: seccomp}
		for want, start := range map[forkexec.Step]func() (*os.Process, error){
			forkexec.StepExecve: func() (*os.Process, error) {
				return forkexec.Start(context.Background(), "/missing", []string{"x"}, nil, opt)
			},
			forkexec.StepChdir: func() (*os.Process, error) {
				return forkexec.Start(context.Background(), "/bin/true", []string{"x"}, &syscall.ProcAttr{Dir: "/missing"}, opt)
			},
			forkexec.StepRequest: func() (*os.Process, error) {
				return forkexec.Start(context.Background(), "/bin/true\x00", []string{"x"}, nil, opt)
			},
		} {
			_, err := start()
			var e *forkexec.Error
			if !errors.As(err, &e) || e.Step != want {
				t.Fatal(err)
			}
			steps := stepsOf(opt.Trace)
			if n := len(opt.Trace.Steps); n > 0 && (e.Object == "" || opt.Trace.Steps[n-1].Object != e.Object) {
				t.Errorf("the trace is about %q, the error about %q", opt.Trace.Steps[n-1].Object, e.Object)
			}
			if want == forkexec.StepRequest {
				if steps != nil {
					t.Error(steps)
				}
			} else if len(steps) < 3 || steps[len(steps)-1] != want {
				t.Errorf("%v, want %v last", steps, want)
			}
		}
	}
}

// TestTraceOfRun: a Cmd that sleeps once for the whole run still sees the end of the execve.
func TestTraceOfRun(t *testing.T) {
	needC(t)
	clean(t)
	const sleep = 200 * time.Millisecond
	for range 3 {
		cmd := exec.Command("/bin/sleep", "0.2")
		cmd.Options = &forkexec.Options{Trace: new(forkexec.Trace)}
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		if steps, took := stepsOf(cmd.Options.Trace), time.Since(cmd.Options.Trace.Begin); steps[len(steps)-1] != forkexec.StepExecve || cmd.Options.Trace.Took > took-sleep/2 { // not the end of the program
			t.Errorf("%v in %v of %v", steps, cmd.Options.Trace.Took, took)
		}
	}
}

// stopped waits for a child of ours that is stopped and returns its ID; 0 if none comes.
func stopped() int {
	for range 1000 {
		for _, pid := range childrenOfOurs() {
			if strings.HasPrefix(procStatus(pid, "State"), "T") {
				return pid
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	return 0
}

func childrenOfOurs() (pids []int) {
	dirs, _ := os.ReadDir("/proc/self/task")
	for _, d := range dirs {
		text, _ := os.ReadFile("/proc/self/task/" + d.Name() + "/children")
		for _, f := range strings.Fields(string(text)) {
			var pid int
			if _, err := fmt.Sscan(f, &pid); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// quiet sends standard error to /dev/null, or what is said to the returned file.
func quiet(t *testing.T) *os.File {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stderr
	os.Stderr = f
	t.Cleanup(func() { os.Stderr = old; f.Close() })
	return f
}

// TestPauseAtEachStep stops at each step that a start takes. Others start meanwhile.
func TestPauseAtEachStep(t *testing.T) {
	needC(t)
	clean(t)
	said := quiet(t)
	a, opt := withManySteps(t)
	opt.Trace = new(forkexec.Trace)
	if p, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, a, opt); err != nil {
		t.Fatal(err)
	} else if _, err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	steps := stepsOf(opt.Trace)[2:]
	for _, step := range steps {
		with := *opt
		with.PauseAt, with.Trace = step, new(forkexec.Trace)
		type result struct {
			p   *os.Process
			err error
		}
		done := make(chan result, 1)
		go func() {
			p, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, a, &with)
			done <- result{p, err}
		}()
		pid := stopped()
		if pid == 0 {
			t.Fatalf("%v: nobody has stopped: %v", step, <-done)
		}
		exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		if self, _ := os.Executable(); exe != self {
			t.Errorf("%v: it runs %s already", step, exe)
		}
		if got := procStatus(pid, "Umask"); slices.Index(steps, step) > slices.Index(steps, forkexec.StepUmask) != (got == "0022") && procStatus(os.Getpid(), "Umask") != "0022" {
			t.Errorf("%v: umask %s", step, got)
		}
		off := procStatus(os.Getpid(), "NoNewPrivs") == "1" || slices.Index(steps, step) > slices.Index(steps, forkexec.StepNoNewPrivs)
		if got := procStatus(pid, "NoNewPrivs"); off != (got == "1") {
			t.Errorf("%v: NoNewPrivs is %s", step, got)
		}
		runtime.GC()
		other, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = other.Wait()
		select {
		case r := <-done:
			t.Fatalf("%v: Start has returned: %v", step, r)
		case <-time.After(5 * time.Millisecond):
		}
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
			t.Error(err)
		}
		r := <-done
		if r.err != nil {
			t.Fatalf("%v: %v", step, r.err)
		}
		if st, _ := r.p.Wait(); !st.Success() || st.Pid() != pid {
			t.Errorf("%v: %v, %d, want %d", step, st, st.Pid(), pid)
		}
		for _, s := range with.Trace.Steps {
			if s.Step == step && s.Took < 5*time.Millisecond {
				t.Errorf("%v: the pause does not count: %v", step, s.Took)
			}
			if s.Step == step {
				break
			}
		}
	}
	text, _ := os.ReadFile(said.Name())
	if got := strings.Count(string(text), "kill -CONT"); got != len(steps) {
		t.Errorf("told %d times of %d:\n%s", got, len(steps), text)
	}
}

func TestPauseRefused(t *testing.T) {
	needC(t)
	clean(t)
	allow := &forkexec.Seccomp{Filter: []forkexec.SockFilter{{Code: 6, K: 0x7fff0000}}}
	for _, c := range []struct {
		opt  forkexec.Options
		sys  *syscall.SysProcAttr
		word string
	}{
		{forkexec.Options{PauseAt: 77}, nil, "step 77"},
		{forkexec.Options{PauseAt: 1 << 31}, nil, "step 2147483648"},
		{forkexec.Options{PauseAt: forkexec.StepClone}, nil, "clone"},
		{forkexec.Options{PauseAt: forkexec.StepChroot}, nil, "chroot"},
		{forkexec.Options{PauseAt: forkexec.StepChroot, NoNewPrivs: true, Seccomp: allow}, nil, "chroot"},
		{forkexec.Options{PauseAt: forkexec.StepExecve, NoNewPrivs: true, Seccomp: allow}, nil, "execve"},
		{forkexec.Options{PauseAt: forkexec.StepExecve}, &syscall.SysProcAttr{Ptrace: true}, "execve"},
	} {
		_, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, &syscall.ProcAttr{Sys: c.sys}, &c.opt)
		var e *forkexec.Error
		if !errors.As(err, &e) || e.Step != forkexec.StepRequest || e.Errno != syscall.EINVAL || e.Object != "PauseAt = "+c.word ||
			e.Field() != "PauseAt" || !strings.HasPrefix(e.Hint(), "PauseAt is "+c.word) && e.Hint() != "PauseAt: "+c.word+" does not exist. Name another." {
			t.Errorf("%+v: %v, %q, %q", c.opt, err, e.Field(), e.Hint())
		}
	}
}

// TestPauseEnds by a context, by a signal that kills the child, and in a new PID namespace, where
// the child's own signals could not stop it.
func TestPauseEnds(t *testing.T) {
	needC(t)
	clean(t)
	quiet(t)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		if pid := stopped(); pid == 0 {
			t.Error("nobody has stopped")
		}
		cancel()
	}()
	if p, err := forkexec.Start(ctx, "/bin/true", []string{"true"}, nil, &forkexec.Options{PauseAt: forkexec.StepSigmask}); err != context.Canceled {
		t.Error(p, err)
	}
	wg.Wait()
	var sys syscall.SysProcAttr
	if os.Geteuid() == 0 {
		sys.Cloneflags = syscall.CLONE_NEWPID | syscall.CLONE_NEWUSER
	}
	for sig, want := range map[syscall.Signal]string{syscall.SIGCONT: "exit status 0", syscall.SIGKILL: "signal: killed"} {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if pid := stopped(); pid != 0 {
				_ = syscall.Kill(pid, sig)
			} else {
				t.Error("nobody has stopped")
			}
		}()
		p, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, &syscall.ProcAttr{Sys: &sys}, &forkexec.Options{PauseAt: forkexec.StepExecve})
		if err != nil {
			t.Error(sig, err)
		} else if st, _ := p.Wait(); st.String() != want {
			t.Errorf("%v: %v, want %v", sig, st, want)
		}
		wg.Wait()
	}
}

// TestPauseOfCmd: a Cmd, too, and its context.
func TestPauseOfCmd(t *testing.T) {
	needC(t)
	clean(t)
	quiet(t)
	for _, cancelled := range []bool{false, true} {
		ctx, cancel := context.WithCancel(context.Background())
		cmd := exec.CommandContext(ctx, "/bin/sh", "-c", "exit 3")
		cmd.Options = &forkexec.Options{PauseAt: forkexec.StepExecve}
		go func() {
			pid := stopped()
			if cancelled {
				cancel()
			} else if pid != 0 {
				_ = syscall.Kill(pid, syscall.SIGCONT)
			}
		}()
		err := cmd.Run()
		if want := map[bool]string{false: "exit status 3", true: "context canceled"}[cancelled]; fmt.Sprint(err) != want {
			t.Errorf("%v, want %v", err, want)
		}
		cancel()
	}
}

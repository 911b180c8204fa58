// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Proof that the comparison can fail: paths that are the standard library's with
// one mistake each. Every mistake must be noticed.

package differential

import (
	"errors"
	"runtime"
	"syscall"
	"testing"
)

// A mistake is something that a path does wrong.
type mistake struct {
	name     string
	set      func(s *spec) // the case that shows it
	forkExec func(argv0 string, argv []string, attr *syscall.ProcAttr) (int, error)
}

// altered starts with attributes that f has changed.
func altered(f func(argv *[]string, attr *syscall.ProcAttr)) func(string, []string, *syscall.ProcAttr) (int, error) {
	return func(argv0 string, argv []string, attr *syscall.ProcAttr) (int, error) {
		a := *attr
		sys := *attr.Sys
		a.Sys = &sys
		f(&argv, &a)
		return syscall.ForkExec(argv0, argv, &a)
	}
}

// between starts between two changes of the calling thread or process.
func between(before, after func()) func(string, []string, *syscall.ProcAttr) (int, error) {
	return func(argv0 string, argv []string, attr *syscall.ProcAttr) (int, error) {
		before()
		defer after()
		return syscall.ForkExec(argv0, argv, attr)
	}
}

func ignore(f func() error) func() { return func() { _ = f() } }

func missingProgram(s *spec) { s.argv0 = fix.in("missing") }

// attributeMistakes get a field wrong.
func attributeMistakes() []mistake {
	type attr = syscall.ProcAttr
	change := func(name string, f func(argv *[]string, a *attr)) mistake { return mistake{name, nil, altered(f)} }
	return []mistake{
		change("a file is missing", func(_ *[]string, a *attr) { a.Files = a.Files[:2] }),
		change("a file is another", func(_ *[]string, a *attr) { a.Files = []uintptr{fdNull, fdNull, fdRead} }),
		change("a file too many", func(_ *[]string, a *attr) { a.Files = append(a.Files[:3:3], fdNull) }),
		change("argv", func(argv *[]string, _ *attr) { *argv = append(*argv, "") }),
		change("env", func(_ *[]string, a *attr) { a.Env = nil }),
		change("dir", func(_ *[]string, a *attr) { a.Dir = "/" }),
		change("process group", func(_ *[]string, a *attr) { a.Sys.Setpgid = true }),
		change("session", func(_ *[]string, a *attr) { a.Sys.Setsid = true }),
		change("pdeathsig", func(_ *[]string, a *attr) { a.Sys.Pdeathsig = syscall.SIGHUP }),
		change("traced", func(_ *[]string, a *attr) { a.Sys.Ptrace = true }),
		change("namespace", func(_ *[]string, a *attr) { a.Sys.Unshareflags = syscall.CLONE_NEWUSER }),
		change("attributes changed", nil).with(func(argv0 string, argv []string, a *attr) (int, error) {
			a.Sys.Ctty++
			return syscall.ForkExec(argv0, argv, a)
		}),
	}
}

func (m mistake) with(f func(string, []string, *syscall.ProcAttr) (int, error)) mistake {
	m.forkExec = f
	return m
}

// stateMistakes change what the child inherits or what is left in the parent.
func stateMistakes() []mistake {
	umask := func(mask int) func() { return func() { syscall.Umask(mask) } }
	old := syscall.Umask(0)
	syscall.Umask(old)
	setMask := func(how uintptr) func() {
		return ignore(doWith(syscall.SYS_RT_SIGPROCMASK, 1, []uint64{1 << 11}, how, 0, 0, 8)) // SIGUSR2
	}
	nothing := func() {}
	leak := func() { _, _ = syscall.Dup(fdNull) }
	return []mistake{
		{"umask", nil, between(umask(old^0o7), umask(old))},
		{"a signal blocked", nil, between(setMask(0), setMask(1))},
		{"mask not restored", nil, between(nothing, setMask(0))},
		{"inherited descriptor closed", nil, between(func() { syscall.CloseOnExec(fdInherited) },
			ignore(do(syscall.SYS_FCNTL, fdInherited, syscall.F_SETFD, 0)))},
		{"descriptor inherited too many", nil, between(ignore(do(syscall.SYS_FCNTL, fdSocket, syscall.F_SETFD, 0)),
			func() { syscall.CloseOnExec(fdSocket) })},
		{"descriptor leaked", nil, between(nothing, leak)},
		{"descriptor leaked after failure", missingProgram, between(nothing, leak)},
		{"zombie left", missingProgram, func(argv0 string, argv []string, attr *syscall.ProcAttr) (int, error) {
			_, _ = syscall.ForkExec(fix.probe, argv, &syscall.ProcAttr{})
			return syscall.ForkExec(argv0, argv, attr)
		}},
		{"non-dumpable", nil, between(nothing, ignore(do(syscall.SYS_PRCTL, prSetDumpable, 0)))},
	}
}

// resultMistakes return something else.
func resultMistakes() []mistake {
	result := func(f func(int, error, *syscall.ProcAttr) (int, error)) func(string, []string, *syscall.ProcAttr) (int, error) {
		return func(argv0 string, argv []string, attr *syscall.ProcAttr) (int, error) {
			pid, err := syscall.ForkExec(argv0, argv, attr)
			return f(pid, err, attr)
		}
	}
	type attr = *syscall.ProcAttr
	pidfd := func(s *spec) { s.pidfd = true }
	return []mistake{
		{"other errno", missingProgram, result(func(int, error, attr) (int, error) { return 0, syscall.EACCES })},
		{"wrapped error", missingProgram, result(func(_ int, err error, _ attr) (int, error) { return 0, errors.Join(err) })},
		{"pid -1", missingProgram, result(func(_ int, err error, _ attr) (int, error) { return -1, err })},
		{"no error", missingProgram, result(func(int, error, attr) (int, error) { return 0, nil })},
		{"pidfd of another", pidfd, result(func(pid int, err error, a attr) (int, error) {
			_ = syscall.Dup3(fdNull, *a.Sys.PidFD, syscall.O_CLOEXEC)
			return pid, err
		})},
		{"pidfd inherited", pidfd, result(func(pid int, err error, a attr) (int, error) {
			_ = do(syscall.SYS_FCNTL, uintptr(*a.Sys.PidFD), syscall.F_SETFD, 0)()
			return pid, err
		})},
		{"pidfd touched", func(s *spec) { pidfd(s); s.argv0 = "\x00" }, result(func(pid int, err error, a attr) (int, error) {
			*a.Sys.PidFD = -1
			return pid, err
		})},
	}
}

// TestNotice checks that each mistake makes a difference.
func TestNotice(t *testing.T) {
	runtime.LockOSThread() // some mistakes change the thread
	defer runtime.UnlockOSThread()
	for _, list := range [][]mistake{attributeMistakes(), stateMistakes(), resultMistakes()} {
		for _, m := range list {
			s := newSpec()
			s.name = "mistake: " + m.name
			s.attr.Dir = fix.root
			if m.set != nil {
				m.set(s)
			}
			if s.pidfd && needPidfd() != "" {
				continue
			}
			want, got := s.run(reference), s.run(path{m.name, m.forkExec})
			_ = do(syscall.SYS_PRCTL, prSetDumpable, 1)()
			_ = doWith(syscall.SYS_RT_SIGPROCMASK, 1, []uint64{1 << 11}, 1, 0, 0, 8)()
			for {
				if _, err := syscall.Wait4(-1, nil, 0, nil); err == syscall.ECHILD {
					break
				}
			}
			if len(difference(want.lines, got.lines))+len(got.harm) == 0 {
				t.Errorf("%s: not noticed", m.name)
			}
			if diff := difference(want.lines, s.run(reference).lines); len(diff) > 0 {
				t.Errorf("%s: the reference differs from itself: %q", m.name, diff)
			}
		}
	}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Cases that need a parent with a controlling terminal: Foreground, Noctty, a
// terminal stolen with Setctty, with the parent's group in the foreground and in
// the background. They run in a process of their own, a session leader whose
// standard input is the terminal.

package differential

import (
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

func TestForeground(t *testing.T) {
	if reason := needPty(); reason != "" {
		skipCase(t, "foreground", reason)
		t.Skip(reason)
	}
	if err := openPty(); err != nil {
		t.Fatal(err)
	}
	defer closePty()
	copied, err := syscall.Dup(fdSlave)
	if err != nil {
		t.Fatal(err)
	}
	stdin := os.NewFile(uintptr(copied), "terminal")
	defer stdin.Close()
	runInner(t, "foreground", `exec "$0" "$@"`, &syscall.SysProcAttr{Setsid: true, Setctty: true}, stdin)
}

func init() { inner["foreground"] = innerForeground }

// setForeground makes a group the foreground group of the terminal. A background
// process that does so is stopped by SIGTTOU, unless it blocks it.
func setForeground(group int) error {
	const ttou = 1 << (syscall.SIGTTOU - 1)
	if err := doWith(syscall.SYS_RT_SIGPROCMASK, 1, []uint64{ttou}, 0, 0, 0, 8)(); err != nil {
		return err
	}
	n := int32(group)
	_, _, e := syscall.RawSyscall(syscall.SYS_IOCTL, 0, syscall.TIOCSPGRP, uintptr(unsafe.Pointer(&n)))
	if err := doWith(syscall.SYS_RT_SIGPROCMASK, 1, []uint64{ttou}, 1, 0, 0, 8)(); err != nil || e == 0 {
		return err
	}
	return e
}

// foregroundCases are run once with each group in the foreground. companion is the
// group of another process of the session.
func foregroundCases(companion int) []*spec {
	var list []*spec
	add := func(name string, set func(s *spec)) {
		s := newSpec()
		s.name = "terminal: " + name
		set(s)
		list = append(list, s)
	}
	front := func(s *spec) { s.sys.Foreground = true } // Ctty 0 is the terminal
	onTerminal := func(s *spec) { s.attr.Files = []uintptr{0, fdNull, fdNull} }
	add("none", func(*spec) {})
	add("Foreground", front)
	add("Foreground, Setpgid", func(s *spec) { front(s); s.sys.Setpgid = true })
	add("Foreground, other group", func(s *spec) { front(s); s.sys.Pgid = companion })
	add("Foreground, no such group", func(s *spec) { front(s); s.sys.Pgid = 4_000_000 })
	add("Foreground, other descriptor", func(s *spec) { front(s); s.sys.Ctty = fdNull })
	add("Foreground, Setsid", func(s *spec) { front(s); s.sys.Setsid = true })
	add("Foreground, missing program", func(s *spec) { front(s); missingProgram(s) })
	add("Foreground, Ptrace", func(s *spec) { front(s); s.sys.Ptrace = true })
	add("Foreground, user namespace", func(s *spec) { front(s); s.sys.Cloneflags = syscall.CLONE_NEWUSER })
	add("Foreground, pid namespace", func(s *spec) { front(s); s.sys.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWPID })
	add("Foreground, TTOU blocked", func(s *spec) { front(s); s.thread = append(s.thread, blocked(1<<(syscall.SIGTTOU-1))) })
	add("Setpgid", func(s *spec) { s.sys.Setpgid = true })
	add("other group", func(s *spec) { s.sys.Setpgid, s.sys.Pgid = true, companion })
	add("Setsid", func(s *spec) { s.sys.Setsid = true })
	add("Noctty", func(s *spec) { onTerminal(s); s.sys.Noctty = true })
	add("Noctty, Setsid", func(s *spec) { onTerminal(s); s.sys.Noctty, s.sys.Setsid = true, true })
	add("Noctty, Foreground", func(s *spec) { onTerminal(s); front(s); s.sys.Noctty = true })
	add("Noctty, not on 0", func(s *spec) { s.sys.Noctty = true })
	if os.Getuid() != 0 { // root takes it away from the parent, for all later cases
		add("Setctty of the parent's", func(s *spec) { onTerminal(s); s.sys.Setsid, s.sys.Setctty = true, true })
	}
	add("Setctty without session", func(s *spec) { onTerminal(s); s.sys.Setctty = true })
	add("Noctty, Setctty", func(s *spec) { onTerminal(s); s.sys.Noctty, s.sys.Setctty = true, true })
	return list
}

// expectedForeground has what must be true of the reference, or the cases test
// something else than their names say.
var expectedForeground = map[string]string{
	"terminal: Foreground":                   "tty.foreground self",
	"terminal: Foreground, other group":      "tty open",
	"terminal: Noctty":                       "tty - errno 6",
	"terminal: none":                         "tty open",
	"terminal: Foreground, missing program":  "error syscall.Errno no such file or directory pid 0",
	"terminal: Foreground, no such group":    "error syscall.Errno operation not permitted pid 0",
	"terminal: Foreground, Setsid":           "error syscall.Errno operation not permitted pid 0",
	"terminal: Foreground, other descriptor": "error syscall.Errno inappropriate ioctl for device pid 0",
}

func innerForeground(r reporter) {
	attr := &syscall.ProcAttr{Files: []uintptr{fdNull, fdNull, fdNull}, Sys: &syscall.SysProcAttr{Setpgid: true}}
	clearReport()
	companion, err := syscall.ForkExec(fix.probe, []string{"probe", "pause"}, attr)
	if err != nil {
		r.Errorf("companion: %v", err)
		return
	}
	defer func() {
		_ = syscall.Kill(companion, syscall.SIGKILL)
		_, _ = syscall.Wait4(companion, nil, 0, nil)
	}()
	for i := 0; i < 3000 && readReport(nil) == nil; i++ { // it must not report later
		time.Sleep(time.Millisecond)
	}
	for _, group := range []int{syscall.Getpgrp(), companion} {
		for _, s := range foregroundCases(companion) {
			s.company = true
			s.around = func() (func(), error) {
				undo := func() { _ = setForeground(syscall.Getpgrp()) }
				return undo, setForeground(group)
			}
			o := compare(r, s)
			if line := expectedForeground[s.name]; line != "" && !slices.Contains(o.lines, line) {
				r.Errorf("%s: the reference lacks %q: %q", s.name, line, o.lines)
			}
		}
	}
	fmt.Println("terminal cases:", 2*len(foregroundCases(companion)))
}

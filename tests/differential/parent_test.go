// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && !386 && !arm && !mips && !mipsle

// State of the whole parent that a child inherits or that decides how it is made:
// signal dispositions, descriptors in the way of a start's own, dumpable, the soft
// NOFILE limit, and the death of the calling thread.

package differential

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// typical returns cases that take the different ways to make a child.
func typical(prefix string) []*spec {
	var list []*spec
	for _, e := range []struct {
		name string
		set  func(s *spec)
	}{
		{"plain", func(*spec) {}},
		{"missing", missingProgram},
		{"bad dir", func(s *spec) { s.attr.Dir = fix.in("missing") }},
		{"credential", func(s *spec) {
			s.sys.Credential = &syscall.Credential{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid()), NoSetGroups: true}
		}},
		{"user namespace", func(s *spec) { s.sys.Cloneflags = syscall.CLONE_NEWUSER }},
		{"maps by clone", func(s *spec) {
			s.sys.Cloneflags = syscall.CLONE_NEWUSER
			s.sys.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
			s.sys.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
		}},
		{"maps by unshare", func(s *spec) {
			s.sys.Unshareflags = syscall.CLONE_NEWUSER
			s.sys.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
			s.sys.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
		}},
		{"maps that fail", func(s *spec) {
			s.sys.Cloneflags = syscall.CLONE_NEWUSER
			s.sys.UidMappings = []syscall.SysProcIDMap{{}}
		}},
		{"own ids inside", func(s *spec) {
			s.sys.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC
			s.sys.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
			s.sys.Credential = &syscall.Credential{NoSetGroups: true}
		}},
		{"other ids inside", func(s *spec) {
			s.sys.Unshareflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET
			s.sys.UidMappings = []syscall.SysProcIDMap{{HostID: 65534, Size: 1}}
			s.sys.GidMappings = []syscall.SysProcIDMap{{HostID: 65534, Size: 1}}
			s.sys.Credential = &syscall.Credential{NoSetGroups: true}
			s.attr.Files = []uintptr{fdNull, fdRead, 1, ^uintptr(0), ^uintptr(0), 0}
		}},
		{"pidfd", func(s *spec) { s.pidfd = true }},
		{"pidfd, missing", func(s *spec) { s.pidfd = true; missingProgram(s) }},
		{"traced", func(s *spec) { s.sys.Ptrace = true }},
	} {
		s := newSpec()
		s.name = prefix + ": " + e.name
		e.set(s)
		list = append(list, s)
	}
	return list
}

// TestSignals compares with ignored and handled signals.
func TestSignals(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func() (undo func())
	}{
		{"ignored", func() func() {
			sigs := []os.Signal{syscall.SIGUSR1, syscall.SIGHUP, syscall.SIGPIPE, syscall.Signal(40)}
			return ignoreSignals(sigs...)
		}},
		{"handled", func() func() {
			c := make(chan os.Signal, 100)
			signal.Notify(c, syscall.SIGUSR2, syscall.SIGCHLD, syscall.Signal(64))
			return func() { signal.Stop(c) }
		}},
		{"CHLD ignored", func() func() { // children are reaped by the kernel
			return ignoreSignals(syscall.SIGCHLD)
		}},
	} {
		for _, s := range typical("signals " + c.name) {
			if c.name == "CHLD ignored" && s.pidfd {
				continue // whose pidfd it is cannot be seen once the child is gone
			}
			s.around = func() (func(), error) { return c.set(), nil }
			compare(t, s)
		}
	}
}

// ignoreSignals returns what gives them back to Go. signal.Reset would leave them
// ignored.
func ignoreSignals(sigs ...os.Signal) (undo func()) {
	signal.Ignore(sigs...)
	return func() {
		c := make(chan os.Signal, 1)
		signal.Notify(c, sigs...)
		signal.Stop(c)
	}
}

// TestInheritedIgnored compares in a process that was started with ignored signals,
// which Go leaves ignored.
func TestInheritedIgnored(t *testing.T) {
	runInner(t, "typical", `trap '' HUP INT USR1 PIPE; exec "$0" "$@"`, nil, nil)
}

// TestClosedStandard compares in a process that was started without standard
// descriptors: a start's own pipes then get low numbers.
func TestClosedStandard(t *testing.T) {
	runInner(t, "typical", `exec "$0" "$@" <&- 2>&-`, nil, nil)
}

func init() {
	inner["typical"] = func(r reporter) {
		for _, s := range typical("inner") {
			compare(r, s)
		}
	}
	inner["nofile"] = innerNofile
}

// TestUndumpable compares in a parent that is not dumpable: its children's files in
// /proc belong to root then.
func TestUndumpable(t *testing.T) {
	for _, s := range typical("undumpable") {
		s.undumpable = true
		compare(t, s)
	}
}

// TestManyFiles has more files than the numbers of the descriptors that they are
// made from.
func TestManyFiles(t *testing.T) {
	for _, n := range []int{100, 200, 1000, 30_000} {
		s := newSpec()
		s.name = "many files"
		for i := 0; i < n; i++ {
			s.attr.Files = append(s.attr.Files, filePool[2+i%9])
		}
		s.attr.Files[50] = fdReport
		compare(t, s)
	}
}

// TestInTheWay puts inherited descriptors where a start moves things to in the
// child. The reference overwrites them; ours may keep them, and may lose no others.
func TestInTheWay(t *testing.T) {
	const highest = 44
	for _, at := range []int{highest + 1, highest + 2, highest + 3} {
		for _, files := range [][]uintptr{{fdNull, fdNull, fdNull, highest}, {fdNull, 0, 1, highest}} {
			s := newSpec()
			s.name = "in the way"
			s.attr.Files = files
			s.around = func() (func(), error) {
				undo := func() { _ = syscall.Close(highest); _ = syscall.Close(at) }
				if err := syscall.Dup3(fdRead, highest, syscall.O_CLOEXEC); err != nil {
					return undo, err
				}
				return undo, syscall.Dup3(fdAppend, at, 0)
			}
			want := s.run(reference)
			for _, p := range ours {
				got := s.run(p)
				for _, d := range s.disagreement(&want, &got) {
					if strings.HasPrefix(d, "+ fd ") {
						t.Logf("%s keeps what the reference overwrites: Files %v, inherited %d: %s", p.name, files, at, d)
					} else {
						t.Errorf("%s: Files %v, inherited %d: %s", p.name, files, at, d)
					}
				}
			}
		}
	}
}

// TestPdeathsig lets the calling thread end.
func TestPdeathsig(t *testing.T) {
	for _, p := range append([]path{reference}, ours...) {
		s := newSpec()
		s.name = "pdeathsig"
		s.argv = []string{"probe", "pause"}
		s.sys.Pdeathsig = syscall.SIGUSR1
		clearReport()
		stop := watch(p.name + ": " + s.describe())
		pids := make(chan int)
		go func() {
			runtime.LockOSThread() // never unlocked: the thread ends here
			attr, _ := s.procAttr()
			pid, err := p.forkExec(s.argv0, s.argv, attr)
			if err != nil {
				t.Errorf("%s: %v", p.name, err)
			}
			for i := 0; i < 3000 && err == nil && readReport(nil) == nil; i++ {
				time.Sleep(time.Millisecond)
			}
			pids <- pid
		}()
		var status syscall.WaitStatus
		if pid := <-pids; pid > 0 {
			_, _ = syscall.Wait4(pid, &status, 0, nil)
		}
		if stop(); !status.Signaled() || status.Signal() != syscall.SIGUSR1 {
			t.Errorf("%s: the child ended with %#x", p.name, int(status))
		}
	}
}

// TestNofile compares the soft limit of children, which is the one that the parent
// was started with, unless it was changed since.
func TestNofile(t *testing.T) {
	for _, shell := range []string{
		`ulimit -Sn 500; DIFFERENTIAL_SOFT=1f4 exec "$0" "$@"`, `ulimit -n 600; exec "$0" "$@"`, `exec "$0" "$@"`,
		`ulimit -Sn 899; ulimit -Hn 900; exec "$0" "$@"`, // what Go sets itself
	} {
		runInner(t, "nofile", shell, nil, nil)
	}
}

func innerNofile(r reporter) {
	var start syscall.Rlimit
	_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &start)
	outside := func(soft uint64) func() { // as prlimit of another process would
		return func() {
			limit := syscall.Rlimit{Cur: soft, Max: start.Max}
			_, _, _ = syscall.RawSyscall6(syscall.SYS_PRLIMIT64, 0, syscall.RLIMIT_NOFILE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
		}
	}
	for _, step := range []struct {
		name   string
		change func()
	}{
		{"as started", func() {}},
		{"changed from outside", outside(400)},
		{"to the hard limit", outside(start.Max)},
		{"back to Go's", outside(start.Cur)},
		{"Setrlimit", func() {
			_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 450, Max: start.Max})
		}},
		{"Setrlimit, then Go's", outside(start.Cur)},
	} {
		step.change()
		for _, s := range typical("nofile, " + step.name) {
			// The reference knows that its Setrlimit was called; nobody else can
			// see that once the limits are as Go's start left them.
			if step.name == "Setrlimit, then Go's" || restoresAlways && step.name != "as started" {
				s.known = []string{"rlimit 7 "}
			}
			o := compare(r, s)
			soft := os.Getenv("DIFFERENTIAL_SOFT")
			line := fmt.Sprintf("rlimit 7 %s %x", soft, start.Max)
			if step.name == "as started" && o.err == nil && soft != "" && !slices.Contains(o.lines, line) {
				r.Errorf("%s: the reference's child lacks %q", s.name, line)
			}
		}
	}
}

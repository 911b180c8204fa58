// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

// Package syscalls counts the system calls of a plain start. Each costs, and each is one
// more that can fail.
package syscalls

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxParent is how many the parent may make for a start, the wait excepted: block the
// signals, clone, unblock them, and without cgo block and unblock once more to leave the
// second stack. Every 10 milliseconds a start also asks for the limit of processes; under strace
// each may be that slow.
const maxParent = 6

// The Go runtime's own, which a thread may make at any time.
var ofRuntime = []string{"futex", "nanosleep", "sched_yield", "madvise", "tgkill", "getpid", "rt_sigreturn"}

// A start is what a trace holds of one.
type start struct{ parent, child []string }

var (
	callLine  = regexp.MustCompile(`^(\d+) +(\w+)\((.*)`)
	childMark = regexp.MustCompile(`"/mark-child-(\d+)"`)
)

// parse splits a trace of strace -f into starts. A child's calls count up to its execve;
// what comes after is the program's.
func parse(trace string) (starts []start) {
	calls := make(map[string][]string) // by thread or process
	began := make(map[string]int)      // of a thread, where its start begins
	ended := make(map[string]bool)     // a child has come to its execve
	for _, line := range strings.Split(trace, "\n") {
		m := callLine.FindStringSubmatch(line)
		if m == nil {
			continue // the end of a call that others interrupted, a signal, an exit
		}
		id, name, args := m[1], m[2], m[3]
		switch child := childMark.FindStringSubmatch(args); {
		case strings.Contains(args, `"/mark-start"`):
			began[id] = len(calls[id])
		case child != nil:
			starts = append(starts, start{calls[id][began[id]:], calls[child[1]]})
		case !ended[id] && !slices.Contains(ofRuntime, name):
			calls[id] = append(calls[id], name)
			ended[id] = name == "execve" && len(began) > 0 // not the one that began it all
		}
	}
	return starts
}

// build compiles the program, with cgo or without.
func build(t *testing.T, cgo string) string {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", "build", "-o", exe, "./program")
	cmd.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return exe
}

func trace(t *testing.T, limit, exe string) []start {
	t.Helper()
	if out, err := exec.Command("strace", "-o", "/dev/null", "/bin/true").CombinedOutput(); err != nil {
		t.Skipf("needs strace: %v %s", err, out)
	}
	file := filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command("sh", "-c", limit+` exec strace -f -o "$0" "$@"`, file, exe, "/bin/true")
	cmd.Env = append(os.Environ(), "GODEBUG=asyncpreemptoff=1", "GOGC=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	starts := parse(string(text))
	if len(starts) != 20 {
		t.Fatalf("%d starts in the trace, want 20", len(starts))
	}
	return starts[1:] // the first one finds out what the kernel can do
}

func TestPlainStart(t *testing.T) {
	for _, c := range []struct{ name, cgo string }{{"cgo", "1"}, {"nocgo", "0"}} {
		t.Run(c.name, func(t *testing.T) {
			exe := build(t, c.cgo)
			if out, err := exec.Command(exe, "/bin/true").Output(); err != nil || strings.TrimSpace(string(out)) != c.name {
				t.Skipf("needs the C path %s, has %q (%v)", c.name, out, err)
			}
			same := []string{"rt_sigprocmask", "fcntl", "fcntl", "fcntl", "execve"}
			check(t, trace(t, `ulimit -S -n "$(ulimit -H -n)";`, exe), same)
			// Go raises the soft limit for itself, and a child gets the old one back.
			restored := []string{"rt_sigprocmask", "fcntl", "fcntl", "fcntl", "prlimit64", "prlimit64", "execve"}
			check(t, trace(t, "ulimit -S -n 64;", exe), restored)
		})
	}
}

// check looks at every child, and at the parent's shortest list: now and then the runtime
// does something of its own in that thread, such as to make another one.
func check(t *testing.T, starts []start, child []string) {
	t.Helper()
	least := starts[0].parent
	for _, s := range starts {
		if !slices.Contains(s.parent, "clone3") {
			t.Skipf("needs clone3 with all its flags (Linux 5.5): the parent calls %v", s.parent)
		}
		if !slices.Equal(s.child, child) {
			t.Errorf("the child calls %v, want %v", s.child, child)
		}
		if len(s.parent) < len(least) {
			least = s.parent
		}
	}
	t.Logf("parent %v, child %v", least, starts[0].child)
	if len(least) > maxParent {
		t.Errorf("the parent makes %d system calls, at most %d are allowed: %v", len(least), maxParent, least)
	}
}

func TestParse(t *testing.T) {
	got := parse(`10 execve("./p", ["p"], 0x1 /* 1 var */) = 0
10 access("/mark-start", F_OK) = -1 ENOENT
10 rt_sigprocmask(SIG_SETMASK, ~[], [], 8) = 0
11 futex(0x1, FUTEX_WAIT <unfinished ...>
10 clone3({flags=CLONE_VM}, 88 <unfinished ...>
12 fcntl(0, F_SETFD, 0 <unfinished ...>
11 <... futex resumed>) = 0
12 <... fcntl resumed>) = 0
12 execve("/bin/true", ["/bin/true"], 0x2) = 0
12 brk(NULL) = 0x3
10 <... clone3 resumed>) = 12
10 futex(0x1, FUTEX_WAKE) = 0
--- SIGCHLD {si_signo=SIGCHLD} ---
10 faccessat(AT_FDCWD, "/mark-child-12", F_OK) = -1 ENOENT
10 wait4(12, NULL, 0, NULL) = 12
`)
	if want := "[{[rt_sigprocmask clone3] [fcntl execve]}]"; fmt.Sprint(got) != want {
		t.Errorf("parse = %v, want %v", got, want)
	}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Package exec asks: does go/exec do what os/exec does, in every way that a
// program can see, and more where that is promised?
//
// The differential tests run one script through both packages and compare what
// it noted: outputs, exit states, errors with their types, and the descriptors,
// goroutines and children that are left.
package exec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"reflect"
	"regexp"
	"runtime"
	"runtime/pprof"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

// helpers are what the test binary does instead of testing when helperVar names
// one of them.
var helpers = map[string]func(){}

const helperVar = "FORKEXEC_TEST_HELPER"

func TestMain(m *testing.M) {
	if name := os.Getenv(helperVar); name != "" {
		helpers[name]()
		os.Exit(0)
	}
	for fd := 3; fd < 256; fd++ { // what our parent let us inherit is not ours to explain
		syscall.CloseOnExec(fd)
	}
	code := m.Run()
	if left := childrenLeft(); left != "" {
		fmt.Fprintln(os.Stderr, "children left:", left)
		code = 1
	}
	os.Exit(code)
}

// helper returns a command that runs the named helper of this binary.
func helper(l lib, name string, args ...string) command {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	c := l.command(exe, args...)
	set(c, "Env", append(os.Environ(), helperVar+"="+name))
	return c
}

// command is what the Cmd types of both packages have in common.
type command interface {
	Start() error
	Wait() error
	Run() error
	Output() ([]byte, error)
	CombinedOutput() ([]byte, error)
	StdinPipe() (io.WriteCloser, error)
	StdoutPipe() (io.ReadCloser, error)
	StderrPipe() (io.ReadCloser, error)
	Environ() []string
	String() string
}

// A lib is one of the two packages.
type lib struct {
	name    string
	command func(name string, arg ...string) command
	context func(ctx context.Context, name string, arg ...string) command
	literal func() command
}

var theirs = lib{
	"os/exec",
	func(name string, arg ...string) command { return osexec.Command(name, arg...) },
	func(ctx context.Context, name string, arg ...string) command {
		return osexec.CommandContext(ctx, name, arg...)
	},
	func() command { return new(osexec.Cmd) },
}

var ours = lib{
	"go/exec",
	func(name string, arg ...string) command { return exec.Command(name, arg...) },
	func(ctx context.Context, name string, arg ...string) command {
		return exec.CommandContext(ctx, name, arg...)
	},
	func() command { return new(exec.Cmd) },
}

func (l lib) sh(script string) command { return l.command("/bin/sh", "-c", script) }

// set sets a field of a command; nil is the zero value.
func set(c command, field string, v any) {
	f := reflect.ValueOf(c).Elem().FieldByName(field)
	if v == nil {
		f.Set(reflect.Zero(f.Type()))
		return
	}
	f.Set(reflect.ValueOf(v))
}

func get[T any](c command, field string) T {
	v, _ := reflect.ValueOf(c).Elem().FieldByName(field).Interface().(T)
	return v
}

// notes is what a script has seen.
type notes struct {
	t    *testing.T
	list []string
}

func (n *notes) add(key string, v any) {
	n.list = append(n.list, fmt.Sprintf("%s: %+v", key, v))
}

// err notes an error: its chain of types and what is in it.
func (n *notes) err(key string, err error) {
	n.add(key, shape(err))
	var exit *osexec.ExitError
	if errors.As(err, &exit) {
		n.add(key+" stderr", string(exit.Stderr))
	}
}

// end notes a command's result.
func (n *notes) end(c command, err error) {
	n.err("error", err)
	ps := get[*os.ProcessState](c, "ProcessState")
	if ps == nil {
		n.add("state", nil)
		return
	}
	n.add("state", fmt.Sprintf("%v code %d, exited %v, success %v, sys %T, usage %T, pid is the process's %v",
		ps, ps.ExitCode(), ps.Exited(), ps.Success(), ps.Sys(), ps.SysUsage(), ps.Pid() == get[*os.Process](c, "Process").Pid))
}

// shape describes an error with all that it wraps. Unexported types of the two
// packages go by one name, for nobody can name them.
func shape(err error) string {
	var parts []string
	for ; err != nil; err = errors.Unwrap(err) {
		name := fmt.Sprintf("%T", err)
		if strings.HasPrefix(strings.TrimLeft(name, "*"), "exec.w") {
			name = "unexported"
		}
		s := fmt.Sprintf("%s %q", name, err)
		switch e := err.(type) {
		case *os.PathError:
			s += fmt.Sprintf(" op %q path %q", e.Op, e.Path)
		case *osexec.Error:
			s += fmt.Sprintf(" name %q", e.Name)
		case syscall.Errno:
			s += fmt.Sprintf(" %d", int(e))
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " <- ")
}

// A script is run with each package; it notes what it sees.
type script struct {
	name string
	run  func(l lib, n *notes)
}

// compare runs the scripts.
func compare(t *testing.T, scripts []script) {
	warmUp(t)
	for _, s := range scripts {
		t.Run(s.name, func(t *testing.T) {
			defer limit(t, time.Minute)()
			want := observe(t, theirs, s)
			got := observe(t, ours, s)
			if w, g := strings.Join(want, "\n"), strings.Join(got, "\n"); w != g {
				t.Errorf("os/exec:\n%s\n\ngo/exec:\n%s", w, g)
			}
		})
	}
}

// warmUp makes the runtime open what it keeps: the poller.
func warmUp(t *testing.T) {
	for _, l := range []lib{theirs, ours} {
		if out, err := l.sh("echo warm").Output(); err != nil || string(out) != "warm\n" {
			t.Fatalf("%s: %q, %v", l.name, out, err)
		}
	}
}

func observe(t *testing.T, l lib, s script) []string {
	fds := openFDs()
	goroutines := runtime.NumGoroutine()
	n := &notes{t: t}
	s.run(l, n)
	n.add("descriptors left", appeared(fds, settledFDs(fds)))
	n.add("goroutines left", goroutinesLeft(goroutines))
	n.add("children left", childrenLeft())
	return n.list
}

var inode = regexp.MustCompile(`\[\d+\]`)

// openFDs lists this process's descriptors.
func openFDs() map[int]string {
	m := map[int]string{}
	for fd := 0; fd < 256; fd++ {
		if link, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)); err == nil {
			m[fd] = link
		}
	}
	return m
}

// settledFDs waits a moment for goroutines that are about to close something, and
// for the garbage collector: an os.Process whose Wait failed keeps its pidfd until
// then.
func settledFDs(before map[int]string) map[int]string {
	for i := 0; ; i++ {
		now := openFDs()
		if len(appeared(before, now)) == 0 || i == 50 {
			return now
		}
		runtime.GC()
		time.Sleep(2 * time.Millisecond)
	}
}

func appeared(before, after map[int]string) []string {
	var l []string
	for fd, link := range after {
		if before[fd] != link {
			l = append(l, inode.ReplaceAllString(link, "[n]"))
		}
	}
	sort.Strings(l)
	return l
}

func goroutinesLeft(before int) int {
	for i := 0; ; i++ {
		n := runtime.NumGoroutine() - before
		if n <= 0 || i == 50 {
			return max(n, 0)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// childrenLeft describes a child that nobody has waited for, or returns "".
func childrenLeft() string {
	var info [16]uint64
	const pAll, wNoWait = 0, 0x01000000
	_, _, e := syscall.Syscall6(syscall.SYS_WAITID, pAll, 0, uintptr(unsafe.Pointer(&info)),
		syscall.WEXITED|syscall.WNOHANG|wNoWait, 0, 0)
	switch {
	case e == syscall.ECHILD:
		return ""
	case info[0] == 0:
		return "one that runs"
	}
	return "a zombie"
}

// limit ends the program with all stacks if a test takes longer than d.
func limit(t *testing.T, d time.Duration) (stop func()) {
	name := t.Name()
	timer := time.AfterFunc(d, func() {
		var b bytes.Buffer
		_ = pprof.Lookup("goroutine").WriteTo(&b, 2)
		fmt.Fprintf(os.Stderr, "%s took longer than %v\n%s", name, d, b.Bytes())
		os.Exit(2)
	})
	return func() { timer.Stop() }
}

// needCore skips a test of what only our own start path can do.
func needCore(t *testing.T) {
	if i := forkexec.Implementation(); i == "stdlib" {
		t.Skip("starts go down the standard library's path (no cgo, or FORKEXEC=stdlib)")
	}
}

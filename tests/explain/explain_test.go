// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

// Package explain asks: does a failed start say what the cause is, through the Go package and
// through the command? Each case runs in a process of its own, as root or as an ordinary user.
package explain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

// nobody is the ordinary user of the cases, 65534 in their texts: this one, if it is one.
var nobody = func() int {
	if id := os.Geteuid(); id != 0 {
		return id
	}
	return 65534
}()

func asUser(s string) string { return strings.ReplaceAll(s, "65534", strconv.Itoa(nobody)) }

// A testCase is a start that fails. What needs privilege is set up by the test; limits and
// the like by the process that starts.
type testCase struct {
	name   string
	user   bool                             // start as an ordinary user
	privs  bool                             // only where new privileges are not off
	userns bool                             // start as root of a new user namespace
	root   bool                             // the set-up needs root
	setup  func(t *testing.T, dir string)   // by the test
	inside func(dir string)                 // by the process that starts
	start  func(dir string) (string, *attr) // program and attributes
	args   string                           // the same for the command; DIR stands for dir
	opt    *forkexec.Options
	step   forkexec.Step
	errno  syscall.Errno
	want   []string // parts of the hint; DIR stands for dir
	option []string // of the command's, where a field is named
	field  string   // what Field says, if not the step's
}

type attr = syscall.ProcAttr
type sysAttr = syscall.SysProcAttr

func program(name string) func(string) (string, *attr) {
	return func(dir string) (string, *attr) { return strings.ReplaceAll(name, "DIR", dir), &attr{} }
}

func with(sys sysAttr) func(string) (string, *attr) {
	return func(string) (string, *attr) { return "/bin/true", &attr{Sys: &sys} }
}

func TestMain(m *testing.M) {
	if name := os.Getenv("EXPLAIN_CASE"); name != "" {
		helper(name, os.Getenv("EXPLAIN_DIR"), os.Getenv("EXPLAIN_COMMAND"))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// helper starts what the case wants, and says what became of it.
func helper(name, dir, command string) {
	for _, c := range cases() {
		if c.name != name {
			continue
		}
		if c.inside != nil {
			runtime.LockOSThread() // what it changes may be this thread's alone
			c.inside(dir)
		}
		if command != "" {
			runCommand(c, dir, command)
			return
		}
		argv0, at := c.start(dir)
		if at.Files == nil {
			at.Files = []uintptr{0, 1, 2}
		}
		argv := []string{argv0}
		if c.name == "argument too long" {
			argv = append(argv, strings.Repeat("a", 200000))
		}
		p, err := forkexec.Start(context.Background(), argv0, argv, at, c.opt)
		if err == nil {
			_, _ = p.Wait()
		}
		var e *forkexec.Error
		if !errors.As(err, &e) {
			fmt.Println("no forkexec.Error:", err)
			return
		}
		fmt.Printf("%d %d %s\n%s\n%v\n", e.Step, int(e.Errno), e.Field(), e.Hint(), e)
	}
}

func runCommand(c testCase, dir, command string) {
	args := strings.Split(strings.NewReplacer("DIR", dir, "COMMAND", command).Replace(asUser(c.args)), " ")
	cmd := exec.Command(command, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stdout
	_ = cmd.Run()
	fmt.Println(cmd.ProcessState)
}

// said is what the helper prints for a case, in Go or by the command.
func said(t *testing.T, c testCase, dir, command string) string {
	self := filepath.Join(filepath.Dir(dir), "explain.test")
	if _, err := os.Stat(self); err != nil {
		b, err := os.ReadFile("/proc/self/exe")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(self, b, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), "EXPLAIN_CASE="+c.name, "EXPLAIN_DIR="+dir, "EXPLAIN_COMMAND="+command)
	cmd.Dir = dir
	if c.user && os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(nobody), Gid: uint32(nobody)}}
	}
	if c.userns {
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the helper failed: %v\n%s", err, out)
	}
	return string(out)
}

// possible returns the cases that this user can set up; the others are one skip.
func possible(t *testing.T) (list []testCase) {
	var names []string
	for _, c := range cases() {
		if c.root && os.Geteuid() != 0 {
			names = append(names, c.name)
		} else {
			list = append(list, c)
		}
	}
	if names != nil {
		t.Run("others", func(t *testing.T) { t.Skipf("%d cases need root for their set-up: %q", len(names), names) })
	}
	return list
}

func (c testCase) skip(t *testing.T) {
	if c.step != 0 && forkexec.Implementation() == "stdlib" {
		t.Skip("the standard library's path knows no steps")
	}
	if status, _ := os.ReadFile("/proc/self/status"); c.privs && strings.Contains(string(status), "NoNewPrivs:\t1") {
		t.Skip("new privileges are off already")
	}
}

// place makes a folder for the case that everybody may come to.
func place(t *testing.T) string {
	base := t.TempDir()
	for p := base; p != os.TempDir() && len(p) > 1; p = filepath.Dir(p) {
		_ = os.Chmod(p, 0o755)
	}
	dir := filepath.Join(base, "d")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	_ = os.Chmod(dir, 0o777)
	return dir
}

func TestGo(t *testing.T) {
	sentences := map[string]string{}
	for _, c := range possible(t) {
		if c.start == nil {
			continue // Go's attributes cannot say this
		}
		t.Run(c.name, func(t *testing.T) {
			c.skip(t)
			dir := place(t)
			if c.setup != nil {
				c.setup(t, dir)
			}
			out := said(t, c, dir, "")
			head, hint, _ := strings.Cut(out, "\n")
			var step, errno int
			var field string
			if _, err := fmt.Sscan(head, &step, &errno); err != nil {
				t.Fatalf("%s", out)
			}
			_, _ = fmt.Sscan(head, &step, &errno, &field)
			if forkexec.Step(step) != c.step || syscall.Errno(errno) != c.errno {
				t.Fatalf("step %v, %v; want %v, %v\n%s", forkexec.Step(step), syscall.Errno(errno), c.step, c.errno, out)
			}
			if c.field != "" && field != c.field {
				t.Errorf("field %s, want %s", field, c.field)
			}
			compare(t, hint, dir, c.want)
			if other := sentences[hint]; other != "" {
				t.Errorf("the same sentence as for %s: %s", other, hint)
			}
			sentences[hint] = c.name
		})
	}
}

func compare(t *testing.T, got, dir string, want []string) {
	t.Helper()
	for _, w := range want {
		if w = strings.ReplaceAll(asUser(w), "DIR", dir); !strings.Contains(got, w) {
			t.Errorf("%q\nis not in: %s", w, got)
		}
	}
	if strings.Contains(got, "{") && !strings.Contains(got, "{PROC") {
		t.Errorf("a field without a word: %s", got)
	}
}

// builtCommand is what `make` makes; the suite user has a copy of it.
func builtCommand() string {
	if copied := os.Getenv("FORKEXEC_TEST_COMMAND"); copied != "" {
		return copied
	}
	return "../../build/forkexec"
}

// TestCommand runs build/forkexec, which `make` makes.
func TestCommand(t *testing.T) {
	if os.Getenv("CGO_ENABLED") == "0" {
		t.Skip("the command is the same without cgo")
	}
	b, err := os.ReadFile(builtCommand())
	if err != nil {
		t.Fatalf("%v; run make first", err)
	}
	shared := filepath.Join(place(t), "forkexec")
	if err := os.WriteFile(shared, b, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range possible(t) {
		if c.args == "" {
			continue // the command line cannot say this; tests/unit/test_explain.c does
		}
		t.Run(c.name, func(t *testing.T) {
			c.skip(t)
			dir := place(t)
			if c.setup != nil {
				c.setup(t, dir)
			}
			out := said(t, c, dir, shared)
			want := c.want
			if c.option != nil {
				want = c.option
			}
			compare(t, out, dir, want)
			status := "exit status 125"
			if c.step == forkexec.StepExecve {
				status = "exit status 126"
				if c.errno == syscall.ENOENT {
					status = "exit status 127"
				}
			}
			compare(t, out, dir, []string{"forkexec: " + c.step.String(), status})
		})
	}
}

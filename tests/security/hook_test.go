// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && (amd64 || arm64)

package security

import (
	"context"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

// hooked are children that wait for their parent, for as long as a hook takes, with a copy of its
// memory and all of its descriptors: each with IDs, capabilities or namespaces by which others
// could get at it.
var hooked = []struct {
	name string
	uid  int
	sys  func() *syscall.SysProcAttr
	opt  func() *forkexec.Options
}{
	{"clone NEWUSER", 0, func() *syscall.SysProcAttr { return newUser(true) }, func() *forkexec.Options { return new(forkexec.Options) }},
	{"unshare NEWUSER", 0, func() *syscall.SysProcAttr { return newUser(false) }, func() *forkexec.Options { return new(forkexec.Options) }},
	{"Credential", nobody, func() *syscall.SysProcAttr {
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}, func() *forkexec.Options { return &forkexec.Options{KeepDumpable: true} }},
	{"NEWUSER and Credential", nobody, func() *syscall.SysProcAttr {
		sys := newUser(true)
		sys.UidMappings = []syscall.SysProcIDMap{{HostID: nobody, Size: 1}}
		sys.GidMappings = sys.UidMappings
		sys.Credential = &syscall.Credential{NoSetGroups: true}
		return sys
	}, func() *forkexec.Options { return new(forkexec.Options) }},
	{"no capabilities", 0, func() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }, func() *forkexec.Options {
		none := uint64(0)
		return &forkexec.Options{Capabilities: &forkexec.Capabilities{Permitted: &none, Effective: &none}}
	}},
	{"nothing", 0, func() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }, func() *forkexec.Options { return new(forkexec.Options) }},
	{"namespace of another", 0, func() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }, nil}, // made by the test
}

// userNamespace is one of an ordinary owner, as root of which a process without capabilities here
// has them all.
func userNamespace(t *testing.T) int {
	t.Helper()
	p, err := forkexec.Start(context.Background(), "/bin/sleep", []string{"sleep", "60"}, &syscall.ProcAttr{Sys: newUser(true)}, nil)
	if err != nil {
		t.Skip(err)
	}
	defer func() { _ = p.Kill(); _, _ = p.Wait() }() // it is a child that may be attacked, too
	fd, err := syscall.Open("/proc/"+strconv.Itoa(p.Pid)+"/ns/user", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	return fd
}

// TestHook attacks each of them in both hooks, which are as long as the attack, and at pauses: the
// first step of all and the last.
func TestHook(t *testing.T) {
	need(t)
	for _, f := range hooked {
		for _, when := range []string{"OnClone", "OnExec", "pause at close descriptors", "pause at execve"} {
			t.Run(f.name+" "+when, func(t *testing.T) {
				v := newVictim(t)
				var opt *forkexec.Options
				if f.opt != nil {
					opt = f.opt()
				} else {
					opt = &forkexec.Options{Namespaces: []forkexec.Namespace{{FD: userNamespace(t), Type: syscall.CLONE_NEWUSER}}}
				}
				called := false
				hook := func(pid int) error {
					called = true
					v.expectNothing(t, v.attack(t, f.uid, 150*time.Millisecond, true)())
					// Who may do all gets in, so the child is worth the attack; but it is a copy.
					r := v.attackAs(t, mighty, 60*time.Millisecond, "2")()
					for _, way := range ways {
						if r[way] == 0 {
							t.Errorf("%s: no success of a process that may do all: this test cannot fail", way)
						}
					}
					if v.overwritten() {
						t.Error("what was written to the child's memory is in its parent's")
					}
					return nil
				}
				ended := make(chan struct{})
				switch when {
				case "OnClone":
					opt.OnClone = hook
				case "OnExec":
					opt.OnExec = hook
				case "pause at execve":
					opt.PauseAt = forkexec.StepExecve
				default:
					opt.CloseFDs, opt.PauseAt = true, forkexec.StepCloseFDs
				}
				if opt.PauseAt != 0 {
					go func() {
						defer close(ended)
						if pid := stoppedChild(); pid != 0 {
							_ = hook(pid)
							_ = syscall.Kill(pid, syscall.SIGCONT)
						}
					}()
				} else {
					close(ended)
				}
				start(t, f.sys(), opt)
				<-ended
				if !called {
					t.Error("the hook was not called")
				}
				comesTo(t, "dumpable again", isDumpable)
			})
		}
	}
}

// stoppedChild waits for a child that is stopped; 0: there is none.
func stoppedChild() int {
	for range 500 {
		dirs, _ := os.ReadDir("/proc/self/task")
		for _, d := range dirs {
			children, _ := os.ReadFile("/proc/self/task/" + d.Name() + "/children")
			for _, f := range strings.Fields(string(children)) {
				stat, _ := os.ReadFile("/proc/" + f + "/stat")
				if pid, err := strconv.Atoi(f); err == nil && strings.Contains(string(stat), ") T ") {
					return pid
				}
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	return 0
}

// TestHookAndProc: root, as whom engines run, still sees the child in /proc, and the program is an
// ordinary process again.
func TestHookAndProc(t *testing.T) {
	need(t)
	opt := &forkexec.Options{OnExec: func(pid int) error {
		for _, name := range []string{"ns/net", "cwd", "exe"} {
			if _, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/" + name); err != nil {
				t.Error(err)
			}
		}
		return nil
	}}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	attr := &syscall.ProcAttr{Files: []uintptr{0, w.Fd(), 2}, Sys: newUser(true)}
	p, err := forkexec.Start(context.Background(), "/bin/sh", []string{"sh", "-c", "stat -c %u /proc/$$/stat; cat /proc/$$/environ >/dev/null && echo ours"}, attr, opt)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 100)
	n, _ := r.Read(text)
	for m := 1; m > 0 && n < len(text); n += m {
		m, _ = r.Read(text[n:])
	}
	if _, err := p.Wait(); err != nil || string(text[:n]) != "0\nours\n" {
		t.Errorf("%v, %q", err, text[:n])
	}
}

// TestHookStorm attacks children between their clone and their first system call, which makes
// their memory closed: it must be closed before. Without that thousands of attacks succeeded on a
// busy machine.
func TestHookStorm(t *testing.T) {
	need(t)
	v := newVictim(t)
	const length = time.Second
	result := v.attack(t, 0, length, false)
	opt := &forkexec.Options{OnClone: func(int) error { return nil }}
	n := 0
	for end := time.Now().Add(length); time.Now().Before(end); n++ {
		start(t, newUser(true), opt)
	}
	t.Log(n, "starts")
	v.expectNothing(t, result())
	comesTo(t, "dumpable again", isDumpable)
}

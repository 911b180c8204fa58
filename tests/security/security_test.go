// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && (amd64 || arm64)

// Package security answers: is a child that shares its parent's memory a way into it?
//
// attack.c, a process with the child's user ID and without capabilities, tries to get at
// the memory and descriptors of this process while children of ours are before their
// execve: some for a short time, in a storm, some for as long as it takes, since they
// change into a directory that hangs. To see that it would find an open door, each test
// then opens it: it makes this process dumpable, which is what must not be.
package security

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

var forms = []struct {
	name    string
	uid     int
	sys     func() *syscall.SysProcAttr
	opt     *forkexec.Options
	arrived func(int) bool
}{
	{"clone NEWUSER", 0, func() *syscall.SysProcAttr { return newUser(true) }, nil, inNewUser},
	{"unshare NEWUSER", 0, func() *syscall.SysProcAttr { return newUser(false) }, nil, inNewUser},
	{"Credential", nobody, func() *syscall.SysProcAttr {
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}, &forkexec.Options{KeepDumpable: true}, isNobody},
	{"Credential, SessionKeyring", nobody, func() *syscall.SysProcAttr {
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}, &forkexec.Options{KeepDumpable: true, SessionKeyring: new(string), Personality: new(uint32)}, isNobody},
}

// TestStuck attacks a child that hangs before its execve, in the parent's memory.
func TestStuck(t *testing.T) {
	need(t)
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			v := newVictim(t)
			s := newStuck(t, hungDir(t), f.sys(), f.opt, f.arrived)
			if isDumpable() {
				t.Error("dumpable while such a child is in this memory; or was it forked?")
			}
			v.expectNothing(t, v.attack(t, f.uid, time.Second, true)())
			// Other starts come and go meanwhile, and must not open the door behind them.
			for i := 0; i < 20; i++ {
				start(t, f.sys(), f.opt)
				if isDumpable() {
					t.Fatal("dumpable after another start while the child is still there")
				}
			}
			setDumpable(1)
			v.expectAll(t, v.attack(t, f.uid, 300*time.Millisecond, true)())
			setDumpable(0)
			s.end()
			comesTo(t, "dumpable again", isDumpable)
		})
	}
}

// TestDescriptors looks at what a child with other IDs still has of its parent's if
// CloseFDs is set: nothing, even for somebody who gets in.
func TestDescriptors(t *testing.T) {
	need(t)
	keep := forms[2]
	v := newVictim(t)
	other, err := syscall.Dup(v.fd) // without close-on-exec
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(other)
	opt := &forkexec.Options{KeepDumpable: true, CloseFDs: true}
	for _, files := range [][]uintptr{{0, 1, 2}, {2, 1, 0, 1, 2}, {^uintptr(0), 1}} {
		sys := keep.sys()
		sys.PidFD = new(int)
		s := newStuckIn(t, "/bin/true", &syscall.ProcAttr{Dir: hungDir(t), Files: files, Sys: sys}, opt, isNobody)
		names, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.pid))
		if err != nil {
			t.Fatal(err)
		}
		pipes := 0
		for _, name := range names {
			n, _ := strconv.Atoi(name.Name())
			to, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", s.pid, n))
			if to == fmt.Sprintf("pipe:[%d]", v.inode) {
				t.Errorf("Files %v: descriptor %d of the parent's is left: %s", files, n, to)
			}
			if n > 2 {
				pipes++
			}
		}
		if pipes > 4 { // the report's and the one that tells of the end
			t.Errorf("Files %v: %d descriptors are left beside those in Files", files, pipes)
		}
		setDumpable(1)
		r := v.attack(t, nobody, 200*time.Millisecond, true)()
		setDumpable(0)
		if r["fds"] != 0 || r["mem_read"] == 0 {
			t.Errorf("with the door open: %d descriptors taken, want 0; %d looks at memory, want some", r["fds"], r["mem_read"])
		}
		s.end()
		comesTo(t, "dumpable again", isDumpable)
		v.reset()
		_ = syscall.Unmount(filepath.Join(binDir, "hung"), syscall.MNT_FORCE)
	}
}

// TestStorm attacks children on their way to the execve, which is made longer by a large
// argument list, and some that fail.
func TestStorm(t *testing.T) {
	need(t)
	for _, f := range forms {
		if f.opt != nil && f.opt.SessionKeyring != nil {
			continue // a user may have 200 keys, and they go later than their processes
		}
		t.Run(f.name, func(t *testing.T) {
			v := newVictim(t)
			length := 2 * time.Second
			result := v.attack(t, f.uid, length, false)
			second := v.attack(t, f.uid, length, false)
			argv := append([]string{"true"}, strings.Fields(strings.Repeat("argument ", 20000))...)
			n := 0
			for end := time.Now().Add(length); time.Now().Before(end); n++ {
				attr := &syscall.ProcAttr{Files: []uintptr{0, 1, 2}, Sys: f.sys()}
				if n%4 == 3 {
					attr.Dir = "/missing"
				}
				ctx, cancel, opt := context.Background(), func() {}, f.opt
				if n%4 == 2 && opt != nil {
					// Killed before its execve, and then taken apart by the kernel.
					ctx, cancel = context.WithTimeout(ctx, time.Duration(n%50)*20*time.Microsecond)
					opt = &forkexec.Options{KeepDumpable: true, CloseFDs: true}
				}
				p, err := forkexec.Start(ctx, "/bin/true", argv[:1+n%2*20000], attr, opt)
				if err == nil {
					_, _ = p.Wait()
				} else if n%4 < 2 {
					t.Fatal(err)
				}
				cancel()
			}
			t.Log(n, "starts")
			v.expectNothing(t, result())
			v.expectNothing(t, second())
			comesTo(t, "dumpable again", isDumpable)
		})
	}
}

// TestPutBack is about when the parent becomes dumpable again, and when not.
func TestPutBack(t *testing.T) {
	need(t)
	dir := hungDir(t)
	keep := forms[2]
	t.Run("good and failed", func(t *testing.T) {
		start(t, keep.sys(), keep.opt)
		comesTo(t, "dumpable after a good start", isDumpable)
		_, err := forkexec.Start(context.Background(), "/missing", nil, &syscall.ProcAttr{Sys: keep.sys()}, keep.opt)
		if err == nil {
			t.Error("a start of nothing succeeded")
		}
		comesTo(t, "dumpable after a failed start", isDumpable)
	})
	t.Run("the last one counts", func(t *testing.T) {
		a := newStuck(t, dir, keep.sys(), keep.opt, keep.arrived)
		b := newStuck(t, dir, newUser(true), nil, inNewUser)
		a.end()
		time.Sleep(250 * time.Millisecond)
		start(t, nil, nil)
		if isDumpable() {
			t.Error("dumpable with one of two children left")
		}
		b.end()
		comesTo(t, "dumpable after both", isDumpable)
	})
	t.Run("descriptors over the pipe", func(t *testing.T) {
		// The child hangs in its execve, with all low numbers in use.
		files := make([]uintptr, 60)
		for i := range files {
			files[i] = 1
		}
		s := newStuckIn(t, filepath.Join(dir, "program"), &syscall.ProcAttr{Files: files, Sys: keep.sys()}, keep.opt, isNobody)
		start(t, keep.sys(), keep.opt)
		time.Sleep(250 * time.Millisecond)
		start(t, nil, nil)
		if isDumpable() {
			t.Error("dumpable: the child has closed its end of the pipe before its execve")
		}
		s.end()
		comesTo(t, "dumpable again", isDumpable)
	})
	t.Run("was not", func(t *testing.T) {
		setDumpable(0)
		defer setDumpable(1)
		start(t, newUser(true), nil)
		start(t, keep.sys(), keep.opt)
		time.Sleep(250 * time.Millisecond)
		start(t, nil, nil)
		if dumpable() != 0 {
			t.Error("dumpable, but was not before")
		}
	})
	t.Run("privilege dropped", func(t *testing.T) {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), dropEnv+"="+dir)
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != "0 0" {
			t.Errorf("dumpable while the child hangs and afterwards: %q, want \"0 0\" (%v)", out, err)
		}
	})
	// The last one: it ends the putting back in this process.
	t.Run("without KeepDumpable", func(t *testing.T) {
		s := newStuck(t, dir, keep.sys(), keep.opt, keep.arrived)
		start(t, keep.sys(), nil)
		s.end()
		time.Sleep(250 * time.Millisecond)
		start(t, newUser(true), nil)
		if dumpable() != 0 {
			t.Error("dumpable after a Credential start without KeepDumpable, unlike the standard library's parent")
		}
	})
}

const dropEnv = "FORKEXEC_TEST_DROP"

// dropHelper gives up its privilege while a child of it hangs. It prints whether it is
// dumpable then, and after the child has ended.
func dropHelper() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := forkexec.Start(ctx, "/bin/true", []string{"true"}, &syscall.ProcAttr{Dir: os.Getenv(dropEnv), Sys: forms[2].sys()}, forms[2].opt)
		done <- err
	}()
	for i := 0; i < 2000 && (len(children()) == 0 || !isNobody(children()[0])); i++ {
		time.Sleep(time.Millisecond)
	}
	if syscall.Setgroups(nil) != nil || syscall.Setgid(nobody) != nil || syscall.Setuid(nobody) != nil {
		os.Exit(3)
	}
	fmt.Print(dumpable(), " ")
	cancel()
	<-done
	time.Sleep(300 * time.Millisecond)
	if pid, err := forkexec.ForkExec("/bin/true", []string{"true"}, nil); err == nil {
		_, _ = syscall.Wait4(pid, nil, 0, nil)
	}
	fmt.Print(dumpable())
	os.Exit(0)
}

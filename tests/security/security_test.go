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
	"encoding/binary"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	forkexec "forkexec.example/forkexec/go"
)

const (
	nobody        = 65534
	prGetDumpable = 3
	prSetDumpable = 4
)

func dumpable() int {
	r, _, _ := syscall.RawSyscall(syscall.SYS_PRCTL, prGetDumpable, 0, 0)
	return int(r)
}

func setDumpable(v uintptr) { _, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, prSetDumpable, v, 0) }

// comesTo waits for what comes soon.
func comesTo(t *testing.T, what string, is func() bool) {
	t.Helper()
	for i := 0; !is(); i++ {
		if i == 2000 {
			t.Fatalf("still not: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func isDumpable() bool { return dumpable() == 1 }

// need skips where the attack or its control cannot be made.
func need(t *testing.T) {
	t.Helper()
	if forkexec.Implementation() == "stdlib" {
		t.Skip("the standard library does the starts")
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root: an ordinary user's children are forked")
	}
	if b, _ := os.ReadFile("/proc/sys/fs/suid_dumpable"); len(b) > 0 && b[0] == '1' {
		t.Skip("needs fs.suid_dumpable other than 1, where all children are forked")
	}
	setDumpable(1)
}

// A victim is what the attackers are after: a secret and a word to overwrite in this
// process's memory, and a descriptor that no program inherits.
type victim struct {
	page   []byte
	secret uint64
	fd     int
	inode  uint64
}

const canary = 0x6972616e61630000

func newVictim(t *testing.T) *victim {
	t.Helper()
	page, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	v := &victim{page: page, secret: rand.Uint64() | 1}
	binary.NativeEndian.PutUint64(page, v.secret)
	v.reset()
	var p [2]int
	if err := syscall.Pipe2(p[:], syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	v.fd = p[0]
	var st syscall.Stat_t
	if err := syscall.Fstat(v.fd, &st); err != nil {
		t.Fatal(err)
	}
	v.inode = st.Ino
	t.Cleanup(func() {
		_, _ = syscall.Close(p[0]), syscall.Close(p[1])
		_ = syscall.Munmap(page)
	})
	return v
}

func (v *victim) reset()            { binary.NativeEndian.PutUint64(v.page[8:], canary) }
func (v *victim) overwritten() bool { return binary.NativeEndian.Uint64(v.page[8:]) != canary }

var attackBinary string

func buildAttack(t *testing.T) {
	t.Helper()
	if attackBinary != "" {
		return
	}
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	bin := filepath.Join(binDir, "attack")
	if out, err := exec.Command(cc, "-O2", "-Wall", "-Wextra", "-Werror", "-o", bin, "attack.c").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	attackBinary = bin
}

var binDir string

func TestMain(m *testing.M) {
	if os.Getenv(dropEnv) != "" {
		dropHelper()
	}
	code := func() int {
		dir, err := os.MkdirTemp("", "forkexec-security-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		_ = os.Chmod(dir, 0o755)
		binDir = dir
		return m.Run()
	}()
	os.Exit(code)
}

// attack starts an attacker with this uid and no capability. Its results come from the
// function returned.
func (v *victim) attack(t *testing.T, uid int, length time.Duration, attach bool) func() map[string]int {
	t.Helper()
	buildAttack(t)
	id := strconv.Itoa(uid)
	// With nice, or on two processors the attackers leave little time for what they attack.
	cmd := exec.Command("nice", "-n", "5", "setpriv", "--reuid", id, "--regid", id, "--clear-groups", "--no-new-privs",
		"--inh-caps=-all", "--bounding-set=-all", "--", attackBinary,
		strconv.Itoa(os.Getpid()), fmt.Sprint(uintptr(unsafe.Pointer(&v.page[0]))), fmt.Sprint(v.secret),
		strconv.Itoa(v.fd), fmt.Sprint(v.inode), fmt.Sprint(length.Milliseconds()), map[bool]string{true: "1", false: "0"}[attach])
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Skip("needs setpriv: ", err)
	}
	return func() map[string]int {
		t.Helper()
		if err := cmd.Wait(); err != nil {
			t.Fatalf("attack: %v %s", err, out.String())
		}
		t.Log(strings.TrimSpace(out.String()))
		result := make(map[string]int)
		f := strings.Fields(out.String())
		for i := 0; i+1 < len(f); i += 2 {
			result[f[i]], _ = strconv.Atoi(f[i+1])
		}
		return result
	}
}

var ways = []string{"mem_read", "mem_written", "vm_read", "vm_written", "traced", "fds"}

func (v *victim) expectNothing(t *testing.T, r map[string]int) {
	t.Helper()
	for _, way := range ways {
		if r[way] != 0 {
			t.Errorf("%s: %d successes", way, r[way])
		}
	}
	if v.overwritten() {
		t.Error("this process's memory was overwritten")
	}
	if r["children"] == 0 {
		t.Error("the attacker has seen no child")
	}
}

func (v *victim) expectAll(t *testing.T, r map[string]int) {
	t.Helper()
	for _, way := range ways {
		if r[way] == 0 {
			t.Errorf("%s: no success with the door open: this test cannot fail", way)
		}
	}
	if !v.overwritten() {
		t.Error("with the door open, this process's memory was not overwritten")
	}
	v.reset()
}

// hungDir mounts a FUSE file system that nobody serves: who changes into it hangs until
// he is killed.
func hungDir(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Open("/dev/fuse", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("needs FUSE: ", err)
	}
	dir := filepath.Join(binDir, "hung")
	_ = os.Mkdir(dir, 0o755)
	if err := syscall.Mount("hung", dir, "fuse", 0, fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd)); err != nil {
		syscall.Close(fd)
		t.Skip("needs to mount FUSE: ", err)
	}
	t.Cleanup(func() {
		_ = syscall.Unmount(dir, syscall.MNT_FORCE)
		_ = syscall.Unmount(dir, syscall.MNT_DETACH)
		syscall.Close(fd)
	})
	return dir
}

func children() (pids []int) {
	tasks, _ := os.ReadDir("/proc/self/task")
	for _, task := range tasks {
		b, _ := os.ReadFile("/proc/self/task/" + task.Name() + "/children")
		for _, f := range strings.Fields(string(b)) {
			pid, _ := strconv.Atoi(f)
			pids = append(pids, pid)
		}
	}
	return pids
}

// status returns a line of /proc/PID/status.
func status(pid int, name string) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for _, line := range strings.Split(string(b), "\n") {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.Join(strings.Fields(v), " ")
		}
	}
	return ""
}

// A stuck child hangs before its execve until end is called, which waits until Start has
// returned.
type stuck struct {
	pid int
	end func()
}

func newStuck(t *testing.T, dir string, sys *syscall.SysProcAttr, opt *forkexec.Options, arrived func(pid int) bool) stuck {
	t.Helper()
	return newStuckIn(t, "/bin/true", &syscall.ProcAttr{Dir: dir, Files: []uintptr{0, 1, 2}, Sys: sys}, opt, arrived)
}

func newStuckIn(t *testing.T, path string, attr *syscall.ProcAttr, opt *forkexec.Options, arrived func(pid int) bool) stuck {
	t.Helper()
	known := make(map[int]bool)
	for _, pid := range children() {
		known[pid] = true
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := forkexec.Start(ctx, path, []string{"true"}, attr, opt)
		done <- err
	}()
	var s stuck
	comesTo(t, "a child that hangs", func() bool {
		for _, pid := range children() {
			if !known[pid] && arrived(pid) {
				s.pid = pid
				return true
			}
		}
		return false
	})
	time.Sleep(20 * time.Millisecond)
	select {
	case err := <-done:
		t.Fatal("the start does not hang: ", err)
	default:
	}
	s.end = func() {
		cancel()
		if err := <-done; err != context.Canceled {
			t.Errorf("Start = %v, want context.Canceled", err)
		}
	}
	return s
}

// inNewUser tells that a child is in a user namespace of its own, where its capabilities
// are seen as none of ours.
func inNewUser(pid int) bool {
	own, _ := os.Readlink("/proc/self/ns/user")
	its, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/user", pid))
	return err == nil && its != own
}

func isNobody(pid int) bool { return strings.HasPrefix(status(pid, "Uid"), "65534 65534") }

func userMaps() []syscall.SysProcIDMap { return []syscall.SysProcIDMap{{HostID: 0, Size: 1}} }

func newUser(clone bool) *syscall.SysProcAttr {
	sys := &syscall.SysProcAttr{UidMappings: userMaps(), GidMappings: userMaps()}
	if clone {
		sys.Cloneflags = syscall.CLONE_NEWUSER
	} else {
		sys.Unshareflags = syscall.CLONE_NEWUSER
	}
	return sys
}

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

func start(t *testing.T, sys *syscall.SysProcAttr, opt *forkexec.Options) {
	t.Helper()
	p, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, &syscall.ProcAttr{Files: []uintptr{0, 1, 2}, Sys: sys}, opt)
	if err != nil {
		t.Fatal(err)
	}
	if st, err := p.Wait(); err != nil || !st.Success() {
		t.Fatal(st, err)
	}
}

// TestStorm attacks children on their way to the execve, which is made longer by a large
// argument list, and some that fail.
func TestStorm(t *testing.T) {
	need(t)
	for _, f := range forms {
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

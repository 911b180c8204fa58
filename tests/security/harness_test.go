// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && (amd64 || arm64)

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
	"forkexec.example/forkexec/tests/internal/fuse"
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
	return v.attackAs(t, uid, length, map[bool]string{true: "1", false: "0"}[attach])
}

// mighty is root with all its capabilities, whom nothing keeps out.
const mighty = -1

func (v *victim) attackAs(t *testing.T, uid int, length time.Duration, attach string) func() map[string]int {
	t.Helper()
	buildAttack(t)
	id := strconv.Itoa(uid)
	// With nice, or on two processors the attackers leave little time for what they attack.
	args := []string{"-n", "5", "setpriv", "--reuid", id, "--regid", id, "--clear-groups", "--no-new-privs",
		"--inh-caps=-all", "--bounding-set=-all", "--"}
	if uid == mighty {
		args = args[:2]
	}
	cmd := exec.Command("nice", append(args, attackBinary,
		strconv.Itoa(os.Getpid()), fmt.Sprint(uintptr(unsafe.Pointer(&v.page[0]))), fmt.Sprint(v.secret),
		strconv.Itoa(v.fd), fmt.Sprint(v.inode), fmt.Sprint(length.Milliseconds()), attach)...)
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
	dir := filepath.Join(binDir, "hung")
	_ = os.Mkdir(dir, 0o755)
	fd := fuse.Mount(t, dir)
	t.Cleanup(func() {
		fuse.Abort(dir)
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

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	forkexec "forkexec.example/forkexec/go"
)

func ptr[T any](v T) *T { return &v }

// state is what a child says of itself: the tests' program "state" prints it.
func printState() int {
	status, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(status), "\n") {
		for _, name := range []string{"Umask", "SigBlk", "SigIgn", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Cpus_allowed_list"} {
			if strings.HasPrefix(line, name+":") {
				fmt.Println(strings.Join(strings.Fields(line), " "))
			}
		}
	}
	score, _ := os.ReadFile("/proc/self/oom_score_adj")
	fmt.Println("oom:", strings.TrimSpace(string(score)))
	limits, _ := os.ReadFile("/proc/self/limits")
	for _, line := range strings.Split(string(limits), "\n") {
		if strings.HasPrefix(line, "Max core file size") {
			fmt.Println(strings.Join(strings.Fields(line), " "))
		}
	}
	call := func(nr, a, b, c uintptr) uintptr {
		r, _, _ := syscall.RawSyscall(nr, a, b, c)
		return r
	}
	fmt.Println("nice:", 20-int(call(syscall.SYS_GETPRIORITY, 0, 0, 0)))
	fmt.Println("policy:", call(syscall.SYS_SCHED_GETSCHEDULER, uintptr(os.Getpid()), 0, 0))
	fmt.Println("ioprio:", call(sysIoprioGet, 1, 0, 0))
	fmt.Println("securebits:", call(syscall.SYS_PRCTL, 27, 0, 0))
	printKeyring()
	wd, _ := os.Getwd()
	fmt.Println("wd:", wd)
	for fd := 3; fd < 20; fd++ {
		if to, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)); err == nil && !strings.HasPrefix(to, "anon_inode:") && !strings.HasPrefix(to, "/proc/") {
			fmt.Printf("fd %d: %s\n", fd, to)
		}
	}
	for _, ns := range []string{"uts", "net", "user"} {
		to, _ := os.Readlink("/proc/self/ns/" + ns)
		fmt.Println("ns:", to)
	}
	return 0
}

// sysIoprioGet is the same distance from ioprio_set on all of them.
var sysIoprioGet = map[string]uintptr{"amd64": 252, "arm64": 31, "riscv64": 31, "386": 290, "arm": 315, "ppc64le": 274, "s390x": 283}[runtime.GOARCH]

// stateOf starts this program with opt, and returns what it says of itself.
func stateOf(t *testing.T, sys *syscall.SysProcAttr, opt *forkexec.Options) string {
	t.Helper()
	return outputOf(t, sys, opt, program(t))
}

// outputOf is what a program prints that is started with opt.
func outputOf(t *testing.T, sys *syscall.SysProcAttr, opt *forkexec.Options, argv ...string) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	attr := &syscall.ProcAttr{Env: []string{"API_TEST_PROGRAM=state"}, Files: []uintptr{0, w.Fd(), 2}, Sys: sys}
	p, err := forkexec.Start(context.Background(), argv[0], argv, attr, opt)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	out, _ := io.ReadAll(r)
	if st, err := p.Wait(); err != nil || !st.Success() {
		t.Fatal(st, err)
	}
	return string(out)
}

// program is a copy of this test's that other users may execute, too.
func program(t *testing.T) string {
	t.Helper()
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "forkexec-api")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	name := filepath.Join(dir, "program")
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, self, 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

func wantLines(t *testing.T, out string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains("\n"+out, "\n"+line+"\n") {
			t.Errorf("the child does not say %q, but\n%s", line, out)
		}
	}
}

// attributes are the ones that need no privilege, and what the child then is.
func attributes() (*forkexec.Options, []string) {
	return &forkexec.Options{
			SignalMask:   []syscall.Signal{syscall.SIGUSR1},
			SignalIgnore: []syscall.Signal{syscall.SIGUSR2, syscall.SIGHUP},
			OOMScoreAdj:  ptr(900),
			Rlimits:      []forkexec.Rlimit{{Resource: syscall.RLIMIT_CORE, Cur: 0, Max: 4096}, {Resource: syscall.RLIMIT_NOFILE, Cur: 50, Max: 60}},
			Nice:         ptr(7),
			Scheduler:    &forkexec.Scheduler{Policy: 3}, // SCHED_BATCH, of which the nice value does not count
			CPUs:         []int{0},
			IOPriority:   ptr(2<<13 | 5),
			Umask:        ptr(0o31),
			NoNewPrivs:   true,
		}, []string{
			"SigBlk: 0000000000000200", "oom: 900", "Max core file size 0 4096 bytes",
			"nice: 7", "policy: 3", "Cpus_allowed_list: 0", fmt.Sprint("ioprio: ", 2<<13|5), "Umask: 0031", "NoNewPrivs: 1",
		}
}

func TestAttributes(t *testing.T) {
	needC(t)
	clean(t)
	before, _ := os.ReadFile("/proc/self/oom_score_adj")
	opt, want := attributes()
	wantLines(t, stateOf(t, nil, opt), want...)
	opt.OOMScoreAdj = nil // shares memory
	wantLines(t, stateOf(t, nil, opt), want[:1]...)
	if after, _ := os.ReadFile("/proc/self/oom_score_adj"); string(after) != string(before) {
		t.Errorf("our own score was %s, and is %s", before, after)
	}
	// Go programs raise their limit on descriptors, and have handlers.
	out := outputOf(t, nil, opt, "/bin/cat", "/proc/self/limits", "/proc/self/status")
	var ignored uint64
	_, _ = fmt.Sscanf(out[strings.Index(out, "SigIgn:"):], "SigIgn: %x", &ignored)
	if want := uint64(1<<(syscall.SIGUSR2-1) | 1<<(syscall.SIGHUP-1)); ignored&want != want {
		t.Errorf("ignored signals %#x, want %#x among them", ignored, want)
	}
	if files := strings.Fields(out[strings.Index(out, "Max open files"):]); files[3] != "50" || files[4] != "60" {
		t.Error("limit on descriptors:", files[:6])
	}
	wantLines(t, stateOf(t, nil, &forkexec.Options{}), "SigBlk: 0000000000000000", "nice: 0", "policy: 0", "NoNewPrivs: "+procStatus(os.Getpid(), "NoNewPrivs"))
}

// TestSignalDefault: a program does what a signal it inherits as ignored makes it do.
func TestSignalDefault(t *testing.T) {
	needC(t)
	clean(t)
	for _, reset := range []bool{false, true} {
		opt := &forkexec.Options{SignalIgnore: []syscall.Signal{syscall.SIGTERM}}
		script := `exec /bin/sh -c 'kill -TERM $$; exit 3'`
		if reset {
			opt = &forkexec.Options{SignalDefault: []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL, syscall.SIGSTOP}}
		}
		p, err := forkexec.Start(context.Background(), "/bin/sh", []string{"sh", "-c", script}, attr(0, 1, 2), opt)
		if err != nil {
			t.Fatal(err)
		}
		st, _ := p.Wait()
		if got := st.ExitCode() == 3; got == reset {
			t.Errorf("reset %v: %v", reset, st)
		}
	}
}

func TestOpenAndDescriptors(t *testing.T) {
	needC(t)
	clean(t)
	dir := t.TempDir()
	dirFD, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer dirFD.Close()
	exe, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	for _, closeFDs := range []bool{false, true} {
		opt := &forkexec.Options{
			DirFD: dirFD, ExecFD: exe, CloseFDs: closeFDs,
			Open: []forkexec.OpenFile{
				{FD: 9, Path: "new", Flags: os.O_CREATE | os.O_WRONLY, Mode: 0o640},
				{FD: 4, Path: "/dev/null"},
				{FD: 3, Path: "new"},
			},
			Umask: ptr(0),
		}
		out := stateOf(t, nil, opt)
		wantLines(t, out, "wd: "+dir, "fd 9: "+dir+"/new", "fd 4: /dev/null", "fd 3: "+dir+"/new")
		if st, err := os.Stat(dir + "/new"); err != nil || st.Mode().Perm() != 0o640 {
			t.Error(st, err)
		}
		os.Remove(dir + "/new")
	}
	_, err = forkexec.Start(context.Background(), "/bin/true", []string{"true"}, nil, &forkexec.Options{Open: []forkexec.OpenFile{{FD: 5, Path: "/missing"}}})
	var e *forkexec.Error
	if !errors.As(err, &e) || e.Step != forkexec.StepOpen || e.Errno != syscall.ENOENT || !strings.Contains(e.Error(), "Open[0] = /missing") {
		t.Error(err)
	}
	// A script needs its descriptor in the child, see Options.ExecFD.
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nexit 9\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(script)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := forkexec.Start(context.Background(), "script", []string{"script"}, nil, &forkexec.Options{ExecFD: f}); !errors.Is(err, syscall.ENOENT) {
		t.Error("a script with FD_CLOEXEC:", err)
	}
}

func TestNamespaces(t *testing.T) {
	needC(t)
	clean(t)
	other, names := exec.Command("/bin/cat"), []string{"uts", "net"}
	other.SysProcAttr = &syscall.SysProcAttr{}
	if os.Getuid() != 0 { // others' may be joined from within their user namespace
		names = []string{"user", "uts", "net"}
		other.SysProcAttr = asInNewUser(t, 0)
	}
	other.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUTS | syscall.CLONE_NEWNET
	in, err := other.StdinPipe()
	if err == nil {
		err = other.Start()
	}
	if err != nil {
		t.Skip("no new namespaces: ", err)
	}
	defer func() { in.Close(); _ = other.Wait() }()
	base := fmt.Sprintf("/proc/%d/ns/", other.Process.Pid)
	var list []forkexec.Namespace
	var want []string
	for _, name := range names {
		flag := map[string]uintptr{"user": syscall.CLONE_NEWUSER, "uts": syscall.CLONE_NEWUTS, "net": 0}[name]
		f, err := os.Open(base + name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		to, _ := os.Readlink(base + name)
		want = append(want, "ns: "+to)
		list = append(list, forkexec.Namespace{FD: int(f.Fd()), Type: flag})
	}
	for _, opt := range []*forkexec.Options{{Namespaces: list}, {Namespaces: list, CloseFDs: true}} {
		wantLines(t, stateOf(t, nil, opt), want...)
	}
	if os.Getuid() == 0 {
		wantLines(t, stateOf(t, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}},
			&forkexec.Options{Namespaces: list, CloseFDs: true}), want...)
	}
}

// TestNotOurs: a closed descriptor is not one of our pipes, whatever numbers those get.
func TestNotOurs(t *testing.T) {
	needC(t)
	clean(t)
	free, err := syscall.Open("/", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	syscall.Close(free)
	for fd := free; fd < free+8; fd++ {
		_, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, nil, &forkexec.Options{
			OnExec: func(int) error { return nil }, Namespaces: []forkexec.Namespace{{FD: fd}},
		})
		if err := syscall.Fstat(fd, &syscall.Stat_t{}); err == nil {
			continue // the runtime's poller has it now
		}
		if !errors.Is(err, syscall.EBADF) {
			t.Errorf("descriptor %d: %v, want EBADF", fd, err)
		}
	}
}

// asInNewUser asks for a user namespace in which the child is this user, with the number id.
func asInNewUser(t *testing.T, id int) *syscall.SysProcAttr {
	t.Helper()
	sys := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: id, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: id, HostID: os.Getgid(), Size: 1}},
	}
	if err := (&exec.Cmd{Path: "/bin/true", SysProcAttr: sys}).Run(); err != nil {
		t.Skip("no new user namespaces: ", err)
	}
	return sys
}

func TestCapabilities(t *testing.T) {
	needC(t)
	clean(t)
	const bind, kill = uint64(1 << 10), uint64(1 << 5)
	var root *syscall.SysProcAttr
	nobody := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if os.Getuid() != 0 { // whoever makes a user namespace has all of them there
		root, nobody = asInNewUser(t, 0), asInNewUser(t, 65534)
	}
	out := stateOf(t, nobody, &forkexec.Options{
		Capabilities: &forkexec.Capabilities{Bounding: ptr(bind | kill), Ambient: ptr(bind)}, Securebits: ptr(uint(1 << 6)),
	})
	wantLines(t, out, "CapInh: 0000000000000400", "CapPrm: 0000000000000400", "CapEff: 0000000000000400",
		"CapBnd: 0000000000000420", "CapAmb: 0000000000000400", "securebits: 64")
	out = stateOf(t, nobody, &forkexec.Options{Capabilities: &forkexec.Capabilities{Bounding: ptr(uint64(0))}, NoNewPrivs: true})
	wantLines(t, out, "CapPrm: 0000000000000000", "CapEff: 0000000000000000", "CapBnd: 0000000000000000")
	out = stateOf(t, root, &forkexec.Options{Capabilities: &forkexec.Capabilities{
		Effective: ptr(uint64(0)), Permitted: ptr(kill), Inheritable: ptr(kill), Bounding: ptr(kill),
	}, Securebits: ptr(uint(1))}) // SECBIT_NOROOT
	wantLines(t, out, "CapInh: 0000000000000020", "CapPrm: 0000000000000000", "CapBnd: 0000000000000020", "securebits: 1")
}

// Filters: BPF_LD|BPF_W|BPF_ABS of the number, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET.
func filter(nr uintptr, action uint32) []forkexec.SockFilter {
	return []forkexec.SockFilter{{Code: 0x20}, {Code: 0x15, Jf: 1, K: uint32(nr)}, {Code: 6, K: action}, {Code: 6, K: 0x7fff0000}}
}

func TestSeccomp(t *testing.T) {
	needC(t)
	clean(t)
	const kill, refuse = 0x80000000, 0x00050000 | uint32(syscall.EPERM)
	for range 3 {
		wantLines(t, stateOf(t, nil, &forkexec.Options{NoNewPrivs: true, Seccomp: &forkexec.Seccomp{Filter: filter(syscall.SYS_MKDIRAT, refuse)}}), "Seccomp: 2")
	}
	start := func(path string, f []forkexec.SockFilter) *forkexec.Error {
		_, err := forkexec.Start(context.Background(), path, []string{"x"}, nil, &forkexec.Options{NoNewPrivs: true, Seccomp: &forkexec.Seccomp{Filter: f}})
		var e *forkexec.Error
		if !errors.As(err, &e) {
			t.Fatalf("%s: %v", path, err)
		}
		return e
	}
	// The report is not lost where the filter forbids it, whatever it does about it.
	for _, action := range []uint32{kill, refuse} {
		for _, nr := range []uintptr{syscall.SYS_WRITE, syscall.SYS_EXIT, syscall.SYS_CLOSE} {
			if e := start("/does/not/exist", filter(nr, action)); e.Step != forkexec.StepExecve || e.Errno != syscall.ENOENT {
				t.Errorf("action %#x for call %d: %v", action, nr, e)
			}
		}
	}
	if e := start("/bin/true", filter(syscall.SYS_EXECVE, refuse)); e.Step != forkexec.StepExecve || e.Errno != syscall.EPERM {
		t.Error(e)
	}
	all := []forkexec.SockFilter{{Code: 6, K: refuse}} // no exit of any kind either
	if e := start("/bin/true", all); e.Step != forkexec.StepExecve || e.Errno != syscall.EPERM {
		t.Error(e)
	}
	if e := start("/bin/true", nil); e.Step != forkexec.StepSeccomp || e.Errno != syscall.EINVAL {
		t.Error("an empty filter:", e)
	}
	_, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, nil, &forkexec.Options{Seccomp: &forkexec.Seccomp{Filter: all, Flags: 8}})
	if !errors.Is(err, syscall.EINVAL) {
		t.Error("a flag that is refused:", err)
	}
}

func TestLandlock(t *testing.T) {
	needC(t)
	clean(t)
	const create, writeFile = 444, uint64(1 << 1)
	handled := writeFile
	fd, _, errno := syscall.RawSyscall(create, uintptr(unsafe.Pointer(&handled)), unsafe.Sizeof(handled), 0)
	if errno != 0 {
		t.Skip("no Landlock: ", errno)
	}
	rules := os.NewFile(fd, "rules")
	defer rules.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, files := range [][]uintptr{{0, 1, 2}, {0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}} {
		for _, opt := range []*forkexec.Options{{}, {NoNewPrivs: true, Landlock: rules}, {NoNewPrivs: true, Landlock: rules, CloseFDs: true}} {
			p, err := forkexec.Start(context.Background(), "/bin/sh", []string{"sh", "-c", "2>&- echo x >" + file + " && exit 4; exit 5"},
				&syscall.ProcAttr{Files: files}, opt)
			if err != nil {
				t.Fatal(err)
			}
			st, _ := p.Wait()
			if got := st.ExitCode() == 4; got != (opt.Landlock == nil) {
				t.Errorf("%d files, Landlock %v: %v", len(files), opt.Landlock != nil, st)
			}
		}
	}
}

// TestNothingIsIgnored: each field of Options is either one that the standard library's path
// honours, or is refused there by name.
func TestNothingIsIgnored(t *testing.T) {
	honoured := map[string]bool{"PdeathsigProcess": true, "KeepDumpable": true, "StepErrors": true}
	for i := range reflect.TypeFor[forkexec.Options]().NumField() {
		var opt forkexec.Options
		f := reflect.ValueOf(&opt).Elem().Field(i)
		name := reflect.TypeFor[forkexec.Options]().Field(i).Name
		switch f.Kind() {
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
		case reflect.Func:
			f.Set(reflect.MakeFunc(f.Type(), func([]reflect.Value) []reflect.Value { return nil }))
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		case reflect.Uint32:
			f.SetUint(1)
		default:
			f.SetInt(1)
		}
		if got, step := opt.NeedsC(); honoured[name] != (got == "") || got != "" && (got != name || step == 0) {
			t.Errorf("%s: NeedsC = %q, %v", name, got, step)
		}
	}
}

// TestBadAttributes: what the kernel would take for something else is refused, and what it
// refuses comes back from the right step.
func TestBadAttributes(t *testing.T) {
	needC(t)
	clean(t)
	closed, err := os.Open("/")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	field := map[forkexec.Step]string{forkexec.StepSigmask: "SignalMask", forkexec.StepRequest: "SessionKeyring", forkexec.StepCapset: "Capabilities", forkexec.StepExecve: "ExecFD"}
	for _, c := range []struct {
		opt  forkexec.Options
		step forkexec.Step
		err  syscall.Errno
	}{
		{forkexec.Options{SignalMask: []syscall.Signal{0}}, forkexec.StepSigmask, syscall.EINVAL},
		{forkexec.Options{SignalIgnore: []syscall.Signal{65}}, forkexec.StepSignalIgnore, syscall.EINVAL},
		{forkexec.Options{SignalIgnore: []syscall.Signal{syscall.SIGKILL}}, forkexec.StepSignalIgnore, syscall.EINVAL},
		{forkexec.Options{Nice: ptr(20)}, forkexec.StepNice, syscall.EINVAL},
		{forkexec.Options{Umask: ptr(0o1000)}, forkexec.StepUmask, syscall.EINVAL},
		{forkexec.Options{Umask: ptr(-1)}, forkexec.StepUmask, syscall.EINVAL},
		{forkexec.Options{Personality: ptr(^uint32(0))}, forkexec.StepPersonality, syscall.EINVAL},
		{forkexec.Options{SessionKeyring: ptr("a\x00b")}, forkexec.StepRequest, syscall.EINVAL},
		{forkexec.Options{SessionKeyring: ptr(strings.Repeat("n", 4096))}, forkexec.StepSessionKeyring, syscall.EINVAL},
		{forkexec.Options{OOMScoreAdj: ptr(1001)}, forkexec.StepOomScoreAdj, syscall.EINVAL},
		{forkexec.Options{CPUs: []int{}}, forkexec.StepAffinity, syscall.EINVAL},
		{forkexec.Options{CPUs: []int{-1}}, forkexec.StepAffinity, syscall.EINVAL},
		{forkexec.Options{IOPriority: ptr(7 << 13)}, forkexec.StepIoprio, syscall.EINVAL},
		{forkexec.Options{Scheduler: &forkexec.Scheduler{Policy: 77}}, forkexec.StepScheduler, syscall.EINVAL},
		{forkexec.Options{Rlimits: []forkexec.Rlimit{{Resource: 99}}}, forkexec.StepRlimit, syscall.EINVAL},
		{forkexec.Options{Rlimits: []forkexec.Rlimit{{Resource: syscall.RLIMIT_NOFILE, Cur: 2, Max: 1}}}, forkexec.StepRlimit, syscall.EINVAL},
		{forkexec.Options{Namespaces: []forkexec.Namespace{{FD: 0}}}, forkexec.StepSetns, syscall.EINVAL},
		{forkexec.Options{Namespaces: []forkexec.Namespace{{FD: 9999}}}, forkexec.StepSetns, syscall.EBADF},
		{forkexec.Options{DirFD: closed}, forkexec.StepFchdir, syscall.EBADF},
		{forkexec.Options{ExecFD: closed}, forkexec.StepExecve, syscall.EBADF},
		{forkexec.Options{Open: []forkexec.OpenFile{{FD: -1, Path: "/"}}}, forkexec.StepOpen, syscall.EINVAL},
	} {
		_, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, attr(0, 1, 2), &c.opt)
		var e *forkexec.Error
		if !errors.As(err, &e) || e.Step != c.step || e.Errno != c.err {
			t.Errorf("%+v: %v, want %v, %v", c.opt, err, c.step, c.err)
			continue
		}
		want := field[c.step]
		if want == "" {
			want = c.step.Field()
		}
		if hint := e.Hint(); e.Field() != want || hint == "" || hint != e.Hint() {
			t.Errorf("%v: field %q, want %q; hint %q", err, e.Field(), want, hint)
		}
	}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"unsafe"

	forkexec "forkexec.example/forkexec/go"
)

func value(n int) *int { return &n }

// failure prints why a start with opt fails.
func failure(opt *forkexec.Options) {
	_, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, nil, opt)
	fmt.Println(err)
}

// The child blocks SIGUSR1 (bit 9), and nothing else.
func ExampleOptions_signalMask() {
	p, err := forkexec.Start(context.Background(), "/bin/grep", []string{"grep", "^SigBlk", "/proc/self/status"},
		&syscall.ProcAttr{Files: []uintptr{0, os.Stdout.Fd(), 2}},
		&forkexec.Options{SignalMask: []syscall.Signal{syscall.SIGUSR1}})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = p.Wait()
	// Output: SigBlk:	0000000000000200
}

// The child does not ignore these signals, even if this process does.
func ExampleOptions_signalDefault() {
	fmt.Print(output(`awk '/^SigIgn/ {print substr($2, 16)}' /proc/self/status`,
		&forkexec.Options{SignalDefault: []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGILL}}))
	// Output:
	// 0
}

// The child ignores signals, as with nohup(1).
func ExampleOptions_signalIgnore() {
	fmt.Print(output(`awk '/^SigIgn/ {print substr($2, 16)}' /proc/self/status`, &forkexec.Options{
		SignalIgnore:  []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT},
		SignalDefault: []syscall.Signal{syscall.SIGILL},
	}))
	// Output:
	// 7
}

// When memory is short, the kernel kills the child first.
func ExampleOptions_oOMScoreAdj() {
	fmt.Print(output(`cat /proc/self/oom_score_adj`, &forkexec.Options{OOMScoreAdj: value(500)}))
	// Output:
	// 500
}

// No core dumps.
func ExampleOptions_rlimits() {
	fmt.Print(output(`ulimit -c`, &forkexec.Options{Rlimits: []forkexec.Rlimit{{Resource: syscall.RLIMIT_CORE}}}))
	// Output:
	// 0
}

// A low priority, as with nice(1).
func ExampleOptions_nice() {
	fmt.Print(output(`nice`, &forkexec.Options{Nice: value(19)}))
	// Output:
	// 19
}

// SCHED_BATCH, as chrt(1) sets it.
func ExampleOptions_scheduler() {
	fmt.Print(output(`awk '{print $41}' /proc/self/stat`, &forkexec.Options{Scheduler: &forkexec.Scheduler{Policy: 3}}))
	// Output:
	// 3
}

// One processor, as with taskset(1).
func ExampleOptions_cPUs() {
	fmt.Print(output(`awk '/^Cpus_allowed_list/ {print $2}' /proc/self/status`, &forkexec.Options{CPUs: []int{0}}))
	// Output:
	// 0
}

// The idle class, as with ionice(1).
func ExampleOptions_iOPriority() {
	fmt.Print(output(`ionice`, &forkexec.Options{IOPriority: value(3 << 13)}))
	// Output:
	// idle
}

// The child's umask; that of this process never changes.
func ExampleOptions_umask() {
	fmt.Print(output(`umask`, &forkexec.Options{Umask: value(0o27)}))
	// Output:
	// 0027
}

// The child sees an old kernel's version, as with setarch(8).
func ExampleOptions_personality() {
	old := uint32(0x0020000) // UNAME26
	fmt.Print(output(`uname -r | cut -c1-4`, &forkexec.Options{Personality: &old}))
	// Output:
	// 2.6.
}

// The kernel's own keyrings begin with a dot; nobody else may join or make one.
func ExampleOptions_sessionKeyring() {
	name := ".mine"
	failure(&forkexec.Options{SessionKeyring: &name})
	// Output:
	// session keyring .mine: operation not permitted
}

// No inheritable capability.
func ExampleOptions_capabilities() {
	fmt.Print(output(`awk '/^CapInh/ {print $2}' /proc/self/status`, &forkexec.Options{Capabilities: &forkexec.Capabilities{Inheritable: new(uint64)}}))
	// Output:
	// 0000000000000000
}

// The child opens a file as descriptor 5.
func ExampleOptions_open() {
	fmt.Print(output(`readlink /proc/self/fd/5`, &forkexec.Options{Open: []forkexec.OpenFile{{FD: 5, Path: "/dev/null"}}}))
	// Output:
	// /dev/null
}

// Set-user-ID programs give the child no privilege.
func ExampleOptions_noNewPrivs() {
	fmt.Print(output(`awk '/^NoNewPrivs/ {print $2}' /proc/self/status`, &forkexec.Options{NoNewPrivs: true}))
	// Output:
	// 1
}

// A filter that refuses one system call, kill(2), by EPERM, and allows all others. The number is
// that of this program's architecture. Only root needs no NoNewPrivs.
func ExampleOptions_seccomp() {
	const load, ifEqual, ret = 0x20, 0x15, 0x06     // BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K
	const allow, errno = 0x7fff0000, 0x00050000 + 1 // SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO with EPERM
	filter := []forkexec.SockFilter{
		{Code: load, K: 0}, // nr of struct seccomp_data
		{Code: ifEqual, K: syscall.SYS_KILL, Jf: 1},
		{Code: ret, K: errno},
		{Code: ret, K: allow},
	}
	fmt.Print(output(`echo runs; kill -0 $$ 2>/dev/null || echo but sends no signal`,
		&forkexec.Options{NoNewPrivs: true, Seccomp: &forkexec.Seccomp{Filter: filter}}))
	// Output:
	// runs
	// but sends no signal
}

// The child waits until the function returns.
func ExampleOptions_onClone() {
	work := func(pid int) error { fmt.Println("the child waits"); return nil }
	fmt.Print(output(`echo the program runs`, &forkexec.Options{OnClone: work}))
	// Output:
	// the child waits
	// the program runs
}

// A shell joins the namespaces of another child, as with nsenter(1). They are those of a user
// namespace of its own, so that this needs no root. Where such are forbidden, standard error
// says so, and the output is the same.
func ExampleOptions_namespaces() {
	const want = "in the other's UTS namespace: true"
	other, err := forkexec.Start(context.Background(), "/bin/sleep", []string{"sleep", "60"}, &syscall.ProcAttr{Sys: &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWUTS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}}}, nil)
	if lacking(err, want) {
		return
	}
	defer func() {
		_ = other.Kill()
		_, _ = other.Wait()
	}()
	var join []forkexec.Namespace
	for _, kind := range []string{"user", "uts"} { // the user namespace first: it gives the right to the other one
		file, err := os.Open(fmt.Sprintf("/proc/%d/ns/%s", other.Pid, kind))
		if lacking(err, want) {
			return
		}
		defer file.Close()
		join = append(join, forkexec.Namespace{FD: int(file.Fd())})
	}
	text, err := outputOf(`readlink /proc/self/ns/uts`, &forkexec.Options{Namespaces: join})
	if lacking(err, want) {
		return
	}
	uts, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/uts", other.Pid))
	fmt.Println("in the other's UTS namespace:", text == uts+"\n")
	// Output:
	// in the other's UTS namespace: true
}

// lacking reports whether there was an error. If it is that this system forbids or lacks what an
// example needs, standard error says so, and the example prints what it would have printed.
func lacking(err error, want string) bool {
	switch {
	case err == nil:
		return false
	case errors.Is(err, os.ErrPermission) || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.ENOSPC):
		fmt.Fprintln(os.Stderr, "not shown, because it is not possible here:", err)
		fmt.Println(want)
	default:
		fmt.Println(err)
	}
	return true
}

// The kernel refuses bits that do not exist.
func ExampleOptions_securebits() {
	bits := new(uint)
	*bits = 1 << 20
	failure(&forkexec.Options{Securebits: bits})
	// Output:
	// securebits 0x100000: operation not permitted
}

// The function sees the child as its program will be: here its working directory. An error of the
// function would end the start.
func ExampleOptions_onExec() {
	look := func(pid int) error {
		dir, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
		fmt.Println("it will run in", dir)
		return err
	}
	p, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, &syscall.ProcAttr{Dir: "/"},
		&forkexec.Options{OnExec: look})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = p.Wait()
	failure(&forkexec.Options{OnExec: func(int) error { return errors.New("not today") }})
	// Output:
	// it will run in /
	// stop before exec: not today
}

// The helpers write the maps of a new user namespace, so there has to be one.
func ExampleOptions_iDMapHelpers() {
	failure(&forkexec.Options{IDMapHelpers: true})
	// Output:
	// request IDMapHelpers without CLONE_NEWUSER in Cloneflags: invalid argument
}

// A directory that is open already; its path does not matter.
func ExampleOptions_dirFD() {
	dir, err := os.Open("/usr")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer dir.Close()
	fmt.Print(output("pwd -P", &forkexec.Options{DirFD: dir}))
	// Output: /usr
}

// The child executes the open file, whatever is at its path now.
func ExampleOptions_execFD() {
	shell, err := os.Open("/bin/sh")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer shell.Close()
	fmt.Print(output("echo by descriptor", &forkexec.Options{ExecFD: shell}))
	// Output: by descriptor
}

// The child may write below one directory and nowhere else; root, too. Where the kernel has no
// Landlock (Linux 5.13), standard error says so, and the output is the same.
func ExampleOptions_landlock() {
	const want = "inside\nnot outside"
	dir, err := os.MkdirTemp("", "landlock")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	inside := filepath.Join(dir, "inside")
	if err := os.Mkdir(inside, 0o777); err != nil {
		fmt.Println(err)
		return
	}
	rules, err := writesBelow(inside)
	if lacking(err, want) {
		return
	}
	defer rules.Close()
	script := "cd " + dir + "; echo >inside/file && echo inside; (echo >file) 2>&- || echo not outside"
	fmt.Print(output(script, &forkexec.Options{NoNewPrivs: true, Landlock: rules}))
	// Output:
	// inside
	// not outside
}

// writesBelow makes a ruleset by which files are written below one directory only. The numbers
// and structs are those of golang.org/x/sys/unix and linux/landlock.h.
func writesBelow(path string) (*os.File, error) {
	const create, addRule, pathBeneath = 444, 445, 1
	writeFile := uint64(1 << 1) // LANDLOCK_ACCESS_FS_WRITE_FILE
	fd, _, errno := syscall.Syscall(create, uintptr(unsafe.Pointer(&writeFile)), unsafe.Sizeof(writeFile), 0)
	if errno != 0 {
		return nil, os.NewSyscallError("landlock_create_ruleset", errno)
	}
	rules := os.NewFile(fd, "ruleset")
	dir, err := os.Open(path)
	if err != nil {
		rules.Close()
		return nil, err
	}
	defer dir.Close()
	rule := struct {
		allowed uint64
		parent  int32
	}{writeFile, int32(dir.Fd())}
	if _, _, errno = syscall.Syscall6(addRule, fd, pathBeneath, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); errno != 0 {
		rules.Close()
		return nil, os.NewSyscallError("landlock_add_rule", errno)
	}
	return rules, nil
}

// Each step with its time.
func ExampleOptions_trace() {
	var trace forkexec.Trace
	fmt.Print(output("true", &forkexec.Options{Trace: &trace}))
	last := trace.Steps[len(trace.Steps)-1]
	fmt.Println(trace.Steps[0].Step, trace.Steps[1].Step, last.Step, last.Begin+last.Took == trace.Took)
	// Output:
	// request clone execve true
}

// The child would stop and wait for kill -CONT; a step that it does not take is refused.
func ExampleOptions_pauseAt() {
	failure(&forkexec.Options{PauseAt: forkexec.StepChroot})
	// Output:
	// request PauseAt = chroot: invalid argument
}

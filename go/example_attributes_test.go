// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

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

// A filter of one instruction, which allows all system calls.
func ExampleOptions_seccomp() {
	allow := forkexec.SockFilter{Code: 6 /* BPF_RET */, K: 0x7fff0000 /* SECCOMP_RET_ALLOW */}
	fmt.Print(output(`awk '/^Seccomp:/ {print $2}' /proc/self/status`,
		&forkexec.Options{NoNewPrivs: true, Seccomp: &forkexec.Seccomp{Filter: []forkexec.SockFilter{allow}}}))
	// Output:
	// 2
}

// The child waits until the function returns.
func ExampleOptions_onClone() {
	work := func(pid int) error { fmt.Println("the child waits"); return nil }
	fmt.Print(output(`echo the program runs`, &forkexec.Options{OnClone: work}))
	// Output:
	// the child waits
	// the program runs
}

// The error names the namespace that the child cannot join.
func ExampleOptions_namespaces() {
	failure(&forkexec.Options{Namespaces: []forkexec.Namespace{{FD: 9999}}})
	// Output:
	// setns Namespaces[0] = 9999: bad file descriptor
}

// The kernel refuses bits that do not exist.
func ExampleOptions_securebits() {
	bits := new(uint)
	*bits = 1 << 20
	failure(&forkexec.Options{Securebits: bits})
	// Output:
	// securebits 0x100000: operation not permitted
}

// An error of the function ends the start.
func ExampleOptions_onExec() {
	failure(&forkexec.Options{OnExec: func(int) error { return errors.New("not today") }})
	// Output:
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

// A descriptor that is no ruleset fails at this step.
func ExampleOptions_landlock() {
	dir, err := os.Open("/")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer dir.Close()
	_, err = forkexec.Start(context.Background(), "/bin/true", []string{"true"}, nil, &forkexec.Options{NoNewPrivs: true, Landlock: dir})
	var e *forkexec.Error
	if errors.As(err, &e) {
		fmt.Println(e.Step)
	}
	// Output: landlock
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

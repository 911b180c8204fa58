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

// What is not a signal cannot be blocked.
func ExampleOptions_signalMask() {
	failure(&forkexec.Options{SignalMask: []syscall.Signal{syscall.SIGUSR1, 0}})
	// Output: sigmask SignalMask has 0: invalid argument
}

// What the parent ignores, its child need not.
func ExampleOptions_signalDefault() {
	fmt.Print(output(`awk '/^SigIgn/ {print substr($2, 16)}' /proc/self/status`, &forkexec.Options{SignalDefault: []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGILL}}))
	// Output:
	// 0
}

// As nohup(1) does.
func ExampleOptions_signalIgnore() {
	fmt.Print(output(`awk '/^SigIgn/ {print substr($2, 16)}' /proc/self/status`, &forkexec.Options{SignalIgnore: []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT}, SignalDefault: []syscall.Signal{syscall.SIGILL}}))
	// Output:
	// 7
}

// The first to go when memory is short.
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

// As nice(1) does.
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

// As taskset(1) does.
func ExampleOptions_cPUs() {
	fmt.Print(output(`awk '/^Cpus_allowed_list/ {print $2}' /proc/self/status`, &forkexec.Options{CPUs: []int{0}}))
	// Output:
	// 0
}

// As ionice(1) does: the idle class.
func ExampleOptions_iOPriority() {
	fmt.Print(output(`ionice`, &forkexec.Options{IOPriority: value(3 << 13)}))
	// Output:
	// idle
}

// Without a moment in which this process has it.
func ExampleOptions_umask() {
	fmt.Print(output(`umask`, &forkexec.Options{Umask: value(0o27)}))
	// Output:
	// 0027
}

// No inheritable capability.
func ExampleOptions_capabilities() {
	fmt.Print(output(`awk '/^CapInh/ {print $2}' /proc/self/status`, &forkexec.Options{Capabilities: &forkexec.Capabilities{Inheritable: new(uint64)}}))
	// Output:
	// 0000000000000000
}

// A file that is opened in the child.
func ExampleOptions_open() {
	fmt.Print(output(`readlink /proc/self/fd/5`, &forkexec.Options{Open: []forkexec.OpenFile{{FD: 5, Path: "/dev/null"}}}))
	// Output:
	// /dev/null
}

// Set-user-ID programs grant nothing.
func ExampleOptions_noNewPrivs() {
	fmt.Print(output(`awk '/^NoNewPrivs/ {print $2}' /proc/self/status`, &forkexec.Options{NoNewPrivs: true}))
	// Output:
	// 1
}

// A filter that allows all.
func ExampleOptions_seccomp() {
	fmt.Print(output(`awk '/^Seccomp:/ {print $2}' /proc/self/status`, &forkexec.Options{NoNewPrivs: true, Seccomp: &forkexec.Seccomp{Filter: []forkexec.SockFilter{{Code: 6, K: 0x7fff0000}}}}))
	// Output:
	// 2
}

// A hook: the child waits until it returns.
func ExampleOptions_onClone() {
	fmt.Print(output(`echo the program runs`, &forkexec.Options{OnClone: func(int) error { fmt.Println("the child waits"); return nil }}))
	// Output:
	// the child waits
	// the program runs
}

// The error names the one that cannot be joined.
func ExampleOptions_namespaces() {
	failure(&forkexec.Options{Namespaces: []forkexec.Namespace{{FD: 9999}}})
	// Output:
	// setns Namespaces[0] = 9999: bad file descriptor
}

// Bits that do not exist.
func ExampleOptions_securebits() {
	bits := new(uint)
	*bits = 1 << 20
	failure(&forkexec.Options{Securebits: bits})
	// Output:
	// securebits 0x100000: operation not permitted
}

// A hook whose error ends the start.
func ExampleOptions_onExec() {
	failure(&forkexec.Options{OnExec: func(int) error { return errors.New("not today") }})
	// Output:
	// stop before exec: not today
}

// They write the maps of a new user namespace.
func ExampleOptions_iDMapHelpers() {
	failure(&forkexec.Options{IDMapHelpers: true})
	// Output:
	// request IDMapHelpers without CLONE_NEWUSER in Cloneflags: invalid argument
}

// A directory whose path may have changed meanwhile.
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

// What is executed is what was opened.
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

// Whatever is not a ruleset fails at this step.
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

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Package signals answers: do starts of a Go program bear a storm of signals? Those of the
// runtime (SIGURG, SIGPROF), of os/signal, and of handlers in C, none of which may run in
// a child. The C library's turn is tests/unit/test_signals.c.
package signals

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/tests/signals/internal/handler"
)

const roleVar = "SIGNALS_TEST_ROLE"

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleVar); role {
	case "":
		os.Exit(m.Run())
	case "parent":
		inner()
	default:
		storm(role)
	}
}

var (
	atC      = []syscall.Signal{syscall.SIGUSR1, syscall.SIGWINCH, 40}
	atNotify = []syscall.Signal{syscall.SIGUSR2, syscall.SIGCHLD, syscall.SIGCONT, syscall.SIGALRM, syscall.SIGTSTP, syscall.SIGTTOU, syscall.SIGTTIN, 35, 64}
	atParent = append(append([]syscall.Signal{syscall.SIGURG, syscall.SIGPROF, syscall.SIGURG}, atC...), atNotify...)
	// A stop is followed by what ends it; the others mean nothing to a program without handlers.
	atGroup = []syscall.Signal{syscall.SIGURG, syscall.SIGCHLD, syscall.SIGWINCH, syscall.SIGTSTP, syscall.SIGCONT, syscall.SIGTTOU, syscall.SIGCONT, syscall.SIGTTIN, syscall.SIGCONT}
)

// storm sends until pid is no more.
func storm(role string) {
	pid, _ := strconv.Atoi(role)
	for i := 0; syscall.Kill(pid, atParent[i%len(atParent)]) == nil; i++ {
		_ = syscall.Kill(-pid, atGroup[i%len(atGroup)])
		time.Sleep(20 * time.Microsecond)
	}
}

// TestStorm runs the starts in a process group of their own: its parent, in another one,
// makes job control stop its members.
func TestStorm(t *testing.T) {
	for _, setting := range []string{"", "noclone3"} { // who clears the handlers: the kernel, the child
		t.Run(setting, func(t *testing.T) { underStorm(t, setting) })
	}
}

func underStorm(t *testing.T, setting string) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), roleVar+"=parent", "FORKEXEC="+setting)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	kill := time.AfterFunc(2*time.Minute, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	out, err := cmd.CombinedOutput()
	kill.Stop()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
	t.Logf("%s", out)
}

func fail(format string, args ...any) {
	fmt.Printf(format+"\n", args...)
	os.Exit(1)
}

func inner() {
	signal.Ignore(syscall.SIGHUP, syscall.Signal(41))
	c := make(chan os.Signal, 1)
	for _, sig := range atNotify {
		signal.Notify(c, sig)
	}
	inC := true
	for _, sig := range atC {
		signal.Notify(c, sig) // else it is deadly without cgo
		inC = handler.Install(sig) && inC
	}
	const asked = 1<<(1-1) | 1<<(41-1)
	want := status(syscall.StartProcess)
	_, ignored, _ := strings.Cut(want, "SigIgn:\t") // we may have inherited others
	if mask, err := strconv.ParseUint(ignored[:16], 16, 64); err != nil || mask&asked != asked {
		fail("the standard library's child: %q", want)
	}

	exe, _ := os.Executable()
	sender := exec.Command(exe)
	sender.Env = append(os.Environ(), fmt.Sprint(roleVar, "=", os.Getpid()))
	sender.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := sender.Start(); err != nil {
		fail("%v", err)
	}
	<-c
	var work sync.WaitGroup
	for range 8 {
		work.Add(1)
		go func() {
			defer work.Done()
			for range 250 {
				if got := status(ours); got != want {
					fail("the child has %q, with the standard library %q", got, want)
				}
				if _, err := forkexec.StartProcess("/missing", []string{"x"}, &os.ProcAttr{}); !os.IsNotExist(err) {
					fail("/missing: %v", err)
				}
			}
		}()
	}
	work.Wait()
	_ = sender.Process.Kill()
	_ = sender.Wait()
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != syscall.ECHILD {
		fail("a child is left: %d, %v", pid, err)
	}
	here, elsewhere := handler.Counts()
	if elsewhere != 0 || inC && here == 0 {
		fail("handlers ran %d times here, %d times in a child", here, elsewhere)
	}
	fmt.Printf("C handlers ran %d times, none in a child", here)
	os.Exit(0)
}

func ours(argv0 string, argv []string, attr *syscall.ProcAttr) (int, uintptr, error) {
	pid, err := forkexec.ForkExec(argv0, argv, attr)
	return pid, 0, err
}

// status is how a program finds its signals.
func status(start func(string, []string, *syscall.ProcAttr) (int, uintptr, error)) string {
	r, w, err := os.Pipe()
	if err != nil {
		fail("%v", err)
	}
	pid, _, err := start("/bin/grep", []string{"grep", "-E", "^Sig(Blk|Ign|Cgt)", "/proc/self/status"}, &syscall.ProcAttr{Files: []uintptr{0, w.Fd(), 2}})
	w.Close()
	if err != nil {
		fail("%v", err)
	}
	out, _ := io.ReadAll(r)
	r.Close()
	var status syscall.WaitStatus
	for {
		if _, err = syscall.Wait4(pid, &status, 0, nil); err != syscall.EINTR {
			break
		}
	}
	if err != nil || status != 0 {
		fail("wait: %v, status %#x", err, int(status))
	}
	return string(out)
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

// Limits that are really reached: each in a program of its own, whose limits they are. What
// leaves the Go runtime no thread (RLIMIT_NPROC, a pids cgroup) is left to the C tests.
func init() {
	programs["descriptors"] = descriptors
	programs["arguments"] = withPoller(arguments)
	programs["deadNamespace"] = withPoller(deadNamespace)
	programs["namespaces"] = withPoller(namespaces)
}

// withPoller lets the runtime open the poller's own descriptors first: try counts them.
func withPoller(program func() int) func() int {
	return func() int {
		time.Sleep(1)
		return program()
	}
}

func TestLimits(t *testing.T) {
	needC(t)
	for _, c := range []struct {
		program string
		root    bool
		want    string
	}{
		{"descriptors", false, "EMFILE, EMFILE, ok"},
		{"arguments", false, "execve E2BIG, execve E2BIG, ok"},
		{"deadNamespace", true, "ok, clone ENOMEM, clone ENOMEM"},
		{"namespaces", false, "clone ENOSPC, unshare ENOSPC, ok"},
	} {
		t.Run(c.program, func(t *testing.T) {
			if c.root && os.Geteuid() != 0 {
				t.Skip("needs root")
			}
			got := strings.TrimSpace(runProgram(t, c.program))
			if strings.HasPrefix(got, "skip: ") {
				t.Skip(got)
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func openCount() int {
	n := 0
	for fd := range 1024 {
		var st syscall.Stat_t
		if syscall.Fstat(fd, &st) == nil {
			n++
		}
	}
	return n
}

// try starts a program, and returns what came of it in words; "left" if anything stays.
func try(argv []string, sys *syscall.SysProcAttr, step bool) string {
	before := openCount()
	p, err := forkexec.Start(context.Background(), "/bin/true", argv, &syscall.ProcAttr{Sys: sys}, nil)
	text := "ok"
	var e *forkexec.Error
	switch {
	case errors.As(err, &e):
		names := map[syscall.Errno]string{syscall.EMFILE: "EMFILE", syscall.E2BIG: "E2BIG", syscall.ENOMEM: "ENOMEM", syscall.ENOSPC: "ENOSPC"}
		if text = names[e.Errno]; step || text == "" {
			text = fmt.Sprint(e.Step, " ", text)
		}
		if e.Hint() == "" || text == "" {
			text += " without a hint"
		}
	case err != nil:
		text = err.Error()
	default:
		if st, err := p.Wait(); err != nil || !st.Success() {
			text = fmt.Sprint(st, err)
		}
	}
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != syscall.ECHILD {
		text += fmt.Sprintf(", left: child %d", pid)
	}
	if after := openCount(); after != before {
		text += fmt.Sprintf(", left: %d descriptors, were %d", after, before)
	}
	return text
}

func say(results ...string) int {
	fmt.Println(strings.Join(results, ", "))
	return 0
}

func descriptors() int {
	_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64})
	var full []int
	for {
		fd, _, e := syscall.Syscall(syscall.SYS_FCNTL, 0, syscall.F_DUPFD_CLOEXEC, 0)
		if e != 0 {
			break
		}
		full = append(full, int(fd))
	}
	user := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}}
	first, second := try(nil, nil, false), try(nil, user, false)
	for _, fd := range full {
		syscall.Close(fd)
	}
	time.Sleep(1) // see withPoller: while there was none free, this would have ended the program
	return say(first, second, try([]string{"true"}, nil, true))
}

func arguments() int {
	one := strings.Repeat("x", 128<<10)
	many := make([]string, 1000)
	for i := range many {
		many[i] = one[1:]
	}
	return say(try([]string{"true", one}, nil, true), try(many, nil, true), try([]string{"true", one[1:]}, nil, true))
}

// deadNamespace has a PID namespace for children whose init ends at once.
func deadNamespace() int {
	runtime.LockOSThread()
	if err := syscall.Unshare(syscall.CLONE_NEWPID); err != nil {
		return say("skip: " + err.Error())
	}
	return say(try([]string{"true"}, nil, true), try(nil, nil, true), try(nil, &syscall.SysProcAttr{Setsid: true}, true))
}

// namespaces runs itself as root of a user namespace that allows no further ones.
func namespaces() int {
	newUser := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}}
	if os.Getenv("API_TEST_INSIDE") == "" {
		script := `echo 0 > /proc/sys/user/max_user_namespaces && exec /proc/self/fd/3`
		self, err := os.Open("/proc/self/exe")
		if err != nil {
			return say(err.Error())
		}
		p, err := forkexec.Start(context.Background(), "/bin/sh", []string{"sh", "-c", script},
			&syscall.ProcAttr{Env: append(os.Environ(), "API_TEST_INSIDE=1"), Files: []uintptr{0, 1, 2, self.Fd()}, Sys: newUser}, nil)
		if err != nil {
			return say("skip: " + err.Error())
		}
		_, _ = p.Wait()
		return 0
	}
	inside := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
	return say(try(nil, inside, true), try(nil, &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWUSER}, true), try([]string{"true"}, nil, true))
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && (amd64 || arm64)

// Package failures asks: is what docs/failures.md says of the standard library true, and
// does the same input do no harm here?
//
// Each case is tried in a process of its own, as it may crash, hang or be replaced. The
// standard library's part says when a newer Go has become better: then the docs change.
package failures

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

type forkExec func(argv0 string, argv []string, attr *syscall.ProcAttr) (int, error)

// A failure is input that harms. Both results are beginnings of what the process prints,
// or "crashes" or "hangs".
type failure struct {
	name      string
	std, ours string
	try       func(start forkExec) string
}

var idMap = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}

var failures = []failure{
	{"AmbientCaps 64", "crashes", "invalid argument",
		with(syscall.SysProcAttr{AmbientCaps: []uintptr{64}})},
	{"UidMappings without CLONE_NEWUSER", "hangs", "invalid argument",
		with(syscall.SysProcAttr{UidMappings: idMap})},
	{"empty maps with unshare", "started, and the child: exit status 2", "invalid argument",
		with(syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{}, GidMappings: []syscall.SysProcIDMap{}})},
	{"CLONE_THREAD", "I am /bin/echo", "invalid argument",
		with(syscall.SysProcAttr{Cloneflags: syscall.CLONE_THREAD | syscall.CLONE_SIGHAND | syscall.CLONE_VM})},
	{"CLONE_FS", "the parent is in /tmp", "the parent is in /: invalid argument", func(start forkExec) string {
		_ = os.Chdir("/")
		_, err := start("/missing", []string{"x"}, &syscall.ProcAttr{Dir: "/tmp", Sys: &syscall.SysProcAttr{Cloneflags: syscall.CLONE_FS}})
		wd, _ := syscall.Getwd()
		return fmt.Sprintf("the parent is in %s: %v", strings.TrimRight(wd, "\x00"), err)
	}},
	{"CLONE_FILES", "the parent's descriptor is closed", "the parent's descriptor is open", func(start forkExec) string {
		fd, _ := syscall.Dup(2)
		var st syscall.Stat_t
		_, _ = start("/missing", []string{"x"}, &syscall.ProcAttr{Files: manyClosed(fd + 1), Sys: &syscall.SysProcAttr{Cloneflags: syscall.CLONE_FILES}})
		if syscall.Fstat(fd, &st) != nil {
			return "the parent's descriptor is closed"
		}
		return "the parent's descriptor is open"
	}},
	{"descriptor 1<<32 | 1", "I am /bin/echo", "bad file descriptor", func(start forkExec) string {
		return result(start, &syscall.ProcAttr{Files: []uintptr{1<<32 | 1, 1, 2}})
	}},
	{"clone refused while maps are set", "2 descriptors left", "0 descriptors left", func(start forkExec) string {
		before := pipes()
		_, _ = start("/bin/echo", []string{"echo"}, &syscall.ProcAttr{Sys: &syscall.SysProcAttr{
			Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_FS, UidMappings: idMap}})
		return fmt.Sprint(pipes()-before, " descriptors left")
	}},
}

// manyClosed are Files that close descriptors 0 to n-1 but standard output and error.
func manyClosed(n int) []uintptr {
	files := make([]uintptr, n)
	for i := range files {
		files[i] = ^uintptr(0)
	}
	files[1], files[2] = 1, 2
	return files
}

func with(sys syscall.SysProcAttr) func(forkExec) string {
	return func(start forkExec) string {
		return result(start, &syscall.ProcAttr{Files: []uintptr{0, 1, 2}, Sys: &sys})
	}
}

func result(start forkExec, attr *syscall.ProcAttr) string {
	pid, err := start("/bin/echo", []string{"echo", "I am /bin/echo"}, attr)
	if err != nil {
		return err.Error()
	}
	p, _ := os.FindProcess(pid)
	st, err := p.Wait()
	if err != nil {
		return "started, and " + err.Error()
	}
	return fmt.Sprint("started, and the child: ", st)
}

// pipes counts the descriptors that are ends of pipes.
func pipes() (n int) {
	names, _ := filepath.Glob("/proc/self/fd/*")
	for _, name := range names {
		if to, _ := os.Readlink(name); strings.HasPrefix(to, "pipe:") {
			n++
		}
	}
	return n
}

const caseVar = "FAILURES_CASE"

func TestMain(m *testing.M) {
	if name := os.Getenv(caseVar); name != "" {
		start := forkexec.ForkExec
		if s, ok := strings.CutPrefix(name, "std:"); ok {
			name, start = s, syscall.ForkExec
		}
		for _, f := range failures {
			if f.name == name {
				fmt.Println(f.try(start))
			}
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// observe runs a case and says what became of it.
func observe(t *testing.T, name string) string {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), caseVar+"="+name)
	var out strings.Builder
	cmd.Stdout = &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with all that it leaves behind
	cmd.WaitDelay = 100 * time.Millisecond
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hangs := false
	timer := time.AfterFunc(3*time.Second, func() {
		hangs = true
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	})
	err = cmd.Wait()
	timer.Stop()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	switch {
	case hangs:
		return "hangs"
	case err != nil:
		return "crashes: " + err.Error()
	}
	return strings.TrimSpace(out.String())
}

func TestFailures(t *testing.T) {
	for _, f := range failures {
		t.Run(f.name, func(t *testing.T) {
			std := observe(t, "std:"+f.name)
			t.Log("standard library: ", std)
			if !strings.HasPrefix(std, f.std) {
				t.Errorf("the standard library's result is %q, expected %q", std, f.std)
			}
			if forkexec.Implementation() == "stdlib" {
				return
			}
			ours := observe(t, f.name)
			t.Log("here: ", ours)
			if !strings.HasPrefix(ours, f.ours) {
				t.Errorf("the result here is %q, expected %q", ours, f.ours)
			}
		})
	}
}

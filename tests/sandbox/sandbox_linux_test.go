// SPDX-License-Identifier: BSD-3-Clause

//go:build !android && (amd64 || arm64 || riscv64)

// Package sandbox answers: is every kind of start right where a container's policy, an
// old kernel or something like gVisor refuses system calls that starts would like to
// use? Each policy is a seccomp filter on a process of its own, which then starts
// programs by all of the package's functions, twice: what was refused is remembered.
package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	stdexec "os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

// A policy is what is refused and what a start must give then.
type policy struct {
	name    string
	rules   []rule
	err     syscall.Errno // of every start, at StepClone
	noPidfd bool          // SysProcAttr.PidFD gets -1
}

const (
	sysPidfdSendSignal = 424 // the same on all architectures
	sysPidfdOpen       = 434
	sysClone3          = 435
	sysCloseRange      = 436
	cloneVM            = syscall.CLONE_VM
	cloneThread        = syscall.CLONE_THREAD // which Go itself needs
	clonePidfd         = 0x1000

	enosys, eperm, einval = syscall.ENOSYS, syscall.EPERM, syscall.EINVAL
)

func refuse(nr uint32, e syscall.Errno) rule { return rule{nr, 0, 0, e} }

func refuseClone(flag uint32, e syscall.Errno) rule {
	return rule{syscall.SYS_CLONE, flag, cloneThread, e}
}

var policies = []policy{
	{"nothing", nil, 0, false},
	{"clone3 ENOSYS", []rule{refuse(sysClone3, enosys)}, 0, false},
	{"clone3 EPERM", []rule{refuse(sysClone3, eperm)}, 0, false},
	{"close_range ENOSYS", []rule{refuse(sysCloseRange, enosys)}, 0, false},
	{"close_range EPERM", []rule{refuse(sysCloseRange, eperm)}, 0, false},
	{"pidfd_open ENOSYS", []rule{refuse(sysPidfdOpen, enosys)}, 0, false},
	{"pidfd_open EPERM", []rule{refuse(sysPidfdOpen, eperm)}, 0, false},
	{"pidfd_send_signal ENOSYS", []rule{refuse(sysPidfdSendSignal, enosys)}, 0, false},
	{"pidfd_send_signal EPERM", []rule{refuse(sysPidfdSendSignal, eperm)}, 0, false},
	{"CLONE_PIDFD EINVAL", []rule{refuse(sysClone3, enosys), refuseClone(clonePidfd, einval)}, 0, true},
	{"CLONE_VM EINVAL", []rule{refuse(sysClone3, enosys), refuseClone(cloneVM, einval)}, 0, false},
	{"CLONE_VM EPERM", []rule{refuse(sysClone3, eperm), refuseClone(cloneVM, eperm)}, 0, false},
	{"CLONE_VM ENOSYS", []rule{refuse(sysClone3, enosys), refuseClone(cloneVM, enosys)}, 0, false},
	{"all that is new", []rule{refuse(sysClone3, enosys), refuse(sysCloseRange, enosys), refuse(sysPidfdOpen, enosys),
		refuse(sysPidfdSendSignal, enosys), refuseClone(clonePidfd, einval)}, 0, true},
	{"CLONE_PIDFD ENOSYS", []rule{refuse(sysClone3, enosys), refuseClone(clonePidfd, enosys)}, 0, true},
	{"CLONE_PIDFD EPERM", []rule{refuse(sysClone3, enosys), refuseClone(clonePidfd, eperm)}, 0, true},
	{"all that is new, CLONE_VM", []rule{refuse(sysClone3, eperm), refuse(sysCloseRange, eperm), refuse(sysPidfdOpen, eperm),
		refuse(sysPidfdSendSignal, eperm), refuseClone(clonePidfd|cloneVM, eperm)}, 0, true},
	{"every clone", []rule{refuse(sysClone3, enosys), refuseClone(0, eperm)}, eperm, false},
}

const policyVar = "SANDBOX_POLICY"

func TestMain(m *testing.M) {
	if name := os.Getenv(profileVar); name != "" {
		os.Exit(insideProfile(name))
	}
	n, err := strconv.Atoi(os.Getenv(policyVar))
	if err != nil {
		os.Exit(m.Run())
	}
	os.Exit(inside(policies[n]))
}

func TestPolicies(t *testing.T) {
	if forkexec.Implementation() == "stdlib" {
		t.Skip("the standard library does the starts")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range policies {
		t.Run(p.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			cmd := stdexec.CommandContext(ctx, exe)
			cmd.Env = append(os.Environ(), policyVar+"="+strconv.Itoa(i))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// inside is the filtered process.
func inside(p policy) int {
	warmUp()
	if err := install(p.rules); err != nil {
		fmt.Println("seccomp:", err)
		return 1
	}
	return checkAll(p)
}

func checkAll(p policy) int {
	status := 0
	for _, pass := range []string{"first", "again"} {
		for _, c := range []struct {
			name string
			f    func(policy) error
		}{
			{"ForkExec", checkForkExec}, {"failures", checkFailures}, {"CloseFDs", checkCloseFDs}, {"PidFD", checkPidFD},
			{"credential", checkCredential}, {"Cmd", checkCmd}, {"kill", checkKill}, {"many", checkMany},
		} {
			before := descriptors()
			err := c.f(p)
			if after := descriptors(); err == nil && after != before {
				err = fmt.Errorf("descriptors were %s, are %s", before, after)
			}
			if pid, e := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err == nil && e != syscall.ECHILD {
				err = fmt.Errorf("a child is left: wait4 gives %d, %v", pid, e)
			}
			if err != nil {
				fmt.Printf("%s, %s: %v\n", c.name, pass, err)
				status = 1
			}
		}
	}
	return status
}

// warmUp opens what Go's poller keeps open, and makes all the threads that will be
// needed: where clone3 gives EPERM, glibc's pthread_create fails.
func warmUp() {
	r, w, _ := os.Pipe()
	_ = r.SetReadDeadline(time.Now())
	r.Close()
	w.Close()
	var all sync.WaitGroup
	for range 40 {
		all.Add(1)
		go func() {
			defer all.Done()
			_ = syscall.Nanosleep(&syscall.Timespec{Nsec: 50e6}, nil)
		}()
	}
	all.Wait()
}

func descriptors() string {
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err.Error()
	}
	var open []string
	for _, n := range names {
		if to, err := os.Readlink("/proc/self/fd/" + n.Name()); err == nil && !strings.HasPrefix(to, "/proc/") {
			open = append(open, n.Name()+"="+to)
		}
	}
	return strings.Join(open, " ")
}

func shell(script string) []string { return []string{"sh", "-c", script} }

var files = []uintptr{0, 1, 2}

// expect compares with what the policy says; done is whether the rest can be checked.
func (p policy) expect(err error) (done bool, wrong error) {
	if p.err == 0 {
		return err != nil, err
	}
	if !errors.Is(err, p.err) {
		return true, fmt.Errorf("error %v, want %v", err, p.err)
	}
	var e *forkexec.Error
	if errors.As(err, &e) && e.Step != forkexec.StepClone {
		return true, fmt.Errorf("error %v at step %v, want it at %v", err, e.Step, forkexec.StepClone)
	}
	return true, nil
}

func wait(pid, want int) error {
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || status.ExitStatus() != want {
		return fmt.Errorf("wait4 gives %v, %#x, want status %d", err, int(status), want)
	}
	return nil
}

func checkForkExec(p policy) error {
	pid, err := forkexec.ForkExec("/bin/sh", shell("exit 7"), &syscall.ProcAttr{Files: files})
	if done, wrong := p.expect(err); done {
		return wrong
	}
	return wait(pid, 7)
}

func checkFailures(p policy) error {
	for _, c := range []struct {
		path string
		attr syscall.ProcAttr
		step forkexec.Step
		err  syscall.Errno
	}{
		{"/missing", syscall.ProcAttr{}, forkexec.StepExecve, syscall.ENOENT},
		{"/bin/sh", syscall.ProcAttr{Dir: "/missing"}, forkexec.StepChdir, syscall.ENOENT},
		{"/bin/sh", syscall.ProcAttr{Dir: "/dev/null"}, forkexec.StepChdir, syscall.ENOTDIR},
		{"/bin/sh", syscall.ProcAttr{Files: []uintptr{0, 1, 2, 1 << 20}}, forkexec.StepFDDup, syscall.EBADF},
	} {
		_, plain := forkexec.ForkExec(c.path, nil, &c.attr)
		_, err := forkexec.Start(context.Background(), c.path, nil, &c.attr, &forkexec.Options{CloseFDs: true})
		var e *forkexec.Error
		switch {
		case p.err != 0:
			if _, wrong := p.expect(err); wrong != nil || plain != p.err {
				return fmt.Errorf("%v, %v, want %v", wrong, plain, p.err)
			}
		case plain != c.err || !errors.As(err, &e) || e.Errno != c.err || e.Step != c.step:
			return fmt.Errorf("%s %s: %v, %v; want %v at %v", c.path, c.attr.Dir, plain, err, c.err, c.step)
		}
	}
	return nil
}

func checkCloseFDs(p policy) error {
	fd, err := syscall.Dup(2) // without FD_CLOEXEC
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	script := shell(fmt.Sprintf("test -e /proc/self/fd/%d && exit 5; exit 4", fd))
	for _, c := range []struct {
		opt  *forkexec.Options
		want int
	}{{nil, 5}, {&forkexec.Options{CloseFDs: true}, 4}} {
		child, err := forkexec.Start(context.Background(), "/bin/sh", script, &syscall.ProcAttr{Files: files}, c.opt)
		if done, wrong := p.expect(err); done {
			return wrong
		}
		if state, err := child.Wait(); err != nil || state.ExitCode() != c.want {
			return fmt.Errorf("%v, %v, want status %d", state, err, c.want)
		}
	}
	return nil
}

func checkPidFD(p policy) error {
	pidfd := -12345
	attr := &os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}, Sys: &syscall.SysProcAttr{PidFD: &pidfd}}
	child, err := forkexec.StartProcess("/bin/sh", shell("exit 9"), attr)
	if done, wrong := p.expect(err); done {
		if wrong == nil && pidfd != -12345 {
			wrong = fmt.Errorf("no child, but pidfd %d", pidfd)
		}
		return wrong
	}
	if p.noPidfd != (pidfd == -1) {
		err = fmt.Errorf("pidfd %d", pidfd)
	} else if pidfd != -1 {
		info, _ := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", pidfd))
		if !bytes.Contains(info, fmt.Appendf(nil, "\nPid:\t%d\n", child.Pid)) {
			err = fmt.Errorf("descriptor %d is no pidfd of %d: %s", pidfd, child.Pid, info)
		}
		syscall.Close(pidfd)
	}
	if state, e := child.Wait(); err == nil && (e != nil || state.ExitCode() != 9) {
		err = fmt.Errorf("%v, %v, want status 9", state, e)
	}
	return err
}

func checkCredential(p policy) error {
	sys := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid()), NoSetGroups: true}}
	pid, err := forkexec.ForkExec("/bin/sh", shell("exit 6"), &syscall.ProcAttr{Files: files, Sys: sys})
	if done, wrong := p.expect(err); done {
		return wrong
	}
	return wait(pid, 6)
}

func checkCmd(p policy) error {
	out, err := exec.Command("/bin/sh", "-c", "echo out; exit 3").Output()
	if p.err != 0 {
		_, wrong := p.expect(err)
		return wrong
	}
	var e *exec.ExitError
	if !errors.As(err, &e) || e.ExitCode() != 3 || string(out) != "out\n" {
		return fmt.Errorf("%q, %v", out, err)
	}
	return nil
}

// checkKill: the end of a context reaches a program that runs.
func checkKill(p policy) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sleep", "60")
	if done, wrong := p.expect(cmd.Start()); done {
		return wrong
	}
	cancel()
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		return fmt.Errorf("%v, %v", cmd.ProcessState, err)
	}
	return nil
}

// checkMany has more waits at a time than may hold a thread.
func checkMany(p policy) error {
	if p.err != 0 {
		return nil
	}
	errs := make([]error, 9)
	var all sync.WaitGroup
	for i := range errs {
		all.Add(1)
		go func() {
			defer all.Done()
			cmd := exec.Command("/bin/sh", "-c", fmt.Sprintf("sleep 0.1; exit %d", i+1))
			var e *exec.ExitError
			if err := cmd.Run(); !errors.As(err, &e) || e.ExitCode() != i+1 {
				errs[i] = fmt.Errorf("%v, want status %d", err, i+1)
			}
		}()
	}
	all.Wait()
	return errors.Join(errs...)
}

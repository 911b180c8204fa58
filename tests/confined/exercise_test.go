// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package confined

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
	"forkexec.example/forkexec/tests/internal/seccomp"
)

// attributes are starts that ask the place for different things. What it answers is
// compared with what the standard library gets there.
var attributes = []struct {
	name string
	attr func() syscall.SysProcAttr
}{
	{"none", func() syscall.SysProcAttr { return syscall.SysProcAttr{} }},
	{"Setsid", func() syscall.SysProcAttr { return syscall.SysProcAttr{Setsid: true} }},
	{"Setpgid", func() syscall.SysProcAttr { return syscall.SysProcAttr{Setpgid: true} }},
	{"Pdeathsig", func() syscall.SysProcAttr { return syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }},
	{"Chroot", func() syscall.SysProcAttr { return syscall.SysProcAttr{Chroot: "/"} }},
	{"AmbientCaps", func() syscall.SysProcAttr { return syscall.SysProcAttr{AmbientCaps: []uintptr{0}} }},
	{"Credential", func() syscall.SysProcAttr {
		return syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}},
	{"NEWPID", func() syscall.SysProcAttr { return syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID} }},
	{"NEWUSER", func() syscall.SysProcAttr { return mapped(syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}) }},
	{"unshare NEWUSER", func() syscall.SysProcAttr { return mapped(syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWUSER}) }},
	{"unshare NEWNS", func() syscall.SysProcAttr { return syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS} }},
}

func mapped(sys syscall.SysProcAttr) syscall.SysProcAttr {
	sys.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
	sys.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	return sys
}

type forkExec func(argv0 string, argv []string, attr *syscall.ProcAttr) (int, error)

// outcome is what became of a start, in words.
func outcome(start forkExec, argv0 string, attr syscall.ProcAttr) string {
	pid, err := start(argv0, []string{"sh", "-c", "exit 7"}, &attr)
	if err != nil {
		return err.Error()
	}
	var ws syscall.WaitStatus
	for {
		_, err = syscall.Wait4(pid, &ws, 0, nil)
		if err != syscall.EINTR {
			return fmt.Sprint(ws.ExitStatus(), ws.Signal(), err)
		}
	}
}

// exercise starts in all ways that the place allows.
func exercise() error {
	for round := 0; round < 2; round++ { // the first learns what is refused
		for _, a := range attributes {
			for _, argv0 := range []string{"/bin/sh", "/missing"} {
				sys := a.attr()
				attr := syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}, Sys: &sys}
				want := outcome(syscall.ForkExec, argv0, attr)
				if got := outcome(forkexec.ForkExec, argv0, attr); got != want {
					return fmt.Errorf("round %d, %s, %s: %q, standard library: %q", round, a.name, argv0, got, want)
				}
			}
		}
		if err := exerciseStart(); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	return nil
}

// exerciseStart tries what the standard library has not.
func exerciseStart() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	opt := &forkexec.Options{CloseFDs: forkexec.Implementation() != "stdlib"}
	p, err := forkexec.Start(ctx, "/bin/sh", []string{"sh", "-c", "exit 7"}, &syscall.ProcAttr{}, opt)
	if err != nil {
		return err
	}
	if st, err := p.Wait(); err != nil || st.ExitCode() != 7 {
		return fmt.Errorf("Start: %v, %v", st, err)
	}
	out, err := exec.CommandContext(ctx, "/bin/echo", "x").Output()
	if err != nil || string(out) != "x\n" {
		return fmt.Errorf("Output: %q, %v", out, err)
	}
	_, err = forkexec.Start(ctx, "/bin/sh", []string{"sh"}, &syscall.ProcAttr{Dir: "/missing"}, nil)
	var e *forkexec.Error
	if !errors.As(err, &e) || e.Errno != syscall.ENOENT || e.Step != forkexec.StepChdir && forkexec.Implementation() != "stdlib" {
		return fmt.Errorf("a missing directory: %v", err)
	}
	return nil
}

// timeThread starts from a thread whose children are to be in another time namespace:
// kernels before 6.3 refuse them shared memory.
func timeThread() error {
	runtime.LockOSThread()
	const cloneNewTime = 0x80
	if err := syscall.Unshare(cloneNewTime); err != nil {
		fmt.Println("skip: needs time namespaces:", err)
		return nil
	}
	return exercise()
}

// clone3Filter starts from a thread whose filter acts at clone3(2). The filter is the
// thread's: libc, too, makes threads by clone3.
func clone3Filter(action uint32) func() error {
	return func() error {
		runtime.LockOSThread()
		if err := seccomp.NoNewPrivs(); err != nil {
			return err
		}
		if _, err := seccomp.Install(seccomp.Act(seccomp.Clone3, action), 0); err != nil {
			fmt.Println("skip: needs seccomp:", err)
			return nil
		}
		return exercise()
	}
}

// dumpable starts as another user and checks that this process is afterwards as dumpable
// as the setting says: what it is with the standard library. tests/stuck looks at whether
// memory is shared.
func dumpable() error {
	const getDumpable = 3
	sys := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	for i := 0; i < 3; i++ {
		attr := syscall.ProcAttr{Env: os.Environ(), Sys: sys}
		want := outcome(syscall.ForkExec, "/missing", syscall.ProcAttr{})
		if got := outcome(forkexec.ForkExec, "/missing", attr); got != want {
			return fmt.Errorf("a missing program: %s, want %s", got, want)
		}
		if got := outcome(forkexec.ForkExec, "/bin/sh", attr); got != "7 signal -1 <nil>" {
			return fmt.Errorf("a start as another user: %s", got)
		}
	}
	now, _, _ := syscall.RawSyscall(syscall.SYS_PRCTL, getDumpable, 0, 0)
	if got := fmt.Sprint(now); got != os.Getenv("SUID_DUMPABLE") {
		return fmt.Errorf("PR_GET_DUMPABLE = %s afterwards", got)
	}
	return nil
}

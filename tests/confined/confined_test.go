// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

// Package confined asks: does it work where something is missing or forbidden: /proc,
// capabilities, clone3, a process ID of one's own, one's own children?
//
// Each place is made by a wrapper around this test binary, which in it is the program
// that makes starts and compares them with the standard library's.
package confined

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/tests/internal/seccomp"
)

const programVar = "CONFINED_PROGRAM"

// programs are what the test binary can be, by programVar.
var programs = map[string]func() error{
	"exercise":       exercise,
	"time thread":    timeThread,
	"clone3 kills":   clone3Filter(seccomp.Kill),
	"clone3 traps":   clone3Filter(seccomp.Trap), // SIGSYS; all signals are blocked around a clone, so it kills
	"suid_dumpable":  dumpable,
	"reaper":         reaper,
	"stranger":       stranger,
	"stolen failure": stolenFailure,
}

func TestMain(m *testing.M) {
	if f := programs[os.Getenv(programVar)]; f != nil {
		if err := f(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A place is how and where a program runs.
type place struct {
	name    string
	program string
	env     string
	flags   uintptr  // namespaces
	wrap    []string // a command that ends in its arguments
	root    bool     // needs a privileged root
}

const newTime = 0x80 // CLONE_NEWTIME, in unshare only

// after returns a wrapper that runs a command first, and skips if that fails.
func after(command string) []string {
	return []string{"/bin/sh", "-c", command + ` || { echo "skip: needs ` + command + `"; exit 0; }; exec "$0" "$@"`}
}

// With a /proc of the new PID namespace, as a container has it.
var withProc = after("mount -t proc proc /proc")

var places = []place{
	{name: "plain", program: "exercise"},
	{name: "plain, noclone3", program: "exercise", env: "FORKEXEC=noclone3"},
	{name: "without proc", program: "exercise", flags: syscall.CLONE_NEWNS,
		wrap: after("mount -t tmpfs none /proc")},
	{name: "time namespace", program: "exercise", wrap: append(after("unshare -T true"), "unshare", "-T"), root: true},
	{name: "time namespace to be", program: "time thread", root: true},
	{name: "root without capabilities", program: "exercise", root: true,
		wrap: []string{"setpriv", "--bounding-set=-all", "--inh-caps=-all"}},
	{name: "filter that kills at clone3", program: "clone3 kills", env: "FORKEXEC=noclone3"},
	{name: "filter that traps clone3", program: "clone3 traps", env: "FORKEXEC=noclone3"},
	{name: "PID 1", program: "exercise", flags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS, wrap: withProc},
	{name: "PID 1 with a reaper", program: "reaper", flags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS, wrap: withProc},
	{name: "PID 1 with a reaper, without proc", program: "reaper", flags: syscall.CLONE_NEWPID},
	{name: "PID given to a stranger", program: "stranger", flags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS, wrap: withProc, root: true},
	{name: "failed child reaped by another", program: "stolen failure", flags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS, wrap: withProc},
}

func TestPlaces(t *testing.T) {
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			if p.root && !privileged() {
				t.Skip("needs root with its capabilities")
			}
			out, err := p.run(t)
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestKilledAtClone3 shows that the filters above do kill without the setting.
func TestKilledAtClone3(t *testing.T) {
	if forkexec.Implementation() == "stdlib" {
		t.Skip("the standard library calls clone3 for cgroups only")
	}
	for _, program := range []string{"clone3 kills", "clone3 traps"} {
		out, err := place{program: program, env: "FORKEXEC="}.run(t)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGSYS && exit.ExitCode() != 2 {
			t.Errorf("%s: %v, want death by SIGSYS\n%s", program, err, out)
		}
	}
}

// TestSuidDumpable tries the three values of a setting of the whole machine, shortly.
func TestSuidDumpable(t *testing.T) {
	const file = "/proc/sys/fs/suid_dumpable"
	old, err := os.ReadFile(file)
	if err != nil || !privileged() || os.WriteFile(file, old, 0) != nil {
		t.Skip("needs root, to set fs.suid_dumpable")
	}
	t.Cleanup(func() {
		if err := os.WriteFile(file, old, 0); err != nil {
			t.Error(err)
		}
	})
	for _, v := range []string{"0", "1", "2"} {
		if err := os.WriteFile(file, []byte(v), 0); err != nil {
			t.Fatal(err)
		}
		out, err := place{program: "suid_dumpable", env: "SUID_DUMPABLE=" + v}.run(t)
		if err != nil {
			t.Errorf("fs.suid_dumpable = %s: %v\n%s", v, err, out)
		}
	}
}

// privileged tells whether this is root with what a machine's root may do.
func privileged() bool {
	if os.Geteuid() != 0 {
		return false
	}
	cmd := exec.Command("/bin/true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}, Cloneflags: syscall.CLONE_NEWNS}
	return cmd.Run() == nil
}

func (p place) run(t *testing.T) (string, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	argv := append(append([]string{}, p.wrap...), self)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), programVar+"="+p.program, p.env)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: p.flags, Pdeathsig: syscall.SIGKILL}
	if p.flags&syscall.CLONE_NEWNS != 0 {
		// Cloneflags alone would leave the mounts shared with the machine.
		cmd.SysProcAttr.Cloneflags &^= syscall.CLONE_NEWNS
		cmd.SysProcAttr.Unshareflags = syscall.CLONE_NEWNS
	}
	if p.flags != 0 && !privileged() {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		if p.flags != 0 && !privileged() {
			t.Skip("needs root, or namespaces for ordinary users: ", err)
		}
		t.Fatal(err)
	}
	timer := time.AfterFunc(60*time.Second, func() {
		_ = cmd.Process.Signal(syscall.SIGQUIT) // shows its goroutines if it can
		time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
	})
	defer timer.Stop()
	err = cmd.Wait()
	if reason, ok := strings.CutPrefix(out.String(), "skip: "); ok && err == nil {
		t.Skip(reason)
	}
	return out.String(), err
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build !android && (amd64 || arm64 || riscv64)

package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	stdexec "os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/tests/internal/seccomp"
)

// What docs/containers.md says of the profiles that container engines publish: their answers
// to the system calls that starts make, for a container without CAP_SYS_ADMIN. All others they
// allow. Sources, read in November 2026: moby/profiles/seccomp/default.json, containerd
// contrib/seccomp (the RuntimeDefault of Kubernetes pods), containers/common pkg/seccomp.
type profile struct {
	name       string
	rules      []rule
	restricted bool // the container's processes are no root and have no capabilities
	refused    map[string]string
	method     string // of a plain start, in the trace
}

// The flags of clone(2) that make namespaces, but for the time namespace's.
const newNamespaces = syscall.CLONE_NEWNS | syscall.CLONE_NEWCGROUP | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC |
	syscall.CLONE_NEWUSER | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET

var (
	sysSetns      = map[bool]uint32{true: 308, false: 268}[syscall.SYS_UNSHARE == 272] // amd64, and the others
	sysLandlock   = []rule{refuse(444, enosys), refuse(445, enosys), refuse(446, enosys)}
	sysPidfdGetfd = uint32(438)

	docker = []rule{refuseClone(newNamespaces, eperm), refuse(syscall.SYS_UNSHARE, eperm), refuse(sysSetns, eperm),
		refuse(syscall.SYS_MOUNT, eperm), refuse(sysPidfdGetfd, eperm)}
	noNamespaces = map[string]string{"user namespace": "clone EPERM", "user namespace by unshare": "unshare EPERM",
		"join a namespace": "setns EPERM", "cgroup": "clone ENOSYS"}
	beforeErrno = map[string]string{"user namespace": "clone EPERM", "user namespace by unshare": "unshare EPERM",
		"join a namespace": "setns EPERM", "cgroup": "clone EPERM"}
	profiles = []profile{
		{"none", nil, false, nil, "clone3"},
		{"Docker", append([]rule{refuse(sysClone3, enosys)}, docker...), false, noNamespaces, "clone"},
		{"Docker before 20.10.10", append([]rule{refuse(sysClone3, eperm), refuse(sysCloseRange, eperm)}, docker...), false, beforeErrno, "clone"},
		{"Podman", append([]rule{refuse(sysSetns, eperm)}, sysLandlock...), false, map[string]string{
			"join a namespace": "setns EPERM"}, "clone3"},
		{"none restricted", nil, true, nil, "clone3"},
		{"Kubernetes restricted", append([]rule{refuse(sysClone3, enosys), refuse(syscall.SYS_CHROOT, eperm)}, docker...), true, noNamespaces, "clone"},
		{"Podman restricted", append([]rule{refuse(sysSetns, eperm), refuse(syscall.SYS_CHROOT, eperm)}, sysLandlock...), true,
			map[string]string{"join a namespace": "setns EPERM"}, "clone3"},
	}
)

const profileVar = "SANDBOX_PROFILE"

// A kind of start: sys is what the standard library can do, too.
type kind struct {
	name string
	sys  syscall.SysProcAttr
	opt  forkexec.Options
}

func ids(id int) []syscall.SysProcIDMap { return []syscall.SysProcIDMap{{HostID: id, Size: 1}} }

func kinds(uts int) []kind {
	umask, nice, core := 0o27, 5, uint64(0)
	return []kind{
		{"plain", syscall.SysProcAttr{}, forkexec.Options{}},
		{"session and parent death signal", syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}, forkexec.Options{}},
		{"user namespace", syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: ids(os.Getuid())}, forkexec.Options{}},
		{"user namespace by unshare", syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS}, forkexec.Options{}},
		{"chroot", syscall.SysProcAttr{Chroot: "/"}, forkexec.Options{}},
		{"join a namespace", syscall.SysProcAttr{}, forkexec.Options{Namespaces: []forkexec.Namespace{{FD: uts, Type: syscall.CLONE_NEWUTS}}}},
		{"cgroup", syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: uts}, forkexec.Options{}}, // which uts is not
		{"attributes", syscall.SysProcAttr{}, forkexec.Options{CloseFDs: true, Umask: &umask, Nice: &nice, NoNewPrivs: true,
			Rlimits:    []forkexec.Rlimit{{Resource: syscall.RLIMIT_CORE, Cur: core, Max: core}},
			SignalMask: []syscall.Signal{}, Open: []forkexec.OpenFile{{FD: 3, Path: "/"}}}},
		{"seccomp filter", syscall.SysProcAttr{}, forkexec.Options{NoNewPrivs: true,
			Seccomp: &forkexec.Seccomp{Filter: []forkexec.SockFilter{{Code: seccomp.Return, K: seccomp.Allow}}}}},
		{"hook", syscall.SysProcAttr{}, forkexec.Options{OnExec: func(int) error { return nil }}},
	}
}

func attempt(k *kind) (string, string) {
	attr := &syscall.ProcAttr{Files: files, Sys: &k.sys}
	child, err := forkexec.Start(context.Background(), "/bin/true", nil, attr, &k.opt)
	if err == nil {
		if state, err := child.Wait(); err != nil || !state.Success() {
			return fmt.Sprint(state, err), ""
		}
		return "ok", ""
	}
	var e *forkexec.Error
	if !errors.As(err, &e) {
		return err.Error(), ""
	}
	return e.Step.String() + " " + errnoName(e.Errno), e.Hint()
}

func errnoName(err error) string {
	switch err {
	case eperm:
		return "EPERM"
	case enosys:
		return "ENOSYS"
	}
	return err.Error()
}

// insideProfile is the process of the container: it prints how each kind of start went.
func insideProfile(name string) int {
	var p profile
	for _, p = range profiles {
		if p.name == name {
			break
		}
	}
	uts, err := syscall.Open("/proc/self/ns/uts", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err == nil && p.restricted && os.Getuid() == 0 {
		err = restrict()
	}
	warmUp()
	if err == nil {
		err = install(p.rules) // and no_new_privs
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for _, k := range kinds(uts) {
		got, hint := attempt(&k)
		fmt.Printf("%s: %s\n", k.name, got)
		if strings.HasSuffix(p.refused[k.name], "EPERM") && strings.HasPrefix(got, "clone") &&
			!strings.Contains(hint, "seccomp filter is on this process") {
			fmt.Printf("%s: the hint does not speak of the filter: %s\n", k.name, hint)
		}
		if field, _ := k.opt.NeedsC(); field != "" {
			continue
		}
		pid, err := syscall.ForkExec("/bin/true", nil, &syscall.ProcAttr{Files: files, Sys: &k.sys})
		if err == nil {
			_, err = syscall.Wait4(pid, nil, 0, nil)
		}
		if (err == nil) != (got == "ok") || err != nil && !strings.HasSuffix(got, " "+errnoName(err)) {
			fmt.Printf("%s: the standard library: %v\n", k.name, err)
		}
	}
	return checkAll(policy{})
}

func restrict() error {
	const nobody, prSetDumpable = 65534, 4
	err := syscall.Setgroups(nil)
	if err == nil {
		err = syscall.Setresgid(nobody, nobody, nobody)
	}
	if err == nil {
		err = syscall.Setresuid(nobody, nobody, nobody)
	}
	if err == nil { // as after the execve by which a container begins
		if _, _, e := syscall.RawSyscall(syscall.SYS_PRCTL, prSetDumpable, 1, 0); e != 0 {
			err = e
		}
	}
	return err
}

// TestProfiles: what a profile does not refuse is as it is without one, what it refuses is
// said to be refused, and the rest of the starts are right.
func TestProfiles(t *testing.T) {
	if forkexec.Implementation() == "stdlib" {
		t.Skip("the standard library does the starts")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	without := map[bool]map[string]string{}
	for _, p := range profiles {
		t.Run(p.name, func(t *testing.T) {
			trace := forNobody(t)
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			cmd := stdexec.CommandContext(ctx, exe)
			cmd.Env = append(os.Environ(), profileVar+"="+p.name, "FORKEXEC=trace="+trace)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			got := map[string]string{}
			for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
				name, result, _ := strings.Cut(line, ": ")
				if got[name] != "" {
					t.Error(line) // a complaint
				}
				got[name] = result
			}
			if p.rules == nil {
				without[p.restricted] = got
			}
			for name, want := range without[p.restricted] {
				if refused := p.refused[name]; refused != "" {
					want = refused
				}
				if got[name] != want {
					t.Errorf("%s: %s, want %s", name, got[name], want)
				}
			}
			checkTrace(t, trace, p.method)
		})
	}
}

// forNobody makes a file that everybody may write to.
func forNobody(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "profile")
	if err == nil {
		t.Cleanup(func() { os.RemoveAll(dir) })
		err = os.Chmod(dir, 0o755)
	}
	file := filepath.Join(dir, "trace")
	if err == nil {
		err = os.WriteFile(file, nil, 0o666)
	}
	if err == nil {
		err = os.Chmod(file, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func checkTrace(t *testing.T, file, method string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var first struct {
		Method string
		Shared bool
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if err := json.Unmarshal(line, &first); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	if first.Method != method || !first.Shared {
		t.Errorf("a plain start: %s, want %s and shared", line, method)
	}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// The table and some full cases under seccomp filters: without clone3, as on old
// kernels and in strict containers, and with one system call of the child failing,
// which makes each step fail that cannot be made to fail otherwise. In processes of
// their own: ours remembers which way of cloning works.

package differential

import (
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"forkexec.example/forkexec/tests/internal/seccomp"
)

const filterEnv = "DIFFERENTIAL_FILTER"

// TestWithoutClone3 runs every entry alone where clone3 is refused, and typical
// cases after that; also with FORKEXEC=noclone3.
func TestWithoutClone3(t *testing.T) {
	if reason := needSeccomp(); reason != "" {
		skipCase(t, "without clone3", reason)
		t.Skip(reason)
	}
	for name := range clone3Errnos {
		runInner(t, "table", filterEnv+"="+name+` exec "$0" "$@"`, nil, nil)
	}
	runInner(t, "table", `FORKEXEC=noclone3 exec "$0" "$@"`, nil, nil)
}

var clone3Errnos = map[string]syscall.Errno{"ENOSYS": syscall.ENOSYS, "EPERM": syscall.EPERM, "EINVAL": syscall.EINVAL}

func init() {
	inner["table"] = innerTable
	inner["steps"] = innerSteps
}

func innerTable(r reporter) {
	var changes []func() error
	if e, ok := clone3Errnos[os.Getenv(filterEnv)]; ok {
		changes = filter(refuse(seccomp.Clone3, e))
	}
	for i, m := range availableMods() {
		if m.rare {
			continue
		}
		s := newSpec()
		m.set(s, newRand(3, i))
		// Only clone3 can do these: with the setting they fail, for a filter that
		// kills must not be met. Without a filter the reference can.
		if os.Getenv("FORKEXEC") == "noclone3" && (s.sys.UseCgroupFD || s.sys.Cloneflags&cloneNewTime != 0) {
			continue
		}
		s.name += " without clone3: " + os.Getenv(filterEnv)
		s.thread = append(s.thread[:len(s.thread):len(s.thread)], changes...)
		compare(r, s)
	}
	for _, s := range typical("after a filter") {
		compare(r, s)
	}
}

// TestRefusedSteps lets each system call of the child fail in turn.
func TestRefusedSteps(t *testing.T) {
	if reason := needSeccomp(); reason != "" {
		skipCase(t, "refused steps", reason)
		t.Skip(reason)
	}
	runInner(t, "steps", `exec "$0" "$@"`, nil, nil)
}

// childCalls are the steps' system calls; of fcntl, F_SETFD. The errno is one that they never
// give. Not here: read, with which the reference's parent, too, learns how the start went, and
// fcntl's F_DUPFD_CLOEXEC, for the reference moves descriptors by dup3. tests/fault has those.
var childCalls = map[string]uint32{
	"setsid": syscall.SYS_SETSID, "setpgid": syscall.SYS_SETPGID, "ioctl": syscall.SYS_IOCTL, "unshare": syscall.SYS_UNSHARE,
	"chroot": syscall.SYS_CHROOT, "capget": syscall.SYS_CAPGET,
	"setgroups": idCall(syscall.SYS_SETGROUPS, 206), "setgid": idCall(syscall.SYS_SETGID, 214), "setuid": idCall(syscall.SYS_SETUID, 213),
	"capset": syscall.SYS_CAPSET, "prctl": syscall.SYS_PRCTL, "chdir": syscall.SYS_CHDIR,
	"dup3": syscall.SYS_DUP3, "prlimit64": syscall.SYS_PRLIMIT64, "ptrace": syscall.SYS_PTRACE, "mount": syscall.SYS_MOUNT,
	"execve": syscall.SYS_EXECVE, "openat": syscall.SYS_OPENAT, "kill": syscall.SYS_KILL,
	"fcntl": idCall(syscall.SYS_FCNTL, 221),
}

// idCall chooses the number of the call that takes IDs, or offsets, that are not short.
func idCall(number, wide uint32) uint32 {
	if runtime.GOARCH == "386" || runtime.GOARCH == "arm" {
		return wide
	}
	return number
}

func innerSteps(r reporter) {
	starts := 0
	for call, number := range childCalls {
		for _, s := range fullCases() {
			s.name = call + " refused: " + s.name
			s.thread = filter(refuse(number, syscall.EXDEV))
			if call == "fcntl" {
				s.thread = filter(refuseCommand(number, syscall.F_SETFD, syscall.EXDEV))
			}
			// The probe uses some of these too.
			s.silent = true
			if call == "openat" || call == "capget" { // as without /proc: what is not known is forked
				s.known = []string{"parent dumpable "}
			}
			o := compare(r, s)
			if o.err == nil {
				starts++
			} else if !sameError(o.err, syscall.EXDEV) && fullRoot && !strings.Contains(s.name, "cgroup") {
				r.Errorf("%s: the reference gives %v", s.name, o.err)
			}
		}
	}
	r.Logf("%d cases, %d of them started a program", len(childCalls)*len(fullCases()), starts)
}

// fullCases are valid for root and take all steps between them.
func fullCases() []*spec {
	var list []*spec
	add := func(name string, set func(s *spec)) {
		s := newSpec()
		s.name = name
		set(s)
		list = append(list, s.finish())
	}
	mapped := func(s *spec) {
		s.sys.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		s.sys.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	shuffled := []uintptr{fdNull, 0, fdPipeW, closed, 2, fdRead}
	add("plain", func(*spec) {})
	add("in place", func(s *spec) { s.attr.Files = []uintptr{0, 1, 2} })
	add("session", func(s *spec) {
		s.sys.Setsid, s.sys.Setctty, s.sys.Ctty, s.pty = true, true, 6, true
		s.attr.Files = append(shuffled[:6:6], fdSlave)
		s.sys.Chroot, s.attr.Dir = fix.root, fix.in("folder")
		s.sys.Credential = &syscall.Credential{Uid: 1000, Gid: 1000, Groups: []uint32{1, 2}}
		s.sys.AmbientCaps = []uintptr{10}
		s.sys.Pdeathsig = syscall.SIGTERM
		s.pidfd = true
	})
	add("group", func(s *spec) {
		s.sys.Setpgid, s.sys.Ptrace, s.pidfd = true, true, true
		s.sys.Unshareflags = syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS
		s.attr.Dir = "/"
		s.attr.Files = shuffled
	})
	add("maps by clone", func(s *spec) {
		s.sys.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWUTS
		mapped(s)
		s.sys.Setpgid, s.attr.Dir = true, "/"
		s.sys.Credential = &syscall.Credential{}
		s.attr.Files = shuffled
	})
	add("maps by unshare", func(s *spec) {
		s.sys.Unshareflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS
		mapped(s)
		s.sys.Chroot = fix.root
		s.sys.AmbientCaps = []uintptr{10}
	})
	// getppid of a pid namespace's first process is 0: it kills itself, in vain.
	add("pdeathsig in a pid namespace", func(s *spec) {
		s.sys.Cloneflags, s.sys.Pdeathsig = syscall.CLONE_NEWPID, syscall.SIGKILL
	})
	return list
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package explain

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	forkexec "forkexec.example/forkexec/go"
	fexec "forkexec.example/forkexec/go/exec"
)

// systemWide are failures that belong to the whole system. Where to bring them about would harm
// others a filter, or a file of the test's own, stands in for it.
func systemWide() []testCase {
	pipe2 := uint32(syscall.SYS_PIPE2)
	refused := func(errno syscall.Errno) *forkexec.Options {
		return &forkexec.Options{NoNewPrivs: true, Seccomp: &forkexec.Seccomp{Filter: refusal(uint32(syscall.SYS_EXECVE), errno)}}
	}
	return []testCase{
		{name: "all files used up", setup: filterFile(refusal(pipe2, syscall.ENFILE)), inside: refuse(pipe2, syscall.ENFILE), start: program("/bin/true"),
			args: "--no-new-privs --seccomp DIR/filter COMMAND /bin/true", step: forkexec.StepPipe, errno: syscall.ENFILE,
			want: []string{"The system's table of open files is full", "fs.file-max is "}},
		{name: "execve: all files used up", setup: filterFile(refused(syscall.ENFILE).Seccomp.Filter), opt: refused(syscall.ENFILE), start: program("/bin/true"),
			args: "--no-new-privs --seccomp DIR/filter /bin/true", step: forkexec.StepExecve, errno: syscall.ENFILE, want: []string{"table of open files"}},
		{name: "execve: no memory", setup: filterFile(refused(syscall.ENOMEM).Seccomp.Filter), opt: &forkexec.Options{NoNewPrivs: true,
			Rlimits: []forkexec.Rlimit{{Resource: syscall.RLIMIT_DATA, Cur: 1 << 33, Max: 1 << 33}}, Seccomp: refused(syscall.ENOMEM).Seccomp},
			start: program("/bin/true"), args: "--rlimit data=8589934592 --no-new-privs --seccomp DIR/filter /bin/true",
			step: forkexec.StepExecve, errno: syscall.ENOMEM, want: []string{"no memory for the program. RLIMIT_DATA is 8589934592", "memory.max"}},
		{name: "all too long for its own stack", inside: func(string) {
			must(os.Setenv("LONG", strings.Repeat("x", 100000)))
			must(os.Setenv("LONG2", strings.Repeat("x", 100000)))
		},
			args: "--rlimit stack=262144 /bin/true", step: forkexec.StepExecve, errno: syscall.E2BIG, option: []string{" bytes and the environment ", "that limit is 262144"}},
		{name: "cgroup full", root: true, setup: fullPids, inside: func(dir string) { // the command: tests/cli
			must(os.WriteFile(pidsCgroup(dir)+"/cgroup.procs", []byte("0"), 0))
		}, start: program("/bin/true"), step: forkexec.StepClone, errno: syscall.EAGAIN,
			want: []string{" holds as many processes as its pids.max allows: 1"}},
		{name: "AppArmor", root: true, inside: standIn("apparmor_restrict_unprivileged_userns", "1"), start: with(sysAttr{Unshareflags: newuser}),
			args: "--unshare user true", step: forkexec.StepUnshare, errno: eperm,
			want: []string{"AppArmor forbids user namespaces", "kernel.apparmor_restrict_unprivileged_userns is 1"}},
		{name: "Debian's sysctl", root: true, inside: standIn("unprivileged_userns_clone", "0"), start: with(sysAttr{Unshareflags: newuser}),
			args: "--unshare user true", step: forkexec.StepUnshare, errno: eperm, want: []string{"kernel.unprivileged_userns_clone is 0", "Set it to 1"}},
	}
}

func pidsCgroup(dir string) string { return "/sys/fs/cgroup/pids/forkexec-" + filepath.Base(dir) }

// fullPids makes a cgroup that no start can happen in.
func fullPids(t *testing.T, dir string) {
	cgroup := pidsCgroup(dir)
	if err := os.Mkdir(cgroup, 0o755); err != nil {
		t.Skip("needs to make a cgroup: ", err)
	}
	t.Cleanup(func() {
		if err := os.Remove(cgroup); err != nil {
			t.Error(err)
		}
	})
	must(os.WriteFile(cgroup+"/pids.max", []byte("1"), 0))
}

// refusal is a filter that answers one system call with an errno.
func refusal(nr uint32, errno syscall.Errno) []forkexec.SockFilter {
	return []forkexec.SockFilter{{Code: 0x20}, {Code: 0x15, Jf: 1, K: nr}, {Code: 6, K: 0x00050000 | uint32(errno)}, {Code: 6, K: 0x7fff0000}}
}

// filterFile writes it as DIR/filter, for the command.
func filterFile(filter []forkexec.SockFilter) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		var b []byte
		for _, f := range filter {
			b = binary.NativeEndian.AppendUint16(b, f.Code)
			b = append(b, f.Jt, f.Jf)
			b = binary.NativeEndian.AppendUint32(b, f.K)
		}
		file("filter", string(b), 0o644)(t, dir)
	}
}

// refuse has such a filter on this process, if it starts the program itself: the command
// installs its own.
func refuse(nr uint32, errno syscall.Errno) func(string) {
	return func(string) {
		if os.Getenv("EXPLAIN_COMMAND") == "" {
			install(refusal(nr, errno))
		}
	}
}

func privateMounts() {
	must(syscall.Unshare(syscall.CLONE_NEWNS))
	must(syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""))
}

// standIn has a file in the place of a sysctl that this kernel may not have, refuses unshare(2) as
// it would, and makes this thread one of an ordinary user.
func standIn(name, value string) func(string) {
	return func(string) {
		privateMounts()
		must(syscall.Mount("none", "/proc/sys/kernel", "tmpfs", 0, ""))
		must(os.WriteFile("/proc/sys/kernel/"+name, []byte(value+"\n"), 0o644))
		noUnshare("")
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, uintptr(nobody), uintptr(nobody), uintptr(nobody)); errno != 0 {
			panic(errno)
		}
	}
}

// fullCgroup is one that has a controller enabled for its children.
func fullCgroup(t *testing.T, dir string) {
	cgroup()(t, dir)
	p, err := os.Readlink(dir + "/cgroup")
	must(err)
	top := p[:strings.LastIndex(p, "/")]
	all, err := os.ReadFile(top + "/cgroup.controllers")
	must(err)
	if len(strings.Fields(string(all))) == 0 {
		t.Skip("no controller is of version 2 here")
	}
	name := strings.Fields(string(all))[0]
	if on, _ := os.ReadFile(top + "/cgroup.subtree_control"); !strings.Contains(" "+string(on), " "+name) {
		if err := os.WriteFile(top+"/cgroup.subtree_control", []byte("+"+name), 0); err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() {
			must(os.WriteFile(p+"/cgroup.subtree_control", []byte("-"+name), 0))
			must(os.WriteFile(top+"/cgroup.subtree_control", []byte("-"+name), 0))
		})
	}
	if err := os.WriteFile(p+"/cgroup.subtree_control", []byte("+"+name), 0); err != nil {
		t.Skip(err)
	}
}

// sayContainer is what is said of a filter where we are in a container.
func sayContainer() string {
	for _, file := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(file); err == nil {
			return "and this is a container: Docker's default profile forbids"
		}
	}
	return "which may be what forbids it"
}

// TestClosedSince: a Cmd has closed its descriptors before anybody can ask for the cause.
func TestClosedSince(t *testing.T) {
	if forkexec.Implementation() == "stdlib" {
		t.Skip("the standard library's path knows no steps")
	}
	cmd := fexec.Command("/bin/true") // standard input is /dev/null, which the Cmd opens
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Run(); err == nil {
		t.Fatal("/dev/null is a terminal")
	}
	hint := cmd.StepError().Hint()
	if !strings.Contains(hint, "is not a terminal") || strings.Contains(hint, "not open") {
		t.Error(hint)
	}
}

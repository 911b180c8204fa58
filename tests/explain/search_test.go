// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package explain

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	forkexec "forkexec.example/forkexec/go"
)

// searched are programs that are not named by a path: found in PATH, or a descriptor; and what
// answers an execve in place of the file system.
func searched() []testCase {
	inPath := func(name string, setup func(*testing.T, string), want ...string) testCase {
		return testCase{name: "PATH: " + name, setup: setup, args: "--env PATH=/nowhere:DIR s", step: forkexec.StepExecve, errno: noent, option: want}
	}
	crlf := file("s", "#!/bin/sh\r\n", 0o755)
	hook := inPath("with a hook", crlf, `The first line of DIR/s, "#!/bin/sh\x0d", ends in a carriage return`)
	hook.args = "--on-exec : " + hook.args
	inRoot := testCase{name: "PATH: inside Chroot", root: true, setup: both(folder("bin", 0o755), changed("bin/true", func(b []byte) []byte { return b })),
		args: "--chroot DIR --env PATH=/bin true", step: forkexec.StepExecve, errno: noent,
		option: []string{"/bin/true asks for the loader /", "inside --chroot DIR"}}
	descriptor := func(name, path string, setup func(*testing.T, string), errno syscall.Errno, want ...string) testCase {
		return testCase{name: "exec_fd: " + name, setup: setup, args: "--exec-fd 9 x", step: forkexec.StepExecve, errno: errno, option: want,
			inside: func(dir string) {
				f, err := os.Open(strings.ReplaceAll(path, "DIR", dir))
				must(err)
				must(syscall.Dup3(int(f.Fd()), 9, 0))
			}}
	}
	closed := descriptor("closed", "DIR", nil, syscall.EBADF, "execve descriptor 9: ", "--exec-fd is 9, which is not open in the caller")
	closed.inside = nil
	script := descriptor("script", "DIR/s", file("s", "#!/bin/sh\n", 0o755), noent, "--exec-fd is 9, DIR/s. It is a script, and the child's copy", "or let --fd leave the descriptor in its place")
	script.args = "--fd 9=- --exec-fd 9 x"
	answer := func(errno syscall.Errno) testCase {
		refusal := refusal(uint32(syscall.SYS_EXECVE), errno)
		return testCase{name: "filter: " + errno.Error(), setup: filterFile(refusal), start: program("/bin/true"),
			opt:  &forkexec.Options{NoNewPrivs: true, Seccomp: &forkexec.Seccomp{Filter: refusal}},
			args: "--no-new-privs --seccomp DIR/filter /bin/true", step: forkexec.StepExecve, errno: errno,
			want: []string{"The filter of Seccomp is installed before the execve"}, option: []string{"The filter of --seccomp is installed before the execve"}}
	}
	inherited := testCase{name: "environment of the caller", step: forkexec.StepExecve, errno: syscall.E2BIG,
		args: "--rlimit stack=262144 --clear-env --env A=b /bin/true" + strings.Repeat(" "+strings.Repeat("x", 70000), 2), option: []string{" bytes and the environment 12, pointers included"}}
	beyond := testCase{name: "beyond RLIMIT_NOFILE", inside: limit(syscall.RLIMIT_NOFILE, 200), args: "--fd 250=0 true", step: forkexec.StepFDMove, errno: syscall.EBADF,
		option: []string{"--fd goes as far as descriptor 250 of the child, which is beyond RLIMIT_NOFILE, 200"}}
	return []testCase{
		inPath("carriage return", crlf, `The first line of DIR/s, "#!/bin/sh\x0d", ends in a carriage return`),
		inPath("interpreter missing", file("s", "#!/no/where\n", 0o755), "The interpreter /no/where does not exist"),
		inPath("dangling link", link("s", "/no/where"), "DIR/s is a symbolic link to /no/where, which does not exist"),
		inPath("link to itself", link("s", "s"), "DIR/s is a symbolic link that leads back to itself"),
		hook, inRoot, closed, script, inherited, beyond,
		descriptor("directory", "DIR", nil, acces, "--exec-fd is 9, DIR. The file DIR is a directory"),
		descriptor("no x bit", "DIR/s", file("s", "#!/bin/sh\n", 0o644), acces, "The file DIR/s has no x bit"),
		descriptor("no program", "DIR/s", file("s", "hello\n", 0o755), noexecErr, "DIR/s is neither a program for this machine"),
		answer(eperm), answer(acces),
		{name: "noexec interpreter", root: true, setup: both(noexec, file("s", "#!DIR/mnt/program\n", 0o755)), start: program("DIR/s"), args: "DIR/s",
			step: forkexec.StepExecve, errno: acces, want: []string{"names the interpreter DIR/mnt/program", "with the option noexec"}},
		{name: "process group of nobody", start: with(sysAttr{Setpgid: true, Pgid: 4194300}), args: "--setpgid=4194300 true", step: forkexec.StepSetpgid, errno: eperm,
			want: []string{"There is no process group 4194300 in the session of the caller"}},
		{name: "closed by -", args: "--fd 5=77 true", step: forkexec.StepFDDup, errno: syscall.EBADF, option: []string{"close it in the child with --fd 5=-."}},
		{name: "pidfd", user: true, root: true, args: "--setns net=pid:1 true", step: forkexec.StepSetns, errno: eperm,
			option: []string{"of process 1: to join a namespace of a process takes the right to trace it"}},
	}
}

// TestOwnFiles is about files that the command opens itself, and what it says of a child that a
// signal has ended before its program ran.
func TestOwnFiles(t *testing.T) {
	dir := place(t)
	link("loop", "loop")(t, dir)
	kill := refusal(uint32(syscall.SYS_EXECVE), 0)
	for i := range kill {
		if kill[i].Code == 6 && kill[i].K != 0x7fff0000 {
			kill[i].K = 0x80000000 // SECCOMP_RET_KILL_PROCESS
		}
	}
	filterFile(kill)(t, dir)
	for _, c := range []struct{ args, want string }{
		{"--fd 1=DIR/no/log true", "--fd: DIR/no/log: No such file or directory (ENOENT). The file DIR/no/log does not exist, because DIR/no is missing already"},
		{"--fd 1=DIR true", "DIR is a directory, which cannot be opened for writing"},
		{"--cgroup DIR/filter true", "forkexec: --cgroup: DIR/filter: Not a directory"},
		{"--cgroup DIR/filter true", "DIR/filter is a regular file, not a directory"},
		{"--setns DIR/loop true", "DIR/loop is a symbolic link that leads back to itself"},
		{"--setns net=pid:4194300 true", "--setns: pid:4194300: No such process (ESRCH). There is no such process."},
		{"--seccomp DIR/no true", "The file DIR/no does not exist"},
		{"--no-new-privs --seccomp DIR/filter true", "the child was ended by SIGSYS before its program ran. A seccomp filter does so."},
	} {
		out, err := exec.Command(builtCommand(), strings.Split(strings.ReplaceAll(c.args, "DIR", dir), " ")...).CombinedOutput()
		if err == nil {
			t.Errorf("%s: no failure", c.args)
		}
		compare(t, string(out), dir, []string{c.want})
		if strings.Contains(string(out), "Try ") {
			t.Errorf("%s: %s", c.args, out)
		}
	}
	out, _ := exec.Command(builtCommand(), "sh", "-c", "kill -SYS $$").CombinedOutput()
	if len(out) != 0 {
		t.Errorf("of a program that has run: %s", out)
	}
}

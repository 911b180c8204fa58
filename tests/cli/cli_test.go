// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

// Package cli asks: does the command forkexec start what its options say, end as the program
// ends, pass signals on, work with a shell's job control, and tell the truth in --dry-run?
package cli

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var command = func() string {
	if p := os.Getenv("FORKEXEC_TEST_COMMAND"); p != "" {
		return p
	}
	p, err := filepath.Abs("../../build/forkexec")
	if err != nil {
		panic(err)
	}
	return p
}()

func TestMain(m *testing.M) {
	if os.Getenv("CLI_STARTS") != "" {
		startSome()
		os.Exit(0)
	}
	if _, err := os.Stat(command); err != nil {
		println("run make first:", err.Error())
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// run returns the command's standard output, standard error and exit status.
func run(t *testing.T, args ...string) (string, string, int) {
	t.Helper()
	var out, said strings.Builder
	cmd := exec.Command(command, args...)
	cmd.Stdout, cmd.Stderr = &out, &said
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	cmd.ExtraFiles = []*os.File{null, null, null, null} // for --close-fds to close
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), said.String(), cmd.ProcessState.ExitCode()
}

func needRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

func TestExitStatus(t *testing.T) {
	for _, c := range []struct {
		want int
		args string
	}{
		{0, "true"}, {1, "false"}, {7, "sh -c exit_7"}, {128 + 9, "sh -c kill_-9_$$"}, {128 + 15, "sh -c kill_$$"},
		{127, "no-such-program"}, {127, "/no/such/program"}, {126, "/etc/passwd"}, {126, "/"}, {125, "--dir /no/where true"},
		{125, ""}, {125, "--no-such-option true"}, {125, "--fd x true"}, {125, "--uid no-such-user true"},
		{125, "--clone nothing true"}, {125, "--ambient-caps cap_nothing true"}, {125, "--uid-map 1:2 true"}, {125, "--pdeathsig NO true"},
		{125, "--env novalue true"}, {125, "--cgroup /no/where true"}, {125, "--explain nothing"}, {125, "--explain execve ENOTHING"},
		{125, "--completion fish"}, {0, "--help"}, {0, "--version"}, {0, "--explain"}, {0, "--explain chdir 2"}, {0, "-- true"},
	} {
		args := strings.Fields(c.args)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "_", " ")
			if strings.HasPrefix(args[i], "cap ") {
				args[i] = strings.ReplaceAll(args[i], " ", "_")
			}
		}
		if _, said, status := run(t, args...); status != c.want || (c.want == 125) != strings.HasPrefix(said, "forkexec: ") && c.want == 125 && !strings.Contains(said, "--help") {
			t.Errorf("%q: exit status %d, want %d: %s", args, status, c.want, said)
		}
	}
}

// TestAttributes asks the program what it has become.
func TestAttributes(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	uid, gid := strconv.Itoa(os.Geteuid()), strconv.Itoa(os.Getegid())
	for _, c := range []struct {
		name string
		root bool
		args []string
		want string
	}{
		{"dir", false, []string{"--dir", dir, "pwd"}, dir},
		{"argv0", false, []string{"--argv0", "other", "sh", "-c", "echo $0"}, "other"},
		{"env", false, []string{"--env", "A=b=c", "sh", "-c", "echo $A"}, "b=c"},
		{"unset-env", false, []string{"--env", "A=b", "--unset-env", "A", "sh", "-c", "echo ${A-none}"}, "none"},
		{"clear-env", false, []string{"--clear-env", "--env", "A=b", "/usr/bin/env"}, "A=b"},
		{"fd", false, []string{"--fd", "1=" + file, "--fd", "5=/dev/null", "--fd", "6=2", "sh", "-c", "a=$(readlink /proc/$$/fd/1) b=$(readlink /proc/$$/fd/5); echo $a >&6; echo $b >&6"}, ""},
		{"close-fds", false, []string{"--close-fds", "--fd", "4=0", "sh", "-c", "echo /proc/$$/fd/*"}, "/fd/0 /fd/1 /fd/2 /fd/3 /fd/4"}, // 3 is the shell's, of the folder
		{"setsid", false, []string{"--setsid", "sh", "-c", "ps -o sid= -p $$ | tr -d ' '; echo $$"}, "SAME"},
		{"setpgid", false, []string{"--setpgid", "sh", "-c", "ps -o pgid= -p $$ | tr -d ' '; echo $$"}, "SAME"},
		{"pid", false, []string{"--clone", "user,pid", "--uid-map", "0:" + uid + ":1", "--gid-map", "0:" + gid + ":1", "sh", "-c", "echo $$ $(id -u)"}, "1 0"},
		{"unshare", false, []string{"--unshare", "CLONE_NEWUSER", "--uid-map", "0:" + uid + ":1", "id", "-u"}, "0"},
		{"uid", true, []string{"--uid", "nobody", "id", "-u", "-n"}, "nobody"},
		{"groups", true, []string{"--uid", "65534", "--gid", "7", "--groups", "5,6", "sh", "-c", "id -u; id -G"}, "65534\n7 5 6"},
		{"caps", true, []string{"--uid", "65534", "--ambient-caps", "net_raw,cap_chown", "grep", "CapAmb", "/proc/self/status"}, "CapAmb:\t0000000000002001"},
		{"chroot", true, []string{"--chroot", "/", "--dir", "/tmp", "pwd"}, "/tmp"},
		{"ptrace", false, []string{"--ptrace", "echo", "on"}, "on"},
		{"pdeathsig", false, []string{"--pdeathsig", "SIGTERM", "echo", "on"}, "on"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.root {
				needRoot(t)
			}
			out, said, status := run(t, c.args...)
			out = strings.TrimSpace(out)
			if c.name == "close-fds" {
				out = regexp.MustCompile(`/proc/\d+`).ReplaceAllString(out, "")
			}
			if a, b, ok := strings.Cut(out, "\n"); c.want == "SAME" && ok && a == b {
				out = c.want
			}
			if status != 0 || out != c.want {
				t.Errorf("%q, status %d, %s; want %q", out, status, said, c.want)
			}
			if c.name == "fd" && said != file+"\n/dev/null\n" {
				t.Errorf("the descriptors are %q", said)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	out, said, status := run(t, "--json", "--dir", "/no/\"where\"", "true")
	var o struct {
		Step, Object, Field, Syscall, Errno, Message, Explanation string
		ErrnoNumber                                               int `json:"errno_number"`
		Detail                                                    int64
		ExitStatus                                                int `json:"exit_status"`
	}
	if err := json.Unmarshal([]byte(said), &o); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if out != "" || status != 125 || o.ExitStatus != 125 || o.Step != "chdir" || o.Object != `/no/"where"` || o.Field != "dir" ||
		o.Errno != "ENOENT" || o.ErrnoNumber != 2 || !strings.Contains(o.Explanation, "/no is missing") {
		t.Errorf("%+v, status %d", o, status)
	}
}

func TestDetach(t *testing.T) {
	out, said, status := run(t, "--detach", "--fd", "1=/dev/null", "--fd", "2=/dev/null", "sleep", "5")
	pid, err := strconv.Atoi(strings.TrimSpace(out))
	if err != nil || status != 0 {
		t.Fatalf("%q, %q, status %d", out, said, status)
	}
	if name, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm"); err != nil || string(name) != "sleep\n" {
		t.Errorf("process %d is %q, %v", pid, name, err)
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

// TestSignals sends signals to the command alone; the program says which it gets.
func TestSignals(t *testing.T) {
	// Under nohup(1), and in the background of a script, some are ignored, and stay so.
	handled := make(chan os.Signal, 1)
	signal.Notify(handled, syscall.SIGHUP, syscall.SIGINT)
	defer signal.Stop(handled)
	for _, c := range []struct {
		sig  syscall.Signal
		args []string
	}{
		{syscall.SIGTERM, nil}, {syscall.SIGHUP, nil}, {syscall.SIGINT, nil}, {syscall.SIGUSR1, nil},
		{syscall.SIGTERM, []string{"--setsid"}}, {syscall.SIGUSR2, []string{"--setpgid"}},
	} {
		script := "trap 'exit 42' " + strconv.Itoa(int(c.sig)) + "; echo ready; while :; do sleep 0.05; done"
		cmd := exec.Command(command, append(c.args, "sh", "-c", script)...)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 16)); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Process.Signal(c.sig)
		kill := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		kill.Stop()
		if s := cmd.ProcessState.ExitCode(); s != 42 {
			t.Errorf("%v %v: exit status %d, want 42", c.sig, c.args, s)
		}
	}
}

// TestIgnoredStaysIgnored: as under nohup(1).
func TestIgnoredStaysIgnored(t *testing.T) {
	out, err := exec.Command("sh", "-c", `trap '' HUP; "$1" sh -c 'grep SigIgn /proc/$$/status'`, "sh", command).Output()
	fields := strings.Fields(string(out))
	if err != nil || len(fields) != 2 {
		t.Fatal(err, string(out))
	}
	if mask, err := strconv.ParseUint(fields[1], 16, 64); err != nil || mask&1 == 0 {
		t.Errorf("ignored signals: %s, %v", out, err)
	}
}

// TestDryRun compares the list with the system calls that strace sees a real child make.
func TestDryRun(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip(err)
	}
	uid, gid := strconv.Itoa(os.Geteuid()), strconv.Itoa(os.Getegid())
	cases := [][]string{
		{}, {"--setsid", "--dir", "/"}, {"--setpgid", "--pdeathsig", "TERM"}, {"--fd", "0=1", "--fd", "1=0", "--fd", "5=2", "--close-fds"},
		{"--clone", "user,mount", "--uid-map", "0:" + uid + ":1", "--gid-map", "0:" + gid + ":1"},
		{"--unshare", "user,mount", "--uid-map", "0:" + uid + ":1", "--gid-map", "0:" + gid + ":1"},
	}
	if os.Geteuid() == 0 {
		cases = append(cases, []string{"--chroot", "/", "--uid", "0", "--groups", "1,2", "--ambient-caps", "chown,kill"}, []string{"--uid", "0", "--no-setgroups"})
	}
	for _, args := range cases {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			planned, said, status := run(t, append(append([]string{"--dry-run"}, args...), "/bin/true")...)
			if status != 0 {
				t.Fatal(said)
			}
			trace := filepath.Join(t.TempDir(), "trace")
			out, err := exec.Command("strace", append(append([]string{"-f", "-o", trace, command}, args...), "/bin/true")...).CombinedOutput()
			if err != nil {
				t.Skip("strace: ", string(out))
			}
			b, err := os.ReadFile(trace)
			if err != nil {
				t.Fatal(err)
			}
			want, got := calls(planned), child(string(b))
			if !slices.Equal(got, want) {
				t.Errorf("planned %q\nmade    %q\n%s", want, got, b)
			}
		})
	}
}

// TestDryRunChangesNothing: not even a file of --fd.
func TestDryRunChangesNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	out, said, status := run(t, "--fd", "1="+file, "--dry-run", "true")
	if _, err := os.Stat(file); status != 0 || !os.IsNotExist(err) || !strings.Contains(out, "openat(AT_FDCWD, \""+file+"\", O_WRONLY|O_CREAT|O_TRUNC") {
		t.Errorf("status %d, %v: %s%s", status, err, out, said)
	}
}

var callRE = regexp.MustCompile(`^(\w+)\(`)

// listed are the calls of a dry run; the library's bookkeeping makes others, too.
var listed = []string{"setsid", "setpgid", "unshare", "mount", "chroot", "setgroups", "setgid", "setuid", "capget", "capset", "chdir", "fcntl", "dup3", "close_range", "ptrace", "execve"}

// calls are the child's system calls by a dry run, in order.
func calls(plan string) (names []string) {
	for _, line := range strings.Split(plan, "\n") {
		if m := callRE.FindStringSubmatch(line); m != nil && slices.Contains(listed, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}

// child are those of the first process that is cloned, up to its execve.
func child(trace string) (names []string) {
	bookkeeping := regexp.MustCompile(`F_GETFD|fcntl\([3-9], F_DUPFD_CLOEXEC|CLOSE_RANGE_UNSHARE|CLONE_FILES\)|close_range\(\d+, \d{1,5},`)
	parent, _, _ := strings.Cut(trace, " ")
	for _, line := range strings.Split(trace, "\n") {
		pid, rest, _ := strings.Cut(line, " ")
		if pid == parent || bookkeeping.MatchString(rest) {
			continue
		}
		if m := callRE.FindStringSubmatch(strings.TrimSpace(rest)); m != nil && slices.Contains(listed, m[1]) {
			names = append(names, m[1])
			if m[1] == "execve" {
				break
			}
		}
	}
	return names
}

// TestJobControl stops and continues a program on a terminal of its own, as a shell does: the
// command stops with its program, and takes the terminal back.
func TestJobControl(t *testing.T) {
	script := `
import os, pty, signal, sys, time
def state(pid):
    with open("/proc/%d/stat" % pid) as f:
        return f.read().rsplit(") ", 1)[1].split()[0]
def until(what, test):
    for _ in range(600):
        if test():
            return
        time.sleep(0.05)
    print("never:", what)
    os._exit(1)
command, option = sys.argv[1], sys.argv[2:]
leader, master = pty.fork()
if leader == 0:
    # The shell: a session with a terminal, whose job the command is.
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execv(command, [command] + option + ["sh", "-c", "echo ready; read line; echo got $line; exit 9"])
    os.waitpid(job, os.WUNTRACED)
    os.tcsetpgrp(0, os.getpgrp())
    print("stopped", flush=True)
    time.sleep(0.2)
    os.tcsetpgrp(0, job)
    os.kill(-job, signal.SIGCONT)
    _, status = os.waitpid(job, 0)
    os._exit(os.waitstatus_to_exitcode(status))
said = b""
def has(word):
    global said
    import select
    while select.select([master], [], [], 0)[0]:
        try:
            said += os.read(master, 4096)
        except OSError:
            break
    return word in said
until("ready", lambda: has(b"ready"))
time.sleep(0.2)
os.write(master, b"\x1a")
until("stopped", lambda: has(b"stopped"))
time.sleep(0.5)
os.write(master, b"word\n")
until("got word", lambda: has(b"got word"))
_, status = os.waitpid(leader, 0)
print("status", os.waitstatus_to_exitcode(status))
`
	for _, option := range [][]string{nil, {"--foreground"}} {
		out, err := exec.Command("timeout", append([]string{"60", "python3", "-c", script, command}, option...)...).CombinedOutput()
		if err != nil || string(out) != "status 9\n" {
			t.Errorf("%q: %v: %s", option, err, out)
		}
	}
}

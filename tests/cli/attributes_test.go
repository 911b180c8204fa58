// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// filter makes the filter of examples/filter.c, as a reader would, unless FORKEXEC_TEST_FILTER is
// the name of one.
func filter(t *testing.T) string {
	t.Helper()
	if made := os.Getenv("FORKEXEC_TEST_FILTER"); made != "" {
		return made
	}
	dir, err := os.MkdirTemp("", "forkexec-") // for other users as well
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	if out, err := exec.Command(cc, "../../examples/filter.c", "-o", dir+"/filter").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	bytes, err := exec.Command(dir + "/filter").Output()
	if err != nil || len(bytes) == 0 || len(bytes)%8 != 0 {
		t.Fatalf("%v: %d bytes", err, len(bytes))
	}
	if err := os.WriteFile(dir+"/bytes", bytes, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir + "/bytes"
}

// TestLimitsAndConfinement asks the program, or the kernel about it, what it has become.
func TestLimitsAndConfinement(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	var others []string
	const status = "sed -n 's/^\\(SigBlk\\|SigIgn\\|NoNewPrivs\\|Seccomp\\|CapInh\\|CapBnd\\|CapPrm\\|CapEff\\):\\t0*\\(.*\\)$/\\1=\\2/p' /proc/self/status"
	for _, c := range []struct {
		args string
		root bool
		show string // a shell's command
		want string // a regular expression that the whole output matches
	}{
		{"--umask 027", false, "umask", "0027"},
		{"--personality=PER_LINUX,UNAME26", false, "cat /proc/$$/personality", "00020000"},
		{"--personality 0x20000", false, "uname -r | cut -c1-4", `2\.6\.`},
		{"--session-keyring", false, `grep -wc "_ses" /proc/keys`, "1"},
		{"--session-keyring=forkexec-cli", false, `grep -wc "forkexec-cli" /proc/keys`, "1"},
		{"--session-keyring=forkexec-cli --uid 65534 --gid 65534", true, `awk '/forkexec-cli:/ {print $6, $7}' /proc/keys`, "65534 65534"},
		{"--rlimit nofile=64:128 --rlimit RLIMIT_CORE=0", false, "ulimit -Sn; ulimit -Hn; ulimit -Hc", "64\n128\n0"},
		{"--rlimit fsize=1:unlimited --rlimit cpu=7:9", false, "cat /proc/self/limits", `(?s).*Max cpu time +7 +9 +sec.*Max file size +1 +unlimited.*`},
		{"--nice 7", false, "nice", "7"},
		{"--nice 7 --sched batch", false, "nice; chrt -p $$", `(?s)7\n.*SCHED_BATCH.*`},
		{"--sched idle", false, "chrt -p $$", `(?s).*SCHED_IDLE.*`},
		{"--sched other,reset-on-fork", false, "chrt -p $$", `(?s).*SCHED_OTHER\|SCHED_RESET_ON_FORK.*`},
		{"--sched fifo:10", true, "chrt -p $$", `(?s).*SCHED_FIFO\n.*priority: 10`},
		{"--sched rr:3", true, "chrt -p $$", `(?s).*SCHED_RR\n.*priority: 3`},
		{"--sched deadline:1000000:20000000:30000000,reset-on-fork", true, "chrt -p $$", `(?s).*SCHED_DEADLINE.*1000000/20000000/30000000.*`},
		{"--affinity 0", false, "taskset -cp $$", ".*: 0"},
		{"--ioprio be:6", false, "ionice", "best-effort: prio 6"},
		{"--ioprio idle", false, "ionice", "idle"},
		{"--ioprio rt", true, "ionice", "realtime: prio 4"},
		{"--oom-score-adj 321", false, "cat /proc/self/oom_score_adj", "321"},
		{"--sigmask USR1,SIGTERM,34", false, "!grep SigBlk /proc/self/status", "SigBlk:\t0000000200004200"}, // dash unblocks all
		{"--sigmask none --sigignore HUP,2", false, status, `(?s)SigBlk=\nSigIgn=[0-9a-f]*[37bf]\n.*`},      // and what is ignored here
		{"--sigdefault all", false, status, `(?s).*SigIgn=\n.*`},
		{"--no-new-privs", false, status, `(?s).*NoNewPrivs=1.*`},
		{"--bounding-caps chown,net_raw", true, status, `(?s).*CapBnd=2001\n.*`},
		{"--bounding-caps=-all,+cap_kill", true, status, `(?s).*CapBnd=20\n.*`},
		{"--inheritable-caps chown", true, status, `(?s).*CapInh=1\n.*`},
		{"--caps cap_chown,cap_kill=p --securebits noroot --ambient-caps chown", false, "true", "refused"},
		{"--caps cap_chown,cap_kill=pi --securebits noroot --ambient-caps chown", true, status, `(?s).*CapInh=21\nCapPrm=1\nCapEff=1\n.*`},
		{"--caps cap_chown=eip --uid 65534 --ambient-caps chown", true, status, `(?s).*CapPrm=1\nCapEff=1\n.*`},
		{"--seccomp " + filter(t) + " --no-new-privs", false, status, `(?s).*Seccomp=2.*`},
		{"--seccomp " + filter(t) + " --seccomp-flags log --no-new-privs --clone user,mount", false, "mount -t tmpfs none /mnt 2>/dev/null || echo none", `none`},
		{"--open 5=/etc/passwd --open 6=" + file + ":a", false, "readlink /proc/self/fd/5 /proc/self/fd/6", "/etc/passwd\n" + file},
		{"--chroot / --dir /etc --uid 65534 --open 5=passwd --close-fds", true, "readlink /proc/self/fd/5", "/etc/passwd"},
		{"--dir-fd 3", false, "pwd", "/"},
		{"--dir-fd 3 --dir usr", false, "pwd", "/usr"},
		{"--exec-fd 4 --argv0 other", false, "tr '\\0' ' ' </proc/$$/cmdline | head -c6; readlink /proc/$$/exe", `other /.*sh`},
	} {
		if c.root && os.Geteuid() != 0 {
			others = append(others, c.args)
			continue
		}
		t.Run(c.args, func(t *testing.T) {
			tool, _, _ := strings.Cut(c.show, " ")
			if _, err := exec.LookPath(tool); strings.Contains("chrt taskset ionice", tool) && err != nil {
				t.Skip(err)
			}
			args := append([]string{"-c", `exec "$@" 3</ 4</bin/sh`, "sh", command}, strings.Fields(c.args)...)
			if direct, ok := strings.CutPrefix(c.show, "!"); ok {
				args = append(args, strings.Fields(direct)...)
			} else {
				args = append(args, "/bin/sh", "-c", c.show)
			}
			out, err := exec.Command("/bin/sh", args...).CombinedOutput()
			if c.want == "refused" {
				if err == nil || !strings.Contains(string(out), "An ambient capability must be inheritable") {
					t.Errorf("not refused: %s", out)
				}
			} else if !regexp.MustCompile("^(?:" + c.want + ")$").MatchString(strings.TrimSpace(string(out))) {
				t.Errorf("%v: %q, want %q", err, out, c.want)
			}
		})
	}
	if others != nil {
		t.Run("others", func(t *testing.T) { t.Skipf("%d cases need root: %q", len(others), others) })
	}
}

func TestSetns(t *testing.T) {
	needRoot(t)
	holder := exec.Command("sleep", "60")
	holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWUSER}
	if err := holder.Start(); err != nil {
		t.Skip(err)
	}
	defer func() { _ = holder.Process.Kill(); _ = holder.Wait() }()
	proc := "/proc/" + strconv.Itoa(holder.Process.Pid) + "/ns/"
	link := func(name string) string {
		to, err := os.Readlink(proc + name)
		if err != nil {
			t.Fatal(err)
		}
		return to
	}
	pid := "pid:" + strconv.Itoa(holder.Process.Pid)
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"--setns", proc + "net"}, []string{"net"}},
		{[]string{"--setns", "net=" + proc + "net", "--setns", "uts=" + proc + "uts"}, []string{"net", "uts"}},
		{[]string{"--setns", "net,uts=" + pid}, []string{"net", "uts"}},
		{[]string{"--setns", "user,net=" + pid}, []string{"user", "net"}},
		{[]string{"--setns", proc + "user"}, []string{"user"}},
	} {
		out, said, status := run(t, append(c.args, "sh", "-c", "readlink /proc/self/ns/*")...)
		for _, name := range c.want {
			if status != 0 || !strings.Contains(out, link(name)) {
				t.Errorf("%q: status %d, not in %s: %s%s", c.args, status, link(name), out, said)
			}
		}
	}
	if _, said, status := run(t, "--setns", "uts="+proc+"net", "true"); status != 125 || !strings.Contains(said, "setns") {
		t.Errorf("another type: status %d: %s", status, said)
	}
}

func TestLandlock(t *testing.T) {
	_, said, status := run(t, "--no-new-privs", "--landlock", "rx:/", "true")
	if status != 0 {
		t.Skip(said)
	}
	dir := t.TempDir()
	script := `cat /etc/passwd >/dev/null && echo read; echo x >"$1/x" && echo written; ls /var >/dev/null 2>&1 || echo hidden`
	args := []string{"--no-new-privs", "--landlock", "rx:/usr", "--landlock", "rx:/bin", "--landlock", "rx:/lib64", "--landlock", "rx:/lib",
		"--landlock", "r:/etc", "--landlock", "rw:/dev/null", "--landlock", "rw:" + dir, "/bin/sh", "-c", script, "sh", dir}
	kept := args[:0:0]
	for i := 0; i < len(args); i++ { // not every system has each of them
		if _, path, ok := strings.Cut(args[i], ":"); ok && args[i-1] == "--landlock" {
			if _, err := os.Stat(path); err != nil {
				kept = kept[:len(kept)-1]
				continue
			}
		}
		kept = append(kept, args[i])
	}
	if out, said, status := run(t, kept...); out != "read\nwritten\nhidden\n" {
		t.Errorf("status %d: %q, %s", status, out, said)
	}
	if out, _, status := run(t, "--no-new-privs", "--landlock", "r:/", "true"); status != 126 {
		t.Errorf("no right to execute: status %d, %s", status, out)
	}
}

// TestUsage: each wrong argument is refused before anything starts, by the option's name.
func TestUsage(t *testing.T) {
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("1234567"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{
		"--umask 8", "--umask 1000", "--umask x", "--personality x", "--personality linux,", "--personality 8x", "--personality 4294967295", "--session-keyring=", "--rlimit nofile", "--rlimit =1", "--rlimit none=1", "--rlimit nofile=x", "--rlimit nofile=1:",
		"--rlimit nofile=1:2:3", "--rlimit nofile=-1", "--rlimit nofile=99999999999999999999999", "--nice 20", "--nice -21", "--nice x", "--sched nothing",
		"--sched fifo", "--sched fifo:0", "--sched fifo:100", "--sched batch:1", "--sched deadline:1:2", "--sched deadline:1:2:-3", "--sched other,nothing",
		"--affinity x", "--affinity 1-0", "--affinity 0,", "--affinity 65536", "--affinity -1", "--ioprio x", "--ioprio be:8", "--ioprio idle:1", "--ioprio 4",
		"--oom-score-adj 1001", "--sigmask NOTHING", "--sigdefault 65", "--sigignore 0", "--securebits nothing", "--bounding-caps nothing",
		"--inheritable-caps cap_nothing", "--caps cap_chown", "--caps cap_chown=p --inheritable-caps chown", "--setns /no/where", "--setns nothing=/proc/self/ns/net",
		"--setns pid:1", "--setns net=pid:99999999", "--dir-fd x", "--exec-fd -1", "--open 5", "--open x=/etc/passwd", "--open 5=", "--fd 5=",
		"--seccomp /no/where", "--seccomp " + short, "--seccomp /dev/null", "--seccomp-flags tsync", "--landlock /", "--landlock z:/", "--landlock r:/no/where",
		"--landlock-flags nothing", "--id-map-helpers", "--id-map-helpers --clone user",
		"--id-map-helpers --clone user --uid-map 0:0:1 --setgroups allow",
	} {
		out, said, status := run(t, append(strings.Fields(args), "echo", "started")...)
		option, _, _ := strings.Cut(args, " ")
		if args == "--id-map-helpers --clone user --uid-map 0:0:1 --setgroups allow" {
			option = "--setgroups"
		}
		if status != 125 || out != "" || !strings.HasPrefix(said, "forkexec: "+option) {
			t.Errorf("%s: status %d, %q: %s", args, status, out, said)
		}
	}
}

func TestHooks(t *testing.T) {
	dir := t.TempDir()
	note := filepath.Join(dir, "note")
	out, said, status := run(t, "--on-clone", "echo clone $FORKEXEC_PID; readlink /proc/$FORKEXEC_PID/cwd", "--dir", "/", "--clear-env", "--env", "A=b",
		"--on-exec", "echo exec $FORKEXEC_PID; readlink /proc/$FORKEXEC_PID/cwd; cat; echo $PATH >"+note, "sh", "-c", "echo $$; echo $A")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	pid, _, _ := strings.Cut(out, "\n")
	want := "clone " + pid + "\n" + here + "\nexec " + pid + "\n/\n"
	if status != 0 || out != pid+"\nb\n" || said != want {
		t.Errorf("status %d: %q, %q, want %q", status, out, said, want)
	}
	if path, err := os.ReadFile(note); err != nil || strings.TrimSpace(string(path)) != os.Getenv("PATH") {
		t.Errorf("the hook's PATH is %q, %v", path, err)
	}
	for _, c := range []struct {
		args string
		want int
		says string
	}{
		{"--on-clone false echo started", 125, "--on-clone: the command has exit status 1"},
		{"--on-exec kill_-9_$$ echo started", 125, "--on-exec: the command has been ended by signal 9"},
		{"--on-exec true no-such-program", 127, "folders of PATH"},
		{"--on-exec true /etc/passwd", 126, "execve"},
		{"--on-exec true --dir /no/where true", 125, "chdir"},
		{"--on-exec true --exec-fd 99 true", 126, "EBADF"},
		{"--on-clone true sh -c exit_7", 7, ""},
	} {
		args := strings.Fields(c.args)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "_", " ")
		}
		if out, said, status := run(t, args...); out != "" || status != c.want || !strings.Contains(said, c.says) {
			t.Errorf("%s: status %d, %q: %s", c.args, status, out, said)
		}
	}
}

// TestHooksAndPath: a child that waits is not started by trying, so PATH is searched as it sees it.
func TestHooksAndPath(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(dir+"/bin", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/bin/only-here", []byte("#!/bin/sh\necho started\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", "bin:"+os.Getenv("PATH"))
	if out, said, status := run(t, "--dir", dir, "--on-exec", "true", "only-here"); out != "started\n" || status != 0 {
		t.Errorf("a folder relative to --dir: status %d, %q: %s", status, out, said)
	}
	mounts := "mount=/proc/self/ns/mnt"
	if _, said, status := run(t, "--setns", mounts, "--on-exec", "true", "true"); status != 125 || !strings.Contains(said, "a path with a slash") {
		t.Errorf("a mount namespace: status %d: %s", status, said)
	}
	needRoot(t)
	if _, said, status := run(t, "--setns", mounts, "--on-exec", "true", "/bin/true"); status != 0 {
		t.Errorf("a path there: status %d: %s", status, said)
	}
}

// TestDryRunOfAttributes: each option's system call is in the list; TestDryRun compares the order.
func TestDryRunOfAttributes(t *testing.T) {
	out, said, status := run(t, "--dry-run", "--umask", "027", "--personality", "linux32,addr-no-randomize", "--session-keyring=mine", "--rlimit", "core=0:unlimited", "--nice", "3", "--sched", "fifo:5", "--affinity", "1,3",
		"--ioprio", "idle", "--oom-score-adj", "5", "--sigmask", "USR1", "--sigdefault", "HUP", "--sigignore", "INT", "--no-new-privs", "--securebits", "noroot",
		"--bounding-caps", "all", "--caps", "cap_chown=ep", "--setns", "net=/proc/self/ns/net", "--dir-fd", "9", "--exec-fd", "8", "--open", "7=/x:rw",
		"--seccomp", filter(t), "--on-clone", "true clone", "--on-exec", "true exec", "name")
	if status != 0 {
		t.Fatal(said)
	}
	at := 0
	for _, want := range []string{
		"clone3(", "true clone", "rt_sigaction(SIGHUP, {SIG_DFL})", "rt_sigaction(SIGINT, {SIG_IGN})", "rt_sigprocmask(SIG_SETMASK, [SIGUSR1])",
		`"/proc/self/oom_score_adj"`, `write(FD, "5")`, "prlimit64(0, RLIMIT_CORE, {rlim_cur=0, rlim_max=RLIM64_INFINITY}, NULL)", "sched_setattr(0, {sched_policy=fifo",
		"setpriority(PRIO_PROCESS, 0, 3)", "sched_setaffinity(0, 8, [1, 3])", "ioprio_set(IOPRIO_WHO_PROCESS, 0, 0x6000)", "umask(027)", "personality(0x40008)", "CLONE_NEWNET)",
		"PR_SET_SECUREBITS, 0x1", "capset({ effective=CAP_CHOWN permitted=CAP_CHOWN inheritable=0", `keyctl(KEYCTL_JOIN_SESSION_KEYRING, "mine")`, "fchdir(9)", `openat(AT_FDCWD, "/x", O_RDWR|O_CREAT, 0666)`,
		"PR_SET_NO_NEW_PRIVS", "true exec", "seccomp(SECCOMP_SET_MODE_FILTER, 0, {len=10})", `execveat(8, "", ["name"], ENV, AT_EMPTY_PATH)`,
	} {
		i := strings.Index(out[at:], want)
		if i < 0 {
			t.Fatalf("no %q from here on:\n%s\nin\n%s", want, out[at:], out)
		}
		at += i
	}
}

// TestContainer is the command line of the man page, with what an ordinary user has everywhere:
// examples/container does the same in Go.
func TestContainer(t *testing.T) {
	if _, err := exec.LookPath("newuidmap"); err != nil {
		t.Skip("needs newuidmap (package uidmap)")
	}
	bytes := filter(t)
	const script = `id -u; echo $$; ulimit -n; ulimit -c; umask
grep -E '^(CapBnd|CapEff|NoNewPrivs|Seccomp):' /proc/self/status
for ns in user mnt pid net uts ipc; do readlink /proc/self/ns/$ns; done
mount -t tmpfs none /mnt 2>/dev/null || echo no mount
cat /proc/self/cgroup; exit 5`
	users := []uint32{uint32(os.Geteuid())}
	if users[0] == 0 {
		users = append(users, 65534)
	}
	for _, uid := range users {
		t.Run("user "+strconv.Itoa(int(uid)), func(t *testing.T) {
			id := strconv.Itoa(int(uid))
			args := []string{"--clone", "user,mount,pid,net,uts,ipc", "--id-map-helpers", "--uid-map", "0:" + id + ":1", "--gid-map", "0:" + id + ":1",
				"--uid", "0", "--gid", "0", "--no-setgroups", "--clear-env", "--env", "PATH=/usr/bin:/bin", "--env", "HOME=/", "--dir", "/", "--umask", "022",
				"--rlimit", "core=0", "--rlimit", "nofile=64", "--close-fds", "--no-new-privs", "--bounding-caps", "dac_override,setgid,setuid",
				"--seccomp", bytes, "--on-exec", "cat /proc/$FORKEXEC_PID/uid_map"}
			cgroup := newCgroup(t)
			if uid == 0 && cgroup != "" {
				args = append(args, "--cgroup", cgroup)
			}
			cmd := exec.Command(publicCommand(t), append(args, "sh", "-c", script)...)
			cmd.Dir = "/"
			if uint32(os.Geteuid()) != uid {
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
			}
			var said strings.Builder
			cmd.Stderr = &said
			out, err := cmd.Output()
			if cmd.ProcessState.ExitCode() != 5 {
				if strings.Contains(said.String(), "clone") && strings.Contains(said.String(), "EPERM") {
					t.Skip("no user namespaces here: ", said.String())
				}
				t.Fatalf("%v: %s%s", err, out, said.String())
			}
			lines := strings.Split(string(out), "\n")
			if !slices.Equal(lines[:5], []string{"0", "1", "64", "0", "0022"}) {
				t.Errorf("the container is %q", lines[:5])
			}
			wants := []string{"CapBnd:\t00000000000000c2", "CapEff:\t00000000000000c2", "NoNewPrivs:\t1", "Seccomp:\t2", "no mount"}
			if uid == 0 && cgroup != "" {
				wants = append(wants, filepath.Base(cgroup))
			}
			for _, want := range wants {
				if !strings.Contains(string(out), want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
			for _, ns := range []string{"user", "mnt", "pid", "net", "uts", "ipc"} {
				if to, _ := os.Readlink("/proc/self/ns/" + ns); strings.Contains(string(out), to) {
					t.Errorf("the container is in our %s namespace, %s", ns, to)
				}
			}
			if got := strings.Fields(said.String()); !slices.Equal(got, []string{"0", id, "1"}) {
				t.Errorf("the hook saw the map %q", got)
			}
		})
	}
}

// publicCommand is a copy of the command where every user may execute it.
func publicCommand(t *testing.T) string {
	t.Helper()
	copied, err := os.ReadFile(command)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "forkexec-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, err := range []error{os.Chmod(dir, 0o755), os.WriteFile(dir+"/forkexec", copied, 0o755)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir + "/forkexec"
}

// newCgroup is one of version 2 for the test, "" if none may be made.
func newCgroup(t *testing.T) string {
	t.Helper()
	for _, top := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		if _, err := os.Stat(top + "/cgroup.procs"); err != nil {
			continue
		}
		dir := top + "/forkexec-cli-" + strconv.Itoa(os.Getpid())
		if err := os.Mkdir(dir, 0o755); err != nil {
			continue
		}
		t.Cleanup(func() { os.Remove(dir) })
		return dir
	}
	return ""
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package cli

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
)

// shell runs a script whose $1 is the command; a hang fails the test.
func shell(t *testing.T, script string, args ...string) (string, string, int) {
	t.Helper()
	var out, said strings.Builder
	cmd := exec.Command("sh", append([]string{"-c", script, "sh", command}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(30*time.Second, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer timer.Stop()
	_ = cmd.Wait()
	return out.String(), said.String(), cmd.ProcessState.ExitCode()
}

// TestEmptyEnvironment: clearenv(3) leaves no list at all.
func TestEmptyEnvironment(t *testing.T) {
	for _, args := range [][]string{{"--clear-env"}, {"--clear-env", "--on-exec", "true"}, {"--clear-env", "--pdeathsig", "TERM"}} {
		out, said, status := run(t, append(args, "/usr/bin/env")...)
		if out != "" || said != "" || status != 0 {
			t.Errorf("%q: %q, %q, status %d", args, out, said, status)
		}
	}
}

// TestBlockedSIGCHLD: of a supervisor with a signalfd. The program has that mask, too.
func TestBlockedSIGCHLD(t *testing.T) {
	out, said, status := shell(t, `exec "$1" --sigmask CHLD "$1" grep SigBlk /proc/self/status`)
	if status != 0 || out != "SigBlk:\t0000000000010000\n" {
		t.Errorf("status %d, %q, %q", status, out, said)
	}
	if _, said, status = shell(t, `exec "$1" --sigmask CHLD "$1" sh -c 'sleep 0.2; exit 6'`); status != 6 {
		t.Errorf("status %d, %q", status, said)
	}
}

// ids prints the groups.
const ids = "grep ^Groups /proc/self/status"

// TestGroupsInUserNamespace: the groups are dropped, or --groups is refused; never kept silently.
func TestGroupsInUserNamespace(t *testing.T) {
	for _, uid := range []int{0, 65534} {
		if os.Geteuid() != 0 && uid == 0 {
			continue
		}
		users := []string{"--uid-map", "0:" + strconv.Itoa(uid) + ":1", "--gid-map", "0:" + strconv.Itoa(uid) + ":1", "--uid", "0", "--gid", "0"}
		for _, c := range []struct {
			args   []string
			groups bool // they stay
			says   string
		}{
			{[]string{"--clone", "user"}, uid != 0, ""},
			{[]string{"--unshare", "user"}, true, ""},
			{[]string{"--clone", "user", "--groups", ""}, false, map[bool]string{true: "without CAP_SETGID"}[uid != 0]},
			{[]string{"--clone", "user", "--setgroups", "deny"}, true, ""},
			{[]string{"--clone", "user", "--setgroups", "deny", "--groups", ""}, false, "--setgroups deny forbids it"},
			{[]string{"--unshare", "user", "--groups", ""}, false, "of --unshare"},
		} {
			cmd := exec.Command(publicCommand(t), append(append(c.args, users...), "sh", "-c", ids)...)
			cmd.Dir = "/"
			if os.Geteuid() == 0 {
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid), Groups: []uint32{5, 6}}}
			}
			out, err := cmd.CombinedOutput()
			if strings.Contains(string(out), "clone") && strings.Contains(string(out), "EPERM") {
				t.Skip("no user namespaces here: ", string(out))
			}
			if c.says != "" {
				if cmd.ProcessState.ExitCode() != 125 || !strings.HasPrefix(string(out), "forkexec: --groups: ") || !strings.Contains(string(out), c.says) {
					t.Errorf("user %d %q: %v, %s", uid, c.args, err, out)
				}
			} else if n := len(strings.Fields(string(out))) - 1; err != nil || (os.Geteuid() == 0 && (n > 0) != c.groups) {
				t.Errorf("user %d %q: %v, %s", uid, c.args, err, out)
			}
		}
	}
}

func TestUserWithoutGroup(t *testing.T) {
	if _, said, status := run(t, "--uid", "3999999", "true"); status != 125 || !strings.HasPrefix(said, "forkexec: --uid: user 3999999 has no entry in passwd(5)") {
		t.Errorf("status %d, %s", status, said)
	}
	needRoot(t)
	if out, said, status := run(t, "--uid", "3999999", "--gid", "7", "sh", "-c", "id -u; id -g; id -G"); status != 0 || out != "3999999\n7\n7\n" {
		t.Errorf("status %d, %q, %s", status, out, said)
	}
}

// TestWriteError: whatever is lost is told, and a program whose ID is lost does not run on.
func TestWriteError(t *testing.T) {
	for _, args := range []string{"--help", "--version", "--dry-run true", "--explain", "--completion bash", "--detach sleep 77.125", "report /dev/null"} {
		for _, to := range []string{">/dev/full", ">&-"} {
			_, said, status := shell(t, `exec "$1" `+args+` `+to)
			if status != 125 || strings.Count(said, "forkexec: write error: ") != 1 {
				t.Errorf("%s %s: status %d, %s", args, to, status, said)
			}
		}
	}
	if out, _, _ := shell(t, `ps -eo args | grep "^sleep 77[.]125"`); out != "" {
		t.Errorf("it runs on: %s", out)
	}
}

// TestHostileNames: JSON is JSON, and no name steers a terminal.
func TestHostileNames(t *testing.T) {
	name := "/no/a\xffb\x1b[1m\u0085c\u009b2Jd\u202ee\u2066f\u00e9"
	_, said, status := run(t, "--json", name)
	var o struct{ Object string }
	if err := json.Unmarshal([]byte(said), &o); err != nil || status != 127 || !utf8.ValidString(said) || strings.ContainsAny(said, "\u0085\u202e") {
		t.Errorf("%v, status %d, %q", err, status, said)
	}
	if !strings.Contains(o.Object, "c\u009b2Jd\u202ee\u2066f\u00e9") || !strings.Contains(o.Object, "b") {
		t.Errorf("the object is %q", o.Object)
	}
	if out, _, status := run(t, "--dry-run", "--dir", name, "true"); status != 0 || strings.ContainsAny(out, "\x1b\u0085\u009b\u202e\u2066") || !utf8.ValidString(out) {
		t.Errorf("%q, status %d", out, status)
	}
	for _, args := range [][]string{{name}, {"--dir", name, "true"}, {"--uid", name, "true"}, {"--trace", "--dir", name, "true"}} {
		_, said, _ := run(t, args...)
		if strings.ContainsAny(said, "\x1b\u0085\u009b\u202e\u2066") || strings.Contains(said, "\xff") || !strings.Contains(said, `d\u202ee\u2066f`+"\u00e9") {
			t.Errorf("%q: %q", args, said)
		}
	}
}

// TestHostileWords: usage errors escape what explanations do, a new line as well.
func TestHostileWords(t *testing.T) {
	const word, want = "a\x1b[31m\nb\xff", `a\x1b[31m\x0ab\xff`
	for _, args := range [][]string{{"--" + word, "true"}, {"--uid=" + word, "true"}, {"--setsid", "--fd=" + word, "true"}, {"report", "/no/" + word},
		{"--explain", word}, {"--trace=/no/" + word, "true"}, {"--chroot", word, "true"}, {"/no/" + word}} {
		_, said, status := run(t, args...)
		if status < 125 || !strings.HasPrefix(said, "forkexec: ") || !strings.Contains(said, want) || strings.ContainsAny(said, "\x1b\xff") {
			t.Errorf("%q: status %d, %q", args, status, said)
		}
	}
}

func TestWrongOptions(t *testing.T) {
	for args, want := range map[string]string{"--nosuch": "unrecognized option '--nosuch'", "--s": "ambiguous option '--s'", "--dir": "option '--dir' requires an argument",
		"--setsid=3": "option '--setsid' doesn't allow an argument", "--setsid -xh true": "invalid option -- 'x'",
		"--chroot= true": `chroot "": No such file or directory (ENOENT). --chroot is an empty string`} {
		_, said, status := run(t, strings.Fields(args)...)
		if status != 125 || !strings.HasPrefix(said, "forkexec: "+want) {
			t.Errorf("%s: status %d, %s", args, status, said)
		}
	}
}

// TestJSONBeforeTheStart: wherever --json stands.
func TestJSONBeforeTheStart(t *testing.T) {
	for args, want := range map[string]string{"--nosuch": "unrecognized option '--nosuch'", "--dir": "option '--dir' requires an argument",
		"--setsid=3": "option '--setsid' doesn't allow an argument", "--c=3": "ambiguous option '--c=3'", "-x": "invalid option -- 'x'",
		"--caps net_raw=ep true": `--caps: \"net_raw=ep\" is not a text of cap_from_text(3), as cap_net_raw=ep; names begin with cap_ here`} {
		if _, said, status := run(t, strings.Fields("--json "+args)...); status != 125 || !strings.Contains(said, `"message":"`+want+`",`) {
			t.Errorf("%s: status %d, %s", args, status, said)
		}
	}
	for _, args := range []string{"--json --uid nosuch true", "--uid nosuch --json true", "--json --rlimit foo=1 true",
		"--json --nosuch true", "--json --dir", "--json", "--trace --json --repeat 2 --detach true"} {
		_, said, status := run(t, strings.Fields(args)...)
		var o struct {
			Step, Message string
			ExitStatus    int `json:"exit_status"`
		}
		if err := json.Unmarshal([]byte(said), &o); err != nil || status != 125 || o.Step != "command line" || o.Message == "" || o.ExitStatus != 125 {
			t.Errorf("%s: status %d, %v, %s", args, status, err, said)
		}
	}
	if out, said, status := run(t, "echo", "--json"); out != "--json\n" || said != "" || status != 0 { // the program's
		t.Error(out, said, status)
	}
	if _, said, _ := run(t, "--uid", "nosuch", "true", "--json"); !strings.HasPrefix(said, "forkexec: --uid") {
		t.Error(said)
	}
}

// TestJSONOfFiles: those that the command itself opens, before anything is started.
func TestJSONOfFiles(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ args, step, object, field, errno, explanation string }{
		{"--fd 5=/no/where true", "open", "/no/where", "--fd", "ENOENT", "The file /no/where does not exist"},
		{"--trace=/no/\xff echo on", "open", "/no/\ufffd", "--trace", "ENOENT", "/no is missing already"},
		{"--trace=" + dir + " echo on", "open", dir, "--trace", "EISDIR", dir + " is a directory"},
		{"--trace=/dev/full true", "write", "/dev/full", "--trace", "ENOSPC", "The trace is not whole"},
		{"--cgroup /no/where true", "open", "/no/where", "--cgroup", "ENOENT", "does not exist"},
		{"--seccomp " + dir + " true", "read", dir, "--seccomp", "EISDIR", "instructions"},
		{"--setns net=pid:2147483647 true", "open", "pid:2147483647", "--setns", "ESRCH", "no such process"},
	} {
		out, said, status := run(t, append([]string{"--json"}, strings.Fields(c.args)...)...)
		var o struct {
			Step, Object, Field, Errno, Message, Explanation string
			ExitStatus                                       int `json:"exit_status"`
		}
		if err := json.Unmarshal([]byte(said), &o); err != nil || !utf8.ValidString(said) || strings.Count(said, "\n") != 1 || out != "" || status != 125 ||
			o.Step != c.step || o.Object != c.object || o.Field != c.field || o.Errno != c.errno || o.Message == "" || o.ExitStatus != 125 ||
			!strings.Contains(o.Explanation, c.explanation) {
			t.Errorf("%s: status %d, %v, %q, %s", c.args, status, err, out, said)
		}
		_, text, _ := run(t, strings.Fields(c.args)...)
		if !strings.HasPrefix(text, "forkexec: "+c.field+": ") || !strings.Contains(text, o.Message+" ("+c.errno+"). ") || !strings.Contains(text, c.explanation) {
			t.Errorf("%s: %s", c.args, text)
		}
	}
	_, said, status := shell(t, `"$1" --json --detach sleep 77.126 >/dev/full`)
	if strings.Count(said, "\n") != 1 || !strings.Contains(said, `"errno":"ENOSPC"`) || status != 125 {
		t.Errorf("status %d, %s", status, said)
	}
}

// TestSignalDuringHook ends the hook, with what it runs, and the start.
func TestSignalDuringHook(t *testing.T) {
	for _, args := range [][]string{{"--on-exec", "echo ready >&2; sleep 60; true"}, {"--on-clone", "trap '' TERM; echo ready >&2; sleep 60; true"}} {
		cmd := exec.Command(command, append(args, "echo", "started")...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal
		r, err := cmd.StderrPipe()
		var out strings.Builder
		cmd.Stdout = &out
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Read(make([]byte, 16)); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Process.Signal(syscall.SIGTERM)
		said, err := io.ReadAll(r) // to the end, when the sleep has ended, too
		_ = cmd.Wait()
		want := "forkexec: SIGTERM has ended the start at its step stop "
		if cmd.ProcessState.ExitCode() != 128+15 || out.String() != "" || !strings.HasPrefix(string(said), want) || strings.Count(string(said), "\n") != 1 {
			t.Errorf("%q: %v, %q, %q, %v", args, cmd.ProcessState, out.String(), said, err)
		}
	}
}

func TestStepNames(t *testing.T) {
	script, _, _ := run(t, "--completion", "bash")
	_, names, ok := strings.Cut(script, "--pause-at) mapfile -t COMPREPLY < <(compgen -W '")
	names, _, _ = strings.Cut(names, "'")
	if n := len(strings.Fields(names)); !ok || n < 30 {
		t.Fatalf("%d names", n)
	}
	for _, name := range strings.Fields(names) {
		if _, said, status := run(t, "--pause-at", name, "--dry-run", "true"); status != 0 {
			t.Error(name, said)
		}
	}
	if out, said, status := run(t, "--explain", "duplicate-descriptor"); status != 0 || !strings.Contains(out, "duplicate descriptor EBADF") {
		t.Error(status, said, out)
	}
	if strings.Contains(script, "--=") || strings.Contains(script, "--)") {
		t.Error("the completion has an option without a name")
	}
}

// TestTraceOfFailure: the failure is in it, even if there was no step.
func TestTraceOfFailure(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trace.json")
	for _, c := range []struct{ args, step string }{{"--dir /no/where true", "chdir"}, {"no-such-program", "execve"}} {
		run(t, append([]string{"--trace=" + file}, strings.Fields(c.args)...)...)
		var trace struct {
			TraceEvents []struct {
				Name string
				Args struct{ Step, Errno string }
			}
		}
		text, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(text, &trace)
		}
		if err != nil {
			t.Fatal(err, string(text))
		}
		last := trace.TraceEvents[len(trace.TraceEvents)-1]
		if last.Name != "failed" || last.Args.Step != c.step || last.Args.Errno != "ENOENT" {
			t.Errorf("%s: %+v", c.args, last)
		}
	}
	if _, said, _ := run(t, "--trace", "no-such-program"); strings.Contains(said, "0 steps") || !strings.Contains(said, "no-such-program: it failed before its first step") {
		t.Error(said)
	}
	if _, said, _ := run(t, "--repeat", "3", "--trace", "true"); strings.Count(said, " steps in ") != 3 || !strings.Contains(said, ", 3 times") {
		t.Error(said)
	}
}

func TestRefusedArguments(t *testing.T) {
	dir := t.TempDir()
	for _, args := range []string{"--open 1=F:z true", "--fd 1=F:z true", "--completion bash x", "--completion zsh --json"} {
		cmd := exec.Command(command, strings.Fields(args)...)
		cmd.Dir = dir
		said, _ := cmd.CombinedOutput()
		left, err := os.ReadDir(dir)
		if ok := strings.HasPrefix(args, "--completion zsh"); err != nil || len(left) > 0 || (cmd.ProcessState.ExitCode() == 125) == ok {
			t.Errorf("%s: %s, %v, %v", args, said, left, err)
		}
	}
	if out, said, status := run(t, "-h"); status != 0 || !strings.HasPrefix(out, "Usage: forkexec") {
		t.Error(status, said)
	}
}

// TestPauseOutlives: what forkexec.h says of a child that SIGSTOP has stopped.
func TestPauseOutlives(t *testing.T) {
	cmd, pid := paused(t, "--pause-at", "execve", "true")
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if _, state, _ := strings.Cut(string(stat), ") "); err != nil || !strings.HasPrefix(state, "T ") {
		t.Errorf("%v, %s", err, stat)
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

// TestRootfs is the man page's container with files of its own.
func TestRootfs(t *testing.T) {
	const script = `umask 022; cd "$(dirname "$2")" && mkdir -p rootfs/proc rootfs/bin && for p in sh mount ls; do
	p=$(command -v $p); cp "$p" rootfs/bin/
	for l in $(ldd "$p" | grep -o '/[^ ]*'); do mkdir -p "rootfs$(dirname "$l")"; cp "$l" "rootfs$l"; done; done
	exec $3 "$2" --clone user,mount,pid,net,uts,ipc --uid-map 0:$4:1 --gid-map 0:$4:1 --chroot rootfs --dir / --clear-env --env PATH=/usr/bin:/bin \
	sh -c 'mount -t proc proc /proc && exec ls / /proc'`
	for _, user := range []string{"0", "65534"} {
		as := ""
		if user == "0" || os.Geteuid() != 0 {
			user = strconv.Itoa(os.Geteuid())
		} else {
			as = command + " --uid " + user
		}
		out, said, status := shell(t, script, publicCommand(t), as, user)
		if strings.Contains(said, "EPERM") || strings.Contains(said, "mount: ") {
			t.Skip("no user namespaces, or no mounts of proc here: ", said)
		}
		words := strings.Fields(out)
		if status != 0 || !slices.Contains(words, "1") || slices.Contains(words, "2") || slices.Contains(words, "etc") || !slices.Contains(words, "proc") {
			t.Errorf("user %s: status %d, %q, %s", user, status, words, said)
		}
	}
}

// TestHelperWithoutLine: who reads the message knows what to do.
func TestHelperWithoutLine(t *testing.T) {
	if _, err := exec.LookPath("newuidmap"); err != nil {
		t.Skip("needs newuidmap (package uidmap)")
	}
	for _, which := range []string{"u", "g"} {
		id := strconv.Itoa(os.Geteuid())
		_, said, status := run(t, "--clone", "user", "--id-map-helpers", "--"+which+"id-map", "0:"+id+":1", "--"+which+"id-map", "1:3999999:3", "true")
		if strings.HasPrefix(said, "forkexec: clone") {
			t.Skip("no user namespaces here: ", said)
		}
		if status != 125 || !strings.Contains(said, "/etc/sub"+which+"id does not grant the ID 3999999 outside") || strings.Contains(said, "install") {
			t.Errorf("status %d, %s", status, said)
		}
	}
}

type hookObject struct {
	Step, Errno, Explanation, Command string
	Status                            int
}

// failedHook returns the one object that there must be.
func failedHook(t *testing.T, status int, said string) (o hookObject) {
	t.Helper()
	if err := json.Unmarshal([]byte(said), &o); err != nil || !utf8.ValidString(said) || strings.Count(said, "\n") != 1 || status != 125 || o.Errno != "ECANCELED" {
		t.Errorf("status %d, %v, %s", status, err, said)
	}
	return o
}

// TestHookAsJSON: that it has failed is in the object of the start, and nowhere else.
func TestHookAsJSON(t *testing.T) {
	for _, c := range []struct {
		option, command, step, explanation string
		status                             int
	}{
		{"--on-clone", "exit 3", "stop after clone", "--on-clone: the command has exit status 3.", 3},
		{"--on-exec", "kill -9 $$ # \xff", "stop before exec", "--on-exec: the command has been ended by signal 9.", 137},
	} {
		_, said, status := run(t, "--json", c.option, c.command, "true")
		want := hookObject{c.step, "ECANCELED", c.explanation, strings.ReplaceAll(c.command, "\xff", "\ufffd"), c.status}
		if o := failedHook(t, status, said); o != want {
			t.Errorf("%+v, want %+v", o, want)
		}
	}
	if _, said, status := run(t, "--json", "--on-exec", "true", "--dir", "/no/where", "true"); status != 125 || strings.Contains(said, `"command"`) {
		t.Errorf("status %d, %s", status, said)
	}
}

// TestHelperAsJSON has a newuidmap of its own; the advice is for the cause, and only for that.
func TestHelperAsJSON(t *testing.T) {
	dir, id := t.TempDir(), strconv.Itoa(os.Getuid())
	if err := os.WriteFile(dir+"/newuidmap", []byte("#!/bin/sh\nprintf 'not \\377today\\n' >&2\nexit 4\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, said, status := run(t, "--clone", "user", "true"); status != 0 {
		t.Skip("no user namespaces here: ", said)
	}
	for _, c := range []struct {
		path, maps, command, advice string
		status                      int
	}{
		{dir, "0:" + id + ":1", "0 " + id + " 1", "", 4},
		{dir, "0:7:0", "0 7 0", `Line 1 of --uid-map, "0 7 0", maps no ID`, 4},
		{dir, "0:" + id + ":1 0:4000000:1", "0 " + id + " 1 0 4000000 1", "overlaps line 1", 4},
		{dir, "0:" + id + ":1 1:3999999:3", "0 " + id + " 1 1 3999999 3", "/etc/subuid does not grant the ID 3999999 outside", 4},
		{"/no/where", "0:" + id + ":1", "0 " + id + " 1", "newuidmap(1) is not in the folders of PATH: install it", 127},
	} {
		if _, err := user.LookupId(id); err != nil && strings.HasPrefix(c.advice, "/etc/") {
			continue // nobody grants anything to a user without a name
		}
		t.Setenv("PATH", c.path)
		args := []string{"--json", "--clone", "user", "--id-map-helpers"}
		for _, m := range strings.Fields(c.maps) {
			args = append(args, "--uid-map", m)
		}
		_, said, status := run(t, append(args, "/bin/true")...)
		o := failedHook(t, status, said)
		command, rest, _ := strings.Cut(o.Command, " ")
		_, rest, _ = strings.Cut(rest, " ") // behind the process ID
		if command != "newuidmap" || rest != c.command || o.Status != c.status || !strings.Contains(o.Explanation, c.advice) {
			t.Errorf("%s: %+v", c.maps, o)
		}
		if c.status == 4 && !strings.Contains(o.Explanation, "exit status 4: not \ufffdtoday.") || strings.Contains(o.Explanation, "install") != (c.status == 127) ||
			strings.Contains(o.Explanation, "/etc/sub") != strings.Contains(c.advice, "/etc/sub") {
			t.Errorf("%s: %s", c.maps, o.Explanation)
		}
	}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package cli

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
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

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package cli

import (
	"os/exec"
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

// SPDX-License-Identifier: BSD-3-Clause

package cli

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// underLimit runs the command below a shell that sets a limit for itself, and so for it.
func underLimit(t *testing.T, shell string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command("/bin/sh", append([]string{"-c", shell + "; exec \"$@\"", "sh"}, args...)...)
	var said strings.Builder
	cmd.Stderr = &said
	_ = cmd.Run()
	return said.String(), cmd.ProcessState.ExitCode()
}

func TestNoDescriptorLeft(t *testing.T) {
	said, status := underLimit(t, "ulimit -n 4", command, "true")
	for _, want := range []string{"pipe", "EMFILE", "RLIMIT_NOFILE", "4"} {
		if !strings.Contains(said, want) || status != 125 {
			t.Errorf("exit status %d, want 125 and %q in: %s", status, want, said)
		}
	}
}

// TestNoProcessLeft runs as a user of its own: root has no such limit, and other programs of a
// user count for it.
func TestNoProcessLeft(t *testing.T) {
	needRoot(t)
	copied, err := os.ReadFile(command)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "forkexec-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	program := dir + "/forkexec"
	if err := os.WriteFile(program, copied, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	said, status := underLimit(t, ":", "setpriv", "--reuid=1234567", "--regid=1234567", "--clear-groups", "prlimit", "--nproc=1", program, "true")
	for _, want := range []string{"clone", "EAGAIN", "RLIMIT_NPROC", "1"} {
		if !strings.Contains(said, want) || status != 125 {
			t.Errorf("exit status %d, want 125 and %q in: %s", status, want, said)
		}
	}
}

// TestCgroupFull has a cgroup of its own, of either version, that holds one process: the command.
func TestCgroupFull(t *testing.T) {
	needRoot(t)
	for _, top := range []string{"/sys/fs/cgroup/pids", "/sys/fs/cgroup"} {
		dir := top + "/forkexec-full-" + strconv.Itoa(os.Getpid())
		if err := os.Mkdir(dir, 0o755); err != nil {
			continue
		}
		defer os.Remove(dir)
		if _, err := os.Stat(dir + "/pids.max"); err != nil {
			continue
		}
		said, status := underLimit(t, "echo 1 >"+dir+"/pids.max && echo $$ >"+dir+"/cgroup.procs", command, "true")
		for _, want := range []string{"clone", "EAGAIN", "The cgroup " + dir + " holds as many processes as its pids.max allows: 1"} {
			if !strings.Contains(said, want) || status != 125 {
				t.Errorf("exit status %d, want 125 and %q in: %s", status, want, said)
			}
		}
		return
	}
	t.Skip("no pids cgroup that may be made")
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hanging is a start that does not come to its program.
type hanging struct {
	cmd       *exec.Cmd
	out, said bytes.Buffer
	child     int
}

// hang starts the command and finds its child. If the test fails to end them, the time does.
func hang(t *testing.T, args ...string) *hanging {
	t.Helper()
	h := &hanging{cmd: exec.Command(command, args...)}
	h.cmd.Stdout, h.cmd.Stderr = &h.out, &h.said
	h.cmd.WaitDelay = time.Second // a child that is left behind has both
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := strconv.Itoa(h.cmd.Process.Pid)
	for range 1000 {
		text, _ := os.ReadFile("/proc/" + pid + "/task/" + pid + "/children")
		if h.child, _ = strconv.Atoi(strings.TrimSpace(string(text))); h.child != 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if h.child == 0 {
		_ = h.cmd.Process.Kill()
		t.Fatal("no child: ", h.cmd.Wait(), h.said.String())
	}
	return h
}

// wait returns the exit status; 137 if the command had to be killed.
func (h *hanging) wait() int {
	kill := time.AfterFunc(20*time.Second, func() { _ = h.cmd.Process.Kill(); _ = syscall.Kill(h.child, syscall.SIGKILL) })
	defer kill.Stop()
	_ = h.cmd.Wait()
	return h.cmd.ProcessState.ExitCode()
}

func fifo(t *testing.T) string {
	name := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(name, 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestEndedStart: a signal to the command alone ends a start that hangs, and leaves nothing.
func TestEndedStart(t *testing.T) {
	handled := make(chan os.Signal, 1) // under nohup(1) some are ignored, and stay so
	signal.Notify(handled, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT)
	defer signal.Stop(handled)
	open := "0=" + fifo(t)
	for _, c := range []struct {
		sig  syscall.Signal
		args []string
		want string
	}{
		{syscall.SIGTERM, nil, "SIGTERM has ended the start. With --trace it says at which step that was."},
		{syscall.SIGINT, []string{"--trace"}, "SIGINT has ended the start at its step open " + open[2:] + " as descriptor 0.\n"},
		{syscall.SIGHUP, []string{"--setsid"}, "SIGHUP has ended"}, {syscall.SIGQUIT, []string{"--repeat", "3"}, "SIGQUIT has ended"},
		{syscall.SIGTERM, []string{"--detach"}, "SIGTERM has ended"}, {syscall.SIGTERM, []string{"--nice", "1", "--oom-score-adj", "500"}, "SIGTERM has ended"},
	} {
		h := hang(t, append(c.args, "--open", open, "true")...)
		_ = h.cmd.Process.Signal(c.sig)
		if status := h.wait(); status != 128+int(c.sig) || h.out.Len() > 0 || !strings.Contains(h.said.String(), c.want) {
			t.Errorf("%v %q: status %d, %s%s", c.sig, c.args, status, h.out.String(), h.said.String())
		}
		if err := syscall.Kill(h.child, 0); err != syscall.ESRCH {
			t.Errorf("%v %q: the child is left: %v", c.sig, c.args, err)
		}
	}
	h := hang(t, "--json", "--open", open, "true")
	_ = h.cmd.Process.Signal(syscall.SIGTERM)
	status := h.wait()
	var o struct {
		Message    string
		ExitStatus int `json:"exit_status"`
	}
	if err := json.Unmarshal(h.said.Bytes(), &o); err != nil || status != 143 || o.ExitStatus != 143 || !strings.HasPrefix(o.Message, "SIGTERM has ended the start.") {
		t.Errorf("--json: status %d, %v, %s", status, err, h.said.String())
	}
}

// TestKilledBeforeProgram: whoever ends the child, it is told, and no process ID is printed.
func TestKilledBeforeProgram(t *testing.T) {
	const want = "forkexec: the child was ended by SIGKILL before its program ran.\n"
	for _, args := range [][]string{nil, {"--detach"}} {
		h := hang(t, append(args, "--open", "0="+fifo(t), "true")...)
		_ = syscall.Kill(h.child, syscall.SIGKILL)
		if status := h.wait(); status != 137 || h.out.Len() > 0 || h.said.String() != want {
			t.Errorf("%q: status %d, %q, %q", args, status, h.out.String(), h.said.String())
		}
		out, said, status := run(t, append(args, "--on-clone", "kill -9 $FORKEXEC_PID", "true")...)
		if status != 137 || out != "" || said != want {
			t.Errorf("%q: status %d, %q, %q", args, status, out, said)
		}
	}
	if _, said, status := run(t, "sh", "-c", "kill -9 $$"); status != 137 || said != "" {
		t.Errorf("of a program that has run: %s", said)
	}
}

// TestFrozenCgroup: one of version 2 holds no child back from SIGKILL; one of version 1 does, and
// keeps it when the command ends.
func TestFrozenCgroup(t *testing.T) {
	needRoot(t)
	freeze := func(t *testing.T, folder, file, word, thawed string) string {
		dir := filepath.Join(folder, "forkexec-"+strconv.Itoa(os.Getpid()))
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Skip("no cgroup: ", err)
		}
		t.Cleanup(func() {
			_ = os.WriteFile(filepath.Join(dir, file), []byte(thawed), 0)
			for range 100 {
				if os.Remove(dir) == nil {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
			t.Error(dir, "cannot be removed")
		})
		if err := os.WriteFile(filepath.Join(dir, file), []byte(word), 0); err != nil {
			t.Skip("no freezer: ", err)
		}
		return dir
	}
	t.Run("v2", func(t *testing.T) {
		mounts, _ := os.ReadFile("/proc/mounts")
		where := regexp.MustCompile(`(?m)^\S+ (\S+) cgroup2 `).FindSubmatch(mounts)
		if where == nil {
			t.Skip("cgroup2 is not mounted")
		}
		dir := freeze(t, string(where[1]), "cgroup.freeze", "1", "0")
		h := hang(t, "--trace", "--cgroup", dir, "true")
		_ = h.cmd.Process.Signal(syscall.SIGTERM)
		if status := h.wait(); status != 143 || !strings.Contains(h.said.String(), "SIGTERM has ended the start at its step clone into the cgroup "+dir) {
			t.Errorf("status %d, %s", status, h.said.String())
		}
	})
	t.Run("v1", func(t *testing.T) {
		dir := freeze(t, "/sys/fs/cgroup/freezer", "freezer.state", "FROZEN", "THAWED")
		h := hang(t, "--on-clone", "echo $FORKEXEC_PID >"+dir+"/tasks", "true")
		pid := strconv.Itoa(h.cmd.Process.Pid)
		for range 500 { // until the child is in there, and the hook has ended
			tasks, _ := os.ReadFile(dir + "/tasks")
			children, _ := os.ReadFile("/proc/" + pid + "/task/" + pid + "/children")
			if child := strconv.Itoa(h.child); strings.TrimSpace(string(tasks)) == child && strings.TrimSpace(string(children)) == child {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		_ = h.cmd.Process.Signal(syscall.SIGTERM)
		want := "forkexec: SIGTERM has ended the start, but process " + strconv.Itoa(h.child) + " cannot be killed now."
		if status := h.wait(); status != 143 || !strings.HasPrefix(h.said.String(), want) {
			t.Errorf("status %d, %s", status, h.said.String())
		}
	})
}

// TestStopAtPause: ^Z gives the shell back while the child is at its pause; a continuation of both
// ends the pause.
func TestStopAtPause(t *testing.T) {
	cmd, pid := paused(t, "--pause-at", "execve", "sh", "-c", "exit 5")
	_ = cmd.Process.Signal(syscall.SIGTSTP)
	state := ""
	for range 500 {
		stat, _ := os.ReadFile("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/stat")
		if _, state, _ = strings.Cut(string(stat), ") "); strings.HasPrefix(state, "T ") {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if !strings.HasPrefix(state, "T ") {
		t.Errorf("the command is not stopped: %s", state)
	}
	_ = cmd.Process.Signal(syscall.SIGCONT)
	_ = syscall.Kill(pid, syscall.SIGCONT)
	if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != 5 {
		t.Error(cmd.ProcessState)
	}
}

// TestStopDuringHook: SIGTSTP stops the command while a hook runs, and none is left for later.
func TestStopDuringHook(t *testing.T) {
	const wait = `state() { until grep -q "^State:.$2" /proc/$1/status; do sleep 0.01; done; }; `
	for script, want := range map[string]string{
		wait + `"$1" --on-clone 'sleep 60' true & p=$!; sleep 0.2; kill -TSTP $p; state $p T; kill -CONT $p; state $p S; kill -TERM $p; wait $p; echo $?`: "143\n",
		wait + `"$1" --on-clone 'sleep 60' true & p=$!; sleep 0.2; kill -TERM $p; kill -TSTP $p; wait $p; echo $?`:                                        "143\n",
	} {
		out, said, _ := shell(t, script)
		if out != want {
			t.Errorf("%s: %q, %s", script, out, said)
		}
	}
}

// comes waits until a process is in one of these states, of proc(5).
func comes(t *testing.T, pid int, states string) {
	t.Helper()
	var state string
	for range 1000 {
		text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		_, after, _ := strings.Cut(string(text), ") ")
		if state = after[:min(1, len(after))]; state != "" && strings.Contains(states, state) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("process %d is in state %q, want one of %s", pid, state, states)
}

// TestContinueInGroup: a program that has joined another job's group goes on with the command, and
// the other job does not.
func TestContinueInGroup(t *testing.T) {
	other := exec.Command("sleep", "1000")
	other.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Process.Kill(); _ = other.Wait() }()
	h := hang(t, "--setpgid="+strconv.Itoa(other.Process.Pid), "sleep", "1000")
	defer func() { _ = syscall.Kill(h.child, syscall.SIGKILL); h.wait() }()
	comes(t, h.child, "S")
	_ = other.Process.Signal(syscall.SIGSTOP)
	_ = syscall.Kill(h.child, syscall.SIGSTOP)
	comes(t, other.Process.Pid, "T")
	comes(t, h.cmd.Process.Pid, "T")
	_ = h.cmd.Process.Signal(syscall.SIGCONT)
	comes(t, h.child, "S")
	comes(t, other.Process.Pid, "T")
}

// TestSettled: while the program runs the command has no pipe of a start any more.
func TestSettled(t *testing.T) {
	for _, way := range []string{"--clone=user", "--unshare=user"} {
		t.Run(way, func(t *testing.T) {
			if err := exec.Command(command, way, "true").Run(); err != nil {
				t.Skip("skipped: no user namespaces here: ", err)
			}
			h := hang(t, way, "sleep", "1000")
			defer func() { _ = syscall.Kill(h.child, syscall.SIGKILL); h.wait() }()
			fds := "/proc/" + strconv.Itoa(h.cmd.Process.Pid) + "/fd"
			var pipes []string
			for range 500 {
				list, err := os.ReadDir(fds)
				if err != nil {
					t.Fatal(err)
				}
				pipes = nil
				for _, fd := range list {
					name, _ := os.Readlink(fds + "/" + fd.Name())
					ours, _ := os.Readlink("/proc/self/fd/" + fd.Name())
					if fd.Name() > "2" && strings.HasPrefix(name, "pipe:") && name != ours { // ours it has got from us
						pipes = append(pipes, fd.Name()+": "+name)
					}
				}
				if len(pipes) == 0 {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Errorf("the command has %v open", pipes)
		})
	}
}

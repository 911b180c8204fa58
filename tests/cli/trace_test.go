// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package cli

import (
	"bufio"
	"encoding/json"
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

var timelineLine = regexp.MustCompile(`^ *(\d+\.\d) +(\d+\.\d)  (.+)$`)

// timeline returns the steps of a table of --trace. Each begins where the one before ended.
func timeline(t *testing.T, said string) (steps []string) {
	t.Helper()
	var end float64
	for _, line := range strings.Split(said, "\n") {
		m := timelineLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		begin, _ := strconv.ParseFloat(m[1], 64)
		took, _ := strconv.ParseFloat(m[2], 64)
		if begin < end-0.2 || begin > end+0.2 { // each is rounded
			t.Errorf("%q begins at %v, want %v", line, begin, end)
		}
		end = begin + took
		steps = append(steps, m[3])
	}
	return steps
}

func TestTrace(t *testing.T) {
	out, said, status := run(t, "--trace", "--setsid", "--dir", "/tmp", "--fd", "2=1", "sh", "-c", "exit 3")
	got := timeline(t, said)
	got = slices.DeleteFunc(got, func(s string) bool { return strings.HasPrefix(s, "sigaction") })
	sh, _ := exec.LookPath("sh")
	want := []string{"request", "clone", "setsid", "sigmask", "chdir /tmp", "move descriptor --fd 2=1", "duplicate descriptor --fd 0=0",
		"duplicate descriptor --fd 1=1", "duplicate descriptor --fd 2=1", "execve " + sh}
	if status != 3 || out != "" || !slices.Equal(got, want) || !strings.HasPrefix(said, "forkexec: sh (process ") {
		t.Errorf("%d, %q\n%s", status, got, said)
	}
	_, said, status = run(t, "--trace", "--dir", "/missing", "true")
	if got := timeline(t, said); status != 125 || got[len(got)-1] != "chdir /missing" || !strings.Contains(said, ", the last one failed") ||
		!strings.Contains(said, "\nforkexec: chdir /missing: No such file") {
		t.Errorf("%d\n%s", status, said)
	}
}

// TestTraceFile: what Perfetto reads.
func TestTraceFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trace.json")
	if _, said, status := run(t, "--trace="+file, "--repeat", "3", "true"); status != 0 || timeline(t, said) != nil {
		t.Fatalf("%d, %s", status, said)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var trace struct {
		DisplayTimeUnit string
		TraceEvents     []struct {
			Name, Cat, Ph string
			Ts, Dur       *float64
			Pid, Tid      int
			Args          map[string]any
		}
	}
	if err := json.Unmarshal(text, &trace); err != nil {
		t.Fatal(err, string(text))
	}
	ends, starts := map[int]float64{}, map[int][]string{}
	for _, e := range trace.TraceEvents {
		if e.Ph == "M" {
			continue
		}
		if e.Ph != "X" || e.Ts == nil || e.Dur == nil || *e.Dur < 0 || *e.Ts+0.002 < ends[e.Tid] || e.Pid == 0 || e.Args["calls"].(float64) < 1 {
			t.Errorf("%+v", e)
		}
		ends[e.Tid] = *e.Ts + *e.Dur
		starts[e.Tid] = append(starts[e.Tid], e.Name)
	}
	if len(starts) != 3 {
		t.Error(starts)
	}
	for _, s := range starts {
		if s[0] != "request" || s[1] != "clone" || s[len(s)-1] != "execve" {
			t.Error(s)
		}
	}
	if _, said, status := run(t, "--trace=/missing/file", "true"); status != 125 || !strings.Contains(said, "--trace: /missing/file: No such file") {
		t.Error(status, said)
	}
}

func TestRepeat(t *testing.T) {
	_, said, status := run(t, "--repeat", "20", "--setsid", "sh", "-c", "exit 4")
	row := regexp.MustCompile(`(?m)^  (\S.*?) +(\d+) +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+)$`)
	var names []string
	for _, m := range row.FindAllStringSubmatch(said, -1) {
		names = append(names, m[1])
		last := 0.0
		for _, f := range m[3:] {
			v, _ := strconv.ParseFloat(f, 64)
			if v < last {
				t.Error(m[0])
			}
			last = v
		}
		if m[2] != "20" {
			t.Error(m[0])
		}
	}
	names = slices.DeleteFunc(names, func(s string) bool { return s == "sigaction" })
	if want := []string{"request", "clone", "setsid", "sigmask", "duplicate descriptor", "execve", "all"}; status != 4 || !slices.Equal(names, want) {
		t.Errorf("%d, %q\n%s", status, names, said)
	}
	if _, said, status := run(t, "--repeat", "5", "/missing"); status != 127 || !strings.Contains(said, "/missing, 1 time; ") {
		t.Error(status, said)
	}
	for _, args := range [][]string{{"--repeat", "0", "true"}, {"--repeat", "2", "--detach", "true"}, {"--repeat", "2", "--pause-at", "chdir", "true"}} {
		if _, said, status := run(t, args...); status != 125 || !strings.Contains(said, "--repeat") {
			t.Error(args, status, said)
		}
	}
}

// paused starts the command, and returns it and the process ID that it tells of.
func paused(t *testing.T, args ...string) (*exec.Cmd, int) {
	t.Helper()
	cmd := exec.Command(command, args...)
	r, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(r)
	pid := 0
	var said strings.Builder
	for pid == 0 && lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if s, ok := strings.CutPrefix(lines.Text(), "It goes on after: kill -CONT "); ok {
			pid, err = strconv.Atoi(s)
		}
	}
	if pid == 0 || err != nil {
		t.Fatal(said.String())
	}
	return cmd, pid
}

func TestPause(t *testing.T) {
	for _, args := range [][]string{{"--pause-at", "chdir"}, {"--pause-at", "duplicate-descriptor"}, {"--pause-at", "execve"}} {
		cmd, pid := paused(t, append(args, "--dir", "/", "sh", "-c", "exit 5")...)
		stat, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		_, state, _ := strings.Cut(string(stat), ") ")
		cwd, _ := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
		if !strings.HasPrefix(state, "T ") || (cwd == "/") != (args[1] != "chdir") {
			t.Errorf("%v: state %.1s, directory %s", args, state, cwd)
		}
		_ = syscall.Kill(pid, syscall.SIGCONT)
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 5 {
			t.Errorf("%v: %v", args, err)
		}
	}
	cmd, pid := paused(t, "--pause-at", "sigmask", "true")
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != 128+15 || syscall.Kill(pid, 0) == nil {
		t.Error("after SIGTERM:", cmd.ProcessState)
	}
	for _, c := range [][]string{{"--pause-at", "lunch", "is no step"}, {"--pause-at", "chroot", "--pause-at is chroot, a step that the child"}} {
		if _, said, status := run(t, c[0], c[1], "true"); status != 125 || !strings.Contains(said, c[2]) {
			t.Error(status, said)
		}
	}
}

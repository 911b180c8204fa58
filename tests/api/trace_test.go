// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

// traced makes four starts: by each function, good and bad.
func traced() int {
	cmd := exec.Command("/bin/sh", "-c", "exit 3", "a\"b\\\n\x01\xffé", strings.Repeat("x", 100000))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	fmt.Println(cmd.Run())
	fmt.Println(exec.Command("/missing").Run())
	_, err := forkexec.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{Dir: "/missing", Sys: &syscall.SysProcAttr{}})
	fmt.Println(err)
	pid, err := forkexec.ForkExec("/bin/true", []string{"true"}, &syscall.ProcAttr{Dir: "/"})
	if err == nil {
		_, err = syscall.Wait4(pid, nil, 0, nil)
	}
	fmt.Println(err)
	return 0
}

const tracedOutput = "exit status 3\nfork/exec /missing: no such file or directory\n" +
	"fork/exec /bin/true: no such file or directory\n<nil>\n"

// traceLines checks that each line of a file is one JSON object of less than PIPE_BUF bytes.
func traceLines(t *testing.T, file string) (lines []map[string]any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.SplitAfter(string(text), "\n") {
		if line == "" || line == "\n" { // after one that looked torn, see docs/trace.md
			continue
		}
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil || len(line) > 4096 || line[len(line)-1] != '\n' {
			t.Fatalf("%v in a line of %d bytes: %s", err, len(line), line)
		}
		at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(m["time"]))
		if err != nil || time.Since(at) > time.Hour || time.Since(at) < 0 {
			t.Errorf("time %v: %v", m["time"], err)
		}
		lines = append(lines, m)
	}
	return lines
}

// has checks the keys that are named, and that others are not there.
func has(t *testing.T, line, want map[string]any) {
	t.Helper()
	for key, value := range want {
		got, ok := line[key]
		if !ok || value != nil && fmt.Sprint(got) != fmt.Sprint(value) {
			t.Errorf("%s is %v, want %v in %v", key, got, value, line)
		}
	}
	for key := range line {
		if _, ok := want[key]; !ok {
			t.Errorf("%s is not wanted in %v", key, line)
		}
	}
}

func TestTrace(t *testing.T) {
	needC(t)
	file := filepath.Join(t.TempDir(), "trace")
	stdout, stderr := outputs(t, "traced", "FORKEXEC=trace="+file)
	if stdout != tracedOutput || stderr != "" {
		t.Errorf("the program prints %q, %q", stdout, stderr)
	}
	lines := traceLines(t, file)
	if len(lines) != 5 {
		t.Fatalf("%d lines: %v", len(lines), lines)
	}
	// Where the child is made by an emulator or in a sandbox it may be otherwise.
	if lines[0]["method"] != "clone3" || lines[0]["shared"] != true {
		t.Logf("not as on a usual machine: %v", lines[0])
	}
	argv, _ := lines[0]["argv"].([]any)
	if len(argv) != 5 || argv[3] != "a\"b\\\n\x01\uFFFDé" || !strings.HasSuffix(fmt.Sprint(argv[4]), "x…") {
		t.Errorf("argv is %q", argv)
	}
	has(t, lines[0], map[string]any{"time": nil, "program": "/bin/sh", "argv": nil, "pid": nil, "exec_ns": nil,
		"attributes": "[Setsid]", "method": nil, "shared": nil})
	has(t, lines[1], map[string]any{"time": nil, "pid": lines[0]["pid"], "status": "exit status 3", "run_ns": nil})
	if exec, run := lines[0]["exec_ns"].(float64), lines[1]["run_ns"].(float64); exec <= 0 || run <= exec {
		t.Errorf("exec_ns is %v, run_ns %v", exec, run)
	}
	failed := func(program, argv, attributes, step string) map[string]any {
		return map[string]any{"time": nil, "program": program, "argv": argv, "attributes": attributes, "exec_ns": nil,
			"method": nil, "shared": nil, "step": step, "errno": "ENOENT", "detail": 0, "error": nil}
	}
	has(t, lines[2], failed("/missing", "[/missing]", "[]", "execve"))
	has(t, lines[3], failed("/bin/true", "[true]", "[Dir]", "chdir"))
	has(t, lines[4], map[string]any{"time": nil, "program": "/bin/true", "argv": "[true]", "attributes": "[Dir]", "pid": nil,
		"exec_ns": nil, "method": nil, "shared": nil})
	if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode: %v, %v", st.Mode(), err)
	}
}

// tracedFork makes a child that must not share memory: without clone3 none with a new user
// namespace may.
func tracedFork() int {
	cmd := exec.Command("/bin/true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
	fmt.Println(cmd.Run())
	return 0
}

// TestTraceWhy: a child that does not share memory has a reason.
func TestTraceWhy(t *testing.T) {
	needC(t)
	file := filepath.Join(t.TempDir(), "trace")
	if stdout, _ := outputs(t, "tracedFork", "FORKEXEC=noclone3,trace="+file); stdout != "<nil>\n" {
		t.Skip("needs user namespaces: ", stdout)
	}
	lines := traceLines(t, file)
	has(t, lines[0], map[string]any{"time": nil, "program": "/bin/true", "argv": nil, "attributes": "[Cloneflags]",
		"pid": nil, "exec_ns": nil, "method": "fork", "shared": false, "why": "others could get into memory that this child shares"})
	outputs(t, "traced", "FORKEXEC=noclone3,trace="+file)
	for _, line := range traceLines(t, file)[len(lines):] {
		if m := line["method"]; m != nil && (m == "clone3" || line["shared"] == false && line["why"] == nil) {
			t.Errorf("noclone3: %v", line)
		}
	}
}

// TestTraceStdlib: the standard library's starts, as far as they are known.
func TestTraceStdlib(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trace")
	stdout, stderr := outputs(t, "traced", "FORKEXEC=stdlib,trace="+file)
	if stdout != tracedOutput || stderr != "" {
		t.Errorf("the program prints %q, %q", stdout, stderr)
	}
	lines := traceLines(t, file)
	if len(lines) != 5 {
		t.Fatalf("%d lines: %v", len(lines), lines)
	}
	has(t, lines[0], map[string]any{"time": nil, "program": "/bin/sh", "argv": nil, "attributes": "[Setsid]", "pid": nil,
		"exec_ns": nil, "why": "FORKEXEC=stdlib"})
	has(t, lines[1], map[string]any{"time": nil, "pid": lines[0]["pid"], "status": "exit status 3", "run_ns": nil})
	has(t, lines[2], map[string]any{"time": nil, "program": "/missing", "argv": nil, "attributes": "[]", "exec_ns": nil,
		"why": "FORKEXEC=stdlib", "errno": "ENOENT", "error": nil})
}

// TestTraceTrouble: whatever the file is, the starts are the same, and the trouble is told once.
func TestTraceTrouble(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	full := filepath.Join(dir, "full")
	if err := syscall.Mkfifo(full, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(full, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	fill(t, full)
	big := filepath.Join(dir, "big")
	const size = 64<<20 - 20
	if err := os.WriteFile(big, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(big, size); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ file, text string }{
		{fifo, "FIFO without a reader"},
		{full, "resource temporarily unavailable"},
		{"/dev/full", "no space left on device"},
		{dir, "is a directory"},
		{filepath.Join(dir, "missing", "trace"), "no such file or directory"},
		{big, "has 65536 KiB"},
	} {
		for _, words := range []string{"trace=" + c.file, "stdlib,trace=" + c.file} {
			stdout, stderr := outputs(t, "traced", "FORKEXEC="+words)
			if stdout != tracedOutput {
				t.Errorf("%s: the program prints %q", words, stdout)
			}
			if strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, c.text) || !strings.Contains(stderr, c.file) {
				t.Errorf("%s: standard error has %q, want one line with %q", words, stderr, c.text)
			}
		}
	}
	if st, err := os.Stat(big); err != nil || st.Size() != size {
		t.Errorf("the large file has %d bytes, %v", st.Size(), err)
	}
	_, stderr := outputs(t, "traced", "FORKEXEC=trace=")
	if !strings.Contains(stderr, "unknown word: trace=") {
		t.Errorf("without a file: %q", stderr)
	}
}

// TestTraceFileLimit: with RLIMIT_FSIZE a write too many ends a Go program by SIGXFSZ.
func TestTraceFileLimit(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command("/bin/sh", "-c", "ulimit -f 130; exec "+self) // units of 512 bytes, POSIX
	cmd.Env = append(os.Environ(), "API_TEST_PROGRAM=traced", "FORKEXEC=trace="+file)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil || string(out) != tracedOutput || strings.Count(said.String(), "KiB") != 1 {
		t.Fatalf("%v\n%s%s", err, out, said.String())
	}
	if st, err := os.Stat(file); err != nil || st.Size() > 1024 {
		t.Errorf("the file has %d bytes, %v", st.Size(), err)
	}
}

// TestTraceFullDisk: a line that does not fit is told, once, and the starts go on.
func TestTraceFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4k"); err != nil {
		t.Skip("needs a file system: ", err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	file := filepath.Join(dir, "trace")
	for i := 0; i < 4; i++ {
		stdout, stderr := outputs(t, "traced", "FORKEXEC=trace="+file)
		if stdout != tracedOutput {
			t.Errorf("the program prints %q", stdout)
		}
		if strings.Count(stderr, "\n") > 1 {
			t.Errorf("a full disk is told more than once: %q", stderr)
		}
		if i == 3 && (!strings.Contains(stderr, "no space left on device") || strings.Count(stderr, "\n") != 1) {
			t.Errorf("on a full disk, standard error has %q", stderr)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil || len(text) != 4096 || !json.Valid([]byte(strings.SplitN(string(text), "\n", 2)[0])) {
		t.Errorf("the file has %d bytes, %v", len(text), err)
	}
	// Space again: another process begins a line of its own.
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=64k"); err != nil {
		t.Fatal(err)
	}
	outputs(t, "tracedFew", "FORKEXEC=trace="+file)
	more, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(more), string(text)+"\n{") || !json.Valid(more[len(text):]) {
		t.Errorf("after a torn line: %q, %v", more[min(len(more), len(text)):], err)
	}
}

// tracedFew makes one start.
func tracedFew() int {
	p, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, nil, nil)
	if err == nil {
		_, err = p.Wait()
	}
	fmt.Println(err)
	return 0
}

// fill writes to a FIFO until it takes no more.
func fill(t *testing.T, fifo string) {
	t.Helper()
	fd, err := syscall.Open(fifo, syscall.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	for err == nil {
		_, err = syscall.Write(fd, make([]byte, 4096))
	}
	if err != syscall.EAGAIN {
		t.Fatal(err)
	}
}

const traceStarters, traceEach = 16, 40

func tracedMany() int {
	var wg sync.WaitGroup
	for i := 0; i < traceStarters; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := 0; j < traceEach; j++ {
				if err := exec.Command("/bin/true", strings.Repeat("y", 1000)).Run(); err != nil {
					fmt.Println(err)
				}
			}
		}()
	}
	wg.Wait()
	return 0
}

// TestTraceMany: two processes and many goroutines write one file, and no line is lost or torn.
func TestTraceMany(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trace")
	var wg sync.WaitGroup
	for i := 0; i < 2; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			outputs(t, "tracedMany", "FORKEXEC=trace="+file)
		}()
	}
	wg.Wait()
	starts, ends := 0, 0
	for _, line := range traceLines(t, file) {
		if line["program"] != nil {
			starts++
		} else if line["status"] == "exit status 0" {
			ends++
		}
	}
	if want := 2 * traceStarters * traceEach; starts != want || ends != want {
		t.Errorf("%d lines of starts and %d of ends, want %d", starts, ends, want)
	}
}

// tracedStolen gives the descriptor of the trace to another file, as programs do that close
// all descriptors by number.
func tracedStolen() int {
	start := func() {
		p, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, nil, nil)
		if err == nil {
			_, err = p.Wait()
		}
		fmt.Println(err)
	}
	start()
	other, err := os.OpenFile(os.Getenv("API_TEST_OTHER"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	stolen := 0
	names, _ := os.ReadDir("/proc/self/fd")
	for _, n := range names {
		var fd int
		fmt.Sscan(n.Name(), &fd)
		if to, _ := os.Readlink("/proc/self/fd/" + n.Name()); to == os.Getenv("API_TEST_TRACE") {
			stolen++
			if err := syscall.Dup3(int(other.Fd()), fd, syscall.O_CLOEXEC); err != nil {
				fmt.Println(err)
			}
		}
	}
	fmt.Println(stolen)
	if err := os.Chdir("/"); err != nil { // a relative name stays what it was
		fmt.Println(err)
	}
	start()
	return 0
}

func TestTraceStolen(t *testing.T) {
	dir := t.TempDir()
	file, other := filepath.Join(dir, "trace"), filepath.Join(dir, "other")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(here, file)
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr := outputs(t, "tracedStolen", "FORKEXEC=trace="+relative, "API_TEST_TRACE="+file, "API_TEST_OTHER="+other)
	if stdout != "<nil>\n1\n<nil>\n" || stderr != "" {
		t.Errorf("the program prints %q, %q", stdout, stderr)
	}
	if n := len(traceLines(t, file)); n != 2 {
		t.Errorf("%d lines, want 2", n)
	}
	if st, err := os.Stat(other); err != nil || st.Size() != 0 {
		t.Errorf("the other file has been written to: %v, %v", st.Size(), err)
	}
}

// TestTraceSetuid: who may start a set-user-ID program may not append to root's files by it.
func TestTraceSetuid(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/var/tmp", "forkexec") // /tmp may be nosuid
	if os.IsNotExist(err) {
		dir, err = os.MkdirTemp("/tmp", "forkexec")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	program, file := filepath.Join(dir, "program"), filepath.Join(dir, "trace")
	if err := os.WriteFile(program, self, 0o755); err != nil {
		t.Fatal(err)
	}
	if os.Chmod(dir, 0o755) != nil || os.Chmod(program, 0o755|os.ModeSetuid) != nil {
		t.Fatal("chmod")
	}
	cmd := exec.Command(program)
	cmd.Env = []string{"API_TEST_PROGRAM=traced", "FORKEXEC=trace=" + file}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) || !strings.Contains(string(out), "set-user-ID") {
		t.Errorf("the file is there (%v), the program prints\n%s", err, out)
	}
}

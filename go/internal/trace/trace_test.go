// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package trace

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkWrite is what a trace adds to each start.
func BenchmarkWrite(b *testing.B) {
	f := &traceFile{name: filepath.Join(b.TempDir(), "trace")}
	s := Start{Program: "/usr/bin/true", Argv: []string{"true", "--version"}, Pid: 4711, Method: 1, How: 1}
	sys := &syscall.SysProcAttr{Setsid: true}
	for i := 0; i < b.N; i++ {
		s.Begin = time.Now()
		s.Attributes = Attributes("", sys)
		s.writeTo(f)
		if i%100000 == 99999 {
			_ = os.Truncate(f.name, 0)
		}
	}
}

// TestTime compares the date with package time's.
func TestTime(t *testing.T) {
	for sec := int64(0); sec < 1<<32; sec += 86400*3 + 7919 {
		want := `{"time":"` + time.Unix(sec, 123).UTC().Format("2006-01-02T15:04:05.000000000Z07:00") + `"`
		if got := string(traceTime(nil, sec, 123)); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
}

// TestLineLength: no line is longer than what a pipe takes in one piece.
func TestLineLength(t *testing.T) {
	for _, text := range []string{"x", "\x00", "\"", "…", "\xff", "\U0001F600"} {
		long := strings.Repeat(text, 20000)
		list := strings.Split(strings.Repeat(text+" ", 20000), " ")
		s := Start{Program: long, Argv: list, Attributes: list, Pid: 1 << 30, Method: 1, How: 8, Why: long, Step: long,
			Detail: -1 << 62, Err: syscall.Errno(4095)}
		path := filepath.Join(t.TempDir(), "trace")
		s.writeTo(&traceFile{name: path})
		line, err := os.ReadFile(path)
		if err != nil || len(line) > 4096 || len(line) < 1000 || line[len(line)-1] != '\n' {
			t.Errorf("%q: %d bytes, %v", text, len(line), err)
		}
	}
}

// TestTornLine: a line that somebody has written in part costs no other one.
func TestTornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace")
	if err := os.WriteFile(path, []byte("{\"torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := Start{Program: "/bin/true"}
	f := &traceFile{name: path}
	s.writeTo(f)
	s.writeTo(f)
	f.open.Load().torn.Store(true) // as after a write in part
	s.writeTo(f)
	s.writeTo(f)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	good, lines := 0, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	for _, line := range lines {
		if json.Valid([]byte(line)) {
			good++
		}
	}
	if good != 4 || len(lines) != 6 || lines[3] != "" {
		t.Errorf("%d lines, %d of them whole; want 6, 4 and an empty one:\n%s", len(lines), good, text)
	}
}

// TestNoFIFO: what cannot be opened is called what it is.
func TestNoFIFO(t *testing.T) {
	dir := t.TempDir()
	socket, fifo := filepath.Join(dir, "s"), filepath.Join(dir, "f")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Skip("needs sockets: ", err)
	}
	defer l.Close()
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{socket: "is a socket, ", fifo: "is a FIFO ", dir: "cannot be opened: is a directory"} {
		if o, problem := traceOpen(path); o != nil || !strings.HasPrefix(problem, want) {
			t.Errorf("%s: %q, want %q", path, problem, want)
		}
	}
}

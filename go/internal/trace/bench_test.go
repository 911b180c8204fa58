// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package trace

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkWrite is what a trace adds to each start.
func BenchmarkWrite(b *testing.B) {
	theFile = file{path: filepath.Join(b.TempDir(), "trace")}
	s := Start{Program: "/usr/bin/true", Argv: []string{"true", "--version"}, Pid: 4711, Method: "clone3", Shared: true}
	sys := &syscall.SysProcAttr{Setsid: true}
	for i := 0; i < b.N; i++ {
		s.Begin = time.Now()
		s.Attributes = Attributes("", sys)
		s.Write()
		if i%100000 == 99999 {
			_ = os.Truncate(theFile.path, 0)
		}
	}
}

// TestLineLength: no line is longer than what a pipe takes in one piece.
func TestLineLength(t *testing.T) {
	for _, text := range []string{"x", "\x00", "\"", "…", "\xff", "\U0001F600"} {
		long := strings.Repeat(text, 20000)
		list := strings.Split(strings.Repeat(text+" ", 20000), " ")
		s := Start{Program: long, Argv: list, Attributes: list, Pid: 1 << 30, Method: "clone3", Why: long, Step: long,
			Detail: -1 << 62, Err: syscall.Errno(4095)}
		path := filepath.Join(t.TempDir(), "trace")
		theFile = file{path: path}
		s.Write()
		line, err := os.ReadFile(path)
		if err != nil || len(line) > 4096 || len(line) < 1000 || line[len(line)-1] != '\n' {
			t.Errorf("%q: %d bytes, %v", text, len(line), err)
		}
	}
}

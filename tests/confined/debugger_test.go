// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package confined

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

// TestDebugger has gdb stop a program after each of its starts. A debugger takes its
// breakpoints out of what it believes to be a child's copy of the memory; if that is the
// memory of the program, they are gone.
func TestDebugger(t *testing.T) {
	needGDB(t)
	ticks := func(program, function, way string) (hits, ran int, out string) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		args := []string{"-batch", "-nx", "-ex", "set pagination off", "-ex", "handle SIGURG nostop noprint pass",
			"-ex", "break " + function, "-ex", "run"}
		for i := 0; i < 6; i++ { // more than there are starts
			args = append(args, "-ex", "continue")
		}
		cmd := exec.CommandContext(ctx, "gdb", append(args, "--args", program, way)...)
		cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBUGINFOD_URLS=")
		b, _ := cmd.CombinedOutput() // gdb fails as there is no more to continue
		out = string(b)
		hits = strings.Count(out, "hit Breakpoint 1, ") + strings.Count(out, "\nBreakpoint 1, ")
		// Told twice of one call, by threads that were stopped meanwhile, it counts once.
		return min(hits, strings.Count(out, "\ntick ")), strings.Count(out, "\ntick "), out
	}
	try := func(t *testing.T, program, function, reference string, ways []string) {
		const starts = 4
		if hits, ran, out := ticks(program, function, reference); hits != starts {
			t.Skipf("gdb itself finds %d of %d breakpoints with %s (%d)\n%s", hits, starts, reference, ran, out)
		}
		for _, way := range ways {
			if hits, ran, out := ticks(program, function, way); hits != starts || !strings.Contains(out, "exited normally") {
				t.Errorf("%s: %d of %d breakpoints were hit, %d calls were seen\n%s", way, hits, starts, ran, out)
			}
		}
	}
	t.Run("Go", func(t *testing.T) {
		ways := []string{"ForkExec", "Start", "Command", "a failed start"}
		if forkexec.Implementation() != "stdlib" {
			ways = append(ways, "CloseFDs")
		}
		try(t, buildDebugged(t, "go", "build", "./testdata/breakpoints"), "main.tick", "syscall.ForkExec", ways)
	})
	t.Run("overlay", func(t *testing.T) {
		if forkexec.Implementation() != "nocgo" {
			return // tried there
		}
		overlay := filepath.Join(t.TempDir(), "overlay.json")
		if out, err := exec.Command("go", "run", "../../go/cmd/forkexec-overlay", "-o", overlay).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		program := buildDebugged(t, "go", "build", "-overlay", overlay, "./testdata/breakpoints")
		t.Setenv("FORKEXEC", "stdlib")
		reference, _, _ := ticks(program, "main.tick", "syscall.ForkExec")
		t.Setenv("FORKEXEC", "")
		if hits, ran, out := ticks(program, "main.tick", "syscall.ForkExec"); hits != reference || ran == 0 {
			t.Errorf("%d of %d breakpoints were hit, %d calls were seen\n%s", hits, reference, ran, out)
		}
	})
	t.Run("C", func(t *testing.T) {
		cc := os.Getenv("CC")
		if cc == "" {
			cc = "cc"
		}
		sources, _ := filepath.Glob("../../c/*.c")
		args := append([]string{cc, "-std=gnu11", "-g", "-I../../include", "testdata/breakpoints.c"}, append(sources, "-lpthread")...)
		try(t, buildDebugged(t, args...), "tick", "posix_spawn", []string{"forkexec_spawn", "forkexec_run", "forkexec_finish"})
	})
}

// needGDB skips where gdb cannot do its work.
func needGDB(t *testing.T) {
	if _, err := os.Stat("../../go.mod"); err != nil {
		t.Skip("needs the sources: ", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "gdb", "-batch", "-nx", "-ex", "run", "/bin/true")
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBUGINFOD_URLS=")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "exited normally") {
		t.Skipf("needs gdb that may trace: %v\n%s", err, out)
	}
}

// buildDebugged adds "-o PROGRAM" to a compiler's arguments.
func buildDebugged(t *testing.T, args ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	last := len(args) - 1
	if args[0] != "go" { // libraries come last
		args = append(args, "-o", program)
	} else {
		args = append(append(append([]string{}, args[:last]...), "-o", program), args[last])
	}
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return program
}

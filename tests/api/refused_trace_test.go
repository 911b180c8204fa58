// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

// A refusedStart fails before there is a child, or in a hook.
type refusedStart struct {
	name       string // of the program, as the line has it
	attributes string
	do         func()
}

func refusedStarts() []refusedStart {
	background := context.Background()
	start := func(name string, ctx context.Context, sys *syscall.SysProcAttr, opt *forkexec.Options) func() {
		return func() {
			_, _ = forkexec.Start(ctx, name, []string{name}, &syscall.ProcAttr{Sys: sys}, opt)
		}
	}
	unwound := func(f func()) func() {
		return func() {
			done := make(chan bool)
			go func() {
				defer close(done)
				defer func() { _ = recover() }()
				f()
			}()
			<-done
		}
	}
	run := func(cmd *exec.Cmd, change func(*exec.Cmd)) func() {
		return func() {
			change(cmd)
			_ = cmd.Run()
		}
	}
	hook := func(f func()) *forkexec.Options {
		return &forkexec.Options{OnExec: func(int) error { f(); return nil }}
	}
	return []refusedStart{
		{"Dir", "[Dir]", func() {
			_, _ = forkexec.StartProcess("Dir", []string{"x"}, &os.ProcAttr{Dir: "/missing"})
		}},
		{"Umask", "[Umask]", start("Umask", background, nil, &forkexec.Options{Umask: ptr(-1)})},
		{"ended", "[]", start("ended", ended(), nil, nil)},
		{"both", "[Ptrace PdeathsigProcess]", start("both", background, &syscall.SysProcAttr{Ptrace: true}, &forkexec.Options{PdeathsigProcess: true})},
		{"maps", "[IDMapHelpers]", start("maps", background, nil, &forkexec.Options{IDMapHelpers: true})},
		{"panic", "[OnExec]", unwound(start("panic", background, nil, hook(func() { panic("here") })))},
		{"Goexit", "[OnExec]", unwound(start("Goexit", background, nil, hook(runtime.Goexit)))},
		{"/c/panic", "[OnExec]", unwound(run(exec.Command("/c/panic"), func(c *exec.Cmd) { c.Options = hook(func() { panic("here") }) }))},
		{"no-such-program", "[]", run(exec.Command("no-such-program"), func(*exec.Cmd) {})},
		{"/c/ended", "[]", run(exec.CommandContext(ended(), "/c/ended"), func(*exec.Cmd) {})},
		{"/c/env", "[]", run(exec.Command("/c/env"), func(c *exec.Cmd) { c.Env = []string{"A=\x00"} })},
		{"/c/Dir", "[Dir]", run(exec.Command("/c/Dir"), func(c *exec.Cmd) { c.Dir = "/missing" })},
		{"/c/busy", "[TextBusyTimeout]", run(exec.Command("/c/busy"), func(c *exec.Cmd) {
			c.Options = &forkexec.Options{TextBusyTimeout: time.Millisecond}
		})},
	}
}

func tracedRefused() int {
	for _, r := range refusedStarts() {
		r.do()
	}
	cmd := exec.Command("/c/twice")
	fmt.Println(cmd.Run() != nil, errors.Is(cmd.Run(), os.ErrNotExist))
	return 0
}

// TestTraceRefused: each start that was asked for has one line, with what the caller has set.
func TestTraceRefused(t *testing.T) {
	for _, words := range []string{"", "stdlib,"} {
		file := filepath.Join(t.TempDir(), "trace")
		if _, stderr := outputs(t, "tracedRefused", "FORKEXEC="+words+"trace="+file); stderr != "" {
			t.Errorf("standard error: %q", stderr)
		}
		lines, starts := traceLines(t, file), refusedStarts()
		if len(lines) != len(starts)+2 {
			t.Errorf("%q: %d lines, want %d", words, len(lines), len(starts)+2)
		}
		for i, line := range lines {
			want := refusedStart{name: "/c/twice", attributes: "[]"}
			if i < len(starts) {
				want = starts[i]
			}
			if line["program"] != want.name || fmt.Sprint(line["attributes"]) != want.attributes || line["error"] == nil || line["pid"] != nil {
				t.Errorf("%q: line %d is %v, want one of %s with %s", words, i, line, want.name, want.attributes)
			}
			if words == "" && forkexec.Implementation() != "stdlib" {
				switch want.name {
				case "Dir":
					if line["step"] != "chdir" || line["errno"] != "ENOENT" {
						t.Error(line)
					}
				case "panic", "Goexit", "/c/panic":
					if line["step"] != "stop before exec" || line["method"] == nil {
						t.Error(line)
					}
				}
			}
		}
	}
}

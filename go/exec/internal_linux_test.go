// SPDX-License-Identifier: BSD-3-Clause

//go:build !android

package exec

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/internal/run"
)

func TestLastOfEach(t *testing.T) {
	for _, c := range []struct {
		in, want string
		wantErr  error
	}{
		{"", "", nil},
		{"A=1 B=2", "A=1 B=2", nil},
		{"A=1 B=2 A=3", "B=2 A=3", nil},
		{"A=1 a=2", "A=1 a=2", nil},
		{"A= A=1 A=", "A=", nil},
		{"bare bare A=1", "bare bare A=1", nil},
		{"=x =y", "=y", nil},
		{"=C:=1 =D:=2 =C:=3", "=D:=2 =C:=3", nil},
		{"A=1\x00 B=2 C\x00=3", "B=2", errEnvNUL},
		{"A=1 A=2\x00", "A=1", errEnvNUL},
		{"A=1  B=2", "A=1 B=2", nil}, // an empty entry
	} {
		var in []string
		if c.in != "" {
			in = strings.Split(c.in, " ")
		}
		before := slices.Clone(in)
		got, err := lastOfEach(in)
		if s := strings.Join(got, " "); s != c.want || err != c.wantErr || got == nil {
			t.Errorf("%q: %q, %v; want %q, %v", c.in, s, err, c.want, c.wantErr)
		}
		if !slices.Equal(in, before) {
			t.Errorf("%q was changed to %q", before, in)
		}
	}
}

// TestLastOfEachLarge goes beyond the table that needs no allocation, and fills it
// to its limit.
func TestLastOfEachLarge(t *testing.T) {
	for _, n := range []int{63, 64, 65, 128, 1000, 5000} {
		var env []string
		for i := 0; i < n; i++ {
			env = append(env, fmt.Sprintf("K%d=%d", i%(n/2+1), i))
		}
		got, err := lastOfEach(env)
		if err != nil || len(got) != n/2+1 {
			t.Errorf("%d entries: %d, %v; want %d", n, len(got), err, n/2+1)
		}
		for i, e := range got {
			if want := env[n-len(got)+i]; e != want {
				t.Errorf("%d entries: %q at %d, want %q", n, e, i, want)
			}
		}
	}
}

// TestLastOfEachAllocs: a usual environment costs the slice that is returned.
func TestLastOfEachAllocs(t *testing.T) {
	var env []string
	for i := 0; i < 60; i++ {
		env = append(env, fmt.Sprintf("KEY%d=value", i))
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = lastOfEach(env) }); n > 1 {
		t.Errorf("%v allocations, want 1", n)
	}
}

// TestOneSleep asks whether Run's start returns when the command has ended. On a busy machine a
// command may take longer than it waits, and the first starts find out how to start.
func TestOneSleep(t *testing.T) {
	if forkexec.Implementation() == "stdlib" {
		t.Skip("the standard library's starts wait for the execve")
	}
	var ended, told int
	for i := 0; i < 50; i++ {
		c := Command("/bin/true")
		waiter := &run.Once{Born: func(p *os.Process) {
			if c.born(p); p != nil {
				told++
			}
		}}
		if err := c.startFor(waiter); err != nil {
			t.Fatal(err)
		}
		if waiter.Exited {
			ended++
		}
		if p := waiter.Process; p != nil && p != c.Process {
			t.Error("the command has another Process than the one it was told of")
		}
		if err := c.waitFor(waiter.Exited); err != nil || !c.ProcessState.Success() {
			t.Fatal(err)
		}
	}
	if ended == 0 || told < ended {
		t.Errorf("of 50 commands %d were told of before their execve, %d seen to end", told, ended)
	}
}

// TestTwoSleeps is about what is to be known at the execve, or waits for it.
func TestTwoSleeps(t *testing.T) {
	if forkexec.Implementation() == "stdlib" {
		t.Skip("the standard library's starts wait for the execve")
	}
	for name, change := range map[string]func(*Cmd){
		"Trace":    func(c *Cmd) { c.Options = &forkexec.Options{Trace: new(forkexec.Trace)} },
		"CloseFDs": func(c *Cmd) { c.Options = &forkexec.Options{CloseFDs: true} },
		"OnExec":   func(c *Cmd) { c.Options = &forkexec.Options{OnExec: func(int) error { return nil }} },
		"Stdin":    func(c *Cmd) { c.Stdin = strings.NewReader("") },
	} {
		for i := 0; i < 10; i++ { // the first ones find out how to start
			c := Command("/bin/true")
			change(c)
			waiter := &run.Once{Born: c.born}
			if err := c.startFor(waiter); err != nil {
				t.Fatal(name, err)
			}
			if waiter.Process != nil {
				t.Errorf("%s: the command was told of before its execve", name)
			}
			if err := c.waitFor(waiter.Exited); err != nil {
				t.Fatal(name, err)
			}
		}
	}
}

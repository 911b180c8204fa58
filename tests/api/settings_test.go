// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

// The programs that the test binary can be, by API_TEST_PROGRAM: settings are read
// once in a process, so each is tried in one of its own.
var programs = map[string]func() int{
	"settings":      settings,
	"refused":       refused,
	"verbose":       verbose,
	"traced":        traced,
	"tracedMany":    tracedMany,
	"tracedRefused": tracedRefused,
	"tracedFork":    tracedFork,
	"tracedFew":     tracedFew,
	"tracedStolen":  tracedStolen,
	"ignoreSIGCHLD": ignoreSIGCHLD,
	"state":         printState,
}

// settings prints what the setting makes of the implementation, of a good start and
// of the text of a failed one.
func settings() int {
	fmt.Println(forkexec.Implementation())
	p, err := forkexec.StartProcess("/bin/sh", []string{"sh", "-c", "exit 5"}, &os.ProcAttr{})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	st, err := p.Wait()
	fmt.Println(st, err)
	_, err = forkexec.StartProcess("/missing", nil, &os.ProcAttr{})
	fmt.Println(err, errors.Is(err, syscall.ENOENT))
	err = exec.Command("/missing").Start()
	fmt.Println(err, errors.Is(err, syscall.ENOENT))
	return 0
}

func runProgram(t *testing.T, program string, env ...string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), append(env, "API_TEST_PROGRAM="+program)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	return string(out)
}

func TestSettings(t *testing.T) {
	impl := forkexec.Implementation()
	plain := "fork/exec /missing: no such file or directory true"
	for _, c := range []struct{ value, impl, text string }{
		{"", impl, plain},
		{"stdlib", "stdlib", plain},
		{"noclone3", impl, plain},
		{"verbose", impl, "fork/exec /missing: execve /missing: no such file or directory. The program /missing does not exist. Create it, or correct the path. true"},
	} {
		if impl == "stdlib" && c.value == "verbose" {
			t.Log("verbose: not tried, the standard library's path knows no steps")
			continue
		}
		want := c.impl + "\nexit status 5 <nil>\n" + c.text + "\n" + c.text + "\n"
		if c.value == "unknown, stdlib" {
			want = "forkexec: FORKEXEC has an unknown word: unknown (known: stdlib, noclone3, verbose)\n" + want
		}
		if got := runProgram(t, "settings", "FORKEXEC="+c.value); got != want {
			t.Errorf("FORKEXEC=%s: got\n%swant\n%s", c.value, got, want)
		}
	}
}

// outputs runs a program of this binary and returns what it prints to each of its outputs.
func outputs(t *testing.T, program string, env ...string) (stdout, stderr string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), append(env, "API_TEST_PROGRAM="+program)...)
	var out, errors strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errors
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", program, err, out.String(), errors.String())
	}
	return out.String(), errors.String()
}

// TestUnknownSettings: a word of FORKEXEC that means nothing is told, once however many
// starts there are, and the words beside it hold.
func TestUnknownSettings(t *testing.T) {
	for _, c := range []struct {
		value   string
		unknown []string
	}{
		{"stdlib", nil},
		{"", nil},
		{",, stdlib ,noclone3,verbose,", nil},
		{"stdlibb", []string{"stdlibb"}},
		{"stdlib,nonsense", []string{"nonsense"}},
		{" nonsense , stdlib", []string{"nonsense"}},
		{"STDLIB,no-clone3,verbose=1", []string{"STDLIB", "no-clone3", "verbose=1"}},
	} {
		stdout, stderr := outputs(t, "settings", "FORKEXEC="+c.value)
		if len(c.unknown) == 0 && stderr != "" {
			t.Errorf("FORKEXEC=%s: standard error has %q, want nothing", c.value, stderr)
		}
		for _, word := range c.unknown {
			if n := strings.Count(stderr, word); n != 1 || !strings.Contains(stderr, "FORKEXEC") {
				t.Errorf("FORKEXEC=%s: standard error has %q, want FORKEXEC in it and %q once", c.value, stderr, word)
			}
		}
		if strings.Contains(","+strings.ReplaceAll(c.value, " ", "")+",", ",stdlib,") && !strings.HasPrefix(stdout, "stdlib\n") {
			t.Errorf("FORKEXEC=%s: the known word does not hold: %s", c.value, stdout)
		}
	}
}

// refused asks for options that the standard library's path does not have, and prints the
// errors: of package forkexec, and of package exec.
func refused() int {
	for _, opt := range []*forkexec.Options{{CloseFDs: true}, {KeepDumpable: true}} {
		attr := &syscall.ProcAttr{Sys: &syscall.SysProcAttr{
			Credential: &syscall.Credential{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid()), NoSetGroups: true},
		}}
		_, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, attr, opt)
		fmt.Println(errors.Is(err, syscall.ENOSYS), err)
		cmd := exec.Command("/bin/true")
		cmd.SysProcAttr, cmd.Options = attr.Sys, opt
		err = cmd.Start()
		fmt.Println(errors.Is(err, syscall.ENOSYS), err)
	}
	return 0
}

// TestRefusedOptions: where the variable has taken an option away, the error names both.
// Package exec's errors are os/exec's, and need not.
func TestRefusedOptions(t *testing.T) {
	needC(t) // else it is not the variable
	for i, option := range []string{"CloseFDs", "KeepDumpable"} {
		for _, value := range []string{"stdlib", "noclone3,stdlib", "stdlib,verbose"} {
			stdout, _ := outputs(t, "refused", "FORKEXEC="+value)
			lines := strings.Split(stdout, "\n")
			if len(lines) != 5 {
				t.Fatalf("FORKEXEC=%s: %q", value, stdout)
			}
			for _, line := range lines[2*i : 2*i+2] {
				if !strings.HasPrefix(line, "true ") {
					t.Errorf("FORKEXEC=%s: %q is not ENOSYS", value, line)
				}
			}
			if start := lines[2*i]; !strings.Contains(start, option) || !strings.Contains(start, "FORKEXEC") {
				t.Errorf("FORKEXEC=%s: the error of Start is %q, want %s and FORKEXEC in it", value, start, option)
			}
		}
	}
}

// ignoreSIGCHLD has children that the kernel reaps: their IDs may be anybody's.
func ignoreSIGCHLD() int {
	signal.Ignore(syscall.SIGCHLD)
	for i := 0; i < 50; i++ {
		p, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, nil, nil)
		if err != nil {
			fmt.Println(err)
			return 1
		}
		if _, err := p.Wait(); !errors.Is(err, syscall.ECHILD) {
			fmt.Println("Wait:", err)
			return 1
		}
	}
	_, err := forkexec.Start(context.Background(), "/missing", nil, nil, nil)
	fmt.Println(err)
	return 0
}

func TestIgnoredSIGCHLD(t *testing.T) {
	got := runProgram(t, "ignoreSIGCHLD")
	if !strings.HasSuffix(got, "no such file or directory\n") {
		t.Error(got)
	}
}

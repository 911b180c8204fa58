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
	"ignoreSIGCHLD": ignoreSIGCHLD,
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
		{"unknown, stdlib", "stdlib", plain},
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

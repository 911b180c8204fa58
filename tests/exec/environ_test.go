// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package exec

// The environment, in both packages.

import (
	"fmt"
	"math/rand"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"forkexec.example/forkexec/go/exec"
)

func init() {
	// Started with an environment that no shell would make.
	helpers["environ"] = func() {
		for _, dir := range []string{"", "/", "/tmp/../usr", "sub"} {
			a, b := osexec.Command("/bin/true"), exec.Command("/bin/true")
			a.Dir, b.Dir = dir, dir
			if w, g := fmt.Sprintf("%q", a.Environ()), fmt.Sprintf("%q", b.Environ()); w != g {
				fmt.Printf("Dir %q:\nos/exec %s\ngo/exec %s\n", dir, w, g)
			}
		}
	}
}

func TestEnvironment(t *testing.T) {
	compare(t, []script{
		{"inherited", func(l lib, n *notes) { environ(n, l.command("/usr/bin/env")) }},
		{"dir", func(l lib, n *notes) {
			for _, dir := range []string{"/", "/usr/", "/usr/../usr/bin", ".", ".."} {
				c := l.command("/usr/bin/env")
				set(c, "Dir", dir)
				environ(n, c)
			}
		}},
		{"dir-without-pwd", func(l lib, n *notes) {
			n.t.Setenv("PWD", "") // restores it
			os.Unsetenv("PWD")
			c := l.command("/usr/bin/env")
			set(c, "Dir", "/usr")
			environ(n, c)
		}},
		{"set", func(l lib, n *notes) {
			for _, env := range [][]string{
				{}, {""}, {"A=1"}, {"A=1", "B=2", "A=3"}, {"noequals", "noequals"}, {"=", "=x", "=C:=1", "=C:=2", "=D"},
				{"A=1", "a=2"}, {"A", "A=1", "A"}, {"PWD=/x"}, {"A=", "A=1", "A="}, {"A=1\x00", "B=2"}, {"A=1", "A=2\x00"},
			} {
				c := l.command("/usr/bin/env")
				set(c, "Env", env)
				set(c, "Dir", "/usr")
				environ(n, c)
			}
		}},
	})
}

func environ(n *notes, c command) {
	env := c.Environ()
	n.add("environ", fmt.Sprintf("%q nil %v", env, env == nil))
	out, err := c.Output()
	n.add("out", string(out))
	n.end(c, err)
}

// TestEnvironmentRandom compares Environ on random ones, small and large.
func TestEnvironmentRandom(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Log("seed", seed)
	r := rand.New(rand.NewSource(seed))
	for i := 0; i < 3000; i++ {
		env := make([]string, r.Intn(1<<r.Intn(10)))
		for j := range env {
			b := make([]byte, r.Intn(4))
			for k := range b {
				b[k] = "abAB==\x00"[r.Intn(7)]
			}
			env[j] = string(b)
		}
		a, b := osexec.Command("/bin/true"), exec.Command("/bin/true")
		a.Env, b.Env = env, env
		if w, g := fmt.Sprintf("%q", a.Environ()), fmt.Sprintf("%q", b.Environ()); w != g {
			t.Fatalf("of %q\nos/exec %s\ngo/exec %s", env, w, g)
		}
	}
}

// TestEnvironmentOddParent proves what environment relies on: that package syscall
// has already thrown out duplicates and empty strings when it hands out ours.
func TestEnvironmentOddParent(t *testing.T) {
	exe, err := os.Executable()
	must(t, err)
	out := filepath.Join(t.TempDir(), "out")
	f, err := os.Create(out)
	must(t, err)
	defer f.Close()
	pid, err := syscall.ForkExec(exe, []string{exe}, &syscall.ProcAttr{
		Dir: t.TempDir(),
		Env: []string{"A=1", "", "B", "A=2", "=", "=x", "=C:=1", "=C:=2", "PWD=/a", helperVar + "=environ", "PWD=/b", "B", "A=1", "C=x=y", "C=z"},
		// Standard input and output; errors go where ours go.
		Files: []uintptr{0, f.Fd(), 2},
	})
	must(t, err)
	var ws syscall.WaitStatus
	_, err = syscall.Wait4(pid, &ws, 0, nil)
	must(t, err)
	b, err := os.ReadFile(out)
	must(t, err)
	if ws != 0 || strings.TrimSpace(string(b)) != "" {
		t.Errorf("status %#x\n%s", uint32(ws), b)
	}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && go1.25

package api

import (
	"context"
	"os"
	osexec "os/exec"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

// bubbleVar has TestSynctest do one of its first uses instead of running itself for each.
const bubbleVar = "API_TEST_BUBBLE"

// firstUses are starts of each kind. What a first one makes for the whole process, such as
// a goroutine, must not belong to the bubble of testing/synctest that it is called in.
var firstUses = []struct {
	name string
	do   func() error
}{
	{"os/exec", func() error { return osexec.Command("/bin/true").Run() }}, // the reference can
	{"ForkExec", func() error {
		pid, err := forkexec.ForkExec("/bin/true", []string{"true"}, nil)
		if err == nil {
			_, err = syscall.Wait4(pid, nil, 0, nil)
		}
		return err
	}},
	{"Start with a context", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		return startIn(ctx, nil, nil)
	}},
	{"Start with CloseFDs", func() error { return startIn(context.Background(), nil, &forkexec.Options{CloseFDs: true}) }},
	{"Start with KeepDumpable", func() error {
		id := &syscall.Credential{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid()), NoSetGroups: true}
		return startIn(context.Background(), &syscall.SysProcAttr{Credential: id}, &forkexec.Options{KeepDumpable: true})
	}},
	{"Start with PdeathsigProcess", func() error {
		return startIn(context.Background(), &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}, &forkexec.Options{PdeathsigProcess: true})
	}},
	{"Start that its context ends", func() error { // by the bubble's clock, so it may come to its end
		ctx, cancel := context.WithTimeout(context.Background(), time.Microsecond)
		defer cancel()
		if err := startIn(ctx, nil, nil); err != context.DeadlineExceeded {
			return err
		}
		return nil
	}},
	{"Command", func() error { return exec.Command("/bin/true").Run() }},
	{"CommandContext", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		return exec.CommandContext(ctx, "/bin/true").Run()
	}},
	{"Command with PdeathsigProcess", func() error {
		c := exec.Command("/bin/true")
		c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		c.Options = &forkexec.Options{PdeathsigProcess: true}
		return c.Run()
	}},
}

func startIn(ctx context.Context, sys *syscall.SysProcAttr, opt *forkexec.Options) error {
	p, err := forkexec.Start(ctx, "/bin/true", []string{"true"}, &syscall.ProcAttr{Sys: sys}, opt)
	if err == nil {
		_, err = p.Wait()
	}
	return err
}

// TestSynctest makes each first use of the package in a bubble, in a process of its own,
// and uses it again in another bubble and outside.
func TestSynctest(t *testing.T) {
	needC(t)
	for _, u := range firstUses {
		if name := os.Getenv(bubbleVar); name == u.name {
			for range 2 {
				synctest.Test(t, func(t *testing.T) {
					if err := u.do(); err != nil {
						t.Error("in a bubble: ", err)
					}
				})
			}
			if err := u.do(); err != nil {
				t.Error("outside: ", err)
			}
		} else if name == "" {
			t.Run(u.name, func(t *testing.T) { inBubble(t, u.name) })
		}
	}
}

func inBubble(t *testing.T, name string) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // it stands still
	defer cancel()
	cmd := osexec.CommandContext(ctx, self, "-test.run=^TestSynctest$", "-test.v")
	cmd.Env = append(os.Environ(), bubbleVar+"="+name, "GODEBUG=asynctimerchan=0") // go.mod's version would ask for 1
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestSynctest") {
		t.Errorf("%v\n%s", err, out)
	}
}

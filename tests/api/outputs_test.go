// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

// What a start fills in, after each kind of failure.

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// TestOutputsOfRefusedStarts: whoever refuses a start, Listener is -1 and Trace not the last start's.
func TestOutputsOfRefusedStarts(t *testing.T) {
	clean(t)
	start := func(ctx context.Context, sys *syscall.SysProcAttr) func(*forkexec.Options) error {
		return func(opt *forkexec.Options) error {
			_, err := forkexec.Start(ctx, "/bin/true", []string{"true"}, &syscall.ProcAttr{Sys: sys}, opt)
			return err
		}
	}
	run := func(cmd *exec.Cmd) func(*forkexec.Options) error {
		return func(opt *forkexec.Options) error {
			cmd.Options = opt
			return cmd.Run()
		}
	}
	background := context.Background()
	for name, c := range map[string]struct {
		start func(*forkexec.Options) error
		opt   forkexec.Options
	}{
		"context":    {start(ended(), nil), forkexec.Options{}},
		"Ptrace":     {start(background, &syscall.SysProcAttr{Ptrace: true}), forkexec.Options{PdeathsigProcess: true}},
		"CPUs":       {start(background, nil), forkexec.Options{CPUs: []int{-1}}},
		"Open":       {start(background, nil), forkexec.Options{Open: []forkexec.OpenFile{{FD: -1}}}},
		"maps":       {start(background, nil), forkexec.Options{IDMapHelpers: true}},
		"lookup":     {run(exec.Command("no-such-program-anywhere")), forkexec.Options{}},
		"Cmd":        {run(exec.CommandContext(ended(), "/bin/true")), forkexec.Options{}},
		"not a file": {run(exec.Command("/missing")), forkexec.Options{}},
	} {
		listener := 0
		c.opt.NoNewPrivs, c.opt.Seccomp = true, &forkexec.Seccomp{Filter: []forkexec.SockFilter{{Code: 6, K: 0x7fff0000}}, Listener: &listener}
		old := forkexec.Trace{Took: time.Hour, Steps: []forkexec.StepTime{{Step: forkexec.StepNice}}}
		tr := old
		c.opt.Trace = &tr
		err := c.start(&c.opt)
		if err == nil || listener != -1 || tr.Took == time.Hour || slices.Equal(tr.Steps, old.Steps) {
			t.Errorf("%s: %v, Listener %d, Trace %v", name, err, listener, tr)
		}
	}
}

// TestTraceOfCancelled: a context that ends in a hook ends a start whose steps are known.
func TestTraceOfCancelled(t *testing.T) {
	needC(t)
	clean(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	opt := &forkexec.Options{Trace: new(forkexec.Trace), OnExec: func(int) error { cancel(); return nil }}
	_, err := forkexec.Start(ctx, "/bin/true", []string{"true"}, nil, opt)
	steps := stepsOf(opt.Trace)
	if !errors.Is(err, context.Canceled) || len(steps) < 3 || steps[0] != forkexec.StepRequest || steps[len(steps)-1] != forkexec.StepStopExec ||
		opt.Trace.Took <= 0 || time.Since(opt.Trace.Begin) > time.Hour {
		t.Errorf("%v: %v", err, opt.Trace)
	}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build !linux || android

package forkexec

import (
	"context"
	"os"
	"syscall"
)

const implementation = "stdlib"

// ForkExec is syscall.ForkExec, or what comes nearest to it on this system.
func ForkExec(argv0 string, argv []string, attr *syscall.ProcAttr) (pid int, err error) {
	return forkExec(argv0, argv, attr)
}

// Start starts a program by the standard library. There are no steps on this
// system, so they are not known in its errors; what only C can do (Options.NeedsC) fails. It panics if ctx
// is nil.
func Start(ctx context.Context, argv0 string, argv []string, attr *syscall.ProcAttr, opt *Options) (*os.Process, error) {
	needContext(ctx)
	if err := refuse(ctx, opt); err != nil {
		return nil, err
	}
	pid, err := forkExec(argv0, argv, attr)
	if no, ok := err.(errno); ok {
		return nil, &Error{Errno: no, Object: argv0}
	}
	if err != nil {
		return nil, &Error{Object: argv0, err: err}
	}
	return os.FindProcess(pid)
}

func refuse(ctx context.Context, opt *Options) error {
	opt.reset()
	if err := ctx.Err(); err != nil {
		return err
	}
	if option, step := opt.NeedsC(); option != "" {
		return &Error{Step: step, Object: "Options." + option, err: errUnsupported}
	}
	return nil
}

func startByOS(name string, argv []string, attr *os.ProcAttr) (*os.Process, error) {
	return os.StartProcess(name, argv, attr)
}

func startProcessOptions(ctx context.Context, name string, argv []string, attr *os.ProcAttr, opt *Options) (*os.Process, error) {
	if err := refuse(ctx, opt); err != nil {
		return nil, err
	}
	p, err := os.StartProcess(name, argv, attr)
	pe, ok := err.(*os.PathError)
	if !ok {
		return p, err
	}
	e := &Error{Object: name, err: pe.Err}
	if no, ok := pe.Err.(errno); ok {
		e.Errno, e.err = no, nil
	}
	return nil, withDir(ctx, e, attr)
}

// noteRefused does nothing: there are no traces on this system.
func noteRefused(string, []string, *os.ProcAttr, error) {}

// startProcess is not called: StartProcess is os.StartProcess here.
func startProcess(name string, argv []string, attr *syscall.ProcAttr) (*os.Process, error) {
	return Start(context.Background(), name, argv, attr, nil)
}

// ReserveFDs sets descriptors aside for starts with [Options].CloseFDs. Here, where there
// is no C path, it only checks n.
func ReserveFDs(n int) error {
	if n < 0 || n > maxReserved {
		return os.ErrInvalid
	}
	return nil
}

// SPDX-License-Identifier: BSD-3-Clause

// Package osproc translates between package os's view of a start and package
// syscall's, exactly as os.StartProcess does: attributes one way, errors the
// other. StartProcess and the drop-in os/exec share it.
package osproc

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// CheckDir returns the error of os.StartProcess for a missing directory. It
// looks only if there is no SysProcAttr, as package os does: with Chroot or a
// Credential the parent cannot know what the child will find.
func CheckDir(attr *os.ProcAttr) error {
	if attr.Sys != nil || attr.Dir == "" {
		return nil
	}
	_, err := os.Stat(attr.Dir)
	if pe, ok := err.(*os.PathError); ok {
		pe.Op = "chdir"
		return pe
	}
	return err
}

// DirError returns the error of CheckDir, or of os.StartProcess, for a missing directory, or nil if
// err is another one: nothing has been started then, and package syscall has not been asked.
func DirError(err error) *os.PathError {
	if pe, ok := err.(*os.PathError); ok && pe.Op == "chdir" {
		return pe
	}
	return nil
}

// CheckDirFor is CheckDir for a start with a context that has failed already: the error that
// package os would have had first. The file system may hang, so it returns the context's error
// if that ends before.
func CheckDirFor(ctx context.Context, attr *os.ProcAttr) error {
	if attr.Sys != nil || attr.Dir == "" {
		return nil
	}
	found := make(chan error, 1)
	go func() { found <- CheckDir(attr) }()
	select {
	case err := <-found:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// SysAttr returns the attributes for package syscall. The descriptors in it are
// valid only as long as attr.Files is reachable: keep attr alive until the start
// is over.
func SysAttr(attr *os.ProcAttr) *syscall.ProcAttr {
	sys := &syscall.ProcAttr{Dir: attr.Dir, Env: attr.Env, Sys: attr.Sys}
	if sys.Env == nil {
		sys.Env = syscall.Environ()
	}
	sys.Files = make([]uintptr, len(attr.Files))
	for i, f := range attr.Files {
		sys.Files[i] = f.Fd()
	}
	return sys
}

// Plain returns what stands in an os.PathError for a failed start: the errno inside of
// err, for programs compare it; or err itself with step, cause and cure in its text, if
// FORKEXEC or the caller asks for that.
func Plain(err error, steps bool) error {
	if !steps {
		return errors.Unwrap(err)
	}
	if e, ok := err.(interface{ Hint() string }); ok {
		if hint := e.Hint(); hint != "" {
			return &explained{err, hint}
		}
	}
	return err
}

// An explained error has cause and cure in its text.
type explained struct {
	err  error
	hint string
}

func (e *explained) Error() string { return e.err.Error() + ". " + e.hint }
func (e *explained) Unwrap() error { return e.err }

// PathError returns the error of os.StartProcess for a failed start.
func PathError(name string, err error) error {
	return &os.PathError{Op: "fork/exec", Path: name, Err: err}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build !android

package exec

// StdinPipe, StdoutPipe and StderrPipe. Both ends are made by os.Pipe: callers
// know the files behind the interfaces, hand them to another command, and rely on
// Fd making them blocking.

import (
	"errors"
	"io"
	"os"
)

var errStdinSet = errors.New("exec: Stdin already set")

func lateError(method string) error {
	return errors.New("exec: " + method + " after process started")
}

func (c *Cmd) stdinPipe() (io.WriteCloser, error) {
	if c.Stdin != nil {
		return nil, errStdinSet
	}
	if c.Process != nil {
		return nil, lateError("StdinPipe")
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c.Stdin = r
	c.keepPipe(r, w)
	return w, nil
}

func (c *Cmd) stdoutPipe() (io.ReadCloser, error) {
	if c.Stdout != nil {
		return nil, errStdoutSet
	}
	if c.Process != nil {
		return nil, lateError("StdoutPipe")
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c.Stdout = w
	c.keepPipe(w, r)
	return r, nil
}

func (c *Cmd) stderrPipe() (io.ReadCloser, error) {
	if c.Stderr != nil {
		return nil, errStderrSet
	}
	if c.Process != nil {
		return nil, lateError("StderrPipe")
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c.Stderr = w
	c.keepPipe(w, r)
	return r, nil
}

func (c *Cmd) keepPipe(child, own *os.File) {
	c.state.childEnds = append(c.state.childEnds, child)
	c.state.ownEnds = append(c.state.ownEnds, own)
}

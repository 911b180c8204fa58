// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// idMapHelper has one map written by the program of that name.
func idMapHelper(ctx context.Context, name string, pid int, maps []syscall.SysProcIDMap) error {
	if maps == nil {
		return nil
	}
	argv := []string{name, strconv.Itoa(pid)}
	for _, m := range maps {
		argv = append(argv, strconv.Itoa(m.ContainerID), strconv.Itoa(m.HostID), strconv.Itoa(m.Size))
	}
	path := lookPath(name)
	if path == "" {
		return fmt.Errorf("%s: %w", name, syscall.ENOENT)
	}
	said, err := runHelper(ctx, path, argv)
	if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, said)
	}
	return nil
}

// runHelper runs a program until it ends, or is killed as ctx ends, and returns what it has said.
func runHelper(ctx context.Context, path string, argv []string) (string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer r.Close()
	p, err := Start(ctx, path, argv, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{^uintptr(0), w.Fd(), w.Fd()}}, nil)
	w.Close()
	if err != nil {
		return "", err
	}
	var said bytes.Buffer
	var state *os.ProcessState
	var failure error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(&said, r)
		state, failure = p.Wait()
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		_ = p.Kill()
		r.Close() // what the helper has started itself may hold the other end
		select {
		case <-ended:
		case <-time.After(killGrace): // it hangs in the kernel, and is reaped whenever it can
		}
		return "", ctx.Err()
	}
	if failure == nil && !state.Success() {
		failure = errors.New(state.String())
	}
	return strings.TrimSpace(said.String()), failure
}

func lookPath(name string) string {
	for _, dir := range filepath.SplitList(os.Getenv("PATH") + ":/usr/bin:/usr/sbin:/bin") {
		path := filepath.Join(dir, name)
		if st, err := os.Stat(path); filepath.IsAbs(dir) && err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}

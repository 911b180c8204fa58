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
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// An idMap is one of the two kinds.
type idMap struct{ helper, file string }

var (
	uidMap = idMap{helper: "newuidmap", file: "uid_map"}
	gidMap = idMap{helper: "newgidmap", file: "gid_map"}
)

// write has a process's map written by the helper.
func (m *idMap) write(ctx context.Context, pid int, maps []syscall.SysProcIDMap) error {
	if maps == nil {
		return nil
	}
	path := lookPath(m.helper)
	if path == "" {
		return fmt.Errorf("%s: %w", m.helper, syscall.ENOENT)
	}
	said, err := runHelper(ctx, path, append([]string{m.helper, strconv.Itoa(pid)}, numbers(maps)...))
	if errors.Is(err, syscall.ECHILD) {
		// This process ignores SIGCHLD, or has waited for all of its children elsewhere. But a map is
		// written at once or not at all, and only one time.
		if m.written(pid, maps) {
			return nil
		}
		err = fmt.Errorf("it has not written %s, and its status is unknown (%w)", m.file, syscall.ECHILD)
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", m.helper, err, said)
	}
	return nil
}

// written reports whether a process has this map. The kernel may sort the lines.
func (m *idMap) written(pid int, maps []syscall.SysProcIDMap) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, m.file))
	has, want := strings.Fields(string(b)), numbers(maps)
	return err == nil && len(has) > 0 && slices.Equal(sortedLines(has), sortedLines(want))
}

func numbers(maps []syscall.SysProcIDMap) (all []string) {
	for _, m := range maps {
		all = append(all, strconv.Itoa(m.ContainerID), strconv.Itoa(m.HostID), strconv.Itoa(m.Size))
	}
	return all
}

func sortedLines(numbers []string) (lines []string) {
	for ; len(numbers) >= 3; numbers = numbers[3:] {
		lines = append(lines, strings.Join(numbers[:3], " "))
	}
	slices.Sort(lines)
	return lines
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

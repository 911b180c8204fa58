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
	"sync"
	"syscall"
	"time"
)

// An idMap is one of the two kinds.
type idMap struct {
	helper, file, field string
	grants              string // the file that grants users IDs
	step                Step   // at which C writes it
	maps                func(*syscall.SysProcAttr) []syscall.SysProcIDMap
	own                 func() int // the ID that needs no grant
}

var (
	uidMap = idMap{"newuidmap", "uid_map", "UidMappings", "/etc/subuid", StepUIDMap,
		func(sys *syscall.SysProcAttr) []syscall.SysProcIDMap { return sys.UidMappings }, os.Getuid}
	gidMap = idMap{"newgidmap", "gid_map", "GidMappings", "/etc/subgid", StepGIDMap,
		func(sys *syscall.SysProcAttr) []syscall.SysProcIDMap { return sys.GidMappings }, os.Getgid}
)

// write has a process's map written by the helper.
func (m *idMap) write(ctx context.Context, pid int, sys *syscall.SysProcAttr) error {
	maps := m.maps(sys)
	if maps == nil {
		return nil
	}
	path := lookPath(m.helper)
	if path == "" {
		return &hookError{fmt.Errorf("%s: %w", m.helper, syscall.ENOENT), "IDMapHelpers", func() string {
			return m.helper + " is neither in PATH nor in " + strings.Join(usualFolders, ", ") +
				". Install it: it is in the package uidmap or shadow-utils."
		}}
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
	if err == nil {
		return nil
	}
	if e := (*Error)(nil); errors.As(err, &e) {
		return &hookError{fmt.Errorf("%s: %w", m.helper, err), "IDMapHelpers", e.Hint}
	}
	if said != "" {
		err = fmt.Errorf("%w: %s", err, said)
	}
	own := *sys
	return &hookError{fmt.Errorf("%s: %w", m.helper, err), m.field, sync.OnceValue(func() string { return m.whyRefused(&own) })}
}

// A hookError is one of a hook of ours, which knows what is to blame.
type hookError struct {
	error
	field string
	hint  func() string
}

func (h *hookError) Unwrap() error         { return h.error }
func (h *hookError) explain(*Error) string { return h.hint() }

// whyRefused says why a helper has not written the map.
func (m *idMap) whyRefused(sys *syscall.SysProcAttr) string {
	// What is wrong with the lines as such C knows. The table speaks if it has found nothing.
	e := &Error{Step: m.step, Errno: syscall.EINVAL}
	if s := (&failedStart{argv0: "/", sys: *sys}).explain(e); s != "" && s != e.usual() {
		return s
	}
	if s := m.whyNotGranted(m.maps(sys)); s != "" {
		return s
	}
	return m.helper + " has refused the map, and the error has its words. To write it, it must be set-user-ID root or have file " +
		"capabilities, and this process must not have no_new_privs."
}

// whyNotGranted names the first line that the system's file does not grant to the user.
func (m *idMap) whyNotGranted(maps []syscall.SysProcIDMap) string {
	uid := strconv.Itoa(os.Getuid())
	name := ""
	for _, f := range fieldsOf("/etc/passwd") {
		if len(f) > 2 && f[2] == uid {
			name = f[0]
			break
		}
	}
	for _, f := range fieldsOf("/etc/nsswitch.conf") {
		if f[0] == "subid" {
			name = "" // the file is not all there is
		}
	}
	if name == "" {
		return ""
	}
	var granted []string
	var ranges [][2]int64 // first, and the one after the last
	for _, f := range fieldsOf(m.grants) {
		if len(f) != 3 || f[0] != name && f[0] != uid {
			continue
		}
		first, err1 := strconv.ParseInt(f[1], 10, 64)
		n, err2 := strconv.ParseInt(f[2], 10, 64)
		if err1 == nil && err2 == nil {
			ranges, granted = append(ranges, [2]int64{first, first + n}), append(granted, f[1]+":"+f[2])
		}
	}
	for i, l := range maps {
		first, end := int64(l.HostID), int64(l.HostID)+int64(l.Size)
		if l.Size == 1 && l.HostID == m.own() || within(first, end, ranges) {
			continue
		}
		what := "has no range for that user"
		if len(granted) > 0 {
			what = "has only " + strings.Join(granted, ", ")
		}
		return fmt.Sprintf("Line %d of %s, \"%d %d %d\", maps IDs outside that %s does not grant to user %s: it %s. "+
			"Add a line, such as %s:%d:%d, or map less.", i+1, m.field, l.ContainerID, l.HostID, l.Size, m.grants, name, what, name, first, end-first)
	}
	return ""
}

// within reports whether ranges, together, hold all from first to before end.
func within(first, end int64, ranges [][2]int64) bool {
	for before := int64(-1); first < end && first != before; {
		before = first
		for _, r := range ranges {
			if r[0] <= first && first < r[1] {
				first = r[1]
			}
		}
	}
	return first >= end
}

// fieldsOf returns the lines of a file with fields between colons.
func fieldsOf(file string) (lines [][]string) {
	b, _ := os.ReadFile(file)
	for _, line := range strings.Split(string(b), "\n") {
		lines = append(lines, strings.Split(strings.TrimSpace(line), ":"))
	}
	return lines
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

// usualFolders are looked into after PATH.
var usualFolders = []string{"/usr/bin", "/usr/sbin", "/bin"}

func lookPath(name string) string {
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), usualFolders...) {
		path := filepath.Join(dir, name)
		if st, err := os.Stat(path); filepath.IsAbs(dir) && err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}

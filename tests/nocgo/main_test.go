// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

// Package nocgo answers: is the core as generated text right, and does Go's runtime bear
// it? Run it with CGO_ENABLED=0 or -tags forkexec_nocgo; under an emulator, too.
package nocgo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"forkexec.example/forkexec/c"
	"forkexec.example/forkexec/c/nocgo"
	forkexec "forkexec.example/forkexec/go"
)

// The test program starts itself: there is no other for an emulated architecture. The
// kernel does not know how to run it there, so the emulator's path comes first.
const childVar = "FORKEXEC_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childVar) {
	case "":
		os.Exit(m.Run())
	case "hello":
		dir, _ := os.Getwd()
		fmt.Printf("hello from %s %q\n", dir, os.Args[len(os.Args)-1])
	case "exit":
	}
}

// self is the command line that runs this program again.
func self() []string {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	if q := os.Getenv("FORKEXEC_TEST_EMULATOR"); q != "" {
		return []string{q, exe}
	}
	return []string{exe}
}

func TestImplementation(t *testing.T) {
	want := os.Getenv("FORKEXEC_TEST_IMPLEMENTATION")
	if got := forkexec.Implementation(); want != "" && got != want {
		t.Fatalf("Implementation %q, want %q", got, want)
	}
}

// TestHash runs the text natively: does it find its own constants?
func TestHash(t *testing.T) {
	table := "/proc/self/uid_map\x00\x00\x00\x00\x00\x00/proc/self/gid_map\x00\x00\x00\x00\x00\x00/proc/self/setgroups\x00\x00\x00\x00"
	want := uint32(5381)
	for _, b := range []byte(table) {
		want = want*33 + uint32(b)
	}
	if got := new(nocgo.Call).Hash(); got != want {
		t.Errorf("hash %#x, want %#x", got, want)
	}
}

func TestWorkSize(t *testing.T) {
	r := c.Request{Size: uint64(unsafe.Sizeof(c.Request{}))}
	if got, want := new(nocgo.Call).WorkSize(unsafe.Pointer(&r)), c.WorkSize(&r); got != want || got < 8192 {
		t.Errorf("work size %d, want %d", got, want)
	}
	r.Size--
	if got := new(nocgo.Call).WorkSize(unsafe.Pointer(&r)); got != 0 {
		t.Errorf("work size %d of a malformed request", got)
	}
}

func TestHello(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	line := append(self(), "word")
	p, err := forkexec.StartProcess(line[0], line, &os.ProcAttr{
		Dir: "/", Env: []string{childVar + "=hello"}, Files: []*os.File{nil, w, os.Stderr},
	})
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(r)
	if state, err := p.Wait(); err != nil || !state.Success() {
		t.Error(state, err)
	}
	if got, want := string(b), "hello from / \"word\"\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestErrors: each must come back with its step, by whatever method the child was made.
func TestErrors(t *testing.T) {
	exe := self()[0]
	for _, tc := range []struct {
		path string
		attr syscall.ProcAttr
		step forkexec.Step
		err  syscall.Errno
	}{
		{"/missing", syscall.ProcAttr{}, forkexec.StepExecve, syscall.ENOENT},
		{"/", syscall.ProcAttr{}, forkexec.StepExecve, syscall.EACCES},
		{exe, syscall.ProcAttr{Dir: "/missing"}, forkexec.StepChdir, syscall.ENOENT},
		{exe, syscall.ProcAttr{Files: []uintptr{0, 1, 1 << 30}}, forkexec.StepFDDup, syscall.EBADF},
		{exe, syscall.ProcAttr{Sys: &syscall.SysProcAttr{Setpgid: true, Pgid: 1 << 22}}, forkexec.StepSetpgid, syscall.EPERM},
		{exe, syscall.ProcAttr{Sys: &syscall.SysProcAttr{Setctty: true, Setsid: true}, Files: []uintptr{nullFD(t)}}, forkexec.StepSetctty, syscall.ENOTTY},
		{exe, syscall.ProcAttr{Sys: &syscall.SysProcAttr{Cloneflags: syscall.CLONE_THREAD}}, forkexec.StepClone, syscall.EINVAL},
		{exe, syscall.ProcAttr{Sys: &syscall.SysProcAttr{Chroot: "/missing"}}, forkexec.StepChroot, syscall.ENOENT},
	} {
		for range 3 { // the first child of a method reports by a pipe, the next ones do not
			_, err := forkexec.Start(context.Background(), tc.path, []string{"x"}, &tc.attr, nil)
			var e *forkexec.Error
			if !errors.As(err, &e) || e.Step != tc.step || !errors.Is(err, tc.err) {
				if tc.step == forkexec.StepChroot && errors.Is(err, syscall.EPERM) {
					break // not root
				}
				t.Errorf("%s: %v, want %v at %v", tc.path, err, tc.err, tc.step)
			}
		}
	}
	if _, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != syscall.ECHILD {
		t.Error("a failed child is left:", err)
	}
}

func nullFD(t *testing.T) uintptr {
	f, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f.Fd()
}

// TestMask: the thread's signal mask is as before, and the child has the thread's.
func TestMask(t *testing.T) {
	before := statusLine(t, "/proc/thread-self/status", "SigBlk:")
	line := append(self(), "x")
	p, err := forkexec.StartProcess(line[0], line, &os.ProcAttr{Env: []string{childVar + "=exit"}, Files: []*os.File{nil, nil, os.Stderr}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(); err != nil {
		t.Error(err)
	}
	if after := statusLine(t, "/proc/thread-self/status", "SigBlk:"); after != before {
		t.Errorf("signal mask %s, was %s", after, before)
	}
}

func statusLine(t *testing.T, file, key string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Skip(err)
	}
	for _, l := range strings.Split(string(b), "\n") {
		if strings.HasPrefix(l, key) {
			return strings.TrimSpace(l[len(key):])
		}
	}
	t.Skip("no " + key)
	return ""
}

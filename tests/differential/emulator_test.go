// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// The suite for another architecture, under QEMU's user mode: FORKEXEC_TEST_EMULATOR
// names the emulator, for the kernel cannot start this program itself. The probe is
// the machine's own program. What the emulator refuses, it refuses to both sides, so
// most cases compare as ever; only what a case must give is not known. Left out is what
// cannot be set up: seccomp filters, and pidfds where CLONE_PIDFD is refused.

package differential

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	forkexec "forkexec.example/forkexec/go"
)

var emulator = os.Getenv("FORKEXEC_TEST_EMULATOR")

// hangs counts, by path, the starts that hung under an emulator. QEMU 7.2 forks without
// taking all of its own locks; a child that then fails waits in its exit for ever if
// another thread held one. One processor for Go makes that rare.
var hangs = map[string]int{}

// selfIn returns a program that is this one, if need be a script in dir.
func selfIn(dir string) (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	return runnable(exe, dir)
}

func runnable(exe, dir string) (string, error) {
	if emulator == "" {
		return exe, nil
	}
	path := filepath.Join(dir, "self-"+filepath.Base(exe))
	text := fmt.Sprintf("#!/bin/sh\nexec '%s' '%s' \"$@\"\n", emulator, exe)
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		return "", err
	}
	return path, os.Chmod(path, 0o755)
}

var needSeccomp = sync.OnceValue(func() string {
	const prGetSeccomp = 21
	if err := prctl(prGetSeccomp)(); err != nil {
		return "no seccomp filters: " + err.Error()
	}
	return ""
})

var needPidfd = sync.OnceValue(func() string {
	s := newSpec()
	s.pidfd = true
	if o := s.run(reference); o.err == syscall.EINVAL {
		return "CLONE_PIDFD is refused"
	}
	return ""
})

// TestRefusedPidfd: where the reference fails, ours starts without, as documented.
func TestRefusedPidfd(t *testing.T) {
	if needPidfd() == "" || forkexec.Implementation() == "stdlib" {
		t.Skip("CLONE_PIDFD is not refused, or the reference does the starts")
	}
	for _, p := range ours {
		attr, pidfd := newSpec().procAttr()
		attr.Sys.PidFD = pidfd
		pid, err := p.forkExec(fix.probe, nil, attr)
		if err != nil || *pidfd != -1 {
			t.Errorf("%s: %d, %v, pidfd %d", p.name, pid, err, *pidfd)
			continue
		}
		var status syscall.WaitStatus
		if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || status.ExitStatus() != 7 {
			t.Errorf("%s: %v, %#x", p.name, err, int(status))
		}
	}
}

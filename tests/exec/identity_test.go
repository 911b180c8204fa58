// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package exec

import (
	"errors"
	osexec "os/exec"
	"testing"

	"forkexec.example/forkexec/go/exec"
)

// These compile only if the types are the same.
var (
	_ *osexec.Error     = (*exec.Error)(nil)
	_ *osexec.ExitError = (*exec.ExitError)(nil)
)

// TestIdentities proves that errors of one package are errors of the other.
func TestIdentities(t *testing.T) {
	for _, e := range [][2]error{
		{exec.ErrDot, osexec.ErrDot},
		{exec.ErrNotFound, osexec.ErrNotFound},
		{exec.ErrWaitDelay, osexec.ErrWaitDelay},
	} {
		if e[0] != e[1] {
			t.Errorf("%v is not os/exec's value", e[0])
		}
	}
	var exit *osexec.ExitError
	if err := exec.Command("/bin/sh", "-c", "exit 7").Run(); !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("Run: %v; want an *os/exec.ExitError with code 7", err)
	}
	var lookup *osexec.Error
	if err := exec.Command("no-such-program-anywhere").Run(); !errors.As(err, &lookup) {
		t.Errorf("Run: %v; want an *os/exec.Error", err)
	}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build forkexec_overlay && linux && !android && (amd64 || arm64 || ppc64le || riscv64 || s390x)

// With tag forkexec_overlay the suite is for a build with the overlay of
// forkexec-overlay: syscall.ForkExec itself is ours then. The reference is the same
// function with the overlay's switch, which FORKEXEC=stdlib sets, turned. The linker
// lets a test reach that variable if the overlay's file says so; tests/matrix adds the
// line.

package differential

import (
	"syscall"
	"testing"
	_ "unsafe" // go:linkname
)

//go:linkname forkexecOff syscall.forkexecOff
var forkexecOff bool

func init() {
	reference.forkExec = func(argv0 string, argv []string, attr *syscall.ProcAttr) (int, error) {
		forkexecOff = true
		defer func() { forkexecOff = false }()
		return syscall.ForkExec(argv0, argv, attr)
	}
	ours = []path{{"syscall.ForkExec of the overlay", syscall.ForkExec}}
}

// TestOverlaySwitch shows that both sides are what they should be, by input on which
// they are known to differ.
func TestOverlaySwitch(t *testing.T) {
	s := newSpec()
	s.name = "Files 1<<32"
	s.attr.Files = []uintptr{fdNull, fdNull, fdNull, bit(32) | fdNull}
	if o := s.run(reference); o.err != nil {
		t.Errorf("the reference is not the standard library's code: %v", o.err)
	}
	if o := s.run(ours[0]); o.err != syscall.EBADF {
		t.Errorf("the core is not used: %v", o.err)
	}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"forkexec.example/forkexec/c"
)

// TestChangedMeanwhile: a caller that makes its argv longer while it is read overwrites nothing.
func TestChangedMeanwhile(t *testing.T) {
	argv := []string{"program", "short"}
	pass := func(e *emitter) {
		emit(e, new(c.Request), "/program", argv, &syscall.ProcAttr{}, &syscall.SysProcAttr{}, nil)
	}
	var count emitter
	pass(&count)
	second := func() (said any) {
		a := newArena(count.used)
		defer func() {
			if said = recover(); said == nil {
				a.free()
			}
		}()
		pass(&emitter{mem: unsafe.Pointer(&a.mem[0]), arena: a, size: count.used})
		return nil
	}
	if said := second(); said != nil {
		t.Error("unchanged:", said)
	}
	argv[1] = strings.Repeat("long", 1000)
	if said, _ := second().(string); !strings.Contains(said, "argv, Env") {
		t.Errorf("changed: %q", said)
	}
	runtime.GC() // which ends a program that leaves memory pinned
}

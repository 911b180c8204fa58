// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"math"
	"strings"
	"syscall"
	"testing"
)

// TestObjectOfAnyDetail: what the child says of its failure is not to be relied on.
func TestObjectOfAnyDetail(t *testing.T) {
	attr := &syscall.ProcAttr{Files: []uintptr{0}}
	one := &Options{Open: make([]OpenFile, 1), Rlimits: make([]Rlimit, 1), Namespaces: make([]Namespace, 1)}
	for step := range Step(len(stepTable) + 2) {
		for _, detail := range []int64{math.MinInt64, -1, 0, 1, math.MaxInt64} {
			for _, opt := range []*Options{nil, {}, one} {
				text := newError(step, syscall.EIO, detail, "/program", attr, opt).Error()
				listed := step == StepOpen || step == StepRlimit || step == StepSetns
				if has := opt == one && detail == 0; listed && strings.Contains(text, "[0] = ") != has {
					t.Errorf("step %d, detail %d: %s", step, detail, text)
				}
			}
		}
	}
}

// TestHookAtAnyStep: nor is what it says of where it waits.
func TestHookAtAnyStep(t *testing.T) {
	hook := func(int) error { return nil }
	for _, opt := range []*Options{nil, {}, {OnClone: hook}, {OnExec: hook}} {
		for step := range Step(len(stepTable) + 2) {
			want := opt != nil && (step == StepStopClone && opt.OnClone != nil || step == StepStopExec && opt.OnExec != nil)
			if f, err := hookAt(step, opt); (f != nil) != want || (err == nil) != want {
				t.Errorf("step %d: %v, %v", step, f != nil, err)
			}
		}
	}
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package c

import (
	"sync"
	"unsafe"

	"forkexec.example/forkexec/c/nocgo"
)

var calls = sync.Pool{New: func() any { return new(nocgo.Call) }}

// StartWithP is Start, but keeps the P of the Go runtime, as package syscall does. cgo always
// gives it away, so this calls the generated text in each build.
func StartWithP(r *Request, res *Result, s *State) int {
	call := calls.Get().(*nocgo.Call)
	defer calls.Put(call)
	return started(call, call.StartWithP(unsafe.Pointer(r), unsafe.Pointer(res), unsafe.Pointer(s)), res)
}

// FinishWithP is Finish, but keeps the P meanwhile: for no longer than a garbage collection may
// wait.
func FinishWithP(r *Request, res *Result, s *State, ns int64) Outcome {
	call := calls.Get().(*nocgo.Call)
	defer calls.Put(call)
	return finished(call, call.FinishWithP(unsafe.Pointer(r), unsafe.Pointer(res), unsafe.Pointer(s), ns))
}

// finished is the outcome of a wait, whose signals may not have been blocked: a filter has come
// up since the start.
func finished(call *nocgo.Call, outcome int) Outcome {
	if call.Blocked() != 0 {
		return TimedOut
	}
	return Outcome(outcome)
}

// started completes the result of a start whose signals could not be blocked.
func started(call *nocgo.Call, rc int, res *Result) int {
	if call.Blocked() != 0 {
		const stepSigmask = 2
		*res = Result{Pidfd: -1, Step: stepSigmask, Err: int32(-rc)}
	}
	return rc
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (!cgo || forkexec_nocgo) && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package c

import (
	"syscall"
	"unsafe"

	"forkexec.example/forkexec/c/nocgo"
)

// Implementation says how this package reaches the core.
const Implementation = "nocgo"

// The functions of forkexec.h. r and res must lie in memory without Go pointers that
// stays as it is, and alive, until Finish has returned.

// WorkSize returns the bytes of Request.Work that r needs, 0 if it is malformed.
func WorkSize(r *Request) uint64 {
	call := calls.Get().(*nocgo.Call)
	defer calls.Put(call)
	return call.WorkSize(unsafe.Pointer(r))
}

// Start makes the child. It returns 0 or a negative errno.
func Start(r *Request, res *Result, s *State) int {
	call := calls.Get().(*nocgo.Call)
	defer calls.Put(call)
	return started(call, call.Start(unsafe.Pointer(r), unsafe.Pointer(res), unsafe.Pointer(s)), res)
}

// Finish waits until the child executes its program, for at most ns nanoseconds if
// that is not negative.
func Finish(r *Request, res *Result, s *State, ns int64) Outcome {
	call := calls.Get().(*nocgo.Call)
	defer calls.Put(call)
	return finished(call, call.Finish(unsafe.Pointer(r), unsafe.Pointer(res), unsafe.Pointer(s), ns))
}

// Continue lets a stopped child go on, or fail with err.
func Continue(r *Request, res *Result, err syscall.Errno) {
	call := calls.Get().(*nocgo.Call)
	defer calls.Put(call)
	call.Continue(unsafe.Pointer(r), unsafe.Pointer(res), int64(err))
}

// Settle makes this process dumpable again if it is time, and returns how many children
// may still be in its memory.
func Settle(s *State) int {
	call := calls.Get().(*nocgo.Call)
	defer calls.Put(call)
	return call.Settle(unsafe.Pointer(s))
}

// Explain is forkexec_explain_as: it writes to the buffer of size bytes, which lies in
// memory like r and res, and returns the length of the whole text.
func Explain(r *Request, res *Result, flags uint32, buffer unsafe.Pointer, size int) int {
	call := calls.Get().(*nocgo.Call)
	defer calls.Put(call)
	return call.Explain(unsafe.Pointer(r), unsafe.Pointer(res), flags, buffer, uint64(size))
}

// Cancel makes a Finish of another thread on the same work memory return Cancelled.
func Cancel(work unsafe.Pointer) {
	call := calls.Get().(*nocgo.Call)
	defer calls.Put(call)
	call.Cancel(work)
}

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && cgo && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package c

/*
#cgo CFLAGS: -std=gnu11 -fvisibility=hidden -I${SRCDIR}/../include
#include "forkexec.h"
#include "forkexec_go.h"
*/
import "C"

import (
	"syscall"
	"unsafe"
)

// Implementation says how this package reaches the core.
const Implementation = "cgo"

// The functions of forkexec.h. r and res must lie in one piece of pinned memory
// without Go pointers that stays as it is until Finish has returned.

// WorkSize returns the bytes of Request.Work that r needs, 0 if it is malformed.
func WorkSize(r *Request) uint64 {
	return uint64(C.forkexec_work_size((*C.struct_forkexec_request)(unsafe.Pointer(r))))
}

// Start makes the child. It returns 0 or a negative errno.
func Start(r *Request, res *Result, s *State) int {
	return int(C.forkexec_start((*C.struct_forkexec_request)(unsafe.Pointer(r)),
		(*C.struct_forkexec_result)(unsafe.Pointer(res)), (*C.struct_forkexec_state)(unsafe.Pointer(s))))
}

// Finish waits until the child executes its program, for at most ns nanoseconds if
// that is not negative.
func Finish(r *Request, res *Result, s *State, ns int64) Outcome {
	return Outcome(C.forkexec_finish((*C.struct_forkexec_request)(unsafe.Pointer(r)),
		(*C.struct_forkexec_result)(unsafe.Pointer(res)), (*C.struct_forkexec_state)(unsafe.Pointer(s)), C.int64_t(ns)))
}

// Continue lets a stopped child go on, or fail with err.
func Continue(r *Request, res *Result, err syscall.Errno) {
	C.forkexec_continue((*C.struct_forkexec_request)(unsafe.Pointer(r)), (*C.struct_forkexec_result)(unsafe.Pointer(res)), C.int(err))
}

// Settle makes this process dumpable again if it is time, and returns how many children
// may still be in its memory.
func Settle(s *State) int {
	return int(C.forkexec_settle((*C.struct_forkexec_state)(unsafe.Pointer(s))))
}

// Explain is forkexec_explain_as: it writes to the buffer of size bytes, which lies in
// memory like r and res, and returns the length of the whole text.
func Explain(r *Request, res *Result, flags uint32, buffer unsafe.Pointer, size int) int {
	return int(C.forkexec_explain_as((*C.struct_forkexec_request)(unsafe.Pointer(r)),
		(*C.struct_forkexec_result)(unsafe.Pointer(res)), C.uint32_t(flags), (*C.char)(buffer), C.uint64_t(size)))
}

// Cancel makes a Finish of another thread on the same work memory return Cancelled.
func Cancel(work unsafe.Pointer) { C.forkexec_cancel(work) }

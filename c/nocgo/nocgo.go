// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (amd64 || arm64 || ppc64le || riscv64 || s390x)

// Package nocgo runs the C core of forkexec in programs that are built without cgo:
// generated text (text_linux_*.s) and a trampoline (call_linux_*.s). It is not for use
// outside of this module.
//
// README.md says how the text is made, docs/nocgo.md why this is safe.
package nocgo

import "unsafe"

// The operations of entry.c.
const (
	opStart = 1 + iota
	opFinish
	opCancel
	opWorkSize
	opGo
	opHash
)

// callHead is CALL_HEAD of entry.c. With it, a call is one 8 KiB object.
const callHead = 768

// A Call is struct call of entry.c with the stack that the core runs on. It lies in
// memory that does not move: never on a goroutine's stack.
type Call struct {
	stackTop, mask         uint64
	blocked                int64
	op                     uint64
	request, result, state uint64
	timeoutNs              int64
	again                  uint64
	answer, nr             int64
	args                   [5]int64
	ret                    int64
	nofile                 [4]uint64
	step                   uint64
	detail                 int64
	private                [callHead - 23*8]byte
	// The core's parent side needs less than 2 KiB (tests/nocgo checks it).
	stack [8192 - callHead]byte
}

const _ = -(unsafe.Offsetof(Call{}.private) ^ 23*8) // does not compile if not equal

// forkexecText is the core, and no Go function: only forkexecCall may call it.
func forkexecText()

// forkexecCall performs the operation in c: it blocks all signals, calls the core on the
// stack of c and takes both back, and waits where the core wants to wait.
//
//go:noescape
func forkexecCall(c *Call)

//go:linkname entersyscall runtime.entersyscall
func entersyscall()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

// run performs the operation in c without a P, as a system call that blocks. What c
// points to must stay alive until it returns. Between the two calls of the runtime this
// goroutine's stack cannot move. The code is one straight line, so that no counter of
// -covermode=atomic, which crashes under -race here, comes between them.
//
//go:nosplit
//go:norace
func run(c *Call) {
	entersyscall()
	forkexecCall(c)
	exitsyscall()
}

func (c *Call) do(op uint64) int64 {
	c.stackTop = uint64(uintptr(unsafe.Pointer(c))+unsafe.Sizeof(*c)) &^ 15
	c.op, c.again, c.answer = op, 0, 0
	run(c)
	if c.blocked != 0 {
		return c.blocked // a negative errno
	}
	return c.answer
}

// Blocked returns the negative errno of the attempt to block signals, if that failed.
// Nothing else has happened then.
func (c *Call) Blocked() int { return int(c.blocked) }

// Start is forkexec_start.
func (c *Call) Start(request, result, state unsafe.Pointer) int {
	c.set(request, result, state)
	return int(c.do(opStart))
}

// Finish is forkexec_finish.
func (c *Call) Finish(request, result, state unsafe.Pointer, ns int64) int {
	c.set(request, result, state)
	c.timeoutNs = ns
	return int(c.do(opFinish))
}

// Cancel is forkexec_cancel.
func (c *Call) Cancel(work unsafe.Pointer) {
	c.set(work, nil, nil)
	c.do(opCancel)
}

// WorkSize is forkexec_work_size.
func (c *Call) WorkSize(request unsafe.Pointer) uint64 {
	c.set(request, nil, nil)
	return uint64(c.do(opWorkSize))
}

// Hash returns a hash over a table of constants in the text, for a test.
func (c *Call) Hash() uint32 { return uint32(c.do(opHash)) }

func (c *Call) set(request, result, state unsafe.Pointer) {
	c.request, c.result, c.state = uint64(uintptr(request)), uint64(uintptr(result)), uint64(uintptr(state))
}

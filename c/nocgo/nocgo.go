// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

// Package nocgo runs the C core of forkexec in programs that are built without cgo:
// generated text (text_linux_*.s) and a trampoline (call_linux_*.s). It is not for use
// outside of this module.
//
// README.md says how the text is made, docs/nocgo.md why this is safe.
package nocgo

import "unsafe"

// A Call is the memory of one call of the core, stack included.
type Call struct {
	args  forkexecArgs
	withP bool
}

const _ = -(unsafe.Offsetof(forkexecArgs{}.private) ^ 25*8) // does not compile if not equal

//go:linkname entersyscall runtime.entersyscall
func entersyscall()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

// run performs the operation in c without a P, as a system call that blocks. Between the
// two calls of the runtime this goroutine's stack cannot move, so addresses are taken
// after the first. See forkexecCall for what must not stand here.
//
//go:nosplit
//go:norace
//go:noinline
func run(c *forkexecArgs, request, result, state unsafe.Pointer) {
	entersyscall()
	c.request, c.result, c.state = uint64(uintptr(request)), uint64(uintptr(result)), uint64(uintptr(state))
	forkexecCall(c)
	exitsyscall()
}

// runWithP is run without giving the P away: for what does not sleep for long.
//
//go:nosplit
//go:norace
//go:noinline
func runWithP(c *forkexecArgs, request, result, state unsafe.Pointer) {
	c.request, c.result, c.state = uint64(uintptr(request)), uint64(uintptr(result)), uint64(uintptr(state))
	forkexecCall(c)
}

func (c *Call) do(op uint64, request, result, state unsafe.Pointer) int64 {
	a := &c.args
	a.stackTop = uint64(uintptr(unsafe.Pointer(a))+unsafe.Sizeof(*a)) &^ 15
	a.op, a.again, a.answer = op, 0, 0
	if c.withP {
		runWithP(a, request, result, state)
	} else {
		run(a, request, result, state)
	}
	if a.blocked != 0 {
		return a.blocked // a negative errno
	}
	return a.answer
}

// Blocked returns the negative errno of the attempt to block signals, if that failed.
// The operation was not begun then, or not gone on with.
func (c *Call) Blocked() int { return int(c.args.blocked) }

// Start is forkexec_start.
func (c *Call) Start(request, result, state unsafe.Pointer) int {
	return int(c.do(forkexecOpStart, request, result, state))
}

// StartWithP is Start on this thread's P, as package syscall starts.
func (c *Call) StartWithP(request, result, state unsafe.Pointer) int {
	c.withP = true
	defer func() { c.withP = false }()
	return c.Start(request, result, state)
}

// Finish is forkexec_finish. Its result counts if Blocked returns 0.
func (c *Call) Finish(request, result, state unsafe.Pointer, ns int64) int {
	c.args.timeoutNs = ns
	return int(c.do(forkexecOpFinish, request, result, state))
}

// FinishWithP is Finish on this thread's P.
func (c *Call) FinishWithP(request, result, state unsafe.Pointer, ns int64) int {
	c.withP = true
	defer func() { c.withP = false }()
	return c.Finish(request, result, state, ns)
}

// Cancel is forkexec_cancel.
func (c *Call) Cancel(work unsafe.Pointer) { c.do(forkexecOpCancel, work, nil, nil) }

// WorkSize is forkexec_work_size.
func (c *Call) WorkSize(request unsafe.Pointer) uint64 {
	return uint64(c.do(forkexecOpWorkSize, request, nil, nil))
}

// Continue is forkexec_continue.
func (c *Call) Continue(request, result unsafe.Pointer, err int64) {
	c.args.timeoutNs = err
	c.do(forkexecOpContinue, request, result, nil)
}

// Settle is forkexec_settle.
func (c *Call) Settle(state unsafe.Pointer) int {
	return int(c.do(forkexecOpSettle, nil, nil, state))
}

// Explain is forkexec_explain_as.
func (c *Call) Explain(request, result unsafe.Pointer, flags uint32, buffer unsafe.Pointer, size uint64) int {
	c.args.args = [5]int64{int64(flags), int64(uintptr(buffer)), int64(size)}
	c.do(forkexecOpExplain, request, result, nil)
	return int(c.args.ret)
}

// Hash returns a hash over a table of constants in the text, for a test.
func (c *Call) Hash() uint32 { return uint32(c.do(forkexecOpHash, nil, nil, nil)) }

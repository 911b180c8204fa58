// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package nocgo

// This file goes into package syscall as it is when forkexec-overlay puts it there.

// The operations of entry.c.
const (
	forkexecOpStart = 1 + iota
	forkexecOpFinish
	forkexecOpCancel
	forkexecOpWorkSize
	forkexecOpGoStart
	forkexecOpGoFinish
	forkexecOpSettle
	forkexecOpExplain
	forkexecOpHash
	forkexecOpContinue
)

// forkexecHead is CALL_HEAD of entry.c. With it, a forkexecArgs is one 8 KiB object.
const forkexecHead = 768

// forkexecArgs is struct call of entry.c with the stack that the core runs on. It lies in
// memory that does not move: never on a goroutine's stack.
type forkexecArgs struct {
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
	nowMs                  uint64
	made                   uint64
	private                [forkexecHead - 25*8]byte
	// The core's parent side needs less than 4 KiB (tests/nocgo/stack.sh).
	stack [8192 - forkexecHead]byte
}

// forkexecText is the core, and no Go function: only forkexecCall may call it.
func forkexecText()

// forkexecCall performs the operation in c: it blocks all signals, calls the core on the
// stack of c and takes both back, and waits where the core wants to wait. What may
// sleep must stand between the runtime's entersyscall and exitsyscall, alone: no code that grows
// the stack, and no counter of -covermode=atomic, which crashes there under -race. A start that
// keeps its P (runWithP) does without the two. Without a
// go:noescape, so that c is never on a goroutine's stack.
func forkexecCall(c *forkexecArgs)

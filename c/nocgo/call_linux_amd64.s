// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

#include "textflag.h"

// func forkexecCall(c *forkexecArgs)
//
// Calls the core until it has no more system call to wait in. Go's signal handlers must
// never see a stack pointer that is not a goroutine's, so all signals are blocked before
// the switch, and the mask is put back after it. RBX and R12 survive C functions and
// system calls. The numbers are offsets in forkexecArgs.
TEXT ·forkexecCall(SB),NOSPLIT,$8-8
	MOVQ	c+0(FP), BX
again:
	MOVQ	$-1, AX
	MOVQ	AX, 0(SP)
	MOVQ	$2, DI		// SIG_SETMASK
	MOVQ	SP, SI
	LEAQ	8(BX), DX	// mask
	MOVQ	$8, R10
	MOVQ	$14, AX		// rt_sigprocmask
	SYSCALL
	MOVQ	AX, 16(BX)	// blocked
	TESTQ	AX, AX
	JNE	done
	MOVQ	SP, R12
	MOVQ	0(BX), SP	// stackTop
	MOVQ	BX, DI
	CALL	·forkexecText(SB)
	MOVQ	R12, SP
	MOVQ	$2, DI
	LEAQ	8(BX), SI
	MOVQ	$0, DX
	MOVQ	$8, R10
	MOVQ	$14, AX
	SYSCALL
	CMPQ	64(BX), $1	// again
	JNE	done
	MOVQ	88(BX), DI	// args
	MOVQ	96(BX), SI
	MOVQ	104(BX), DX
	MOVQ	112(BX), R10
	MOVQ	120(BX), R8
	MOVQ	$0, R9
	MOVQ	80(BX), AX	// nr
	SYSCALL
	MOVQ	AX, 128(BX)	// ret
	JMP	again
done:
	RET

// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

#include "textflag.h"

// func forkexecCall(c *forkexecArgs)
//
// Calls the core until it has no more system call to wait in. Go's signal handlers must
// never see a stack pointer that is not a goroutine's, nor a g that C has overwritten, so
// all signals are blocked before the switch, and the mask is put back after it. BP
// survives C functions and system calls.
// The numbers are offsets in forkexecArgs, whose members are 64 bits wide here, too.
TEXT ·forkexecCall(SB),NOSPLIT,$8-4
	MOVL	c+0(FP), BP
again:
	MOVL	$-1, 0(SP)
	MOVL	$-1, 4(SP)
	MOVL	$2, BX		// SIG_SETMASK
	MOVL	SP, CX
	LEAL	8(BP), DX	// mask
	MOVL	$8, SI
	MOVL	$175, AX	// rt_sigprocmask
	INT	$0x80
	MOVL	AX, 16(BP)	// blocked
	CDQ
	MOVL	DX, 20(BP)
	TESTL	AX, AX
	JNE	done
	MOVL	SP, SI
	MOVL	0(BP), SP	// stackTop
	SUBL	$16, SP
	MOVL	BP, 0(SP)
	CALL	·forkexecText(SB)
	MOVL	SI, SP
	MOVL	$2, BX
	LEAL	8(BP), CX
	MOVL	$0, DX
	MOVL	$8, SI
	MOVL	$175, AX
	INT	$0x80
	CMPL	64(BP), $1	// again
	JNE	done
	MOVL	88(BP), BX	// args
	MOVL	96(BP), CX
	MOVL	104(BP), DX
	MOVL	112(BP), SI
	MOVL	120(BP), DI
	MOVL	80(BP), AX	// nr
	INT	$0x80
	MOVL	AX, 128(BP)	// ret
	CDQ
	MOVL	DX, 132(BP)
	JMP	again
done:
	RET

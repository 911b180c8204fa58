// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

#include "textflag.h"

// func forkexecCall(c *forkexecArgs)
//
// Calls the core until it has no more system call to wait in. Go's signal handlers must
// never see a stack pointer that is not a goroutine's, nor a g that C has overwritten, so
// all signals are blocked before the switch, and the mask is put back after it. R6, R8
// and g (R10) survive C functions and system calls.
// The numbers are offsets in forkexecArgs, whose members are 64 bits wide here, too.
TEXT ·forkexecCall(SB),NOSPLIT,$16-4
	MOVW	c+0(FP), R6
again:
	MOVW	$-1, R0
	MOVW	R0, 4(R13)
	MOVW	R0, 8(R13)
	MOVW	$2, R0		// SIG_SETMASK
	ADD	$4, R13, R1
	ADD	$8, R6, R2	// mask
	MOVW	$8, R3
	MOVW	$175, R7	// rt_sigprocmask
	SWI	$0
	MOVW	R0, 16(R6)	// blocked
	MOVW	R0->31, R1
	MOVW	R1, 20(R6)
	CMP	$0, R0
	BNE	done
	MOVW	R13, R8
	MOVW	0(R6), R1	// stackTop
	MOVW	R1, R13
	MOVW	R6, R0
	BL	·forkexecText(SB)
	MOVW	R8, R13
	MOVW	$2, R0
	ADD	$8, R6, R1
	MOVW	$0, R2
	MOVW	$8, R3
	MOVW	$175, R7
	SWI	$0
	MOVW	64(R6), R0	// again
	CMP	$1, R0
	BNE	done
	MOVW	88(R6), R0	// args
	MOVW	96(R6), R1
	MOVW	104(R6), R2
	MOVW	112(R6), R3
	MOVW	120(R6), R4
	MOVW	$0, R5
	MOVW	80(R6), R7	// nr
	SWI	$0
	MOVW	R0, 128(R6)	// ret
	MOVW	R0->31, R1
	MOVW	R1, 132(R6)
	B	again
done:
	RET

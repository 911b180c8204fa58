// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

#include "textflag.h"

// func forkexecCall(c *forkexecArgs)
//
// Calls the core until it has no more system call to wait in. Go's signal handlers must
// never see a stack pointer that is not a goroutine's, nor a g that C has overwritten, so
// all signals are blocked before the switch, and the mask is put back after it. R19, R20
// and g (R28) survive C functions and system calls. The numbers are offsets in forkexecArgs.
TEXT ·forkexecCall(SB),NOSPLIT,$16-8
	MOVD	c+0(FP), R19
again:
	MOVD	$-1, R0
	MOVD	R0, 8(RSP)
	MOVD	$2, R0		// SIG_SETMASK
	ADD	$8, RSP, R1
	ADD	$8, R19, R2	// mask
	MOVD	$8, R3
	MOVD	$135, R8	// rt_sigprocmask
	SVC
	MOVD	R0, 16(R19)	// blocked
	CBNZ	R0, done
	MOVD	RSP, R20
	MOVD	0(R19), R1	// stackTop
	MOVD	R1, RSP
	MOVD	R19, R0
	CALL	·forkexecText(SB)
	MOVD	R20, RSP
	MOVD	$2, R0
	ADD	$8, R19, R1
	MOVD	$0, R2
	MOVD	$8, R3
	MOVD	$135, R8
	SVC
	MOVD	64(R19), R0	// again
	CMP	$1, R0
	BNE	done
	MOVD	88(R19), R0	// args
	MOVD	96(R19), R1
	MOVD	104(R19), R2
	MOVD	112(R19), R3
	MOVD	120(R19), R4
	MOVD	$0, R5
	MOVD	80(R19), R8	// nr
	SVC
	MOVD	R0, 128(R19)	// ret
	JMP	again
done:
	RET

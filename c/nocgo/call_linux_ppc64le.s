// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

#include "textflag.h"

// func forkexecCall(c *forkexecArgs)
//
// Calls the core until it has no more system call to wait in. Go's signal handlers must
// never see a stack pointer that is not a goroutine's, nor a g that C has overwritten, so
// all signals are blocked before the switch, and the mask is put back after it. R14 to
// R16 and g (R30) survive C functions and system calls. C keeps a frame of its own above its
// stack pointer and overwrites R2, which Go has plans for in shared code, and R0, which
// Go wants to be zero. A system call answers a positive errno and an overflow.
// The numbers are offsets in forkexecArgs.
TEXT ·forkexecCall(SB),NOSPLIT,$16-8
	MOVD	c+0(FP), R14
again:
	MOVD	$-1, R3
	MOVD	R3, 32(R1)
	MOVD	$2, R3		// SIG_SETMASK
	ADD	$32, R1, R4
	ADD	$8, R14, R5	// mask
	MOVD	$8, R6
	SYSCALL	$174		// rt_sigprocmask
	BVC	2(PC)
	NEG	R3, R3
	MOVD	R3, 16(R14)	// blocked
	CMP	R3, $0
	BNE	done
	MOVD	R1, R15
	MOVD	R2, R16
	MOVD	0(R14), R4	// stackTop
	ADD	$-96, R4
	MOVD	R0, 0(R4)
	MOVD	R4, R1
	MOVD	R14, R3
	CALL	·forkexecText(SB)
	MOVD	R15, R1
	MOVD	R16, R2
	XOR	R0, R0
	MOVD	$2, R3
	ADD	$8, R14, R4
	MOVD	$0, R5
	MOVD	$8, R6
	SYSCALL	$174
	MOVD	64(R14), R3	// again
	CMP	R3, $1
	BNE	done
	MOVD	88(R14), R3	// args
	MOVD	96(R14), R4
	MOVD	104(R14), R5
	MOVD	112(R14), R6
	MOVD	120(R14), R7
	MOVD	$0, R8
	MOVD	80(R14), R9	// nr
	SYSCALL	R9
	BVC	2(PC)
	NEG	R3, R3
	MOVD	R3, 128(R14)	// ret
	BR	again
done:
	RET

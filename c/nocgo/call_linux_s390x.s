// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

#include "textflag.h"

// func forkexecCall(c *forkexecArgs)
//
// Calls the core until it has no more system call to wait in. Go's signal handlers must
// never see a stack pointer that is not a goroutine's, nor a g that C has overwritten, so
// all signals are blocked before the switch, and the mask is put back after it. R8, R9
// and g (R13) survive C functions and system calls. C owns 160 bytes above its stack pointer.
// The numbers are offsets in forkexecArgs.
TEXT ·forkexecCall(SB),NOSPLIT,$16-8
	MOVD	c+0(FP), R8
again:
	MOVD	$-1, R2
	MOVD	R2, 8(R15)
	MOVD	$2, R2		// SIG_SETMASK
	MOVD	R15, R3
	ADD	$8, R3
	MOVD	R8, R4
	ADD	$8, R4		// mask
	MOVD	$8, R5
	MOVD	$175, R1	// rt_sigprocmask
	SYSCALL
	MOVD	R2, 16(R8)	// blocked
	CMPBNE	R2, $0, done
	MOVD	R15, R9
	MOVD	0(R8), R3	// stackTop
	ADD	$-160, R3
	MOVD	R3, R15
	MOVD	R8, R2
	CALL	·forkexecText(SB)
	MOVD	R9, R15
	MOVD	$2, R2
	MOVD	R8, R3
	ADD	$8, R3
	MOVD	$0, R4
	MOVD	$8, R5
	MOVD	$175, R1
	SYSCALL
	MOVD	64(R8), R2	// again
	CMPBNE	R2, $1, done
	MOVD	88(R8), R2	// args
	MOVD	96(R8), R3
	MOVD	104(R8), R4
	MOVD	112(R8), R5
	MOVD	120(R8), R6
	MOVD	$0, R7
	MOVD	80(R8), R1	// nr
	SYSCALL
	MOVD	R2, 128(R8)	// ret
	BR	again
done:
	RET

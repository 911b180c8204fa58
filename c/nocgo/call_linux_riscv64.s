// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

#include "textflag.h"

// func forkexecCall(c *forkexecArgs)
//
// Calls the core until it has no more system call to wait in. Go's signal handlers must
// never see a stack pointer that is not a goroutine's, nor a g that C has overwritten, so
// all signals are blocked before the switch, and the mask is put back after it. X8, X9
// and g (X27) survive C functions and system calls.
// The numbers are offsets in forkexecArgs.
TEXT ·forkexecCall(SB),NOSPLIT,$16-8
	MOV	c+0(FP), X8
again:
	MOV	$-1, X5
	MOV	X5, 8(X2)
	MOV	$2, X10		// SIG_SETMASK
	ADD	$8, X2, X11
	ADD	$8, X8, X12	// mask
	MOV	$8, X13
	MOV	$135, X17	// rt_sigprocmask
	ECALL
	MOV	X10, 16(X8)	// blocked
	BNE	X10, ZERO, done
	MOV	X2, X9
	MOV	0(X8), X2	// stackTop
	MOV	X8, X10
	CALL	·forkexecText(SB)
	MOV	X9, X2
	MOV	$2, X10
	ADD	$8, X8, X11
	MOV	ZERO, X12
	MOV	$8, X13
	MOV	$135, X17
	ECALL
	MOV	64(X8), X5	// again
	MOV	$1, X6
	BNE	X5, X6, done
	MOV	88(X8), X10	// args
	MOV	96(X8), X11
	MOV	104(X8), X12
	MOV	112(X8), X13
	MOV	120(X8), X14
	MOV	ZERO, X15
	MOV	80(X8), X17	// nr
	ECALL
	MOV	X10, 128(X8)	// ret
	JMP	again
done:
	RET

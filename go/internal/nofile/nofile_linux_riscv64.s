// SPDX-License-Identifier: BSD-3-Clause

#include "textflag.h"

// func prlimit(limit *[2]uint64) int64
TEXT ·prlimit(SB),NOSPLIT,$0-16
	MOV	ZERO, X10
	MOV	$7, X11
	MOV	ZERO, X12
	MOV	limit+0(FP), X13
	MOV	$261, X17
	ECALL
	MOV	X10, ret+8(FP)
	RET

// SPDX-License-Identifier: BSD-3-Clause

#include "textflag.h"

// func prlimit(limit *[2]uint64) int64
TEXT ·prlimit(SB),NOSPLIT,$0-16
	MOVD	$0, R3
	MOVD	$7, R4
	MOVD	$0, R5
	MOVD	limit+0(FP), R6
	SYSCALL	$325
	BVC	2(PC)
	NEG	R3, R3
	MOVD	R3, ret+8(FP)
	RET

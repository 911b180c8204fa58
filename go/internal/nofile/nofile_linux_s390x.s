// SPDX-License-Identifier: BSD-3-Clause

#include "textflag.h"

// func prlimit(limit *[2]uint64) int64
TEXT ·prlimit(SB),NOSPLIT,$0-16
	MOVD	$0, R2
	MOVD	$7, R3
	MOVD	$0, R4
	MOVD	limit+0(FP), R5
	MOVD	$334, R1
	SYSCALL
	MOVD	R2, ret+8(FP)
	RET

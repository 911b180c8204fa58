// SPDX-License-Identifier: BSD-3-Clause

#include "textflag.h"

// func prlimit(limit *[2]uint64) int64
TEXT ·prlimit(SB),NOSPLIT,$0-12
	MOVW	$0, R0
	MOVW	$7, R1
	MOVW	$0, R2
	MOVW	limit+0(FP), R3
	MOVW	$369, R7
	SWI	$0
	MOVW	R0, ret_lo+4(FP)
	MOVW	R0->31, R1
	MOVW	R1, ret_hi+8(FP)
	RET

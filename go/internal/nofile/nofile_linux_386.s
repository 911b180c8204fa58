// SPDX-License-Identifier: BSD-3-Clause

#include "textflag.h"

// func prlimit(limit *[2]uint64) int64
TEXT ·prlimit(SB),NOSPLIT,$0-12
	MOVL	$0, BX
	MOVL	$7, CX
	MOVL	$0, DX
	MOVL	limit+0(FP), SI
	MOVL	$340, AX
	INT	$0x80
	MOVL	AX, ret_lo+4(FP)
	CDQ
	MOVL	DX, ret_hi+8(FP)
	RET

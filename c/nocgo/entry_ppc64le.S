/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds out where it is: forkexec_entry wants its own address in r12, from which it works
 * out its table pointer r2; nobody who calls flat text can know it.
 */
	.abiversion 2
	.section .text.entry, "ax"
	mflr 0
	bcl 20, 31, 1f
1:	mflr 12
	mtlr 0
	addis 12, 12, (forkexec_entry - 1b)@ha
	addi 12, 12, (forkexec_entry - 1b)@l
	mtctr 12
	bctr

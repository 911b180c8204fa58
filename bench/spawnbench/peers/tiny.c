/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The smallest program: static, no C library, exits with 0 at once. What remains of
 * the time of a spawn is the kernel's and the parent's. With WAIT it first reads its
 * standard input, so that it lives until somebody ends that.
 */
__asm__(".text\n"
	".globl _start\n"
	".type _start, %function\n"
	"_start:\n"
#if defined(__x86_64__)
#ifdef WAIT
	"	xorl %eax, %eax\n" /* read */
	"	xorl %edi, %edi\n"
	"	leaq -8(%rsp), %rsi\n"
	"	movl $1, %edx\n"
	"	syscall\n"
#endif
	"	movl $231, %eax\n" /* exit_group */
	"	xorl %edi, %edi\n"
	"	syscall\n"
#elif defined(__aarch64__)
#ifdef WAIT
	"	mov x8, #63\n" /* read */
	"	mov x0, #0\n"
	"	sub x1, sp, #16\n"
	"	mov x2, #1\n"
	"	svc #0\n"
#endif
	"	mov x8, #94\n" /* exit_group */
	"	mov x0, #0\n"
	"	svc #0\n"
#else
#error "tiny.c has no code for this architecture"
#endif
	".size _start, . - _start\n");

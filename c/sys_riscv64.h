/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sys_riscv64.h - system calls on 64-bit RISC-V. Included by sys.h only.
 *
 * Number in a7, arguments in a0 to a5, result in a0; the kernel keeps all other
 * registers.
 */
#include "sys_generic.h"

static CORE_INLINE long arch_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	register long a7 __asm__("a7") = nr;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register long a5 __asm__("a5") = f;

	__asm__ volatile("ecall"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
			 : "memory");
	return a0;
}

/*
 * clone or clone3 onto a new stack. The child knows nothing but registers: it
 * calls fn(arg), which never returns. A return address and frame pointer of zero
 * end a debugger's backtrace.
 */
static CORE_INLINE long arch_clone(long nr, long a, long b, long c, long d, long e,
				   void (*fn)(void *), void *arg)
{
	register long a7 __asm__("a7") = nr;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register void (*t1)(void *) __asm__("t1") = fn;
	register void *t2 __asm__("t2") = arg;

	__asm__ volatile("ecall\n\t"
			 "bnez a0, 1f\n\t"
			 "li s0, 0\n\t"
			 "li ra, 0\n\t"
			 "mv a0, t2\n\t"
			 "jalr t1\n\t"
			 "ebreak\n"
			 "1:"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(t1), "r"(t2)
			 : "memory");
	return a0;
}

/* clone(2)'s last two arguments have a different order on each architecture. */
#define ARCH_CLONE_ARGS(flags, stack, ptid, ctid) (flags), (stack), (ptid), 0, (ctid)

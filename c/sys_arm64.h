/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sys_arm64.h - system calls on AArch64. Included by sys.h only.
 *
 * Number in x8, arguments in x0 to x5, result in x0; the kernel keeps all other
 * registers.
 */
#include "sys_generic.h"

static CORE_INLINE long arch_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

/*
 * clone or clone3 onto a new stack. The child knows nothing but registers: it
 * calls fn(arg), which never returns. A frame pointer and return address of zero
 * end a debugger's backtrace.
 */
static CORE_INLINE long arch_clone(long nr, long a, long b, long c, long d, long e,
				   void (*fn)(void *), void *arg)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register void (*x9)(void *) __asm__("x9") = fn;
	register void *x10 __asm__("x10") = arg;

	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x30, xzr\n\t"
			 "mov x0, x10\n\t"
			 "blr x9\n\t"
			 "brk #0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x9), "r"(x10)
			 : "memory", "cc");
	return x0;
}

/* clone(2)'s last two arguments have a different order on each architecture. */
#define ARCH_CLONE_ARGS(flags, stack, ptid, ctid) (flags), (stack), (ptid), 0, (ctid)

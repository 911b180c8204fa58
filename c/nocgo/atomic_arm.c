//go:build ignore

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * atomic_arm.c - what gcc calls for atomics on ARM before version 7, in place of libgcc.
 * For the text of GOARM=5 and 6 alone. These processors differ in what they have, and the
 * kernel of a later one may trap what was theirs (CP15 barriers on ARMv8). So the kernel's
 * own helpers do it, in a page that every process has: the kernel's
 * Documentation/arch/arm/kernel_user_helpers.rst. Go's runtime needs them as well there.
 */
#include "../sys.h"

/* Returns 0 if *p was old and is new now. With barriers; may fail for no reason. */
typedef int kuser_cmpxchg(uint32_t old, uint32_t new, volatile uint32_t *p);
typedef void kuser_memory_barrier(void);
#define KUSER_CMPXCHG        ((kuser_cmpxchg *)0xffff0fc0)
#define KUSER_MEMORY_BARRIER ((kuser_memory_barrier *)0xffff0fa0)

/* By these names gcc calls them; C may not define them, as they are builtins. It makes
 * an exchange of the second by itself; what is missing does not link. */
HIDDEN void synchronize(void) __asm__("__sync_synchronize");
HIDDEN uint32_t compare_and_swap(volatile uint32_t *p, uint32_t old, uint32_t new)
	__asm__("__sync_val_compare_and_swap_4");
HIDDEN uint32_t fetch_or(volatile uint32_t *p, uint32_t bits) __asm__("__sync_fetch_and_or_4");
HIDDEN uint32_t fetch_and(volatile uint32_t *p, uint32_t bits) __asm__("__sync_fetch_and_and_4");

void synchronize(void)
{
	KUSER_MEMORY_BARRIER();
}

uint32_t compare_and_swap(volatile uint32_t *p, uint32_t old, uint32_t new)
{
	uint32_t now;

	do {
		now = *p;
		if (now != old) {
			KUSER_MEMORY_BARRIER();
			return now;
		}
	} while (KUSER_CMPXCHG(old, new, p));
	return old;
}

uint32_t fetch_or(volatile uint32_t *p, uint32_t bits)
{
	uint32_t old;

	do
		old = *p;
	while (KUSER_CMPXCHG(old, old | bits, p));
	return old;
}

uint32_t fetch_and(volatile uint32_t *p, uint32_t bits)
{
	uint32_t old;

	do
		old = *p;
	while (KUSER_CMPXCHG(old, old & bits, p));
	return old;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sandbox.h - seccomp filters for tests: system calls that are refused, as old kernels
 * and container policies refuse them, and system calls that hold their caller until a
 * thread of the test lets it go. A filter cannot be taken back: only in isolate().
 */
#ifndef TESTS_SANDBOX_H
#define TESTS_SANDBOX_H

#include <pthread.h>
#include <stdint.h>

#define SANDBOX_KILL (-1) /* as err: the process dies */

/* Refuses nr with err if args[0] has a bit of mask and none of unless; mask 0: always. */
struct sandbox_rule {
	long nr;
	uint32_t mask;
	uint32_t unless;
	int err;
};

void sandbox_refuse(const struct sandbox_rule *rules, unsigned n);

/*
 * The first caller of nr from here on is held; act(pid, arg) runs in a thread meanwhile,
 * then the call goes on. Returns 0 if this kernel cannot hold callers.
 */
struct hold {
	void (*act)(int pid, void *arg);
	void *arg;
	int listener;
	volatile int held; /* set before act runs */
	volatile int done;
	pthread_t thread;
};

int hold_start(struct hold *h, long nr, void (*act)(int pid, void *arg), void *arg);
void hold_join(struct hold *h);

#endif /* TESTS_SANDBOX_H */

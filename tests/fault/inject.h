/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inject.h - the fault injector behind forkexec_test_fault(), the door that the core
 * asks before each system call in test builds. Parent and child are counted apart, for
 * they run at the same time; the counts lie in a page that forked children share.
 */
#ifndef TESTS_INJECT_H
#define TESTS_INJECT_H

#include <stddef.h>
#include <stdint.h>

enum side {
	PARENT,
	CHILD_SIDE,
	N_SIDES,
};

struct always { /* a call that fails in every run */
	long nr;
	int err;
};

#define MAX_ALWAYS 3
#define MAX_CALLS  2000 /* of a side, in one start */

struct injector {
	/* Set by the test. */
	volatile int armed;
	int parent_pid;
	enum side side; /* whose call fails: */
	uint32_t at;    /* the at-th, from 1; 0: none */
	int err;
	struct always always[MAX_ALWAYS]; /* err 0: unused */

	/* Set by the injector. */
	volatile uint32_t count[N_SIDES];
	volatile uint32_t n_clones; /* clone and clone3 calls that were not "always" */
	volatile int hit;
	volatile long hit_nr;
	volatile uint32_t hit_index;       /* the call is the hit_index-th of its number there */
	volatile uint32_t hit_after_clone; /* n_clones at that time, itself not counted */
	volatile uint32_t by_number[N_SIDES][512];
	volatile uint16_t nr_at[N_SIDES][MAX_CALLS]; /* of the case's last start with so many */

	/* For the watcher in another process. */
	volatile uint64_t progress;
	const char *volatile case_name;
};

extern struct injector *injector; /* set by injector_create() */

void injector_create(void);
void injector_arm(enum side side, uint32_t at, int err, const struct always *always);
void injector_disarm(void);

/* The i-th of the errnos that errnos.c has for a call, 0 behind the last. */
#define MANUAL_ERRNOS 24
int manual_errno(long nr, size_t i);

/* Is this a step that the child's failed call may belong to? */
int child_step_fits(uint32_t step, long nr);

/* The child takes its steps in the list's order; SIGMASK's place is before UNSHARE. */
uint32_t child_rank(uint32_t step);

/* The name of a system call as FORKEXEC_STEPS writes it, "?" for one we never make. */
const char *call_name(long nr);

#endif /* TESTS_INJECT_H */

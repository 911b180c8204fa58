/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * support.h - what the C tests share: requests, isolated test processes, probe
 * programs, and snapshots that show what a start has left behind.
 *
 * A test program is its own probe: started with argv[0] "probe:NAME" it does that
 * probe's work instead of its tests (probe_main), so that no second program must be
 * built and found. Never includes core.h: its constants clash with libc's; view.h
 * has what tests need of it.
 */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "forkexec.h"
#include "view.h"

#define PROBE_FDS 256 /* descriptors that the fds probe and the snapshots look at */

/* What probe:fds writes: the inode under each descriptor, 0 if closed, and its flag. */
struct probe_fds {
	uint64_t ino[PROBE_FDS];
	uint8_t cloexec[PROBE_FDS];
};

/* What a start must leave as it was. */
struct snapshot {
	uint8_t open[PROBE_FDS];
	uint64_t mask;
};

/*
 * In a process of isolate(): says what is wrong and ends it. cmocka's own asserts would
 * jump back into a copy of the test runner there.
 */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			check_failed(__FILE__, __LINE__, #condition);                              \
	} while (0)

/* The same, with both values. */
#define CHECK_EQ(a, b) check_equal(__FILE__, __LINE__, #a " == " #b, (int64_t)(a), (int64_t)(b))

_Noreturn void check_failed(const char *file, int line, const char *what);
void check_equal(const char *file, int line, const char *what, int64_t a, int64_t b);

/* Returns -1 if argv names no probe, else the probe's exit status. */
int probe_main(int argc, char **argv);

/* An empty request for this very program as the probe named by argv[0]. */
void request_init(struct forkexec_request *r, char *const *argv);

/* A failed test's processes come to us when their parent ends: kills and reaps them. */
void adopt_orphans(void);
void kill_orphans(void);

/*
 * FORKEXEC_TEST_SLOW=N: this machine is N times slower than others, as an emulated one
 * is. Limits of time grow with it, and tests that try all combinations try fewer.
 */
unsigned slowness(void);

/* Runs fn(arg) in a process of its own; fails the test unless it returns in time. */
void isolate(void (*fn)(void *arg), void *arg, unsigned seconds);

void snapshot_take(struct snapshot *s);
/* Returns NULL, or what differs now. */
const char *snapshot_differs(const struct snapshot *s);

/* The thread's mask by the raw call: libc's hides signals 32 and 33. */
uint64_t raw_mask(void);
void raw_set_mask(uint64_t mask);

/* Waits for pid and returns its wait status; CHECKs that there is one. */
int reap(int pid);

/* Is there no child at all, dead or alive? */
int no_children(void);

/* A hexadecimal line of /proc/PID/status, e.g. "SigBlk". */
uint64_t proc_status(int pid, const char *field);

/* What FORKEXEC_STEPS names, without step.c: the tests of the core do not need it. */
const char *step_text(uint32_t step);

#endif /* TESTS_SUPPORT_H */

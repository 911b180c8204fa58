/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * expect.h - what must come of a failed system call: whether the start goes on as if
 * nothing had been, and else which step it is reported as. The call is the injector's hit.
 */
#ifndef TESTS_EXPECT_H
#define TESTS_EXPECT_H

#include "cases.h"

int tolerated_by_parent(const struct fault_case *c);
int tolerated_by_child(const struct fault_case *c);

/* A refusal from every form of clone is taken for one without CLONE_PIDFD: no failure. */
int pidfd_refused(const struct fault_case *c);

#define UNKNOWN UINT32_MAX
/* What a parent's call that fails must come back as; changes *err where it is another's. */
uint32_t parent_step(const struct fault_case *c, int *err);

/* Is this a step that the child's failed call may belong to? */
int child_step_fits(uint32_t step, long nr);

/* The child takes its steps in the list's order; SIGMASK's place is before UNSHARE. */
uint32_t child_rank(uint32_t step);

/* A call that only hold.c makes in the parent. */
int is_hold_call(void);

#endif /* TESTS_EXPECT_H */

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * expect.h - what must come of the failure that the injector has made, from which call it
 * was, whose, and in which case.
 */
#ifndef TESTS_EXPECT_H
#define TESTS_EXPECT_H

#include "cases.h"

int pidfd_refused(const struct fault_case *c);
int is_hold_call(void);
int tolerated_by_parent(const struct fault_case *c);
int tolerated_by_child(const struct fault_case *c);
uint32_t parent_step(int *err);
int child_step_fits(uint32_t step, long nr);
uint32_t child_rank(uint32_t step);

/* Where only an errno comes back. */
#define UNKNOWN UINT32_MAX

#endif /* TESTS_EXPECT_H */

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * view.h - private parts of the core that tests look at, in words that do not clash
 * with libc's headers as core.h does. view.c fills them in from core.h.
 */
#ifndef TESTS_VIEW_H
#define TESTS_VIEW_H

#include <stdint.h>

#include "forkexec.h"
#include "forkexec_go.h"

/* enum method of core.h; view.c asserts that it is the same. */
enum view_method {
	VIEW_CLONE3,
	VIEW_CLONE,
	VIEW_CLONE3_FORK,
	VIEW_FORK,
	VIEW_METHODS,
};

extern const char *const view_method_names[VIEW_METHODS];

uint32_t view_refused(enum view_method method);
uint32_t view_proven(enum view_method method);

/* The bit that says that close_range(2) was seen to unshare a descriptor table. */
uint32_t view_trims(void);

/* State bits that leave only this method, for requests that may share memory or not. */
uint32_t view_only(enum view_method method);

/* The method that made, or was last tried for, the child of this work memory. */
enum view_method view_method_of(const void *work);

/*
 * Begins forkexec_go() on the frame, overwrites its groups, and ends it. Returns how many the request
 * then has, and puts these in place of the others.
 */
uint32_t view_move_groups(struct forkexec_go_frame *f, struct forkexec_state *state, uint32_t *groups);

#endif /* TESTS_VIEW_H */

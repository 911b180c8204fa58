/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * run.h - what the C library's entries (lib.c) take from the core (run.c) beside the API.
 * lib.c includes libc's headers, so core.h is not for it. Private.
 */
#ifndef FORKEXEC_RUN_H
#define FORKEXEC_RUN_H

#include "forkexec.h"

/*
 * forkexec_run(), or the same until the child has ended: who waits for that anyway sleeps once
 * then, and not for the execve as well. The child is still to be waited for.
 */
enum run_until { UNTIL_EXECVE, UNTIL_END };
__attribute__((visibility("hidden"))) int
forkexec_run_until(const struct forkexec_request *request, struct forkexec_result *ret,
		   struct forkexec_state *state, enum run_until until);

#endif /* FORKEXEC_RUN_H */

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * steps.c - which calls the child's steps are made of, and their order.
 */
#include <string.h>
#include <sys/syscall.h>

#include "forkexec.h"
#include "inject.h"

int child_step_fits(uint32_t step, long nr)
{
	static const char *const calls[] = {
		"none",
#define CALL(id, NAME, name, syscall, field) [id] = syscall,
		FORKEXEC_STEPS(CALL)
#undef CALL
	};

	if (step >= sizeof(calls) / sizeof(calls[0]) ||
	    (step < FORKEXEC_STEP_KEEPCAPS && step != FORKEXEC_STEP_SIGMASK))
		return 0;
	if (!strcmp(calls[step], call_name(nr)))
		return 1;
	/* Steps of several calls, of which the list names the most telling one. */
	switch (step) {
	case FORKEXEC_STEP_PROC_SETGROUPS:
	case FORKEXEC_STEP_GID_MAP:
	case FORKEXEC_STEP_UID_MAP:
		return nr == SYS_openat;
	case FORKEXEC_STEP_FD_DUP:
		return nr == SYS_fcntl; /* one that is in its place already */
	case FORKEXEC_STEP_CLOSE_FDS:
		return nr == SYS_openat || nr == SYS_getdents64 || nr == SYS_fcntl;
	default:
		return 0;
	}
}

uint32_t child_rank(uint32_t step)
{
	return step == FORKEXEC_STEP_SIGMASK ? 2 * FORKEXEC_STEP_UNSHARE - 1 : 2 * step;
}

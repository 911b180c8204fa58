/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explaining.h - what test_explain.c and test_explain_bad.c share: a start that fails, and what is
 * said of it.
 */
#ifndef TESTS_EXPLAINING_H
#define TESTS_EXPLAINING_H

#include <string.h>

#include "support.h"

#define ROOM 16384

static char *no_argv[] = {"x", NULL}, *no_envp[] = {NULL};
static char said[ROOM];

static const char *explain(const struct forkexec_request *r, const struct forkexec_result *result,
			   uint32_t flags)
{
	long n = forkexec_explain_as(r, result, flags, said, sizeof(said));

	assert_int_equal(n, strlen(said));
	return said;
}

/* Starts, and says why that failed. */
static const char *failure(struct forkexec_request *r, uint32_t step, int err)
{
	struct snapshot before;
	struct forkexec_result result;
	const char *differs;

	snapshot_take(&before);
	assert_true(forkexec_spawn(r, &result) < 0);
	if (result.step != step || result.err != err)
		fail_msg("%s, %d in place of %s, %d", forkexec_step_name(result.step), result.err,
			 forkexec_step_name(step), err);
	explain(r, &result, 0);
	differs = snapshot_differs(&before);
	if (differs)
		fail_msg("%s: %s", said, differs);
	return said;
}

#define assert_says(text)                                                                          \
	do {                                                                                       \
		if (!strstr(said, text))                                                           \
			fail_msg("\"%s\" is not in: %s", text, said);                              \
	} while (0)

static void nothing(struct forkexec_request *r, const char *path)
{
	forkexec_request_init(r);
	r->path = path;
	r->argv = no_argv;
	r->envp = no_envp;
}

#endif /* TESTS_EXPLAINING_H */

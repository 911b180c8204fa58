//go:build ignore

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lib.c - the C library's entry: forkexec_run() with a state of the library's own.
 * The only file with data; not part of the core.
 */
#include <stdlib.h>
#include <string.h>

#include "forkexec.h"

static struct forkexec_state state;

/* FORKEXEC is a list of words separated by commas; this library knows noclone3. */
static int setting(const char *word)
{
	const char *p = getenv("FORKEXEC");
	size_t n = strlen(word);

	while (p && *p) {
		size_t len = strcspn(p, ",");

		if (len == n && !strncmp(p, word, n))
			return 1;
		p += len + (p[len] == ',');
	}
	return 0;
}

/* At load time: getenv() and a later setenv() of another thread must not meet. */
__attribute__((constructor)) static void read_settings(void)
{
	if (setting("noclone3"))
		state.bits |= FORKEXEC_STATE_NO_CLONE3;
}

int forkexec_spawn(const struct forkexec_request *request, struct forkexec_result *ret)
{
	return forkexec_run(request, ret, &state);
}

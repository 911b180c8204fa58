//go:build ignore

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lib.c - the C library's entry: forkexec_run() with a state of the library's own.
 * The only file with data; not part of the core.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "forkexec.h"

static struct forkexec_state state;

/*
 * FORKEXEC is a list of words separated by commas. This library needs noclone3; stdlib and
 * verbose are for Go programs. One that nobody knows is told, for it does nothing.
 */
static void read_word(const char *word, size_t n)
{
	static const char *const others[] = {"stdlib", "verbose", ""};
	size_t i;

	if (n == strlen("noclone3") && !strncmp(word, "noclone3", n)) {
		state.bits |= FORKEXEC_STATE_NO_CLONE3;
		return;
	}
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (n == strlen(others[i]) && !strncmp(word, others[i], n))
			return;
	dprintf(STDERR_FILENO, "forkexec: FORKEXEC has an unknown word: %.*s\n", (int)n, word);
}

/* At load time: getenv() and a later setenv() of another thread must not meet. */
__attribute__((constructor)) static void read_settings(void)
{
	const char *p = getenv("FORKEXEC");
	size_t n;

	for (; p; p = p[n] ? p + n + 1 : NULL) {
		n = strcspn(p, ",");
		read_word(p, n);
	}
}

int forkexec_spawn(const struct forkexec_request *request, struct forkexec_result *ret)
{
	return forkexec_run(request, ret, &state);
}

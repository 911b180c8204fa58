/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shared.h - what the C library's entries (lib.c) and the command (cli/) both need and neither
 * has from the API. Private.
 */
#ifndef FORKEXEC_SHARED_H
#define FORKEXEC_SHARED_H

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forkexec.h"

/* Of words separated by commas: the first at p, without spaces, in *ret. Returns the next, or NULL. */
static inline const char *next_word(const char *p, const char **ret, size_t *ret_n)
{
	size_t n = strcspn(p, ",");
	const char *next = p[n] ? p + n + 1 : NULL;

	for (; n && *p == ' '; p++)
		n--;
	while (n && p[n - 1] == ' ')
		n--;
	*ret = p;
	*ret_n = n;
	return next;
}

static inline int word_is(const char *word, size_t n, const char *want)
{
	return n == strlen(want) && !strncmp(word, want, n);
}

/*
 * Of the folders at p, separated by colons, the first: "folder/name", or "name" for an empty one,
 * into path; an empty string if that is too long. Returns the next folder, or NULL.
 */
static inline const char *next_candidate(const char *p, const char *name, char path[PATH_MAX])
{
	const int n = (int)strcspn(p, ":");
	const int length = snprintf(path, PATH_MAX, "%.*s%s%s", n, p, n ? "/" : "", name);

	if (length <= 0 || length >= PATH_MAX)
		*path = 0;
	return p[n] ? p + n + 1 : NULL;
}

/* The folders of PATH; without it those of execvp(3). */
static inline const char *path_folders(void)
{
	const char *folders = getenv("PATH");

	return folders ? folders : "/bin:/usr/bin";
}

/* May the child see other files than we do, as it joins another mount namespace? */
static inline int joins_mounts(const struct forkexec_request *r)
{
	const uint32_t new_mounts = 0x00020000; /* CLONE_NEWNS wants _GNU_SOURCE */
	uint32_t i;

	for (i = 0; r->namespaces && i < r->n_namespaces; i++)
		if (!r->namespaces[i].type || r->namespaces[i].type & new_mounts)
			return 1;
	return 0;
}

#endif /* FORKEXEC_SHARED_H */

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * helpers.c - why newuidmap(1) or newgidmap(1) has failed: they say little themselves.
 */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* What the library says of a map that no kernel takes; the same with another map is of no map. */
static void explain_shape(int groups, const struct forkexec_id_map *map, uint32_t n, char *text, size_t size)
{
	const struct forkexec_result result = {
		.step = groups ? FORKEXEC_STEP_GID_MAP : FORKEXEC_STEP_UID_MAP,
		.err = 22 /* EINVAL */, .detail = -1,
	};
	struct forkexec_request r = FORKEXEC_REQUEST_INIT;

	r.path = ""; /* without one it looks at nothing */
	r.clone_flags = NEW_USER;
	r.flags = groups ? FORKEXEC_GID_MAP : FORKEXEC_UID_MAP;
	r.uid_map = r.gid_map = map;
	r.n_uid_map = r.n_gid_map = n;
	*text = 0;
	forkexec_explain_as(&r, &result, FORKEXEC_EXPLAIN_HINT | FORKEXEC_EXPLAIN_OPTIONS, text, size);
}

static int has_bad_shape(int groups, const struct forkexec_id_map *map, uint32_t n, char *text, size_t size)
{
	const struct forkexec_id_map good = {0, 0, 1};
	char other[1024];

	explain_shape(groups, &good, 1, other, sizeof(other));
	explain_shape(groups, map, n, text, size);
	return *text && strcmp(text, other) != 0;
}

/* The end of the range in a line of subuid(5) that begins at or before first, and is the user's. */
static int64_t end_of_grant(FILE *file, const struct passwd *user, int64_t first)
{
	char line[1024], owner[512], number_text[24];
	int64_t start, count;

	snprintf(number_text, sizeof(number_text), "%lu", (unsigned long)user->pw_uid);
	rewind(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%511[^:]:%" SCNd64 ":%" SCNd64, owner, &start, &count) != 3 ||
		    (strcmp(owner, user->pw_name) != 0 && strcmp(owner, number_text) != 0))
			continue;
		if (start <= first && first - start < count)
			return start + count;
	}
	return -1;
}

/* The first ID outside that the user may not map, or -1. Ranges may go on in another line. */
static int64_t not_granted(const char *path, const struct passwd *user, int64_t first, int64_t n)
{
	FILE *file = fopen(path, "re");
	int64_t end = first + n, next = first;

	do {
		first = next;
		next = file && first < end ? end_of_grant(file, user, first) : -1;
	} while (next > first);
	if (file)
		fclose(file);
	return first < end ? first : -1;
}

/*
 * The cause, as far as it can be known: text is "" if the helper's own words must do. status is
 * its exit status, 127 if there is no such helper.
 */
void explain_helper(int groups, const struct forkexec_id_map *map, uint32_t n, int status, char *text,
		    size_t size)
{
	const char *path = groups ? "/etc/subgid" : "/etc/subuid";
	const struct passwd *user = getpwuid(getuid());
	int64_t id;
	uint32_t i;

	if (status == EXIT_NOT_FOUND) {
		snprintf(text, size, "new%cidmap(1) is not in the folders of PATH: install it (package uidmap).",
			 groups ? 'g' : 'u');
		return;
	}
	if (has_bad_shape(groups, map, n, text, size))
		return;
	*text = 0;
	for (i = 0; user && i < n; i++) {
		if (map[i].size == 1 && map[i].host_id == (groups ? user->pw_gid : user->pw_uid))
			continue;
		id = not_granted(path, user, map[i].host_id, map[i].size);
		if (id < 0)
			continue;
		snprintf(text, size, "%s does not grant the ID %" PRId64 " outside to %s: map IDs that it grants, "
			 "or have a line added that covers them, as %s:100000:65536.", path, id, user->pw_name,
			 user->pw_name);
		return;
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * search.h - the search in PATH, by trying: that of the C library (lib.c), and of the command
 * (cli/start.c), which starts in a way of its own. Private.
 */
#ifndef FORKEXEC_SEARCH_H
#define FORKEXEC_SEARCH_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "forkexec.h"
#include "shared.h"

/* As forkexec_spawn(), with the context of the search's caller. */
typedef int try_fn(void *context, const struct forkexec_request *request,
		   struct forkexec_result *ret);

/*
 * Is there nothing, for the child as for us? Saves a start for each folder of PATH, and a wrong
 * "permission denied" for one that may not be searched. In doubt: no.
 */
static inline int is_absent(const struct forkexec_request *r, const char *path)
{
	int saved = errno, absent;

	absent = path[0] == '/' && !r->chroot && !joins_mounts(r) &&
		 faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) < 0;
	errno = saved;
	return absent;
}

/* As execvp(3): is it worth going on after this failure? */
static inline int may_be_elsewhere(const struct forkexec_result *ret)
{
	if (ret->step != FORKEXEC_STEP_EXECVE)
		return 0;
	switch (ret->err) {
	case EACCES:
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
	case ENODEV:
	case ESTALE:
	case ETIMEDOUT:
		return 1;
	}
	return 0;
}

static inline void tell(char *found, size_t size, const char *path)
{
	if (found && size)
		(void)snprintf(found, size, "%s", strlen(path) < size ? path : "");
}

/*
 * A search that has found nothing: the first candidate of which there is something, a link to
 * nothing or a script without its interpreter, is what to explain.
 */
static inline int tell_candidate(const struct forkexec_request *r, char *found, size_t size)
{
	const char *folder = path_folders(), *root = r->chroot ? r->chroot : "";
	char path[PATH_MAX], seen[2 * PATH_MAX];
	int saved = errno, there = 0;
	struct stat st;

	while (folder && !there) {
		folder = next_candidate(folder, r->path, path);
		if (!*path)
			continue;
		(void)snprintf(seen, sizeof(seen), "%s%s%s", *path == '/' ? root : r->dir ? r->dir : "",
			       *path != '/' && r->dir ? "/" : "", path);
		there = lstat(seen, &st) == 0;
		if (there)
			tell(found, size, path);
	}
	errno = saved;
	return there;
}

/* Tries to start the program in each folder of PATH. Otherwise as forkexec_spawnp(). */
static inline int search_path(const struct forkexec_request *request, struct forkexec_result *ret,
			      char *found, size_t size, try_fn *try_start, void *context)
{
	struct forkexec_request try;
	struct forkexec_result denied = {.step = FORKEXEC_STEP_NONE};
	const char *folder = path_folders();
	char path[PATH_MAX];
	int err = -ENOENT;

	if (request->size != sizeof(*request) || !request->path || !*request->path ||
	    strchr(request->path, '/') || request->flags & FORKEXEC_EXEC_FD) {
		tell(found, size, request->size == sizeof(*request) && request->path ? request->path : "");
		return try_start(context, request, ret);
	}
	tell(found, size, "");
	*ret = (struct forkexec_result){.pidfd = -1, .step = FORKEXEC_STEP_EXECVE, .err = ENOENT};
	try = *request;
	try.path = path;
	while (folder) {
		folder = next_candidate(folder, request->path, path);
		if (!*path || is_absent(&try, path))
			continue;
		err = try_start(context, &try, ret);
		if (!err || !may_be_elsewhere(ret)) {
			tell(found, size, path);
			return err;
		}
		if (ret->err == EACCES && !denied.step) {
			denied = *ret;
			tell(found, size, path);
		}
	}
	if (denied.step) {
		*ret = denied;
	} else {
		ret->err = ENOENT;
		ret->detail = !tell_candidate(request, found, size);
	}
	return -ret->err;
}

#endif /* FORKEXEC_SEARCH_H */

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * child_fds.h - the child's descriptors: moved, put in place, closed. A part of child.c,
 * which alone includes it, and of its fenced zone.
 */
#ifndef FORKEXEC_CHILD_FDS_H
#define FORKEXEC_CHILD_FDS_H

/*
 * Our pipes were given numbers that were free. An entry of fds[] with such a number
 * names a closed descriptor, and must not hand our pipe to the program. Those of the
 * caller's that we keep are his, unless they have moved.
 */
CHILD static int32_t child_callers_fd(const struct job *job, int k)
{
	const struct forkexec_request *r = job->request;

	if (k == OWN_ERRNO_PIPE)
		return r->flags & FORKEXEC_ERRNO_PIPE ? r->errno_pipe : -1;
	if (k == OWN_EXEC)
		return r->flags & FORKEXEC_EXEC_FD ? r->exec_fd : -1;
	if (k == OWN_LANDLOCK)
		return r->flags & FORKEXEC_LANDLOCK ? r->landlock_fd : -1;
	return -1;
}

CHILD static int child_is_own(const struct job *job, int32_t fd)
{
	int k;

	for (k = 0; k < N_OWN_FDS; k++)
		if (fd >= 0 && fd == job->own[k])
			return fd != child_callers_fd(job, k);
	return 0;
}

/* Will a file be opened there? */
CHILD static int child_is_opened(const struct job *job, long fd)
{
	const struct forkexec_request *r = job->request;
	uint32_t i;

	for (i = 0; i < r->n_opens; i++)
		if (fd == r->opens[i].fd)
			return 1;
	return 0;
}

/*
 * Moves *fd to a free number to which nothing else comes: never onto a descriptor that is in
 * use (golang/go#61751).
 */
CHILD static long child_move_fd(const struct job *job, int32_t *fd)
{
	int32_t first = job->first_free;
	long ret;

	while ((ret = sys_fcntl(*fd, F_DUPFD_CLOEXEC, first)) >= 0) {
		if (!child_is_opened(job, ret)) {
			*fd = (int32_t)ret;
			return ret;
		}
		sys_close((int)ret);
		first = (int32_t)ret + 1;
	}
	return ret == -E_INVAL ? -E_BADF : ret; /* first is beyond RLIMIT_NOFILE: dup3(2)'s word for it */
}

/* A program by descriptor that keeps its number has that for its script's interpreter, too. */
CHILD static int child_stays(const struct job *job, int k)
{
	int32_t fd = job->own[k];

	return k == OWN_EXEC && (uint32_t)fd < job->request->n_fds && job->fds[fd] == fd &&
	       !child_is_opened(job, fd);
}

/*
 * Pass 1 over fds[], of which fds[i] becomes i: moves away those that pass 2 would overwrite
 * before it gets to them, and our own. Whatever moves may get a number that another entry
 * names, which was not open then: such an entry is made one that nothing can be.
 *
 * Returns 0, or -errno with step and detail in *reterr.
 */
CHILD static long child_move_fds(struct job *job, struct record *reterr)
{
	const struct forkexec_request *r = job->request;
	int32_t *fds = job->fds;
	int32_t n = (int32_t)r->n_fds, first = job->first_free, i;
	long ret;

	reterr->step = FORKEXEC_STEP_FD_MOVE;
	for (i = 0; i < n && job->moves_fds; i++) {
		reterr->detail = i;
		if (fds[i] < first)
			continue;
		ret = sys_fcntl(fds[i], F_GETFD, 0);
		if (ret == -E_BADF)
			fds[i] = NEVER_OPEN;
		else if (ret < 0)
			return ret;
	}
	reterr->detail = -1;
	for (i = 0; i < N_KEPT_FDS; i++) {
		int32_t was = job->own[i];

		if (was < 0 || (was >= first && !child_is_opened(job, was)) || child_stays(job, i))
			continue;
		MARK(FD_MOVE, -1);
		ret = child_move_fd(job, &job->own[i]);
		if (ret < 0)
			return ret;
		if (was != child_callers_fd(job, i)) /* an entry that names it still names nothing */
			sys_close(was);
	}
	for (i = 0; i < n && job->moves_fds; i++) {
		reterr->detail = i;
		if (fds[i] < 0 || fds[i] >= i)
			continue;
		MARK(FD_MOVE, i);
		ret = child_is_own(job, fds[i]) ? -E_BADF : child_move_fd(job, &fds[i]);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Pass 2: puts each in its place. */
CHILD static void child_place_fds(struct job *job)
{
	const struct forkexec_request *r = job->request;
	int32_t *fds = job->fds;
	int32_t n = (int32_t)r->n_fds, i;

	for (i = 0; i < n; i++) {
		if (child_is_own(job, fds[i]))
			child_fail(job, FORKEXEC_STEP_FD_DUP, -E_BADF, i);
		if (fds[i] == -1)
			sys_close(i);
		else if (fds[i] == i) /* dup3 onto itself fails, and would not clear the flag */
			TRY(FD_DUP, sys_fcntl(i, F_SETFD, 0), i);
		else
			TRY(FD_DUP, sys_dup3(fds[i], i, 0), i);
	}
	for (; r->fds && i < 3; i++)
		sys_close(i);
}

/* The descriptors that the steps to come need, one after the other; -1: none. */
#define N_NEEDED_FDS(r) ((r)->n_fds + N_NEEDED_OWN_FDS + 2 + (r)->n_namespaces)
CHILD static int32_t child_needed_fd(const struct job *job, uint32_t i)
{
	const struct forkexec_request *r = job->request;

	if (i < r->n_fds)
		return job->fds[i];
	i -= r->n_fds;
	if (i < N_NEEDED_OWN_FDS)
		return job->own[i];
	i -= N_NEEDED_OWN_FDS;
	if (i == 0)
		return r->flags & (FORKEXEC_FOREGROUND | FORKEXEC_SETCTTY) ? r->ctty : -1;
	if (i == 1)
		return r->flags & FORKEXEC_DIR_FD ? r->dir_fd : -1;
	return r->namespaces[i - 2].fd;
}

/* The least of them from first on, or INT32_MAX. */
CHILD static int32_t child_next_needed_fd(const struct job *job, int32_t first)
{
	int32_t next = INT32_MAX, fd;
	uint32_t i;

	for (i = 0; i < N_NEEDED_FDS(job->request); i++) {
		fd = child_needed_fd(job, i);
		if (fd >= first && fd < next)
			next = fd;
	}
	return next;
}

/* One more than the last of them. */
CHILD static int32_t child_end_of_needed_fds(const struct job *job)
{
	int32_t end = job->request->fds ? 0 : 3, fd;
	uint32_t i;

	for (i = 0; i < N_NEEDED_FDS(job->request); i++) {
		fd = child_needed_fd(job, i);
		if (fd >= end && fd < INT32_MAX)
			end = fd + 1;
	}
	return end;
}

/*
 * Nothing may move onto a number that is closed here, where a path would find it: so what must
 * move does so before. If it cannot, that is said when its turn has come.
 *
 * Closes what no step to come needs. What is above all of it goes first, for if the table
 * is our parent's, the kernel then copies only what is below (Linux 5.9): whatever is open
 * there costs nothing. Nothing may touch a descriptor before that.
 *
 * The rest only where our IDs will change: who then may ptrace us could take what is left,
 * should we be killed before the exec (CVE-2026-46333).
 */
CHILD static long child_trim_fds(struct job *job, struct record *reterr)
{
	const struct forkexec_request *r = job->request;
	int new_ids = r->flags & FORKEXEC_CREDENTIAL ||
		      (r->clone_flags | r->unshare_flags) & CLONE_NEWUSER;
	long moved = job->shares_table ? 0 : child_move_fds(job, reterr), ret;
	int32_t end = child_end_of_needed_fds(job), fd, next;

	MARK(CLOSE_FDS, end);
	ret = sys_close_range((unsigned)end, ~0u, CLOSE_RANGE_UNSHARE);
	if (ret < 0 && job->shares_table) /* a filter came up since it was seen to work */
		TRY(CLOSE_FDS, sys_unshare(CLONE_FILES), end);
	job->trimmed = ret >= 0;
	if (!new_ids || r->n_fds > TRIM_MAX_FILES)
		return moved;
	for (fd = r->fds ? 0 : 3; fd < end; fd = next + 1) {
		next = child_next_needed_fd(job, fd);
		if (next > fd)
			(void)sys_close_range((unsigned)fd, (unsigned)next - 1, 0);
	}
	return moved;
}

struct dirent64 { /* linux_dirent64, getdents64(2) */
	uint64_t ino;
	int64_t off;
	uint16_t length;
	uint8_t type;
	char name[];
};

/* Where close_range is missing: marks all that /proc/self/fd lists. */
CHILD static long child_cloexec_all(int32_t first)
{
	_Alignas(8) unsigned char buffer[1024];
	long dir, n, at, ret;

	dir = sys_openat("/proc/self/fd", O_RDONLY | O_CLOEXEC);
	if (dir < 0)
		return dir;
	while ((n = sys_getdents64((int)dir, buffer, sizeof(buffer))) > 0) {
		for (at = 0; at < n;) {
			struct dirent64 *entry = (struct dirent64 *)(void *)(buffer + at);
			const char *digit = entry->name;
			int32_t fd = 0;

			at += entry->length;
			while (*digit >= '0' && *digit <= '9')
				fd = fd * 10 + (*digit++ - '0');
			if (digit == entry->name || *digit || fd < first)
				continue; /* "." and "..", or one that stays */
			ret = sys_fcntl(fd, F_SETFD, FD_CLOEXEC);
			if (ret < 0)
				return ret;
		}
	}
	sys_close((int)dir);
	return n;
}

/*
 * Marks rather than closes: the report pipes live on until the exec. The flag is of
 * Linux 5.11; seccomp filters have answered EPERM to the whole call.
 */
CHILD static void child_close_fds(struct job *job)
{
	const struct forkexec_request *r = job->request;
	int32_t first = r->fds ? (int32_t)r->n_fds : 3;

	MARK(CLOSE_FDS, first);
	if (sys_close_range((unsigned)first, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		TRY(CLOSE_FDS, child_cloexec_all(first), first);
}

/*
 * Go raises the soft limit for itself at start-up; children get the old one back,
 * unless somebody has set another limit in the meantime. A failure is ignored.
 */
CHILD static void child_nofile(struct job *job)
{
	const struct forkexec_request *r = job->request;
	struct sys_rlimit now, old;

	MARK(NOFILE, 0);
	now.cur = r->nofile_raised;
	now.max = r->nofile_max;
	if (sys_prlimit(RLIMIT_NOFILE, NULL, &now) < 0 ||
	    (now.cur == r->nofile_raised && now.max == r->nofile_max)) {
		old.cur = r->nofile_soft;
		old.max = r->nofile_max;
		(void)sys_prlimit(RLIMIT_NOFILE, &old, NULL);
	}
}

#endif /* FORKEXEC_CHILD_FDS_H */

//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * child.c - all that runs between clone and exec: a fenced zone. Raw system calls on
 * memory that the parent has prepared, nothing else: no libc, no allocation, no lock,
 * no text, no global, no TLS. It may share the parent's memory, so it writes to its
 * own stack and to the fields of the job that core.h gives it.
 *
 * The steps and their order are those of forkAndExecInChild in Go's
 * syscall/exec_linux.go; each is one TRY. forkexec_child_main never returns.
 */
#include "core.h"

CHILD static __attribute__((noreturn)) void child_fail(struct job *job, uint32_t step, long ret,
						       int64_t detail)
{
	const struct forkexec_request *r = job->request;
	struct record record;
	unsigned long err = (unsigned long)-ret;

	job->record.err = (int32_t)err;
	job->record.detail = detail;
	__atomic_store_n(&job->record.step, step, __ATOMIC_RELEASE);
	if (job->own[OWN_REPORT] >= 0) {
		record.step = step;
		record.err = (int32_t)err;
		record.detail = detail;
		/* 16 bytes into an empty pipe: atomic, cannot block (pipe(7)). */
		(void)sys_sure(NR_write, job->own[OWN_REPORT], (long)&record, sizeof(record), 0, 0);
	}
	if (r->flags & FORKEXEC_ERRNO_PIPE)
		(void)sys_sure(NR_write, job->own[OWN_ERRNO_PIPE], (long)&err, sizeof(err), 0, 0);
	sys_exit(253);
}

/* One line per system call: the step that it is, the call, the step's detail. */
#define TRY(STEP, call, detail)                                                                    \
	do {                                                                                       \
		long try_ret = (call);                                                             \
		if (try_ret < 0)                                                                   \
			child_fail(job, FORKEXEC_STEP_##STEP, try_ret, (int64_t)(detail));         \
	} while (0)

/* The parent writes the ID maps, or not, and then says what to do. */
CHILD static void child_id_map_sync(struct job *job)
{
	struct record message;
	long n;

	/* Else our own copy of the write end would keep us waiting for a dead parent. */
	sys_close(job->own[OWN_SYNC_WRITE]);
	job->own[OWN_SYNC_WRITE] = -1; /* free again: a moved descriptor may get the number */
	do {
		n = sys_read(job->own[OWN_SYNC], &message, sizeof(message));
	} while (n == -E_INTR);
	if (n < 0)
		child_fail(job, FORKEXEC_STEP_IDMAP_SYNC, n, 0);
	if (n != sizeof(message))
		child_fail(job, FORKEXEC_STEP_IDMAP_SYNC, -E_INVAL, n);
	if (message.step != FORKEXEC_STEP_NONE)
		child_fail(job, message.step, -(long)message.err, message.detail);
}

CHILD static void child_process_group(struct job *job)
{
	const struct forkexec_request *r = job->request;
	int32_t pgrp = r->pgid;

	if (r->flags & (FORKEXEC_SETPGID | FORKEXEC_FOREGROUND))
		TRY(SETPGID, sys_setpgid(0, r->pgid), r->pgid);
	if (r->flags & FORKEXEC_FOREGROUND) {
		if (pgrp == 0)
			pgrp = sys_getpid();
		TRY(FOREGROUND, sys_ioctl(r->ctty, TIOCSPGRP, (long)&pgrp), r->ctty);
	}
}

/*
 * No handler of the parent may ever run here. Ignored signals stay ignored, as
 * CLONE_CLEAR_SIGHAND leaves them. SIGKILL and SIGSTOP answer that they are default.
 */
CHILD static void child_clear_handlers(struct job *job)
{
	struct sys_sigaction action;
	int sig;

	for (sig = 1; sig <= SIGNALS; sig++) {
		TRY(SIGACTION, sys_rt_sigaction(sig, NULL, &action), sig);
		if (action.handler == SIG_DFL_HANDLER || action.handler == SIG_IGN_HANDLER)
			continue;
		action.handler = SIG_DFL_HANDLER;
		action.flags = 0;
		action.restorer = 0;
		action.mask[0] = action.mask[1] = 0;
		TRY(SIGACTION, sys_rt_sigaction(sig, &action, NULL), sig);
	}
}

CHILD static void child_write_file(struct job *job, uint32_t step, const char *path,
				   const char *text, size_t n, int64_t detail)
{
	long fd, ret;

	fd = sys_openat(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		child_fail(job, step, fd, detail);
	ret = sys_write((int)fd, text, n);
	if (ret < 0)
		child_fail(job, step, ret, detail);
	sys_close((int)fd);
}

CHILD static void child_unshare(struct job *job)
{
	const struct forkexec_request *r = job->request;
	int allow = (r->flags & FORKEXEC_GID_SETGROUPS) != 0;

	TRY(UNSHARE, sys_unshare(r->unshare_flags), r->unshare_flags);
	if (r->unshare_flags & CLONE_NEWUSER && r->flags & FORKEXEC_GID_MAP) {
		child_write_file(job, FORKEXEC_STEP_PROC_SETGROUPS, "/proc/self/setgroups",
				 allow ? "allow" : "deny", allow ? 5 : 4, 0);
		child_write_file(job, FORKEXEC_STEP_GID_MAP, "/proc/self/gid_map", job->gid_text,
				 job->n_gid_text, r->n_gid_map);
	}
	if (r->unshare_flags & CLONE_NEWUSER && r->flags & FORKEXEC_UID_MAP)
		child_write_file(job, FORKEXEC_STEP_UID_MAP, "/proc/self/uid_map", job->uid_text,
				 job->n_uid_text, r->n_uid_map);
	/*
	 * A new mount namespace whose mounts are still shared with the old one is not
	 * what anybody asks for; unshare(1) does the same.
	 */
	if (r->unshare_flags & CLONE_NEWNS)
		TRY(MOUNT_PRIVATE, sys_mount("none", "/", MS_REC | MS_PRIVATE), 0);
}

CHILD static void child_credential(struct job *job)
{
	const struct forkexec_request *r = job->request;
	/* A map without setgroups enabled makes setgroups(2) fail even for no groups. */
	int denied = (r->flags & FORKEXEC_GID_MAP) && !(r->flags & FORKEXEC_GID_SETGROUPS);

	if (!(denied && r->n_groups == 0) && !(r->flags & FORKEXEC_NO_SETGROUPS))
		TRY(SETGROUPS, sys_setgroups(r->n_groups, r->groups), r->n_groups);
	TRY(SETGID, sys_setgid(r->gid), r->gid);
	TRY(SETUID, sys_setuid(r->uid), r->uid);
}

/* A capability must be permitted and inheritable before it can be ambient. */
CHILD static void child_ambient_caps(struct job *job)
{
	const struct forkexec_request *r = job->request;
	uint32_t i;

	job->cap_header.version = CAPABILITY_VERSION_3;
	job->cap_header.pid = 0;
	TRY(CAPGET, sys_capget(&job->cap_header, job->caps), 0);
	for (i = 0; i < r->n_ambient_caps; i++) {
		struct sys_cap_data *word = &job->caps[r->ambient_caps[i] >> 5];
		uint32_t bit = 1u << (r->ambient_caps[i] & 31);

		word->permitted |= bit;
		word->inheritable |= bit;
	}
	TRY(CAPSET, sys_capset(&job->cap_header, job->caps), 0);
	for (i = 0; i < r->n_ambient_caps; i++)
		TRY(AMBIENT,
		    sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, r->ambient_caps[i]),
		    r->ambient_caps[i]);
}

CHILD static void child_pdeathsig(struct job *job)
{
	int sig = job->request->pdeathsig;

	TRY(PDEATHSIG, sys_prctl(PR_SET_PDEATHSIG, (unsigned long)sig, 0), sig);
	/* The parent may have died before the call took effect; do its work then. */
	if (sys_getppid() != job->parent_pid)
		TRY(PDEATHSIG_KILL, sys_kill(sys_getpid(), sig), sig);
}

/*
 * Our pipes were given numbers that were free. An entry of fds[] with such a number
 * names a closed descriptor, and must not hand our pipe to the program. errno_pipe is the
 * caller's, unless it has moved.
 */
CHILD static int child_is_own(const struct job *job, int32_t fd)
{
	int k;

	for (k = 0; k < N_OWN_FDS; k++)
		if (fd >= 0 && fd == job->own[k])
			return k != OWN_ERRNO_PIPE || fd != job->request->errno_pipe;
	return 0;
}

/*
 * Moves *fd out of the way of descriptors 0 to first-1, to a free one: never onto a
 * descriptor that is in use (golang/go#61751).
 */
CHILD static long child_move_fd(int32_t *fd, int32_t first)
{
	long ret = sys_fcntl(*fd, F_DUPFD_CLOEXEC, first);

	if (ret == -E_INVAL) /* first is beyond RLIMIT_NOFILE: dup3(2)'s word for it */
		return -E_BADF;
	if (ret >= 0)
		*fd = (int32_t)ret;
	return ret;
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
	int32_t n = (int32_t)r->n_fds, first = n < 3 ? 3 : n, i;
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

		if (was < 0 || was >= first)
			continue;
		ret = child_move_fd(&job->own[i], first);
		if (ret < 0)
			return ret;
		if (i != OWN_ERRNO_PIPE) /* an entry that names it still names nothing */
			sys_close(was);
	}
	for (i = 0; i < n && job->moves_fds; i++) {
		reterr->detail = i;
		if (fds[i] < 0 || fds[i] >= i)
			continue;
		ret = child_is_own(job, fds[i]) ? -E_BADF : child_move_fd(&fds[i], first);
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
#define N_NEEDED_FDS(r) ((r)->n_fds + N_NEEDED_OWN_FDS + 1)
CHILD static int32_t child_needed_fd(const struct job *job, uint32_t i)
{
	const struct forkexec_request *r = job->request;

	if (i < r->n_fds)
		return job->fds[i];
	i -= r->n_fds;
	if (i < N_NEEDED_OWN_FDS)
		return job->own[i];
	return r->flags & (FORKEXEC_FOREGROUND | FORKEXEC_SETCTTY) ? r->ctty : -1;
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

	if (sys_close_range((unsigned)first, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		TRY(CLOSE_FDS, child_cloexec_all(first), first);
}

CHILD static void child_terminal(struct job *job)
{
	const struct forkexec_request *r = job->request;

	if (r->flags & FORKEXEC_NOCTTY)
		TRY(NOCTTY, sys_ioctl(0, TIOCNOTTY, 0), 0);
	if (r->flags & FORKEXEC_SETCTTY)
		TRY(SETCTTY, sys_ioctl(r->ctty, TIOCSCTTY, 1), r->ctty);
}

/*
 * Go raises the soft limit for itself at start-up; children get the old one back,
 * unless somebody has set another limit in the meantime. A failure is ignored.
 */
CHILD static void child_nofile(const struct forkexec_request *r)
{
	struct sys_rlimit now, old;

	now.cur = r->nofile_raised;
	now.max = r->nofile_max;
	if (sys_prlimit(RLIMIT_NOFILE, NULL, &now) < 0 ||
	    (now.cur == r->nofile_raised && now.max == r->nofile_max)) {
		old.cur = r->nofile_soft;
		old.max = r->nofile_max;
		(void)sys_prlimit(RLIMIT_NOFILE, &old, NULL);
	}
}

HIDDEN CORE_ATTRS void forkexec_child_main(void *arg)
{
	struct job *job = arg;
	const struct forkexec_request *r = job->request;
	struct record moved;
	long ret = 0;

	job->marked = 1;
	if (job->trim)
		ret = child_trim_fds(job, &moved);

	if (r->n_ambient_caps)
		TRY(KEEPCAPS, sys_prctl(PR_SET_KEEPCAPS, 1, 0), 0);
	if (r->flags & (FORKEXEC_UID_MAP | FORKEXEC_GID_MAP))
		child_id_map_sync(job);

	/* Session ID, process group, foreground: before the mask, against SIGTTOU. */
	if (r->flags & FORKEXEC_SETSID)
		TRY(SETSID, sys_setsid(), 0);
	child_process_group(job);

	/* Handlers and mask */
	if (job->method != METHOD_CLONE3 && job->method != METHOD_CLONE3_FORK)
		child_clear_handlers(job);
	TRY(SIGMASK, sys_rt_sigprocmask(SIG_SETMASK, &job->mask, NULL), 0);

	if (r->unshare_flags)
		child_unshare(job);
	if (r->chroot)
		TRY(CHROOT, sys_chroot(r->chroot), 0);

	/* User and groups, capabilities */
	if (r->flags & FORKEXEC_CREDENTIAL)
		child_credential(job);
	if (r->n_ambient_caps)
		child_ambient_caps(job);

	if (r->dir)
		TRY(CHDIR, sys_chdir(r->dir), 0);
	/* After setuid, which clears it. */
	if (r->pdeathsig)
		child_pdeathsig(job);

	/* Descriptors */
	if (!job->trim)
		ret = child_move_fds(job, &moved);
	if (ret < 0)
		child_fail(job, moved.step, ret, moved.detail);
	child_place_fds(job);
	if (r->flags & FORKEXEC_CLOSE_FDS)
		child_close_fds(job);

	child_terminal(job);
	if (r->flags & FORKEXEC_NOFILE)
		child_nofile(r);
	if (r->flags & FORKEXEC_PTRACE)
		TRY(PTRACE, sys_ptrace(PTRACE_TRACEME), 0);
	ret = sys_execve(r->path, r->argv, r->envp);
	/* Only a seccomp filter answers 0, which must not look like a success. */
	child_fail(job, FORKEXEC_STEP_EXECVE, ret ? ret : -E_PIPE, 0);
}

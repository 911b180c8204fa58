//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * child.c - all that runs between clone and exec: a fenced zone. Raw system calls on
 * memory that the parent has prepared, nothing else: no libc, no allocation, no lock,
 * no string to make, no global, no TLS. It may share the parent's memory, so it writes to its
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
	if (job->page) { /* before a filter kills us for the write below */
		if (r->trace && !job->filtered)
			job->page->trace.end_ns = sys_clock_ns(job->clock);
		job->page->record.err = (int32_t)err;
		job->page->record.detail = detail;
		__atomic_store_n(&job->page->record.step, step, __ATOMIC_RELEASE);
	}
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

#include "child_trace.h"

/* One line per system call: the step that it is, the call, the step's detail. */
#define TRY(STEP, call, detail)                                                                    \
	do {                                                                                       \
		long try_ret;                                                                      \
		MARK(STEP, detail);                                                                \
		try_ret = (call);                                                             \
		if (try_ret < 0)                                                                   \
			child_fail(job, FORKEXEC_STEP_##STEP, try_ret, (int64_t)(detail));         \
	} while (0)

/*
 * Our own copies of the write ends would keep us waiting for a dead parent. The numbers are
 * free again: a moved descriptor may get them.
 */
CHILD static void child_close_write_ends(struct job *job)
{
	if (job->own[OWN_SYNC_WRITE] >= 0)
		sys_close(job->own[OWN_SYNC_WRITE]);
	if (job->own[OWN_STOP_WRITE] >= 0)
		sys_close(job->own[OWN_STOP_WRITE]);
	job->own[OWN_SYNC_WRITE] = job->own[OWN_STOP_WRITE] = -1;
}

/* The parent runs a hook, writes the ID maps, or not. */
CHILD static void child_id_map_sync(struct job *job)
{
	child_close_write_ends(job);
	if (job->request->flags & FORKEXEC_STOP_CLONE) {
		MARK(STOP_CLONE, 0);
		child_await(job, job->own[OWN_SYNC], FORKEXEC_STEP_STOP_CLONE);
	} else if (job->own[OWN_SYNC] >= 0) {
		MARK(IDMAP_SYNC, 0);
		child_await(job, job->own[OWN_SYNC], FORKEXEC_STEP_IDMAP_SYNC);
	}
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

	child_step(job, step, detail);
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

/*
 * Before we become whom others may trace, or at once after it: we have a copy of our parent's
 * memory, and its descriptors, for as long as a hook takes. The execve opens the memory again.
 */
CHILD static void child_close_memory(struct job *job, uint32_t step)
{
	long ret = 0;

	if (job->method != METHOD_CLONE3 && job->method != METHOD_CLONE)
		ret = sys_prctl(PR_SET_DUMPABLE, 0, 0);
	if (ret < 0)
		child_fail(job, step, ret, 0);
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
	job->changed = 1;
	if (job->attributes & ATTR_REOPENED)
		child_close_memory(job, FORKEXEC_STEP_SETUID);
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

CHILD static void child_terminal(struct job *job)
{
	const struct forkexec_request *r = job->request;

	if (r->flags & FORKEXEC_NOCTTY)
		TRY(NOCTTY, sys_ioctl(0, TIOCNOTTY, 0), 0);
	if (r->flags & FORKEXEC_SETCTTY)
		TRY(SETCTTY, sys_ioctl(r->ctty, TIOCSCTTY, 1), r->ctty);
}

#include "child_fds.h"

#include "child_attr.h"

CHILD static void child_directory(struct job *job)
{
	const struct forkexec_request *r = job->request;

	if (r->flags & FORKEXEC_DIR_FD)
		TRY(FCHDIR, child_is_own(job, r->dir_fd) ? -E_BADF : sys_fchdir(r->dir_fd),
		    r->dir_fd);
	if (r->dir)
		TRY(CHDIR, sys_chdir(r->dir), 0);
}

CHILD static __attribute__((noreturn)) void child_execve(struct job *job)
{
	const struct forkexec_request *r = job->request;
	long ret;

	MARK(EXECVE, 0);
	ret = r->flags & FORKEXEC_EXEC_FD ? sys_execveat(job->own[OWN_EXEC], r->argv, r->envp)
					  : sys_execve(r->path, r->argv, r->envp);
	/* Only who filters system calls answers 0 or more, which must not look like a success. */
	child_fail(job, FORKEXEC_STEP_EXECVE, ret < 0 ? ret : -E_PIPE, 0);
}

CHILD static void child_close_and_open(struct job *job)
{
	if (job->request->flags & FORKEXEC_CLOSE_FDS)
		child_close_fds(job);
	if (job->request->n_opens)
		child_open_files(job);
}

/* Capabilities as well: they depend on the IDs. A new keyring belongs to them, and is their quota's. */
CHILD static void child_user_and_groups(struct job *job)
{
	const struct forkexec_request *r = job->request;

	if (r->flags & FORKEXEC_CREDENTIAL)
		child_credential(job);
	if (r->n_ambient_caps)
		child_ambient_caps(job);
	if (job->attributes & ATTR_CAPABILITIES)
		child_capabilities(job);
	if (r->flags & FORKEXEC_SESSION_KEYRING)
		TRY(SESSION_KEYRING, sys_join_session_keyring(r->session_keyring), 0);
}

HIDDEN CORE_ATTRS void forkexec_child_main(void *arg)
{
	struct job *job = arg;
	const struct forkexec_request *r = job->request;
	struct record moved;
	long ret = 0;

	job->marked = 1;
	if (job->own[OWN_STOP_WRITE] >= 0)
		child_close_write_ends(job);
	if (job->trim)
		ret = child_trim_fds(job, &moved);

	if (job->attributes & ATTR_CLOSED)
		child_close_memory(job, FORKEXEC_STEP_KEEPCAPS);
	if (job->attributes & ATTR_KEEPCAPS)
		TRY(KEEPCAPS, sys_prctl(PR_SET_KEEPCAPS, 1, 0), 0);
	if (r->flags & (FORKEXEC_UID_MAP | FORKEXEC_GID_MAP | FORKEXEC_STOP_CLONE | FORKEXEC_STOP_EXEC))
		child_id_map_sync(job);

	/* Session ID, process group, foreground: before the mask, against SIGTTOU. */
	if (r->flags & FORKEXEC_SETSID)
		TRY(SETSID, sys_setsid(), 0);
	child_process_group(job);

	/* Handlers and mask */
	if (job->method != METHOD_CLONE3 && job->method != METHOD_CLONE3_FORK)
		child_clear_handlers(job);
	if (r->flags & (FORKEXEC_SIGDEFAULT | FORKEXEC_SIGIGNORE))
		child_signals(job);
	TRY(SIGMASK, sys_rt_sigprocmask(SIG_SETMASK, job->child_mask, NULL), 0);

	if (job->attributes & ATTR_RESOURCES)
		child_resources(job);
	if (r->unshare_flags)
		child_unshare(job);
	if (r->chroot)
		TRY(CHROOT, sys_chroot(r->chroot), 0);

	child_user_and_groups(job);
	child_directory(job);
	/* After setuid, which clears it. */
	if (r->pdeathsig)
		child_pdeathsig(job);

	/* Descriptors */
	if (!job->trim)
		ret = child_move_fds(job, &moved);
	if (ret < 0)
		child_fail(job, moved.step, ret, moved.detail);
	child_place_fds(job);
	child_close_and_open(job);
	child_terminal(job);
	if (r->flags & FORKEXEC_NOFILE)
		child_nofile(job);
	if (r->flags & FORKEXEC_PTRACE)
		TRY(PTRACE, sys_ptrace(PTRACE_TRACEME), 0);
	if (job->attributes & ATTR_LAST)
		child_confine(job);
	child_execve(job);
}

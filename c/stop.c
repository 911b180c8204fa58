//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stop.c - the pipes of a start, and what the parent does while its child waits: it writes the
 * ID maps of a new user namespace, and forkexec_continue() is called at a stop or a pause.
 */
#include "core.h"

/* Opens a pipe unless it is open. NO_PIPES: fails, and the result's retry_flags say why. */
HIDDEN int forkexec_open_pipe(const struct job *job, int32_t fds[2], struct forkexec_result *reterr)
{
	const uint64_t none = job->request->flags & FORKEXEC_NO_PIPES;
	long err;

	if (fds[0] >= 0)
		return 0;
	err = none ? -E_AGAIN : sys_pipe2(fds, O_CLOEXEC);
	if (!err)
		return 0;
	(void)fail(reterr, FORKEXEC_STEP_PIPE, (int)-err, 0);
	reterr->retry_flags = none;
	return (int)err;
}

HIDDEN void forkexec_close_pipe(int32_t fds[2])
{
	if (fds[0] >= 0)
		sys_close(fds[0]);
	if (fds[1] >= 0)
		sys_close(fds[1]);
	fds[0] = fds[1] = -1;
}

static int write_proc(int pid, const char *file, const char *text, size_t n)
{
	char path[PROC_PATH];
	long fd, ret;

	forkexec_plan_proc_path(path, pid, file);
	fd = sys_openat(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return (int)fd;
	ret = sys_write((int)fd, text, n);
	sys_close((int)fd);
	return ret < 0 ? (int)ret : 0;
}

/* The maps of a user namespace made by clone, in the order that Go writes them. */
static void write_id_maps(const struct job *job, int pid, struct record *ret)
{
	const struct forkexec_request *r = job->request;
	int err = 0;

	ret->step = FORKEXEC_STEP_NONE;
	ret->detail = 0;
	if (r->flags & FORKEXEC_UID_MAP) {
		ret->step = FORKEXEC_STEP_UID_MAP;
		ret->detail = r->n_uid_map;
		err = write_proc(pid, "/uid_map", job->uid_text, job->n_uid_text);
	}
	if (!err && r->flags & FORKEXEC_GID_MAP) {
		int allow = (r->flags & FORKEXEC_GID_SETGROUPS) != 0;

		ret->step = FORKEXEC_STEP_PROC_SETGROUPS;
		ret->detail = 0;
		err = write_proc(pid, "/setgroups", allow ? "allow" : "deny", allow ? 5 : 4);
		if (err == -E_NOENT) /* Linux < 3.19 has no such file */
			err = 0;
		if (!err) {
			ret->step = FORKEXEC_STEP_GID_MAP;
			ret->detail = r->n_gid_map;
			err = write_proc(pid, "/gid_map", job->gid_text, job->n_gid_text);
		}
	}
	ret->err = -err;
	if (!err)
		ret->step = FORKEXEC_STEP_NONE;
}

/* Lets the waiting child go on, or tells it what to fail with. */
HIDDEN void forkexec_release(struct job *job, int pid)
{
	struct record message;

	message.step = FORKEXEC_STEP_NONE;
	message.err = 0;
	message.detail = 0;
	if (!(job->request->unshare_flags & CLONE_NEWUSER))
		write_id_maps(job, pid, &message);
	/*
	 * Our read end stays open until here: if the child has been killed, this
	 * write still has a reader and raises no SIGPIPE. Should it fail, the child
	 * reads end of file and says so.
	 */
	(void)sys_write(job->sync[1], &message, sizeof(message));
	forkexec_close_pipe(job->sync);
}

HIDDEN void forkexec_close_stops(struct job *job)
{
	forkexec_close_pipe(job->sync);
	forkexec_close_pipe(job->stop);
	job->stopped = FORKEXEC_STEP_NONE;
}

/* More may follow: a pause, STOP_EXEC, a listener. A child that reads no answer fails. */
HIDDEN void forkexec_answer(struct job *job, const struct record *message)
{
	if (sys_write(job->stop[1], message, sizeof(*message)) != sizeof(*message))
		forkexec_close_pipe(job->stop);
}

/* By pidfd where there is one: where others reap our children, pid may be another process's. */
HIDDEN long forkexec_signal(const struct job *job, int pid, int sig)
{
	long ret = job->pidfd >= 0 ? sys_pidfd_send_signal(job->pidfd, sig) : -E_NOSYS;

	return ret == -E_NOSYS ? sys_kill(pid, sig) : ret;
}

/*
 * A signal that is pending stops the child before it can return from its read(2). It comes from
 * us, for the first process of a PID namespace cannot stop itself.
 */
static void stop_child(struct job *job, int pid, struct record *message)
{
	long ret = message->err ? 0 : forkexec_signal(job, pid, SIGSTOP);

	if (ret < 0) {
		message->step = job->stopped;
		message->err = (int32_t)-ret;
	}
	forkexec_answer(job, message);
	job->at_pause = 0;
}

PUBLIC int forkexec_continue(const struct forkexec_request *r, struct forkexec_result *ret, int err)
{
	struct job *job = r->work;
	struct record message;

	if (!job->stopped || err < 0)
		return -E_INVAL;
	message.step = err ? job->stopped : FORKEXEC_STEP_NONE;
	message.err = err;
	message.detail = 0;
	if (job->at_pause) {
		stop_child(job, ret->pid, &message);
	} else if (job->stopped == FORKEXEC_STEP_STOP_EXEC) {
		forkexec_answer(job, &message);
	} else if (err) {
		(void)sys_write(job->sync[1], &message, sizeof(message));
		forkexec_close_pipe(job->sync);
	} else {
		forkexec_release(job, ret->pid);
	}
	job->stopped = FORKEXEC_STEP_NONE;
	ret->step = FORKEXEC_STEP_NONE;
	ret->detail = 0;
	return 0;
}

/* The pipes by which the parent tells a waiting child to go on. */
HIDDEN int forkexec_open_stops(struct job *job, struct forkexec_result *reterr)
{
	const uint64_t flags = job->request->flags;
	int stops = flags & FORKEXEC_STOP_EXEC || job->request->pause_at ||
		    job->request->seccomp_flags & SECCOMP_NEW_LISTENER;
	int err = 0;

	if (flags & (FORKEXEC_UID_MAP | FORKEXEC_GID_MAP | FORKEXEC_STOP_CLONE))
		err = forkexec_open_pipe(job, job->sync, reterr);
	if (!err && stops)
		err = forkexec_open_pipe(job, job->stop, reterr);
	if (err < 0)
		forkexec_close_stops(job);
	return err;
}

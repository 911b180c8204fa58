//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * forkexec.c - the entry points, on the parent's side: start a child, wait until it
 * executes its program, fetch its report, reap it if it failed.
 *
 * Nothing here may wait for another thread of the process: glibc's and Go's set*id
 * wait for all threads, so a wait for one of them would be a deadlock. The wait for
 * the child runs with the caller's signal mask, so it serves them.
 */
#include "core.h"

/*
 * One wait lasts at most this long. The wake comes by itself; a second look is
 * needed only where it cannot: a child that dumps core does not clear its tid before
 * Linux 5.16, and a forkexec_cancel() may come between the look and the sleep.
 */
#define WAIT_SLICE_NS 100000000

/* The size of the work memory that a state keeps; enough for all but ID maps. */
#define WORK_KEPT 16384

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Has the child ended without anybody having waited for it, or been reaped? */
static int child_has_ended(int pid)
{
	struct sys_siginfo info;
	long ret;

	info.pid = 0;
	ret = sys_waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT);
	return ret == 0 ? info.pid != 0 : ret == -E_CHILD;
}

/* Describes the sleep until the kernel clears the child's tid, at most ns long. */
static void wait_for_tid(struct job *job, struct wait *w, int64_t ns)
{
	w->timeout.sec = 0;
	w->timeout.nsec = (sys_nsec)ns;
	w->nr = NR_futex;
	w->args[0] = (long)&job->tid;
	w->args[1] = FUTEX_WAIT;
	w->args[2] = 1;
	w->args[3] = (long)&w->timeout;
	w->args[4] = 0;
}

static void after_wait_for_tid(struct job *job, long ret, int pid)
{
	if (ret == -E_TIMEDOUT && child_has_ended(pid))
		__atomic_store_n(&job->tid, 0, __ATOMIC_RELAXED);
	else if (ret < 0 && ret != -E_INTR && ret != -E_AGAIN && ret != -E_TIMEDOUT)
		sys_sleep_ms(1); /* a futex(2) that we do not know: look again, without a spin */
}

static void wait_for_report(struct job *job, struct wait *w, int64_t ns)
{
	w->timeout.sec = 0;
	w->timeout.nsec = (sys_nsec)ns;
	w->poll.fd = job->report[0];
	w->poll.events = POLLIN;
	w->poll.revents = 0;
	w->nr = NR_ppoll;
	w->args[0] = (long)&w->poll;
	w->args[1] = 1;
	w->args[2] = (long)&w->timeout;
	w->args[3] = 0;
	w->args[4] = SIGSET_BYTES;
}

/* Returns 1 if the pipe has told all it will: a record, or end of file at the exec. */
static int after_wait_for_report(struct job *job, long ret)
{
	struct record record;
	long n = ret;

	if (n < 0 && n != -E_INTR)
		sys_sleep_ms(1);
	if (n <= 0)
		return 0;
	n = sys_read(job->report[0], &record, sizeof(record));
	if (n < 0)
		return 0;
	if (n == sizeof(record)) {
		job->record.err = record.err;
		job->record.detail = record.detail;
		job->record.step = record.step;
	}
	return 1;
}

/*
 * One round of waiting until the child shares nothing with us any more, and its record,
 * if it failed, is in the job. Memory that was seen to be shared tells by itself; until
 * then the pipe does. Returns 0 if so, WAIT_MORE with a sleep described in *w, or
 * -errno. The result of the sleep of the round before is in w->ret.
 */
static int wait_for_exec(struct job *job, int pid, struct wait *w)
{
	int pipe_is_done = 0, shared;
	int64_t left = WAIT_SLICE_NS;

	if (w->nr == NR_ppoll)
		pipe_is_done = after_wait_for_report(job, w->ret);
	else if (w->nr == NR_futex)
		after_wait_for_tid(job, w->ret, pid);
	shared = job->marked || job->report[0] < 0;
	if (shared ? !__atomic_load_n(&job->tid, __ATOMIC_ACQUIRE) : pipe_is_done)
		return 0;
	if (__atomic_exchange_n(&job->cancelled, 0, __ATOMIC_ACQ_REL))
		return -E_CANCELED;
	if (w->end != INT64_MAX)
		left = min64(w->end - sys_monotonic_ns(), WAIT_SLICE_NS);
	if (left <= 0)
		return -E_TIMEDOUT;
	if (shared)
		wait_for_tid(job, w, left);
	else
		wait_for_report(job, w, left);
	return WAIT_MORE;
}

/*
 * Takes the exit status of a child that has failed. By pidfd where that works (Linux
 * 5.4): where somebody else reaps our children, a process ID may be another's by now.
 */
static void reap(int pid, int pidfd)
{
	struct sys_siginfo info;
	int by_pidfd = pidfd >= 0;
	long ret;

	do {
		ret = sys_sure(NR_waitid, by_pidfd ? P_PIDFD : P_PID, by_pidfd ? pidfd : pid,
			       (long)&info, WEXITED, 0);
		if (ret == -E_INVAL)
			by_pidfd = 0;
	} while (ret == -E_INTR || ret == -E_INVAL);
}

HIDDEN int start(const struct forkexec_request *r, struct forkexec_result *ret,
		 struct forkexec_state *state, const uint64_t *mask)
{
	struct job *job;
	int err = plan_check(r, ret);

	if (err)
		return err;
	if (!r->work || (uintptr_t)r->work % 16 || r->work_size < forkexec_work_size(r))
		return fail(ret, FORKEXEC_STEP_REQUEST, E_INVAL,
			    (int64_t)offsetof(struct forkexec_request, work));
	job = plan_job(r);
	ret->step = FORKEXEC_STEP_NONE;
	ret->err = 0;
	ret->detail = 0;
	return clone_job(job, ret, state, mask);
}

PUBLIC int forkexec_start(const struct forkexec_request *r, struct forkexec_result *ret,
			  struct forkexec_state *state)
{
	return start(r, ret, state, NULL);
}

HIDDEN void wait_begin(struct wait *w, int64_t timeout_ns)
{
	int64_t now;

	w->nr = -1;
	w->ret = 0;
	w->end = INT64_MAX;
	if (timeout_ns < 0)
		return;
	now = sys_monotonic_ns();
	if (timeout_ns < INT64_MAX - now)
		w->end = now + timeout_ns;
}

HIDDEN int finish_round(const struct forkexec_request *r, struct forkexec_result *ret,
			struct forkexec_state *state, struct wait *w)
{
	struct job *job = r->work;
	uint32_t step;
	int err = wait_for_exec(job, ret->pid, w);

	if (err)
		return err;
	if (job->report[0] >= 0)
		sys_close(job->report[0]);
	job->report[0] = -1;
	if (job->marked)
		state_set(state, STATE_PROVEN(job->method) | (job->trimmed ? STATE_TRIMS : 0));
	step = __atomic_load_n(&job->record.step, __ATOMIC_ACQUIRE);
	if (step == FORKEXEC_STEP_NONE)
		return 0;
	if (r->flags & FORKEXEC_ERRNO_PIPE) {
		ret->step = step;
		ret->err = job->record.err;
		ret->detail = job->record.detail;
		return 0;
	}
	reap(ret->pid, ret->pidfd);
	if (ret->pidfd >= 0)
		sys_close(ret->pidfd);
	return fail(ret, step, job->record.err, job->record.detail);
}

PUBLIC int forkexec_finish(const struct forkexec_request *r, struct forkexec_result *ret,
			   struct forkexec_state *state, int64_t timeout_ns)
{
	struct wait w;
	int err;

	wait_begin(&w, timeout_ns);
	while ((err = finish_round(r, ret, state, &w)) == WAIT_MORE)
		w.ret = sys_call(w.nr, w.args[0], w.args[1], w.args[2], w.args[3], w.args[4], 0);
	return err;
}

PUBLIC int forkexec_settle(struct forkexec_state *state)
{
	uint64_t all = ~UINT64_C(0), mask;
	int n;

	if (sys_rt_sigprocmask(SIG_SETMASK, &all, &mask) < 0)
		return 1; /* in no state to tell */
	n = hold_settle(state);
	sys_restore_mask(&mask);
	return n;
}

/*
 * The end of file comes microseconds after the child's tid is cleared, unless a child of
 * somebody else's fork(2) has the pipe, too: then a later start does it.
 */
static void settle_soon(const struct job *job, struct forkexec_state *state)
{
	int tries;

	for (tries = 0; job->held && tries < 20 && forkexec_settle(state) > 0; tries++)
		sys_sleep_us(50);
}

PUBLIC void forkexec_cancel(void *work)
{
	struct job *job = work;

	__atomic_store_n(&job->cancelled, 1, __ATOMIC_RELEASE);
	sys_futex_wake(&job->tid);
}

HIDDEN void *work_take(struct forkexec_state *state, uint64_t *size)
{
	void *work = NULL;
	long ret;

	if (*size <= WORK_KEPT) {
		*size = WORK_KEPT;
		work = __atomic_exchange_n(&state->work, NULL, __ATOMIC_ACQ_REL);
	}
	if (work)
		return work;
	ret = sys_mmap(*size);
	return ret < 0 && ret > -4096 ? NULL : (void *)ret;
}

HIDDEN void work_give(struct forkexec_state *state, void *work, uint64_t size)
{
	void *none = NULL;

	if (size != WORK_KEPT || !__atomic_compare_exchange_n(&state->work, &none, work, 0,
							      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		sys_munmap(work, size);
}

static void copy_request(struct forkexec_request *to, const struct forkexec_request *from)
{
	uint64_t *t = (uint64_t *)(void *)to;
	const uint64_t *f = (const uint64_t *)(const void *)from;
	size_t i;

	for (i = 0; i < sizeof(*to) / sizeof(*t); i++) {
		t[i] = f[i];
		NOT_A_LIBC_CALL(); /* which also keeps type-based aliasing out of it */
	}
}

/*
 * Sleeps a little of what is left before the next try; always returns 1. The whole
 * start is tried again, not just the execve in the child: the child itself may hold
 * the descriptor that is open for writing, as a copy of its parent's.
 */
static int pause_ms(uint32_t *left)
{
	sys_sleep_ms(1);
	--*left;
	return 1;
}

PUBLIC int forkexec_run(const struct forkexec_request *request, struct forkexec_result *ret,
			struct forkexec_state *state)
{
	struct forkexec_request own;
	uint64_t size;
	int err = plan_check(request, ret);

	if (err)
		return err;
	copy_request(&own, request);
	size = forkexec_work_size(request);
	own.work = work_take(state, &size);
	own.work_size = size;
	if (!own.work)
		return fail(ret, FORKEXEC_STEP_REQUEST, E_NOMEM,
			    (int64_t)offsetof(struct forkexec_request, work));
	do {
		err = forkexec_start(&own, ret, state);
		if (!err)
			err = forkexec_finish(&own, ret, state, -1);
	} while (err == -E_TXTBSY && own.text_busy_ms > 0 && pause_ms(&own.text_busy_ms));
	settle_soon(own.work, state);
	work_give(state, own.work, size);
	return err;
}

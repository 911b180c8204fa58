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
 * Linux 5.16, and a forkexec_cancel() may come between the look and the sleep, or while
 * we sleep on the report pipe, which it does not wake.
 */
#define WAIT_SLICE_NS   100000000
#define REPORT_SLICE_NS 10000000

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Looks at a child without reaping it. Returns what waitid(2) does. */
static long peek(int pid, struct sys_siginfo *ret)
{
	ret->pid = 0; /* stays so while the child lives */
	return sys_waitid(P_PID, pid, ret, WEXITED | WNOHANG | WNOWAIT);
}

/* Has the child ended without anybody having waited for it, or been reaped? */
static int child_has_ended(int pid)
{
	struct sys_siginfo info;
	long ret = peek(pid, &info);

	return ret == 0 ? info.pid != 0 : ret == -E_CHILD;
}

/* Is a child that has reported no failure known to have come past its execve? */
static int child_has_executed(int pid)
{
	struct sys_siginfo info;

	return peek(pid, &info) == 0 && (info.pid == 0 || info.code == CLD_EXITED);
}

/* Describes the sleep until the kernel clears the child's tid, at most ns long. */
static void wait_for_tid(struct job *job, struct wait *w, int64_t ns)
{
	w->what = WAIT_TID;
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
	w->what = WAIT_REPORT;
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

/* Takes what a child says that it has failed at. It is not believed where that cannot be. */
static void take_failure(struct job *job, const struct record *record)
{
	if (!is_failure(record->step, record->err))
		return;
	job->record.err = record->err;
	job->record.detail = record->detail;
	job->record.step = record->step;
}

/*
 * Takes what a child says that is about to wait for us. Only what we have asked for is believed:
 * whoever may trace a forked child can write to its end of the pipe.
 */
static void take_stop(struct job *job, const struct record *record, int pid)
{
	const struct forkexec_request *r = job->request;

	if (record->detail == 1 && r->pause_at && record->step == r->pause_at) {
		job->stopped = record->step;
		job->at_pause = 1;
	} else if (record->detail) {
		return;
	} else if (record->step == FORKEXEC_STEP_STOP_EXEC && r->flags & FORKEXEC_STOP_EXEC) {
		job->stopped = record->step;
		job->at_pause = 0;
	} else if (record->step == FORKEXEC_STEP_SECCOMP &&
		   r->seccomp_flags & SECCOMP_NEW_LISTENER) {
		forkexec_attr_start_filter(job, pid);
	}
}

/* Returns 1 if the pipe has ended: at the exec, or at the exit, maybe after a record. */
static int after_wait_for_report(struct job *job, const struct wait *w, int pid)
{
	struct record record;
	long n = w->ret;

	record.step = FORKEXEC_STEP_NONE;
	record.err = 0;
	record.detail = 0;
	if (n > 0)
		n = sys_read(job->report[0], &record, sizeof(record));
	if (w->ret == 0) {
		forkexec_attr_look(job, pid);
		return 0;
	}
	if (n == sizeof(record) && record.err)
		take_failure(job, &record);
	else if (n == sizeof(record))
		take_stop(job, &record, pid);
	if (n > 0)
		return 0;
	if (n < 0) {
		if (n != -E_INTR)
			sys_sleep_ms(1);
		/* A stranger has closed our pipe: only the end of the child tells now. */
		return w->ret > 0 && w->poll.revents & POLLNVAL && child_has_ended(pid);
	}
	return 1;
}

/*
 * The sleep of FORKEXEC_BLOCK_SIGNALS. The time is more than a tick of any kernel, so that
 * setting it costs nothing; forkexec_cancel() wakes it, or waits for its end.
 */
static void wait_quietly(struct job *job, struct wait *w, int64_t ns)
{
	uint64_t all = ~UINT64_C(0), mask;
	struct sys_timespec t;

	w->what = WAIT_QUIETLY;
	t.sec = 0;
	t.nsec = (sys_nsec)min64(ns, FORKEXEC_BLOCK_SIGNALS_MS * 1000000);
	if (w->blocked) {
		sys_futex_wait(&job->tid, 1, &t);
	} else if (sys_rt_sigprocmask(SIG_SETMASK, &all, &mask) >= 0) {
		sys_futex_wait(&job->tid, 1, &t);
		sys_restore_mask(&mask);
	}
}

/* No such sleep for a child in a namespace of somebody else's, who could stop it each time. */
static int may_wait_quietly(const struct job *job, const struct wait *w)
{
	return w->what == WAIT_NOT_YET && job->request->flags & FORKEXEC_BLOCK_SIGNALS &&
	       job->share == SHARE && job->report[0] < 0;
}

/*
 * Does the child share nothing with us any more, and is its record, if it failed, in the
 * job? Memory of a proven method tells by itself. Else the end of the report pipe does; or
 * the cleared tid, if the memory is known to be shared.
 */
static int child_has_left(struct job *job, int pid, const struct wait *w)
{
	if (w->what == WAIT_REPORT && after_wait_for_report(job, w, pid))
		return 1;
	if (w->what == WAIT_TID)
		after_wait_for_tid(job, w->ret, pid);
	return (job->marked || job->report[0] < 0) &&
	       !__atomic_load_n(&job->tid, __ATOMIC_ACQUIRE);
}

/* Returns 0 when the child has left, or *ret_outcome is why nobody waits for it; 1 to sleep. */
static int wait_for_exec(struct job *job, int pid, struct wait *w,
			 enum forkexec_outcome *ret_outcome)
{
	int64_t left = WAIT_SLICE_NS;

	*ret_outcome = FORKEXEC_RUNNING;
	while (!child_has_left(job, pid, w)) {
		if (__atomic_exchange_n(&job->cancelled, 0, __ATOMIC_ACQ_REL)) {
			*ret_outcome = FORKEXEC_CANCELLED;
			return 0;
		}
		if (job->stopped) {
			*ret_outcome = FORKEXEC_STOPPED;
			return 0;
		}
		if (w->end != INT64_MAX)
			left = min64(w->end - sys_monotonic_ns(), WAIT_SLICE_NS);
		if (left <= 0) {
			*ret_outcome = FORKEXEC_TIMED_OUT;
			return 0;
		}
		if (may_wait_quietly(job, w)) {
			wait_quietly(job, w, left);
			continue;
		}
		if (job->report[0] < 0)
			wait_for_tid(job, w, left);
		else
			wait_for_report(job, w, min64(left, REPORT_SLICE_NS));
		return 1;
	}
	return 0;
}

/* Remembers what this start has shown of the way in which its child was made. */
static void learn(const struct job *job, struct forkexec_state *state, int pid)
{
	if (!job->marked)
		return;
	if (job->trimmed)
		state_set(state, STATE_TRIMS);
	if (job->report[0] < 0 || job->record.step || !child_has_executed(pid))
		return;
	state_set(state, job->tid ? STATE_NO_CLEARTID : STATE_PROVEN(job->method));
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
		if (ret != -E_INVAL)
			continue;
		if (!by_pidfd)
			return;
		by_pidfd = 0;
	} while (ret == -E_INTR || ret == -E_INVAL);
}

/*
 * What a start that closes descriptors early could not find may be there for one that does not:
 * a path may go through a descriptor, spelled as it likes. Nobody looks: a start that is made
 * twice costs time, a wrong guess would be a wrong error.
 */
static uint64_t retry_flags(const struct job *job, uint32_t step, int err)
{
	int looks_up = step == FORKEXEC_STEP_CHROOT || step == FORKEXEC_STEP_CHDIR ||
		       step == FORKEXEC_STEP_EXECVE;

	return job->trim && looks_up && err == E_NOENT ? FORKEXEC_WHOLE_TABLE : 0;
}

/*
 * A child that says that it has failed is in its exit. But a forked one, which others may trace,
 * need not have said it itself: it does not run the program, and keeps nobody waiting.
 */
static void end_forked(const struct job *job, const struct forkexec_result *ret)
{
	struct sys_siginfo info;

	if (!(ret->how & FORKEXEC_HOW_SHARED) && peek(ret->pid, &info) == 0 && !info.pid)
		(void)forkexec_signal(job, ret->pid, SIGKILL);
}

HIDDEN int forkexec_begin(const struct forkexec_request *r, struct forkexec_result *ret,
			  struct forkexec_state *state, const uint64_t *mask)
{
	struct job *job;
	int err = forkexec_plan_check(r, ret);

	ret->method = 0;
	ret->how = 0;
	ret->seccomp_fd = -1;
	if (err)
		return err;
	if (!r->work || (uintptr_t)r->work % 16 || r->work_size < forkexec_work_size(r))
		return fail(ret, FORKEXEC_STEP_REQUEST, E_INVAL,
			    (int64_t)offsetof(struct forkexec_request, work));
	job = forkexec_plan_job(r);
	err = r->seccomp || r->trace ? forkexec_attr_page(job, ret) : 0;
	if (err)
		return err;
	ret->step = FORKEXEC_STEP_NONE;
	ret->err = 0;
	ret->detail = 0;
	ret->retry_flags = 0;
	err = forkexec_clone_job(job, ret, state, mask);
	if (err)
		forkexec_attr_read_page(job);
	return err;
}

PUBLIC int forkexec_start(const struct forkexec_request *r, struct forkexec_result *ret,
			  struct forkexec_state *state)
{
	return forkexec_begin(r, ret, state, NULL);
}

HIDDEN void forkexec_wait_begin(struct wait *w, int64_t timeout_ns, int blocked)
{
	int64_t now;

	w->what = WAIT_NOT_YET;
	w->ret = 0;
	w->blocked = (uint32_t)blocked;
	w->end = INT64_MAX;
	if (timeout_ns < 0)
		return;
	now = sys_monotonic_ns();
	if (timeout_ns < INT64_MAX - now)
		w->end = now + timeout_ns;
}

HIDDEN int forkexec_finish_round(const struct forkexec_request *r, struct forkexec_result *ret,
				 struct forkexec_state *state, struct wait *w,
				 enum forkexec_outcome *ret_outcome)
{
	struct job *job = r->work;
	uint32_t step;
	int err;

	*ret_outcome = FORKEXEC_FAILED;
	if (ret->pid <= 0) /* called once more after it has failed */
		return 0;
	if (wait_for_exec(job, ret->pid, w, ret_outcome))
		return 1;
	if (*ret_outcome == FORKEXEC_STOPPED) {
		ret->step = job->stopped;
		ret->detail = job->at_pause;
	}
	if (*ret_outcome != FORKEXEC_RUNNING)
		return 0;
	forkexec_close_stops(job);
	if (ret->how & FORKEXEC_HOW_SHARED && !job->marked)
		ret->how = FORKEXEC_HOW_UNSEEN;
	learn(job, state, ret->pid);
	if (job->report[0] >= 0)
		sys_close(job->report[0]);
	job->report[0] = -1;
	forkexec_attr_read_page(job);
	ret->seccomp_fd = job->listener;
	step = __atomic_load_n(&job->record.step, __ATOMIC_ACQUIRE);
	if (step == FORKEXEC_STEP_NONE)
		return 0;
	err = job->record.err;
	if (r->flags & FORKEXEC_ERRNO_PIPE) {
		ret->step = step;
		ret->err = err;
		ret->detail = job->record.detail;
		return 0;
	}
	if (job->listener >= 0)
		sys_close(job->listener);
	ret->seccomp_fd = -1;
	end_forked(job, ret);
	reap(ret->pid, ret->pidfd);
	if (ret->pidfd >= 0)
		sys_close(ret->pidfd);
	(void)fail(ret, step, err, job->record.detail);
	ret->retry_flags = retry_flags(job, step, err);
	*ret_outcome = FORKEXEC_FAILED;
	return 0;
}

PUBLIC enum forkexec_outcome forkexec_finish(const struct forkexec_request *r,
					     struct forkexec_result *ret,
					     struct forkexec_state *state, int64_t timeout_ns)
{
	enum forkexec_outcome outcome;
	struct wait w;

	forkexec_wait_begin(&w, timeout_ns, 0);
	while (forkexec_finish_round(r, ret, state, &w, &outcome))
		w.ret = sys_call(w.nr, w.args[0], w.args[1], w.args[2], w.args[3], w.args[4], 0);
	return outcome;
}

PUBLIC int forkexec_settle(struct forkexec_state *state)
{
	uint64_t all = ~UINT64_C(0), mask;
	int n;

	if (sys_rt_sigprocmask(SIG_SETMASK, &all, &mask) < 0)
		return 1; /* in no state to tell */
	n = forkexec_hold_settle(state);
	sys_restore_mask(&mask);
	return n;
}

/*
 * The end of file comes microseconds after the child's tid is cleared, unless a child of
 * somebody else's fork(2) has the pipe, too: then a later start does it.
 */
HIDDEN void forkexec_settle_soon(const struct job *job, struct forkexec_state *state)
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

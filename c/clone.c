//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * clone.c - makes the child: blocks signals and clones by the best method that kernel
 * and policy allow. Nothing is left behind when it fails: no descriptor, no child, no
 * changed signal mask.
 *
 * Hazards of a child that shares our memory, and what meets them:
 * - a signal handler of ours running in the child: all 64 signals are blocked from
 *   before the clone until the child has no handlers (CLONE_CLEAR_SIGHAND, or one
 *   rt_sigaction each). By the raw call, for libc hides 32 and 33.
 * - the child using our stack: it has its own, in the job.
 * - the child outliving the job: forkexec_finish() waits for CLONE_CHILD_CLEARTID,
 *   which the kernel does when the child leaves this memory, by exec or by exit; or, until
 *   that is proven, for the end of the report pipe.
 * - the child's closes taking effect in our descriptor table (may_share_table): the first
 *   thing it does is to leave it, by close_range(2) with CLOSE_RANGE_UNSHARE.
 * - an emulator that turns vfork into fork, or clears the tid at exit only: until a method
 *   is proven, the child also reports through a pipe.
 */
#include "core.h"

/* Says in words what FORKEXEC_STATE_* and the request allow for this start. */
static int method_allowed(const struct job *job, uint32_t method, uint32_t share, uint32_t bits)
{
	const struct forkexec_request *r = job->request;
	int is_clone3 = method == METHOD_CLONE3 || method == METHOD_CLONE3_FORK;
	int is_fork = method == METHOD_CLONE3_FORK || method == METHOD_FORK;
	int needs_clone3 = (r->flags & FORKEXEC_CGROUP_FD) || (r->clone_flags & CLONE_NEWTIME);

	if (is_clone3 && bits & FORKEXEC_STATE_NO_CLONE3)
		return 0;
	if (needs_clone3) /* a REFUSED bit is no reason not to ask for what only this can do */
		return is_clone3 && is_fork == !share;
	if (bits & STATE_REFUSED(method))
		return 0;
	if (share == SHARE_CLONE3)
		return method == METHOD_CLONE3;
	return share ? method != METHOD_CLONE3_FORK : is_fork;
}

static uint64_t clone_flags(const struct job *job, uint32_t method, uint32_t bits)
{
	const struct forkexec_request *r = job->request;
	/* These ask for what a start does anyway, or mean nothing (DETACHED). */
	uint64_t flags = r->clone_flags &
			 ~(CLONE_VFORK | CLONE_PIDFD | CLONE_DETACHED | CLONE_CLEAR_SIGHAND);

	if (job->with_pidfd)
		flags |= CLONE_PIDFD;
	if (method == METHOD_CLONE3 || method == METHOD_CLONE3_FORK)
		flags |= CLONE_CLEAR_SIGHAND;
	if (method != METHOD_CLONE3_FORK && method != METHOD_FORK) {
		flags |= CLONE_VM;
		if (!(bits & STATE_NO_CLEARTID))
			flags |= CLONE_CHILD_CLEARTID;
		if (bits & STATE_TRACED)
			flags |= CLONE_VFORK;
	}
	if (job->shares_table)
		flags |= CLONE_FILES;
	return flags;
}

/*
 * May the child begin with our descriptor table itself, instead of a copy that costs time
 * for each descriptor and that it would throw away? It must be sure to leave it before it
 * touches a descriptor, and we must not close one that it is to keep in the meantime: so
 * there are no pipes of ours.
 */
static int may_share_table(const struct job *job, uint32_t method, uint32_t bits)
{
	const struct forkexec_request *r = job->request;

	if (r->flags & (FORKEXEC_ERRNO_PIPE | FORKEXEC_EXEC_FD | FORKEXEC_LANDLOCK |
			FORKEXEC_DIR_FD | FORKEXEC_FOREGROUND) || r->n_namespaces)
		return 0;
	return job->trim && !job->moves_fds && bits & STATE_TRIMS && bits & STATE_PROVEN(method) &&
	       job->report[0] < 0 && job->sync[0] < 0 && job->hold[0] < 0;
}

static long clone_once(struct job *job, uint32_t method, uint32_t bits)
{
	const struct forkexec_request *r = job->request;
	uint64_t flags = clone_flags(job, method, bits);
	struct sys_clone_args args;

	if (r->trace)
		forkexec_trace_step(job, FORKEXEC_STEP_CLONE, (int64_t)r->clone_flags);
	job->method = method;
	job->waits = (flags & CLONE_VFORK) != 0;
	job->own[OWN_REPORT_READ] = job->report[0];
	job->own[OWN_REPORT] = job->report[1];
	job->own[OWN_SYNC] = job->sync[0];
	job->own[OWN_SYNC_WRITE] = job->sync[1];
	job->own[OWN_STOP] = job->stop[0];
	job->own[OWN_STOP_WRITE] = job->stop[1];
	job->own[OWN_HOLD_READ] = job->hold[0];
	job->own[OWN_HOLD] = job->hold[1];
	job->own[OWN_ERRNO_PIPE] = r->flags & FORKEXEC_ERRNO_PIPE ? r->errno_pipe : -1;
	job->own[OWN_EXEC] = r->flags & FORKEXEC_EXEC_FD ? r->exec_fd : -1;
	job->own[OWN_LANDLOCK] = r->flags & FORKEXEC_LANDLOCK ? r->landlock_fd : -1;
	if (method != METHOD_CLONE3 && method != METHOD_CLONE3_FORK)
		return sys_clone(flags | SIGCHLD, job->stack_top, &job->pidfd, &job->tid,
				 forkexec_child_main, job);
	args.flags = flags;
	args.pidfd = (uintptr_t)&job->pidfd;
	args.child_tid = (uintptr_t)&job->tid;
	args.parent_tid = 0;
	args.exit_signal = SIGCHLD;
	args.stack = (uintptr_t)job->stack;
	args.stack_size = CHILD_STACK;
	args.tls = 0;
	args.set_tid = 0;
	args.set_tid_size = 0;
	args.cgroup = 0;
	if (r->flags & FORKEXEC_CGROUP_FD) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)(int64_t)r->cgroup_fd;
	}
	return sys_clone3(&args, forkexec_child_main, job);
}

/* May an errno mean "not in this form" rather than "not at all"? */
static int is_refusal(long ret)
{
	return ret == -E_NOSYS || ret == -E_PERM || ret == -E_INVAL;
}

/* May the kernel refuse this clone for a reason that no other form would cure? */
static int has_demands(const struct forkexec_request *r)
{
	return r->clone_flags || r->flags & FORKEXEC_CGROUP_FD;
}

/* Tries the methods from best to plainest; collects the STATE_REFUSED bits. */
static long try_methods(struct job *job, struct forkexec_result *reterr, uint32_t bits,
			uint32_t *ret_refused)
{
	uint32_t method, invalid = 0;
	long ret = -E_NOSYS;

	for (method = 0; method < N_METHODS; method++) {
		if (!method_allowed(job, method, job->share, bits))
			continue;
		if (!(bits & STATE_PROVEN(method)) || job->request->flags & FORKEXEC_STOP_EXEC ||
		    job->request->pause_at ||
		    job->request->seccomp_flags & SECCOMP_NEW_LISTENER) {
			ret = forkexec_open_pipe(job, job->report, reterr);
			if (ret < 0)
				return ret;
		}
		job->shares_table = (uint32_t)may_share_table(job, method, bits);
		ret = clone_once(job, method, bits);
		if (!is_refusal(ret))
			break;
		*ret_refused |= STATE_REFUSED(method);
		if (ret == -E_INVAL)
			invalid |= STATE_REFUSED(method);
	}
	if (ret < 0)
		return fail(reterr, FORKEXEC_STEP_CLONE, (int)-ret,
			    (int64_t)job->request->clone_flags);
	/*
	 * That sharing memory is invalid may be due to this thread alone: so it is where it
	 * has called unshare(CLONE_NEWTIME), before Linux 6.2.
	 */
	if (job->share && (method == METHOD_FORK || method == METHOD_CLONE3_FORK))
		*ret_refused &= ~invalid;
	return ret;
}

static int was_refused(long ret, const struct forkexec_result *result)
{
	return is_refusal(ret) && result->step == FORKEXEC_STEP_CLONE;
}

/*
 * Like a refused method, a refused CLONE_PIDFD is not asked for again: QEMU's user mode does
 * not know it before 8.0. Without it, pidfd is -1.
 */
static long try_without_pidfd(struct job *job, struct forkexec_result *reterr, uint32_t bits,
			      uint32_t *ret_refused)
{
	long ret = try_methods(job, reterr, bits, ret_refused);

	if (!was_refused(ret, reterr) || !job->with_pidfd || has_demands(job->request))
		return ret;
	job->with_pidfd = 0;
	job->pidfd = -1;
	*ret_refused = STATE_NO_PIDFD;
	return try_methods(job, reterr, bits, ret_refused);
}

/*
 * Are we traced? A tracer is told of a clone by one of three events. Of a child that shares
 * memory without CLONE_VFORK it hears "fork" (kernel_clone() in Linux), so gdb takes its
 * breakpoints out of what it believes to be the child's copy, and thus out of us. While
 * somebody traces us, CLONE_VFORK therefore tells the truth.
 *
 * The answer may be 20 ms old: to attach takes a debugger longer, and stops us meanwhile. To
 * look costs about ten microseconds, too much for each start.
 */
#define TRACED_MS 20

/* Milliseconds since boot; the difference of two is right across the overflow. */
static uint32_t now_ms(void)
{
	struct sys_timespec t;

	t.sec = t.nsec = 0;
	sys_monotonic(&t);
	return (uint32_t)t.sec * 1000 + (uint32_t)t.nsec / 1000000;
}

/* The line is among the first of the file. Without /proc nobody traces us. */
static int read_tracer(void)
{
	static const char name[] = "\nTracerPid:\t";
	char text[384];
	const size_t n_name = sizeof(name) - 1;
	size_t at, i = 0;
	long n, fd = sys_openat("/proc/thread-self/status", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	n = sys_read((int)fd, text, sizeof(text));
	sys_close((int)fd);
	for (at = 0; n > 0 && at + n_name < (size_t)n; at++) {
		for (i = 0; i < n_name && text[at + i] == name[i]; i++)
			NOT_A_LIBC_CALL();
		if (i == n_name)
			return text[at + n_name] != '0';
	}
	return 0;
}

static void look_for_tracer(const struct forkexec_request *r, struct forkexec_state *state)
{
	uint32_t now = r->now_ms ? r->now_ms : now_ms();
	uint32_t then = __atomic_load_n(&state->traced_ms, __ATOMIC_RELAXED);

	if (then && now - then < TRACED_MS)
		return;
	if (read_tracer())
		state_set(state, STATE_TRACED);
	else
		state_clear(state, STATE_TRACED);
	__atomic_store_n(&state->traced_ms, now | !now, __ATOMIC_RELAXED);
}

/*
 * A refused method is remembered only if a lesser one worked in this very start, and
 * never where the request gives the kernel a reason of its own to refuse: there the
 * errno is an honest answer. A child that is held for is cloned by one method alone; if that
 * is refused, it is forked.
 */
static long clone_by_methods(struct job *job, struct forkexec_result *reterr,
			     struct forkexec_state *state)
{
	const struct forkexec_request *r = job->request;
	uint32_t bits, refused = 0;
	long ret;

	look_for_tracer(r, state);
	bits = state_bits(state);
	job->with_pidfd = r->flags & FORKEXEC_PIDFD && !(bits & STATE_NO_PIDFD);
	/* A traced parent waits in the clone: it could not write the maps meanwhile. */
	forkexec_hold_begin(job, state, !(bits & STATE_TRACED) &&
			    method_allowed(job, METHOD_CLONE3, SHARE_CLONE3, bits));
	ret = try_without_pidfd(job, reterr, bits, &refused);
	forkexec_hold_end(job, state, ret > 0 && job->share);
	if (was_refused(ret, reterr) && job->share == SHARE_CLONE3) {
		job->share = SHARE_NOT;
		job->refused = 1;
		ret = try_without_pidfd(job, reterr, bits, &refused);
	}
	if (ret < 0)
		return ret;
	reterr->step = FORKEXEC_STEP_NONE; /* what refused attempts have left */
	reterr->err = 0;
	reterr->detail = 0;
	if (refused && !has_demands(r))
		state_set(state, refused);
	return ret;
}

/* What the caller may know of how its child was made. */
static void tell_method(const struct job *job, struct forkexec_result *ret)
{
	uint32_t m = job->method;

	ret->method = m == METHOD_CLONE3 || m == METHOD_CLONE3_FORK ? FORKEXEC_METHOD_CLONE3 :
								      FORKEXEC_METHOD_CLONE;
	if (m == METHOD_CLONE3 || m == METHOD_CLONE)
		ret->how = FORKEXEC_HOW_SHARED | (job->waits ? FORKEXEC_HOW_VFORK : 0);
	else if (job->share != SHARE_NOT || job->refused)
		ret->how = FORKEXEC_HOW_REFUSED;
	else
		ret->how = FORKEXEC_HOW_UNSAFE;
}

HIDDEN int forkexec_clone_job(struct job *job, struct forkexec_result *ret,
			      struct forkexec_state *state, const uint64_t *mask)
{
	const struct forkexec_request *r = job->request;
	uint64_t all = ~UINT64_C(0);
	long pid, err;

	err = forkexec_open_stops(job, ret);
	if (err)
		return (int)err;
	if (mask)
		job->mask = *mask;
	else
		err = sys_rt_sigprocmask(SIG_SETMASK, &all, &job->mask);
	if (err < 0) {
		forkexec_close_stops(job);
		return fail(ret, FORKEXEC_STEP_SIGMASK, (int)-err, 0);
	}
	pid = clone_by_methods(job, ret, state);
	if (!mask)
		sys_restore_mask(&job->mask);
	if (pid < 0) {
		forkexec_close_pipe(job->report);
		forkexec_close_stops(job);
		return (int)pid;
	}
	if (job->report[1] >= 0) {
		sys_close(job->report[1]);
		job->report[1] = -1;
	}
	tell_method(job, ret);
	ret->pid = (int32_t)pid;
	ret->pidfd = job->pidfd;
	if (r->flags & FORKEXEC_STOP_CLONE)
		job->stopped = FORKEXEC_STEP_STOP_CLONE;
	else if (job->sync[0] >= 0)
		forkexec_release(job, (int)pid);
	return 0;
}

//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * run.c - a start as one call: it takes its work memory from the state, tries again where that
 * helps, and may wait for the end of the child as well.
 */
#include "core.h"

/* The size of the work memory that a state keeps; enough for all but ID maps. */
#define WORK_KEPT 16384

HIDDEN void *forkexec_work_take(struct forkexec_state *state, uint64_t *size)
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

HIDDEN void forkexec_work_give(struct forkexec_state *state, void *work, uint64_t size)
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
 * Shall a start that has failed be tried again, and with which flags? The whole of it, not just
 * the execve in the child: of a busy text, the child itself may hold the descriptor that is
 * open for writing, as a copy of its parent's.
 */
static int try_again(struct forkexec_request *own, const struct forkexec_result *ret)
{
	if (ret->retry_flags) {
		own->flags ^= ret->retry_flags;
		return 1;
	}
	if (ret->step != FORKEXEC_STEP_EXECVE || ret->err != E_TXTBSY || !own->text_busy_ms)
		return 0;
	sys_sleep_ms(1);
	own->text_busy_ms--;
	return 1;
}

/*
 * May the end of the child be waited for before forkexec_finish()? Only where nothing of the start
 * is left for that to do at the execve: no pipe to read or close, no memory to open again, no
 * trace to end, no descriptor that the child has from our own table.
 */
static int may_wait_first(const struct forkexec_request *r)
{
	const struct job *job = r->work;

	return job->report[0] < 0 && !job->held && !job->shares_table && !r->trace;
}

/* Returns when the child has ended, and leaves it to be waited for. */
static void wait_for_end(int pid)
{
	struct sys_siginfo info;
	long ret;

	do {
		ret = sys_sure(NR_waitid, P_PID, pid, (long)&info, WEXITED | WNOWAIT, 0);
	} while (ret == -E_INTR);
}

HIDDEN int forkexec_run_until(const struct forkexec_request *request, struct forkexec_result *ret,
			      struct forkexec_state *state, enum run_until until)
{
	struct forkexec_request own;
	uint64_t size;
	int err = forkexec_plan_check(request, ret);

	ret->method = 0;
	ret->how = 0;
	ret->seccomp_fd = -1;
	if (err)
		return err;
	if (request->flags & (FORKEXEC_STOP_CLONE | FORKEXEC_STOP_EXEC)) /* nobody would go on */
		return fail(ret, FORKEXEC_STEP_REQUEST, E_INVAL,
			    (int64_t)offsetof(struct forkexec_request, flags));
	if (request->pause_at)
		return fail(ret, FORKEXEC_STEP_REQUEST, E_INVAL,
			    (int64_t)offsetof(struct forkexec_request, pause_at));
	copy_request(&own, request);
	size = forkexec_work_size(request);
	own.work = forkexec_work_take(state, &size);
	own.work_size = size;
	if (!own.work)
		return fail(ret, FORKEXEC_STEP_REQUEST, E_NOMEM,
			    (int64_t)offsetof(struct forkexec_request, work));
	do {
		err = forkexec_start(&own, ret, state);
		if (!err && until == UNTIL_END && may_wait_first(&own))
			wait_for_end(ret->pid);
		if (!err && forkexec_finish(&own, ret, state, -1) == FORKEXEC_FAILED)
			err = -ret->err;
	} while (err && try_again(&own, ret));
	forkexec_settle_soon(own.work, state);
	forkexec_work_give(state, own.work, size);
	return err;
}

PUBLIC int forkexec_run(const struct forkexec_request *request, struct forkexec_result *ret,
			struct forkexec_state *state)
{
	return forkexec_run_until(request, ret, state, UNTIL_EXECVE);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * child_trace.h - the child seen from outside: its steps' times, and where it waits. A part of
 * child.c, which alone includes it, and of its fenced zone.
 */
#ifndef FORKEXEC_CHILD_TRACE_H
#define FORKEXEC_CHILD_TRACE_H

/*
 * The page may be written by whoever traces the child: what the parent reads there it does not
 * believe (forkexec_attr_read_page()).
 */
HIDDEN CORE_ATTRS void forkexec_trace_step(struct job *job, uint32_t step, int64_t detail)
{
	volatile struct forkexec_trace *t = &job->page->trace;
	volatile struct forkexec_trace_step *s = t->steps;
	uint32_t n = t->n;

	if (n > 0 && n <= FORKEXEC_TRACE_STEPS) {
		s += n - 1;
		if (s->step == step && (s->detail == detail || n >= FORKEXEC_TRACE_STEPS / 2)) {
			s->calls++;
			return;
		}
		s++;
	}
	if (n >= FORKEXEC_TRACE_STEPS) /* more than there are steps beyond the half */
		return;
	s->step = step;
	s->calls = 1;
	s->detail = detail;
	s->begin_ns = job->filtered ? s[-1].begin_ns : sys_clock_ns(job->clock);
	t->n = n + 1;
}

/* Waits until the parent says what to do. Its end, or that of the pipe, is ours. */
CHILD static void child_await(struct job *job, int32_t fd, uint32_t step)
{
	struct record message;
	long n;

	do {
		n = sys_read(fd, &message, sizeof(message));
	} while (n == -E_INTR);
	if (n < 0)
		child_fail(job, step, n, 0);
	if (n != sizeof(message))
		child_fail(job, step, -E_INVAL, n);
	if (message.step != FORKEXEC_STEP_NONE)
		child_fail(job, message.step, -(long)message.err, message.detail);
}

/* Tells the parent that it is its turn. The record's errno is 0: nothing has failed. */
CHILD static long child_tell(struct job *job, uint32_t step, int64_t pause)
{
	struct record here;

	here.step = step;
	here.err = 0;
	here.detail = pause;
	return sys_write(job->own[OWN_REPORT], &here, sizeof(here));
}

CHILD static void child_stop(struct job *job, uint32_t step, int64_t pause)
{
	long ret = child_tell(job, step, pause);

	if (ret < 0)
		child_fail(job, step, ret, 0);
	child_await(job, job->own[OWN_STOP], step);
}

/*
 * We may be there for days: our copy of the parent's memory is closed before, whatever others may
 * trace us by then. New IDs open it again where fs.suid_dumpable is 1. The execve opens it.
 */
CHILD static void child_pause(struct job *job, uint32_t step)
{
	long ret = 0;

	job->paused = 1;
	if (job->attributes & ATTR_CLOSED || job->changed)
		ret = sys_prctl(PR_SET_DUMPABLE, 0, 0);
	if (ret < 0)
		child_fail(job, step, ret, 0);
	child_stop(job, step, 1);
}

/* A step begins, and somebody wants to know. One that has not come by now does not come. */
CHILD static void child_seen(struct job *job, uint32_t step, int64_t detail)
{
	const struct forkexec_request *r = job->request;

	if (r->trace)
		forkexec_trace_step(job, step, detail);
	if (!r->pause_at || job->paused)
		return;
	if (step == r->pause_at) {
		child_pause(job, step);
	} else if (step == FORKEXEC_STEP_SECCOMP || step == FORKEXEC_STEP_EXECVE) {
		child_fail(job, FORKEXEC_STEP_REQUEST, -E_INVAL,
			   offsetof(struct forkexec_request, pause_at));
	}
}

static CORE_INLINE void child_step(struct job *job, uint32_t step, int64_t detail)
{
	if (__builtin_expect(job->seen != 0, 0))
		child_seen(job, step, detail);
}
#define MARK(STEP, detail) child_step(job, FORKEXEC_STEP_##STEP, (int64_t)(detail))

#endif /* FORKEXEC_CHILD_TRACE_H */

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * child_attr.h - attributes of the child that syscall.SysProcAttr does not have, each one
 * function or one TRY. A part of child.c, which alone includes it, and of its fenced zone.
 */
#ifndef FORKEXEC_CHILD_ATTR_H
#define FORKEXEC_CHILD_ATTR_H

CHILD static void child_disposition(struct job *job, uint32_t step, uint64_t set, uintptr_t handler)
{
	struct sys_sigaction action;
	long ret;
	int sig;

	action.handler = handler;
	action.flags = 0;
	action.restorer = 0;
	action.mask[0] = action.mask[1] = 0;
	for (sig = 1; sig <= SIGNALS; sig++) {
		if (!(set >> (sig - 1) & 1))
			continue;
		child_step(job, step, sig);
		ret = sys_rt_sigaction(sig, &action, NULL);
		if (ret < 0)
			child_fail(job, step, ret, sig);
	}
}

/* Before the mask lets a signal in that would meet the old disposition. */
CHILD static void child_signals(struct job *job)
{
	const struct forkexec_request *r = job->request;

	if (r->flags & FORKEXEC_SIGDEFAULT) /* these two cannot be anything else */
		child_disposition(job, FORKEXEC_STEP_SIGNAL_DEFAULT,
				  r->sigdefault & ~(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP)),
				  SIG_DFL_HANDLER);
	if (r->flags & FORKEXEC_SIGIGNORE)
		child_disposition(job, FORKEXEC_STEP_SIGNAL_IGNORE, r->sigignore, SIG_IGN_HANDLER);
}

/*
 * A limit on descriptors that is below those in use would fail the steps to come: it is
 * only raised here, and set as it shall be at the end, where that takes no privilege.
 */
CHILD static void child_rlimit(struct job *job, uint32_t i, int last)
{
	const struct forkexec_rlimit *rlimit = &job->request->rlimits[i];
	struct sys_rlimit limit, now;

	limit.cur = rlimit->cur;
	limit.max = rlimit->max;
	if (rlimit->resource == RLIMIT_NOFILE && !last) {
		TRY(RLIMIT, sys_prlimit(RLIMIT_NOFILE, NULL, &now), i);
		if (limit.cur > limit.max)
			TRY(RLIMIT, -E_INVAL, i);
		limit.cur = now.cur > limit.cur ? now.cur : limit.cur;
		limit.max = now.max > limit.max ? now.max : limit.max;
	}
	TRY(RLIMIT, sys_prlimit((int)rlimit->resource, &limit, NULL), i);
}

CHILD static void child_scheduling(struct job *job)
{
	const struct forkexec_request *r = job->request;

	if (r->scheduler) /* it sets the nice value, too */
		TRY(SCHEDULER, sys_sched_setattr(r->scheduler), r->scheduler->policy);
	if (r->flags & FORKEXEC_NICE)
		TRY(NICE, sys_setpriority(r->nice), r->nice);
	if (r->cpus)
		TRY(AFFINITY, sys_sched_setaffinity(r->n_cpus * sizeof(uint64_t), r->cpus), 0);
	if (r->flags & FORKEXEC_IOPRIO)
		TRY(IOPRIO, sys_ioprio_set(r->ioprio), r->ioprio);
}

/* What asks for privilege in the caller's namespaces, or for its /proc. */
CHILD static void child_resources(struct job *job)
{
	const struct forkexec_request *r = job->request;
	uint32_t i;

	if (r->flags & FORKEXEC_OOM_SCORE_ADJ)
		child_write_file(job, FORKEXEC_STEP_OOM_SCORE_ADJ, "/proc/self/oom_score_adj",
				 job->oom_text, job->n_oom_text, r->oom_score_adj);
	for (i = 0; i < r->n_rlimits; i++)
		child_rlimit(job, i, 0);
	child_scheduling(job);
	if (r->flags & FORKEXEC_UMASK)
		TRY(UMASK, sys_umask(r->umask), r->umask);
	if (r->flags & FORKEXEC_PERSONALITY)
		TRY(PERSONALITY, sys_personality(r->personality), r->personality);
	for (i = 0; i < r->n_namespaces; i++)
		TRY(SETNS, child_is_own(job, r->namespaces[i].fd) ?
			   -E_BADF : sys_setns(r->namespaces[i].fd, r->namespaces[i].type), i);
}

/*
 * Drops all that the bounding set has and keep has not. The kernel says where capabilities
 * end; not before the 37 that all kernels have, or a filter does.
 */
CHILD static void child_bounding(struct job *job, uint64_t keep)
{
	uint32_t cap;
	long ret;

	for (cap = 0; cap < 64; cap++) {
		ret = sys_prctl(PR_CAPBSET_READ, cap, 0);
		if (ret == -E_INVAL && cap >= CAPS_AT_LEAST)
			return;
		TRY(BOUNDING, ret, cap);
		if (ret && !(keep >> cap & 1))
			TRY(BOUNDING, sys_prctl(PR_CAPBSET_DROP, cap, 0), cap);
	}
}

CHILD static void child_ambient(struct job *job, uint64_t set)
{
	uint32_t cap;

	TRY(AMBIENT, sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0), -1);
	for (cap = 0; cap < 64; cap++)
		if (set >> cap & 1)
			TRY(AMBIENT, sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap), cap);
}

/*
 * Sets of capabilities and securebits. setuid(2) has left us, by KEEPCAPS, what is
 * permitted, and not effective: it is made so for as long as the work lasts. Inheritable
 * comes before bounding, which limits it; bounding and ambient before securebits, which may
 * forbid them; what takes CAP_SETPCAP away comes last.
 */
CHILD static void child_capabilities(struct job *job)
{
	const struct forkexec_request *r = job->request;
	uint64_t inheritable = r->cap_inheritable;
	struct sys_cap_data last[2];
	uint32_t i;

	job->cap_header.version = CAPABILITY_VERSION_3;
	job->cap_header.pid = 0;
	TRY(CAPGET, sys_capget(&job->cap_header, job->caps), 0);
	for (i = 0; i < 2; i++) {
		struct sys_cap_data *now = &job->caps[i];
		uint32_t shift = 32 * i;

		last[i].effective = now->effective;
		last[i].permitted = now->permitted;
		if (r->flags & FORKEXEC_CAP_INHERITABLE)
			now->inheritable = (uint32_t)(inheritable >> shift);
		else
			now->inheritable |= (uint32_t)(r->cap_ambient >> shift);
		last[i].inheritable = now->inheritable;
		if (r->flags & FORKEXEC_CAP_PERMITTED) {
			last[i].permitted = (uint32_t)(r->cap_permitted >> shift);
			last[i].effective &= last[i].permitted;
		}
		if (r->flags & FORKEXEC_CAP_EFFECTIVE)
			last[i].effective = (uint32_t)(r->cap_effective >> shift);
		now->effective = now->permitted;
	}
	TRY(CAPSET, sys_capset(&job->cap_header, job->caps), 0);
	if (r->flags & FORKEXEC_CAP_AMBIENT)
		child_ambient(job, r->cap_ambient);
	if (r->flags & FORKEXEC_CAP_BOUNDING)
		child_bounding(job, r->cap_bounding);
	if (r->flags & FORKEXEC_SECUREBITS)
		TRY(SECUREBITS, sys_prctl(PR_SET_SECUREBITS, r->securebits, 0), r->securebits);
	TRY(CAPABILITIES, sys_capset(&job->cap_header, last), 0);
}

CHILD static void child_open_files(struct job *job)
{
	const struct forkexec_request *r = job->request;
	uint32_t i;
	long fd;

	for (i = 0; i < r->n_opens; i++) {
		const struct forkexec_open *o = &r->opens[i];

		MARK(OPEN, i);
		fd = sys_openat3(o->path, o->flags, o->mode);
		if (fd < 0)
			child_fail(job, FORKEXEC_STEP_OPEN, fd, i);
		if (fd == o->fd)
			continue; /* with O_CLOEXEC or without, as asked */
		TRY(OPEN, sys_dup3((int)fd, o->fd, (int)(o->flags & O_CLOEXEC)), i);
		sys_close((int)fd);
	}
}

/*
 * More than a second: then the parent has been stopped or killed since it told us to go on, or we
 * keep it from its only processor, by a real-time policy.
 */
#define LISTENER_SPINS UINT32_C(2000000000)

/*
 * The parent takes the descriptor for notifications, forkexec_attr_take_listener(). No system
 * call until then: it might be one that waits for an answer, which nobody can give yet. So we do
 * not begin before the parent is there.
 */
CHILD static void child_listener(struct job *job, uint32_t fd)
{
	volatile struct page *page = job->page;
	uint32_t i;

	__atomic_store_n(&page->listener, fd + 1, __ATOMIC_RELEASE);
	for (i = 0; !__atomic_load_n(&page->taken, __ATOMIC_ACQUIRE); i++) {
		if (i < LISTENER_SPINS)
			continue;
		page->record.err = E_TIMEDOUT;
		page->record.detail = job->request->seccomp_flags;
		__atomic_store_n(&page->record.step, FORKEXEC_STEP_SECCOMP, __ATOMIC_RELEASE);
		__builtin_trap(); /* exit(2) might wait for an answer */
	}
}

CHILD static void child_seccomp(struct job *job)
{
	const struct forkexec_request *r = job->request;
	int notifies = (r->seccomp_flags & SECCOMP_NEW_LISTENER) != 0;
	struct sys_sock_fprog program;
	long fd;

	MARK(SECCOMP, r->seccomp_flags);
	program.len = (uint16_t)r->n_seccomp;
	program.filter = r->seccomp;
	if (notifies)
		child_stop(job, FORKEXEC_STEP_SECCOMP, 0);
	fd = sys_seccomp(SECCOMP_SET_MODE_FILTER, r->seccomp_flags, &program);
	if (fd < 0)
		child_fail(job, FORKEXEC_STEP_SECCOMP, fd, r->seccomp_flags);
	job->filtered = 1;
	if (notifies)
		child_listener(job, (uint32_t)fd);
}

/* What would hinder the other steps, and what cannot be undone. */
CHILD static void child_confine(struct job *job)
{
	const struct forkexec_request *r = job->request;
	uint32_t i;

	for (i = 0; i < r->n_rlimits; i++)
		if (r->rlimits[i].resource == RLIMIT_NOFILE)
			child_rlimit(job, i, 1);
	if (r->flags & FORKEXEC_NO_NEW_PRIVS)
		TRY(NO_NEW_PRIVS, sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0), 0);
	if (r->flags & FORKEXEC_LANDLOCK)
		TRY(LANDLOCK,
		    sys_landlock_restrict_self(job->own[OWN_LANDLOCK], r->landlock_flags),
		    r->landlock_fd);
	if (r->flags & FORKEXEC_STOP_EXEC) {
		MARK(STOP_EXEC, 0);
		child_stop(job, FORKEXEC_STEP_STOP_EXEC, 0);
	}
	if (r->seccomp)
		child_seccomp(job);
}

#endif /* FORKEXEC_CHILD_ATTR_H */

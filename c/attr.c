//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attr.c - what the parent does for attributes that Go's SysProcAttr does not have: are they
 * well formed, may a child with them share memory, what is ready for the child. The child's
 * part is child_attr.h.
 */
#include "core.h"

static int refuse(struct forkexec_result *reterr, size_t offset)
{
	return fail(reterr, FORKEXEC_STEP_REQUEST, E_INVAL, (int64_t)offset);
}

#define FIELD(f) offsetof(struct forkexec_request, f)

_Static_assert(sizeof(struct forkexec_request) % 8 == 0, "it is copied by words of 64 bits");
_Static_assert(sizeof(struct page) <= PAGE_SIZE, "it is one page");

/* What is set counts, or is refused: as in plan.c. */
static int check_flags(const struct forkexec_request *r, struct forkexec_result *reterr)
{
	const struct {
		uint64_t flag;
		int set;
		size_t offset;
	} rules[] = {
		{FORKEXEC_SIGMASK, r->sigmask != 0, FIELD(sigmask)},
		{FORKEXEC_SIGDEFAULT, r->sigdefault != 0, FIELD(sigdefault)},
		{FORKEXEC_SIGIGNORE, r->sigignore != 0, FIELD(sigignore)},
		{FORKEXEC_CAP_EFFECTIVE, r->cap_effective != 0, FIELD(cap_effective)},
		{FORKEXEC_CAP_PERMITTED, r->cap_permitted != 0, FIELD(cap_permitted)},
		{FORKEXEC_CAP_INHERITABLE, r->cap_inheritable != 0, FIELD(cap_inheritable)},
		{FORKEXEC_CAP_BOUNDING, r->cap_bounding != 0, FIELD(cap_bounding)},
		{FORKEXEC_CAP_AMBIENT, r->cap_ambient != 0, FIELD(cap_ambient)},
		{FORKEXEC_NICE, r->nice != 0, FIELD(nice)},
		{FORKEXEC_IOPRIO, r->ioprio != 0, FIELD(ioprio)},
		{FORKEXEC_OOM_SCORE_ADJ, r->oom_score_adj != 0, FIELD(oom_score_adj)},
		{FORKEXEC_UMASK, r->umask != 0, FIELD(umask)},
		{FORKEXEC_SECUREBITS, r->securebits != 0, FIELD(securebits)},
		{FORKEXEC_PERSONALITY, r->personality != 0, FIELD(personality)},
		{FORKEXEC_SESSION_KEYRING, r->session_keyring != NULL, FIELD(session_keyring)},
		{FORKEXEC_DIR_FD, r->dir_fd != 0, FIELD(dir_fd)},
		{FORKEXEC_EXEC_FD, r->exec_fd != 0, FIELD(exec_fd)},
		{FORKEXEC_LANDLOCK, r->landlock_fd != 0, FIELD(landlock_fd)},
		{FORKEXEC_LANDLOCK, r->landlock_flags != 0, FIELD(landlock_flags)},
	};
	size_t i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].set && !(r->flags & rules[i].flag))
			return refuse(reterr, rules[i].offset);
	return 0;
}

static int check_lists(const struct forkexec_request *r, struct forkexec_result *reterr)
{
	uint32_t i;

	if (r->n_rlimits && !r->rlimits)
		return refuse(reterr, FIELD(n_rlimits));
	if (r->n_cpus > CPUS_MAX || (r->n_cpus && !r->cpus))
		return refuse(reterr, FIELD(n_cpus));
	if (r->n_namespaces && !r->namespaces)
		return refuse(reterr, FIELD(n_namespaces));
	if (r->n_opens && !r->opens)
		return refuse(reterr, FIELD(n_opens));
	if (r->n_seccomp > SECCOMP_MAX || (r->n_seccomp && !r->seccomp))
		return refuse(reterr, FIELD(n_seccomp));
	for (i = 0; i < r->n_opens; i++)
		if (!r->opens[i].path || r->opens[i].fd < 0 || r->opens[i].fd >= (int32_t)FDS_MAX)
			return refuse(reterr, FIELD(opens));
	return 0;
}

/* A set that limits another one takes ambient capabilities away without a word. */
static int check_ambient(const struct forkexec_request *r, struct forkexec_result *reterr)
{
	uint64_t ambient = r->cap_ambient;
	uint32_t i;

	for (i = 0; i < r->n_ambient_caps; i++)
		if (r->ambient_caps[i] < 64)
			ambient |= UINT64_C(1) << r->ambient_caps[i];
	if (r->flags & FORKEXEC_CAP_INHERITABLE && ambient & ~r->cap_inheritable)
		return refuse(reterr, FIELD(cap_inheritable));
	if (r->flags & FORKEXEC_CAP_PERMITTED && ambient & ~r->cap_permitted)
		return refuse(reterr, FIELD(cap_permitted));
	return 0;
}

/*
 * Is pause_at a step, and one where a pause can end? Behind a filter the child could not wait,
 * and once it is traced SIGCONT does not continue it. That the child does not take the step it
 * says itself, child_seen().
 */
static int may_pause(const struct forkexec_request *r)
{
#define STEP_BIT(id, NAME, name, syscall, field) | UINT64_C(1) << (id)
	const uint64_t steps = 0 FORKEXEC_STEPS(STEP_BIT);
#undef STEP_BIT
#define STEP_BIT(NAME) UINT64_C(1) << FORKEXEC_STEP_##NAME
	const uint64_t behind_ptrace = STEP_BIT(NO_NEW_PRIVS) | STEP_BIT(LANDLOCK) |
				       STEP_BIT(STOP_EXEC) | STEP_BIT(SECCOMP) | STEP_BIT(EXECVE);
	const uint64_t pause = r->pause_at < 64 ? UINT64_C(1) << r->pause_at : 0;

	if (r->flags & FORKEXEC_PTRACE && pause & behind_ptrace)
		return 0;
	return pause & steps && !(r->seccomp && pause & (STEP_BIT(EXECVE)));
#undef STEP_BIT
}

/* Values that the kernel would take for others, or that a start cannot bear. */
HIDDEN int forkexec_attr_check(const struct forkexec_request *r, struct forkexec_result *reterr)
{
	if (check_flags(r, reterr) || check_lists(r, reterr))
		return -E_INVAL;
	if (r->sigdefault & r->sigignore)
		return refuse(reterr, FIELD(sigignore));
	if (r->flags & FORKEXEC_CAP_AMBIENT && r->n_ambient_caps)
		return refuse(reterr, FIELD(cap_ambient));
	if (check_ambient(r, reterr))
		return -E_INVAL;
	if (r->trace && r->trace->size != sizeof(*r->trace))
		return refuse(reterr, FIELD(trace));
	if (r->pause_at && !may_pause(r))
		return refuse(reterr, FIELD(pause_at));
	if (r->scheduler && r->scheduler->size != sizeof(*r->scheduler))
		return refuse(reterr, FIELD(scheduler));
	if (r->scheduler && r->seccomp_flags & SECCOMP_NEW_LISTENER &&
	    IS_REAL_TIME(r->scheduler->policy))
		return refuse(reterr, FIELD(scheduler));
	if (r->scheduler && r->scheduler->nice && r->flags & FORKEXEC_NICE &&
	    r->scheduler->nice != r->nice)
		return refuse(reterr, FIELD(nice));
	if (r->seccomp_flags & ~(uint32_t)SECCOMP_FLAGS_OF_A_FILTER ||
	    (r->seccomp_flags && !r->seccomp))
		return refuse(reterr, FIELD(seccomp_flags));
	if (r->nice < -20 || r->nice > 19)
		return fail(reterr, FORKEXEC_STEP_NICE, E_INVAL, r->nice);
	if (r->umask > 0777)
		return fail(reterr, FORKEXEC_STEP_UMASK, E_INVAL, r->umask);
	if (r->personality == UINT32_MAX) /* only asks what it is */
		return fail(reterr, FORKEXEC_STEP_PERSONALITY, E_INVAL, r->personality);
	return 0;
}

static uint32_t groups(const struct forkexec_request *r)
{
	const uint64_t resources = FORKEXEC_OOM_SCORE_ADJ | FORKEXEC_NICE | FORKEXEC_IOPRIO | FORKEXEC_UMASK |
				   FORKEXEC_PERSONALITY;
	const uint64_t capabilities = CAP_SETS | FORKEXEC_SECUREBITS;
	uint32_t ret = 0;

	if (r->flags & resources || r->n_rlimits || r->scheduler || r->cpus || r->n_namespaces)
		ret |= ATTR_RESOURCES;
	if (r->flags & capabilities)
		ret |= ATTR_CAPABILITIES;
	if (r->n_ambient_caps || (r->flags & capabilities && r->flags & FORKEXEC_CREDENTIAL))
		ret |= ATTR_KEEPCAPS;
	if (r->flags & (FORKEXEC_NO_NEW_PRIVS | FORKEXEC_LANDLOCK | FORKEXEC_STOP_EXEC) || r->seccomp || r->n_rlimits)
		ret |= ATTR_LAST;
	return ret;
}

/* May the child join a namespace of these types? One of type 0 may be any. */
HIDDEN int forkexec_attr_may_join(const struct forkexec_request *r, uint32_t types)
{
	uint32_t i;

	for (i = 0; i < r->n_namespaces; i++)
		if (!r->namespaces[i].type || r->namespaces[i].type & types)
			return 1;
	return 0;
}

/*
 * May somebody trace the child who may not trace us? The owner of its user namespace may, whom
 * our capabilities keep out of us, and so may who has as few capabilities as it has. New IDs
 * do not count: with them the kernel closes its memory itself.
 */
static int is_weaker(const struct forkexec_request *r)
{
	return (r->clone_flags | r->unshare_flags) & CLONE_NEWUSER ||
	       r->flags & (FORKEXEC_CAP_PERMITTED | FORKEXEC_CAP_EFFECTIVE) ||
	       forkexec_attr_may_join(r, CLONE_NEWUSER);
}

/* As in hold.c: whose files in /proc stay its own when its memory is closed. In doubt: yes. */
static int is_privileged_root(void)
{
	struct sys_cap_header header;
	struct sys_cap_data caps[2];
	uint32_t uids[3];

	header.version = CAPABILITY_VERSION_3;
	header.pid = 0;
	if (sys_getresuid(uids) < 0)
		return 1;
	return uids[1] == 0 && (sys_capget(&header, caps) < 0 ||
				(caps[0].effective | caps[1].effective));
}

/* May the child come into another time namespace, with another CLOCK_MONOTONIC? */
static int may_change_clock(const struct forkexec_request *r)
{
	return forkexec_attr_may_join(r, CLONE_NEWTIME) || r->clone_flags & CLONE_NEWTIME;
}

HIDDEN void forkexec_attr_plan(struct job *job)
{
	const struct forkexec_request *r = job->request;

	job->attributes = groups(r);
	if (!forkexec_attr_may_share(r) && is_weaker(r) && is_privileged_root())
		job->attributes |= ATTR_CLOSED;
	if (r->flags & FORKEXEC_CREDENTIAL && is_privileged_root() && forkexec_plan_suid_dumpable())
		job->attributes |= ATTR_REOPENED;
	job->child_mask = r->flags & FORKEXEC_SIGMASK ? &r->sigmask : &job->mask;
	job->page = NULL;
	job->clock = may_change_clock(r) ? CLOCK_REALTIME : CLOCK_MONOTONIC;
	job->seen = r->trace || r->pause_at;
	job->paused = job->changed = job->filtered = job->at_pause = job->failing = 0;
	job->listener = -1;
	job->n_oom_text = (uint32_t)forkexec_plan_number(job->oom_text, r->oom_score_adj);
	job->first_free = r->n_fds < 3 ? 3 : (int32_t)r->n_fds;
}

/* Could it make a signal that dumps core? */
static int may_dump_core(const struct forkexec_request *r)
{
	uint32_t i;

	for (i = 0; i < r->n_rlimits; i++)
		if (r->rlimits[i].resource == RLIMIT_CPU || r->rlimits[i].resource == RLIMIT_RTTIME)
			return 1;
	return r->seccomp || (r->scheduler && r->scheduler->flags & SCHED_FLAG_DL_OVERRUN);
}

/*
 * May a child with these attributes share our memory? See SECURITY.md.
 *
 * - The OOM score belongs to all that share memory, but for a child of vfork(2).
 * - Fewer permitted capabilities, and it may be traced by whom we may not be.
 * - In another user namespace, whose owner has every capability over it; for one in a time
 *   namespace the kernel wants memory of its own.
 * - One that waits for its parent is there long enough to be stopped, traced and killed.
 * - Before Linux 5.16 a core dump ends all that share the memory (zap_threads()).
 */
HIDDEN int forkexec_attr_may_share(const struct forkexec_request *r)
{
	if (r->flags & (FORKEXEC_STOP_CLONE | FORKEXEC_STOP_EXEC) || r->pause_at)
		return 0;
	if (r->flags & (FORKEXEC_OOM_SCORE_ADJ | FORKEXEC_CAP_PERMITTED | FORKEXEC_CAP_EFFECTIVE))
		return 0;
	return !forkexec_attr_may_join(r, CLONE_NEWUSER | CLONE_NEWTIME) && !may_dump_core(r);
}

/*
 * A page that we have in common with the child, also if it is forked: a filter may forbid it to
 * write to the report pipe what the execve(2) said.
 */
HIDDEN int forkexec_attr_page(struct job *job, struct forkexec_result *reterr)
{
	const struct forkexec_request *r = job->request;
	long ret = sys_mmap_shared(PAGE_SIZE);

	if (ret < 0 && ret > -4096)
		return fail(reterr, FORKEXEC_STEP_REQUEST, E_NOMEM,
			    (int64_t)(r->trace ? FIELD(trace) : FIELD(seccomp)));
	job->page = (volatile struct page *)ret;
	if (r->trace)
		forkexec_trace_step(job, FORKEXEC_STEP_REQUEST, 0);
	return 0;
}

static void read_trace(const struct job *job)
{
	const volatile struct forkexec_trace *from = &job->page->trace;
	struct forkexec_trace *to = job->request->trace;
	uint32_t n = from->n, i;

	to->n = n <= FORKEXEC_TRACE_STEPS ? n : FORKEXEC_TRACE_STEPS;
	to->end_ns = from->end_ns;
	if (!to->end_ns)
		to->end_ns = sys_clock_ns(job->clock);
	for (i = 0; i < to->n; i++) {
		to->steps[i].step = from->steps[i].step;
		to->steps[i].calls = from->steps[i].calls;
		to->steps[i].begin_ns = from->steps[i].begin_ns;
		to->steps[i].detail = from->steps[i].detail;
	}
}

/* When the child has left, or there is none: takes what it says, and the page is gone. */
HIDDEN void forkexec_attr_read_page(struct job *job)
{
	if (!job->page)
		return;
	if (is_failure(job->page->record.step, job->page->record.err)) {
		job->record.err = job->page->record.err;
		job->record.detail = job->page->record.detail;
		job->record.step = job->page->record.step;
	}
	if (job->request->trace)
		read_trace(job);
	sys_munmap((void *)(uintptr_t)job->page, PAGE_SIZE);
	job->page = NULL;
}

/*
 * Behind its filter each system call of the child may wait for whom we give the descriptor to. So
 * it makes none until we have it; if we cannot have it, nothing but a signal reaches it.
 */
HIDDEN void forkexec_attr_take_listener(struct job *job, int pid)
{
	uint32_t theirs = 0;
	long pidfd, fd;
	int tries;

	if (!(job->request->seccomp_flags & SECCOMP_NEW_LISTENER) || job->listener >= 0)
		return;
	for (tries = 0; tries < 20 && !theirs; tries++) {
		if (tries)
			sys_sleep_us(50);
		theirs = __atomic_load_n(&job->page->listener, __ATOMIC_ACQUIRE);
	}
	if (!theirs) /* it had no time, or is stopped: looked for again soon */
		return;
	pidfd = job->pidfd >= 0 ? job->pidfd : sys_pidfd_open(pid);
	fd = pidfd >= 0 ? sys_pidfd_getfd((int)pidfd, (int)theirs - 1) : pidfd;
	if (pidfd >= 0 && pidfd != job->pidfd)
		sys_close((int)pidfd);
	if (fd >= 0) {
		job->listener = (int32_t)fd;
		__atomic_store_n(&job->page->taken, 1, __ATOMIC_RELEASE);
		return;
	}
	if (fd == -E_SRCH) /* killed, and nothing has failed */
		return;
	job->page->record.err = (int32_t)-fd;
	job->page->record.detail = job->request->seccomp_flags;
	job->page->record.step = FORKEXEC_STEP_SECCOMP;
	(void)forkexec_signal(job, pid, SIGKILL);
}

/* The child is about to install its filter, and waits until somebody is there to take this. */
HIDDEN void forkexec_attr_start_filter(struct job *job, int pid)
{
	struct record go;

	go.step = FORKEXEC_STEP_NONE;
	go.err = 0;
	go.detail = 0;
	forkexec_answer(job, &go);
	forkexec_attr_take_listener(job, pid);
}

/* From time to time, while the child says nothing: may it be that it cannot, for its filter? */
HIDDEN void forkexec_attr_look(struct job *job, int pid)
{
	if (!job->page)
		return;
	forkexec_attr_take_listener(job, pid);
	if (!__atomic_load_n(&job->page->record.step, __ATOMIC_ACQUIRE))
		return;
	if (job->failing) /* still, so it waits in write(2) or exit(2) */
		(void)forkexec_signal(job, pid, SIGKILL);
	job->failing = 1;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dry_attributes.c - the part of --dry-run for the options of attributes.c and confine.c.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "cli.h"

static void put_signal(int sig)
{
	const char *name = signal_word(sig);

	if (name)
		printf("SIG%s", name);
	else
		printf("%d", sig);
}

static void dispositions(uint64_t set, const char *action)
{
	int sig;

	for (sig = 1; sig <= 64; sig++) {
		if (!(set >> (sig - 1) & 1))
			continue;
		fputs("rt_sigaction(", stdout);
		put_signal(sig);
		printf(", {%s})\n", action);
	}
}

void dry_signals(const struct command *c)
{
	const struct forkexec_request *r = &c->request;
	const uint64_t always = UINT64_C(1) << (9 - 1) | UINT64_C(1) << (19 - 1);
	const char *space = "";
	int sig;

	dispositions(r->sigdefault & ~always, "SIG_DFL");
	dispositions(r->sigignore, "SIG_IGN");
	if (!(r->flags & FORKEXEC_SIGMASK))
		return;
	fputs("rt_sigprocmask(SIG_SETMASK, [", stdout);
	for (sig = 1; sig <= 64; sig++) {
		if (!(r->sigmask >> (sig - 1) & 1))
			continue;
		fputs(space, stdout);
		put_signal(sig);
		space = " ";
	}
	puts("])");
}

static void put_limit(uint64_t n)
{
	if (n == FORKEXEC_RLIM_INFINITY)
		fputs("RLIM64_INFINITY", stdout);
	else
		printf("%" PRIu64, n);
}

/* That of descriptors is only raised at first, and set as it shall be at the end. */
static void put_rlimit(const struct forkexec_rlimit *l, int last)
{
	const char *p = rlimit_word(l->resource);
	uint64_t cur = l->cur, max = l->max;
	struct rlimit now;

	if (l->resource == RLIMIT_NOFILE && !last && getrlimit(RLIMIT_NOFILE, &now) == 0) {
		puts("prlimit64(0, RLIMIT_NOFILE, NULL, {})");
		cur = now.rlim_cur > cur ? now.rlim_cur : cur;
		max = now.rlim_max > max ? now.rlim_max : max;
	}
	fputs("prlimit64(0, RLIMIT_", stdout);
	for (; *p; p++)
		putchar(*p - 'a' + 'A');
	fputs(", {rlim_cur=", stdout);
	put_limit(cur);
	fputs(", rlim_max=", stdout);
	put_limit(max);
	puts("}, NULL)");
}

static void dry_scheduling(const struct command *c)
{
	const struct forkexec_request *r = &c->request;
	const struct forkexec_scheduler *s = r->scheduler;
	const char *comma = "";
	uint32_t i;

	if (s)
		printf("sched_setattr(0, {sched_policy=%s, sched_flags=%" PRIu64 ", sched_nice=%d, "
		       "sched_priority=%" PRIu32 ", sched_runtime=%" PRIu64 ", sched_deadline=%" PRIu64
		       ", sched_period=%" PRIu64 "}, 0)\n", policy_word(s->policy), s->flags, s->nice,
		       s->priority, s->runtime, s->deadline, s->period);
	if (r->flags & FORKEXEC_NICE)
		printf("setpriority(PRIO_PROCESS, 0, %d)\n", r->nice);
	if (r->n_cpus) {
		printf("sched_setaffinity(0, %zu, [", r->n_cpus * sizeof(uint64_t));
		for (i = 0; i < r->n_cpus * 64; i++) {
			if (!(r->cpus[i / 64] >> (i % 64) & 1))
				continue;
			printf("%s%" PRIu32, comma, i);
			comma = ", ";
		}
		puts("])");
	}
	if (r->flags & FORKEXEC_IOPRIO)
		printf("ioprio_set(IOPRIO_WHO_PROCESS, 0, %#x)\n", (unsigned)r->ioprio);
}

void dry_resources(const struct command *c)
{
	const struct forkexec_request *r = &c->request;
	uint32_t i;

	if (r->flags & FORKEXEC_OOM_SCORE_ADJ)
		printf("openat(AT_FDCWD, \"/proc/self/oom_score_adj\", O_WRONLY|O_CLOEXEC) = FD\n"
		       "write(FD, \"%d\")\n", r->oom_score_adj);
	for (i = 0; i < r->n_rlimits; i++)
		put_rlimit(&r->rlimits[i], 0);
	dry_scheduling(c);
	if (r->flags & FORKEXEC_UMASK)
		printf("umask(0%" PRIo32 ")\n", r->umask);
	if (r->flags & FORKEXEC_PERSONALITY)
		printf("personality(%#" PRIx32 ")\n", r->personality);
	for (i = 0; i < r->n_namespaces; i++) {
		printf("setns(%d, ", r->namespaces[i].fd);
		if (r->namespaces[i].type)
			put_flags(c, r->namespaces[i].type);
		else
			putchar('0');
		puts(")");
	}
}

static void put_set(const struct command *c, const char *name, uint64_t flag, uint64_t set)
{
	const char *bar = "";
	int i;

	if (!(c->request.flags & flag))
		return;
	printf(" %s=", name);
	if (!set)
		putchar('0');
	for (i = 0; i < 64; i++) {
		if (!(set >> i & 1))
			continue;
		fputs(bar, stdout);
		put_cap(c, (uint64_t)i);
		bar = "|";
	}
}

void dry_capabilities(const struct command *c)
{
	const struct forkexec_request *r = &c->request;
	const uint64_t sets = FORKEXEC_CAP_EFFECTIVE | FORKEXEC_CAP_PERMITTED | FORKEXEC_CAP_INHERITABLE;
	int i;

	if (!(r->flags & (sets | FORKEXEC_CAP_BOUNDING | FORKEXEC_SECUREBITS)))
		return;
	fputs("capget()\ncapset({effective=permitted", stdout);
	put_set(c, "inheritable", FORKEXEC_CAP_INHERITABLE, r->cap_inheritable);
	puts("})");
	for (i = 0; r->flags & FORKEXEC_CAP_BOUNDING && i < 64; i++) {
		if (r->cap_bounding >> i & 1 || cap_get_bound(i) <= 0)
			continue;
		fputs("prctl(PR_CAPBSET_DROP, ", stdout);
		put_cap(c, (uint64_t)i);
		puts(", 0, 0, 0)");
	}
	if (r->flags & FORKEXEC_SECUREBITS)
		printf("prctl(PR_SET_SECUREBITS, %#" PRIx32 ")\n", r->securebits);
	fputs("capset({", stdout);
	put_set(c, "effective", FORKEXEC_CAP_EFFECTIVE, r->cap_effective);
	put_set(c, "permitted", FORKEXEC_CAP_PERMITTED, r->cap_permitted);
	put_set(c, "inheritable", FORKEXEC_CAP_INHERITABLE, r->cap_inheritable);
	puts(" })");
}

static void put_open_flags(uint32_t flags)
{
	static const char *const access[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "3"};

	printf("%s%s%s%s", access[flags & O_ACCMODE], flags & O_CREAT ? "|O_CREAT" : "",
	       flags & O_TRUNC ? "|O_TRUNC" : "", flags & O_APPEND ? "|O_APPEND" : "");
}

/* Each gets a free descriptor, which may be the right one already. */
void dry_opens(const struct command *c)
{
	const struct forkexec_request *r = &c->request;
	uint32_t i;

	for (i = 0; i < r->n_opens; i++) {
		fputs("openat(AT_FDCWD, ", stdout);
		put_string(r->opens[i].path);
		fputs(", ", stdout);
		put_open_flags(r->opens[i].flags);
		printf(", 0%" PRIo32 ") = FD\ndup3(FD, %d, 0)\nclose(FD)\n", r->opens[i].mode,
		       r->opens[i].fd);
	}
}

void dry_confine(const struct command *c)
{
	const struct forkexec_request *r = &c->request;
	uint32_t i;

	for (i = 0; i < r->n_rlimits; i++)
		if (r->rlimits[i].resource == RLIMIT_NOFILE)
			put_rlimit(&r->rlimits[i], 1);
	if (r->flags & FORKEXEC_NO_NEW_PRIVS)
		puts("prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)");
	if (r->flags & FORKEXEC_LANDLOCK)
		printf("landlock_restrict_self(%d, %" PRIu32 ")\n", r->landlock_fd, r->landlock_flags);
	if (c->on_exec)
		printf("sh -c '%s'\n", c->on_exec);
	if (r->seccomp)
		printf("seccomp(SECCOMP_SET_MODE_FILTER, %" PRIu32 ", {len=%" PRIu32 "})\n",
		       r->seccomp_flags, r->n_seccomp);
}

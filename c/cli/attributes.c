/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attributes.c - options for what a process is besides its IDs and namespaces: limits,
 * scheduling, signals, capabilities. Words are those of prlimit(1), chrt(1), ionice(1),
 * taskset(1) and setpriv(1).
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>
#include <sys/resource.h>

#include "cli.h"

#define MAX_CPU 65535

static const struct word resources[] = {
	{"as", RLIMIT_AS}, {"core", RLIMIT_CORE}, {"cpu", RLIMIT_CPU}, {"data", RLIMIT_DATA},
	{"fsize", RLIMIT_FSIZE}, {"locks", RLIMIT_LOCKS}, {"memlock", RLIMIT_MEMLOCK},
	{"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE}, {"nofile", RLIMIT_NOFILE},
	{"nproc", RLIMIT_NPROC}, {"rss", RLIMIT_RSS}, {"rtprio", RLIMIT_RTPRIO},
	{"rttime", RLIMIT_RTTIME}, {"sigpending", RLIMIT_SIGPENDING}, {"stack", RLIMIT_STACK},
	{NULL, 0},
};

/* Of sched_setattr(2); headers of libc have not all of them. */
enum { POLICY_OTHER, POLICY_FIFO, POLICY_RR, POLICY_BATCH, POLICY_IDLE = 5, POLICY_DEADLINE };

static const struct word policies[] = {
	{"other", POLICY_OTHER}, {"fifo", POLICY_FIFO}, {"rr", POLICY_RR}, {"batch", POLICY_BATCH},
	{"idle", POLICY_IDLE}, {"deadline", POLICY_DEADLINE}, {NULL, 0},
};

static const struct word policy_flags[] = {
	{"reset-on-fork", 1}, {"reclaim", 2}, {"dl-overrun", 4}, {NULL, 0},
};

static const struct word io_classes[] = {
	{"none", 0}, {"rt", 1}, {"realtime", 1}, {"be", 2}, {"best-effort", 2}, {"idle", 3}, {NULL, 0},
};

static const struct word securebits[] = {
	{"none", 0}, {"noroot", 1}, {"noroot_locked", 2}, {"no_setuid_fixup", 4},
	{"no_setuid_fixup_locked", 8}, {"keep_caps", 16}, {"keep_caps_locked", 32},
	{"no_cap_ambient_raise", 64}, {"no_cap_ambient_raise_locked", 128}, {NULL, 0},
};

/* The kernel's, in the spelling of setarch(8). */
static const struct word personalities[] = {
	{"linux", 0}, {"linux32", 8}, {"uname26", 0x0020000}, {"addr-no-randomize", 0x0040000},
	{"fdpic-funcptrs", 0x0080000}, {"mmap-page-zero", 0x0100000},
	{"addr-compat-layout", 0x0200000}, {"read-implies-exec", 0x0400000},
	{"addr-limit-32bit", 0x0800000}, {"short-inode", 0x1000000}, {"whole-seconds", 0x2000000},
	{"sticky-timeouts", 0x4000000}, {"addr-limit-3gb", 0x8000000}, {NULL, 0},
};

uint64_t find_word(const char *option, const struct word *words, const char *text, size_t n)
{
	const struct word *w;
	char known[256];
	size_t at = 0;

	for (w = words; w->name; w++)
		if (strlen(w->name) == n && !strncasecmp(w->name, text, n))
			return w->value;
	known[0] = 0;
	for (w = words; w->name && at < sizeof(known); w++)
		at += (size_t)snprintf(known + at, sizeof(known) - at, "%s%s", at ? ", " : "", w->name);
	usage("--%s: \"%.*s\" is none of %s", option, (int)n, text, known);
}

static const char *word_of(const struct word *words, uint64_t value)
{
	for (; words->name; words++)
		if (words->value == value)
			return words->name;
	return NULL;
}

const char *rlimit_word(uint32_t resource)
{
	return word_of(resources, resource);
}

const char *policy_word(uint32_t policy)
{
	return word_of(policies, policy);
}

APPLY(umask)
{
	char *end;
	unsigned long mask = strtoul(argument, &end, 8);

	if (!isdigit((unsigned char)*argument) || *end || mask > 0777)
		usage("--umask: \"%s\" is not an octal number from 0 to 777", argument);
	c->request.flags |= FORKEXEC_UMASK;
	c->request.umask = (uint32_t)mask;
}

/* WORD[,WORD...], or a number as in /proc/PID/personality. */
APPLY(personality)
{
	char *copy = strdup(argument), *rest = copy, *word, *p, *end;
	unsigned long long number = strtoull(argument, &end, 0);

	if (!copy)
		usage("--personality: out of memory");
	c->request.flags |= FORKEXEC_PERSONALITY;
	if (isdigit((unsigned char)*argument)) {
		if (*end || number >= UINT32_MAX)
			usage("--personality: \"%s\" is not a number below 0xffffffff", argument);
		c->request.personality = (uint32_t)number;
		free(copy);
		return;
	}
	c->request.personality = 0;
	for (p = copy; *p; p++)
		if (*p == '_')
			*p = '-';
	while ((word = strsep(&rest, ",")) != NULL) {
		size_t skip = strncasecmp(word, "PER-", 4) ? 0 : 4;

		c->request.personality |= (uint32_t)find_word("personality", personalities, word + skip,
							      strlen(word + skip));
	}
	free(copy);
}

APPLY(session_keyring)
{
	if (argument && !*argument)
		usage("--session-keyring=: no name; leave \"=\" out for a keyring without one");
	c->request.flags |= FORKEXEC_SESSION_KEYRING;
	c->request.session_keyring = argument;
}

APPLY(nice)
{
	c->request.flags |= FORKEXEC_NICE;
	c->request.nice = (int32_t)number("nice", argument, -20, 19);
}

APPLY(oom_score_adj)
{
	c->request.flags |= FORKEXEC_OOM_SCORE_ADJ;
	c->request.oom_score_adj = (int32_t)number("oom-score-adj", argument, -1000, 1000);
}

static uint64_t limit(const char *whole, const char *text, size_t n)
{
	char copy[32], *end;
	unsigned long long value;

	snprintf(copy, sizeof(copy), "%.*s", (int)n, text);
	if (!strcmp(copy, "unlimited") || !strcmp(copy, "infinity"))
		return FORKEXEC_RLIM_INFINITY;
	errno = 0;
	value = strtoull(copy, &end, 10);
	if (!isdigit((unsigned char)*copy) || *end || errno || n >= sizeof(copy))
		usage("--rlimit: \"%s\" is not NAME=SOFT[:HARD], numbers or \"unlimited\"", whole);
	return value;
}

APPLY(rlimit)
{
	const char *value = strchr(argument, '='), *hard, *name = argument;
	struct forkexec_rlimit *l;

	if (!value || value == argument)
		usage("--rlimit: \"%s\" is not NAME=SOFT[:HARD]", argument);
	if (!strncasecmp(name, "RLIMIT_", 7))
		name += 7;
	c->rlimits = grow(c->rlimits, c->request.n_rlimits, sizeof(*c->rlimits));
	l = &c->rlimits[c->request.n_rlimits++];
	*l = (struct forkexec_rlimit){0};
	l->resource = (uint32_t)find_word("rlimit", resources, name, (size_t)(value - name));
	value++;
	hard = strchr(value, ':');
	l->cur = limit(argument, value, hard ? (size_t)(hard - value) : strlen(value));
	l->max = hard ? limit(argument, hard + 1, strlen(hard + 1)) : l->cur;
}

static void set_cpu(struct command *c, uint32_t cpu)
{
	while (c->request.n_cpus <= cpu / 64) {
		c->cpus = grow(c->cpus, c->request.n_cpus, sizeof(*c->cpus));
		c->cpus[c->request.n_cpus++] = 0;
	}
	c->cpus[cpu / 64] |= UINT64_C(1) << (cpu % 64);
}

/* 0-3,5: as taskset --cpu-list. */
APPLY(affinity)
{
	const char *p;
	char *end;

	for (p = argument;; p = end + 1) {
		unsigned long first, last;

		first = last = isdigit((unsigned char)*p) ? strtoul(p, &end, 10) : MAX_CPU + 1;
		if (first <= MAX_CPU && *end == '-')
			last = isdigit((unsigned char)end[1]) ? strtoul(end + 1, &end, 10) : MAX_CPU + 1;
		if (last > MAX_CPU || first > last || (*end && *end != ','))
			usage("--affinity: \"%s\" is not a list of processors, as 0-3,5", argument);
		for (; first <= last; first++)
			set_cpu(c, (uint32_t)first);
		if (!*end)
			return;
	}
}

APPLY(ioprio)
{
	size_t n = strcspn(argument, ":");
	uint64_t class;
	int64_t level = 4; /* that of ionice(1) */

	if (isdigit((unsigned char)*argument))
		class = (uint64_t)(*argument - '0') > 3 || n != 1 ? 4 : (uint64_t)(*argument - '0');
	else
		class = find_word("ioprio", io_classes, argument, n);
	if (class > 3)
		usage("--ioprio: \"%s\" is no class; use none, rt, be or idle", argument);
	if (argument[n] && class != 1 && class != 2)
		usage("--ioprio: \"%s\": only rt and be have a level", argument);
	if (argument[n])
		level = number("ioprio", argument + n + 1, 0, 7);
	if (class != 1 && class != 2)
		level = 0;
	c->request.flags |= FORKEXEC_IOPRIO;
	c->request.ioprio = (int32_t)(class << 13 | (uint64_t)level);
}

/* RUNTIME:DEADLINE:PERIOD in nanoseconds, or PRIORITY. */
static void policy_numbers(struct forkexec_scheduler *s, const char *whole, const char *text)
{
	unsigned long long run = 0, deadline = 0, period = 0;
	int end = -1;

	if (s->policy == POLICY_FIFO || s->policy == POLICY_RR) {
		if (!text)
			usage("--sched: %s needs a priority, as %s:10", whole, whole);
		s->priority = (uint32_t)number("sched", text, 1, 99);
	} else if (s->policy == POLICY_DEADLINE) {
		if (!text || strchr(text, '-') ||
		    sscanf(text, "%llu:%llu:%llu%n", &run, &deadline, &period, &end) != 3 || end < 0 ||
		    text[end])
			usage("--sched: \"%s\" is not deadline:RUNTIME:DEADLINE:PERIOD", whole);
		s->runtime = run;
		s->deadline = deadline;
		s->period = period;
	} else if (text) {
		usage("--sched: \"%s\": only fifo, rr and deadline have numbers", whole);
	}
}

/* POLICY[:NUMBERS][,FLAG...] */
APPLY(sched)
{
	struct forkexec_scheduler *s = &c->scheduler;
	char *copy = strdup(argument), *rest = copy, *policy, *word, *numbers;

	if (!copy)
		usage("--sched: out of memory");
	*s = (struct forkexec_scheduler){.size = sizeof(*s)};
	policy = strsep(&rest, ",");
	numbers = strchr(policy, ':');
	if (numbers)
		*numbers++ = 0;
	s->policy = !strcasecmp(policy, "normal") ? POLICY_OTHER :
		    (uint32_t)find_word("sched", policies, policy, strlen(policy));
	policy_numbers(s, argument, numbers);
	while ((word = strsep(&rest, ",")) != NULL)
		s->flags |= find_word("sched", policy_flags, word, strlen(word));
	c->request.scheduler = s;
	free(copy);
}

#define SIGNALS_CANNOT (UINT64_C(1) << (9 - 1) | UINT64_C(1) << (19 - 1)) /* SIGKILL, SIGSTOP */

static uint64_t signal_set(const char *option, const char *list)
{
	char *copy = strdup(list), *rest = copy, *word;
	uint64_t set = 0;

	while (copy && (word = strsep(&rest, ",")) != NULL) {
		if (!strcasecmp(word, "all"))
			set |= ~SIGNALS_CANNOT;
		else if (strcasecmp(word, "none") != 0)
			set |= UINT64_C(1) << (signal_number(option, word) - 1);
	}
	free(copy);
	return set;
}

APPLY(sigmask)
{
	c->request.flags |= FORKEXEC_SIGMASK;
	c->request.sigmask = signal_set("sigmask", argument);
}

APPLY(sigdefault)
{
	c->request.flags |= FORKEXEC_SIGDEFAULT;
	c->request.sigdefault = signal_set("sigdefault", argument);
}

APPLY(sigignore)
{
	c->request.flags |= FORKEXEC_SIGIGNORE;
	c->request.sigignore = signal_set("sigignore", argument);
}

APPLY(no_new_privs)
{
	(void)argument;
	c->request.flags |= FORKEXEC_NO_NEW_PRIVS;
}

APPLY(securebits)
{
	const char *p = argument;
	size_t n;

	c->request.flags |= FORKEXEC_SECUREBITS;
	c->request.securebits = 0;
	for (;; p += n + 1) {
		n = strcspn(p, ",");
		c->request.securebits |= (uint32_t)find_word("securebits", securebits, p, n);
		if (!p[n])
			return;
	}
}

static uint64_t all_capabilities(void)
{
	int n = cap_max_bits();

	return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

/* A list as setpriv(1) takes it: with + and - it changes the set that we have. */
static uint64_t capability_set(const char *option, const char *list, uint64_t now)
{
	char *copy = strdup(list), *rest = copy, *word;
	uint64_t set = *list == '+' || *list == '-' ? now : 0, bits;

	while (copy && (word = strsep(&rest, ",")) != NULL) {
		char sign = *word;

		if (sign == '+' || sign == '-')
			word++;
		bits = !strcasecmp(word, "all") ? all_capabilities() : !strcasecmp(word, "none") ? 0 :
		       UINT64_C(1) << capability_number(option, word);
		set = sign == '-' ? set & ~bits : set | bits;
	}
	free(copy);
	return set;
}

static uint64_t set_of(cap_t caps, cap_flag_t which)
{
	cap_flag_value_t is;
	uint64_t set = 0;
	int i;

	for (i = 0; i < 64; i++)
		if (cap_get_flag(caps, i, which, &is) == 0 && is == CAP_SET)
			set |= UINT64_C(1) << i;
	return set;
}

APPLY(bounding_caps)
{
	uint64_t now = 0;
	int i;

	for (i = 0; i < 64; i++)
		if (cap_get_bound(i) > 0)
			now |= UINT64_C(1) << i;
	c->request.flags |= FORKEXEC_CAP_BOUNDING;
	c->request.cap_bounding = capability_set("bounding-caps", argument, now);
}

static void one_of_both(int other)
{
	if (other)
		usage("--caps and --inheritable-caps both set the inheritable set: use one");
}

APPLY(inheritable_caps)
{
	cap_t now = cap_get_proc();

	one_of_both((c->request.flags & FORKEXEC_CAP_PERMITTED) != 0);
	c->request.flags |= FORKEXEC_CAP_INHERITABLE;
	c->request.cap_inheritable =
		capability_set("inheritable-caps", argument, now ? set_of(now, CAP_INHERITABLE) : 0);
	cap_free(now);
}

/* libcap's text: "cap_net_raw=ep cap_chown+i". */
APPLY(caps)
{
	cap_t caps = cap_from_text(argument);

	if (!caps)
		usage("--caps: \"%s\" is not a text of cap_from_text(3), as cap_net_raw=ep; names begin "
		      "with cap_ here", argument);
	one_of_both((c->request.flags & (FORKEXEC_CAP_INHERITABLE | FORKEXEC_CAP_PERMITTED)) ==
		    FORKEXEC_CAP_INHERITABLE);
	c->request.flags |= FORKEXEC_CAP_EFFECTIVE | FORKEXEC_CAP_PERMITTED | FORKEXEC_CAP_INHERITABLE;
	c->request.cap_effective = set_of(caps, CAP_EFFECTIVE);
	c->request.cap_permitted = set_of(caps, CAP_PERMITTED);
	c->request.cap_inheritable = set_of(caps, CAP_INHERITABLE);
	cap_free(caps);
}

/* What the kernel takes with the policy: a policy without a nice value would set it to 0. */
void finish_scheduler(struct command *c)
{
	struct forkexec_scheduler *s = &c->scheduler;

	if (!c->request.scheduler || (s->policy != POLICY_OTHER && s->policy != POLICY_BATCH))
		return;
	errno = 0;
	s->nice = c->request.flags & FORKEXEC_NICE ? c->request.nice : getpriority(PRIO_PROCESS, 0);
}

//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explain_attr.c - attributes that Go's SysProcAttr does not have: which limit, namespace, file
 * or capability, and what is in the way.
 */
#include "explain.h"

#define RLIMIT_NICE_   13
#define RLIMIT_RTPRIO_ 14
#define RLIMITS        16
#define POLICY_FIFO     1
#define POLICY_RR       2
#define POLICY_DEADLINE 6
#define NO_NEW_PRIVS(r) ((r)->flags & FORKEXEC_NO_NEW_PRIVS)

static void say_limit_value(struct text *t, uint64_t n)
{
	if (n == UINT64_MAX)
		say(t, "unlimited");
	else
		say_number(t, (int64_t)n);
}

static void say_resource(struct text *t, uint32_t resource)
{
	static const char names[] = "CPU\0FSIZE\0DATA\0STACK\0CORE\0RSS\0NPROC\0NOFILE\0MEMLOCK\0AS\0"
				    "LOCKS\0SIGPENDING\0MSGQUEUE\0NICE\0RTPRIO\0RTTIME\0";

	say(t, "RLIMIT_");
	if (resource < RLIMITS)
		say_nth(t, names, resource);
	else
		say_number(t, resource);
}

static void say_user(struct look *l)
{
	say(&l->text, ", which this process (user ");
	say_number(&l->text, l->ids[1]);
	say(&l->text, ") does not have. ");
}

static void say_rlimit(struct text *t, const struct forkexec_rlimit *rlimit)
{
	say(t, " ");
	say_resource(t, rlimit->resource);
	say(t, "=");
	say_limit_value(t, rlimit->cur);
	say(t, ":");
	say_limit_value(t, rlimit->max);
}

static void say_namespace(struct text *t, const struct forkexec_namespace *namespace)
{
	say(t, " descriptor ");
	say_number(t, namespace->fd);
	say(t, namespace->type ? ", " : "");
	if (namespace->type)
		say_flags(t, namespace->type);
}

/* What the step is about, behind its name. */
HIDDEN int say_attr_object(struct look *l)
{
	const struct forkexec_request *r = l->r;
	struct text *t = &l->text;
	int64_t i = l->result->detail;

	switch (l->result->step) {
	case FORKEXEC_STEP_RLIMIT:
		if (i >= 0 && i < r->n_rlimits)
			say_rlimit(t, &r->rlimits[i]);
		return 1;
	case FORKEXEC_STEP_SETNS:
		if (i >= 0 && i < r->n_namespaces)
			say_namespace(t, &r->namespaces[i]);
		return 1;
	case FORKEXEC_STEP_OPEN:
		if (i < 0 || i >= r->n_opens)
			return 1;
		say(t, " ");
		say_raw(t, r->opens[i].path);
		say(t, " as descriptor ");
		say_number(t, r->opens[i].fd);
		return 1;
	case FORKEXEC_STEP_BOUNDING:
		say(t, " ");
		say_capability(t, (uint64_t)i);
		return 1;
	case FORKEXEC_STEP_SIGNAL_DEFAULT:
	case FORKEXEC_STEP_SIGNAL_IGNORE:
	case FORKEXEC_STEP_OOM_SCORE_ADJ:
	case FORKEXEC_STEP_NICE:
		say(t, " ");
		break;
	case FORKEXEC_STEP_SCHEDULER:
		say(t, " policy ");
		break;
	case FORKEXEC_STEP_FCHDIR:
	case FORKEXEC_STEP_LANDLOCK:
		say(t, " descriptor ");
		break;
	case FORKEXEC_STEP_UMASK:
		say(t, " ");
		say_octal(t, (uint32_t)i);
		return 1;
	case FORKEXEC_STEP_SECCOMP:
	case FORKEXEC_STEP_SECUREBITS:
	case FORKEXEC_STEP_IOPRIO:
	case FORKEXEC_STEP_PERSONALITY:
		say(t, l->result->step == FORKEXEC_STEP_SECCOMP ? " flags " : " ");
		say_hex(t, (uint64_t)i);
		return 1;
	case FORKEXEC_STEP_SESSION_KEYRING:
		if (!r->session_keyring)
			return 1;
		say(t, " ");
		say_raw(t, r->session_keyring);
		return 1;
	default: return 0;
	}
	say_number(t, i);
	return 1;
}

static int look_rlimit(struct look *l)
{
	const struct forkexec_request *r = l->r;
	int64_t i = l->result->detail, nr_open;
	const struct forkexec_rlimit *want;
	struct text *t = &l->text;
	struct sys_rlimit now;

	if (i < 0 || i >= r->n_rlimits)
		return 0;
	want = &r->rlimits[i];
	if (want->resource >= RLIMITS)
		return say(t, "There is no such resource: the last one is 15, RLIMIT_RTTIME."), 1;
	say_resource(t, want->resource);
	if (want->cur > want->max)
		return say(t, ": the soft limit is above the hard one. Lower it, or raise the other."), 1;
	if (want->resource == RLIMIT_NOFILE && look_number(l, "/proc/sys/fs/nr_open", &nr_open) &&
	    want->max > (uint64_t)nr_open) {
		say(t, " cannot be above fs.nr_open, which is ");
		say_number(t, nr_open);
		say(t, ". Ask for less, or raise that (sysctl).");
		return 1;
	}
	if (sys_prlimit((int)want->resource, NULL, &now) < 0 || want->max <= now.max)
		return say(t, " could not be set."), 1;
	say(t, ": to raise the hard limit from ");
	say_limit_value(t, now.max);
	say(t, " to ");
	say_limit_value(t, want->max);
	say(t, " needs cap_sys_resource");
	say_user(l);
	say(t, "Ask for no more, or give this process that capability.");
	return 1;
}

static int look_oom(struct look *l)
{
	struct text *t = &l->text;
	int64_t now;

	if (l->result->err != E_ACCES || l->result->detail < -1000 ||
	    !look_number(l, "/proc/self/oom_score_adj", &now))
		return 0;
	say(t, "This process has ");
	say_number(t, now);
	say(t, ", and a value below the lowest that root has given it needs cap_sys_resource");
	say_user(l);
	say(t, "Ask for more, or give this process that capability.");
	return 1;
}

static int look_nice(struct look *l)
{
	struct text *t = &l->text;
	struct sys_rlimit now;

	if (l->result->err != E_ACCES || sys_prlimit(RLIMIT_NICE_, NULL, &now) < 0)
		return 0;
	say(t, "Nice value ");
	say_number(t, l->result->detail);
	say(t, " gives more priority than the caller has, and than RLIMIT_NICE allows, which is ");
	say_number(t, (int64_t)now.cur);
	say(t, now.cur ? ", and 20 less the lowest value" : "");
	say(t, ". Raise it, or start with cap_sys_nice.");
	return 1;
}

/* SCHED_DEADLINE asks for a runtime within a deadline within a period, all of 1024 ns or more. */
static int look_deadline(struct look *l, const struct forkexec_scheduler *s)
{
	struct text *t = &l->text;

	if (l->result->err == E_PERM && l->r->cpus)
		return say(t, "A child with a deadline may not be kept from processors: leave {cpus} "
			      "out, or start with cap_sys_nice."), 1;
	if (l->result->err != E_INVAL)
		return 0;
	if (s->runtime >= 1024 && s->runtime <= s->deadline &&
	    (!s->period || s->deadline <= s->period))
		return 0;
	say(t, "Of a deadline policy the runtime, ");
	say_number(t, (int64_t)s->runtime);
	say(t, " ns, must be at least 1024 ns and no more than the deadline, ");
	say_number(t, (int64_t)s->deadline);
	say(t, ", and that no more than the period, ");
	say_number(t, (int64_t)s->period);
	say(t, ".");
	return 1;
}

static int look_scheduler(struct look *l)
{
	const struct forkexec_scheduler *s = l->r->scheduler;
	struct text *t = &l->text;
	struct sys_rlimit now;
	int real_time;

	if (!s)
		return 0;
	if (s->policy == POLICY_DEADLINE && look_deadline(l, s))
		return 1;
	real_time = s->policy == POLICY_FIFO || s->policy == POLICY_RR;
	if (l->result->err == E_INVAL && real_time && (s->priority < 1 || s->priority > 99)) {
		say(t, "Priority ");
		say_number(t, s->priority);
		say(t, " of a real-time policy is not between 1 and 99.");
		return 1;
	}
	if (l->result->err == E_INVAL && !real_time && s->priority) {
		say(t, "Policy ");
		say_number(t, s->policy);
		say(t, " has no priority: it must be 0.");
		return 1;
	}
	if (l->result->err != E_PERM || !real_time || sys_prlimit(RLIMIT_RTPRIO_, NULL, &now) < 0)
		return 0;
	say(t, "A real-time policy of priority ");
	say_number(t, s->priority);
	say(t, " needs cap_sys_nice, or an RLIMIT_RTPRIO of as much; here that is ");
	say_limit_value(t, now.cur);
	say(t, ". Raise it, or give this process that capability.");
	return 1;
}

static int look_affinity(struct look *l)
{
	struct text *t = &l->text;
	const char *p;
	uint32_t i;
	uint64_t any = 0;

	for (i = 0; i < l->r->n_cpus; i++)
		any |= l->r->cpus[i];
	if (!any)
		return say(t, "{cpus} names no processor."), 1;
	if (l->result->err != E_INVAL ||
	    look_read(l, AT_FDCWD, "/sys/devices/system/cpu/online") <= 0)
		return 0;
	say(t, "The child can use none of {cpus}: online are ");
	for (p = l->line; *p && *p != '\n'; p++)
		say_bytes(t, p, 1);
	say(t, ", and its cpuset may have fewer (Cpus_allowed_list in /proc/self/status).");
	return 1;
}

static int look_bounding(struct look *l)
{
	if (l->result->err != E_PERM || NEW_USER(l->r) || has_cap(l, CAP_SETPCAP))
		return 0;
	say(&l->text, "To drop ");
	say_capability(&l->text, (uint64_t)l->result->detail);
	say(&l->text, " from the bounding set needs cap_setpcap");
	say_user(l);
	say(&l->text, "Start as root, or with a user namespace of its own.");
	return 1;
}

static uint64_t permitted(const struct look *l)
{
	return (uint64_t)l->caps[1].permitted << 32 | l->caps[0].permitted;
}

/* Inheritable may be what is permitted, and of that what the bounding set has. */
static int look_inheritable(struct look *l)
{
	const struct forkexec_request *r = l->r;
	uint64_t want = r->cap_inheritable | r->cap_ambient;
	struct text *t = &l->text;
	uint32_t cap;
	int bound;

	for (cap = 0; l->result->err == E_PERM && cap < 64; cap++) {
		bound = sys_prctl(PR_CAPBSET_READ, cap, 0) > 0;
		if (!(want >> cap & 1) || NEW_USER(r) || (permitted(l) >> cap & 1 && bound))
			continue;
		say_capability(t, cap);
		say(t, " is to be inheritable, but is not in the ");
		say(t, bound ? "permitted" : "bounding");
		say(t, " set of this process (user ");
		say_number(t, l->ids[1]);
		say(t, "). Leave it out, or start from a process that has it.");
		return 1;
	}
	return 0;
}

/* The capability that breaks one of capset(2)'s rules. */
static int look_capabilities(struct look *l)
{
	const struct forkexec_request *r = l->r;
	uint64_t have = NEW_USER(r) ? UINT64_MAX : permitted(l), bad, more;
	struct text *t = &l->text;
	uint32_t cap;

	if (l->result->err != E_PERM)
		return 0;
	if (r->flags & FORKEXEC_CAP_PERMITTED && r->cap_permitted & ~have)
		more = 1, bad = r->cap_permitted & ~have;
	else if (r->flags & FORKEXEC_CAP_EFFECTIVE)
		more = 0, bad = r->cap_effective &
				~(r->flags & FORKEXEC_CAP_PERMITTED ? r->cap_permitted : have);
	else
		return 0;
	if (!bad)
		return 0;
	for (cap = 0; !(bad >> cap & 1); cap++)
		NOT_A_LIBC_CALL();
	say_capability(t, cap);
	say(t, more ? " is to be permitted, but is not in the permitted set of this process: a child "
		      "cannot have more. Leave it out, or start from a process that has it." :
		      " is to be effective, but is not permitted. Add it to the permitted set.");
	return 1;
}

static int look_fchdir(struct look *l)
{
	struct text *t = &l->text;

	say(t, "{dir_fd} is ");
	say_number(t, l->r->dir_fd);
	if (!look_fd_name(l, l->r->dir_fd))
		return say(t, ", which is not open in the caller. Open the directory, and keep it "
			      "open."), 1;
	say(t, ", ");
	say_raw(t, l->link);
	say(t, l->result->err == E_NOTDIR ? ", which is not a directory. Open one." :
	       l->result->err == E_ACCES ? ", and the child's user may not search it (x). Give it "
					   "that permission." :
					   ", and that cannot be its working directory.");
	return 1;
}

static int look_open_file(struct look *l)
{
	const struct forkexec_request *r = l->r;
	int64_t i = l->result->detail;
	struct sys_rlimit limit;

	if (i < 0 || i >= r->n_opens)
		return 0;
	if (l->result->err == E_MFILE)
		return look_file_limit(l);
	if (l->result->err == E_BADF && sys_prlimit(RLIMIT_NOFILE, NULL, &limit) == 0 &&
	    (uint64_t)r->opens[i].fd >= limit.cur) {
		say(&l->text, "Descriptor ");
		say_number(&l->text, r->opens[i].fd);
		say(&l->text, " is beyond RLIMIT_NOFILE, ");
		say_limit_value(&l->text, limit.cur);
		say(&l->text, ". Raise it, or use a lower one.");
		return 1;
	}
	return look_file(l, r->opens[i].path, r->opens[i].flags);
}

static int look_confined(struct look *l)
{
	struct text *t = &l->text;
	int landlock = l->result->step == FORKEXEC_STEP_LANDLOCK, err = l->result->err;

	if (err == (landlock ? E_PERM : E_ACCES) && !NO_NEW_PRIVS(l->r)) {
		say(t, landlock ? "A Landlock ruleset" : "A seccomp filter");
		say(t, " needs {FORKEXEC_NO_NEW_PRIVS}, or cap_sys_admin in the child when it is "
		       "installed. Set the former.");
		return 1;
	}
	if (!landlock)
		return err == E_INVAL && look_seccomp(l);
	say(t, "{landlock_fd} is ");
	say_number(t, l->r->landlock_fd);
	if (!look_fd_name(l, l->r->landlock_fd))
		return say(t, ", which is not open in the caller. Make it with "
			      "landlock_create_ruleset(2), and keep it open."), 1;
	say(t, ", ");
	say_raw(t, l->link);
	say(t, err == E_BADFD ? ". That is no ruleset: make one with landlock_create_ruleset(2)." :
	       err == E_2BIG ? ", and the child is confined by 16 rulesets already, which is the most." :
	       err == E_INVAL ? ", and landlock_flags are of a newer kernel." :
				", and the kernel does not take it.");
	return 1;
}

HIDDEN int look_attribute(struct look *l)
{
	switch (l->result->step) {
	case FORKEXEC_STEP_OOM_SCORE_ADJ: return look_oom(l);
	case FORKEXEC_STEP_RLIMIT: return look_rlimit(l);
	case FORKEXEC_STEP_NICE: return look_nice(l);
	case FORKEXEC_STEP_SCHEDULER: return look_scheduler(l);
	case FORKEXEC_STEP_AFFINITY: return look_affinity(l);
	case FORKEXEC_STEP_SETNS: return look_setns(l);
	case FORKEXEC_STEP_BOUNDING: return look_bounding(l);
	case FORKEXEC_STEP_CAPSET: return look_inheritable(l);
	case FORKEXEC_STEP_CAPABILITIES: return look_capabilities(l);
	case FORKEXEC_STEP_FCHDIR: return look_fchdir(l);
	case FORKEXEC_STEP_OPEN: return look_open_file(l);
	case FORKEXEC_STEP_LANDLOCK:
	case FORKEXEC_STEP_SECCOMP: return look_confined(l);
	}
	return 0;
}

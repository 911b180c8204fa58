//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * plan.c - all that can be worked out before the clone: is the request well formed,
 * may its child share memory, descriptors and ID map text ready for use. Runs in the
 * parent; makes no child and keeps no resource.
 *
 * What the standard library would answer with a crash, a hang or harm to the parent
 * is refused here, with the step that it would have failed in (docs/differences.md).
 */
#include "core.h"

static int refuse(struct forkexec_result *reterr, size_t offset)
{
	return fail(reterr, FORKEXEC_STEP_REQUEST, E_INVAL, (int64_t)offset);
}

#define FIELD(f) offsetof(struct forkexec_request, f)

/*
 * What is set counts, or is refused: a forgotten FORKEXEC_CREDENTIAL would run the program
 * as root.
 */
static int check_flags(const struct forkexec_request *r, struct forkexec_result *reterr)
{
	const struct {
		uint64_t flags; /* one of them is needed */
		int set;
		size_t offset;
	} rules[] = {
		{FORKEXEC_CREDENTIAL, r->uid != 0, FIELD(uid)},
		{FORKEXEC_CREDENTIAL, r->gid != 0, FIELD(gid)},
		{FORKEXEC_CREDENTIAL, r->groups || r->n_groups, FIELD(groups)},
		{FORKEXEC_CREDENTIAL, (r->flags & FORKEXEC_NO_SETGROUPS) != 0, FIELD(flags)},
		{FORKEXEC_CREDENTIAL, (r->flags & FORKEXEC_KEEP_DUMPABLE) != 0, FIELD(flags)},
		{FORKEXEC_UID_MAP, r->uid_map || r->n_uid_map, FIELD(uid_map)},
		{FORKEXEC_GID_MAP, r->gid_map || r->n_gid_map, FIELD(gid_map)},
		{FORKEXEC_GID_MAP, (r->flags & FORKEXEC_GID_SETGROUPS) != 0, FIELD(flags)},
		{FORKEXEC_CLOSE_FDS, (r->flags & FORKEXEC_WHOLE_TABLE) != 0, FIELD(flags)},
		{FORKEXEC_SETPGID | FORKEXEC_FOREGROUND, r->pgid != 0, FIELD(pgid)},
		{FORKEXEC_SETCTTY | FORKEXEC_FOREGROUND, r->ctty != 0, FIELD(ctty)},
		{FORKEXEC_CGROUP_FD, r->cgroup_fd != 0, FIELD(cgroup_fd)},
		{FORKEXEC_NOFILE, r->nofile_soft != 0, FIELD(nofile_soft)},
		{FORKEXEC_NOFILE, r->nofile_max != 0, FIELD(nofile_max)},
		{FORKEXEC_NOFILE, r->nofile_raised != 0, FIELD(nofile_raised)},
		{FORKEXEC_ERRNO_PIPE, r->errno_pipe != 0, FIELD(errno_pipe)},
	};
	size_t i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].set && !(r->flags & rules[i].flags))
			return refuse(reterr, rules[i].offset);
	return 0;
}

static int check_shape(const struct forkexec_request *r, struct forkexec_result *reterr)
{
	if (r->size != sizeof(*r))
		return refuse(reterr, FIELD(size));
	if (r->flags & ~FORKEXEC_KNOWN_FLAGS)
		return refuse(reterr, FIELD(flags));
	if (check_flags(r, reterr))
		return -E_INVAL;
	if (!r->path)
		return refuse(reterr, FIELD(path));
	if (!r->argv)
		return refuse(reterr, FIELD(argv));
	if (!r->envp)
		return refuse(reterr, FIELD(envp));
	if (r->n_fds > FDS_MAX || (r->n_fds && !r->fds))
		return refuse(reterr, FIELD(n_fds));
	if (r->flags & FORKEXEC_NO_SETGROUPS && (r->groups || r->n_groups))
		return refuse(reterr, FIELD(groups));
	if (r->n_groups && !r->groups)
		return refuse(reterr, FIELD(n_groups));
	if (r->n_uid_map && !r->uid_map)
		return refuse(reterr, FIELD(n_uid_map));
	if (r->n_gid_map && !r->gid_map)
		return refuse(reterr, FIELD(n_gid_map));
	if (r->n_ambient_caps && !r->ambient_caps)
		return refuse(reterr, FIELD(n_ambient_caps));
	if (r->text_busy_ms > TEXT_BUSY_MAX_MS)
		return refuse(reterr, FIELD(text_busy_ms));
	if (r->padding)
		return refuse(reterr, FIELD(padding));
	return forkexec_attr_check(r, reterr);
}

/*
 * A map needs a new user namespace to be written for: without one the standard
 * library's child waits for ever, as its parent fails to write.
 */
static int check_id_map(const struct forkexec_request *r, uint64_t flag, uint32_t n, uint32_t step,
			struct forkexec_result *reterr)
{
	if (!(r->flags & flag))
		return 0;
	if (!((r->clone_flags | r->unshare_flags) & CLONE_NEWUSER))
		return fail(reterr, step, E_INVAL, n);
	return 0;
}

HIDDEN int forkexec_plan_check(const struct forkexec_request *r, struct forkexec_result *reterr)
{
	uint64_t refused;
	uint32_t i;
	int err;

	err = check_shape(r, reterr);
	if (err)
		return err;
	refused = r->clone_flags & ~(CLONE_NAMESPACES | CLONE_HARMLESS);
	if (refused)
		return fail(reterr, FORKEXEC_STEP_CLONE, E_INVAL, (int64_t)refused);
	err = check_id_map(r, FORKEXEC_UID_MAP, r->n_uid_map, FORKEXEC_STEP_UID_MAP, reterr);
	if (err)
		return err;
	err = check_id_map(r, FORKEXEC_GID_MAP, r->n_gid_map, FORKEXEC_STEP_GID_MAP, reterr);
	if (err)
		return err;
	for (i = 0; i < r->n_ambient_caps; i++)
		if (r->ambient_caps[i] >= 64) /* the two words of capset(2) end there */
			return fail(reterr, FORKEXEC_STEP_AMBIENT, E_INVAL,
				    (int64_t)r->ambient_caps[i]);
	return 0;
}

static uint64_t round16(uint64_t n)
{
	return (n + 15) & ~(uint64_t)15;
}

static uint64_t text_size(const struct forkexec_request *r)
{
	uint64_t lines = id_map_lines(r->n_uid_map) + id_map_lines(r->n_gid_map);

	return round16(lines * ID_MAP_LINE);
}

PUBLIC uint64_t forkexec_work_size(const struct forkexec_request *r)
{
	if (r->size != sizeof(*r) || r->n_fds > FDS_MAX)
		return 0;
	return round16(sizeof(struct job)) + round16(r->n_fds * sizeof(int32_t)) + text_size(r) +
	       CHILD_STACK;
}

/* Without a division: of 64 bits, that is a call into libgcc on 32-bit machines. */
static char *put_number(char *p, int64_t value)
{
	static const uint64_t powers_of_ten[] = {
#define E3(n) UINT64_C(n##000), UINT64_C(n##00), UINT64_C(n##0)
		E3(1000000000000000), E3(1000000000000), E3(1000000000), E3(1000000), E3(1000), E3(1),
#undef E3
		1,
	};
	uint64_t v = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	size_t i, last = sizeof(powers_of_ten) / sizeof(powers_of_ten[0]) - 1;
	int started = 0;

	if (value < 0)
		*p++ = '-';
	for (i = 0; i <= last; i++) {
		char digit = '0';

		for (; v >= powers_of_ten[i]; v -= powers_of_ten[i])
			digit++;
		started |= digit != '0' || i == last;
		if (started)
			*p++ = digit;
	}
	return p;
}

HIDDEN size_t forkexec_plan_number(char *text, int64_t value)
{
	return (size_t)(put_number(text, value) - text);
}

static char *put_string(char *p, const char *s)
{
	while (*s) {
		*p++ = *s++;
		NOT_A_LIBC_CALL();
	}
	return p;
}

HIDDEN void forkexec_plan_proc_path(char path[PROC_PATH], int pid, const char *file)
{
	char *p = put_string(path, "/proc/");

	p = put_number(p, pid);
	p = put_string(p, file);
	*p = 0;
}

static char *put_id_map(char *p, const struct forkexec_id_map *map, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < id_map_lines(n); i++) {
		p = put_number(p, map[i].container_id);
		*p++ = ' ';
		p = put_number(p, map[i].host_id);
		*p++ = ' ';
		p = put_number(p, map[i].size);
		*p++ = '\n';
	}
	return p;
}

/* Does fds[i] have to become i after descriptor fds[i] has become another one's? */
static uint32_t must_move(const struct forkexec_request *r)
{
	uint32_t i;

	for (i = 0; i < r->n_fds; i++)
		if (r->fds[i] >= 0 && (uint32_t)r->fds[i] < i)
			return 1;
	return 0;
}

/* Lays the job out in the request's work memory. The request has passed forkexec_plan_check. */
HIDDEN struct job *forkexec_plan_job(const struct forkexec_request *r)
{
	struct job *job = r->work;
	unsigned char *p = (unsigned char *)r->work + round16(sizeof(*job));
	char *end;
	uint32_t i;

	job->tid = 1;
	job->marked = 0;
	job->refused = 0;
	job->waits = 0;
	job->cancelled = 0;
	job->trimmed = 0;
	/*
	 * A path of opens may go through a descriptor: it must be there still. What others do at a
	 * stop or a pause is done once, so such a start is not one to make again (retry_flags()).
	 */
	job->trim = r->flags & FORKEXEC_CLOSE_FDS && !r->n_opens && !r->pause_at &&
		    !(r->flags & (FORKEXEC_WHOLE_TABLE | FORKEXEC_STOP_CLONE | FORKEXEC_STOP_EXEC));
	job->moves_fds = must_move(r);
	job->shares_table = 0;
	job->method = N_METHODS;
	job->record.step = FORKEXEC_STEP_NONE;
	job->record.err = 0;
	job->record.detail = 0;
	job->request = r;
	job->parent_pid = r->pdeathsig ? sys_getpid() : 0;
	job->report[0] = job->report[1] = -1;
	job->sync[0] = job->sync[1] = -1;
	job->stop[0] = job->stop[1] = -1;
	job->stopped = FORKEXEC_STEP_NONE;
	job->pidfd = -1;
	job->share = SHARE_NOT;
	job->held = 0;
	job->hold[0] = job->hold[1] = -1;

	job->fds = (int32_t *)(void *)p;
	for (i = 0; i < r->n_fds; i++) {
		job->fds[i] = r->fds[i];
		NOT_A_LIBC_CALL();
	}
	p += round16(r->n_fds * sizeof(int32_t));

	job->uid_text = (char *)p;
	end = put_id_map(job->uid_text, r->uid_map, r->n_uid_map);
	job->n_uid_text = (uint32_t)(end - job->uid_text);
	job->gid_text = end;
	end = put_id_map(job->gid_text, r->gid_map, r->n_gid_map);
	job->n_gid_text = (uint32_t)(end - job->gid_text);
	p += text_size(r);

	job->stack = p;
	job->stack_top = p + CHILD_STACK;
	forkexec_attr_plan(job);
	return job;
}

/*
 * Does fs.suid_dumpable say that a process which changes its IDs stays readable for
 * them? Then so would our memory be, through the child. If we cannot tell: yes.
 */
HIDDEN int forkexec_plan_suid_dumpable(void)
{
	char c = '1';
	long n;
	int fd = (int)sys_openat("/proc/sys/fs/suid_dumpable", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 1;
	n = sys_read(fd, &c, 1);
	sys_close(fd);
	return n != 1 || c == '1';
}

/*
 * May the child share our memory until its exec? Whoever may ptrace the child
 * reaches into it. proc_pid_mem(5), ptrace(2) "access mode checking".
 *
 * - No change of credentials: whoever may ptrace the child may ptrace us.
 * - Other IDs: the kernel makes the shared memory non-dumpable before the new IDs
 *   are visible, which keeps all but CAP_SYS_PTRACE out, unless fs.suid_dumpable
 *   is 1.
 * - A new user namespace: its owner has every capability over the child. A process
 *   of our user, without capabilities, could then write a privileged parent's
 *   memory, unless that is not dumpable: hold.c decides.
 */
HIDDEN int forkexec_plan_may_share(const struct forkexec_request *r)
{
	/* unshare(2) has nothing to do in a copy, but refuses memory that is shared. */
	if (!forkexec_attr_may_share(r))
		return 0;
	if (r->unshare_flags & CLONE_VM)
		return !((r->clone_flags | r->unshare_flags) & CLONE_NEWUSER);
	if (r->flags & FORKEXEC_CREDENTIAL)
		return !forkexec_plan_suid_dumpable();
	return 1;
}

//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explain.c - the explanation of a failed start: step, object, errno, cause and cure. The
 * files explain_*.c look for the cause, each step's in its own; hints.h has what is said if
 * they find none. Part of the core, so no libc; memory comes from mmap(2).
 */
#include "explain.h"

static int look_step(struct look *l)
{
	switch (l->result->step) {
	case FORKEXEC_STEP_REQUEST: return look_request(l);
	case FORKEXEC_STEP_PIPE: return look_file_limit(l);
	case FORKEXEC_STEP_CLONE:
	case FORKEXEC_STEP_UNSHARE: return look_clone(l);
	case FORKEXEC_STEP_WAIT: return look_frozen(l);
	case FORKEXEC_STEP_FOREGROUND:
	case FORKEXEC_STEP_SETCTTY:
	case FORKEXEC_STEP_NOCTTY: return look_terminal(l);
	case FORKEXEC_STEP_SETPGID: return look_group(l);
	case FORKEXEC_STEP_UID_MAP:
	case FORKEXEC_STEP_GID_MAP: return look_id_map(l);
	case FORKEXEC_STEP_CHROOT: return look_chroot(l);
	case FORKEXEC_STEP_SETGROUPS:
	case FORKEXEC_STEP_SETGID:
	case FORKEXEC_STEP_SETUID: return look_ids(l);
	case FORKEXEC_STEP_CAPSET:
	case FORKEXEC_STEP_AMBIENT: return look_caps(l) || look_attribute(l);
	case FORKEXEC_STEP_CHDIR: return look_chdir(l);
	case FORKEXEC_STEP_FD_MOVE:
	case FORKEXEC_STEP_FD_DUP: return look_fds(l);
	case FORKEXEC_STEP_EXECVE: return look_execve(l);
	}
	return look_attribute(l);
}

/* The map's line that is meant, or how many there are. */
static void say_map(struct look *l)
{
	const struct forkexec_request *r = l->r;
	int groups = l->result->step == FORKEXEC_STEP_GID_MAP, why = 0, bad;
	const struct forkexec_id_map *m = groups ? r->gid_map : r->uid_map;
	uint32_t n = groups ? r->n_gid_map : r->n_uid_map, other;

	bad = m && n == 1 ? 0 : id_map_bad_line(r, groups, &other, &why);
	if (bad >= 0) {
		say(&l->text, " ");
		say_map_line(&l->text, &m[bad]);
		return;
	}
	say(&l->text, " of ");
	say_number(&l->text, n);
	say(&l->text, " lines");
}

/* Numbers that need no look at the request. */
static void say_detail(struct look *l)
{
	struct text *t = &l->text;
	int64_t detail = l->result->detail;

	switch (l->result->step) {
	case FORKEXEC_STEP_AMBIENT:
		say(t, " ");
		if (detail >= 0 && detail < 64)
			say_capability(t, (uint64_t)detail);
		else
			say_number(t, detail);
		return;
	case FORKEXEC_STEP_SETGROUPS: say(t, " of "); break;
	case FORKEXEC_STEP_CLOSE_FDS: say(t, " from "); break;
	case FORKEXEC_STEP_REQUEST:
		if (t->flags & FORKEXEC_EXPLAIN_OPTIONS)
			return;
		say(t, ", offset ");
		break;
	case FORKEXEC_STEP_FOREGROUND:
	case FORKEXEC_STEP_SETCTTY: say(t, " {ctty} = "); break;
	case FORKEXEC_STEP_SETPGID:
	case FORKEXEC_STEP_SIGACTION:
	case FORKEXEC_STEP_SETGID:
	case FORKEXEC_STEP_SETUID:
	case FORKEXEC_STEP_PDEATHSIG:
	case FORKEXEC_STEP_PDEATHSIG_KILL: say(t, " "); break;
	default: return;
	}
	say_number(t, detail);
}

static void say_path(struct text *t, const char *path)
{
	const uint64_t most = 400, n = path ? text_length(path) : 0;

	if (!path)
		return;
	say(t, " ");
	if (n <= most)
		say_raw(t, path);
	else
		say_bytes(t, path, most - 3);
	say(t, n <= most ? "" : "...");
}

/* The command was given a path, and opened it. */
static void say_cgroup(struct look *l)
{
	struct text *t = &l->text;

	if (t->flags & FORKEXEC_EXPLAIN_OPTIONS && look_fd_name(l, l->r->cgroup_fd)) {
		say(t, " into the cgroup ");
		say_raw(t, l->link);
		return;
	}
	say(t, " into the cgroup of {cgroup_fd} = ");
	say_number(t, l->r->cgroup_fd);
}

static void say_object(struct look *l)
{
	const struct forkexec_request *r = l->r;
	struct text *t = &l->text;
	int64_t detail = l->result->detail;

	switch (l->result->step) {
	case FORKEXEC_STEP_EXECVE:
		if (!(r->flags & FORKEXEC_EXEC_FD))
			return say_path(t, r->path);
		say(t, " descriptor ");
		say_number(t, r->exec_fd);
		return;
	case FORKEXEC_STEP_CHDIR: say_path(t, r->dir); return;
	case FORKEXEC_STEP_CHROOT: say_path(t, r->chroot); return;
	case FORKEXEC_STEP_UID_MAP:
	case FORKEXEC_STEP_GID_MAP: say_map(l); return;
	case FORKEXEC_STEP_CLONE:
	case FORKEXEC_STEP_UNSHARE:
		if (detail) {
			say(t, " ");
			say_flags(t, (uint64_t)detail & ~CLONE_INTO_CGROUP);
		}
		if (r->flags & FORKEXEC_CGROUP_FD && l->result->step == FORKEXEC_STEP_CLONE)
			say_cgroup(l);
		return;
	case FORKEXEC_STEP_FD_MOVE:
	case FORKEXEC_STEP_FD_DUP:
		if (detail < 0 || detail >= r->n_fds || !r->fds)
			return;
		say(t, " ");
		say_entry(l, detail);
		return;
	}
	if (!say_attr_object(l))
		say_detail(l);
}

/*
 * May we look at the request? size tells who filled it. A pointer that the kernel has found bad is
 * none for us to follow, and there may be others that it has not come to.
 */
static int may_look(const struct forkexec_request *r, const struct forkexec_result *result)
{
	return r->size == sizeof(*r) && result->err != E_FAULT &&
	       (r->path || result->step == FORKEXEC_STEP_REQUEST);
}

static void look_at_us(struct look *l)
{
	struct sys_cap_header header;
	int i;

	for (i = 0; i < 2; i++)
		l->caps[i].effective = l->caps[i].permitted = l->caps[i].inheritable = 0;
	header.version = CAPABILITY_VERSION_3;
	header.pid = 0;
	(void)sys_capget(&header, l->caps); /* none then */
	for (i = 0; i < 3; i++)
		l->ids[i] = l->gids[i] = 0;
	(void)sys_getresuid(l->ids); /* these two cannot fail */
	(void)sys_getresgid(l->gids);
	l->root = -1;
	if (l->r->chroot && l->result->step != FORKEXEC_STEP_CHROOT)
		l->root = (int)sys_openat(l->r->chroot, O_PATH | O_CLOEXEC);
}

static void say_all(struct look *l)
{
	struct text *t = &l->text;
	const struct forkexec_result *result = l->result;
	int known = may_look(l->r, result);

	if (t->flags & FORKEXEC_EXPLAIN_OBJECT) {
		if (known)
			say_object(l);
		return;
	}
	if (!(t->flags & FORKEXEC_EXPLAIN_HINT)) {
		(void)say_step(t, result->step);
		if (known)
			say_object(l);
		say(t, ": ");
		say_errno(t, result->err);
		say(t, ". ");
	}
	if (!known) {
		if (result->step != FORKEXEC_STEP_REQUEST || l->r->size == sizeof(*l->r) ||
		    !look_request(l))
			(void)say_hint(t, result->step, result->err);
		return;
	}
	look_at_us(l);
	if (!look_step(l))
		(void)say_hint(t, result->step, result->err);
	if (l->root >= 0)
		sys_close(l->root);
}

PUBLIC long forkexec_explain_as(const struct forkexec_request *r,
				const struct forkexec_result *result, uint32_t flags, char *buffer,
				uint64_t size)
{
	struct text none, *t = &none;
	long mapped;
	struct look *l;
	uint64_t skip;
	int failed;

	/* A start that is stopped has a step and no errno: the step has an object, and no cause. */
	failed = result->step != FORKEXEC_STEP_NONE &&
		 (result->err || flags & FORKEXEC_EXPLAIN_OBJECT);
	mapped = failed ? sys_mmap(sizeof(*l)) : 0;
	l = mapped > 0 || mapped < -4095 ? (struct look *)mapped : NULL;
	if (l)
		t = &l->text;
	t->buffer = buffer;
	t->size = size;
	t->n = 0;
	t->flags = flags;
	if (l) {
		l->r = r;
		l->result = result;
		say_all(l);
	} else if (failed && result->err) {
		(void)say_hint(t, result->step, result->err);
	}
	/* An explanation of the head alone ends in a space; an object begins with one. */
	skip = t->n && t->n < size && buffer[t->n - 1] == ' ';
	t->n -= skip;
	if (size)
		buffer[t->n < size ? t->n : size - 1] = 0;
	mapped = (long)t->n;
	if (l)
		sys_munmap(l, sizeof(*l));
	return mapped;
}

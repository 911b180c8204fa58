//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explain_ids.c - ID maps, user and group IDs, capabilities: which line, which ID, which
 * capability, and who may grant it. user_namespaces(7), capabilities(7).
 */
#include "explain.h"

#define ID_END			    INT64_C(4294967295) /* 2^32-1 is no ID */
#define SECBIT_NO_CAP_AMBIENT_RAISE 0x40

enum { LINE_GOOD, LINE_SIZE, LINE_RANGE, LINE_OVERLAP };

HIDDEN void say_map_line(struct text *t, const struct forkexec_id_map *m)
{
	say(t, "\"");
	say_number(t, m->container_id);
	say(t, " ");
	say_number(t, m->host_id);
	say(t, " ");
	say_number(t, m->size);
	say(t, "\"");
}

static int overlap(int64_t a, int64_t n, int64_t b, int64_t m)
{
	return a < b + m && b < a + n;
}

static int line_range(const struct forkexec_id_map *m)
{
	if (m->size <= 0)
		return LINE_SIZE;
	if (m->container_id < 0 || m->host_id < 0 || m->size > ID_END ||
	    m->container_id > ID_END - m->size || m->host_id > ID_END - m->size)
		return LINE_RANGE;
	return LINE_GOOD;
}

/* The first line of a map that the kernel refuses by itself, or -1. */
HIDDEN int id_map_bad_line(const struct forkexec_request *r, int groups, uint32_t *ret_other,
			   int *ret_why)
{
	const struct forkexec_id_map *m = groups ? r->gid_map : r->uid_map;
	uint32_t n = groups ? r->n_gid_map : r->n_uid_map, i, j;

	*ret_other = 0;
	if (!m || n > ID_MAP_MAX_LINES)
		return -1;
	for (i = 0; i < n; i++) {
		*ret_why = line_range(&m[i]);
		for (j = 0; j < i && *ret_why == LINE_GOOD; j++) {
			if (!overlap(m[i].container_id, m[i].size, m[j].container_id, m[j].size) &&
			    !overlap(m[i].host_id, m[i].size, m[j].host_id, m[j].size))
				continue;
			*ret_why = LINE_OVERLAP;
			*ret_other = j;
		}
		if (*ret_why != LINE_GOOD)
			return (int)i;
	}
	return -1;
}

static void say_line(struct text *t, int groups, const struct forkexec_id_map *m, uint32_t i)
{
	say(t, "Line ");
	say_number(t, (int64_t)i + 1);
	say(t, groups ? " of {gid_map}, " : " of {uid_map}, ");
	say_map_line(t, &m[i]);
}

static int look_map_shape(struct look *l, int groups)
{
	const struct forkexec_request *r = l->r;
	const struct forkexec_id_map *m = groups ? r->gid_map : r->uid_map;
	uint32_t n = groups ? r->n_gid_map : r->n_uid_map, other;
	struct text *t = &l->text;
	int why = LINE_GOOD, bad;

	if (!NEW_USER(r)) {
		say(t, groups ? "{gid_map}" : "{uid_map}");
		say(t, " is for a new user namespace, and the child gets none: add {CLONE_NEWUSER} "
		       "to {clone_flags} or {unshare_flags}.");
		return 1;
	}
	if (!n || n > ID_MAP_MAX_LINES) {
		say(t, groups ? "{gid_map}" : "{uid_map}");
		say(t, n ? " has " : " is empty; a map has at least one line.");
		if (n) {
			say_number(t, n);
			say(t, " lines; the kernel takes 340 at most (5 before Linux 4.15). Join "
			       "ranges that follow each other.");
		}
		return 1;
	}
	bad = id_map_bad_line(r, groups, &other, &why);
	if (bad < 0)
		return 0;
	say_line(t, groups, m, (uint32_t)bad);
	if (why == LINE_SIZE) {
		say(t, ", maps no ID: its size, the last number, must be 1 or more.");
	} else if (why == LINE_RANGE) {
		say(t, ", goes beyond the IDs that there are: 0 to 4294967294.");
	} else {
		say(t, ", overlaps line ");
		say_number(t, (int64_t)other + 1);
		say(t, ", ");
		say_map_line(t, &m[other]);
		say(t, ". No ID may be mapped twice, neither inside nor outside.");
	}
	return 1;
}

/* Does the map of our own user namespace hold the range? l->line: /proc/self/uid_map */
static int in_own_map(struct look *l, int groups, const struct forkexec_id_map *m)
{
	const char *p = l->line;
	int64_t inside, size;

	if (look_read(l, AT_FDCWD, groups ? "/proc/self/gid_map" : "/proc/self/uid_map") <= 0)
		return 1;
	while (*p) {
		inside = text_number(&p);
		(void)text_number(&p);
		size = text_number(&p);
		if (inside < 0 || size < 0)
			return 0;
		if (m->host_id >= inside && m->host_id + m->size <= inside + size)
			return 1;
		while (*p == '\n')
			p++;
	}
	return 0;
}

static void say_own_id_only(struct look *l, int groups)
{
	struct text *t = &l->text;

	say(t, "only one line with its own ");
	say(t, groups ? "group ID " : "user ID ");
	say_number(t, groups ? l->gids[1] : l->ids[1]);
	say(t, " outside and size 1 is allowed");
	say(t, groups ? ", and only without {FORKEXEC_GID_SETGROUPS}" : "");
	say(t, ". ");
}

static int look_map_right(struct look *l, int groups)
{
	const struct forkexec_request *r = l->r;
	const struct forkexec_id_map *m = groups ? r->gid_map : r->uid_map;
	uint32_t n = groups ? r->n_gid_map : r->n_uid_map, own = groups ? l->gids[1] : l->ids[1];
	int by_child = !(r->clone_flags & CLONE_NEWUSER);
	int allowed = has_cap(l, groups ? CAP_SETGID : CAP_SETUID) && !by_child;
	struct text *t = &l->text;
	uint32_t i;

	for (i = 0; allowed && i < n; i++) {
		if (in_own_map(l, groups, &m[i]))
			continue;
		say_line(t, groups, m, i);
		say(t, ", maps IDs outside that do not exist in the user namespace of the caller "
		       "itself: see its /proc/self/");
		say(t, groups ? "gid_map." : "uid_map.");
		return 1;
	}
	if (allowed)
		return 0;
	for (i = 0; i + 1 < n && m[i].size == 1 && m[i].host_id == own;)
		i++;
	say_line(t, groups, m, i);
	say(t, by_child ? ", may not be granted by the child, which writes its maps itself with "
			  "{unshare_flags}: " :
			  ", may not be granted by this process, which has no ");
	if (!by_child)
		say(t, groups ? "cap_setgid: " : "cap_setuid: ");
	say_own_id_only(l, groups);
	say(t, by_child ? "Use {clone_flags}, so that the caller writes them; more" : "More");
	say(t, " than that a user gets from newuidmap(1) and newgidmap(1), for the ranges that "
	       "/etc/subuid and /etc/subgid grant it.");
	return 1;
}

HIDDEN int look_id_map(struct look *l)
{
	int groups = l->result->step == FORKEXEC_STEP_GID_MAP, err = l->result->err;

	if (err == E_INVAL)
		return look_map_shape(l, groups);
	if (err == E_PERM)
		return look_map_shape(l, groups) || look_map_right(l, groups);
	return 0;
}

static int is_inside(const struct forkexec_id_map *m, uint32_t n, uint32_t id)
{
	uint32_t i;

	for (i = 0; m && i < n; i++)
		if (in_range(id, m[i].container_id, m[i].size))
			return 1;
	return 0;
}

static int say_unmapped(struct look *l, int groups, const char *field, uint32_t id)
{
	const struct forkexec_request *r = l->r;
	uint32_t n = groups ? r->n_gid_map : r->n_uid_map;

	if (is_inside(groups ? r->gid_map : r->uid_map, n, id))
		return 0;
	say(&l->text, field);
	say(&l->text, " is ");
	say_number(&l->text, id);
	if (!NEW_USER(r) && forkexec_attr_may_join(r, CLONE_NEWUSER))
		say(&l->text, ", which does not exist in the user namespace that the child joins "
			      "({namespaces}): see, for a process in it, /proc/PID/");
	else if (!NEW_USER(r))
		say(&l->text, ", which does not exist in the user namespace of the caller: see its "
			      "/proc/self/");
	else
		say(&l->text, ", which no line of the new user namespace's map holds inside. Add "
			      "it to ");
	if (NEW_USER(r))
		say(&l->text, groups ? "{gid_map}." : "{uid_map}.");
	else
		say(&l->text, groups ? "gid_map." : "uid_map.");
	return 1;
}

/* Are the IDs those that this process may take without a capability? */
static int may_become(const struct look *l)
{
	const struct forkexec_request *r = l->r;

	return (r->uid == l->ids[0] || r->uid == l->ids[2] || has_cap(l, CAP_SETUID)) &&
	       (r->gid == l->gids[0] || r->gid == l->gids[2]);
}

static int look_groups(struct look *l)
{
	const struct forkexec_request *r = l->r;
	struct text *t = &l->text;
	uint32_t i;

	if (l->result->err == E_INVAL && r->n_groups > 65536) {
		say(t, "{groups} has ");
		say_number(t, r->n_groups);
		say(t, " entries; the kernel takes 65536.");
		return 1;
	}
	for (i = 0; l->result->err == E_INVAL && i < r->n_groups; i++)
		if (say_unmapped(l, 1, "An entry of {groups}", r->groups[i]))
			return 1;
	if (l->result->err != E_PERM)
		return 0;
	if (NEW_USER(r) && !(r->flags & FORKEXEC_GID_MAP)) {
		say(t, "The new user namespace has no group map, and without one setgroups(2) and "
		       "setgid(2) fail. Give {gid_map}.");
		return 1;
	}
	if (NEW_USER(r)) {
		say(t, "setgroups(2) is denied in the new user namespace. Leave {groups} empty, "
		       "set {FORKEXEC_NO_SETGROUPS}, or allow it with {FORKEXEC_GID_SETGROUPS}, which "
		       "takes cap_setgid outside.");
		return 1;
	}
	if (has_cap(l, CAP_SETGID)) {
		say(t, "The caller has cap_setgid, but its user namespace denies setgroups(2): see "
		       "/proc/self/setgroups. Set {FORKEXEC_NO_SETGROUPS}.");
		return 1;
	}
	say(t, "To set groups needs cap_setgid, which this process (user ");
	say_number(t, l->ids[1]);
	say(t, ") does not have. ");
	say(t, may_become(l) ? "Set {FORKEXEC_NO_SETGROUPS} to keep them, or start as root." :
			       "Other user or group IDs need cap_setuid and cap_setgid as well: "
			       "start as root.");
	return 1;
}

static int say_no_cap(struct look *l, uint32_t cap, const char *what)
{
	if (has_cap(l, cap))
		return 0;
	say(&l->text, what);
	say_number(&l->text, l->result->detail);
	say(&l->text, " needs ");
	say_capability(&l->text, cap);
	say(&l->text, ", which this process (user ");
	say_number(&l->text, l->ids[1]);
	say(&l->text, ") does not have. Start as root, or in a user namespace that maps it.");
	return 1;
}

/* setgroups, setgid, setuid */
HIDDEN int look_ids(struct look *l)
{
	const struct forkexec_request *r = l->r;
	uint32_t step = l->result->step;
	int new_user = NEW_USER(r) != 0;
	/* The command takes the user's group if none is given. */
	const char *gid = l->text.flags & FORKEXEC_EXPLAIN_OPTIONS ?
				  "The group of {gid}, or of the user of {uid}," : "{gid}";

	if (l->result->err == E_AGAIN)
		return look_process_limit(l);
	if (step == FORKEXEC_STEP_SETGROUPS)
		return look_groups(l);
	if (l->result->err == E_INVAL)
		return step == FORKEXEC_STEP_SETGID ? say_unmapped(l, 1, gid, r->gid) :
						      say_unmapped(l, 0, "{uid}", r->uid);
	if (l->result->err != E_PERM || new_user)
		return 0;
	return step == FORKEXEC_STEP_SETGID ? say_no_cap(l, CAP_SETGID, "To become group ") :
					      say_no_cap(l, CAP_SETUID, "To become user ");
}

/* Where is the capability missing? */
static int look_cap(struct look *l, uint64_t cap)
{
	struct text *t = &l->text;
	int new_user = NEW_USER(l->r) != 0;
	int64_t last;

	if (look_number(l, "/proc/sys/kernel/cap_last_cap", &last) && cap > (uint64_t)last) {
		say(t, "Capability ");
		say_capability(t, cap);
		say(t, " does not exist on this kernel, whose last one is ");
		say_number(t, last);
		say(t, ".");
		return 1;
	}
	if (cap >= 64) {
		say(t, "There is no capability with a number beyond 63.");
		return 1;
	}
	if (!new_user && !sys_prctl(PR_CAPBSET_READ, cap, 0)) {
		say_capability(t, cap);
		say(t, " is missing in the bounding set of this process (CapBnd in "
		       "/proc/self/status), "
		       "so no child can inherit it. The program that started this one dropped it.");
		return 1;
	}
	if (!new_user && !(l->caps[cap >> 5].permitted >> (cap & 31) & 1)) {
		say_capability(t, cap);
		say(t, " is not in the permitted set of this process (user ");
		say_number(t, l->ids[1]);
		say(t, "), so {ambient_caps} cannot pass it on. Start as root, or with a program "
		       "that has it (setcap).");
		return 1;
	}
	return 0;
}

HIDDEN int look_caps(struct look *l)
{
	const struct forkexec_request *r = l->r;
	uint32_t i;

	if (l->result->step == FORKEXEC_STEP_AMBIENT) {
		if (look_cap(l, (uint64_t)l->result->detail))
			return 1;
		if (!(sys_prctl(PR_GET_SECUREBITS, 0, 0) & SECBIT_NO_CAP_AMBIENT_RAISE))
			return 0;
		say(&l->text, "The securebits of this process forbid ambient capabilities "
			      "(SECBIT_NO_CAP_AMBIENT_RAISE).");
		return 1;
	}
	for (i = 0; l->result->err == E_PERM && i < r->n_ambient_caps; i++)
		if (look_cap(l, r->ambient_caps[i]))
			return 1;
	return 0;
}

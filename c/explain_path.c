//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explain_path.c - paths part by part, as the child sees them: inside its root, from its
 * directory, with its IDs. Everything is opened with O_PATH, so that no FIFO and no device
 * is touched.
 */
#include "explain.h"

HIDDEN int has_cap(const struct look *l, uint32_t number)
{
	return l->caps[number >> 5].effective >> (number & 31) & 1;
}

/* The host's ID for one of the child's user namespace; itself if there is no map for it. */
static uint32_t host_id(const struct forkexec_request *r, int groups, uint32_t id)
{
	const struct forkexec_id_map *m = groups ? r->gid_map : r->uid_map;
	uint32_t n = groups ? r->n_gid_map : r->n_uid_map, i;

	if (!NEW_USER(r) || !m)
		return id;
	for (i = 0; i < n; i++)
		if (in_range(id, m[i].container_id, m[i].size))
			return (uint32_t)((uint64_t)m[i].host_id + id -
					  (uint64_t)m[i].container_id);
	return id;
}

static int is_mapped(const struct forkexec_id_map *m, uint32_t n, uint32_t host)
{
	uint32_t i;

	for (i = 0; m && i < n; i++)
		if (in_range(host, m[i].host_id, m[i].size))
			return 1;
	return 0;
}

/* As whom the child acts, before or after it has changed its IDs. */
HIDDEN void look_who(struct look *l, int after_ids)
{
	const struct forkexec_request *r = l->r;
	struct who *w = &l->who;
	long n = sys_getgroups(N_GROUPS, l->groups);

	w->uid = l->ids[1];
	w->gid = l->gids[1];
	w->groups = l->groups;
	w->n_groups = n > 0 ? (uint32_t)n : 0;
	w->overrides = NEW_USER(r) ? 2 : (uint32_t)has_cap(l, CAP_DAC_OVERRIDE);
	if (!after_ids || !(r->flags & FORKEXEC_CREDENTIAL))
		return;
	if (r->uid && (NEW_USER(r) || !l->ids[1]))
		w->overrides = 0; /* capabilities go with user ID 0 */
	w->uid = host_id(r, 0, r->uid);
	w->gid = host_id(r, 1, r->gid);
	if (r->flags & FORKEXEC_NO_SETGROUPS)
		return;
	w->groups = NEW_USER(r) ? NULL : r->groups; /* mapped: not worth the words */
	w->n_groups = w->groups ? r->n_groups : 0;
}

static int in_group(const struct who *w, uint32_t gid)
{
	uint32_t i;

	if (gid == w->gid)
		return 1;
	for (i = 0; i < w->n_groups; i++)
		if (w->groups[i] == gid)
			return 1;
	return 0;
}

/* Do the mode bits let the child do this (1: search or execute, 4: read)? ACLs may differ. */
HIDDEN int look_may(const struct look *l, const struct sys_statx *st, uint32_t bit)
{
	const struct who *w = &l->who;
	int over = w->overrides == 1 ||
		   (w->overrides == 2 && is_mapped(l->r->uid_map, l->r->n_uid_map, st->uid) &&
		    is_mapped(l->r->gid_map, l->r->n_gid_map, st->gid));

	if (over)
		return (st->mode & S_IFMT) == S_IFDIR || bit != 1 || st->mode & 0111;
	if (st->uid == w->uid)
		return (st->mode >> 6 & bit) != 0;
	if (in_group(w, st->gid))
		return (st->mode >> 3 & bit) != 0;
	return (st->mode & bit) != 0;
}

/* Opens a path as the child would: an absolute one inside its root. */
HIDDEN int look_open(struct look *l, const char *path, int flags)
{
	struct sys_open_how how;
	long fd;

	if (l->root < 0 || path[0] != '/')
		return (int)sys_openat(path, flags | O_CLOEXEC);
	how.flags = (uint64_t)flags | O_CLOEXEC;
	how.mode = 0;
	how.resolve = RESOLVE_IN_ROOT;
	fd = sys_openat2(l->root, path, &how);
	if (fd != -E_NOSYS && fd != -E_PERM)
		return (int)fd;
	/* Before Linux 5.6: right but for symbolic links that are absolute. */
	while (*path == '/')
		path++;
	return (int)sys_open_below(l->root, *path ? path : ".", flags | O_CLOEXEC);
}

/* Is this a symbolic link? Then l->link is where it leads. */
static int is_link(struct look *l, const char *path)
{
	const char *p = path;
	long n;

	if (l->root >= 0 && *path == '/')
		while (*p == '/')
			p++;
	n = SYS4(readlinkat, p != path ? l->root : AT_FDCWD, p, l->link, sizeof(l->link) - 1);
	if (n < 0)
		return 0;
	l->link[n] = 0;
	return 1;
}

/* Opens l->part, whose state is l->st then. *fd is closed if it was another's. */
static enum found step_into(struct look *l, int *fd)
{
	int next = look_open(l, l->part, O_PATH), err = -next;

	if (*fd >= 0)
		sys_close(*fd);
	*fd = next;
	if (next >= 0)
		return sys_statx(next, "", AT_EMPTY_PATH, &l->st) < 0 ? FOUND_UNKNOWN : FOUND;
	if (err == E_NOENT)
		return is_link(l, l->part) ? FOUND_DANGLING : FOUND_NOT;
	return err == E_NOTDIR	    ? FOUND_NOT_DIR :
	       err == E_LOOP	    ? FOUND_LOOP :
	       err == E_ACCES	    ? FOUND_DENIED :
	       err == E_NAMETOOLONG ? FOUND_LONG_NAME :
				      FOUND_UNKNOWN;
}

/*
 * Goes l->path part by part. What is not FOUND has l->part as the part that is bad, and
 * for a file that exists l->st. With FOUND *ret_fd is open, O_PATH.
 */
static enum found walk(struct look *l, int *ret_fd)
{
	const char *p = l->path;
	char *to = l->part;
	enum found what;
	int fd = -1;

	if (text_length(p) >= 4096)
		return FOUND_LONG_PATH;
	(void)text_add(to, l->part + PATH_ROOM, *p == '/' ? "/" : ".");
	what = step_into(l, &fd);
	to += *p == '/';
	while (*p == '/')
		p++;
	while (what == FOUND && *p) {
		if ((l->st.mode & S_IFMT) != S_IFDIR)
			what = FOUND_NOT_DIR;
		else if (!look_may(l, &l->st, 1))
			what = FOUND_NO_SEARCH;
		if (what != FOUND)
			break;
		if (to > l->part && to[-1] != '/')
			*to++ = '/';
		while (*p && *p != '/')
			*to++ = *p++;
		*to = 0;
		what = step_into(l, &fd);
		if (what == FOUND && *p && (l->st.mode & S_IFMT) != S_IFDIR)
			what = FOUND_NOT_DIR;
		while (*p == '/')
			p++;
	}
	if (what == FOUND)
		*ret_fd = fd;
	else if (fd >= 0)
		sys_close(fd);
	return what;
}

/*
 * l->part is a link to where nobody may search: the path then goes by where it leads.
 * Returns 0 if it is none, or the result too long.
 */
static int follow(struct look *l)
{
	const char *rest = l->path + text_length(l->part), *end = l->line + LINE_ROOM;
	char *to = l->line;
	uint64_t n = text_length(l->part);

	if (!text_begins(l->path, l->part) || !is_link(l, l->part))
		return 0;
	while (l->link[0] != '/' && n && l->part[n - 1] != '/')
		n--;
	l->part[l->link[0] == '/' ? 0 : n] = 0;
	to = text_add(text_add(text_add(to, end, l->part), end, l->link), end, rest);
	if (to + 1 >= end)
		return 0;
	(void)text_add(l->path, l->path + PATH_ROOM, l->line);
	return 1;
}

/* Has the child mounts that we do not see? It joins some, or a hook may have made them. */
static int has_other_mounts(const struct forkexec_request *r)
{
	return forkexec_attr_may_join(r, CLONE_NEWNS) ||
	       ((r->clone_flags | r->unshare_flags) & CLONE_NEWNS &&
		r->flags & (FORKEXEC_STOP_CLONE | FORKEXEC_STOP_EXEC));
}

HIDDEN enum found look_walk(struct look *l, int *ret_fd)
{
	enum found what;
	int links;

	if (has_other_mounts(l->r) || (l->path[0] != '/' && l->r->flags & FORKEXEC_DIR_FD))
		return FOUND_UNKNOWN;
	what = walk(l, ret_fd);
	for (links = 0; links < 8; links++) {
		if ((what != FOUND_NO_SEARCH && what != FOUND_DENIED) || !follow(l))
			break;
		what = walk(l, ret_fd);
	}
	return what;
}

HIDDEN void say_owner(struct look *l)
{
	say(&l->text, " (mode ");
	say_octal(&l->text, l->st.mode & 07777u);
	say(&l->text, ", owner ");
	say_number(&l->text, l->st.uid);
	say(&l->text, ":");
	say_number(&l->text, l->st.gid);
	say(&l->text, ")");
}

static void say_where(struct look *l, const char *path)
{
	const struct forkexec_request *r = l->r;

	if (path[0] != '/')
		say(&l->text, ", looked for from the working directory of the caller");
	if (!r->chroot)
		return;
	say(&l->text, ", inside {chroot} ");
	say_raw(&l->text, r->chroot);
}

static void say_as_user(struct look *l)
{
	say(&l->text, "user ");
	say_number(&l->text, l->who.uid);
	say(&l->text, ", group ");
	say_number(&l->text, l->who.gid);
}

static void say_missing(struct look *l, const char *noun)
{
	int whole = text_equal(l->part, l->path);

	say(&l->text, noun);
	say(&l->text, " ");
	say_raw(&l->text, l->path);
	say(&l->text, " does not exist");
	if (!whole) {
		say(&l->text, ", because ");
		say_raw(&l->text, l->part);
		say(&l->text, " is missing already");
	}
	if (l->result->step != FORKEXEC_STEP_CHROOT)
		say_where(l, l->path);
	if (text_begins(noun, "The loader") || text_begins(noun, "The interp"))
		say(&l->text, ". Install it, or name another.");
	else
		say(&l->text, whole ? ". Create it, or correct the path." :
				      ". Create that directory, or correct the path.");
}

/* l->part is refused although the mode bits allow it, as far as we can tell. */
static void say_denied(struct look *l)
{
	const char *p = text_begins(l->part, "/proc/") ? l->part + 6 : "";
	struct text *t = &l->text;
	int64_t pid = text_number(&p);

	if (pid < 0 || *p != '/') {
		say(t, "The mode bits allow to search the way to ");
		say_raw(t, l->part);
		say(t, ", so an ACL or a security module (SELinux, AppArmor, Landlock) forbids it: look "
		       "at getfacl and the kernel's log.");
		return;
	}
	say(t, "Only who may trace process ");
	say_number(t, pid);
	say(t, " may open ");
	say_raw(t, l->part);
	say(t, ": its user, with no fewer capabilities than it has, or one with cap_sys_ptrace over it. "
	       "Start as one of them.");
}

/* Says what is wrong with l->path. noun: "the program". Returns 0 if nothing is. */
HIDDEN int say_walk(struct look *l, enum found what, int err, const char *noun)
{
	struct text *t = &l->text;

	if (what == FOUND || what == FOUND_UNKNOWN)
		return 0;
	if (what == FOUND_NOT && err && err != E_NOENT) /* the child has found something */
		return 0;
	if (what == FOUND_NOT || what == FOUND_DANGLING)
		l->st.mode = 0;
	if (what == FOUND_NOT) {
		say_missing(l, noun);
		return 1;
	}
	if (what == FOUND_LONG_PATH) {
		say(t, text_length(l->path) + 1 < PATH_ROOM ? "The path has " :
							      "The path has more than ");
		say_number(t, (int64_t)text_length(l->path));
		say(t, " bytes; 4095 are allowed. Use a shorter one, or a relative one with "
		       "{dir}.");
		return 1;
	}
	if (what == FOUND_LONG_NAME)
		return say(t, "A part of the path has more than the 255 bytes that a name may have."), 1;
	if (what == FOUND_DENIED)
		return say_denied(l), 1;
	say_raw(t, l->part);
	if (what == FOUND_DANGLING) {
		say(t, " is a symbolic link to ");
		say_raw(t, l->link);
		say(t, ", which does not exist");
		say_where(l, l->link[0] == '/' ? l->link : l->path);
		say(t, ". Correct the link.");
	} else if (what == FOUND_LOOP) {
		say(t, " is a symbolic link that leads back to itself, or through more than 40 "
		       "links. Correct the link.");
	} else if (what == FOUND_NOT_DIR) {
		say(t,
		    err == E_NOTDIR && text_equal(l->part, l->path) ? " is " : " in this path is ");
		say_kind(t, l->st.mode);
		say(t, ", not a directory. Correct the path.");
	} else {
		say(t, " may not be searched by ");
		say_as_user(l);
		say_owner(l);
		say(t, ". Give it the x bit for that user (chmod, setfacl), or start as another.");
	}
	return 1;
}

/* l->path becomes the path as the child looks for it: behind dir_fd and dir if it is relative. */
HIDDEN void look_program_path(struct look *l, const char *path)
{
	const struct forkexec_request *r = l->r;
	const char *end = l->path + sizeof(l->path);
	char *p = l->path;

	*p = 0;
	if (path[0] != '/' && path[0] && r->dir && l->result->step != FORKEXEC_STEP_CHDIR) {
		p = text_add(p, end, r->dir);
		if (p > l->path && p[-1] != '/')
			p = text_add(p, end, "/");
	}
	(void)text_add(p, end, path);
	if (l->path[0] == '/' || !l->path[0] || !(r->flags & FORKEXEC_DIR_FD) || r->chroot ||
	    !look_fd_name(l, r->dir_fd))
		return;
	(void)text_add(l->part, l->part + PATH_ROOM, l->path);
	p = text_add(text_add(l->path, end, l->link), end, "/");
	(void)text_add(p, end, l->part);
}

/* Where a path cannot be searched behind a symbolic link: the same on the real one. */
static int look_behind_links(struct look *l, int fd, const char *noun)
{
	enum found what;
	long n;
	int other = -1;

	look_proc_path(l, "self", "/fd/", fd);
	n = sys_readlink(l->link, l->part, sizeof(l->part) - 1);
	sys_close(fd);
	if (n <= 0 || l->root >= 0)
		return 0;
	l->part[n] = 0;
	(void)text_add(l->path, l->path + sizeof(l->path), l->part);
	what = look_walk(l, &other);
	if (other >= 0)
		sys_close(other);
	return say_walk(l, what, E_ACCES, noun);
}

static int look_directory(struct look *l, const char *noun)
{
	int err = l->result->err, fd = -1;
	enum found what = look_walk(l, &fd);

	if (what != FOUND)
		return say_walk(l, what, err, noun);
	if ((l->st.mode & S_IFMT) != S_IFDIR)
		return sys_close(fd), say_walk(l, FOUND_NOT_DIR, err, noun);
	if (err == E_ACCES && !look_may(l, &l->st, 1))
		return sys_close(fd), say_walk(l, FOUND_NO_SEARCH, err, noun);
	if (err == E_ACCES)
		return look_behind_links(l, fd, noun);
	sys_close(fd);
	return 0;
}

HIDDEN int look_chdir(struct look *l)
{
	if (!l->r->dir)
		return 0;
	if (!*l->r->dir) {
		say(&l->text, "{dir} is an empty string, which names no directory.");
		return 1;
	}
	look_who(l, 1);
	look_program_path(l, l->r->dir);
	return look_directory(l, "The working directory");
}

HIDDEN int look_chroot(struct look *l)
{
	if (!l->r->chroot)
		return 0;
	if (l->result->err == E_PERM && !has_cap(l, CAP_SYS_CHROOT) && !NEW_USER(l->r)) {
		say(&l->text, "chroot(2) needs cap_sys_chroot, which this process (user ");
		say_number(&l->text, l->ids[1]);
		say(&l->text, ") does not have. Start as root, or give the child a user namespace "
			      "of its own ({CLONE_NEWUSER} in {clone_flags}, with {uid_map}).");
		return 1;
	}
	look_who(l, 0);
	if (l->root >= 0)
		sys_close(l->root);
	l->root = -1; /* this path is looked for in ours */
	(void)text_add(l->path, l->path + sizeof(l->path), l->r->chroot);
	return look_directory(l, "The root directory");
}

/* A file to open in the child: what there is, and what its user may not do with it. */
HIDDEN int look_file(struct look *l, const char *path, uint32_t flags)
{
	struct text *t = &l->text;
	int err = l->result->err, fd = -1;
	uint32_t want = (flags & 3) == 0 ? 4 : (flags & 3) == 1 ? 2 : 6;
	enum found what;

	look_who(l, 1);
	look_program_path(l, path);
	what = look_walk(l, &fd);
	if (fd >= 0)
		sys_close(fd);
	if (what == FOUND_NOT && err == E_ACCES && text_equal(l->part, l->path)) {
		say_raw(t, l->path);
		say(t, " does not exist, and may not be made in its folder by ");
		say_as_user(l);
		say(t, ". Give the folder the w bit for that user, or make the file before.");
		return 1;
	}
	if (what == FOUND && err == E_NOTDIR)
		what = FOUND_NOT_DIR; /* O_DIRECTORY */
	if (what != FOUND)
		return say_walk(l, what, err, "The file");
	if (err == E_ACCES && !look_may(l, &l->st, want & 4 ? 4 : 2)) {
		say_raw(t, l->path);
		say(t, want & 4 ? " may not be read by " : " may not be written by ");
	} else if (err == E_ACCES && !look_may(l, &l->st, want & 2 ? 2 : 4)) {
		say_raw(t, l->path);
		say(t, " may not be written by ");
	} else if (err == E_ISDIR) {
		say_raw(t, l->path);
		say(t, " is a directory, which cannot be opened for writing. Name a file in it.");
		return 1;
	} else {
		return 0;
	}
	say_as_user(l);
	say_owner(l);
	say(t, ". Change its permissions, or open it before the start and use {fds}.");
	return 1;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * apply.c - what each option of the table does: it sets fields of the request.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

#define FIRST_FILE INT32_MIN
#define MAX_FD     65535 /* of --fd: the list is as long as its largest number */

/* Options that only set flags or one field. */
#define SET(name, statement)                                                                       \
	APPLY(name)                                                                                \
	{                                                                                          \
		(void)c;                                                                           \
		(void)argument;                                                                    \
		statement;                                                                         \
	}
SET(argv0, c->argv0 = argument)
SET(chroot, c->request.chroot = argument)
SET(clear_env, clearenv())
SET(clone, c->request.clone_flags |= namespace_flags("clone", argument))
SET(close_fds, c->request.flags |= FORKEXEC_CLOSE_FDS)
SET(ctty, c->ctty = (int)number("ctty", argument, 0, MAX_FD))
SET(detach, c->detach = 1)
SET(dir, c->request.dir = argument)
SET(dry_run, c->dry_run = 1)
SET(explain, c->explain = 1)
SET(foreground, c->request.flags |= FORKEXEC_FOREGROUND)
SET(json, c->json = 1)
SET(no_setgroups, c->request.flags |= FORKEXEC_NO_SETGROUPS)
SET(noctty, c->request.flags |= FORKEXEC_NOCTTY)
SET(pdeathsig, c->request.pdeathsig = signal_number("pdeathsig", argument))
SET(ptrace, c->request.flags |= FORKEXEC_PTRACE)
SET(setctty, c->request.flags |= FORKEXEC_SETCTTY)
SET(setsid, c->request.flags |= FORKEXEC_SETSID)
SET(text_busy, c->request.text_busy_ms = (uint32_t)number("text-busy", argument, 0, 60000))
SET(unshare, c->request.unshare_flags |= namespace_flags("unshare", argument))
SET(wait, c->detach = 0)

APPLY(setpgid)
{
	c->request.flags |= FORKEXEC_SETPGID;
	c->request.pgid = argument ? (int32_t)number("setpgid", argument, 0, INT32_MAX) : 0;
}

APPLY(env)
{
	char *name, *value;

	(void)c;
	name = strdup(argument);
	value = name ? strchr(name, '=') : NULL;
	if (!value || value == name)
		usage("--env: \"%s\" is not NAME=VALUE", argument);
	*value++ = 0;
	if (setenv(name, value, 1) < 0)
		usage("--env: %s: %s", argument, strerror(errno));
	free(name);
}

APPLY(unset_env)
{
	(void)c;
	if (unsetenv(argument) < 0)
		usage("--unset-env: \"%s\" is no name of a variable", argument);
}

APPLY(uid)
{
	const struct passwd *user;

	c->has_uid = 1;
	c->no_group = 0;
	user = getpwnam(argument);
	if (!user && isdigit((unsigned char)*argument)) {
		c->request.uid = (uint32_t)number("uid", argument, 0, UINT32_MAX - 1);
		user = getpwuid(c->request.uid);
	} else if (!user) {
		usage("--uid: there is no user \"%s\"", argument);
	}
	c->no_group = !user;
	if (!user)
		return;
	c->request.uid = user->pw_uid;
	if (!c->has_gid)
		c->request.gid = user->pw_gid;
}

static uint32_t group_number(const char *option, const char *text)
{
	const struct group *group = getgrnam(text);

	if (group)
		return group->gr_gid;
	if (!isdigit((unsigned char)*text))
		usage("--%s: there is no group \"%s\"", option, text);
	return (uint32_t)number(option, text, 0, UINT32_MAX - 1);
}

APPLY(gid)
{
	c->has_gid = 1;
	c->request.gid = group_number("gid", argument);
}

/* Calls fn for each word of a list with commas. */
static void each_word(struct command *c, const char *list,
		      void (*fn)(struct command *c, const char *word))
{
	char *copy = strdup(list), *rest = copy, *word;

	while (copy && (word = strsep(&rest, ",")) != NULL)
		if (*word)
			fn(c, word);
	free(copy);
}

static void add_group(struct command *c, const char *word)
{
	c->groups = grow(c->groups, c->request.n_groups, sizeof(*c->groups));
	c->groups[c->request.n_groups++] = group_number("groups", word);
}

static void add_cap(struct command *c, const char *word)
{
	c->ambient_caps = grow(c->ambient_caps, c->request.n_ambient_caps, sizeof(*c->ambient_caps));
	c->ambient_caps[c->request.n_ambient_caps++] = capability_number("ambient-caps", word);
}

APPLY(groups)
{
	c->has_groups = 1;
	each_word(c, argument, add_group);
}

APPLY(ambient_caps)
{
	each_word(c, argument, add_cap);
}

static struct forkexec_id_map *add_map(const char *option, struct forkexec_id_map *map, uint32_t *n,
				       const char *text)
{
	long long inside, outside, size;
	int end = -1;

	if (sscanf(text, "%lld:%lld:%lld%n", &inside, &outside, &size, &end) != 3 || end < 0 ||
	    text[end])
		usage("--%s: \"%s\" is not INSIDE:OUTSIDE:COUNT", option, text);
	map = grow(map, *n, sizeof(*map));
	map[(*n)++] = (struct forkexec_id_map){inside, outside, size};
	return map;
}

APPLY(uid_map)
{
	c->request.flags |= FORKEXEC_UID_MAP;
	c->uid_map = add_map("uid-map", c->uid_map, &c->request.n_uid_map, argument);
}

APPLY(gid_map)
{
	c->request.flags |= FORKEXEC_GID_MAP;
	c->gid_map = add_map("gid-map", c->gid_map, &c->request.n_gid_map, argument);
}

APPLY(setgroups)
{
	c->has_setgroups = 1;
	if (!strcmp(argument, "allow"))
		c->request.flags |= FORKEXEC_GID_SETGROUPS;
	else if (!strcmp(argument, "deny"))
		c->request.flags &= ~FORKEXEC_GID_SETGROUPS;
	else
		usage("--setgroups: \"%s\" is neither allow nor deny", argument);
}

APPLY(cgroup)
{
	int fd;

	if (is_digits(argument))
		fd = (int)number("cgroup", argument, 0, INT32_MAX);
	else
		fd = open(argument, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		cannot_open("cgroup", argument, O_RDONLY | O_DIRECTORY);
	c->request.flags |= FORKEXEC_CGROUP_FD;
	c->request.cgroup_fd = fd;
}

/*
 * The list as far as n; what no option names is our own descriptor of that number, if it is
 * an inherited one: those that we have opened are close-on-exec.
 */
static void reach(struct command *c, uint32_t n)
{
	while (c->request.n_fds <= n) {
		int32_t fd = (int32_t)c->request.n_fds;

		c->fds = grow(c->fds, c->request.n_fds, sizeof(*c->fds));
		c->named = grow(c->named, c->request.n_fds, 1);
		c->named[fd] = fd < 3;
		c->fds[c->request.n_fds++] = fcntl(fd, F_GETFD) == 0 ? fd : -1;
	}
}

/* MODE behind the last colon, which is cut off; without one: r, or w for 1 and 2. */
const struct mode *file_mode(const char *option, char *path, uint32_t fd)
{
	static const struct mode modes[] = {
		{":r", O_RDONLY, "O_RDONLY"},
		{":w", O_WRONLY | O_CREAT | O_TRUNC, "O_WRONLY|O_CREAT|O_TRUNC"},
		{":a", O_WRONLY | O_CREAT | O_APPEND, "O_WRONLY|O_CREAT|O_APPEND"},
		{":rw", O_RDWR | O_CREAT, "O_RDWR|O_CREAT"},
	};
	char *mode = strrchr(path, ':');
	size_t k;

	for (k = 0; mode && k < sizeof(modes) / sizeof(modes[0]); k++) {
		if (strcmp(mode, modes[k].suffix) != 0)
			continue;
		*mode = 0;
		return &modes[k];
	}
	if (mode && mode[1] && !mode[2])
		usage("--%s: \"%s\": there is no mode \"%s\", only r, w, a and rw; a file of this name needs "
		      "one behind it, as in %s:r", option, path, mode + 1, path);
	return &modes[fd == 1 || fd == 2];
}

static int32_t add_file(struct command *c, const char *text, uint32_t fd)
{
	struct file *file;

	c->files = grow(c->files, c->n_files, sizeof(*c->files));
	file = &c->files[c->n_files];
	file->path = memcpy(grow(NULL, (uint32_t)strlen(text), 1), text, strlen(text) + 1);
	file->mode = file_mode("fd", file->path, fd);
	file->opened = -1;
	return (int32_t)(FIRST_FILE + (int32_t)c->n_files++);
}

/* When all options are known: a dry run opens nothing. */
static void open_files(struct command *c)
{
	uint32_t i;

	for (i = 0; i < c->request.n_fds; i++) {
		struct file *f = c->fds[i] < -1 ? &c->files[c->fds[i] - FIRST_FILE] : NULL;

		if (!f)
			continue;
		if (!f->path)
			usage("--fd: out of memory");
		f->opened = open(c->dry_run ? "/dev/null" : f->path,
				 (c->dry_run ? O_RDONLY : f->mode->flags) | O_CLOEXEC | O_NOCTTY, 0666);
		if (f->opened < 0)
			cannot_open("fd", f->path, f->mode->flags);
		c->fds[i] = f->opened;
	}
}

/* N of N=VALUE. */
uint32_t descriptor(const char *option, const char *text, const char **ret_value)
{
	const char *value = strchr(text, '=');
	char digits[16];

	if (!value || value == text || !value[1] || (size_t)(value - text) >= sizeof(digits))
		usage("--%s: \"%s\" is not N=%s", option, text,
		      strcmp(option, "fd") ? "FILE" : "M, N=FILE or N=-");
	snprintf(digits, sizeof(digits), "%.*s", (int)(value - text), text);
	*ret_value = value + 1;
	return (uint32_t)number(option, digits, 0, MAX_FD);
}

APPLY(fd)
{
	const char *value;
	uint32_t fd = descriptor("fd", argument, &value);

	reach(c, fd);
	c->named[fd] = 1;
	if (!strcmp(value, "-"))
		c->fds[fd] = -1;
	else if (is_digits(value))
		c->fds[fd] = (int32_t)number("fd", value, 0, INT32_MAX);
	else
		c->fds[fd] = add_file(c, value, fd);
}

/* May we write "allow" into the setgroups file of a child's new user namespace? */
static int may_allow_setgroups(void)
{
	cap_flag_value_t is = CAP_CLEAR;
	cap_t caps = cap_get_proc();
	FILE *ours = fopen("/proc/self/setgroups", "re"); /* a namespace inherits "deny" */
	int first = ours ? getc(ours) : 'd';

	if (ours)
		fclose(ours);
	if (!caps || cap_get_flag(caps, CAP_SETGID, CAP_EFFECTIVE, &is) < 0)
		is = CAP_CLEAR;
	cap_free(caps);
	return first == 'a' && is == CAP_SET;
}

/*
 * In a new user namespace that denies setgroups(2) the child keeps its groups. Only a privileged
 * caller can have it allowed, and only at the clone: after unshare(2) the child is not privileged.
 */
static void finish_groups(struct command *c)
{
	struct forkexec_request *r = &c->request;
	int at_clone = (r->clone_flags & NEW_USER) != 0;

	if (!(r->flags & FORKEXEC_GID_MAP) || r->flags & FORKEXEC_NO_SETGROUPS || c->helpers)
		return;
	if (!c->has_setgroups && (c->has_uid || c->has_gid || c->has_groups) && at_clone &&
	    may_allow_setgroups())
		r->flags |= FORKEXEC_GID_SETGROUPS;
	if (c->has_groups && !(r->flags & FORKEXEC_GID_SETGROUPS))
		usage("--groups: %s, so the groups would stay as they are", c->has_setgroups ?
		      "--setgroups deny forbids it" : at_clone ?
		      "setgroups(2) is denied in a user namespace that a caller without CAP_SETGID makes" :
		      "setgroups(2) is denied in a user namespace of --unshare; use --clone user as root");
}

static void finish_identity(struct command *c)
{
	struct forkexec_request *r = &c->request;

	if (!(c->has_uid || c->has_gid || c->has_groups || r->flags & FORKEXEC_NO_SETGROUPS))
		return;
	if (c->no_group && !c->has_gid)
		usage("--uid: user %lu has no entry in passwd(5), so give its group with --gid",
		      (unsigned long)r->uid);
	r->flags |= FORKEXEC_CREDENTIAL;
	if (!c->has_uid)
		r->uid = geteuid();
	if (!c->has_gid && !c->has_uid)
		r->gid = getegid();
}

/* What follows from several options together. */
void finish_request(struct command *c)
{
	struct forkexec_request *r = &c->request;

	uint32_t i;

	reach(c, 2);
	open_files(c);
	for (i = 0; r->flags & FORKEXEC_CLOSE_FDS && i < r->n_fds; i++)
		if (!c->named[i])
			c->fds[i] = -1;
	finish_identity(c);
	finish_groups(c);
	if (c->ctty >= 0)
		r->ctty = c->ctty;
	r->fds = c->fds;
	r->groups = c->groups;
	r->uid_map = c->helpers ? NULL : c->uid_map;
	r->gid_map = c->helpers ? NULL : c->gid_map;
	r->ambient_caps = c->ambient_caps;
	r->rlimits = c->rlimits;
	r->cpus = c->cpus;
	r->namespaces = c->namespaces;
	r->opens = c->opens;
	finish_scheduler(c);
	finish_helpers(c);
}

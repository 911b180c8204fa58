//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explain_limits.c - failures that are a limit's: which one, and what it is set to; and who
 * has a program open for writing.
 */
#include "explain.h"

#define RLIMIT_STACK 3
#define RLIMIT_NPROC 6
#define RLIMIT_AS    9
#define RLIMIT_DATA  2

#define STRING_MAX (32 * 4096) /* MAX_ARG_STRLEN with pages of 4 KiB, the smallest */

/* Ours, or what the request sets for the child. */
static uint64_t soft_limit(const struct look *l, int which)
{
	const struct forkexec_request *r = l->r;
	struct sys_rlimit limit;
	uint32_t i;

	for (i = r->n_rlimits; i > 0 && l->result->step == FORKEXEC_STEP_EXECVE; i--)
		if (r->rlimits[i - 1].resource == (uint32_t)which)
			return r->rlimits[i - 1].cur;
	return sys_prlimit(which, NULL, &limit) < 0 ? UINT64_MAX : limit.cur;
}

/* Says "NAME is N (and what it means). " if there is such a limit. */
static int say_limit(struct text *t, const char *name, uint64_t value)
{
	if (value == UINT64_MAX)
		return 0;
	say(t, name);
	say(t, " is ");
	say_number(t, (int64_t)value);
	say(t, ". ");
	return 1;
}

/* The string, or as much of it as names it: an environment variable's value is nobody's. */
static void say_argument(struct text *t, const char *list, uint32_t i, const char *s)
{
	uint64_t n = 0;

	say(t, list);
	say(t, "[");
	say_number(t, i);
	say(t, "]");
	if (text_begins(list, "{argv}"))
		return;
	while (s[n] && s[n] != '=' && n < 64)
		n++;
	say(t, " (");
	say_bytes(t, s, n);
	say(t, ")");
}

/* Adds up a list; says so and returns 1 if one of its strings is too long. */
static int count_list(struct look *l, const char *name, char *const *list, uint64_t *total)
{
	uint32_t i;

	for (i = 0; list && list[i]; i++) {
		uint64_t n = text_length(list[i]) + 1;

		*total += n + sizeof(char *);
		if (n <= STRING_MAX)
			continue;
		say_argument(&l->text, name, i, list[i]);
		say(&l->text, " has ");
		say_number(&l->text, (int64_t)n - 1);
		say(&l->text, " bytes; the kernel takes no string of more than 131071 (32 pages). "
			      "Pass it in a file or through a pipe.");
		return 1;
	}
	return 0;
}

HIDDEN int look_too_big(struct look *l)
{
	struct text *t = &l->text;
	uint64_t total = 0, arguments, limit = soft_limit(l, RLIMIT_STACK);

	if (count_list(l, "{argv}", l->r->argv, &total))
		return 1;
	arguments = total;
	if (count_list(l, "{envp}", l->r->envp, &total))
		return 1;
	say(t, "The arguments take ");
	say_number(t, (int64_t)arguments);
	say(t, " bytes and the environment ");
	say_number(t, (int64_t)(total - arguments));
	say(t, l->r->envp ? "" : ", as that of the caller is not counted");
	say(t, ", pointers included. The kernel takes a quarter of RLIMIT_STACK, but at least "
	       "131072 and at most 6291456 bytes; ");
	if (limit == UINT64_MAX) {
		say(t, "there is no limit on the stack");
	} else {
		say(t, "that limit is ");
		say_number(t, (int64_t)limit);
	}
	say(t, ". Pass less, pass it in a file, or raise the limit (ulimit -s).");
	return 1;
}

/*
 * pids.max of our cgroup or one above, if it is what is reached. key: what stands in
 * /proc/self/cgroup before the path, which begins below root.
 */
static int look_pids_max(struct look *l, const char *key, const char *root)
{
	const char *p, *end = l->path + PATH_ROOM;
	char *at, *stop, *top;
	int64_t max, now;

	if (look_read(l, AT_FDCWD, "/proc/self/cgroup") <= 0)
		return 0;
	p = text_find(l->line, key);
	if (!p)
		return 0;
	top = at = text_add(l->path, end, root);
	*at++ = '/';
	while (*p && *p != '\n' && at + 16 < end)
		*at++ = *p++;
	for (stop = at; stop > top + 1; stop--) {
		if (*stop != '/' && stop != at)
			continue;
		(void)text_add(stop, end, "/pids.max");
		if (!look_number(l, l->path, &max))
			continue;
		(void)text_add(stop, end, "/pids.current");
		if (!look_number(l, l->path, &now) || now < max)
			continue;
		*stop = 0;
		say(&l->text, "The cgroup ");
		say_raw(&l->text, l->path);
		say(&l->text, " holds as many processes as its pids.max allows: ");
		say_number(&l->text, max);
		say(&l->text, ". Raise it, or end processes.");
		return 1;
	}
	return 0;
}

HIDDEN int look_process_limit(struct look *l)
{
	struct text *t = &l->text;
	int64_t max;

	if (l->result->step == FORKEXEC_STEP_CLONE &&
	    (look_pids_max(l, "0::/", "/sys/fs/cgroup") ||
	     look_pids_max(l, ":pids:/", "/sys/fs/cgroup/pids")))
		return 1;
	look_who(l, 1);
	say(t, "User ");
	say_number(t, l->result->step == FORKEXEC_STEP_CLONE ? l->ids[0] : l->who.uid);
	say(t, " has as many processes and threads as it may. ");
	(void)say_limit(t, "RLIMIT_NPROC", soft_limit(l, RLIMIT_NPROC));
	if (look_number(l, "/proc/sys/kernel/threads-max", &max))
		(void)say_limit(t, "kernel.threads-max", (uint64_t)max);
	if (look_number(l, "/proc/sys/kernel/pid_max", &max))
		(void)say_limit(t, "kernel.pid_max", (uint64_t)max);
	say(t, "Raise the one that is reached (ulimit -u, sysctl, pids.max of the cgroup), or end "
	       "processes.");
	return 1;
}

HIDDEN int look_file_limit(struct look *l)
{
	struct text *t = &l->text;
	int64_t max;

	if (l->result->err == E_MFILE) {
		say(t, "No descriptor below the limit is free. ");
		(void)say_limit(t, "RLIMIT_NOFILE", soft_limit(l, RLIMIT_NOFILE));
		say(t, "Close descriptors (see /proc/self/fd), or raise it (ulimit -n).");
		return 1;
	}
	if (!look_number(l, "/proc/sys/fs/file-max", &max))
		return 0;
	say(t, "The system's table of open files is full. ");
	(void)say_limit(t, "fs.file-max", (uint64_t)max);
	say(t, "Close files, or raise it (sysctl).");
	return 1;
}

HIDDEN int look_memory_limit(struct look *l)
{
	struct text *t = &l->text;
	int said;

	say(t, "The kernel had no memory for the ");
	say(t, l->result->step == FORKEXEC_STEP_CLONE ? "child. " : "program. ");
	said = say_limit(t, "RLIMIT_AS", soft_limit(l, RLIMIT_AS));
	said |= say_limit(t, "RLIMIT_DATA", soft_limit(l, RLIMIT_DATA));
	if (l->result->step == FORKEXEC_STEP_CLONE)
		say(t, said ? "Raise the limit, or the" :
			      "No limit is set on this process; look at the");
	else
		say(t, said ? "The limit is less than it needs: raise it, or the" :
			      "No limit is set on this process; look at the");
	say(t, " cgroup's memory.max");
	say(t, l->result->step == FORKEXEC_STEP_CLONE ? ". It is also the answer in a PID "
							"namespace whose init has ended." :
							".");
	return 1;
}

/* Is this descriptor of a process a file l->st, open for writing? */
static int is_writer(struct look *l, const char *pid, const char *fd)
{
	const struct sys_statx *st = &l->other, *file = &l->st;
	const char *p;

	look_proc_path(l, pid, "/fd/", -1);
	(void)text_add(l->link + text_length(l->link), l->link + PATH_ROOM, fd);
	if (sys_statx(AT_FDCWD, l->link, 0, &l->other) < 0 || st->ino != file->ino ||
	    st->dev_major != file->dev_major || st->dev_minor != file->dev_minor)
		return 0;
	look_proc_path(l, pid, "/fdinfo/", -1);
	(void)text_add(l->link + text_length(l->link), l->link + PATH_ROOM, fd);
	if (look_read(l, AT_FDCWD, l->link) <= 0)
		return 0;
	p = text_find(l->line, "flags:");
	if (!p)
		return 0;
	while (*p && *p != '\n')
		p++;
	return (p[-1] - '0') & 3; /* octal; O_WRONLY or O_RDWR */
}

/* Says who, with the name of its program. */
static void say_process(struct look *l, const char *pid)
{
	int64_t n;

	look_proc_path(l, pid, "/comm", -1);
	n = look_read(l, AT_FDCWD, l->link);
	say(&l->text, "Process ");
	say(&l->text, pid);
	if (n > 1) {
		say(&l->text, " (");
		say_bytes(&l->text, l->line, (uint64_t)n - 1);
		say(&l->text, ")");
	}
}

/* Who holds the program open for writing? /proc tells root of all, others of their own. */
HIDDEN int look_writer(struct look *l)
{
	struct folder *processes = &l->folders[0], *files = &l->folders[1];
	const char *pid, *fd = NULL, *writer = NULL;

	if (!folder_open(processes, "/proc"))
		return 0;
	while (!writer && (pid = folder_next(processes)) != NULL) {
		look_proc_path(l, pid, "/fd", -1);
		if (!is_number(pid) || !folder_open(files, l->link))
			continue;
		while ((fd = folder_next(files)) != NULL) {
			if (!is_number(fd) || !is_writer(l, pid, fd))
				continue;
			writer = pid;
			sys_close(files->fd);
			break;
		}
	}
	if (!writer)
		return 0;
	say_process(l, writer);
	say(&l->text, " has ");
	say_raw(&l->text, l->path);
	say(&l->text, " open for writing, as descriptor ");
	say(&l->text, fd);
	say(&l->text, ". Close it there before the program is started; a child that was cloned "
		      "at that time closes it at its own execve, so that a second try may work: see "
		      "{text_busy_ms}.");
	sys_close(processes->fd);
	return 1;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dry.c - --dry-run: the system calls that the start consists of, in order and as strace(1)
 * would show them. Those of the library's own bookkeeping (its pipes, masks and waits) are left
 * out. tests/cli compares the list with what strace shows of a real start.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

#define NEW_NS   0x00020000

void put_string(const char *s)
{
	size_t n;

	putchar('"');
	for (; *s; s += n) {
		unsigned char c = (unsigned char)*s;

		n = utf8_length(s, strlen(s));
		n += !n;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c == '\n')
			fputs("\\n", stdout);
		else if (c < ' ' || c == 127)
			printf("\\%o", c);
		else
			put_text(stdout, s, n);
	}
	putchar('"');
}

/* With the names that the library has for them: "clone CLONE_NEWUSER" without the step. */
void put_flags(const struct command *c, uint64_t flags)
{
	struct forkexec_result result = {.step = FORKEXEC_STEP_UNSHARE, .detail = (int64_t)flags};
	char text[512];

	forkexec_explain_as(&c->request, &result, FORKEXEC_EXPLAIN_OBJECT, text, sizeof(text));
	fputs(*text ? text + 1 : "0", stdout);
}

void put_cap(const struct command *c, uint64_t cap)
{
	struct forkexec_result result = {.step = FORKEXEC_STEP_AMBIENT, .detail = (int64_t)cap};
	char text[64], *p;

	forkexec_explain_as(&c->request, &result, FORKEXEC_EXPLAIN_OBJECT, text, sizeof(text));
	for (p = text; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	fputs(*text ? text + 1 : "", stdout);
}

static void put_map(const char *file, const struct forkexec_id_map *map, uint32_t n)
{
	char line[80];
	uint32_t i;

	printf("openat(AT_FDCWD, \"%s\", O_WRONLY|O_CLOEXEC) = FD\nwrite(FD, ", file);
	for (i = 0; i < n; i++) {
		snprintf(line, sizeof(line), "%" PRId64 " %" PRId64 " %" PRId64 "\n",
			 map[i].container_id, map[i].host_id, map[i].size);
		put_string(line);
	}
	puts(")");
}

static void put_setgroups(const struct command *c, const char *who)
{
	int allow = (c->request.flags & FORKEXEC_GID_SETGROUPS) != 0;

	printf("openat(AT_FDCWD, \"/proc/%s/setgroups\", O_WRONLY|O_CLOEXEC) = FD\n", who);
	printf("write(FD, \"%s\", %d)\n", allow ? "allow" : "deny", allow ? 5 : 4);
}

/* Not system calls of ours: what others do while the child waits. */
static void dry_helper(const char *name, const struct forkexec_id_map *map, uint32_t n)
{
	uint32_t i;

	if (!n)
		return;
	printf("%s PID", name);
	for (i = 0; i < n; i++)
		printf(" %" PRId64 " %" PRId64 " %" PRId64, map[i].container_id, map[i].host_id,
		       map[i].size);
	putchar('\n');
}

static void dry_hook(const struct command *c)
{
	if (c->on_clone)
		printf("sh -c '%s'\n", c->on_clone);
	dry_helper("newuidmap", c->uid_map, c->n_helper_uids);
	dry_helper("newgidmap", c->gid_map, c->n_helper_gids);
}

/* The clone, and what the parent writes before the child goes on. */
static void dry_clone(const struct command *c)
{
	const struct forkexec_request *r = &c->request;

	fputs("clone3({flags=CLONE_CLEAR_SIGHAND", stdout);
	if (r->clone_flags) {
		putchar('|');
		put_flags(c, r->clone_flags);
	}
	if (r->flags & FORKEXEC_CGROUP_FD)
		printf("|CLONE_INTO_CGROUP, cgroup=%d", r->cgroup_fd);
	puts(", exit_signal=SIGCHLD}) = PID");
	dry_hook(c);
	if (!(r->clone_flags & NEW_USER))
		return;
	if (r->flags & FORKEXEC_UID_MAP)
		put_map("/proc/PID/uid_map", r->uid_map, r->n_uid_map);
	if (r->flags & FORKEXEC_GID_MAP) {
		put_setgroups(c, "PID");
		put_map("/proc/PID/gid_map", r->gid_map, r->n_gid_map);
	}
}

static void dry_namespaces(const struct command *c)
{
	const struct forkexec_request *r = &c->request;

	if (r->unshare_flags) {
		fputs("unshare(", stdout);
		put_flags(c, r->unshare_flags);
		puts(")");
	}
	if (r->unshare_flags & NEW_USER && r->flags & FORKEXEC_GID_MAP) {
		put_setgroups(c, "self");
		put_map("/proc/self/gid_map", r->gid_map, r->n_gid_map);
	}
	if (r->unshare_flags & NEW_USER && r->flags & FORKEXEC_UID_MAP)
		put_map("/proc/self/uid_map", r->uid_map, r->n_uid_map);
	if (r->unshare_flags & NEW_NS)
		puts("mount(\"none\", \"/\", NULL, MS_REC|MS_PRIVATE, NULL)");
	if (r->chroot) {
		fputs("chroot(", stdout);
		put_string(r->chroot);
		puts(")");
	}
}

static void dry_identity(const struct command *c)
{
	const struct forkexec_request *r = &c->request;
	int denied = (r->flags & FORKEXEC_GID_MAP) && !(r->flags & FORKEXEC_GID_SETGROUPS);
	uint32_t i;

	if (r->flags & FORKEXEC_CREDENTIAL) {
		if (!(denied && !r->n_groups) && !(r->flags & FORKEXEC_NO_SETGROUPS)) {
			printf("setgroups(%" PRIu32 ", [", r->n_groups);
			for (i = 0; i < r->n_groups; i++)
				printf("%s%" PRIu32, i ? ", " : "", r->groups[i]);
			puts("])");
		}
		printf("setgid(%" PRIu32 ")\nsetuid(%" PRIu32 ")\n", r->gid, r->uid);
	}
	if (!r->n_ambient_caps) {
		dry_capabilities(c);
		return;
	}
	fputs("capget()\ncapset({permitted|=", stdout);
	for (i = 0; i < r->n_ambient_caps; i++) {
		if (i)
			putchar('|');
		put_cap(c, r->ambient_caps[i]);
	}
	puts(", inheritable|=the same})");
	for (i = 0; i < r->n_ambient_caps; i++) {
		fputs("prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, ", stdout);
		put_cap(c, r->ambient_caps[i]);
		puts(", 0, 0)");
	}
	dry_capabilities(c);
}

/* The two passes over fds[]: what would be overwritten moves first. */
static void dry_fds(const struct command *c)
{
	const struct forkexec_request *r = &c->request;
	uint32_t i;

	for (i = 0; i < r->n_fds; i++)
		if (r->fds[i] >= 0 && r->fds[i] < (int32_t)i)
			printf("fcntl(%d, F_DUPFD_CLOEXEC, %d) = FD%" PRIu32 "\n", r->fds[i],
			       r->n_fds < 3 ? 3 : (int)r->n_fds, i);
	for (i = 0; i < r->n_fds; i++) {
		if (r->fds[i] < 0)
			printf("close(%" PRIu32 ")\n", i);
		else if (r->fds[i] == (int32_t)i)
			printf("fcntl(%" PRIu32 ", F_SETFD, 0)\n", i);
		else if (r->fds[i] < (int32_t)i)
			printf("dup3(FD%" PRIu32 ", %" PRIu32 ", 0)\n", i, i);
		else
			printf("dup3(%d, %" PRIu32 ", 0)\n", r->fds[i], i);
	}
	if (r->flags & FORKEXEC_CLOSE_FDS)
		printf("close_range(%" PRIu32 ", 4294967295, CLOSE_RANGE_CLOEXEC)\n", r->n_fds);
}

static void dry_execve(const struct command *c)
{
	const struct forkexec_request *r = &c->request;
	size_t i;

	fputs(r->flags & FORKEXEC_EXEC_FD ? "execveat(" : "execve(", stdout);
	if (r->flags & FORKEXEC_EXEC_FD)
		printf("%d, \"\"", r->exec_fd);
	else
		put_string(r->path);
	for (i = 0; r->argv[i]; i++) {
		fputs(i ? ", " : ", [", stdout);
		put_string(r->argv[i]);
	}
	if (r->flags & FORKEXEC_EXEC_FD)
		puts("], ENV, AT_EMPTY_PATH)");
	else
		printf("], ENV)%s\n", strchr(r->path, '/') ? "" : " in each folder of PATH");
}

/* Those that setuid(2) would take away. */
static int has_capabilities(const struct forkexec_request *r)
{
	return (r->flags & (FORKEXEC_CAP_EFFECTIVE | FORKEXEC_CAP_PERMITTED | FORKEXEC_CAP_INHERITABLE |
			    FORKEXEC_CAP_BOUNDING | FORKEXEC_SECUREBITS)) != 0;
}

static void dry_keyring(const struct command *c)
{
	const struct forkexec_request *r = &c->request;

	if (!(r->flags & FORKEXEC_SESSION_KEYRING))
		return;
	fputs("keyctl(KEYCTL_JOIN_SESSION_KEYRING, ", stdout);
	if (r->session_keyring)
		put_string(r->session_keyring);
	else
		fputs("NULL", stdout);
	puts(")");
}

static void dry_directory(const struct command *c)
{
	const struct forkexec_request *r = &c->request;

	if (r->flags & FORKEXEC_DIR_FD)
		printf("fchdir(%d)\n", r->dir_fd);
	if (!r->dir)
		return;
	fputs("chdir(", stdout);
	put_string(r->dir);
	puts(")");
}

void dry_run(const struct command *c)
{
	const struct forkexec_request *r = &c->request;
	char text[32];
	uint32_t i;

	for (i = 0; i < c->n_files; i++) {
		if (c->files[i].opened < 0) /* a later --fd took its place */
			continue;
		fputs("openat(AT_FDCWD, ", stdout);
		put_string(c->files[i].path);
		printf(", %s|O_CLOEXEC|O_NOCTTY, 0666) = %d\n", c->files[i].mode->names,
		       (int)c->files[i].opened);
	}
	dry_clone(c);
	if (r->n_ambient_caps || (r->flags & FORKEXEC_CREDENTIAL && has_capabilities(r)))
		puts("prctl(PR_SET_KEEPCAPS, 1)");
	if (r->flags & FORKEXEC_SETSID)
		puts("setsid()");
	if (r->flags & (FORKEXEC_SETPGID | FORKEXEC_FOREGROUND))
		printf("setpgid(0, %d)\n", r->pgid);
	snprintf(text, sizeof(text), r->pgid ? "%d" : "PID", r->pgid);
	if (r->flags & FORKEXEC_FOREGROUND)
		printf("ioctl(%d, TIOCSPGRP, [%s])\n", r->ctty, text);
	dry_signals(c);
	dry_resources(c);
	dry_namespaces(c);
	dry_identity(c);
	dry_keyring(c);
	dry_directory(c);
	if (r->pdeathsig && signal_word(r->pdeathsig))
		printf("prctl(PR_SET_PDEATHSIG, SIG%s)\n", signal_word(r->pdeathsig));
	else if (r->pdeathsig)
		printf("prctl(PR_SET_PDEATHSIG, %d)\n", r->pdeathsig);
	dry_fds(c);
	dry_opens(c);
	if (r->flags & FORKEXEC_NOCTTY)
		puts("ioctl(0, TIOCNOTTY)");
	if (r->flags & FORKEXEC_SETCTTY)
		printf("ioctl(%d, TIOCSCTTY, 1)\n", r->ctty);
	if (r->flags & FORKEXEC_PTRACE)
		puts("ptrace(PTRACE_TRACEME)");
	dry_confine(c);
	dry_execve(c);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * confine.c - options for what the program finds and may do: namespaces to join, files opened
 * in the child, a program and a folder by descriptor, seccomp, Landlock.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli.h"

#define MAX_FILTER   4096 /* instructions, BPF_MAXINSNS */
#define INSTRUCTION  8    /* sizeof(struct sock_filter) */

APPLY(dir_fd)
{
	c->request.flags |= FORKEXEC_DIR_FD;
	c->request.dir_fd = (int32_t)number("dir-fd", argument, 0, INT32_MAX);
}

APPLY(exec_fd)
{
	c->request.flags |= FORKEXEC_EXEC_FD;
	c->request.exec_fd = (int32_t)number("exec-fd", argument, 0, INT32_MAX);
}

/* A descriptor, "pid:N", or a file below /proc/PID/ns. */
static int namespace_fd(const char *text)
{
	int fd;

	if (is_digits(text))
		return (int)number("setns", text, 0, INT32_MAX);
	if (!strncmp(text, "pid:", 4))
		fd = (int)syscall(SYS_pidfd_open, number("setns", text + 4, 1, INT32_MAX), 0);
	else
		fd = open(text, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		cannot_open("setns", text, O_RDONLY);
	return fd;
}

/* [TYPE,...=]WHAT; a path may have a "=", a list of types has no slash. */
APPLY(setns)
{
	const char *what = strchr(argument, '=');
	struct forkexec_namespace *ns;
	char types[256];

	c->namespaces = grow(c->namespaces, c->request.n_namespaces, sizeof(*c->namespaces));
	ns = &c->namespaces[c->request.n_namespaces++];
	*ns = (struct forkexec_namespace){0};
	if (!what || memchr(argument, '/', (size_t)(what - argument))) {
		if (!strncmp(argument, "pid:", 4))
			usage("--setns: %s needs types, as net,uts=%s", argument, argument);
		ns->fd = namespace_fd(argument);
		return;
	}
	snprintf(types, sizeof(types), "%.*s", (int)(what - argument), argument);
	ns->type = (uint32_t)namespace_flags("setns", types);
	ns->fd = namespace_fd(what + 1);
}

APPLY(open)
{
	const char *path;
	struct forkexec_open *o;
	char *copy;
	uint32_t fd = descriptor("open", argument, &path);
	const struct mode *mode;

	c->opens = grow(c->opens, c->request.n_opens, sizeof(*c->opens));
	o = &c->opens[c->request.n_opens++];
	copy = memcpy(grow(NULL, (uint32_t)strlen(path), 1), path, strlen(path) + 1);
	mode = file_mode("open", copy, fd);
	*o = (struct forkexec_open){.path = copy, .fd = (int32_t)fd, .flags = (uint32_t)mode->flags,
				    .mode = 0666};
}

/* As bwrap(1) takes one: the instructions as they lie in memory, and nothing else. */
APPLY(seccomp)
{
	int fd = open(argument, O_RDONLY | O_CLOEXEC);
	unsigned char *filter = NULL;
	size_t n = 0;
	ssize_t got = 1;

	if (fd < 0)
		cannot_open("seccomp", argument, O_RDONLY);
	while (got > 0 && n <= MAX_FILTER * INSTRUCTION) {
		filter = grow(filter, (uint32_t)n + 4096, 1);
		got = read(fd, filter + n, 4096);
		n += got > 0 ? (size_t)got : 0;
	}
	if (got < 0) {
		report_file("read", argument, "--seccomp", "A filter is a file of instructions.");
		exit(EXIT_FAILED);
	}
	close(fd);
	if (!n || n % INSTRUCTION || n > MAX_FILTER * INSTRUCTION)
		usage("--seccomp: %s has %zu bytes: a filter is 1 to %d instructions of %d bytes each",
		      argument, n, MAX_FILTER, INSTRUCTION);
	free(c->filter);
	c->filter = filter;
	c->request.seccomp = filter;
	c->request.n_seccomp = (uint32_t)(n / INSTRUCTION);
}

static uint32_t words(const char *option, const struct word *known, const char *list)
{
	uint32_t flags = 0;
	size_t n;

	for (;; list += n + 1) {
		n = strcspn(list, ",");
		flags |= (uint32_t)find_word(option, known, list, n);
		if (!list[n])
			return flags;
	}
}

APPLY(seccomp_flags)
{
	static const struct word known[] = {{"log", 2}, {"spec-allow", 4}, {NULL, 0}};

	c->request.seccomp_flags = words("seccomp-flags", known, argument);
}

/* linux/landlock.h is not everywhere, and not of the kernel that runs. */
enum {
	LL_EXECUTE = 1, LL_WRITE_FILE = 2, LL_READ_FILE = 4, LL_READ_DIR = 8,
	LL_FIRST = 0x1fff,  /* all of the first version */
	LL_REFER = 0x2000, LL_TRUNCATE = 0x4000, LL_IOCTL_DEV = 0x8000,
	LL_OF_FILES = LL_EXECUTE | LL_WRITE_FILE | LL_READ_FILE | LL_TRUNCATE | LL_IOCTL_DEV,
	LL_PATH_BENEATH = 1,
	LL_VERSION = 1,
};

/* All rights to files that this kernel can keep from a program. */
static uint64_t landlock_rights(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LL_VERSION);

	if (version < 1)
		usage("--landlock: %s", errno == EOPNOTSUPP ?
		      "this kernel has Landlock, but it is not enabled: see lsm= among its parameters" :
		      errno == ENOSYS ? "this kernel has no Landlock (Linux 5.13)" : strerror(errno));
	return (uint64_t)LL_FIRST | (version >= 2 ? LL_REFER : 0) | (version >= 3 ? LL_TRUNCATE : 0) |
	       (version >= 5 ? LL_IOCTL_DEV : 0);
}

static uint64_t access_rights(const char *whole, const char *colon)
{
	uint64_t rights = 0;
	const char *p;

	for (p = whole; p < colon; p++) {
		if (*p == 'r')
			rights |= LL_READ_FILE | LL_READ_DIR;
		else if (*p == 'x')
			rights |= LL_EXECUTE;
		else if (*p == 'w')
			rights |= ~(uint64_t)(LL_READ_FILE | LL_READ_DIR | LL_EXECUTE);
		else
			usage("--landlock: \"%s\": access is of r, w and x", whole);
	}
	return rights;
}

static void add_rule(struct command *c, const char *whole, const char *colon)
{
	struct __attribute__((packed)) {
		uint64_t rights;
		int32_t fd;
	} rule;
	uint64_t all = landlock_rights();
	struct stat st;

	if (c->ruleset < 0) {
		c->ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
		if (c->ruleset < 0)
			usage("--landlock: landlock_create_ruleset: %s", strerror(errno));
	}
	rule.rights = all & access_rights(whole, colon);
	rule.fd = open(colon + 1, O_PATH | O_CLOEXEC);
	if (rule.fd < 0 || fstat(rule.fd, &st) < 0)
		cannot_open("landlock", colon + 1, O_RDONLY);
	if (!S_ISDIR(st.st_mode))
		rule.rights &= LL_OF_FILES;
	if (syscall(SYS_landlock_add_rule, c->ruleset, LL_PATH_BENEATH, &rule, 0) < 0)
		usage("--landlock: %s: landlock_add_rule: %s", colon + 1, strerror(errno));
	close(rule.fd);
	c->request.landlock_fd = c->ruleset;
}

/* ACCESS:PATH, more than one of which make one ruleset; or a ruleset's descriptor. */
APPLY(landlock)
{
	const char *colon = strchr(argument, ':');
	int own = c->ruleset >= 0, given = c->request.flags & FORKEXEC_LANDLOCK && !own;

	c->request.flags |= FORKEXEC_LANDLOCK;
	if (given || (own && is_digits(argument)))
		usage("--landlock: either one ruleset or rules");
	if (is_digits(argument))
		c->request.landlock_fd = (int32_t)number("landlock", argument, 0, INT32_MAX);
	else if (!colon || colon == argument || !colon[1])
		usage("--landlock: \"%s\" is not ACCESS:PATH, as rx:/usr, nor a ruleset's descriptor",
		      argument);
	else
		add_rule(c, argument, colon);
}

APPLY(landlock_flags)
{
	static const struct word known[] = {
		{"log-same-exec-off", 1}, {"log-new-exec-on", 2}, {"log-subdomains-off", 4}, {NULL, 0},
	};

	c->request.landlock_flags = words("landlock-flags", known, argument);
}

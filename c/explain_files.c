//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explain_files.c - what explanations read: strings without libc, folders, and the small
 * files of /proc, /sys and cgroups. Those are the kernel's and answer at once.
 */
#include "explain.h"

HIDDEN uint64_t text_length(const char *s)
{
	uint64_t n = 0;

	while (s[n]) {
		n++;
		NOT_A_LIBC_CALL();
	}
	return n;
}

HIDDEN int text_begins(const char *s, const char *prefix)
{
	for (; *prefix; prefix++, s++) {
		if (*s != *prefix)
			return 0;
		NOT_A_LIBC_CALL();
	}
	return 1;
}

HIDDEN int text_equal(const char *a, const char *b)
{
	return text_begins(a, b) && !a[text_length(b)];
}

/* Appends to a string that ends before end, and returns where the NUL is. */
HIDDEN char *text_add(char *to, const char *end, const char *s)
{
	while (*s && to + 1 < end) {
		*to++ = *s++;
		NOT_A_LIBC_CALL();
	}
	*to = 0;
	return to;
}

/* Without a division, as in plan.c. */
HIDDEN char *text_add_number(char *to, const char *end, uint64_t n)
{
	static const uint64_t powers_of_ten[] = {
		UINT64_C(10000000000000000000),
		UINT64_C(1000000000000000000),
		UINT64_C(100000000000000000),
		UINT64_C(10000000000000000),
		UINT64_C(1000000000000000),
		UINT64_C(100000000000000),
		UINT64_C(10000000000000),
		UINT64_C(1000000000000),
		UINT64_C(100000000000),
		UINT64_C(10000000000),
		UINT64_C(1000000000),
		UINT64_C(100000000),
		UINT64_C(10000000),
		UINT64_C(1000000),
		UINT64_C(100000),
		UINT64_C(10000),
		UINT64_C(1000),
		UINT64_C(100),
		UINT64_C(10),
		1,
	};
	uint32_t i, last = sizeof(powers_of_ten) / sizeof(powers_of_ten[0]) - 1;
	int started = 0;
	char digit;

	for (i = 0; i <= last; i++) {
		for (digit = '0'; n >= powers_of_ten[i]; n -= powers_of_ten[i])
			digit++;
		started |= digit != '0' || i == last;
		if (started && to + 1 < end)
			*to++ = digit;
	}
	*to = 0;
	return to;
}

/* Behind the first place where what stands in s, or NULL. */
HIDDEN const char *text_find(const char *s, const char *what)
{
	for (; *s; s++)
		if (text_begins(s, what))
			return s + text_length(what);
	return NULL;
}

HIDDEN int is_number(const char *s)
{
	if (!*s)
		return 0;
	for (; *s; s++)
		if (*s < '0' || *s > '9')
			return 0;
	return 1;
}

/* The number at *s, behind white space; *s then stands behind it. -1: there is none. */
HIDDEN int64_t text_number(const char **s)
{
	const char *p = *s;
	uint64_t n = 0;

	while (*p == ' ' || *p == '\t')
		p++;
	if (*p < '0' || *p > '9')
		return -1;
	for (; *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (uint64_t)(*p - '0');
	*s = p;
	return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

/*
 * Can n bytes be read there? rt_sigaction(2) copies what is to be done, up to 64 bytes, before it
 * finds that there is no signal 0; qemu-user does, too. Where somebody refuses that call we take
 * the caller's word.
 */
HIDDEN int is_readable(const void *p, uint64_t n)
{
	const uintptr_t begin = (uintptr_t)p;
	uint64_t at = begin & ~(uintptr_t)63;

	if (!n)
		return 1;
	if (!at || n > UINTPTR_MAX - begin) /* NULL would be nothing to do, and no look */
		return 0;
	for (; at < begin + n; at = (at | 4095) + 1)
		if (sys_rt_sigaction(0, (const struct sys_sigaction *)(uintptr_t)at, NULL) ==
		    -E_FAULT)
			return 0;
	return 1;
}

/* The same of a string, up to its NUL. */
HIDDEN int is_string(const char *s)
{
	if (!is_readable(s, 1))
		return 0;
	while (*s) {
		s++;
		if (!((uintptr_t)s & 4095) && !is_readable(s, 1))
			return 0;
	}
	return 1;
}

/* The beginning of a file, with a NUL, in l->line. Returns its length or -errno. */
HIDDEN int64_t look_read(struct look *l, int dir, const char *path)
{
	int fd = (int)sys_open_below(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	uint64_t have = 0;
	long n = 0;

	l->line[0] = 0;
	if (fd < 0)
		return fd;
	while (have < LINE_ROOM - 1) {
		n = sys_read(fd, l->line + have, LINE_ROOM - 1 - have);
		if (n <= 0)
			break;
		have += (uint64_t)n;
	}
	sys_close(fd);
	l->line[have] = 0;
	return n < 0 && !have ? n : (int64_t)have;
}

/* Is there a number in the file? */
HIDDEN int look_number(struct look *l, const char *path, int64_t *ret)
{
	const char *p = l->line;
	int64_t n;

	if (look_read(l, AT_FDCWD, path) <= 0)
		return 0;
	n = text_number(&p);
	if (n < 0)
		return 0;
	*ret = n;
	return 1;
}

/* l->link becomes /proc/PID/file, with a number behind it if that is not negative. */
HIDDEN void look_proc_path(struct look *l, const char *pid, const char *file, int64_t number)
{
	const char *end = l->link + sizeof(l->link);
	char *p = text_add(l->link, end, "/proc/");

	p = text_add(p, end, pid);
	p = text_add(p, end, file);
	if (number >= 0)
		(void)text_add_number(p, end, (uint64_t)number);
}

/* A decimal line of /proc/self/status, as "Seccomp:". */
HIDDEN int look_status(struct look *l, const char *field, uint64_t *ret)
{
	const char *p;
	int64_t n;

	if (look_read(l, AT_FDCWD, "/proc/self/status") <= 0)
		return 0;
	p = text_find(l->line, field);
	n = p ? text_number(&p) : -1;
	if (n < 0)
		return 0;
	*ret = (uint64_t)n;
	return 1;
}

/* What a descriptor of ours is, in l->link. */
HIDDEN int look_fd_name(struct look *l, int64_t fd)
{
	long n;

	if (fd < 0)
		return 0;
	look_proc_path(l, "self", "/fd/", fd);
	n = sys_readlink(l->link, l->part, sizeof(l->part) - 1);
	if (n < 0)
		return 0;
	l->part[n] = 0;
	(void)text_add(l->link, l->link + sizeof(l->link), l->part);
	return 1;
}

struct entry { /* linux_dirent64, getdents64(2) */
	uint64_t ino;
	int64_t off;
	uint16_t length;
	uint8_t type;
	char name[];
};

HIDDEN int folder_open(struct folder *f, const char *path)
{
	f->at = f->n = 0;
	f->fd = (int)sys_openat(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return f->fd >= 0;
}

/* The next name; NULL at the end, and the folder is closed. */
HIDDEN const char *folder_next(struct folder *f)
{
	struct entry *e;
	long n;

	if (f->at >= f->n) {
		n = sys_getdents64(f->fd, f->entries, sizeof(f->entries));
		if (n <= 0) {
			sys_close(f->fd);
			return NULL;
		}
		f->n = (uint32_t)n;
		f->at = 0;
	}
	e = (struct entry *)(void *)(f->entries + f->at);
	f->at += e->length;
	return e->name;
}

/* The next line of a file into l->link, through the buffer l->line. */
struct lines {
	int fd;
	uint32_t at, n;
};

static int next_line(struct look *l, struct lines *f)
{
	uint32_t n = 0;

	for (;;) {
		if (f->at >= f->n) {
			long got = sys_read(f->fd, l->line, LINE_ROOM);

			if (got <= 0)
				return 0;
			f->n = (uint32_t)got;
			f->at = 0;
		}
		if (l->line[f->at] == '\n') {
			f->at++;
			l->link[n] = 0;
			return 1;
		}
		if (n + 1 < PATH_ROOM)
			l->link[n++] = l->line[f->at];
		f->at++;
	}
}

/* The field of a line of words, NUL-terminated in place; the rest of the line is lost. */
static char *field(char *line, uint32_t number)
{
	char *p = line, *start;

	for (; number && *p; p++)
		if (*p == ' ')
			number--;
	start = p;
	while (*p && *p != ' ')
		p++;
	*p = 0;
	return start;
}

/* Has the mount that fd lies on the option? Then l->part is where it is mounted. */
HIDDEN int look_mount(struct look *l, int fd, const char *option)
{
	struct lines f;
	int64_t id;
	const char *p;
	int found = 0;

	look_proc_path(l, "self", "/fdinfo/", fd);
	if (look_read(l, AT_FDCWD, l->link) <= 0)
		return 0;
	p = text_find(l->line, "mnt_id:");
	id = p ? text_number(&p) : -1;
	f.fd = (int)sys_openat("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	f.at = f.n = 0;
	if (f.fd < 0)
		return 0;
	while (next_line(l, &f)) {
		p = l->link;
		if (text_number(&p) != id)
			continue;
		(void)text_add(l->part, l->part + PATH_ROOM, l->link);
		found = text_find(field(l->link, 5), option) != NULL;
		if (found)
			(void)text_add(l->link, l->link + PATH_ROOM, field(l->part, 4));
		break;
	}
	sys_close(f.fd);
	if (found)
		(void)text_add(l->part, l->part + PATH_ROOM, l->link);
	return found;
}

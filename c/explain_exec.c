//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explain_exec.c - why an execve(2) has failed: what the program is, which interpreter or
 * loader it names, and what is wrong with that. Files are opened by what O_PATH has shown to
 * be a regular file, so nothing can hang here that did not hang before.
 */
#include "explain.h"

#if defined(__x86_64__)
#define OUR_MACHINE 62
#elif defined(__aarch64__)
#define OUR_MACHINE 183
#elif defined(__riscv)
#define OUR_MACHINE 243
#elif defined(__powerpc64__)
#define OUR_MACHINE 21
#elif defined(__s390x__)
#define OUR_MACHINE 22
#elif defined(__i386__)
#define OUR_MACHINE 3
#else
#define OUR_MACHINE 40
#endif

#define HASH_BANG_ROOM 256 /* BINPRM_BUF_SIZE since Linux 5.1 */
#define MAX_NESTING    5   /* interpreters of interpreters, fs/exec.c */

/* Opens a regular file for reading by its O_PATH descriptor. */
static int reopen(struct look *l, int fd)
{
	look_proc_path(l, "self", "/fd/", fd);
	return (int)sys_openat(l->link, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* May the child execute what l->path and fd (O_PATH) are? Closes fd. */
static int look_permission(struct look *l, int fd, const char *noun)
{
	struct text *t = &l->text;
	int by_some = (l->st.mode & 0111) != 0, said = 1;

	if ((l->st.mode & S_IFMT) != S_IFREG) {
		say(t, noun);
		say(t, " ");
		say_raw(t, l->path);
		say(t, " is ");
		say_kind(t, l->st.mode);
		say(t, ", which cannot be executed. Name ");
		say(t, text_equal(noun, "That loader")     ? "another loader." :
		       text_equal(noun, "Its interpreter") ? "another interpreter." :
							     "the program itself.");
	} else if (!look_may(l, &l->st, 1)) {
		say(t, noun);
		say(t, " ");
		say_raw(t, l->path);
		say(t, by_some ? " may not be executed by user " : " has no x bit");
		if (by_some) {
			say_number(t, l->who.uid);
			say(t, ", group ");
			say_number(t, l->who.gid);
		}
		say_owner(l);
		say(t, by_some ? ". Use chmod +x, or start as another user." :
				 ", so nobody can execute it. Use chmod +x.");
	} else if (look_mount(l, fd, "noexec")) {
		say(t, noun);
		say(t, " ");
		say_raw(t, l->path);
		say(t, " lies on the file system mounted at ");
		say_raw(t, l->part);
		say(t, " with the option noexec. Move it, or remount with: mount -o remount,exec ");
		say_raw(t, l->part);
	} else {
		said = 0;
	}
	sys_close(fd);
	return said;
}

/* What stands for the interpreter in the rest of a sentence about l->path. */
static int say_bad_interpreter(struct look *l, enum found what, int fd)
{
	if (what == FOUND)
		return look_permission(l, fd, "Its interpreter");
	return say_walk(l, what, 0, "The interpreter");
}

/*
 * A script: its first line is in l->line, n bytes of the file. Takes the interpreter to
 * l->path; returns 1 when something was said, 0 when the interpreter is to be looked at.
 */
static int look_script(struct look *l, uint64_t n)
{
	struct text *t = &l->text;
	char *line = l->line, *p = line + 2, *end = line, *name, *last;

	while (end < line + n && *end != '\n' && end < line + HASH_BANG_ROOM)
		end++;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	for (name = p; p < end && *p != ' ' && *p != '\t' && *p;)
		p++;
	if (p == line + HASH_BANG_ROOM) {
		say(t, "The #! line of ");
		say_raw(t, l->path);
		say(t, " is longer than the 256 bytes that the kernel reads. Shorten it.");
		return 1;
	}
	if (p == name) {
		say_raw(t, l->path);
		say(t, " begins with #!, but names no interpreter behind it. Add one.");
		return 1;
	}
	last = end > line ? end - 1 : line;
	say(t, "The first line of ");
	say_raw(t, l->path);
	say(t, ", \"");
	say_bytes(t, line, (uint64_t)(end - line));
	say(t, "\", ");
	if (*last == '\r')
		say(t, "ends in a carriage return, as files from Windows do, so the kernel looks "
		       "for a name that ends in one too. Remove it: sed -i 's/\\r$//' ");
	if (*last == '\r') {
		say_raw(t, l->path);
		return 1;
	}
	*p = 0;
	say(t, "names the interpreter ");
	say_raw(t, name);
	say(t, ". ");
	look_program_path(l, name);
	return 0;
}

static uint64_t get(const char *p, uint32_t n, int big)
{
	uint64_t v = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		v |= (uint64_t)(unsigned char)p[i] << 8 * (big ? n - 1 - i : i);
	return v;
}

/* ELF: for this machine? Then the loader goes to l->path, if there is one. */
enum elf { ELF_OTHER_MACHINE, ELF_LOADER, ELF_STATIC, ELF_BROKEN };

static enum elf read_elf(struct look *l, int fd, uint64_t n)
{
	const char *e = l->line;
	int wide = e[4] == 2, big = e[5] == 2;
	uint64_t at, size, length;
	uint32_t count, i;
	long got;

	if (n < 52 || get(e + 18, 2, big) != OUR_MACHINE)
		return n < 52 ? ELF_BROKEN : ELF_OTHER_MACHINE;
	if (get(e + 16, 2, big) != 2 && get(e + 16, 2, big) != 3)
		return ELF_BROKEN;
	at = get(e + (wide ? 32 : 28), wide ? 8 : 4, big);
	size = get(e + (wide ? 54 : 42), 2, big);
	count = (uint32_t)get(e + (wide ? 56 : 44), 2, big);
	if (size != (wide ? 56 : 32))
		return ELF_BROKEN;
	for (i = 0; i < count && size <= n && at <= n - size; i++, at += size)
		if (get(e + at, 4, big) == 3) /* PT_INTERP */
			break;
	if (size > n || at > n - size)
		return i < count ? ELF_BROKEN : ELF_STATIC;
	if (i == count)
		return ELF_STATIC;
	length = get(e + at + (wide ? 32 : 16), wide ? 8 : 4, big);
	at = get(e + at + (wide ? 8 : 4), wide ? 8 : 4, big);
	if (length < 2 || length >= PATH_ROOM || sys_lseek(fd, (long)at) < 0)
		return ELF_BROKEN;
	got = sys_read(fd, l->link, length);
	if (got != (long)length)
		return ELF_BROKEN;
	l->link[length] = 0;
	(void)text_add(l->part, l->part + PATH_ROOM, l->link);
	return ELF_LOADER;
}

static int say_other_machine(struct look *l)
{
	struct text *t = &l->text;
	uint32_t machine = (uint32_t)get(l->line + 18, 2, l->line[5] == 2);

	say_raw(t, l->path);
	say(t, " is a program for another machine: ");
	say_machine(t, machine);
	say(t, "; this one is ");
	say_machine(t, OUR_MACHINE);
	say(t, machine == 3 && OUR_MACHINE == 62 ? ", and its kernel runs no 32-bit programs. Get "
						   "the program for this machine." :
						   ". Get the program for this machine, or an "
						   "emulator (qemu-user with binfmt_misc).");
	return 1;
}

static int look_loader(struct look *l)
{
	struct text *t = &l->text;
	enum found what;
	int fd = -1;

	say_raw(t, l->path);
	say(t, " asks for the loader ");
	say_raw(t, l->part);
	say(t, " (ELF PT_INTERP). ");
	look_program_path(l, l->part);
	what = look_walk(l, &fd);
	if (what == FOUND)
		return look_permission(l, fd, "That loader");
	if (what == FOUND_UNKNOWN)
		return 0;
	(void)say_walk(l, what, 0, "The loader");
	say(t, " It comes with the C library that the program was built for; a static program "
	       "needs none.");
	return 1;
}

/* What is neither a script nor for this machine. */
static int look_format(struct look *l, uint64_t n)
{
	struct text *t = &l->text;
	const char *p = l->line;

	if (!n) {
		say_raw(t, l->path);
		say(t, " is empty. Write the program to it, or wait until that is done.");
		return 1;
	}
	say_raw(t, l->path);
	if (n >= 2 && p[0] == 'M' && p[1] == 'Z') {
		say(t, " is a program for Windows. Start it with wine, or get one for Linux.");
	} else if (n >= 4 && (get(p, 4, 0) == 0xfeedfacf || get(p, 4, 0) == 0xfeedface ||
			      get(p, 4, 1) == 0xcafebabe)) {
		say(t, " is a program for macOS (Mach-O). Get one for Linux.");
	} else if (text_begins(p, "\xef\xbb\xbf")) {
		say(t, " begins with a byte order mark (UTF-8 BOM), so its first two bytes are not "
		       "#!. Remove it: sed -i '1s/^\\xef\\xbb\\xbf//' ");
		say_raw(t, l->path);
	} else if (get(p, 2, 0) == 0xfeff || get(p, 2, 1) == 0xfeff) {
		say(t, " is text in UTF-16, which no program for Linux reads. Convert it: iconv -f "
		       "UTF-16 -t UTF-8 FILE");
	} else if (n >= 4 && text_begins(p, "\177ELF")) {
		say(t, " is an ELF file, but not a complete program for this kernel: an object "
		       "file, a core dump, or cut off. Build or copy it again.");
	} else {
		say(t, " is neither a program for this machine nor does it begin with #!. If it is "
		       "a script, let its first line name the interpreter, as #!/bin/sh does.");
	}
	return 1;
}

/* Says what is wrong with the interpreters of fd (O_PATH, regular, l->path). Closes it. */
HIDDEN int look_interpreters(struct look *l, int fd)
{
	int depth, in, err = l->result->err;
	uint64_t begin = l->text.n;
	enum found what;
	enum elf elf;
	int64_t n;

	for (depth = 0;; depth++) {
		in = reopen(l, fd);
		sys_close(fd);
		if (in < 0)
			break;
		n = sys_read(in, l->line, LINE_ROOM - 1);
		l->line[n > 0 ? n : 0] = 0;
		if (!text_begins(l->line, "#!") && !text_begins(l->line, "\177ELF")) {
			sys_close(in);
			if (n < 0 || err != E_NOEXEC)
				break;
			return look_format(l, (uint64_t)n);
		}
		if (l->line[0] != '#') {
			elf = read_elf(l, in, (uint64_t)n);
			sys_close(in);
			if (elf == ELF_OTHER_MACHINE && err == E_NOEXEC)
				return say_other_machine(l);
			if (elf == ELF_LOADER && err != E_NOEXEC && look_loader(l))
				return 1;
			if (err == E_NOEXEC)
				return look_format(l, (uint64_t)n);
			break;
		}
		sys_close(in);
		if (depth == MAX_NESTING && err == E_LOOP) {
			l->text.n = begin;
			say_raw(&l->text, l->r->path);
			say(&l->text, " is a script whose interpreter is a script, and so on: the "
				      "kernel follows 5. Name the last interpreter directly.");
			return 1;
		}
		if (depth > MAX_NESTING || look_script(l, (uint64_t)n))
			return 1;
		fd = -1;
		what = look_walk(l, &fd);
		if (what != FOUND || (l->st.mode & S_IFMT) != S_IFREG ||
		    (err == E_ACCES && (!look_may(l, &l->st, 1) || look_mount(l, fd, "noexec"))))
			return say_bad_interpreter(l, what, fd), 1;
	}
	l->text.n = begin; /* there is nothing wrong with what was told so far */
	return 0;
}

/* A filter of the request's may answer in place of the kernel. */
static int look_filter(struct look *l)
{
	int err = l->result->err;

	if (!l->r->seccomp || (err != E_PERM && err != E_ACCES && err != E_NOSYS))
		return 0;
	say(&l->text, "The filter of {seccomp} is installed before the execve, and is what most likely "
		      "answers this: let it allow execve(2) and execveat(2).");
	return 1;
}

static int say_execve_permission(struct look *l, int fd)
{
	struct text *t = &l->text;
	int same, again = -1;
	long n;

	/* The program is all right: its interpreter, then a link's other end, then the rest. */
	look_proc_path(l, "self", "/fd/", fd);
	n = sys_readlink(l->link, l->part, sizeof(l->part) - 1);
	l->part[n > 0 ? n : 0] = 0;
	same = n <= 0 || l->root >= 0 || text_equal(l->part, l->path);
	if (!same) {
		enum found what;

		(void)text_add(l->path, l->path + PATH_ROOM, l->part);
		what = look_walk(l, &again);
		if (again >= 0)
			sys_close(again);
		if (say_walk(l, what, E_ACCES, "The program"))
			return sys_close(fd), 1;
	}
	if (look_interpreters(l, fd) || look_filter(l))
		return 1;
	if (l->r->flags & FORKEXEC_LANDLOCK) {
		say(t, "Permission bits and mount allow it. The ruleset of {landlock_fd} must give the "
		       "right to execute the program, its interpreter and its loader, and to read "
		       "them: add it.");
		return 1;
	}
	say(t, "Permission bits and mount allow it, so an ACL or a security module (SELinux, "
	       "AppArmor, Landlock, IMA) forbids it: look at getfacl and the kernel's log.");
	return 1;
}

static int look_program(struct look *l)
{
	struct text *t = &l->text;
	int err = l->result->err, fd = -1, copy;
	enum found what;

	if (err == E_NOENT && l->result->detail == 1) {
		say(t, "There is no program ");
		say_raw(t, l->r->path);
		say(t, " in the folders of PATH. Install it, or give its path.");
		return 1;
	}
	look_who(l, 1);
	look_program_path(l, l->r->path);
	what = look_walk(l, &fd);
	if (what != FOUND) {
		if (!say_walk(l, what, err, "The program"))
			return 0;
		if (err == E_NOENT && !text_find(l->r->path, "/"))
			say(t, " There is no search in PATH here: give the path of the program.");
		return 1;
	}
	if (err == E_ACCES) {
		copy = (int)sys_fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (copy >= 0 && look_permission(l, copy, "The program"))
			return sys_close(fd), 1;
		return say_execve_permission(l, fd);
	}
	if (err == E_TXTBSY) {
		sys_close(fd);
		return look_writer(l);
	}
	if (err == E_PERM && look_mount(l, fd, "nosuid") && l->st.mode & 06000) {
		sys_close(fd);
		say(t, "The program is set-user-ID or set-group-ID, and its file system is mounted "
		       "with the option nosuid.");
		return 1;
	}
	return look_interpreters(l, fd) || look_filter(l);
}

/* The program as a descriptor, whose name stands for the path. */
static int look_exec_fd(struct look *l)
{
	struct text *t = &l->text;
	int err = l->result->err, fd = l->r->exec_fd, copy;

	look_who(l, 1);
	say(t, "{exec_fd} is ");
	say_number(t, fd);
	if (!look_fd_name(l, fd) || sys_statx(fd, "", AT_EMPTY_PATH, &l->st) < 0)
		return say(t, ", which is not open in the caller. Open the program, and keep it open."), 1;
	(void)text_add(l->path, l->path + PATH_ROOM, l->link);
	say(t, ", ");
	say_raw(t, l->path);
	say(t, ". ");
	copy = err == E_ACCES ? (int)sys_fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
	if (copy >= 0 && look_permission(l, copy, "The file"))
		return 1;
	if (err == E_TXTBSY && look_writer(l))
		return 1;
	copy = err == E_TXTBSY ? -1 : (int)sys_fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy >= 0 && look_interpreters(l, copy))
		return 1;
	if (look_filter(l))
		return 1;
	if (err == E_NOENT) {
		say(t, "It is a script, and the child's copy of the descriptor is closed at the execve, "
		       "so that the interpreter cannot open it. Give the path of the script, or let {fds} "
		       "leave the descriptor in its place.");
		return 1;
	}
	(void)say_hint(t, FORKEXEC_STEP_EXECVE, err);
	return 1;
}

HIDDEN int look_execve(struct look *l)
{
	switch (l->result->err) {
	case E_2BIG: return look_too_big(l);
	case E_AGAIN: return look_process_limit(l);
	case E_NOMEM: return look_memory_limit(l);
	case E_MFILE:
	case E_NFILE: return look_file_limit(l);
	}
	if (l->r->flags & FORKEXEC_EXEC_FD)
		return look_exec_fd(l);
	if (!*l->r->path) {
		say(&l->text, "The name of the program is empty. Give its path.");
		return 1;
	}
	return look_program(l);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explain.h - what the files of the explanation share. Private; forkexec_explain() is
 * public. All of it runs in the parent, after a failure, only when asked: it looks at the
 * system with raw calls, changes nothing, and leaves no descriptor open.
 *
 * A look_x() returns 1 when it has said what the cause is, 0 when it has found nothing: the
 * table in hints.h then speaks.
 */
#ifndef FORKEXEC_EXPLAIN_H
#define FORKEXEC_EXPLAIN_H

#include "core.h"

/* Where the sentences go. n is what was needed so far, and may be more than there is room for. */
struct text {
	char *buffer;
	uint64_t size;
	uint64_t n;
	uint32_t flags; /* FORKEXEC_EXPLAIN_* */
};

#define PATH_ROOM  4352 /* PATH_MAX, a directory before it may cut it */
#define N_GROUPS   256  /* of the process: those beyond are not looked at */
#define LINE_ROOM  4096

/* What a path was found to be. */
enum found {
	FOUND,
	FOUND_NOT,       /* part does not exist */
	FOUND_DANGLING,  /* part is a symbolic link to nothing */
	FOUND_NOT_DIR,   /* part is no directory, and something follows */
	FOUND_LOOP,
	FOUND_NO_SEARCH, /* part is a directory that the child may not search */
	FOUND_DENIED,    /* part is refused, by what are not its or its folder's mode bits */
	FOUND_LONG_NAME,
	FOUND_LONG_PATH,
	FOUND_UNKNOWN,
};

/* As whom the child looks at files. */
struct who {
	uint32_t uid, gid;
	const uint32_t *groups;
	uint32_t n_groups;
	uint32_t overrides; /* CAP_DAC_OVERRIDE: 0 no, 1 yes, 2 over what its ID maps hold */
};

/* A folder that is being read. */
struct folder {
	int fd;
	uint32_t at, n;
	_Alignas(8) unsigned char entries[2048];
};

/* The memory of one explanation, from mmap(2): the core's stack is small. */
struct look {
	const struct forkexec_request *r;
	const struct forkexec_result *result;
	struct text text;
	int32_t root;          /* of the child: a descriptor; -1: ours */
	struct who who;
	struct sys_cap_data caps[2]; /* ours */
	uint32_t ids[3];       /* ours: real, effective, saved */
	uint32_t gids[3];
	struct sys_statx st;   /* of what the last look at a path came to */
	struct sys_statx other; /* of something beside it */
	char path[PATH_ROOM];  /* the path that is looked at, as the child sees it */
	char part[PATH_ROOM];  /* the first of its parts that is bad */
	char link[PATH_ROOM];
	char line[LINE_ROOM];
	uint32_t groups[N_GROUPS];
	struct folder folders[2];
};

/* All symbols of the library begin with forkexec_. */
#define folder_next        forkexec_folder_next
#define folder_open        forkexec_folder_open
#define has_cap            forkexec_has_cap
#define id_map_bad_line    forkexec_id_map_bad_line
#define is_number          forkexec_is_number
#define look_attribute     forkexec_look_attribute
#define look_caps          forkexec_look_caps
#define look_cgroup        forkexec_look_cgroup
#define look_chdir         forkexec_look_chdir
#define look_chroot        forkexec_look_chroot
#define look_clone         forkexec_look_clone
#define look_execve        forkexec_look_execve
#define look_fd_name       forkexec_look_fd_name
#define look_fds           forkexec_look_fds
#define look_file          forkexec_look_file
#define look_file_limit    forkexec_look_file_limit
#define look_frozen        forkexec_look_frozen
#define look_group         forkexec_look_group
#define look_id_map        forkexec_look_id_map
#define look_ids           forkexec_look_ids
#define look_interpreters  forkexec_look_interpreters
#define look_may           forkexec_look_may
#define look_memory_limit  forkexec_look_memory_limit
#define look_mount         forkexec_look_mount
#define look_number        forkexec_look_number
#define look_open          forkexec_look_open
#define look_proc_path     forkexec_look_proc_path
#define look_process_limit forkexec_look_process_limit
#define look_program_path  forkexec_look_program_path
#define look_read          forkexec_look_read
#define look_request       forkexec_look_request
#define look_seccomp       forkexec_look_seccomp
#define look_setns         forkexec_look_setns
#define look_status        forkexec_look_status
#define look_terminal      forkexec_look_terminal
#define look_too_big       forkexec_look_too_big
#define look_walk          forkexec_look_walk
#define look_who           forkexec_look_who
#define look_writer        forkexec_look_writer
#define say                forkexec_say
#define say_attr_object    forkexec_say_attr_object
#define say_bytes          forkexec_say_bytes
#define say_capability     forkexec_say_capability
#define say_entry              forkexec_say_entry
#define say_errno          forkexec_say_errno
#define say_flags          forkexec_say_flags
#define say_hex            forkexec_say_hex
#define say_hint           forkexec_say_hint
#define say_kind           forkexec_say_kind
#define say_machine        forkexec_say_machine
#define say_map_line       forkexec_say_map_line
#define say_nth            forkexec_say_nth
#define say_number         forkexec_say_number
#define say_octal          forkexec_say_octal
#define say_owner          forkexec_say_owner
#define say_raw            forkexec_say_raw
#define say_signal         forkexec_say_signal
#define say_step           forkexec_say_step
#define say_walk           forkexec_say_walk
#define text_add           forkexec_text_add
#define text_add_number    forkexec_text_add_number
#define text_begins        forkexec_text_begins
#define text_equal         forkexec_text_equal
#define text_find          forkexec_text_find
#define text_length        forkexec_text_length
#define text_number        forkexec_text_number

/* explain_text.c */
HIDDEN void say(struct text *t, const char *words);
HIDDEN void say_raw(struct text *t, const char *s);
HIDDEN void say_bytes(struct text *t, const char *s, uint64_t n);
HIDDEN void say_number(struct text *t, int64_t n);
HIDDEN void say_nth(struct text *t, const char *packed, uint32_t n);
HIDDEN void say_octal(struct text *t, uint32_t n);
HIDDEN void say_hex(struct text *t, uint64_t n);
HIDDEN void say_flags(struct text *t, uint64_t flags);
HIDDEN void say_capability(struct text *t, uint64_t number);
HIDDEN void say_errno(struct text *t, int32_t err);
HIDDEN void say_machine(struct text *t, uint32_t machine);
HIDDEN void say_signal(struct text *t, uint32_t number);
HIDDEN int say_step(struct text *t, uint32_t step);
HIDDEN int say_hint(struct text *t, uint32_t step, int32_t err);
HIDDEN void say_kind(struct text *t, uint32_t mode);

/* explain_files.c: small files of the kernel, strings */
HIDDEN uint64_t text_length(const char *s);
HIDDEN int text_begins(const char *s, const char *prefix);
HIDDEN int text_equal(const char *a, const char *b);
HIDDEN char *text_add(char *to, const char *end, const char *s);
HIDDEN char *text_add_number(char *to, const char *end, uint64_t n);
HIDDEN const char *text_find(const char *s, const char *what);
HIDDEN int64_t text_number(const char **s);
HIDDEN int64_t look_read(struct look *l, int dir, const char *path);
HIDDEN int look_number(struct look *l, const char *path, int64_t *ret);
HIDDEN void look_proc_path(struct look *l, const char *pid, const char *file, int64_t number);
HIDDEN int look_status(struct look *l, const char *field, uint64_t *ret);
HIDDEN int look_fd_name(struct look *l, int64_t fd);
HIDDEN int folder_open(struct folder *f, const char *path);
HIDDEN const char *folder_next(struct folder *f);
HIDDEN int is_number(const char *s);

/* explain_path.c */
HIDDEN void look_who(struct look *l, int after_ids);
HIDDEN int look_may(const struct look *l, const struct sys_statx *st, uint32_t bit);
HIDDEN int look_open(struct look *l, const char *path, int flags);
HIDDEN enum found look_walk(struct look *l, int *ret_fd);
HIDDEN int say_walk(struct look *l, enum found what, int err, const char *noun);
HIDDEN void look_program_path(struct look *l, const char *path);
HIDDEN int look_chdir(struct look *l);
HIDDEN int look_chroot(struct look *l);
HIDDEN int look_file(struct look *l, const char *path, uint32_t flags);
HIDDEN int look_mount(struct look *l, int fd, const char *option);
HIDDEN void say_owner(struct look *l);

/* explain_attr.c */
HIDDEN int look_attribute(struct look *l);
HIDDEN int say_attr_object(struct look *l);

/* explain_exec.c, explain_limits.c, explain_ids.c, explain_clone.c, explain_fds.c */
HIDDEN int look_execve(struct look *l);
HIDDEN int look_interpreters(struct look *l, int fd);
HIDDEN int look_writer(struct look *l);
HIDDEN int look_too_big(struct look *l);
HIDDEN int look_process_limit(struct look *l);
HIDDEN int look_file_limit(struct look *l);
HIDDEN int look_memory_limit(struct look *l);
HIDDEN int look_id_map(struct look *l);
HIDDEN int look_ids(struct look *l);
HIDDEN int look_caps(struct look *l);
HIDDEN int look_clone(struct look *l);
HIDDEN int look_cgroup(struct look *l);
HIDDEN int look_frozen(struct look *l);
HIDDEN int look_setns(struct look *l);
HIDDEN void say_entry(struct look *l, int64_t i);
HIDDEN int look_fds(struct look *l);
HIDDEN int look_terminal(struct look *l);
HIDDEN int look_group(struct look *l);
HIDDEN int look_request(struct look *l);
HIDDEN int look_seccomp(struct look *l);
HIDDEN int has_cap(const struct look *l, uint32_t number);
HIDDEN int id_map_bad_line(const struct forkexec_request *r, int groups, uint32_t *ret_other,
			   int *ret_why);
HIDDEN void say_map_line(struct text *t, const struct forkexec_id_map *m);

/* Any 64-bit numbers, so without a sum that may overflow. */
static CORE_INLINE int in_range(int64_t id, int64_t first, int64_t size)
{
	return size > 0 && id >= first && (uint64_t)id - (uint64_t)first < (uint64_t)size;
}
#define NEW_USER(r) (((r)->clone_flags | (r)->unshare_flags) & CLONE_NEWUSER)

#define CAP_DAC_OVERRIDE 1
#define CAP_SETGID       6
#define CAP_SETUID       7
#define CAP_SETPCAP      8
#define CAP_SYS_CHROOT   18
#define CAP_SYS_ADMIN    21
#define CAP_SETFCAP      31

#endif /* FORKEXEC_EXPLAIN_H */

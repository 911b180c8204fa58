/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli.h - what the files of the command share. It is a user of the C library like any
 * other: it knows forkexec.h, not the core.
 */
#ifndef FORKEXEC_CLI_H
#define FORKEXEC_CLI_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <forkexec.h>

/* Exit statuses, those of env(1). */
enum { EXIT_FAILED = 125, EXIT_CANNOT_EXECUTE = 126, EXIT_NOT_FOUND = 127 };

/* How a file is opened. */
struct mode {
	const char *suffix; /* in the option */
	int flags;
	const char *names;
};

/* A file of --fd. */
struct file {
	char *path;
	const struct mode *mode;
	int32_t opened;
};

/* A name that stands for a number. Lists end with a NULL. */
struct word {
	const char *name;
	uint64_t value;
};

/* What the command line asks for. */
struct command {
	struct forkexec_request request;

	int32_t *fds; /* of request.fds, n_fds of them */
	unsigned char *named; /* which of them --fd has named */
	struct file *files; /* entry INT32_MIN + i of fds is files[i] until finish_request() */
	uint32_t n_files;
	uint32_t *groups;
	struct forkexec_id_map *uid_map;
	struct forkexec_id_map *gid_map;
	uint64_t *ambient_caps;
	const char *argv0;
	struct forkexec_rlimit *rlimits;
	struct forkexec_scheduler scheduler;
	uint64_t *cpus;
	struct forkexec_namespace *namespaces;
	struct forkexec_open *opens;
	void *filter;
	int ruleset; /* of --landlock ACCESS:PATH; -1: none */
	const char *on_clone, *on_exec;
	int helpers; /* these many lines of uid_map and gid_map are newuidmap's to write */
	uint32_t n_helper_uids, n_helper_gids;
	int no_group; /* of --uid: it has no entry in passwd(5) */
	int has_uid, has_gid, has_groups, has_setgroups;
	int ctty; /* -1: not given */

	int detach;
	int dry_run;
	int json;
	int explain;
	const char *completion; /* of which shell */

	int trace;
	int timeline;           /* of each start, on standard error */
	const char *trace_file; /* NULL: none */
	uint32_t repeat;        /* 0: not given */
	struct traced *traced;  /* n_traced of them */
	uint32_t n_traced;
	int failed; /* a start has */
	int ended_by; /* a signal that has ended a start; 0: none */
	uint32_t ended_at; /* the stop at which it has; NONE: not at a stop */
	int left_behind; /* the child of that start: it cannot be killed now */
};

/* An option: all that is said of it anywhere comes from here. */
struct option_row {
	const char *name;
	const char *argument; /* NULL: none; in brackets: may be left out */
	const char *help;
	void (*apply)(struct command *c, const char *argument);
	const char *values;   /* for completion: words, or file, folder, user, group */
};

/* options.c */
extern const struct option_row options[]; /* a row without a function is a heading */
void parse(struct command *c, int argc, char **argv, int *ret_first);

/* apply.c, attributes.c, confine.c, hook.c: what the options do */
#define NEW_USER 0x10000000u /* CLONE_NEWUSER of <sched.h> */

#define APPLY(name) void apply_##name(struct command *c, const char *argument)
APPLY(affinity);
APPLY(ambient_caps);
APPLY(argv0);
APPLY(bounding_caps);
APPLY(caps);
APPLY(cgroup);
APPLY(chroot);
APPLY(clear_env);
APPLY(clone);
APPLY(close_fds);
APPLY(ctty);
APPLY(detach);
APPLY(dir);
APPLY(dir_fd);
APPLY(dry_run);
APPLY(env);
APPLY(exec_fd);
APPLY(explain);
APPLY(fd);
APPLY(foreground);
APPLY(gid);
APPLY(gid_map);
APPLY(groups);
APPLY(id_map_helpers);
APPLY(inheritable_caps);
APPLY(ioprio);
APPLY(json);
APPLY(landlock);
APPLY(landlock_flags);
APPLY(nice);
APPLY(no_new_privs);
APPLY(no_setgroups);
APPLY(noctty);
APPLY(on_clone);
APPLY(on_exec);
APPLY(oom_score_adj);
APPLY(open);
APPLY(pause_at);
APPLY(pdeathsig);
APPLY(personality);
APPLY(ptrace);
APPLY(repeat);
APPLY(rlimit);
APPLY(sched);
APPLY(seccomp);
APPLY(seccomp_flags);
APPLY(securebits);
APPLY(session_keyring);
APPLY(setctty);
APPLY(setgroups);
APPLY(setns);
APPLY(setpgid);
APPLY(setsid);
APPLY(sigdefault);
APPLY(sigignore);
APPLY(sigmask);
APPLY(text_busy);
APPLY(trace);
APPLY(uid);
APPLY(uid_map);
APPLY(umask);
APPLY(unset_env);
APPLY(unshare);
APPLY(wait);
void finish_request(struct command *c);
void finish_scheduler(struct command *c);
void finish_helpers(struct command *c);
uint32_t descriptor(const char *option, const char *text, const char **ret_value);
const struct mode *file_mode(const char *option, char *path, uint32_t fd);

/* hook.c */
void save_environment(void);
int start_with_stops(struct command *c, struct forkexec_result *ret, char *found);
void at_stop(struct command *c, const struct forkexec_request *r, struct forkexec_result *ret);

/* start.c: as forkexec_spawnp(), and as forkexec_spawn() with the command as context */
#define LOOK_NS 50000000 /* so often it looks whether a signal shall end the start */
int start(struct command *c, struct forkexec_result *ret, char *found);
int start_path(void *command, const struct forkexec_request *request, struct forkexec_result *ret);

/* A command of a hook, or a helper, that has failed. */
struct hook_failure {
	const char *option;
	char *command;
	int status;        /* as a shell's $? */
	char *why;
	char advice[1024]; /* may be "" */
};
const struct hook_failure *failed_hook(void); /* NULL: none has, or it is told already */

/* helpers.c */
void explain_helper(int groups, const struct forkexec_id_map *map, uint32_t n, int status, char *text,
		    size_t size);

/* names.c: words for numbers */
int is_digits(const char *s);
int64_t number(const char *option, const char *text, int64_t min, int64_t max);
int signal_number(const char *option, const char *text);
const char *signal_word(int sig);
const char *rlimit_word(uint32_t resource);
const char *policy_word(uint32_t policy);
uint64_t namespace_flags(const char *option, const char *list);
uint64_t capability_number(const char *option, const char *text);
int32_t errno_number(const char *text);
int32_t find_errno(const char *name); /* 0: there is none */
__attribute__((noreturn, format(printf, 1, 2))) void usage(const char *format, ...);
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
__attribute__((noreturn)) void cannot_open(const char *option, const char *path, int flags);
uint64_t find_word(const char *option, const struct word *words, const char *text, size_t n);
void usage_as_json(void);
int is_json(void);
int flush_output(void);
uint32_t step_number(const char *text);
void *grow(void *list, uint32_t n, size_t size);

/* report.c */
void report(const struct command *c, const struct forkexec_result *result, const char *found);
void report_usage(const char *message);
__attribute__((format(printf, 3, 4))) void report_end(const struct command *c, int sig, const char *format, ...);
int exit_status(const struct forkexec_result *result);
int explain_table(int argc, char **argv);
void report_file(const char *step, const char *object, const char *option, const char *explanation);

/* html.c: forkexec report FILE */
int html_report(int argc, char **argv);

/* main.c */
int ending_signal(void);
void stop_if_told(pid_t hook);

/* pause.c */
void at_pause(const struct forkexec_request *r, struct forkexec_result *ret);

/* trace.c: before the first start, after each, and at the end, where it returns the status */
void trace_begin(struct command *c);
void trace_note(struct command *c, const struct forkexec_result *result, const char *found);
int trace_end(struct command *c, int status);
void trace_last(const struct command *c, const char *found, char *text, size_t size);

/* json.c */
size_t utf8_length(const char *s, size_t n);
void put_json(FILE *to, const char *s);
void put_text(FILE *to, const char *s, size_t left);
void put_html(const char *s);

/* help.c */
void print_help(void);
void print_report_help(void);
void print_version(void);
int print_completion(const char *shell);

/* dry.c */
void dry_run(const struct command *c);
void put_string(const char *s);
void put_flags(const struct command *c, uint64_t flags);
void put_cap(const struct command *c, uint64_t cap);

/* dry_attributes.c */
void dry_signals(const struct command *c);
void dry_resources(const struct command *c);
void dry_capabilities(const struct command *c);
void dry_opens(const struct command *c);
void dry_confine(const struct command *c);

#endif /* FORKEXEC_CLI_H */

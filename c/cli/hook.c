/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hook.c - starts whose child waits: while commands of --on-clone and --on-exec run, while
 * newuidmap(1) and newgidmap(1) write its ID maps, and at the step of --pause-at. A command that
 * fails ends the start.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "../shared.h"

extern char **environ;

static char **outer; /* the environment before --env and --clear-env: that of the hooks */
static uint32_t n_outer;

/* setenv(3) moves the pointers about, and leaves the strings. */
void save_environment(void)
{
	for (; environ && environ[n_outer]; n_outer++) {
		outer = grow(outer, n_outer + 2, sizeof(*outer));
		outer[n_outer] = environ[n_outer];
	}
	outer = grow(outer, n_outer + 2, sizeof(*outer));
	outer[n_outer] = outer[n_outer + 1] = NULL;
}

APPLY(on_clone)
{
	c->request.flags |= FORKEXEC_STOP_CLONE;
	c->on_clone = argument;
}

APPLY(on_exec)
{
	c->request.flags |= FORKEXEC_STOP_EXEC;
	c->on_exec = argument;
}

APPLY(id_map_helpers)
{
	(void)argument;
	c->helpers = 1;
}

/* The maps are the helpers' to write, not the library's. */
void finish_helpers(struct command *c)
{
	struct forkexec_request *r = &c->request;

	if (!c->helpers)
		return;
	if (!(r->clone_flags & NEW_USER))
		usage("--id-map-helpers: needs --clone user");
	if (!r->n_uid_map && !r->n_gid_map)
		usage("--id-map-helpers: needs --uid-map or --gid-map");
	if (c->has_setgroups)
		usage("--setgroups: with --id-map-helpers newgidmap(1) decides that");
	c->n_helper_uids = r->n_uid_map;
	c->n_helper_gids = r->n_gid_map;
	r->n_uid_map = r->n_gid_map = 0;
	r->flags &= ~(FORKEXEC_UID_MAP | FORKEXEC_GID_MAP);
	r->flags |= FORKEXEC_STOP_CLONE;
}

/* Not at a terminal: a background group could not read from it, and ^C reaches all of ours. */
static int in_group_of_its_own(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return 1;
	close(fd);
	return 0;
}

/*
 * Waits for a hook. A signal that ends the start ends it, with its group if it has one: first
 * politely, then after a second.
 */
static int wait_for_hook(pid_t pid, int own_group, int *ret_status)
{
	const struct timespec look = {0, LOOK_NS};
	sigset_t child, old;
	int told = 0;
	pid_t ended;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &old);
	while ((ended = waitpid(pid, ret_status, WNOHANG)) == 0) {
		if (ending_signal() && told++ % 20 == 0)
			(void)kill(own_group ? -pid : pid, told == 1 ? SIGTERM : SIGKILL);
		stop_if_told(own_group ? pid : 0);
		(void)sigtimedwait(&child, NULL, &look);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return ended < 0 ? -errno : 0;
}

static struct hook_failure failure;

const struct hook_failure *failed_hook(void)
{
	return failure.option ? &failure : NULL;
}

/* What the user would write: a hook's command, or a helper with its arguments. */
static char *command_text(char *const *argv)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	int i;

	if (!to)
		return NULL;
	fprintf(to, argv[3] ? "%.9s" : "%s", argv[2] + (argv[3] ? 5 : 0)); /* exec newuidmap "$@" */
	for (i = 4; argv[3] && argv[i]; i++)
		fprintf(to, " %s", argv[i]);
	fclose(to);
	return text;
}

/* With --json it is kept for the object of the start, which fails next. */
__attribute__((format(printf, 4, 5)))
static void command_failed(const char *option, char *const *argv, int status, const char *format, ...)
{
	va_list list;
	char *why;

	va_start(list, format);
	if (vasprintf(&why, format, list) < 0)
		why = NULL;
	va_end(list);
	if (!is_json()) {
		say("--%s: %s", option, why ? why : "out of memory");
		free(why);
		return;
	}
	failure = (struct hook_failure){option, command_text(argv), status, why, ""};
}

/* The words of a helper are kept, too. */
static void keep_words(int words, int status)
{
	char text[1024], *why;
	ssize_t n = words < 0 ? 0 : pread(words, text, sizeof(text) - 1, 0);

	while (n > 0 && text[n - 1] == '\n')
		n--;
	if (n <= 0)
		return;
	text[n] = 0;
	if (!status || !failure.why) {
		say("%s", text);
	} else if (asprintf(&why, "%s: %s", failure.why, text) >= 0) {
		free(failure.why);
		failure.why = why;
	}
}

/* argv with the hooks' environment; its output is not the program's. Returns 0, or says why not. */
static int run_command(const char *option, char *const *argv, pid_t child)
{
	struct forkexec_request r = FORKEXEC_REQUEST_INIT;
	struct forkexec_result result;
	char number_text[40], text[4096];
	int words = is_json() && argv[3] ? memfd_create("words", MFD_CLOEXEC) : -1;
	int32_t fds[] = {open("/dev/null", O_RDONLY | O_CLOEXEC), words < 0 ? 2 : words, words < 0 ? 2 : words};
	int status = 0, own_group;

	snprintf(number_text, sizeof(number_text), "FORKEXEC_PID=%d", (int)child);
	outer[n_outer] = number_text;
	r.path = "/bin/sh";
	r.argv = argv;
	r.envp = outer;
	r.fds = fds;
	r.n_fds = 3;
	own_group = in_group_of_its_own();
	r.flags = own_group ? FORKEXEC_SETPGID : 0;
	if (forkexec_spawn(&r, &result) < 0) {
		forkexec_explain(&r, &result, text, sizeof(text));
		command_failed(option, argv, exit_status(&result), "%s", text);
		status = -1;
	} else if (wait_for_hook(result.pid, own_group, &status) < 0) {
		command_failed(option, argv, EXIT_FAILED, "%s", strerror(errno));
		status = -1;
	} else if (status && !ending_signal() && WIFSIGNALED(status)) {
		command_failed(option, argv, 128 + WTERMSIG(status), "the command has been ended by signal %d",
			       WTERMSIG(status));
	} else if (status && !ending_signal()) {
		command_failed(option, argv, WEXITSTATUS(status), "the command has exit status %d",
			       WEXITSTATUS(status));
	}
	keep_words(words, status);
	if (words >= 0)
		close(words);
	close(fds[0]);
	outer[n_outer] = NULL;
	return status;
}

static int run_hook(const char *option, const char *command, pid_t child)
{
	char *const argv[] = {(char *)(uintptr_t)"sh", (char *)(uintptr_t)"-c",
			      (char *)(uintptr_t)command, NULL};

	return command ? run_command(option, argv, child) : 0;
}

/* What its own words do not say. */
static void helper_failed(int groups, const struct forkexec_id_map *map, uint32_t n, int status)
{
	char text[sizeof(failure.advice)];

	explain_helper(groups, map, n, WIFEXITED(status) ? WEXITSTATUS(status) : -1, text, sizeof(text));
	if (is_json())
		memcpy(failure.advice, text, sizeof(text));
	else if (*text)
		say("--id-map-helpers: %s", text);
}

/* sh -c 'exec newuidmap "$@"' sh PID INSIDE OUTSIDE COUNT ...: the shell finds it in PATH. */
static int run_helper(const char *script, const struct forkexec_id_map *map, uint32_t n, pid_t child)
{
	const char **argv;
	char (*texts)[24];
	uint32_t i;
	int err;

	if (!n)
		return 0;
	argv = grow(NULL, 3 * n + 6, sizeof(*argv));
	texts = grow(NULL, 3 * n + 1, sizeof(*texts));
	argv[0] = argv[3] = "sh";
	argv[1] = "-c";
	argv[2] = script;
	snprintf(texts[0], sizeof(*texts), "%d", (int)child);
	for (i = 0; i < n; i++) {
		snprintf(texts[3 * i + 1], sizeof(*texts), "%" PRId64, map[i].container_id);
		snprintf(texts[3 * i + 2], sizeof(*texts), "%" PRId64, map[i].host_id);
		snprintf(texts[3 * i + 3], sizeof(*texts), "%" PRId64, map[i].size);
	}
	for (i = 0; i <= 3 * n; i++)
		argv[4 + i] = texts[i];
	argv[4 + i] = NULL;
	err = run_command("id-map-helpers", (char *const *)(uintptr_t)argv, child);
	if (err && !ending_signal())
		helper_failed(script[8] == 'g', map, n, err);
	free(texts);
	free(argv);
	return err;
}

static int run_hooks(const struct command *c, const struct forkexec_result *ret)
{
	if (ret->step == FORKEXEC_STEP_STOP_EXEC)
		return run_hook("on-exec", c->on_exec, ret->pid);
	return run_hook("on-clone", c->on_clone, ret->pid) ||
	       run_helper("exec newuidmap \"$@\"", c->uid_map, c->n_helper_uids, ret->pid) ||
	       run_helper("exec newgidmap \"$@\"", c->gid_map, c->n_helper_gids, ret->pid);
}

/* The child waits: for the hooks of this stop. */
void at_stop(struct command *c, const struct forkexec_request *r, struct forkexec_result *ret)
{
	int err = run_hooks(c, ret) ? ECANCELED : 0;

	c->ended_at = ending_signal() ? ret->step : FORKEXEC_STEP_NONE;
	if (ending_signal())
		(void)kill(ret->pid, SIGKILL);
	(void)forkexec_continue(r, ret, ending_signal() ? 0 : err);
}

/* May the child execute path, from its root and its directory: 2; is there anything: 1. */
static int look_for(const struct forkexec_request *r, const char *path)
{
	const char *dir = *path != '/' && r->dir ? r->dir : "";
	const char *root = r->chroot && (*path == '/' || *dir == '/') ? r->chroot : "";
	int at = r->flags & FORKEXEC_DIR_FD ? r->dir_fd : AT_FDCWD;
	char seen[3 * PATH_MAX];
	struct stat st;

	snprintf(seen, sizeof(seen), "%s%s%s%s", root, dir, *dir ? "/" : "", path);
	if (fstatat(at, seen, &st, 0) == 0 && !S_ISDIR(st.st_mode) &&
	    faccessat(at, seen, X_OK, AT_EACCESS) == 0)
		return 2;
	return fstatat(at, seen, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Each hook, and each pause, is of one child, so PATH is searched before, not by trying. */
static const char *search(const struct command *c, char *found)
{
	const char *folder = path_folders();
	char first[PATH_MAX] = "";
	int seen;

	snprintf(found, PATH_MAX, "%s", c->request.path);
	if (!*found || strchr(found, '/') || c->request.flags & FORKEXEC_EXEC_FD)
		return found;
	if (joins_mounts(&c->request))
		usage("%s: a child that waits and may join a mount namespace needs a path with a slash: "
		      "PATH cannot be searched there before", found);
	while (folder) {
		folder = next_candidate(folder, c->request.path, found);
		seen = *found ? look_for(&c->request, found) : 0;
		if (seen == 2)
			return found;
		if (seen && !*first)
			snprintf(first, sizeof(first), "%s", found);
	}
	/* What is there cannot be executed: let the start say why. */
	return *first ? strcpy(found, first) : NULL;
}

/* A start with a stop or a pause asks for no other try (retry_flags): its hooks run once. */
int start_with_stops(struct command *c, struct forkexec_result *ret, char *found)
{
	struct forkexec_request r = c->request;

	*ret = (struct forkexec_result){.pidfd = -1, .step = FORKEXEC_STEP_EXECVE, .err = ENOENT};
	r.path = search(c, found);
	if (r.path)
		return start_path(c, &r, ret);
	*found = 0;
	return -ENOENT;
}

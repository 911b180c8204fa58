/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pause.c - --pause-at: starts a program by the two halves of a start, as its child is stopped
 * in between.
 */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

extern char **environ;

#define LOOK_NS 50000000 /* so often it looks whether a signal shall end the start */

APPLY(pause_at)
{
	char *name = memcpy(grow(NULL, (uint32_t)strlen(argument), 1), argument, strlen(argument) + 1), *p;

	c->request.pause_at = forkexec_step_by_name(name);
	for (p = name; *p; p++) /* the shell has its own idea of spaces */
		if (*p == '-')
			*p = ' ';
	if (!c->request.pause_at)
		c->request.pause_at = forkexec_step_by_name(name);
	free(name);
	if (!c->request.pause_at)
		usage("--pause-at: \"%s\" is no step; forkexec(7) lists them", argument);
}

/* The first in PATH that the child could execute; "" if there is none. */
static void search(const struct command *c, char *found, size_t size)
{
	const char *name = c->request.path, *folder = getenv("PATH"), *end;
	const char *root = c->request.chroot ? c->request.chroot : "";
	char path[2 * PATH_MAX];
	struct stat st;

	for (folder = folder ? folder : "/bin:/usr/bin"; folder; folder = *end ? end + 1 : NULL) {
		end = folder + strcspn(folder, ":");
		snprintf(found, size, "%.*s%s%s", (int)(end - folder), folder, end > folder ? "/" : "", name);
		snprintf(path, sizeof(path), "%s%s%s", root, *root ? "/" : "", found);
		if (!access(path, X_OK) && !stat(path, &st) && S_ISREG(st.st_mode))
			return;
	}
	*found = 0;
}

/* The signal is on its way: so that who reads the ID finds a child that is stopped. */
static void wait_for_stop(pid_t pid)
{
	const struct timespec ms = {0, 1000000};
	siginfo_t info = {0};
	int tries;

	for (tries = 0; tries < 200 && !info.si_pid; tries++) {
		if (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WEXITED | WNOHANG | WNOWAIT) < 0)
			return;
		if (!info.si_pid)
			nanosleep(&ms, NULL);
	}
}

static void tell(const struct forkexec_request *r, const struct forkexec_result *result, uint32_t step)
{
	int pid = (int)result->pid;

	fprintf(stderr,
		"forkexec: process %d is stopped right before its step \"%s\" (%s). Look at it:\n"
		"  ls -l /proc/%d/fd /proc/%d/ns /proc/%d/cwd; cat /proc/%d/status\n"
		"  nsenter --all --target %d\n"
		"  gdb --pid %d\n"
		"It goes on after: kill -CONT %d\n", pid, forkexec_step_name(step), r->path, pid, pid, pid,
		pid, pid, pid, pid);
}

/* Returns as forkexec_spawnp() does. A signal that would end us ends the child. */
static int start(struct forkexec_request *r, struct forkexec_result *ret)
{
	static struct forkexec_state state;
	const char *words = getenv("FORKEXEC");
	enum forkexec_outcome outcome;
	uint32_t step;
	int err;

	if (words && strstr(words, "noclone3"))
		state.bits = FORKEXEC_STATE_NO_CLONE3;
	err = forkexec_start(r, ret, &state);
	while (!err) {
		outcome = forkexec_finish(r, ret, &state, LOOK_NS);
		if (outcome == FORKEXEC_FAILED)
			return -ret->err;
		if (outcome == FORKEXEC_RUNNING)
			return 0;
		step = ret->step;
		if (outcome == FORKEXEC_STOPPED && !forkexec_continue(r, ret, 0)) {
			wait_for_stop(ret->pid);
			tell(r, ret, step);
		}
		if (ending_signal())
			(void)kill(ret->pid, SIGKILL);
	}
	return err;
}

int start_paused(const struct command *c, struct forkexec_result *ret, char *found, size_t size)
{
	struct forkexec_request r = c->request;
	int err;

	snprintf(found, size, "%s", r.path);
	if (!strchr(r.path, '/') && *r.path)
		search(c, found, size);
	if (!*found) {
		*ret = (struct forkexec_result){.pidfd = -1, .step = FORKEXEC_STEP_EXECVE, .err = 2};
		return -ret->err;
	}
	r.path = found;
	r.envp = environ;
	r.work_size = forkexec_work_size(&r);
	r.work = aligned_alloc(16, (r.work_size + 15) & ~(size_t)15);
	if (!r.work)
		usage("--pause-at: out of memory");
	err = start(&r, ret);
	free(r.work);
	return err;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * start.c - a start that a signal can end. forkexec_spawn() would sleep until the child has come
 * to its program, which may be never: a FIFO that nobody opens, a file system that does not
 * answer, a frozen cgroup. Here the wait has an end, and after each the signals are looked at.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "../search.h"
#include "../shared.h"

extern char **environ;

#define MOST_LOOKS 40 /* of LOOK_NS each, at a child that has been killed */

static struct forkexec_state state;

/*
 * Until the child runs, or has failed: returns 0 or the negative errno. A start that is over in no
 * time is not ended: its program gets the signal. What no signal can kill, as it is in a frozen
 * cgroup of version 1 or waits for a disk, is left behind.
 */
static int finish(struct command *c, const struct forkexec_request *r, struct forkexec_result *ret)
{
	enum forkexec_outcome outcome;
	int looks = 0;

	while ((outcome = forkexec_finish(r, ret, &state, LOOK_NS)) != FORKEXEC_RUNNING) {
		if (outcome == FORKEXEC_FAILED)
			return -ret->err;
		if (outcome == FORKEXEC_STOPPED && ret->detail)
			at_pause(r, ret);
		else if (outcome == FORKEXEC_STOPPED)
			at_stop(c, r, ret);
		stop_if_told(0);
		c->ended_by = ending_signal();
		if (!c->ended_by)
			continue;
		(void)kill(ret->pid, SIGKILL);
		c->left_behind = looks++ == MOST_LOOKS;
		if (c->left_behind)
			return 0;
	}
	return 0;
}

/* We may be held non-dumpable until the child has left our memory, microseconds later. */
static void settle(void)
{
	const struct timespec moment = {0, 50000};
	int tries;

	for (tries = 0; tries < 20 && forkexec_settle(&state) > 0; tries++)
		(void)nanosleep(&moment, NULL);
}

static void read_settings(void)
{
	const char *words = getenv("FORKEXEC"), *word;
	size_t n;

	while (words) {
		words = next_word(words, &word, &n);
		if (word_is(word, n, "noclone3"))
			state.bits |= FORKEXEC_STATE_NO_CLONE3;
	}
}

/* Shall it be tried again? As forkexec_spawn() does. */
static int try_again(struct command *c, struct forkexec_request *r, const struct forkexec_result *ret)
{
	const struct timespec ms = {0, 1000000};

	if (ret->retry_flags) {
		r->flags ^= ret->retry_flags;
		return 1;
	}
	if (ret->step != FORKEXEC_STEP_EXECVE || ret->err != ETXTBSY || !r->text_busy_ms)
		return 0;
	c->ended_by = ending_signal();
	if (c->ended_by)
		return 0;
	(void)nanosleep(&ms, NULL);
	r->text_busy_ms--;
	return 1;
}

int start_path(void *command, const struct forkexec_request *request, struct forkexec_result *ret)
{
	static char *no_environment[] = {NULL}; /* after clearenv(3) there is no list */
	struct command *c = command;
	struct forkexec_request r = *request;
	int err;

	read_settings();
	r.envp = environ ? environ : no_environment;
	r.work_size = forkexec_work_size(&r);
	r.work = r.work_size ? aligned_alloc(16, (r.work_size + 15) / 16 * 16) : NULL;
	if (r.work_size && !r.work)
		usage("out of memory");
	do {
		err = forkexec_start(&r, ret, &state);
		if (!err)
			err = finish(c, &r, ret);
	} while (err && try_again(c, &r, ret));
	if (c->left_behind)
		return err; /* the memory is still the child's */
	settle();
	free(r.work);
	return err;
}

int start(struct command *c, struct forkexec_result *ret, char *found)
{
	if (c->request.flags & (FORKEXEC_STOP_CLONE | FORKEXEC_STOP_EXEC) || c->request.pause_at)
		return start_with_stops(c, ret, found);
	return search_path(&c->request, ret, found, PATH_MAX, start_path, c);
}

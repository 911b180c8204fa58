//go:build ignore

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lib.c - the C library's entries: forkexec_run() with a state of the library's own, the
 * environment, the search in PATH, and waiting.
 * The only file with data; not part of the core.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run.h"
#include "search.h"
#include "shared.h"

extern char **environ;

static struct forkexec_state state;
static char *no_environment[] = {NULL}; /* clearenv(3) leaves environ without a list */

/*
 * FORKEXEC is a list of words separated by commas. This library needs noclone3; stdlib, verbose
 * and trace=FILE are for Go programs. One that nobody knows is told, for it does nothing.
 */
static void read_word(const char *word, size_t n)
{
	static const char *const others[] = {"stdlib", "verbose", ""};
	size_t i;

	if (n > strlen("trace=") && !strncmp(word, "trace=", strlen("trace=")))
		return;
	if (word_is(word, n, "noclone3")) {
		state.bits |= FORKEXEC_STATE_NO_CLONE3;
		return;
	}
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (word_is(word, n, others[i]))
			return;
	dprintf(STDERR_FILENO, "forkexec: FORKEXEC has an unknown word: %.*s\n", (int)n, word);
}

/* At load time: getenv() and a later setenv() of another thread must not meet. */
__attribute__((constructor)) static void read_settings(void)
{
	const char *p = getenv("FORKEXEC"), *word;
	size_t n;

	while (p) {
		p = next_word(p, &word, &n);
		read_word(word, n);
	}
}

/* The vDSO's clock spares the core a system call. */
static uint32_t now_ms(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t))
		return 0;
	return (uint32_t)t.tv_sec * 1000 + (uint32_t)(t.tv_nsec / 1000000);
}

/* Without an environment the child gets this process's. */
static int spawn(const struct forkexec_request *request, struct forkexec_result *ret,
		 enum run_until until)
{
	struct forkexec_request with;

	if (request->size != sizeof(with))
		return forkexec_run_until(request, ret, &state, until);
	with = *request;
	if (!with.now_ms)
		with.now_ms = now_ms();
	if (!with.envp)
		with.envp = environ ? environ : no_environment;
	return forkexec_run_until(&with, ret, &state, until);
}

int forkexec_spawn(const struct forkexec_request *request, struct forkexec_result *ret)
{
	return spawn(request, ret, UNTIL_EXECVE);
}

/* As spawn() takes it: the core has no environment. */
long forkexec_explain(const struct forkexec_request *request, const struct forkexec_result *result,
		      char *buffer, size_t size)
{
	struct forkexec_request with;

	if (request->size != sizeof(with) || request->envp)
		return forkexec_explain_as(request, result, 0, buffer, size);
	with = *request;
	with.envp = environ;
	return forkexec_explain_as(&with, result, 0, buffer, size);
}

void forkexec_request_init(struct forkexec_request *request)
{
	*request = (struct forkexec_request){.size = sizeof(*request)};
}

int forkexec_spawn_wait(const struct forkexec_request *request, struct forkexec_result *ret,
			int *status)
{
	int err = spawn(request, ret, UNTIL_END), saved = errno, ended;
	pid_t pid;

	if (err)
		return err;
	do {
		pid = waitpid(ret->pid, &ended, 0);
	} while (pid < 0 && errno == EINTR);
	if (pid < 0)
		err = -errno;
	else
		*status = ended;
	errno = saved;
	return err;
}

static int try_spawn(void *context, const struct forkexec_request *request,
		     struct forkexec_result *ret)
{
	(void)context;
	return forkexec_spawn(request, ret);
}

int forkexec_spawnp(const struct forkexec_request *request, struct forkexec_result *ret,
		    char *found, size_t size)
{
	return search_path(request, ret, found, size, try_spawn, NULL);
}

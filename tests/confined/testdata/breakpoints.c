/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * breakpoints.c - calls a function after each of its starts, for debugger_test.go. The
 * argument says by what it starts a program.
 */
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <forkexec.h>

#define STARTS 4

extern char **environ;

static struct forkexec_state state;
static char work[65536] __attribute__((aligned(16)));

__attribute__((noinline)) void tick(int i)
{
	printf("tick %d\n", i);
}

static int start(const char *way, pid_t *pid)
{
	char *argv[] = { (char *)"true", NULL };
	int files[] = { 0, 1, 2 }, err;
	struct forkexec_request r = {
		.size = sizeof(r), .path = "/bin/true", .argv = argv, .envp = environ, .fds = files, .n_fds = 3,
	};
	struct forkexec_result result;

	if (!strcmp(way, "posix_spawn"))
		return posix_spawn(pid, r.path, NULL, NULL, argv, environ);
	if (!strcmp(way, "forkexec_spawn")) {
		err = forkexec_spawn(&r, &result);
	} else if (!strcmp(way, "forkexec_run")) {
		err = forkexec_run(&r, &result, &state);
	} else {
		r.work = work;
		r.work_size = sizeof(work);
		err = forkexec_start(&r, &result, &state);
		if (!err)
			err = forkexec_finish(&r, &result, &state, -1);
	}
	*pid = result.pid;
	return err;
}

int main(int argc, char **argv)
{
	pid_t pid;
	int i;

	for (i = 0; i < STARTS && argc > 1; i++) {
		if (start(argv[1], &pid) || waitpid(pid, NULL, 0) != pid)
			return 1;
		tick(i);
	}
	return 0;
}

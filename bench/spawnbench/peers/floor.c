/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The floor: vfork and execve with nothing around them. It is no way to start
 * processes in a real program, which has signal handlers, threads and descriptors
 * to care for; it is what the kernel itself takes.
 */
#include "worker.h"

#include <errno.h>
#include <unistd.h>

extern char **environ;

const char worker_name[] = "floor";

int run(char *const argv[], int *ret_status)
{
	char **envp = environ;
	pid_t pid = vfork();

	if (pid == 0) {
		/* The child borrows the caller's stack: nothing but these two calls. */
		execve(argv[0], argv, envp);
		_exit(127);
	}
	return pid < 0 ? -errno : wait_for(pid, ret_status);
}

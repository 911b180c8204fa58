/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The C library of this project, as C programs use it: forkexec_spawn() and waitpid(2) or,
 * with SPAWN_WAIT, forkexec_spawn_wait(), which does both in one call.
 */
#include "worker.h"

#include <forkexec.h>
#include <stddef.h>

extern char **environ;

const char worker_name[] = "forkexec";

int run(char *const argv[], int *ret_status)
{
	static const int32_t fds[] = {0, 1, 2};
	struct forkexec_request request = {
		.size = sizeof(request),
		.path = argv[0],
		.argv = argv,
		.envp = environ,
		.fds = fds,
		.n_fds = 3,
	};
	struct forkexec_result result;

#ifdef SPAWN_WAIT
	return forkexec_spawn_wait(&request, &result, ret_status);
#else
	int err = forkexec_spawn(&request, &result);

	return err ? err : wait_for(result.pid, ret_status);
#endif
}

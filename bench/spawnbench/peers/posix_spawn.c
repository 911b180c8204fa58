/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * posix_spawn as C programs use it most, without file actions or attributes.
 * Compiled once for glibc and once, statically, for musl.
 */
#include "worker.h"

#include <spawn.h>
#include <stddef.h>

/* A table that calls musl "glibc" would mislead: Alpine's cc is musl's. */
#if defined(EXPECT_GLIBC) && !defined(__GLIBC__)
#error "the C library is not glibc"
#endif

extern char **environ;

const char worker_name[] = "posix_spawn";

int run(char *const argv[], int *ret_status)
{
	pid_t pid;
	int err = posix_spawn(&pid, argv[0], NULL, NULL, argv, environ);

	return err ? -err : wait_for(pid, ret_status);
}

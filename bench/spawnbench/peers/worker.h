/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a C worker program of spawnbench consists of: worker.c, which has main and
 * speaks the protocol, and one file that defines run(). The protocol is
 * described in bench/INTERNALS.md.
 */
#ifndef SPAWNBENCH_WORKER_H
#define SPAWNBENCH_WORKER_H

#include <sys/types.h>

/* The name that stands before error messages. */
extern const char worker_name[];

/*
 * Starts argv[0] with argv, the environment and the descriptors of the caller, and waits
 * for its end. Returns 0 with *ret_status as waitpid(2) gives it, or a negative errno.
 */
int run(char *const argv[], int *ret_status);

/* waitpid(2) for one child, however often a signal comes. Returns 0 or a negative errno. */
int wait_for(pid_t pid, int *ret_status);

#endif

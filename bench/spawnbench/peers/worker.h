/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a C worker program of spawnbench consists of: worker.c, which has main and
 * speaks the protocol, and one file that defines spawn(). The protocol is
 * described in bench/README.md.
 */
#ifndef SPAWNBENCH_WORKER_H
#define SPAWNBENCH_WORKER_H

#include <sys/types.h>

/* The name that stands before error messages. */
extern const char worker_name[];

/*
 * Starts argv[0] with argv, the environment and the descriptors of the caller.
 * Returns the child, which worker.c waits for, or a negative errno.
 */
pid_t spawn(char *const argv[]);

#endif

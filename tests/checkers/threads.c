/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is what a process keeps from start to start safe to share between threads? Many threads
 * start programs through the library's one state and another, good and failing, cancelled
 * and not. Built with gcc's thread sanitizer and FORKEXEC_TESTING. It sees the parent's
 * side; the child carries no_sanitize (clang 14 counts calls in spite of it, in the
 * parent's thread structure, and so cannot be used).
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "forkexec.h"

#define THREADS 8
#define ROUNDS  150
#define WORK    16384 /* what all requests here need, forkexec.c */

static struct forkexec_state state; /* beside the library's own */

int forkexec_test_fault(long nr, long *ret);

/*
 * Work memory comes through libc's mmap here: the sanitizer must learn that an address
 * which comes again is new memory, or takes its last owner for a racing one.
 */
__attribute__((no_sanitize("thread"), no_stack_protector)) int forkexec_test_fault(long nr,
										   long *ret)
{
	if (nr != SYS_mmap)
		return 0;
	*ret = (long)mmap(NULL, WORK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return 1;
}

static void bad(const char *what, int err)
{
	fprintf(stderr, "threads: %s: %s\n", what, strerror(err));
	exit(1);
}

static void reap(int pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			bad("waitpid", errno);
	if (status)
		bad("exit status", 0);
}

static void init(struct forkexec_request *r, const char *path)
{
	static char *const argv[] = {(char *)(uintptr_t) "true", NULL};
	static char *const envp[] = {NULL};
	static const int32_t fds[] = {0, 1, 2};

	memset(r, 0, sizeof(*r));
	r->size = sizeof(*r);
	r->path = path;
	r->argv = argv;
	r->envp = envp;
	r->fds = fds;
	r->n_fds = 3;
}

static void through_library(unsigned i)
{
	const char *path = i % 3 ? "/bin/true" : "/missing";
	struct forkexec_result ret;
	struct forkexec_request r;
	int err;

	init(&r, path);
	if (i % 5 == 0)
		r.flags |= FORKEXEC_BLOCK_SIGNALS;
	err = i % 2 ? forkexec_spawn(&r, &ret) : forkexec_run(&r, &ret, &state);
	if (err != (i % 3 ? 0 : -ENOENT))
		bad(path, -err);
	if (!err)
		reap(ret.pid);
}

static void *cancel(void *arg)
{
	forkexec_cancel(arg);
	return NULL;
}

/* Another thread cancels while this one finishes; then it is finished for good. */
static void with_cancel(void)
{
	struct forkexec_result ret;
	struct forkexec_request r;
	pthread_t thread;
	enum forkexec_outcome outcome;

	init(&r, "/bin/true");
	r.work_size = forkexec_work_size(&r);
	r.work = aligned_alloc(16, r.work_size);
	if (!r.work || forkexec_start(&r, &ret, &state))
		bad("start", ret.err);
	if (pthread_create(&thread, NULL, cancel, r.work))
		bad("pthread_create", errno);
	do {
		outcome = forkexec_finish(&r, &ret, &state, 1000000);
	} while (outcome == FORKEXEC_TIMED_OUT);
	pthread_join(thread, NULL);
	if (outcome == FORKEXEC_FAILED)
		bad("finish", ret.err);
	reap(ret.pid);
	/* Cancelled, the child may be before its exec still: the memory stays its own then. */
	if (outcome == FORKEXEC_RUNNING)
		free(r.work);
}

static void *work(void *arg)
{
	unsigned i, first = *(unsigned *)arg;

	for (i = first; i < first + ROUNDS; i++)
		if (i % 10 == 9)
			with_cancel();
		else
			through_library(i);
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	unsigned i, first[THREADS];

	for (i = 0; i < THREADS; i++) {
		first[i] = i;
		if (pthread_create(&threads[i], NULL, work, &first[i]))
			bad("pthread_create", errno);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

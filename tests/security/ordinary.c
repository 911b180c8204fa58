//go:build ignore

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ordinary.c - who gets into an ordinary user's process through a child that shares its memory
 * and has a user namespace of its own, and who gets in without that child?
 *
 * Prints a line for each kind of process, "KIND: parent IN|out child IN|out", and at last "core:
 * forked" or "core: shared", which is what the library makes of such a start.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "forkexec.h"

enum { USER = 65533, GROUP = 65532, OTHER = 65531, STACK = 65536 };

static uint64_t secret;
static _Alignas(16) char stack[STACK];

static void become(uid_t real, uid_t effective, gid_t group)
{
	if (setgroups(0, NULL) || setresgid(group, group, group) ||
	    setresuid(real, effective, effective) || prctl(PR_SET_DUMPABLE, 1))
		exit(77);
}

static int sharing_child(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static const char *may_enter(pid_t pid)
{
	uint64_t word = 0;
	struct iovec here = {&word, sizeof(word)}, there = {&secret, sizeof(secret)};
	char path[32];
	FILE *f;

	if (process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)sizeof(word))
		return "IN";
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	f = fopen(path, "r");
	if (f)
		fclose(f);
	return f ? "IN" : "out";
}

static void attack(const char *kind, uid_t real, uid_t effective, gid_t group, const pid_t *pids)
{
	fflush(stdout);
	if (!fork()) {
		become(real, effective, group);
		printf("%s: parent %s child %s\n", kind, may_enter(pids[0]), may_enter(pids[1]));
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
}

/* What does the library make of it? */
static int start(void)
{
	struct forkexec_id_map uids = {0, USER, 1}, gids = {0, GROUP, 1};
	const char *const argv[] = {"true", NULL};
	struct forkexec_request r = FORKEXEC_REQUEST_INIT;
	struct forkexec_result result;
	int i, status;

	become(USER, USER, GROUP);
	r.path = "/bin/true";
	r.argv = argv;
	for (i = 0; i < 3; i++) { /* the first ones find out how to start */
		if (forkexec_spawn_wait(&r, &result, &status)) {
			printf("core: %s\n", forkexec_step_name(result.step));
			return 1;
		}
		r.clone_flags = CLONE_NEWUSER;
		r.flags = FORKEXEC_UID_MAP | FORKEXEC_GID_MAP;
		r.uid_map = &uids;
		r.gid_map = &gids;
		r.n_uid_map = r.n_gid_map = 1;
	}
	printf("core: %s\n", result.how & FORKEXEC_HOW_SHARED ? "shared" : "forked");
	return 0;
}

int main(void)
{
	pid_t pids[2], child = 0;
	int fds[2];

	if (pipe(fds))
		return 1;
	pids[0] = fork();
	if (!pids[0]) {
		become(USER, USER, GROUP);
		secret = 1;
		child = clone(sharing_child, stack + STACK, CLONE_VM | CLONE_NEWUSER | SIGCHLD, NULL);
		if (write(fds[1], &child, sizeof(child)) < 0 || child < 0)
			_exit(1);
		pause();
	}
	if (read(fds[0], &pids[1], sizeof(pids[1])) < 0 || pids[1] < 0)
		return 77; /* no user namespaces for ordinary users */
	attack("same user and group", USER, USER, GROUP, pids);
	attack("same user, other group", USER, USER, OTHER, pids);
	attack("other user", OTHER, OTHER, OTHER, pids);
	kill(pids[1], SIGKILL);
	kill(pids[0], SIGKILL);
	waitpid(pids[0], NULL, 0);
	return start();
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * method.c - prints how a child is made on this kernel: the method of a plain start, and
 * of one into a new user namespace, and which optional system calls there are.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "forkexec.h"
#include "view.h"

#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#endif
#define CLOEXEC_RANGE 4 /* CLOSE_RANGE_CLOEXEC, Linux 5.11 */
#define PIDFD_NONBLOCK 04000

static const char *method(uint64_t unshare_flags)
{
	static _Alignas(16) unsigned char work[16384];
	static struct forkexec_state state;
	static char *const argv[] = {"true", NULL}, *const envp[] = {NULL};
	struct forkexec_request r = {.size = sizeof(r), .path = "/bin/true", .argv = argv,
				     .envp = envp, .work = work, .work_size = sizeof(work),
				     .unshare_flags = unshare_flags};
	struct forkexec_result ret = {0};
	int err = forkexec_start(&r, &ret, &state);

	if (!err)
		err = forkexec_finish(&r, &ret, &state, -1) == FORKEXEC_FAILED ? -ret.err : 0;
	if (err)
		return strerror(-err);
	waitpid(ret.pid, NULL, 0);
	return view_method_names[view_method_of(work)];
}

static const char *answer(long ret)
{
	return ret < 0 ? strerrorname_np(errno) : "yes";
}

int main(void)
{
	printf("method: %s, ", method(0));
	printf("user namespace: %s, ", method(CLONE_NEWUSER));
	printf("close_range CLOEXEC: %s, ", answer(syscall(SYS_close_range, 1000, ~0U, CLOEXEC_RANGE)));
	printf("pidfd_open NONBLOCK: %s\n", answer(syscall(SYS_pidfd_open, getpid(), PIDFD_NONBLOCK)));
	return 0;
}

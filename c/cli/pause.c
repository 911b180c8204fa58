/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pause.c - --pause-at: which step, and what is said of a child that is stopped there.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

APPLY(pause_at)
{
	c->request.pause_at = step_number(argument);
	if (!c->request.pause_at)
		usage("--pause-at: \"%s\" is no step; forkexec(7) lists them", argument);
}

/* The signal is on its way: so that who reads the ID finds a child that is stopped. */
static void wait_for_stop(pid_t pid)
{
	const struct timespec ms = {0, 1000000};
	siginfo_t info = {0};
	int tries;

	for (tries = 0; tries < 200 && !info.si_pid; tries++) {
		if (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WEXITED | WNOHANG | WNOWAIT) < 0)
			return;
		if (!info.si_pid)
			nanosleep(&ms, NULL);
	}
}

/* Does ^Z stop us, and fg continue us and the child? */
static int is_job(const struct forkexec_request *r)
{
	return !(r->flags & (FORKEXEC_SETSID | FORKEXEC_SETPGID | FORKEXEC_FOREGROUND)) &&
	       tcgetpgrp(STDERR_FILENO) == getpgrp();
}

static void tell(const struct forkexec_request *r, const struct forkexec_result *result, uint32_t step)
{
	int pid = (int)result->pid;

	fprintf(stderr, "forkexec: process %d is stopped right before its step \"%s\" (", pid,
		forkexec_step_name(step));
	put_text(stderr, r->path, strlen(r->path));
	fprintf(stderr, "). Look at it%s:\n"
		"  ls -l /proc/%d/fd /proc/%d/ns /proc/%d/cwd; cat /proc/%d/status\n"
		"  nsenter --all --target %d\n"
		"  gdb --pid %d\n"
		"It goes on after: kill -CONT %d\n",
		is_job(r) ? " (Ctrl-Z gives you the shell, fg ends the pause)" : "", pid, pid, pid, pid, pid, pid, pid);
}

/* The child is at its pause: has it stopped, and says where. */
void at_pause(const struct forkexec_request *r, struct forkexec_result *ret)
{
	uint32_t step = ret->step;

	if (forkexec_continue(r, ret, 0))
		return;
	wait_for_stop(ret->pid);
	tell(r, ret, step);
}

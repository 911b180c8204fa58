/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * expect.c - see expect.h.
 */
#include "expect.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inject.h"

static int is_refusal(int err)
{
	return err == ENOSYS || err == EPERM || err == EINVAL;
}

/* A refusal from every form is taken for a kernel without CLONE_PIDFD: -1, not a failure. */
int pidfd_refused(const struct fault_case *c)
{
	return injector->hit && is_refusal(injector->err) && c->n_methods == 1 &&
	       (injector->hit_nr == SYS_clone || injector->hit_nr == SYS_clone3);
}

/* A call that only hold.c makes in the parent. */
int is_hold_call(void)
{
	return injector->hit_nr == SYS_getresuid || injector->hit_nr == SYS_getresgid ||
	       injector->hit_nr == SYS_capget || injector->hit_nr == SYS_prctl;
}

/* Linux before 3.19 has no /proc/PID/setgroups, and ordinary users need not write it. */
static int is_missing_setgroups(void)
{
	if (injector->err != ENOENT || injector->hit_after_clone == 0)
		return 0;
	if (injector->hit_nr == SYS_openat)
		return injector->hit_index - injector->opens_before == 2;
	return injector->hit_index == 2 &&
	       injector->by_number[PARENT][SYS_openat] - injector->opens_before > 1;
}

/* The pipe of hold.c comes after that of the ID maps. */
static int is_hold_pipe(const struct fault_case *c)
{
	uint32_t maps = injector->by_number[PARENT][SYS_write] > 0 || c->needs & MAY_BE_DENIED;

	return c->needs & HELD && !geteuid() && injector->hit_index == maps + 1;
}

/* The parent's calls after which a start goes on as if nothing had been. */
int tolerated_by_parent(const struct fault_case *c)
{
	switch (injector->hit_nr) {
	case SYS_clone: /* "not in this form": the next form is tried */
	case SYS_clone3:
		return (is_refusal(injector->err) &&
			injector->hit_index < c->n_methods + (c->needs & HELD && !geteuid())) ||
		       (c->needs & WITH_PIDFD && pidfd_refused(c));
	case SYS_pidfd_open: /* killed before its listener is taken: looked for again */
	case SYS_pidfd_getfd:
		return injector->err == ESRCH;
	case SYS_openat: /* fs.suid_dumpable: if we cannot tell, it is 1 */
		return injector->hit_after_clone == 0 || (is_missing_setgroups() && !geteuid());
	case SYS_write:
		return is_missing_setgroups() && !geteuid();
	case SYS_pipe2: /* a child that cannot be counted is forked */
		return is_hold_pipe(c);
	case SYS_rt_sigprocmask: /* not that before the clone, but of forkexec_settle() */
		return injector->hit_after_clone > 0;
	case SYS_capget: /* the child is forked, or we stay non-dumpable */
	case SYS_getresgid:
	case SYS_getresuid:
	case SYS_prctl:
		return is_hold_call();
	case SYS_kill: /* of a child that has failed, and is in its exit */
	case SYS_pidfd_send_signal:
		return c->err != 0;
	case SYS_read:  /* fs.suid_dumpable, or the report: read again */
	case SYS_futex: /* the wait looks again, whatever they say */
	case SYS_ppoll:
	case SYS_waitid:
		return 1;
	default:
		return 0;
	}
}

int tolerated_by_child(const struct fault_case *c)
{
	switch (injector->hit_nr) {
	case SYS_chroot: /* tried again */
	case SYS_chdir:
	case SYS_execve:
		if (injector->err == ENOENT)
			return (c->needs & CLOSES) != 0;
		return injector->hit_nr == SYS_execve && injector->err == ETXTBSY &&
		       c->needs & TEXT_BUSY;
	case SYS_read: /* the go-ahead after the ID maps: tried again */
		return injector->err == EINTR;
	case SYS_close_range: /* all descriptors are marked one by one */
		return 1;
	case SYS_prlimit64: /* ignored, as Go does */
		return !(c->needs & LIMITS);
	default:
		return 0;
	}
}

/* What a parent's call that fails must come back as. */
uint32_t parent_step(const struct fault_case *c, int *err)
{
	static const uint32_t maps[] = {0, FORKEXEC_STEP_UID_MAP, FORKEXEC_STEP_PROC_SETGROUPS,
					FORKEXEC_STEP_GID_MAP};
	uint32_t n;

	switch (injector->hit_nr) {
	case SYS_mmap:
		*err = ENOMEM; /* whatever the kernel says */
		return FORKEXEC_STEP_REQUEST;
	case SYS_pidfd_open: /* of the filter's notifications */
	case SYS_pidfd_getfd:
		return FORKEXEC_STEP_SECCOMP;
	case SYS_pipe2:
		return FORKEXEC_STEP_PIPE;
	case SYS_rt_sigprocmask:
		return FORKEXEC_STEP_SIGMASK;
	case SYS_clone:
	case SYS_clone3:
		return FORKEXEC_STEP_CLONE;
	case SYS_kill: /* SIGSTOP for the case "pause" */
		return FORKEXEC_STEP_EXECVE;
	case SYS_openat:
	case SYS_write:
		if (is_missing_setgroups()) { /* and this kernel then refuses the next one */
			*err = EPERM;
			return FORKEXEC_STEP_GID_MAP;
		}
		n = injector->hit_index;
		if (c->needs & STOPS) { /* what the child waits for never comes */
			*err = EINVAL;
			return n == 1 ? FORKEXEC_STEP_STOP_CLONE :
			       n == 2 ? FORKEXEC_STEP_STOP_EXEC : FORKEXEC_STEP_EXECVE;
		}
		if (c->needs & LISTENS) {
			*err = EINVAL;
			return FORKEXEC_STEP_SECCOMP;
		}
		if (injector->hit_nr == SYS_openat)
			n -= injector->opens_before;
		if (injector->by_number[PARENT][SYS_openat] > injector->opens_before && n <= 3)
			return maps[n];
		*err = EINVAL; /* the child reads end of file instead of a go-ahead */
		return FORKEXEC_STEP_IDMAP_SYNC;
	default:
		return UNKNOWN;
	}
}

static uint32_t place(uint32_t step)
{
	static const uint32_t order[] = {
#define ID(id, NAME, name, syscall, field) id,
		FORKEXEC_STEPS(ID)
#undef ID
	};
	uint32_t i;

	for (i = 0; i < sizeof(order) / sizeof(order[0]) && order[i] != step; i++)
		continue;
	return i;
}

/* Is this a step that the child's failed call may belong to? */
int child_step_fits(uint32_t step, long nr)
{
	static const char *const calls[] = {
		"none",
#define CALL(id, NAME, name, syscall, field) [id] = syscall,
		FORKEXEC_STEPS(CALL)
#undef CALL
	};

	if (step >= sizeof(calls) / sizeof(calls[0]) ||
	    (place(step) < place(FORKEXEC_STEP_KEEPCAPS) && step != FORKEXEC_STEP_SIGMASK))
		return 0;
	if (!strcmp(calls[step], call_name(nr)))
		return 1;
	/* Steps of several calls, of which the list names the most telling one. */
	switch (step) {
	case FORKEXEC_STEP_PROC_SETGROUPS:
	case FORKEXEC_STEP_GID_MAP:
	case FORKEXEC_STEP_UID_MAP:
	case FORKEXEC_STEP_OOM_SCORE_ADJ:
		return nr == SYS_openat;
	case FORKEXEC_STEP_SECCOMP:
		return nr == SYS_write || nr == SYS_read;
	case FORKEXEC_STEP_STOP_EXEC:
		return nr == SYS_write;
	case FORKEXEC_STEP_OPEN:
		return nr == SYS_dup3;
	case FORKEXEC_STEP_EXECVE:
		return nr == SYS_execveat || nr == SYS_write || nr == SYS_read; /* of a pause */
	case FORKEXEC_STEP_FD_DUP:
		return nr == SYS_fcntl; /* one that is in its place already */
	case FORKEXEC_STEP_CLOSE_FDS:
		return nr == SYS_openat || nr == SYS_getdents64 || nr == SYS_fcntl;
	default:
		return 0;
	}
}

/* The child takes its steps in the list's order; SIGMASK's place is after SIGNAL_IGNORE. */
uint32_t child_rank(uint32_t step)
{
	return step == FORKEXEC_STEP_SIGMASK ? 2 * place(FORKEXEC_STEP_SIGNAL_IGNORE) + 1
					     : 2 * place(step);
}

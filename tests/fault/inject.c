/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inject.c - see inject.h. forkexec_test_fault() also runs in the child, on its small
 * stack and perhaps in its parent's memory: no libc state, no stack protector, and every
 * function it calls has been called, and so been linked, by the parent before.
 */
#include "inject.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct injector *injector;

int forkexec_test_fault(long nr, long *ret);

#if defined(__clang__)
#define IN_CHILD __attribute__((no_sanitize("address", "undefined"), no_stack_protector))
#else
#define IN_CHILD __attribute__((no_sanitize("address,undefined"), no_stack_protector))
#endif

void injector_create(void)
{
	injector = mmap(NULL, sizeof(*injector), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (injector == MAP_FAILED)
		abort();
}

void injector_arm(enum side side, uint32_t at, int err, const struct always *always)
{
	memset((void *)injector->by_number, 0, sizeof(injector->by_number));
	injector->count[PARENT] = injector->count[CHILD_SIDE] = 0;
	injector->n_clones = 0;
	injector->hit = 0;
	injector->hit_nr = -1;
	injector->parent_pid = getpid();
	injector->side = side;
	injector->at = at;
	injector->err = err;
	memcpy(injector->always, always, sizeof(injector->always));
	injector->progress++;
	injector->armed = 1;
}

void injector_disarm(void)
{
	injector->armed = 0;
}

IN_CHILD int forkexec_test_fault(long nr, long *ret)
{
	struct injector *in = injector;
	enum side side;
	uint32_t i;

	if (!in || !in->armed)
		return 0;
	for (i = 0; i < MAX_ALWAYS; i++) {
		if (in->always[i].err && in->always[i].nr == nr) {
			*ret = -in->always[i].err;
			return 1;
		}
	}
	side = syscall(SYS_getpid) == in->parent_pid ? PARENT : CHILD_SIDE;
	in->count[side]++;
	in->by_number[side][nr & 511]++;
	if (in->count[side] < MAX_CALLS)
		in->nr_at[side][in->count[side]] = (uint16_t)nr;
	if (side == in->side && in->count[side] == in->at) {
		in->hit = 1;
		in->hit_nr = nr;
		in->hit_index = in->by_number[side][nr & 511];
		in->hit_after_clone = in->n_clones;
	}
	if (nr == SYS_clone || nr == SYS_clone3) {
		in->n_clones++;
		in->opens_before = in->by_number[PARENT][SYS_openat];
	}
	if (side != in->side || in->count[side] != in->at)
		return 0;
	*ret = -in->err;
	return 1;
}

const char *call_name(long nr)
{
	static const struct {
		long nr;
		const char *name;
	} names[] = {
		{SYS_capget, "capget"},
		{SYS_capset, "capset"},
		{SYS_chdir, "chdir"},
		{SYS_chroot, "chroot"},
		{SYS_clone, "clone"},
		{SYS_clone3, "clone3"},
		{SYS_close_range, "close_range"},
		{SYS_dup3, "dup3"},
		{SYS_execve, "execve"},
		{SYS_execveat, "execveat"},
		{SYS_fchdir, "fchdir"},
		{SYS_fcntl, "fcntl"},
		{SYS_futex, "futex"},
		{SYS_getdents64, "getdents64"},
		{SYS_getresgid, "getresgid"},
		{SYS_getresuid, "getresuid"},
		{SYS_ioctl, "ioctl"},
		{SYS_ioprio_set, "ioprio_set"},
		{SYS_keyctl, "keyctl"},
		{SYS_kill, "kill"},
		{SYS_landlock_restrict_self, "landlock_restrict_self"},
		{SYS_mmap, "mmap"},
		{SYS_mount, "mount"},
		{SYS_openat, "openat"},
		{SYS_personality, "personality"},
		{SYS_pidfd_getfd, "pidfd_getfd"},
		{SYS_pidfd_open, "pidfd_open"},
		{SYS_pipe2, "pipe2"},
		{SYS_ppoll, "ppoll"},
		{SYS_prctl, "prctl"},
		{SYS_prlimit64, "prlimit64"},
		{SYS_ptrace, "ptrace"},
		{SYS_read, "read"},
		{SYS_rt_sigaction, "rt_sigaction"},
		{SYS_rt_sigprocmask, "rt_sigprocmask"},
		{SYS_sched_setaffinity, "sched_setaffinity"},
		{SYS_sched_setattr, "sched_setattr"},
		{SYS_seccomp, "seccomp"},
		{SYS_setgid, "setgid"},
		{SYS_setgroups, "setgroups"},
		{SYS_setns, "setns"},
		{SYS_setpgid, "setpgid"},
		{SYS_setpriority, "setpriority"},
		{SYS_setsid, "setsid"},
		{SYS_setuid, "setuid"},
		{SYS_umask, "umask"},
		{SYS_unshare, "unshare"},
		{SYS_waitid, "waitid"},
		{SYS_write, "write"},
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].nr == nr)
			return names[i].name;
	return "?";
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * errnos.c - which errnos the manual (man-pages 6.03) lists for a call, beside those that
 * test_fault.c tries on every call.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "inject.h"

#define PATH EACCES, EFAULT, ELOOP, ENAMETOOLONG, ENOTDIR
#define CAPS EFAULT, ESRCH
#define CLONE EACCES, EBADF, EBUSY, EEXIST, ENOSPC, EOPNOTSUPP, EUSERS

static const struct {
	long nr;
	int errs[24]; /* ends with 0 */
} manual[] = {
	{SYS_capget, {CAPS}},
	{SYS_capset, {CAPS}},
	{SYS_chdir, {PATH}},
	{SYS_chroot, {PATH}},
	{SYS_clone, {CLONE}},
	{SYS_clone3, {CLONE}},
	{SYS_close_range, {EMFILE}},
	{SYS_dup3, {EBADF, EBUSY, EMFILE}},
	{SYS_execve,
	 {E2BIG, PATH, EISDIR, ELIBBAD, EMFILE, ENFILE, ENOEXEC, ETXTBSY}},
	{SYS_execveat, {E2BIG, PATH, EISDIR, ELIBBAD, EMFILE, ENFILE, ENOEXEC, ETXTBSY, EBADF}},
	{SYS_fchdir, {EACCES, EBADF, ENOTDIR}},
	{SYS_fcntl, {EACCES, EBADF, EBUSY, EDEADLK, EFAULT, EMFILE, ENOLCK}},
	{SYS_futex, {EACCES, EDEADLK, EFAULT, ENFILE, ESRCH, ETIMEDOUT}},
	{SYS_getdents64, {EBADF, EFAULT, ENOTDIR}},
	{SYS_ioctl, {EBADF, EFAULT, ENOTTY}},
	{SYS_ioprio_set, {ESRCH}},
	{SYS_keyctl,
	 {EACCES, EDQUOT, EFAULT, EKEYEXPIRED, EKEYREJECTED, EKEYREVOKED, ENFILE, ENOKEY, EOPNOTSUPP}},
	{SYS_kill, {ESRCH}},
	{SYS_mmap, {EACCES, EBADF, EEXIST, ENFILE, ENODEV, EOVERFLOW, ETXTBSY}},
	{SYS_mount, {PATH, EBUSY, EMFILE, ENODEV, ENOTBLK, ENXIO, EROFS}},
	{SYS_openat,
	 {PATH, EBADF, EBUSY, EDQUOT, EEXIST, EFBIG, EISDIR, EMFILE, ENFILE, ENODEV, ENOSPC,
	  ENXIO, EOPNOTSUPP, EOVERFLOW, EROFS, ETXTBSY}},
	{SYS_pidfd_getfd, {EBADF, EMFILE, ENFILE, ESRCH}},
	{SYS_pidfd_open, {EMFILE, ENFILE, ESRCH}},
	{SYS_pipe2, {EFAULT, EMFILE, ENFILE, ENOPKG}},
	{SYS_ppoll, {EFAULT}},
	{SYS_prctl, {EACCES, EBADF, EBUSY, EFAULT, ENODEV, ENXIO, EOPNOTSUPP, EOVERFLOW}},
	{SYS_prlimit64, {EFAULT, ESRCH}},
	{SYS_ptrace, {EBUSY, EFAULT, ESRCH}},
	{SYS_read, {EBADF, EFAULT, EISDIR}},
	{SYS_rt_sigaction, {EFAULT}},
	{SYS_rt_sigprocmask, {EFAULT}},
	{SYS_sched_setaffinity, {EFAULT, ESRCH}},
	{SYS_sched_setattr, {E2BIG, EBUSY, ESRCH}},
	{SYS_seccomp, {EACCES, ECANCELED, EFAULT, ESRCH, EBUSY}},
	{SYS_setgroups, {EFAULT}},
	{SYS_setns, {EBADF, ESRCH}},
	{SYS_setpriority, {EACCES, ESRCH}},
	{SYS_setpgid, {EACCES, ESRCH}},
	{SYS_unshare, {ENOSPC, EUSERS}},
	{SYS_waitid, {EBADF, ESRCH}}, /* ECHILD is the truth, or a lie that none can see through */
	{SYS_write, {EBADF, EDESTADDRREQ, EDQUOT, EFAULT, EFBIG, ENOSPC, EPIPE}},
};

int manual_errno(long nr, size_t i)
{
	size_t k;

	for (k = 0; k < sizeof(manual) / sizeof(manual[0]); k++)
		if (manual[k].nr == nr)
			return i < MANUAL_ERRNOS ? manual[k].errs[i] : 0;
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sysattr.h - the system calls of attributes that Go's SysProcAttr does not have. A part of
 * sys.h, which alone includes it.
 */
#ifndef FORKEXEC_SYSATTR_H
#define FORKEXEC_SYSATTR_H

static CORE_INLINE long sys_mmap_shared(size_t n)
{
	return sys_call(NR_mmap, 0, (long)n, PROT_RW, MAP_SHARED_ANON, -1, 0);
}
static CORE_INLINE long sys_openat3(const char *path, uint32_t flags, uint32_t mode)
{
	return SYS4(openat, AT_FDCWD, path, flags, mode);
}
static CORE_INLINE long sys_umask(uint32_t mask) { return SYS1(umask, mask); }
static CORE_INLINE long sys_personality(uint32_t p) { return SYS1(personality, p); }
static CORE_INLINE long sys_join_session_keyring(const char *name)
{
	return SYS2(keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, name);
}
static CORE_INLINE long sys_setpriority(int nice) { return SYS3(setpriority, 0, 0, nice); }
static CORE_INLINE long sys_sched_setattr(const void *a) { return SYS3(sched_setattr, 0, a, 0); }
static CORE_INLINE long sys_sched_setaffinity(size_t n, const void *mask)
{
	return SYS3(sched_setaffinity, 0, n, mask);
}
static CORE_INLINE long sys_ioprio_set(int value)
{
	return SYS3(ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, value);
}
static CORE_INLINE long sys_setns(int fd, uint32_t type) { return SYS2(setns, fd, type); }
static CORE_INLINE long sys_fchdir(int fd) { return SYS1(fchdir, fd); }
static CORE_INLINE long sys_landlock_restrict_self(int fd, uint32_t flags)
{
	return SYS2(landlock_restrict_self, fd, flags);
}
static CORE_INLINE long sys_seccomp(uint32_t op, uint32_t flags, const struct sys_sock_fprog *p)
{
	return SYS3(seccomp, op, flags, p);
}
/* The same numbers on all architectures. */
static CORE_INLINE long sys_pidfd_send_signal(int pidfd, int sig)
{
	return sys_call(424, pidfd, sig, 0, 0, 0, 0);
}
static CORE_INLINE long sys_pidfd_open(int pid) { return sys_call(434, pid, 0, 0, 0, 0, 0); }
static CORE_INLINE long sys_pidfd_getfd(int pidfd, int fd)
{
	return sys_call(438, pidfd, fd, 0, 0, 0, 0);
}
static CORE_INLINE long sys_execveat(int fd, char *const *argv, char *const *envp)
{
	return SYS5(execveat, fd, "", argv, envp, AT_EMPTY_PATH);
}

#endif /* FORKEXEC_SYSATTR_H */

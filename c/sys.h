/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sys.h - the only door to the kernel. Every sys_x() returns a value or -errno;
 * nobody touches the global errno. Only the core includes this file.
 *
 * The constants are the kernel's ABI, written out here so that the core needs no
 * header of libc or kernel and builds the same on every machine.
 *
 * Test builds (-DFORKEXEC_TESTING) ask forkexec_test_fault() before each call and
 * take its answer for the kernel's: fault injection. Calls that cannot fail on
 * what we pass, or whose result nobody could act on, go through sys_sure() and are
 * not asked for.
 */
#ifndef FORKEXEC_SYS_H
#define FORKEXEC_SYS_H

#include <stddef.h>
#include <stdint.h>

/*
 * All that runs between clone and exec, and all that is inlined into it, carries
 * these: what refused #cgo flags would say is said here. No stack protector and
 * no sanitizer (both would use TLS or libc), no instrumentation by tracers.
 */
#if defined(__clang__)
#define CORE_ATTRS                                                                                 \
	__attribute__((no_sanitize("address", "undefined", "thread", "memory"),                    \
		       no_stack_protector, no_profile_instrument_function))
#else
#define CORE_ATTRS                                                                                 \
	__attribute__((no_sanitize("address,undefined,thread"), no_stack_protector,                \
		       no_profile_instrument_function, no_instrument_function))
#endif
#define CORE_INLINE inline __attribute__((always_inline)) CORE_ATTRS
#define CHILD       CORE_ATTRS __attribute__((noinline))
#define HIDDEN      __attribute__((visibility("hidden")))
#define PUBLIC      __attribute__((visibility("default")))

/* Keeps the compiler from making memset or memcpy of a loop: there is no libc. */
#define NOT_A_LIBC_CALL() __asm__ volatile("" ::: "memory")

/* gcc's atomics on arm64 would call into libgcc otherwise. */
#if defined(__aarch64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("no-outline-atomics")
#endif

#if defined(__x86_64__) && !defined(__ILP32__)
#include "sys_amd64.h"
#elif defined(__aarch64__)
#include "sys_arm64.h"
#elif defined(__riscv) && __riscv_xlen == 64
#include "sys_riscv64.h"
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__) && _CALL_ELF == 2
#include "sys_ppc64le.h"
#elif defined(__s390x__)
#include "sys_s390x.h"
#elif defined(__i386__)
#include "sys_386.h"
#elif defined(__arm__) && defined(__ARM_EABI__) && !defined(__thumb__) && !defined(__ARMEB__)
#include "sys_arm.h"
#else
#error "forkexec: no system call layer for this architecture"
#endif

/* errno values: the same on all architectures that we know. */
#define E_PERM      1
#define E_NOENT     2
#define E_SRCH      3
#define E_INTR      4
#define E_2BIG      7
#define E_NOEXEC    8
#define E_BADF      9
#define E_CHILD     10
#define E_AGAIN     11
#define E_NOMEM     12
#define E_ACCES     13
#define E_FAULT     14
#define E_BUSY      16
#define E_NODEV     19
#define E_NOTDIR    20
#define E_ISDIR     21
#define E_INVAL     22
#define E_NFILE     23
#define E_MFILE     24
#define E_NOTTY     25
#define E_TXTBSY    26
#define E_NOSPC     28
#define E_NAMETOOLONG 36
#define E_PIPE      32
#define E_NOSYS     38
#define E_LOOP      40
#define E_BADFD     77
#define E_OPNOTSUPP 95
#define E_TIMEDOUT  110

/* clone(2), linux/sched.h */
#define CLONE_NEWTIME        UINT64_C(0x00000080) /* clone3 and unshare only */
#define CLONE_VM             UINT64_C(0x00000100)
#define CLONE_FS             UINT64_C(0x00000200)
#define CLONE_FILES          UINT64_C(0x00000400)
#define CLONE_SIGHAND        UINT64_C(0x00000800)
#define CLONE_PIDFD          UINT64_C(0x00001000)
#define CLONE_PTRACE         UINT64_C(0x00002000)
#define CLONE_VFORK          UINT64_C(0x00004000)
#define CLONE_NEWNS          UINT64_C(0x00020000)
#define CLONE_SYSVSEM        UINT64_C(0x00040000)
#define CLONE_CHILD_CLEARTID UINT64_C(0x00200000)
#define CLONE_DETACHED       UINT64_C(0x00400000)
#define CLONE_UNTRACED       UINT64_C(0x00800000)
#define CLONE_NEWCGROUP      UINT64_C(0x02000000)
#define CLONE_NEWUTS         UINT64_C(0x04000000)
#define CLONE_NEWIPC         UINT64_C(0x08000000)
#define CLONE_NEWUSER        UINT64_C(0x10000000)
#define CLONE_NEWPID         UINT64_C(0x20000000)
#define CLONE_NEWNET         UINT64_C(0x40000000)
#define CLONE_IO             UINT64_C(0x80000000)
#define CLONE_CLEAR_SIGHAND  UINT64_C(0x100000000)
#define CLONE_INTO_CGROUP    UINT64_C(0x200000000)

#define AT_FDCWD         (-100)
#define O_RDONLY         0
#define O_WRONLY         1
#define O_RDWR           2
#define O_NOCTTY         0400
#define O_NONBLOCK       04000
#define O_CLOEXEC        02000000
#define O_PATH           010000000
#define RESOLVE_IN_ROOT  16
#define FD_CLOEXEC       1
#define F_GETFD          1
#define F_SETFD          2
#define F_DUPFD_CLOEXEC  1030
#define CLOSE_RANGE_UNSHARE 2
#define CLOSE_RANGE_CLOEXEC 4

#define SIG_SETMASK      2
#define SIGKILL          9
#define SIGCHLD          17
#define SIGSTOP          19
#define SIGNAL_BIT(n)    (UINT64_C(1) << ((n) - 1))
#define SIGNALS          64 /* 1 to 64; the kernel's mask is one 64-bit word */
#define SIGSET_BYTES     8
#define SIG_DFL_HANDLER  0
#define SIG_IGN_HANDLER  1

#define PR_SET_PDEATHSIG     1
#define PR_GET_DUMPABLE      3
#define PR_SET_DUMPABLE      4
#define PR_CAPBSET_READ      23
#define PR_GET_SECUREBITS    27
#define PR_SET_KEEPCAPS      8
#define PR_CAPBSET_DROP      24
#define PR_SET_SECUREBITS    28
#define PR_SET_NO_NEW_PRIVS  38
#define PR_CAP_AMBIENT       47
#define PR_CAP_AMBIENT_RAISE 2
#define PR_CAP_AMBIENT_CLEAR_ALL 4
#define PTRACE_TRACEME       0
#define CAPABILITY_VERSION_3 0x20080522
#define CAPS_AT_LEAST        37 /* Linux 3.5 */

#define TIOCSCTTY        0x540E
#ifdef ARCH_TIOCSPGRP
#define TIOCSPGRP ARCH_TIOCSPGRP
#else
#define TIOCSPGRP 0x5410
#endif
#define TIOCNOTTY        0x5422
#define TIOCGSID         0x5429
#define MS_REC           0x4000
#define MS_PRIVATE       0x40000
#define RLIMIT_CPU       0
#define RLIMIT_NOFILE    7
#define RLIMIT_RTTIME    15
#define SCHED_FLAG_DL_OVERRUN   4
#define IS_REAL_TIME(policy)    ((policy) == 1 || (policy) == 2 || (policy) == 6) /* FIFO, RR, DEADLINE */
#define SECCOMP_SET_MODE_FILTER 1
#define SECCOMP_NEW_LISTENER 8
#define SECCOMP_FLAGS_OF_A_FILTER 14 /* LOG, SPEC_ALLOW, NEW_LISTENER */
#define AT_EMPTY_PATH    0x1000

#define FUTEX_WAIT       0 /* not private: the waker at exec is another process */
#define FUTEX_WAKE       1
#define POLLIN           1
#define POLLNVAL         32
#define P_PID            1
#define P_PIDFD          3
#define CLD_EXITED       1
#define WNOHANG          1
#define WEXITED          4
#define WNOWAIT          0x01000000
#define CLOCK_REALTIME   0
#define CLOCK_MONOTONIC  1
#define PROT_RW          3
#define MAP_PRIVATE_ANON 0x22
#define MAP_SHARED_ANON  0x21

/*
 * On 32-bit machines that of the calls that are older than 2038's: all kernels have them,
 * and what we pass is short or since boot.
 */
typedef long sys_nsec;

struct sys_timespec {
	long sec;
	sys_nsec nsec;
};

struct sys_rlimit {
	uint64_t cur;
	uint64_t max;
};

struct sys_pollfd {
	int32_t fd;
	int16_t events;
	int16_t revents;
};

struct sys_sigaction { /* the kernel's, not libc's */
	uintptr_t handler;
	unsigned long flags;
	uintptr_t restorer; /* absent on some architectures: only ever zero here */
	uint32_t mask[2];
};

struct sys_siginfo { /* the head of a SIGCHLD siginfo_t, padded to its 128 bytes */
	int32_t signo, err, code;
#if UINTPTR_MAX == UINT64_MAX
	int32_t pad;
#endif
	int32_t pid;
	uint32_t uid;
	int32_t status;
	int32_t rest[26];
};

struct sys_clone_args { /* clone3(2) as of Linux 5.7 */
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	uint64_t set_tid, set_tid_size, cgroup;
};

struct sys_sock_fprog { /* struct sock_fprog of seccomp(2) */
	uint16_t len;
	const void *filter;
};

struct sys_open_how { /* openat2(2) */
	uint64_t flags, mode, resolve;
};

struct sys_statx { /* statx(2), up to what is asked for here */
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad;
	uint64_t ino, size, blocks, attributes_mask;
	uint64_t times[8];
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t rest[14];
};
_Static_assert(sizeof(struct sys_statx) == 256, "the kernel writes so much");
#define STATX_BASIC      0x7ff
#define AT_SYMLINK_NOFOLLOW 0x100
#define S_IFMT           0170000
#define S_IFSOCK         0140000
#define S_IFLNK          0120000
#define S_IFREG          0100000
#define S_IFBLK          0060000
#define S_IFDIR          0040000
#define S_IFCHR          0020000
#define S_IFIFO          0010000

struct sys_cap_header {
	uint32_t version;
	int32_t pid;
};

struct sys_cap_data {
	uint32_t effective, permitted, inheritable;
};

#ifdef FORKEXEC_TESTING
/* Returns nonzero, and the call's result in *ret, if call nr shall not happen. */
int forkexec_test_fault(long nr, long *ret);
#endif

static CORE_INLINE long sys_sure(long nr, long a, long b, long c, long d, long e)
{
	return arch_syscall(nr, a, b, c, d, e, 0);
}

static CORE_INLINE long sys_call(long nr, long a, long b, long c, long d, long e, long f)
{
#ifdef FORKEXEC_TESTING
	long ret;

	if (forkexec_test_fault(nr, &ret))
		return ret;
#endif
	return arch_syscall(nr, a, b, c, d, e, f);
}

#define SYS0(x)                sys_call(NR_##x, 0, 0, 0, 0, 0, 0)
#define SYS1(x, a)             sys_call(NR_##x, (long)(a), 0, 0, 0, 0, 0)
#define SYS2(x, a, b)          sys_call(NR_##x, (long)(a), (long)(b), 0, 0, 0, 0)
#define SYS3(x, a, b, c)       sys_call(NR_##x, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define SYS4(x, a, b, c, d)    sys_call(NR_##x, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define SYS5(x, a, b, c, d, e)                                                                     \
	sys_call(NR_##x, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

static CORE_INLINE long sys_read(int fd, void *p, size_t n) { return SYS3(read, fd, p, n); }
static CORE_INLINE long sys_write(int fd, const void *p, size_t n) { return SYS3(write, fd, p, n); }
static CORE_INLINE long sys_openat(const char *path, int flags)
{
	return SYS4(openat, AT_FDCWD, path, flags, 0);
}
/* What only explain*.c calls, after a failure. */
static CORE_INLINE long sys_open_below(int dir, const char *path, int flags)
{
	return SYS4(openat, dir, path, flags, 0);
}
static CORE_INLINE long sys_statx(int fd, const char *path, int flags, struct sys_statx *st)
{
	return SYS5(statx, fd, path, flags, STATX_BASIC, st);
}
static CORE_INLINE long sys_readlink(const char *path, char *to, size_t n)
{
	return SYS4(readlinkat, AT_FDCWD, path, to, n);
}
static CORE_INLINE long sys_lseek(int fd, long offset) { return SYS3(lseek, fd, offset, 0); }
static CORE_INLINE long sys_getgroups(size_t n, uint32_t *g) { return SYS2(getgroups, n, g); }

static CORE_INLINE long sys_pipe2(int32_t fds[2], int flags) { return SYS2(pipe2, fds, flags); }
static CORE_INLINE long sys_dup3(int from, int to, int flags) { return SYS3(dup3, from, to, flags); }
static CORE_INLINE long sys_fcntl(int fd, int cmd, long arg) { return SYS3(fcntl, fd, cmd, arg); }
static CORE_INLINE long sys_ioctl(int fd, unsigned long cmd, long arg)
{
	return SYS3(ioctl, fd, cmd, arg);
}
static CORE_INLINE long sys_getdents64(int fd, void *p, size_t n)
{
	return SYS3(getdents64, fd, p, n);
}
static CORE_INLINE long sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return SYS3(close_range, first, last, flags);
}
static CORE_INLINE long sys_prctl(int op, unsigned long a, unsigned long b)
{
	return SYS5(prctl, op, a, b, 0, 0);
}
static CORE_INLINE long sys_setsid(void) { return SYS0(setsid); }
static CORE_INLINE long sys_setpgid(int pid, int pgid) { return SYS2(setpgid, pid, pgid); }
static CORE_INLINE long sys_unshare(uint64_t flags) { return SYS1(unshare, flags); }
static CORE_INLINE long sys_mount(const char *src, const char *dst, unsigned long flags)
{
	return SYS5(mount, src, dst, 0, flags, 0);
}
static CORE_INLINE long sys_chroot(const char *path) { return SYS1(chroot, path); }
static CORE_INLINE long sys_chdir(const char *path) { return SYS1(chdir, path); }
static CORE_INLINE long sys_setgroups(size_t n, const uint32_t *g) { return SYS2(setgroups, n, g); }
static CORE_INLINE long sys_setgid(uint32_t gid) { return SYS1(setgid, gid); }
static CORE_INLINE long sys_setuid(uint32_t uid) { return SYS1(setuid, uid); }
static CORE_INLINE long sys_capget(struct sys_cap_header *h, struct sys_cap_data *d)
{
	return SYS2(capget, h, d);
}
static CORE_INLINE long sys_capset(struct sys_cap_header *h, const struct sys_cap_data *d)
{
	return SYS2(capset, h, d);
}
static CORE_INLINE long sys_getresuid(uint32_t ids[3])
{
	return SYS3(getresuid, &ids[0], &ids[1], &ids[2]);
}
static CORE_INLINE long sys_getresgid(uint32_t ids[3])
{
	return SYS3(getresgid, &ids[0], &ids[1], &ids[2]);
}
static CORE_INLINE long sys_ppoll(struct sys_pollfd *p, size_t n, const struct sys_timespec *t)
{
	return SYS5(ppoll, p, n, t, 0, SIGSET_BYTES);
}
static CORE_INLINE long sys_kill(int pid, int sig) { return SYS2(kill, pid, sig); }
static CORE_INLINE long sys_ptrace(long op) { return SYS4(ptrace, op, 0, 0, 0); }
static CORE_INLINE long sys_prlimit(int which, const struct sys_rlimit *set, struct sys_rlimit *get)
{
	return SYS4(prlimit64, 0, which, set, get);
}
static CORE_INLINE long sys_execve(const char *path, char *const *argv, char *const *envp)
{
	return SYS3(execve, path, argv, envp);
}
static CORE_INLINE long sys_rt_sigaction(int sig, const struct sys_sigaction *set,
					 struct sys_sigaction *get)
{
	return SYS4(rt_sigaction, sig, set, get, SIGSET_BYTES);
}
static CORE_INLINE long sys_rt_sigprocmask(int how, const uint64_t *set, uint64_t *get)
{
	return SYS4(rt_sigprocmask, how, set, get, SIGSET_BYTES);
}
static CORE_INLINE long sys_waitid(int type, int id, struct sys_siginfo *info, int options)
{
	return SYS5(waitid, type, id, info, options, 0);
}
static CORE_INLINE long sys_mmap(size_t n)
{
	return sys_call(NR_mmap, 0, (long)n, PROT_RW, MAP_PRIVATE_ANON, -1, 0);
}
static CORE_INLINE long sys_clone3(struct sys_clone_args *a, void (*fn)(void *), void *arg)
{
#ifdef FORKEXEC_TESTING
	long ret;

	if (forkexec_test_fault(NR_clone3, &ret))
		return ret;
#endif
	return arch_clone(NR_clone3, (long)a, (long)sizeof(*a), 0, 0, 0, fn, arg);
}
static CORE_INLINE long sys_clone(uint64_t flags, void *stack, int32_t *pidfd,
				  volatile uint32_t *child_tid, void (*fn)(void *), void *arg)
{
#ifdef FORKEXEC_TESTING
	long ret;

	if (forkexec_test_fault(NR_clone, &ret))
		return ret;
#endif
	return arch_clone(NR_clone,
			  ARCH_CLONE_ARGS((long)flags, (long)stack, (long)pidfd, (long)child_tid),
			  fn, arg);
}

/* For explain_path.c, which does without where it fails: no fault is injected. */
static CORE_INLINE long sys_openat2(int dir, const char *path, const struct sys_open_how *how)
{
	return sys_sure(NR_openat2, dir, (long)path, (long)how, sizeof(*how), 0);
}

/* Calls that cannot fail on what we pass, or that nobody could act on. */
static CORE_INLINE int sys_getpid(void) { return (int)sys_sure(NR_getpid, 0, 0, 0, 0, 0); }
static CORE_INLINE int sys_getppid(void) { return (int)sys_sure(NR_getppid, 0, 0, 0, 0, 0); }
static CORE_INLINE void sys_close(int fd) { (void)sys_sure(NR_close, fd, 0, 0, 0, 0); }
static CORE_INLINE void sys_restore_mask(const uint64_t *set)
{
	(void)sys_sure(NR_rt_sigprocmask, SIG_SETMASK, (long)set, 0, SIGSET_BYTES, 0);
}
static CORE_INLINE void sys_futex_wake(volatile uint32_t *word)
{
	(void)sys_sure(NR_futex, (long)word, FUTEX_WAKE, INT32_MAX, 0, 0);
}
static CORE_INLINE void sys_futex_wait(volatile uint32_t *word, uint32_t value,
				       const struct sys_timespec *timeout)
{
	(void)sys_sure(NR_futex, (long)word, FUTEX_WAIT, (long)value, (long)timeout, 0);
}
static CORE_INLINE void sys_munmap(void *p, size_t n)
{
	(void)sys_sure(NR_munmap, (long)p, (long)n, 0, 0, 0);
}
static CORE_INLINE void sys_monotonic(struct sys_timespec *ret)
{
	(void)sys_sure(NR_clock_gettime, CLOCK_MONOTONIC, (long)ret, 0, 0, 0);
}
static CORE_INLINE int64_t sys_clock_ns(int clock)
{
	struct sys_timespec t;

	t.sec = t.nsec = 0;
	(void)sys_sure(NR_clock_gettime, clock, (long)&t, 0, 0, 0);
	return (int64_t)t.sec * 1000000000 + t.nsec;
}
static CORE_INLINE int64_t sys_monotonic_ns(void) { return sys_clock_ns(CLOCK_MONOTONIC); }
static CORE_INLINE void sys_sleep_us(int us)
{
	struct sys_timespec t;

	t.sec = 0;
	t.nsec = (sys_nsec)us * 1000;
	(void)sys_sure(NR_nanosleep, (long)&t, 0, 0, 0, 0);
}
static CORE_INLINE void sys_sleep_ms(int ms) { sys_sleep_us(ms * 1000); }
static CORE_INLINE __attribute__((noreturn)) void sys_exit(int status)
{
	(void)sys_sure(NR_exit, status, 0, 0, 0, 0);
	(void)sys_sure(NR_exit_group, status, 0, 0, 0, 0); /* a filter forbids the other one */
	__builtin_trap(); /* or both: no mask keeps this signal off */
}

#include "sysattr.h"

#endif /* FORKEXEC_SYS_H */

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sys_arm64.h - system calls on AArch64. Included by sys.h only.
 *
 * Number in x8, arguments in x0 to x5, result in x0; the kernel keeps all other
 * registers.
 */
#define NR_dup3                   24
#define NR_fcntl                  25
#define NR_ioctl                  29
#define NR_ioprio_set             30
#define NR_mount                  40
#define NR_chdir                  49
#define NR_fchdir                 50
#define NR_chroot                 51
#define NR_openat                 56
#define NR_close                  57
#define NR_pipe2                  59
#define NR_getdents64             61
#define NR_lseek                  62
#define NR_read                   63
#define NR_write                  64
#define NR_ppoll                  73
#define NR_readlinkat             78
#define NR_capget                 90
#define NR_capset                 91
#define NR_exit                   93
#define NR_exit_group             94
#define NR_waitid                 95
#define NR_unshare                97
#define NR_futex                  98
#define NR_nanosleep              101
#define NR_clock_gettime          113
#define NR_ptrace                 117
#define NR_sched_setaffinity      122
#define NR_kill                   129
#define NR_rt_sigaction           134
#define NR_rt_sigprocmask         135
#define NR_setpriority            140
#define NR_setgid                 144
#define NR_setuid                 146
#define NR_getresuid              148
#define NR_getresgid              150
#define NR_setpgid                154
#define NR_setsid                 157
#define NR_getgroups              158
#define NR_setgroups              159
#define NR_umask                  166
#define NR_prctl                  167
#define NR_getpid                 172
#define NR_getppid                173
#define NR_munmap                 215
#define NR_clone                  220
#define NR_execve                 221
#define NR_mmap                   222
#define NR_prlimit64              261
#define NR_setns                  268
#define NR_sched_setattr          274
#define NR_seccomp                277
#define NR_execveat               281
#define NR_statx                  291
#define NR_clone3                 435
#define NR_close_range            436
#define NR_openat2                437
#define NR_landlock_restrict_self 446

static CORE_INLINE long arch_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

/*
 * clone or clone3 onto a new stack. The child knows nothing but registers: it
 * calls fn(arg), which never returns. A frame pointer and return address of zero
 * end a debugger's backtrace.
 */
static CORE_INLINE long arch_clone(long nr, long a, long b, long c, long d, long e,
				   void (*fn)(void *), void *arg)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register void (*x9)(void *) __asm__("x9") = fn;
	register void *x10 __asm__("x10") = arg;

	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x30, xzr\n\t"
			 "mov x0, x10\n\t"
			 "blr x9\n\t"
			 "brk #0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x9), "r"(x10)
			 : "memory", "cc");
	return x0;
}

/* clone(2)'s last two arguments have a different order on each architecture. */
#define ARCH_CLONE_ARGS(flags, stack, ptid, ctid) (flags), (stack), (ptid), 0, (ctid)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sys_amd64.h - system calls on x86-64. Included by sys.h only.
 *
 * Number in rax, arguments in rdi rsi rdx r10 r8 r9, result in rax; the kernel
 * overwrites rcx and r11 and keeps all other registers.
 */
#define NR_read                   0
#define NR_write                  1
#define NR_close                  3
#define NR_lseek                  8
#define NR_mmap                   9
#define NR_munmap                 11
#define NR_rt_sigaction           13
#define NR_rt_sigprocmask         14
#define NR_ioctl                  16
#define NR_nanosleep              35
#define NR_getpid                 39
#define NR_clone                  56
#define NR_execve                 59
#define NR_exit                   60
#define NR_kill                   62
#define NR_fcntl                  72
#define NR_chdir                  80
#define NR_fchdir                 81
#define NR_umask                  95
#define NR_ptrace                 101
#define NR_setuid                 105
#define NR_setgid                 106
#define NR_setpgid                109
#define NR_getppid                110
#define NR_setsid                 112
#define NR_getgroups              115
#define NR_setgroups              116
#define NR_getresuid              118
#define NR_getresgid              120
#define NR_capget                 125
#define NR_capset                 126
#define NR_personality            135
#define NR_setpriority            141
#define NR_prctl                  157
#define NR_chroot                 161
#define NR_mount                  165
#define NR_futex                  202
#define NR_sched_setaffinity      203
#define NR_getdents64             217
#define NR_clock_gettime          228
#define NR_exit_group             231
#define NR_waitid                 247
#define NR_keyctl                 250
#define NR_ioprio_set             251
#define NR_openat                 257
#define NR_readlinkat             267
#define NR_ppoll                  271
#define NR_unshare                272
#define NR_dup3                   292
#define NR_pipe2                  293
#define NR_prlimit64              302
#define NR_setns                  308
#define NR_sched_setattr          314
#define NR_seccomp                317
#define NR_execveat               322
#define NR_statx                  332
#define NR_clone3                 435
#define NR_close_range            436
#define NR_openat2                437
#define NR_landlock_restrict_self 446

static CORE_INLINE long arch_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

/*
 * clone or clone3 onto a new stack. The child knows nothing but registers: it
 * calls fn(arg), which never returns. Its stack pointer is 16-aligned here, so
 * that fn is entered as the ABI wants it.
 */
static CORE_INLINE long arch_clone(long nr, long a, long b, long c, long d, long e,
				   void (*fn)(void *), void *arg)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register void (*r9)(void *) __asm__("r9") = fn;
	register void *r12 __asm__("r12") = arg;
	long ret;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r12, %%rdi\n\t"
			 "call *%%r9\n\t"
			 "ud2\n"
			 "1:"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9), "r"(r12)
			 : "rcx", "r11", "memory", "cc");
	return ret;
}

/* clone(2)'s last two arguments have a different order on each architecture. */
#define ARCH_CLONE_ARGS(flags, stack, ptid, ctid) (flags), (stack), (ptid), (ctid), 0

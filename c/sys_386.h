/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sys_386.h - system calls on 32-bit x86. Included by sys.h only.
 *
 * Number in eax, arguments in ebx ecx edx esi edi ebp, result in eax; the kernel keeps
 * all other registers. The sixth argument, ebp, is always 0 for the calls made here. The
 * numbers are those of the forms with 32-bit IDs, and of mmap2.
 */
#define NR_exit                   1
#define NR_read                   3
#define NR_write                  4
#define NR_close                  6
#define NR_execve                 11
#define NR_chdir                  12
#define NR_lseek                  19
#define NR_getpid                 20
#define NR_mount                  21
#define NR_ptrace                 26
#define NR_kill                   37
#define NR_ioctl                  54
#define NR_setpgid                57
#define NR_umask                  60
#define NR_chroot                 61
#define NR_getppid                64
#define NR_setsid                 66
#define NR_munmap                 91
#define NR_setpriority            97
#define NR_clone                  120
#define NR_fchdir                 133
#define NR_personality            136
#define NR_nanosleep              162
#define NR_prctl                  172
#define NR_rt_sigaction           174
#define NR_rt_sigprocmask         175
#define NR_capget                 184
#define NR_capset                 185
#define NR_mmap                   192
#define NR_getgroups              205
#define NR_setgroups              206
#define NR_getresuid              209
#define NR_getresgid              211
#define NR_setuid                 213
#define NR_setgid                 214
#define NR_getdents64             220
#define NR_fcntl                  221
#define NR_futex                  240
#define NR_sched_setaffinity      241
#define NR_exit_group             252
#define NR_clock_gettime          265
#define NR_waitid                 284
#define NR_keyctl                 288
#define NR_ioprio_set             289
#define NR_openat                 295
#define NR_readlinkat             305
#define NR_ppoll                  309
#define NR_unshare                310
#define NR_dup3                   330
#define NR_pipe2                  331
#define NR_prlimit64              340
#define NR_setns                  346
#define NR_sched_setattr          351
#define NR_seccomp                354
#define NR_execveat               358
#define NR_statx                  383
#define NR_clone3                 435
#define NR_close_range            436
#define NR_openat2                437
#define NR_landlock_restrict_self 446

static CORE_INLINE long arch_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	long ret;

	(void)f;
	__asm__ volatile("push %%ebp\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "int $0x80\n\t"
			 "pop %%ebp"
			 : "=a"(ret)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory", "cc");
	return ret;
}

/*
 * clone or clone3 onto a new stack. The child knows nothing but registers, and all of
 * them are arguments; but the fourth, for TLS, is never asked for here, so it carries
 * arg. fn cannot be carried: it is forkexec_child_main, always. The stack is made so that
 * forkexec_child_main is entered as the ABI wants it.
 */
static CORE_INLINE long arch_clone(long nr, long a, long b, long c, long d, long e,
				   void (*fn)(void *), void *arg)
{
	long ret;

	(void)d;
	(void)fn;
	__asm__ volatile("int $0x80\n\t"
			 "test %%eax, %%eax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "sub $12, %%esp\n\t"
			 "push %%esi\n\t"
			 "call forkexec_child_main\n\t"
			 "ud2\n"
			 "1:"
			 : "=a"(ret)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(arg), "D"(e)
			 : "memory", "cc");
	return ret;
}

/* clone(2)'s last two arguments have a different order on each architecture. */
#define ARCH_CLONE_ARGS(flags, stack, ptid, ctid) (flags), (stack), (ptid), 0, (ctid)

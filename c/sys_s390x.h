/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sys_s390x.h - system calls on IBM Z. Included by sys.h only.
 *
 * Number in r1, arguments in r2 to r7, result in r2; the kernel keeps all other
 * registers.
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
#define NR_fcntl                  55
#define NR_setpgid                57
#define NR_umask                  60
#define NR_chroot                 61
#define NR_getppid                64
#define NR_setsid                 66
#define NR_mmap                   90
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
#define NR_getgroups              205
#define NR_setgroups              206
#define NR_getresuid              209
#define NR_getresgid              211
#define NR_setuid                 213
#define NR_setgid                 214
#define NR_getdents64             220
#define NR_futex                  238
#define NR_sched_setaffinity      239
#define NR_exit_group             248
#define NR_clock_gettime          260
#define NR_keyctl                 280
#define NR_waitid                 281
#define NR_ioprio_set             282
#define NR_openat                 288
#define NR_readlinkat             298
#define NR_ppoll                  302
#define NR_unshare                303
#define NR_pipe2                  325
#define NR_dup3                   326
#define NR_prlimit64              334
#define NR_setns                  339
#define NR_sched_setattr          345
#define NR_seccomp                348
#define NR_execveat               354
#define NR_statx                  379
#define NR_clone3                 435
#define NR_close_range            436
#define NR_openat2                437
#define NR_landlock_restrict_self 446

static CORE_INLINE long arch_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	long all[6] = {a, b, c, d, e, f};
	int in_memory = nr == NR_mmap; /* alone takes the address of its arguments */
	register long r1 __asm__("r1") = nr;
	register long r2 __asm__("r2") = in_memory ? (long)all : a;
	register long r3 __asm__("r3") = b;
	register long r4 __asm__("r4") = c;
	register long r5 __asm__("r5") = d;
	register long r6 __asm__("r6") = e;
	register long r7 __asm__("r7") = f;

	__asm__ volatile("svc 0"
			 : "+d"(r2)
			 : "d"(r1), "d"(r3), "d"(r4), "d"(r5), "d"(r6), "d"(r7)
			 : "memory", "cc");
	return r2;
}

/*
 * clone or clone3 onto a new stack. The child knows nothing but registers: it
 * calls fn(arg), which never returns. The first 160 bytes of its stack are the save
 * area that the ABI owes fn.
 */
static CORE_INLINE long arch_clone(long nr, long a, long b, long c, long d, long e,
				   void (*fn)(void *), void *arg)
{
	register long r1 __asm__("r1") = nr;
	register long r2 __asm__("r2") = a;
	register long r3 __asm__("r3") = b;
	register long r4 __asm__("r4") = c;
	register long r5 __asm__("r5") = d;
	register long r6 __asm__("r6") = e;
	register void (*r8)(void *) __asm__("r8") = fn;
	register void *r9 __asm__("r9") = arg;

	__asm__ volatile("svc 0\n\t"
			 "ltgr %%r2, %%r2\n\t"
			 "jne 1f\n\t"
			 "aghi %%r15, -160\n\t"
			 "xc 0(8,%%r15), 0(%%r15)\n\t"
			 "lgr %%r2, %%r9\n\t"
			 "basr %%r14, %%r8\n\t"
			 "j .+2\n"
			 "1:"
			 : "+d"(r2)
			 : "d"(r1), "d"(r3), "d"(r4), "d"(r5), "d"(r6), "a"(r8), "a"(r9)
			 : "r14", "memory", "cc");
	return r2;
}

/* clone(2) takes the stack first here. */
#define ARCH_CLONE_ARGS(flags, stack, ptid, ctid) (stack), (flags), (ptid), (ctid), 0

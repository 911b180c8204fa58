/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sys_arm.h - system calls on 32-bit ARM, EABI. Included by sys.h only.
 *
 * Number in r7, arguments in r0 to r5, result in r0; the kernel keeps all other
 * registers. The numbers are those of the forms with 32-bit IDs, and of mmap2. Not for
 * Thumb, where r7 is the frame pointer.
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
#define NR_getdents64             217
#define NR_fcntl                  221
#define NR_futex                  240
#define NR_sched_setaffinity      241
#define NR_exit_group             248
#define NR_clock_gettime          263
#define NR_waitid                 280
#define NR_keyctl                 311
#define NR_ioprio_set             314
#define NR_openat                 322
#define NR_readlinkat             332
#define NR_ppoll                  336
#define NR_unshare                337
#define NR_dup3                   358
#define NR_pipe2                  359
#define NR_prlimit64              369
#define NR_setns                  375
#define NR_sched_setattr          380
#define NR_seccomp                383
#define NR_execveat               387
#define NR_statx                  397
#define NR_clone3                 435
#define NR_close_range            436
#define NR_openat2                437
#define NR_landlock_restrict_self 446

static CORE_INLINE long arch_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r7 __asm__("r7") = nr;
	register long r0 __asm__("r0") = a;
	register long r1 __asm__("r1") = b;
	register long r2 __asm__("r2") = c;
	register long r3 __asm__("r3") = d;
	register long r4 __asm__("r4") = e;
	register long r5 __asm__("r5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(r0)
			 : "r"(r7), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5)
			 : "memory");
	return r0;
}

/*
 * clone or clone3 onto a new stack. The child knows nothing but registers: it
 * calls fn(arg), which never returns. A frame pointer and return address of zero
 * end a debugger's backtrace.
 */
static CORE_INLINE long arch_clone(long nr, long a, long b, long c, long d, long e,
				   void (*fn)(void *), void *arg)
{
	register long r7 __asm__("r7") = nr;
	register long r0 __asm__("r0") = a;
	register long r1 __asm__("r1") = b;
	register long r2 __asm__("r2") = c;
	register long r3 __asm__("r3") = d;
	register long r4 __asm__("r4") = e;
	register void (*r5)(void *) __asm__("r5") = fn;
	register void *r6 __asm__("r6") = arg;

	__asm__ volatile("svc #0\n\t"
			 "cmp r0, #0\n\t"
			 "bne 1f\n\t"
			 "mov r11, #0\n\t"
			 "mov r0, r6\n\t"
			 "mov lr, pc\n\t"
			 "bx r5\n\t"
			 "udf #0\n"
			 "1:"
			 : "+r"(r0)
			 : "r"(r7), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5), "r"(r6)
			 : "memory", "cc");
	return r0;
}

/* clone(2)'s last two arguments have a different order on each architecture. */
#define ARCH_CLONE_ARGS(flags, stack, ptid, ctid) (flags), (stack), (ptid), 0, (ctid)

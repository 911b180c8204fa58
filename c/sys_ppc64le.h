/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sys_ppc64le.h - system calls on 64-bit POWER, little endian. Included by sys.h only.
 *
 * Number in r0, arguments in r3 to r8, result in r3; an error sets the summary
 * overflow bit of cr0 and gives its positive number. The kernel may overwrite r0, r3
 * to r12, ctr, xer and cr0.
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
#define NR_setuid                 23
#define NR_ptrace                 26
#define NR_kill                   37
#define NR_setgid                 46
#define NR_ioctl                  54
#define NR_fcntl                  55
#define NR_setpgid                57
#define NR_umask                  60
#define NR_chroot                 61
#define NR_getppid                64
#define NR_setsid                 66
#define NR_getgroups              80
#define NR_setgroups              81
#define NR_mmap                   90
#define NR_munmap                 91
#define NR_setpriority            97
#define NR_clone                  120
#define NR_fchdir                 133
#define NR_personality            136
#define NR_nanosleep              162
#define NR_getresuid              165
#define NR_getresgid              170
#define NR_prctl                  171
#define NR_rt_sigaction           173
#define NR_rt_sigprocmask         174
#define NR_capget                 183
#define NR_capset                 184
#define NR_getdents64             202
#define NR_futex                  221
#define NR_sched_setaffinity      222
#define NR_exit_group             234
#define NR_clock_gettime          246
#define NR_keyctl                 271
#define NR_waitid                 272
#define NR_ioprio_set             273
#define NR_ppoll                  281
#define NR_unshare                282
#define NR_openat                 286
#define NR_readlinkat             296
#define NR_dup3                   316
#define NR_pipe2                  317
#define NR_prlimit64              325
#define NR_setns                  350
#define NR_sched_setattr          355
#define NR_seccomp                358
#define NR_execveat               362
#define NR_statx                  383
#define NR_clone3                 435
#define NR_close_range            436
#define NR_openat2                437
#define NR_landlock_restrict_self 446

/* The numbers of the terminal's ioctls are its own here. */
#define ARCH_TIOCSPGRP 0x80047476ul

static CORE_INLINE long arch_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r0 __asm__("r0") = nr;
	register long r3 __asm__("r3") = a;
	register long r4 __asm__("r4") = b;
	register long r5 __asm__("r5") = c;
	register long r6 __asm__("r6") = d;
	register long r7 __asm__("r7") = e;
	register long r8 __asm__("r8") = f;

	__asm__ volatile("sc\n\t"
			 "bns+ 1f\n\t"
			 "neg 3, 3\n"
			 "1:"
			 : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7), "+r"(r8)
			 :
			 : "r9", "r10", "r11", "r12", "cr0", "ctr", "xer", "memory");
	return r3;
}

/*
 * clone or clone3 onto a new stack. The child knows nothing but registers that the
 * kernel keeps: it calls fn(arg), which never returns, by its global entry, which wants
 * its own address in r12. The stack's first 96 bytes are the frame that the ABI owes fn.
 */
static CORE_INLINE long arch_clone(long nr, long a, long b, long c, long d, long e,
				   void (*fn)(void *), void *arg)
{
	register long r0 __asm__("r0") = nr;
	register long r3 __asm__("r3") = a;
	register long r4 __asm__("r4") = b;
	register long r5 __asm__("r5") = c;
	register long r6 __asm__("r6") = d;
	register long r7 __asm__("r7") = e;
	register void (*r28)(void *) __asm__("r28") = fn;
	register void *r29 __asm__("r29") = arg;

	__asm__ volatile("sc\n\t"
			 "bns+ 1f\n\t"
			 "neg 3, 3\n\t"
			 "b 2f\n"
			 "1:\n\t"
			 "cmpdi 0, 3, 0\n\t"
			 "bne 0, 2f\n\t"
			 "li 0, 0\n\t"
			 "addi 1, 1, -96\n\t"
			 "std 0, 0(1)\n\t"
			 "mtlr 0\n\t"
			 "mr 3, 29\n\t"
			 "mr 12, 28\n\t"
			 "mtctr 12\n\t"
			 "bctrl\n\t"
			 "trap\n"
			 "2:"
			 : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7)
			 : "r"(r28), "r"(r29)
			 : "r8", "r9", "r10", "r11", "r12", "cr0", "ctr", "lr", "xer", "memory");
	return r3;
}

/* clone(2)'s last two arguments have a different order on each architecture. */
#define ARCH_CLONE_ARGS(flags, stack, ptid, ctid) (flags), (stack), (ptid), 0, (ctid)

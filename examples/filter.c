/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * filter: writes a seccomp filter to standard output, for forkexec --seccomp or bwrap --seccomp.
 * It answers EPERM to mount(2), ptrace(2) and the loading of modules, kills what calls the
 * kernel as another architecture, whose numbers mean something else, and allows the rest.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>

/* struct sock_filter of <linux/filter.h>, and what is needed of <linux/seccomp.h>. */
struct instruction {
	uint16_t code;
	uint8_t if_true, if_false;
	uint32_t k;
};

enum { LOAD = 0x20, JUMP_IF_EQUAL = 0x15, RETURN = 0x06 };
enum { NUMBER = 0, ARCHITECTURE = 4 }; /* in struct seccomp_data */

#define KILL   UINT32_C(0x80000000)
#define REFUSE (UINT32_C(0x00050000) | EPERM)
#define ALLOW  UINT32_C(0x7fff0000)

#if defined __x86_64__
#define US UINT32_C(0xc000003e) /* AUDIT_ARCH_X86_64 of <linux/audit.h> */
#elif defined __aarch64__
#define US UINT32_C(0xc00000b7)
#elif defined __riscv
#define US UINT32_C(0xc00000f3)
#elif defined __i386__
#define US UINT32_C(0x40000003)
#elif defined __arm__
#define US UINT32_C(0x40000028)
#elif defined __powerpc64__
#define US UINT32_C(0xc0000015)
#elif defined __s390x__
#define US UINT32_C(0x80000016)
#endif

int main(void)
{
	const struct instruction filter[] = {
		{LOAD, 0, 0, ARCHITECTURE},
		{JUMP_IF_EQUAL, 1, 0, US},
		{RETURN, 0, 0, KILL},
		{LOAD, 0, 0, NUMBER},
		{JUMP_IF_EQUAL, 4, 0, SYS_mount},
		{JUMP_IF_EQUAL, 3, 0, SYS_ptrace},
		{JUMP_IF_EQUAL, 2, 0, SYS_init_module},
		{JUMP_IF_EQUAL, 1, 0, SYS_finit_module},
		{RETURN, 0, 0, ALLOW},
		{RETURN, 0, 0, REFUSE},
	};
	const size_t n = sizeof(filter) / sizeof(filter[0]);

	return fwrite(filter, sizeof(filter[0]), n, stdout) != n || fflush(stdout) != 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_explain_bad.c - forkexec_explain() of requests with pointers that lead nowhere, and of filters
 * that are no programs. test_explain.c has the rest.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <string.h>
#include <unistd.h>

#include "explaining.h"

/* A pointer that the kernel has found bad is not followed. */
static void test_bad_pointers(void **test_state)
{
	char *const bad = (char *)0x10, *argv[] = {"x", bad, NULL};
	struct forkexec_open file = {.path = bad, .fd = 5};
	struct forkexec_request r;

	(void)test_state;
#define BAD(STEP, fields, text)                                                                    \
	do {                                                                                       \
		nothing(&r, "/bin/true");                                                          \
		fields;                                                                            \
		failure(&r, FORKEXEC_STEP_##STEP, 14);                                             \
		assert_says(text);                                                                 \
	} while (0)
	BAD(EXECVE, r.path = bad, "execve: EFAULT. path, argv or envp, or a pointer in these, leads nowhere");
	BAD(EXECVE, r.argv = (char **)bad, "leads nowhere");
	BAD(EXECVE, r.argv = argv, "leads nowhere");
	BAD(EXECVE, r.envp = argv, "leads nowhere");
	BAD(CHDIR, r.dir = bad, "chdir: EFAULT. The pointer dir leads nowhere.");
	BAD(CHROOT, r.chroot = bad, "The pointer chroot leads nowhere.");
	BAD(OPEN, (r.opens = &file, r.n_opens = 1), "A path in opens leads nowhere.");
	BAD(AFFINITY, (r.cpus = (uint64_t *)bad, r.n_cpus = 1), "The list cpus leads nowhere");
	BAD(SESSION_KEYRING, (r.session_keyring = bad, r.flags = FORKEXEC_SESSION_KEYRING),
	    "The pointer session_keyring leads nowhere.");
	BAD(SECCOMP, (r.seccomp = bad, r.n_seccomp = 1, r.flags = FORKEXEC_NO_NEW_PRIVS),
	    "The list seccomp leads nowhere");
	if (geteuid() == 0)
		BAD(SETGROUPS, (r.groups = (uint32_t *)bad, r.n_groups = 1, r.flags = FORKEXEC_CREDENTIAL),
		    "The list groups leads nowhere");
#undef BAD
}

/* A relative path is looked for where the child is, or not at all. */
static void test_elsewhere(void **test_state)
{
	struct forkexec_namespace mounts = {.type = 0x20000};
	const struct forkexec_result missing = {.step = FORKEXEC_STEP_EXECVE, .err = 2};
	struct forkexec_request r;

	(void)test_state;
	nothing(&r, "./passwd");
	r.flags = FORKEXEC_DIR_FD;
	r.dir_fd = open("/etc", O_RDONLY | O_DIRECTORY);
	assert_true(r.dir_fd >= 0);
	failure(&r, FORKEXEC_STEP_EXECVE, 13);
	assert_says("The program /etc/./passwd has no x bit");
	r.dir = "passwd";
	failure(&r, FORKEXEC_STEP_CHDIR, 20);
	assert_says("/etc/passwd is a regular file, not a directory");
	r.dir = NULL;
	r.chroot = "/";
	explain(&r, &missing, 0);
	assert_says("The program does not exist where the child looks for it");
	close(r.dir_fd);
	nothing(&r, "/nowhere/x");
	r.namespaces = &mounts;
	r.n_namespaces = 1;
	explain(&r, &missing, 0);
	assert_says("The program does not exist where the child looks for it");
}

/* What the request shows of a filter that the kernel does not take. */
static void test_filter(void **test_state)
{
	const struct sock_filter ret = {0x06, 0, 0, 0x7fff0000};
	struct sock_filter f[3] = {ret, ret, ret};
	struct forkexec_request r;
	const struct forkexec_result result = {.step = FORKEXEC_STEP_SECCOMP, .err = 22, .detail = 4};
	static const struct {
		struct sock_filter f;
		const char *text;
	} cases[] = {
		{{0xffff, 0, 0, 0}, "code 0xffff, is none that a filter may have"},
		{{0x28, 0, 0, 0}, "code 0x28, is none that a filter may have"},
		{{0x94, 0, 0, 1}, "code 0x94, is none that a filter may have"},
		{{0x20, 0, 0, 64}, "loads from beyond struct seccomp_data"},
		{{0x20, 0, 0, 3}, "no whole word of it"},
		{{0x34, 0, 0, 0}, "divides by 0"},
		{{0x64, 0, 0, 32}, "shifts by more than 31 bits"},
		{{0x61, 0, 0, 16}, "scratch memory beyond the 16 words"},
		{{0x05, 0, 0, 1}, "jumps beyond the last one"},
		{{0x15, 1, 0, 0}, "jumps beyond the last one"},
	};
	size_t i;

	(void)test_state;
	nothing(&r, "/bin/true");
	r.flags = FORKEXEC_NO_NEW_PRIVS;
	r.seccomp = f;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		r.n_seccomp = 3;
		f[1] = cases[i].f;
		failure(&r, FORKEXEC_STEP_SECCOMP, 22);
		assert_says("seccomp flags 0x0: EINVAL. Instruction 2 of 3 in seccomp");
		assert_says(cases[i].text);
	}
	f[1] = (struct sock_filter){0x20, 0, 0, 0};
	r.n_seccomp = 2;
	failure(&r, FORKEXEC_STEP_SECCOMP, 22);
	assert_says("Instruction 2 of 2 in seccomp, of code 0x20, is the last one, and does not return");
	r.n_seccomp = 0;
	failure(&r, FORKEXEC_STEP_SECCOMP, 22);
	assert_says("seccomp is empty: a filter has at least one instruction");
	r.n_seccomp = 1;
	r.seccomp_flags = 4;
	explain(&r, &result, 0);
	assert_says("seccomp flags 0x4: EINVAL. No instruction of seccomp is wrong by itself");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_pointers),
		cmocka_unit_test(test_elsewhere),
		cmocka_unit_test(test_filter),
	};
	int status = probe_main(argc, argv);

	if (status >= 0)
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does bad input come back as an error with its step, or start a child that can be
 * waited for, and never anything else? Limits of the kernel, one below and one above;
 * negative descriptors; each flag of clone. What is random is tests/fuzz's question.
 */
#include "support.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *const argv[] = {(char *)(uintptr_t) "probe:true", NULL};
static struct snapshot before;

static struct forkexec_result run(struct forkexec_request *r)
{
	struct forkexec_state state;
	struct forkexec_result ret;
	int err, status;

	memset(&state, 0, sizeof(state));
	memset(&ret, 0x55, sizeof(ret));
	snapshot_take(&before);
	err = forkexec_run(r, &ret, &state);
	assert_int_equal(err, -ret.err);
	if (err) {
		assert_int_equal(ret.pid, 0);
		assert_true(ret.step != FORKEXEC_STEP_NONE);
	} else {
		assert_true(ret.pid > 0);
		status = reap(ret.pid);
		assert_true(!status || WIFSIGNALED(status));
	}
	assert_true(no_children());
	assert_null(snapshot_differs(&before));
	return ret;
}

static void expect(struct forkexec_request *r, uint32_t step, int err, int64_t detail)
{
	struct forkexec_result ret = run(r);

	assert_string_equal(step_text(ret.step), step_text(step));
	assert_int_equal(ret.err, err);
	assert_int_equal(ret.detail, detail);
}

static void test_groups(void **test_state)
{
	uint32_t *groups = calloc(65537, sizeof(*groups)), i;
	struct forkexec_request r;

	(void)test_state;
	assert_non_null(groups);
	for (i = 0; i < 65537; i++)
		groups[i] = 1000 + i;
	request_init(&r, argv);
	r.flags = FORKEXEC_CREDENTIAL;
	r.uid = geteuid();
	r.gid = getegid();
	r.groups = groups;
	for (i = 65536; i <= 65537; i++) {
		r.n_groups = i;
		if (geteuid())
			expect(&r, FORKEXEC_STEP_SETGROUPS, EPERM, i);
		else if (i == 65536)
			expect(&r, FORKEXEC_STEP_NONE, 0, 0);
		else
			expect(&r, FORKEXEC_STEP_SETGROUPS, EINVAL, i);
	}
	/* Refused without a look at them. */
	r.n_groups = UINT32_MAX;
	expect(&r, FORKEXEC_STEP_SETGROUPS, geteuid() ? EPERM : EINVAL, UINT32_MAX);
	free(groups);
}

static void id_maps(uint64_t clone_flags, uint64_t unshare_flags)
{
	static const uint32_t counts[] = {341, 10000, 0};
	struct forkexec_id_map *map = calloc(10000, sizeof(*map));
	struct forkexec_request r;
	struct forkexec_result ret;
	const char *hint;
	size_t i;

	assert_non_null(map);
	for (i = 0; i < 10000; i++)
		map[i] = (struct forkexec_id_map){(int64_t)i, (int64_t)i, 1};
	request_init(&r, argv);
	r.flags = FORKEXEC_UID_MAP;
	r.clone_flags = clone_flags;
	r.unshare_flags = unshare_flags;
	r.uid_map = map;
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		r.n_uid_map = counts[i];
		ret = run(&r);
		if (ret.step == FORKEXEC_STEP_CLONE || ret.step == FORKEXEC_STEP_UNSHARE) {
			free(map);
			skip(); /* user namespaces are not allowed */
		}
		assert_int_equal(ret.step, FORKEXEC_STEP_UID_MAP);
		assert_int_equal(ret.err, EINVAL);
		assert_int_equal(ret.detail, counts[i]);
		hint = forkexec_hint(ret.step, ret.err);
		assert_non_null(hint);
		assert_non_null(strstr(hint, "340"));
	}
	/* A map and the same ID twice, and one line that is none. */
	map[1] = map[0];
	r.n_uid_map = 2;
	assert_int_equal(run(&r).step, FORKEXEC_STEP_UID_MAP);
	map[0] = (struct forkexec_id_map){INT64_MIN, INT64_MIN, INT64_MIN};
	r.n_uid_map = 1;
	assert_int_equal(run(&r).step, FORKEXEC_STEP_UID_MAP);
	free(map);
}

static void test_maps_by_clone(void **test_state)
{
	(void)test_state;
	id_maps(CLONE_NEWUSER, 0);
}

static void test_maps_by_unshare(void **test_state)
{
	(void)test_state;
	id_maps(0, CLONE_NEWUSER);
}

static void test_negative_descriptors(void **test_state)
{
	static const int32_t bad[] = {-1, -2, -100, INT32_MIN};
	struct forkexec_request r;
	int32_t fds[4] = {0, 1, 2, 0};
	size_t i;

	(void)test_state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		request_init(&r, argv);
		fds[3] = bad[i];
		r.fds = fds;
		r.n_fds = 4;
		if (bad[i] == -1) /* closes it */
			expect(&r, FORKEXEC_STEP_NONE, 0, 0);
		else
			expect(&r, FORKEXEC_STEP_FD_DUP, EBADF, 3);

		request_init(&r, argv);
		r.flags = FORKEXEC_SETSID | FORKEXEC_SETCTTY;
		r.ctty = bad[i];
		expect(&r, FORKEXEC_STEP_SETCTTY, EBADF, bad[i]);
		r.flags = FORKEXEC_FOREGROUND;
		expect(&r, FORKEXEC_STEP_FOREGROUND, EBADF, bad[i]);

		request_init(&r, argv);
		r.flags = FORKEXEC_CGROUP_FD;
		r.cgroup_fd = bad[i];
		assert_int_equal(run(&r).step, FORKEXEC_STEP_CLONE);
	}
}

/* A bit that means nothing here is refused, or harmless: the child runs. */
static void test_clone_flags(void **test_state)
{
	const uint64_t harmless = CLONE_VFORK | CLONE_PTRACE | CLONE_UNTRACED | CLONE_DETACHED |
				  CLONE_IO | CLONE_SYSVSEM | CLONE_PIDFD | UINT64_C(0x100000000);
	const uint64_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
				    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | 0x80;
	struct forkexec_request r;
	struct forkexec_result ret;
	unsigned i;

	(void)test_state;
	for (i = 0; i < 64; i++) {
		request_init(&r, argv);
		r.clone_flags = UINT64_C(1) << i;
		ret = run(&r);
		if (r.clone_flags & namespaces)
			assert_true(!ret.err || ret.step == FORKEXEC_STEP_CLONE);
		else if (r.clone_flags & harmless)
			assert_int_equal(ret.err, 0);
		else
			assert_int_equal(ret.step, FORKEXEC_STEP_CLONE);
		if (ret.err && !(r.clone_flags & namespaces)) {
			assert_int_equal(ret.err, EINVAL);
			assert_int_equal(ret.detail, r.clone_flags);
		}
		/* With all the others, one of which is refused. */
		r.clone_flags = ~r.clone_flags;
		assert_int_equal(run(&r).step, FORKEXEC_STEP_CLONE);
	}
}

/*
 * Each flag is the kernel's to refuse, but for those above 32 bits. What it takes goes on to
 * the execve, which finds no program in UNSHARE_EMPTY_MNTNS's namespace (Linux 7.3).
 */
static void test_unshare_flags(void **test_state)
{
	const uint64_t empty_mntns = 0x00100000;
	struct forkexec_request r;
	struct forkexec_result ret;
	unsigned i;

	(void)test_state;
	for (i = 0; i < 64; i++) {
		request_init(&r, argv);
		r.unshare_flags = UINT64_C(1) << i;
		ret = run(&r);
		if (r.unshare_flags == empty_mntns && ret.step == FORKEXEC_STEP_EXECVE) {
			assert_int_equal(ret.err, ENOENT);
		} else if (ret.err && ret.step != FORKEXEC_STEP_MOUNT_PRIVATE) {
			assert_int_equal(ret.step, FORKEXEC_STEP_UNSHARE);
			assert_int_equal(ret.detail, r.unshare_flags);
		}
		if (i >= 32)
			assert_int_equal(ret.err, EINVAL);
	}
}

int main(int argc, char **argv_)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_maps_by_clone),
		cmocka_unit_test(test_maps_by_unshare),
		cmocka_unit_test(test_negative_descriptors),
		cmocka_unit_test(test_clone_flags),
		cmocka_unit_test(test_unshare_flags),
	};
	int status = probe_main(argc, argv_);

	return status >= 0 ? status : cmocka_run_group_tests(tests, NULL, NULL) != 0;
}

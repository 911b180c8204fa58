/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does a request mean what it looks like? A field that is set without its flag would be
 * ignored, and the program run as root, say; a flag without the one it goes with as well. A
 * request that is all zero but for what is required gives a child like posix_spawn(3)'s.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char *const true_argv[] = {"probe:true", NULL};
static const uint32_t some_groups[] = {1};
static const struct forkexec_id_map some_map = {0, 0, 1};

#define OFFSET(field) ((int64_t)offsetof(struct forkexec_request, field))

/* The field, the offset that its refusal names, and the flag that makes it count. */
#define LONE_FIELDS(X)                                                                             \
	X(uid, 1, uid, FORKEXEC_CREDENTIAL)                                                        \
	X(gid, UINT32_MAX, gid, FORKEXEC_CREDENTIAL)                                               \
	X(groups, some_groups, groups, FORKEXEC_CREDENTIAL)                                        \
	X(n_groups, 1, groups, FORKEXEC_CREDENTIAL)                                                \
	X(uid_map, &some_map, uid_map, FORKEXEC_UID_MAP)                                           \
	X(n_uid_map, 341, uid_map, FORKEXEC_UID_MAP)                                               \
	X(gid_map, &some_map, gid_map, FORKEXEC_GID_MAP)                                           \
	X(n_gid_map, 1, gid_map, FORKEXEC_GID_MAP)                                                 \
	X(pgid, -1, pgid, FORKEXEC_SETPGID | FORKEXEC_FOREGROUND)                                  \
	X(ctty, 1, ctty, FORKEXEC_SETCTTY | FORKEXEC_FOREGROUND)                                   \
	X(errno_pipe, -1, errno_pipe, FORKEXEC_ERRNO_PIPE)                                         \
	X(nofile_soft, 1, nofile_soft, FORKEXEC_NOFILE)                                            \
	X(nofile_max, 1, nofile_max, FORKEXEC_NOFILE)                                              \
	X(nofile_raised, 1, nofile_raised, FORKEXEC_NOFILE)                                        \
	X(cgroup_fd, 3, cgroup_fd, FORKEXEC_CGROUP_FD)                                             \
	X(flags, FORKEXEC_NO_SETGROUPS, flags, FORKEXEC_CREDENTIAL)                                \
	X(flags, FORKEXEC_KEEP_DUMPABLE, flags, FORKEXEC_CREDENTIAL)                               \
	X(flags, FORKEXEC_GID_SETGROUPS, flags, FORKEXEC_GID_MAP)                                  \
	X(flags, FORKEXEC_WHOLE_TABLE, flags, FORKEXEC_CLOSE_FDS)

static void refused(const struct forkexec_request *r, const char *name, int64_t offset)
{
	static _Alignas(16) unsigned char work[65536];
	struct forkexec_request with_work = *r;
	struct forkexec_result ret;
	struct forkexec_state state;
	int pass, err;

	memset(&state, 0, sizeof(state));
	with_work.work = work;
	with_work.work_size = sizeof(work);
	for (pass = 0; pass < 3; pass++) {
		memset(&ret, 0x5a, sizeof(ret));
		err = pass == 0	  ? forkexec_run(r, &ret, &state)
		      : pass == 1 ? forkexec_spawn(r, &ret)
				  : forkexec_start(&with_work, &ret, &state);
		if (err != -EINVAL || ret.step != FORKEXEC_STEP_REQUEST || ret.err != EINVAL ||
		    ret.detail != offset || ret.pid != 0 || ret.pidfd != -1)
			fail_msg("%s: %d, step %s, detail %lld, want the offset %lld", name, err,
				 forkexec_step_name(ret.step), (long long)ret.detail,
				 (long long)offset);
	}
	assert_true(no_children());
}

static void test_lone_fields(void **test_state)
{
	struct forkexec_request r;

	(void)test_state;
#define REFUSED(field, value, named, flag)                                                         \
	request_init(&r, true_argv);                                                               \
	r.field = value;                                                                           \
	refused(&r, #field " = " #value, OFFSET(named));                                           \
	r.flags |= FORKEXEC_SETSID; /* another flag is no help */                                   \
	refused(&r, #field " with another flag", OFFSET(named));
	LONE_FIELDS(REFUSED)
#undef REFUSED
}

/* What would be ignored, and what later versions may give a meaning. */
static void test_contradictions(void **test_state)
{
	struct forkexec_request r;

	(void)test_state;
	request_init(&r, true_argv);
	r.flags = FORKEXEC_CREDENTIAL | FORKEXEC_NO_SETGROUPS;
	r.groups = some_groups;
	refused(&r, "groups with NO_SETGROUPS", OFFSET(groups));
	r.n_groups = 1;
	refused(&r, "a group with NO_SETGROUPS", OFFSET(groups));
	request_init(&r, true_argv);
	r.padding = 1;
	refused(&r, "padding", OFFSET(padding));
}

/* With the flag, whatever becomes of it, it is not refused as lone. */
static void test_with_flag(void **test_state)
{
	struct forkexec_request r;
	struct forkexec_result ret;

	(void)test_state;
#define TAKEN(field, value, named, flag)                                                           \
	request_init(&r, true_argv);                                                               \
	r.path = "/does/not/exist";                                                                \
	r.field = value;                                                                           \
	r.flags |= flag;                                                                           \
	if (forkexec_spawn(&r, &ret) == 0)                                                         \
		reap(ret.pid); /* its errno is in a pipe */                                        \
	else if (ret.step == FORKEXEC_STEP_REQUEST && ret.detail == OFFSET(named))                      \
		fail_msg(#field " = " #value " is refused with its flag");
	LONE_FIELDS(TAKEN)
#undef TAKEN
}

/* Says by its exit status which of 0 to 2 are open and which of 3 to 9 are. */
static void child_table(const int32_t *fds, uint32_t n, uint64_t flags, const char *want)
{
	char *const argv[] = {"sh", "-c",
			      "for i in 0 1 2 3 4 5 6 7 8 9; do "
			      "[ -e /proc/self/fd/$i ] && [ ! /proc/self/fd/$i -ef \"$2\" ] && t=$t$i; "
			      "done; [ \"$t\" = \"$1\" ] || { echo \"$t, want $1\" >&2; exit 1; }",
			      "sh", (char *)(uintptr_t)want, "/", NULL};
	struct forkexec_request r;
	struct forkexec_result ret;

	memset(&r, 0, sizeof(r));
	r.size = sizeof(r);
	r.path = "/bin/sh";
	r.argv = argv;
	r.envp = (char *const[]){"PATH=/usr/bin:/bin", NULL};
	r.fds = fds;
	r.n_fds = n;
	r.flags = flags;
	CHECK_EQ(forkexec_spawn(&r, &ret), 0);
	if (reap(ret.pid))
		fail_msg("the child does not have descriptors %s", want);
}

static void table_process(void *arg)
{
	static const int32_t none[] = {-1}, one[] = {-1, 1}, kept[] = {0, 1, 2, -1, 4};
	int fd;

	(void)arg;
	for (fd = 3; fd < 32; fd++)
		close(fd);
	CHECK_EQ(open("/dev/null", O_RDONLY), 3); /* without close-on-exec: inherited */
	child_table(NULL, 0, 0, "0123");
	child_table(NULL, 0, FORKEXEC_CLOSE_FDS, "012");
	child_table(NULL, 0, FORKEXEC_CLOSE_FDS, "012"); /* the second cuts the table off */
	child_table(NULL, 0, FORKEXEC_CLOSE_FDS | FORKEXEC_WHOLE_TABLE, "012");
	child_table(none, 0, 0, "3");
	child_table(one, 2, 0, "13");
	child_table(one, 2, FORKEXEC_CLOSE_FDS, "1");
	CHECK_EQ(dup2(3, 4), 4);
	child_table(kept, 5, 0, "0124");
}

static void test_table(void **test_state)
{
	(void)test_state;
	isolate(table_process, NULL, 30);
}

/* clearenv(3) sets environ to NULL: an environment without variables. */
static void test_no_environment(void **test_state)
{
	struct forkexec_request r = FORKEXEC_REQUEST_INIT;
	struct forkexec_result ret;
	char **saved = environ;
	int status = -1;

	(void)test_state;
	r.path = "/bin/true";
	r.argv = true_argv;
	environ = NULL;
	CHECK_EQ(forkexec_spawn_wait(&r, &ret, &status), 0);
	environ = saved;
	CHECK_EQ(status, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lone_fields),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_with_flag),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_no_environment),
	};
	int status = probe_main(argc, argv);

	if (status >= 0)
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}

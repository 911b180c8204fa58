/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does forkexec_go() behave as Go's forkAndExecInChild on the frame that Go passes?
 *
 * Hand-made frames: results, the errno word in the pipe with exit status 253 and a child
 * left to be waited for; no pipe; the pidfd that is untouched without a child; descriptors
 * that do not fit into 32 bits; counts out of range; the original soft NOFILE limit.
 * Whether Go lays its structs out like this is tests/layout's question.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "forkexec_go.h"
#include "view.h"

#define UNTOUCHED (-7777)

static struct forkexec_state state;

/* A frame and all that it points to. */
struct kit {
	struct forkexec_go_frame frame;
	struct forkexec_go_proc_attr attr;
	struct forkexec_go_sys_proc_attr sys;
	struct forkexec_go_credential credential;
	uintptr_t files[16];
	const char *argv[8];
	const char *envv[4];
	intptr_t pidfd;
	int ends[2]; /* the errno pipe */
	struct snapshot before;
};

static struct forkexec_go_slice slice(void *p, intptr_t n)
{
	struct forkexec_go_slice s = {p, n, n};

	return s;
}

/* The probe "true" with the standard descriptors and an errno pipe. */
static void kit_init(struct kit *k)
{
	memset(k, 0, sizeof(*k));
	snapshot_take(&k->before);
	assert_int_equal(pipe2(k->ends, O_CLOEXEC | O_NONBLOCK), 0);
	k->argv[0] = "probe:true";
	k->files[0] = 0;
	k->files[1] = 1;
	k->files[2] = 2;
	k->attr.files = slice(k->files, 3);
	k->attr.sys = &k->sys;
	k->pidfd = UNTOUCHED;
	k->frame.argv0 = "/proc/self/exe";
	k->frame.argv = slice(k->argv, 2);
	k->frame.envv = slice(k->envv, 1);
	k->frame.attr = &k->attr;
	k->frame.sys = &k->sys;
	k->frame.pipe = k->ends[1];
	k->frame.ret_pid = UNTOUCHED;
	k->frame.ret_err = 7777;
}

/* Closes the pipe; nothing else may have been left. */
static void kit_done(struct kit *k)
{
	const char *difference;

	close(k->ends[0]);
	close(k->ends[1]);
	difference = snapshot_differs(&k->before);
	if (difference)
		fail_msg("%s", difference);
	assert_true(no_children());
}

/* What the parent reads once its own write end is closed: 0 at end of file. */
static uintptr_t pipe_word(struct kit *k)
{
	uintptr_t word = 0;
	long n;

	close(k->ends[1]);
	n = read(k->ends[0], &word, sizeof(word));
	if (n == 0)
		return 0;
	assert_int_equal(n, sizeof(word));
	return word;
}

static void expect_started(struct kit *k, int want_status)
{
	forkexec_go(&k->frame, &state);
	assert_int_equal(k->frame.ret_err, 0);
	assert_true(k->frame.ret_pid > 0);
	assert_int_equal(reap((int)k->frame.ret_pid), want_status);
	assert_int_equal(pipe_word(k), 0);
	kit_done(k);
}

/* With a pipe: a child that exits with 253, and its errno in the pipe. */
static void expect_in_pipe(struct kit *k, uintptr_t err)
{
	int status;

	forkexec_go(&k->frame, &state);
	assert_int_equal(k->frame.ret_err, 0);
	assert_true(k->frame.ret_pid > 0);
	assert_int_equal(pipe_word(k), err);
	status = reap((int)k->frame.ret_pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 253);
	kit_done(k);
}

/* No child, nothing in the pipe, the pidfd untouched. */
static void expect_refused(struct kit *k, uintptr_t err)
{
	k->sys.pidfd = &k->pidfd;
	forkexec_go(&k->frame, &state);
	assert_int_equal(k->frame.ret_err, err);
	assert_int_equal(k->frame.ret_pid, 0);
	assert_int_equal(k->pidfd, UNTOUCHED);
	assert_int_equal(pipe_word(k), 0);
	kit_done(k);
}

static void test_success(void **test_state)
{
	struct kit k;

	(void)test_state;
	kit_init(&k);
	expect_started(&k, 0);
	kit_init(&k);
	k.argv[0] = "probe:unknown"; /* which exits with 99: argv arrives */
	expect_started(&k, 99 << 8);
	kit_init(&k);
	k.frame.pipe = -1;
	expect_started(&k, 0);
	kit_init(&k);
	k.frame.argv0 = "/bin/sh";
	k.argv[0] = "sh";
	k.argv[1] = "-c";
	k.argv[2] = "test \"$A\" = value && test \"$(pwd)\" = /usr";
	k.frame.argv = slice(k.argv, 4);
	k.envv[0] = "A=value";
	k.frame.envv = slice(k.envv, 2);
	k.frame.dir = "/usr";
	expect_started(&k, 0);
}

static void test_errno_pipe(void **test_state)
{
	struct kit k;

	(void)test_state;
	kit_init(&k);
	k.frame.argv0 = "/does/not/exist";
	expect_in_pipe(&k, ENOENT);
	kit_init(&k);
	k.frame.argv0 = "/etc";
	expect_in_pipe(&k, EACCES);
	kit_init(&k);
	k.frame.dir = "/proc/self/exe";
	expect_in_pipe(&k, ENOTDIR);
	kit_init(&k);
	k.frame.chroot = "/does/not/exist";
	expect_in_pipe(&k, ENOENT);
	kit_init(&k);
	k.sys.setsid = 1; /* after which setpgid is refused */
	k.sys.setpgid = 1;
	expect_in_pipe(&k, EPERM);
	kit_init(&k); /* a pipe inside of what the passes overwrite */
	k.files[k.ends[1]] = 2;
	k.attr.files = slice(k.files, k.ends[1] + 1);
	k.frame.argv0 = "/does/not/exist";
	expect_in_pipe(&k, ENOENT);
}

static void test_no_pipe(void **test_state)
{
	struct kit k;

	(void)test_state;
	kit_init(&k);
	k.frame.pipe = -1;
	k.frame.argv0 = "/does/not/exist";
	forkexec_go(&k.frame, &state);
	assert_int_equal(k.frame.ret_err, ENOENT);
	assert_int_equal(k.frame.ret_pid, 0);
	assert_int_equal(pipe_word(&k), 0);
	kit_done(&k);
}

static void test_pidfd(void **test_state)
{
	struct kit k;
	struct pollfd p;
	int pass;

	(void)test_state;
	for (pass = 0; pass < 2; pass++) { /* 1: a child that fails is a child */
		kit_init(&k);
		k.sys.pidfd = &k.pidfd;
		k.frame.dir = pass ? "/does/not/exist" : NULL;
		forkexec_go(&k.frame, &state);
		assert_int_equal(k.frame.ret_err, 0);
		assert_true(k.pidfd >= 0);
		assert_int_equal(fcntl((int)k.pidfd, F_GETFD), FD_CLOEXEC);
		p.fd = (int)k.pidfd;
		p.events = POLLIN;
		assert_int_equal(poll(&p, 1, 10000), 1);
		reap((int)k.frame.ret_pid);
		close((int)k.pidfd);
		kit_done(&k);
	}
	kit_init(&k); /* no pipe: the child has gone and so has its pidfd */
	k.sys.pidfd = &k.pidfd;
	k.frame.pipe = -1;
	k.frame.dir = "/does/not/exist";
	forkexec_go(&k.frame, &state);
	assert_int_equal(k.frame.ret_err, ENOENT);
	assert_true(k.pidfd == UNTOUCHED || k.pidfd == -1);
	kit_done(&k);
}

static void test_refused(void **test_state)
{
	static uintptr_t caps[] = {64};
	static struct forkexec_go_id_map maps[1];
	struct kit k;

	(void)test_state;
	kit_init(&k);
	k.sys.ambient_caps = slice(caps, 1);
	expect_refused(&k, EINVAL);
	kit_init(&k);
	k.sys.uid_mappings = slice(maps, 1);
	expect_refused(&k, EINVAL);
	kit_init(&k);
	k.sys.gid_mappings = slice(maps, 0); /* not nil */
	expect_refused(&k, EINVAL);
	kit_init(&k);
	k.sys.cloneflags = 0x10900; /* CLONE_THREAD | SIGHAND | VM */
	expect_refused(&k, EINVAL);
	kit_init(&k);
	k.attr.files.len = (1 << 20) + 1;
	expect_refused(&k, EINVAL);
	kit_init(&k);
	k.attr.files.len = INT64_C(1) << 32; /* 0 in 32 bits */
	expect_refused(&k, EINVAL);
	kit_init(&k);
	k.sys.ambient_caps = slice(caps, 1);
	k.frame.pipe = -1;
	expect_refused(&k, EINVAL);
}

static void test_files(void **test_state)
{
	static const uint64_t bad[] = {
		UINT64_C(1) << 32,	 (UINT64_C(1) << 32) + 1, UINT64_C(1) << 31,
		UINT64_C(0xfffffffffffffffe), UINT64_C(0xffffffff),	  UINT64_C(1) << 63,
		200,
	};
	struct kit k;
	size_t i;

	(void)test_state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		kit_init(&k);
		k.files[1] = bad[i];
		expect_in_pipe(&k, EBADF);
	}
	kit_init(&k);
	k.files[0] = UINTPTR_MAX; /* Go's ^uintptr(0): closed */
	k.frame.argv0 = "/bin/sh";
	k.argv[0] = "sh";
	k.argv[1] = "-c";
	k.argv[2] = "! test -e /proc/self/fd/0 && test -e /proc/self/fd/1";
	k.frame.argv = slice(k.argv, 4);
	expect_started(&k, 0);
	kit_init(&k); /* no Files at all, nil */
	k.attr.files = slice(NULL, 0);
	expect_started(&k, 0);
}

/*
 * More than the work memory that a state keeps, then a small one again; and more than
 * RLIMIT_NOFILE allows, which Go's dup3 answers with EBADF.
 */
static void many_files_process(void *arg)
{
	static uintptr_t files[4000];
	struct rlimit limit = {3500, 0};
	struct kit k;
	uintptr_t i;

	(void)arg;
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 3500;
	CHECK(limit.rlim_max >= 3500);
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (i = 0; i < 4000; i++)
		files[i] = i < 3 ? i : UINTPTR_MAX;
	for (i = 0; i < 4; i++) {
		kit_init(&k);
		k.attr.files = slice(files, i % 2 ? 3000 : 3);
		forkexec_go(&k.frame, &state);
		CHECK_EQ(k.frame.ret_err, 0);
		CHECK_EQ(reap((int)k.frame.ret_pid), 0);
		CHECK_EQ(pipe_word(&k), 0);
	}
	kit_init(&k);
	k.attr.files = slice(files, 4000);
	forkexec_go(&k.frame, &state);
	CHECK_EQ(k.frame.ret_err, 0);
	CHECK_EQ(reap((int)k.frame.ret_pid), 253 << 8);
	CHECK_EQ(pipe_word(&k), EBADF);
}

static void test_many_files(void **test_state)
{
	(void)test_state;
	isolate(many_files_process, NULL, 20);
}

static void session_process(void *arg)
{
	struct kit k;
	char c;
	int ready[2], i;

	(void)arg;
	CHECK_EQ(pipe2(ready, O_CLOEXEC), 0);
	for (i = 0; i < 2; i++) {
		kit_init(&k);
		k.argv[0] = "probe:pause";
		k.files[1] = (uintptr_t)ready[1];
		k.sys.setsid = i == 0;
		k.sys.setpgid = i == 1;
		forkexec_go(&k.frame, &state);
		CHECK_EQ(k.frame.ret_err, 0);
		CHECK_EQ(read(ready[0], &c, 1), 1);
		CHECK_EQ(getpgid((int)k.frame.ret_pid), k.frame.ret_pid);
		CHECK_EQ(getsid((int)k.frame.ret_pid) == k.frame.ret_pid, i == 0);
		CHECK_EQ(kill((int)k.frame.ret_pid, SIGKILL), 0);
		reap((int)k.frame.ret_pid);
	}
}

static void test_session(void **test_state)
{
	(void)test_state;
	isolate(session_process, NULL, 20);
}

/* Returns the exit status of a shell that compares its soft limit with want. */
static int soft_limit_is(struct forkexec_state *s, unsigned want)
{
	struct kit k;
	char script[64];

	kit_init(&k);
	snprintf(script, sizeof(script), "test \"$(ulimit -Sn)\" = %u", want);
	k.frame.argv0 = "/bin/sh";
	k.argv[0] = "sh";
	k.argv[1] = "-c";
	k.argv[2] = script;
	k.frame.argv = slice(k.argv, 4);
	forkexec_go(&k.frame, s);
	CHECK_EQ(k.frame.ret_err, 0);
	close(k.ends[0]);
	close(k.ends[1]);
	return reap((int)k.frame.ret_pid);
}

static void nofile_process(void *arg)
{
	struct forkexec_state s = {0};
	struct rlimit limit = {599, 600};

	(void)arg;
	s.nofile_soft = 300;
	s.nofile_max = 600;
	s.nofile_raised = 599;
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	CHECK_EQ(soft_limit_is(&s, 599), 0); /* no STATE_NOFILE: nothing happens */
	s.bits |= FORKEXEC_STATE_NOFILE;
	CHECK_EQ(soft_limit_is(&s, 300), 0);
	limit.rlim_cur = 400; /* set by somebody on purpose: stays */
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	CHECK_EQ(soft_limit_is(&s, 400), 0);
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
	CHECK_EQ(limit.rlim_cur, 400); /* the parent's own is never touched */
}

static void test_nofile(void **test_state)
{
	(void)test_state;
	isolate(nofile_process, NULL, 20);
}

/* Between the two calls of nocgo/entry.c Go's stack may move, with what the frame points to. */
static void test_groups_are_copied(void **test_state)
{
	uint32_t groups[] = {5, 4, UINT32_MAX};
	struct kit k;

	(void)test_state;
	kit_init(&k);
	k.credential.groups = slice(groups, 3);
	k.sys.credential = &k.credential;
	CHECK_EQ(view_move_groups(&k.frame, &state, groups), 3);
	CHECK_EQ(groups[0], 5);
	CHECK_EQ(groups[1], 4);
	CHECK_EQ(groups[2], UINT32_MAX);
	kit_done(&k);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_success), cmocka_unit_test(test_errno_pipe),
		cmocka_unit_test(test_no_pipe), cmocka_unit_test(test_pidfd),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_files),
		cmocka_unit_test(test_many_files), cmocka_unit_test(test_session),
		cmocka_unit_test(test_nofile), cmocka_unit_test(test_groups_are_copied),
	};
	int status = probe_main(argc, argv);

	if (status >= 0)
		return status;
	alarm(60 * slowness());
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}

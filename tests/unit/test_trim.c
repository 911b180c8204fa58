/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does a child that begins with its parent's own descriptor table leave it unharmed?
 *
 * With CLOSE_FDS, once the kernel was seen to do it, the child is made with CLONE_FILES
 * and leaves by close_range(2). The parent must keep its POSIX locks and its table, also
 * where a filter refuses the leaving, and what it opens while the child has not left yet
 * must not reach the program.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox.h"

#define LOCKED_LOW  20
#define LOCKED_HIGH 200
#define RESULT      30

static struct forkexec_state state;
static const int32_t files[] = {0, 1, 2};

static void request_trim(struct forkexec_request *r, char *const *argv)
{
	request_init(r, argv);
	r->fds = files;
	r->n_fds = 3;
	r->flags = FORKEXEC_CLOSE_FDS;
}

static int run_true(void)
{
	char *const argv[] = {"probe:true", NULL};
	struct forkexec_request r;
	struct forkexec_result ret;
	int err;

	request_trim(&r, argv);
	err = forkexec_run(&r, &ret, &state);
	if (!err)
		CHECK_EQ(reap(ret.pid), 0);
	else
		CHECK_EQ(ret.step, FORKEXEC_STEP_CLOSE_FDS);
	return err;
}

/* Returns 0 where close_range(2) has no CLOSE_RANGE_UNSHARE: before Linux 5.9. */
static int seen_to_work(void)
{
	CHECK_EQ(run_true(), 0);
	if (state.bits & view_trims())
		return 1;
	fprintf(stderr, "skipped: no close_range(2)\n");
	return 0;
}

static void lock_files(void)
{
	static const int fds[] = {LOCKED_LOW, LOCKED_HIGH};
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	unsigned i;

	for (i = 0; i < 2; i++) {
		int fd = memfd_create("locked", MFD_CLOEXEC);

		CHECK(fd >= 0);
		CHECK_EQ(dup3(fd, fds[i], O_CLOEXEC), fds[i]);
		close(fd); /* before the lock, which this would drop */
		CHECK_EQ(fcntl(fds[i], F_SETLK, &lock), 0);
	}
}

/* A lock is seen by another process only. */
static void check_locks(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int held, pid = fork();

	CHECK(pid >= 0);
	if (pid == 0) {
		held = fcntl(LOCKED_LOW, F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;
		lock.l_type = F_WRLCK;
		held &= fcntl(LOCKED_HIGH, F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;
		_exit(!held);
	}
	CHECK_EQ(reap(pid), 0);
}

static void locks_process(void *arg)
{
	struct snapshot before;
	int i;

	(void)arg;
	lock_files();
	check_locks();
	snapshot_take(&before);
	for (i = 0; i < 4; i++) {
		CHECK_EQ(run_true(), 0);
		check_locks();
		CHECK(snapshot_differs(&before) == NULL);
	}
}

static void test_locks(void **test_state)
{
	(void)test_state;
	isolate(locks_process, NULL, 20);
}

/* The filter comes after the kernel was seen to do it: the child has to find out. */
static void filter_process(void *arg)
{
	static const struct sandbox_rule refuse_close_range = {SYS_close_range, 0, 0, EPERM};
	static const struct sandbox_rule refuse_unshare = {SYS_unshare, 0, 0, EPERM};
	struct snapshot before;

	(void)arg;
	lock_files();
	if (!seen_to_work())
		return;
	snapshot_take(&before);
	sandbox_refuse(&refuse_close_range, 1);
	CHECK_EQ(run_true(), 0); /* by unshare(2) */
	check_locks();
	CHECK(snapshot_differs(&before) == NULL);
	sandbox_refuse(&refuse_unshare, 1);
	CHECK_EQ(run_true(), -EPERM); /* which also says that the table was shared */
	check_locks();
	CHECK(snapshot_differs(&before) == NULL);
	CHECK(no_children());
}

static void test_filter(void **test_state)
{
	(void)test_state;
	isolate(filter_process, NULL, 20);
}

static void open_meanwhile(int pid, void *arg)
{
	(void)pid;
	(void)arg;
	CHECK_EQ(dup3(0, 5, 0), 5);   /* below what the child copies */
	CHECK_EQ(dup3(0, 250, 0), 250); /* and above */
}

/* The parent opens descriptors, not close-on-exec, before the child has left its table. */
static void window_process(void *arg)
{
	char path[] = "/tmp/forkexec-test-XXXXXX";
	char *const argv[] = {"probe:fds", path, NULL};
	struct forkexec_request r;
	struct forkexec_result ret;
	struct probe_fds got;
	struct hold hold;
	int fd, i;

	(void)arg;
	fd = mkostemp(path, O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_EQ(dup3(fd, RESULT, O_CLOEXEC), RESULT);
	CHECK_EQ(dup3(fd, 40, O_CLOEXEC), 40); /* so that the copy goes beyond 5 */
	if (seen_to_work() && hold_start(&hold, SYS_close_range, open_meanwhile, NULL)) {
		const int32_t fds[] = {0, 1, 2, 40};

		request_trim(&r, argv);
		r.fds = fds;
		r.n_fds = 4;
		CHECK_EQ(forkexec_run(&r, &ret, &state), 0);
		CHECK_EQ(reap(ret.pid), 0);
		hold_join(&hold);
		CHECK(hold.held);
		CHECK_EQ(pread(RESULT, &got, sizeof(got), 0), sizeof(got));
		for (i = 0; i < PROBE_FDS; i++)
			CHECK_EQ(got.ino[i] != 0, i < 4);
		CHECK(fcntl(5, F_GETFD) == 0 && fcntl(250, F_GETFD) == 0);
	}
	unlink(path);
}

static void test_window(void **test_state)
{
	(void)test_state;
	isolate(window_process, NULL, 20);
}

/* A program, directory or root that is reached through a descriptor stays within reach. */
static void path_process(void *arg)
{
	char *const argv[] = {"probe:true", NULL};
	struct forkexec_request r;
	struct forkexec_result ret;
	int i;

	(void)arg;
	CHECK_EQ(open("/proc/self/exe", O_RDONLY), 3);
	CHECK_EQ(open("/", O_RDONLY | O_DIRECTORY), 4);
	for (i = 0; i < 4; i++) {
		CHECK_EQ(run_true(), 0);
		request_trim(&r, argv);
		r.path = i & 1 && !access("/dev/fd/3", F_OK) ? "/dev/fd/3" : "/proc/self/fd/3";
		r.dir = "/proc/thread-self/fd/4";
		CHECK_EQ(forkexec_run(&r, &ret, &state), 0);
		CHECK_EQ(reap(ret.pid), 0);
	}
}

static void test_path(void **test_state)
{
	(void)test_state;
	isolate(path_process, NULL, 20);
}

/* A descriptor that the child itself uses is the child's own from its clone on. */
static void own_process(void *arg)
{
	char *const argv[] = {"probe:true", NULL};
	static _Alignas(16) unsigned char work[32768];
	struct forkexec_request r;
	struct forkexec_result ret;
	int i;

	(void)arg;
	if (!seen_to_work())
		return;
	for (i = 0; i < 100; i++) {
		request_trim(&r, argv);
		r.work = work;
		r.work_size = sizeof(work);
		r.flags |= FORKEXEC_DIR_FD;
		r.dir_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		CHECK(r.dir_fd >= 0);
		CHECK_EQ(forkexec_start(&r, &ret, &state), 0);
		close(r.dir_fd);
		CHECK_EQ(forkexec_finish(&r, &ret, &state, -1), FORKEXEC_RUNNING);
		CHECK_EQ(reap(ret.pid), 0);
	}
}

static void test_own(void **test_state)
{
	(void)test_state;
	isolate(own_process, NULL, 20);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_own),
	};
	int status = probe_main(argc, argv);

	return status >= 0 ? status : cmocka_run_group_tests(tests, NULL, NULL) != 0;
}

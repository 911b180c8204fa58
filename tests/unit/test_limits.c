/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What comes of a start where the kernel itself refuses? Not injected: descriptors,
 * processes, memory, arguments and namespaces are really used up. The right step and errno
 * must come back, and nothing be left: no descriptor, no child, the mask and the dumpable
 * flag as they were. ENFILE needs the whole system's table full, and a memory cgroup kills
 * rather than says ENOMEM: those two are left to tests/fault.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIPPED 77
#define NOBODY  65534

static char *const argv[] = {(char *)(uintptr_t) "probe:true", NULL};

/* In the test process: this machine cannot. */
static _Noreturn void skip_here(const char *why)
{
	fprintf(stderr, "skipped: %s\n", why);
	_exit(SKIPPED);
}

static void run(struct forkexec_request *r, uint32_t bits, uint32_t step, int err)
{
	struct forkexec_state state;
	struct forkexec_result ret;
	struct snapshot before;
	int dumpable = prctl(PR_GET_DUMPABLE), got;
	const char *difference;

	memset(&state, 0, sizeof(state));
	state.bits = bits;
	snapshot_take(&before);
	got = forkexec_run(r, &ret, &state);
	if (got != -err || ret.step != step) {
		fprintf(stderr, "got %s, errno %d; want %s, errno %d\n", step_text(ret.step), -got,
			step_text(step), err);
		_exit(1);
	}
	if (!got)
		CHECK_EQ(reap(ret.pid), 0);
	difference = snapshot_differs(&before);
	if (difference)
		fprintf(stderr, "%s\n", difference);
	CHECK(!difference);
	CHECK(no_children());
	if (!(r->flags & FORKEXEC_CREDENTIAL)) /* which makes it non-dumpable, as Go's does */
		CHECK_EQ(prctl(PR_GET_DUMPABLE), dumpable);
}

static void limit(__rlimit_resource_t which, rlim_t n)
{
	const struct rlimit l = {n, n};

	CHECK_EQ(setrlimit(which, &l), 0);
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text);
}

static void descriptors(void *arg)
{
	struct forkexec_request r;
	struct forkexec_id_map map = {0, geteuid(), 1};
	uint32_t m;

	(void)arg;
	limit(RLIMIT_NOFILE, 32);
	while (fcntl(0, F_DUPFD_CLOEXEC, 0) >= 0)
		;
	request_init(&r, argv);
	for (m = 0; m < VIEW_METHODS; m++) {
		if (m == VIEW_CLONE3_FORK)
			continue;
		/* Room for the report pipe there is none; one that needs none starts. */
		run(&r, view_only((enum view_method)m), FORKEXEC_STEP_PIPE, EMFILE);
		if (m == VIEW_FORK)
			continue;
		r.flags = 0;
		run(&r, view_only((enum view_method)m) | view_proven((enum view_method)m), 0, 0);
		r.flags = FORKEXEC_PIDFD;
		run(&r, view_only((enum view_method)m) | view_proven((enum view_method)m),
		    FORKEXEC_STEP_CLONE, EMFILE);
		r.flags = 0;
	}
	r.clone_flags = CLONE_NEWUSER;
	r.flags = FORKEXEC_UID_MAP;
	r.uid_map = &map;
	r.n_uid_map = 1;
	run(&r, 0, FORKEXEC_STEP_PIPE, EMFILE);
	close(31); /* one, where two are needed */
	run(&r, 0, FORKEXEC_STEP_PIPE, EMFILE);
	close(30);
	close(29); /* room for one pipe of two */
	run(&r, 0, FORKEXEC_STEP_PIPE, EMFILE);
}

/* A process of nobody's that stays; an orphan, so that it is no child of ours. */
static void leave_nobody(void)
{
	int ready[2], pid;
	char c;

	CHECK_EQ(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		if (fork() > 0)
			_exit(0);
		CHECK_EQ(setuid(NOBODY), 0);
		CHECK_EQ(write(ready[1], "r", 1), 1);
		for (;;)
			pause();
	}
	CHECK_EQ(reap(pid), 0);
	CHECK_EQ(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
}

/* RLIMIT_NPROC does not hold root: as somebody else, whose processes it counts. */
static void processes(void *arg)
{
	struct forkexec_request r;

	(void)arg;
	request_init(&r, argv);
	if (geteuid() == 0)
		leave_nobody();
	limit(RLIMIT_NPROC, 0);
	if (geteuid() == 0) {
		/* The kernel says it at the execve, since Linux 3.1. */
		r.flags = FORKEXEC_CREDENTIAL;
		r.uid = r.gid = NOBODY;
		run(&r, 0, FORKEXEC_STEP_EXECVE, EAGAIN);
		r.flags = 0;
		r.uid = r.gid = 0;
		CHECK_EQ(setgid(NOBODY), 0);
		CHECK_EQ(setuid(NOBODY), 0);
	}
	run(&r, 0, FORKEXEC_STEP_CLONE, EAGAIN);
	run(&r, view_only(VIEW_CLONE), FORKEXEC_STEP_CLONE, EAGAIN);
	run(&r, view_only(VIEW_FORK), FORKEXEC_STEP_CLONE, EAGAIN);
	r.flags = FORKEXEC_PIDFD | FORKEXEC_BLOCK_SIGNALS;
	run(&r, 0, FORKEXEC_STEP_CLONE, EAGAIN);
}

static void pids_cgroup(void *arg)
{
	static const char *const roots[] = {"/sys/fs/cgroup/pids", "/sys/fs/cgroup"};
	char folder[96] = "", path[128];
	struct forkexec_request r;
	size_t i;

	(void)arg;
	for (i = 0; i < 2; i++) {
		snprintf(folder, sizeof(folder), "%s/forkexec-limits-%d", roots[i], getpid());
		snprintf(path, sizeof(path), "%s/pids.max", folder);
		if (!mkdir(folder, 0755) && !access(path, W_OK))
			break;
		rmdir(folder);
	}
	if (i == 2)
		skip_here("no pids cgroup that may be written");
	CHECK(write_file(path, "1"));
	snprintf(path, sizeof(path), "%s/cgroup.procs", folder);
	CHECK(write_file(path, "0"));
	request_init(&r, argv);
	run(&r, 0, FORKEXEC_STEP_CLONE, EAGAIN);
	run(&r, view_only(VIEW_FORK), FORKEXEC_STEP_CLONE, EAGAIN);
	snprintf(path, sizeof(path), "%s/cgroup.procs", roots[i]);
	CHECK(write_file(path, "0"));
	run(&r, 0, FORKEXEC_STEP_NONE, 0);
	CHECK_EQ(rmdir(folder), 0);
}

static void memory(void *arg)
{
	struct forkexec_request r;

	(void)arg;
	request_init(&r, argv);
	limit(RLIMIT_AS, 1 << 20); /* less than there is already: no mmap */
	run(&r, 0, FORKEXEC_STEP_REQUEST, ENOMEM);
}

/* A PID namespace whose init has ended takes no more processes. */
static void dead_namespace(void *arg)
{
	struct forkexec_request r;

	(void)arg;
	if (unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWPID : CLONE_NEWPID))
		skip_here("PID namespaces are not allowed");
	request_init(&r, argv);
	run(&r, 0, FORKEXEC_STEP_NONE, 0);
	run(&r, 0, FORKEXEC_STEP_CLONE, ENOMEM);
	run(&r, view_only(VIEW_FORK), FORKEXEC_STEP_CLONE, ENOMEM);
}

static void arguments(void *arg)
{
	char *list[1000], *big = calloc(1, (128 << 10) + 1);
	struct forkexec_request r;
	size_t i;

	(void)arg;
	CHECK(big != NULL);
	memset(big, 'x', 128 << 10); /* with its NUL one byte more than MAX_ARG_STRLEN */
	request_init(&r, argv);
	list[0] = argv[0];
	list[1] = big;
	list[2] = NULL;
	r.argv = list;
	run(&r, 0, FORKEXEC_STEP_EXECVE, E2BIG);
	run(&r, view_only(VIEW_FORK), FORKEXEC_STEP_EXECVE, E2BIG);
	big[(128 << 10) - 1] = 0;
	run(&r, 0, FORKEXEC_STEP_NONE, 0);
	for (i = 1; i < 999; i++) /* 128 MiB in all */
		list[i] = big;
	list[i] = NULL;
	run(&r, 0, FORKEXEC_STEP_EXECVE, E2BIG);
}

static void namespaces(void *arg)
{
	struct forkexec_request r;
	char map[64];

	(void)arg;
	snprintf(map, sizeof(map), "0 %d 1", (int)geteuid());
	if (unshare(CLONE_NEWUSER) || !write_file("/proc/self/uid_map", map) ||
	    !write_file("/proc/sys/user/max_user_namespaces", "0"))
		skip_here("user namespaces are not allowed");
	request_init(&r, argv);
	r.clone_flags = CLONE_NEWUSER;
	run(&r, 0, FORKEXEC_STEP_CLONE, ENOSPC);
	r.flags = FORKEXEC_UID_MAP | FORKEXEC_PIDFD;
	run(&r, 0, FORKEXEC_STEP_CLONE, ENOSPC);
	r.flags = 0;
	r.clone_flags = 0;
	r.unshare_flags = CLONE_NEWUSER;
	run(&r, 0, FORKEXEC_STEP_UNSHARE, ENOSPC);
	CHECK(write_file("/proc/sys/user/max_uts_namespaces", "0"));
	r.unshare_flags = CLONE_NEWUTS;
	run(&r, 0, FORKEXEC_STEP_UNSHARE, ENOSPC);
	r.unshare_flags = 0;
	r.clone_flags = CLONE_NEWUTS;
	run(&r, 0, FORKEXEC_STEP_CLONE, ENOSPC);
}

struct test {
	const char *name;
	void (*fn)(void *arg);
};

/* isolate(), but a test may find out that it cannot run here. */
static void test_limit(void **test_state)
{
	const struct test *t = *test_state;
	int status, pid;

	fflush(NULL);
	adopt_orphans();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(30);
		t->fn(NULL);
		_exit(0);
	}
	status = reap(pid);
	kill_orphans();
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		skip();
	assert_int_equal(status, 0);
}

int main(int argc, char **argv_)
{
	static const struct test list[] = {
		{"descriptors", descriptors}, {"processes", processes},
		{"pids cgroup", pids_cgroup}, {"memory", memory},
		{"dead namespace", dead_namespace}, {"arguments", arguments},
		{"namespaces", namespaces},
	};
	struct CMUnitTest tests[sizeof(list) / sizeof(list[0])];
	int status = probe_main(argc, argv_);
	size_t i, n = sizeof(list) / sizeof(list[0]);

	if (status >= 0)
		return status;
	for (i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){list[i].name, test_limit, NULL, NULL,
					       (void *)(uintptr_t)&list[i]};
	return _cmocka_run_group_tests("limits", tests, n, NULL, NULL) != 0;
}

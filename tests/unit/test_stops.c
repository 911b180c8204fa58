/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A child that waits for its parent: what is done at a stop is done once, whose turn it is comes
 * as late as it likes, and no signal meets a process that is not the child.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *const true_argv[] = {"probe:true", NULL};
static struct forkexec_state state;
static _Alignas(16) unsigned char work[32768];
static const struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};

static void init(struct forkexec_request *r)
{
	request_init(r, true_argv);
	r->work = work;
	r->work_size = sizeof(work);
}

/* A failure behind a stop is final: made again, the start would come to the stop twice. */
static void once_process(void *arg)
{
	static const struct {
		uint64_t flags;
		uint32_t pause_at;
	} stops[] = {
		{FORKEXEC_STOP_CLONE, 0}, {FORKEXEC_STOP_EXEC, 0}, {0, FORKEXEC_STEP_SIGMASK},
	};
	struct forkexec_request r;
	struct forkexec_result ret;
	enum forkexec_outcome outcome;
	size_t i;

	(void)arg;
	for (i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
		init(&r);
		r.path = "/no/where";
		r.flags |= FORKEXEC_CLOSE_FDS | stops[i].flags;
		r.pause_at = stops[i].pause_at;
		CHECK_EQ(forkexec_start(&r, &ret, &state), 0);
		CHECK_EQ(forkexec_finish(&r, &ret, &state, -1), FORKEXEC_STOPPED);
		CHECK_EQ(forkexec_continue(&r, &ret, -ECANCELED), -EINVAL);
		CHECK_EQ(forkexec_continue(&r, &ret, 0), 0);
		while ((outcome = forkexec_finish(&r, &ret, &state, 10000000)) == FORKEXEC_TIMED_OUT)
			kill(ret.pid, SIGCONT);
		CHECK_EQ(outcome, FORKEXEC_FAILED);
		CHECK_EQ(ret.step, FORKEXEC_STEP_EXECVE);
		CHECK_EQ(ret.retry_flags, 0);
	}
}

static char state_of(int pid)
{
	char path[32], text[64] = "", *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	p = n > 0 ? strrchr(text, ')') : NULL;
	return p ? p[2] : 'X';
}

static void set_listener(struct forkexec_request *r)
{
	init(r);
	r->flags |= FORKEXEC_NO_NEW_PRIVS;
	r->seccomp = allow;
	r->n_seccomp = 1;
	r->seccomp_flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

/* Before its parent is there the child sleeps, and has no filter. */
static void listener_process(void *arg)
{
	struct forkexec_request r;
	struct forkexec_result ret;
	int status = -1;
	char c;

	(void)arg;
	set_listener(&r);
	CHECK_EQ(forkexec_start(&r, &ret, &state), 0);
	while ((c = state_of(ret.pid)) == 'R' || c == 'D')
		usleep(1000);
	CHECK_EQ(c, 'S');
	CHECK_EQ(proc_status(ret.pid, "Seccomp"), 0);
	CHECK_EQ(forkexec_finish(&r, &ret, &state, -1), FORKEXEC_RUNNING);
	CHECK(ret.seccomp_fd >= 0);
	close(ret.seccomp_fd);
	CHECK_EQ(reap(ret.pid), 0);

	CHECK_EQ(forkexec_spawn_wait(&r, &ret, &status), 0);
	CHECK_EQ(status, 0);
	CHECK(ret.seccomp_fd >= 0);
}

/* The first process of a PID namespace: the child is killed, and its number is given away. */
static void reuse(void)
{
	struct forkexec_request r;
	struct forkexec_result ret;
	int status = 0, stranger;
	FILE *f;

	init(&r);
	r.flags |= FORKEXEC_PIDFD;
	r.pause_at = FORKEXEC_STEP_EXECVE;
	CHECK_EQ(forkexec_start(&r, &ret, &state), 0);
	CHECK(ret.pidfd >= 0);
	CHECK_EQ(forkexec_finish(&r, &ret, &state, -1), FORKEXEC_STOPPED);
	kill(ret.pid, SIGKILL);
	reap(ret.pid);
	f = fopen("/proc/sys/kernel/ns_last_pid", "w");
	CHECK(f != NULL);
	fprintf(f, "%d", ret.pid - 1);
	CHECK_EQ(fclose(f), 0);
	stranger = fork();
	if (!stranger)
		for (;;)
			pause();
	CHECK_EQ(stranger, ret.pid);
	CHECK_EQ(forkexec_continue(&r, &ret, 0), 0);
	usleep(20000);
	CHECK_EQ(waitpid(stranger, &status, WUNTRACED | WNOHANG), 0);
	kill(stranger, SIGKILL);
}

static void reuse_process(void *arg)
{
	int pid;

	(void)arg;
	CHECK_EQ(unshare(CLONE_NEWPID), 0);
	pid = fork();
	if (!pid) {
		reuse();
		_exit(0);
	}
	CHECK_EQ(reap(pid), 0);
}

static void test_once(void **test_state)
{
	(void)test_state;
	isolate(once_process, NULL, 30);
}

static void test_listener(void **test_state)
{
	struct forkexec_request r;
	struct forkexec_result ret;
	int err;

	(void)test_state;
	set_listener(&r);
	err = forkexec_spawn(&r, &ret);
	if (err && ret.step == FORKEXEC_STEP_SECCOMP && (ret.err == EINVAL || ret.err == ENOSYS)) {
		print_message("skipped: no notifications here\n");
		skip();
	}
	assert_int_equal(err, 0);
	close(ret.seccomp_fd);
	reap(ret.pid);
	isolate(listener_process, NULL, 30);
}

static void test_reuse(void **test_state)
{
	(void)test_state;
	if (geteuid() || access("/proc/sys/kernel/ns_last_pid", W_OK)) {
		print_message("skipped: not root, or no ns_last_pid\n");
		skip();
	}
	isolate(reuse_process, NULL, 30);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_listener),
		cmocka_unit_test(test_reuse),
	};
	int status = probe_main(argc, argv);

	return status >= 0 ? status : cmocka_run_group_tests(tests, NULL, NULL) != 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A child that waits for its parent: what is done at a stop is done once, whose turn it is comes
 * as late as it likes, no signal meets a process that is not the child, who writes to its pipe
 * does not mislead its parent, and its memory is closed to its new user.
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
#include <sys/socket.h>
#include <sys/stat.h>
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

/* What a child writes to its pipe: struct record. */
struct message {
	uint32_t step;
	int32_t err;
	int64_t detail;
};

/* Writes to the only pipe that a waiting child has for writing, as who may trace it can. */
static void forge(int pid, const struct message *m)
{
	char path[64], target[64];
	struct stat info;
	ssize_t n;
	int i, fd, written = 0;

	for (i = 3; i < 100; i++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, i);
		n = readlink(path, target, sizeof(target));
		if (n < 5 || strncmp(target, "pipe:", 5) || lstat(path, &info) || !(info.st_mode & S_IWUSR))
			continue;
		fd = open(path, O_WRONLY | O_CLOEXEC);
		CHECK(fd >= 0);
		CHECK_EQ(write(fd, m, sizeof(*m)), sizeof(*m));
		close(fd);
		written++;
	}
	CHECK_EQ(written, 1);
}

/* What no child says is not believed; what it may have said is true from then on. */
static void forged_process(void *arg)
{
	static const struct message messages[] = {
		{FORKEXEC_STEP_EXECVE, -5, 0},
		{FORKEXEC_STEP_EXECVE, 4096, 0},
		{FORKEXEC_STEP_NONE, ENOENT, 0},
		{FORKEXEC_STEP_SETUID, 0, 1},
		{FORKEXEC_STEP_SECCOMP, 0, 0},
		{FORKEXEC_STEP_EXECVE, ENOENT, 0},
	};
	static char *const cat_argv[] = {"cat", NULL};
	const size_t n = sizeof(messages) / sizeof(messages[0]);
	struct forkexec_request r;
	struct forkexec_result ret;
	int ends[2], believed;
	size_t i;

	(void)arg;
	for (i = 0; i < n; i++) {
		int32_t fds[] = {-1, 1, 2};

		believed = i == n - 1;
		CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
		init(&r);
		r.path = "/bin/cat"; /* which reads until we close the other end */
		r.argv = cat_argv;
		fds[0] = ends[0];
		r.fds = fds;
		r.n_fds = 3;
		r.flags |= FORKEXEC_STOP_EXEC;
		CHECK_EQ(forkexec_start(&r, &ret, &state), 0);
		CHECK_EQ(forkexec_finish(&r, &ret, &state, -1), FORKEXEC_STOPPED);
		forge(ret.pid, &messages[i]);
		CHECK_EQ(forkexec_continue(&r, &ret, 0), 0);
		CHECK_EQ(forkexec_finish(&r, &ret, &state, -1),
			 believed ? FORKEXEC_FAILED : FORKEXEC_RUNNING);
		close(ends[1]);
		if (!believed)
			CHECK_EQ(reap(ret.pid), 0);
		CHECK(no_children());
		close(ends[0]);
	}
}

/* Where new IDs open a copy of our memory to their user, the child closes it again. */
static void reopened_process(void *arg)
{
	struct forkexec_request r;
	struct forkexec_result ret;
	char path[32], was = 0;
	struct stat info;
	int fd = open("/proc/sys/fs/suid_dumpable", O_RDWR | O_CLOEXEC);

	(void)arg;
	CHECK_EQ(read(fd, &was, 1), 1);
	CHECK_EQ(pwrite(fd, "1", 1, 0), 1);
	init(&r);
	r.flags |= FORKEXEC_CREDENTIAL | FORKEXEC_STOP_EXEC;
	r.uid = r.gid = 65534;
	CHECK_EQ(forkexec_start(&r, &ret, &state), 0);
	CHECK_EQ(forkexec_finish(&r, &ret, &state, -1), FORKEXEC_STOPPED);
	CHECK_EQ(pwrite(fd, &was, 1, 0), 1);
	snprintf(path, sizeof(path), "/proc/%d/mem", ret.pid);
	CHECK_EQ(stat(path, &info), 0);
	CHECK_EQ(info.st_uid, 0); /* 65534 if its memory is open, proc(5) */
	CHECK_EQ(forkexec_continue(&r, &ret, 0), 0);
	CHECK_EQ(forkexec_finish(&r, &ret, &state, -1), FORKEXEC_RUNNING);
	CHECK_EQ(reap(ret.pid), 0);
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

static void test_forged(void **test_state)
{
	(void)test_state;
	isolate(forged_process, NULL, 30);
}

static void test_reopened(void **test_state)
{
	(void)test_state;
	if (geteuid() || access("/proc/sys/fs/suid_dumpable", W_OK)) {
		print_message("skipped: not root, or fs.suid_dumpable cannot be set\n");
		skip();
	}
	isolate(reopened_process, NULL, 30);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_listener),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_reopened),
	};
	int status = probe_main(argc, argv);

	return status >= 0 ? status : cmocka_run_group_tests(tests, NULL, NULL) != 0;
}

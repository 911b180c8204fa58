/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does forkexec_finish() wait for exactly as long as it should?
 *
 * A child is held at its chdir(2) by a seccomp filter that asks a thread of the test.
 * Meanwhile: time-outs and cancelling, after which a later finish still works; a child
 * that is killed or stopped before its exec; the parent's signals and set*id calls, which
 * must be served; a parent that ignores SIGCHLD. Each with memory shared and copied, and
 * with the method proven (no report pipe) and not, and with a start that waits for a while.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sandbox.h"

#define MS INT64_C(1000000)

/* One start that is held, and the gate that the holding thread waits at. */
struct trial {
	struct forkexec_request r;
	struct forkexec_result ret;
	struct forkexec_state state;
	struct hold hold;
	int gate[2];
	_Alignas(16) unsigned char work[16384];
};

/* The ways of waiting: by futex, by report pipe first, by report pipe alone. */
struct way {
	const char *name;
	enum view_method method;
	int proven;
	uint64_t flags;
};

static const struct way ways[] = {
	{"clone3, proven", VIEW_CLONE3, 1, 0}, {"clone3", VIEW_CLONE3, 0, 0},
	{"clone, proven", VIEW_CLONE, 1, 0},   {"clone", VIEW_CLONE, 0, 0},
	{"fork", VIEW_FORK, 0, 0},	       {"vfork", VIEW_CLONE3, 0, FORKEXEC_BLOCK_SIGNALS},
	{"vfork, proven", VIEW_CLONE3, 1, FORKEXEC_BLOCK_SIGNALS},
};

static char *const true_argv[] = {"probe:true", NULL};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void sleep_ms(int ms)
{
	poll(NULL, 0, ms);
}

static void wait_at_gate(int pid, void *arg)
{
	struct trial *t = arg;
	char c;

	(void)pid;
	CHECK(read(t->gate[0], &c, 1) >= 0);
}

static void open_gate(struct trial *t)
{
	CHECK_EQ(write(t->gate[1], "g", 1), 1);
}

/* Starts a child that is held at chdir before this returns. */
static void start_held(struct trial *t, const struct way *w, const char *dir)
{
	memset(t, 0, sizeof(*t));
	CHECK_EQ(pipe2(t->gate, O_CLOEXEC), 0);
	request_init(&t->r, true_argv);
	t->r.flags = w->flags;
	t->state.bits = view_only(w->method) | (w->proven ? view_proven(w->method) : 0);
	t->r.work = t->work;
	t->r.work_size = sizeof(t->work);
	t->r.dir = dir;
	if (!hold_start(&t->hold, SYS_chdir, wait_at_gate, t)) {
		fprintf(stderr, "skipped: seccomp cannot hold system calls here\n");
		_exit(0);
	}
	CHECK_EQ(forkexec_start(&t->r, &t->ret, &t->state), 0);
	CHECK(t->ret.pid > 0);
	while (!t->hold.held)
		sleep_ms(1);
}

static enum forkexec_outcome finish(struct trial *t, int64_t timeout)
{
	return forkexec_finish(&t->r, &t->ret, &t->state, timeout);
}

static void expect_success(struct trial *t, int64_t timeout)
{
	CHECK_EQ(finish(t, timeout), FORKEXEC_RUNNING);
	CHECK_EQ(t->ret.step, FORKEXEC_STEP_NONE);
	CHECK_EQ(reap(t->ret.pid), 0);
	CHECK(no_children());
}

static void timeout_process(void *arg)
{
	struct trial t;
	int64_t begin;
	int i;

	start_held(&t, arg, "/");
	begin = now_ms();
	CHECK_EQ(finish(&t, 0), FORKEXEC_TIMED_OUT);
	CHECK(now_ms() - begin < 1000);
	for (i = 1; i <= 3; i++) { /* shorter and longer than the core's own slice of 100 ms */
		begin = now_ms();
		CHECK_EQ(finish(&t, i * 70 * MS), FORKEXEC_TIMED_OUT);
		CHECK(now_ms() - begin >= i * 70 - 1);
		CHECK(now_ms() - begin < 10000);
		CHECK(t.ret.pid > 0); /* it is still there */
		CHECK_EQ(kill(t.ret.pid, 0), 0);
	}
	open_gate(&t);
	expect_success(&t, 20000 * MS);
	hold_join(&t.hold);
}

/* The longest time-outs that the type holds are long, not overflown. */
static void *open_later(void *arg)
{
	sleep_ms(150);
	open_gate(arg);
	return NULL;
}

static void long_timeout_process(void *arg)
{
	struct trial t;
	pthread_t thread;

	start_held(&t, arg, "/");
	CHECK_EQ(pthread_create(&thread, NULL, open_later, &t), 0);
	expect_success(&t, INT64_MAX);
	pthread_join(thread, NULL);
	hold_join(&t.hold);
}

static void *cancel_later(void *arg)
{
	struct trial *t = arg;

	sleep_ms(50);
	forkexec_cancel(t->work);
	return NULL;
}

static void cancel_process(void *arg)
{
	struct trial t;
	pthread_t thread;
	int64_t begin;

	start_held(&t, arg, "/");
	forkexec_cancel(t.work); /* before the wait */
	CHECK_EQ(finish(&t, -1), FORKEXEC_CANCELLED);
	begin = now_ms();
	CHECK_EQ(pthread_create(&thread, NULL, cancel_later, &t), 0); /* and during it */
	CHECK_EQ(finish(&t, -1), FORKEXEC_CANCELLED);
	CHECK(now_ms() - begin < 5000);
	pthread_join(thread, NULL);
	CHECK_EQ(finish(&t, 10 * MS), FORKEXEC_TIMED_OUT); /* once is once */
	CHECK_EQ(kill(t.ret.pid, 0), 0);
	open_gate(&t);
	expect_success(&t, -1);
	hold_join(&t.hold);
}

/* What a cancelled start comes to: the caller kills the child. It counts as started. */
static void killed_process(void *arg)
{
	struct trial t;
	int status;

	start_held(&t, arg, "/");
	CHECK_EQ(kill(t.ret.pid, SIGKILL), 0);
	CHECK_EQ(finish(&t, -1), FORKEXEC_RUNNING);
	CHECK(t.ret.pid > 0);
	CHECK_EQ(t.ret.step, FORKEXEC_STEP_NONE);
	status = reap(t.ret.pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	open_gate(&t);
	hold_join(&t.hold);
}

static void stopped_process(void *arg)
{
	struct trial t;

	start_held(&t, arg, "/");
	CHECK_EQ(kill(t.ret.pid, SIGSTOP), 0);
	open_gate(&t);
	CHECK_EQ(finish(&t, 250 * MS), FORKEXEC_TIMED_OUT);
	CHECK_EQ(kill(t.ret.pid, SIGCONT), 0);
	expect_success(&t, -1);
	hold_join(&t.hold);
}

static void failing_process(void *arg)
{
	struct trial t;
	int pid;

	start_held(&t, arg, "/does/not/exist");
	pid = t.ret.pid;
	CHECK_EQ(finish(&t, 20 * MS), FORKEXEC_TIMED_OUT);
	open_gate(&t);
	CHECK_EQ(finish(&t, -1), FORKEXEC_FAILED);
	CHECK_EQ(t.ret.err, ENOENT);
	CHECK_EQ(t.ret.step, FORKEXEC_STEP_CHDIR);
	CHECK_EQ(t.ret.pid, 0);
	CHECK(kill(pid, 0) == -1 && errno == ESRCH);
	CHECK(no_children());
	hold_join(&t.hold);
}

static volatile int alarms;

static void count_alarm(int sig)
{
	(void)sig;
	alarms++;
}

/* The wait runs with the caller's mask: its handlers run, and interrupt nothing. */
static void signal_process(void *arg)
{
	const struct itimerval often = {{0, 5000}, {0, 5000}}, never = {{0, 0}, {0, 0}};
	struct trial t;
	pthread_t thread;

	signal(SIGALRM, count_alarm);
	start_held(&t, arg, "/");
	CHECK_EQ(pthread_create(&thread, NULL, open_later, &t), 0);
	setitimer(ITIMER_REAL, &often, NULL);
	CHECK_EQ(finish(&t, -1), FORKEXEC_RUNNING);
	setitimer(ITIMER_REAL, &never, NULL);
	CHECK(alarms > 0);
	CHECK_EQ(reap(t.ret.pid), 0);
	pthread_join(thread, NULL);
	hold_join(&t.hold);
}

/* With BLOCK_SIGNALS they wait, and those of one number become one; but not for long. */
static void quiet_process(void *arg)
{
	const struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
	const struct way proven = {"", VIEW_CLONE3, 1, FORKEXEC_BLOCK_SIGNALS};
	struct trial t;
	sigset_t alarm;

	(void)arg;
	signal(SIGALRM, count_alarm);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm, NULL); /* for the thread that this makes */
	start_held(&t, &proven, "/");
	pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	CHECK_EQ(finish(&t, FORKEXEC_BLOCK_SIGNALS_MS * MS), FORKEXEC_TIMED_OUT);
	CHECK(alarms < 5);
	CHECK_EQ(finish(&t, 200 * MS), FORKEXEC_TIMED_OUT);
	CHECK(alarms > 5);
	setitimer(ITIMER_REAL, &never, NULL);
	open_gate(&t);
	expect_success(&t, -1);
	hold_join(&t.hold);
}

static void *set_ids(void *arg)
{
	sleep_ms(30);
	CHECK_EQ(setgid(getgid()), 0); /* glibc signals every thread and waits for them */
	open_gate(arg);
	return NULL;
}

static void set_ids_process(void *arg)
{
	struct trial t;
	pthread_t thread;

	start_held(&t, arg, "/");
	CHECK_EQ(pthread_create(&thread, NULL, set_ids, &t), 0);
	expect_success(&t, 10000 * MS);
	pthread_join(thread, NULL);
	hold_join(&t.hold);
}

/* The kernel reaps for a parent that ignores SIGCHLD. */
static void ignored_process(void *arg)
{
	struct trial t;

	signal(SIGCHLD, SIG_IGN);
	start_held(&t, arg, "/does/not/exist");
	open_gate(&t);
	CHECK_EQ(finish(&t, -1), FORKEXEC_FAILED);
	CHECK_EQ(t.ret.err, ENOENT);
	CHECK_EQ(t.ret.step, FORKEXEC_STEP_CHDIR);
	CHECK(no_children());
	hold_join(&t.hold);
}

/* Go's protocol: a child that fails counts as started and is the caller's to wait for. */
static void errno_pipe_process(void *arg)
{
	const struct way *w = arg;
	struct trial t;
	unsigned long word = 0;
	int ends[2], status;

	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	memset(&t, 0, sizeof(t));
	request_init(&t.r, true_argv);
	t.state.bits = view_only(w->method) | (w->proven ? view_proven(w->method) : 0);
	t.r.work = t.work;
	t.r.work_size = sizeof(t.work);
	t.r.flags = w->flags | FORKEXEC_ERRNO_PIPE;
	t.r.errno_pipe = ends[1];
	t.r.dir = "/does/not/exist";
	CHECK_EQ(forkexec_start(&t.r, &t.ret, &t.state), 0);
	CHECK_EQ(finish(&t, -1), FORKEXEC_RUNNING);
	CHECK(t.ret.pid > 0);
	CHECK_EQ(t.ret.step, FORKEXEC_STEP_CHDIR); /* known all the same */
	CHECK_EQ(t.ret.err, ENOENT);
	CHECK_EQ(read(ends[0], &word, sizeof(word)), sizeof(word));
	CHECK_EQ(word, ENOENT);
	status = reap(t.ret.pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 253);
}

static void each_way(void (*process)(void *arg))
{
	struct way w;
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		w = ways[i];
		print_message("%s\n", w.name);
		isolate(process, &w, 30);
	}
}

#define WAIT_TEST(name)                                                                            \
	static void test_##name(void **test_state)                                                 \
	{                                                                                          \
		(void)test_state;                                                                  \
		each_way(name##_process);                                                          \
	}

WAIT_TEST(timeout)
WAIT_TEST(long_timeout)
WAIT_TEST(cancel)
WAIT_TEST(killed)
WAIT_TEST(stopped)
WAIT_TEST(failing)
WAIT_TEST(signal)
WAIT_TEST(set_ids)
WAIT_TEST(ignored)
WAIT_TEST(errno_pipe)

static void test_quiet(void **test_state)
{
	(void)test_state;
	isolate(quiet_process, NULL, 30);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timeout), cmocka_unit_test(test_long_timeout),
		cmocka_unit_test(test_cancel),	cmocka_unit_test(test_killed),
		cmocka_unit_test(test_stopped), cmocka_unit_test(test_failing),
		cmocka_unit_test(test_signal),	cmocka_unit_test(test_set_ids),
		cmocka_unit_test(test_ignored), cmocka_unit_test(test_errno_pipe),
		cmocka_unit_test(test_quiet),
	};
	int status = probe_main(argc, argv);

	if (status >= 0)
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}

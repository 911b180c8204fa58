/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does a trace have each step, in order, also if the child is forked or the room runs out? Does a
 * pause stop the child where it says, and go on? Are both refused where they cannot be?
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static char *const true_argv[] = {"probe:true", NULL};
static struct forkexec_trace trace;

static void traced(struct forkexec_request *r)
{
	memset(&trace, 0x5a, sizeof(trace));
	trace.size = sizeof(trace);
	request_init(r, true_argv);
	r->trace = &trace;
}

/* Begins grow, nothing ends after the end, and the first two and the last are known. */
static void check_order(uint32_t last)
{
	uint32_t i;

	CHECK(trace.n >= 3 && trace.n <= FORKEXEC_TRACE_STEPS);
	CHECK_EQ(trace.steps[0].step, FORKEXEC_STEP_REQUEST);
	CHECK_EQ(trace.steps[1].step, FORKEXEC_STEP_CLONE);
	CHECK_EQ(trace.steps[trace.n - 1].step, last);
	for (i = 0; i < trace.n; i++) {
		CHECK(trace.steps[i].calls >= 1);
		CHECK(trace.steps[i].begin_ns > 0);
		CHECK((i + 1 < trace.n ? trace.steps[i + 1].begin_ns : trace.end_ns) >=
		      trace.steps[i].begin_ns);
	}
}

static void trace_process(void *arg)
{
	struct forkexec_state state;
	struct forkexec_request r;
	struct forkexec_result ret;
	int32_t fds[300];
	uint32_t i;

	memset(&state, 0, sizeof(state));
	state.bits = *(uint32_t *)arg;
	traced(&r);
	r.flags |= FORKEXEC_SETSID;
	for (i = 0; i < 2; i++) { /* the second by a method that is proven */
		CHECK_EQ(forkexec_run(&r, &ret, &state), 0);
		reap(ret.pid);
		check_order(FORKEXEC_STEP_EXECVE);
		CHECK_EQ(trace.steps[2].step, FORKEXEC_STEP_SETSID);
	}
	r.dir = "/does/not/exist";
	CHECK_EQ(forkexec_run(&r, &ret, &state), -ENOENT);
	check_order(FORKEXEC_STEP_CHDIR);
	traced(&r);
	for (i = 0; i < 300; i++)
		fds[i] = 1;
	r.fds = fds;
	r.n_fds = 300;
	CHECK_EQ(forkexec_run(&r, &ret, &state), 0);
	reap(ret.pid);
	check_order(FORKEXEC_STEP_EXECVE);
	CHECK(trace.n > FORKEXEC_TRACE_STEPS / 2);
	r.clone_flags = 1; /* of no namespace: the plan refuses it, and nothing is written */
	trace.n = 77;
	CHECK_EQ(forkexec_run(&r, &ret, &state), -EINVAL);
	CHECK_EQ(trace.n, 77);
}

static void test_steps(void **test_state)
{
	uint32_t methods[] = {0, FORKEXEC_STATE_NO_CLONE3, 0xfu << 8 & ~(1u << 11)};
	size_t i;

	(void)test_state;
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		isolate(trace_process, &methods[i], 30);
}

static void refused(const struct forkexec_request *r, size_t offset)
{
	static _Alignas(16) unsigned char work[65536];
	struct forkexec_request with_work = *r;
	struct forkexec_state state;
	struct forkexec_result ret;

	memset(&state, 0, sizeof(state));
	with_work.work = work;
	with_work.work_size = sizeof(work);
	assert_int_equal(forkexec_start(&with_work, &ret, &state), -EINVAL);
	assert_int_equal(ret.step, FORKEXEC_STEP_REQUEST);
	assert_int_equal(ret.detail, offset);
	assert_true(no_children());
}

static void test_refused(void **test_state)
{
	static const uint64_t filter[] = {0x7fff000000000006}; /* allow */
	struct forkexec_request r;
	struct forkexec_result ret;

	(void)test_state;
	traced(&r);
	trace.size--;
	refused(&r, offsetof(struct forkexec_request, trace));
	request_init(&r, true_argv);
	r.pause_at = 200;
	refused(&r, offsetof(struct forkexec_request, pause_at));
	r.pause_at = 63; /* no step yet */
	refused(&r, offsetof(struct forkexec_request, pause_at));
	r.pause_at = FORKEXEC_STEP_EXECVE;
	assert_int_equal(forkexec_spawn(&r, &ret), -EINVAL); /* nobody would continue it */
	assert_int_equal(ret.detail, offsetof(struct forkexec_request, pause_at));
	r.flags |= FORKEXEC_PTRACE;
	refused(&r, offsetof(struct forkexec_request, pause_at));
	r.flags &= ~FORKEXEC_PTRACE;
	r.seccomp = filter;
	r.n_seccomp = 1;
	refused(&r, offsetof(struct forkexec_request, pause_at));
}

/* With err the child fails there, without any signal. */
static void pause_process(void *arg)
{
	static _Alignas(16) unsigned char work[65536];
	struct forkexec_request r;
	struct forkexec_result ret;
	struct forkexec_state state;
	int err = *(int *)arg, status;

	memset(&state, 0, sizeof(state));
	traced(&r);
	r.work = work;
	r.work_size = sizeof(work);
	r.flags |= FORKEXEC_SETSID | FORKEXEC_STOP_EXEC;
	r.pause_at = FORKEXEC_STEP_SETSID;
	CHECK_EQ(forkexec_start(&r, &ret, &state), 0);
	CHECK_EQ(forkexec_finish(&r, &ret, &state, -1), FORKEXEC_STOPPED);
	CHECK_EQ(ret.step, FORKEXEC_STEP_SETSID);
	CHECK_EQ(ret.detail, 1);
	CHECK_EQ(forkexec_continue(&r, &ret, err), 0);
	if (err) {
		CHECK_EQ(forkexec_finish(&r, &ret, &state, -1), FORKEXEC_FAILED);
		CHECK_EQ(ret.step, FORKEXEC_STEP_SETSID);
		CHECK_EQ(ret.err, err);
		return;
	}
	CHECK_EQ(waitpid(ret.pid, &status, WUNTRACED), ret.pid);
	CHECK(WIFSTOPPED(status));
	CHECK_EQ(forkexec_finish(&r, &ret, &state, 20000000), FORKEXEC_TIMED_OUT);
	CHECK_EQ(kill(ret.pid, SIGCONT), 0);
	CHECK_EQ(forkexec_finish(&r, &ret, &state, -1), FORKEXEC_STOPPED);
	CHECK_EQ(ret.step, FORKEXEC_STEP_STOP_EXEC);
	CHECK_EQ(ret.detail, 0);
	CHECK_EQ(forkexec_continue(&r, &ret, 0), 0);
	CHECK_EQ(forkexec_finish(&r, &ret, &state, -1), FORKEXEC_RUNNING);
	reap(ret.pid);
	check_order(FORKEXEC_STEP_EXECVE);
	CHECK(trace.steps[3].begin_ns - trace.steps[2].begin_ns >= 20000000); /* the pause counts */
}

static void test_pause(void **test_state)
{
	int errs[] = {0, EACCES};

	(void)test_state;
	isolate(pause_process, &errs[0], 30);
	isolate(pause_process, &errs[1], 30);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_pause),
	};
	int status = probe_main(argc, argv);

	if (status >= 0)
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}

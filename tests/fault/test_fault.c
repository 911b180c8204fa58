/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does every system call that can fail, when it fails, come back as what it is?
 *
 * For each case of cases.c, each errno below and each side, the 1st, 2nd, 3rd ... call
 * is made to fail until a start completes without coming to it; then each call with the
 * further errnos that its manual page lists (errnos.c). The start must name the
 * step of that very call with that errno, or stand the failure if it is one of those in
 * tolerated_*(); steps must fail in the order of the list; nothing may be left: no
 * descriptor, no child, no changed signal mask. All steps must have failed in the end.
 *
 * A hang is a failure with case, call and errno named: an outer process watches.
 */
#include "support.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cases.h"
#include "expect.h"
#include "forkexec_go.h"
#include "inject.h"

#define WORK_KEPT      16384 /* what a state keeps, forkexec.c */
#define RUN_TIMEOUT_MS 15000
#define SKIPPED        77

static const int errnos[] = {EIO, ENOMEM, EPERM, ENOSYS, EINVAL, EINTR, EAGAIN, ENOENT};

/* Where each step was seen to fail, over all cases; shared with their processes. */
static volatile uint8_t *seen;
static unsigned n_skipped;

/* What came of one run, however it was made. */
struct outcome {
	int pid; /* 0: none */
	int pidfd;
	uint32_t step; /* UNKNOWN where only an errno comes back */
	int err;
	int in_pipe; /* err came through the errno pipe, the child is ours to wait for */
};

static _Noreturn void broken(const struct fault_case *c, const char *text, const struct outcome *o)
{
	fprintf(stderr, "case \"%s\", %s call %u (%s, the %u. of them) = errno %d: %s", c->name,
		injector->side == PARENT ? "parent's" : "child's", injector->at,
		call_name(injector->hit_nr), injector->hit_index, injector->err, text);
	if (o)
		fprintf(stderr, " (got step %s, errno %d, pid %d%s)",
			o->step == UNKNOWN ? "unknown" : step_text(o->step), o->err, o->pid,
			o->in_pipe ? ", from the pipe" : "");
	fprintf(stderr, "\n");
	_exit(1);
}

/* forkexec_run() for a child that stops. */
static int run_with_stops(struct forkexec_request *r, struct forkexec_result *ret,
			  struct forkexec_state *state)
{
	static _Alignas(16) unsigned char work[32768];
	enum forkexec_outcome outcome;
	int err;

	r->work = work;
	r->work_size = sizeof(work);
	err = forkexec_start(r, ret, state);
	if (err)
		return err;
	while ((outcome = forkexec_finish(r, ret, state, -1)) == FORKEXEC_STOPPED) {
		int pause = ret->detail != 0;

		forkexec_continue(r, ret, 0);
		if (pause)
			kill(ret->pid, SIGCONT);
	}
	return outcome == FORKEXEC_FAILED ? -ret->err : 0;
}

static void run_native(const struct fault_case *c, struct forkexec_request *r,
		       struct forkexec_state *state, struct outcome *o)
{
	struct forkexec_result ret;
	int err;

	memset(&ret, 0x55, sizeof(ret));
	err = c->needs & STOPS ? run_with_stops(r, &ret, state) : forkexec_run(r, &ret, state);
	injector_disarm();
	o->pid = ret.pid;
	o->pidfd = ret.pidfd;
	if ((ret.seccomp_fd >= 0) != (!err && r->seccomp_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
		broken(c, "a listener that was not asked for, or none that was", o);
	if (ret.seccomp_fd >= 0)
		close(ret.seccomp_fd);
	o->step = ret.step;
	o->err = ret.err;
	/* With an errno pipe a failed child counts as started, and ret says what failed. */
	if (!err && r->flags & FORKEXEC_ERRNO_PIPE && ret.pid > 0)
		ret.step = 0, ret.err = 0;
	if (err != -ret.err)
		broken(c, "return value and result differ", o);
	if (err && (ret.pid != 0 || ret.pidfd != -1 || ret.step == FORKEXEC_STEP_NONE))
		broken(c, "a failure with a pid, a pidfd or without a step", o);
	if (!err && (ret.pid <= 0 || ret.step != FORKEXEC_STEP_NONE))
		broken(c, "a success without a pid or with a step", o);
	if (!err && (ret.pidfd >= 0) != (r->flags & FORKEXEC_PIDFD && !pidfd_refused(c)))
		broken(c, "a pidfd that was not asked for, or none that was", o);
}

static void run_go(const struct fault_case *c, const struct forkexec_request *r,
		   struct forkexec_state *state, struct outcome *o)
{
	uintptr_t files[] = {0, 1, 2};
	struct forkexec_go_sys_proc_attr sys;
	struct forkexec_go_proc_attr attr;
	struct forkexec_go_frame f;
	intptr_t pidfd = -1;

	memset(&sys, 0, sizeof(sys));
	memset(&attr, 0, sizeof(attr));
	memset(&f, 0, sizeof(f));
	sys.pidfd = &pidfd;
	attr.files = (struct forkexec_go_slice){files, 3, 3};
	f.argv0 = r->path;
	f.argv.ptr = (void *)(uintptr_t)r->argv;
	f.envv.ptr = (void *)(uintptr_t)r->envp;
	f.dir = r->dir;
	f.attr = &attr;
	f.sys = &sys;
	f.pipe = r->flags & FORKEXEC_ERRNO_PIPE ? r->errno_pipe : -1;
	forkexec_go(&f, state);
	injector_disarm();
	o->pid = (int)f.ret_pid;
	o->pidfd = (int)pidfd;
	o->step = f.ret_err ? UNKNOWN : FORKEXEC_STEP_NONE;
	o->err = (int)f.ret_err;
	if (f.ret_err && (f.ret_pid || pidfd != -1))
		broken(c, "an errno with a pid or a pidfd", o);
}

/* Takes the child, and what it may have put into the errno pipe. */
static void finish_run(const struct fault_case *c, struct world *w, const struct outcome *got,
		       struct outcome *o)
{
	unsigned long word = 0;
	int status;

	*o = *got;
	if (o->pid > 0) {
		kill(o->pid, SIGCONT);
		status = reap(o->pid);
		while (WIFSTOPPED(status)) { /* PTRACE: at its exec */
			kill(o->pid, SIGKILL);
			status = reap(o->pid);
		}
		if (o->pidfd >= 0)
			close(o->pidfd);
		if (w->errno_pipe[0] >= 0 &&
		    read(w->errno_pipe[0], &word, sizeof(word)) == (long)sizeof(word)) {
			o->in_pipe = 1;
			o->step = UNKNOWN;
			o->err = (int)word;
			if (!WIFEXITED(status) || WEXITSTATUS(status) != 253)
				broken(c, "an errno in the pipe, but exit status is not 253", o);
		} else if (status && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)) {
			broken(c, "the program did not run", o);
		}
	}
}

/*
 * Waits until no child is in our memory any more. We must be dumpable again then, unless
 * the fault has hit what is done for that.
 */
static void settle(const struct fault_case *c, struct forkexec_state *state,
		   const struct outcome *o)
{
	int tries, dumpable;

	if (!(c->needs & HELD))
		return;
	for (tries = 0; forkexec_settle(state) > 0; tries++) {
		if (tries == 2000)
			broken(c, "a child is still counted", o);
		usleep(500);
	}
	dumpable = prctl(PR_GET_DUMPABLE);
	if (dumpable != 1 && (!injector->hit || injector->side != PARENT ||
			      injector->hit_after_clone == 0 || !is_hold_call()))
		broken(c, "we are not dumpable any more", o);
}

static void run_once(const struct fault_case *c, struct world *w, enum side side, uint32_t at,
		     int err, struct outcome *o)
{
	static char *const argv[] = {"probe:true", NULL};
	struct forkexec_state state;
	struct forkexec_request r;
	struct snapshot before;
	struct outcome got;
	const char *difference;

	memset(&state, 0, sizeof(state));
	memset(&got, 0, sizeof(got));
	state.bits = c->bits;
	if (c->needs & HELD)
		prctl(PR_SET_DUMPABLE, 1);
	world_make(w, c);
	request_init(&r, argv);
	c->set(&r, w);
	snapshot_take(&before);
	injector_arm(side, at, err, c->always);
	if (c->needs & GO_FRAME)
		run_go(c, &r, &state, &got);
	else
		run_native(c, &r, &state, &got);
	finish_run(c, w, &got, o);
	settle(c, &state, o);
	difference = snapshot_differs(&before);
	if (difference)
		broken(c, difference, o);
	if (!no_children())
		broken(c, "a child is left", o);
	world_drop(w);
	if (state.work)
		munmap(state.work, WORK_KEPT);
}

static void expect_baseline(const struct fault_case *c, const struct outcome *o)
{
	int same = c->err ? (o->step == c->step || o->step == UNKNOWN) && o->err == c->err
			  : o->err == 0 && o->pid > 0;

	if (!same)
		broken(c, "the failure should have been tolerated", o);
}

/* before: rank of the step at which the last fault ended, raised here. */
static void judge(const struct fault_case *c, const struct outcome *o, uint32_t *before)
{
	int err = injector->err;
	uint32_t step;

	if (injector->side == PARENT) {
		if (tolerated_by_parent(c)) {
			expect_baseline(c, o);
			return;
		}
		step = parent_step(c, &err);
		if (o->err != err || (o->step != step && o->step != UNKNOWN))
			broken(c, "not the step or errno of the call that failed", o);
		if (o->step != UNKNOWN)
			seen[step] = 1;
		return;
	}
	if (tolerated_by_child(c) ||
	    (c->needs & BOUNDS && injector->hit_nr == SYS_prctl && err == EINVAL && !o->err)) {
		expect_baseline(c, o);
		return;
	}
	/* F_DUPFD's EINVAL, a number beyond RLIMIT_NOFILE, comes back as dup3's EBADF. */
	if (injector->hit_nr == SYS_fcntl && err == EINVAL && o->step == FORKEXEC_STEP_FD_MOVE)
		err = EBADF;
	if (o->err != err)
		broken(c, "not the errno of the call that failed", o);
	if (o->in_pipe || o->step == UNKNOWN)
		return;
	if (!child_step_fits(o->step, injector->hit_nr))
		broken(c, "not the step of the call that failed", o);
	seen[o->step] = 1;
	if (c->needs & CLOSES && o->step == FORKEXEC_STEP_FD_MOVE)
		return;
	/* The limit on descriptors is set for the second time when they are in their places. */
	if (c->needs & LIMITS && o->step == FORKEXEC_STEP_RLIMIT && injector->hit_index > 2)
		return;
	if (child_rank(o->step) < *before)
		broken(c, "an earlier step than a fault in an earlier call", o);
	*before = child_rank(o->step);
}

/* Each call of the side with the e-th errno of its manual page, if there are so many. */
static void run_manual(const struct fault_case *c, struct world *w, enum side side, size_t e)
{
	uint32_t at, before = 0;
	struct outcome o;

	for (at = 1; at < MAX_CALLS && injector->nr_at[side][at]; at++) {
		int err = manual_errno(injector->nr_at[side][at], e);

		if (!err)
			continue;
		run_once(c, w, side, at, err, &o);
		if (injector->hit) /* of two that run at a time the other may have been first */
			judge(c, &o, &before);
	}
}

/* Under a checker that slows every start down: one errno must do. */
static int quick(void)
{
	return getenv("FORKEXEC_TEST_QUICK") != NULL;
}

static void run_case(const struct fault_case *c)
{
	struct world world;
	struct outcome o;
	uint32_t at, before;
	size_t e;
	int side;

	memset((void *)injector->nr_at, 0, sizeof(injector->nr_at));
	world_enter(&world, c);
	if (!world.reason) {
		run_once(c, &world, PARENT, 0, 0, &o);
		if (world.reason == NULL && c->needs & MAY_BE_DENIED && geteuid() &&
		    (o.err == EPERM || o.err == EACCES || o.err == ENOSPC))
			world.reason = "user namespaces are not allowed";
	}
	if (world.reason) {
		fprintf(stderr, "skipped \"%s\": %s\n", c->name, world.reason);
		world_leave(&world);
		_exit(SKIPPED);
	}
	expect_baseline(c, &o);
	for (e = 0; e < (quick() ? 1 : sizeof(errnos) / sizeof(errnos[0])); e++) {
		for (side = PARENT; side < N_SIDES; side++) {
			before = 0;
			for (at = 1; at < MAX_CALLS; at++) {
				run_once(c, &world, (enum side)side, at, errnos[e], &o);
				if (!injector->hit)
					break;
				judge(c, &o, &before);
			}
			expect_baseline(c, &o);
		}
	}
	for (e = 0; e < MANUAL_ERRNOS && !quick(); e++)
		for (side = PARENT; side < N_SIDES; side++)
			run_manual(c, &world, (enum side)side, e);
	world_leave(&world);
}

/* Waits for the case's process as long as it gets on. */
static int watch(int pid)
{
	const struct timespec pause = {0, 2000000};
	uint64_t last = 0;
	int status, waited_ms = 0;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		nanosleep(&pause, NULL);
		waited_ms = injector->progress == last ? waited_ms + 2 : 0;
		last = injector->progress;
		if (waited_ms < RUN_TIMEOUT_MS)
			continue;
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		kill_orphans();
		fail_msg("hung at %s call %u = errno %d",
			 injector->side == PARENT ? "parent's" : "child's", injector->at,
			 injector->err);
	}
	return status;
}

static void test_case(void **test_state)
{
	const struct fault_case *c = *test_state;
	int status, pid;

	fflush(NULL);
	adopt_orphans();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		run_case(c);
		_exit(0);
	}
	status = watch(pid);
	kill_orphans();
	if (WIFSIGNALED(status))
		fail_msg("the case's process was killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) == SKIPPED) {
		n_skipped++;
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Steps that no fault can come to, or that are never reported. */
static int has_no_fault(uint32_t step)
{
	return step == FORKEXEC_STEP_WAIT ||  /* a failed wait looks again */
	       step == FORKEXEC_STEP_NOFILE; /* ignored */
}

static void test_every_step(void **test_state)
{
	static const uint32_t steps[] = {
#define STEP(id, NAME, name, syscall, field) id,
		FORKEXEC_STEPS(STEP)
#undef STEP
	};
	size_t i, missing = 0;

	(void)test_state;
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (seen[steps[i]] || has_no_fault(steps[i]))
			continue;
		missing++;
		fprintf(stderr, "no fault came to step %s\n", step_text(steps[i]));
	}
	fprintf(stderr, "skipped cases: %u\n", n_skipped);
	if (missing && n_skipped)
		skip();
	assert_int_equal(missing, 0);
}

int main(int argc, char **argv)
{
	struct CMUnitTest *tests;
	const char *only = getenv("FORKEXEC_TEST_CASE");
	int status = probe_main(argc, argv);
	size_t i, n = 0;

	if (status >= 0)
		return status;
	injector_create();
	seen = mmap(NULL, 256, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	tests = calloc(n_fault_cases + 1, sizeof(*tests));
	if (seen == MAP_FAILED || !tests)
		return 1;
	for (i = 0; i < n_fault_cases; i++)
		if (!only || !strcmp(only, fault_cases[i].name))
			tests[n++] = (struct CMUnitTest){fault_cases[i].name, test_case, NULL, NULL,
							 (void *)(uintptr_t)&fault_cases[i]};
	if (!only)
		tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_every_step);
	return _cmocka_run_group_tests("fault", tests, n, NULL, NULL) != 0;
}

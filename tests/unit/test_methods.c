/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does every way of cloning start programs, and is the right one taken and remembered?
 *
 * Each method is forced by the state's bits, and reached by seccomp filters that answer
 * as old kernels and container policies do. Whatever the method, steps are named, the
 * parent's signal mask (with 32, 33 and 64, which libc hides) stays, and the child has
 * that mask, no handlers and the ignored signals. A downgrade is remembered only after
 * it has worked, and never for a clone that the kernel may refuse for its own reasons.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox.h"

#define BIT(sig) (UINT64_C(1) << ((sig)-1))

/* One start on the core's level, to see the method. */
struct trial {
	struct forkexec_request r;
	struct forkexec_result ret;
	struct forkexec_state state;
	_Alignas(16) unsigned char work[16384];
};

static char *const true_argv[] = {"probe:true", NULL};

static void trial_init(struct trial *t, uint32_t bits)
{
	memset(t, 0, sizeof(*t));
	request_init(&t->r, true_argv);
	t->state.bits = bits;
	t->r.work = t->work;
	t->r.work_size = sizeof(t->work);
}

static int trial_run(struct trial *t)
{
	int err = forkexec_start(&t->r, &t->ret, &t->state);

	if (!err && forkexec_finish(&t->r, &t->ret, &t->state, -1) == FORKEXEC_FAILED)
		err = -t->ret.err;
	return err;
}

/* Does the result say how the child was made, good or failed? */
static void check_told(const struct trial *t, enum view_method m)
{
	int is_clone3 = m == VIEW_CLONE3 || m == VIEW_CLONE3_FORK;
	uint32_t how = m == VIEW_CLONE3_FORK ? FORKEXEC_HOW_UNSAFE :
		       m == VIEW_FORK        ? FORKEXEC_HOW_REFUSED :
					       FORKEXEC_HOW_SHARED;

	CHECK_EQ(t->ret.method, is_clone3 ? FORKEXEC_METHOD_CLONE3 : FORKEXEC_METHOD_CLONE);
	CHECK_EQ(t->ret.how, how);
}

/* A start that may make no pipe makes none: it asks for another try instead, before any child. */
static void wants_pipe(struct trial *t, struct snapshot *before)
{
	const char *difference;

	memset(&t->ret, 0x5a, sizeof(t->ret));
	CHECK_EQ(forkexec_start(&t->r, &t->ret, &t->state), -EAGAIN);
	CHECK_EQ(t->ret.step, FORKEXEC_STEP_PIPE);
	CHECK_EQ(t->ret.retry_flags, FORKEXEC_NO_PIPES);
	CHECK_EQ(t->ret.pid, 0);
	CHECK(no_children());
	difference = snapshot_differs(before);
	if (difference)
		check_failed(__FILE__, __LINE__, difference);
}

static void no_pipes_process(void *arg)
{
	struct snapshot before;
	struct trial t;

	(void)arg;
	trial_init(&t, 0);
	snapshot_take(&before);
	t.r.flags = FORKEXEC_NO_PIPES;
	wants_pipe(&t, &before); /* nothing is proven yet */
	t.r.flags ^= t.ret.retry_flags;
	CHECK_EQ(trial_run(&t), 0);
	CHECK_EQ(reap(t.ret.pid), 0);
	t.r.flags = FORKEXEC_NO_PIPES;
	CHECK_EQ(trial_run(&t), 0); /* proven: it needs none */
	CHECK_EQ(reap(t.ret.pid), 0);
	t.r.flags = FORKEXEC_NO_PIPES | FORKEXEC_STOP_EXEC;
	wants_pipe(&t, &before);
	t.r.flags = FORKEXEC_NO_PIPES;
	t.r.clone_flags = CLONE_NEWUSER;
	wants_pipe(&t, &before); /* forked, or counted by a pipe */
	memset(&t.state, 0, sizeof(t.state));
	t.r.clone_flags = 0;
	CHECK_EQ(forkexec_run(&t.r, &t.ret, &t.state), 0); /* tries again by itself */
	CHECK_EQ(reap(t.ret.pid), 0);
}

static void test_no_pipes(void **test_state)
{
	(void)test_state;
	isolate(no_pipes_process, NULL, 30);
}

/* Success, failure at the exec, failure before it; twice, for the proven method. */
static void method_process(void *arg)
{
	enum view_method m = *(enum view_method *)arg;
	struct snapshot before;
	struct trial t;
	int i;

	snapshot_take(&before);
	trial_init(&t, view_only(m));
	if (m == VIEW_CLONE3_FORK)
		t.r.unshare_flags = CLONE_NEWUSER | CLONE_VM; /* never shares memory */
	for (i = 0; i < 2; i++) {
		int err = trial_run(&t);

		if (err == -EPERM && m == VIEW_CLONE3_FORK) {
			fprintf(stderr, "skipped clone3 fork: no user namespaces\n");
			_exit(0);
		}
		CHECK_EQ(err, 0);
		CHECK_EQ(view_method_of(t.work), m);
		check_told(&t, m);
		CHECK_EQ(reap(t.ret.pid), 0);
		CHECK_EQ((t.state.bits & view_proven(m)) != 0,
			 m != VIEW_CLONE3_FORK && m != VIEW_FORK);

		t.r.path = "/does/not/exist";
		CHECK_EQ(trial_run(&t), -ENOENT);
		CHECK_EQ(t.ret.step, FORKEXEC_STEP_EXECVE);
		check_told(&t, m);
		t.r.path = "/proc/self/exe";
		t.r.dir = "/proc/self/exe";
		CHECK_EQ(trial_run(&t), -ENOTDIR);
		CHECK_EQ(t.ret.step, FORKEXEC_STEP_CHDIR);
		CHECK_EQ(t.ret.pid, 0);
		t.r.dir = NULL;
		CHECK(snapshot_differs(&before) == NULL);
		CHECK(no_children());
		t.r.flags |= FORKEXEC_KNOWN_FLAGS + 1;
		CHECK_EQ(trial_run(&t), -EINVAL);
		CHECK_EQ(t.ret.method | t.ret.how, 0);
		t.r.flags &= FORKEXEC_KNOWN_FLAGS;
	}
	CHECK_EQ(t.state.bits, view_only(m) | (t.state.bits & view_proven(m)));
}

static void test_each_method(void **test_state)
{
	enum view_method m;

	(void)test_state;
	for (m = 0; m < VIEW_METHODS; m++) {
		if (m == VIEW_CLONE3_FORK && access("/proc/self/ns/user", F_OK))
			continue;
		isolate(method_process, &m, 20);
	}
}

/* What a filter refuses and what the core makes of it. */
struct sandboxed {
	const char *name;
	struct sandbox_rule rules[3];
	uint32_t bits; /* before */
	uint64_t flags, clone_flags, unshare_flags;
	int root;      /* needs root */
	int err;       /* the outcome: 0, or an errno of step CLONE */
	enum view_method method;
	uint32_t remembered; /* methods, as bits */
};

#define M(method)      (1u << (method))
#define NO_CLONE3(err) {SYS_clone3, 0, 0, err}
#define NO_VM(err)     {SYS_clone, CLONE_VM, 0, err}
#define NO_VM_ALONE    {SYS_clone, CLONE_VM, CLONE_VFORK, EPERM}
#define NO_CLONE(err)  {SYS_clone, 0, 0, err}
#define NEVER3         FORKEXEC_STATE_NO_CLONE3

static const struct sandboxed sandboxes[] = {
	{"nothing refused", {{0}}, 0, 0, 0, 0, 0, 0, VIEW_CLONE3, 0},
	{"clone3 ENOSYS", {NO_CLONE3(ENOSYS)}, 0, 0, 0, 0, 0, 0, VIEW_CLONE, M(VIEW_CLONE3)},
	{"clone3 EPERM", {NO_CLONE3(EPERM)}, 0, 0, 0, 0, 0, 0, VIEW_CLONE, M(VIEW_CLONE3)},
	{"clone3 EINVAL", {NO_CLONE3(EINVAL)}, 0, 0, 0, 0, 0, 0, VIEW_CLONE, M(VIEW_CLONE3)},
	{"clone3 EAGAIN", {NO_CLONE3(EAGAIN)}, 0, 0, 0, 0, 0, EAGAIN, VIEW_CLONE3, 0},
	{"clone3 ENOMEM", {NO_CLONE3(ENOMEM)}, 0, 0, 0, 0, 0, ENOMEM, VIEW_CLONE3, 0},
	{"only vfork", {NO_CLONE3(ENOSYS), NO_VM_ALONE}, 0, 0, 0, 0, 0, 0, VIEW_FORK,
	 M(VIEW_CLONE3) | M(VIEW_CLONE)},
	{"only fork", {NO_CLONE3(EPERM), NO_VM(EPERM)}, 0, 0, 0, 0, 0, 0, VIEW_FORK,
	 M(VIEW_CLONE3) | M(VIEW_CLONE)},
	/* It may be this thread alone whose memory cannot be shared (NEWTIME, Linux < 6.2). */
	{"memory not shared", {NO_CLONE3(EINVAL), NO_VM(EINVAL)}, 0, 0, 0, 0, 0, 0, VIEW_FORK, 0},
	{"nothing allowed", {NO_CLONE3(ENOSYS), NO_CLONE(EPERM)}, 0, 0, 0, 0, 0, EPERM, VIEW_FORK,
	 0},
	{"clone EAGAIN", {NO_CLONE3(ENOSYS), NO_CLONE(EAGAIN)}, 0, 0, 0, 0, 0, EAGAIN, VIEW_CLONE,
	 0},
	{"clone3 kills", {NO_CLONE3(SANDBOX_KILL)}, NEVER3, 0, 0, 0, 0, 0, VIEW_CLONE, 0},
	{"clone3 kills, cgroup", {NO_CLONE3(SANDBOX_KILL)}, NEVER3, FORKEXEC_CGROUP_FD, 0, 0, 0,
	 ENOSYS, VIEW_METHODS, 0},
	{"clone3 kills, NEWTIME", {NO_CLONE3(SANDBOX_KILL)}, NEVER3, 0, CLONE_NEWTIME, 0, 0, ENOSYS,
	 VIEW_METHODS, 0},
	{"clone3 kills, NEWUSER", {NO_CLONE3(SANDBOX_KILL)}, NEVER3, 0, CLONE_NEWUSER, 0, 1, 0,
	 VIEW_FORK, 0},
	{"clone3 ENOSYS, cgroup", {NO_CLONE3(ENOSYS)}, 0, FORKEXEC_CGROUP_FD, 0, 0, 0, ENOSYS,
	 VIEW_CLONE3, 0},
	{"clone3 ENOSYS, NEWTIME", {NO_CLONE3(ENOSYS)}, 0, 0, CLONE_NEWTIME, 0, 0, ENOSYS,
	 VIEW_CLONE3, 0},
	{"clone3 ENOSYS, NEWUTS", {NO_CLONE3(ENOSYS)}, 0, 0, CLONE_NEWUTS, 0, 1, 0, VIEW_CLONE, 0},
	{"clone3 ENOSYS, NEWUSER", {NO_CLONE3(ENOSYS)}, 0, 0, CLONE_NEWUSER, 0, 1, 0, VIEW_FORK, 0},
	{"clone3 ENOSYS, unshare NEWUSER", {NO_CLONE3(ENOSYS)}, 0, 0, 0, CLONE_NEWUSER, 1, 0,
	 VIEW_FORK, M(VIEW_CLONE3) | M(VIEW_CLONE3_FORK)},
	{"NEWUSER", {{0}}, 0, 0, CLONE_NEWUSER, 0, 1, 0, VIEW_CLONE3, 0},
	{"unshare NEWUSER", {{0}}, 0, FORKEXEC_BLOCK_SIGNALS, 0, CLONE_NEWUSER, 1, 0, VIEW_CLONE3, 0},
	{"NEWUSER, no hold", {{0}}, FORKEXEC_STATE_NO_HOLD, 0, CLONE_NEWUSER, 0, 1, 0,
	 VIEW_CLONE3_FORK, 0},
	{"NEWUSER, no prctl", {{SYS_prctl, 0, 0, EINVAL}}, 0, 0, CLONE_NEWUSER, 0, 1, 0,
	 VIEW_CLONE3_FORK, 0},
	{"signals blocked", {{0}}, 0, FORKEXEC_BLOCK_SIGNALS, 0, 0, 0, 0, VIEW_CLONE3, 0},
	{"signals blocked, clone3 ENOSYS", {NO_CLONE3(ENOSYS)}, 0, FORKEXEC_BLOCK_SIGNALS, 0, 0, 0, 0,
	 VIEW_CLONE, M(VIEW_CLONE3)},
	{"signals blocked, only vfork", {NO_CLONE3(ENOSYS), NO_VM_ALONE}, 0, FORKEXEC_BLOCK_SIGNALS, 0, 0,
	 0, 0, VIEW_FORK, M(VIEW_CLONE3) | M(VIEW_CLONE)},
	{"unshare NEWUTS", {{0}}, 0, 0, 0, CLONE_NEWUTS, 1, 0, VIEW_CLONE3, 0},
	{"pidfd, only fork", {NO_CLONE3(EPERM), NO_VM(EPERM)}, 0, FORKEXEC_PIDFD, 0, 0, 0, 0,
	 VIEW_FORK, M(VIEW_CLONE3) | M(VIEW_CLONE)},
};

static void sandbox_process(void *arg)
{
	const struct sandboxed *s = arg;
	uint32_t remembered = 0;
	struct snapshot before;
	struct trial t;
	int m, pass;

	snapshot_take(&before);
	trial_init(&t, s->bits);
	t.r.flags = s->flags;
	t.r.clone_flags = s->clone_flags;
	t.r.unshare_flags = s->unshare_flags;
	sandbox_refuse(s->rules, 3);
	for (m = 0; m < VIEW_METHODS; m++)
		if (s->remembered & M(m))
			remembered |= view_refused((enum view_method)m);
	for (pass = 0; pass < 2; pass++) { /* the second one with what the first has learnt */
		CHECK_EQ(trial_run(&t), -s->err);
		CHECK_EQ(view_method_of(t.work), s->method);
		if (s->err) {
			CHECK_EQ(t.ret.step, FORKEXEC_STEP_CLONE);
			CHECK_EQ(t.ret.detail, s->clone_flags);
		} else {
			CHECK_EQ(t.ret.step, FORKEXEC_STEP_NONE);
			CHECK_EQ(t.ret.err, 0);
			CHECK_EQ(reap(t.ret.pid), 0);
			CHECK_EQ(t.ret.pidfd >= 0, (s->flags & FORKEXEC_PIDFD) != 0);
			if (t.ret.pidfd >= 0)
				close(t.ret.pidfd);
		}
		while (forkexec_settle(&t.state) > 0)
			usleep(200);
		CHECK_EQ(t.state.bits & ~view_proven(s->method), s->bits | remembered);
		CHECK(snapshot_differs(&before) == NULL);
		CHECK(no_children());
	}
}

static void test_sandbox(void **test_state)
{
	struct sandboxed *s = *test_state;

	if (s->root && geteuid()) {
		print_message("skipped: not root\n");
		skip();
	}
	isolate(sandbox_process, s, 20);
}

/* With more descriptors than one getdents64 lists; none of them may reach the program. */
static void close_range_process(void *arg)
{
	static char *const argv[] = {"sh", "-c", "set -- /proc/self/fd/*; test $# -le 4", NULL};
	const struct sandbox_rule rule = {SYS_close_range, 0, 0, *(int *)arg};
	struct trial t;
	int i;

	for (i = 0; i < 200; i++)
		CHECK(dup(2) >= 0);
	if (rule.err)
		sandbox_refuse(&rule, 1);
	trial_init(&t, 0);
	t.r.path = "/bin/sh";
	t.r.argv = argv;
	CHECK_EQ(trial_run(&t), 0);
	CHECK(reap(t.ret.pid) != 0); /* the script can tell */
	t.r.flags = FORKEXEC_CLOSE_FDS;
	CHECK_EQ(trial_run(&t), 0);
	CHECK_EQ(reap(t.ret.pid), 0);
	t.state.bits = view_only(VIEW_FORK);
	CHECK_EQ(trial_run(&t), 0);
	CHECK_EQ(reap(t.ret.pid), 0);
	CHECK_EQ(fcntl(100, F_GETFD), 0); /* the parent's are untouched */
}

static void test_close_range(void **test_state)
{
	int errnos[] = {0, ENOSYS, EPERM, EINVAL};
	size_t i;

	(void)test_state;
	for (i = 0; i < 4; i++)
		isolate(close_range_process, &errnos[i], 20);
}

static void nothing(int sig) { (void)sig; }

/* The raw call: libc refuses to touch 32 and 33. */
static void ignore_raw(int sig)
{
	struct {
		void (*handler)(int);
		unsigned long flags;
		void (*restorer)(void);
		uint64_t mask;
	} action = {SIG_IGN, 0, NULL, 0};

	CHECK_EQ(syscall(SYS_rt_sigaction, sig, &action, NULL, 8), 0);
}

static void signals_process(void *arg)
{
	static const uint64_t masks[] = {0, UINT64_MAX,
					 BIT(1) | BIT(32) | BIT(33) | BIT(34) | BIT(64),
					 BIT(17) | BIT(63)};
	const uint64_t never = BIT(SIGKILL) | BIT(SIGSTOP);
	char *const argv[] = {"probe:pause", NULL};
	enum view_method m = *(enum view_method *)arg;
	uint64_t ignored = BIT(SIGHUP) | BIT(33) | BIT(64);
	int32_t fds[] = {0, 0, 2};
	struct trial t;
	int ready[2];
	size_t i;
	char c;

	CHECK_EQ(pipe2(ready, O_CLOEXEC), 0);
	fds[1] = ready[1];
	signal(SIGUSR1, nothing);
	signal(SIGTERM, nothing);
	signal(40, nothing);
	signal(SIGHUP, SIG_IGN);
	ignore_raw(33);
	ignore_raw(64);
	ignored |= proc_status(getpid(), "SigIgn"); /* and what we have inherited */
	for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		uint64_t mask = masks[i] & ~never;

		trial_init(&t, view_only(m));
		t.r.argv = argv;
		t.r.fds = fds;
		raw_set_mask(mask);
		CHECK_EQ(trial_run(&t), 0);
		CHECK_EQ(raw_mask(), mask);
		CHECK_EQ(read(ready[0], &c, 1), 1);
		CHECK_EQ(proc_status(t.ret.pid, "SigBlk"), mask);
		CHECK_EQ(proc_status(t.ret.pid, "SigIgn"), ignored);
		CHECK_EQ(kill(t.ret.pid, SIGKILL), 0);
		reap(t.ret.pid);
		t.r.dir = "/does/not/exist";
		CHECK_EQ(trial_run(&t), -ENOENT);
		CHECK_EQ(raw_mask(), mask);
		raw_set_mask(0);
	}
	CHECK(signal(SIGUSR1, SIG_DFL) == nothing); /* the parent's own are as they were */
	CHECK(signal(SIGHUP, SIG_DFL) == SIG_IGN);
}

static void test_signals(void **test_state)
{
	enum view_method m;

	(void)test_state;
	for (m = 0; m < VIEW_METHODS; m++)
		if (m != VIEW_CLONE3_FORK)
			isolate(signals_process, &m, 20);
}

/* How often a handler of the parent ran outside of it; in memory that forks share. */
static volatile int *strange;
static int parent_pid;

static void count_strangers(int sig)
{
	(void)sig;
	if (syscall(SYS_getpid) != parent_pid)
		++*strange;
}

struct shot {
	enum view_method method;
	long held_in;
	uint64_t caught, blocked; /* by the child, there */
};

static void shoot(int pid, void *arg)
{
	struct shot *s = arg;

	s->caught = proc_status(pid, "SigCgt");
	s->blocked = proc_status(pid, "SigBlk");
	CHECK_EQ(kill(pid, SIGUSR1), 0);
}

/*
 * A signal that the parent handles comes to the child at its first call, where all are
 * blocked, or at a late one, where handlers are gone: it must have the default effect.
 */
static void handlers_process(void *arg)
{
	struct shot *s = arg;
	struct trial t;
	struct hold h;
	int status;

	strange = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(strange != MAP_FAILED);
	parent_pid = getpid();
	signal(SIGUSR1, count_strangers);
	signal(40, count_strangers);
	signal(64, count_strangers);
	trial_init(&t, view_only(s->method));
	t.r.flags = FORKEXEC_SETSID;
	t.r.dir = "/";
	if (!hold_start(&h, s->held_in, shoot, s))
		_exit(0);
	CHECK_EQ(trial_run(&t), 0);
	status = reap(t.ret.pid);
	hold_join(&h);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGUSR1);
	CHECK_EQ(*strange, 0);
	if (s->held_in == SYS_chdir || s->method == VIEW_CLONE3)
		CHECK_EQ(s->caught, 0);
	/* While there are handlers, nothing may come through: 32 and 33 neither. */
	CHECK_EQ(s->blocked, s->held_in == SYS_setsid ? ~(BIT(SIGKILL) | BIT(SIGSTOP)) : 0);
}

static void test_handlers(void **test_state)
{
	static const long calls[] = {SYS_setsid, SYS_chdir};
	struct shot s;
	int i;

	(void)test_state;
	for (i = 0; i < 2; i++) {
		s.held_in = calls[i];
		for (s.method = 0; s.method < VIEW_METHODS; s.method++)
			if (s.method != VIEW_CLONE3_FORK)
				isolate(handlers_process, &s, 20);
	}
}

#define N_SANDBOXES (sizeof(sandboxes) / sizeof(sandboxes[0]))

int main(int argc, char **argv)
{
	struct CMUnitTest tests[N_SANDBOXES + 5];
	int status = probe_main(argc, argv);
	size_t i;

	if (status >= 0)
		return status;
	for (i = 0; i < N_SANDBOXES; i++)
		tests[i] = (struct CMUnitTest){sandboxes[i].name, test_sandbox, NULL, NULL,
					       (void *)(uintptr_t)&sandboxes[i]};
	tests[i++] = (struct CMUnitTest)cmocka_unit_test(test_no_pipes);
	tests[i++] = (struct CMUnitTest)cmocka_unit_test(test_each_method);
	tests[i++] = (struct CMUnitTest)cmocka_unit_test(test_close_range);
	tests[i++] = (struct CMUnitTest)cmocka_unit_test(test_signals);
	tests[i++] = (struct CMUnitTest)cmocka_unit_test(test_handlers);
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}

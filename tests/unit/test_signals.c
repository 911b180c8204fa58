/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Do starts bear a storm of signals, at the parent and at its process group?
 *
 * Every signal has a handler in the parent, 32 and 33 too, without SA_RESTART. A process
 * apart sends them as fast as they are taken. No handler may ever run in a child: each
 * notes a process ID that is not the parent's in memory that all share. Starts must give
 * what they give in a calm: programs with the mask and the ignored signals of the parent,
 * or the step that fails; and nothing may be left.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STARTS  150
#define SECONDS 60
#define IGNORED (1ull << (SIGHUP - 1) | 1ull << (40 - 1))
#define BLOCKED (1ull << (SIGUSR2 - 1) | 1ull << (41 - 1))

/* In memory that everybody shares, forked children and the sender, too. */
static struct shared {
	volatile int parent;
	volatile int strangers; /* handlers that ran elsewhere */
	volatile int taken;     /* and those that ran where they should */
	volatile int spawning;
} *shared;

struct storm {
	const char *name;
	const int *at_parent; /* ends with 0 */
	const int *at_group;
	int deadly; /* the group's would end a program that does not handle them */
};

static const int to_parent[] = {SIGURG, SIGPROF, SIGCHLD, SIGWINCH, SIGALRM, SIGTSTP, SIGTTOU,
				SIGTTIN, SIGCONT, SIGUSR1, SIGTERM, 32, 33, 34, 64, 0};
/* A stop is always followed by what ends it. */
static const int to_group[] = {SIGURG, SIGCHLD, SIGWINCH, SIGCONT, SIGTSTP, SIGCONT,
			       SIGTTOU, SIGCONT, SIGTTIN, SIGCONT, 0};
static const int to_group_deadly[] = {SIGPROF, SIGUSR1, SIGALRM, SIGTERM, 32, 33, 34, 64,
				      SIGTSTP, SIGCONT, 0};

static const struct storm storms[] = {
	{"parent", to_parent, to_group + 10, 0},
	{"group", to_parent, to_group, 0},
	{"group, deadly", to_parent, to_group_deadly, 1},
};

static void handler(int sig)
{
	(void)sig;
	if (syscall(SYS_getpid) == shared->parent)
		__atomic_fetch_add(&shared->taken, 1, __ATOMIC_RELAXED);
	else
		__atomic_fetch_add(&shared->strangers, 1, __ATOMIC_RELAXED);
}

/* libc keeps 32 and 33 to itself: as it sets another, by the raw call. */
static void handle_all(void)
{
	struct sigaction action;
	unsigned long raw[8] = {0};
	int sig;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	for (sig = 1; sig <= 64; sig++)
		(void)sigaction(sig, &action, NULL);
	CHECK_EQ(syscall(SYS_rt_sigaction, SIGUSR1, NULL, raw, 8), 0);
	CHECK_EQ(syscall(SYS_rt_sigaction, 32, raw, NULL, 8), 0);
	CHECK_EQ(syscall(SYS_rt_sigaction, 33, raw, NULL, 8), 0);
	signal(SIGHUP, SIG_IGN);
	signal(40, SIG_IGN);
}

static _Noreturn void send_storm(const struct storm *s, int parent)
{
	const struct timespec pause = {0, 10000};
	size_t p = 0, g = 0;

	while (!kill(parent, s->at_parent[p])) {
		if (!s->at_parent[++p])
			p = 0;
		if (s->at_group[g] && shared->spawning)
			kill(-parent, s->at_group[g++]);
		if (!s->at_group[g])
			g = 0;
		nanosleep(&pause, NULL);
	}
	_exit(0);
}

/* As the probe: is it how the parent is? */
static int probe_signals(void)
{
	return !(proc_status(getpid(), "SigBlk") == BLOCKED &&
		 proc_status(getpid(), "SigIgn") == IGNORED);
}

static void start_one(const struct storm *s, uint32_t bits, uint64_t flags, int missing,
		      struct forkexec_state *state)
{
	static char *const argv[] = {(char *)(uintptr_t) "probe:signals", NULL};
	struct forkexec_request r;
	struct forkexec_result ret;
	int err, status;

	request_init(&r, argv);
	r.flags = flags;
	if (missing)
		r.path = "/missing";
	state->bits = bits;
	err = forkexec_run(&r, &ret, state);
	CHECK_EQ(raw_mask(), BLOCKED);
	/* One that is killed before its exec counts as started. */
	if (missing && (err || !s->deadly)) {
		CHECK_EQ(err, -ENOENT);
		CHECK_EQ(ret.step, FORKEXEC_STEP_EXECVE);
		return;
	}
	CHECK_EQ(err, 0);
	status = reap(ret.pid);
	if (!s->deadly || WIFEXITED(status))
		CHECK_EQ(status, 0);
}

struct run {
	const struct storm *storm;
	uint32_t bits;
	uint64_t flags;
};

static void storm_process(void *arg)
{
	struct run *run = arg;
	struct forkexec_state state;
	struct snapshot before;
	int i, sender;

	memset(&state, 0, sizeof(state));
	/* A group of its own, whose members do stop: our parent is in another one. */
	CHECK_EQ(setpgid(0, 0), 0);
	memset((void *)shared, 0, sizeof(*shared));
	shared->parent = getpid();
	raw_set_mask(BLOCKED);
	handle_all();
	sender = fork();
	if (sender == 0) {
		setpgid(0, 0);
		send_storm(run->storm, shared->parent);
	}
	CHECK(sender > 0);
	while (shared->taken < 10)
		;
	snapshot_take(&before);
	shared->spawning = 1;
	for (i = 0; i < STARTS; i++)
		start_one(run->storm, run->bits, run->flags, i % 3 == 0, &state);
	CHECK_EQ(shared->strangers, 0);
	kill(sender, SIGKILL);
	(void)reap(sender);
	CHECK(no_children());
	CHECK(!snapshot_differs(&before));
	CHECK(shared->taken > STARTS);
}

static void test_storm(void **test_state)
{
	const struct storm *s = *test_state;
	struct run run = {s, 0, 0};
	unsigned m;

	for (m = 0; m < VIEW_METHODS; m++) {
		if (m == VIEW_CLONE3_FORK) /* for namespaces only */
			continue;
		run.bits = view_only((enum view_method)m);
		run.flags = 0;
		isolate(storm_process, &run, SECONDS);
		if (m != VIEW_FORK) /* whose report can come by the pipe only */
			run.bits |= view_proven((enum view_method)m);
		run.flags = FORKEXEC_BLOCK_SIGNALS;
		isolate(storm_process, &run, SECONDS);
	}
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[sizeof(storms) / sizeof(storms[0])];
	size_t i, n = sizeof(storms) / sizeof(storms[0]);
	int status;

	if (argc && !strcmp(argv[0], "probe:signals"))
		return probe_signals();
	status = probe_main(argc, argv);
	if (status >= 0)
		return status;
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	for (i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){storms[i].name, test_storm, NULL, NULL,
					       (void *)(uintptr_t)&storms[i]};
	return _cmocka_run_group_tests("signals", tests, n, NULL, NULL) != 0;
}

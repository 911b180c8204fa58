/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is a child that others may trace counted while it shares our memory, and are we dumpable
 * again after it, but only if nothing speaks against that? tests/security attacks what
 * follows from it.
 */
#include "support.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "view.h"

#define KEEP (FORKEXEC_CREDENTIAL | FORKEXEC_KEEP_DUMPABLE)

static char *const true_argv[] = {"probe:true", NULL};
static struct forkexec_state state;
static _Alignas(16) unsigned char work[16384];

/* A start on the core's level, which leaves it to us to settle. Returns its method. */
static enum view_method run(uint64_t flags, uint64_t clone_flags, uint32_t id)
{
	struct forkexec_request r;
	struct forkexec_result ret;

	request_init(&r, true_argv);
	r.work = work;
	r.work_size = sizeof(work);
	r.flags = flags;
	r.clone_flags = clone_flags;
	r.uid = r.gid = id;
	CHECK_EQ(forkexec_start(&r, &ret, &state), 0);
	CHECK_EQ(forkexec_finish(&r, &ret, &state, -1), 0);
	CHECK_EQ(reap(ret.pid), 0); /* so it has left our memory */
	return view_method_of(work);
}

static void put_back_process(void *arg)
{
	(void)arg;
	prctl(PR_SET_DUMPABLE, 1);
	CHECK_EQ(run(KEEP, 0, 65534), VIEW_CLONE3);
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
	CHECK_EQ(forkexec_settle(&state), 0);
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);

	CHECK_EQ(run(FORKEXEC_BLOCK_SIGNALS, CLONE_NEWUSER, 0), VIEW_CLONE3);
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
	CHECK_EQ(run(0, 0, 0), VIEW_CLONE3); /* any next start settles */
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
}

static void same_ids_process(void *arg)
{
	(void)arg;
	prctl(PR_SET_DUMPABLE, 1);
	CHECK_EQ(run(FORKEXEC_CREDENTIAL, 0, 0), VIEW_CLONE3);
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
	CHECK_EQ(run(KEEP, 0, 0), VIEW_CLONE3);
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
	CHECK_EQ(run(0, CLONE_NEWUSER, 0), VIEW_CLONE3); /* not given up by the first */
	CHECK_EQ(forkexec_settle(&state), 0);
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
}

/* What is not counted ends it for good. */
static void lost_process(void *arg)
{
	(void)arg;
	prctl(PR_SET_DUMPABLE, 1);
	run(KEEP, 0, 65534);
	run(FORKEXEC_CREDENTIAL, 0, 65534);
	CHECK_EQ(forkexec_settle(&state), 0);
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
	CHECK_EQ(run(0, CLONE_NEWUSER, 0), VIEW_CLONE3); /* non-dumpable anyway */
	prctl(PR_SET_DUMPABLE, 1);
	CHECK_EQ(run(0, CLONE_NEWUSER, 0), VIEW_CLONE3_FORK);
	CHECK_EQ(run(KEEP, 0, 65534), VIEW_CLONE3_FORK);
	CHECK_EQ(forkexec_settle(&state), 0);
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
}

static void dropped_process(void *arg)
{
	const cap_value_t raw = CAP_NET_RAW;
	cap_t caps;

	(void)arg;
	prctl(PR_SET_DUMPABLE, 1);
	run(0, CLONE_NEWUSER, 0);
	caps = cap_get_proc();
	cap_set_flag(caps, CAP_EFFECTIVE, 1, &raw, CAP_CLEAR);
	CHECK_EQ(cap_set_proc(caps), 0);
	CHECK_EQ(forkexec_settle(&state), 0);
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
	cap_set_flag(caps, CAP_EFFECTIVE, 1, &raw, CAP_SET);
	CHECK_EQ(cap_set_proc(caps), 0);
	run(0, 0, 0);
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
	cap_free(caps);
}

/* Our end of the pipe closed by somebody who closes all he finds: no proof of anything. */
static void stranger_process(void *arg)
{
	int fd;

	(void)arg;
	prctl(PR_SET_DUMPABLE, 1);
	run(KEEP, 0, 65534);
	for (fd = 3; fd < 100; fd++)
		close(fd);
	CHECK_EQ(forkexec_settle(&state), 0);
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
}

/* root without capabilities, whom any process of its user may trace: forked. */
static void powerless_process(void *arg)
{
	cap_t none = cap_init();

	(void)arg;
	CHECK_EQ(cap_set_proc(none), 0);
	cap_free(none);
	prctl(PR_SET_DUMPABLE, 1);
	CHECK_EQ(run(0, CLONE_NEWUSER, 0), VIEW_CLONE3_FORK);
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
}

static void no_hold_process(void *arg)
{
	(void)arg;
	state.bits = FORKEXEC_STATE_NO_HOLD;
	prctl(PR_SET_DUMPABLE, 1);
	CHECK_EQ(run(0, CLONE_NEWUSER, 0), VIEW_CLONE3_FORK);
	CHECK_EQ(run(KEEP, 0, 65534), VIEW_CLONE3_FORK);
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
}

static void *wait_for_cat(void *arg)
{
	struct forkexec_result ret;
	int status = -1;

	CHECK_EQ(forkexec_spawn_wait(arg, &ret, &status), 0);
	CHECK_EQ(status, 0);
	return NULL;
}

/* A program that runs on keeps nothing closed, also when its end is what we wait for. */
static void spawn_wait_process(void *arg)
{
	char *const argv[] = {"cat", NULL};
	struct forkexec_request r = FORKEXEC_REQUEST_INIT;
	int32_t fds[3] = {-1, 1, 2};
	pthread_t thread;
	int ends[2], i, seen = 0;

	(void)arg;
	prctl(PR_SET_DUMPABLE, 1);
	r.path = "/bin/cat";
	r.argv = argv;
	r.fds = fds;
	r.n_fds = 3;
	fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	wait_for_cat(&r); /* so that the method is proven */
	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	fds[0] = ends[0];
	r.clone_flags = CLONE_NEWUSER;
	CHECK_EQ(pthread_create(&thread, NULL, wait_for_cat, &r), 0);
	for (i = 0; i < 2000 && (!seen || !prctl(PR_GET_DUMPABLE)); i++) {
		seen |= !prctl(PR_GET_DUMPABLE);
		if (i > 500)
			seen = 1; /* over before we looked */
		usleep(1000);
	}
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
	close(ends[1]);
	pthread_join(thread, NULL);
}

static void test_hold(void **test_state)
{
	FILE *f = fopen("/proc/sys/fs/suid_dumpable", "r");
	int c = f ? fgetc(f) : '1';

	if (f)
		fclose(f);
	if (geteuid() || c == '1') {
		print_message("skipped: not root, or fs.suid_dumpable is 1\n");
		skip();
	}
	isolate((void (*)(void *))*test_state, NULL, 20);
}

#define HOLD_TEST(f) {#f, test_hold, NULL, NULL, (void *)f##_process}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		HOLD_TEST(put_back), HOLD_TEST(same_ids),  HOLD_TEST(lost),	HOLD_TEST(dropped),
		HOLD_TEST(stranger), HOLD_TEST(powerless), HOLD_TEST(no_hold),
		HOLD_TEST(spawn_wait),
	};
	int status = probe_main(argc, argv);

	if (status >= 0)
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}

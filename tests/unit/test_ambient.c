/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does the program have the capabilities that ambient_caps asks for, and no others?
 *
 * libcap, which shares no code with us, reads the five sets of the running program back:
 * with other IDs, where ambient capabilities are all that is left, and as root, where
 * they come on top. Also: what happens to capabilities that the parent does not have or
 * that do not exist. Needs root; skips with a reason otherwise.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/wait.h>
#include <unistd.h>

static struct forkexec_state state;
static int ready[2]; /* the probe says on it that it runs: credentials are final then */

static int not_root(void)
{
	if (geteuid() == 0)
		return 0;
	print_message("skipped: not root\n");
	return 1;
}

/* Starts the pausing probe; returns its pid once it runs. */
static int start(struct forkexec_request *r, uint32_t bits)
{
	static int32_t fds[3];
	struct forkexec_result ret;
	char c;

	CHECK_EQ(pipe2(ready, O_CLOEXEC), 0);
	fds[0] = 0;
	fds[1] = ready[1];
	fds[2] = 2;
	r->fds = fds;
	r->n_fds = 3;
	state.bits = bits;
	if (forkexec_run(r, &ret, &state)) {
		fprintf(stderr, "start failed: %s, errno %d\n", step_text(ret.step), ret.err);
		_exit(1);
	}
	close(ready[1]);
	CHECK_EQ(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return ret.pid;
}

static void stop(int pid)
{
	CHECK_EQ(kill(pid, SIGKILL), 0);
	reap(pid);
}

static int in_list(const uint64_t *caps, uint32_t n, int cap)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (caps[i] == (uint64_t)cap)
			return 1;
	return 0;
}

static int flag_of(cap_t sets, int cap, cap_flag_t flag)
{
	cap_flag_value_t value = CAP_CLEAR;

	CHECK_EQ(cap_get_flag(sets, cap, flag, &value), 0);
	return value == CAP_SET;
}

/* all: what a program of root has anyway; the ambient ones must be there in any case. */
static void check_sets(int pid, const uint64_t *caps, uint32_t n, cap_t all)
{
	cap_t sets = cap_get_pid(pid);
	cap_iab_t iab = cap_iab_get_pid(pid);
	int cap;

	CHECK(sets && iab);
	for (cap = 0; cap < cap_max_bits(); cap++) {
		int asked = in_list(caps, n, cap);
		int has = asked || (all && flag_of(all, cap, CAP_PERMITTED));

		if (flag_of(sets, cap, CAP_PERMITTED) != has ||
		    flag_of(sets, cap, CAP_EFFECTIVE) != has ||
		    flag_of(sets, cap, CAP_INHERITABLE) != asked ||
		    (cap_iab_get_vector(iab, CAP_IAB_AMB, (cap_value_t)cap) == CAP_SET) != asked) {
			fprintf(stderr, "capability %d (asked for: %d): %s, %s\n", cap, asked,
				cap_to_text(sets, NULL), cap_iab_to_text(iab));
			_exit(1);
		}
	}
	cap_free(sets);
	cap_free(iab);
}

static const uint64_t one[] = {CAP_NET_BIND_SERVICE};
static const uint64_t first[] = {CAP_CHOWN};
/* One of each word of capset(2), an unordered list, one that is named twice. */
static const uint64_t several[] = {CAP_BPF, CAP_KILL, CAP_CHOWN, CAP_SYSLOG, CAP_KILL};

static const struct {
	const uint64_t *caps;
	uint32_t n;
} lists[] = {{one, 1}, {first, 1}, {several, 5}};

static void credential_process(void *arg)
{
	static const uint32_t groups[] = {7, 65534};
	char *const argv[] = {"probe:pause", NULL};
	const uint32_t bits = *(uint32_t *)arg;
	struct forkexec_request r;
	size_t i;
	int pid;

	for (i = 0; i < 3; i++) {
		request_init(&r, argv);
		r.flags = FORKEXEC_CREDENTIAL;
		r.uid = r.gid = 65534;
		r.groups = groups;
		r.n_groups = 2;
		r.ambient_caps = lists[i].caps;
		r.n_ambient_caps = lists[i].n;
		pid = start(&r, bits);
		check_sets(pid, lists[i].caps, lists[i].n, NULL);
		stop(pid);
	}
	/* Without ambient_caps nothing is left of root. */
	r.n_ambient_caps = 0;
	pid = start(&r, bits);
	check_sets(pid, NULL, 0, NULL);
	stop(pid);
}

static void test_credential(void **test_state)
{
	uint32_t bits[] = {0, view_only(VIEW_CLONE), view_only(VIEW_FORK)};
	size_t i;

	(void)test_state;
	if (not_root())
		skip();
	for (i = 0; i < 3; i++)
		isolate(credential_process, &bits[i], 20);
}

static void root_process(void *arg)
{
	char *const argv[] = {"probe:pause", NULL};
	struct forkexec_request r;
	cap_t own = cap_get_proc();
	size_t i;
	int pid;

	(void)arg;
	for (i = 0; i < 3; i++) {
		request_init(&r, argv);
		r.ambient_caps = lists[i].caps;
		r.n_ambient_caps = lists[i].n;
		pid = start(&r, 0);
		check_sets(pid, lists[i].caps, lists[i].n, own);
		stop(pid);
	}
	/* The parent's own sets are not the child's to change. */
	CHECK_EQ(cap_compare(own, cap_get_proc()), 0);
}

static void test_root(void **test_state)
{
	(void)test_state;
	if (not_root())
		skip();
	isolate(root_process, NULL, 20);
}

/* A capability that the parent has given up cannot be raised: capset says so. */
static void missing_process(void *arg)
{
	static const uint64_t caps[] = {CAP_CHOWN, CAP_KILL}, unknown[] = {CAP_CHOWN, 63};
	static const cap_value_t kill_cap[] = {CAP_KILL};
	char *const argv[] = {"probe:pause", NULL};
	struct forkexec_request r;
	struct forkexec_result ret;
	cap_t own = cap_get_proc();

	(void)arg;
	request_init(&r, argv);
	r.ambient_caps = unknown;
	r.n_ambient_caps = 2;
	CHECK_EQ(forkexec_run(&r, &ret, &state), -EINVAL);
	CHECK_EQ(ret.step, FORKEXEC_STEP_AMBIENT);
	CHECK_EQ(ret.detail, 63);

	cap_set_flag(own, CAP_PERMITTED, 1, kill_cap, CAP_CLEAR);
	cap_set_flag(own, CAP_EFFECTIVE, 1, kill_cap, CAP_CLEAR);
	CHECK_EQ(cap_set_proc(own), 0);
	r.ambient_caps = caps;
	CHECK_EQ(forkexec_run(&r, &ret, &state), -EPERM);
	CHECK_EQ(ret.step, FORKEXEC_STEP_CAPSET);
	CHECK(no_children());
}

static void test_missing(void **test_state)
{
	(void)test_state;
	if (not_root())
		skip();
	isolate(missing_process, NULL, 20);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_credential),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_missing),
	};
	int status = probe_main(argc, argv);

	if (status >= 0)
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}

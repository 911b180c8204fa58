/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does the child get exactly the descriptors that the request names?
 *
 * Every fds array up to length 4 over a small universe of descriptors that are open,
 * close-on-exec or closed, and random longer ones, go through a real start. A probe
 * says which file lies under each number; a model that knows nothing of passes says
 * which should. What the array does not name must keep its identity (golang/go#61751,
 * where a descriptor was moved onto one in use). Random tests print their seed;
 * FORKEXEC_TEST_SEED sets it.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ERROR_FD  250 /* standard error, out of the way of the universe */
#define RESULT_FD 251 /* where the probe writes */
#define PIPE_READ 252 /* the errno pipe's read end */
#define MAX_FDS   16

/* One way of starting that every array goes through. */
struct mode {
	const char *name;
	const char *table; /* descriptor i of the parent: 'o'pen, 'c'lose-on-exec, '.' closed */
	uint64_t flags;
	int fork;   /* by plain fork: the report comes through a pipe for certain */
	int proven; /* keep the state, so that no report pipe is made */
	int errno_pipe;
	unsigned exhaustive; /* up to this length */
	unsigned random;     /* number of random arrays */
	int maps;            /* in a new user namespace: there is one more pipe of ours */
};

/*
 * The tables leave the lowest free numbers inside the universe: there the core's own
 * pipes come to lie, and an entry that names them was not open in the caller's eyes.
 */
static const struct mode modes[] = {
	{"plain", "oooo..ooc", 0, 0, 0, -1, 4, 300, 0},
	{"holes", ".o.co.o.oo", 0, 0, 0, -1, 3, 300, 0},
	{"proven", "oooo..ooc", 0, 0, 1, -1, 3, 300, 0},
	{"fork", "ooc..ooo", 0, 1, 0, -1, 4, 300, 0},
	{"close fds", "oocoo.oco", FORKEXEC_CLOSE_FDS, 0, 0, -1, 3, 300, 0},
	{"close fds, proven", "oocoo.oco", FORKEXEC_CLOSE_FDS, 0, 1, -1, 3, 300, 0},
	{"close fds, new ids", "o.co.oo.oco", FORKEXEC_CLOSE_FDS | FORKEXEC_CREDENTIAL, 0, 1, -1, 3,
	 300, 0},
	{"close fds, new ids, fork", "o.co.oo", FORKEXEC_CLOSE_FDS | FORKEXEC_CREDENTIAL, 1, 0, -1,
	 3, 300, 0},
	{"close fds, id maps", "oo.o.oo", FORKEXEC_CLOSE_FDS, 0, 0, -1, 3, 300, 1},
	{"errno pipe", "oooc.oo..o", FORKEXEC_ERRNO_PIPE, 0, 0, 2, 3, 300, 0},
	{"fork, nothing standard", "...oo", 0, 1, 0, -1, 3, 300, 0},
	{"errno pipe, nothing standard", "...oo", FORKEXEC_ERRNO_PIPE, 1, 0, 1, 3, 300, 0},
	{"errno pipe, close fds", ".ooc.o", FORKEXEC_ERRNO_PIPE | FORKEXEC_CLOSE_FDS, 1, 0, 4, 3,
	 300, 0},
	{"id maps", "oo.o.oo", 0, 0, 0, -1, 3, 300, 1},
	{"id maps, fork", "...oo", 0, 1, 0, -1, 3, 300, 1},
};

/* The parent's table, as identities. */
static uint64_t parent_ino[PROBE_FDS];
static uint8_t parent_cloexec[PROBE_FDS];
static char result_path[64];
static struct forkexec_state state;

static void put_file(int fd, int cloexec)
{
	int memfd = memfd_create("forkexec test", MFD_CLOEXEC);

	CHECK(memfd >= 0);
	if (memfd != fd) {
		CHECK(dup3(memfd, fd, cloexec ? O_CLOEXEC : 0) == fd);
		close(memfd);
	} else if (!cloexec) {
		CHECK(fcntl(fd, F_SETFD, 0) == 0);
	}
}

static void make_table(const struct mode *m)
{
	struct stat st;
	int fd, ends[2];

	CHECK(dup3(2, ERROR_FD, O_CLOEXEC) == ERROR_FD);
	/* By its name: /proc/PID/fd of the parent is closed to other user namespaces. */
	snprintf(result_path, sizeof(result_path), "/tmp/forkexec-test-XXXXXX");
	fd = mkostemp(result_path, O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK(dup3(fd, RESULT_FD, O_CLOEXEC) == RESULT_FD);
	close(fd);
	/* Bystanders that must come through, and one that must not. */
	put_file(40, 0);
	put_file(41, 1);
	for (fd = 0; fd < 40; fd++)
		close(fd);
	for (fd = 0; m->table[fd]; fd++)
		if (m->table[fd] != '.')
			put_file(fd, m->table[fd] == 'c');
	if (m->errno_pipe >= 0) {
		CHECK(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
		CHECK(dup3(ends[0], PIPE_READ, O_CLOEXEC) == PIPE_READ);
		if (ends[1] != m->errno_pipe) {
			CHECK(dup3(ends[1], m->errno_pipe, O_CLOEXEC) == m->errno_pipe);
			close(ends[1]);
		}
		if (ends[0] != m->errno_pipe)
			close(ends[0]);
	}
	for (fd = 0; fd < PROBE_FDS; fd++) {
		parent_ino[fd] = fstat(fd, &st) ? 0 : st.st_ino;
		parent_cloexec[fd] = parent_ino[fd] && fcntl(fd, F_GETFD) & FD_CLOEXEC;
	}
}

static int is_open(int32_t fd)
{
	return fd >= 0 && fd < PROBE_FDS && parent_ino[fd];
}

/* Returns whether the model expects a failure: an entry that is not open. */
static int model(const struct mode *m, const int32_t *fds, uint32_t n, struct probe_fds *want)
{
	uint32_t i;

	memset(want, 0, sizeof(*want));
	for (i = 0; i < n; i++)
		if (fds[i] != -1 && !is_open(fds[i]))
			return 1;
	for (i = 0; i < PROBE_FDS; i++) {
		if (i < n)
			want->ino[i] = fds[i] == -1 ? 0 : parent_ino[fds[i]];
		else if (i >= 3 && !parent_cloexec[i] && !(m->flags & FORKEXEC_CLOSE_FDS))
			want->ino[i] = parent_ino[i];
	}
	return 0;
}

static void wrong(const struct mode *m, const int32_t *fds, uint32_t n, const char *text, int at)
{
	uint32_t i;

	dprintf(ERROR_FD, "mode \"%s\", table \"%s\", fds [", m->name, m->table);
	for (i = 0; i < n; i++)
		dprintf(ERROR_FD, i ? " %d" : "%d", fds[i]);
	dprintf(ERROR_FD, "]: %s (%d)\n", text, at);
	unlink(result_path);
	_exit(1);
}

static void check_failure(const struct mode *m, const int32_t *fds, uint32_t n,
			  const struct forkexec_result *ret)
{
	int64_t i = ret->detail;

	if (ret->err != EBADF)
		wrong(m, fds, n, "not EBADF", ret->err);
	if (ret->pid || ret->pidfd != -1)
		wrong(m, fds, n, "a failure with a child", ret->pid);
	if (i < 0 || i >= n || fds[i] == -1 || is_open(fds[i]))
		wrong(m, fds, n, "the detail is not the index of a closed descriptor", (int)i);
	/* Pass 1 moves those that lie below their place, pass 2 meets the others. */
	if (ret->step != (fds[i] >= 0 && fds[i] < i ? FORKEXEC_STEP_FD_MOVE : FORKEXEC_STEP_FD_DUP))
		wrong(m, fds, n, "wrong step", (int)ret->step);
}

static void check_errno_pipe(const struct mode *m, const int32_t *fds, uint32_t n, int fails,
			     int status)
{
	unsigned long word = 0;
	long got = read(PIPE_READ, &word, sizeof(word));

	if (!fails && got > 0)
		wrong(m, fds, n, "an errno in the pipe of a start that succeeds", (int)word);
	if (!fails)
		return;
	if (got != (long)sizeof(word) || word != EBADF)
		wrong(m, fds, n, "no EBADF in the errno pipe", (int)word);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 253)
		wrong(m, fds, n, "exit status is not 253", status);
}

static void check_table(const struct mode *m, const int32_t *fds, uint32_t n,
			const struct probe_fds *want)
{
	struct probe_fds got;
	int i;

	if (pread(RESULT_FD, &got, sizeof(got), 0) != (ssize_t)sizeof(got))
		wrong(m, fds, n, "no answer from the probe", 0);
	for (i = 0; i < PROBE_FDS; i++) {
		if (got.ino[i] != want->ino[i])
			wrong(m, fds, n,
			      !got.ino[i]    ? "closed in the child"
			      : want->ino[i] ? "another file in the child"
					     : "open in the child",
			      i);
		if (got.cloexec[i])
			wrong(m, fds, n, "close-on-exec in the child", i);
	}
}

static void set_maps(const struct mode *m, struct forkexec_request *r)
{
	static struct forkexec_id_map map[1];

	if (!m->maps)
		return;
	map[0] = (struct forkexec_id_map){geteuid(), geteuid(), 1};
	r->flags |= FORKEXEC_UID_MAP;
	r->clone_flags = CLONE_NEWUSER;
	r->uid_map = map;
	r->n_uid_map = 1;
}

static void set_mode(const struct mode *m, struct forkexec_request *r)
{
	r->flags = m->flags;
	if (m->flags & FORKEXEC_CREDENTIAL) {
		r->flags |= FORKEXEC_NO_SETGROUPS;
		r->uid = geteuid();
		r->gid = getegid();
	}
	if (m->errno_pipe >= 0)
		r->errno_pipe = m->errno_pipe;
}

static void check_array(const struct mode *m, const int32_t *fds, uint32_t n)
{
	char *const argv[] = {"probe:fds", result_path, NULL};
	struct forkexec_request r;
	struct forkexec_result ret;
	struct probe_fds want;
	int err, status, fails = model(m, fds, n, &want);

	if (!m->proven)
		state.bits = m->fork ? view_only(VIEW_FORK) : 0;
	request_init(&r, argv);
	r.fds = fds;
	r.n_fds = n;
	set_mode(m, &r);
	set_maps(m, &r);
	err = forkexec_run(&r, &ret, &state);
	if (err && ret.err != -err)
		wrong(m, fds, n, "result and return value differ", err);
	if (err) {
		if (!fails || m->errno_pipe >= 0)
			wrong(m, fds, n, step_text(ret.step), ret.err);
		check_failure(m, fds, n, &ret);
		return;
	}
	status = reap(ret.pid);
	if (m->errno_pipe >= 0)
		check_errno_pipe(m, fds, n, fails, status);
	else if (fails)
		wrong(m, fds, n, "a closed descriptor was accepted", 0);
	if (fails)
		return;
	if (status)
		wrong(m, fds, n, "the probe failed", status);
	check_table(m, fds, n, &want);
}

static void check_all(const struct mode *m)
{
	static const int32_t universe[] = {-1, 0, 1, 2, 3, 4, 5};
	const unsigned base = sizeof(universe) / sizeof(universe[0]);
	const unsigned most = m->exhaustive - (getenv("FORKEXEC_TEST_QUICK") != NULL);
	int32_t fds[4];
	unsigned n, i, number, count = 1;

	for (n = 0; n <= most; n++, count *= base) {
		for (number = 0; number < count; number++) {
			unsigned rest = number;

			for (i = 0; i < n; i++, rest /= base)
				fds[i] = universe[rest % base];
			check_array(m, fds, n);
		}
	}
}

static unsigned seed;

static uint32_t random_below(uint32_t limit)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % limit;
}

static void check_random(const struct mode *m)
{
	static const int32_t odd[] = {-2, INT32_MIN, INT32_MAX, 40, 41, 42, 255, ERROR_FD};
	int32_t fds[MAX_FDS];
	uint32_t i, k, n;

	for (k = 0; k < m->random / slowness(); k++) {
		n = random_below(13);
		for (i = 0; i < n; i++) {
			do { /* mostly open ones, else nearly all arrays would only fail */
				fds[i] = (int32_t)random_below(14) - 1;
			} while (fds[i] >= 0 && !is_open(fds[i]) && random_below(20));
			if (random_below(100) == 0)
				fds[i] = odd[random_below(8)];
		}
		check_array(m, fds, n);
	}
}

/* The pipes that tell of a failure must outlive the passes, wherever they lie. */
static void check_late_failure(const struct mode *m)
{
	char *const argv[] = {"probe:true", NULL};
	int32_t fds[8] = {-1, -1, -1, -1, -1, -1, -1, -1};
	unsigned long word;
	struct forkexec_request r;
	struct forkexec_result ret;
	uint32_t n;

	for (n = 0; n <= 8; n++) {
		if (!m->proven)
			state.bits = m->fork ? view_only(VIEW_FORK) : 0;
		request_init(&r, argv);
		r.path = "/does/not/exist";
		r.fds = fds;
		r.n_fds = n;
		set_mode(m, &r);
		word = 0;
		if (forkexec_run(&r, &ret, &state) == 0) {
			ret.step = FORKEXEC_STEP_EXECVE;
			ret.err = 0;
			if (reap(ret.pid) == 253 << 8 && m->errno_pipe >= 0 &&
			    read(PIPE_READ, &word, sizeof(word)) == (long)sizeof(word))
				ret.err = (int)word;
		}
		if (ret.step != FORKEXEC_STEP_EXECVE || ret.err != ENOENT)
			wrong(m, fds, n, "a late failure did not come back", ret.err);
	}
}

static int may_unshare_users(void)
{
	char *const argv[] = {"probe:true", NULL};
	struct forkexec_request r;
	struct forkexec_result ret;

	request_init(&r, argv);
	r.n_fds = 0;
	r.clone_flags = CLONE_NEWUSER;
	if (forkexec_run(&r, &ret, &state))
		return 0;
	reap(ret.pid);
	return 1;
}

static void mode_process(void *arg)
{
	const struct mode *m = arg;
	struct snapshot before;
	const char *difference;

	make_table(m);
	if (m->maps && !may_unshare_users()) {
		dprintf(ERROR_FD, "skipped \"%s\": no user namespaces\n", m->name);
		unlink(result_path);
		return;
	}
	snapshot_take(&before);
	check_all(m);
	check_random(m);
	check_late_failure(m);
	difference = snapshot_differs(&before);
	if (difference)
		wrong(m, NULL, 0, difference, 0);
	CHECK(no_children());
	unlink(result_path);
}

static void test_mode(void **test_state)
{
	isolate(mode_process, *test_state, 60);
}

/* golang/go#61751: the number above all of fds[] is taken. */
static void bystander_process(void *arg)
{
	static const struct mode m = {"61751", "oooooooo", 0, 0, 0, -1, 0, 0, 0};
	static const int32_t swap[] = {1, 0}, rotate[] = {1, 2, 3, 0};

	(void)arg;
	make_table(&m);
	check_array(&m, swap, 2);
	check_array(&m, rotate, 4);
	unlink(result_path);
}

static void test_bystander(void **test_state)
{
	(void)test_state;
	isolate(bystander_process, NULL, 20);
}

/* No number left to move a descriptor to. */
static void full_process(void *arg)
{
	static const struct mode m = {"full", "oooooooo", 0, 0, 0, -1, 0, 0, 0};
	static const int32_t swap[] = {1, 0};
	struct rlimit limit = {8, 8};
	char *const argv[] = {"probe:true", NULL};
	struct forkexec_request r;
	struct forkexec_result ret;

	(void)arg;
	make_table(&m);
	unlink(result_path); /* not needed here */
	request_init(&r, argv);
	r.fds = swap;
	r.n_fds = 2;
	CHECK_EQ(forkexec_run(&r, &ret, &state), 0); /* proves sharing: no pipe is needed below */
	CHECK_EQ(reap(ret.pid), 0);
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	CHECK_EQ(forkexec_run(&r, &ret, &state), -EMFILE);
	CHECK_EQ(ret.step, FORKEXEC_STEP_FD_MOVE);
	CHECK_EQ(ret.detail, 1);
	state.bits = 0; /* and here the report pipe finds no room */
	CHECK_EQ(forkexec_run(&r, &ret, &state), -EMFILE);
	CHECK_EQ(ret.step, FORKEXEC_STEP_PIPE);
	CHECK(no_children());
}

static void test_full(void **test_state)
{
	(void)test_state;
	isolate(full_process, NULL, 20);
}

#define N_MODES (sizeof(modes) / sizeof(modes[0]))

int main(int argc, char **argv)
{
	struct CMUnitTest tests[N_MODES + 2];
	const char *given = getenv("FORKEXEC_TEST_SEED");
	int status = probe_main(argc, argv);
	size_t i;

	if (status >= 0)
		return status;
	seed = given ? (unsigned)strtoul(given, NULL, 0) : (unsigned)time(NULL);
	printf("FORKEXEC_TEST_SEED=%u\n", seed);
	for (i = 0; i < N_MODES; i++)
		tests[i] = (struct CMUnitTest){modes[i].name, test_mode, NULL, NULL,
					       (void *)(uintptr_t)&modes[i]};
	tests[i++] = (struct CMUnitTest)cmocka_unit_test(test_bystander);
	tests[i++] = (struct CMUnitTest)cmocka_unit_test(test_full);
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}

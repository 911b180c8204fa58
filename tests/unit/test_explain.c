/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_explain.c - forkexec_explain(): its buffer, its words for a C program, causes that
 * tests/explain cannot provoke, that it leaves nothing open, hangs at nothing, and that no
 * request and no result makes it crash. tests/explain has the causes one by one.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "explaining.h"

static void test_buffer(void **test_state)
{
	struct forkexec_request r;
	const struct forkexec_result result = {.step = FORKEXEC_STEP_CHDIR, .err = 2}, good = {0},
			     stopped = {.step = FORKEXEC_STEP_STOP_CLONE};
	char small[ROOM];
	size_t size;
	long n;

	(void)test_state;
	nothing(&r, "/bin/true");
	r.dir = "/missing/\033[31mred\n";
	explain(&r, &result, 0);
	assert_says("chdir /missing/\\x1b[31mred\\x0a: ENOENT. The working directory");
	n = forkexec_explain(&r, &result, NULL, 0);
	assert_int_equal(n, strlen(said));
	for (size = 1; size < strlen(said) + 3; size++) {
		memset(small, '#', sizeof(small));
		assert_int_equal(forkexec_explain(&r, &result, small, size), n);
		assert_int_equal(strlen(small), size > (size_t)n ? (size_t)n : size - 1);
		assert_memory_equal(small, said, strlen(small));
		assert_int_equal(small[size], '#');
	}
	assert_int_equal(forkexec_explain(&r, &good, small, sizeof(small)), 0);
	assert_string_equal(small, "");
	assert_int_equal(forkexec_explain(&r, &stopped, small, sizeof(small)), 0);
	assert_string_equal(small, "");
}

static void test_words(void **test_state)
{
	static const struct forkexec_id_map map = {0, 0, 0};
	struct forkexec_request r;
	const struct forkexec_result result = {.step = FORKEXEC_STEP_UID_MAP, .err = 22};

	(void)test_state;
	nothing(&r, "/bin/true");
	r.flags = FORKEXEC_UID_MAP;
	r.clone_flags = 0x10000000;
	r.uid_map = &map;
	r.n_uid_map = 1;
	explain(&r, &result, 0);
	assert_says("uid_map \"0 0 0\": EINVAL. Line 1 of uid_map, \"0 0 0\", maps no ID");
	explain(&r, &result, FORKEXEC_EXPLAIN_HINT | FORKEXEC_EXPLAIN_GO);
	assert_says("Line 1 of UidMappings, ");
	assert_ptr_equal(strstr(said, "Line 1"), said);
	explain(&r, &result, FORKEXEC_EXPLAIN_OPTIONS);
	assert_says("Line 1 of --uid-map, ");
	explain(&r, &result, FORKEXEC_EXPLAIN_OBJECT);
	assert_string_equal(said, " \"0 0 0\"");
	assert_string_equal(forkexec_errno_name(2), "ENOENT");
	assert_string_equal(forkexec_errno_name(133), "EHWPOISON");
	assert_null(forkexec_errno_name(41));
	assert_null(forkexec_errno_name(134));
	assert_null(forkexec_errno_name(-1));
}

/* Every field that can be wrong has its own sentence. */
static void test_request(void **test_state)
{
	struct forkexec_request r;

	(void)test_state;
#define WRONG(statement, text)                                                                     \
	do {                                                                                       \
		nothing(&r, "/bin/true");                                                          \
		statement;                                                                         \
		failure(&r, FORKEXEC_STEP_REQUEST, 22);                                            \
		assert_says(text);                                                                 \
		assert_null(strstr(said, "NUL byte"));                                                \
	} while (0)
	WRONG(r.size = 3, "size must be sizeof(struct forkexec_request)");
	WRONG(r.path = NULL, "path is NULL");
	WRONG(r.argv = NULL, "argv is NULL");
	WRONG(r.flags = UINT64_C(1) << 60, "flags has bits that this version does not know: 0x1000");
	WRONG(r.flags = FORKEXEC_NO_SETGROUPS, "counts only with FORKEXEC_CREDENTIAL");
	WRONG(r.uid = 5, "uid is set, but FORKEXEC_CREDENTIAL is not");
	WRONG(r.ctty = 5, "ctty is set, but neither FORKEXEC_SETCTTY nor FORKEXEC_FOREGROUND is");
	WRONG(r.pgid = 5, "pgid is set, but neither FORKEXEC_SETPGID");
	WRONG(r.cgroup_fd = 5, "cgroup_fd is set, but FORKEXEC_CGROUP_FD is not");
	WRONG((r.n_groups = 5, r.flags = FORKEXEC_CREDENTIAL), "groups is NULL, but its length is not 0");
	WRONG(r.n_fds = 5, "fds is NULL");
	WRONG(r.text_busy_ms = 60001, "text_busy_ms is beyond a minute");
	WRONG(r.umask = 7, "umask is set, but FORKEXEC_UMASK is not");
	WRONG(r.flags = FORKEXEC_STOP_CLONE, "forkexec_continue(), which nobody can call here");
	WRONG(r.pause_at = FORKEXEC_STEP_EXECVE, "which nobody can call here: use forkexec_start()");
	WRONG((r.flags = FORKEXEC_SIGDEFAULT | FORKEXEC_SIGIGNORE, r.sigdefault = r.sigignore = 6),
	      "SIGINT is both in sigdefault and in sigignore");
	WRONG((r.flags = FORKEXEC_SIGDEFAULT | FORKEXEC_SIGIGNORE,
	       r.sigdefault = r.sigignore = UINT64_C(1) << 63), "Signal 64 is both in");
	WRONG(r.nofile_max = 1, "nofile_max is set, but FORKEXEC_NOFILE is not");
#undef WRONG
}

/* A search in PATH has its own sentence; what is there, and fails, is found and explained. */
static void test_search(void **test_state)
{
	char dir[] = "/tmp/forkexec-search-XXXXXX", link[64], found[64], path[4096];
	const char *before = getenv("PATH");
	struct forkexec_request r;
	struct forkexec_result result;

	(void)test_state;
	snprintf(path, sizeof(path), "%s", before ? before : "");
	assert_non_null(mkdtemp(dir));
	snprintf(link, sizeof(link), "%s/program", dir);
	assert_int_equal(symlink("/no/where", link), 0);
	assert_int_equal(setenv("PATH", dir, 1), 0);
	nothing(&r, "nosuch");
	assert_int_equal(forkexec_spawnp(&r, &result, found, sizeof(found)), -2);
	assert_string_equal(found, "");
	assert_int_equal(result.detail, 1);
	explain(&r, &result, 0);
	assert_says("execve nosuch: ENOENT. There is no program nosuch in the folders of PATH");
	r.path = "program";
	assert_int_equal(forkexec_spawnp(&r, &result, found, sizeof(found)), -2);
	assert_string_equal(found, link);
	assert_int_equal(result.detail, 0);
	r.path = found;
	explain(&r, &result, 0);
	assert_says("is a symbolic link to /no/where, which does not exist");
	assert_int_equal(setenv("PATH", path, 1), 0);
	unlink(link);
	rmdir(dir);
}

static void test_too_big(void **test_state)
{
	struct forkexec_request r;
	const struct forkexec_result stale = {.step = FORKEXEC_STEP_EXECVE, .err = 7};
	char *big = malloc(200000), *argv[] = {"x", big, NULL}, *envp[] = {"A=B", big, NULL};

	(void)test_state;
	assert_non_null(big);
	memset(big, 'a', 199999);
	big[199999] = 0;
	nothing(&r, "/bin/true");
	r.argv = argv;
	failure(&r, FORKEXEC_STEP_EXECVE, 7);
	assert_says("argv[1] has 199999 bytes");
	memcpy(big, "LONG=", 5);
	r.argv = no_argv;
	r.envp = envp;
	failure(&r, FORKEXEC_STEP_EXECVE, 7);
	assert_says("envp[1] (LONG) has 199999 bytes");
	r.envp = NULL; /* environ */
	forkexec_explain(&r, &stale, said, sizeof(said));
	assert_says(" bytes and the environment ");
	assert_null(strstr(said, "environment 0"));
	assert_null(strstr(said, "LONG=")); /* values are nobody's business */
	free(big);
}

static void use_up_descriptors(void *arg)
{
	struct rlimit limit = {32, 32};
	struct forkexec_request r;
	struct forkexec_result result;

	(void)arg;
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		;
	nothing(&r, "/bin/true");
	CHECK(forkexec_spawn(&r, &result) < 0);
	CHECK_EQ(result.err, 24);
	forkexec_explain(&r, &result, said, sizeof(said));
	CHECK(strstr(said, "RLIMIT_NOFILE is 32. Close descriptors"));
	nothing(&r, "/bin/true");
	r.flags = FORKEXEC_PIDFD;
	result.step = FORKEXEC_STEP_CLONE;
	forkexec_explain(&r, &result, said, sizeof(said));
	CHECK(strstr(said, "clone: EMFILE. No descriptor below the limit is free. RLIMIT_NOFILE is 32"));
}

static void test_descriptors(void **test_state)
{
	(void)test_state;
	isolate(use_up_descriptors, NULL, 30);
}

/* A FIFO without a writer, also as interpreter: neither a start nor a look waits for it. */
static void test_fifo(void **test_state)
{
	char fifo[] = "/tmp/forkexec-fifo-XXXXXX", script[] = "/tmp/forkexec-script-XXXXXX";
	struct forkexec_request r;
	int fd = mkstemp(script);

	(void)test_state;
	assert_true(fd >= 0 && mkdtemp(fifo) && rmdir(fifo) == 0 && mkfifo(fifo, 0755) == 0);
	assert_true(dprintf(fd, "#!%s\n", fifo) > 0 && fchmod(fd, 0755) == 0 && close(fd) == 0);
	alarm(30);
	nothing(&r, fifo);
	failure(&r, FORKEXEC_STEP_EXECVE, 13);
	assert_says("is a FIFO, which cannot be executed");
	nothing(&r, script);
	failure(&r, FORKEXEC_STEP_EXECVE, 13);
	assert_says("is a FIFO, which cannot be executed");
	nothing(&r, "/dev/zero");
	failure(&r, FORKEXEC_STEP_EXECVE, 13);
	assert_says("is a character device");
	alarm(0);
	unlink(fifo);
	unlink(script);
}

static void write_file(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* What cannot be provoked everywhere: a folder that looks like a cgroup's, and its errnos. */
static void test_cgroup(void **test_state)
{
	static const char *const files[] = {"cgroup.controllers", "cgroup.type", "cgroup.freeze",
					    "cgroup.subtree_control"};
	char dir[] = "/tmp/forkexec-cgroup-XXXXXX";
	struct forkexec_request r;
	struct forkexec_result result = {.step = FORKEXEC_STEP_CLONE};
	size_t i;
	int fd;

	(void)test_state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	nothing(&r, "/bin/true");
	r.flags = FORKEXEC_CGROUP_FD;
	r.cgroup_fd = fd;
	write_file(fd, "cgroup.controllers", "cpu pids\n");
	write_file(fd, "cgroup.type", "domain\n");
	write_file(fd, "cgroup.subtree_control", "pids\n");
	write_file(fd, "cgroup.freeze", "1\n");
	result.err = 16; /* EBUSY */
	explain(&r, &result, 0);
	assert_says("controllers enabled for its children (cgroup.subtree_control: pids)");
	result.err = 95; /* EOPNOTSUPP: a threaded one takes processes, of any domain */
	explain(&r, &result, 0);
	assert_says("of type \"domain invalid\" (cgroup.type), which holds no process. Write \"threaded\"");
	result.err = 13; /* EACCES */
	explain(&r, &result, 0);
	assert_says("may not write cgroup.procs of /tmp/forkexec-cgroup-");
	result.step = FORKEXEC_STEP_WAIT;
	result.err = 110; /* ETIMEDOUT, of a caller that has given up */
	explain(&r, &result, 0);
	assert_says("The cgroup of cgroup_fd is frozen, so the child does not run");
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlinkat(fd, files[i], 0);
	close(fd);
	rmdir(dir);
}

static uint64_t seed = 1;

static uint64_t any(uint64_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (seed >> 33) % below;
}

static uint64_t any_number(void)
{
	static const uint64_t odd[] = {0, 1, 2, 3, 22, 63, 64, 255, 256, 65536, UINT32_MAX, INT32_MAX,
				       INT64_MAX, UINT64_MAX, UINT64_C(1) << 63, 0x10000000};

	return any(3) ? odd[any(sizeof(odd) / sizeof(odd[0]))] : any(UINT64_MAX) * any(UINT64_MAX);
}

static const char *any_path(char *buffer, size_t size)
{
	static const char *const parts[] = {"/", "..", "tmp", "/proc/self/fd/0", "/bin/sh", "", "\n{dir}",
					    "/etc/passwd", "/dev/null", "/proc/self/exe", "a/", "%s"};
	size_t n = 0, length;
	const char *part;

	if (!any(10))
		return NULL;
	*buffer = 0;
	for (length = any(100) ? any(5) : any(900); length; length--) {
		part = parts[any(sizeof(parts) / sizeof(parts[0]))];
		if (n + strlen(part) + 1 >= size)
			break;
		n += (size_t)snprintf(buffer + n, size - n, "%s", part);
	}
	return buffer;
}

/* Requests and results that fit together or not; an explanation, or nothing. */
static void test_anything(void **test_state)
{
	static char path[5000], dir[5000], root[5000];
	static struct forkexec_id_map maps[400];
	static int32_t fds[8];
	static uint32_t groups[8];
	static uint64_t caps[8], junk[64];
	const unsigned rounds = getenv("FORKEXEC_TEST_EXPLAIN") ? 2000000 : 20000 / slowness();
	struct forkexec_request r;
	struct forkexec_result result;
	unsigned i, k;
	char guard[64];

	(void)test_state;
	for (i = 0; i < rounds; i++) {
		nothing(&r, any_path(path, sizeof(path)));
		r.dir = any_path(dir, sizeof(dir));
		r.chroot = any(3) ? NULL : any_path(root, sizeof(root));
		r.flags = any_number();
		r.clone_flags = any_number();
		r.unshare_flags = any_number();
		for (k = 0; k < 8; k++) {
			fds[k] = (int32_t)any_number();
			groups[k] = (uint32_t)any_number();
			caps[k] = any_number();
			maps[any(400)] = (struct forkexec_id_map){(int64_t)any_number(),
								  (int64_t)any_number(), (int64_t)any_number()};
		}
		r.fds = fds, r.groups = groups, r.ambient_caps = caps;
		r.uid_map = r.gid_map = maps;
		r.n_fds = (uint32_t)any(9), r.n_groups = (uint32_t)any(9);
		r.n_ambient_caps = (uint32_t)any(9);
		r.n_uid_map = (uint32_t)any(any(20) ? 5 : 401);
		r.n_gid_map = (uint32_t)any(5);
		r.uid = (uint32_t)any_number(), r.gid = (uint32_t)any_number();
		r.ctty = (int32_t)any_number(), r.cgroup_fd = (int32_t)any_number();
		for (k = 0; k < 64; k++)
			junk[k] = any_number();
		r.rlimits = (void *)junk, r.namespaces = (void *)junk, r.cpus = junk, r.seccomp = junk;
		r.n_rlimits = (uint32_t)any(9), r.n_namespaces = (uint32_t)any(9);
		r.n_cpus = (uint32_t)any(9), r.n_seccomp = (uint32_t)any(9);
		r.scheduler = (void *)junk;
		r.pause_at = (uint32_t)any_number();
		r.size = any(20) ? sizeof(r) : any_number();
		result.step = any(20) ? (uint32_t)any(60) : (uint32_t)any_number();
		result.err = any(20) ? (int32_t)any(135) : (int32_t)any_number();
		result.detail = (int64_t)any_number();
		memset(guard, '#', sizeof(guard));
		assert_true(forkexec_explain_as(&r, &result, (uint32_t)any(16), guard, any(32) + 1) >= 0);
		assert_int_equal(guard[33], '#');
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buffer),	    cmocka_unit_test(test_words),
		cmocka_unit_test(test_request),	    cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_descriptors), cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_cgroup),	    cmocka_unit_test(test_anything),
		cmocka_unit_test(test_search),
	};
	int status = probe_main(argc, argv);

	if (status >= 0)
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What lib.c does before the core: the search in PATH, and the words of FORKEXEC. */
#include "support.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared.h"

/* A folder of PATH that only the child sees, in the mount namespace that it joins. */
static void mounts_process(void *arg)
{
	char folder[] = "/tmp/forkexec-path-XXXXXX", path[64], found[64], c;
	char *const argv[] = {"true", NULL};
	struct forkexec_namespace mounts = {.type = CLONE_NEWNS};
	struct forkexec_request r = FORKEXEC_REQUEST_INIT;
	struct forkexec_result ret;
	int fds[2], holder, err;

	(void)arg;
	CHECK(mkdtemp(folder) != NULL);
	CHECK_EQ(pipe(fds), 0);
	holder = fork();
	if (!holder) {
		CHECK_EQ(unshare(CLONE_NEWNS), 0);
		CHECK_EQ(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
		CHECK_EQ(mount("/bin", folder, NULL, MS_BIND, NULL), 0);
		CHECK_EQ(write(fds[1], "x", 1), 1);
		for (;;)
			pause();
	}
	close(fds[1]);
	c = 0;
	CHECK_EQ(read(fds[0], &c, 1), 1);
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", holder);
	mounts.fd = open(path, O_RDONLY | O_CLOEXEC);
	setenv("PATH", folder, 1);
	r.path = "true";
	r.argv = argv;
	r.namespaces = &mounts;
	r.n_namespaces = 1;
	err = forkexec_spawnp(&r, &ret, found, sizeof(found));
	kill(holder, SIGKILL);
	reap(holder);
	rmdir(folder);
	CHECK_EQ(err, 0);
	CHECK_EQ(reap(ret.pid), 0);
	snprintf(path, sizeof(path), "%s/true", folder);
	CHECK_EQ(strcmp(found, path), 0);
}

static void test_mounts(void **test_state)
{
	(void)test_state;
	if (geteuid()) {
		print_message("skipped: not root\n");
		skip();
	}
	isolate(mounts_process, NULL, 20);
}

/* A request of another version may be shorter than ours: nothing behind its size is read. */
static void size_process(void *arg)
{
	struct forkexec_result ret;
	long page = sysconf(_SC_PAGESIZE);
	char *p = (char *)arg;
	uint32_t size = 16;
	struct forkexec_request *r = (struct forkexec_request *)(void *)(p + page - size);

	memcpy(&r->size, &size, sizeof(size));
	CHECK_EQ(forkexec_spawnp(r, &ret, NULL, 0), -22);
	CHECK_EQ(ret.step, FORKEXEC_STEP_REQUEST);
}

static void test_size(void **test_state)
{
	long page = sysconf(_SC_PAGESIZE);
	char *p = aligned_alloc((size_t)page, (size_t)page * 2);

	(void)test_state;
	assert_non_null(p);
	assert_int_equal(mprotect(p + page, (size_t)page, PROT_NONE), 0);
	isolate(size_process, p, 20);
	assert_int_equal(mprotect(p + page, (size_t)page, PROT_READ | PROT_WRITE), 0);
	free(p);
}

static void test_words(void **test_state)
{
	const char *p = " noclone3 ,,trace=/x/noclone3.log,noclone3x", *word;
	static const int want[] = {1, 0, 0, 0};
	size_t n, i;

	(void)test_state;
	for (i = 0; i < 4; i++) {
		assert_non_null(p);
		p = next_word(p, &word, &n);
		assert_int_equal(word_is(word, n, "noclone3"), want[i]);
	}
	assert_null(p);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_words),
	};
	int status = probe_main(argc, argv);

	return status >= 0 ? status : cmocka_run_group_tests(tests, NULL, NULL) != 0;
}

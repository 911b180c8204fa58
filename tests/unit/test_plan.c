/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is a request understood before a child is made of it?
 *
 * Each malformed field must be refused with its own offset, each harmful value with the
 * step that it would have failed in, and nothing may have been started. The work memory
 * of a good request must be as large as forkexec_work_size() says, with its parts side by
 * side, and ID maps must read as printf would write them. Also: which children may share
 * their parent's memory.
 *
 * Includes core.h, so no header of libc that shares its constants.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h" /* before cmocka.h, which makes a macro of fail() */

#include "support.h"

static char *const probe_argv[] = {"probe:true", NULL};
static const struct forkexec_id_map some_maps[1024];
static const uint64_t cap_64[] = {0, 64}, cap_huge[] = {UINT64_MAX};
static const uint64_t cap_word[] = {UINT64_C(1) << 32};

#define OFFSET(field) ((int64_t)offsetof(struct forkexec_request, field))

/* One bad field. change() makes a good request bad. */
struct bad {
	const char *name;
	void (*change)(struct forkexec_request *r);
	uint32_t step;
	int64_t detail;
};

static void bad_size_small(struct forkexec_request *r) { r->size--; }
static void bad_size_large(struct forkexec_request *r) { r->size += 8; }
static void bad_size_zero(struct forkexec_request *r) { r->size = 0; }
static void bad_flags_next(struct forkexec_request *r) { r->flags = FORKEXEC_KNOWN_FLAGS + 1; }
static void bad_flags_top(struct forkexec_request *r) { r->flags = UINT64_C(1) << 63; }
static void bad_path(struct forkexec_request *r) { r->path = NULL; }
static void bad_argv(struct forkexec_request *r) { r->argv = NULL; }
static void bad_envp(struct forkexec_request *r) { r->envp = NULL; }
static void bad_fds(struct forkexec_request *r) { r->fds = NULL; }
static void bad_n_fds(struct forkexec_request *r) { r->n_fds = FDS_MAX + 1; }
static void bad_n_fds_top(struct forkexec_request *r) { r->n_fds = UINT32_MAX; }
static void bad_groups(struct forkexec_request *r)
{
	r->flags = FORKEXEC_CREDENTIAL;
	r->n_groups = 1;
}
static void bad_uid_map(struct forkexec_request *r)
{
	r->flags = FORKEXEC_UID_MAP;
	r->n_uid_map = 1;
}
static void bad_gid_map(struct forkexec_request *r)
{
	r->flags = FORKEXEC_GID_MAP;
	r->n_gid_map = 1;
}
static void bad_caps(struct forkexec_request *r) { r->n_ambient_caps = 1; }
static void bad_text_busy(struct forkexec_request *r) { r->text_busy_ms = TEXT_BUSY_MAX_MS + 1; }
static void bad_text_busy_top(struct forkexec_request *r) { r->text_busy_ms = UINT32_MAX; }
static void bad_cap_64(struct forkexec_request *r)
{
	r->ambient_caps = cap_64;
	r->n_ambient_caps = 2;
}
static void bad_cap_huge(struct forkexec_request *r)
{
	r->ambient_caps = cap_huge;
	r->n_ambient_caps = 1;
}
static void bad_cap_word(struct forkexec_request *r)
{
	r->ambient_caps = cap_word;
	r->n_ambient_caps = 1;
}
static void uid_map(struct forkexec_request *r, uint32_t n)
{
	r->flags = FORKEXEC_UID_MAP;
	r->uid_map = some_maps;
	r->n_uid_map = n;
}
static void gid_map(struct forkexec_request *r, uint32_t n)
{
	r->flags = FORKEXEC_GID_MAP;
	r->gid_map = some_maps;
	r->n_gid_map = n;
}
static void bad_uid_no_user(struct forkexec_request *r) { uid_map(r, 1); }
static void bad_uid_empty(struct forkexec_request *r) { uid_map(r, 0); }
static void bad_gid_no_user(struct forkexec_request *r) { gid_map(r, 1); }

static const struct bad bad_fields[] = {
	{"size too small", bad_size_small, FORKEXEC_STEP_REQUEST, OFFSET(size)},
	{"size too large", bad_size_large, FORKEXEC_STEP_REQUEST, OFFSET(size)},
	{"size 0", bad_size_zero, FORKEXEC_STEP_REQUEST, OFFSET(size)},
	{"next flag", bad_flags_next, FORKEXEC_STEP_REQUEST, OFFSET(flags)},
	{"top flag", bad_flags_top, FORKEXEC_STEP_REQUEST, OFFSET(flags)},
	{"no path", bad_path, FORKEXEC_STEP_REQUEST, OFFSET(path)},
	{"no argv", bad_argv, FORKEXEC_STEP_REQUEST, OFFSET(argv)},
	{"no envp", bad_envp, FORKEXEC_STEP_REQUEST, OFFSET(envp)},
	{"no fds", bad_fds, FORKEXEC_STEP_REQUEST, OFFSET(n_fds)},
	{"too many fds", bad_n_fds, FORKEXEC_STEP_REQUEST, OFFSET(n_fds)},
	{"far too many fds", bad_n_fds_top, FORKEXEC_STEP_REQUEST, OFFSET(n_fds)},
	{"no groups", bad_groups, FORKEXEC_STEP_REQUEST, OFFSET(n_groups)},
	{"no uid_map", bad_uid_map, FORKEXEC_STEP_REQUEST, OFFSET(n_uid_map)},
	{"no gid_map", bad_gid_map, FORKEXEC_STEP_REQUEST, OFFSET(n_gid_map)},
	{"no ambient_caps", bad_caps, FORKEXEC_STEP_REQUEST, OFFSET(n_ambient_caps)},
	{"text_busy_ms", bad_text_busy, FORKEXEC_STEP_REQUEST, OFFSET(text_busy_ms)},
	{"text_busy_ms top", bad_text_busy_top, FORKEXEC_STEP_REQUEST, OFFSET(text_busy_ms)},
	{"capability 64", bad_cap_64, FORKEXEC_STEP_AMBIENT, 64},
	{"capability 2^64-1", bad_cap_huge, FORKEXEC_STEP_AMBIENT, -1},
	{"capability 2^32", bad_cap_word, FORKEXEC_STEP_AMBIENT, INT64_C(1) << 32},
	{"uid_map without NEWUSER", bad_uid_no_user, FORKEXEC_STEP_UID_MAP, 1},
	{"empty uid_map without NEWUSER", bad_uid_empty, FORKEXEC_STEP_UID_MAP, 0},
	{"gid_map without NEWUSER", bad_gid_no_user, FORKEXEC_STEP_GID_MAP, 1},
};

/* Both entries must refuse alike; a guard behind the work memory shows overruns. */
static void refused(const struct forkexec_request *bad, const char *name, uint32_t step, int err,
		    int64_t detail)
{
	static _Alignas(16) unsigned char work[65536];
	struct forkexec_state state;
	struct forkexec_result ret;
	struct forkexec_request r = *bad;
	int pass, got;

	for (pass = 0; pass < 2; pass++) {
		memset(&state, 0, sizeof(state));
		memset(&ret, 0x55, sizeof(ret));
		r.work = work;
		r.work_size = 4096 + CHILD_STACK;
		memset(work, 0xa5, sizeof(work));
		got = pass ? forkexec_run(&r, &ret, &state) : forkexec_start(&r, &ret, &state);
		if (got != -err || ret.step != step || ret.err != err || ret.pid ||
		    ret.pidfd != -1 || (detail >= 0 && ret.detail != detail))
			fail_msg("%s (%s): returned %d, step %s, err %d, detail %lld, pid %d", name,
				 pass ? "run" : "start", got, step_text(ret.step), ret.err,
				 (long long)ret.detail, ret.pid);
		assert_int_equal(work[4096 + CHILD_STACK], 0xa5);
		if (state.work)
			sys_munmap(state.work, 16384);
	}
	assert_true(no_children());
}

static void test_bad_fields(void **test_state)
{
	struct forkexec_request r;
	size_t i;

	(void)test_state;
	for (i = 0; i < sizeof(bad_fields) / sizeof(bad_fields[0]); i++) {
		request_init(&r, probe_argv);
		bad_fields[i].change(&r);
		refused(&r, bad_fields[i].name, bad_fields[i].step, E_INVAL, bad_fields[i].detail);
	}
}

/* Every bit of clone_flags is a namespace, harmless, or refused by name. */
static void test_clone_flags(void **test_state)
{
	const uint64_t pass = CLONE_NEWTIME | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
			      CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |
			      CLONE_VFORK | CLONE_PTRACE | CLONE_UNTRACED | CLONE_DETACHED |
			      CLONE_IO | CLONE_SYSVSEM | CLONE_PIDFD | CLONE_CLEAR_SIGHAND;
	struct forkexec_request r;
	struct forkexec_result ret;
	char name[32];
	int bit;

	(void)test_state;
	for (bit = 0; bit < 64; bit++) {
		uint64_t flag = UINT64_C(1) << bit;

		request_init(&r, probe_argv);
		r.clone_flags = flag | CLONE_NEWUTS;
		snprintf(name, sizeof(name), "clone flag %#llx", (unsigned long long)flag);
		if (!(flag & pass))
			refused(&r, name, FORKEXEC_STEP_CLONE, E_INVAL,
				bit == 63 ? -1 : (int64_t)flag);
		else if (forkexec_plan_check(&r, &ret))
			fail_msg("%s was refused", name);
	}
}

static void test_work(void **test_state)
{
	static _Alignas(16) unsigned char work[32768];
	struct forkexec_state state = {0};
	struct forkexec_result ret;
	struct forkexec_request r;
	uint64_t size;
	int i;

	(void)test_state;
	for (i = 0; i < 4; i++) {
		request_init(&r, probe_argv);
		r.work = i == 0 ? NULL : work + (i == 1 ? 8 : 0);
		r.work_size = forkexec_work_size(&r) - (i == 2);
		if (i == 3)
			r.work_size = 0;
		assert_int_equal(forkexec_start(&r, &ret, &state), -E_INVAL);
		assert_int_equal(ret.step, FORKEXEC_STEP_REQUEST);
		assert_int_equal(ret.detail, OFFSET(work));
		assert_int_equal(ret.pid, 0);
		assert_true(no_children());
	}
	r.size = 0;
	assert_int_equal(forkexec_work_size(&r), 0);
	r.size = sizeof(r);
	r.n_fds = FDS_MAX + 1;
	assert_int_equal(forkexec_work_size(&r), 0);
	r.n_fds = 0;
	r.n_uid_map = r.n_gid_map = ID_MAP_MAX_LINES + 1; /* more than that is not written */
	size = forkexec_work_size(&r);
	r.n_uid_map = r.n_gid_map = UINT32_MAX; /* whose 32-bit sum would be small */
	assert_int_equal(forkexec_work_size(&r), size);
}

#define LINES_MAX 10000

/* The parts in order, none beyond the next, all within what work_size says. */
static void check_layout(uint32_t n_fds, uint32_t n_uid, uint32_t n_gid)
{
	static const int64_t longest = INT64_MIN;
	struct forkexec_id_map *maps = calloc(LINES_MAX, sizeof(*maps));
	int32_t *fds = calloc(n_fds + 1, sizeof(*fds));
	struct forkexec_request r;
	unsigned char *memory, *work, *end;
	struct job *job;
	uint64_t size;
	uint32_t i;

	for (i = 0; i < LINES_MAX; i++)
		maps[i].container_id = maps[i].host_id = maps[i].size = longest;
	for (i = 0; i < n_fds; i++)
		fds[i] = (int32_t)i ^ 0x55;
	request_init(&r, probe_argv);
	r.fds = fds;
	r.n_fds = n_fds;
	r.uid_map = r.gid_map = maps;
	r.n_uid_map = n_uid;
	r.n_gid_map = n_gid;
	size = forkexec_work_size(&r);
	assert_true(size > CHILD_STACK);
	memory = aligned_alloc(16, size + 64);
	memset(memory, 0xa5, size + 64);
	r.work = work = memory + 32;
	r.work_size = size;
	job = forkexec_plan_job(&r);
	end = work + size;

	assert_ptr_equal(job, work);
	assert_true((unsigned char *)job->fds >= work + sizeof(*job));
	assert_true(job->uid_text >= (char *)(job->fds + n_fds));
	assert_true(job->gid_text >= job->uid_text + job->n_uid_text);
	assert_true((char *)job->stack >= job->gid_text + job->n_gid_text);
	assert_true(job->stack_top == job->stack + CHILD_STACK && job->stack_top <= end);
	assert_int_equal((uintptr_t)job->stack_top % 16, 0);
	/* Of a map that the kernel will refuse, one line too many is enough. */
	assert_int_equal(job->n_uid_text, 63 * (n_uid > 340 ? 341 : n_uid));
	assert_int_equal(job->n_gid_text, 63 * (n_gid > 340 ? 341 : n_gid));
	assert_memory_equal(job->fds, fds, n_fds * sizeof(*fds));
	for (i = 0; i < 32; i++)
		assert_true(memory[i] == 0xa5 && end[i] == 0xa5);
	free(memory);
	free(fds);
	free(maps);
}

static void test_layout(void **test_state)
{
	static const uint32_t counts[] = {0, 1, 2, 3, 4, 5, 339, 340, 341, 342, LINES_MAX};
	static const uint32_t fds[] = {0, 1, 3, 4, 5, 1000, FDS_MAX};
	size_t i, j, k;

	(void)test_state;
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		for (j = 0; j < sizeof(counts) / sizeof(counts[0]); j++)
			for (k = 0; k < sizeof(counts) / sizeof(counts[0]); k++)
				if (fds[i] < FDS_MAX || j + k == 0)
					check_layout(fds[i], counts[j], counts[k]);
}

/* A request that the core accepts as it is must run with exactly work_size bytes. */
static void test_exact_size(void **test_state)
{
	struct forkexec_state state = {0};
	struct forkexec_result ret;
	struct forkexec_request r;
	unsigned char *work;
	uint64_t size;

	(void)test_state;
	request_init(&r, probe_argv);
	size = forkexec_work_size(&r);
	work = aligned_alloc(16, size + 16);
	memset(work + size, 0xa5, 16);
	r.work = work;
	r.work_size = size;
	assert_int_equal(forkexec_start(&r, &ret, &state), 0);
	assert_int_equal(forkexec_finish(&r, &ret, &state, -1), 0);
	assert_int_equal(reap(ret.pid), 0);
	assert_int_equal(work[size], 0xa5);
	free(work);
}

static unsigned count_mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned n = 0;
	int c;

	assert_non_null(f);
	while ((c = fgetc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

/* forkexec_run()'s memory: one small piece is kept and used again, a large one goes. */
static void test_kept_work(void **test_state)
{
	static int32_t many[900 * 8];
	struct forkexec_state state = {0};
	struct forkexec_result ret;
	struct forkexec_request r;
	unsigned i, mappings = 0;
	void *kept = NULL;

	(void)test_state;
	for (i = 0; i < sizeof(many) / sizeof(many[0]); i++)
		many[i] = i < 3 ? (int32_t)i : -1;
	for (i = 0; i < 8; i++) {
		request_init(&r, probe_argv);
		r.fds = many;
		r.n_fds = i % 2 ? 900 * 8 : 3;
		/* Beyond RLIMIT_NOFILE, that is a failure; the memory must go all the same. */
		if (forkexec_run(&r, &ret, &state) == 0)
			assert_int_equal(reap(ret.pid), 0);
		assert_non_null(state.work);
		if (i == 0)
			kept = state.work;
		assert_ptr_equal(state.work, kept);
		if (i == 1)
			mappings = count_mappings();
		if (i > 1)
			assert_int_equal(count_mappings(), mappings);
	}
	sys_munmap(state.work, 16384);
}

static void test_map_text(void **test_state)
{
	static const int64_t values[] = {0,	     1,	       9,	  10,	     99,
					 100,	     65534,    INT32_MAX, INT32_MIN, UINT32_MAX,
					 INT64_MAX,  INT64_MIN, -1,	  -10,	     INT64_MIN + 1,
					 1000000000, -99};
	const size_t n = sizeof(values) / sizeof(values[0]);
	static _Alignas(16) unsigned char work[sizeof(struct job) + CHILD_STACK + 4096];
	struct forkexec_id_map map[2];
	struct forkexec_request r;
	struct job *job;
	char want[256];
	size_t i;
	int len;

	(void)test_state;
	for (i = 0; i < n * n * n; i++) {
		map[0].container_id = map[1].size = values[i % n];
		map[0].host_id = map[1].container_id = values[i / n % n];
		map[0].size = map[1].host_id = values[i / n / n];
		request_init(&r, probe_argv);
		r.uid_map = map;
		r.n_uid_map = 2;
		r.gid_map = map + 1;
		r.n_gid_map = 1;
		r.work = work;
		job = forkexec_plan_job(&r);
		len = snprintf(want, sizeof(want), "%lld %lld %lld\n%lld %lld %lld\n",
			       (long long)map[0].container_id, (long long)map[0].host_id,
			       (long long)map[0].size, (long long)map[1].container_id,
			       (long long)map[1].host_id, (long long)map[1].size);
		assert_int_equal(job->n_uid_text, len);
		assert_memory_equal(job->uid_text, want, (size_t)len);
		assert_memory_equal(job->gid_text, strchr(want, '\n') + 1, job->n_gid_text);
		assert_int_equal(job->n_gid_text, strlen(strchr(want, '\n') + 1));
	}
}

static void test_proc_path(void **test_state)
{
	char path[PROC_PATH + 1];

	(void)test_state;
	path[PROC_PATH] = 0x5a;
	forkexec_plan_proc_path(path, 1, "/uid_map");
	assert_string_equal(path, "/proc/1/uid_map");
	forkexec_plan_proc_path(path, 4194304, "/gid_map");
	assert_string_equal(path, "/proc/4194304/gid_map");
	forkexec_plan_proc_path(path, INT32_MAX, "/setgroups");
	assert_string_equal(path, "/proc/2147483647/setgroups");
	assert_int_equal(path[PROC_PATH], 0x5a);
}

static void test_may_share(void **test_state)
{
	FILE *f = fopen("/proc/sys/fs/suid_dumpable", "r");
	int c = f ? fgetc(f) : '1';
	struct forkexec_request r;

	(void)test_state;
	if (f)
		fclose(f);
	request_init(&r, probe_argv);
	assert_true(forkexec_plan_may_share(&r));
	r.clone_flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET;
	r.unshare_flags = CLONE_NEWUTS;
	assert_true(forkexec_plan_may_share(&r));
	r.flags = FORKEXEC_CREDENTIAL;
	assert_int_equal(!!forkexec_plan_may_share(&r), c != '1');
	r.clone_flags = CLONE_NEWUSER;
	assert_int_equal(!!forkexec_plan_may_share(&r), c != '1');
	r.flags = 0;
	assert_true(forkexec_plan_may_share(&r));
	r.clone_flags = 0;
	r.unshare_flags = CLONE_NEWUSER | CLONE_VM; /* which a sharing child cannot unshare */
	assert_false(forkexec_plan_may_share(&r));
	r.unshare_flags = CLONE_VM; /* as with the standard library */
	assert_true(forkexec_plan_may_share(&r));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_fields), cmocka_unit_test(test_clone_flags),
		cmocka_unit_test(test_work),	   cmocka_unit_test(test_layout),
		cmocka_unit_test(test_exact_size), cmocka_unit_test(test_kept_work),
		cmocka_unit_test(test_map_text),
		cmocka_unit_test(test_proc_path),  cmocka_unit_test(test_may_share),
	};
	int status = probe_main(argc, argv);

	if (status >= 0)
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}

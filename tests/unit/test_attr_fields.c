/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is each field of an attribute that is set without the flag that makes it count, and each list
 * that contradicts itself, refused with the field's offset, and explained by its name?
 */
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *const argv[] = {(char *)(uintptr_t) "probe:true", NULL};
static struct snapshot before;

static void refused(const struct forkexec_request *r, size_t offset, const char *says)
{
	struct forkexec_state state;
	struct forkexec_result ret;
	char text[4096];
	int err;

	memset(&state, 0, sizeof(state));
	memset(&ret, 0x55, sizeof(ret));
	snapshot_take(&before);
	err = forkexec_run(r, &ret, &state);
	assert_int_equal(err, -EINVAL);
	assert_int_equal(ret.pid, 0);
	assert_string_equal(step_text(ret.step), "request");
	assert_int_equal(ret.detail, offset);
	forkexec_explain_as(r, &ret, FORKEXEC_EXPLAIN_HINT, text, sizeof(text));
	if (!strstr(text, says))
		fail_msg("the explanation of offset %zu does not say \"%s\": %s", offset, says, text);
	assert_true(no_children());
	assert_null(snapshot_differs(&before));
}

/* All fields begin as zero, so one byte makes each of them set. */
static void test_field_without_flag(void **test_state)
{
#define FIELD(f) {offsetof(struct forkexec_request, f), #f}
	static const struct {
		size_t offset;
		const char *name;
	} fields[] = {
		FIELD(sigmask), FIELD(sigdefault), FIELD(sigignore), FIELD(cap_effective),
		FIELD(cap_permitted), FIELD(cap_inheritable), FIELD(cap_bounding), FIELD(cap_ambient),
		FIELD(nice), FIELD(ioprio), FIELD(oom_score_adj), FIELD(umask), FIELD(securebits),
		FIELD(dir_fd), FIELD(exec_fd), FIELD(landlock_fd), FIELD(landlock_flags),
		FIELD(seccomp_flags), FIELD(personality), FIELD(session_keyring),
	};
	struct forkexec_request r;
	size_t i;

	(void)test_state;
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		request_init(&r, argv);
		((unsigned char *)&r)[fields[i].offset] = 1;
		refused(&r, fields[i].offset, fields[i].name);
	}
}

static void test_lists(void **test_state)
{
#define LIST(f) {offsetof(struct forkexec_request, f), #f}
	static const struct {
		size_t offset;
		const char *name;
	} lengths[] = {
		LIST(n_rlimits), LIST(n_cpus), LIST(n_namespaces), LIST(n_opens), LIST(n_seccomp),
	};
	struct forkexec_request r;
	size_t i;

	(void)test_state;
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		request_init(&r, argv);
		((unsigned char *)&r)[lengths[i].offset] = 1;
		refused(&r, lengths[i].offset, lengths[i].name + 2);
	}
}

static void test_contradictions(void **test_state)
{
	struct forkexec_open open = {.path = NULL, .fd = 5};
	struct forkexec_scheduler scheduler = {.size = sizeof(scheduler), .nice = 4};
	const uint64_t chown_cap = 0;
	const unsigned char filter[8] = {0};
	struct forkexec_request r;

	(void)test_state;
	request_init(&r, argv);
	r.flags |= FORKEXEC_SIGDEFAULT | FORKEXEC_SIGIGNORE;
	r.sigdefault = r.sigignore = 1;
	refused(&r, offsetof(struct forkexec_request, sigignore), "sigdefault");

	request_init(&r, argv);
	r.opens = &open;
	r.n_opens = 1;
	refused(&r, offsetof(struct forkexec_request, opens), "has no path");
	open = (struct forkexec_open){.path = "/dev/null", .fd = -1};
	refused(&r, offsetof(struct forkexec_request, opens), "below 0");

	request_init(&r, argv);
	r.scheduler = &scheduler;
	r.flags |= FORKEXEC_NICE;
	r.nice = 5;
	refused(&r, offsetof(struct forkexec_request, nice), "differ");
	r.seccomp = filter;
	r.n_seccomp = 1;
	r.seccomp_flags = 8; /* NEW_LISTENER */
	scheduler.policy = 1;
	refused(&r, offsetof(struct forkexec_request, scheduler), "real-time");
	scheduler.size = 1;
	refused(&r, offsetof(struct forkexec_request, scheduler), "size");

	request_init(&r, argv);
	r.seccomp = filter;
	r.n_seccomp = 1;
	r.seccomp_flags = 1; /* TSYNC */
	refused(&r, offsetof(struct forkexec_request, seccomp_flags), "SPEC_ALLOW");
	r.n_seccomp = 5000;
	refused(&r, offsetof(struct forkexec_request, n_seccomp), "4096");

	request_init(&r, argv);
	r.ambient_caps = &chown_cap;
	r.n_ambient_caps = 1;
	r.flags |= FORKEXEC_CAP_AMBIENT;
	refused(&r, offsetof(struct forkexec_request, cap_ambient), "use one");
	r.flags ^= FORKEXEC_CAP_AMBIENT | FORKEXEC_CAP_INHERITABLE;
	refused(&r, offsetof(struct forkexec_request, cap_inheritable), "must be inheritable");
	r.flags ^= FORKEXEC_CAP_PERMITTED | FORKEXEC_CAP_INHERITABLE;
	refused(&r, offsetof(struct forkexec_request, cap_permitted), "must be permitted");
}

int main(int argc, char **argv_)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_field_without_flag),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_contradictions),
	};
	int status = probe_main(argc, argv_);

	return status >= 0 ? status : cmocka_run_group_tests(tests, NULL, NULL) != 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Do the places that speak of steps agree with FORKEXEC_STEPS?
 *
 * The list itself (ids unique and without a gap, names present), the words of step.c, the
 * hints, the table of forkexec(7), and the source of child.c with its two parts: its steps,
 * followed from forkexec_child_main through the functions it calls, must come in the list's
 * order, and all of them must come. Reads the sources below FORKEXEC_SOURCE (default: the current folder).
 */
#include <errno.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#include "../../c/hints.h"

struct row {
	uint32_t id;
	const char *macro, *name, *call, *field;
};

static const struct row rows[] = {
#define ROW(id, NAME, name, syscall, field) {id, #NAME, name, syscall, field},
	FORKEXEC_STEPS(ROW)
#undef ROW
};

#define N_ROWS     (sizeof(rows) / sizeof(rows[0]))
#define MAX_EVENTS 512

static char *read_source(const char *name)
{
	const char *root = getenv("FORKEXEC_SOURCE");
	char path[512], *text;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", root ? root : ".", name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s: %s (run from the root of the repository, or set FORKEXEC_SOURCE)",
			 path, strerror(errno));
	text = calloc(1, 1 << 20);
	n = fread(text, 1, (1 << 20) - 1, f);
	fclose(f);
	assert_true(n > 0 && n < (1 << 20) - 1);
	return text;
}

/* The order is that of the start; ids are appended, so the last one is their number. */
static void test_list(void **test_state)
{
	size_t i, j;

	(void)test_state;
	for (i = 0; i < N_ROWS; i++) {
		assert_in_range(rows[i].id, 1, N_ROWS);
		assert_true(rows[i].name[0] != 0);
		for (j = 0; j < i; j++)
			assert_true(rows[i].id != rows[j].id && strcmp(rows[i].name, rows[j].name));
	}
}

static void test_words(void **test_state)
{
	uint32_t last = N_ROWS, id;
	size_t i;

	(void)test_state;
	for (i = 0; i < N_ROWS; i++) {
		assert_string_equal(forkexec_step_name(rows[i].id), rows[i].name);
		assert_string_equal(forkexec_step_syscall(rows[i].id), rows[i].call);
		assert_string_equal(forkexec_step_field(rows[i].id), rows[i].field);
		assert_int_equal(forkexec_step_by_name(rows[i].name), rows[i].id);
	}
	for (id = 0; id <= last + 2; id += id ? last : last + 1) {
		assert_string_equal(forkexec_step_name(id), "unknown");
		assert_string_equal(forkexec_step_syscall(id), "");
		assert_string_equal(forkexec_step_field(id), "");
	}
	assert_string_equal(forkexec_step_name(UINT32_MAX), "unknown");
	assert_int_equal(forkexec_step_by_name(""), FORKEXEC_STEP_NONE);
	assert_int_equal(forkexec_step_by_name("unknown"), FORKEXEC_STEP_NONE);
	assert_int_equal(forkexec_step_by_name("EXECVE"), FORKEXEC_STEP_NONE);
}

/* That a hint's step exists is proven by the compiler; here: rows that nobody reaches. */
static void test_hints(void **test_state)
{
	static const struct {
		uint32_t step;
		int32_t err;
		const char *text;
	} hints[] = {
#define ANY 0
#define HINT(STEP, ERRNO, text) {FORKEXEC_STEP_##STEP, ERRNO, text},
#define FIELD(name) #name
		FORKEXEC_HINTS(HINT, FIELD)
#undef FIELD
#undef HINT
#undef ANY
	};
	const size_t n = sizeof(hints) / sizeof(hints[0]);
	size_t i, j;

	(void)test_state;
	for (i = 0; i < n; i++) {
		const char *got = forkexec_hint(hints[i].step, hints[i].err ? hints[i].err : 4095);

		if (!got || strcmp(got, hints[i].text))
			fail_msg("hint %zu (%s, errno %d) is hidden by an earlier one", i,
				 forkexec_step_name(hints[i].step), hints[i].err);
		assert_true(strlen(got) > 20 && got[strlen(got) - 1] == '.');
		for (j = 0; j < i; j++) /* two causes, two sentences */
			assert_string_not_equal(hints[i].text, hints[j].text);
	}
	assert_null(forkexec_hint(FORKEXEC_STEP_NONE, EPERM));
	assert_null(forkexec_hint(UINT32_MAX, EPERM));
	assert_null(forkexec_hint(FORKEXEC_STEP_NOFILE, EPERM));
}

static void test_man_page(void **test_state)
{
	char *text = read_source("c/man/forkexec.7"), want[256], *at = text;
	size_t i;

	(void)test_state;
	for (i = 0; i < N_ROWS; i++) {
		snprintf(want, sizeof(want),
			 ".TP\n.B %s\nStep %u. System call: %s. Field: %s. Detail: ",
			 rows[i].name, rows[i].id, rows[i].call[0] ? rows[i].call : "-",
			 rows[i].field[0] ? rows[i].field : "-");
		at = strstr(at, want); /* from the last one on: the order counts too */
		if (!at)
			fail_msg("forkexec(7) has no row, or none in its place:\n%s", want);
	}
	snprintf(want, sizeof(want), "\nStep %u.", (uint32_t)N_ROWS + 1);
	assert_null(strstr(text, want));
	free(text);
}

/* The steps in the order in which forkexec_child_main's text comes to them. */
static uint32_t events[MAX_EVENTS];
static size_t n_events;

static uint32_t step_of_macro(const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < N_ROWS; i++)
		if (strlen(rows[i].macro) == n && !strncmp(rows[i].macro, name, n))
			return rows[i].id;
	fail_msg("child.c names a step \"%.*s\" that FORKEXEC_STEPS does not have", (int)n, name);
	return 0;
}

static size_t word_length(const char *p)
{
	size_t n = 0;

	while (isalnum((unsigned char)p[n]) || p[n] == '_')
		n++;
	return n;
}

static void blank_comments(char *text)
{
	char *p = text, *end;

	while ((p = strstr(p, "/*")) != NULL) {
		end = strstr(p, "*/");
		assert_non_null(end);
		memset(p, ' ', (size_t)(end + 2 - p));
	}
}

/* The body of a function, from its "{" at the start of a line on. */
static const char *find_body(const char *text, const char *name, size_t n)
{
	const char *p = text, *brace, *semicolon;

	while ((p = strstr(p, name)) != NULL) {
		p += n;
		if (*p != '(')
			continue;
		brace = strstr(p, "\n{\n");
		semicolon = strchr(p, ';');
		if (brace && semicolon && brace < semicolon)
			return brace + 3;
	}
	return NULL;
}

static void add_event(uint32_t step)
{
	assert_true(n_events < MAX_EVENTS);
	events[n_events++] = step;
}

/* child_fail(), TRY and MARK are events, other child_x() are followed. */
static void follow(const char *text, const char *body, int depth)
{
	const char *end = strstr(body, "\n}\n"), *p, *callee;
	size_t n;

	assert_non_null(end);
	assert_true(depth < 8);
	for (p = body; p < end; p += n ? n : 1) {
		n = word_length(p);
		if (n == 3 && !strncmp(p, "TRY", 3) && p[3] == '(') {
			add_event(step_of_macro(p + 4, word_length(p + 4)));
		} else if (n == 4 && !strncmp(p, "MARK", 4) && p[4] == '(') {
			add_event(step_of_macro(p + 5, word_length(p + 5)));
		} else if (n > 14 && !strncmp(p, "FORKEXEC_STEP_", 14)) {
			if (n != 18 || strncmp(p + 14, "NONE", 4))
				add_event(step_of_macro(p + 14, n - 14));
		} else if (n == 10 && !strncmp(p, "child_step", n)) {
			continue; /* it only tells of the step */
		} else if (n == 14 && !strncmp(p, "child_trim_fds", n)) {
			continue; /* half of CLOSE_FDS, before its time: see test_trim.c */
		} else if (n > 6 && !strncmp(p, "child_", 6) && p[n] == '(') {
			char name[64];

			snprintf(name, sizeof(name), "%.*s", (int)n, p);
			callee = find_body(text, name, n);
			assert_non_null(callee);
			if (strcmp(name, "child_fail"))
				follow(text, callee, depth + 1);
		}
	}
}

static size_t first_event(uint32_t step)
{
	size_t i;

	for (i = 0; i < n_events; i++)
		if (events[i] == step)
			return i;
	return MAX_EVENTS;
}

static void test_source_order(void **test_state)
{
	char *text = read_source("c/child_attr.h"), *fds = read_source("c/child_fds.h");
	char *trace = read_source("c/child_trace.h"), *rest = read_source("c/child.c");
	size_t i, at, before = 0;
	const char *main_body;
	int in_child = 0;

	(void)test_state;
	text = realloc(text, 3 << 20);
	assert_non_null(text);
	strcat(strcat(strcat(text, fds), trace), rest);
	free(fds);
	free(trace);
	free(rest);
	blank_comments(text);
	main_body = find_body(text, "forkexec_child_main", strlen("forkexec_child_main"));
	assert_non_null(main_body);
	n_events = 0;
	follow(text, main_body, 0);
	for (i = 0; i < N_ROWS; i++) {
		in_child |= rows[i].id == FORKEXEC_STEP_KEEPCAPS;
		if (!in_child)
			continue;
		at = first_event(rows[i].id);
		if (at == MAX_EVENTS)
			fail_msg("child.c never comes to step %s", rows[i].name);
		if (at < before)
			fail_msg("child.c comes to step %s too early", rows[i].name);
		before = at;
	}
	/* The one step of the list's first part that the child takes too. */
	at = first_event(FORKEXEC_STEP_SIGMASK);
	assert_true(at > first_event(FORKEXEC_STEP_SIGNAL_IGNORE));
	assert_true(at < first_event(FORKEXEC_STEP_OOM_SCORE_ADJ));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),	 cmocka_unit_test(test_words),
		cmocka_unit_test(test_hints),	 cmocka_unit_test(test_man_page),
		cmocka_unit_test(test_source_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}

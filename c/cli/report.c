/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report.c - failures for people and for programs, and the table of explanations.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

extern char **environ;

#define TEXT_ROOM 16384 /* several paths of 4 KiB */

int exit_status(const struct forkexec_result *result)
{
	if (result->step != FORKEXEC_STEP_EXECVE)
		return EXIT_FAILED;
	return result->err == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
}

/* Breaks text into lines of a terminal; elsewhere it stays one line. */
static void print_wrapped(FILE *to, const char *text, size_t indent)
{
	struct winsize size = {0};
	size_t width = 0, column = indent, n;

	if (isatty(fileno(to)))
		width = ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
	fprintf(to, "%*s", (int)indent, "");
	while (*text) {
		n = strcspn(text, " ");
		if (width && column > indent && column + 1 + n > width) {
			fprintf(to, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', to);
			column++;
		}
		put_text(to, text, n);
		column += n;
		text += n;
		text += strspn(text, " ");
	}
	fputc('\n', to);
}

static void print_json_string(FILE *to, const char *name, const char *value)
{
	fprintf(to, "\"%s\":", name);
	put_json(to, value);
	fputc(',', to);
}

struct words {
	char step[64];
	char object[TEXT_ROOM];
	char cause[TEXT_ROOM];
	const char *field;
	const char *name;
};

/* Is the failure the cgroup's? */
static int cgroup_failed(const struct command *c, const struct forkexec_result *result)
{
	static const int errs[] = {EBADF, EBUSY, EACCES, EOPNOTSUPP, ENOENT, ENODEV};
	size_t i;

	if (result->step != FORKEXEC_STEP_CLONE || !(c->request.flags & FORKEXEC_CGROUP_FD))
		return 0;
	for (i = 0; i < sizeof(errs) / sizeof(errs[0]); i++)
		if (errs[i] == result->err)
			return 1;
	return 0;
}

static void find_words(const struct command *c, const struct forkexec_result *result,
		       const char *found, struct words *w)
{
	struct forkexec_request request = c->request;
	const uint32_t flags = FORKEXEC_EXPLAIN_OPTIONS;
	int nowhere = result->step == FORKEXEC_STEP_EXECVE && *request.path && !*found &&
		      !strchr(request.path, '/');

	if (!request.envp)
		request.envp = environ;
	if (*found)
		request.path = found;
	snprintf(w->step, sizeof(w->step), "%s", forkexec_step_name(result->step));
	forkexec_explain_as(&request, result, flags | FORKEXEC_EXPLAIN_OBJECT, w->object,
			    sizeof(w->object));
	w->field = cgroup_failed(c, result) ? "cgroup_fd" : forkexec_step_field(result->step);
	w->name = forkexec_errno_name(result->err);
	if (result->step == FORKEXEC_STEP_CHROOT && request.chroot && !*request.chroot)
		snprintf(w->cause, sizeof(w->cause), "--chroot is an empty string, which names no directory.");
	else if (!nowhere)
		forkexec_explain_as(&request, result, flags | FORKEXEC_EXPLAIN_HINT, w->cause,
				    sizeof(w->cause));
	else
		snprintf(w->cause, sizeof(w->cause),
			 "There is no such program in the folders of PATH, %s%s%s. Install it%s, or give its "
			 "path.", getenv("PATH") ? getenv("PATH") : "which is not set: /bin, /usr/bin",
			 request.chroot ? ", inside --chroot " : "", request.chroot ? request.chroot : "",
			 request.chroot ? " there" : "");
}

/* What has failed in a hook, instead of that one has. */
static void find_hook(struct words *w)
{
	const struct hook_failure *f = failed_hook();
	const char *why = f && f->why ? f->why : "";
	size_t n = strlen(why);

	if (f)
		snprintf(w->cause, sizeof(w->cause), "--%s: %s%s%s%s", f->option, why,
			 n && why[n - 1] == '.' ? "" : ".", *f->advice ? " " : "", f->advice);
}

/* The beginning of an object, which every failure has. */
static void print_json_words(const char *step, const char *object, const char *field, const char *syscall,
			     const char *name, const char *message, const char *explanation)
{
	fputc('{', stderr);
	print_json_string(stderr, "step", step);
	print_json_string(stderr, "object", object);
	print_json_string(stderr, "field", field);
	print_json_string(stderr, "syscall", syscall);
	print_json_string(stderr, "errno", name ? name : "");
	print_json_string(stderr, "message", message);
	print_json_string(stderr, "explanation", explanation);
}

/* Its end. */
static void print_json_numbers(int err, int64_t detail, int status)
{
	fprintf(stderr, "\"errno_number\":%d,\"detail\":%lld,\"exit_status\":%d}\n", err,
		(long long)detail, status);
}

static void print_json(const struct forkexec_result *result, const struct words *w)
{
	const struct hook_failure *hook = failed_hook();

	print_json_words(w->step, *w->object ? w->object + 1 : "", w->field,
			 forkexec_step_syscall(result->step), w->name, strerror(result->err), w->cause);
	if (hook) {
		print_json_string(stderr, "command", hook->command ? hook->command : "");
		fprintf(stderr, "\"status\":%d,", hook->status);
	}
	print_json_numbers(result->err, result->detail, exit_status(result));
}

/* What is no failure of a step. */
static void print_json_message(const char *step, const char *message, const char *cure, int status)
{
	print_json_words(step, "", "", "", "", message, cure);
	print_json_numbers(0, 0, status);
}

/* A failure before the start. */
void report_usage(const char *message)
{
	print_json_message("command line", message, "Try 'forkexec --help' for more information.",
			   EXIT_FAILED);
}

/* A signal has ended the start, or its child before the program ran. */
void report_end(const struct command *c, int sig, const char *format, ...)
{
	va_list list;
	char *text;

	va_start(list, format);
	if (vasprintf(&text, format, list) < 0)
		text = NULL;
	va_end(list);
	if (c->json)
		print_json_message("", text ? text : "out of memory", "", 128 + sig);
	else
		say("%s", text ? text : "out of memory");
	free(text);
}

/* found: the path that a search in PATH has come to, or "". */
void report(const struct command *c, const struct forkexec_result *result, const char *found)
{
	static struct words w;
	char *text;

	find_words(c, result, found, &w);
	find_hook(&w);
	if (c->json) {
		print_json(result, &w);
	} else if (asprintf(&text, "forkexec: %s%s: %s (%s). %s", w.step, w.object,
			    strerror(result->err), w.name ? w.name : "?", w.cause) >= 0) {
		print_wrapped(stderr, text, 0);
		free(text);
	} else {
		fprintf(stderr, "forkexec: %s: %s\n", w.step, strerror(result->err));
	}
}

/* A file of this process's own has failed, with errno. */
void report_file(const char *step, const char *object, const char *option, const char *explanation)
{
	const char *name = forkexec_errno_name(errno);
	int err = errno;

	if (!is_json()) {
		say("%s: %s: %s (%s). %s", option, object, strerror(err), name ? name : "?", explanation);
		return;
	}
	print_json_words(step, object, option, step, name, strerror(err), explanation);
	print_json_numbers(err, 0, EXIT_FAILED);
}

/* A file of an option's that this process opens itself, with errno: not the way it is called. */
void cannot_open(const char *option, const char *path, int flags)
{
	const struct forkexec_open file = {.path = path, .flags = (uint32_t)flags};
	const struct forkexec_result result = {.step = FORKEXEC_STEP_OPEN, .err = errno};
	struct forkexec_request r = FORKEXEC_REQUEST_INIT;
	char text[TEXT_ROOM] = "There is no such process.", with[64];

	r.path = path;
	r.opens = &file;
	r.n_opens = 1;
	if (result.err != ESRCH) /* pid:N is no path */
		forkexec_explain_as(&r, &result, FORKEXEC_EXPLAIN_OPTIONS | FORKEXEC_EXPLAIN_HINT, text,
				    sizeof(text));
	snprintf(with, sizeof(with), "--%s", option);
	errno = result.err;
	report_file("open", path, with, text);
	exit(EXIT_FAILED);
}

/* What the table says; nothing is looked for, as the request is none. */
static int table_entry(uint32_t step, int32_t err, char *text, size_t size)
{
	const struct forkexec_request none = {0};
	const struct forkexec_result result = {.step = step, .err = err, .detail = -1};

	return forkexec_hint(step, err) &&
	       forkexec_explain_as(&none, &result,
				   FORKEXEC_EXPLAIN_HINT | FORKEXEC_EXPLAIN_OPTIONS, text, size) > 0;
}

static int print_step(uint32_t step)
{
	const char *any = forkexec_hint(step, 4095); /* for an errno that no row names */
	char text[1024];
	int32_t err;
	int n = 0;

	for (err = 1; err < 200; err++) {
		if (forkexec_hint(step, err) == any || !table_entry(step, err, text, sizeof(text)))
			continue;
		printf("%s %s\n", forkexec_step_name(step), forkexec_errno_name(err));
		print_wrapped(stdout, text, 4);
		n++;
	}
	if (any && table_entry(step, 4095, text, sizeof(text))) {
		printf("%s%s\n", forkexec_step_name(step), n ? ", any other errno" : ", any errno");
		print_wrapped(stdout, text, 4);
		n++;
	}
	return n;
}

/* forkexec --explain [STEP [ERRNO]] */
int explain_table(int argc, char **argv)
{
	uint32_t step = argc ? step_number(argv[0]) : 0;
	char text[1024];

	if (argc > 2)
		usage("--explain: one step and one errno at most");
	if (argc && !step)
		usage("--explain: \"%s\" is no step; forkexec --explain lists them", argv[0]);
	if (argc == 2) {
		if (!table_entry(step, errno_number(argv[1]), text, sizeof(text)))
			usage("--explain: nothing is known of %s at the step %s", argv[1], argv[0]);
		print_wrapped(stdout, text, 0);
		return flush_output();
	}
	if (argc && !print_step(step))
		usage("--explain: nothing is known of the step %s", argv[0]);
	for (step = 1; !argc && step < 64; step++)
		print_step(step);
	return flush_output();
}

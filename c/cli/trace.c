/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * trace.c - --trace and --repeat: the steps of a start with their times, as a table, as events
 * for Perfetto and chrome://tracing, or as a distribution over many starts.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

/* One start that has been traced. */
struct traced {
	int32_t pid;
	uint32_t failed_step; /* NONE: it has not */
	int32_t err;
	struct forkexec_trace trace;
};

APPLY(trace)
{
	c->trace = 1;
	if (argument)
		c->trace_file = argument;
	else
		c->timeline = 1;
}

APPLY(repeat)
{
	c->trace = 1;
	c->repeat = (uint32_t)number("repeat", argument, 1, 1000000);
}

/* Before anything is started; a FIFO's reader would take this for the end. */
static void try_file(const char *path)
{
	const int flags = O_WRONLY | O_CREAT;
	struct stat st;
	int fd;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return;
	fd = open(path, flags | O_CLOEXEC, 0666);
	if (fd < 0)
		cannot_open("trace", path, flags);
	close(fd);
}

void trace_begin(struct command *c)
{
	if (!c->trace)
		return;
	if (c->request.pause_at && c->repeat)
		usage("--repeat: not with --pause-at");
	if (c->detach && c->repeat)
		usage("--repeat: not with --detach");
	if (c->trace_file)
		try_file(c->trace_file);
	c->request.trace = grow(NULL, 0, sizeof(*c->request.trace));
	*c->request.trace = (struct forkexec_trace){.size = sizeof(*c->request.trace)};
}

static int64_t end_of(const struct forkexec_trace *t, uint32_t i)
{
	return i + 1 < t->n ? t->steps[i + 1].begin_ns : t->end_ns;
}

static double micros(int64_t ns)
{
	return (double)ns / 1e3;
}

/* " /tmp" of a chdir; "" where there is nothing to say. */
static void find_object(const struct command *c, const char *found,
			const struct forkexec_trace_step *s, char *text, size_t size)
{
	struct forkexec_request request = c->request;
	struct forkexec_result result = {.step = s->step, .detail = s->detail};

	*text = 0;
	if (*found)
		request.path = found;
	if (s->step != FORKEXEC_STEP_REQUEST)
		forkexec_explain_as(&request, &result,
				    FORKEXEC_EXPLAIN_OBJECT | FORKEXEC_EXPLAIN_OPTIONS, text, size);
}

/* " at its step open /tmp/fifo": where a start has been ended; "" if nobody knows. */
void trace_last(const struct command *c, const char *found, char *text, size_t size)
{
	const struct forkexec_trace *t = c->request.trace;
	char object[1024];

	*text = *object = 0;
	if (!c->ended_at && (!t || !t->n))
		return;
	if (!c->ended_at)
		find_object(c, found, &t->steps[t->n - 1], object, sizeof(object));
	snprintf(text, size, " at its step %s%s",
		 forkexec_step_name(c->ended_at ? c->ended_at : t->steps[t->n - 1].step), object);
}

/* All of it at once: the program may be writing, too. */
static void print_timeline(const struct command *c, const struct forkexec_result *result,
			   const char *found)
{
	const struct forkexec_trace *t = c->request.trace;
	char *text = NULL, object[1024];
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	uint32_t i;

	if (!to)
		return;
	fputs("forkexec: ", to);
	put_text(to, c->request.path, strlen(c->request.path));
	if (result->pid > 0)
		fprintf(to, " (process %d)", (int)result->pid);
	if (t->n)
		fprintf(to, ": %" PRIu32 " steps in %.1f us%s\n    begin       took  step\n", t->n,
			micros(t->end_ns - t->steps[0].begin_ns),
			result->step ? ", the last one failed" : "");
	else
		fputs(": it failed before its first step\n", to);
	for (i = 0; i < t->n; i++) {
		const struct forkexec_trace_step *s = &t->steps[i];

		find_object(c, found, s, object, sizeof(object));
		fprintf(to, "%9.1f  %9.1f  %s", micros(s->begin_ns - t->steps[0].begin_ns),
			micros(end_of(t, i) - s->begin_ns), forkexec_step_name(s->step));
		put_text(to, object, strlen(object));
		if (s->calls > 1)
			fprintf(to, " (%" PRIu32 " calls)", s->calls);
		fputc('\n', to);
	}
	if (!fclose(to))
		(void)!write(STDERR_FILENO, text, size);
	free(text);
}

void trace_note(struct command *c, const struct forkexec_result *result, const char *found)
{
	if (!c->trace)
		return;
	if (c->timeline)
		print_timeline(c, result, found);
	c->traced = grow(c->traced, c->n_traced, sizeof(*c->traced));
	c->traced[c->n_traced].pid = result->pid;
	c->traced[c->n_traced].failed_step = result->step;
	c->traced[c->n_traced].err = result->err;
	c->traced[c->n_traced++].trace = *c->request.trace;
}

/* Of the events of one start: the child, so that each start has a line of its own. */
static int tid_of(const struct traced *one, uint32_t line)
{
	return one->pid > 0 ? (int)one->pid : -(int)line - 1;
}

static void put_events(FILE *to, const struct traced *one, uint32_t line)
{
	const struct forkexec_trace *t = &one->trace;
	uint32_t i;

	for (i = 0; i < t->n; i++) {
		const struct forkexec_trace_step *s = &t->steps[i];

		fputs(",\n{\"name\":", to);
		put_json(to, forkexec_step_name(s->step));
		fprintf(to, ",\"cat\":\"%s\",\"ph\":\"X\",\"ts\":%.3f,\"dur\":%.3f,\"pid\":%d,\"tid\":%d",
			i < 2 ? "parent" : "child", micros(s->begin_ns), micros(end_of(t, i) - s->begin_ns),
			(int)getpid(), tid_of(one, line));
		fputs(",\"args\":{\"syscall\":", to);
		put_json(to, forkexec_step_syscall(s->step));
		fprintf(to, ",\"detail\":%" PRId64 ",\"calls\":%" PRIu32 "}}", s->detail, s->calls);
	}
}

/* What has failed, as an instant event at the end of that start. */
static void put_failure(FILE *to, const struct command *c, const struct traced *one, uint32_t line)
{
	const char *name = forkexec_errno_name(one->err);

	fputs(",\n{\"name\":", to);
	put_json(to, "failed");
	fprintf(to, ",\"ph\":\"i\",\"s\":\"t\",\"ts\":%.3f,\"pid\":%d,\"tid\":%d,\"args\":{\"program\":",
		one->trace.n ? micros(one->trace.end_ns) : 0.0, (int)getpid(),
		tid_of(one, line));
	put_json(to, c->request.path);
	fputs(",\"step\":", to);
	put_json(to, forkexec_step_name(one->failed_step));
	fputs(",\"errno\":", to);
	put_json(to, name ? name : "");
	fprintf(to, ",\"errno_number\":%d}}", (int)one->err);
}

static int write_events(const struct command *c)
{
	FILE *to = fopen(c->trace_file, "we");
	uint32_t i;

	if (!to)
		cannot_open("trace", c->trace_file, O_WRONLY | O_CREAT);
	errno = 0;
	fprintf(to, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n"
		    "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":%d,\"args\":{\"name\":\"forkexec\"}}",
		(int)getpid());
	for (i = 0; i < c->n_traced; i++) {
		put_events(to, &c->traced[i], i);
		if (c->traced[i].failed_step)
			put_failure(to, c, &c->traced[i], i);
	}
	fputs("\n]}\n", to);
	if ((ferror(to) | fclose(to)) == 0)
		return 0;
	errno = errno ? errno : EIO;
	report_file("write", c->trace_file, "--trace", "The trace is not whole.");
	return EXIT_FAILED;
}

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Of a step, or of the whole start if step is NONE. Returns in how many starts it was. */
static uint32_t durations(const struct command *c, uint32_t step, int64_t *ret)
{
	uint32_t i, k, n = 0;

	for (i = 0; i < c->n_traced; i++) {
		const struct forkexec_trace *t = &c->traced[i].trace;
		int seen = !step && t->n;
		int64_t sum = seen ? t->end_ns - t->steps[0].begin_ns : 0;

		for (k = 0; step && k < t->n; k++) {
			if (t->steps[k].step != step)
				continue;
			sum += end_of(t, k) - t->steps[k].begin_ns;
			seen = 1;
		}
		if (seen)
			ret[n++] = sum;
	}
	qsort(ret, n, sizeof(*ret), compare);
	return n;
}

/* The least value that so much of all are not above. */
static double percentile(const int64_t *sorted, uint32_t n, uint32_t percent)
{
	return micros(sorted[((uint64_t)n * percent + 99) / 100 - 1]);
}

static void print_row(const struct command *c, const char *name, uint32_t step, int64_t *room)
{
	uint32_t n = durations(c, step, room);

	if (n)
		fprintf(stderr, "  %-22s %8" PRIu32 " %10.1f %10.1f %10.1f %10.1f\n", name, n,
			percentile(room, n, 50), percentile(room, n, 90), percentile(room, n, 99),
			micros(room[n - 1]));
}

static void print_distribution(const struct command *c)
{
	int64_t *room = grow(NULL, 0, (c->n_traced + 1) * sizeof(*room));
	unsigned char told[256] = {0};
	uint32_t i, k, step;

	fputs("forkexec: ", stderr);
	put_text(stderr, c->request.path, strlen(c->request.path));
	fprintf(stderr, ", %" PRIu32 " time%s; times in us\n"
			"  %-22s %8s %10s %10s %10s %10s\n", c->n_traced,
		c->n_traced == 1 ? "" : "s", "step", "starts", "p50", "p90", "p99", "max");
	for (i = 0; i < c->n_traced; i++) {
		for (k = 0; k < c->traced[i].trace.n; k++) {
			step = c->traced[i].trace.steps[k].step;
			if (step >= sizeof(told) || told[step])
				continue;
			told[step] = 1;
			print_row(c, forkexec_step_name(step), step, room);
		}
	}
	print_row(c, "all", FORKEXEC_STEP_NONE, room);
	free(room);
}

int trace_end(struct command *c, int status)
{
	int err = 0;

	if (c->trace_file)
		err = write_events(c);
	if (c->repeat)
		print_distribution(c);
	free(c->traced);
	free(c->request.trace);
	return err ? err : status;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * html.c - forkexec report FILE: the starts of a FORKEXEC=trace=FILE as one HTML page, on
 * standard output. lines.c reads them; what is in them is text for the page, and nothing else.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "html.h"
#include "lines.h"

#define LONGEST 65536 /* a line: the trace's have 4 KiB */
#define SLOWEST 20
#define SHOWN   50 /* programs, and kinds of failures */
#define BUCKETS 60
#define SIZES   14 /* of times: up to 16 us, 32 us, ... */

/* What is kept of each start. */
struct start {
	int64_t time_ns, exec_ns;
	uint32_t program;
	uint32_t failed;
};

struct program {
	char name[sizeof(((struct line *)0)->program)];
	uint32_t n, failed;
	int64_t total_ns;
};

/* Starts that have failed at one step with one errno. */
struct failure {
	struct line first;
	uint32_t n;
};

struct counted {
	char text[96];
	uint32_t n;
};

struct report {
	const char *file;
	struct start *starts;
	struct program *programs;
	struct failure *failures;
	struct counted *ways; /* how children were made */
	uint32_t n_starts, n_programs, n_failures, n_ways, n_failed, n_ends, n_bad;
	uint32_t first_bad; /* its number in the file */
	struct line slowest[SLOWEST + 1]; /* longest first */
	uint32_t n_slowest;
	int64_t total_ns;
};

static uint32_t find_program(struct report *r, const char *name)
{
	uint32_t i;

	for (i = 0; i < r->n_programs; i++)
		if (!strcmp(r->programs[i].name, name))
			return i;
	if (i >= 1000) /* of a file that is no program's: the last one stands for the rest */
		return i - 1;
	r->programs = grow(r->programs, i, sizeof(*r->programs));
	r->programs[i] = (struct program){.n = 0};
	snprintf(r->programs[i].name, sizeof(r->programs[i].name), "%s", name);
	r->n_programs++;
	return i;
}

static void count_failure(struct report *r, const struct line *l)
{
	uint32_t i;

	r->n_failed++;
	for (i = 0; i < r->n_failures; i++) {
		if (strcmp(r->failures[i].first.step, l->step) != 0 ||
		    strcmp(r->failures[i].first.errno_name, l->errno_name) != 0)
			continue;
		r->failures[i].n++;
		return;
	}
	if (i >= 1000)
		return;
	r->failures = grow(r->failures, i, sizeof(*r->failures));
	r->failures[r->n_failures++] = (struct failure){*l, 1};
}

static void count_way(struct report *r, const struct line *l)
{
	const char *text = l->shared == 1 ? "shared the parent's memory until their execve" :
			   *l->why ? l->why : "not told";
	uint32_t i;

	for (i = 0; i < r->n_ways && strcmp(r->ways[i].text, text) != 0; i++)
		;
	if (i == r->n_ways) {
		if (i >= SHOWN)
			return;
		r->ways = grow(r->ways, i, sizeof(*r->ways));
		r->ways[i].n = 0;
		snprintf(r->ways[i].text, sizeof(r->ways[i].text), "%s", text);
		r->n_ways++;
	}
	r->ways[i].n++;
}

static void keep_slowest(struct report *r, const struct line *l)
{
	uint32_t at = r->n_slowest;

	if (at == SLOWEST && r->slowest[at - 1].exec_ns >= l->exec_ns)
		return;
	for (; at > 0 && r->slowest[at - 1].exec_ns < l->exec_ns; at--)
		r->slowest[at] = r->slowest[at - 1];
	r->slowest[at] = *l;
	r->n_slowest += r->n_slowest < SLOWEST;
}

static void add_start(struct report *r, const struct line *l)
{
	uint32_t failed = *l->error != 0, program = find_program(r, l->program);

	if (!(r->n_starts & (r->n_starts - 1))) /* a power of two, or none: twice the room */
		r->starts = grow(r->starts, 2 * r->n_starts, sizeof(*r->starts));
	r->starts[r->n_starts++] = (struct start){l->time_ns, l->exec_ns, program, failed};
	r->programs[program].n++;
	r->programs[program].failed += failed;
	r->programs[program].total_ns += l->exec_ns;
	r->total_ns += l->exec_ns;
	if (failed)
		count_failure(r, l);
	count_way(r, l);
	keep_slowest(r, l);
}

/* A line that is longer than any, or has a NUL byte, is a bad one. */
static void read_lines(struct report *r, FILE *from)
{
	char *text = grow(NULL, LONGEST, 1);
	uint32_t number = 0;
	struct line l;
	size_t n;
	int c;

	do {
		for (n = 0; (c = getc(from)) != EOF && c != '\n'; n++)
			if (n < LONGEST)
				text[n] = (char)c;
		if (c == EOF && !n)
			break;
		number++;
		if (!n)
			continue;
		if (n > LONGEST || !parse_line(text, n, &l)) {
			r->first_bad = r->n_bad++ ? r->first_bad : number;
		} else if (l.exec_ns >= 0) {
			add_start(r, &l);
		} else {
			r->n_ends++;
		}
	} while (c != EOF);
	free(text);
}

static void put_duration(int64_t ns)
{
	double v = (double)ns;

	if (v < 1e6)
		printf("%.0f\xc2\xa0\xc2\xb5s", v / 1e3);
	else if (v < 1e9)
		printf("%.*f\xc2\xa0ms", v < 1e7 ? 2 : v < 1e8 ? 1 : 0, v / 1e6);
	else
		printf("%.*f\xc2\xa0s", v < 1e10 ? 2 : 1, v / 1e9);
}

static void put_time(int64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm tm;
	char text[32] = "";

	if (gmtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	printf("<time>%s.%03d UTC</time>", text, (int)(ns / 1000000 % 1000));
}

static int by_time(const void *a, const void *b)
{
	const struct start *x = a, *y = b;

	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static int by_duration(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int by_total(const void *a, const void *b)
{
	const struct program *x = a, *y = b;

	return (x->total_ns < y->total_ns) - (x->total_ns > y->total_ns);
}

static int by_number(const void *a, const void *b)
{
	const struct failure *x = a, *y = b;

	return (x->n < y->n) - (x->n > y->n);
}

static void put_over_time(const struct report *r)
{
	uint32_t n[BUCKETS] = {0}, failed[BUCKETS] = {0}, most = 0, i, b;
	int64_t first = r->starts[0].time_ns, last = r->starts[r->n_starts - 1].time_ns;
	int64_t width = (last - first) / BUCKETS + 1;

	for (i = 0; i < r->n_starts; i++) {
		b = (uint32_t)((r->starts[i].time_ns - first) / width);
		n[b]++;
		failed[b] += r->starts[i].failed;
		most = n[b] > most ? n[b] : most;
	}
	printf("<h2>Starts over time</h2>\n<figure><figcaption>At most %" PRIu32 " in ", most);
	put_duration(width);
	printf("; red: those that failed.</figcaption>\n"
	       "<div class=\"bars\" role=\"img\" aria-label=\"%" PRIu32 " starts in %d equal times, at most %"
	       PRIu32 " in one\">", r->n_starts, BUCKETS, most);
	for (b = 0; b < BUCKETS; b++) {
		printf("<span style=\"height:%.2f%%\" title=\"%" PRIu32 " starts, %" PRIu32 " failed\">",
		       100.0 * n[b] / most, n[b], failed[b]);
		if (failed[b])
			printf("<i style=\"height:%.2f%%\"></i>", 100.0 * failed[b] / n[b]);
		fputs("</span>", stdout);
	}
	fputs("</div>\n<div class=\"ends\"><span>", stdout);
	put_time(first);
	fputs("</span><span>", stdout);
	put_time(last);
	puts("</span></div></figure>");
}

/* The value that so much of all are not above. */
static int64_t percentile(const int64_t *sorted, uint32_t n, uint32_t percent)
{
	return sorted[((uint64_t)n * percent + 99) / 100 - 1];
}

/* Of the starts of one program, or of all. Returns how many. */
static uint32_t durations(const struct report *r, uint32_t program, int64_t *ret)
{
	uint32_t i, n = 0;

	for (i = 0; i < r->n_starts; i++)
		if (program == UINT32_MAX || r->starts[i].program == program)
			ret[n++] = r->starts[i].exec_ns;
	qsort(ret, n, sizeof(*ret), by_duration);
	return n;
}

static void put_sizes(const struct report *r, const int64_t *sorted)
{
	uint32_t n[SIZES] = {0}, most = 0, i, s, first = SIZES, last = 0;

	for (i = 0; i < r->n_starts; i++) {
		for (s = 0; s < SIZES - 1 && sorted[i] > INT64_C(16000) << s; s++)
			;
		n[s]++;
		most = n[s] > most ? n[s] : most;
		first = s < first ? s : first;
		last = s;
	}
	puts("<figure><figcaption>How many starts took so long, up to:</figcaption>\n<div class=\"rows\">");
	for (s = first; s <= last; s++) {
		fputs("<span>", stdout);
		if (s == SIZES - 1)
			fputs("longer", stdout);
		else
			put_duration(INT64_C(16000) << s);
		printf("</span>%s style=\"width:%.2f%%\"></b><span>%" PRIu32 "</span>\n",
		       n[s] ? "<b" : "<b class=\"none\"", 100.0 * n[s] / most, n[s]);
	}
	puts("</div></figure>");
}

static void put_programs(struct report *r, int64_t *room)
{
	uint32_t i, k, n;
	struct program *sorted = grow(NULL, r->n_programs, sizeof(*sorted));

	memcpy(sorted, r->programs, r->n_programs * sizeof(*sorted));
	qsort(sorted, r->n_programs, sizeof(*sorted), by_total);
	n = durations(r, UINT32_MAX, room);
	fputs("<h2>Time until the program runs</h2>\n<p>From the beginning of a start to its execve, or to its failure: ",
	      stdout);
	put_duration(r->total_ns);
	fputs(" in all; half of the starts took up to ", stdout);
	put_duration(percentile(room, n, 50));
	fputs(", 99 of 100 up to ", stdout);
	put_duration(percentile(room, n, 99));
	puts(".</p>");
	put_sizes(r, room);
	puts(TABLE(WORDS("program") HEADING("starts") HEADING("failed") HEADING("time in all")
		   HEADING("p50") HEADING("p99") HEADING("longest")));
	for (i = 0; i < r->n_programs && i < SHOWN; i++) {
		for (k = 0; strcmp(r->programs[k].name, sorted[i].name) != 0; k++)
			;
		n = durations(r, k, room);
		fputs("<tr><th scope=\"row\" class=\"text\"><code>", stdout);
		put_html(sorted[i].name);
		printf("</code></th><td>%" PRIu32 "</td><td%s>%" PRIu32 "</td><td>", sorted[i].n,
		       sorted[i].failed ? " class=\"bad\"" : "", sorted[i].failed);
		put_duration(sorted[i].total_ns);
		fputs("</td><td>", stdout);
		put_duration(percentile(room, n, 50));
		fputs("</td><td>", stdout);
		put_duration(percentile(room, n, 99));
		fputs("</td><td>", stdout);
		put_duration(room[n - 1]);
		puts("</td></tr>");
	}
	puts("</tbody></table></div>");
	if (r->n_programs > SHOWN)
		printf("<p class=\"soft\">And %" PRIu32 " other programs.</p>\n", r->n_programs - SHOWN);
	free(sorted);
}

static void put_slowest(const struct report *r)
{
	uint32_t i;

	puts("<h2>Slowest starts</h2>\n<ol class=\"list\">");
	for (i = 0; i < r->n_slowest; i++) {
		const struct line *l = &r->slowest[i];

		fputs("<li><b>", stdout);
		put_duration(l->exec_ns);
		fputs("</b><div><code>", stdout);
		put_html(l->program);
		fputs("</code><br>", stdout);
		put_html(l->argv);
		fputs("<br><span class=\"soft\">", stdout);
		put_time(l->time_ns);
		if (l->shared == 1 || *l->why)
			fputs("; ", stdout);
		put_html(l->shared == 1 ? "memory shared" : l->why);
		fputs("</span>", stdout);
		if (*l->error) {
			fputs("<br><span class=\"bad\">", stdout);
			put_html(l->error);
			fputs("</span>", stdout);
		}
		puts("</div></li>");
	}
	puts("</ol>");
}

/* What the table says, with Go's names: Go programs write such files. */
static long explain(uint32_t step, int32_t err, char *text, size_t size)
{
	const struct forkexec_request none = {0};
	const struct forkexec_result result = {.step = step, .err = err, .detail = -1};

	return step && err ? forkexec_explain_as(&none, &result,
						 FORKEXEC_EXPLAIN_HINT | FORKEXEC_EXPLAIN_GO, text, size) : 0;
}

static void put_failures(struct report *r)
{
	char text[1024];
	uint32_t i;

	if (!r->n_failed)
		return;
	puts("<h2>Failures by step</h2>");
	qsort(r->failures, r->n_failures, sizeof(*r->failures), by_number);
	for (i = 0; i < r->n_failures && i < SHOWN; i++) {
		const struct line *l = &r->failures[i].first;
		uint32_t step = *l->step ? forkexec_step_by_name(l->step) : 0;

		fputs("<h3>", stdout);
		put_html(*l->step ? l->step : "step not known");
		putchar(' ');
		put_html(l->errno_name);
		printf(" <span class=\"soft\">%" PRIu32 " time%s</span></h3>\n<p>", r->failures[i].n,
		       r->failures[i].n == 1 ? "" : "s");
		if (explain(step, find_errno(l->errno_name), text, sizeof(text)))
			put_html(text);
		else if (!step)
			put_html("A context has ended the start, or the standard library made it.");
		fputs("</p>\n<p class=\"soft\">The first: <code>", stdout);
		put_html(l->program);
		fputs("</code>, ", stdout);
		put_html(l->error);
		puts("</p>");
	}
	if (r->n_failures > SHOWN)
		printf("<p class=\"soft\">And %" PRIu32 " other kinds.</p>\n", r->n_failures - SHOWN);
}

static void put_ways(const struct report *r)
{
	uint32_t i;

	puts("<h2>How the children were made</h2>");
	puts(TABLE(HEADING("starts") WORDS("children")));
	for (i = 0; i < r->n_ways; i++) {
		printf("<tr><td>%" PRIu32 "</td><td class=\"text\">", r->ways[i].n);
		put_html(r->ways[i].text);
		puts("</td></tr>");
	}
	puts("</tbody></table></div>");
}

static void put_answers(const struct report *r)
{
	printf("<header><h1>Starts of programs</h1>\n<div class=\"answers\"><p><b>%" PRIu32
	       "</b> start%s of %" PRIu32 " program%s, ", r->n_starts, r->n_starts == 1 ? "" : "s",
	       r->n_programs, r->n_programs == 1 ? "" : "s");
	if (r->n_failed)
		printf("<b class=\"bad\">%" PRIu32 "</b> failed.</p>\n", r->n_failed);
	else
		puts("none failed.</p>");
	if (r->n_starts) {
		fputs("<p>They took ", stdout);
		put_duration(r->total_ns);
		fputs(" in all, the slowest ", stdout);
		put_duration(r->slowest[0].exec_ns);
		puts(".</p>");
	}
	if (r->n_bad)
		printf("<p class=\"bad\">%" PRIu32 " line%s could not be read, the first is line %" PRIu32
		       ".</p>\n", r->n_bad, r->n_bad == 1 ? "" : "s", r->first_bad);
	fputs("</div>\n<p class=\"soft\">From <code>", stdout);
	put_html(r->file);
	puts("</code></p></header>\n<main>");
}

int html_report(int argc, char **argv)
{
	struct report *r = grow(NULL, 0, sizeof(*r));
	int64_t *room;
	FILE *from;

	if (argc != 1)
		usage("report: forkexec report FILE >PAGE.html");
	if (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h")) {
		print_report_help();
		return flush_output();
	}
	*r = (struct report){.file = argv[0]};
	from = strcmp(argv[0], "-") ? fopen(argv[0], "re") : stdin;
	if (!from)
		usage("report: %s: %s", argv[0], strerror(errno));
	errno = 0;
	read_lines(r, from);
	if (ferror(from))
		usage("report: %s: %s", argv[0], strerror(errno));
	fclose(from);
	if (r->n_bad)
		say("report: %s: could not be read: %" PRIu32 " line%s, the first is line %" PRIu32, argv[0],
		    r->n_bad, r->n_bad == 1 ? "" : "s", r->first_bad);
	if (r->n_bad && !r->n_starts && !r->n_ends) {
		say("report: %s: none of its lines is one of FORKEXEC=trace=FILE", argv[0]);
		return 1;
	}
	fputs(HTML_HEAD, stdout);
	put_answers(r);
	if (r->n_starts) {
		qsort(r->starts, r->n_starts, sizeof(*r->starts), by_time);
		room = grow(NULL, r->n_starts, sizeof(*room));
		put_over_time(r);
		put_programs(r, room);
		put_slowest(r);
		put_failures(r);
		put_ways(r);
		free(room);
	}
	puts("</main>\n</body>\n</html>");
	free(r->starts);
	free(r->programs);
	free(r->failures);
	free(r->ways);
	free(r);
	return flush_output();
}

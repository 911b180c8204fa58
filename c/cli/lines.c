/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lines.c - a reader for the lines of FORKEXEC=trace=FILE, each a JSON object. Several programs
 * may have written the file, a full disk may have cut lines, and anybody may have made it: nothing
 * in it is believed. It needs no memory but the line and the result.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "lines.h"

#define DEEPEST 16 /* of values that nobody asked for */

struct reader {
	const char *p, *end;
};

static void skip_space(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r' || *r->p == '\n'))
		r->p++;
}

static int take(struct reader *r, char c)
{
	skip_space(r);
	if (r->p == r->end || *r->p != c)
		return 0;
	r->p++;
	return 1;
}

/* A string that has room for size bytes; what is cut ends in "...". */
struct string {
	char *to;
	size_t n, size;
	int cut;
};

static void add(struct string *s, const char *bytes, size_t n)
{
	if (!s->to || s->cut)
		return;
	if (s->n + n + 4 > s->size) {
		memcpy(s->to + s->n, "...", 4);
		s->cut = 1;
		return;
	}
	memcpy(s->to + s->n, bytes, n);
	s->n += n;
	s->to[s->n] = 0;
}

static void add_rune(struct string *s, uint32_t c)
{
	char b[4];

	if (c < 0x80) {
		b[0] = (char)c;
		add(s, b, 1);
	} else if (c < 0x800) {
		b[0] = (char)(0xc0 | c >> 6);
		b[1] = (char)(0x80 | (c & 0x3f));
		add(s, b, 2);
	} else if (c < 0x10000) {
		b[0] = (char)(0xe0 | c >> 12);
		b[1] = (char)(0x80 | (c >> 6 & 0x3f));
		b[2] = (char)(0x80 | (c & 0x3f));
		add(s, b, 3);
	} else {
		b[0] = (char)(0xf0 | c >> 18);
		b[1] = (char)(0x80 | (c >> 12 & 0x3f));
		b[2] = (char)(0x80 | (c >> 6 & 0x3f));
		b[3] = (char)(0x80 | (c & 0x3f));
		add(s, b, 4);
	}
}

static int read_hex(struct reader *r, uint32_t *ret)
{
	int i;

	*ret = 0;
	for (i = 0; i < 4; i++, r->p++) {
		char c = r->p < r->end ? *r->p : 0;

		if (c >= '0' && c <= '9')
			*ret = *ret << 4 | (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*ret = *ret << 4 | (uint32_t)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			*ret = *ret << 4 | (uint32_t)(c - 'A' + 10);
		else
			return 0;
	}
	return 1;
}

/* Behind the backslash. Halves of a pair that are alone, and NUL, become U+FFFD. */
static int read_escape(struct reader *r, struct string *s)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	uint32_t c, low;
	const char *at;

	if (r->p == r->end)
		return 0;
	at = *r->p ? strchr(from, *r->p) : NULL;
	if (at) {
		r->p++;
		add(s, to + (at - from), 1);
		return 1;
	}
	if (*r->p++ != 'u' || !read_hex(r, &c))
		return 0;
	if (c >> 10 == 0xd800 >> 10 && r->end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u') {
		struct reader next = {r->p + 2, r->end};

		if (read_hex(&next, &low) && low >> 10 == 0xdc00 >> 10) {
			r->p = next.p;
			c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
		}
	}
	add_rune(s, !c || c >> 11 == 0xd800 >> 11 ? 0xfffd : c);
	return 1;
}

/* What is no UTF-8 becomes U+FFFD. */
static int read_string(struct reader *r, struct string *s)
{
	size_t n;

	if (!take(r, '"'))
		return 0;
	while (r->p < r->end) {
		unsigned char c = (unsigned char)*r->p;

		if (c == '"') {
			r->p++;
			return 1;
		}
		if (c < ' ')
			return 0;
		if (c == '\\') {
			r->p++;
			if (!read_escape(r, s))
				return 0;
			continue;
		}
		n = utf8_length(r->p, (size_t)(r->end - r->p));
		add(s, n ? r->p : "\xef\xbf\xbd", n ? n : 3);
		r->p += n ? n : 1;
	}
	return 0;
}

/* A whole number that is not negative; fractions and exponents are no trace's. */
static int read_number(struct reader *r, int64_t *ret)
{
	int digits = 0;

	skip_space(r);
	for (*ret = 0; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++, digits++) {
		if (*ret > (INT64_MAX - 9) / 10)
			return 0;
		*ret = *ret * 10 + (*r->p - '0');
	}
	return digits > 0;
}

static int read_bool(struct reader *r, int *ret)
{
	skip_space(r);
	*ret = r->p < r->end && *r->p == 't';
	if (r->end - r->p >= 4 && !memcmp(r->p, "true", 4))
		r->p += 4;
	else if (r->end - r->p >= 5 && !memcmp(r->p, "false", 5))
		r->p += 5;
	else
		return 0;
	return 1;
}

/* A list of strings, with spaces between. */
static int read_strings(struct reader *r, struct string *s)
{
	int n;

	if (!take(r, '['))
		return 0;
	if (take(r, ']'))
		return 1;
	for (n = 0; n == 0 || take(r, ','); n++) {
		if (n)
			add(s, " ", 1);
		if (!read_string(r, s))
			return 0;
	}
	return take(r, ']');
}

/* Any value. */
static int skip_value(struct reader *r, int depth)
{
	struct string nowhere = {0};
	int list;

	skip_space(r);
	if (r->p == r->end || depth > DEEPEST)
		return 0;
	if (*r->p == '"')
		return read_string(r, &nowhere);
	if (*r->p != '[' && *r->p != '{') {
		const char *from = r->p;

		while (r->p < r->end && (strchr("+-.", *r->p) || (*r->p >= '0' && *r->p <= '9') ||
					 (*r->p >= 'a' && *r->p <= 'z') || *r->p == 'E') && *r->p)
			r->p++;
		return r->p > from;
	}
	list = *r->p++ == '[';
	if (take(r, list ? ']' : '}'))
		return 1;
	do {
		if (!list && (!read_string(r, &nowhere) || !take(r, ':')))
			return 0;
		if (!skip_value(r, depth + 1))
			return 0;
	} while (take(r, ','));
	return take(r, list ? ']' : '}');
}

/* n digits of text, which has them, or not. */
static int digits(const char *text, int n, int64_t *ret)
{
	for (*ret = 0; n > 0; n--, text++) {
		if (*text < '0' || *text > '9')
			return 0;
		*ret = *ret * 10 + (*text - '0');
	}
	return 1;
}

/* RFC 3339 in UTC, as the trace writes it. Years of before 1970 and after 2200 are refused. */
static int parse_time(const char *s, int64_t *ret)
{
	int64_t year, month, day, hour, minute, second, ns, era, days;

	if (strlen(s) != 30 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' ||
	    s[16] != ':' || s[19] != '.' || s[29] != 'Z')
		return 0;
	if (!digits(s, 4, &year) || !digits(s + 5, 2, &month) || !digits(s + 8, 2, &day) ||
	    !digits(s + 11, 2, &hour) || !digits(s + 14, 2, &minute) || !digits(s + 17, 2, &second) ||
	    !digits(s + 20, 9, &ns))
		return 0;
	if (year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31 ||
	    hour > 23 || minute > 59 || second > 60)
		return 0;
	year -= month < 3; /* years that end with their leap day */
	era = year / 400;
	days = era * 146097 + (year % 400) * 365 + (year % 400) / 4 - (year % 400) / 100 +
	       (153 * (month + (month < 3 ? 9 : -3)) + 2) / 5 + day - 1 - 719468;
	*ret = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000000000 + ns;
	return 1;
}

static int read_member(struct reader *r, struct line *l, int *timed)
{
	char key[16] = "", time[40] = "";
	struct string name = {key, 0, sizeof(key), 0};
	const struct {
		const char *key;
		char *to;
		size_t size;
	} strings[] = {
		{"program", l->program, sizeof(l->program)}, {"why", l->why, sizeof(l->why)},
		{"step", l->step, sizeof(l->step)}, {"error", l->error, sizeof(l->error)},
		{"errno", l->errno_name, sizeof(l->errno_name)}, {"time", time, sizeof(time)},
		{"status", l->status, sizeof(l->status)}, {"argv", l->argv, sizeof(l->argv)},
	};
	size_t i;

	if (!read_string(r, &name) || !take(r, ':'))
		return 0;
	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		struct string s = {strings[i].to, 0, strings[i].size, 0};

		if (strcmp(key, strings[i].key) != 0)
			continue;
		*s.to = 0; /* a key that comes twice counts once */
		if (!(s.to == l->argv ? read_strings(r, &s) : read_string(r, &s)))
			return 0;
		if (s.to == time)
			*timed = parse_time(time, &l->time_ns);
		return s.to != time || *timed;
	}
	if (!strcmp(key, "exec_ns"))
		return read_number(r, &l->exec_ns);
	if (!strcmp(key, "run_ns"))
		return read_number(r, &l->run_ns);
	if (!strcmp(key, "pid"))
		return read_number(r, &l->pid);
	if (!strcmp(key, "shared"))
		return read_bool(r, &l->shared);
	return skip_value(r, 0);
}

int parse_line(const char *text, size_t n, struct line *ret)
{
	struct reader r = {text, text + n};
	int timed = 0;

	*ret = (struct line){.exec_ns = -1, .run_ns = -1, .shared = -1};
	if (!take(&r, '{'))
		return 0;
	do {
		if (!read_member(&r, ret, &timed))
			return 0;
	} while (take(&r, ','));
	if (!take(&r, '}'))
		return 0;
	skip_space(&r);
	return r.p == r.end && timed && (ret->exec_ns >= 0 ? *ret->program != 0 : ret->run_ns >= 0);
}

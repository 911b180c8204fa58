/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * json.c - strings of JSON and HTML, which are UTF-8: out of anything.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

/* How many bytes the character at s has, as UTF-8 that JSON allows; 0: it is none. */
size_t utf8_length(const char *s, size_t n)
{
	static const struct {
		unsigned char first, last; /* of the first byte */
		unsigned char from, to;    /* of the second */
		unsigned char length;
	} forms[] = {
		{0x00, 0x7f, 0x00, 0xff, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	const unsigned char *u = (const unsigned char *)s;
	size_t i, k;

	for (i = 0; n && i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (u[0] < forms[i].first || u[0] > forms[i].last || n < forms[i].length)
			continue;
		if (forms[i].length > 1 && (u[1] < forms[i].from || u[1] > forms[i].to))
			return 0;
		for (k = 2; k < forms[i].length; k++)
			if ((u[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].length;
	}
	return 0;
}

/* Would it steer a terminal? C0 and C1 controls; what changes the direction of text. */
static uint32_t control(const char *s, size_t n)
{
	const unsigned char *u = (const unsigned char *)s;
	uint32_t c;

	if (n == 1)
		return u[0] < ' ' || u[0] == 127 ? u[0] : 0;
	if (n == 2 && u[0] == 0xc2 && u[1] < 0xa0)
		return u[1];
	if (n != 3 || u[0] != 0xe2)
		return 0;
	c = 0x2000 | (u[1] & 0x3fU) << 6 | (u[2] & 0x3fU);
	return c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ? c : 0;
}

/* For a terminal: controls become \x1b or \u202e, and what is no UTF-8 \xff. */
void put_text(FILE *to, const char *s, size_t left)
{
	size_t n;

	for (; left; s += n, left -= n) {
		uint32_t c;

		n = utf8_length(s, left);
		c = n ? control(s, n) : 0;
		if (n && !c)
			fwrite(s, 1, n, to);
		else
			fprintf(to, c > 0xff ? "\\u%04x" : "\\x%02x", n ? c : (unsigned char)*s);
		n += !n;
	}
}

/* A string with its quotes; what is no UTF-8 becomes U+FFFD. */
void put_json(FILE *to, const char *s)
{
	size_t left = strlen(s), n;

	fputc('"', to);
	for (; left; s += n, left -= n) {
		unsigned char ch = (unsigned char)*s;

		n = utf8_length(s, left);
		if (ch == '"' || ch == '\\')
			fprintf(to, "\\%c", ch);
		else if (control(s, n))
			fprintf(to, "\\u%04x", control(s, n));
		else
			fwrite(n ? s : "\xef\xbf\xbd", 1, n ? n : 3, to);
		n += !n;
	}
	fputc('"', to);
}

/* Text of a page: also what would end a tag or an attribute, or steer a terminal. */
void put_html(const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '<')
			fputs("&lt;", stdout);
		else if (c == '>')
			fputs("&gt;", stdout);
		else if (c == '&')
			fputs("&amp;", stdout);
		else if (c == '"')
			fputs("&quot;", stdout);
		else if (c == '\'')
			fputs("&#39;", stdout);
		else if ((c < ' ' && c != '\t') || c == 127)
			fputs("\xef\xbf\xbd", stdout);
		else
			putchar(c);
	}
}

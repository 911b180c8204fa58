/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does `forkexec report` bear any line? Whatever it takes from one is UTF-8 that ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../c/cli/cli.h"
#include "../../c/cli/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *s, size_t room)
{
	size_t n = strnlen(s, room), k;

	if (n == room)
		abort();
	for (; n; s += k, n -= k)
		if (!(k = utf8_length(s, n)))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1); /* exactly so much: what is read behind it is found */
	struct line l;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text = realloc(text, size ? size : 1);
	if (parse_line(text, size, &l)) {
		if (l.time_ns < 0 || (l.exec_ns < 0 && l.run_ns < 0))
			abort();
		check(l.program, sizeof(l.program));
		check(l.argv, sizeof(l.argv));
		check(l.why, sizeof(l.why));
		check(l.step, sizeof(l.step));
		check(l.errno_name, sizeof(l.errno_name));
		check(l.error, sizeof(l.error));
		check(l.status, sizeof(l.status));
	}
	free(text);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lines.h - what lines.c reads out of a file of FORKEXEC=trace=FILE, for html.c.
 */
#ifndef FORKEXEC_CLI_LINES_H
#define FORKEXEC_CLI_LINES_H

#include <stddef.h>
#include <stdint.h>

/* A line. Strings are UTF-8, cut to their room. */
struct line {
	int64_t time_ns; /* since 1970 */
	int64_t exec_ns; /* -1: not a start */
	int64_t run_ns;  /* -1: not an end */
	int64_t pid;
	int shared; /* -1: not said */
	char program[256];
	char argv[256]; /* with spaces between */
	char why[96];
	char step[32];
	char errno_name[16];
	char error[256];
	char status[64];
};

/* Returns 0 if the n bytes are no line of a trace. */
int parse_line(const char *text, size_t n, struct line *ret);

#endif /* FORKEXEC_CLI_LINES_H */

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * input.h - from a fuzzer's bytes to a request, and what every start must leave as it was.
 *
 * The bytes are a list of operations, each one byte and its operands: so any string is a
 * request, small changes of it are small changes of the request, and a seed is short.
 * Arrays and strings are malloc'ed to their exact size: the address sanitizer then sees
 * who reads beyond.
 */
#ifndef TESTS_INPUT_H
#define TESTS_INPUT_H

#include "forkexec.h"

struct input {
	struct forkexec_request r;
	uint32_t bits;      /* of the state */
	int errno_pipe[2];  /* -1, or where r.errno_pipe leads */
	int64_t pipe;       /* for a Go frame: any number */
	int64_t odd;        /* and one for a field that is an int there */
	void *owned[64];
	unsigned n_owned;
};

void input_decode(struct input *in, const uint8_t *data, size_t size);
void input_free(struct input *in);

/* A process that nothing of what a request can ask for does harm to. Once. */
void input_sandbox(void);

/* Around a start: is everything as it was, and the child, if there is one, gone? */
void input_before(void);
void input_after(const struct input *in, int pid, int pidfd);

_Noreturn void input_bad(const char *what, int64_t a, int64_t b);

#endif /* TESTS_INPUT_H */

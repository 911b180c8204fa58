/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * goabi.h - forkexec_go() in the pieces that a caller needs who must not sleep in it
 * (nocgo/entry.c). Private.
 */
#ifndef FORKEXEC_GOABI_H
#define FORKEXEC_GOABI_H

#include "core.h"
#include "forkexec_go.h"

/* One call of forkexec_go(): what becomes of the frame, and the memory it works in. */
struct go_call {
	struct forkexec_request request;
	struct forkexec_result result;
	unsigned char *work;
	uint64_t work_size; /* of all that go_end() gives back */
};

/*
 * go_begin() fills *g from the frame and takes memory; start() and finish_round() come
 * next; then go_end() with their result puts pid and errno into the frame, gives the
 * memory back and must follow a go_begin() that has returned 0. After -errno of
 * go_begin() the frame is complete and there is nothing to end.
 */
HIDDEN int go_begin(struct go_call *g, struct forkexec_go_frame *f, struct forkexec_state *state);
HIDDEN void go_end(struct go_call *g, struct forkexec_go_frame *f, struct forkexec_state *state,
		   int err);

#endif /* FORKEXEC_GOABI_H */

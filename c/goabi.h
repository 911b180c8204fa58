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
	uint64_t work_size; /* of all that forkexec_go_end() gives back */
};

/*
 * forkexec_go_begin() fills *g from the frame and takes memory; forkexec_begin() and
 * forkexec_finish_round() come next; then forkexec_go_end(), with 0 or the negative errno of
 * the failure, puts pid and errno into the frame and gives the memory back. It must follow a
 * forkexec_go_begin() that has returned 0. After -errno of forkexec_go_begin() the frame is
 * complete and there is nothing to end.
 */
HIDDEN int forkexec_go_begin(struct go_call *g, struct forkexec_go_frame *f,
			     struct forkexec_state *state);
HIDDEN void forkexec_go_end(struct go_call *g, struct forkexec_go_frame *f,
			    struct forkexec_state *state, int err);

#endif /* FORKEXEC_GOABI_H */

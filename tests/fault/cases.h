/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cases.h - the starts that fault injection goes through, call by call. Together they
 * come to every step; test_fault.c checks that they do.
 */
#ifndef TESTS_CASES_H
#define TESTS_CASES_H

#include "inject.h"
#include "support.h"

/* What a case needs beside its request; made anew for each run. */
struct world {
	int master, tty;    /* a terminal that is nobody's controlling one */
	int own_tty;        /* the test process's controlling terminal */
	int errno_pipe[2];  /* -1 unless the case has one */
	int exec_fd, dir_fd; /* whatever the case has opened; 0: nothing */
	int cgroup;         /* a directory of cgroup v2 */
	int32_t fds[8];
	const char *reason; /* why it cannot be made here: skip */
};

enum needs {
	NEEDS_ROOT = 1,
	NEEDS_TTY = 2,
	NEEDS_OWN_TTY = 4,
	NEEDS_CGROUP = 8,
	NEEDS_PIPE = 16,
	GO_FRAME = 32,     /* through forkexec_go() */
	MAY_BE_DENIED = 64, /* user namespaces are not for everybody */
	WITH_PIDFD = 128,   /* and no demand on the clone: a wish that may be refused */
	TEXT_BUSY = 256,    /* a busy program is tried again */
	CLOSES = 512,       /* CLOSE_FDS: moves descriptors early, looks twice for a path */
	LIMITS = 2048,      /* rlimits: a prlimit64(2) that fails is a failure */
	STOPS = 8192,       /* at both places: the parent lets it go on */
	LISTENS = 16384,    /* the child waits before its filter */
	BOUNDS = 4096,      /* a prctl(2) that says EINVAL may be the end of the capabilities */
	HELD = 1024,        /* if root: hold.c makes us non-dumpable for it */
};

struct fault_case {
	const char *name;
	void (*set)(struct forkexec_request *r, struct world *w);
	unsigned needs;
	uint32_t bits;       /* of the state, before the start */
	uint32_t n_methods;  /* how many ways of cloning may be tried, "always" not counted */
	struct always always[MAX_ALWAYS];
	uint32_t step; /* what the start comes to without a fault: NONE, or a step */
	int err;       /* with this errno */
};

extern const struct fault_case fault_cases[];
extern const size_t n_fault_cases;

/* Once in the case's process; then around each run. */
void world_enter(struct world *w, const struct fault_case *c);
void world_make(struct world *w, const struct fault_case *c);
void world_drop(struct world *w);
void world_leave(struct world *w);

#endif /* TESTS_CASES_H */

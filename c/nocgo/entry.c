//go:build ignore

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * entry.c - the one entry of the flat build of the core: what the trampoline of a
 * program without cgo calls. It stands at offset 0 of the text and takes the address of
 * a struct call, in C's first argument register.
 *
 * It runs on the stack inside that struct with all signals blocked, so it does not sleep for
 * long, but for the while that FORKEXEC_BLOCK_SIGNALS says: when it has set again, the
 * trampoline makes the system call nr, on the goroutine's stack and with the thread's own
 * signal mask, and calls again.
 */
#include "../goabi.h"

enum op {
	OP_START = 1, /* forkexec_start(request, result, state) */
	OP_FINISH,    /* forkexec_finish(request, result, state, timeout_ns) */
	OP_CANCEL,    /* forkexec_cancel(request as the work memory) */
	OP_WORK_SIZE, /* forkexec_work_size(request) */
	OP_GO_START,  /* forkexec_go(request as the frame, state) as far as forkexec_start();
			 result: 0, or where the explanation of a failure goes */
	OP_GO_FINISH, /* the rest of it, if OP_GO_START has answered 0; FORKEXEC_TIMED_OUT after
			 timeout_ns: once more */
	OP_SETTLE,    /* forkexec_settle(state) */
	OP_EXPLAIN,   /* forkexec_explain_as(request, result, args[0], args[1], args[2]) */
	OP_HASH,      /* a hash over a table of constants: does the text find them? */
	OP_CONTINUE,  /* forkexec_continue(request, result, timeout_ns as the errno) */
};

#define CALL_HEAD 768
#define TEXT_ROOM 4096 /* of forkexecTexts in the overlay */

/* forkexecArgs of call.go and the offsets in call_linux_*.s mirror it; members are 8 bytes wide. */
struct call {
	uint64_t stack_top; /* for the trampoline */
	uint64_t mask;      /* by the trampoline: the thread's signal mask */
	int64_t blocked;    /* by the trampoline: 0, or why it could not block signals */
	uint64_t op;
	uint64_t request, result, state;
	int64_t timeout_ns;
	uint64_t again; /* 1: a system call is to be made before the next round; at first 0 */
	int64_t answer; /* what the function returned */
	/* The system call to make and its result. OP_GO_START: args[0] is flags for the request,
	   and those to change where another try is needed. */
	int64_t nr;
	int64_t args[5];
	int64_t ret;
	/* OP_GO_START: limits to restore in the child if use_nofile is set. */
	uint64_t use_nofile, nofile_soft, nofile_max, nofile_raised;
	/* OP_GO_*: what failed, and its detail; ret is the errno. 0: nothing. */
	uint64_t step;
	int64_t detail;
	uint64_t now_ms; /* OP_GO_START: for the request */
	uint64_t made;   /* OP_GO_*: result.method, and result.how in the upper half */
	/* Ours alone. */
	struct wait wait;
	struct go_call go;
};

_Static_assert(sizeof(struct call) <= CALL_HEAD, "Go keeps CALL_HEAD bytes below the stack");
_Static_assert(offsetof(struct call, wait) == 8 * 25, "call.go mirrors what stands before");

static void *pointer(uint64_t address)
{
	return (void *)(uintptr_t)address;
}

/* One round of forkexec_finish(). Its answer counts if again is 0 afterwards. */
static enum forkexec_outcome finish(struct call *c, const struct forkexec_request *r,
				    struct forkexec_result *result, struct forkexec_state *state)
{
	enum forkexec_outcome outcome;
	int i;

	if (c->again)
		c->wait.ret = (long)c->ret;
	else
		forkexec_wait_begin(&c->wait, c->timeout_ns, 1);
	c->again = (uint64_t)forkexec_finish_round(r, result, state, &c->wait, &outcome);
	if (c->again) {
		c->nr = c->wait.nr;
		for (i = 0; i < 5; i++) {
			c->args[i] = c->wait.args[i];
			NOT_A_LIBC_CALL();
		}
	}
	return outcome;
}

static void go_end(struct call *c, struct forkexec_go_frame *f, struct forkexec_state *state,
		   int err)
{
	c->step = c->go.result.step;
	c->detail = c->go.result.detail;
	c->made = c->go.result.method | (uint64_t)c->go.result.how << 32;
	c->ret = c->go.result.err;
	/* Before the lists of the request are given back. Where there is another try, that one tells. */
	if (c->result && c->step && !c->go.result.retry_flags)
		(void)forkexec_explain_as(&c->go.request, &c->go.result, FORKEXEC_EXPLAIN_GO,
					  pointer(c->result), TEXT_ROOM);
	forkexec_go_end(&c->go, f, state, err);
}

static int64_t go_start(struct call *c, struct forkexec_go_frame *f, struct forkexec_state *state)
{
	uint64_t flags = (uint64_t)c->args[0];
	int err = forkexec_go_begin(&c->go, f, state);

	c->args[0] = 0;
	if (err)
		return err;
	c->go.request.now_ms = (uint32_t)c->now_ms;
	c->go.request.flags |= flags;
	if (c->use_nofile) {
		c->go.request.flags |= FORKEXEC_NOFILE;
		c->go.request.nofile_soft = c->nofile_soft;
		c->go.request.nofile_max = c->nofile_max;
		c->go.request.nofile_raised = c->nofile_raised;
	}
	err = forkexec_begin(&c->go.request, &c->go.result, state, &c->mask);
	if (err) {
		c->args[0] = (int64_t)c->go.result.retry_flags;
		go_end(c, f, state, err);
	}
	return err;
}

static int64_t go_finish(struct call *c, struct forkexec_go_frame *f, struct forkexec_state *state)
{
	enum forkexec_outcome outcome;

	outcome = finish(c, &c->go.request, &c->go.result, state);
	if (!c->again && outcome != FORKEXEC_TIMED_OUT)
		go_end(c, f, state, outcome == FORKEXEC_FAILED ? -c->go.result.err : 0);
	return outcome;
}

/* Strings whose addresses come from a table: what is wrong with position comes out here. */
static int64_t hash(void)
{
	static const char table[3][24] = {
		"/proc/self/uid_map",
		"/proc/self/gid_map",
		"/proc/self/setgroups",
	};
	const char *p = table[0];
	uint32_t h = 5381;
	size_t i;

	__asm__("" : "+r"(p)); /* else the compiler would work the hash out itself */
	for (i = 0; i < sizeof(table); i++)
		h = h * 33 + (unsigned char)p[i];
	return (int64_t)h;
}

/* Its length goes into ret: answer is for outcomes and errors. */
static int64_t explain(const struct call *c, const struct forkexec_request *r,
		       const struct forkexec_result *result)
{
	return forkexec_explain_as(r, result, (uint32_t)c->args[0], pointer((uint64_t)c->args[1]),
				   (uint64_t)c->args[2]);
}

HIDDEN void forkexec_entry(struct call *c);
HIDDEN void forkexec_entry(struct call *c)
{
	struct forkexec_request *r = pointer(c->request);
	struct forkexec_result *result = pointer(c->result);
	struct forkexec_state *state = pointer(c->state);

	if (c->op == OP_START)
		c->answer = forkexec_begin(r, result, state, &c->mask);
	else if (c->op == OP_FINISH)
		c->answer = (int64_t)finish(c, r, result, state);
	else if (c->op == OP_CANCEL)
		forkexec_cancel(r);
	else if (c->op == OP_WORK_SIZE)
		c->answer = (int64_t)forkexec_work_size(r);
	else if (c->op == OP_CONTINUE)
		c->answer = forkexec_continue(r, result, (int)c->timeout_ns);
	else if (c->op == OP_SETTLE)
		c->answer = forkexec_hold_settle(state);
	else if (c->op == OP_EXPLAIN)
		c->ret = explain(c, r, result);
	else if (c->op == OP_GO_START)
		c->answer = go_start(c, (struct forkexec_go_frame *)(void *)r, state);
	else if (c->op == OP_GO_FINISH)
		c->answer = go_finish(c, (struct forkexec_go_frame *)(void *)r, state);
	else
		c->answer = hash();
}

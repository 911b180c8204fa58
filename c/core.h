/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * core.h - what the files of the core share: the job that a start works on, and
 * the functions that hand it from file to file. Private; the API is forkexec.h.
 *
 * A start's life: forkexec_plan_job() (plan.c) works out everything that can be known
 * before the clone, forkexec_clone_job() (clone.c) makes the child, forkexec_child_main() (child.c)
 * is the child, forkexec_finish() (forkexec.c) waits for its report.
 */
#ifndef FORKEXEC_CORE_H
#define FORKEXEC_CORE_H

#include "forkexec.h"
#include "run.h"
#include "sys.h"

/* How a child is made, best first. */
enum method {
	METHOD_CLONE3,      /* clone3, memory shared, handlers cleared by the kernel */
	METHOD_CLONE,       /* clone, memory shared */
	METHOD_CLONE3_FORK, /* clone3, memory copied */
	METHOD_FORK,        /* clone, memory copied */
	N_METHODS,
};

/*
 * forkexec_state.bits beyond the public ones. REFUSED: this kernel or sandbox does
 * not allow the method, a lesser one worked in the same start. NO_PIDFD: the same for
 * CLONE_PIDFD. PROVEN: a child made so was seen to share its parent's memory and to have
 * its tid cleared by its execve. NO_CLEARTID: the execve was seen not to clear it, so it is
 * not asked for any more (gVisor, which writes to the address in the new program). TRIMS: a
 * child's close_range(2) with CLOSE_RANGE_UNSHARE was seen to work. TRACED: somebody traced
 * us when we last looked.
 */
#define STATE_REFUSED(method) (1u << (8 + (method)))
#define STATE_NO_PIDFD        STATE_REFUSED(N_METHODS)
#define STATE_PROVEN(method)  (1u << (16 + (method)))
#define STATE_TRIMS           STATE_PROVEN(N_METHODS)
#define STATE_NO_CLEARTID     (1u << 24)
#define STATE_TRACED          (1u << 25)

/* Flags of clone that make sense for a child that will execute a program. */
#define CLONE_NAMESPACES                                                                           \
	(CLONE_NEWTIME | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |             \
	 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#define CLONE_HARMLESS                                                                             \
	(CLONE_VFORK | CLONE_PTRACE | CLONE_UNTRACED | CLONE_DETACHED | CLONE_IO | CLONE_SYSVSEM | \
	 CLONE_PIDFD | CLONE_CLEAR_SIGHAND)

/* The descriptors of a start that the child has as well, by what they are for. */
enum own_fd {
	OWN_REPORT,      /* write end of the report pipe: the child's record */
	OWN_HOLD,        /* write end of the pipe that proves when it has left our memory */
	OWN_ERRNO_PIPE,  /* request.errno_pipe */
	OWN_EXEC,        /* request.exec_fd */
	OWN_LANDLOCK,    /* request.landlock_fd */
	OWN_STOP,        /* read end of job.stop: the answers to a child that waits */
	N_KEPT_FDS,      /* those before here last until the execve */
	OWN_SYNC = N_KEPT_FDS, /* read end of the sync pipe: the ID maps are written */
	OWN_SYNC_WRITE,  /* the other end, closed when the child reads */
	OWN_STOP_WRITE,  /* the other end, closed at once */
	N_NEEDED_OWN_FDS,
	OWN_REPORT_READ = N_NEEDED_OWN_FDS, /* the parent's ends */
	OWN_HOLD_READ,
	N_OWN_FDS,
};

/*
 * What failed. Written by the child in the shared memory and, where that is not
 * proven to be shared, to the report pipe; by the parent to the sync pipe.
 */
struct record {
	uint32_t step;
	int32_t err;
	int64_t detail;
};

/* Can a failed child have said this? Else somebody has who may write to its pipe or its page. */
static CORE_INLINE int is_failure(uint32_t step, int32_t err)
{
	return step != FORKEXEC_STEP_NONE && err > 0 && err < 4096;
}

/*
 * How we learn that a child shares nothing with us any more, and what it failed at. METHOD:
 * what made it. PIPE: there is a report pipe, whose write end is in the child alone. CLEARTID:
 * the kernel clears job.tid when the child leaves our memory.
 *
 *   METHOD                    PIPE  CLEARTID  it has left when         its record is read from
 *   shares, PROVEN            no    yes       tid is 0                 job.record
 *   shares, not PROVEN yet    yes   yes       the pipe ends, or it is  the pipe, and job.record
 *                                             marked and tid is 0
 *   shares, NO_CLEARTID       yes   no        the pipe ends            the pipe, and job.record
 *   fork                      yes   no        the pipe ends            the pipe, or job.page
 *
 * The child sets job.marked first of all: if we see that, the memory was shared. A child that
 * was marked, whose tid was cleared by its execve, and whose pipe ended makes its METHOD
 * PROVEN; one whose tid was not cleared sets NO_CLEARTID.
 */

/*
 * Memory that a forked child has in common with us, where somebody asks for a trace, or a filter
 * may forbid to write to the report pipe.
 */
struct page {
	struct record record;
	uint32_t listener; /* the filter's descriptor for notifications, and 1; 0: not yet */
	uint32_t taken;    /* we have it */
	struct forkexec_trace trace;
};

/*
 * The work memory: this, then descriptors, then the text of the ID maps, and the
 * child's stack at the end, so that a stack overflow would hit our own plan and
 * not a stranger's memory.
 *
 * Between clone and the child's exec or exit both sides hold the job. The kernel
 * clears tid. The child writes record, marked, trimmed, paused to filtered, fds, cap_header, caps
 * and own, which nobody else touches in that time; the parent writes the rest, which the child
 * only reads where it was set before the clone. *page is the child's, but for taken, and for the
 * record where the parent cannot take a listener.
 */
struct job {
	volatile uint32_t tid;       /* nonzero until exec or exit (CLONE_CHILD_CLEARTID) */
	volatile uint32_t marked;    /* set by the child: this memory is shared */
	volatile uint32_t cancelled; /* set by forkexec_cancel() */
	volatile uint32_t trimmed;   /* set by the child: close_range(2) unshares its table */
	uint32_t method;             /* enum method that made the child */
	int32_t report[2];           /* the report pipe: read end, write end; -1 */
	volatile struct record record;

	const struct forkexec_request *request;
	uint64_t mask;      /* the caller's signal mask */
	const uint64_t *child_mask; /* that of the child */
	uint32_t attributes; /* ATTR_* */
	int32_t first_free;  /* from here on only opens[] have places */
	volatile struct page *page; /* NULL: not needed */
	int32_t clock;      /* of the trace */
	uint32_t seen;      /* a trace or a pause is asked for: each step is told */
	uint32_t paused;    /* set by the child: it has been at its pause */
	uint32_t changed;   /* set by the child: its IDs are the new ones */
	uint32_t filtered;  /* set by the child: it has a filter, and makes no call but its execve */
	uint32_t at_pause;  /* stopped is request.pause_at */
	uint32_t failing;   /* the page has said once that the child has failed */
	int32_t listener;   /* of its filter, in our table; -1 */
	uint32_t n_oom_text;
	char oom_text[12];
	int32_t parent_pid; /* for the check after pdeathsig */
	int32_t sync[2];    /* the sync pipe of parent-written ID maps and STOP_CLONE; -1 */
	int32_t stop[2];    /* that of STOP_EXEC, pause_at and a filter's listener; -1 */
	uint32_t stopped;   /* the step at which the child waits for forkexec_continue() */
	int32_t pidfd;      /* from CLONE_PIDFD; -1 */
	int32_t own[N_OWN_FDS]; /* their numbers in the child; -1: none, or closed */
	uint32_t with_pidfd;
	uint32_t trim;         /* the child closes early what CLOSE_FDS closes */
	uint32_t moves_fds;    /* an entry of fds has to make room for another */
	uint32_t shares_table; /* the child begins with our descriptor table itself */
	uint32_t n_uid_text;
	uint32_t n_gid_text;
	int32_t *fds; /* a copy: the passes over it move entries */
	char *uid_text;
	char *gid_text;
	unsigned char *stack;
	unsigned char *stack_top;
	struct sys_cap_header cap_header;
	struct sys_cap_data caps[2];

	uint32_t share;     /* enum share */
	uint32_t refused;   /* it was to be shared; that was refused */
	uint32_t waits;     /* CLONE_VFORK: the parent waits in the clone */
	uint32_t held;      /* this start was counted by hold.c */
	uint32_t closed;    /* our memory is, for the time of the clone */
	int32_t hold[2];    /* the pipe that proves when the child has left our memory; -1 */
};

/*
 * job.attributes: groups of attributes of which the request has at least one, so that a start
 * without looks once for each.
 */
#define ATTR_KEEPCAPS     1u
#define ATTR_RESOURCES    2u
#define ATTR_CAPABILITIES 4u
#define ATTR_LAST         8u
#define ATTR_CLOSED       16u /* others may get at the child who may not get at us */
#define ATTR_REOPENED     32u /* new IDs open the memory of a forked child: fs.suid_dumpable is 1 */

#define CAP_SETS                                                                                   \
	(FORKEXEC_CAP_EFFECTIVE | FORKEXEC_CAP_PERMITTED | FORKEXEC_CAP_INHERITABLE |              \
	 FORKEXEC_CAP_BOUNDING | FORKEXEC_CAP_AMBIENT)

/* What the child of a start may share, forkexec_hold_begin(). */
enum share {
	SHARE_NOT,
	SHARE,        /* our memory, by any method */
	SHARE_CLONE3, /* by METHOD_CLONE3 alone, and without FORKEXEC_BLOCK_SIGNALS' sleep */
};

/* struct forkexec_state.hold; hold.c alone looks into it. n children are counted. */
#define HOLD_MAX 32
struct ids {
	uint32_t uid[3];
	uint32_t gid[3];
	struct sys_cap_data caps[2];
};
struct hold {
	uint32_t n;
	uint32_t lock;
	uint32_t was_dumpable; /* we were when n left 0, and are to be again */
	uint32_t uncounted;    /* for good: a child with other IDs was not counted */
	struct ids ids;    /* ours when n left 0 */
	int32_t fds[HOLD_MAX]; /* read ends of the pipes */
};

/*
 * The child's stack. Its deepest path, by -fstack-usage at -O0, is below 2 KiB (see
 * tests/freestanding), the directory buffer of child_cloexec_all() included. The
 * kernel needs no room on it: all signals are blocked, and after that no handler is
 * left. Eight KiB leave room for other compilers and instrumentation.
 */
#define CHILD_STACK 8192

/* The kernel's limit on lines of an ID map (UID_GID_MAP_MAX_EXTENTS, Linux 4.15). */
#define ID_MAP_MAX_LINES 340
/*
 * Of a map that is too long we write one line too many: the kernel's answer, EINVAL,
 * is the same as to all of it, and comes after those to earlier steps.
 */
static CORE_INLINE uint32_t id_map_lines(uint32_t n)
{
	return n > ID_MAP_MAX_LINES ? ID_MAP_MAX_LINES + 1 : n;
}

/* Three numbers of at most 20 characters with a sign, two spaces, a newline. */
#define ID_MAP_LINE 64
#define CPUS_MAX 1024u     /* words of a mask: 65536 processors */
#define SECCOMP_MAX 4096u  /* BPF_MAXINSNS, far below what sock_fprog.len holds */
#define PAGE_SIZE 4096     /* job.page: not more than the least page of any kernel */
#define FDS_MAX (1u << 20) /* NR_OPEN's default; no process can have more */
#define NEVER_OPEN INT32_MIN /* as an entry of fds; -1 closes */
#define TEXT_BUSY_MAX_MS 60000
#define TRIM_MAX_FILES 1024 /* child_trim_fds() takes time in its square */

/* Path and number: "/proc/" + ten digits + "/setgroups" + NUL. */
#define PROC_PATH 32

/* attr.c: of attributes that Go's SysProcAttr does not have */
HIDDEN int forkexec_attr_check(const struct forkexec_request *r, struct forkexec_result *reterr);
HIDDEN void forkexec_attr_plan(struct job *job);
HIDDEN int forkexec_attr_may_join(const struct forkexec_request *r, uint32_t types);
HIDDEN int forkexec_attr_may_share(const struct forkexec_request *r);
HIDDEN int forkexec_attr_page(struct job *job, struct forkexec_result *reterr);
HIDDEN void forkexec_attr_read_page(struct job *job);
HIDDEN void forkexec_attr_start_filter(struct job *job, int pid);
HIDDEN void forkexec_attr_take_listener(struct job *job, int pid);
HIDDEN void forkexec_attr_look(struct job *job, int pid);

/* child_trace.h: a step begins. The parent's are those before the clone. */
HIDDEN void forkexec_trace_step(struct job *job, uint32_t step, int64_t detail);

/* stop.c */
HIDDEN int forkexec_open_pipe(const struct job *job, int32_t fds[2],
			      struct forkexec_result *reterr);
HIDDEN void forkexec_close_pipe(int32_t fds[2]);
HIDDEN int forkexec_open_stops(struct job *job, struct forkexec_result *reterr);
HIDDEN void forkexec_close_stops(struct job *job);
HIDDEN void forkexec_answer(struct job *job, const struct record *message);
HIDDEN long forkexec_signal(const struct job *job, int pid, int sig);
/* Lets the child that waits for its ID maps go on, or tells it what to fail with. */
HIDDEN void forkexec_release(struct job *job, int pid);

/* plan.c */
HIDDEN size_t forkexec_plan_number(char *text, int64_t value);
HIDDEN int forkexec_plan_check(const struct forkexec_request *r, struct forkexec_result *reterr);
HIDDEN struct job *forkexec_plan_job(const struct forkexec_request *r);
HIDDEN int forkexec_plan_may_share(const struct forkexec_request *r);
HIDDEN int forkexec_plan_suid_dumpable(void);
HIDDEN void forkexec_plan_proc_path(char path[PROC_PATH], int pid, const char *file);
/* clone.c: mask as for forkexec_begin() */
HIDDEN int forkexec_clone_job(struct job *job, struct forkexec_result *ret,
			      struct forkexec_state *state, const uint64_t *mask);

/*
 * hold.c, all with all signals blocked. forkexec_hold_begin() decides what the child may
 * share (job->share) and takes a place for it if it must be counted (job->held); clone3: may
 * METHOD_CLONE3 be tried? forkexec_hold_end() follows the clone; shares: there is a child,
 * and it shares. forkexec_hold_settle() returns how many still do.
 */
HIDDEN void forkexec_hold_begin(struct job *job, struct forkexec_state *state, int clone3);
HIDDEN void forkexec_hold_end(struct job *job, struct forkexec_state *state, int shares);
HIDDEN int forkexec_hold_settle(struct forkexec_state *state);

/*
 * forkexec.c: forkexec_start() and forkexec_finish() in the pieces that a caller needs
 * who must not sleep in here for long (nocgo/entry.c). mask: NULL, or the caller's signal
 * mask if all signals are blocked already and stay so. forkexec_finish_round() returns 1
 * when the caller shall make the system call that *w describes, store its result in w->ret,
 * and come again; 0 when *ret_outcome is the outcome.
 */
struct wait {
	int64_t end; /* CLOCK_MONOTONIC; INT64_MAX: never */
	enum {
		WAIT_NOT_YET,
		WAIT_QUIETLY, /* for tid, in here, with all signals blocked */
		WAIT_TID,
		WAIT_REPORT,
	} what; /* the sleep that has just ended */
	uint32_t blocked; /* all signals are blocked already */
	long nr;
	long args[5];
	long ret;
	struct sys_timespec timeout;
	struct sys_pollfd poll;
};
HIDDEN int forkexec_begin(const struct forkexec_request *r, struct forkexec_result *ret,
			  struct forkexec_state *state, const uint64_t *mask);
HIDDEN void forkexec_wait_begin(struct wait *w, int64_t timeout_ns, int blocked);
HIDDEN int forkexec_finish_round(const struct forkexec_request *r, struct forkexec_result *ret,
				 struct forkexec_state *state, struct wait *w,
				 enum forkexec_outcome *ret_outcome);

/* forkexec.c: forkexec_settle() for a start that has ended, and a moment's patience with it */
HIDDEN void forkexec_settle_soon(const struct job *job, struct forkexec_state *state);

/* run.c: work memory of at least *size bytes, one piece kept in the state */
HIDDEN void *forkexec_work_take(struct forkexec_state *state, uint64_t *size);
HIDDEN void forkexec_work_give(struct forkexec_state *state, void *work, uint64_t size);

/* child.c */
HIDDEN __attribute__((noreturn)) void forkexec_child_main(void *job);

/* State bits are hints that threads may set in any order. */
static CORE_INLINE uint32_t state_bits(const struct forkexec_state *s)
{
	return __atomic_load_n(&s->bits, __ATOMIC_RELAXED);
}
static CORE_INLINE void state_set(struct forkexec_state *s, uint32_t bits)
{
	if ((state_bits(s) & bits) != bits)
		__atomic_fetch_or(&s->bits, bits, __ATOMIC_RELAXED);
}
static CORE_INLINE void state_clear(struct forkexec_state *s, uint32_t bits)
{
	if (state_bits(s) & bits)
		__atomic_fetch_and(&s->bits, ~bits, __ATOMIC_RELAXED);
}

static CORE_INLINE int fail(struct forkexec_result *reterr, uint32_t step, int err, int64_t detail)
{
	reterr->pid = 0;
	reterr->pidfd = -1;
	reterr->step = step;
	reterr->err = err;
	reterr->detail = detail;
	reterr->retry_flags = 0;
	return -err;
}

#endif /* FORKEXEC_CORE_H */

//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hold.c - keeps our memory non-dumpable while a child shares it whom others may trace,
 * and makes it dumpable again when no such child is left. Runs in the parent with all
 * signals blocked; waits for nothing but its own lock, and for that not for long.
 *
 * Whoever may ptrace a child that shares our memory reaches into it. Memory that is not
 * dumpable is closed to all but CAP_SYS_PTRACE in the user namespace that the memory
 * belongs to (ptrace(2), "access mode checking"), whatever the child has become.
 *
 * - Counted: each child that is held for has a pipe. Its write end is in the child
 *   alone, close-on-exec. The kernel closes it after it has let go of the old memory,
 *   in execve(2) as in exit(2), so end of file is the proof. A return from vfork(2) and a
 *   cleared tid are none: both come before.
 * - Put back only to the 1 that was found when the count left 0, and only if IDs and
 *   capabilities are what they were then: else the program has given up privilege, or
 *   taken it, and the kernel's or its own 0 must stay.
 * - A child with other IDs that is not counted (a Credential start without
 *   KEEP_DUMPABLE) ends that for good: it may be in our memory at any later time, and it
 *   leaves us non-dumpable, as the standard library's does.
 * - What goes wrong here is never a failure of the start: the child then is forked.
 */
#include "core.h"

/* About 100 ms: only a fork(2) of another thread's while it was held leaves it locked. */
#define LOCK_TRIES    1000
#define LOCK_PAUSE_US 50

_Static_assert(sizeof(struct hold) <= sizeof(((struct forkexec_state *)0)->hold),
	       "the state has too little room");
_Static_assert(offsetof(struct hold, n) == 0, "Held() in request.go looks there");

static struct hold *hold_of(struct forkexec_state *state)
{
	return (struct hold *)(void *)state->hold;
}

static int lock(struct hold *h)
{
	int tries;

	for (tries = 0; tries < LOCK_TRIES; tries++) {
		if (!__atomic_exchange_n(&h->lock, 1, __ATOMIC_ACQUIRE))
			return 1;
		sys_sleep_us(LOCK_PAUSE_US);
	}
	return 0;
}

static void unlock(struct hold *h)
{
	__atomic_store_n(&h->lock, 0, __ATOMIC_RELEASE);
}

static uint32_t children(const struct hold *h)
{
	return __atomic_load_n(&h->n, __ATOMIC_RELAXED);
}

static long read_ids(struct ids *ret)
{
	struct sys_cap_header header;
	long err;

	header.version = CAPABILITY_VERSION_3;
	header.pid = 0;
	err = sys_getresuid(ret->uid);
	if (!err)
		err = sys_getresgid(ret->gid);
	if (!err)
		err = sys_capget(&header, ret->caps);
	return err;
}

static int same_ids(const struct ids *a, const struct ids *b)
{
	uint32_t other = 0;
	int i;

	for (i = 0; i < 3; i++)
		other |= (a->uid[i] ^ b->uid[i]) | (a->gid[i] ^ b->gid[i]);
	for (i = 0; i < 2; i++)
		other |= (a->caps[i].effective ^ b->caps[i].effective) |
			 (a->caps[i].permitted ^ b->caps[i].permitted) |
			 (a->caps[i].inheritable ^ b->caps[i].inheritable);
	return !other;
}

static void copy_ids(struct ids *to, const struct ids *from)
{
	int i;

	for (i = 0; i < 3; i++) {
		to->uid[i] = from->uid[i];
		to->gid[i] = from->gid[i];
		NOT_A_LIBC_CALL();
	}
	for (i = 0; i < 2; i++) {
		to->caps[i].effective = from->caps[i].effective;
		to->caps[i].permitted = from->caps[i].permitted;
		to->caps[i].inheritable = from->caps[i].inheritable;
		NOT_A_LIBC_CALL();
	}
}

/* Does Credential ask for IDs that somebody else may trace? */
static int changes_ids(const struct forkexec_request *r, const struct ids *ids)
{
	uint32_t other = 0;
	int i;

	for (i = 0; i < 3; i++)
		other |= (ids->uid[i] ^ r->uid) | (ids->gid[i] ^ r->gid);
	return (r->flags & FORKEXEC_CREDENTIAL) && other;
}

static int is_privileged(const struct ids *ids)
{
	return ids->uid[1] == 0 && (ids->caps[0].effective | ids->caps[1].effective);
}

static void make_dumpable(struct hold *h)
{
	struct ids now;

	if (h->was_dumpable && !read_ids(&now) && same_ids(&now, &h->ids))
		(void)sys_prctl(PR_SET_DUMPABLE, 1, 0); /* a failure leaves us closed */
	h->was_dumpable = 0;
}

/*
 * Lets those go that have left our memory; puts back what was if it was the last. The
 * order is for observers: no descriptor of ours is open any more if n is 0.
 */
static void settle(struct hold *h)
{
	struct sys_pollfd polls[HOLD_MAX];
	struct sys_timespec no_time;
	uint32_t n = h->n, left = 0, i;

	for (i = 0; i < n; i++) {
		polls[i].fd = h->fds[i];
		polls[i].events = 0;
		polls[i].revents = 0;
	}
	no_time.sec = no_time.nsec = 0;
	if (!n || sys_ppoll(polls, n, &no_time) <= 0)
		return;
	for (i = 0; i < n; i++) {
		if (!polls[i].revents)
			h->fds[left++] = h->fds[i];
		else if (polls[i].revents & POLLNVAL) /* closed by a stranger: proves nothing */
			h->was_dumpable = 0;
	}
	if (!left)
		make_dumpable(h);
	for (i = 0; i < n; i++)
		if (polls[i].revents && !(polls[i].revents & POLLNVAL))
			sys_close(polls[i].fd);
	__atomic_store_n(&h->n, left, __ATOMIC_RELAXED);
}

/*
 * A held parent's files in /proc belong to the root of the user namespace that its memory
 * is of. Is that us? Not in a process that has joined another one since its execve.
 */
static int may_write_maps(void)
{
	long fd = sys_openat("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	sys_close((int)fd);
	return 1;
}

/* Takes a place for one more child, and closes our memory. Returns an enum share. */
static uint32_t take_place(struct job *job, struct hold *h, const struct ids *ids)
{
	long was = sys_prctl(PR_GET_DUMPABLE, 0, 0);

	/* Closed already, and not by us: nobody will put it back. */
	if ((!h->n || h->uncounted) && (was == 0 || was == 2))
		return SHARE_CLONE3;
	if (h->uncounted || was < 0 || (!h->n && was != 1) || h->n == HOLD_MAX)
		return SHARE_NOT;
	if (job->request->flags & FORKEXEC_NO_PIPES || sys_pipe2(job->hold, O_CLOEXEC) < 0) {
		job->hold[0] = job->hold[1] = -1;
		return SHARE_NOT;
	}
	if (sys_prctl(PR_SET_DUMPABLE, 0, 0) < 0) {
		forkexec_close_pipe(job->hold);
		return SHARE_NOT;
	}
	if (!h->n) {
		h->was_dumpable = 1;
		copy_ids(&h->ids, ids);
	}
	h->fds[h->n] = job->hold[0];
	__atomic_store_n(&h->n, h->n + 1, __ATOMIC_RELAXED);
	return SHARE_CLONE3;
}

/* A start with Credential and nothing else that matters here: as the standard library's. */
static uint32_t share_uncounted(struct hold *h)
{
	if (!lock(h))
		return SHARE_NOT;
	h->was_dumpable = 0;
	__atomic_store_n(&h->uncounted, 1, __ATOMIC_RELEASE);
	unlock(h);
	return SHARE;
}

/* The read end is the state's from here on. */
static void close_child_end(struct job *job)
{
	if (job->hold[1] >= 0)
		sys_close(job->hold[1]);
	job->hold[0] = job->hold[1] = -1;
}

/*
 * May this start's child share our memory, and what must be done for it? The start is
 * one that forkexec_plan_may_share() allows.
 */
static uint32_t decide(struct job *job, struct forkexec_state *state, int clone3)
{
	const struct forkexec_request *r = job->request;
	int new_user = ((r->clone_flags | r->unshare_flags) & CLONE_NEWUSER) != 0;
	int keep = (r->flags & FORKEXEC_KEEP_DUMPABLE) != 0;
	struct hold *h = hold_of(state);
	struct ids ids;
	uint32_t share;

	if (!new_user && !(r->flags & FORKEXEC_CREDENTIAL))
		return SHARE;
	if (!new_user && !keep && __atomic_load_n(&h->uncounted, __ATOMIC_ACQUIRE))
		return SHARE;
	if (read_ids(&ids) < 0)
		return SHARE_NOT;
	if (!new_user && !changes_ids(r, &ids))
		return SHARE;
	if (!new_user && !keep)
		return share_uncounted(h);
	/*
	 * An ordinary user's namespace belongs to him in whatever group, and who has another
	 * one may not trace us; nor could the maps be written while we are not dumpable.
	 */
	if (new_user && !is_privileged(&ids))
		return SHARE_NOT;
	if (!clone3 || state_bits(state) & FORKEXEC_STATE_NO_HOLD || !lock(h))
		return SHARE_NOT;
	settle(h);
	share = take_place(job, h, &ids);
	unlock(h);
	if (share != SHARE_NOT && new_user && r->flags & (FORKEXEC_UID_MAP | FORKEXEC_GID_MAP) &&
	    !may_write_maps()) {
		close_child_end(job); /* and with no child the place is free again */
		(void)forkexec_hold_settle(state);
		share = SHARE_NOT;
	}
	return share;
}

/*
 * A forked child that others may trace (ATTR_CLOSED) begins with memory that is as dumpable as
 * ours: it may be long before its first system call. So ours is closed for the clone, with the
 * lock held; it is open again, or held for other children, right after it.
 */
static void close_for_clone(struct job *job, struct forkexec_state *state)
{
	struct hold *h = hold_of(state);

	if (!(job->attributes & ATTR_CLOSED) || !(job->request->clone_flags & CLONE_NEWUSER) ||
	    state_bits(state) & FORKEXEC_STATE_NO_HOLD || !lock(h))
		return;
	settle(h);
	if (!h->n && !h->uncounted && sys_prctl(PR_GET_DUMPABLE, 0, 0) == 1 && !read_ids(&h->ids) &&
	    !sys_prctl(PR_SET_DUMPABLE, 0, 0)) {
		h->was_dumpable = 1;
		job->closed = 1;
		return;
	}
	unlock(h);
}

HIDDEN void forkexec_hold_begin(struct job *job, struct forkexec_state *state, int clone3)
{
	job->share = SHARE_NOT;
	job->closed = 0;
	if (forkexec_plan_may_share(job->request))
		job->share = decide(job, state, clone3);
	job->held = job->hold[0] >= 0;
	if (!job->held && children(hold_of(state)))
		(void)forkexec_hold_settle(state);
	close_for_clone(job, state);
}

HIDDEN void forkexec_hold_end(struct job *job, struct forkexec_state *state, int shares)
{
	close_child_end(job);
	if (job->closed) {
		make_dumpable(hold_of(state));
		unlock(hold_of(state));
	}
	if (shares || !job->held)
		return;
	job->held = 0;
	(void)forkexec_hold_settle(state);
}

HIDDEN int forkexec_hold_settle(struct forkexec_state *state)
{
	struct hold *h = hold_of(state);

	if (children(h) && lock(h)) {
		settle(h);
		unlock(h);
	}
	return (int)children(h);
}

//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explain_fds.c - descriptors, terminals, sessions, and malformed requests.
 */
#include "explain.h"

HIDDEN void say_entry(struct look *l, int64_t i)
{
	int option = (l->text.flags & FORKEXEC_EXPLAIN_OPTIONS) != 0;

	say(&l->text, option ? "{fds} " : "{fds}[");
	say_number(&l->text, i);
	say(&l->text, option ? "=" : "] = ");
	say_number(&l->text, l->r->fds[i]);
}

HIDDEN int look_fds(struct look *l)
{
	const struct forkexec_request *r = l->r;
	struct text *t = &l->text;
	int64_t i = l->result->detail;
	struct sys_rlimit limit;

	if (l->result->err == E_MFILE)
		return look_file_limit(l);
	if (l->result->err == E_BADF && l->result->step == FORKEXEC_STEP_FD_MOVE &&
	    sys_prlimit(RLIMIT_NOFILE, NULL, &limit) == 0 && (i < 0 || r->n_fds > limit.cur)) {
		if (r->n_fds > limit.cur) {
			say(t, "{fds} goes as far as descriptor ");
			say_number(t, (int64_t)r->n_fds - 1);
			say(t, " of the child, which is beyond RLIMIT_NOFILE, ");
		} else {
			say(t, "For a descriptor of the start's own no number is free below "
			       "RLIMIT_NOFILE, ");
		}
		say_number(t, (int64_t)limit.cur);
		say(t, ". Raise it (ulimit -n), or use lower numbers.");
		return 1;
	}
	if (l->result->err != E_BADF || i < 0 || i >= r->n_fds || !r->fds)
		return 0;
	say_entry(l, i);
	if (r->fds[i] < -1) {
		say(t, " is no descriptor number. -1 closes.");
		return 1;
	}
	if (!look_fd_name(l, r->fds[i])) {
		say(t, " is not open in the caller. Open it first, keep it open until the start is "
		       "over, or ");
		say(t, t->flags & FORKEXEC_EXPLAIN_OPTIONS ? "close it in the child with {fds} " :
							     "use -1 to close ");
		say_number(t, i);
		say(t, t->flags & FORKEXEC_EXPLAIN_OPTIONS ? "=-." : " in the child.");
		return 1;
	}
	if (sys_prlimit(RLIMIT_NOFILE, NULL, &limit) < 0)
		return say(t, " was not open when the child was started."), 1;
	if ((uint64_t)i < limit.cur)
		return say(t, l->result->step == FORKEXEC_STEP_FD_MOVE && r->n_fds >= limit.cur ?
			   " has no free number below RLIMIT_NOFILE to move through. Raise it (ulimit -n)." :
			   " was not open when the child was started."), 1;
	say(t, ": the child's descriptor ");
	say_number(t, i);
	say(t, " is beyond RLIMIT_NOFILE, which is ");
	say_number(t, (int64_t)limit.cur);
	say(t, ". Raise it (ulimit -n), or use lower numbers.");
	return 1;
}

/* The device number as /proc/PID/stat has it. */
static int64_t tty_number(const struct sys_statx *st)
{
	uint32_t minor = st->rdev_minor;

	return (int64_t)((minor & 0xff) | st->rdev_major << 8 | (minor & ~0xffu) << 12);
}

/* The leader of the session that the terminal belongs to, from all of /proc; 0: none seen. */
static int64_t tty_owner(struct look *l, const struct sys_statx *st)
{
	struct folder *f = &l->folders[0];
	int64_t want = tty_number(st), pid, owner = 0, session;
	const char *name, *p, *q;

	if (!folder_open(f, "/proc"))
		return 0;
	while ((name = folder_next(f)) != NULL) {
		look_proc_path(l, name, "/stat", -1);
		if (owner || !is_number(name) || look_read(l, AT_FDCWD, l->link) <= 0)
			continue;
		p = l->line;
		pid = text_number(&p);
		while ((q = text_find(p, ") ")) != NULL) /* the name may hold a ) too */
			p = q;
		p += *p != 0; /* state, ppid, pgrp, session, tty_nr */
		(void)text_number(&p);
		(void)text_number(&p);
		session = text_number(&p);
		if (session == pid && text_number(&p) == want)
			owner = pid;
	}
	return owner;
}

/* The caller's descriptor that {ctty} means. */
static int64_t ctty_of_caller(const struct look *l)
{
	const struct forkexec_request *r = l->r;

	if (l->result->step == FORKEXEC_STEP_SETCTTY && r->ctty >= 0 &&
	    (uint32_t)r->ctty < r->n_fds && r->fds)
		return r->fds[r->ctty];
	return r->ctty;
}

/* Says "{ctty}, descriptor 1 of the child, is /dev/null". 0: that one is not open. */
static int say_ctty(struct look *l, int64_t fd)
{
	int of_child = l->result->step == FORKEXEC_STEP_SETCTTY;
	struct text *t = &l->text;

	say(t, "{ctty} is ");
	say_number(t, l->r->ctty);
	if (of_child && (uint32_t)l->r->ctty < l->r->n_fds && l->r->fds) {
		say(t, ", the child's copy of the caller's descriptor ");
		say_number(t, fd);
	} else {
		say(t, of_child ? ", a descriptor of the child" : ", a descriptor of the caller");
	}
	if (!look_fd_name(l, fd)) {
		say(t, ", which is not open. ");
		return 0;
	}
	say(t, ", ");
	say_raw(t, l->link);
	return 1;
}

static int is_tty(int64_t fd)
{
	unsigned char termios[64]; /* of 36 bytes, with room for other architectures' */

	return sys_ioctl((int)fd, 0x5401 /* TCGETS */, (long)termios) != -E_NOTTY;
}

static int say_not_tty(struct look *l, int64_t fd)
{
	if (sys_statx((int)fd, "", AT_EMPTY_PATH, &l->st) == 0) {
		say(&l->text, " (");
		say_kind(&l->text, l->st.mode);
		say(&l->text, ")");
	}
	say(&l->text, ", not a terminal. Use a descriptor of a terminal (/dev/pts/N), or leave it "
		      "out.");
	return 1;
}

static int look_setctty(struct look *l, int64_t fd)
{
	struct text *t = &l->text;
	int64_t owner;

	if (!(l->r->flags & FORKEXEC_SETSID)) {
		say(t, ". The child does not lead a session, and only a session leader may take a "
		       "terminal: set {FORKEXEC_SETSID}.");
		return 1;
	}
	owner = sys_statx((int)fd, "", AT_EMPTY_PATH, &l->st) == 0 ? tty_owner(l, &l->st) : 0;
	say(t, owner ? ", which is the controlling terminal of another session, that of process " :
		       ", which another session has as its controlling terminal, or which is not "
		       "open for reading.");
	if (owner)
		say_number(t, owner);
	say(t, owner ? ". Only with cap_sys_admin may it be taken away; open a new one with "
		       "openpty(3)." :
		       " Open a new one with openpty(3).");
	return 1;
}

/* setctty, foreground, noctty */
HIDDEN int look_terminal(struct look *l)
{
	struct text *t = &l->text;
	uint32_t step = l->result->step;
	int64_t fd = ctty_of_caller(l), session = 0;
	int32_t sid = 0;

	if (step == FORKEXEC_STEP_NOCTTY)
		return 0;
	if (l->result->err != E_BADF && !look_fd_name(l, fd)) /* it has been closed since */
		return 0;
	if (!say_ctty(l, fd)) {
		say(t, step == FORKEXEC_STEP_SETCTTY ? "It is an index into {fds}: let that entry "
						       "name a terminal." :
						       "With {FORKEXEC_FOREGROUND} it is a number "
						       "of the caller's: name an open "
						       "terminal.");
		return 1;
	}
	if (!is_tty(fd))
		return say_not_tty(l, fd);
	if (step == FORKEXEC_STEP_SETCTTY)
		return look_setctty(l, fd);
	if (l->r->flags & FORKEXEC_SETSID) {
		say(t, ". {FORKEXEC_SETSID} gives the child a session without a terminal, so it "
		       "can have no foreground: use {FORKEXEC_SETCTTY} instead of "
		       "{FORKEXEC_FOREGROUND}.");
		return 1;
	}
	if (sys_ioctl((int)fd, TIOCGSID, (long)&sid) < 0 &&
	    sys_statx((int)fd, "", AT_EMPTY_PATH, &l->st) == 0)
		session = tty_owner(l, &l->st);
	if (!sid) {
		say(t, ", which is not the controlling terminal of the caller's session");
		say(t, session ? " but of that of process " : "");
		if (session)
			say_number(t, session);
		say(t, ". Use /dev/tty.");
		return 1;
	}
	say(t, ", the controlling terminal of session ");
	say_number(t, sid);
	say(t, ", and process group ");
	say_number(t, l->r->pgid);
	say(t, " is not of that session. Use 0 in {pgid} for a group of the child's own.");
	return 1;
}

HIDDEN int look_group(struct look *l)
{
	struct text *t = &l->text;

	if (l->result->err != E_PERM)
		return 0;
	if (l->r->flags & FORKEXEC_SETSID) {
		say(t, "{FORKEXEC_SETSID} has made the child the leader of a session, which has a group "
		       "of its own. Use it without {FORKEXEC_SETPGID} and {FORKEXEC_FOREGROUND}.");
		return 1;
	}
	say(t, "There is no process group ");
	say_number(t, l->result->detail);
	say(t, " in the session of the caller. Use 0 for a group of the child's own.");
	return 1;
}

/* The rules that plan_check() knows, by field. */
#define RULE(f, text)                                                                              \
	if (at == offsetof(struct forkexec_request, f)) {                                          \
		say(t, text);                                                                      \
		return 1;                                                                          \
	}

static int look_lists(struct text *t, uint64_t at)
{
	RULE(fds, "{fds} is NULL or unused, but its length says otherwise. Set both.")
	RULE(n_fds, "{fds} is NULL with a length, or longer than 1048576.")
	if (t->flags & FORKEXEC_EXPLAIN_OPTIONS) /* of which --groups means CREDENTIAL */
		RULE(groups, "{groups} and {FORKEXEC_NO_SETGROUPS} exclude each other.")
	RULE(groups, "{groups} counts only with {FORKEXEC_CREDENTIAL}, and never with "
		     "{FORKEXEC_NO_SETGROUPS}.")
	RULE(n_groups, "{groups} is NULL, but its length is not 0. Set both.")
	RULE(uid_map, "{uid_map} is set, but the flag {FORKEXEC_UID_MAP} is not. Set that, too.")
	RULE(n_uid_map, "{uid_map} is NULL, but its length is not 0. Set both.")
	RULE(gid_map, "{gid_map} is set, but the flag {FORKEXEC_GID_MAP} is not. Set that, too.")
	RULE(n_gid_map, "{gid_map} is NULL, but its length is not 0. Set both.")
	RULE(ambient_caps, "{ambient_caps} is NULL, but its length is not 0. Set it.")
	RULE(n_ambient_caps, "{ambient_caps} is NULL, but its length is not 0. Set both.")
	return 0;
}

static int look_scalars(struct text *t, uint64_t at)
{
	RULE(ctty, "{ctty} is set, but neither {FORKEXEC_SETCTTY} nor {FORKEXEC_FOREGROUND} is.")
	RULE(pgid, "{pgid} is set, but neither {FORKEXEC_SETPGID} nor {FORKEXEC_FOREGROUND} is.")
	RULE(uid, "{uid} is set, but {FORKEXEC_CREDENTIAL} is not.")
	RULE(gid, "{gid} is set, but {FORKEXEC_CREDENTIAL} is not.")
	RULE(cgroup_fd, "{cgroup_fd} is set, but {FORKEXEC_CGROUP_FD} is not.")
	RULE(pdeathsig, "{pdeathsig} is not a signal number (1 to 64).")
	RULE(text_busy_ms, "{text_busy_ms} is beyond a minute (60000 ms).")
	RULE(nofile_soft, "nofile_soft is set, but FORKEXEC_NOFILE is not.")
	RULE(nofile_max, "nofile_max is set, but FORKEXEC_NOFILE is not.")
	RULE(nofile_raised, "nofile_raised is set, but FORKEXEC_NOFILE is not.")
	RULE(errno_pipe, "errno_pipe is set, but FORKEXEC_ERRNO_PIPE is not.")
	RULE(work, "work must be forkexec_work_size() bytes, aligned to 16.")
	RULE(padding, "padding must be 0: initialise the request (FORKEXEC_REQUEST_INIT).")
	RULE(work_size, "work_size is less than forkexec_work_size() says.")
	RULE(trace, "trace->size must be sizeof(struct forkexec_trace).")
	return 0;
}

/* forkexec_run_until() */
static void say_nobody_continues(struct text *t)
{
	say(t, "{FORKEXEC_STOP_CLONE}, {FORKEXEC_STOP_EXEC} and {pause_at} let the child wait for "
	       "forkexec_continue(), which nobody can call here: use forkexec_start() and "
	       "forkexec_finish().");
}

/* A flag that is not known, or that needs another. */
static int look_flag(struct text *t, uint64_t flags)
{
	if (flags & ~FORKEXEC_KNOWN_FLAGS) {
		say(t, "flags has bits that this version does not know: ");
		say_hex(t, flags & ~FORKEXEC_KNOWN_FLAGS);
		say(t, ".");
	} else if (flags & FORKEXEC_NO_SETGROUPS && !(flags & FORKEXEC_CREDENTIAL)) {
		say(t, "{FORKEXEC_NO_SETGROUPS} counts only with {FORKEXEC_CREDENTIAL}. Set both.");
	} else if (flags & FORKEXEC_KEEP_DUMPABLE && !(flags & FORKEXEC_CREDENTIAL)) {
		say(t, "{FORKEXEC_KEEP_DUMPABLE} counts only with {FORKEXEC_CREDENTIAL}. Set both.");
	} else if (flags & FORKEXEC_GID_SETGROUPS && !(flags & FORKEXEC_GID_MAP)) {
		say(t, "{FORKEXEC_GID_SETGROUPS} counts only with {FORKEXEC_GID_MAP}. Set both.");
	} else if (flags & FORKEXEC_WHOLE_TABLE && !(flags & FORKEXEC_CLOSE_FDS)) {
		say(t, "FORKEXEC_WHOLE_TABLE counts only with {FORKEXEC_CLOSE_FDS}. Set both.");
	} else if (flags & (FORKEXEC_STOP_CLONE | FORKEXEC_STOP_EXEC)) {
		say_nobody_continues(t);
	} else {
		say(t, "A flag is set that counts only together with another.");
	}
	return 1;
}

static int look_pause(struct text *t, const struct forkexec_request *r,
		      const struct forkexec_result *result)
{
	struct forkexec_result checked;
	uint64_t begin = t->n;

	/* Without a child forkexec_run() has refused it; the command and Go do not call that. */
	if (!result->method && !(t->flags & (FORKEXEC_EXPLAIN_GO | FORKEXEC_EXPLAIN_OPTIONS)) &&
	    !forkexec_plan_check(r, &checked))
		return say_nobody_continues(t), 1;
	say(t, "{pause_at} is ");
	if (!say_step(t, r->pause_at)) {
		t->n = begin;
		say(t, "{pause_at}: step ");
		say_number(t, r->pause_at);
		say(t, " does not exist. Name another.");
	} else if (r->seccomp && r->pause_at == FORKEXEC_STEP_EXECVE)
		say(t, ", and behind {seccomp} the child cannot wait. Pause at the step seccomp.");
	else if (r->flags & FORKEXEC_PTRACE)
		say(t, ", a step that the child of this start does not take, or one after "
		       "{FORKEXEC_PTRACE}: a traced child does not go on after SIGCONT. Name another.");
	else
		say(t, ", a step that the child of this start does not take. Name another.");
	return 1;
}

/* The first signal that is to be ignored, and to have its default action. */
static int look_signal(struct text *t, uint64_t both)
{
	uint32_t signal = 1;

	while (both && !(both >> (signal - 1) & 1))
		signal++;
	if (both)
		say_signal(t, signal);
	say(t, both ? " is both in {sigdefault} and in {sigignore}. Choose one." :
		      "A signal is both in {sigdefault} and in {sigignore}. Choose one.");
	return 1;
}

/* The rules of forkexec_attr_check(), by field. */
#define UNSET(f, flag) RULE(f, "{" #f "} is set, but FORKEXEC_" #flag " is not. Set that, too.")

static int look_attr_field(struct text *t, uint64_t at, const struct forkexec_request *r)
{
	UNSET(sigmask, SIGMASK)
	UNSET(sigdefault, SIGDEFAULT)
	if (r->flags & FORKEXEC_SIGIGNORE && at == offsetof(struct forkexec_request, sigignore))
		return look_signal(t, r->sigdefault & r->sigignore);
	UNSET(sigignore, SIGIGNORE)
	UNSET(cap_effective, CAP_EFFECTIVE)
	if (r->flags & FORKEXEC_CAP_PERMITTED)
		RULE(cap_permitted, "An ambient capability must be permitted, too: add it to {cap_permitted}.")
	UNSET(cap_permitted, CAP_PERMITTED)
	if (r->flags & FORKEXEC_CAP_INHERITABLE)
		RULE(cap_inheritable, "An ambient capability must be inheritable, too: add it to "
				      "{cap_inheritable}.")
	UNSET(cap_inheritable, CAP_INHERITABLE)
	UNSET(cap_bounding, CAP_BOUNDING)
	if (r->flags & FORKEXEC_CAP_AMBIENT)
		RULE(cap_ambient, "{cap_ambient} and {ambient_caps} both set the ambient set: use one.")
	UNSET(cap_ambient, CAP_AMBIENT)
	if (r->flags & FORKEXEC_NICE)
		RULE(nice, "{nice} and the nice value in {scheduler} differ. Set one of them.")
	UNSET(nice, NICE)
	UNSET(ioprio, IOPRIO)
	UNSET(oom_score_adj, OOM_SCORE_ADJ)
	UNSET(umask, UMASK)
	UNSET(securebits, SECUREBITS)
	UNSET(personality, PERSONALITY)
	UNSET(session_keyring, SESSION_KEYRING)
	UNSET(dir_fd, DIR_FD)
	UNSET(exec_fd, EXEC_FD)
	UNSET(landlock_fd, LANDLOCK)
	RULE(landlock_flags, "{landlock_flags} is set, but {landlock_fd} is not. Set that, too.")
	RULE(n_rlimits, "{rlimits} is NULL, but its length is not 0. Set both.")
	RULE(n_cpus, "{cpus} is NULL with a length, or longer than 1024 words.")
	if (r->scheduler && r->scheduler->size != sizeof(*r->scheduler))
		RULE(scheduler, "The size in {scheduler} is not sizeof(struct forkexec_scheduler).")
	RULE(scheduler, "The policy in {scheduler} is a real-time one: it may starve the filter's listener.")
	RULE(n_namespaces, "{namespaces} is NULL, but its length is not 0. Set both.")
	RULE(opens, "An element of {opens} has no path, or a descriptor below 0 or above 1048575.")
	RULE(n_opens, "{opens} is NULL, but its length is not 0. Set both.")
	RULE(n_seccomp, "{seccomp} is NULL with a length, or longer than 4096 instructions.")
	RULE(seccomp_flags, "{seccomp_flags} is set without {seccomp}, or has flags other than LOG, "
			    "SPEC_ALLOW and NEW_LISTENER: they act on threads.")
	return 0;
}

/* detail is the offset of the field. */
HIDDEN int look_request(struct look *l)
{
	const struct forkexec_request *r = l->r;
	struct text *t = &l->text;
	uint64_t at = (uint64_t)l->result->detail;

	if (l->result->err != E_INVAL)
		return 0;
	RULE(size, "size must be sizeof(struct forkexec_request): another version's header was "
		   "used, or the request was not initialised (FORKEXEC_REQUEST_INIT).")
	RULE(path, "{path} is NULL: name the program.")
	RULE(argv, "{argv} is NULL: give at least an empty list that ends in NULL.")
	RULE(envp, "{envp} is NULL: give at least an empty list that ends in NULL.")
	if (at == offsetof(struct forkexec_request, pause_at))
		return look_pause(t, r, l->result);
	if (at == offsetof(struct forkexec_request, flags))
		return look_flag(t, r->flags);
	return look_lists(t, at) || look_scalars(t, at) || look_attr_field(t, at, r);
}

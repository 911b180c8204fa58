/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * forkexec.h - start a program on Linux: the C-native interface.
 *
 * A const request says what to start, a result says what came of it: a process ID, or
 * the step that failed, its errno and a detail. The outcome of a start and the errno of
 * a step are two things, in two places.
 *
 * There are two layers, and this header declares both:
 *
 *   forkexec_spawn()   The C library's entry: one call, nothing to set up.
 *   forkexec_start() + forkexec_finish()
 *                      The freestanding core: no libc call, no errno, no TLS, no
 *                      static data, no allocation. The caller brings the memory
 *                      (request.work) and the state that outlives a start.
 *
 * No pointer of a request is kept after forkexec_spawn() or forkexec_finish()
 * has returned. No function reads or writes errno.
 *
 * forkexec(7) lists the steps, forkexec_spawn(3) the functions.
 */
#ifndef FORKEXEC_H
#define FORKEXEC_H

#include <stddef.h>
#include <stdint.h>

#include "forkexec_attr.h"
#include "forkexec_steps.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FORKEXEC_VERSION_MAJOR 0
#define FORKEXEC_VERSION_MINOR 1
#define FORKEXEC_VERSION_PATCH 0

/*
 * forkexec_request.flags: which of the request's fields count. The words and
 * their meaning are those of Go's syscall.SysProcAttr.
 */
#define FORKEXEC_SETSID         (UINT64_C(1) << 0)
#define FORKEXEC_SETPGID        (UINT64_C(1) << 1)  /* pgid; 0 is the child's own ID */
#define FORKEXEC_FOREGROUND     (UINT64_C(1) << 2)  /* implies SETPGID; ctty is the parent's fd */
#define FORKEXEC_SETCTTY        (UINT64_C(1) << 3)  /* ctty is the child's fd */
#define FORKEXEC_NOCTTY         (UINT64_C(1) << 4)  /* TIOCNOTTY on descriptor 0 */
#define FORKEXEC_PTRACE         (UINT64_C(1) << 5)  /* PTRACE_TRACEME just before execve */
#define FORKEXEC_CREDENTIAL     (UINT64_C(1) << 6)  /* uid, gid, groups */
#define FORKEXEC_NO_SETGROUPS   (UINT64_C(1) << 7)  /* with CREDENTIAL, without groups: keep them */
#define FORKEXEC_UID_MAP        (UINT64_C(1) << 8)  /* uid_map, even if empty */
#define FORKEXEC_GID_MAP        (UINT64_C(1) << 9)  /* gid_map, even if empty */
#define FORKEXEC_GID_SETGROUPS  (UINT64_C(1) << 10) /* /proc/PID/setgroups: allow, not deny */
#define FORKEXEC_CGROUP_FD      (UINT64_C(1) << 11) /* cgroup_fd */
#define FORKEXEC_PIDFD          (UINT64_C(1) << 12) /* result.pidfd wanted */
#define FORKEXEC_NOFILE         (UINT64_C(1) << 13) /* nofile_*: put the soft limit back */
#define FORKEXEC_CLOSE_FDS      (UINT64_C(1) << 14) /* only fds[] reach the program */
#define FORKEXEC_ERRNO_PIPE     (UINT64_C(1) << 15) /* errno_pipe */
#define FORKEXEC_BLOCK_SIGNALS  (UINT64_C(1) << 16) /* while forkexec_finish() waits, at first */
#define FORKEXEC_KEEP_DUMPABLE  (UINT64_C(1) << 17) /* with CREDENTIAL: put dumpable back */
#define FORKEXEC_WHOLE_TABLE    (UINT64_C(1) << 18) /* with CLOSE_FDS: at the execve only */
#define FORKEXEC_SIGMASK        (UINT64_C(1) << 19) /* sigmask */
#define FORKEXEC_SIGDEFAULT     (UINT64_C(1) << 20) /* sigdefault */
#define FORKEXEC_SIGIGNORE      (UINT64_C(1) << 21) /* sigignore */
#define FORKEXEC_OOM_SCORE_ADJ  (UINT64_C(1) << 22) /* oom_score_adj */
#define FORKEXEC_NICE           (UINT64_C(1) << 23) /* nice */
#define FORKEXEC_IOPRIO         (UINT64_C(1) << 24) /* ioprio */
#define FORKEXEC_UMASK          (UINT64_C(1) << 25) /* umask */
#define FORKEXEC_SECUREBITS     (UINT64_C(1) << 26) /* securebits */
#define FORKEXEC_NO_NEW_PRIVS   (UINT64_C(1) << 27) /* PR_SET_NO_NEW_PRIVS, for good */
#define FORKEXEC_CAP_EFFECTIVE  (UINT64_C(1) << 28) /* cap_effective */
#define FORKEXEC_CAP_PERMITTED  (UINT64_C(1) << 29) /* cap_permitted */
#define FORKEXEC_CAP_INHERITABLE (UINT64_C(1) << 30) /* cap_inheritable */
#define FORKEXEC_CAP_BOUNDING   (UINT64_C(1) << 31) /* cap_bounding */
#define FORKEXEC_CAP_AMBIENT    (UINT64_C(1) << 32) /* cap_ambient; not with ambient_caps */
#define FORKEXEC_DIR_FD         (UINT64_C(1) << 33) /* dir_fd */
#define FORKEXEC_EXEC_FD        (UINT64_C(1) << 34) /* exec_fd */
#define FORKEXEC_LANDLOCK       (UINT64_C(1) << 35) /* landlock_fd, landlock_flags */
#define FORKEXEC_STOP_CLONE     (UINT64_C(1) << 36) /* wait for forkexec_continue(): at once, */
#define FORKEXEC_STOP_EXEC      (UINT64_C(1) << 37) /* and before seccomp and the execve */
#define FORKEXEC_NO_PIPES       (UINT64_C(1) << 38) /* fail rather than make a pipe */
#define FORKEXEC_PERSONALITY    (UINT64_C(1) << 39) /* personality */
#define FORKEXEC_SESSION_KEYRING (UINT64_C(1) << 40) /* session_keyring, even if NULL */
#define FORKEXEC_KNOWN_FLAGS    ((UINT64_C(1) << 41) - 1)

/*
 * CLOSE_FDS: all other descriptors are closed at the execve(2). Where close_range(2) can do
 * it (Linux 5.9), those above the last one needed are never even copied: the start costs the
 * same with ten of them open as with ten thousand. If IDs change, those between are closed
 * early, too, with up to 1024 fds. A path that leads through a closed descriptor, such as
 * "/proc/self/fd/7", is not found then: if forkexec_finish() sets WHOLE_TABLE in
 * result.retry_flags, start once more with that flag.
 *
 * NO_PIPES: for callers that clone in several threads. If forkexec_start() sets it in retry_flags,
 * start without it, and with no other clone. forkexec_run() and _spawn() do both themselves.
 *
 * BLOCK_SIGNALS: forkexec_finish() blocks all signals while it waits, for at most
 * FORKEXEC_BLOCK_SIGNALS_MS milliseconds, and then waits with the caller's mask. In programs with
 * signals and threads of their own, such as Go's, that is faster (bench/INTERNALS.md). No effect if
 * the child is forked, holds the caller non-dumpable, or is the first one of a state.
 */
#define FORKEXEC_BLOCK_SIGNALS_MS 10

/*
 * KEEP_DUMPABLE: a child that changes its IDs while it shares the caller's memory leaves
 * the caller non-dumpable (PR_SET_DUMPABLE in prctl(2)), as in Go's standard library: its
 * /proc files belong to root, it dumps no core, no debugger can attach. With this flag the
 * caller is dumpable again after the start, failed or not: see forkexec_settle(). One
 * CREDENTIAL start without the flag ends that for the whole process.
 */

/*
 * What to start. Set size to sizeof(struct forkexec_request), everything else to
 * zero, then what you want. A field that is set without the flag that makes it count is
 * refused with EINVAL, and so is a flag without the one it needs. All pointers stay
 * the caller's, and must be valid until forkexec_spawn() or forkexec_finish() has returned.
 */
struct forkexec_request {
	uint64_t size;  /* sizeof this, and no other: a new size is a new major version, a new soname */
	uint64_t flags; /* FORKEXEC_SETSID and so on */

	const char *path;  /* program, as for execve(2); no PATH search. Required */
	char *const *argv; /* NULL-terminated. Required */
	/*
	 * NULL-terminated. Required by forkexec_start() and forkexec_run(); elsewhere NULL is
	 * the environment of the calling process.
	 */
	char *const *envp;
	const char *chroot; /* NULL: no chroot(2) */
	const char *dir;    /* NULL: stay; relative to the new root */

	/*
	 * NULL, with n_fds 0: the child keeps 0, 1 and 2. Otherwise fds[i] becomes
	 * descriptor i of the child, -1 closes i, and of 0, 1 and 2 those that n_fds does
	 * not reach are closed. Other descriptors of the parent without FD_CLOEXEC are
	 * inherited as usual, or closed with CLOSE_FDS.
	 */
	const int32_t *fds;
	const uint32_t *groups;                /* supplementary groups, with CREDENTIAL */
	const struct forkexec_id_map *uid_map; /* with UID_MAP */
	const struct forkexec_id_map *gid_map; /* with GID_MAP */
	const uint64_t *ambient_caps;          /* capability numbers, each < 64 */
	uint32_t n_fds;
	uint32_t n_groups;
	uint32_t n_uid_map;
	uint32_t n_gid_map;
	uint32_t n_ambient_caps;

	int32_t ctty;      /* with SETCTTY, FOREGROUND */
	int32_t pgid;      /* with SETPGID, FOREGROUND */
	int32_t pdeathsig; /* 0: none. Fires when the calling thread ends, prctl(2) */
	uint32_t uid;      /* with CREDENTIAL */
	uint32_t gid;      /* with CREDENTIAL */
	int32_t cgroup_fd; /* with CGROUP_FD: an open cgroup v2 directory */

	/*
	 * forkexec_spawn() and forkexec_run(): milliseconds, up to 60000, for which a
	 * start whose execve(2) fails with ETXTBSY is tried again. 0: it is reported at
	 * once. Such a failure is usual, and short, where one thread writes programs
	 * while another starts them (golang/go#22315). forkexec_start() does not use it.
	 */
	uint32_t text_busy_ms;

	uint64_t clone_flags;   /* CLONE_NEW* for the clone; 0: none */
	uint64_t unshare_flags; /* for unshare(2) in the child; 0: none */

	/*
	 * With NOFILE: a child whose RLIMIT_NOFILE is raised/max gets soft/max back.
	 * Any other limit was set on purpose, and stays.
	 */
	uint64_t nofile_soft;
	uint64_t nofile_max;
	uint64_t nofile_raised;

	/*
	 * With ERRNO_PIPE, Go's protocol: the write end of a CLOEXEC pipe. A child
	 * that fails writes its errno there, in a word of native size.
	 */
	int32_t errno_pipe;

	/*
	 * CLOCK_MONOTONIC in milliseconds, its low 32 bits, if the caller knows it; 0: the core
	 * asks the kernel. It tells when to look again whether a debugger traces this process.
	 */
	uint32_t now_ms;

	/*
	 * forkexec_start() only: memory for the child's stack and for what is prepared
	 * before the clone, at least forkexec_work_size() bytes, aligned to 16.
	 * It belongs to the start until forkexec_finish() has returned FORKEXEC_RUNNING
	 * or FORKEXEC_FAILED.
	 */
	void *work;
#if UINTPTR_MAX == 0xffffffff
	uint32_t work_padding; /* 32-bit ABIs do not agree on where a uint64_t may be */
#endif
	uint64_t work_size;

	/*
	 * Signals as sets: bit n-1 is signal n. sigmask replaces the caller's mask.
	 * Signals in sigdefault get their default action, those in sigignore are ignored.
	 * SIGKILL and SIGSTOP in sigdefault have no effect; a signal in both is refused.
	 */
	uint64_t sigmask;
	uint64_t sigdefault;
	uint64_t sigignore;

	/*
	 * Sets of capabilities: bit n is capability n. A set without its flag stays as it is;
	 * after setuid(2), as PR_SET_KEEPCAPS leaves it: permitted, but not effective. Those in
	 * cap_ambient are made inheritable unless cap_inheritable is given; see
	 * capabilities(7) for what an execve(2) makes of them.
	 */
	uint64_t cap_effective;
	uint64_t cap_permitted;
	uint64_t cap_inheritable;
	uint64_t cap_bounding;
	uint64_t cap_ambient;

	const struct forkexec_rlimit *rlimits; /* set in this order, before IDs change */
	const uint64_t *cpus; /* bit n % 64 of cpus[n / 64] is CPU n; NULL: as they are */
	const struct forkexec_scheduler *scheduler; /* NULL: as it is */
	const struct forkexec_namespace *namespaces; /* joined in this order, before unshare */
	const struct forkexec_open *opens; /* in this order, when fds are in their places */
	const void *seccomp; /* struct sock_filter[]; last of all, it must allow the execve(2) */
	struct forkexec_trace *trace; /* NULL, or where the steps' times go */
	const char *session_keyring; /* joined, or made, by this name; NULL: a new one without */
	uint32_t n_rlimits;
	uint32_t n_cpus;
	uint32_t n_namespaces;
	uint32_t n_opens;
	uint32_t n_seccomp;     /* instructions */
	uint32_t seccomp_flags; /* SECCOMP_FILTER_FLAG_*, but the TSYNCs */

	int32_t nice;          /* -20 to 19, as setpriority(2) takes it */
	int32_t ioprio;        /* class and level, ioprio_set(2) */
	int32_t oom_score_adj; /* -1000 to 1000 */
	uint32_t umask;
	uint32_t securebits;   /* after IDs and capabilities, PR_SET_SECUREBITS */
	int32_t dir_fd;        /* fchdir(2), after chroot; dir is relative to it */
	int32_t exec_fd;       /* the program, execveat(2); path is then only for errors */
	int32_t landlock_fd;   /* a ruleset, landlock_restrict_self(2) */
	uint32_t landlock_flags;
	uint32_t pause_at; /* a step: the child stops right before it, see forkexec_continue() */
	uint32_t personality; /* personality(2); not 0xffffffff, which only asks */
	uint32_t padding;     /* 0 */
};

/*
 * What came of it. pid > 0 is a started child that the caller must wait for.
 * After a failure pid is 0, the child, if there was one, has been reaped, and
 * step, err and detail say what failed.
 */
struct forkexec_result {
	int32_t pid;
	int32_t pidfd;  /* with PIDFD: close-on-exec; -1 if unsupported (Linux < 5.2) or failed */
	uint32_t step;  /* enum forkexec_step */
	int32_t err;    /* errno, positive; 0 if nothing failed */
	int64_t detail; /* see FORKEXEC_STEPS */
	uint64_t retry_flags; /* not 0: start again with these flags changed */
	uint32_t method; /* FORKEXEC_METHOD_*: what made the child, also one that failed */
	uint32_t how;    /* FORKEXEC_HOW_*: what it shared, valid after forkexec_finish() */
	int32_t seccomp_fd; /* notifications, if seccomp_flags want them: close-on-exec; else -1 */
	uint32_t padding;
};

/* forkexec_result.method: the system call; 0: there was no child. */
#define FORKEXEC_METHOD_CLONE3 1u
#define FORKEXEC_METHOD_CLONE  2u

/* forkexec_result.how. Without HOW_SHARED one of the last three says why. */
#define FORKEXEC_HOW_SHARED  1u  /* the child had the caller's memory until its execve(2) */
#define FORKEXEC_HOW_VFORK   2u  /* the caller waited in the clone, as it is traced */
#define FORKEXEC_HOW_REFUSED 4u  /* forked: the kernel, or a filter, refused to share */
#define FORKEXEC_HOW_UNSAFE  8u  /* forked: others, or the child's own steps, could reach us */
#define FORKEXEC_HOW_UNSEEN  16u /* not seen to: an emulator's copy, or it was killed at once */

/* What forkexec_finish() says about a child. */
enum forkexec_outcome {
	FORKEXEC_RUNNING,   /* it runs its program, or was killed before it could */
	FORKEXEC_FAILED,    /* at a step: see the result */
	FORKEXEC_TIMED_OUT, /* it is still on its way: call again */
	FORKEXEC_CANCELLED, /* the same, after forkexec_cancel() */
	FORKEXEC_STOPPED,   /* it waits for forkexec_continue() at ret->step (pause: ret->detail is 1) */
};

/*
 * What a process remembers from start to start: which way of cloning this kernel
 * allows, and a piece of memory. Set it to zero once, and pass it to every start;
 * threads may share it (only atomic operations touch it). Never copy it.
 */
struct forkexec_state {
	uint32_t bits; /* FORKEXEC_STATE_* */
	uint32_t reserved;
	void *work;            /* the core's own */
#if UINTPTR_MAX == 0xffffffff
	uint32_t work_padding;
#endif
	uint64_t nofile_soft;  /* for forkexec_go() with STATE_NOFILE, */
	uint64_t nofile_max;   /* see the fields of the same names */
	uint64_t nofile_raised; /* in struct forkexec_request */
	uint32_t traced_ms;    /* the core's own: when it last looked for a tracer */
	uint32_t spare32;
	uint64_t spare[2];
	uint64_t hold[24]; /* the core's own: children that forkexec_settle() looks for */
};

/* These may be set by the caller before the first start. */
#define FORKEXEC_STATE_NO_CLONE3 1u /* never call clone3(2): for filters that kill */
#define FORKEXEC_STATE_NOFILE    2u /* the nofile fields count */
/*
 * Fork where a child could share memory only while this process is non-dumpable: see
 * forkexec_settle(). For all states of a process except one: they do not know
 * about each other's children.
 */
#define FORKEXEC_STATE_NO_HOLD 4u

/*
 * forkexec_spawn - start a program and return once it runs, or has failed.
 *
 * request.work and work_size are ignored. On success ret->pid is the child's ID.
 * Returns 0, or -errno with the failure in *ret; the child has then been reaped.
 * Thread-safe. Not async-signal-safe. All signals are blocked during
 * the clone only (but see BLOCK_SIGNALS). A slow execve(2) blocks the calling thread.
 * Since 0.1.
 */
int forkexec_spawn(const struct forkexec_request *request, struct forkexec_result *ret);

/*
 * forkexec_spawnp - the same, with a search in PATH like that of execvp(3).
 *
 * A path without a slash is searched for in the directories of the calling process's PATH,
 * by trying to start it there: what the child sees counts. A program that
 * is found but may not be executed is remembered, and the search goes on; a directory that this
 * process may not search is skipped. A file without #! is not given to a shell.
 * found, of size bytes, may be NULL. It receives the path that was started, or the one that
 * failed: use it as request.path for forkexec_explain(). It is an empty string if
 * nothing of that name is in PATH, and ret->detail 1, or if the path is longer than size.
 */
int forkexec_spawnp(const struct forkexec_request *request, struct forkexec_result *ret,
		    char *found, size_t size);

/*
 * forkexec_spawn_wait - start a program and wait until it has ended.
 *
 * *status is what waitpid(2) gives, untouched if the start has failed. Returns 0, or -errno
 * with the failed step in *ret; -ECHILD without a step if other code has waited for the
 * child, or SIGCHLD is ignored. The calling thread sleeps once, until the end, and is not woken
 * at the execve. Since 0.1.
 */
int forkexec_spawn_wait(const struct forkexec_request *request, struct forkexec_result *ret,
			int *status);

/*
 * FORKEXEC_REQUEST_INIT is a request for nothing: size is set, and the child gets the
 * descriptors 0, 1 and 2 of the caller. forkexec_request_init() does the same. Set path and argv
 * next. Since 0.1.
 */
#ifdef __cplusplus
#define FORKEXEC_REQUEST_INIT forkexec_request_initial()
static inline struct forkexec_request forkexec_request_initial(void)
{
	struct forkexec_request request = forkexec_request();

	request.size = sizeof(request);
	return request;
}
#else
#define FORKEXEC_REQUEST_INIT {.size = sizeof(struct forkexec_request)}
#endif
void forkexec_request_init(struct forkexec_request *request);

/*
 * forkexec_run - forkexec_spawn() for users of the core: with the caller's state, and work
 * memory from mmap(2), of which the state keeps one piece. Since 0.1.
 */
int forkexec_run(const struct forkexec_request *request, struct forkexec_result *ret,
		 struct forkexec_state *state);

/*
 * forkexec_work_size - bytes of request.work that this request needs.
 * Returns 0 if the request's size or a count in it is out of range. Since 0.1.
 */
uint64_t forkexec_work_size(const struct forkexec_request *request);

/*
 * forkexec_start - check the request and make the child.
 *
 * Returns 0 with ret->pid set as soon as the child exists: it may not have reached its execve(2)
 * yet. Its descriptors are its own from here on, except with CLOSE_FDS: then keep those in fds[]
 * open until it has. Call forkexec_finish() next, from any thread. Returns -errno with step, err
 * and detail in *ret if there is no child; nothing is left then.
 * Thread-safe; safe in a signal handler. Since 0.1.
 */
int forkexec_start(const struct forkexec_request *request, struct forkexec_result *ret,
		   struct forkexec_state *state);

/*
 * forkexec_finish - wait until the child of forkexec_start() runs its program.
 *
 * timeout_ns is in nanoseconds; negative waits without limit.
 * Returns the outcome. FORKEXEC_RUNNING: the child has executed its program, or
 * was killed before it could; wait for it as usual. FORKEXEC_FAILED: a step failed, *ret
 * says which and why, and the child has been reaped. FORKEXEC_TIMED_OUT, or
 * FORKEXEC_CANCELLED after forkexec_cancel(): the child is still there, call again.
 * With ERRNO_PIPE a failed child counts as running and is not reaped: its errno is in the
 * pipe, and *ret has step, err and detail besides the pid.
 * Thread-safe. Since 0.1.
 */
enum forkexec_outcome forkexec_finish(const struct forkexec_request *request,
				      struct forkexec_result *ret, struct forkexec_state *state,
				      int64_t timeout_ns);

/*
 * forkexec_continue - let a child go on that waits because of FORKEXEC_STOP_CLONE,
 * FORKEXEC_STOP_EXEC or request.pause_at.
 *
 * Such a child is forked. forkexec_finish() returns FORKEXEC_STOPPED when it waits, with ret->step
 * STOP_CLONE (its ID maps are not written yet), STOP_EXEC or pause_at. Later the caller calls this,
 * with err 0, or a positive errno with which the child fails at that step; and forkexec_finish()
 * again. Call it even if you have killed the child. If the caller ends before, so does the child. At
 * a pause this has SIGSTOP stop it, until SIGCONT; so stopped, it stays when the caller ends.
 * Returns 0, or -EINVAL if it does not wait or err is negative. Thread-safe. Since 0.1.
 */
int forkexec_continue(const struct forkexec_request *request, struct forkexec_result *ret, int err);

/*
 * forkexec_settle - make this process dumpable again, if the time has come.
 *
 * If a process with effective user ID 0 and capabilities starts a child with a new user
 * namespace, or one with KEEP_DUMPABLE, they share memory only while the process is
 * non-dumpable: others could get into it through the child. It is set before the clone,
 * for the whole process. When no such child is left in its memory, it goes back to
 * what it was before the first of them, unless the IDs or capabilities of the calling
 * thread have changed since then.
 * Every start does this when it begins; forkexec_run() and those of forkexec_spawn() also once
 * the program runs. Call it after forkexec_finish() if there may be no next start.
 * Returns how many children may still be in this process's memory; with 0 it is as it was.
 * Does not wait. Thread-safe. No vfork(2) of other code may have a child with changed IDs
 * at that time; in Go, without the overlay: the caller holds ForkLock. Since 0.1.
 */
int forkexec_settle(struct forkexec_state *state);

/*
 * forkexec_cancel - make a forkexec_finish() of another thread return FORKEXEC_CANCELLED.
 *
 * work is the request's. The child is left alone; the caller may kill it.
 * Call this only while the start still owns its work memory. Since 0.1.
 */
void forkexec_cancel(void *work);

/*
 * forkexec_explain - say why a start has failed: step, object, errno, cause and cure.
 *
 * request and result are those of the failed start, unchanged. Call it soon, because it looks
 * for the cause now, from this process: paths part by part as the child would see
 * them, the #! line or the ELF loader of the program, mounts, limits, sysctls, the cgroup, who
 * has a file open. If it finds nothing, it says the sentence of forkexec_hint(). Files are
 * opened with O_PATH, and for reading only if they are regular.
 * Writes at most size bytes, always with a NUL if size is not 0. Returns the length of the
 * whole text without its NUL, as snprintf(3) does; 0 if no step has failed.
 * Thread-safe. It takes time, more so on slow file systems. Since 0.1.
 */
long forkexec_explain(const struct forkexec_request *request, const struct forkexec_result *result,
		      char *buffer, size_t size);

/*
 * forkexec_explain_as - the same, with FORKEXEC_EXPLAIN_* in flags: only cause and cure; only
 * the object (it looks for nothing then); with Go's names of the fields; with the options
 * of the command. Since 0.1.
 */
#define FORKEXEC_EXPLAIN_HINT    1u
#define FORKEXEC_EXPLAIN_OBJECT  2u
#define FORKEXEC_EXPLAIN_GO      4u
#define FORKEXEC_EXPLAIN_OPTIONS 8u
long forkexec_explain_as(const struct forkexec_request *request,
			 const struct forkexec_result *result, uint32_t flags, char *buffer,
			 uint64_t size);

/*
 * forkexec_step_name - "chdir" for FORKEXEC_STEP_CHDIR, "unknown" for others.
 * forkexec_step_syscall - the system call of a step, "" if it has none.
 * forkexec_step_field - the field or flag of the request that asks for it, "" if none.
 * forkexec_step_by_name - the step of that name, 0 if there is none.
 * forkexec_hint - usual cause and cure of a failure; NULL if none is known.
 * forkexec_errno_name - "ENOENT" for 2; NULL if it is no errno.
 * The strings are constant. In the library only, not in the core. Since 0.1.
 */
const char *forkexec_step_name(uint32_t step);
const char *forkexec_step_syscall(uint32_t step);
const char *forkexec_step_field(uint32_t step);
uint32_t forkexec_step_by_name(const char *name);
const char *forkexec_hint(uint32_t step, int32_t err);
const char *forkexec_errno_name(int32_t err);

#ifdef __cplusplus
}
#endif

#endif /* FORKEXEC_H */

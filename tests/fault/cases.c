/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cases.c - see cases.h.
 */
#include "cases.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const uint32_t groups[] = {65534, 12};
static const uint64_t caps[] = {0, 10}; /* CAP_CHOWN, CAP_NET_BIND_SERVICE */
static struct forkexec_id_map own_uid[1], own_gid[1];

static void set_plain(struct forkexec_request *r, struct world *w)
{
	(void)r;
	(void)w;
}

static void set_missing(struct forkexec_request *r, struct world *w)
{
	(void)w;
	r->path = "/does/not/exist";
}

/* All that an ordinary user may ask for at once. */
static void set_user(struct forkexec_request *r, struct world *w)
{
	static const int32_t fds[] = {1, 0, 2, -1, 1, 2}; /* both passes, each of their calls */
	struct rlimit limit;

	(void)w;
	getrlimit(RLIMIT_NOFILE, &limit);
	r->flags |= FORKEXEC_SETPGID | FORKEXEC_PIDFD | FORKEXEC_NOFILE | FORKEXEC_CLOSE_FDS |
		    FORKEXEC_PTRACE;
	r->fds = fds;
	r->n_fds = 6;
	r->dir = "/";
	r->pdeathsig = SIGKILL;
	r->nofile_soft = r->nofile_raised = limit.rlim_cur;
	r->nofile_max = limit.rlim_max;
	r->text_busy_ms = 2;
}

static void set_root(struct forkexec_request *r, struct world *w)
{
	set_user(r, w);
	r->flags |= FORKEXEC_SETSID | FORKEXEC_CREDENTIAL;
	r->flags &= ~FORKEXEC_SETPGID; /* a session leader cannot */
	r->chroot = "/";
	r->uid = r->gid = 65534;
	r->groups = groups;
	r->n_groups = 2;
	r->ambient_caps = caps;
	r->n_ambient_caps = 2;
}

static void set_setctty(struct forkexec_request *r, struct world *w)
{
	w->fds[0] = w->tty;
	w->fds[1] = 1;
	w->fds[2] = 2;
	r->fds = w->fds;
	r->flags |= FORKEXEC_SETSID | FORKEXEC_SETCTTY;
	r->ctty = 0;
}

static void set_foreground(struct forkexec_request *r, struct world *w)
{
	w->fds[0] = w->own_tty;
	w->fds[1] = 1;
	w->fds[2] = 2;
	r->fds = w->fds;
	r->flags |= FORKEXEC_FOREGROUND | FORKEXEC_NOCTTY;
	r->ctty = w->own_tty;
}

static void set_unshare(struct forkexec_request *r, struct world *w)
{
	(void)w;
	r->unshare_flags = CLONE_NEWUTS | CLONE_NEWNS;
}

static void set_maps(struct forkexec_request *r)
{
	own_uid[0] = (struct forkexec_id_map){0, geteuid(), 1};
	own_gid[0] = (struct forkexec_id_map){0, getegid(), 1};
	r->flags |= FORKEXEC_UID_MAP | FORKEXEC_GID_MAP;
	r->uid_map = own_uid;
	r->gid_map = own_gid;
	r->n_uid_map = r->n_gid_map = 1;
}

static void set_clone_user(struct forkexec_request *r, struct world *w)
{
	(void)w;
	set_maps(r);
	r->clone_flags = CLONE_NEWUSER;
}

static void set_unshare_user(struct forkexec_request *r, struct world *w)
{
	(void)w;
	set_maps(r);
	r->unshare_flags = CLONE_NEWUSER;
}

/* Where setgroups(2) is denied it must not be called: even for no groups it says EPERM. */
static void set_credential_inside(struct forkexec_request *r, struct world *w)
{
	(void)w;
	set_maps(r);
	r->clone_flags = CLONE_NEWUSER;
	r->flags |= FORKEXEC_CREDENTIAL;
	r->uid = r->gid = 0;
}

static void set_keep(struct forkexec_request *r, struct world *w)
{
	static const int32_t fds[] = {1, 0, 2, -1, -1, -1, -1, -1, -1, -1}; /* over our pipes */

	(void)w;
	r->flags |= FORKEXEC_CREDENTIAL | FORKEXEC_KEEP_DUMPABLE | FORKEXEC_BLOCK_SIGNALS;
	r->uid = r->gid = 65534;
	r->fds = fds;
	r->n_fds = 10;
}

static void set_keep_missing(struct forkexec_request *r, struct world *w)
{
	set_keep(r, w);
	r->path = "/does/not/exist";
}

static void set_quiet(struct forkexec_request *r, struct world *w)
{
	(void)w;
	r->flags |= FORKEXEC_BLOCK_SIGNALS;
	r->dir = "/";
}

/* In a new PID namespace getppid(2) says 0: the child takes its parent for dead. */
static void set_newpid(struct forkexec_request *r, struct world *w)
{
	(void)w;
	r->clone_flags = CLONE_NEWPID;
	r->pdeathsig = SIGUSR1; /* which an init without a handler ignores */
}

static void set_cgroup(struct forkexec_request *r, struct world *w)
{
	r->flags |= FORKEXEC_CGROUP_FD;
	r->cgroup_fd = w->cgroup;
}

static void set_close_fds(struct forkexec_request *r, struct world *w)
{
	(void)w;
	r->flags |= FORKEXEC_CLOSE_FDS;
}

static void set_pipe(struct forkexec_request *r, struct world *w)
{
	r->flags |= FORKEXEC_ERRNO_PIPE;
	r->errno_pipe = w->errno_pipe[1];
	r->dir = "/";
}

/* The attributes that an ordinary user may set. */
static void set_attributes(struct forkexec_request *r, struct world *w)
{
	static const struct forkexec_rlimit limits[] = {{RLIMIT_CORE, 0, 0, 0},
							{RLIMIT_NOFILE, 0, 64, 64}};
	static const struct forkexec_open opens[] = {{.path = "/dev/null", .fd = 7}};
	static const uint64_t cpus[] = {~UINT64_C(0)};
	static const struct forkexec_scheduler batch = {.size = sizeof(batch), .policy = SCHED_BATCH, .nice = 19};

	(void)w;
	r->flags |= FORKEXEC_SIGMASK | FORKEXEC_SIGDEFAULT | FORKEXEC_SIGIGNORE | FORKEXEC_NICE |
		    FORKEXEC_IOPRIO | FORKEXEC_UMASK | FORKEXEC_NO_NEW_PRIVS | FORKEXEC_PERSONALITY;
	r->sigmask = 1 << 9;
	r->sigdefault = 1 << 11;
	r->sigignore = 1 << 9;
	r->nice = 19;
	r->ioprio = 3 << 13; /* idle */
	r->umask = 077;
	r->personality = 0x0020000; /* UNAME26 */
	r->rlimits = limits;
	r->n_rlimits = 2;
	r->opens = opens;
	r->n_opens = 1;
	r->cpus = cpus;
	r->n_cpus = 1;
	r->scheduler = &batch;
}

static void set_forked_attributes(struct forkexec_request *r, struct world *w)
{
	static const struct sock_filter filter[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};

	set_attributes(r, w);
	r->flags |= FORKEXEC_OOM_SCORE_ADJ;
	r->oom_score_adj = 900;
	r->seccomp = filter;
	r->n_seccomp = 1;
}

static void set_listener(struct forkexec_request *r, struct world *w)
{
	static const struct sock_filter filter[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};

	(void)w;
	r->flags |= FORKEXEC_NO_NEW_PRIVS;
	r->seccomp = filter;
	r->n_seccomp = 1;
	r->seccomp_flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

static void set_exec_fd(struct forkexec_request *r, struct world *w)
{
	static const int32_t fds[] = {0, 1, 2, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};

	w->exec_fd = open(r->path, O_RDONLY | O_CLOEXEC);
	w->dir_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r->flags |= FORKEXEC_EXEC_FD | FORKEXEC_DIR_FD;
	r->exec_fd = w->exec_fd;
	r->dir_fd = w->dir_fd;
	r->fds = fds; /* over the program's descriptor */
	r->n_fds = 16;
}

static void set_landlock(struct forkexec_request *r, struct world *w)
{
	const uint64_t handled = 1 << 1; /* LANDLOCK_ACCESS_FS_WRITE_FILE */

	w->exec_fd = (int)syscall(444, &handled, sizeof(handled), 0);
	if (w->exec_fd < 0)
		w->reason = "no Landlock";
	fcntl(w->exec_fd, F_SETFD, FD_CLOEXEC);
	r->flags |= FORKEXEC_LANDLOCK | FORKEXEC_NO_NEW_PRIVS;
	r->landlock_fd = w->exec_fd;
}

static void set_capabilities(struct forkexec_request *r, struct world *w)
{
	(void)w;
	r->flags |= FORKEXEC_CREDENTIAL | FORKEXEC_CAP_BOUNDING | FORKEXEC_CAP_AMBIENT |
		    FORKEXEC_SECUREBITS;
	r->uid = r->gid = 65534;
	r->cap_bounding = 1 << 10 | 1 << 5;
	r->cap_ambient = 1 << 10;
	r->securebits = 1 << 6; /* SECBIT_NO_CAP_AMBIENT_RAISE */
}

static void set_all_capabilities(struct forkexec_request *r, struct world *w)
{
	set_capabilities(r, w);
	r->flags |= FORKEXEC_CAP_EFFECTIVE | FORKEXEC_CAP_PERMITTED | FORKEXEC_CAP_INHERITABLE;
	r->cap_effective = 0;
	r->cap_permitted = r->cap_inheritable = 1 << 10;
}

static void set_keyring(struct forkexec_request *r, struct world *w)
{
	if (syscall(SYS_keyctl, 0, -3, 0) < 0 && errno == ENOSYS) /* GET_KEYRING_ID, the session's */
		w->reason = "no keys";
	r->flags |= FORKEXEC_SESSION_KEYRING;
	r->session_keyring = "forkexec-fault";
}

static void set_stops(struct forkexec_request *r, struct world *w)
{
	(void)w;
	r->flags |= FORKEXEC_STOP_CLONE | FORKEXEC_STOP_EXEC;
}

static void set_pause(struct forkexec_request *r, struct world *w)
{
	static struct forkexec_trace trace;

	set_stops(r, w);
	trace.size = sizeof(trace);
	r->trace = &trace;
	r->pause_at = FORKEXEC_STEP_EXECVE;
}

static void set_setns(struct forkexec_request *r, struct world *w)
{
	static struct forkexec_namespace list[1];

	w->exec_fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	list[0].fd = w->exec_fd;
	list[0].type = CLONE_NEWUTS;
	r->namespaces = list;
	r->n_namespaces = 1;
}

#define REFUSED(m)    (1u << (8 + (m)))
#define PROVEN        (0xfu << 16)
#define PROVEN_CLONE3 (1u << 16) /* where a fork may come of it, whose report needs a pipe */
#define ALL_REFUSED   (0xfu << 8)
#define ONLY(m)       (ALL_REFUSED & ~REFUSED(m))
#define NO_CALL(n, e) {{SYS_##n, e}, {0, 0}, {0, 0}}
#define NOTHING       {{0, 0}, {0, 0}, {0, 0}}

const struct fault_case fault_cases[] = {
	{"plain", set_plain, 0, 0, 3, NOTHING, 0, 0},
	{"plain, proven", set_plain, 0, PROVEN, 3, NOTHING, 0, 0},
	{"only clone", set_plain, 0, ONLY(VIEW_CLONE), 1, NOTHING, 0, 0},
	{"only clone, proven", set_plain, 0, ONLY(VIEW_CLONE) | PROVEN, 1, NOTHING, 0, 0},
	{"only fork", set_plain, 0, ONLY(VIEW_FORK), 1, NOTHING, 0, 0},
	{"no clone3", set_plain, 0, 0, 2, NO_CALL(clone3, ENOSYS), 0, 0},
	{"clone3 not allowed", set_plain, 0, FORKEXEC_STATE_NO_CLONE3, 3, NOTHING, 0, 0},
	{"user", set_user, TEXT_BUSY | CLOSES, 0, 3, NOTHING, 0, 0},
	{"user, clone", set_user, WITH_PIDFD | TEXT_BUSY | CLOSES, ONLY(VIEW_CLONE), 1, NOTHING, 0, 0},
	{"user, fork", set_user, WITH_PIDFD | TEXT_BUSY | CLOSES, ONLY(VIEW_FORK), 1, NOTHING, 0, 0},
	{"root", set_root, NEEDS_ROOT | TEXT_BUSY | CLOSES, 0, 3, NOTHING, 0, 0},
	/* With fork left: an unreadable fs.suid_dumpable forbids the others. */
	{"root, clone", set_root, NEEDS_ROOT | TEXT_BUSY | CLOSES,
	 (ONLY(VIEW_CLONE) & ~REFUSED(VIEW_FORK)) | PROVEN, 2, NOTHING, 0, 0},
	{"root, fork", set_root, NEEDS_ROOT | TEXT_BUSY | CLOSES | WITH_PIDFD, ONLY(VIEW_FORK), 1, NOTHING,
	 0, 0},
	{"setctty", set_setctty, NEEDS_TTY, 0, 3, NOTHING, 0, 0},
	{"foreground", set_foreground, NEEDS_OWN_TTY, 0, 3, NOTHING, 0, 0},
	{"foreground, fork", set_foreground, NEEDS_OWN_TTY, ONLY(VIEW_FORK), 1, NOTHING, 0, 0},
	{"unshare", set_unshare, NEEDS_ROOT, 0, 3, NOTHING, 0, 0},
	{"maps by clone", set_clone_user, MAY_BE_DENIED | HELD, 0, 2, NOTHING, 0, 0},
	{"maps by clone, fork", set_clone_user, MAY_BE_DENIED, ONLY(VIEW_FORK), 1, NOTHING, 0, 0},
	{"maps by unshare", set_unshare_user, MAY_BE_DENIED | HELD, 0, 2, NOTHING, 0, 0},
	{"maps by unshare, proven", set_unshare_user, MAY_BE_DENIED | HELD, PROVEN_CLONE3, 2,
	 NOTHING, 0, 0},
	{"credential inside", set_credential_inside, MAY_BE_DENIED | HELD, 0, 2, NOTHING, 0, 0},
	{"keep dumpable", set_keep, NEEDS_ROOT | HELD, 0, 2, NOTHING, 0, 0},
	{"keep dumpable, proven", set_keep, NEEDS_ROOT | HELD, PROVEN_CLONE3, 2, NOTHING, 0, 0},
	{"keep dumpable, missing program", set_keep_missing, NEEDS_ROOT | HELD, PROVEN_CLONE3, 2,
	 NOTHING, FORKEXEC_STEP_EXECVE, ENOENT},
	{"signals blocked", set_quiet, 0, 0, 3, NOTHING, 0, 0},
	{"signals blocked, proven", set_quiet, 0, PROVEN, 3, NOTHING, 0, 0},
	{"signals blocked, clone", set_quiet, 0, ONLY(VIEW_CLONE) | PROVEN, 1, NOTHING, 0, 0},
	{"new pid namespace", set_newpid, NEEDS_ROOT, 0, 3, NOTHING, 0, 0},
	{"cgroup", set_cgroup, NEEDS_ROOT | NEEDS_CGROUP, 0, 1, NOTHING, 0, 0},
	{"attributes", set_attributes, LIMITS, 0, 3, NOTHING, 0, 0},
	{"attributes, fork", set_attributes, LIMITS, ONLY(VIEW_FORK), 1, NOTHING, 0, 0},
	{"attributes of a forked child", set_forked_attributes, LIMITS, 0, 2, NOTHING, 0, 0},
	{"descriptors of program and directory", set_exec_fd, 0, 0, 3, NOTHING, 0, 0},
	{"seccomp with notifications", set_listener, LISTENS, 0, 2, NOTHING, 0, 0},
	{"landlock", set_landlock, 0, 0, 3, NOTHING, 0, 0},
	{"capabilities", set_capabilities, NEEDS_ROOT | BOUNDS, 0, 3, NOTHING, 0, 0},
	{"all capabilities", set_all_capabilities, NEEDS_ROOT | BOUNDS, 0, 2, NOTHING, 0, 0},
	{"session keyring", set_keyring, 0, 0, 3, NOTHING, 0, 0},
	{"stops", set_stops, STOPS, 0, 2, NOTHING, 0, 0},
	{"stops, fork", set_stops, STOPS, ONLY(VIEW_FORK), 1, NOTHING, 0, 0},
	{"pause", set_pause, STOPS, 0, 2, NOTHING, 0, 0},
	{"join a namespace", set_setns, NEEDS_ROOT, 0, 3, NOTHING, 0, 0},
	{"close fds", set_close_fds, CLOSES, 0, 3, NOTHING, 0, 0},
	{"no close_range", set_close_fds, CLOSES, 0, 3, NO_CALL(close_range, ENOSYS), 0, 0},
	{"errno pipe", set_pipe, NEEDS_PIPE, 0, 3, NOTHING, 0, 0},
	{"errno pipe, fork", set_pipe, NEEDS_PIPE, ONLY(VIEW_FORK), 1, NOTHING, 0, 0},
	{"Go frame, pipe", set_pipe, NEEDS_PIPE | GO_FRAME, 0, 3, NOTHING, 0, 0},
	{"Go frame", set_plain, GO_FRAME, 0, 3, NOTHING, 0, 0},
	{"missing program", set_missing, 0, 0, 3, NOTHING, FORKEXEC_STEP_EXECVE, ENOENT},
	{"missing program, fork", set_missing, 0, ONLY(VIEW_FORK), 1, NOTHING,
	 FORKEXEC_STEP_EXECVE, ENOENT},
	/* Errnos that could be taken for something else. */
	{"program: ETIMEDOUT", set_plain, 0, 0, 3, NO_CALL(execve, ETIMEDOUT), FORKEXEC_STEP_EXECVE,
	 ETIMEDOUT},
	{"program: ECANCELED", set_plain, 0, PROVEN, 3, NO_CALL(execve, ECANCELED),
	 FORKEXEC_STEP_EXECVE, ECANCELED},
	{"program: EINTR", set_plain, 0, PROVEN, 3, NO_CALL(execve, EINTR), FORKEXEC_STEP_EXECVE,
	 EINTR},
	{"program: EPERM", set_plain, 0, 0, 3, NO_CALL(execve, EPERM), FORKEXEC_STEP_EXECVE, EPERM},
	/* The wait must not trust a futex or a waitid that fails. */
	{"futex times out", set_missing, 0, PROVEN, 3, NO_CALL(futex, ETIMEDOUT),
	 FORKEXEC_STEP_EXECVE, ENOENT},
	{"no futex", set_missing, 0, PROVEN, 3, NO_CALL(futex, ENOSYS), FORKEXEC_STEP_EXECVE,
	 ENOENT},
	{"futex times out, no waitid", set_missing, 0, PROVEN, 3,
	 {{SYS_futex, ETIMEDOUT}, {SYS_waitid, ENOSYS}, {0, 0}}, FORKEXEC_STEP_EXECVE, ENOENT},
};

const size_t n_fault_cases = sizeof(fault_cases) / sizeof(fault_cases[0]);

static void open_tty(struct world *w)
{
	int lock = 0, number;
	char path[32];

	w->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (w->master < 0 || ioctl(w->master, TIOCSPTLCK, &lock) ||
	    ioctl(w->master, TIOCGPTN, &number)) {
		w->reason = "no pseudo terminals";
		return;
	}
	snprintf(path, sizeof(path), "/dev/pts/%d", number);
	w->tty = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (w->tty < 0)
		w->reason = "cannot open a pseudo terminal";
}

static char cgroup_path[96];

/* A fresh one: those that something was killed in have killed newcomers (Linux 6.18). */
static void make_cgroup(struct world *w)
{
	static const char *const roots[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	char path[64];
	size_t i;

	w->reason = "no writable cgroup v2";
	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/cgroup.procs", roots[i]);
		if (access(path, W_OK))
			continue;
		snprintf(cgroup_path, sizeof(cgroup_path), "%s/forkexec-fault-%d", roots[i],
			 getpid());
		if (mkdir(cgroup_path, 0755))
			continue;
		w->cgroup = open(cgroup_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		w->reason = NULL;
		return;
	}
}

void world_enter(struct world *w, const struct fault_case *c)
{
	memset(w, 0, sizeof(*w));
	w->master = w->tty = w->own_tty = w->cgroup = w->errno_pipe[0] = w->errno_pipe[1] = -1;
	if (c->needs & NEEDS_ROOT && geteuid() != 0) {
		w->reason = "not root";
		return;
	}
	if (c->needs & NEEDS_CGROUP)
		make_cgroup(w);
	if (c->needs & NEEDS_OWN_TTY) {
		open_tty(w);
		w->own_tty = w->tty;
		if (w->reason)
			return;
		if (setsid() < 0 || ioctl(w->tty, TIOCSCTTY, 0))
			w->reason = "cannot take a controlling terminal";
	}
}

void world_make(struct world *w, const struct fault_case *c)
{
	if (c->needs & NEEDS_TTY)
		open_tty(w); /* its last session leader's end has hung the old one up */
	if (c->needs & NEEDS_PIPE)
		CHECK_EQ(pipe2(w->errno_pipe, O_CLOEXEC | O_NONBLOCK), 0);
}

void world_drop(struct world *w)
{
	if (w->tty >= 0 && w->tty != w->own_tty) {
		close(w->tty);
		close(w->master);
		w->tty = w->master = -1;
	}
	if (w->exec_fd > 0)
		close(w->exec_fd);
	if (w->dir_fd > 0)
		close(w->dir_fd);
	w->exec_fd = w->dir_fd = 0;
	if (w->errno_pipe[0] >= 0) {
		close(w->errno_pipe[0]);
		close(w->errno_pipe[1]);
		w->errno_pipe[0] = w->errno_pipe[1] = -1;
	}
}

void world_leave(struct world *w)
{
	if (w->cgroup >= 0) {
		close(w->cgroup);
		rmdir(cgroup_path);
	}
}

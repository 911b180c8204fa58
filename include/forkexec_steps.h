/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * forkexec_steps.h - the steps of a start. Included by forkexec.h.
 */
#ifndef FORKEXEC_STEPS_H
#define FORKEXEC_STEPS_H

/*
 * Every step that can fail, once, in the order in which a start takes them, which is not
 * that of their ids:
 * X(id, NAME, "name", "system call", "field or flag of the request").
 * Ids are part of the ABI: append only, a retired id stays reserved. The enum
 * below, the C names and explanations (step.c), the Go constants, the man page
 * table and the fault-injection test are all made from this list.
 *
 * The comment at a step says what forkexec_result.detail means for it.
 */
#define FORKEXEC_STEPS(X)                                                                          \
	/* Before the clone, in the parent. */                                                     \
	X(1, REQUEST, "request", "", "") /* offset of the field in the request */                  \
	X(2, SIGMASK, "sigmask", "rt_sigprocmask", "") /* 0 */                                     \
	X(3, PIPE, "pipe", "pipe2", "") /* 0 */                                                    \
	X(4, CLONE, "clone", "clone3", "clone_flags") /* the flags asked for or refused */         \
	X(5, WAIT, "wait", "futex", "") /* 0 */                                                    \
	/* In the child, in this order. */                                                         \
	X(6, KEEPCAPS, "keepcaps", "prctl", "ambient_caps") /* 0 */                                \
	X(53, STOP_CLONE, "stop after clone", "read", "FORKEXEC_STOP_CLONE")                       \
	  /* number of bytes read */                                                               \
	X(7, IDMAP_SYNC, "id map sync", "read", "uid_map") /* number of bytes read */              \
	X(8, SETSID, "setsid", "setsid", "FORKEXEC_SETSID") /* 0 */                                \
	X(9, SETPGID, "setpgid", "setpgid", "pgid") /* process group */                            \
	X(10, FOREGROUND, "foreground", "ioctl", "FORKEXEC_FOREGROUND") /* ctty */                 \
	X(11, SIGACTION, "sigaction", "rt_sigaction", "") /* signal */                             \
	X(35, SIGNAL_DEFAULT, "signal default", "rt_sigaction", "sigdefault") /* signal */         \
	X(36, SIGNAL_IGNORE, "signal ignore", "rt_sigaction", "sigignore") /* signal */            \
	/* What needs privilege over the system, before that may be given up. */                   \
	X(37, OOM_SCORE_ADJ, "oom_score_adj", "write", "oom_score_adj") /* the score */            \
	X(38, RLIMIT, "rlimit", "prlimit64", "rlimits") /* index in rlimits */                     \
	X(40, SCHEDULER, "scheduler", "sched_setattr", "scheduler") /* the policy */               \
	X(39, NICE, "nice", "setpriority", "nice") /* the nice value */                            \
	X(41, AFFINITY, "affinity", "sched_setaffinity", "cpus") /* 0 */                           \
	X(42, IOPRIO, "ioprio", "ioprio_set", "ioprio") /* the priority */                         \
	X(43, UMASK, "umask", "umask", "umask") /* the mask */                                     \
	X(55, PERSONALITY, "personality", "personality", "personality") /* the personality */      \
	X(44, SETNS, "setns", "setns", "namespaces") /* index in namespaces */                     \
	X(12, UNSHARE, "unshare", "unshare", "unshare_flags") /* flags */                          \
	X(13, PROC_SETGROUPS, "proc setgroups", "write", "FORKEXEC_GID_SETGROUPS") /* 0 */         \
	X(14, GID_MAP, "gid_map", "write", "gid_map") /* number of maps */                         \
	X(15, UID_MAP, "uid_map", "write", "uid_map") /* number of maps */                         \
	X(16, MOUNT_PRIVATE, "mount private", "mount", "unshare_flags") /* 0 */                    \
	X(17, CHROOT, "chroot", "chroot", "chroot") /* 0 */                                        \
	X(18, SETGROUPS, "setgroups", "setgroups", "groups") /* number of groups */                \
	X(19, SETGID, "setgid", "setgid", "gid") /* group ID */                                    \
	X(20, SETUID, "setuid", "setuid", "uid") /* user ID */                                     \
	X(21, CAPGET, "capget", "capget", "ambient_caps") /* 0 */                                  \
	X(22, CAPSET, "capset", "capset", "ambient_caps") /* 0 */                                  \
	X(23, AMBIENT, "ambient capability", "prctl", "ambient_caps") /* capability */             \
	X(45, BOUNDING, "bounding set", "prctl", "cap_bounding") /* capability */                  \
	X(46, SECUREBITS, "securebits", "prctl", "securebits") /* the bits */                      \
	X(47, CAPABILITIES, "capabilities", "capset", "cap_permitted") /* 0 */                     \
	X(56, SESSION_KEYRING, "session keyring", "keyctl", "session_keyring") /* 0 */             \
	X(48, FCHDIR, "fchdir", "fchdir", "dir_fd") /* descriptor */                               \
	X(24, CHDIR, "chdir", "chdir", "dir") /* 0 */                                              \
	X(25, PDEATHSIG, "pdeathsig", "prctl", "pdeathsig") /* signal */                           \
	X(26, PDEATHSIG_KILL, "pdeathsig kill", "kill", "pdeathsig") /* signal */                  \
	X(27, FD_MOVE, "move descriptor", "fcntl", "fds") /* index in fds */                       \
	X(28, FD_DUP, "duplicate descriptor", "dup3", "fds") /* index in fds */                    \
	X(29, CLOSE_FDS, "close descriptors", "close_range", "FORKEXEC_CLOSE_FDS")                 \
	  /* first one closed */                                                                   \
	X(49, OPEN, "open", "openat", "opens") /* index in opens */                                \
	X(30, NOCTTY, "noctty", "ioctl", "FORKEXEC_NOCTTY") /* 0 */                                \
	X(31, SETCTTY, "setctty", "ioctl", "FORKEXEC_SETCTTY") /* ctty */                          \
	X(32, NOFILE, "nofile", "prlimit64", "") /* never reported */                              \
	X(33, PTRACE, "ptrace", "ptrace", "FORKEXEC_PTRACE") /* 0 */                               \
	X(50, NO_NEW_PRIVS, "no_new_privs", "prctl", "FORKEXEC_NO_NEW_PRIVS") /* 0 */              \
	X(51, LANDLOCK, "landlock", "landlock_restrict_self", "landlock_fd") /* descriptor */      \
	X(54, STOP_EXEC, "stop before exec", "read", "FORKEXEC_STOP_EXEC")                         \
	  /* number of bytes read */                                                               \
	X(52, SECCOMP, "seccomp", "seccomp", "seccomp") /* flags */                                \
	X(34, EXECVE, "execve", "execve", "path") /* 0; 1: PATH has no such program */

enum forkexec_step {
	FORKEXEC_STEP_NONE = 0, /* nothing failed */
#define FORKEXEC_STEP_ENUM(id, NAME, name, syscall, field) FORKEXEC_STEP_##NAME = id,
	FORKEXEC_STEPS(FORKEXEC_STEP_ENUM)
#undef FORKEXEC_STEP_ENUM
};

#endif /* FORKEXEC_STEPS_H */

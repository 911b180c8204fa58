/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hints.h - what a failed step usually means and what cures it, once, for C
 * (forkexec_hint), Go (Error.Hint) and the command. Where one errno has several
 * causes explain.c looks for the one, and this is what is said if it finds none.
 *
 * FORKEXEC_HINTS(X, F): X(STEP, ERRNO, "text"); ANY matches every errno of the step
 * and stands behind the rows that name one. Text: cause first, then the cure, short. No
 * two rows have the same text. F(field) is the field of the request that the text is
 * about, so that each reader is told his own name of it:
 *
 * FORKEXEC_WORDS(X): X("name in C", "name in Go", "option of the command"). In the texts
 * of explain*.c such a name stands in braces.
 */
#ifndef FORKEXEC_HINTS_H
#define FORKEXEC_HINTS_H

/* Keep sorted. */
#define FORKEXEC_WORDS(X)                                                                          \
	X("CLONE_NEWUSER", "CLONE_NEWUSER", "user")                                                \
	X("FORKEXEC_CGROUP_FD", "UseCgroupFD", "--cgroup")                                         \
	X("FORKEXEC_CLOSE_FDS", "CloseFDs", "--close-fds")                                         \
	X("FORKEXEC_CREDENTIAL", "Credential", "--uid")                                            \
	X("FORKEXEC_FOREGROUND", "Foreground", "--foreground")                                     \
	X("FORKEXEC_GID_MAP", "GidMappings", "--gid-map")                                          \
	X("FORKEXEC_GID_SETGROUPS", "GidMappingsEnableSetgroups", "--setgroups allow")             \
	X("FORKEXEC_KEEP_DUMPABLE", "KeepDumpable", "")                                            \
	X("FORKEXEC_NOCTTY", "Noctty", "--noctty")                                                 \
	X("FORKEXEC_NO_NEW_PRIVS", "NoNewPrivs", "--no-new-privs")                                 \
	X("FORKEXEC_NO_SETGROUPS", "Credential.NoSetGroups", "--no-setgroups")                     \
	X("FORKEXEC_PTRACE", "Ptrace", "--ptrace")                                                 \
	X("FORKEXEC_SETCTTY", "Setctty", "--setctty")                                              \
	X("FORKEXEC_SETPGID", "Setpgid", "--setpgid")                                              \
	X("FORKEXEC_SETSID", "Setsid", "--setsid")                                                 \
	X("FORKEXEC_STOP_CLONE", "OnClone", "--on-clone")                                          \
	X("FORKEXEC_STOP_EXEC", "OnExec", "--on-exec")                                             \
	X("FORKEXEC_UID_MAP", "UidMappings", "--uid-map")                                          \
	X("ambient_caps", "AmbientCaps", "--ambient-caps")                                         \
	X("argv", "argv", "ARG")                                                                   \
	X("cap_ambient", "Capabilities.Ambient", "--ambient-caps")                                 \
	X("cap_bounding", "Capabilities.Bounding", "--bounding-caps")                              \
	X("cap_effective", "Capabilities.Effective", "--caps")                                     \
	X("cap_inheritable", "Capabilities.Inheritable", "--inheritable-caps")                     \
	X("cap_permitted", "Capabilities", "--caps")                                               \
	X("cgroup_fd", "CgroupFD", "--cgroup")                                                     \
	X("chroot", "Chroot", "--chroot")                                                          \
	X("clone_flags", "Cloneflags", "--clone")                                                  \
	X("cpus", "CPUs", "--affinity")                                                            \
	X("ctty", "Ctty", "--ctty")                                                                \
	X("dir", "Dir", "--dir")                                                                   \
	X("dir_fd", "DirFD", "--dir-fd")                                                           \
	X("envp", "Env", "--env")                                                                  \
	X("exec_fd", "ExecFD", "--exec-fd")                                                        \
	X("fds", "Files", "--fd")                                                                  \
	X("gid", "Credential.Gid", "--gid")                                                        \
	X("gid_map", "GidMappings", "--gid-map")                                                   \
	X("groups", "Credential.Groups", "--groups")                                               \
	X("ioprio", "IOPriority", "--ioprio")                                                      \
	X("landlock_fd", "Landlock", "--landlock")                                                 \
	X("landlock_flags", "Landlock", "--landlock-flags")                                        \
	X("namespaces", "Namespaces", "--setns")                                                   \
	X("nice", "Nice", "--nice")                                                                \
	X("oom_score_adj", "OOMScoreAdj", "--oom-score-adj")                                       \
	X("opens", "Open", "--open")                                                               \
	X("path", "argv0", "PROGRAM")                                                              \
	X("pause_at", "PauseAt", "--pause-at")                                                     \
	X("pdeathsig", "Pdeathsig", "--pdeathsig")                                                 \
	X("personality", "Personality", "--personality")                                           \
	X("pgid", "Pgid", "--setpgid")                                                             \
	X("rlimits", "Rlimits", "--rlimit")                                                        \
	X("scheduler", "Scheduler", "--sched")                                                     \
	X("seccomp", "Seccomp", "--seccomp")                                                       \
	X("seccomp_flags", "Seccomp.Flags", "--seccomp-flags")                                     \
	X("securebits", "Securebits", "--securebits")                                              \
	X("session_keyring", "SessionKeyring", "--session-keyring")                                \
	X("sigdefault", "SignalDefault", "--sigdefault")                                           \
	X("sigignore", "SignalIgnore", "--sigignore")                                              \
	X("sigmask", "SignalMask", "--sigmask")                                                    \
	X("text_busy_ms", "TextBusyTimeout", "--text-busy")                                        \
	X("uid", "Credential.Uid", "--uid")                                                        \
	X("uid_map", "UidMappings", "--uid-map")                                                   \
	X("umask", "Umask", "--umask")                                                             \
	X("unshare_flags", "Unshareflags", "--unshare")

#define FORKEXEC_HINTS(X, F)                                                                       \
	X(REQUEST, EINVAL,                                                                         \
	  "The request is malformed: a field has a value that means nothing. Nothing was started.") \
	X(REQUEST, ENOSYS,                                                                         \
	  "What the request asks for is not possible on this path. Nothing was started.")          \
	X(REQUEST, ENOMEM, "There was no memory for the start itself.")                            \
	X(SIGMASK, ANY, "A seccomp filter refuses rt_sigprocmask(2); allow it.")                   \
	X(PIPE, EMFILE,                                                                            \
	  "The process has no free descriptor left. Close some, or raise RLIMIT_NOFILE.")          \
	X(PIPE, ENFILE,                                                                            \
	  "The system's table of open files is full. Close files, or raise fs.file-max.")          \
	X(PIPE, ANY, "pipe2(2) is refused, perhaps by a seccomp filter; allow it.")                \
	X(CLONE, EAGAIN,                                                                           \
	  "A limit on processes was reached: RLIMIT_NPROC of this user, pids.max of the cgroup "   \
	  "or kernel.threads-max. Raise it, or end processes.")                                    \
	X(CLONE, ENOMEM,                                                                           \
	  "The kernel had no memory for the child, or its PID namespace is dead because its init " \
	  "has ended.")                                                                            \
	X(CLONE, EPERM,                                                                            \
	  "Creating namespaces needs cap_sys_admin, or CLONE_NEWUSER with them; a seccomp "        \
	  "filter, a sysctl or AppArmor may forbid user namespaces, too.")                         \
	X(CLONE, EINVAL,                                                                           \
	  F(clone_flags) " holds a flag that would share the parent's state with the child or "    \
	  "that this kernel does not know. Leave it out.")                                         \
	X(CLONE, ENOSPC,                                                                           \
	  "A limit on the number or on the nesting of namespaces was reached "                     \
	  "(user.max_*_namespaces). Raise it.")                                                    \
	X(CLONE, EUSERS, "User namespaces are nested too deeply: 32 levels are allowed.")          \
	X(CLONE, EMFILE,                                                                           \
	  "The process has no free descriptor for the pidfd. Close some, or raise RLIMIT_NOFILE.") \
	X(CLONE, ENFILE,                                                                           \
	  "The system's table of open files has no room for the pidfd. Close files, or raise "     \
	  "fs.file-max.")                                                                          \
	X(CLONE, EBADF,                                                                            \
	  F(cgroup_fd) " is not an open descriptor of a cgroup v2 directory. Open one.")           \
	X(CLONE, EBUSY,                                                                            \
	  "The cgroup has controllers enabled for its children, so it cannot hold processes "      \
	  "itself. Use a child of it, or empty its cgroup.subtree_control.")                       \
	X(CLONE, EACCES,                                                                           \
	  "This user may not write cgroup.procs of the cgroup, or of the one that has both the "   \
	  "old and the new one below it. Delegate it to the user.")                                \
	X(CLONE, ENOENT, "The cgroup was removed in the meantime.")                                \
	X(CLONE, ENODEV, "The cgroup has been removed. Make it again.")                            \
	X(CLONE, ENOSYS,                                                                           \
	  F(FORKEXEC_CGROUP_FD) " and CLONE_NEWTIME need clone3(2), which this kernel or its "     \
	  "seccomp filter refuses.")                                                               \
	X(CLONE, EOPNOTSUPP,                                                                       \
	  "The cgroup is of type \"domain invalid\" (cgroup.type), which holds no process. Write " \
	  "\"threaded\" to that file, or use another cgroup.")                                     \
	X(WAIT, ETIMEDOUT,                                                                         \
	  "The child has not come to its execve: something on its way does not answer.")           \
	X(KEEPCAPS, EPERM, "The securebits lock SECBIT_KEEP_CAPS.")                                \
	X(IDMAP_SYNC, EINVAL, "The parent died before the ID maps were written.")                  \
	X(SETSID, EPERM, "The child leads a process group already.")                               \
	X(SETPGID, EPERM,                                                                          \
	  F(pgid) " is not a process group of the child's session, or " F(FORKEXEC_SETSID)         \
	  " has made the child a session leader, which has its own. Use one of the two.")          \
	X(SETPGID, EINVAL, F(pgid) " is negative. Use 0 for a group of the child's own.")                                                \
	X(SETPGID, ESRCH, F(pgid) " names no process group. Use 0 for a new one.")                 \
	X(FOREGROUND, ENOTTY,                                                                      \
	  "The terminal of " F(ctty) " is not the controlling terminal of the child's session.")   \
	X(FOREGROUND, EBADF,                                                                       \
	  "With " F(FORKEXEC_FOREGROUND) ", " F(ctty) " is a descriptor of the parent, and this "  \
	  "one is not open.")                                                                      \
	X(FOREGROUND, EPERM, "The process group is not one of the terminal's session.")            \
	X(UNSHARE, EPERM,                                                                          \
	  "Unsharing a namespace needs cap_sys_admin, or CLONE_NEWUSER with it in "                \
	  F(unshare_flags) ".")                                                                    \
	X(UNSHARE, EINVAL,                                                                         \
	  F(unshare_flags) " holds a flag that unshare(2) does not know on this kernel, or that "  \
	  "needs a process without other threads.")                                                \
	X(UNSHARE, ENOSPC,                                                                         \
	  "unshare(2) met a limit on the number or on the nesting of namespaces "                  \
	  "(user.max_*_namespaces). Raise it.")                                                    \
	X(PROC_SETGROUPS, EPERM,                                                                   \
	  "With " F(unshare_flags) " the child may not allow setgroups(2) itself: leave "          \
	  F(FORKEXEC_GID_SETGROUPS) " out, or use " F(clone_flags) ".")                            \
	X(PROC_SETGROUPS, ENOENT, "/proc is not mounted, so setgroups(2) cannot be denied.")       \
	X(GID_MAP, EPERM,                                                                          \
	  "The map is more than its writer may grant: without cap_setgid in the parent namespace " \
	  "only one line, with one's own group ID, is allowed, and only without "                  \
	  F(FORKEXEC_GID_SETGROUPS) ". See user_namespaces(7).")                                   \
	X(GID_MAP, EINVAL,                                                                         \
	  F(gid_map) " is empty, overlaps, has more than 340 lines or is used without "            \
	  "CLONE_NEWUSER.")                                                                        \
	X(GID_MAP, ENOENT, "/proc is not mounted, so the gid_map cannot be written.")              \
	X(UID_MAP, EPERM,                                                                          \
	  "The map is more than its writer may grant: without cap_setuid in the parent namespace " \
	  "only one line, with one's own user ID, is allowed. See user_namespaces(7).")            \
	X(UID_MAP, EINVAL,                                                                         \
	  F(uid_map) " is empty, overlaps, has more than 340 lines or is used without "            \
	  "CLONE_NEWUSER.")                                                                        \
	X(UID_MAP, ENOENT, "/proc is not mounted, so the uid_map cannot be written.")              \
	X(MOUNT_PRIVATE, ANY,                                                                      \
	  "The mounts of the new namespace cannot be made private; a security module may forbid "  \
	  "mount(2).")                                                                             \
	X(CHROOT, EPERM, "chroot(2) needs cap_sys_chroot. Start as root, or in a new user "        \
			 "namespace.")                                                             \
	X(CHROOT, ENOENT, "The directory " F(chroot) " does not exist.")                           \
	X(CHROOT, EACCES, "A directory on the way to " F(chroot) " may not be searched.")          \
	X(CHROOT, ENOTDIR, F(chroot) ", or a part of it, is not a directory.")                     \
	X(CHROOT, ELOOP, F(chroot) " goes through too many symbolic links.")                       \
	X(CHROOT, EFAULT, "The pointer " F(chroot) " leads nowhere.")                              \
	X(SETGROUPS, EPERM,                                                                        \
	  "Setting supplementary groups needs cap_setgid; in a user namespace setgroups(2) may "   \
	  "be denied for good. Set " F(FORKEXEC_NO_SETGROUPS) " to keep the groups.")              \
	X(SETGROUPS, EINVAL,                                                                       \
	  F(groups) " has more than the kernel allows (65536), or one that is not mapped in the "  \
	  "user namespace.")                                                                       \
	X(SETGROUPS, EFAULT, "The list " F(groups) " leads nowhere, or ends too soon.")            \
	X(SETGID, EPERM, "Changing the group ID needs cap_setgid. Start as root.")                 \
	X(SETGID, EINVAL, "The group ID is not mapped in the child's user namespace.")             \
	X(SETUID, EPERM, "Changing the user ID needs cap_setuid. Start as root.")                  \
	X(SETUID, EINVAL, "The user ID is not mapped in the child's user namespace.")              \
	X(SETUID, EAGAIN, "RLIMIT_NPROC of the new user is reached. Raise it.")                    \
	X(CAPSET, EPERM,                                                                           \
	  "A capability of " F(ambient_caps) ", or an inheritable one, is not in the caller's "    \
	  "permitted set, or not in the bounding set.")                                            \
	X(AMBIENT, EINVAL, "The capability does not exist on this kernel.")                        \
	X(AMBIENT, EPERM,                                                                          \
	  "The capability is not both permitted and inheritable, or securebits forbid ambient "    \
	  "capabilities.")                                                                         \
	X(CHDIR, ENOENT, "The directory of " F(dir) " does not exist where the child looks for it.") \
	X(CHDIR, EACCES, "The child's user may not search the working directory " F(dir) ".")      \
	X(CHDIR, ENOTDIR, F(dir) ", or a part of it, is not a directory.")                         \
	X(CHDIR, ELOOP, F(dir) " goes through too many symbolic links.")                           \
	X(CHDIR, EFAULT, "The pointer " F(dir) " leads nowhere.")                                  \
	X(PDEATHSIG, EINVAL, F(pdeathsig) " is not a signal number (1 to 64).")                    \
	X(FD_MOVE, EBADF, "An entry of " F(fds) " names a descriptor that the parent does not "    \
			  "have open.")                                                            \
	X(FD_MOVE, EMFILE, "The child has no free descriptor left. Raise RLIMIT_NOFILE.")          \
	X(FD_DUP, EBADF,                                                                           \
	  "An entry of " F(fds) " is not an open descriptor of the parent, or its index is "       \
	  "beyond RLIMIT_NOFILE.")                                                                 \
	X(CLOSE_FDS, ENOSYS,                                                                       \
	  F(FORKEXEC_CLOSE_FDS) " is not possible on this path.")                                  \
	X(CLOSE_FDS, ENOENT,                                                                       \
	  "close_range(2) is refused, and /proc, the other way to list the descriptors, is not "   \
	  "mounted.")                                                                              \
	X(NOCTTY, ENOTTY,                                                                          \
	  "Descriptor 0 is not the child's controlling terminal, so there is none to give up.")    \
	X(SETCTTY, EPERM,                                                                          \
	  "Only a session leader without a terminal may take one: set " F(FORKEXEC_SETSID) ". "    \
	  "The terminal may also belong to another session.")                                      \
	X(SETCTTY, ENOTTY,                                                                         \
	  F(ctty) " is a descriptor of the child, an index into " F(fds) ", and that file is not " \
	  "a terminal.")                                                                           \
	X(SETCTTY, EBADF, F(ctty) " is not an open descriptor of the child.")                      \
	X(PTRACE, EPERM, "The child is traced already, or ptrace(2) is forbidden.")                \
	X(STOP_CLONE, ANY,                                                                         \
	  F(FORKEXEC_STOP_CLONE) ", or a helper that writes the ID maps, has returned an error.")  \
	X(STOP_EXEC, ANY,                                                                          \
	  F(FORKEXEC_STOP_EXEC) " has returned an error.")                                         \
	X(OOM_SCORE_ADJ, EACCES,                                                                   \
	  "A score below the one that the process was given needs "                                \
	  "cap_sys_resource; or the file belongs to root because the caller is not "               \
	  "dumpable.")                                                                             \
	X(OOM_SCORE_ADJ, EINVAL,                                                                   \
	  "The score is not between -1000 and 1000.")                                              \
	X(OOM_SCORE_ADJ, ENOENT,                                                                   \
	  "/proc is not mounted where the child looks for it.")                                    \
	X(RLIMIT, EPERM,                                                                           \
	  "Raising a hard limit needs cap_sys_resource; RLIMIT_NOFILE cannot be "                  \
	  "above fs.nr_open.")                                                                     \
	X(RLIMIT, EINVAL,                                                                          \
	  "No such resource, or the soft limit is above the hard one.")                            \
	X(NICE, EACCES,                                                                            \
	  "A lower nice value needs cap_sys_nice or a higher RLIMIT_NICE.")                        \
	X(NICE, EINVAL,                                                                            \
	  F(nice) " is not between -20 and 19.")                                                   \
	X(SCHEDULER, EPERM,                                                                        \
	  "A real-time or deadline policy needs cap_sys_nice or RLIMIT_RTPRIO; "                   \
	  "with a deadline, " F(cpus) " must be all of the root domain.")                          \
	X(SCHEDULER, EINVAL,                                                                       \
	  "There is no such policy, or it does not take this priority, nice value or times.")      \
	X(SCHEDULER, EBUSY,                                                                        \
	  "The processors have no room for another deadline.")                                     \
	X(AFFINITY, EINVAL,                                                                        \
	  "None of the " F(cpus) " is online and in the child's cpuset.")                          \
	X(AFFINITY, EFAULT, "The list " F(cpus) " leads nowhere, or ends too soon.")               \
	X(IOPRIO, EPERM,                                                                           \
	  "The real-time class needs cap_sys_admin or cap_sys_nice.")                              \
	X(IOPRIO, EINVAL,                                                                          \
	  "The class is not 0 to 3, or the level not 0 to 7.")                                     \
	X(UMASK, EINVAL,                                                                           \
	  F(umask) " is more than 0777.")                                                          \
	X(PERSONALITY, EINVAL,                                                                     \
	  "This machine cannot run programs of that " F(personality) ", as 32-bit ones with "      \
	  "PER_LINUX32; or it is 0xffffffff, which only asks. Leave it out.")                      \
	X(PERSONALITY, EPERM,                                                                      \
	  "A seccomp filter, such as a container engine's, or systemd's LockPersonality= refuses " \
	  "this " F(personality) "; allow personality(2) with it.")                                \
	X(PERSONALITY, ENOSYS,                                                                     \
	  "A seccomp filter, or an emulator, refuses personality(2); allow it.")                   \
	X(SESSION_KEYRING, ENOSYS,                                                                 \
	  "This kernel has no keys (CONFIG_KEYS), or a seccomp filter refuses keyctl(2). Leave "   \
	  F(session_keyring) " out, or allow the call.")                                           \
	X(SESSION_KEYRING, EPERM,                                                                  \
	  "The name of " F(session_keyring) " begins with a dot; or a seccomp filter, such as a "  \
	  "container engine's, refuses keyctl(2). Choose another name, or allow the call.")        \
	X(SESSION_KEYRING, EDQUOT,                                                                 \
	  "The child's user has as many keys as it may. Remove some, or raise kernel.keys.maxkeys "\
	  "and kernel.keys.maxbytes (for root, root_maxkeys and root_maxbytes); /proc/key-users "  \
	  "has the numbers.")                                                                      \
	X(SESSION_KEYRING, ENOMEM,                                                                 \
	  "The kernel had no memory for the keyring.")                                             \
	X(SESSION_KEYRING, EINVAL,                                                                 \
	  "The name of " F(session_keyring) " is empty or longer than 4095 bytes.")                \
	X(SESSION_KEYRING, EFAULT, "The pointer " F(session_keyring) " leads nowhere.")            \
	X(SIGNAL_IGNORE, EINVAL,                                                                   \
	  "SIGKILL and SIGSTOP cannot be ignored.")                                                \
	X(SETNS, EPERM,                                                                            \
	  "Joining needs cap_sys_admin in the namespace; a user namespace cannot "                 \
	  "be one that the child is in.")                                                          \
	X(SETNS, EINVAL,                                                                           \
	  "The descriptor is no namespace, or not of that type; a pidfd needs a "                  \
	  "type and Linux 5.8.")                                                                   \
	X(SETNS, EBADF,                                                                            \
	  "The descriptor is not open in the parent.")                                             \
	X(BOUNDING, EPERM,                                                                         \
	  "Dropping a capability from the bounding set needs cap_setpcap.")                        \
	X(SECUREBITS, EPERM,                                                                       \
	  "Securebits need cap_setpcap, and locked ones cannot change.")                           \
	X(CAPABILITIES, EPERM,                                                                     \
	  "A permitted capability is one that the child did not have, an "                         \
	  "effective one is not permitted, or an inheritable one is outside of "                   \
	  "the bounding set.")                                                                     \
	X(FCHDIR, EBADF,                                                                           \
	  F(dir_fd) " is not open in the parent.")                                                 \
	X(FCHDIR, ENOTDIR,                                                                         \
	  F(dir_fd) " is not a directory.")                                                        \
	X(FCHDIR, EACCES,                                                                          \
	  "The child's user may not search " F(dir_fd) ".")                                        \
	X(OPEN, ENOENT,                                                                            \
	  "A file of " F(opens) " does not exist in the child's root and working "                  \
	  "directory, and O_CREAT is not set.")                                                    \
	X(OPEN, EACCES,                                                                            \
	  "The child's user may not open the file with these flags.")                              \
	X(OPEN, EBADF,                                                                             \
	  "The descriptor is beyond RLIMIT_NOFILE.")                                               \
	X(OPEN, EFAULT, "A path in " F(opens) " leads nowhere.")                                   \
	X(LANDLOCK, EPERM,                                                                         \
	  "Landlock needs " F(FORKEXEC_NO_NEW_PRIVS) " or cap_sys_admin.")                         \
	X(LANDLOCK, EOPNOTSUPP,                                                                    \
	  "Landlock is built into this kernel and not enabled: see lsm= among its"                 \
	  " parameters.")                                                                          \
	X(LANDLOCK, ENOSYS,                                                                        \
	  "This kernel has no Landlock (Linux 5.13).")                                             \
	X(LANDLOCK, EBADF,                                                                         \
	  "The ruleset is not open in the parent.")                                                \
	X(SECCOMP, EACCES,                                                                         \
	  "A filter needs " F(FORKEXEC_NO_NEW_PRIVS) " or cap_sys_admin.")                         \
	X(SECCOMP, EINVAL,                                                                         \
	  "The filter is empty or malformed, or this kernel does not know the flags.")             \
	X(SECCOMP, EFAULT, "The list " F(seccomp) " leads nowhere, or ends too soon.")             \
	X(SECCOMP, ENOSYS,                                                                         \
	  "This kernel has no such filters, or for their notifications no pidfd_getfd(2), which "  \
	  "Linux 5.6 has.")                                                                        \
	X(SECCOMP, EBUSY,                                                                          \
	  "The process has a filter with notifications already: there can be one.")                \
	X(SECCOMP, ETIMEDOUT,                                                                      \
	  "The parent could not take the listener's descriptor: it was stopped, or a child with "  \
	  "its real-time policy kept it from its only processor. Give it a second one.")           \
	X(SECCOMP, EPERM,                                                                          \
	  "The parent may not take the descriptor of the filter's notifications from the child: "  \
	  "that needs the child's IDs, or cap_sys_ptrace.")                                        \
	X(EXECVE, ENOENT,                                                                          \
	  "The program does not exist where the child looks for it, or its interpreter (the path " \
	  "after #! or the dynamic loader) does not.")                                             \
	X(EXECVE, EACCES,                                                                          \
	  "The file is not executable for the child's user, not a regular file, or on a noexec "   \
	  "mount.")                                                                                \
	X(EXECVE, ENOEXEC, "The file is neither a binary for this machine nor a script with #!.")  \
	X(EXECVE, ETXTBSY,                                                                         \
	  "A process has the program open for writing; often a child of another thread, just "     \
	  "before its own execve. Try again, or set " F(text_busy_ms) ". See golang/go#22315.")    \
	X(EXECVE, E2BIG,                                                                           \
	  "Arguments and environment are larger than the kernel allows (a quarter of "             \
	  "RLIMIT_STACK, 128 KiB a string). Pass less, or pass it in a file.")                     \
	X(EXECVE, EAGAIN,                                                                          \
	  "RLIMIT_NPROC of the child's user was exceeded by an earlier setuid(2). Raise it.")      \
	X(EXECVE, EPERM,                                                                           \
	  "A security module forbids it, or the file system is mounted nosuid and the program is " \
	  "set-user-ID under a tracer.")                                                           \
	X(EXECVE, ELOOP, "Too many symbolic links or nested interpreters.")                        \
	X(EXECVE, EISDIR, "The loader that the program names is a directory.")                     \
	X(EXECVE, ENOTDIR, "A part of the program's path is not a directory.")                     \
	X(EXECVE, ENAMETOOLONG, "The program's path is longer than 4095 bytes, or a part of it "   \
				"than 255.")                                                       \
	X(EXECVE, ENOMEM,                                                                          \
	  "The kernel had no memory for the program: a limit (RLIMIT_AS, RLIMIT_DATA, the "        \
	  "cgroup's memory.max) is too small for it.")                                             \
	X(EXECVE, EMFILE, "RLIMIT_NOFILE leaves the kernel no descriptor to open the program.")    \
	X(EXECVE, ENFILE, "The system's table of open files is full, so the program cannot be "    \
			  "opened.")                                                               \
	X(EXECVE, EIO, "The file system of the program cannot be read.")                           \
	X(EXECVE, ELIBBAD, "The loader that the program names is no ELF file.")                    \
	X(EXECVE, EINVAL, "The program names more than one loader, or the kernel refuses its "     \
			  "headers.")                                                              \
	X(EXECVE, ENOSYS, "A seccomp filter refuses execve(2).")                                   \
	X(EXECVE, EFAULT, F(path) ", " F(argv) " or " F(envp) ", or a pointer in these, leads "     \
			  "nowhere.")

#endif /* FORKEXEC_HINTS_H */

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hints.h - what a failed step usually means and what cures it, once, for C
 * (forkexec_hint), Go (Error.Hint) and the command line tool.
 *
 * X(STEP, ERRNO, "text"); ANY matches every errno of the step and stands behind
 * the rows that name one. Text: cause first, then the cure, one or two sentences.
 */
#ifndef FORKEXEC_HINTS_H
#define FORKEXEC_HINTS_H

#define FORKEXEC_HINTS(X)                                                                          \
	X(REQUEST, EINVAL,                                                                         \
	  "The request itself is malformed: a NUL byte in a string, an unknown flag or a count "   \
	  "that is out of range. Nothing was started.")                                            \
	X(PIPE, EMFILE,                                                                            \
	  "The process has no free descriptor left. Close some, or raise RLIMIT_NOFILE.")          \
	X(PIPE, ENFILE, "The system's table of open files is full (fs.file-max).")                 \
	X(CLONE, EAGAIN,                                                                           \
	  "A limit on processes was reached: RLIMIT_NPROC of this user, pids.max of the cgroup "   \
	  "or kernel.threads-max.")                                                                \
	X(CLONE, ENOMEM,                                                                           \
	  "The kernel had no memory for the child, or its PID namespace is dead because its init " \
	  "has ended.")                                                                            \
	X(CLONE, EPERM,                                                                            \
	  "Creating namespaces needs CAP_SYS_ADMIN, or CLONE_NEWUSER beside them; a seccomp "      \
	  "filter, user.max_user_namespaces or AppArmor may forbid user namespaces as well.")      \
	X(CLONE, EINVAL,                                                                           \
	  "Cloneflags holds a flag that would share the parent's state with the child or that "    \
	  "this kernel does not know.")                                                            \
	X(CLONE, ENOSPC, "A limit on nested or on the number of namespaces was reached "           \
			 "(user.max_*_namespaces).")                                               \
	X(CLONE, EUSERS, "Namespaces are nested too deeply.")                                      \
	X(CLONE, EBADF, "CgroupFD is not an open descriptor of a cgroup v2 directory.")            \
	X(CLONE, EBUSY, "The target cgroup has controllers enabled for its children, so it "       \
			"cannot hold processes itself (no internal processes rule).")              \
	X(CLONE, EACCES, "The target cgroup's cgroup.procs may not be written by this user.")      \
	X(CLONE, ENOSYS, "UseCgroupFD and CLONE_NEWTIME need clone3(2), which this kernel or "     \
			 "its seccomp filter refuses.")                                            \
	X(CLONE, EOPNOTSUPP, "The target cgroup is in an invalid domain state (cgroup.type).")     \
	X(SETSID, EPERM, "The child already leads a process group.")                               \
	X(SETPGID, EPERM, "Pgid is not a process group of the child's session, or Setsid has "     \
			  "made the child a session leader already.")                              \
	X(FOREGROUND, ENOTTY, "Ctty is not the controlling terminal of the child's session.")      \
	X(FOREGROUND, EBADF, "With Foreground, Ctty is a descriptor number in the parent.")        \
	X(UNSHARE, EPERM, "Unsharing a namespace needs CAP_SYS_ADMIN, or CLONE_NEWUSER beside it.") \
	X(UNSHARE, ENOSPC, "A limit on nested or on the number of namespaces was reached "         \
			   "(user.max_*_namespaces).")                                             \
	X(UID_MAP, EPERM,                                                                          \
	  "The map is more than the writer may grant: without CAP_SETUID in the parent namespace " \
	  "only one line that maps the own user ID is allowed. See user_namespaces(7).")           \
	X(UID_MAP, EINVAL,                                                                         \
	  "UidMappings is empty, overlaps, has more than 340 lines or is used without "            \
	  "CLONE_NEWUSER.")                                                                        \
	X(GID_MAP, EPERM,                                                                          \
	  "The map is more than the writer may grant: without CAP_SETGID in the parent namespace " \
	  "only one line with the own group ID is allowed, and only with "                         \
	  "GidMappingsEnableSetgroups false. See user_namespaces(7).")                             \
	X(GID_MAP, EINVAL,                                                                         \
	  "GidMappings is empty, overlaps, has more than 340 lines or is used without "            \
	  "CLONE_NEWUSER.")                                                                        \
	X(PROC_SETGROUPS, EPERM,                                                                   \
	  "With Unshareflags the child may not allow setgroups(2) itself; set "                    \
	  "GidMappingsEnableSetgroups to false or use Cloneflags.")                                \
	X(SETGROUPS, EPERM,                                                                        \
	  "Setting supplementary groups needs CAP_SETGID; in a user namespace setgroups(2) may "   \
	  "be denied for good. Set Credential.NoSetGroups to keep the groups.")                    \
	X(SETGROUPS, EINVAL, "More groups than the kernel allows (65536), or one that is not "     \
			     "mapped in the user namespace.")                                      \
	X(SETGID, EPERM, "Another group ID needs CAP_SETGID.")                                     \
	X(SETGID, EINVAL, "The group ID is not mapped in the child's user namespace.")             \
	X(SETUID, EPERM, "Another user ID needs CAP_SETUID.")                                      \
	X(SETUID, EINVAL, "The user ID is not mapped in the child's user namespace.")              \
	X(SETUID, EAGAIN, "RLIMIT_NPROC of that user is reached.")                                 \
	X(CAPSET, EPERM, "A capability of AmbientCaps is not in the caller's permitted set.")      \
	X(AMBIENT, EINVAL, "The capability does not exist on this kernel.")                        \
	X(AMBIENT, EPERM, "The capability is not both permitted and inheritable, or securebits "   \
			  "forbid ambient capabilities.")                                          \
	X(CHROOT, EPERM, "chroot(2) needs CAP_SYS_CHROOT.")                                        \
	X(CHROOT, ENOENT, "The directory Chroot does not exist.")                                  \
	X(CHDIR, ENOENT, "The working directory Dir does not exist (inside Chroot, if set).")      \
	X(CHDIR, EACCES, "The child's user may not search the working directory Dir.")             \
	X(CHDIR, ENOTDIR, "Dir, or a part of it, is not a directory.")                             \
	X(PDEATHSIG, EINVAL, "Pdeathsig is not a signal number.")                                  \
	X(FD_MOVE, EBADF, "An entry of Files is not an open descriptor of the parent.")            \
	X(FD_MOVE, EMFILE, "The child has no free descriptor left (RLIMIT_NOFILE).")               \
	X(FD_DUP, EBADF, "An entry of Files is not an open descriptor of the parent, or its "      \
			 "index is beyond RLIMIT_NOFILE.")                                         \
	X(NOCTTY, ENOTTY, "Descriptor 0 is not the child's controlling terminal.")                 \
	X(SETCTTY, EPERM, "Only a session leader without a terminal may take one: set Setsid. "    \
			  "The terminal may also belong to another session.")                      \
	X(SETCTTY, ENOTTY, "Ctty is an index into Files, and that file is not a terminal.")        \
	X(PTRACE, EPERM, "The child is being traced already, or ptrace(2) is forbidden.")          \
	X(STOP_CLONE, ECANCELED, "OnClone, or a helper that writes the ID maps, has returned an error.") \
	X(STOP_EXEC, ECANCELED, "OnExec has returned an error.")                                   \
	X(OOM_SCORE_ADJ, EACCES,                                                                   \
	  "A lower score than the one that the process was given needs CAP_SYS_RESOURCE; or"       \
	  " the file is root's because the caller is not dumpable.")                               \
	X(OOM_SCORE_ADJ, EINVAL, "The score is not between -1000 and 1000.")                       \
	X(OOM_SCORE_ADJ, ENOENT, "/proc is not mounted where the child looks for it.")             \
	X(RLIMIT, EPERM,                                                                           \
	  "To raise a hard limit needs CAP_SYS_RESOURCE; RLIMIT_NOFILE cannot be above "           \
	  "fs.nr_open.")                                                                           \
	X(RLIMIT, EINVAL, "No such resource, or the soft limit is above the hard one.")            \
	X(NICE, EACCES, "A lower nice value needs CAP_SYS_NICE or a higher RLIMIT_NICE.")          \
	X(NICE, EINVAL, "Nice is not between -20 and 19.")                                         \
	X(SCHEDULER, EPERM,                                                                        \
	  "A real-time or deadline policy needs CAP_SYS_NICE or RLIMIT_RTPRIO; with a "            \
	  "deadline, CPUs must be all of the root domain.")                                        \
	X(SCHEDULER, EINVAL,                                                                       \
	  "No such policy, or priority, nice or times that it does not have.")                     \
	X(SCHEDULER, EBUSY, "The processors have no room for another deadline.")                   \
	X(AFFINITY, EINVAL, "None of the CPUs is online and in the child's cpuset.")               \
	X(IOPRIO, EPERM, "The real-time class needs CAP_SYS_ADMIN or CAP_SYS_NICE.")               \
	X(IOPRIO, EINVAL, "The class is not 0 to 3, or the level not 0 to 7.")                     \
	X(UMASK, EINVAL, "Umask is more than 0777.")                                               \
	X(SIGNAL_IGNORE, EINVAL, "SIGKILL and SIGSTOP cannot be ignored.")                         \
	X(SETNS, EPERM,                                                                            \
	  "Joining needs CAP_SYS_ADMIN in the namespace; a user namespace cannot be one "          \
	  "that the child is in.")                                                                 \
	X(SETNS, EINVAL,                                                                           \
	  "The descriptor is no namespace, or not of that type; a pidfd needs a type and "         \
	  "Linux 5.8.")                                                                            \
	X(SETNS, EBADF, "The descriptor is not open in the parent.")                               \
	X(BOUNDING, EPERM, "To drop from the bounding set needs CAP_SETPCAP.")                     \
	X(SECUREBITS, EPERM, "Securebits need CAP_SETPCAP, and locked ones cannot change.")        \
	X(CAPABILITIES, EPERM,                                                                     \
	  "A permitted capability is one that the child did not have, an effective one is "        \
	  "not permitted, or an inheritable one is outside of the bounding set.")                  \
	X(FCHDIR, EBADF, "DirFD is not open in the parent.")                                       \
	X(FCHDIR, ENOTDIR, "DirFD is not a directory.")                                            \
	X(FCHDIR, EACCES, "The child's user may not search DirFD.")                                \
	X(OPEN, ENOENT,                                                                            \
	  "The file of Open does not exist in the child's root and working directory, and "        \
	  "O_CREAT is not set.")                                                                   \
	X(OPEN, EACCES, "The child's user may not open the file so.")                              \
	X(OPEN, EBADF, "The descriptor is beyond RLIMIT_NOFILE.")                                  \
	X(LANDLOCK, EPERM, "Landlock needs NoNewPrivs or CAP_SYS_ADMIN.")                          \
	X(LANDLOCK, EOPNOTSUPP,                                                                    \
	  "Landlock is built into this kernel and not enabled: see lsm= among its "                \
	  "parameters.")                                                                           \
	X(LANDLOCK, ENOSYS, "This kernel has no Landlock (Linux 5.13).")                           \
	X(LANDLOCK, EBADF, "The ruleset is not open in the parent.")                               \
	X(SECCOMP, EACCES, "A filter needs NoNewPrivs or CAP_SYS_ADMIN.")                          \
	X(SECCOMP, EINVAL,                                                                         \
	  "The filter is empty or malformed, or of flags other than LOG and SPEC_ALLOW.")          \
	X(EXECVE, ENOENT,                                                                          \
	  "The program does not exist where the child looks for it, or its interpreter (the path " \
	  "after #! or the dynamic loader) does not.")                                             \
	X(EXECVE, EACCES,                                                                          \
	  "The file is not executable for the child's user, not a regular file, or on a noexec "   \
	  "mount.")                                                                                \
	X(EXECVE, ENOEXEC, "The file is neither a binary for this machine nor a script with #!.")  \
	X(EXECVE, ETXTBSY,                                                                         \
	  "Somebody holds the program open for writing; often a child of another thread just "     \
	  "before its own execve. See golang/go#22315.")                                           \
	X(EXECVE, E2BIG, "Arguments and environment are larger than the kernel allows (a quarter " \
			 "of RLIMIT_STACK, 128 KiB a string).")                                    \
	X(EXECVE, EAGAIN, "The user's RLIMIT_NPROC was exceeded by an earlier setuid(2).")         \
	X(EXECVE, EPERM, "A security module forbids it, or the file system is mounted nosuid and " \
			 "the program is set-user-ID under a tracer.")                             \
	X(EXECVE, ELOOP, "Too many symbolic links or nested interpreters.")                        \
	X(EXECVE, EISDIR, "The interpreter is a directory.")                                       \
	X(EXECVE, ENOTDIR, "A part of the program's path is not a directory.")

#endif /* FORKEXEC_HINTS_H */

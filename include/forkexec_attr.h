/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * forkexec_attr.h - elements of the lists in struct forkexec_request: attributes that Go's
 * SysProcAttr does not have. Included by forkexec.h.
 */
#ifndef FORKEXEC_ATTR_H
#define FORKEXEC_ATTR_H

#include <stdint.h>

/* One line of /proc/PID/uid_map or gid_map, see user_namespaces(7). */
struct forkexec_id_map {
	int64_t container_id;
	int64_t host_id;
	int64_t size;
};

/* One limit of setrlimit(2); FORKEXEC_RLIM_INFINITY means no limit. */
struct forkexec_rlimit {
	uint32_t resource; /* RLIMIT_CORE and so on */
	uint32_t padding;
	uint64_t cur;
	uint64_t max;
};
#define FORKEXEC_RLIM_INFINITY UINT64_MAX

/* struct sched_attr of sched_setattr(2), which libc headers lack. */
struct forkexec_scheduler {
	uint32_t size; /* sizeof(struct forkexec_scheduler) */
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime; /* these three in nanoseconds, for SCHED_DEADLINE */
	uint64_t deadline;
	uint64_t period;
};

/* A namespace to join: setns(2). */
struct forkexec_namespace {
	int32_t fd;    /* of a file below /proc/PID/ns, or a pidfd (Linux 5.8) */
	uint32_t type; /* CLONE_NEWNET and so on; 0: whatever fd is */
};

/* A file to open in the child, as by posix_spawn_file_actions_addopen(3). */
struct forkexec_open {
	const char *path;
#if UINTPTR_MAX == 0xffffffff
	uint32_t path_padding;
#endif
	int32_t fd;     /* what it becomes */
	uint32_t flags; /* of open(2); O_CLOEXEC closes it again at the execve(2) */
	uint32_t mode;
	uint32_t padding;
};

#endif /* FORKEXEC_ATTR_H */

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * forkexec_attr.h - what struct forkexec_request points to: elements of its lists, and the trace.
 * Included by forkexec.h.
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

/*
 * forkexec_request.trace: the steps of the last start with that request, in order, each
 * with the time at which it began. It lasted until the next began, the last one until end_ns:
 * when the parent saw that the program runs, or when a step failed, which is the last one then.
 *
 * The first two are the parent's: REQUEST (all that comes before the clone) and CLONE, which
 * lasts until the child runs. A step that is several calls has an entry for each detail; when
 * half of the room is taken, one for all. Filled when forkexec_finish() says RUNNING or FAILED, or
 * by a forkexec_start() whose clone fails; untouched if the request was refused. After
 * forkexec_spawnp() it is that of the last try.
 *
 * Times are nanoseconds of CLOCK_MONOTONIC; of CLOCK_REALTIME if the child may get into
 * another time namespace. After a seccomp filter the child can read no clock: EXECVE then begins
 * when SECCOMP does, and includes its time.
 */
#define FORKEXEC_TRACE_STEPS 128
struct forkexec_trace_step {
	uint32_t step;  /* enum forkexec_step */
	uint32_t calls; /* how many are in this entry */
	int64_t begin_ns;
	int64_t detail; /* see FORKEXEC_STEPS; of the first of the calls */
};
struct forkexec_trace {
	uint32_t size; /* sizeof(struct forkexec_trace) */
	uint32_t n;
	int64_t end_ns;
	struct forkexec_trace_step steps[FORKEXEC_TRACE_STEPS];
};

#endif /* FORKEXEC_ATTR_H */

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * forkexec_go.h - the argument frame of Go's syscall.forkAndExecInChild, and the
 * memory layout of the Go types it points to.
 *
 * forkexec_go() runs on exactly what Go passes: an assembler function of that
 * signature has its arguments in memory in this order (Go's ABI0). Layouts are
 * those of Go 1.22 to 1.26; tests/layout compares them with unsafe.Offsetof on
 * each version, and below with what C makes of them.
 */
#ifndef FORKEXEC_GO_H
#define FORKEXEC_GO_H

#include "forkexec.h"

#ifdef __cplusplus
extern "C" {
#endif

struct forkexec_go_string { /* string */
	const char *ptr;
	intptr_t len;
};

struct forkexec_go_slice { /* []T */
	void *ptr; /* NULL: a nil slice */
	intptr_t len;
	intptr_t cap;
};

struct forkexec_go_id_map { /* syscall.SysProcIDMap */
	intptr_t container_id;
	intptr_t host_id;
	intptr_t size;
};

struct forkexec_go_credential { /* syscall.Credential */
	uint32_t uid;
	uint32_t gid;
	struct forkexec_go_slice groups; /* []uint32 */
	uint8_t no_setgroups;
};

struct forkexec_go_sys_proc_attr { /* syscall.SysProcAttr */
	struct forkexec_go_string chroot;
	const struct forkexec_go_credential *credential;
	uint8_t ptrace;
	uint8_t setsid;
	uint8_t setpgid;
	uint8_t setctty;
	uint8_t noctty;
	intptr_t ctty;
	uint8_t foreground;
	intptr_t pgid;
	intptr_t pdeathsig;
	uintptr_t cloneflags;
	uintptr_t unshareflags;
	struct forkexec_go_slice uid_mappings; /* []SysProcIDMap */
	struct forkexec_go_slice gid_mappings;
	uint8_t gid_mappings_enable_setgroups;
	struct forkexec_go_slice ambient_caps; /* []uintptr */
	uint8_t use_cgroup_fd;
	intptr_t cgroup_fd;
	intptr_t *pidfd;
};

struct forkexec_go_proc_attr { /* syscall.ProcAttr */
	struct forkexec_go_string dir;
	struct forkexec_go_slice env;
	struct forkexec_go_slice files; /* []uintptr */
	const struct forkexec_go_sys_proc_attr *sys;
};

/* func forkAndExecInChild(argv0 *byte, argv, envv []*byte, chroot, dir *byte,
 *	attr *ProcAttr, sys *SysProcAttr, pipe int) (pid int, err Errno) */
struct forkexec_go_frame {
	const char *argv0;
	struct forkexec_go_slice argv; /* []*byte, the last one NULL */
	struct forkexec_go_slice envv;
	const char *chroot;
	const char *dir;
	const struct forkexec_go_proc_attr *attr;
	const struct forkexec_go_sys_proc_attr *sys;
	intptr_t pipe;
	intptr_t ret_pid;
	uintptr_t ret_err;
};

/*
 * forkexec_go - forkAndExecInChild: same parameters, results and pipe protocol.
 *
 * ret_pid is the child's ID, or 0 with ret_err if there is no child. A child that
 * fails later writes its errno to frame->pipe and exits with status 253; it is the
 * caller's to read that and to wait. *sys->pidfd is set only if there is a child.
 * A pipe < 0 is none: the errno then comes back in ret_err and the child has been
 * reaped. Returns once the child shares no memory with the caller any more.
 * Thread-safe. The caller holds Go's syscall.ForkLock for writing. Since 0.1.
 */
void forkexec_go(struct forkexec_go_frame *frame, struct forkexec_state *state);

#ifdef __cplusplus
}
#endif

#endif /* FORKEXEC_GO_H */

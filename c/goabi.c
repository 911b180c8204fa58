//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * goabi.c - forkexec_go(): Go's syscall.forkAndExecInChild on the frame that Go
 * passes. Translates the frame to a request and its result back; nothing else.
 */
#include "goabi.h"

/* The frames of 32-bit programs are others; nobody has asked for them yet. */
#if UINTPTR_MAX == UINT64_MAX

/* Go's int is 64 bits wide; what does not fit cannot exist in the kernel either. */
static int32_t narrow(intptr_t v)
{
	return v < INT32_MIN || v > INT32_MAX ? INT32_MIN : (int32_t)v;
}

static uint32_t count(const struct forkexec_go_slice *s)
{
	return s->len > (intptr_t)INT32_MAX ? UINT32_MAX : (uint32_t)s->len;
}

static uint64_t flag_if(int condition, uint64_t flag)
{
	return condition ? flag : 0;
}

_Static_assert(sizeof(struct forkexec_go_id_map) == sizeof(struct forkexec_id_map),
	       "Go's SysProcIDMap is passed on as it is");
_Static_assert(sizeof(uintptr_t) == sizeof(uint64_t), "and so is []uintptr of capabilities");

static void from_sys_attr(struct forkexec_request *r, const struct forkexec_go_sys_proc_attr *sys)
{
	const struct forkexec_go_credential *cred = sys->credential;

	r->flags |= flag_if(sys->setsid, FORKEXEC_SETSID) |
		    flag_if(sys->setpgid, FORKEXEC_SETPGID) |
		    flag_if(sys->foreground, FORKEXEC_FOREGROUND) |
		    flag_if(sys->setctty, FORKEXEC_SETCTTY) |
		    flag_if(sys->noctty, FORKEXEC_NOCTTY) |
		    flag_if(sys->ptrace, FORKEXEC_PTRACE) |
		    flag_if(sys->uid_mappings.ptr != NULL, FORKEXEC_UID_MAP) |
		    flag_if(sys->gid_mappings.ptr != NULL, FORKEXEC_GID_MAP) |
		    flag_if(sys->gid_mappings_enable_setgroups, FORKEXEC_GID_SETGROUPS) |
		    flag_if(sys->use_cgroup_fd, FORKEXEC_CGROUP_FD) |
		    flag_if(sys->pidfd != NULL, FORKEXEC_PIDFD);
	r->ctty = narrow(sys->ctty);
	r->pgid = (int32_t)sys->pgid; /* truncated by the kernel in Go's own path, too */
	r->pdeathsig = narrow(sys->pdeathsig);
	r->clone_flags = sys->cloneflags;
	r->unshare_flags = sys->unshareflags;
	r->uid_map = sys->uid_mappings.ptr;
	r->n_uid_map = count(&sys->uid_mappings);
	r->gid_map = sys->gid_mappings.ptr;
	r->n_gid_map = count(&sys->gid_mappings);
	r->ambient_caps = sys->ambient_caps.ptr;
	r->n_ambient_caps = count(&sys->ambient_caps);
	r->cgroup_fd = narrow(sys->cgroup_fd);
	if (cred) {
		r->flags |= FORKEXEC_CREDENTIAL |
			    flag_if(cred->no_setgroups, FORKEXEC_NO_SETGROUPS);
		r->uid = cred->uid;
		r->gid = cred->gid;
		r->groups = cred->groups.len ? cred->groups.ptr : NULL;
		r->n_groups = count(&cred->groups);
	}
}

/* Returns the number of bytes that the descriptors need beside the work memory. */
static uint64_t from_frame(struct forkexec_request *r, const struct forkexec_go_frame *f,
			   const struct forkexec_state *state)
{
	unsigned char *p = (unsigned char *)r;
	size_t i;

	for (i = 0; i < sizeof(*r); i++) {
		p[i] = 0;
		NOT_A_LIBC_CALL();
	}
	r->size = sizeof(*r);
	r->path = f->argv0;
	r->argv = f->argv.ptr;
	r->envp = f->envv.ptr;
	r->chroot = f->chroot;
	r->dir = f->dir;
	r->n_fds = count(&f->attr->files);
	/* The caller waits for the exec in any case, with its locks held: as fast as can be. */
	r->flags = FORKEXEC_VFORK | flag_if(f->pipe >= 0, FORKEXEC_ERRNO_PIPE) |
		   flag_if(state_bits(state) & FORKEXEC_STATE_NOFILE, FORKEXEC_NOFILE);
	r->errno_pipe = narrow(f->pipe);
	r->nofile_soft = state->nofile_soft;
	r->nofile_max = state->nofile_max;
	r->nofile_raised = state->nofile_raised;
	from_sys_attr(r, f->sys);
	return (uint64_t)r->n_fds * sizeof(int32_t);
}

HIDDEN int go_begin(struct go_call *g, struct forkexec_go_frame *f, struct forkexec_state *state)
{
	struct forkexec_request *r = &g->request;
	uint64_t fds_size = from_frame(r, f, state), size = forkexec_work_size(r);
	const uintptr_t *files = f->attr->files.ptr;
	int32_t *fds;
	uint32_t i;

	f->ret_pid = 0;
	f->ret_err = size ? E_NOMEM : E_INVAL;
	if (!size)
		return -E_INVAL;
	g->work_size = size + fds_size;
	g->work = work_take(state, &g->work_size);
	if (!g->work)
		return -E_NOMEM;
	r->work = g->work;
	r->work_size = size;
	g->result.step = FORKEXEC_STEP_NONE;

	/* -1 closes; any other number outside of int is not a descriptor: EBADF. */
	fds = (int32_t *)(void *)(g->work + size);
	for (i = 0; i < r->n_fds; i++)
		fds[i] = narrow((intptr_t)files[i]);
	r->fds = fds;
	return 0;
}

HIDDEN void go_end(struct go_call *g, struct forkexec_go_frame *f, struct forkexec_state *state,
		   int err)
{
	work_give(state, g->work, g->work_size);
	f->ret_err = (uintptr_t)-err;
	if (err)
		return;
	f->ret_pid = g->result.pid;
	if (f->sys->pidfd)
		*f->sys->pidfd = g->result.pidfd;
}

PUBLIC void forkexec_go(struct forkexec_go_frame *f, struct forkexec_state *state)
{
	struct go_call g;
	int err;

	if (go_begin(&g, f, state))
		return;
	err = forkexec_start(&g.request, &g.result, state);
	if (!err)
		err = forkexec_finish(&g.request, &g.result, state, -1);
	go_end(&g, f, state, err);
}

#endif /* UINTPTR_MAX */

//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * goabi.c - forkexec_go(): Go's syscall.forkAndExecInChild on the frame that Go
 * passes. Translates the frame to a request and its result back; nothing else.
 */
#include "goabi.h"

/* Where Go's int is 64 bits wide, what does not fit cannot exist in the kernel either. */
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
		    flag_if(sys->gid_mappings.ptr && sys->gid_mappings_enable_setgroups,
			    FORKEXEC_GID_SETGROUPS) |
		    flag_if(sys->use_cgroup_fd, FORKEXEC_CGROUP_FD) |
		    flag_if(sys->pidfd != NULL, FORKEXEC_PIDFD);
	if (sys->setctty || sys->foreground)
		r->ctty = narrow(sys->ctty);
	if (sys->setpgid || sys->foreground)
		r->pgid = (int32_t)sys->pgid; /* truncated by the kernel in Go's own path, too */
	r->pdeathsig = narrow(sys->pdeathsig);
	r->clone_flags = sys->cloneflags;
	r->unshare_flags = sys->unshareflags;
	r->n_uid_map = count(&sys->uid_mappings);
	r->n_gid_map = count(&sys->gid_mappings);
	r->n_ambient_caps = count(&sys->ambient_caps);
	if (sys->use_cgroup_fd)
		r->cgroup_fd = narrow(sys->cgroup_fd);
	if (cred) {
		r->flags |= FORKEXEC_CREDENTIAL |
			    flag_if(cred->no_setgroups, FORKEXEC_NO_SETGROUPS);
		r->uid = cred->uid;
		r->gid = cred->gid;
		if (!cred->no_setgroups) { /* they do not count then, as in Go */
			r->groups = cred->groups.len ? cred->groups.ptr : NULL;
			r->n_groups = count(&cred->groups);
		}
	}
}

static void from_frame(struct forkexec_request *r, const struct forkexec_go_frame *f,
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
	r->flags = FORKEXEC_BLOCK_SIGNALS;
	if (f->pipe >= 0) {
		r->flags |= FORKEXEC_ERRNO_PIPE;
		r->errno_pipe = narrow(f->pipe);
	}
	if (state_bits(state) & FORKEXEC_STATE_NOFILE) {
		r->flags |= FORKEXEC_NOFILE;
		r->nofile_soft = state->nofile_soft;
		r->nofile_max = state->nofile_max;
		r->nofile_raised = state->nofile_raised;
	}
	from_sys_attr(r, f->sys);
}

#define GROUPS_MAX 65536u /* the kernel refuses more, and does not look at them: NGROUPS_MAX */

static uint32_t groups_to_copy(const struct forkexec_request *r)
{
	return r->n_groups > GROUPS_MAX ? 0 : r->n_groups;
}

/*
 * The lists that are copied beside the work memory: those of Go's int, to fixed width, and the groups.
 * No list of the caller's is read later, when his stack, and what lies there, may have moved.
 */
static uint64_t lists_size(const struct forkexec_request *r)
{
	return ((uint64_t)id_map_lines(r->n_uid_map) + id_map_lines(r->n_gid_map)) *
		       sizeof(struct forkexec_id_map) +
	       (uint64_t)r->n_ambient_caps * sizeof(uint64_t) +
	       (uint64_t)r->n_fds * sizeof(int32_t) + groups_to_copy(r) * sizeof(uint32_t);
}

static struct forkexec_id_map *copy_map(struct forkexec_id_map *to,
					const struct forkexec_go_slice *s, uint32_t n)
{
	const struct forkexec_go_id_map *from = s->ptr;
	uint32_t i;

	for (i = 0; i < id_map_lines(n); i++, to++) {
		to->container_id = from[i].container_id;
		to->host_id = from[i].host_id;
		to->size = from[i].size;
		NOT_A_LIBC_CALL();
	}
	return to;
}

/* Widest elements first: each list then is aligned. */
static void copy_lists(struct forkexec_request *r, const struct forkexec_go_frame *f, void *to)
{
	const struct forkexec_go_sys_proc_attr *sys = f->sys;
	const uintptr_t *files = f->attr->files.ptr, *capabilities = sys->ambient_caps.ptr;
	struct forkexec_id_map *maps = to;
	uint64_t *caps;
	uint32_t *groups, i;
	int32_t *fds;

	if (r->flags & FORKEXEC_UID_MAP)
		r->uid_map = maps;
	maps = copy_map(maps, &sys->uid_mappings, r->n_uid_map);
	if (r->flags & FORKEXEC_GID_MAP)
		r->gid_map = maps;
	maps = copy_map(maps, &sys->gid_mappings, r->n_gid_map);
	caps = (uint64_t *)(void *)maps;
	r->ambient_caps = caps;
	for (i = 0; i < r->n_ambient_caps; i++)
		*caps++ = capabilities[i];
	/* -1 closes; any other number outside of int is not a descriptor: EBADF. */
	fds = (int32_t *)(void *)caps;
	r->fds = fds;
	for (i = 0; i < r->n_fds; i++)
		*fds++ = narrow((intptr_t)files[i]);
	groups = (uint32_t *)(void *)fds;
	for (i = 0; i < groups_to_copy(r); i++) {
		groups[i] = r->groups[i];
		NOT_A_LIBC_CALL();
	}
	if (r->n_groups)
		r->groups = groups;
}

HIDDEN int forkexec_go_begin(struct go_call *g, struct forkexec_go_frame *f, struct forkexec_state *state)
{
	struct forkexec_request *r = &g->request;
	uint64_t size;

	from_frame(r, f, state);
	size = forkexec_work_size(r);
	f->ret_pid = 0;
	f->ret_err = E_INVAL;
	if (!size || r->n_ambient_caps > INT32_MAX)
		return -E_INVAL;
	f->ret_err = E_NOMEM;
	g->work_size = size + lists_size(r);
	g->work = forkexec_work_take(state, &g->work_size);
	if (!g->work)
		return -E_NOMEM;
	r->work = g->work;
	r->work_size = size;
	((struct job *)r->work)->held = 0; /* forkexec_go_end() looks, also if nothing was begun */
	g->result.step = FORKEXEC_STEP_NONE;
	copy_lists(r, f, g->work + size);
	f->ret_err = 0;
	return 0;
}

HIDDEN void forkexec_go_end(struct go_call *g, struct forkexec_go_frame *f, struct forkexec_state *state,
		   int err)
{
	forkexec_settle_soon(g->request.work, state);
	forkexec_work_give(state, g->work, g->work_size);
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

	if (forkexec_go_begin(&g, f, state))
		return;
	err = forkexec_start(&g.request, &g.result, state);
	if (!err && forkexec_finish(&g.request, &g.result, state, -1) == FORKEXEC_FAILED)
		err = -g.result.err;
	forkexec_go_end(&g, f, state, err);
}

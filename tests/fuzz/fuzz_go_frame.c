/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does forkexec_go() keep Go's protocol on any frame: an errno and no child, or a child,
 * whose failure is in the pipe?
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "forkexec_go.h"
#include "input.h"

#define UNTOUCHED (-7777)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	input_sandbox();
	return 0;
}

static struct forkexec_go_slice slice(const void *p, uint64_t n)
{
	return (struct forkexec_go_slice){(void *)(uintptr_t)p, (intptr_t)n, (intptr_t)n};
}

static void set_sys(struct forkexec_go_sys_proc_attr *sys, const struct input *in)
{
	const struct forkexec_request *r = &in->r;

	sys->ptrace = !!(r->flags & FORKEXEC_PTRACE);
	sys->setsid = !!(r->flags & FORKEXEC_SETSID);
	sys->setpgid = !!(r->flags & FORKEXEC_SETPGID);
	sys->setctty = !!(r->flags & FORKEXEC_SETCTTY);
	sys->noctty = !!(r->flags & FORKEXEC_NOCTTY);
	sys->foreground = !!(r->flags & FORKEXEC_FOREGROUND);
	sys->use_cgroup_fd = !!(r->flags & FORKEXEC_CGROUP_FD);
	sys->gid_mappings_enable_setgroups = !!(r->flags & FORKEXEC_GID_SETGROUPS);
	sys->ctty = r->ctty < 0 ? (intptr_t)in->odd : r->ctty;
	sys->pgid = r->pgid < 0 ? (intptr_t)in->odd : r->pgid;
	sys->pdeathsig = r->pdeathsig < 0 ? (intptr_t)in->odd : r->pdeathsig;
	sys->cgroup_fd = r->cgroup_fd < 0 ? (intptr_t)in->odd : r->cgroup_fd;
	sys->cloneflags = r->clone_flags;
	sys->unshareflags = r->unshare_flags;
	sys->uid_mappings = slice(r->uid_map, r->n_uid_map);
	sys->gid_mappings = slice(r->gid_map, r->n_gid_map);
	sys->ambient_caps = slice(r->ambient_caps, r->n_ambient_caps);
}

static void set_credential(struct forkexec_go_credential *c, const struct input *in)
{
	const struct forkexec_request *r = &in->r;

	c->uid = r->uid;
	c->gid = r->gid;
	c->groups = slice(r->groups, r->n_groups);
	c->no_setgroups = !!(r->flags & FORKEXEC_NO_SETGROUPS);
	/* More than there can be: the kernel refuses it unread. */
	if (r->groups && in->odd > INT32_MAX)
		c->groups.len = (intptr_t)in->odd;
}

static void check(const struct input *in, const struct forkexec_go_frame *f, intptr_t pidfd)
{
	if (f->ret_err > 4095)
		input_bad("no errno", (int64_t)f->ret_err, 0);
	if (f->ret_err && (f->ret_pid || pidfd != UNTOUCHED))
		input_bad("an errno and a child", f->ret_pid, pidfd);
	if (!f->ret_err && f->ret_pid <= 0)
		input_bad("neither an errno nor a child", f->ret_pid, 0);
	if (!f->ret_err && in->r.flags & FORKEXEC_PIDFD && pidfd == UNTOUCHED)
		input_bad("no pidfd", f->ret_pid, pidfd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct forkexec_state state;
	struct forkexec_go_sys_proc_attr sys = {0};
	struct forkexec_go_credential credential = {0};
	struct forkexec_go_proc_attr attr = {0};
	struct forkexec_go_frame f = {0};
	intptr_t pidfd = UNTOUCHED;
	struct input in;
	uintptr_t *files;
	uint32_t i;

	input_decode(&in, data, size);
	files = malloc(in.r.n_fds * sizeof(*files) + 1);
	if (!files)
		abort();
	for (i = 0; i < in.r.n_fds; i++)
		files[i] = in.r.fds[i] < -50 ? (uintptr_t)in.odd : (uintptr_t)(intptr_t)in.r.fds[i];
	attr.files = slice(files, in.pipe > 1 << 20 ? (uint64_t)in.pipe : in.r.n_fds);
	attr.sys = &sys;
	set_sys(&sys, &in);
	set_credential(&credential, &in);
	if (in.r.flags & FORKEXEC_CREDENTIAL)
		sys.credential = &credential;
	if (in.r.flags & FORKEXEC_PIDFD)
		sys.pidfd = &pidfd;
	f.argv0 = in.r.path;
	f.argv = slice(in.r.argv, 1);
	f.envv = slice(in.r.envp, 1);
	f.chroot = in.r.chroot;
	f.dir = in.r.dir;
	f.attr = &attr;
	f.sys = &sys;
	f.pipe = in.r.flags & FORKEXEC_ERRNO_PIPE ? in.r.errno_pipe : -1;

	state.bits = in.bits;
	input_before();
	forkexec_go(&f, &state);
	check(&in, &f, pidfd);
	while (forkexec_settle(&state) > 0) /* until then it has a descriptor open */
		usleep(100);
	input_after(&in, (int)f.ret_pid, pidfd == UNTOUCHED ? -1 : (int)pidfd);
	free(files);
	input_free(&in);
	return 0;
}

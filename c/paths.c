//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * paths.c - a child that has closed descriptors early did not find a path: might it have
 * been one through such a descriptor? Asks the kernel, in the parent, after the failure; no
 * guess at spellings. A wrong "yes" costs one more start, a wrong "no" would be a wrong error,
 * so whatever cannot be told is "yes".
 *
 * A path goes through a descriptor by a magic link of proc(5), which RESOLVE_NO_MAGICLINKS
 * refuses to follow (openat2(2), Linux 5.6, older than what closes early).
 */
#include "core.h"

/* Opens a path as the child would come to it, without magic links. -errno, also for NULL. */
static long look(long root, long dir, const char *path)
{
	struct sys_open_how how;
	int in_root = root >= 0 && path[0] == '/';

	if (!in_root && root >= 0)
		return -E_INVAL; /* relative to where we are, with links below the new root */
	how.flags = O_PATH | O_CLOEXEC;
	how.mode = 0;
	how.resolve = RESOLVE_NO_MAGICLINKS | (in_root ? RESOLVE_IN_ROOT : 0);
	return sys_openat2((int)(in_root ? root : dir), path, &how);
}

/* The program is there and was not found: then it is its interpreter that was not. */
static int missing(long ret)
{
	return ret == -E_NOENT;
}

HIDDEN int forkexec_may_need_fds(const struct forkexec_request *r, uint32_t step)
{
	long root = -1, dir = AT_FDCWD, program = -1;
	int need;

	if (r->flags & (FORKEXEC_DIR_FD | FORKEXEC_EXEC_FD) || r->n_namespaces)
		return 1; /* not looked up from here */
	if (r->chroot)
		root = look(-1, AT_FDCWD, r->chroot);
	if (step == FORKEXEC_STEP_CHROOT || (r->chroot && root < 0)) {
		need = !missing(root);
		goto close_root;
	}
	if (r->dir)
		dir = look(root, AT_FDCWD, r->dir);
	if (step == FORKEXEC_STEP_CHDIR || (r->dir && dir < 0)) {
		need = !missing(dir);
		goto close_dir;
	}
	program = look(root, dir, r->path);
	need = !missing(program);
	if (program >= 0)
		sys_close((int)program);
close_dir:
	if (dir >= 0)
		sys_close((int)dir);
close_root:
	if (root >= 0)
		sys_close((int)root);
	return need;
}

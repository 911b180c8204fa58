/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is the plan of any request inside of its work memory, and does it say what the request
 * says? Nothing is started.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first lines of the map, as printf writes them. */
static void check_text(const struct forkexec_id_map *map, uint32_t n, const char *text, uint32_t size)
{
	const char *p = text;
	char line[128];
	uint32_t i;
	int k;

	for (i = 0; i < n && i <= ID_MAP_MAX_LINES; i++) {
		k = snprintf(line, sizeof(line), "%lld %lld %lld\n",
			     (long long)map[i].container_id, (long long)map[i].host_id,
			     (long long)map[i].size);
		if (k > text + size - p || memcmp(p, line, (size_t)k))
			input_bad("line of an ID map", i, n);
		p += k;
	}
	if (p != text + size)
		input_bad("size of an ID map", p - text, size);
}

static void check_plan(const struct forkexec_request *r, const struct job *job)
{
	const unsigned char *work = r->work, *end = work + r->work_size;
	uint32_t i;

	if ((const unsigned char *)(job + 1) > (const unsigned char *)job->fds ||
	    (const char *)(job->fds + r->n_fds) > job->uid_text ||
	    job->uid_text + job->n_uid_text > job->gid_text ||
	    (const unsigned char *)job->gid_text + job->n_gid_text > job->stack ||
	    job->stack + CHILD_STACK != job->stack_top || job->stack_top > end)
		input_bad("layout", job->stack_top - work, (int64_t)r->work_size);
	if ((uintptr_t)job->stack_top % 16)
		input_bad("alignment of the stack", (int64_t)(uintptr_t)job->stack_top, 0);
	for (i = 0; i < r->n_fds; i++)
		if (job->fds[i] != r->fds[i])
			input_bad("descriptor", i, job->fds[i]);
	check_text(r->uid_map, r->n_uid_map, job->uid_text, job->n_uid_text);
	check_text(r->gid_map, r->n_gid_map, job->gid_text, job->n_gid_text);
}

/* What the child relies on: it looks at nothing twice. */
static void check_accepted(const struct forkexec_request *r)
{
	uint32_t i;

	for (i = 0; i < r->n_ambient_caps; i++)
		if (r->ambient_caps[i] >= 64)
			input_bad("accepted a capability", i, (int64_t)r->ambient_caps[i]);
	if (r->flags & (FORKEXEC_UID_MAP | FORKEXEC_GID_MAP) &&
	    !((r->clone_flags | r->unshare_flags) & CLONE_NEWUSER))
		input_bad("accepted maps without a namespace", (int64_t)r->flags, 0);
	if (r->clone_flags & (CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_SIGHAND))
		input_bad("accepted to share", (int64_t)r->clone_flags, 0);
}

/* What no caller of the others may give: counts without arrays, flags that do not exist. */
static void spoil(struct input *in)
{
	struct forkexec_request *r = &in->r;
	uint32_t *const counts[] = {&r->n_fds, &r->n_groups, &r->n_uid_map, &r->n_gid_map,
				    &r->n_ambient_caps};

	if (in->pipe == -1)
		return;
	switch ((uint64_t)in->odd % 6) {
	case 0: r->size = (uint64_t)in->pipe; break;
	case 1: r->flags = (uint64_t)in->pipe; break;
	case 2: r->n_fds = (FDS_MAX + 1) | (uint32_t)in->pipe; break;
	case 3: r->cgroup_fd = (int32_t)in->pipe; break;
	case 4:
		*counts[(uint64_t)in->pipe % 5] = (uint32_t)in->pipe;
		r->fds = NULL;
		r->groups = NULL;
		r->uid_map = r->gid_map = NULL;
		r->ambient_caps = NULL;
		break;
	case 5: r->text_busy_ms = (uint32_t)in->pipe; break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct forkexec_result ret;
	struct input in;
	uint64_t needed;
	int err;

	input_decode(&in, data, size);
	spoil(&in);
	memset(&ret, 0x55, sizeof(ret));
	err = forkexec_plan_check(&in.r, &ret);
	if (err > 0 || (err && (ret.err != -err || ret.pid || ret.step > FORKEXEC_STEP_EXECVE)))
		input_bad("refused oddly", err, ret.step);
	needed = forkexec_work_size(&in.r);
	if (!err && !needed)
		input_bad("accepted, but without a size", err, 0);
	if (!err) {
		check_accepted(&in.r);
		in.r.work = aligned_alloc(16, needed);
		in.r.work_size = needed;
		if (!in.r.work)
			abort();
		check_plan(&in.r, forkexec_plan_job(&in.r));
		free(in.r.work);
	}
	input_free(&in);
	return 0;
}

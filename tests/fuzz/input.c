/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * input.c - see input.h.
 */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_FDS 64 /* descriptors that are looked at */

struct reader {
	const uint8_t *p;
	size_t left;
};

static uint8_t byte(struct reader *d)
{
	if (!d->left)
		return 0;
	d->left--;
	return *d->p++;
}

/* Most numbers are small; the others are those around which things change. */
static int64_t number(struct reader *d)
{
	static const int64_t odd[] = {
		-1, -2, -100, 64, 255, 1000, 1024, 4096, 65534, 65536, 1 << 20, (1 << 20) + 1,
		INT32_MAX, INT32_MIN, UINT32_MAX, INT64_MAX, INT64_MIN, (int64_t)1 << 32,
	};
	uint8_t b = byte(d);
	int64_t n = 0;
	int i;

	if (b < 200)
		return b < 100 ? b : b - 200;
	if (b < 250)
		return odd[(size_t)(b - 200) % (sizeof(odd) / sizeof(odd[0]))];
	for (i = 0; i < 8; i++)
		n = (int64_t)((uint64_t)n << 8 | byte(d));
	return n;
}

/* How many elements: few, or what a limit is made of. */
static uint32_t count(struct reader *d)
{
	static const uint32_t odd[] = {339, 340, 341, 1000, 10000, 65536, 65537};
	uint8_t b = byte(d);

	return b < 248 ? b % 24 : odd[(size_t)(b - 248) % (sizeof(odd) / sizeof(odd[0]))];
}

static void *own(struct input *in, size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		abort();
	if (in->n_owned == sizeof(in->owned) / sizeof(in->owned[0]))
		free(in->owned[--in->n_owned]); /* never reached: operations are fewer */
	in->owned[in->n_owned++] = p;
	return p;
}

/* Programs and folders that exist, that do not, and that are something else. */
static const char *path(struct input *in, struct reader *d)
{
	static const char *const paths[] = {
		"/bin/true", "/", "/missing", "/etc/passwd", "", "/dev/null", ".", "..", "/tmp",
		"/proc/self", "/bin/true/x", "/dev/null/",
	};
	uint8_t b = byte(d);
	size_t n = b < 240 ? strlen(paths[b % 12]) : (size_t)(b - 239) * 300;
	char *s = own(in, n + 1);

	if (b < 240)
		memcpy(s, paths[b % 12], n);
	else
		memset(s, '/', n); /* up to and beyond PATH_MAX */
	return s;
}

static char *const *strings(struct input *in, struct reader *d)
{
	size_t n = count(d), length = byte(d), i;
	char **list = own(in, (n + 1) * sizeof(*list));
	char *s = own(in, length * 64 + 1);

	memset(s, 'x', length * 64);
	for (i = 0; i < n; i++)
		list[i] = s;
	return list;
}

static struct forkexec_id_map *id_map(struct input *in, struct reader *d, uint32_t *ret_n)
{
	uint32_t n = count(d), i;
	struct forkexec_id_map *map = own(in, n * sizeof(*map));

	for (i = 0; i < n; i++)
		map[i] = (struct forkexec_id_map){i ? i : number(d), i ? i : number(d),
						  i ? 1 : number(d)};
	*ret_n = n;
	return map;
}

static void set_fds(struct input *in, struct reader *d)
{
	uint32_t n = count(d), i;
	int32_t *fds = own(in, n * sizeof(*fds));

	for (i = 0; i < n; i++)
		fds[i] = (int32_t)number(d);
	in->r.fds = fds;
	in->r.n_fds = n;
}

static void set_credential(struct input *in, struct reader *d)
{
	uint32_t *groups, i;

	in->r.flags |= FORKEXEC_CREDENTIAL;
	in->r.uid = (uint32_t)number(d);
	in->r.gid = (uint32_t)number(d);
	in->r.n_groups = count(d);
	groups = own(in, in->r.n_groups * sizeof(*groups));
	for (i = 0; i < in->r.n_groups; i++)
		groups[i] = i < 8 ? (uint32_t)number(d) : i;
	in->r.groups = groups;
}

static void set_caps(struct input *in, struct reader *d)
{
	uint32_t n = byte(d) % 8, i;
	uint64_t *caps = own(in, n * sizeof(*caps));

	for (i = 0; i < n; i++)
		caps[i] = (uint64_t)number(d);
	in->r.ambient_caps = caps;
	in->r.n_ambient_caps = n;
}

/* The errno goes to a pipe of ours or to a descriptor that is closed: nowhere else. */
static void set_errno_pipe(struct input *in, struct reader *d)
{
	in->r.flags |= FORKEXEC_ERRNO_PIPE;
	in->r.errno_pipe = byte(d) % 4 ? 900 : -1;
	if (in->r.errno_pipe < 0 || in->errno_pipe[0] >= 0)
		return;
	if (pipe2(in->errno_pipe, O_CLOEXEC | O_NONBLOCK))
		abort();
	in->r.errno_pipe = in->errno_pipe[1];
}

static void operation(struct input *in, struct reader *d)
{
	struct forkexec_request *r = &in->r;
	uint64_t plain_flags = FORKEXEC_KNOWN_FLAGS & ~(FORKEXEC_ERRNO_PIPE | FORKEXEC_CREDENTIAL);

	switch (byte(d) % 24) {
	case 0: r->flags |= (UINT64_C(1) << (byte(d) % 17)) & plain_flags; break;
	case 1: r->path = path(in, d); break;
	case 2: r->argv = strings(in, d); break;
	case 3: r->envp = strings(in, d); break;
	case 4: r->chroot = path(in, d); break;
	case 5: r->dir = path(in, d); break;
	case 6: set_fds(in, d); break;
	case 7: set_credential(in, d); break;
	case 8:
		r->uid_map = id_map(in, d, &r->n_uid_map);
		r->flags |= FORKEXEC_UID_MAP;
		break;
	case 9:
		r->gid_map = id_map(in, d, &r->n_gid_map);
		r->flags |= FORKEXEC_GID_MAP;
		break;
	case 10: set_caps(in, d); break;
	case 11: r->ctty = (int32_t)number(d); break;
	case 12: r->pgid = (int32_t)number(d); break;
	case 13: r->pdeathsig = (int32_t)number(d); break;
	case 14: r->cgroup_fd = (int32_t)number(d); break;
	case 15: r->clone_flags |= UINT64_C(1) << (byte(d) % 64); break;
	case 16: r->unshare_flags |= UINT64_C(1) << (byte(d) % 64); break;
	case 17: r->clone_flags = (uint64_t)number(d); break;
	case 18: r->unshare_flags = (uint64_t)number(d); break;
	case 19: set_errno_pipe(in, d); break;
	case 20: in->bits = (uint32_t)(byte(d) & 0x3f) << 8 | (uint32_t)(byte(d) & 0x1f) << 16; break;
	case 21:
		r->nofile_soft = (uint64_t)number(d);
		r->nofile_max = (uint64_t)number(d);
		r->nofile_raised = (uint64_t)number(d);
		break;
	case 22: r->text_busy_ms = (uint32_t)number(d) % 3; break;
	case 23:
		in->pipe = number(d);
		in->odd = number(d);
		break;
	}
}

void input_decode(struct input *in, const uint8_t *data, size_t size)
{
	static char *const argv[] = {(char *)(uintptr_t) "true", NULL};
	struct reader d = {data, size};
	int i;

	memset(in, 0, sizeof(*in));
	in->r.size = sizeof(in->r);
	in->r.path = "/bin/true";
	in->r.argv = argv;
	in->r.envp = argv + 1;
	in->errno_pipe[0] = in->errno_pipe[1] = -1;
	in->pipe = -1;
	for (i = 0; i < 20 && d.left; i++)
		operation(in, &d);
}

void input_free(struct input *in)
{
	while (in->n_owned)
		free(in->owned[--in->n_owned]);
	if (in->errno_pipe[0] >= 0) {
		close(in->errno_pipe[0]);
		close(in->errno_pipe[1]);
	}
}

void input_sandbox(void)
{
	const struct rlimit files = {1024, 1024}, core = {0, 0};
	int null = open("/dev/null", O_RDONLY);

	/* No terminal to take, no input to eat, no core files, a copy of the mounts. */
	setsid();
	dup2(null, 0);
	close(null);
	setrlimit(RLIMIT_CORE, &core);
	setrlimit(RLIMIT_NOFILE, &files);
	if (!unshare(CLONE_NEWNS))
		(void)mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static uint8_t was_open[N_FDS];
static uint64_t mask_before;

static uint64_t raw_mask(void)
{
	uint64_t mask = 0;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &mask, sizeof(mask));
	return mask;
}

void input_before(void)
{
	int fd;

	for (fd = 0; fd < N_FDS; fd++)
		was_open[fd] = fcntl(fd, F_GETFD) >= 0;
	mask_before = raw_mask();
}

_Noreturn void input_bad(const char *what, int64_t a, int64_t b)
{
	fprintf(stderr, "FUZZ: %s: %lld, %lld\n", what, (long long)a, (long long)b);
	abort();
}

void input_after(const struct input *in, int pid, int pidfd)
{
	int fd, status = 0;

	if (pid > 0) {
		/* Not before its exec: the program ends by itself, unless a tracer stops it. */
		if (in->r.flags & FORKEXEC_PTRACE || in->r.pdeathsig)
			kill(pid, SIGKILL);
		do {
			if (waitpid(pid, &status, __WALL) != pid)
				input_bad("the child is not there", pid, errno);
			if (WIFSTOPPED(status))
				kill(pid, SIGKILL);
		} while (!WIFEXITED(status) && !WIFSIGNALED(status));
	}
	if (pidfd >= 0)
		close(pidfd);
	if (waitpid(-1, NULL, WNOHANG | __WALL) != -1 || errno != ECHILD)
		input_bad("a child is left", pid, 0);
	for (fd = 0; fd < N_FDS; fd++)
		if (was_open[fd] != (fcntl(fd, F_GETFD) >= 0))
			input_bad("a descriptor was left open or closed", fd, was_open[fd]);
	if (raw_mask() != mask_before)
		input_bad("signal mask", (int64_t)raw_mask(), (int64_t)mask_before);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * support.c - see support.h. Runs in test processes and, as a probe, in the programs
 * that they start.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Probes run without an environment, and LeakSanitizer's thread is what filters refuse. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

_Noreturn void check_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: CHECK failed: %s (errno %d)\n", file, line, what, errno);
	_exit(1);
}

void check_equal(const char *file, int line, const char *what, int64_t a, int64_t b)
{
	if (a == b)
		return;
	fprintf(stderr, "%s:%d: CHECK failed: %s: %lld and %lld\n", file, line, what,
		(long long)a, (long long)b);
	_exit(1);
}

/* argv[1] is a path that leads to a file of the test, whatever descriptors are left. */
static int probe_fds(char **argv)
{
	static struct probe_fds p;
	struct stat st;
	int fd, flags;

	for (fd = 0; fd < PROBE_FDS; fd++) {
		if (fstat(fd, &st))
			continue;
		flags = fcntl(fd, F_GETFD);
		p.ino[fd] = st.st_ino;
		p.cloexec[fd] = (flags & FD_CLOEXEC) != 0;
	}
	fd = open(argv[1], O_WRONLY);
	return fd < 0 || pwrite(fd, &p, sizeof(p), 0) != (ssize_t)sizeof(p);
}

/* Says on descriptor 1 that it runs, then stays until it is killed. */
static int probe_pause(void)
{
	if (write(1, "r", 1) != 1)
		return 1;
	for (;;)
		pause();
}

int probe_main(int argc, char **argv)
{
	if (argc < 1 || strncmp(argv[0], "probe:", 6))
		return -1;
	if (!strcmp(argv[0], "probe:true"))
		return 0;
	if (!strcmp(argv[0], "probe:pause"))
		return probe_pause();
	if (!strcmp(argv[0], "probe:fds") && argc == 2)
		return probe_fds(argv);
	return 99;
}

static char *const no_environment[] = {NULL};

void request_init(struct forkexec_request *r, char *const *argv)
{
	static const int32_t standard[] = {0, 1, 2};
	const char *self = getenv("FORKEXEC_TEST_SELF"); /* under valgrind exe is valgrind */

	memset(r, 0, sizeof(*r));
	r->size = sizeof(*r);
	r->path = self ? self : "/proc/self/exe";
	r->argv = argv;
	r->envp = no_environment;
	r->fds = standard;
	r->n_fds = 3;
}

void adopt_orphans(void)
{
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

void kill_orphans(void)
{
	char path[64];
	int pid, found;
	FILE *f;

	do {
		snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
		f = fopen(path, "re");
		found = 0;
		while (f && fscanf(f, "%d", &pid) == 1) {
			found = 1;
			kill(pid, SIGKILL);
			(void)waitpid(pid, NULL, 0);
		}
		if (f)
			fclose(f);
	} while (found);
}

unsigned slowness(void)
{
	const char *given = getenv("FORKEXEC_TEST_SLOW");
	int n = given ? atoi(given) : 1;

	return n > 1 ? (unsigned)n : 1;
}

void isolate(void (*fn)(void *arg), void *arg, unsigned seconds)
{
	const struct timespec nap = {0, 500000};
	const time_t end = time(NULL) + (time_t)(seconds * slowness());
	int status, hung = 0;
	pid_t pid;

	fflush(NULL);
	adopt_orphans();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		fn(arg);
		_exit(0);
	}
	/* No alarm(2) in there: all signals are blocked where a vfork could hang. */
	while (waitpid(pid, &status, WNOHANG) == 0) {
		nanosleep(&nap, NULL);
		if (time(NULL) <= end || hung)
			continue;
		hung = 1;
		kill(pid, SIGKILL);
	}
	kill_orphans();
	if (WIFSIGNALED(status))
		fail_msg("the test process %s signal %d", hung ? "hung until" : "was killed by",
			 WTERMSIG(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

void snapshot_take(struct snapshot *s)
{
	int fd;

	for (fd = 0; fd < PROBE_FDS; fd++)
		s->open[fd] = fcntl(fd, F_GETFD) >= 0;
	s->mask = raw_mask();
}

const char *snapshot_differs(const struct snapshot *s)
{
	static char text[64];
	struct snapshot now;
	int fd;

	snapshot_take(&now);
	for (fd = 0; fd < PROBE_FDS; fd++) {
		if (s->open[fd] == now.open[fd])
			continue;
		snprintf(text, sizeof(text), "descriptor %d was %s", fd,
			 now.open[fd] ? "left open" : "closed");
		return text;
	}
	if (s->mask == now.mask)
		return NULL;
	snprintf(text, sizeof(text), "the signal mask was %llx, is %llx",
		 (unsigned long long)s->mask, (unsigned long long)now.mask);
	return text;
}

uint64_t raw_mask(void)
{
	uint64_t mask = 0;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &mask, sizeof(mask));
	return mask;
}

void raw_set_mask(uint64_t mask)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
}

int reap(int pid)
{
	int status = -1, ret;

	do {
		ret = waitpid(pid, &status, 0);
	} while (ret < 0 && errno == EINTR);
	CHECK_EQ(ret, pid);
	return status;
}

int no_children(void)
{
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

uint64_t proc_status(int pid, const char *field)
{
	char path[64], line[256];
	size_t n = strlen(field);
	uint64_t value = UINT64_MAX;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	CHECK(f != NULL);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, field, n) && line[n] == ':')
			value = strtoull(line + n + 1, NULL, 16);
	fclose(f);
	return value;
}

const char *step_text(uint32_t step)
{
	switch (step) {
#define STEP_TEXT(id, NAME, name, syscall, field)                                                  \
	case id:                                                                                   \
		return name;
		FORKEXEC_STEPS(STEP_TEXT)
#undef STEP_TEXT
	default:
		return "none";
	}
}

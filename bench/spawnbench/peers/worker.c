/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The part that all C workers of spawnbench share: it reads requests, times
 * spawns and answers. It owns descriptors 3 and 4, which the spawned programs
 * must not see.
 */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The first COLD starts of a request are made but not counted. */
enum { REQUESTS = 3, ANSWERS = 4, COLD = 5, MAX_SPAWNS = 10 * 1000 * 1000 };

static void die(const char *what, int err)
{
	fprintf(stderr, "%s: %s: %s\n", worker_name, what, strerror(err));
	exit(1);
}

static FILE *protocol_file(int fd, const char *mode)
{
	FILE *f;

	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		die("descriptors 3 and 4 are not open", errno);
	f = fdopen(fd, mode);
	if (!f)
		die("fdopen", errno);
	return f;
}

static int64_t now(void)
{
	struct timespec t;

	/* Cannot fail: the clock exists on every Linux and the pointer is good. */
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int wait_for(pid_t pid, int *ret_status)
{
	while (waitpid(pid, ret_status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static bool stdin_is_file;

static int64_t run_once(char *const argv[])
{
	int64_t start;
	int status, err;

	/* A program of the user's may read a file; each start reads it from its begin. */
	if (stdin_is_file && lseek(0, 0, SEEK_SET) < 0)
		die("rewind standard input", errno);
	start = now();
	err = run(argv, &status);
	start = now() - start;
	if (err < 0)
		die("start", -err);
	/* Any end but exit status 0 would mean that something else has been measured. */
	if (status != 0) {
		fprintf(stderr, "%s: the program ended with wait status %#x\n", worker_name,
			(unsigned int)status);
		exit(1);
	}
	return start;
}

static struct rusage usage(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u); /* of all threads; cannot fail */
	return u;
}

static double micros(struct timeval from, struct timeval to)
{
	return (double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_usec - from.tv_usec);
}

static void write_usage(FILE *answers, const struct rusage *from, const struct rusage *to, size_t n)
{
	double user = micros(from->ru_utime, to->ru_utime);
	double all = user + micros(from->ru_stime, to->ru_stime), count = (double)n;

	fprintf(answers, "vol-switches/op=%.4f invol-switches/op=%.4f faults/op=%.3f ",
		(double)(to->ru_nvcsw - from->ru_nvcsw) / count,
		(double)(to->ru_nivcsw - from->ru_nivcsw) / count,
		(double)(to->ru_minflt - from->ru_minflt) / count);
	fprintf(answers, "user-us/op=%.3f cpu-us/op=%.3f", user / count, all / count);
}

static void serve(char *const argv[], size_t n, FILE *answers)
{
	int64_t *ns = calloc(n, sizeof(*ns));
	struct rusage before = usage(), after;

	if (!ns)
		die("calloc", errno);
	for (size_t i = 0; i < n; i++) {
		if (i == COLD)
			before = usage();
		ns[i] = run_once(argv);
	}
	after = usage();
	for (size_t i = 0; i < n; i++)
		fprintf(answers, "%lld ", (long long)ns[i]);
	if (n > COLD)
		write_usage(answers, &before, &after, n - COLD);
	fputc('\n', answers);
	if (fflush(answers) != 0)
		die("answer", errno);
	free(ns);
}

/* As the Go worker does it: small pages, each written to. */
static int touch(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *p;

	if (size == 0)
		return 0;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	(void)madvise(p, size, MADV_NOHUGEPAGE); /* refused where there are none */
	for (size_t i = 0; i < size; i += page)
		p[i] = 1;
	return 0;
}

/* Has all descriptors below n open. */
static int open_many(unsigned int n)
{
	struct rlimit limit;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int null = fd;

	if (fd < 0 || getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	limit.rlim_cur = limit.rlim_max; /* as Go does */
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	while (fd < (int)n - 1) {
		fd = fcntl(null, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
	}
	return 0;
}

static void set(const char *condition, unsigned int n, FILE *answers)
{
	int err = -EOPNOTSUPP;

	if (strcmp(condition, "touch") == 0)
		err = touch((size_t)n << 20);
	else if (strcmp(condition, "open") == 0)
		err = open_many(n);
	if (err < 0)
		fprintf(answers, "cannot %s %u: %s\n", condition, n, strerror(-err));
	else
		fputc('\n', answers);
	if (fflush(answers) != 0)
		die("answer", errno);
}

int main(int argc, char **argv)
{
	FILE *requests, *answers;
	struct stat info;
	char line[256], condition[16];
	unsigned int n;

	if (argc < 2) {
		fprintf(stderr, "usage: %s program [argument]...\n", worker_name);
		return 2;
	}
	requests = protocol_file(REQUESTS, "r");
	answers = protocol_file(ANSWERS, "w");
	stdin_is_file = fstat(0, &info) == 0 && S_ISREG(info.st_mode);
	while (fgets(line, sizeof(line), requests)) {
		if (sscanf(line, "set %15s %u", condition, &n) == 2) {
			set(condition, n, answers);
			continue;
		}
		/* The path's name is for workers that have more than one. */
		if (sscanf(line, "%*s %u", &n) != 1 || n == 0 || n > MAX_SPAWNS)
			die("bad request", EINVAL);
		serve(argv + 1, n, answers);
	}
	return 0;
}

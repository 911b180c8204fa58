/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * victim.c - the victim of victim_test.go for the C library. Arguments: "spawn" or
 * "finish", program, directory, cgroup, user; empty or 0: none.
 *
 * spawn is forkexec_spawn() in a thread. finish is what a program does that has a time
 * limit: forkexec_start() and forkexec_finish(), kill, and leave a child that cannot die
 * to a thread of its own.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <forkexec.h>

#define MS 1000000L

extern char **environ;

static struct forkexec_request request;
static struct forkexec_result result;
static struct forkexec_state state;
static char work[65536] __attribute__((aligned(16)));
static int answer, ended;
static pthread_t starter, reaper;

/* Two lines a check, as the Go victim has them. */
static void report(const char *what, int err)
{
	printf("check %s\n%s\n", what, err ? strerror(err) : "<nil>");
}

static void *spawn(void *arg)
{
	int status;

	(void)arg;
	answer = -forkexec_spawn(&request, &result);
	if (!answer && waitpid(result.pid, &status, 0) < 0)
		answer = errno;
	return NULL;
}

static void *reap(void *arg)
{
	(void)arg;
	if (forkexec_finish(&request, &result, &state, -1) == FORKEXEC_RUNNING)
		waitpid(result.pid, NULL, 0);
	return NULL;
}

static void *finish(void *arg)
{
	enum forkexec_outcome outcome;

	(void)arg;
	request.work = work;
	request.work_size = sizeof(work);
	answer = -forkexec_start(&request, &result, &state);
	if (answer)
		return NULL;
	do {
		outcome = forkexec_finish(&request, &result, &state, 20 * MS);
	} while (outcome == FORKEXEC_TIMED_OUT && !__atomic_load_n(&ended, __ATOMIC_ACQUIRE));
	if (outcome == FORKEXEC_FAILED)
		answer = result.err;
	if (outcome == FORKEXEC_TIMED_OUT || outcome == FORKEXEC_CANCELLED) {
		answer = outcome == FORKEXEC_CANCELLED ? ECANCELED : ETIMEDOUT;
		kill(result.pid, SIGKILL);
		pthread_create(&reaper, NULL, reap, NULL);
	}
	return NULL;
}

static void *nothing(void *arg)
{
	return arg;
}

static int start_true(int with_posix_spawn)
{
	char *argv[] = {"true", NULL};
	struct forkexec_request r;
	struct forkexec_result other;
	int err, pid, status;

	if (with_posix_spawn) {
		err = posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ);
	} else {
		memset(&r, 0, sizeof(r));
		r.size = sizeof(r);
		r.path = "/bin/true";
		r.argv = argv;
		r.envp = environ;
		err = -forkexec_spawn(&r, &other);
		pid = other.pid;
	}
	if (err)
		return err;
	return waitpid(pid, &status, 0) < 0 ? errno : status;
}

static void check(void)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, nothing, NULL);

	if (!err)
		err = pthread_join(thread, NULL);
	report("threads", err);
	report("forkexec_spawn", start_true(0));
	report("posix_spawn", start_true(1));
	report("setgid", setgid(getgid()) < 0 ? errno : 0);
	puts("checked");
}

static int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static const char *clean(int fds)
{
	siginfo_t info;
	int i;

	for (i = 0; i < 1000; i++) {
		poll(NULL, 0, 5);
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD &&
		    open_fds() == fds)
			return "<nil>";
	}
	return "a child or a descriptor is left";
}

static void set_request(char **argv)
{
	static char *program_argv[2];

	program_argv[0] = argv[2];
	request.size = sizeof(request);
	request.path = argv[2];
	request.argv = program_argv;
	request.envp = environ;
	request.dir = *argv[3] ? argv[3] : NULL;
	if (*argv[4]) {
		request.flags |= FORKEXEC_CGROUP_FD;
		request.cgroup_fd = open(argv[4], O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	}
	if (atoi(argv[5])) {
		request.flags |= FORKEXEC_CREDENTIAL;
		request.uid = request.gid = (uint32_t)atoi(argv[5]);
	}
}

int main(int argc, char **argv)
{
	char line[64];
	int fds;

	if (argc != 6)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	set_request(argv);
	fds = open_fds();
	pthread_create(&starter, NULL, strcmp(argv[1], "spawn") ? finish : spawn, NULL);
	puts("started");
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "check", 5))
			check();
		if (!strcmp(line, "end")) {
			__atomic_store_n(&ended, 1, __ATOMIC_RELEASE);
			forkexec_cancel(work);
		}
		if (!strcmp(line, "end") || !strcmp(line, "result")) {
			pthread_join(starter, NULL);
			printf("result: %s\n", answer ? strerror(answer) : "<nil>");
		}
		if (!strcmp(line, "clean"))
			printf("clean: %s\n", clean(fds));
	}
	if (reaper)
		pthread_join(reaper, NULL);
	return 0;
}

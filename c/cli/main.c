/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * main.c - the command forkexec: starts a program with any attribute of the library, waits
 * for it as a shell does, and says why if it cannot be started.
 *
 * Signals: what a terminal sends to the whole foreground group the program gets itself. What
 * is sent to this process alone is passed on. If the program stops, so does this process, so
 * that the shell's job control works; its continuation is passed on, too.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGTSTP,
				SIGCONT, SIGWINCH};
#define N_PASSED_ON (sizeof(passed_on) / sizeof(passed_on[0]))

/* By passed_on's index: 1 for us alone, 2 from the terminal's driver to the whole group. */
static volatile sig_atomic_t pending[N_PASSED_ON];

static void note(int sig, siginfo_t *info, void *context)
{
	size_t i;

	(void)context;
	for (i = 0; i < N_PASSED_ON; i++)
		if (passed_on[i] == sig)
			pending[i] = info->si_code == SI_KERNEL ? 2 : 1;
		else if (sig == SIGCONT && passed_on[i] == SIGTSTP)
			pending[i] = 0; /* as the kernel does */
}

/* Handlers, for a mask or SIG_IGN would be the program's as well; what is ignored stays so. */
static void catch_signals(void)
{
	struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO}, old;
	size_t i;

	sigfillset(&action.sa_mask);
	for (i = 0; i < N_PASSED_ON; i++)
		if (sigaction(passed_on[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(passed_on[i], &action, NULL);
	sigaction(SIGCHLD, &action, NULL); /* only so that it ends the sleep */
}

/* A program in a group of its own gets nothing from the terminal that we get. */
static int in_own_group(const struct command *c)
{
	return (c->request.flags & (FORKEXEC_SETSID | FORKEXEC_SETPGID | FORKEXEC_FOREGROUND)) != 0;
}

/* Continues the program, and what it has started; of a group that it has only joined, it alone. */
static void go_on(const struct command *c, pid_t pid)
{
	(void)kill(in_own_group(c) && !c->request.pgid ? -pid : pid, SIGCONT);
}

static void pass_on(const struct command *c, pid_t pid)
{
	int told;
	size_t i;

	for (i = 0; i < N_PASSED_ON; i++) {
		told = pending[i] == 1 || (pending[i] == 2 && in_own_group(c));
		if (told && passed_on[i] == SIGCONT)
			go_on(c, pid);
		else if (told)
			(void)kill(pid, passed_on[i]);
		pending[i] = 0; /* for the next start, with --repeat, too */
	}
}

/* --foreground has given the terminal away: to group, or back to us. */
static void give_terminal(const struct command *c, pid_t group)
{
	sigset_t ttou, old;

	if (!(c->request.flags & FORKEXEC_FOREGROUND))
		return;
	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ttou, &old);
	(void)tcsetpgrp(c->request.ctty, group); /* a terminal that is gone cannot be had */
	sigprocmask(SIG_SETMASK, &old, NULL);
}

/* The program has stopped: so do we, and both go on when somebody continues us. */
static void stop_too(const struct command *c, pid_t pid, const sigset_t *open)
{
	sigset_t closed;

	give_terminal(c, getpgrp());
	sigprocmask(SIG_SETMASK, open, &closed);
	(void)raise(SIGSTOP);
	sigprocmask(SIG_SETMASK, &closed, NULL);
	give_terminal(c, c->request.pgid ? c->request.pgid : pid);
	go_on(c, pid);
}

#define FORK_NO_EXEC 0x40 /* PF_FORKNOEXEC: execve(2) has not come to the new program */

/* Has execve(2) not come to the new program? Without /proc nobody knows: 0. */
static int is_clone(pid_t pid)
{
	unsigned long flags = 0;
	char name[64], line[512];
	const char *p;
	FILE *stat;

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	stat = fopen(name, "re");
	p = stat && fgets(line, sizeof(line), stat) ? strrchr(line, ')') : NULL;
	if (!p || sscanf(p, ") %*c %*d %*d %*d %*d %*d %lu", &flags) != 1)
		flags = 0;
	if (stat)
		fclose(stat);
	return (flags & FORK_NO_EXEC) != 0;
}

/* "SIGTERM", or "signal 40". */
static const char *signal_text(int sig, char text[32])
{
	if (signal_word(sig))
		snprintf(text, 32, "SIG%s", signal_word(sig));
	else
		snprintf(text, 32, "signal %d", sig);
	return text;
}

/* Has the child changed state? One that never was its program is told, as nothing else tells it. */
static int has_changed(const struct command *c, pid_t pid)
{
	siginfo_t info = {0};
	char text[32];

	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) < 0)
		return 1;
	if (!info.si_pid || c->ended_by || (info.si_code != CLD_KILLED && info.si_code != CLD_DUMPED))
		return info.si_pid != 0;
	if (is_clone(pid))
		report_end(c, info.si_status, "the child was ended by %s before its program ran.%s",
			   signal_text(info.si_status, text),
			   info.si_status == SIGSYS ? " A seccomp filter does so." : "");
	return 1;
}

static int wait_for(const struct command *c, pid_t pid)
{
	int status, traced = (c->request.flags & FORKEXEC_PTRACE) != 0;
	sigset_t all, open, asleep;
	pid_t ended;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &open);
	asleep = open;
	sigdelset(&asleep, SIGCHLD); /* our caller may block it, and the program has that mask */
	for (;;) {
		pass_on(c, pid);
		ended = has_changed(c, pid) ? waitpid(pid, &status, WNOHANG | WUNTRACED) : 0;
		if (ended < 0)
			return EXIT_FAILED; /* ECHILD: somebody else has waited for it */
		if (ended == 0) {
			sigsuspend(&asleep);
		} else if (WIFSTOPPED(status) && traced) {
			traced = 0;
			(void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
		} else if (WIFSTOPPED(status)) {
			stop_too(c, pid, &open);
		} else {
			break;
		}
	}
	sigprocmask(SIG_SETMASK, &open, NULL); /* the next start's, with --repeat */
	give_terminal(c, getpgrp());
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* One that was meant to end us: 0, or its number. */
int ending_signal(void)
{
	size_t i;

	for (i = 0; i < N_PASSED_ON && passed_on[i] != SIGUSR1; i++)
		if (pending[i])
			return passed_on[i];
	return 0;
}

/*
 * ^Z, or as kill(1) sends it: the shell shall be had while a start hangs, is at its pause, or has a
 * hook, whose group gets the same if it has one of its own (else 0).
 */
void stop_if_told(pid_t hook)
{
	size_t i = 0;

	while (passed_on[i] != SIGTSTP)
		i++;
	if (!pending[i] || ending_signal())
		return;
	pending[i] = 0;
	if (hook)
		(void)kill(-hook, SIGSTOP);
	(void)raise(SIGSTOP);
	if (hook)
		(void)kill(-hook, SIGCONT);
}

/* A program whose process ID nobody has got. */
static int end_unknown(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (!is_json()) /* flush_output() has said it all */
		fprintf(stderr, "forkexec: --detach: process %d was ended, as its ID could not be printed\n",
			(int)pid);
	return EXIT_FAILED;
}

/* The start is over a moment before the child is its program, or has ended without. */
static int detach(const struct command *c, pid_t pid)
{
	const struct timespec moment = {0, 100000};
	siginfo_t info = {0};
	int tries;

	for (tries = 0; tries < 10000 && is_clone(pid); tries++) {
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
			break;
		if (info.si_pid)
			return wait_for(c, pid);
		(void)nanosleep(&moment, NULL);
	}
	printf("%d\n", (int)pid);
	return flush_output() ? end_unknown(pid) : 0;
}

/* A signal has ended the start: says where, and takes what is left of the child. */
static int start_ended(struct command *c, const char *found, pid_t pid)
{
	char sig[32], where[PATH_MAX];

	c->failed = 1;
	if (c->left_behind) {
		report_end(c, c->ended_by, "%s has ended the start, but process %d cannot be killed now. "
			   "It ends when its cgroup is thawed, or what it waits for answers.",
			   signal_text(c->ended_by, sig), (int)pid);
	} else {
		trace_last(c, found, where, sizeof(where));
		report_end(c, c->ended_by, "%s has ended the start%s.%s", signal_text(c->ended_by, sig),
			   where, *where ? "" : " With --trace it says at which step that was.");
	}
	if (pid <= 0 || c->left_behind)
		give_terminal(c, getpgrp());
	else
		(void)wait_for(c, pid);
	return 128 + c->ended_by;
}

static int run_once(struct command *c)
{
	struct forkexec_result result;
	char found[PATH_MAX];
	int err;

	err = start(c, &result, found);
	if (!c->left_behind) /* its trace cannot be read */
		trace_note(c, &result, found);
	if (c->ended_by)
		return start_ended(c, found, err < 0 ? 0 : result.pid);
	if (err < 0) {
		give_terminal(c, getpgrp());
		report(c, &result, found);
		c->failed = 1;
		return exit_status(&result);
	}
	return c->detach ? detach(c, result.pid) : wait_for(c, result.pid);
}

/* All of --repeat, up to a start that fails, or a program that the terminal ends. */
static int run(struct command *c)
{
	uint32_t i = 0;
	int status;

	catch_signals();
	trace_begin(c);
	do {
		status = run_once(c);
	} while (++i < c->repeat && !c->failed && status != 128 + SIGINT && status != 128 + SIGTERM);
	return c->trace ? trace_end(c, status) : status;
}

int main(int argc, char **argv)
{
	struct command c = {.request = FORKEXEC_REQUEST_INIT, .ctty = -1, .ruleset = -1};
	int first;

	save_environment();
	parse(&c, argc, argv, &first);
	if (c.completion && first != argc)
		usage("--completion: one shell, and nothing behind it");
	if (c.completion)
		return print_completion(c.completion);
	if (c.explain)
		return explain_table(argc - first, argv + first);
	if (first == argc)
		usage("which program?");
	if (first == 1 && !strcmp(argv[1], "report"))
		return html_report(argc - 2, argv + 2);
	c.request.path = argv[first];
	if (c.argv0)
		argv[first] = (char *)(uintptr_t)c.argv0;
	c.request.argv = argv + first;
	finish_request(&c);
	if (!c.dry_run)
		return run(&c);
	dry_run(&c);
	return flush_output();
}

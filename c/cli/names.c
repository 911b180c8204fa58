/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * names.c - words of the command line for numbers: signals, namespaces, capabilities,
 * errnos. Whatever cannot be read is a wrong usage and ends the command.
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

#include "cli.h"

static int as_json;

/* The messages that follow are JSON objects, as those of a failed start. */
void usage_as_json(void)
{
	as_json = 1;
}

int is_json(void)
{
	return as_json;
}

static void say_list(const char *format, va_list list)
{
	char *text;

	if (vasprintf(&text, format, list) < 0) {
		fputs("forkexec: out of memory\n", stderr);
		return;
	}
	fputs("forkexec: ", stderr);
	put_text(stderr, text, strlen(text));
	fputc('\n', stderr);
	free(text);
}

/* A line on standard error; no name in it steers the terminal. */
void say(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say_list(format, list);
	va_end(list);
}

void usage(const char *format, ...)
{
	va_list list;
	char *text;

	va_start(list, format);
	if (as_json) {
		report_usage(vasprintf(&text, format, list) < 0 ? "out of memory" : text);
		exit(EXIT_FAILED);
	}
	say_list(format, list);
	va_end(list);
	fputs("Try 'forkexec --help' for more information.\n", stderr);
	exit(EXIT_FAILED);
}

/* The end of what goes to standard output: the exit status. */
int flush_output(void)
{
	errno = 0;
	if (!(fflush(stdout) | ferror(stdout)))
		return 0;
	errno = errno ? errno : EIO;
	if (as_json)
		report_file("write", "standard output", "", "With --detach the program is ended, as nobody "
			    "would know its process ID.");
	else
		say("write error: %s", strerror(errno));
	return EXIT_FAILED;
}

/* 0: there is none. Hyphens may stand for its spaces: the shell has its own idea of those. */
uint32_t step_number(const char *text)
{
	uint32_t step = forkexec_step_by_name(text);
	char *name = strdup(text), *p;

	for (p = name; !step && p && *p; p++)
		if (*p == '-')
			*p = ' ';
	if (!step && name)
		step = forkexec_step_by_name(name);
	free(name);
	return step;
}

/* A list with room for one more than n elements. */
void *grow(void *list, uint32_t n, size_t size)
{
	list = realloc(list, (n + (size_t)1) * size);
	if (!list) {
		if (as_json)
			report_usage("out of memory");
		else
			fputs("forkexec: out of memory\n", stderr);
		exit(EXIT_FAILED);
	}
	return list;
}

/* Is it a number, and so a descriptor or an ID, and not a name? */
int is_digits(const char *s)
{
	return isdigit((unsigned char)*s) && !s[strspn(s, "0123456789")];
}

int64_t number(const char *option, const char *text, int64_t min, int64_t max)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno || end == text || *end || n < min || n > max)
		usage("--%s: \"%s\" is not a number from %lld to %lld", option, text,
		      (long long)min, (long long)max);
	return n;
}

static const struct {
	const char *name;
	int number;
} signals[] = {
	{"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"BUS", SIGBUS}, {"CHLD", SIGCHLD},
	{"CONT", SIGCONT}, {"FPE", SIGFPE}, {"HUP", SIGHUP}, {"ILL", SIGILL}, {"INT", SIGINT},
	{"IO", SIGIO}, {"KILL", SIGKILL}, {"PIPE", SIGPIPE}, {"PROF", SIGPROF}, {"PWR", SIGPWR},
	{"QUIT", SIGQUIT}, {"SEGV", SIGSEGV}, {"STKFLT", SIGSTKFLT}, {"STOP", SIGSTOP},
	{"SYS", SIGSYS}, {"TERM", SIGTERM}, {"TRAP", SIGTRAP}, {"TSTP", SIGTSTP},
	{"TTIN", SIGTTIN}, {"TTOU", SIGTTOU}, {"URG", SIGURG}, {"USR1", SIGUSR1},
	{"USR2", SIGUSR2}, {"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH}, {"XCPU", SIGXCPU},
	{"XFSZ", SIGXFSZ},
};

int signal_number(const char *option, const char *text)
{
	const char *name = strncasecmp(text, "SIG", 3) ? text : text + 3;
	size_t i;

	if (isdigit((unsigned char)*text))
		return (int)number(option, text, 1, 64);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!strcasecmp(signals[i].name, name))
			return signals[i].number;
	usage("--%s: \"%s\" is no signal; use TERM, KILL, ... or a number", option, text);
}

/* NULL: a number without a name. */
const char *signal_word(int sig)
{
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (signals[i].number == sig)
			return signals[i].name;
	return NULL;
}

static const struct {
	const char *name, *flag;
	uint64_t bit;
} namespaces[] = {
	{"user", "CLONE_NEWUSER", 0x10000000}, {"mount", "CLONE_NEWNS", 0x00020000},
	{"pid", "CLONE_NEWPID", 0x20000000}, {"net", "CLONE_NEWNET", 0x40000000},
	{"uts", "CLONE_NEWUTS", 0x04000000}, {"ipc", "CLONE_NEWIPC", 0x08000000},
	{"cgroup", "CLONE_NEWCGROUP", 0x02000000}, {"time", "CLONE_NEWTIME", 0x00000080},
};

static uint64_t namespace_flag(const char *option, const char *word, size_t n)
{
	char *end;
	unsigned long long flags;
	size_t i;

	for (i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		if ((strlen(namespaces[i].name) == n && !strncmp(namespaces[i].name, word, n)) ||
		    (strlen(namespaces[i].flag) == n && !strncmp(namespaces[i].flag, word, n)))
			return namespaces[i].bit;
	if (n == 3 && !strncmp(word, "mnt", n))
		return namespaces[1].bit;
	flags = strtoull(word, &end, 0); /* for what only another kernel knows */
	if (!n || end != word + n || !isdigit((unsigned char)*word))
		usage("--%s: \"%.*s\" is no namespace; use user, mount, pid, net, uts, ipc, cgroup or "
		      "time", option, (int)n, word);
	return flags;
}

uint64_t namespace_flags(const char *option, const char *list)
{
	uint64_t flags = 0;
	size_t n;

	for (;; list += n + 1) {
		n = strcspn(list, ",");
		flags |= namespace_flag(option, list, n);
		if (!list[n])
			return flags;
	}
}

uint64_t capability_number(const char *option, const char *text)
{
	cap_value_t value;
	char name[64];

	if (isdigit((unsigned char)*text))
		return (uint64_t)number(option, text, 0, 63);
	snprintf(name, sizeof(name), "%s%s", strncasecmp(text, "cap_", 4) ? "cap_" : "", text);
	if (cap_from_name(name, &value) < 0)
		usage("--%s: \"%s\" is no capability that libcap knows", option, text);
	return (uint64_t)value;
}

int32_t find_errno(const char *text)
{
	const char *name;
	int32_t err;

	for (err = 1; err < 200; err++) {
		name = forkexec_errno_name(err);
		if (name && !strcasecmp(name, text))
			return err;
	}
	return 0;
}

int32_t errno_number(const char *text)
{
	if (isdigit((unsigned char)*text))
		return (int32_t)number("explain", text, 1, 4095);
	if (find_errno(text))
		return find_errno(text);
	usage("--explain: \"%s\" is no errno; use ENOENT, EACCES, ... or a number", text);
}

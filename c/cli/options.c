/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * options.c - the one table of options. --help, the completions of bash and zsh, and a test
 * of the man page are made from it; a new option is a row here and a function in apply.c.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static void show_help(struct command *c, const char *argument)
{
	(void)c;
	(void)argument;
	print_help();
	exit(flush_output());
}

static void show_version(struct command *c, const char *argument)
{
	(void)c;
	(void)argument;
	print_version();
	exit(flush_output());
}

static void show_completion(struct command *c, const char *argument)
{
	c->completion = argument;
}

#define SPACES "user mount pid net uts ipc cgroup time"
#define SIGNALS "HUP INT QUIT KILL TERM USR1 USR2 STOP"
#define LIMITS  "as= core= cpu= data= fsize= locks= memlock= msgqueue= nice= nofile= nproc= rss= " \
		"rtprio= rttime= sigpending= stack="

#define PERSONALITIES "linux linux32 uname26 addr-no-randomize fdpic-funcptrs mmap-page-zero " \
		      "addr-compat-layout read-implies-exec addr-limit-32bit short-inode " \
		      "whole-seconds sticky-timeouts addr-limit-3gb"

/* A row without a function is a heading. */
const struct option_row options[] = {
	{"Place", NULL, NULL, NULL, NULL},
	{"chroot", "DIR", "make DIR the root directory", apply_chroot, "folder"},
	{"dir", "DIR", "start in DIR, inside the new root", apply_dir, "folder"},
	{"dir-fd", "FD", "start in the directory that is our descriptor FD", apply_dir_fd, NULL},
	{"argv0", "NAME", "pass NAME as argv[0]", apply_argv0, NULL},
	{"exec-fd", "FD", "execute our descriptor FD; PROGRAM is only its name", apply_exec_fd,
	 NULL},

	{"Environment", NULL, NULL, NULL, NULL},
	{"env", "NAME=VALUE", "set a variable; may be repeated", apply_env, NULL},
	{"unset-env", "NAME", "remove a variable", apply_unset_env, NULL},
	{"clear-env", NULL, "remove all variables set before this option", apply_clear_env, NULL},

	{"Identity", NULL, NULL, NULL, NULL},
	{"uid", "N|NAME", "user; without --gid with that user's group", apply_uid, "user"},
	{"gid", "N|NAME", "group", apply_gid, "group"},
	{"groups", "A,B,...", "supplementary groups; none without this option", apply_groups,
	 "group"},
	{"no-setgroups", NULL, "leave the supplementary groups as they are", apply_no_setgroups,
	 NULL},
	{"ambient-caps", "CAP,...", "raise capabilities, such as cap_net_raw", apply_ambient_caps,
	 NULL},
	{"bounding-caps", "CAP,...", "the bounding set: all, none, names; with + or - changes "
	 "it", apply_bounding_caps, "all none"},
	{"inheritable-caps", "CAP,...", "the inheritable set, the same way",
	 apply_inheritable_caps, "all none"},
	{"caps", "TEXT", "effective, permitted, inheritable set, as cap_net_raw=ep", apply_caps,
	 NULL},
	{"securebits", "BIT,...", "noroot, keep_caps, ... and _locked, or none", apply_securebits,
	 "none noroot noroot_locked no_setuid_fixup no_setuid_fixup_locked keep_caps "
	 "keep_caps_locked no_cap_ambient_raise no_cap_ambient_raise_locked"},
	{"no-new-privs", NULL, "no program can give it more privileges", apply_no_new_privs, NULL},
	{"umask", "MODE", "octal: bits that new files do not get", apply_umask, NULL},
	{"session-keyring", "[NAME]", "a session keyring of its own, or that of this NAME",
	 apply_session_keyring, NULL},
	{"personality", "WORD,...|N", "linux32, addr-no-randomize and so on, or a number",
	 apply_personality, PERSONALITIES},

	{"Limits and scheduling", NULL, NULL, NULL, NULL},
	{"rlimit", "NAME=SOFT[:HARD]", "a limit as prlimit(1) names it, or unlimited; may be "
	 "repeated", apply_rlimit, LIMITS},
	{"nice", "N", "-20 to 19", apply_nice, NULL},
	{"sched", "POLICY[:N]", "other, batch, idle, fifo:N, rr:N or "
	 "deadline:RUNTIME:DEADLINE:PERIOD (ns)", apply_sched,
	 "other batch idle fifo: rr: deadline:"},
	{"affinity", "CPU,...", "processors, such as 0-3,5", apply_affinity, NULL},
	{"ioprio", "CLASS[:LEVEL]", "none, rt, be or idle; level 0 to 7", apply_ioprio,
	 "none rt: be: idle"},
	{"oom-score-adj", "N", "-1000 to 1000", apply_oom_score_adj, NULL},

	{"Namespaces and cgroup", NULL, NULL, NULL, NULL},
	{"clone", "TYPE,...", "new namespaces at the clone: user, mount, pid, net, uts, ipc, "
	 "cgroup, time, or CLONE_NEW...", apply_clone, SPACES},
	{"unshare", "TYPE,...", "the same by unshare(2), in the child", apply_unshare, SPACES},
	{"setns", "TYPE,...=FILE|FD|pid:N", "join namespaces of process N, or one by a FILE of /proc/N/ns (TYPE may be left out); "
	 "may be repeated", apply_setns, "file"},
	{"uid-map", "INSIDE:OUTSIDE:COUNT", "a line of the user ID map; may be repeated",
	 apply_uid_map, NULL},
	{"gid-map", "INSIDE:OUTSIDE:COUNT", "a line of the group ID map; may be repeated",
	 apply_gid_map, NULL},
	{"id-map-helpers", NULL, "have newuidmap(1) and newgidmap(1) write the maps",
	 apply_id_map_helpers, NULL},
	{"setgroups", "allow|deny", "may the new user namespace call setgroups(2)? (deny)",
	 apply_setgroups, "allow deny"},
	{"cgroup", "DIR|FD", "start into this cgroup (version 2)", apply_cgroup, "folder"},

	{"Session and terminal", NULL, NULL, NULL, NULL},
	{"setsid", NULL, "new session", apply_setsid, NULL},
	{"setpgid", "[PGID]", "process group; a new one without PGID", apply_setpgid, NULL},
	{"ctty", "FD", "the terminal of --setctty (a descriptor of the child) or --foreground "
	 "(one of ours); 0", apply_ctty, NULL},
	{"setctty", NULL, "make --ctty the controlling terminal; needs --setsid", apply_setctty,
	 NULL},
	{"noctty", NULL, "give up the controlling terminal, on descriptor 0", apply_noctty, NULL},
	{"foreground", NULL, "new process group in the foreground of --ctty", apply_foreground,
	 NULL},

	{"Descriptors", NULL, NULL, NULL, NULL},
	{"fd", "N=M|N=FILE[:MODE]|N=-", "descriptor N is our M, a FILE (MODE r, w, a or rw), or "
	 "closed; may be repeated", apply_fd, "file"},
	{"open", "N=FILE[:MODE]", "the same FILE, but opened in the child: in its root, as its user",
	 apply_open, "file"},
	{"close-fds", NULL, "nothing but 0, 1, 2 and --fd reaches the program", apply_close_fds,
	 NULL},

	{"Signals", NULL, NULL, NULL, NULL},
	{"sigmask", "SIGNAL,...", "signals that are blocked: names, all or none", apply_sigmask,
	 SIGNALS " all none"},
	{"sigdefault", "SIGNAL,...", "signals that get their default action", apply_sigdefault,
	 SIGNALS " all none"},
	{"sigignore", "SIGNAL,...", "signals that are ignored", apply_sigignore,
	 SIGNALS " all none"},

	{"Confinement", NULL, NULL, NULL, NULL},
	{"seccomp", "FILE", "filter of system calls: struct sock_filter[] as bytes", apply_seccomp,
	 "file"},
	{"seccomp-flags", "FLAG,...", "log, spec-allow", apply_seccomp_flags, "log spec-allow"},
	{"landlock", "ACCESS:PATH|FD", "only files below PATH, for r, w and x; may be repeated; or a "
	 "ruleset", apply_landlock, "file"},
	{"landlock-flags", "FLAG,...", "log-same-exec-off, log-new-exec-on, log-subdomains-off",
	 apply_landlock_flags, "log-same-exec-off log-new-exec-on log-subdomains-off"},

	{"Life", NULL, NULL, NULL, NULL},
	{"pdeathsig", "SIGNAL", "signal to the program when forkexec ends", apply_pdeathsig,
	 SIGNALS},
	{"ptrace", NULL, "start with PTRACE_TRACEME: forkexec lets it run on", apply_ptrace, NULL},
	{"text-busy", "MS", "retry for so long while the program is being written", apply_text_busy,
	 NULL},
	{"on-clone", "COMMAND", "run by sh while the child waits, right after the clone; it is "
	 "$FORKEXEC_PID", apply_on_clone, NULL},
	{"on-exec", "COMMAND", "the same just before its execve", apply_on_exec, NULL},
	{"wait", NULL, "wait for the program, and end as it does (default)", apply_wait, NULL},
	{"detach", NULL, "print its process ID, and do not wait", apply_detach, NULL},

	{"Information", NULL, NULL, NULL, NULL},
	{"json", NULL, "report a failure as a JSON object, on standard error", apply_json, NULL},
	{"trace", "[FILE.json]", "print each step of the start and its time; or write them to FILE, "
	 "for Perfetto", apply_trace, "file"},
	{"repeat", "N", "start the program N times, and print how its steps' times are distributed",
	 apply_repeat, NULL},
	{"pause-at", "STEP", "stop right before STEP, and say how to look at the child",
	 apply_pause_at, "step"},
	{"dry-run", NULL, "print the system calls of the start, and do not start", apply_dry_run,
	 NULL},
	{"explain", NULL, "explain a step's errno: forkexec --explain [STEP [ERRNO]]",
	 apply_explain, "step"},
	{"completion", "bash|zsh", "print a completion script", show_completion, "bash zsh"},
	{"help", NULL, "this text", show_help, NULL},
	{"version", NULL, "version and license", show_version, NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))
#define FIRST     256 /* getopt's numbers, beyond all characters */

static void long_options(struct option list[N_OPTIONS])
{
	size_t i, n = 0;

	for (i = 0; options[i].name; i++) {
		if (!options[i].apply)
			continue;
		list[n++] = (struct option){
			options[i].name,
			!options[i].argument ? no_argument :
			options[i].argument[0] == '[' ? optional_argument : required_argument,
			NULL, FIRST + (int)i};
	}
	list[n] = (struct option){NULL, 0, NULL, 0};
}

/* --json counts for what is wrong with the options before it, too. */
static int wants_json(int argc, char **argv, const struct option *list)
{
	int value, json = 0;

	opterr = 0;
	while ((value = getopt_long(argc, argv, "+:h", list, NULL)) != -1)
		json |= value >= FIRST && options[value - FIRST].apply == apply_json;
	optind = 0; /* GNU's and musl's: from the beginning */
	return json;
}

/* What getopt_long(3) would print, but with the name escaped. value is what it has returned. */
__attribute__((noreturn)) static void bad_option(int value, const char *word)
{
	size_t n = strcspn(word, "="), i, like = 0;

	if (value == ':')
		usage("option '%s' requires an argument", word);
	if (optopt >= FIRST && optopt < FIRST + (int)N_OPTIONS) /* musl's may be any character */
		usage("option '--%s' doesn't allow an argument", options[optopt - FIRST].name);
	if (optopt)
		usage("invalid option -- '%c'", optopt);
	for (i = 0; n > 2 && options[i].name; i++)
		like += options[i].apply && !strncmp(options[i].name, word + 2, n - 2);
	usage("%s '%s'", like ? "ambiguous option" : "unrecognized option", word);
}

void parse(struct command *c, int argc, char **argv, int *ret_first)
{
	struct option list[N_OPTIONS];
	int value;

	long_options(list);
	if (wants_json(argc, argv, list))
		usage_as_json();
	/* "+": the program's own options are the program's. */
	while ((value = getopt_long(argc, argv, "+:h", list, NULL)) != -1) {
		if (value == 'h')
			show_help(c, NULL);
		if (value < FIRST)
			bad_option(value, argv[optind - 1]);
		options[value - FIRST].apply(c, optarg);
	}
	*ret_first = optind;
}

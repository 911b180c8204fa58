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
	exit(0);
}

static void show_version(struct command *c, const char *argument)
{
	(void)c;
	(void)argument;
	print_version();
	exit(0);
}

static void show_completion(struct command *c, const char *argument)
{
	(void)c;
	exit(print_completion(argument));
}

#define SPACES "user mount pid net uts ipc cgroup time"
#define SIGNALS "HUP INT QUIT KILL TERM USR1 USR2 STOP"

/* A row without a function is a heading. */
const struct option_row options[] = {
	{"Place", NULL, NULL, NULL, NULL},
	{"chroot", "DIR", "make DIR the root directory", apply_chroot, "folder"},
	{"dir", "DIR", "start in DIR, inside the new root", apply_dir, "folder"},
	{"argv0", "NAME", "pass NAME as argv[0]", apply_argv0, NULL},

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
	{"ambient-caps", "CAP,...", "raise capabilities, as cap_net_raw", apply_ambient_caps,
	 NULL},

	{"Namespaces and cgroup", NULL, NULL, NULL, NULL},
	{"clone", "TYPE,...", "new namespaces at the clone: user, mount, pid, net, uts, ipc, "
	 "cgroup, time, or CLONE_NEW...", apply_clone, SPACES},
	{"unshare", "TYPE,...", "the same by unshare(2), in the child", apply_unshare, SPACES},
	{"uid-map", "INSIDE:OUTSIDE:COUNT", "a line of the user ID map; may be repeated",
	 apply_uid_map, NULL},
	{"gid-map", "INSIDE:OUTSIDE:COUNT", "a line of the group ID map; may be repeated",
	 apply_gid_map, NULL},
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
	{"close-fds", NULL, "nothing but 0, 1, 2 and --fd reaches the program", apply_close_fds,
	 NULL},

	{"Life", NULL, NULL, NULL, NULL},
	{"pdeathsig", "SIGNAL", "signal to the program when forkexec ends", apply_pdeathsig,
	 SIGNALS},
	{"ptrace", NULL, "start with PTRACE_TRACEME: forkexec lets it run on", apply_ptrace, NULL},
	{"text-busy", "MS", "try so long again while the program is written to", apply_text_busy,
	 NULL},
	{"wait", NULL, "wait for the program, and end as it does (default)", apply_wait, NULL},
	{"detach", NULL, "print its process ID, and do not wait", apply_detach, NULL},

	{"Information", NULL, NULL, NULL, NULL},
	{"json", NULL, "tell a failure as a JSON object, on standard error", apply_json, NULL},
	{"trace", "[FILE.json]", "print each step of the start and its time; or write them to FILE, "
	 "for Perfetto", apply_trace, "file"},
	{"repeat", "N", "start the program N times, and print how its steps' times are distributed",
	 apply_repeat, NULL},
	{"pause-at", "STEP", "stop right before STEP, and say how to look at the child",
	 apply_pause_at, NULL},
	{"dry-run", NULL, "print the system calls of the start, and do not start", apply_dry_run,
	 NULL},
	{"explain", NULL, "explain a step's errno: forkexec --explain [STEP [ERRNO]]",
	 apply_explain, NULL},
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

void parse(struct command *c, int argc, char **argv, int *ret_first)
{
	struct option list[N_OPTIONS];
	int value;

	long_options(list);
	/* "+": the program's own options are the program's. */
	while ((value = getopt_long(argc, argv, "+", list, NULL)) != -1) {
		if (value < FIRST)
			usage(NULL);
		options[value - FIRST].apply(c, optarg);
	}
	*ret_first = optind;
}

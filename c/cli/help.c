/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * help.c - --help and the completions, both from the table of options.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

#define WIDTH  79
#define COLUMN 26 /* where the explanations begin */

/* Words from column COLUMN on. */
static void print_words(const char *text, int column)
{
	int n, at = column;

	for (; *text; text += n + (text[n] == ' ')) {
		n = (int)strcspn(text, " ");
		if (at > COLUMN && at + 1 + n > WIDTH) {
			printf("\n%*s", COLUMN, "");
			at = COLUMN;
		} else if (at > COLUMN) {
			putchar(' ');
			at++;
		}
		printf("%.*s", n, text);
		at += n;
	}
	putchar('\n');
}

void print_report_help(void)
{
	puts("Usage: forkexec report FILE >PAGE.html\n"
	     "Make an HTML page of FILE, which programs have written with FORKEXEC=trace=FILE:\n"
	     "what they started, how long it took, and what failed. - is standard input.\n"
	     "\nExit status: 0; 1 if FILE is no such file; 125 if it cannot be read, or the page\n"
	     "cannot be written. forkexec(1) has more.");
}

void print_help(void)
{
	const struct option_row *o;
	int n;

	puts("Usage: forkexec [OPTION...] [--] PROGRAM [ARG...]\n"
	     "       forkexec report FILE >PAGE.html\n"
	     "Start PROGRAM, searched for in PATH, with these attributes, and wait for it.\n"
	     "If it cannot be started, say which step failed, on what, why, and what helps.");
	for (o = options; o->name; o++) {
		if (!o->apply) {
			printf("\n%s:\n", o->name);
			continue;
		}
		n = printf("  --%s", o->name);
		if (o->argument)
			n += printf("%s%s", o->argument[0] == '[' ? "[=" : " ",
				    o->argument + (o->argument[0] == '['));
		if (n >= COLUMN - 1)
			n = printf("\n") - 1;
		printf("%*s", COLUMN - n, "");
		print_words(o->help, COLUMN);
	}
	puts("\nExit status: the program's; 128+N if signal N ended it; 127 if it was not\n"
	     "found, 126 if it cannot be executed, 125 if a step before that failed or if the\n"
	     "command line is wrong.\n"
	     "\nforkexec(1) has examples, forkexec(7) the steps.");
}

void print_version(void)
{
	printf("forkexec %d.%d.%d\nLicense: BSD 3-Clause\n", FORKEXEC_VERSION_MAJOR,
	       FORKEXEC_VERSION_MINOR, FORKEXEC_VERSION_PATCH);
}

static const char *bash_action(const char *values)
{
	return !strcmp(values, "file") ? "compgen -f" : !strcmp(values, "folder") ? "compgen -d" :
	       !strcmp(values, "user") ? "compgen -u" : !strcmp(values, "group") ? "compgen -g" :
						      NULL;
}

/* The names of all steps for "step". */
static void print_values(const char *values)
{
	const char *p;
	uint32_t i;

	if (strcmp(values, "step") != 0) {
		fputs(values, stdout);
		return;
	}
	for (i = 1; i < 64; i++) {
		p = forkexec_step_name(i);
		if (forkexec_step_by_name(p) != i)
			continue;
		putchar(' ');
		for (; *p; p++)
			putchar(*p == ' ' ? '-' : *p);
	}
}

static int is_list(const struct option_row *o)
{
	return strstr(o->argument, ",...") && !strchr(o->argument, '=');
}

static void print_bash_values(void)
{
	const struct option_row *o;

	for (o = options; o->name; o++) {
		const char *action = o->values ? bash_action(o->values) : NULL;

		if (!o->apply || ((!o->argument || o->argument[0] == '[') && o->apply != apply_explain))
			continue;
		if (!o->values) {
			printf("\t--%s) return ;;\n", o->name);
			continue;
		}
		printf("\t--%s) mapfile -t COMPREPLY < <(", o->name);
		if (action) {
			printf("%s -- \"$cur\"); return ;;\n", action);
			continue;
		}
		printf("compgen %s-W '", o->argument && is_list(o) ? "-P \"$list\" " : "");
		print_values(o->values);
		printf("' -- \"%s\"); return ;;\n", o->argument && is_list(o) ? "${cur##*,}" : "$cur");
	}
}

static void print_bash(void)
{
	const struct option_row *o;
	const char *bar = "";

	puts("# Made by forkexec --completion bash.\n_forkexec()\n{\n"
	     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} i word list=\n"
	     "\tCOMPREPLY=()\n"
	     "\t[[ $cur == *,* ]] && list=${cur%,*},\n"
	     "\tif ((COMP_CWORD == 2)) && [[ $prev == report ]]; then\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n\t\treturn\n\tfi\n"
	     "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	     "\t\tword=${COMP_WORDS[i]}\n"
	     "\t\tcase $word in");
	fputs("\t\t", stdout);
	for (o = options; o->name; o++) {
		if (!o->apply || !o->argument || o->argument[0] == '[')
			continue;
		printf("%s--%s", bar, o->name);
		bar = " | ";
	}
	puts(") ((i++)) ;;\n"
	     "\t\t-*) ;;\n"
	     "\t\t*) _command_offset $i 2>/dev/null; return ;;\n"
	     "\t\tesac\n\tdone\n\tcase $prev in");
	print_bash_values();
	puts("\tesac\n\tif [[ $cur == -* ]]; then");
	fputs("\t\tmapfile -t COMPREPLY < <(compgen -W '", stdout);
	for (o = options; o->name; o++)
		if (o->apply)
			printf("--%s ", o->name);
	puts("' -- \"$cur\")\n\telse\n\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$cur\")\n\tfi\n}\n"
	     "complete -F _forkexec forkexec");
}

/* zsh reads ':' and brackets in a specification. */
static void print_escaped(const char *text)
{
	for (; *text; text++) {
		if (strchr(":[]\\", *text))
			putchar('\\');
		if (*text == '\'')
			fputs("'\\'", stdout);
		putchar(*text);
	}
}

static void print_zsh_values(const struct option_row *o)
{
	const char *v = o->values;

	if (!v)
		return;
	if (strcmp(v, "step") != 0 && !strchr(v, ' ')) {
		fputs(!strcmp(v, "file") ? "_files" : !strcmp(v, "folder") ? "_files -/" :
		      !strcmp(v, "user") ? "_users" : "_groups", stdout);
		return;
	}
	fputs(is_list(o) ? "_sequence compadd - " : "(", stdout);
	print_values(v);
	fputs(is_list(o) ? "" : ")", stdout);
}

static void print_zsh(void)
{
	const struct option_row *o;

	puts("#compdef forkexec\n# Made by forkexec --completion zsh.\n"
	     "if (( CURRENT == 3 )) && [[ $words[2] == report ]]; then\n\t_files\n\treturn\nfi");
	fputs("if [[ $words[CURRENT-1] == --explain ]]; then\n\tcompadd -- ", stdout);
	print_values("step");
	puts("\n\treturn\nfi\n_arguments -S -s \\");
	for (o = options; o->name; o++) {
		if (!o->apply)
			continue;
		printf("\t'%s--%s", o->argument && strstr(o->help, "repeated") ? "*" : "", o->name);
		if (o->argument)
			fputs(o->argument[0] == '[' ? "=-" : "=", stdout);
		putchar('[');
		print_escaped(o->help);
		putchar(']');
		if (o->argument) {
			fputs(o->argument[0] == '[' ? "::" : ":", stdout);
			print_escaped(o->argument);
			putchar(':');
			print_zsh_values(o);
		}
		puts("' \\");
	}
	puts("\t'(-)1:program:_command_names -e' \\\n\t'*::arguments:_normal'");
}

int print_completion(const char *shell)
{
	if (!strcmp(shell, "bash"))
		print_bash();
	else if (!strcmp(shell, "zsh"))
		print_zsh();
	else
		usage("--completion: there is one for bash and one for zsh, and none for %s", shell);
	return flush_output();
}

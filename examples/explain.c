/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explain PROGRAM [ARG...]: starts a program, searched for in PATH, waits for it, and says why
 * if it cannot be started.
 *
 *	cc explain.c $(pkg-config --cflags --libs forkexec) -o explain
 */
#include <limits.h>
#include <stdio.h>
#include <sys/wait.h>

#include <forkexec.h>

int main(int argc, char **argv)
{
	struct forkexec_request request = FORKEXEC_REQUEST_INIT;
	struct forkexec_result result;
	char found[PATH_MAX], text[8192];
	int status;

	if (argc < 2)
		return 125;
	request.path = argv[1];
	request.argv = argv + 1;
	if (forkexec_spawnp(&request, &result, found, sizeof(found)) < 0) {
		if (*found)
			request.path = found;
		forkexec_explain(&request, &result, text, sizeof(text));
		fprintf(stderr, "%s\n", text);
		return 127;
	}
	if (waitpid(result.pid, &status, 0) < 0)
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

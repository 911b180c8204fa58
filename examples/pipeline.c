/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pipeline: "echo one two three | wc -w". Each program gets the descriptors that its list
 * names, and no others, whatever else this process has open.
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <forkexec.h>

static int start(const char *path, char **argv, int in, int out, struct forkexec_result *result)
{
	struct forkexec_request request = FORKEXEC_REQUEST_INIT;
	int32_t fds[3];
	char text[8192];
	int err;

	fds[0] = in;
	fds[1] = out;
	fds[2] = 2;
	request.path = path;
	request.argv = argv;
	request.fds = fds;
	request.n_fds = 3;
	request.flags = FORKEXEC_CLOSE_FDS;
	err = forkexec_spawnp(&request, result, NULL, 0);
	if (err < 0) {
		forkexec_explain(&request, result, text, sizeof(text));
		fprintf(stderr, "%s\n", text);
	}
	return err;
}

int main(void)
{
	char echo[] = "echo", words[] = "one two three", *say[] = {echo, words, NULL};
	char wc[] = "wc", w[] = "-w", *count[] = {wc, w, NULL};
	struct forkexec_result first, second;
	int ends[2], status = 1;

	if (pipe(ends) < 0 || start("echo", say, 0, ends[1], &first) < 0)
		return 1;
	close(ends[1]);
	if (start("wc", count, ends[0], 1, &second) < 0)
		return 1;
	close(ends[0]);
	waitpid(first.pid, &status, 0);
	waitpid(second.pid, &status, 0);
	return status != 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does every request end in a child or an error with a step, and leave nothing behind?
 */
#include <string.h>
#include <unistd.h>

#include "input.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	input_sandbox();
	return 0;
}

static void check(const struct input *in, int err, const struct forkexec_result *ret)
{
	int piped = in->r.flags & FORKEXEC_ERRNO_PIPE && !err;

	if (err != -ret->err && !piped)
		input_bad("result and return value differ", err, ret->err);
	if (err && (ret->pid != 0 || ret->pidfd != -1))
		input_bad("a failure with a child", ret->pid, ret->pidfd);
	if (err && (ret->step == FORKEXEC_STEP_NONE || ret->step > FORKEXEC_STEP_EXECVE))
		input_bad("a failure without a step", ret->step, err);
	if (!err && ret->pid <= 0)
		input_bad("a success without a child", ret->pid, ret->step);
	if (!err && !piped && ret->step != FORKEXEC_STEP_NONE)
		input_bad("a success with a step", ret->step, ret->err);
	if (ret->step && (!forkexec_step_name(ret->step) || ret->err <= 0 || ret->err > 4095))
		input_bad("a step without an errno", ret->step, ret->err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct forkexec_state state;
	struct forkexec_result ret;
	struct input in;
	int err;

	input_decode(&in, data, size);
	state.bits = in.bits;
	memset(&ret, 0x55, sizeof(ret));
	input_before();
	err = forkexec_run(&in.r, &ret, &state);
	check(&in, err, &ret);
	while (forkexec_settle(&state) > 0) /* until then it has a descriptor open */
		usleep(100);
	input_after(&in, ret.pid, ret.pidfd);
	input_free(&in);
	return 0;
}

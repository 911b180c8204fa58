//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * trace.c - are we traced? A tracer is told of a clone by one of three events. Of a child that
 * shares memory without CLONE_VFORK it hears "fork" (kernel_clone() in Linux), so gdb takes
 * its breakpoints out of what it believes to be the child's copy, and thus out of us. While
 * somebody traces us, CLONE_VFORK therefore tells the truth.
 */
#include "core.h"

/*
 * How old the answer may be. To attach takes a debugger longer, and stops us meanwhile; to
 * look costs about ten microseconds, too much for each start.
 */
#define TRACED_MS 20

/* Milliseconds since boot; the difference of two is right across the overflow. */
static uint32_t now_ms(void)
{
	struct sys_timespec t;

	t.sec = t.nsec = 0;
	sys_monotonic(&t);
	return (uint32_t)t.sec * 1000 + (uint32_t)t.nsec / 1000000;
}

/* The line is among the first of the file. Without /proc nobody traces us. */
static int read_tracer(void)
{
	static const char name[] = "\nTracerPid:\t";
	char text[384];
	const size_t n_name = sizeof(name) - 1;
	size_t at, i = 0;
	long n, fd = sys_openat("/proc/thread-self/status", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	n = sys_read((int)fd, text, sizeof(text));
	sys_close((int)fd);
	for (at = 0; n > 0 && at + n_name < (size_t)n; at++) {
		for (i = 0; i < n_name && text[at + i] == name[i]; i++)
			NOT_A_LIBC_CALL();
		if (i == n_name)
			return text[at + n_name] != '0';
	}
	return 0;
}

HIDDEN int forkexec_is_traced(const struct forkexec_request *r, struct forkexec_state *state)
{
	uint32_t now = r->now_ms ? r->now_ms : now_ms(), then = __atomic_load_n(&state->traced_ms, __ATOMIC_RELAXED);

	if (then && now - then < TRACED_MS)
		return (state_bits(state) & STATE_TRACED) != 0;
	if (read_tracer())
		state_set(state, STATE_TRACED);
	else
		state_clear(state, STATE_TRACED);
	__atomic_store_n(&state->traced_ms, now | !now, __ATOMIC_RELAXED);
	return (state_bits(state) & STATE_TRACED) != 0;
}

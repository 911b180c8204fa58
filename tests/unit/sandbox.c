/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sandbox.c - see sandbox.h. Filters are for the native system call table only, which
 * is the one that the core uses.
 */
#include "sandbox.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support.h"

#define AT(field)    ((uint32_t)offsetof(struct seccomp_data, field))
#define LOAD(field)  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT(field))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define JUMP(how, value, yes, no)                                                                  \
	BPF_JUMP(BPF_JMP | (how) | BPF_K, (uint32_t)(value), (yes), (no))

static int install(struct sock_filter *code, unsigned n, unsigned flags)
{
	struct sock_fprog program = {(unsigned short)n, code};

	CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

void sandbox_refuse(const struct sandbox_rule *rules, unsigned n_rules)
{
	struct sock_filter code[128];
	unsigned i, n = 0;

	code[n++] = (struct sock_filter)LOAD(nr);
	for (i = 0; i < n_rules && rules[i].nr; i++) {
		uint32_t answer = rules[i].err == SANDBOX_KILL ?
					  SECCOMP_RET_KILL_PROCESS :
					  SECCOMP_RET_ERRNO | (uint32_t)rules[i].err;
		/* On a little-endian machine the low half of args[0] comes first. */
		struct sock_filter rule[] = {
			JUMP(BPF_JEQ, rules[i].nr, 0, 5),
			LOAD(args[0]),
			JUMP(BPF_JSET, rules[i].unless, 2, 0),
			JUMP(BPF_JSET, rules[i].mask, 0, 1),
			RETURN(answer),
			LOAD(nr),
		};

		if (!rules[i].mask)
			rule[3] = (struct sock_filter)JUMP(BPF_JA, 0, 0, 0);
		memcpy(code + n, rule, sizeof(rule));
		n += sizeof(rule) / sizeof(rule[0]);
	}
	code[n++] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	CHECK_EQ(install(code, n, 0), 0);
}

/* A signal makes the held call start again: later callers go on at once. */
static void *hold_thread(void *arg)
{
	struct seccomp_notif_resp response;
	struct seccomp_notif call;
	struct hold *h = arg;

	while (!h->done) {
		struct pollfd p = {h->listener, POLLIN, 0};

		memset(&call, 0, sizeof(call));
		if (poll(&p, 1, 10) <= 0 || ioctl(h->listener, SECCOMP_IOCTL_NOTIF_RECV, &call))
			continue;
		if (!h->held) {
			h->held = 1;
			if (h->act)
				h->act((int)call.pid, h->arg);
		}
		memset(&response, 0, sizeof(response));
		response.id = call.id;
		response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		/* Its caller may be dead by now. */
		(void)ioctl(h->listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
	return NULL;
}

int hold_start(struct hold *h, long nr, void (*act)(int pid, void *arg), void *arg)
{
	struct sock_filter code[] = {
		LOAD(nr),
		JUMP(BPF_JEQ, nr, 0, 1),
		RETURN(SECCOMP_RET_USER_NOTIF),
		RETURN(SECCOMP_RET_ALLOW),
	};

	h->act = act;
	h->arg = arg;
	h->held = 0;
	h->done = 0;
	h->listener = install(code, 4, SECCOMP_FILTER_FLAG_NEW_LISTENER);
	if (h->listener < 0)
		return 0;
	CHECK_EQ(pthread_create(&h->thread, NULL, hold_thread, h), 0);
	return 1;
}

void hold_join(struct hold *h)
{
	h->done = 1;
	pthread_join(h->thread, NULL);
	close(h->listener);
}

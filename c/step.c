//go:build ignore

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * step.c - the words for steps: names, system calls, fields, hints. Made
 * from the lists in forkexec.h and hints.h. Part of the library, not of the core:
 * tables of pointers need relocations. Go has its own copy, generated.
 */
#include <errno.h>
#include <string.h>

#include "forkexec.h"
#include "hints.h"

struct step_words {
	const char *name;
	const char *syscall;
	const char *field;
};

static const struct step_words words[] = {
#define STEP_WORDS(id, NAME, name, syscall, field) [id] = {name, syscall, field},
	FORKEXEC_STEPS(STEP_WORDS)
#undef STEP_WORDS
};

#define N_STEPS (sizeof(words) / sizeof(words[0]))

static const struct step_words *find(uint32_t step)
{
	static const struct step_words unknown = {"unknown", "", ""};

	return step < N_STEPS && words[step].name ? &words[step] : &unknown;
}

const char *forkexec_step_name(uint32_t step)
{
	return find(step)->name;
}

const char *forkexec_step_syscall(uint32_t step)
{
	return find(step)->syscall;
}

const char *forkexec_step_field(uint32_t step)
{
	return find(step)->field;
}

uint32_t forkexec_step_by_name(const char *name)
{
	uint32_t step;

	for (step = 1; step < N_STEPS; step++)
		if (words[step].name && !strcmp(words[step].name, name))
			return step;
	return FORKEXEC_STEP_NONE;
}

const char *forkexec_hint(uint32_t step, int32_t err)
{
	static const struct {
		uint32_t step;
		int32_t err;
		const char *text;
	} hints[] = {
#define ANY 0
#define FIELD(name) #name
#define HINT(STEP, ERRNO, text) {FORKEXEC_STEP_##STEP, ERRNO, text},
		FORKEXEC_HINTS(HINT, FIELD)
#undef HINT
#undef FIELD
#undef ANY
	};
	size_t i;

	for (i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (hints[i].step == step && (!hints[i].err || hints[i].err == err))
			return hints[i].text;
	return NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * view.c - core.h as the tests see it. The only helper that includes it.
 */
#include "view.h"

#include "goabi.h"

_Static_assert((int)VIEW_CLONE3 == (int)METHOD_CLONE3, "view.h mirrors enum method");
_Static_assert((int)VIEW_CLONE == (int)METHOD_CLONE, "view.h mirrors enum method");
_Static_assert((int)VIEW_CLONE3_FORK == (int)METHOD_CLONE3_FORK, "view.h mirrors enum method");
_Static_assert((int)VIEW_FORK == (int)METHOD_FORK, "view.h mirrors enum method");
_Static_assert((int)VIEW_METHODS == (int)N_METHODS, "view.h mirrors enum method");

const char *const view_method_names[VIEW_METHODS] = {
	[VIEW_CLONE3] = "clone3",
	[VIEW_CLONE] = "clone",
	[VIEW_CLONE3_FORK] = "clone3 fork",
	[VIEW_FORK] = "fork",
};

uint32_t view_refused(enum view_method method)
{
	return STATE_REFUSED((uint32_t)method);
}

uint32_t view_proven(enum view_method method)
{
	return STATE_PROVEN((uint32_t)method);
}

uint32_t view_trims(void)
{
	return STATE_TRIMS;
}

uint32_t view_only(enum view_method method)
{
	uint32_t bits = 0, m;

	for (m = 0; m < N_METHODS; m++)
		if (m != (uint32_t)method)
			bits |= STATE_REFUSED(m);
	return bits;
}

enum view_method view_method_of(const void *work)
{
	return (enum view_method)((const struct job *)work)->method;
}

uint32_t view_move_groups(struct forkexec_go_frame *f, struct forkexec_state *state, uint32_t *groups)
{
	struct go_call g;
	uint32_t i;

	if (forkexec_go_begin(&g, f, state))
		return 0;
	for (i = 0; i < g.request.n_groups; i++)
		groups[i] = 0;
	for (i = 0; i < g.request.n_groups; i++)
		groups[i] = g.request.groups[i];
	forkexec_go_end(&g, f, state, 0);
	return g.request.n_groups;
}

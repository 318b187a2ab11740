/*
 * sched.c - the schedulers there are, by name.
 */
#include "lb/sched_impl.h"

#include <string.h>

static const struct lb_sched *const scheds[] = {
	&lb_sched_rr,
	&lb_sched_wlc,
};

#define SCHED_COUNT (sizeof(scheds) / sizeof(scheds[0]))

const struct lb_sched *
lb_sched_at(unsigned i)
{
	return i < SCHED_COUNT ? scheds[i] : NULL;
}

const struct lb_sched *
lb_sched_find(const char *name)
{
	for (unsigned i = 0; i < SCHED_COUNT; i++) {
		if (strcmp(scheds[i]->name, name) == 0)
			return scheds[i];
	}
	return NULL;
}

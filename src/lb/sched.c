/*
 * sched.c - the schedulers there are, by name; the life of what one keeps for
 * a service; and what several share.
 */
#include "lb/sched_impl.h"

#include <errno.h>
#include <string.h>

#include "stack/stack.h"

static const struct lb_sched *const scheds[] = {
	&lb_sched_rr,
	&lb_sched_wrr,
	&lb_sched_lc,
	&lb_sched_wlc,
	&lb_sched_lblc,
	&lb_sched_lblcr,
	&lb_sched_dh,
	&lb_sched_sh,
	&lb_sched_sed,
	&lb_sched_nq,
	&lb_sched_fo,
	&lb_sched_ovf,
	&lb_sched_mh,
	&lb_sched_twos,
	&lb_sched_maglev,
	&lb_sched_swrr,
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

int
lb_sched_start(struct stack *stk, struct lb_service *svc)
{
	const struct lb_sched *s = svc->conf.sched;
	int r = 0;

	svc->sched_data = NULL;
	if (s->size != 0 &&
	    (svc->sched_data = mem_alloc(&stk->mem, s->size)) == NULL)
		return -ENOMEM;
	if (s->init != NULL)
		r = s->init(stk, svc);
	else if (s->changed != NULL)
		r = s->changed(stk, svc, NULL);
	if (r != 0) {
		mem_free(&stk->mem, svc->sched_data, s->size);
		svc->sched_data = NULL;
	}
	return r;
}

void
lb_sched_stop(struct stack *stk, struct lb_service *svc)
{
	const struct lb_sched *s = svc->conf.sched;

	if (s->fini != NULL)
		s->fini(stk, svc);
	if (s->size != 0)
		mem_free(&stk->mem, svc->sched_data, s->size);
	svc->sched_data = NULL;
}

uint32_t
lb_gcd(uint32_t a, uint32_t b)
{
	while (a != 0) {
		uint32_t rest = b % a;

		b = a;
		a = rest;
	}
	return b;
}

bool
lb_server_is_busy(const struct lb_service *svc, const struct lb_server *srv)
{
	const struct lb_server *other;

	if ((int64_t)srv->active <= srv->conf.weight)
		return false;
	for (other = svc->servers; other != NULL; other = other->next) {
		if ((int64_t)other->active * 2 < other->conf.weight)
			return true;
	}
	return false;
}

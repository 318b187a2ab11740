/*
 * sched_twos.c - the power of two choices (Mitzenmacher 2001): two servers at
 * random by weight, and the lighter of them.
 */
#include "base/rng.h"
#include "lb/sched_impl.h"
#include "stack/stack.h"

/* The available server in whose share of the weights r falls, 0 <= r <= sum of
 * them.  Kept as IPVS has it: the first server owns one number more. */
static struct lb_server *
server_at(const struct lb_service *svc, uint64_t r)
{
	struct lb_server *srv;

	for (srv = svc->servers; srv != NULL; srv = srv->next) {
		if (!lb_server_available(srv))
			continue;
		if (r <= (uint64_t)srv->conf.weight)
			return srv;
		r -= (uint64_t)srv->conf.weight;
	}
	return NULL;
}

static struct lb_server *
twos_pick(struct stack *stk, struct lb_service *svc, const struct lb_pick *p)
{
	struct lb_server *srv, *a, *b;
	uint64_t total = 0;

	(void)p;
	for (srv = svc->servers; srv != NULL; srv = srv->next) {
		if (lb_server_available(srv))
			total += (uint64_t)srv->conf.weight;
	}
	if (total == 0)
		return NULL;
	if (total >= UINT32_MAX)
		total = UINT32_MAX - 1;
	a = server_at(svc, rng_below(&stk->rng, (uint32_t)total + 1));
	b = server_at(svc, rng_below(&stk->rng, (uint32_t)total + 1));
	return lb_load_lighter(lb_server_overhead(b), b->conf.weight,
	    lb_server_overhead(a), a->conf.weight) ? b : a;
}

const struct lb_sched lb_sched_twos = {
	.name = "twos",
	.pick = twos_pick,
};

/*
 * sched_swrr.c - smooth weighted round robin: each server in exact proportion
 * to its weight, spread evenly instead of in bursts.
 *
 * Every pick each available server earns its weight; the richest is picked,
 * the first of equals, and pays what all earned together.  Not in IPVS.
 */
#include "lb/sched_impl.h"

static int
swrr_init(struct stack *stk, struct lb_service *svc)
{
	struct lb_server *srv;

	(void)stk;
	for (srv = svc->servers; srv != NULL; srv = srv->next)
		srv->credit = 0;
	return 0;
}

static struct lb_server *
swrr_pick(struct stack *stk, struct lb_service *svc, const struct lb_pick *p)
{
	struct lb_server *srv, *best = NULL;
	int64_t total = 0;

	(void)stk;
	(void)p;
	for (srv = svc->servers; srv != NULL; srv = srv->next) {
		if (!lb_server_available(srv))
			continue;
		srv->credit += srv->conf.weight;
		total += srv->conf.weight;
		if (best == NULL || srv->credit > best->credit)
			best = srv;
	}
	if (best != NULL)
		best->credit -= total;
	return best;
}

const struct lb_sched lb_sched_swrr = {
	.name = "swrr",
	.init = swrr_init,
	.pick = swrr_pick,
};

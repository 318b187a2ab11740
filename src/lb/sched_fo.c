/*
 * sched_fo.c - weighted fail-over: always the highest weight, the first of
 * equals.
 */
#include "lb/sched_impl.h"

static struct lb_server *
fo_pick(struct stack *stk, struct lb_service *svc, const struct lb_pick *p)
{
	struct lb_server *srv, *best = NULL;

	(void)stk;
	(void)p;
	for (srv = svc->servers; srv != NULL; srv = srv->next) {
		if (lb_server_available(srv) && (best == NULL ||
		    srv->conf.weight > best->conf.weight))
			best = srv;
	}
	return best;
}

const struct lb_sched lb_sched_fo = {
	.name = "fo",
	.pick = fo_pick,
};

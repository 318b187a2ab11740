/*
 * sched_lc.c - least connections: the least overhead, the first of equals.
 */
#include "lb/sched_impl.h"

static struct lb_server *
lc_pick(struct stack *stk, struct lb_service *svc, const struct lb_pick *p)
{
	struct lb_server *srv, *least = NULL;

	(void)stk;
	(void)p;
	for (srv = svc->servers; srv != NULL; srv = srv->next) {
		if (lb_server_available(srv) && (least == NULL ||
		    lb_server_overhead(srv) < lb_server_overhead(least)))
			least = srv;
	}
	return least;
}

const struct lb_sched lb_sched_lc = {
	.name = "lc",
	.pick = lc_pick,
};

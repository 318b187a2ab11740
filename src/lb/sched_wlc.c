/*
 * sched_wlc.c - weighted least connections: the least overhead for its weight,
 * the first of equals.
 */
#include "lb/sched_impl.h"

static struct lb_server *
wlc_pick(struct stack *stk, struct lb_service *svc, const struct lb_pick *p)
{
	struct lb_server *srv, *least = NULL;

	(void)stk;
	(void)p;
	for (srv = svc->servers; srv != NULL; srv = srv->next) {
		if (!lb_server_available(srv))
			continue;
		/* overhead / weight, compared without dividing */
		if (least == NULL || lb_server_overhead(least) *
		    (uint64_t)srv->conf.weight > lb_server_overhead(srv) *
		    (uint64_t)least->conf.weight)
			least = srv;
	}
	return least;
}

const struct lb_sched lb_sched_wlc = {
	.name = "wlc",
	.pick = wlc_pick,
};

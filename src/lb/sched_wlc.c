/*
 * sched_wlc.c - weighted least connections: the least overhead for its weight,
 * the first of equals.
 */
#include "lb/sched_impl.h"

struct lb_server *
lb_wlc_pick(const struct lb_service *svc)
{
	struct lb_server *srv, *least = NULL;

	for (srv = svc->servers; srv != NULL; srv = srv->next) {
		if (!lb_server_available(srv))
			continue;
		if (least == NULL || lb_load_lighter(lb_server_overhead(srv),
		    srv->conf.weight, lb_server_overhead(least),
		    least->conf.weight))
			least = srv;
	}
	return least;
}

static struct lb_server *
wlc_pick(struct stack *stk, struct lb_service *svc, const struct lb_pick *p)
{
	(void)stk;
	(void)p;
	return lb_wlc_pick(svc);
}

const struct lb_sched lb_sched_wlc = {
	.name = "wlc",
	.pick = wlc_pick,
};

/*
 * sched_nq.c - never queue: the first idle server, whatever its weight; if
 * none is idle, the shortest expected delay (sched_sed.c).
 */
#include "lb/sched_impl.h"

static struct lb_server *
nq_pick(struct stack *stk, struct lb_service *svc, const struct lb_pick *p)
{
	struct lb_server *srv;

	for (srv = svc->servers; srv != NULL; srv = srv->next) {
		if (lb_server_available(srv) && srv->active == 0)
			return srv;
	}
	return lb_sched_sed.pick(stk, svc, p);
}

const struct lb_sched lb_sched_nq = {
	.name = "nq",
	.pick = nq_pick,
};

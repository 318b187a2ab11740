/*
 * sched_nq.c - never queue: the first idle server, whatever its weight; if
 * none is idle, the shortest expected delay (sched_sed.c).
 */
#include "lb/sched_impl.h"

static struct lb_server *
nq_pick(struct stack *stk, struct lb_service *svc, const struct lb_pick *p)
{
	const struct lb_load *l;

	for (uint32_t i = svc->server_count; i-- > 0;) {
		l = &svc->load[i];
		if (l->weight > 0 && l->active == 0)
			return l->srv;
	}
	return lb_sched_sed.pick(stk, svc, p);
}

const struct lb_sched lb_sched_nq = {
	.name = "nq",
	.pick = nq_pick,
};

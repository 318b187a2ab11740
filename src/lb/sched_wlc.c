/*
 * sched_wlc.c - weighted least connections: the least overhead for its weight,
 * the first of equals.
 */
#include "lb/sched_impl.h"

struct lb_server *
lb_wlc_pick(const struct lb_service *svc)
{
	const struct lb_load *l, *least = NULL;

	for (uint32_t i = svc->server_count; i-- > 0;) {
		l = &svc->load[i];
		if (l->weight > 0 && (least == NULL ||
		    lb_load_lighter(lb_load_overhead(l), l->weight,
		    lb_load_overhead(least), least->weight)))
			least = l;
	}
	return least != NULL ? least->srv : NULL;
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

/*
 * sched_lc.c - least connections: the least overhead, the first of equals.
 */
#include "lb/sched_impl.h"

static struct lb_server *
lc_pick(struct stack *stk, struct lb_service *svc, const struct lb_pick *p)
{
	const struct lb_load *l, *least = NULL;

	(void)stk;
	(void)p;
	for (uint32_t i = svc->server_count; i-- > 0;) {
		l = &svc->load[i];
		if (l->weight > 0 && (least == NULL ||
		    lb_load_overhead(l) < lb_load_overhead(least)))
			least = l;
	}
	return least != NULL ? least->srv : NULL;
}

const struct lb_sched lb_sched_lc = {
	.name = "lc",
	.pick = lc_pick,
};

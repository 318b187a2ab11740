/*
 * sched_sed.c - shortest expected delay: the least (active + 1) for its
 * weight, the first of equals.  UDP counts as nothing: it is never active.
 */
#include "lb/sched_impl.h"

static struct lb_server *
sed_pick(struct stack *stk, struct lb_service *svc, const struct lb_pick *p)
{
	const struct lb_load *l, *least = NULL;

	(void)stk;
	(void)p;
	for (uint32_t i = svc->server_count; i-- > 0;) {
		l = &svc->load[i];
		if (l->weight > 0 && (least == NULL || lb_load_lighter(
		    (int64_t)l->active + 1, l->weight,
		    (int64_t)least->active + 1, least->weight)))
			least = l;
	}
	return least != NULL ? least->srv : NULL;
}

const struct lb_sched lb_sched_sed = {
	.name = "sed",
	.pick = sed_pick,
};

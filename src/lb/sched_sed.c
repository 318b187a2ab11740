/*
 * sched_sed.c - shortest expected delay: the least (active + 1) for its
 * weight, the first of equals.  UDP counts as nothing: it is never active.
 */
#include "lb/sched_impl.h"

static struct lb_server *
sed_pick(struct stack *stk, struct lb_service *svc, const struct lb_pick *p)
{
	struct lb_server *srv, *least = NULL;

	(void)stk;
	(void)p;
	for (srv = svc->servers; srv != NULL; srv = srv->next) {
		if (!lb_server_available(srv))
			continue;
		if (least == NULL || lb_load_lighter(
		    (int64_t)srv->active + 1, srv->conf.weight,
		    (int64_t)least->active + 1, least->conf.weight))
			least = srv;
	}
	return least;
}

const struct lb_sched lb_sched_sed = {
	.name = "sed",
	.pick = sed_pick,
};

/*
 * sched_ovf.c - weighted overflow: the highest weight whose active connections
 * do not exceed it, the first of equals.
 */
#include "lb/sched_impl.h"

static struct lb_server *
ovf_pick(struct stack *stk, struct lb_service *svc, const struct lb_pick *p)
{
	struct lb_server *srv, *best = NULL;

	(void)stk;
	(void)p;
	for (srv = svc->servers; srv != NULL; srv = srv->next) {
		if (!lb_server_available(srv) ||
		    (int64_t)srv->active > srv->conf.weight)
			continue;
		if (best == NULL || srv->conf.weight > best->conf.weight)
			best = srv;
	}
	return best;
}

const struct lb_sched lb_sched_ovf = {
	.name = "ovf",
	.pick = ovf_pick,
};

/*
 * sched_lblcr.c - locality-based least connections with replication: as lblc,
 * but a destination has a set of servers, from which the lightest is taken.
 * When that is busy wlc adds one; a set that did not change for a day loses
 * its heaviest.  For caches.
 */
#include "lb/lb_cache.h"
#include "lb/sched_impl.h"
#include "stack/stack.h"

#define SET_OLD_US (24 * 3600 * USEC_PER_SEC)

static struct lb_server *
set_lightest(const struct lb_cache_entry *e)
{
	struct lb_server *best = NULL;

	for (uint32_t i = 0; i < e->count; i++) {
		struct lb_server *srv = e->set[i];

		if (!lb_server_available(srv))
			continue;
		if (best == NULL || lb_load_lighter(lb_server_overhead(srv),
		    srv->conf.weight, lb_server_overhead(best),
		    best->conf.weight))
			best = srv;
	}
	return best;
}

static struct lb_server *
set_heaviest(const struct lb_cache_entry *e)
{
	struct lb_server *worst = NULL;

	for (uint32_t i = 0; i < e->count; i++) {
		struct lb_server *srv = e->set[i];

		if (srv->conf.weight <= 0)
			continue;
		if (worst == NULL || lb_load_lighter(
		    lb_server_overhead(worst), worst->conf.weight,
		    lb_server_overhead(srv), srv->conf.weight))
			worst = srv;
	}
	return worst;
}

static struct lb_server *
lblcr_pick(struct stack *stk, struct lb_service *svc, const struct lb_pick *p)
{
	struct lb_cache *c = svc->sched_data;
	struct lb_cache_entry *e = lb_cache_use(stk, c, &p->dst);
	struct lb_server *srv = NULL;

	if (e != NULL) {
		srv = set_lightest(e);
		if (e->count > 1 &&
		    instant_diff(stk->now, e->modified) > SET_OLD_US)
			lb_cache_set_del(stk, e, set_heaviest(e));
		if (srv != NULL && !lb_server_is_busy(svc, srv))
			return srv;
	}
	srv = lb_wlc_pick(svc);
	if (srv == NULL)
		return NULL;
	if (e == NULL)
		lb_cache_add(stk, c, &p->dst, srv);
	else
		lb_cache_set_add(stk, e, srv);
	return srv;
}

const struct lb_sched lb_sched_lblcr = {
	.name = "lblcr",
	.size = sizeof(struct lb_cache),
	.init = lb_cache_init,
	.fini = lb_cache_fini,
	.changed = lb_cache_changed,
	.pick = lblcr_pick,
};

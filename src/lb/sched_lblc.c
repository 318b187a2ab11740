/*
 * sched_lblc.c - locality-based least connections: a destination stays with
 * the server that it had, until that is gone, or busy while another has
 * hardly anything to do; then wlc picks a new one.  For caches.
 */
#include "lb/lb_cache.h"
#include "lb/sched_impl.h"
#include "stack/stack.h"

static struct lb_server *
lblc_pick(struct stack *stk, struct lb_service *svc, const struct lb_pick *p)
{
	struct lb_cache *c = svc->sched_data;
	struct lb_cache_entry *e = lb_cache_use(stk, c, &p->dst);
	struct lb_server *srv;

	/* As in IPVS, its upper threshold does not part them. */
	if (e != NULL && e->set[0]->conf.weight > 0 &&
	    !lb_server_is_busy(svc, e->set[0]))
		return e->set[0];
	srv = lb_wlc_pick(svc);
	if (srv == NULL)
		return NULL;
	if (e == NULL)
		lb_cache_add(stk, c, &p->dst, srv);
	else
		e->set[0] = srv;
	return srv;
}

const struct lb_sched lb_sched_lblc = {
	.name = "lblc",
	.size = sizeof(struct lb_cache),
	.init = lb_cache_init,
	.fini = lb_cache_fini,
	.changed = lb_cache_changed,
	.pick = lblc_pick,
};

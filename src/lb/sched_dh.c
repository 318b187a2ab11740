/*
 * sched_dh.c - destination hashing: the service's address decides, through 256
 * buckets that the servers share in turn, whatever their weight.
 *
 * For a service by mark in front of caches.  A server that is not available
 * leaves its destinations without one.
 */
#include "lb/sched_impl.h"

#define DH_BUCKETS 256

struct dh {
	struct lb_server *bucket[DH_BUCKETS];
};

static int
dh_fill(struct stack *stk, struct lb_service *svc, struct lb_server *changed)
{
	struct dh *dh = svc->sched_data;
	struct lb_server *srv = NULL;

	(void)stk;
	(void)changed;
	for (unsigned i = 0; i < DH_BUCKETS; i++) {
		srv = srv != NULL && srv->next != NULL ? srv->next :
		    svc->servers;
		dh->bucket[i] = srv;
	}
	return 0;
}

static struct lb_server *
dh_pick(struct stack *stk, struct lb_service *svc, const struct lb_pick *p)
{
	struct dh *dh = svc->sched_data;
	struct lb_server *srv = dh->bucket[lb_hash_256(lb_addr_fold(&p->dst))];

	(void)stk;
	return srv != NULL && lb_server_available(srv) ? srv : NULL;
}

const struct lb_sched lb_sched_dh = {
	.name = "dh",
	.size = sizeof(struct dh),
	.changed = dh_fill,
	.pick = dh_pick,
};

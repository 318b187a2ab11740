/*
 * sched_dh.c - destination hashing: the service's address decides, through 256
 * buckets that the servers share in turn, whatever their weight.
 *
 * For a service by mark in front of caches.  A server that is not available
 * leaves its destinations without one.
 */
#include <errno.h>

#include "lb/sched_impl.h"
#include "stack/stack.h"

#define DH_BUCKETS 256

struct dh {
	struct lb_server *bucket[DH_BUCKETS];
};

static void
dh_fill(struct lb_service *svc)
{
	struct dh *dh = svc->sched_data;
	struct lb_server *srv = NULL;

	for (unsigned i = 0; i < DH_BUCKETS; i++) {
		srv = srv != NULL && srv->next != NULL ? srv->next :
		    svc->servers;
		dh->bucket[i] = srv;
	}
}

static int
dh_init(struct stack *stk, struct lb_service *svc)
{
	svc->sched_data = mem_alloc(&stk->mem, sizeof(struct dh));
	if (svc->sched_data == NULL)
		return -ENOMEM;
	dh_fill(svc);
	return 0;
}

static void
dh_fini(struct stack *stk, struct lb_service *svc)
{
	mem_free(&stk->mem, svc->sched_data, sizeof(struct dh));
	svc->sched_data = NULL;
}

static int
dh_changed(struct stack *stk, struct lb_service *svc, struct lb_server *srv)
{
	(void)stk;
	(void)srv;
	dh_fill(svc);
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
	.init = dh_init,
	.fini = dh_fini,
	.changed = dh_changed,
	.pick = dh_pick,
};

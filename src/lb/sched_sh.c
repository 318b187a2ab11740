/*
 * sched_sh.c - source hashing: the client's address decides, through 256
 * buckets of which each server has as many in a row as its weight.
 *
 * Flags: LB_SVC_FLAG2 (sh-port) hashes the client's port, too; LB_SVC_FLAG1
 * (sh-fallback) looks through the other buckets when the server is not
 * available, else its clients get none.  A server of weight 0 still has one
 * bucket.
 */
#include "lb/sched_impl.h"

#define SH_BUCKETS 256

struct sh {
	struct lb_server *bucket[SH_BUCKETS];
};

static int
sh_fill(struct stack *stk, struct lb_service *svc, struct lb_server *changed)
{
	struct sh *sh = svc->sched_data;
	struct lb_server *srv = svc->servers;
	int32_t filled = 0;

	(void)stk;
	(void)changed;
	for (unsigned i = 0; i < SH_BUCKETS; i++) {
		sh->bucket[i] = srv;
		if (srv != NULL && ++filled >= srv->conf.weight) {
			srv = srv->next != NULL ? srv->next : svc->servers;
			filled = 0;
		}
	}
	return 0;
}

static struct lb_server *
sh_pick(struct stack *stk, struct lb_service *svc, const struct lb_pick *p)
{
	struct sh *sh = svc->sched_data;
	uint32_t port = svc->conf.flags & LB_SVC_FLAG2 ? p->sport : 0;
	uint32_t h = lb_hash_256(port + lb_addr_fold(&p->src));
	struct lb_server *srv = sh->bucket[h];
	uint32_t o;

	(void)stk;
	if (srv == NULL || lb_server_available(srv))
		return srv;
	if ((svc->conf.flags & LB_SVC_FLAG1) == 0)
		return NULL;
	/* IPVS goes round from 2h, not from h. */
	for (o = 0; o < SH_BUCKETS; o++) {
		srv = sh->bucket[((o + h) % SH_BUCKETS + h) % SH_BUCKETS];
		if (lb_server_available(srv))
			return srv;
	}
	return NULL;
}

const struct lb_sched lb_sched_sh = {
	.name = "sh",
	.size = sizeof(struct sh),
	.flags = LB_SVC_FLAG1 | LB_SVC_FLAG2,
	.changed = sh_fill,
	.pick = sh_pick,
};

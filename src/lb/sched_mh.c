/*
 * sched_mh.c - Maglev hashing as IPVS does it (Eisenbud and others 2016):
 * 4093 buckets, filled by each server's own permutation of them.
 *
 * Its keys, its order of servers and its coarse weights (at most 63 turns) are
 * kept so that picks equal the kernel's; sched_maglev.c is the exact one.
 * Flags as sh: LB_SVC_FLAG2 (mh-port), LB_SVC_FLAG1 (mh-fallback).  A server
 * whose weight becomes 0 keeps its buckets: its clients come back to it.
 */
#include "base/hash.h"
#include "lb/sched_impl.h"

#define MH_INDEX	12
#define MH_BUCKETS	4093	/* the prime below 2^MH_INDEX */

struct mh {
	struct lb_server *bucket[MH_BUCKETS];
};

static const struct hash_key key1 = { 2654435761u, 2654435761u };
static const struct hash_key key2 = { 2654446892u, 2654446892u };

/* The kernel's hsiphash: SipHash-1-3 of one little-endian word, cut to 32
 * bits. */
static uint32_t
mh_hash(const struct hash_key *key, const struct addr *a, uint16_t port,
    uint32_t offset)
{
	uint32_t v = offset + port + lb_addr_fold(a);
	uint8_t b[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
	    (uint8_t)(v >> 24) };

	return (uint32_t)siphash13(key, b, sizeof(b));
}

/* Turns of each server per round: weights over their common divisor, halved
 * until the largest is below 2^(MH_INDEX / 2).  false: nobody has any. */
static bool
turns_set(struct lb_service *svc)
{
	struct lb_server *srv;
	uint32_t gcd = 0, max = 0, shift = 0, w;

	for (srv = svc->servers; srv != NULL; srv = srv->next) {
		w = (uint32_t)srv->last_weight;
		gcd = lb_gcd(gcd, w);
		max = w > max ? w : max;
	}
	if (gcd == 0)
		return false;
	while (max / gcd >> shift >= 1u << (MH_INDEX / 2))
		shift++;
	for (srv = svc->servers; srv != NULL; srv = srv->next) {
		w = (uint32_t)srv->last_weight;
		srv->turns = w / gcd >> shift;
		if (srv->turns == 0 && w != 0)
			srv->turns = 1;
		srv->perm = mh_hash(&key1, &srv->addr, srv->port, 0) %
		    MH_BUCKETS;
		srv->skip = mh_hash(&key2, &srv->addr, srv->port, 0) %
		    (MH_BUCKETS - 1) + 1;
	}
	return true;
}

static int
mh_fill(struct stack *stk, struct lb_service *svc, struct lb_server *changed)
{
	struct mh *mh = svc->sched_data;
	struct lb_server *srv = svc->servers;
	uint32_t filled = 0, turn = 0;

	(void)stk;
	(void)changed;
	memset(mh->bucket, 0, sizeof(mh->bucket));
	if (!turns_set(svc))
		return 0;
	while (filled < MH_BUCKETS) {
		if (turn < srv->turns) {
			while (mh->bucket[srv->perm] != NULL)
				srv->perm = (srv->perm + srv->skip) %
				    MH_BUCKETS;
			mh->bucket[srv->perm] = srv;
			filled++;
			turn++;
		}
		if (turn >= srv->turns) {
			srv = srv->next != NULL ? srv->next : svc->servers;
			turn = 0;
		}
	}
	return 0;
}

static struct lb_server *
mh_pick(struct stack *stk, struct lb_service *svc, const struct lb_pick *p)
{
	struct mh *mh = svc->sched_data;
	uint16_t port = svc->conf.flags & LB_SVC_FLAG2 ? p->sport : 0;
	uint32_t h = mh_hash(&key1, &p->src, port, 0) % MH_BUCKETS;
	struct lb_server *srv = mh->bucket[h];
	uint32_t o;

	(void)stk;
	if (srv == NULL || lb_server_available(srv))
		return srv;
	if ((svc->conf.flags & LB_SVC_FLAG1) == 0)
		return NULL;
	for (o = 0; o < MH_BUCKETS; o++) {
		srv = mh->bucket[mh_hash(&key1, &p->src, port,
		    (o + h) % MH_BUCKETS) % MH_BUCKETS];
		if (lb_server_available(srv))
			return srv;
	}
	return NULL;
}

const struct lb_sched lb_sched_mh = {
	.name = "mh",
	.size = sizeof(struct mh),
	.flags = LB_SVC_FLAG1 | LB_SVC_FLAG2,
	.changed = mh_fill,
	.pick = mh_pick,
};

/*
 * lb_fetch.c - fetches what packets that were read together will want from the
 * flow table, before the first of them is looked at.
 *
 * Among millions of flows a look-up waits twice for memory: for the bucket and
 * then for the flow.  One packet after the other waits 2n times; here the
 * buckets of all are asked for at once, and then the flows.  Nothing is
 * believed or kept: the look-up itself comes later and knows nothing of this.
 */
#include "base/cursor.h"
#include "lb/flow_impl.h"
#include "lb/lb.h"
#include "stack/stack.h"

/* The words of a plain IPv4 packet at ip; false: nothing to fetch. */
static bool
tuple_guess(const uint8_t *ip, uint32_t len, struct lb_tuple *t)
{
	uint32_t hlen;

	if (len < IP4_HLEN || ip[0] >> 4 != 4)
		return false;
	hlen = (uint32_t)(ip[0] & 15) * 4;
	if (hlen < IP4_HLEN || len < hlen + 4)
		return false;
	t->src = addr_from_ip4((struct ip4){ be32_get(ip + IP4_OFF_SRC) });
	t->dst = addr_from_ip4((struct ip4){ be32_get(ip + IP4_OFF_DST) });
	t->sport = be16_get(ip + hlen);
	t->dport = be16_get(ip + hlen + 2);
	t->proto = ip[IP4_OFF_PROTO];
	return true;
}

static void
flow_fetch(const struct lb_flows *ft, uint32_t head, uint32_t tag)
{
	const char *f = (const char *)&ft->flow[head & LB_INDEX_MASK];

	if ((head & tag) == 0)
		return;
	__builtin_prefetch(f, 1);
	__builtin_prefetch(f + LB_FLOW_BYTES / 2, 1);
}

void
lb_fetch(struct stack *stk, struct pkt *const pkts[], uint32_t n, bool l2)
{
	const struct lb_flows *ft = &stk->lb.flows;
	struct lb_place at[LB_FETCH_MAX];
	uint32_t skip = l2 ? ETH_HLEN : 0;
	struct lb_tuple t;

	assert(n <= LB_FETCH_MAX);
	for (uint32_t i = 0; i < n; i++) {
		at[i].bucket = NULL;
		if (pkts[i]->len <= skip || !tuple_guess(pkt_data(pkts[i]) +
		    skip, pkts[i]->len - skip, &t))
			continue;
		at[i] = lb_tuple_place(ft, &t);
		__builtin_prefetch(at[i].bucket);
	}
	for (uint32_t i = 0; i < n; i++) {
		if (at[i].bucket == NULL)
			continue;
		flow_fetch(ft, at[i].bucket->client, at[i].tag);
		flow_fetch(ft, at[i].bucket->server, at[i].tag);
	}
}

/*
 * route_lookup.c - which route and which of its next hops a packet takes.
 *
 * The longest prefix that has a living route wins, in it the lowest metric.  A
 * unicast route lives while one of its interfaces is up.  Among several
 * next hops a flow's hash decides by weighted rendezvous: every hop gets a
 * score from the hash and its own identity, and the best score wins.  So when
 * a hop dies, or is taken out of the route, only its own flows move, and each
 * hop has its weight's share.
 *
 * Read: RFC 1812 5.2.4.3; RFC 2992 (the trouble with modulo); Thaler and
 * Ravishankar 1998, and Schindelhauer and Schomaker 2005 for the weights.
 *
 * Owns nothing.
 */
#include "ip/route.h"

#include <assert.h>

#include "base/prefetch.h"
#include "ip/route_find.h"
#include "stack/stack.h"

/* 65536 * log2(1 + i/64), rounded. */
static const uint32_t log2_table[65] = {
	0, 1466, 2909, 4331, 5732, 7112, 8473, 9814, 11136, 12440, 13727,
	14996, 16248, 17484, 18704, 19909, 21098, 22272, 23433, 24579, 25711,
	26830, 27936, 29029, 30109, 31178, 32234, 33279, 34312, 35334, 36346,
	37346, 38336, 39316, 40286, 41246, 42196, 43137, 44068, 44990, 45904,
	46809, 47705, 48593, 49472, 50344, 51207, 52063, 52911, 53751, 54584,
	55410, 56229, 57040, 57845, 58643, 59434, 60219, 60997, 61769, 62534,
	63294, 64047, 64794, 65536,
};

/* -log2(x / 2^32) * 65536 for x > 0: 0 for the largest x, 32 * 65536 for 1. */
static uint32_t
neg_log2(uint32_t x)
{
	unsigned top = 31u - (unsigned)__builtin_clz(x);
	uint32_t frac = x << (31 - top) & 0x7fffffff;	/* of 2^31 */
	uint32_t i = frac >> 25, rest = frac >> 9 & 0xffff;
	uint32_t lo = log2_table[i], hi = log2_table[i + 1];

	return (32u - top) * 65536u - lo - ((hi - lo) * rest >> 16);
}

/* A flow's draw for a hop: the finalizer of splitmix64 over both. */
static uint32_t
hop_draw(const struct next_hop *hop, uint32_t flow_hash)
{
	uint64_t x = (uint64_t)flow_hash << 32 ^ hop->via.v ^
	    (uint64_t)hop->ifp->index * UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(x >> 31) | 1;
}

bool
route_hop_usable(struct stack *stk, const struct next_hop *hop)
{
	if (!hop->ifp->up)
		return false;
	if (!hop->ifp->needs_neigh || ip4_is_any(hop->via))
		return true;
	return neigh_usable(stk, hop->ifp, hop->via);
}

/*
 * The hop for a flow: the smallest -log2(draw) / weight, compared crosswise to
 * stay in integers.  NULL if every interface is down; if only the gateways are
 * dead, the choice is made among them, so that the packet gets its answer.
 */
static const struct next_hop *
hop_pick(struct stack *stk, const struct route *r, uint32_t flow_hash)
{
	const struct next_hop *best = NULL;
	uint64_t best_log = 0;
	bool best_alive = false;

	if (r->hops == 1)
		return r->hop[0].ifp->up ? &r->hop[0] : NULL;
	for (unsigned i = 0; i < r->hops; i++) {
		const struct next_hop *hop = &r->hop[i];
		bool alive = route_hop_usable(stk, hop);
		uint64_t log = neg_log2(hop_draw(hop, flow_hash));

		if (!hop->ifp->up || (best_alive && !alive))
			continue;
		if (best == NULL || (alive && !best_alive) ||
		    log * best->weight < best_log * hop->weight) {
			best = hop;
			best_log = log;
			best_alive = alive;
		}
	}
	return best;
}

/* Fills in the first living route of a chain; false if there is none. */
static bool
chain_pick(struct stack *stk, const struct route *chain, struct ip4 dst,
    uint32_t flow_hash, struct route_result *out)
{
	for (const struct route *r = chain; r != NULL; r = r->next) {
		const struct next_hop *hop;

		if (r->hops == 0) {
			*out = (struct route_result){ .route = r };
			return true;
		}
		hop = hop_pick(stk, r, flow_hash);
		if (hop == NULL && r->type == ROUTE_UNICAST)
			continue;
		if (hop == NULL)
			hop = &r->hop[0];
		route_way(r, hop, dst, out);
		return true;
	}
	return false;
}

/* No route at all, or a chain whose first one does not simply lead
 * somewhere. */
static SLOW struct route_result
chain_lookup(struct stack *stk, struct ip4 dst, uint32_t flow_hash)
{
	uint32_t slot = lpm_lookup(stk->ip.lpm, dst);
	struct route_result out = { .route = NULL };
	const struct route *chain;
	struct ip4_prefix p;

	if (slot == 0)
		return out;
	chain = stk->ip.routes[slot].chain;
	if (chain_pick(stk, chain, dst, flow_hash, &out))
		return out;
	/* every interface of the longest prefix is down: try shorter ones */
	p = chain->dst;
	while (p.len > 0) {
		p.len--;
		slot = lpm_get(stk->ip.lpm, p);
		if (slot != 0 && chain_pick(stk, stk->ip.routes[slot].chain,
		    dst, flow_hash, &out))
			break;
	}
	return out;
}

struct route_result
route_lookup(struct stack *stk, struct ip4 dst, uint32_t flow_hash)
{
	struct route_result out;

	if (route_find(stk, dst, &out))
		return out;
	return chain_lookup(stk, dst, flow_hash);
}

bool
route_leads_by(const struct route_result *r, const struct iface *ifp)
{
	if (r->route == NULL || r->route->type != ROUTE_UNICAST)
		return false;
	for (unsigned i = 0; i < r->route->hops; i++) {
		if (r->route->hop[i].ifp == ifp)
			return true;
	}
	return false;
}

void
route_fetch(struct stack *stk, const struct ip_glance g[], uint32_t n)
{
	struct ip4 dst[IP_FETCH_MAX] = { { 0 } };
	uint32_t slot[IP_FETCH_MAX];

	assert(n <= IP_FETCH_MAX);
	for (uint32_t i = 0; i < n; i++)
		dst[i] = g[i].dst;
	lpm_lookup_many(stk->ip.lpm, dst, slot, n);
	for (uint32_t i = 0; i < n; i++)
		prefetch(&stk->ip.routes[slot[i]]);
	for (uint32_t i = 0; i < n; i++) {
		const struct route *r = stk->ip.routes[slot[i]].chain;

		if (r == NULL)		/* no route: slot 0 */
			continue;
		prefetch(r);
		prefetch(&r->hop[0]);
	}
}

int
route_drop(const struct route_result *r)
{
	if (r->route == NULL)
		return DROP_IP_NO_ROUTE;
	switch (r->route->type) {
	case ROUTE_UNICAST:
		return 0;
	case ROUTE_BLACKHOLE:
		return DROP_IP_BLACKHOLE;
	case ROUTE_UNREACHABLE:
		return DROP_IP_HOST_UNREACH;
	case ROUTE_PROHIBIT:
		return DROP_IP_PROHIBIT;
	case ROUTE_LOCAL:
	case ROUTE_BROADCAST:		/* RFC 2644 */
		break;
	}
	return DROP_IP_NO_FORWARD;
}

/*
 * route_find.h - the look-up of a route as nearly all packets need it, inline.
 *
 * For the hot path alone; all others call route_lookup() (ip/route.h), which
 * begins with this.
 */
#ifndef HOPD_IP_ROUTE_FIND_H
#define HOPD_IP_ROUTE_FIND_H

#include "ip/route.h"
#include "stack/stack.h"

/* Where a packet to dst goes by the only hop of r, whose interface is up. */
FAST void
route_way(const struct route *r, const struct next_hop *hop, struct ip4 dst,
    struct route_result *out)
{
	uint32_t mtu = hop->ifp->mtu;

	out->route = r;
	out->ifp = hop->ifp;
	out->next_hop = ip4_is_any(hop->via) ? dst : hop->via;
	out->mtu = r->mtu != 0 && r->mtu < mtu ? r->mtu : mtu;
}

/* The answer, where the best route has one next hop and that is up.  False: ask
 * route_lookup(). */
FAST bool
route_find(struct stack *stk, struct ip4 dst, struct route_result *out)
{
	uint32_t slot = lpm_lookup(stk->ip.lpm, dst);
	const struct route *r;

	if (slot == 0)
		return false;
	r = stk->ip.routes[slot].chain;
	if (r->hops != 1 || !r->hop[0].ifp->up)
		return false;
	route_way(r, &r->hop[0], dst, out);
	return true;
}

#endif

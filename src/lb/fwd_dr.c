/*
 * fwd_dr.c - direct routing: the packet goes to the server's MAC as it is; only
 * the TTL counts down.
 *
 * The server has the service's address on an interface that does not answer
 * ARP for it, and answers the client itself: replies do not come by here, and
 * ports cannot be mapped.  Server and director share a link.
 */
#include "lb/fwd_impl.h"
#include "stack/stack.h"

void
lb_dr_in(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f)
{
	struct ip4 server = addr_to_ip4(&f->server);
	struct route_result r;

	if (!lb_fwd_route(stk, pkt, h, f, server, &r))
		return;
	/* A router in between would look at the destination, which is the
	 * service's, and send the packet back. */
	if (!ip4_eq(r.next_hop, server) || r.route->type == ROUTE_LOCAL) {
		pkt_drop(stk, pkt, DROP_LB_OFF_LINK);
		return;
	}
	ip_transit(stk, pkt, h, &r);
}

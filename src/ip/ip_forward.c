/*
 * ip_forward.c - a packet for someone else goes on.
 *
 * Every check comes before the first write, so that an ICMP error quotes the
 * packet as it arrived.  Who rewrites packets in transit (the load balancer)
 * takes the two halves: ip_transit_check(), its rewrite, ip_transit().
 *
 * Read: RFC 1812 5.2 and 5.3.
 *
 * Owns nothing.
 */
#include "ip/ip.h"

#include "ip/ip_check.h"
#include "stack/stack.h"

/* What the route says about forwarding, or 0. */
static int
route_check(const struct route_result *r)
{
	if (r->route == NULL)
		return DROP_IP_NO_ROUTE;
	switch (r->route->type) {
	case ROUTE_UNICAST:
	case ROUTE_LOCAL:
		return 0;
	case ROUTE_BLACKHOLE:
		return DROP_IP_BLACKHOLE;
	case ROUTE_UNREACHABLE:
		return DROP_IP_HOST_UNREACH;
	case ROUTE_PROHIBIT:
		return DROP_IP_PROHIBIT;
	case ROUTE_BROADCAST:
		break;
	}
	return DROP_IP_NO_FORWARD;	/* RFC 2644 */
}

int
ip_transit_check(struct pkt *pkt, const struct ip4_hdr *h,
    const struct route_result *r, uint32_t overhead)
{
	uint32_t mtu;
	int why;

	if (pkt->forwarded)
		return DROP_IP_LOOP;
	if (pkt->ifp != NULL && !pkt->ifp->conf.forwarding)
		return DROP_IP_NO_FORWARD;
	if (!ip_may_forward(h))
		return DROP_IP_NO_FORWARD;
	why = route_check(r);
	if (why != 0)
		return why;
	/* RFC 1812 5.3.1: a TTL of 0 or 1 does not reach the next hop */
	if (h->ttl <= 1)
		return DROP_IP_TTL;
	mtu = r->mtu > overhead + IP4_MTU_MIN ? r->mtu - overhead :
	    IP4_MTU_MIN;
	if ((h->frag & IP_DF) != 0 && ip_wire_len(pkt, h) > mtu) {
		pkt->info = mtu;	/* RFC 1191 4 */
		return DROP_IP_TOO_BIG;
	}
	return 0;
}

void
ip_transit(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    const struct route_result *r)
{
	struct ip4_hdr out = *h;

	out.ttl--;
	ip4_set_ttl(pkt_data(pkt), out.ttl);
	pkt->forwarded = true;
	stk->ip.stats.forwarded++;
	ip_output(stk, pkt, &out, r);
}

void
ip_forward(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h)
{
	struct route_result r = ip_route(stk, pkt, h);
	int why = ip_transit_check(pkt, h, &r, 0);

	if (why != 0)
		pkt_drop(stk, pkt, (enum drop)why);
	else
		ip_transit(stk, pkt, h, &r);
}

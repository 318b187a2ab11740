/*
 * ip_transit.h - ip_forward() in two halves, for who rewrites the packet in
 * between; inline, because each packet in transit goes through both.
 */
#ifndef HOPD_IP_IP_TRANSIT_H
#define HOPD_IP_IP_TRANSIT_H

#include "ip/ip.h"
#include "stack/stack.h"

/* May it go on that way?  Writes nothing but pkt->info: 0, or the enum drop.
 * overhead: bytes that will be put in front. */
FAST int
ip_transit_check(struct pkt *pkt, const struct ip4_hdr *h,
    const struct route_result *r, uint32_t overhead)
{
	uint32_t mtu = IP4_MTU_MIN;

	if (pkt->forwarded)
		return DROP_IP_LOOP;
	if (r->route == NULL || r->route->type != ROUTE_UNICAST)
		return route_drop(r);
	/* RFC 1812 5.3.1: a TTL of 0 or 1 does not reach the next hop */
	if (h->ttl <= 1)
		return DROP_IP_TTL;
	if (r->mtu > overhead + mtu)
		mtu = r->mtu - overhead;
	if ((h->frag & IP_DF) != 0 && ip_wire_len(pkt, h) > mtu) {
		pkt->info = mtu;	/* RFC 1191 4 */
		return DROP_IP_TOO_BIG;
	}
	return 0;
}

/* Its options note that it was here. */
SLOW void ip_transit_options(struct stack *stk, struct pkt *pkt,
    const struct ip4_hdr *h, const struct route_result *r);

/* Sends on what was found fit to: consumes.  h is the header as it now is, TTL
 * not yet decremented. */
FAST void
ip_transit(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    const struct route_result *r)
{
	ip4_dec_ttl(pkt_data(pkt));
	if (h->hlen > IP4_HLEN)
		ip_transit_options(stk, pkt, h, r);
	pkt->forwarded = true;
	pkt_decide(pkt, PKT_FORWARDED);
	stk->ip.stats.forwarded++;
	ip_output(stk, pkt, h, r);
}

#endif

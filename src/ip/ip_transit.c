/*
 * ip_transit.c - the two halves of forwarding, for who rewrites a packet in
 * between (the load balancer, NAT): every check first, on the packet as it
 * arrived, so that an ICMP error quotes that; then, after the rewrite, the
 * TTL and the way out.
 *
 * RFC 1812 5.2.7, 5.3.1.  The caller owns the packet after the check, and
 * ip_output() after the second half.
 */
#include <assert.h>

#include "base/cursor.h"
#include "stack/stack.h"
#include "tcp/tcp_wire.h"

uint32_t
ip_segment_len(const struct pkt *pkt, const struct ip4_hdr *h)
{
	const uint8_t *l4 = pkt_data(pkt) + h->hlen;
	uint32_t l4_hlen = UDP_HLEN;

	if (pkt->gso_type == PKT_GSO_NONE)
		return h->total_len;
	if (pkt->gso_type != PKT_GSO_UDP) {
		if (pkt->len - h->hlen < TCP_HLEN)
			return h->total_len;
		l4_hlen = (uint32_t)(l4[TCP_OFF_DOFF] >> 4) * 4;
	}
	return h->hlen + l4_hlen + pkt->gso_size;
}

static int
route_verdict(const struct route_result *r)
{
	if (r->route == NULL)
		return -(int)DROP_IP_NO_ROUTE;
	switch (r->route->type) {
	case ROUTE_UNICAST:
		return 0;
	case ROUTE_BLACKHOLE:
		return -(int)DROP_IP_BLACKHOLE;
	case ROUTE_UNREACHABLE:
		return -(int)DROP_IP_HOST_UNREACH;
	case ROUTE_PROHIBIT:
		return -(int)DROP_IP_PROHIBIT;
	case ROUTE_LOCAL:
	case ROUTE_BROADCAST:
		break;
	}
	return -(int)DROP_IP_NO_FORWARD;
}

int
ip_transit_check(struct pkt *pkt, const struct ip4_hdr *h,
    const struct route_result *r, uint32_t overhead)
{
	int why = route_verdict(r);
	uint32_t mtu;

	/* RFC 1812 5.3.1: a TTL that would reach 0 goes no further. */
	if (h->ttl <= 1)
		return -(int)DROP_IP_TTL;
	if (why != 0)
		return why;
	mtu = r->mtu > overhead + IP4_MTU_MIN ? r->mtu - overhead :
	    IP4_MTU_MIN;
	if (ip_segment_len(pkt, h) > mtu && h->frag & IP_DF) {
		pkt->info = mtu;
		return -(int)DROP_IP_TOO_BIG;
	}
	return 0;
}

void
ip_transit(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    const struct route_result *r)
{
	struct ip4_hdr out = *h;

	assert(h->ttl > 1);
	out.ttl--;
	ip4_set_ttl(pkt_data(pkt), out.ttl);
	pkt->forwarded = true;
	stk->ip.stats.forwarded++;
	ip_output(stk, pkt, &out, r);
}

/*
 * ip_input.c - a packet came in: judge it, and send it the right way.
 *
 * validate -> martians -> options -> load balancer, or ours, or on.  What the
 * rules are stands in ip_check.c and ip_options.c; fragments of what is ours,
 * or the load balancer's, are put together first.
 *
 * Read: RFC 1122 3.2.1, RFC 1812 5.2.1 (the order of things), RFC 2644
 * (directed broadcasts).
 *
 * Owns nothing; every packet that enters is consumed here.
 */
#include "ip/ip.h"

#include "icmp/icmp.h"
#include "ip/ip_check.h"
#include "ip/ip_options.h"
#include "ip/route_find.h"
#include "lb/lb.h"
#include "stack/stack.h"
#include "tcp/tcp.h"
#include "tunnel/ipip.h"
#include "udp/udp.h"

/* It is ours. */
static inline void
local_input(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h)
{
	if (ip4_is_fragment(h))
		reass_input(stk, pkt, h);
	else
		ip_deliver(stk, pkt, h);
}

/* To everybody on the link, or to a group: for who listens. */
static SLOW void
group_input(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h)
{
	if (ip4_eq(h->dst, IP4_BROADCAST) ||
	    ip_group_is_member(stk, pkt->ifp, h->dst))
		local_input(stk, pkt, h);
	else
		pkt_drop(stk, pkt, DROP_IP_NO_GROUP);
}

/* For us, for someone else, or for nobody: one look-up tells, and the packet
 * goes on by its answer. */
FAST void
routed_input(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h)
{
	struct route_result way;
	enum route_type type;

	if (!route_find(stk, h->dst, &way))
		way = ip_route(stk, pkt, h);
	type = way.route != NULL ? way.route->type : ROUTE_UNICAST;
	if (type == ROUTE_BROADCAST) {
		/* RFC 2644: a directed broadcast stays on its own link */
		if (way.ifp == pkt->ifp || pkt->ifp->kind == IFACE_LO)
			local_input(stk, pkt, h);
		else
			pkt_drop(stk, pkt, DROP_IP_NO_FORWARD);
		return;
	}
	/* A unicast destination in a broadcast frame is someone's mistake, and
	 * answering or forwarding it makes storms (RFC 1122 3.3.6, RFC 1812
	 * 5.3.4). */
	if (pkt->l2_group)
		pkt_drop(stk, pkt, DROP_IP_L2_GROUP);
	else if (type == ROUTE_LOCAL)
		local_input(stk, pkt, h);
	else
		ip_forward(stk, pkt, h, &way);
}

/* To the load balancer, or to us, or on. */
FAST void
way_input(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h)
{
	struct lb_hit hit;

	if (!lb_is_idle(&stk->lb) && !ip4_is_fragment(h) &&
	    !pkt->l2_group && lb_match(stk, pkt, h, &hit))
		lb_input(stk, pkt, h, &hit);
	else if (ip4_is_multicast(h->dst) || ip4_eq(h->dst, IP4_BROADCAST))
		group_input(stk, pkt, h);
	else
		routed_input(stk, pkt, h);
}

void
ip_input_whole(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h)
{
	if (h->hlen > IP4_HLEN && ip_is_waypoint(stk, pkt, h))
		ip_forward_source_route(stk, pkt, h);
	else
		way_input(stk, pkt, h);
}

/* A fragment, or a packet with options. */
static SLOW void
odd_input(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h)
{
	if (ip4_is_fragment(h) && (lb_wants_whole(stk, h->dst) ||
	    lb_wants_reply_whole(stk, h->src)))
		reass_input(stk, pkt, h);
	else
		ip_input_whole(stk, pkt, h);
}

/* Ethernet pads short packets: cuts pkt to what its header says.  False if a
 * checksum was to be put behind that end. */
static inline bool
cut_padding(struct pkt *pkt, uint32_t total_len)
{
	pkt_trim(pkt, total_len);
	return !pkt->csum_needed || pkt->csum_start + pkt->csum_offset + 2u <=
	    pkt->off + pkt->len;
}

/* Everything that may be wrong with it by itself: 0 or an enum drop. */
static inline int
ip_validate(struct stack *stk, struct pkt *pkt, struct ip4_hdr *h)
{
	int why = ip_check_header(pkt, h);

	if (why != 0)
		return why;
	if (!cut_padding(pkt, h->total_len))
		return DROP_PORT_BAD_VNET;
	pkt->l3 = pkt->off;
	pkt->l4 = pkt->off + h->hlen;
	why = ip_check_addrs(stk, pkt->ifp, h);
	if (why == 0 && h->hlen > IP4_HLEN)
		why = ip_options_check(pkt_data(pkt), h->hlen,
		    stk->ip.accept_source_route &&
		    pkt->ifp->conf.accept_source_route, &pkt->info);
	return why;
}

void
ip_input(struct stack *stk, struct iface *ifp, struct pkt *pkt)
{
	struct ip4_hdr h;
	int why;

	stk->ip.stats.received++;
	pkt->ifp = ifp;
	pkt->forwarded = false;
	why = ip_validate(stk, pkt, &h);
	if (why != 0)
		pkt_drop(stk, pkt, (enum drop)why);
	else if (ip4_is_fragment(&h) || h.hlen > IP4_HLEN)
		odd_input(stk, pkt, &h);
	else
		way_input(stk, pkt, &h);
}

void
ip_deliver(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h)
{
	struct ip_meta m = {
		.src = addr_from_ip4(h->src),
		.dst = addr_from_ip4(h->dst),
		.l4_len = (uint32_t)h->total_len - h->hlen,
		.proto = h->proto,
		.tos = h->tos,
		.ttl = h->ttl,
		.group = ip4_is_multicast(h->dst) ||
		    ip4_eq(h->dst, IP4_BROADCAST) || (pkt->ifp != NULL &&
		    iface_is_broadcast(stk, pkt->ifp, h->dst)),
	};

	stk->ip.stats.delivered++;
	pkt_pull(pkt, h->hlen);
	switch (h->proto) {
	case IPPROTO_ICMP4:
		icmp_input(stk, pkt, &m);
		break;
	case IPPROTO_IGMP4:
		igmp_input(stk, pkt, &m);
		break;
	case IPPROTO_TCP4:
		tcp_input(stk, pkt, &m);
		break;
	case IPPROTO_UDP4:
		udp_input(stk, pkt, &m);
		break;
	case IPPROTO_IPIP4:
		ipip_input(stk, pkt, &m);
		break;
	default:
		pkt_drop(stk, pkt, DROP_IP_PROTO);
		break;
	}
}

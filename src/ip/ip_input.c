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
#include "lb/lb.h"
#include "stack/stack.h"
#include "tcp/tcp.h"
#include "tunnel/ipip.h"
#include "udp/udp.h"

enum fate { FATE_DELIVER, FATE_FORWARD, FATE_DROP };

/* A unicast destination in a broadcast frame is someone's mistake, and
 * answering or forwarding it makes storms (RFC 1122 3.3.6, RFC 1812 5.3.4). */
static enum fate
unicast_fate(const struct pkt *pkt, enum fate f, enum drop *why)
{
	if (!pkt->l2_group)
		return f;
	*why = DROP_IP_L2_GROUP;
	return FATE_DROP;
}

/* Is it for us, for someone else, or for nobody? */
static enum fate
ip_fate(struct stack *stk, const struct iface *ifp, const struct pkt *pkt,
    const struct ip4_hdr *h, enum drop *why)
{
	struct route_result r;

	if (ip4_eq(h->dst, IP4_BROADCAST))
		return FATE_DELIVER;
	if (ip4_is_multicast(h->dst)) {
		if (ip_group_is_member(stk, ifp, h->dst))
			return FATE_DELIVER;
		*why = DROP_IP_NO_GROUP;
		return FATE_DROP;
	}
	r = route_lookup(stk, h->dst, 0);
	if (r.route == NULL)
		return unicast_fate(pkt, FATE_FORWARD, why);
	switch (r.route->type) {
	case ROUTE_LOCAL:
		return unicast_fate(pkt, FATE_DELIVER, why);
	case ROUTE_BROADCAST:
		/* RFC 2644: a directed broadcast stays on its own link */
		if (r.ifp == ifp || ifp->kind == IFACE_LO)
			return FATE_DELIVER;
		*why = DROP_IP_NO_FORWARD;
		return FATE_DROP;
	default:
		return unicast_fate(pkt, FATE_FORWARD, why);
	}
}

void
ip_input_whole(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h)
{
	struct lb_hit hit = { 0 };
	enum drop why = DROP_IP_NO_FORWARD;

	if (h->hlen > IP4_HLEN && ip_is_waypoint(stk, pkt, h)) {
		ip_forward(stk, pkt, h);
		return;
	}
	if (!ip4_is_fragment(h) && !pkt->l2_group &&
	    lb_match(stk, pkt, h, &hit)) {
		lb_input(stk, pkt, h, &hit);
		return;
	}
	switch (ip_fate(stk, pkt->ifp, pkt, h, &why)) {
	case FATE_DELIVER:
		if (ip4_is_fragment(h))
			reass_input(stk, pkt, h);
		else
			ip_deliver(stk, pkt, h);
		break;
	case FATE_FORWARD:
		ip_forward(stk, pkt, h);
		break;
	case FATE_DROP:
		pkt_drop(stk, pkt, why);
		break;
	}
}

/* Ethernet pads short packets: cuts pkt to what its header says.  False if a
 * checksum was to be put behind that end. */
static bool
cut_padding(struct pkt *pkt, uint32_t total_len)
{
	pkt_trim(pkt, total_len);
	return !pkt->csum_needed || pkt->csum_start + pkt->csum_offset + 2u <=
	    pkt->off + pkt->len;
}

/* Everything that may be wrong with it by itself: 0 or an enum drop. */
static int
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
	else if (ip4_is_fragment(&h) && (lb_wants_whole(stk, h.dst) ||
	    lb_wants_reply_whole(stk, h.src)))
		reass_input(stk, pkt, &h);
	else
		ip_input_whole(stk, pkt, &h);
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
		    iface_is_broadcast(pkt->ifp, h->dst)),
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

/*
 * ip_forward.c - a packet for someone else goes on.
 *
 * Every check comes before the first write, so that an ICMP error quotes the
 * packet as it arrived.  Who rewrites a packet on its way (the load balancer)
 * does it between the two halves (ip/ip_transit.h).
 *
 * Read: RFC 1812 5.2 and 5.3.
 *
 * Owns nothing.
 */
#include "ip/ip.h"

#include "ip/ip_check.h"
#include "ip/ip_options.h"
#include "ip/ip_transit.h"
#include "stack/stack.h"

void
ip_transit_options(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    const struct route_result *r)
{
	ip_options_forward(pkt_data(pkt), h->hlen,
	    iface_source(stk, r->ifp, r->next_hop), ip_time_of_day(stk));
}

/* RFC 1812 5.2.7.2: tells a host on the link that it could have sent straight
 * to the next hop.  The packet goes on all the same. */
static SLOW void
redirect(struct stack *stk, const struct pkt *pkt, const struct ip4_hdr *h,
    const struct route_result *r)
{
	const struct iface_addr *near;

	near = iface_addr_near(r->ifp, h->src);
	if (near == NULL || !ip4_in_prefix(r->next_hop, near->prefix) ||
	    ip4_eq(h->src, r->next_hop))
		return;
	icmp_error(stk, pkt, ICMP_REDIRECT, 1, r->next_hop.v);
}

/* Is it for us, in the middle of its way? */
static bool
goes_by_us(struct stack *stk, const struct pkt *pkt, const struct ip4_hdr *h,
    const struct source_route *sr)
{
	return !sr->done && !pkt->l2_group &&
	    iface_addr_local(stk, h->dst) != NULL;
}

bool
ip_is_waypoint(struct stack *stk, const struct pkt *pkt,
    const struct ip4_hdr *h)
{
	struct source_route sr;

	return ip_options_source_route(pkt_data(pkt), h->hlen, &sr) &&
	    goes_by_us(stk, pkt, h, &sr);
}

static SLOW bool
has_source_route(const struct pkt *pkt, const struct ip4_hdr *h)
{
	struct source_route sr;

	return ip_options_source_route(pkt_data(pkt), h->hlen, &sr);
}

/* No redirect speaks of it. */
void
ip_forward_source_route(struct stack *stk, struct pkt *pkt,
    const struct ip4_hdr *h)
{
	struct source_route sr = { 0 };
	struct ip4_hdr to = *h;
	struct route_result r;
	bool by_us;
	int why;

	(void)ip_options_source_route(pkt_data(pkt), h->hlen, &sr);
	by_us = goes_by_us(stk, pkt, h, &sr);
	if (by_us)
		to.dst = sr.next;
	if (by_us && ip_may_forward(&to) &&
	    iface_addr_local(stk, to.dst) != NULL) {
		/* We are the next one, too (but never as 127.0.0.1). */
		ip_options_take_hop(pkt_data(pkt), h->hlen, to.dst);
		ip_input_whole(stk, pkt, &to);
		return;
	}
	r = ip_route(stk, pkt, &to);
	if (!pkt->ifp->conf.forwarding || !ip_may_forward(&to))
		why = DROP_IP_NO_FORWARD;
	else
		why = ip_transit_check(pkt, &to, &r, 0);
	/* RFC 791 3.1: a strict route goes straight to what it names */
	if (why == 0 && sr.strict && !ip4_eq(r.next_hop, to.dst))
		why = DROP_IP_SR_FAILED;
	if (why != 0) {
		pkt_drop(stk, pkt, (enum drop)why);
		return;
	}
	if (by_us)
		ip_options_take_hop(pkt_data(pkt), h->hlen,
		    iface_source(stk, r.ifp, r.next_hop));
	ip_transit(stk, pkt, &to, &r);
}

void
ip_forward(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    const struct route_result *r)
{
	int why;

	if (h->hlen > IP4_HLEN && has_source_route(pkt, h)) {
		ip_forward_source_route(stk, pkt, h);
		return;
	}
	if (!pkt->ifp->conf.forwarding || !ip_may_forward(h))
		why = DROP_IP_NO_FORWARD;
	else
		why = ip_transit_check(pkt, h, r, 0);
	if (why != 0) {
		pkt_drop(stk, pkt, (enum drop)why);
		return;
	}
	if (r->ifp == pkt->ifp && r->ifp->conf.redirects)
		redirect(stk, pkt, h, r);
	ip_transit(stk, pkt, h, r);
}

/*
 * arp_input.c - an ARP message came in: answer, learn, or drop by name.
 *
 * Reading list: RFC 826 (packet reception), RFC 1122 2.3.2, RFC 5227 2.4
 * (conflicts), Linux's ip-sysctl on arp_ignore, arp_accept and proxy_arp.
 *
 * Order of the questions:
 *  1. Is it well formed, from a possible sender?    arp-short, arp-bad
 *  2. Does the sender claim an address of ours?     arp-spoof
 *  3. May this sender be believed?                  arp-stranger
 *  4. What is known about it is brought up to date (neigh_learn).
 *  5. A request for an address of ours is answered. arp-not-us
 *
 * Believed is a sender whose address lies in a network of the interface (or,
 * by route, on it), who is in the table already, because we asked for him,
 * and, where arp_accept is on, everybody.  Only who talks to us gets a new
 * entry; from other traffic an entry is at most updated (RFC 826's merge), so
 * a chatty segment does not fill the table.  A router may ask with the source
 * of what it forwards: an address that is reached by way of a gateway on the
 * interface is answered, and not learned, since nothing goes to it straight.
 */
#include <errno.h>

#include "stack/stack.h"

/* Could a host have that address on ifp at all? */
static bool
is_possible_sender(const struct stack *stk, const struct iface *ifp,
    struct ip4 ip)
{
	return ip4_is_any(ip) || (ip.v >> 24 != 0 && ip.v >> 28 < 0xe &&
	    !ip4_is_loopback(ip) && !iface_is_broadcast(stk, ifp, ip));
}

/* Is ip reached by ifp: on its networks, by a route to it, or because we asked
 * for it ourselves? */
static bool
is_behind(struct stack *stk, const struct iface *ifp, struct ip4 ip)
{
	struct route_result r;

	if (iface_addr_near(ifp, ip) != NULL ||
	    neigh_lookup(stk, ifp, ip) != NULL)
		return true;
	r = route_lookup(stk, ip, 0);
	return r.route != NULL && r.route->type == ROUTE_UNICAST &&
	    r.ifp == ifp && ip4_eq(r.next_hop, ip);
}

/* Does the way to ip lead out by ifp, to a gateway there? */
static bool
is_beyond(struct stack *stk, const struct iface *ifp, struct ip4 ip)
{
	struct route_result r = route_lookup(stk, ip, 0);

	return route_leads_by(&r, ifp);
}

/* Is ip an address of ours that may show in ARP?  One of scope host is hidden
 * (a load balancer's real server has the virtual address so), one that somebody
 * else had first is left to him. */
static bool
is_shown(struct stack *stk, struct ip4 ip)
{
	const struct iface_addr *a = iface_addr_local(stk, ip);
	struct route_result r;

	if (ip4_is_loopback(ip))
		return false;
	if (a == NULL) {		/* a whole network of ours, on lo */
		r = route_lookup(stk, ip, 0);
		if (r.route == NULL || r.route->type != ROUTE_LOCAL)
			return false;
		a = iface_addr_near(r.ifp, ip);
	}
	return a == NULL || (a->scope != SCOPE_HOST &&
	    a->acd.state != ACD_CONFLICT);
}

/* Does ifp answer for address m->tpa as one of ours? (Linux's arp_ignore) */
static bool
is_ours(struct stack *stk, const struct iface *ifp, const struct arp_msg *m)
{
	const struct iface_addr *a;

	if (!is_shown(stk, m->tpa))
		return false;
	if (ifp->conf.arp_ignore == 0)	/* any address on any interface */
		return true;
	for (a = ifp->addrs; a != NULL; a = a->next) {
		if (!ip4_eq(a->prefix.ip, m->tpa))
			continue;
		/* 1: of this interface; 2: and in the sender's network, which
		 * a probe (RFC 5227) does not tell. */
		if (ifp->conf.arp_ignore == 1 || ip4_is_any(m->spa) ||
		    ip4_in_prefix(m->spa, a->prefix))
			return true;
	}
	return false;
}

/* Proxy ARP (RFC 1027): is the way to the target another interface? */
static bool
is_proxied(struct stack *stk, const struct iface *ifp,
    const struct arp_msg *m)
{
	struct route_result r;

	if (!ifp->conf.proxy_arp || ip4_is_any(m->spa) ||
	    ip4_eq(m->spa, m->tpa))
		return false;
	r = route_lookup(stk, m->tpa, 0);
	return r.route != NULL && r.route->type == ROUTE_UNICAST &&
	    r.ifp != ifp;
}

static void
answer(struct stack *stk, struct iface *ifp, const struct arp_msg *m)
{
	struct arp_msg reply = {
		.op = ARP_OP_REPLY,
		.sha = ifp->mac,
		.spa = m->tpa,
		.tha = m->sha,
		.tpa = m->spa,
	};

	arp_send(stk, ifp, &reply, m->sha);
}

/* Step 1: the drop reason of an impossible message, or DROP_COUNT. */
static enum drop
judge(const struct stack *stk, const struct iface *ifp, const struct pkt *pkt,
    struct arp_msg *m)
{
	int r = arp_parse(pkt_data(pkt), pkt->len, m);

	if (r == -EMSGSIZE)
		return DROP_ARP_SHORT;
	if (r != 0)
		return DROP_ARP_BAD;
	if (m->op != ARP_OP_REQUEST && m->op != ARP_OP_REPLY)
		return DROP_ARP_BAD;
	if (mac_is_group(m->sha) || mac_eq(m->sha, MAC_ZERO))
		return DROP_ARP_SPOOF;
	if (!is_possible_sender(stk, ifp, m->spa))
		return DROP_ARP_BAD;
	return DROP_COUNT;
}

/* Steps 3 and 4.  False: a stranger. */
static bool
learn(struct stack *stk, struct iface *ifp, const struct arp_msg *m,
    bool to_us)
{
	bool accept = ifp->conf.arp_accept;
	bool gratuitous = ip4_eq(m->spa, m->tpa);
	bool create;

	if (ip4_is_any(m->spa))		/* RFC 5227 1.1: a probe */
		return true;
	if (!accept && !is_behind(stk, ifp, m->spa))
		return false;
	create = gratuitous ? accept : to_us && m->op == ARP_OP_REQUEST;
	neigh_learn(stk, ifp, m->spa, m->sha,
	    to_us && m->op == ARP_OP_REPLY, create);
	return true;
}

/* Step 2.  True: the sender speaks for an address of ours.  A rival on the
 * address's own interface is acd.c's to deal with; our own voice, heard by
 * another port of ours, is no rival. */
static bool
is_claim(struct stack *stk, struct iface *ifp, const struct arp_msg *m)
{
	struct iface_addr *a = iface_addr_local(stk, m->spa);

	if (a == NULL)
		return false;
	if (a->ifp == ifp && a->scope != SCOPE_HOST &&
	    port_lookup_mac(stk, m->sha) == NULL)
		acd_claim(stk, a, m->sha);
	return true;
}

void
arp_input(struct stack *stk, struct iface *ifp, struct pkt *pkt)
{
	struct arp_msg m;
	enum drop why = judge(stk, ifp, pkt, &m);
	bool to_us, asks_us, proxied = false;

	if (why == DROP_COUNT && is_claim(stk, ifp, &m))
		why = DROP_ARP_SPOOF;
	if (why != DROP_COUNT) {
		pkt_drop(stk, pkt, why);
		return;
	}
	/* An answer is to us if it came to our MAC alone: one to everybody
	 * proves nothing and counts as unsolicited. */
	if (m.op == ARP_OP_REPLY) {
		to_us = !pkt->l2_group && mac_eq(m.tha, ifp->mac);
	} else {
		to_us = is_ours(stk, ifp, &m);
		proxied = !to_us && is_proxied(stk, ifp, &m);
	}
	asks_us = to_us && m.op == ARP_OP_REQUEST;
	if (!learn(stk, ifp, &m, to_us || proxied) && !proxied &&
	    !(asks_us && is_beyond(stk, ifp, m.spa))) {
		pkt_drop(stk, pkt, DROP_ARP_STRANGER);
		return;
	}
	if (m.op == ARP_OP_REQUEST && !to_us && !proxied) {
		pkt_drop(stk, pkt, DROP_ARP_NOT_US);
		return;
	}
	if (m.op == ARP_OP_REQUEST)
		answer(stk, ifp, &m);
	stk->arp.stats.received++;
	pkt_free(pkt);
}

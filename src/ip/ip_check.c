/*
 * ip_check.c - the rules about headers and addresses, as data where they are
 * about networks.
 *
 * Read: RFC 1122 3.2.1.3, RFC 1812 4.2.2.11, 5.2.2, 5.3.7 and 5.3.8, RFC 3704
 * (what rp_filter does), RFC 3927 7, RFC 6890.
 *
 * Owns nothing.
 */
#include "ip/ip_check.h"

#include "stack/stack.h"

/* What a network may be in a packet from the wire. */
enum verdict {
	V_OK,		/* anything */
	V_LINK,		/* on its link, never forwarded */
	V_INIT,		/* as V_LINK, and only to a group: a host without an
			 * address yet (RFC 1122 3.2.1.3, RFC 3376 4) */
	V_MARTIAN,	/* never */
};

/* The first row that holds an address counts. */
static const struct special {
	struct ip4_prefix net;
	uint8_t src, dst;	/* enum verdict */
} special[] = {
	{ { { 0x00000000 }, 32 }, V_INIT, V_MARTIAN },	/* this host */
	{ { { 0x00000000 },  8 }, V_MARTIAN, V_MARTIAN },
	{ { { 0x7f000000 },  8 }, V_MARTIAN, V_MARTIAN },	/* loopback */
	{ { { 0xa9fe0000 }, 16 }, V_LINK, V_LINK },	/* 169.254/16 */
	{ { { 0xe0000000 },  4 }, V_MARTIAN, V_LINK },	/* multicast */
	{ { { 0xffffffff }, 32 }, V_MARTIAN, V_LINK },	/* broadcast */
	{ { { 0xf0000000 },  4 }, V_MARTIAN, V_MARTIAN },	/* class E */
	{ { { 0x00000000 },  0 }, V_OK, V_OK },
};

const bool ip_special_octet[256] = {
	[0] = true, [127] = true, [169] = true, [224 ... 255] = true,
};

static const struct special *
special_find(struct ip4 ip)
{
	const struct special *s = special;

	while (!ip4_in_prefix(ip, s->net))
		s++;
	return s;
}

/* Is the source reachable as rp_filter demands? */
static bool
rp_filter_pass(struct stack *stk, const struct iface *ifp, struct ip4 src)
{
	struct route_result r = route_lookup(stk, src, 0);

	if (r.route == NULL || r.route->type != ROUTE_UNICAST)
		return false;
	/* RFC 3704 2.4: loose is content with any way back */
	if (ifp->conf.rp_filter == 2)
		return true;
	return route_leads_by(&r, ifp);
}

/* Networks with rules of their own; *init: a host without an address. */
static int
check_special(const struct ip4_hdr *h, bool *init)
{
	const struct special *src = special_find(h->src);
	bool to_group = ip4_is_multicast(h->dst) ||
	    ip4_eq(h->dst, IP4_BROADCAST);

	if (special_find(h->dst)->dst == V_MARTIAN)
		return DROP_IP_MARTIAN_DST;
	if (src->src == V_MARTIAN || (src->src == V_INIT && !to_group))
		return DROP_IP_MARTIAN_SRC;
	*init = src->src == V_INIT;
	return 0;
}

/* No source can be an address of ours, or a broadcast. */
static int
check_own(struct stack *stk, const struct iface *ifp, struct ip4 src)
{
	if (iface_is_broadcast(stk, ifp, src))
		return DROP_IP_MARTIAN_SRC;
	if (iface_addr_local(stk, src) != NULL)
		return DROP_IP_OWN_SRC;
	return 0;
}

int
ip_check_any_addrs(struct stack *stk, const struct iface *ifp,
    const struct ip4_hdr *h)
{
	bool init = false;
	int why = 0;

	/* What we send ourselves may have any address of ours. */
	if (ifp->kind == IFACE_LO)
		return 0;
	if (!ip4_is_ordinary(h->src) || !ip4_is_ordinary(h->dst))
		why = check_special(h, &init);
	if (why != 0 || init)
		return why;
	why = check_own(stk, ifp, h->src);
	if (why == 0 && ifp->conf.rp_filter != 0 &&
	    !rp_filter_pass(stk, ifp, h->src))
		why = DROP_IP_RP_FILTER;
	return why;
}

bool
ip_special_may_forward(const struct ip4_hdr *h)
{
	return special_find(h->src)->src == V_OK &&
	    special_find(h->dst)->dst == V_OK;
}

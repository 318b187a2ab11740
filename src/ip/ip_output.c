/*
 * ip_output.c - packets leave: headers for what we build, the way out for all.
 *
 * Packets to ourselves wait in a queue and come in again from a timer, never
 * from inside the call that sent them: no recursion, and two local sockets
 * that answer each other take one turn of the stack for each packet.
 *
 * Read: RFC 1122 3.3.1 and 3.3.4, RFC 1191 3, RFC 6864, RFC 1112 6.1.
 *
 * Owns the loop queue.
 *
 * Limits: IP_LOOP_MAX packets to ourselves.
 */
#include "ip/ip.h"

#include <errno.h>

#include "ip/ip_frag.h"
#include "ip/ip_options.h"
#include "stack/stack.h"

/* ---- to ourselves ---------------------------------------------------- */

void
ip_loop_input(struct stack *stk, struct timer *t)
{
	uint32_t n = stk->ip.loop.count;

	/* What these cause to be sent to ourselves waits for the next turn. */
	stk->ip.looping = true;
	stk->ip.stats.looped += n;
	while (n-- > 0)
		ip_input(stk, stk->ip.ifaces,
		    pkt_queue_get(&stk->ip.loop));
	stk->ip.looping = false;
	if (stk->ip.loop.count > 0)
		timer_set(&stk->timers, t, instant_add(stk->now, 1));
}

static SLOW void
loop_output(struct stack *stk, struct pkt *pkt)
{
	if (stk->ip.loop.count >= IP_LOOP_MAX) {
		pkt_drop_silent(stk, pkt, DROP_IP_LOOP_FULL);
		return;
	}
	if (pkt->nref > 0) {
		struct pkt *copy = pkt_copy(pkt);

		if (copy == NULL) {
			pkt_drop_silent(stk, pkt, DROP_NO_MEMORY);
			return;
		}
		pkt_free(pkt);
		pkt = copy;
	}
	pkt->ifp = NULL;
	pkt_queue_put(&stk->ip.loop, pkt);
	if (!stk->ip.looping && !timer_is_set(&stk->ip.loop_timer))
		timer_set(&stk->timers, &stk->ip.loop_timer, stk->now);
}

/* ---- out of an interface --------------------------------------------- */

/* A super-frame leaves as segments of gso_size. */
uint32_t
ip_segment_len(const struct pkt *pkt, const struct ip4_hdr *h)
{
	/* Inside IPIP the headers are both. */
	uint32_t l4 = pkt->gso_ipip ? pkt->csum_start : pkt->l3 + h->hlen;
	uint32_t l4_hlen = 8;		/* UDP's */

	if (pkt->gso_type != PKT_GSO_UDP)
		l4_hlen = l4 + 13 <= pkt->off + pkt->len ?
		    (pkt->buf[l4 + 12] >> 4) * 4u : 20;
	return l4 - pkt->l3 + l4_hlen + pkt->gso_size;
}

/* To everybody, or to a group. */
static SLOW void
group_output(struct stack *stk, struct pkt *pkt, struct ip4 dst,
    struct iface *ifp)
{
	eth_output(stk, ifp, ip4_is_multicast(dst) ? eth_group_mac(dst) :
	    MAC_BROADCAST, ETHERTYPE_IP4, pkt);
}

void
ip_link_output(struct stack *stk, struct pkt *pkt, struct ip4 dst,
    const struct route_result *r)
{
	struct iface *ifp = r->ifp;

	if (!ifp->up) {
		pkt_drop(stk, pkt, DROP_PORT_DOWN);
		return;
	}
	stk->ip.stats.sent++;
	if (ifp->kind == IFACE_LO)
		loop_output(stk, pkt);
	else if (ifp->kind == IFACE_TUNNEL)
		ifp->tunnel_output(stk, ifp, pkt);
	else if (!ifp->needs_neigh)
		port_send(stk, ifp->port, pkt);
	else if (ip4_is_multicast(dst) || ip4_eq(dst, IP4_BROADCAST) ||
	    (r->route != NULL && r->route->type == ROUTE_BROADCAST))
		group_output(stk, pkt, dst, ifp);
	else
		neigh_output(stk, ifp, r->next_hop, pkt);
}

/* Longer than the way takes. */
static SLOW void
long_output(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    const struct route_result *r)
{
	if ((h->frag & IP_DF) == 0) {
		ip_frag_output(stk, pkt, h, r);
		return;
	}
	pkt->info = r->mtu;
	pkt_drop(stk, pkt, DROP_IP_TOO_BIG);
}

/* An address of ours is reached inside, whatever interface has it. */
static SLOW void
inside_output(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    const struct route_result *r)
{
	struct route_result inside = *r;

	inside.ifp = stk->ip.ifaces;
	inside.mtu = inside.ifp->mtu;
	if (ip_wire_len(pkt, h) <= inside.mtu)
		ip_link_output(stk, pkt, h->dst, &inside);
	else
		long_output(stk, pkt, h, &inside);
}

/* All but the usual. */
static SLOW void
any_output(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    const struct route_result *r)
{
	if (r->route != NULL && r->route->type == ROUTE_LOCAL)
		inside_output(stk, pkt, h, r);
	else if (ip_wire_len(pkt, h) <= r->mtu)
		ip_link_output(stk, pkt, h->dst, r);
	else
		long_output(stk, pkt, h, r);
}

/* To one host, which is a neighbour or behind one, and short enough. */
static inline bool
is_usual(const struct pkt *pkt, const struct ip4_hdr *h,
    const struct route_result *r)
{
	return r->route != NULL && r->route->type == ROUTE_UNICAST &&
	    r->ifp->needs_neigh && r->ifp->up && h->dst.v >> 29 != 7 &&
	    ip_wire_len(pkt, h) <= r->mtu;
}

void
ip_output(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    const struct route_result *r)
{
	if (!is_usual(pkt, h, r)) {
		any_output(stk, pkt, h, r);
		return;
	}
	stk->ip.stats.sent++;
	neigh_output(stk, r->ifp, r->next_hop, pkt);
}

/* ---- what a transport sends ------------------------------------------ */

/* The errno of a destination that cannot be reached, or 0. */
static int
route_errno(const struct route_result *r)
{
	if (r->route == NULL)
		return r->ifp != NULL ? 0 : -ENETUNREACH;
	switch (r->route->type) {
	case ROUTE_UNREACHABLE:
		return -EHOSTUNREACH;
	case ROUTE_PROHIBIT:
		return -EACCES;
	case ROUTE_BLACKHOLE:
		return -EINVAL;		/* as Linux */
	default:
		return 0;
	}
}

/* The way to h's destination; ifp, if not NULL, is the only way out.  l4 has
 * len bytes. */
static struct route_result
send_route(struct stack *stk, struct iface *ifp, const struct ip4_hdr *h,
    const uint8_t *l4, size_t len)
{
	struct route_result r = ip_route_flow(stk, h, l4, len);
	struct ip4 dst = h->dst;

	if (ip4_is_any(dst))
		return (struct route_result){ .route = NULL };
	if (ifp == NULL || r.ifp == ifp ||
	    (r.route != NULL && r.route->type == ROUTE_LOCAL))
		return r;
	/* As Linux does with a bound device: without a route by it the
	 * destination is taken to be on its link. */
	return ip_way_out(ifp, dst);
}

struct ip4
ip_source(struct stack *stk, const struct route_result *r, struct ip4 dst)
{
	if (r->route != NULL && r->route->type == ROUTE_LOCAL)
		return dst;
	if (r->route != NULL && r->route->origin == ROUTE_STATIC &&
	    !ip4_is_any(r->route->src))
		return r->route->src;
	return iface_source(stk, r->ifp, r->next_hop);
}

/* The MTU of a way of ours to dst, as far as we know; *df goes if the path is
 * too narrow for it. */
static uint32_t
send_mtu(struct stack *stk, const struct route_result *r, struct ip4 dst,
    bool *df)
{
	const struct pmtu *known;

	if (r->route != NULL && r->route->type == ROUTE_LOCAL)
		return stk->ip.ifaces->mtu;
	known = ip_pmtu_lookup(stk, dst);
	if (known == NULL)
		return r->mtu;
	if (known->no_df)
		*df = false;
	return known->mtu < r->mtu ? known->mtu : r->mtu;
}

int
ip_path(struct stack *stk, const struct addr *dst, struct addr *src,
    uint32_t *mtu)
{
	struct ip4_hdr h = { .dst = addr_to_ip4(dst) };
	struct route_result r = send_route(stk, NULL, &h, NULL, 0);
	int code = route_errno(&r);
	bool df;

	if (code != 0)
		return code;
	*src = addr_from_ip4(ip_source(stk, &r, h.dst));
	*mtu = send_mtu(stk, &r, h.dst, &df);
	return 0;
}

uint32_t
ip_hop_mtu(struct stack *stk, const struct addr *dst)
{
	struct ip4_hdr h = { .dst = addr_to_ip4(dst) };
	struct route_result r = send_route(stk, NULL, &h, NULL, 0);

	if (route_errno(&r) != 0)
		return 0;
	return r.route != NULL && r.route->type == ROUTE_LOCAL ?
	    stk->ip.ifaces->mtu : r.mtu;
}

/* Fills in the header for pkt, whose data is at l4. */
static void
send_header(struct stack *stk, const struct pkt *pkt, const struct ip_send *s,
    struct ip4_hdr *h)
{
	h->hlen = (uint8_t)(IP4_HLEN + s->opts_len);
	h->tos = s->tos;
	h->total_len = (uint16_t)(pkt_len(pkt) + h->hlen);
	h->id = ip_pkt_id(stk, pkt, h);
	h->ttl = s->ttl;
	if (s->ttl == 0)	/* RFC 1112 6.1: multicast stays near */
		h->ttl = ip4_is_multicast(h->dst) ? 1 : IP_DEFAULT_TTL;
}

/* Puts the header in front, with the options if there are any. */
static void
send_push(struct stack *stk, struct pkt *pkt, const struct ip_send *s,
    const struct ip4_hdr *h)
{
	uint8_t *p = pkt_push(pkt, h->hlen);

	pkt->l3 = pkt->off;
	ip4_build_hdr(p, h);
	if (s->opts_len == 0)
		return;
	p[0] = (uint8_t)(4 << 4 | h->hlen / 4);
	memcpy(p + IP4_HLEN, s->opts, s->opts_len);
	ip_options_forward(p, h->hlen, h->src, ip_time_of_day(stk));
}

/* A segment of ours that cannot leave: gone, and the socket is told. */
static int
send_refuse(struct stack *stk, struct pkt *pkt, int code)
{
	pkt_drop_silent(stk, pkt, DROP_IP_UNSENT);
	return code;
}

/* The same, too long for the way that this very flow takes. */
static SLOW int
send_refuse_long(struct stack *stk, struct pkt *pkt, const struct ip_send *s,
    uint32_t mtu)
{
	if (s->mtu != NULL)
		*s->mtu = mtu;
	return send_refuse(stk, pkt, -EMSGSIZE);
}

int
ip_send(struct stack *stk, struct pkt *pkt, const struct ip_send *s)
{
	struct ip4_hdr h = { .src = addr_to_ip4(&s->src),
	    .dst = addr_to_ip4(&s->dst), .proto = s->proto };
	struct route_result r;
	bool df = s->df;
	int code;

	r = send_route(stk, s->ifp, &h, pkt_data(pkt), pkt->len);
	code = route_errno(&r);
	if (code != 0)
		return send_refuse(stk, pkt, code);
	if (ip4_is_any(h.src))
		h.src = ip_source(stk, &r, h.dst);
	if (pkt_len(pkt) + IP4_HLEN + s->opts_len > UINT16_MAX)
		return send_refuse_long(stk, pkt, s, r.mtu);
	/* The path's MTU holds for fragments of ours too (RFC 1191 3). */
	r.mtu = send_mtu(stk, &r, h.dst, &df);
	h.frag = df ? IP_DF : 0;
	send_header(stk, pkt, s, &h);
	pkt->l4 = pkt->off;
	send_push(stk, pkt, s, &h);
	if (df && ip_wire_len(pkt, &h) > r.mtu)
		return send_refuse_long(stk, pkt, s, r.mtu);
	ip_output(stk, pkt, &h, &r);
	return 0;
}

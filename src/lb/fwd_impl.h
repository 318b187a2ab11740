/*
 * fwd_impl.h - what all forwarding modes share: the route with its checks, and
 * the rewrite of addresses and ports.  For fwd_*.c and lb_icmp.c; inline,
 * because each packet of a flow goes through it.
 *
 * Checks come before the first write, so that an ICMP error quotes the packet
 * as its sender knows it.  Checksums are updated, not computed (RFC 1624), and
 * a super-frame or a needs-checksum packet stays what it is.  A packet that may
 * be fragmented leaves with an identification of ours: those of several
 * servers, or of a host that also speaks for itself, are the same ones, and
 * who puts fragments together has but the addresses to tell them apart.
 */
#ifndef HOPD_LB_FWD_IMPL_H
#define HOPD_LB_FWD_IMPL_H

#include "base/csum.h"
#include "base/cursor.h"
#include "ip/ip_transit.h"
#include "ip/route_find.h"
#include "lb/fwd.h"
#include "stack/stack.h"
#include "tcp/tcp_wire.h"
#include "udp/udp.h"

/* The way of f's packets towards dst: one of several equal ones for all. */
FAST struct route_result
lb_fwd_way(struct stack *stk, const struct lb_flow *f, struct ip4 dst)
{
	struct route_result r;
	uint32_t hash;

	if (route_find(stk, dst, &r))
		return r;
	/* Neighbouring clients shall not take neighbouring hashes. */
	hash = be32_get(f->client.b + 12) + f->cport;
	return route_lookup(stk, dst, hash * UINT32_C(0x9e3779b1));
}

/* Routes towards dst and makes the checks of forwarding; on refusal the packet
 * is dropped and false comes back. */
FAST bool
lb_fwd_route(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    const struct lb_flow *f, struct ip4 dst, struct route_result *r)
{
	int why;

	*r = lb_fwd_way(stk, f, dst);
	why = ip_transit_check(pkt, h, r, 0);
	if (why != 0)
		pkt_drop(stk, pkt, (enum drop)why);
	return why == 0;
}

/* Where the transport's checksum stands, or NULL: none to keep. */
static inline uint8_t *
lb_fwd_csum(struct pkt *pkt, const struct ip4_hdr *h, uint8_t *l4)
{
	uint32_t room = pkt->len - h->hlen;

	if (h->proto == IPPROTO_TCP4 && room >= TCP_HLEN)
		return l4 + TCP_OFF_CSUM;
	if (h->proto == IPPROTO_UDP4 && room >= UDP_HLEN)
		return l4 + UDP_OFF_CSUM;
	return NULL;
}

/* New source and destination, address and port, of the packet's own headers,
 * checksums kept right, and an identification that goes with the addresses;
 * *h follows. */
struct lb_rewrite {
	struct addr src, dst;
	uint16_t sport, dport;
};

FAST void
lb_fwd_rewrite(struct stack *stk, struct pkt *pkt, struct ip4_hdr *h,
    const struct lb_rewrite *to)
{
	uint8_t *ip = pkt_data(pkt), *l4 = ip + h->hlen;
	uint8_t *csum = lb_fwd_csum(pkt, h, l4);
	struct ip4 src = addr_to_ip4(&to->src), dst = addr_to_ip4(&to->dst);
	/* Both ports are the first words of TCP, UDP and SCTP. */
	uint32_t old = be32_get(l4);
	uint32_t ports = (uint32_t)to->sport << 16 | to->dport;
	uint32_t pseudo = 0, text = 0;

	if (!ip4_eq(h->src, src))
		pseudo += csum_delta32(h->src.v, src.v);
	if (!ip4_eq(h->dst, dst))
		pseudo += csum_delta32(h->dst.v, dst.v);
	if (old != ports)
		text = csum_delta32(old, ports);
	be32_put(l4, ports);
	if (csum != NULL && pseudo + text != 0)
		csum_fix(csum, pseudo, text, pkt->csum_needed,
		    h->proto == IPPROTO_UDP4);
	else if (h->proto == IPPROTO_SCTP4 && old != ports)
		lb_sctp_csum_fix(pkt, h, old ^ ports);
	if (pseudo == 0)
		return;
	/* The same addresses stand in the IP header. */
	csum_fix(ip + IP4_OFF_CSUM, pseudo, 0, false, false);
	be32_put(ip + IP4_OFF_SRC, src.v);
	be32_put(ip + IP4_OFF_DST, dst.v);
	h->src = src;
	h->dst = dst;
	/* RFC 6864 5.3.1: as if it came from here, unless nobody reads it */
	if ((h->frag & IP_DF) == 0)
		ip_renumber(stk, pkt, h);
}

#endif

/*
 * fwd.c - what all forwarding modes share: the switch between them, the route
 * with its checks, and the rewrite of addresses and ports.
 *
 * Checks come before the first write, so that an ICMP error quotes the packet
 * as its sender knows it.  Checksums are updated, not computed (RFC 1624), and
 * a super-frame or a needs-checksum packet stays what it is.
 */
#include "lb/fwd.h"

#include <assert.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "stack/stack.h"
#include "tcp/tcp_wire.h"

#define UDP_OFF_CSUM 6

void
lb_fwd_in(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f)
{
	switch ((enum lb_fwd)f->fwd) {
	case LB_FWD_NAT:
		lb_nat_in(stk, pkt, h, f);
		return;
	case LB_FWD_DR:
		lb_dr_in(stk, pkt, h, f);
		return;
	case LB_FWD_TUN:
		lb_tun_in(stk, pkt, h, f);
		return;
	case LB_FWD_LOCAL:
		lb_local_in(stk, pkt, h);
		return;
	case LB_FWD_FULLNAT:
		lb_fullnat_in(stk, pkt, h, f);
		return;
	case LB_FWD_COUNT:
		break;
	}
	assert(!"a flow's mode");
}

void
lb_fwd_reply(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f)
{
	assert((f->flags & LB_FLOW_NO_OUTPUT) == 0);
	if (f->fwd == LB_FWD_FULLNAT)
		lb_fullnat_reply(stk, pkt, h, f);
	else
		lb_nat_reply(stk, pkt, h, f);
}

struct route_result
lb_fwd_way(struct stack *stk, const struct lb_flow *f, struct ip4 dst)
{
	uint32_t hash = be32_get(f->client.b + 12) + f->cport;

	/* Neighbouring clients shall not take neighbouring hashes. */
	return route_lookup(stk, dst, hash * UINT32_C(0x9e3779b1));
}

bool
lb_fwd_route(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    const struct lb_flow *f, struct ip4 dst, struct route_result *r)
{
	int why;

	*r = lb_fwd_way(stk, f, dst);
	why = ip_transit_check(pkt, h, r, 0);
	if (why != 0) {
		pkt_drop(stk, pkt, (enum drop)why);
		return false;
	}
	return true;
}

/* Where the transport's checksum stands, or NULL: none to keep. */
static uint8_t *
l4_csum(struct pkt *pkt, const struct ip4_hdr *h, uint8_t *l4)
{
	uint32_t room = pkt->len - h->hlen;

	if (h->proto == IPPROTO_TCP4 && room >= TCP_HLEN)
		return l4 + TCP_OFF_CSUM;
	if (h->proto == IPPROTO_UDP4 && room >= UDP_HLEN)
		return l4 + UDP_OFF_CSUM;
	return NULL;
}

static void
port_set(struct pkt *pkt, uint8_t *at, uint16_t port, uint8_t *csum, bool udp)
{
	uint16_t old = be16_get(at);

	if (old == port)
		return;
	be16_put(at, port);
	if (csum != NULL)
		csum_fix_u16(csum, old, port, pkt->csum_needed, udp);
}

void
lb_fwd_rewrite(struct pkt *pkt, struct ip4_hdr *h, const struct lb_rewrite *to)
{
	uint8_t *ip = pkt_data(pkt), *l4 = ip + h->hlen;
	uint8_t *csum = l4_csum(pkt, h, l4);
	struct addr src = addr_from_ip4(h->src), dst = addr_from_ip4(h->dst);
	bool udp = h->proto == IPPROTO_UDP4;

	if (!addr_eq(&src, &to->src)) {
		h->src = addr_to_ip4(&to->src);
		ip4_set_src(ip, h->src);
		if (csum != NULL)
			csum_fix_addr(csum, &src, &to->src, pkt->csum_needed,
			    udp);
	}
	if (!addr_eq(&dst, &to->dst)) {
		h->dst = addr_to_ip4(&to->dst);
		ip4_set_dst(ip, h->dst);
		if (csum != NULL)
			csum_fix_addr(csum, &dst, &to->dst, pkt->csum_needed,
			    udp);
	}
	/* Both ports are the first words of TCP, UDP and SCTP. */
	port_set(pkt, l4, to->sport, csum, udp);
	port_set(pkt, l4 + 2, to->dport, csum, udp);
}

/*
 * fwd_fullnat.c - FULLNAT: both addresses and both ports are rewritten, so the
 * server sees only the director and needs no special route.
 *
 * On the server's side a connection comes from one of the service's local
 * addresses (local.c), and many clients follow each other on the same port
 * there.  So the client's sequence numbers are mapped to ones that grow with
 * time, from a keyed initial number (RFC 6528 3): a SYN on a port that the
 * server still holds in TIME-WAIT is then accepted (RFC 9293 3.6.1).  The
 * client's timestamps, from another clock for each client, would spoil that,
 * so the option is taken out of the SYN, and with it out of the connection.
 *
 * The client's address goes along in a TCP option (TOA) in every segment until
 * the server's first data is acknowledged; a client's own is taken out, so
 * that nobody lies.  The segment size offered to the client leaves room for
 * it.  UDP and SCTP are rewritten and have no such option.
 */
#include <string.h>

#include "base/cursor.h"
#include "base/hash.h"
#include "lb/fwd_impl.h"
#include "lb/lb_tcp_opt.h"
#include "stack/stack.h"
#include "tcp/tcp_wire.h"

/* RFC 6528 3: a clock of 4 us plus a keyed hash of the connection. */
static uint32_t
isn_make(const struct stack *stk, const struct lb_flow *f)
{
	uint8_t b[36];

	memcpy(b, &f->local, 16);
	memcpy(b + 16, &f->server, 16);
	be16_put(b + 32, f->lport);
	be16_put(b + 34, f->sport);
	return (uint32_t)(stk->now.us / 4) + (uint32_t)siphash24(
	    &stk->lb.flows.region->key, b, sizeof(b));
}

/* Wants the server still to be told who the client is? */
static bool
toa_wanted(const struct stack *stk, struct lb_flow *f, uint8_t flags,
    uint32_t ack)
{
	if (!stk->lb.conf.toa || (flags & (TCP_SYN | TCP_RST)) ||
	    !(flags & TCP_ACK) || !(f->flags & LB_FLOW_SERVER_ISN) ||
	    (f->flags & LB_FLOW_TOA_DONE))
		return false;
	if ((int32_t)(ack - (f->server_isn + 1)) <= 0)
		return true;
	f->flags |= LB_FLOW_TOA_DONE;
	return false;
}

static void
tcp_in(struct stack *stk, struct pkt *pkt, struct ip4_hdr *h,
    struct lb_flow *f, uint32_t mtu)
{
	const uint8_t *l4 = pkt_data(pkt) + h->hlen;
	uint8_t flags = l4[TCP_OFF_FLAGS];
	uint32_t seq = be32_get(l4 + TCP_OFF_SEQ);
	uint32_t ack = be32_get(l4 + TCP_OFF_ACK);

	if ((flags & TCP_SYN) && !(f->flags & LB_FLOW_SEQ)) {
		f->seq_delta = isn_make(stk, f) - seq;
		f->flags |= LB_FLOW_SEQ;
	}
	if (flags & TCP_SYN)
		lb_opt_blank(pkt, h, TCP_OPT_TS);
	lb_opt_blank(pkt, h, TCP_OPT_TOA);
	lb_tcp_add32(pkt, h, TCP_OFF_SEQ, f->seq_delta);
	if (toa_wanted(stk, f, flags, ack) && !lb_toa_insert(pkt, h,
	    addr_to_ip4(&f->client), f->cport, mtu))
		stk->lb.toa_missed++;
}

void
lb_fullnat_in(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f)
{
	struct lb_rewrite to = { f->local, f->server, f->lport, f->sport };
	struct ip4_hdr out = *h;
	struct route_result r;

	if (!lb_fwd_route(stk, pkt, h, f, addr_to_ip4(&f->server), &r))
		return;
	if (h->proto == IPPROTO_TCP4)
		tcp_in(stk, pkt, &out, f, r.mtu);
	lb_fwd_rewrite(stk, pkt, &out, &to);
	ip_transit(stk, pkt, &out, &r);
}

static void
tcp_reply(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f)
{
	const uint8_t *l4 = pkt_data(pkt) + h->hlen;
	uint8_t flags = l4[TCP_OFF_FLAGS];

	if (flags & TCP_SYN) {
		f->server_isn = be32_get(l4 + TCP_OFF_SEQ);
		f->flags |= LB_FLOW_SERVER_ISN;
		if (stk->lb.conf.toa)
			lb_mss_lower(pkt, h, TCP_OPT_TOA_LEN);
	}
	if (f->seq_delta == 0)
		return;
	if (flags & TCP_ACK)
		lb_tcp_add32(pkt, h, TCP_OFF_ACK, -f->seq_delta);
	lb_sack_shift(pkt, h, -f->seq_delta);
}

void
lb_fullnat_reply(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f)
{
	struct lb_rewrite to = { f->vip, f->client, f->vport, f->cport };
	struct ip4_hdr out = *h;
	struct route_result r;

	if (!lb_fwd_route(stk, pkt, h, f, addr_to_ip4(&f->client), &r))
		return;
	if (h->proto == IPPROTO_TCP4)
		tcp_reply(stk, pkt, &out, f);
	lb_fwd_rewrite(stk, pkt, &out, &to);
	ip_transit(stk, pkt, &out, &r);
}

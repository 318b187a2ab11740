/*
 * lb_reset.c - RST segments that the load balancer sends itself: instead of
 * "port unreachable" where a service asks for it, and to both ends of a
 * connection that is forgotten for idleness.
 *
 * A RST counts only with the very sequence number that its receiver expects
 * (RFC 5961 3.2), so flows remember where both directions stand.
 */
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "lb/fwd.h"
#include "stack/stack.h"
#include "tcp/tcp_wire.h"

/* A segment without data; h->hlen is TCP_HLEN.  NULL: no memory. */
static struct pkt *
segment_build(struct stack *stk, const struct addr *src,
    const struct addr *dst, const struct tcp_hdr *h)
{
	struct pkt *pkt = pkt_alloc(&stk->pool, TCP_HLEN);
	uint32_t sum;
	uint8_t *p;

	if (pkt == NULL) {
		drop_count(stk, DROP_NO_MEMORY);
		return NULL;
	}
	p = pkt_append(pkt, TCP_HLEN);
	pkt->l4 = pkt->off;
	tcp_build_hdr(p, h);
	sum = csum_pseudo(src, dst, IPPROTO_TCP4, TCP_HLEN);
	be16_put(p + TCP_OFF_CSUM, csum_finish(csum_add(sum, p, TCP_HLEN)));
	return pkt;
}

static void
segment_send(struct stack *stk, const struct addr *src,
    const struct addr *dst, const struct tcp_hdr *h)
{
	struct ip_send s = { .src = *src, .dst = *dst,
	    .proto = IPPROTO_TCP4, .df = true };
	struct pkt *pkt = segment_build(stk, src, dst, h);

	if (pkt != NULL)
		(void)ip_send(stk, pkt, &s);
}

void
lb_reset_answer(struct stack *stk, const struct pkt *pkt,
    const struct ip4_hdr *h)
{
	struct addr src = addr_from_ip4(h->dst), dst = addr_from_ip4(h->src);
	struct tcp_hdr in, out = { .hlen = TCP_HLEN, .flags = TCP_RST };

	if (tcp_parse_hdr(pkt_data(pkt) + h->hlen, pkt->len - h->hlen, &in)
	    != 0 || in.flags & TCP_RST)
		return;
	out.sport = in.dport;
	out.dport = in.sport;
	/* RFC 9293 3.10.7.1 */
	if (in.flags & TCP_ACK) {
		out.seq = in.ack;
	} else {
		out.flags |= TCP_ACK;
		out.ack = in.seq + pkt_len(pkt) - h->hlen - in.hlen +
		    ((in.flags & TCP_SYN) != 0) + ((in.flags & TCP_FIN) != 0);
	}
	segment_send(stk, &src, &dst, &out);
}

/* As if the client had sent it: the forwarding mode does the rest. */
static void
reset_server(struct stack *stk, struct lb_flow *f)
{
	struct tcp_hdr t = { .sport = f->cport, .dport = f->vport,
	    .seq = f->client_end, .ack = f->server_end, .hlen = TCP_HLEN,
	    .flags = TCP_RST | TCP_ACK };
	struct pkt *pkt = segment_build(stk, &f->client, &f->vip, &t);
	struct ip4_hdr h = {
		.hlen = IP4_HLEN, .total_len = IP4_HLEN + TCP_HLEN,
		.frag = IP_DF, .ttl = IP_DEFAULT_TTL, .proto = IPPROTO_TCP4,
		.src = addr_to_ip4(&f->client), .dst = addr_to_ip4(&f->vip),
	};

	if (pkt == NULL)
		return;
	ip4_build_hdr(pkt_push(pkt, IP4_HLEN), &h);
	pkt->l3 = pkt->off;
	lb_fwd_in(stk, pkt, &h, f);
}

void
lb_reset_expired(struct stack *stk, struct lb_flow *f)
{
	const uint16_t both = LB_FLOW_CLIENT_SEQ | LB_FLOW_SERVER_SEQ;
	struct tcp_hdr t = { .sport = f->vport, .dport = f->cport,
	    .seq = f->server_end, .ack = f->client_end, .hlen = TCP_HLEN,
	    .flags = TCP_RST | TCP_ACK };

	if (f->proto != IPPROTO_TCP4 || f->state != LB_TCP_ESTABLISHED ||
	    (f->flags & LB_FLOW_TEMPLATE) || (f->flags & both) != both)
		return;
	segment_send(stk, &f->vip, &f->client, &t);
	if (f->fwd != LB_FWD_LOCAL)
		reset_server(stk, f);
}

/*
 * tcp_respond.c - segments that belong to no connection: resets for what
 * nobody wants, ACKs out of TIME-WAIT, stateless SYN,ACKs.
 */
#include "tcp/tcp_conn.h"

#include "base/csum.h"
#include "base/cursor.h"

void
tcp_respond(struct stack *stk, const struct tcp_key *k,
    const struct tcp_hdr *h, const struct tcp_opts *o)
{
	struct ip_send s = { .src = k->local, .dst = k->remote,
	    .proto = IPPROTO_TCP4, .df = true };
	uint32_t hlen = TCP_HLEN + tcp_options_len(o);
	struct pkt *pkt = pkt_alloc(&stk->pool, hlen);
	struct tcp_hdr out = *h;
	uint32_t sum;
	uint8_t *p;

	if (pkt == NULL) {
		drop_count(stk, DROP_NO_MEMORY);
		return;
	}
	p = pkt_append(pkt, hlen);
	pkt->l4 = pkt->off;
	out.sport = k->lport;
	out.dport = k->rport;
	out.hlen = (uint8_t)hlen;
	out.csum = 0;
	tcp_build_hdr(p, &out);
	tcp_build_options(p + TCP_HLEN, o);
	sum = csum_pseudo(&s.src, &s.dst, s.proto, hlen);
	be16_put(p + TCP_OFF_CSUM, csum_finish(csum_add(sum, p, hlen)));
	stk->tcp.stats.sent++;
	ip_send(stk, pkt, &s);
}

/* RFC 9293 3.10.7.1: <SEQ=SEG.ACK><CTL=RST> if there is an ACK, else
 * <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>. */
void
tcp_respond_reset(struct stack *stk, const struct ip_meta *m,
    const struct tcp_hdr *h, uint32_t slen)
{
	struct tcp_key k = { .local = m->dst, .remote = m->src,
	    .lport = h->dport, .rport = h->sport };
	struct tcp_hdr r = { .flags = TCP_RST };

	if ((h->flags & TCP_RST) != 0)
		return;
	if ((h->flags & TCP_ACK) != 0) {
		r.seq = h->ack;
	} else {
		r.ack = h->seq + slen;
		r.flags |= TCP_ACK;
	}
	stk->tcp.stats.resets_sent++;
	tcp_respond(stk, &k, &r, &(struct tcp_opts){ 0 });
}

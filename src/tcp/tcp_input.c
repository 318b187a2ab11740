/*
 * tcp_input.c - a segment came in: is it whole, is it ours, who is it for.
 *
 * So far no connection exists, so every sound segment takes the way of a
 * closed port (RFC 9293 3.10.7.1).  Owns nothing but the packet it consumes.
 */
#include "tcp/tcp.h"

#include "base/csum.h"
#include "base/cursor.h"
#include "ip/ip.h"
#include "stack/stack.h"
#include "tcp/tcp_wire.h"

int
tcp_init(struct stack *stk)
{
	stk->tcp = (struct tcp_state){ 0 };
	return 0;
}

void
tcp_fini(struct stack *stk)
{
	(void)stk;
}

void
tcp_poll(struct stack *stk)
{
	(void)stk;
}

void
tcp_icmp_error(struct stack *stk, const struct ip_meta *quoted,
    const uint8_t *l4, uint8_t type, uint8_t code, uint32_t info)
{
	(void)quoted, (void)l4, (void)type, (void)code, (void)info;
	drop_count(stk, DROP_ICMP_NO_MATCH);
}

/* Is the transport checksum right, or vouched for? */
static bool
csum_is_right(const struct pkt *pkt, const struct ip_meta *m)
{
	uint32_t sum;

	if (pkt->csum_ok || pkt->csum_needed)
		return true;
	sum = csum_pseudo(&m->src, &m->dst, m->proto, m->l4_len);
	return csum_finish(csum_add(sum, pkt_data(pkt), m->l4_len)) == 0;
}

/* Sequence space a segment takes: its payload, SYN and FIN. */
static uint32_t
seg_len(const struct tcp_hdr *h, uint32_t l4_len)
{
	return l4_len - h->hlen + ((h->flags & TCP_SYN) != 0) +
	    ((h->flags & TCP_FIN) != 0);
}

/* The RST that answers segment h, which no connection wants. */
static void
reset_send(struct stack *stk, const struct ip_meta *m, const struct tcp_hdr *h)
{
	struct tcp_hdr r = { .sport = h->dport, .dport = h->sport,
	    .hlen = TCP_HLEN, .flags = TCP_RST };
	struct ip_send s = { .src = m->dst, .dst = m->src,
	    .proto = IPPROTO_TCP4, .df = true };
	struct pkt *pkt = pkt_alloc(&stk->pool, TCP_HLEN);
	uint32_t sum;
	uint8_t *p;

	if (pkt == NULL) {
		drop_count(stk, DROP_NO_MEMORY);
		return;
	}
	if ((h->flags & TCP_ACK) != 0) {
		r.seq = h->ack;
	} else {
		r.ack = h->seq + seg_len(h, m->l4_len);
		r.flags |= TCP_ACK;
	}
	p = pkt_append(pkt, TCP_HLEN);
	pkt->l4 = pkt->off;
	tcp_build_hdr(p, &r);
	sum = csum_pseudo(&s.src, &s.dst, s.proto, TCP_HLEN);
	be16_put(p + TCP_OFF_CSUM, csum_finish(csum_add(sum, p, TCP_HLEN)));
	stk->tcp.resets_sent++;
	ip_send(stk, pkt, &s);
}

/* RFC 9293 3.10.7.1: every segment but a RST is answered with a RST. */
static void
closed_input(struct stack *stk, struct pkt *pkt, const struct ip_meta *m,
    const struct tcp_hdr *h)
{
	if ((h->flags & TCP_RST) == 0)
		reset_send(stk, m, h);
	pkt_drop(stk, pkt, DROP_TCP_NO_PORT);
}

/* RFC 1122 4.2.3.10: a segment to, or from, a group address is dropped. */
static bool
is_group(const struct pkt *pkt, const struct ip_meta *m)
{
	if (m->group || pkt->l2_group || addr_is_any(&m->src))
		return true;
	return addr_is_ip4(&m->src) &&
	    (ip4_is_multicast(addr_to_ip4(&m->src)) ||
	    ip4_eq(addr_to_ip4(&m->src), IP4_BROADCAST));
}

void
tcp_input(struct stack *stk, struct pkt *pkt, const struct ip_meta *m)
{
	struct tcp_hdr h;

	stk->tcp.received++;
	if (pkt->len < m->l4_len ||
	    tcp_parse_hdr(pkt_data(pkt), m->l4_len, &h) != 0)
		pkt_drop(stk, pkt, DROP_TCP_SHORT);
	else if (!csum_is_right(pkt, m))
		pkt_drop(stk, pkt, DROP_TCP_CSUM);
	else if (is_group(pkt, m))
		pkt_drop(stk, pkt, DROP_TCP_GROUP);
	else
		closed_input(stk, pkt, m, &h);
}

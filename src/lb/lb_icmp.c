/*
 * lb_icmp.c - ICMP errors about packets of flows, both ways: the outer
 * addresses and the quoted header are translated as the flow's own packets
 * are, so that the receiver knows the connection they speak of.
 *
 * RFC 5508 4.2.  The quote is promised only 8 bytes of the transport
 * (RFC 792), so nothing behind the ports is needed.  The quoted transport
 * checksum stays as it is where it was not quoted; nobody can check it.
 */
#include "base/csum.h"
#include "base/cursor.h"
#include "lb/fwd_impl.h"
#include "stack/stack.h"
#include "tcp/tcp_wire.h"

#define PORTS_LEN 4

/* A quoted packet: where it stands and what it says. */
struct quote {
	uint32_t off;		/* of the quoted IP header, from data */
	uint8_t hlen;
	bool tunnel;		/* it stood in a tunnel's packet ... */
	struct addr end;	/* ... to here */
	struct lb_tuple t;	/* as quoted */
};

static bool
is_error(uint8_t type)
{
	return type == ICMP_UNREACH || type == ICMP_TIME_EXCEEDED ||
	    type == ICMP_PARAM_PROBLEM;
}

/* Reads the quoted IP header at off; false: cut off, or a later fragment. */
static bool
quote_header(const struct pkt *pkt, uint32_t off, struct quote *q)
{
	const uint8_t *p = pkt_data(pkt) + off;

	if (pkt->len < off + IP4_HLEN || p[0] >> 4 != 4)
		return false;
	q->off = off;
	q->hlen = (uint8_t)((p[0] & 15) * 4);
	q->t.proto = p[IP4_OFF_PROTO];
	q->t.src = addr_from_ip4((struct ip4){ be32_get(p + IP4_OFF_SRC) });
	q->t.dst = addr_from_ip4((struct ip4){ be32_get(p + IP4_OFF_DST) });
	return q->hlen >= IP4_HLEN && pkt->len >= off + q->hlen + PORTS_LEN &&
	    (be16_get(p + IP4_OFF_FRAG) & IP_OFFMASK) == 0;
}

/* Takes the quote apart; false: not an error that quotes ports.  The quote is
 * cut off, so its total length says nothing here. */
static bool
quote_read(const struct pkt *pkt, const struct ip4_hdr *h, struct quote *q)
{
	struct rd r;

	*q = (struct quote){ 0 };
	if (pkt->len < h->hlen + (uint32_t)ICMP_HLEN ||
	    !is_error(pkt_data(pkt)[h->hlen]) ||
	    !quote_header(pkt, h->hlen + ICMP_HLEN, q))
		return false;
	if (q->t.proto == IPPROTO_IPIP4) {
		q->tunnel = true;
		q->end = q->t.dst;
		if (!quote_header(pkt, q->off + q->hlen, q))
			return false;
	}
	r = rd_init(pkt_data(pkt) + q->off + q->hlen, PORTS_LEN);
	q->t.sport = rd_u16(&r);
	q->t.dport = rd_u16(&r);
	return true;
}

struct lb_flow *
lb_icmp_match(struct stack *stk, const struct pkt *pkt,
    const struct ip4_hdr *h, bool *reply)
{
	struct lb_tuple back;
	struct lb_flow *f;
	struct quote q;

	if (!quote_read(pkt, h, &q))
		return NULL;
	if (q.tunnel) {
		/* Ours if it is what we sent to the end of a tunnel. */
		f = lb_flow_lookup(stk, &q.t, reply);
		if (f == NULL || *reply || f->fwd != LB_FWD_TUN ||
		    !addr_eq(&q.end, &f->server))
			return NULL;
		*reply = true;
		return f;
	}
	/* The error travels against the packet it quotes. */
	back = (struct lb_tuple){ q.t.dst, q.t.src, q.t.dport, q.t.sport,
	    q.t.proto };
	return lb_flow_lookup(stk, &back, reply);
}

static bool
csum_is_right(struct pkt *pkt, const struct ip4_hdr *h)
{
	if (pkt->csum_needed)
		pkt_csum_complete(pkt);
	return csum_finish(csum_add(0, pkt_data(pkt) + h->hlen,
	    pkt->len - h->hlen)) == 0;
}

/* Writes the quoted packet's addresses and ports, and gives the client its own
 * sequence number back, by which it knows the segment (RFC 5927 4.1). */
static void
quote_rewrite(struct pkt *pkt, const struct quote *q,
    const struct lb_rewrite *to, uint32_t seq_delta)
{
	uint8_t *ip = pkt_data(pkt) + q->off;
	uint8_t *l4 = ip + q->hlen;

	ip4_set_src(ip, addr_to_ip4(&to->src));
	ip4_set_dst(ip, addr_to_ip4(&to->dst));
	be16_put(l4, to->sport);
	be16_put(l4 + 2, to->dport);
	if (seq_delta != 0 && pkt->len >= q->off + q->hlen + TCP_OFF_ACK)
		be32_put(l4 + TCP_OFF_SEQ,
		    be32_get(l4 + TCP_OFF_SEQ) - seq_delta);
}

/* The message changed: its checksum anew. */
static void
icmp_csum_put(struct pkt *pkt, const struct ip4_hdr *h)
{
	uint8_t *icmp = pkt_data(pkt) + h->hlen;

	be16_put(icmp + 2, 0);
	be16_put(icmp + 2, csum_finish(csum_add(0, icmp,
	    pkt->len - h->hlen)));
}

/* An error from inside the tunnel to f's server: the quote's own length is
 * made true, since an error about it will quote it again. */
static void
tunnel_error(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f, const struct quote *q)
{
	const uint8_t *icmp = pkt_data(pkt) + h->hlen;
	uint8_t type = icmp[0], code = icmp[1];
	uint32_t info = be32_get(icmp + 4);

	if (type == ICMP_UNREACH && code == ICMP_UNREACH_FRAG)
		info &= 0xffff;		/* RFC 1191 4 */
	/* It is about a packet of ours, and ends here. */
	stk->ip.stats.delivered++;
	pkt_pull(pkt, q->off);
	pkt->l3 = pkt->off;
	if (be16_get(pkt_data(pkt) + IP4_OFF_LEN) > pkt->len)
		ip4_set_len(pkt_data(pkt), (uint16_t)pkt->len);
	lb_tun_error(stk, pkt, f, type, code, info);
}

/* The message with its quote, for the other side: sent on. */
static void
error_translate(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f, const struct quote *q, const struct lb_rewrite *outer,
    const struct lb_rewrite *inner)
{
	struct ip4_hdr out = *h;
	struct route_result r;

	if (!lb_fwd_route(stk, pkt, h, f, addr_to_ip4(&outer->dst), &r))
		return;
	quote_rewrite(pkt, q, inner, addr_eq(&outer->dst, &f->client) &&
	    f->flags & LB_FLOW_SEQ ? f->seq_delta : 0);
	out.src = addr_to_ip4(&outer->src);
	out.dst = addr_to_ip4(&outer->dst);
	ip4_set_src(pkt_data(pkt), out.src);
	ip4_set_dst(pkt_data(pkt), out.dst);
	if ((h->frag & IP_DF) == 0)	/* RFC 6864 5.3.1 */
		ip_renumber(stk, pkt, &out);
	icmp_csum_put(pkt, h);
	ip_transit(stk, pkt, &out, &r);
}

/*
 * From the servers' side (reply): the quote is what went to the server; it
 * becomes what the client sent, and the error goes to the client.  Whoever
 * sent it, server or router, appears as the service, as in IPVS: what stands
 * behind the service is not the client's to see.  From the client's side the
 * quote becomes what the server sent; where nothing is translated (DR, TUN,
 * LOCAL) the error goes the way of the flow as it is.
 */
void
lb_icmp_input(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f, bool reply)
{
	struct lb_rewrite inner, outer;
	struct quote q;

	if (!quote_read(pkt, h, &q) || !csum_is_right(pkt, h)) {
		pkt_drop(stk, pkt, DROP_LB_CSUM);
		return;
	}
	if (q.tunnel) {
		tunnel_error(stk, pkt, h, f, &q);
		return;
	}
	if (reply) {
		inner = (struct lb_rewrite){ f->client, f->vip, f->cport,
		    f->vport };
		outer = (struct lb_rewrite){ f->vip, f->client, 0, 0 };
	} else if (f->flags & LB_FLOW_NO_OUTPUT) {
		lb_fwd_in(stk, pkt, h, f);
		return;
	} else {
		inner = (struct lb_rewrite){ f->server, f->local, f->sport,
		    f->lport };
		outer = (struct lb_rewrite){ addr_from_ip4(h->src),
		    f->server, 0, 0 };
		if (f->fwd == LB_FWD_FULLNAT)
			outer.src = f->local;
	}
	error_translate(stk, pkt, h, f, &q, &outer, &inner);
}

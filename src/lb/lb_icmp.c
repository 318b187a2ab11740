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
#include "lb/fwd.h"
#include "stack/stack.h"

#define PORTS_LEN 4

/* A quoted packet: where it stands and what it says. */
struct quote {
	uint32_t off;		/* of the quoted IP header, from data */
	struct ip4_hdr ip;
	struct lb_tuple t;	/* as quoted */
};

static bool
is_error(uint8_t type)
{
	return type == ICMP_UNREACH || type == ICMP_TIME_EXCEEDED ||
	    type == ICMP_PARAM_PROBLEM;
}

/* Takes the quote apart; false: not an error that quotes ports. */
static bool
quote_read(const struct pkt *pkt, const struct ip4_hdr *h, struct quote *q)
{
	const uint8_t *p = pkt_data(pkt);
	struct rd r;

	q->off = h->hlen + ICMP_HLEN;
	if (pkt->len < q->off + IP4_HLEN || !is_error(p[h->hlen]))
		return false;
	p += q->off;
	q->ip.hlen = (uint8_t)((p[0] & 15) * 4);
	/* The quote is cut off, so its total length says nothing here. */
	if (p[0] >> 4 != 4 || q->ip.hlen < IP4_HLEN ||
	    pkt->len < q->off + q->ip.hlen + PORTS_LEN)
		return false;
	q->ip.proto = p[IP4_OFF_PROTO];
	q->ip.frag = be16_get(p + IP4_OFF_FRAG);
	q->ip.src.v = be32_get(p + IP4_OFF_SRC);
	q->ip.dst.v = be32_get(p + IP4_OFF_DST);
	if (q->ip.frag & IP_OFFMASK)
		return false;
	r = rd_init(p + q->ip.hlen, PORTS_LEN);
	q->t = (struct lb_tuple){ addr_from_ip4(q->ip.src),
	    addr_from_ip4(q->ip.dst), rd_u16(&r), 0, q->ip.proto };
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
	bool from_server;

	if (!quote_read(pkt, h, &q))
		return NULL;
	/* The error travels against the packet it quotes. */
	back = (struct lb_tuple){ q.t.dst, q.t.src, q.t.dport, q.t.sport,
	    q.t.proto };
	f = lb_flow_lookup(stk, &back, &from_server);
	*reply = f != NULL && from_server;
	return f;
}

static bool
csum_is_right(const struct pkt *pkt, const struct ip4_hdr *h)
{
	return csum_finish(csum_add(0, pkt_data(pkt) + h->hlen,
	    pkt->len - h->hlen)) == 0;
}

/* Writes the quoted packet's addresses and ports. */
static void
quote_rewrite(struct pkt *pkt, const struct quote *q,
    const struct lb_rewrite *to)
{
	uint8_t *ip = pkt_data(pkt) + q->off;
	uint8_t *l4 = ip + q->ip.hlen;

	ip4_set_src(ip, addr_to_ip4(&to->src));
	ip4_set_dst(ip, addr_to_ip4(&to->dst));
	be16_put(l4, to->sport);
	be16_put(l4 + 2, to->dport);
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

/*
 * From the servers' side (reply): the quote is what went to the server; it
 * becomes what the client sent, and the error goes to the client.  Whoever
 * sent it, server or router, appears as the service, as in IPVS: what stands
 * behind the service is not the client's to see.  From the client's side the
 * quote becomes what the server sent.
 */
void
lb_icmp_input(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f, bool reply)
{
	struct lb_rewrite inner, outer = { .src = addr_from_ip4(h->src) };
	struct ip4_hdr out = *h;
	struct route_result r;
	struct quote q;

	if (!quote_read(pkt, h, &q) || !csum_is_right(pkt, h)) {
		pkt_drop(stk, pkt, DROP_LB_CSUM);
		return;
	}
	if (reply) {
		inner = (struct lb_rewrite){ f->client, f->vip, f->cport,
		    f->vport };
		outer.dst = f->client;
		outer.src = f->vip;
	} else {
		inner = (struct lb_rewrite){ f->server, f->local, f->sport,
		    f->lport };
		outer.dst = f->server;
		if (f->fwd == LB_FWD_FULLNAT)
			outer.src = f->local;
	}
	if (!lb_fwd_route(stk, pkt, h, f, addr_to_ip4(&outer.dst), 0, &r))
		return;
	quote_rewrite(pkt, &q, &inner);
	out.src = addr_to_ip4(&outer.src);
	out.dst = addr_to_ip4(&outer.dst);
	ip4_set_src(pkt_data(pkt), out.src);
	ip4_set_dst(pkt_data(pkt), out.dst);
	icmp_csum_put(pkt, h);
	ip_transit(stk, pkt, &out, &r);
}

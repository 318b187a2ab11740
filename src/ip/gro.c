/*
 * gro.c - joins TCP segments that came in one after the other (gro.h).
 *
 * Two segments join when a sender that cuts super-frames could have made them
 * out of one: the same addresses, ports, acknowledgement, window and options,
 * the second behind the first without a gap, all but the last of one length,
 * and right checksums.  FIN and PSH end what they come with; segments that
 * differ in ECN, in the header of either layer, or in TTL stay apart, and so do
 * identifications that are not consecutive, where they mean anything.  What
 * does not join lets go of what is held of its flow and follows it, so a
 * flow's order stays; flows may overtake each other.
 *
 * Headers are only read here.  Nothing is decided about a packet: what would
 * be dropped goes to ip_input() as it is.
 *
 * Read: RFC 9293 3.1, RFC 3168, RFC 9768 3.2.2 (ECN in the header), RFC 6864 4
 * (identifications of what is not fragmented), RFC 7323 (a timestamp's tick
 * keeps segments apart).
 *
 * Owns the packets that it holds, until the end of the batch.
 */
#include "ip/gro.h"

#include <assert.h>
#include <string.h>

#include "base/csum.h"
#include "ip/ip.h"
#include "stack/stack.h"
#include "tcp/tcp_wire.h"

#define HLEN_MIN	(IP4_HLEN + TCP_HLEN)
#define AT(off)		(IP4_HLEN + (off))	/* in the TCP header */

/* May stand in a segment that joins others. */
#define FLAGS_JOIN	(TCP_FIN | TCP_PSH | TCP_ACK | TCP_ECE | TCP_CWR)
#define FLAGS_END	(TCP_FIN | TCP_PSH)
#define MARKED_MAX	6	/* RFC 9768 3.2.2.5.1: marks, then an ACK */

/* A TCP segment at hand. */
struct segment {
	const uint8_t *p;	/* IP header, 20 bytes; TCP's behind it */
	uint32_t hlen;		/* both headers */
	uint32_t len;		/* payload */
	uint32_t seq;
	uint8_t flags;
	bool plain;		/* might join others */
};

/* Is it a whole TCP segment behind a plain IP header? */
static bool
segment_parse(const struct pkt *pkt, struct segment *s)
{
	const uint8_t *p = pkt_data(pkt);
	uint32_t hlen;

	if (pkt->len < HLEN_MIN || p[0] != (4 << 4 | IP4_HLEN / 4) ||
	    p[IP4_OFF_PROTO] != IPPROTO_TCP4 ||
	    (be16_get(p + IP4_OFF_FRAG) & ~IP_DF) != 0)
		return false;
	hlen = tcp_header_len(p + IP4_HLEN, pkt->len - IP4_HLEN);
	if (hlen == 0)
		return false;
	s->p = p;
	s->hlen = IP4_HLEN + hlen;
	s->len = pkt->len - s->hlen;
	s->seq = be32_get(p + AT(TCP_OFF_SEQ));
	s->flags = p[AT(TCP_OFF_FLAGS)];
	/* Padding has no business in the middle. */
	s->plain = s->len > 0 && be16_get(p + IP4_OFF_LEN) == pkt->len &&
	    (s->flags & ~FLAGS_JOIN) == 0 && (s->flags & TCP_ACK) != 0 &&
	    pkt->gso_type == PKT_GSO_NONE && pkt->nref == 0 &&
	    !pkt->l2_group;
	return true;
}

/* Is the flow that of a segment with these headers? */
static bool
same_flow(const struct gro_flow *f, const struct iface *ifp, const uint8_t *p)
{
	const uint8_t *q;

	if (f->pkt == NULL || f->ifp != ifp)
		return false;
	q = pkt_data(f->pkt);
	return memcmp(q + IP4_OFF_SRC, p + IP4_OFF_SRC, 12) == 0;
}

static struct gro_flow *
flow_find(struct gro_state *g, const struct iface *ifp, const uint8_t *p)
{
	for (uint32_t i = 0; g->count > 0 && i < GRO_FLOWS; i++) {
		if (same_flow(&g->flow[i], ifp, p))
			return &g->flow[i];
	}
	return NULL;
}

/* Are both checksums right?  One that is still to be put was never on a wire
 * (its field holds the pseudo-header's sum). */
static bool
sums_right(const struct pkt *pkt)
{
	const uint8_t *p = pkt_data(pkt);
	uint32_t l4_len = pkt->len - IP4_HLEN;

	if (!csum_header_ok(p, IP4_HLEN))
		return false;
	if (pkt->csum_needed)
		return pkt->csum_start == pkt->off + IP4_HLEN &&
		    pkt->csum_offset == TCP_OFF_CSUM;
	return pkt->csum_ok || csum_finish(csum_add(csum_pseudo4(
	    (struct ip4){ be32_get(p + IP4_OFF_SRC) },
	    (struct ip4){ be32_get(p + IP4_OFF_DST) }, IPPROTO_TCP4, l4_len),
	    p + IP4_HLEN, l4_len)) == 0;
}

/* RFC 6864 4.1: where DF is set the identification means nothing. */
static bool
id_follows(const uint8_t *head, const uint8_t *p, uint16_t segments)
{
	return (be16_get(p + IP4_OFF_FRAG) & IP_DF) != 0 ||
	    (uint16_t)(be16_get(head + IP4_OFF_ID) + segments) ==
	    be16_get(p + IP4_OFF_ID);
}

/* Do all the words agree that a super-frame has only once? */
static bool
headers_agree(const uint8_t *a, const uint8_t *b, uint32_t hlen)
{
	uint8_t flags = (uint8_t)(a[AT(TCP_OFF_FLAGS)] ^
	    b[AT(TCP_OFF_FLAGS)]);

	return a[IP4_OFF_TOS] == b[IP4_OFF_TOS] &&
	    a[IP4_OFF_TTL] == b[IP4_OFF_TTL] &&
	    memcmp(a + IP4_OFF_FRAG, b + IP4_OFF_FRAG, 2) == 0 &&
	    memcmp(a + AT(TCP_OFF_ACK), b + AT(TCP_OFF_ACK), 5) == 0 &&
	    (flags & ~FLAGS_END) == 0 &&
	    memcmp(a + AT(TCP_OFF_WINDOW), b + AT(TCP_OFF_WINDOW), 2) == 0 &&
	    memcmp(a + HLEN_MIN, b + HLEN_MIN, hlen - HLEN_MIN) == 0;
}

/* As many marks as one ACK can tell of. */
static bool
marks_enough(const struct gro_flow *f, const uint8_t *head)
{
	return (head[IP4_OFF_TOS] & IP_ECN_MASK) == IP_ECN_CE &&
	    f->segments >= MARKED_MAX;
}

static bool
can_join(struct gro_flow *f, const struct pkt *pkt, const struct segment *s)
{
	const uint8_t *head = pkt_data(f->pkt);

	if (!s->plain || s->seq != f->next_seq || s->len > f->mss ||
	    f->pkt->len + s->len > UINT16_MAX ||
	    s->len > pkt_tailroom(f->pkt) || f->pkt->mark != pkt->mark ||
	    !headers_agree(head, s->p, s->hlen) ||
	    !id_follows(head, s->p, f->segments) || marks_enough(f, head))
		return false;
	f->sum_right = f->sum_right || sums_right(f->pkt);
	return f->sum_right && sums_right(pkt);
}

/* A super-frame's headers and offload words, as a TAP would bring them. */
static void
super_frame_make(struct gro_state *g, const struct gro_flow *f)
{
	struct pkt *pkt = f->pkt;
	uint8_t *p = pkt_data(pkt);

	ip4_set_len(p, (uint16_t)pkt->len);
	pkt->csum_needed = true;
	pkt->csum_ok = true;
	pkt->csum_start = pkt->off + IP4_HLEN;
	pkt->csum_offset = TCP_OFF_CSUM;
	pkt->gso_type = PKT_GSO_TCP4;
	pkt->gso_size = f->mss;
	be16_put(p + AT(TCP_OFF_CSUM), csum_fold(csum_pseudo4(
	    (struct ip4){ be32_get(p + IP4_OFF_SRC) },
	    (struct ip4){ be32_get(p + IP4_OFF_DST) }, IPPROTO_TCP4,
	    pkt->len - IP4_HLEN)));
	g->frames++;
	g->joined += f->segments;
}

/* What is held of a flow goes on. */
static void
flow_flush(struct stack *stk, struct gro_flow *f)
{
	struct gro_state *g = &stk->ip.gro;
	struct pkt *pkt = f->pkt;

	if (f->segments > 1)
		super_frame_make(g, f);
	f->pkt = NULL;
	g->count--;
	ip_input(stk, f->ifp, pkt);
}

static void
join(struct gro_flow *f, struct pkt *pkt, const struct segment *s)
{
	uint8_t *head = pkt_data(f->pkt);

	head[AT(TCP_OFF_FLAGS)] |= s->flags & FLAGS_END;
	memcpy(pkt_append(f->pkt, s->len), s->p + s->hlen, s->len);
	f->next_seq += s->len;
	f->segments++;
	pkt_decide(pkt, PKT_MERGED);
	pkt_free(pkt);
}

/* Another may follow it: holds pkt, which has room for that. */
static void
hold(struct stack *stk, struct iface *ifp, struct pkt *pkt,
    const struct segment *s)
{
	struct gro_state *g = &stk->ip.gro;
	struct gro_flow *f = g->flow;

	if (g->count == GRO_FLOWS) {
		f += g->turn++ % GRO_FLOWS;
		flow_flush(stk, f);
	}
	/* What is held is TCP, so letting it go brings in nothing. */
	for (f = g->flow; f->pkt != NULL; f++)
		assert(f < g->flow + GRO_FLOWS - 1);
	*f = (struct gro_flow){ .pkt = pkt, .ifp = ifp,
	    .next_seq = s->seq + s->len, .mss = (uint16_t)s->len,
	    .segments = 1 };
	g->count++;
}

void
gro_input(struct stack *stk, struct iface *ifp, struct pkt *pkt)
{
	struct gro_state *g = &stk->ip.gro;
	struct gro_flow *f;
	struct segment s;

	if (!segment_parse(pkt, &s)) {
		ip_input(stk, ifp, pkt);
		return;
	}
	f = flow_find(g, ifp, s.p);
	if (f != NULL && can_join(f, pkt, &s)) {
		bool last = s.len < f->mss || (s.flags & FLAGS_END) != 0;

		join(f, pkt, &s);
		if (last)
			flow_flush(stk, f);
		return;
	}
	if (f != NULL)
		flow_flush(stk, f);
	if (s.plain && (s.flags & FLAGS_END) == 0 &&
	    pkt_tailroom(pkt) >= s.len)
		hold(stk, ifp, pkt, &s);
	else
		ip_input(stk, ifp, pkt);
}

void
gro_flush_all(struct stack *stk)
{
	struct gro_state *g = &stk->ip.gro;

	for (uint32_t i = 0; i < GRO_FLOWS; i++) {
		if (g->flow[i].pkt != NULL)
			flow_flush(stk, &g->flow[i]);
	}
	assert(g->count == 0);
}

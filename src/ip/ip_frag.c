/*
 * ip_frag.c - one packet becomes several.
 *
 * A fragment keeps the identification of its packet, and a packet that is a
 * fragment itself is cut further.  Options that want it are copied into every
 * fragment.  A partial checksum is completed first, since it is of the whole.
 *
 * Read: RFC 791 3.1 (copied flag) and 3.2, RFC 1812 4.2.2.7.
 *
 * Owns nothing.
 */
#include "ip/ip_frag.h"

#include "base/csum.h"
#include "base/cursor.h"
#include "ip/ip.h"
#include "ip/ip_options.h"
#include "port/segment.h"
#include "stack/stack.h"

/* Header bytes of the later fragments: the options with the copied flag. */
struct later_hdr {
	uint8_t b[IP4_HLEN_MAX];
	uint32_t len;
};

static void
later_build(struct later_hdr *out, const uint8_t *p, uint32_t hlen)
{
	memcpy(out->b, p, IP4_HLEN);
	out->len = IP4_HLEN + ip_options_copied(p, hlen, out->b + IP4_HLEN);
	out->b[0] = (uint8_t)(4 << 4 | out->len / 4);
}

/* The piece of pkt's payload at off as a packet; NULL: no memory. */
static struct pkt *
piece_new(struct stack *stk, const struct pkt *pkt, const struct ip4_hdr *h,
    const uint8_t *hdr, uint32_t hlen, uint32_t off, uint32_t len)
{
	bool more = h->hlen + off + len < pkt->len || (h->frag & IP_MF) != 0;
	struct pkt *f = pkt_alloc(&stk->pool, hlen + len);
	uint8_t *p;

	if (f == NULL)
		return NULL;
	p = pkt_append(f, hlen + len);
	memcpy(p, hdr, hlen);
	memcpy(p + hlen, pkt_data(pkt) + h->hlen + off, len);
	be16_put(p + IP4_OFF_LEN, (uint16_t)(hlen + len));
	be16_put(p + IP4_OFF_FRAG, (uint16_t)((more ? IP_MF : 0) |
	    ((h->frag & IP_OFFMASK) + off / 8)));
	be16_put(p + IP4_OFF_CSUM, 0);
	be16_put(p + IP4_OFF_CSUM, csum_finish(csum_add(0, p, hlen)));
	f->l3 = f->off;
	f->l4 = f->off + hlen;
	f->ifp = pkt->ifp;
	f->forwarded = pkt->forwarded;
	f->mark = pkt->mark;
	return f;
}

/* Cuts pkt into the queue; false: no memory. */
static bool
cut(struct stack *stk, const struct pkt *pkt, const struct ip4_hdr *h,
    uint32_t mtu, struct pkt_queue *q)
{
	const uint8_t *hdr = pkt_data(pkt);
	struct later_hdr later;
	uint32_t hlen = h->hlen, total = pkt->len - h->hlen;

	later_build(&later, hdr, hlen);
	for (uint32_t off = 0, len; off < total; off += len) {
		struct pkt *f;

		len = (mtu - hlen) / 8 * 8;
		if (hlen + total - off <= mtu)
			len = total - off;
		f = piece_new(stk, pkt, h, hdr, hlen, off, len);
		if (f == NULL)
			return false;
		pkt_queue_put(q, f);
		hdr = later.b;
		hlen = later.len;
	}
	return true;
}

/* Fragments of a packet that is no super-frame. */
static void
plain_output(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    const struct route_result *r)
{
	struct pkt *f, *flat = pkt;
	struct pkt_queue q;

	pkt_queue_init(&q);
	if (pkt->csum_needed)
		pkt_csum_complete(pkt);
	if (pkt->nref > 0)
		flat = pkt_copy(pkt);
	if (flat == NULL || !cut(stk, flat, h, r->mtu, &q)) {
		pkt_queue_flush(&q);
		if (flat != NULL && flat != pkt)
			pkt_free(flat);
		pkt_drop_silent(stk, pkt, DROP_NO_MEMORY);
		return;
	}
	if (flat != pkt)
		pkt_free(flat);
	pkt_free(pkt);
	stk->ip.stats.fragmented++;
	while ((f = pkt_queue_get(&q)) != NULL)
		ip_link_output(stk, f, h->dst, r);
}

/* A super-frame whose segments are too long: each becomes fragments. */
static void
super_output(struct stack *stk, struct pkt *pkt, const struct route_result *r)
{
	struct segmenter s;
	struct ip4_hdr h;
	struct pkt *seg;

	if (segment_begin(&s, pkt) != 0) {
		pkt_drop_silent(stk, pkt, DROP_PORT_BAD_VNET);
		return;
	}
	while (segment_more(&s)) {
		seg = segment_next(&s);
		if (seg == NULL) {
			pkt_drop_silent(stk, pkt, DROP_NO_MEMORY);
			return;
		}
		(void)ip4_parse_hdr(pkt_data(seg), seg->len, &h);
		if (seg->len > r->mtu)
			plain_output(stk, seg, &h, r);
		else
			ip_link_output(stk, seg, h.dst, r);
	}
	pkt_free(pkt);
}

void
ip_frag_output(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    const struct route_result *r)
{
	if (r->mtu < IP4_MTU_MIN)	/* RFC 791: every link takes 68 */
		pkt_drop(stk, pkt, DROP_IP_TOO_BIG);
	else if (pkt->gso_type != PKT_GSO_NONE)
		super_output(stk, pkt, r);
	else
		plain_output(stk, pkt, h, r);
}

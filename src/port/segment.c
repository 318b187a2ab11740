/*
 * segment.c - judges offload words; cuts super-frames.
 *
 * What a sender would have sent without offload: RFC 9293 3.1 for the fields
 * of TCP, RFC 3168 6.1.2 for CWR (once a window: on the first segment, if the
 * packet says that it means that), RFC 6864 for distinct identifications.  It
 * does not cut TCP over IPv6, and never joins.
 *
 * Nothing is copied where the owner lets each segment go before the next: the
 * headers then move through the super-frame, over what has gone.
 *
 * Reads headers at fixed offsets after checking that they are there; this room
 * is below the ones that know the headers.
 */
#include "port/segment.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"

#define ETH_LEN		14
#define VLAN_LEN	4
#define IP4_MIN		20
#define IP6_LEN		40
#define TCP_MIN		20
#define UDP_LEN		8

#define PROTO_IPIP	4
#define PROTO_TCP	6
#define PROTO_UDP	17

#define TCP_CSUM_AT	16
#define UDP_CSUM_AT	6

#define FLAG_FIN	0x01
#define FLAG_PSH	0x08
#define FLAG_CWR	0x80

/* Where the network header starts behind Ethernet and VLAN tags; the length of
 * the frame if there is none. */
static uint32_t
network_offset(const uint8_t *p, uint32_t len)
{
	uint32_t at = ETH_LEN;

	while (at <= len) {
		uint16_t type = be16_get(p + at - 2);

		if (type == 0x0800 || type == 0x86dd)
			return at;
		if (type != 0x8100 && type != 0x88a8)
			break;
		at += VLAN_LEN;
	}
	return len;
}

/*
 * Length of the network header at p, and its transport.  0 if it is neither
 * IPv4 nor IPv6 or is cut off.  IPv6 extension headers are not followed.
 */
static uint32_t
network_header(const uint8_t *p, uint32_t len, uint8_t *proto)
{
	uint32_t hlen;

	if (len >= IP4_MIN && p[0] >> 4 == 4) {
		hlen = (p[0] & 15u) * 4;
		*proto = p[9];
		return hlen >= IP4_MIN && hlen <= len ? hlen : 0;
	}
	if (len >= IP6_LEN && p[0] >> 4 == 6) {
		*proto = p[6];
		return IP6_LEN;
	}
	return 0;
}

/* Length of the transport header at p, or 0 if it is cut off. */
static uint32_t
transport_header(const uint8_t *p, uint32_t len, uint8_t proto)
{
	uint32_t hlen;

	if (proto == PROTO_UDP)
		return len >= UDP_LEN ? UDP_LEN : 0;
	if (proto != PROTO_TCP || len < TCP_MIN)
		return 0;
	hlen = (p[12] >> 4) * 4u;
	return hlen >= TCP_MIN && hlen <= len ? hlen : 0;
}

/* No fragment, where the header at p is IPv4. */
static bool
is_whole(const uint8_t *p)
{
	return p[0] >> 4 != 4 || (be16_get(p + 6) & 0x3fff) == 0;
}

/*
 * Do the words of a super-frame, whose network header is at l3, describe it?
 * Returns the length of all headers from there, or 0.
 */
static uint32_t
super_headers(const struct pkt *pkt, uint32_t l3)
{
	const uint8_t *p = pkt->buf + l3;
	uint32_t len = pkt->off + pkt->len - l3;
	uint8_t version = len > 0 ? p[0] >> 4 : 0;
	uint8_t proto;
	uint32_t n, l4;

	n = network_header(p, len, &proto);
	if (n == 0 || !pkt->csum_needed || pkt->gso_size == 0 ||
	    pkt->csum_start != l3 + n)
		return 0;
	switch (pkt->gso_type) {
	case PKT_GSO_TCP4:
		if (version != 4 || proto != PROTO_TCP)
			return 0;
		break;
	case PKT_GSO_TCP6:
		if (version != 6 || proto != PROTO_TCP)
			return 0;
		break;
	case PKT_GSO_UDP:
		if (proto != PROTO_UDP)
			return 0;
		break;
	default:
		return 0;
	}
	if (pkt->csum_offset !=
	    (proto == PROTO_TCP ? TCP_CSUM_AT : UDP_CSUM_AT))
		return 0;
	/* A fragment is nobody's super-frame. */
	if (!is_whole(p))
		return 0;
	l4 = transport_header(p + n, len - n, proto);
	return l4 != 0 ? n + l4 : 0;
}

int
offload_check(struct pkt *pkt, bool l2)
{
	uint32_t end = pkt->off + pkt->len;
	uint32_t l3, n, at;
	uint8_t proto = 0;

	if (!pkt->csum_needed)
		return pkt->gso_type == PKT_GSO_NONE ? 0 : -EINVAL;
	if (pkt->csum_start < pkt->off || pkt->csum_start > end ||
	    pkt->csum_offset + 2u > end - pkt->csum_start)
		return -EINVAL;
	l3 = pkt->off;
	if (l2)
		l3 += network_offset(pkt_data(pkt), pkt->len);
	if (pkt->gso_type != PKT_GSO_NONE)
		return super_headers(pkt, l3) != 0 ? 0 : -EINVAL;
	n = network_header(pkt->buf + l3, end - l3, &proto);
	if (n != 0 && proto == PROTO_IPIP && is_whole(pkt->buf + l3)) {
		l3 += n;
		n = network_header(pkt->buf + l3, end - l3, &proto);
	}
	at = proto == PROTO_UDP ? UDP_CSUM_AT : TCP_CSUM_AT;
	if (n == 0 || pkt->csum_start != l3 + n || pkt->csum_offset != at) {
		pkt_csum_complete(pkt);
		pkt->csum_ok = false;
	}
	return 0;
}

bool
segment_cwr_on_each(const struct pkt *pkt)
{
	return pkt->gso_type == PKT_GSO_TCP4 && !pkt->gso_ecn &&
	    (pkt->buf[pkt->csum_start + 13] & FLAG_CWR) != 0;
}

int
segment_begin(struct segmenter *s, const struct pkt *pkt)
{
	uint32_t l3 = pkt->l3, hlen;

	assert(pkt->gso_type != PKT_GSO_NONE);
	if (l3 != PKT_NO_OFF && pkt->gso_ipip)
		l3 += IP4_MIN;
	if (pkt->l3 == PKT_NO_OFF || pkt->l3 < pkt->off ||
	    l3 >= pkt->off + pkt->len || pkt->gso_type == PKT_GSO_TCP6 ||
	    pkt->buf[l3] >> 4 != 4)
		return -EINVAL;
	hlen = super_headers(pkt, l3);
	if (hlen == 0)
		return -EINVAL;
	hlen += l3 - pkt->off;
	s->pkt = pkt;
	s->first = pkt->off;
	s->hlen = hlen;
	s->l3 = l3 - pkt->off;
	s->l4 = pkt->csum_start - pkt->off;
	s->payload = pkt_len(pkt) - hlen;
	s->done = 0;
	s->index = 0;
	s->ref = s->ref_off = 0;
	return 0;
}

bool
segment_more(const struct segmenter *s)
{
	return s->done < s->payload || s->index == 0;
}

/* The next n payload bytes, from the buffer or from what is borrowed. */
static void
copy_payload(struct segmenter *s, uint8_t *dst, uint32_t n)
{
	const struct pkt *pkt = s->pkt;
	uint32_t own = pkt->len - s->hlen;

	if (s->done < own) {
		uint32_t m = own - s->done < n ? own - s->done : n;

		memcpy(dst, pkt_data(pkt) + s->hlen + s->done, m);
		s->done += m;
		dst += m;
		n -= m;
	}
	while (n > 0) {
		const struct iovec *iov = &pkt->ref[s->ref];
		uint32_t left = (uint32_t)iov->iov_len - s->ref_off;
		uint32_t m = left < n ? left : n;

		memcpy(dst, (const uint8_t *)iov->iov_base + s->ref_off, m);
		s->done += m;
		s->ref_off += m;
		dst += m;
		n -= m;
		if (s->ref_off == iov->iov_len) {
			s->ref++;
			s->ref_off = 0;
		}
	}
}

/* Length, identification and checksum of the IPv4 header at p. */
static void
fix_ip4(uint8_t *p, uint32_t total, uint16_t index)
{
	be16_put(p + 2, (uint16_t)total);
	be16_put(p + 4, (uint16_t)(be16_get(p + 4) + index));
	be16_put(p + 10, 0);
	be16_put(p + 10, csum_finish(csum_add(0, p, (p[0] & 15u) * 4)));
}

/* TCP header of the segment whose payload starts at done; had_cwr: one before
 * it has CWR, which goes once. */
static void
fix_tcp(uint8_t *p, uint32_t done, bool had_cwr, bool last)
{
	be32_put(p + 4, be32_get(p + 4) + done);
	if (!last)
		p[13] &= (uint8_t)~(FLAG_FIN | FLAG_PSH);
	if (had_cwr)
		p[13] &= (uint8_t)~FLAG_CWR;
}

/* Payload bytes of the next segment. */
static uint32_t
next_len(const struct segmenter *s)
{
	uint32_t left = s->payload - s->done;

	return left < s->pkt->gso_size ? left : s->pkt->gso_size;
}

/* Makes the headers at p, copies of the super-frame's, those of the segment
 * that begins at payload byte start and has n of them. */
static void
fix_headers(struct segmenter *s, uint8_t *p, uint32_t start, uint32_t n)
{
	const struct pkt *pkt = s->pkt;
	uint8_t *l3 = p + s->l3, *l4 = p + s->l4;
	uint32_t l4_len = s->hlen + n - s->l4;

	fix_ip4(l3, s->hlen + n - s->l3, s->index);
	if (pkt->gso_ipip)
		fix_ip4(l3 - IP4_MIN, s->hlen + n - s->l3 + IP4_MIN, s->index);
	if (pkt->csum_offset == UDP_CSUM_AT)
		be16_put(l4 + 4, (uint16_t)l4_len);
	else
		fix_tcp(l4, start, pkt->gso_ecn && s->index > 0,
		    start + n == s->payload);
	be16_put(l4 + pkt->csum_offset,
	    csum_fold(csum_pseudo4((struct ip4){ be32_get(l3 + 12) },
	    (struct ip4){ be32_get(l3 + 16) }, l3[9], l4_len)));
	s->index++;
}

struct pkt *
segment_next(struct segmenter *s)
{
	const struct pkt *pkt = s->pkt;
	uint32_t start = s->done, n = next_len(s), shift;
	struct pkt *seg;
	uint8_t *p;

	seg = pkt_alloc(pkt->pool, s->hlen + n);
	if (seg == NULL)
		return NULL;
	shift = seg->off - pkt->off;	/* wraps where it is negative */
	p = pkt_append(seg, s->hlen + n);
	memcpy(p, pkt_data(pkt), s->hlen);
	copy_payload(s, p + s->hlen, n);
	seg->l3 = pkt->l3 + shift;
	seg->csum_start = pkt->csum_start + shift;
	seg->l4 = pkt->gso_ipip ? seg->l3 + IP4_MIN : seg->csum_start;
	seg->csum_offset = pkt->csum_offset;
	seg->csum_needed = true;
	seg->csum_ok = true;
	seg->l2_group = pkt->l2_group;
	seg->forwarded = pkt->forwarded;
	seg->ifp = pkt->ifp;
	seg->mark = pkt->mark;
	fix_headers(s, p, start, n);
	return seg;
}

bool
segment_turns(const struct segmenter *s)
{
	return s->pkt->nref == 0 && s->hlen <= SEGMENT_HDR_MAX;
}

void
segment_turn(struct segmenter *s, struct pkt *pkt)
{
	uint32_t start = s->done, n = next_len(s);
	uint8_t *p = pkt->buf + s->first + start;

	assert(pkt == s->pkt && segment_turns(s));
	if (s->index == 0)
		memcpy(s->hdr, p, s->hlen);
	else
		memcpy(p, s->hdr, s->hlen);
	pkt->l3 += s->first + start - pkt->off;
	pkt->off = s->first + start;
	pkt->len = s->hlen + n;
	pkt->l4 = pkt->csum_start = pkt->off + s->l4;
	pkt->gso_type = PKT_GSO_NONE;
	pkt->csum_needed = true;
	pkt->csum_ok = true;
	fix_headers(s, p, start, n);
	s->done += n;
}

/*
 * ip_wire.c - the IPv4 header: bytes to host order and back.
 *
 * Reads and writes the fixed header; options are ip_options.c's.  Judges only
 * version and lengths: checksum, addresses and fragments are for the caller.
 *
 * Read: RFC 791 3.1, RFC 1624 for the updates in place.
 */
#include "ip/ip_wire.h"

#include "base/csum.h"

int
ip4_parse_quote(const uint8_t *p, size_t len, struct ip4_hdr *out)
{
	int r = ip4_parse_hdr(p, len, out);

	/* By then all else has been judged, and every field is set. */
	if (r == -(int)DROP_IP_LENGTH && out->total_len >= out->hlen)
		return 0;
	return r;
}

void
ip4_build_hdr(uint8_t p[IP4_HLEN], const struct ip4_hdr *h)
{
	uint32_t first = 4 << 12 | IP4_HLEN / 4 << 8 | h->tos;
	uint32_t fifth = (uint32_t)h->ttl << 8 | h->proto;
	uint32_t sum = first + h->total_len + h->id + h->frag + fifth +
	    (h->src.v >> 16) + (h->src.v & 0xffff) +
	    (h->dst.v >> 16) + (h->dst.v & 0xffff);

	be16_put(p, (uint16_t)first);
	be16_put(p + IP4_OFF_LEN, h->total_len);
	be16_put(p + IP4_OFF_ID, h->id);
	be16_put(p + IP4_OFF_FRAG, h->frag);
	be16_put(p + IP4_OFF_TTL, (uint16_t)fifth);
	be16_put(p + IP4_OFF_CSUM, csum_finish(sum));
	be32_put(p + IP4_OFF_SRC, h->src.v);
	be32_put(p + IP4_OFF_DST, h->dst.v);
}

/* Writes a 16-bit field at an even offset and updates the checksum. */
static void
set16(uint8_t *p, unsigned off, uint16_t v)
{
	uint16_t sum = be16_get(p + IP4_OFF_CSUM);

	sum = csum_update16(sum, be16_get(p + off), v);
	be16_put(p + off, v);
	be16_put(p + IP4_OFF_CSUM, sum);
}

static void
set32(uint8_t *p, unsigned off, uint32_t v)
{
	uint16_t sum = be16_get(p + IP4_OFF_CSUM);

	sum = csum_update32(sum, be32_get(p + off), v);
	be32_put(p + off, v);
	be16_put(p + IP4_OFF_CSUM, sum);
}

void
ip4_set_src(uint8_t *p, struct ip4 src)
{
	set32(p, IP4_OFF_SRC, src.v);
}

void
ip4_set_dst(uint8_t *p, struct ip4 dst)
{
	set32(p, IP4_OFF_DST, dst.v);
}

void
ip4_set_tos(uint8_t *p, uint8_t tos)
{
	set16(p, 0, (uint16_t)(p[0] << 8 | tos));
}

void
ip4_set_len(uint8_t *p, uint16_t total_len)
{
	set16(p, IP4_OFF_LEN, total_len);
}

void
ip4_set_id(uint8_t *p, uint16_t id)
{
	set16(p, IP4_OFF_ID, id);
}

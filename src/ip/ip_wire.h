/*
 * ip_wire.h - the IPv4 header (RFC 791 3.1): bytes to host order and back.
 */
#ifndef HOPD_IP_IP_WIRE_H
#define HOPD_IP_IP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/cursor.h"
#include "base/drop.h"

#define IP4_HLEN	20
#define IP4_HLEN_MAX	60
#define IP4_MTU_MIN	68	/* RFC 791 */

#define IP_DF		0x4000u
#define IP_MF		0x2000u
#define IP_OFFMASK	0x1fffu

#define IPPROTO_ICMP4	1
#define IPPROTO_IGMP4	2
#define IPPROTO_IPIP4	4
#define IPPROTO_TCP4	6
#define IPPROTO_UDP4	17
#define IPPROTO_SCTP4	132

/* Offsets of fields that are rewritten in place. */
#define IP4_OFF_TOS	1
#define IP4_OFF_LEN	2
#define IP4_OFF_ID	4
#define IP4_OFF_FRAG	6
#define IP4_OFF_TTL	8
#define IP4_OFF_PROTO	9
#define IP4_OFF_CSUM	10
#define IP4_OFF_SRC	12
#define IP4_OFF_DST	16

/* RFC 3168 5: the low bits of TOS. */
enum ip_ecn { IP_ECN_NOT, IP_ECN_ECT1, IP_ECN_ECT0, IP_ECN_CE };
#define IP_ECN_MASK	3u

struct ip4_hdr {
	uint8_t hlen;		/* bytes, options included */
	uint8_t tos;
	uint16_t total_len;
	uint16_t id;
	uint16_t frag;		/* IP_DF | IP_MF | offset in 8 bytes */
	uint8_t ttl;
	uint8_t proto;
	struct ip4 src, dst;
};

/* Reads a header without judging it beyond version and lengths: 0, or the
 * negative drop reason -(int)DROP_IP_SHORT, _VERSION, _HLEN, _LENGTH.
 * len is the bytes there are; the checksum is not looked at. */
static inline int
ip4_parse_hdr(const uint8_t *p, size_t len, struct ip4_hdr *out)
{
	if (len < IP4_HLEN)
		return -(int)DROP_IP_SHORT;
	if (p[0] >> 4 != 4)
		return -(int)DROP_IP_VERSION;
	out->hlen = (uint8_t)((p[0] & 0xf) * 4);
	if (out->hlen < IP4_HLEN || out->hlen > len)
		return -(int)DROP_IP_HLEN;
	out->tos = p[IP4_OFF_TOS];
	out->total_len = be16_get(p + IP4_OFF_LEN);
	out->id = be16_get(p + IP4_OFF_ID);
	out->frag = be16_get(p + IP4_OFF_FRAG);
	out->ttl = p[IP4_OFF_TTL];
	out->proto = p[IP4_OFF_PROTO];
	out->src.v = be32_get(p + IP4_OFF_SRC);
	out->dst.v = be32_get(p + IP4_OFF_DST);
	if (out->total_len < out->hlen || out->total_len > len)
		return -(int)DROP_IP_LENGTH;
	return 0;
}

/* The same for a header that an ICMP error quotes: what follows it may be cut
 * off, so total_len is only held against the header length. */
int ip4_parse_quote(const uint8_t *p, size_t len, struct ip4_hdr *out);

/* Writes hlen 20 and a right checksum; h->hlen is not read. */
void ip4_build_hdr(uint8_t p[IP4_HLEN], const struct ip4_hdr *h);

static inline bool
ip4_is_fragment(const struct ip4_hdr *h)
{
	return (h->frag & (IP_MF | IP_OFFMASK)) != 0;
}

/* One hop less; RFC 1141 2, and the sum of 0xffff that RFC 1624 2 warns of. */
static inline void
ip4_dec_ttl(uint8_t *p)
{
	uint32_t csum = be16_get(p + IP4_OFF_CSUM) + 0x100u;

	p[IP4_OFF_TTL]--;
	be16_put(p + IP4_OFF_CSUM, (uint16_t)(csum + (csum >= 0xffff)));
}

/* In place, checksum kept right (RFC 1624). */
void ip4_set_src(uint8_t *p, struct ip4 src);
void ip4_set_dst(uint8_t *p, struct ip4 dst);
void ip4_set_tos(uint8_t *p, uint8_t tos);
void ip4_set_len(uint8_t *p, uint16_t total_len);
void ip4_set_id(uint8_t *p, uint16_t id);

#endif

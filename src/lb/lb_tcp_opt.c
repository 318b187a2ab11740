/*
 * lb_tcp_opt.c - words and options of a TCP header under way.
 *
 * RFC 9293 3.2, RFC 2018 3 (SACK), RFC 7323 3 (timestamps).  A checksum that
 * is still needed covers only the pseudo-header so far, so nothing in here but
 * the length changes it.
 */
#include "lb/lb_tcp_opt.h"

#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "ip/ip.h"
#include "tcp/tcp_wire.h"

static uint32_t
tcp_hlen(const struct pkt *pkt, const struct ip4_hdr *h)
{
	return (uint32_t)(pkt_data(pkt)[h->hlen + TCP_OFF_DOFF] >> 4) * 4;
}

uint32_t
lb_opt_find(const struct pkt *pkt, const struct ip4_hdr *h, uint8_t kind,
    uint32_t from, uint32_t *len)
{
	const uint8_t *l4 = pkt_data(pkt) + h->hlen;
	uint32_t hlen = tcp_hlen(pkt, h), i, n;

	for (i = TCP_HLEN; i < hlen && l4[i] != TCP_OPT_END; i += n) {
		if (l4[i] == TCP_OPT_NOP) {
			n = 1;
			continue;
		}
		if (i + 2 > hlen || (n = l4[i + 1]) < 2 || i + n > hlen)
			return 0;
		if (l4[i] == kind && i > from) {
			*len = n;
			return i;
		}
	}
	return 0;
}

void
lb_tcp_write(struct pkt *pkt, const struct ip4_hdr *h, uint32_t off,
    const void *src, uint32_t n)
{
	uint8_t *l4 = pkt_data(pkt) + h->hlen;
	const uint8_t *p = src;

	/* The sum goes by 16-bit words, which the bytes may only half cover. */
	while (n > 0) {
		uint8_t *word = l4 + (off & ~1u);
		uint16_t old = be16_get(word);

		if (off % 2 == 0 && n > 1) {
			word[0] = p[0];
			word[1] = p[1];
			p += 2, off += 2, n -= 2;
		} else {
			word[off % 2] = *p;
			p++, off++, n--;
		}
		csum_fix_u16(l4 + TCP_OFF_CSUM, old, be16_get(word),
		    pkt->csum_needed, false);
	}
}

void
lb_tcp_add32(struct pkt *pkt, const struct ip4_hdr *h, uint32_t off,
    uint32_t delta)
{
	uint8_t *l4 = pkt_data(pkt) + h->hlen;
	uint32_t old = be32_get(l4 + off);

	/* In an option the word may stand at an odd place, where its bytes
	 * belong to three words of the sum. */
	if (off % 2 != 0) {
		uint8_t b[4];

		be32_put(b, old + delta);
		lb_tcp_write(pkt, h, off, b, sizeof(b));
		return;
	}
	be32_put(l4 + off, old + delta);
	csum_fix_u32(l4 + TCP_OFF_CSUM, old, old + delta, pkt->csum_needed,
	    false);
}

void
lb_opt_blank(struct pkt *pkt, const struct ip4_hdr *h, uint8_t kind)
{
	static const uint8_t nops[TCP_HLEN_MAX - TCP_HLEN] = { 1, 1, 1, 1, 1,
	    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	uint32_t at = 0, len;

	while ((at = lb_opt_find(pkt, h, kind, at, &len)) != 0)
		lb_tcp_write(pkt, h, at, nops, len);
}

/* The MSS option's value, or 0, and where it stands. */
static uint16_t
mss_find(const struct pkt *pkt, const struct ip4_hdr *h, uint32_t *at)
{
	uint32_t len;

	if (h->proto != IPPROTO_TCP4 ||
	    !(pkt_data(pkt)[h->hlen + TCP_OFF_FLAGS] & TCP_SYN))
		return 0;
	*at = lb_opt_find(pkt, h, TCP_OPT_MSS, 0, &len);
	if (*at == 0 || len != 4)
		return 0;
	*at += 2;
	return be16_get(pkt_data(pkt) + h->hlen + *at);
}

static void
mss_put(struct pkt *pkt, const struct ip4_hdr *h, uint32_t at, uint16_t mss)
{
	uint8_t b[2];

	be16_put(b, mss);
	lb_tcp_write(pkt, h, at, b, sizeof(b));
}

void
lb_mss_clamp(struct pkt *pkt, const struct ip4_hdr *h, uint16_t mss)
{
	uint32_t at;

	if (mss_find(pkt, h, &at) > mss)
		mss_put(pkt, h, at, mss);
}

void
lb_mss_lower(struct pkt *pkt, const struct ip4_hdr *h, uint16_t by)
{
	uint32_t at;
	uint16_t mss = mss_find(pkt, h, &at);

	if (mss > by)
		mss_put(pkt, h, at, (uint16_t)(mss - by));
}

void
lb_sack_shift(struct pkt *pkt, const struct ip4_hdr *h, uint32_t delta)
{
	uint32_t at = 0, len, i;

	while ((at = lb_opt_find(pkt, h, TCP_OPT_SACK, at, &len)) != 0) {
		for (i = 2; i + 4 <= len; i += 4)
			lb_tcp_add32(pkt, h, at + i, delta);
	}
}

bool
lb_toa_insert(struct pkt *pkt, struct ip4_hdr *h, struct ip4 client,
    uint16_t port, uint32_t mtu)
{
	uint32_t hlen = tcp_hlen(pkt, h), fixed = h->hlen + TCP_HLEN;
	uint8_t toa[TCP_OPT_TOA_LEN] = { TCP_OPT_TOA, TCP_OPT_TOA_LEN }, doff;
	uint8_t *old = pkt_data(pkt), *ip, *l4;

	if (hlen + TCP_OPT_TOA_LEN > TCP_HLEN_MAX ||
	    pkt_headroom(pkt) < TCP_OPT_TOA_LEN ||
	    h->total_len > UINT16_MAX - TCP_OPT_TOA_LEN ||
	    ip_wire_len(pkt, h) + TCP_OPT_TOA_LEN > mtu)
		return false;
	be16_put(toa + 2, port);
	be32_put(toa + 4, client.v);
	/* Headers move forward into the headroom; the data stays. */
	ip = pkt_push(pkt, TCP_OPT_TOA_LEN);
	memmove(ip, old, fixed);
	l4 = ip + h->hlen;
	/* The gap holds nothing that was summed: as if it had been zero. */
	memset(l4 + TCP_HLEN, 0, TCP_OPT_TOA_LEN);
	pkt->l3 -= TCP_OPT_TOA_LEN;
	pkt->l4 -= TCP_OPT_TOA_LEN;
	pkt->csum_start -= pkt->csum_needed ? TCP_OPT_TOA_LEN : 0;
	lb_tcp_write(pkt, h, TCP_HLEN, toa, sizeof(toa));
	doff = (uint8_t)(l4[TCP_OFF_DOFF] + (TCP_OPT_TOA_LEN / 4 << 4));
	lb_tcp_write(pkt, h, TCP_OFF_DOFF, &doff, 1);
	csum_fix_len(l4 + TCP_OFF_CSUM, h->total_len - h->hlen,
	    h->total_len - h->hlen + TCP_OPT_TOA_LEN, pkt->csum_needed, false);
	h->total_len += TCP_OPT_TOA_LEN;
	ip4_set_len(ip, h->total_len);
	return true;
}

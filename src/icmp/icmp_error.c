/*
 * icmp_error.c - ICMP errors out.
 *
 * Which error answers which mishap is data in base/drop.h; here are the rules
 * about whom and what an error may be sent, how much it quotes, and how often.
 * It does not decide that something is wrong, and it does not consume the
 * packet that it speaks of.
 *
 * Read RFC 792, RFC 1122 3.2.2, RFC 1812 4.3.2.
 *
 * Limits: one token bucket for all errors (limits.icmp_per_sec) and one per
 * destination, by keyed hash (limits.icmp_per_dest); each holds a second's
 * worth.  Destinations that share a bucket share its rate, so a flood of
 * sources costs no memory.
 */
#include <assert.h>
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "stack/stack.h"

/* The buckets start full. */
int
icmp_init(struct stack *stk)
{
	struct icmp_state *st = &stk->icmp;

	LIST_INIT(&st->echoes);
	TAILQ_INIT(&st->ready);
	st->key = rng_hash_key(&stk->rng);
	st->all.filled = stk->now;
	st->all.micro = stk->limits.icmp_per_sec * USEC_PER_SEC;
	for (uint32_t i = 0; i < ICMP_BUCKETS; i++) {
		st->dest[i].filled = stk->now;
		st->dest[i].micro = stk->limits.icmp_per_dest * USEC_PER_SEC;
	}
	return 0;
}

void
icmp_fini(struct stack *stk)
{
	assert(LIST_EMPTY(&stk->icmp.echoes));
}

/* Tops b up for the time gone by; true if it holds a whole token. */
static bool
bucket_ready(struct icmp_bucket *b, struct instant now, uint32_t per_sec)
{
	int64_t full = per_sec * USEC_PER_SEC;
	int64_t gone = instant_diff(now, b->filled);

	b->filled = now;
	if (gone >= USEC_PER_SEC)
		b->micro = full;
	else
		b->micro += gone * per_sec;
	if (b->micro > full)
		b->micro = full;
	return b->micro >= USEC_PER_SEC;
}

/* RFC 1812 4.3.2.8.  Fragmentation needed is exempt from the share of one
 * destination: many connections behind one address each need theirs, and one
 * that is lost is a path that hangs. */
static bool
rate_allows(struct stack *stk, struct ip4 dst, uint8_t type, uint8_t code)
{
	struct icmp_state *st = &stk->icmp;
	bool exempt = type == ICMP_UNREACH && code == ICMP_UNREACH_FRAG;
	uint64_t h = siphash13(&st->key, &dst.v, sizeof(dst.v));
	struct icmp_bucket *mine = &st->dest[h % ICMP_BUCKETS];
	bool all, one;

	all = bucket_ready(&st->all, stk->now, stk->limits.icmp_per_sec);
	one = exempt ||
	    bucket_ready(mine, stk->now, stk->limits.icmp_per_dest);
	if (!all || !one) {
		drop_count(stk, DROP_ICMP_RATE);
		return false;
	}
	st->all.micro -= USEC_PER_SEC;
	if (!exempt)
		mine->micro -= USEC_PER_SEC;
	return true;
}

static bool
is_broadcast(struct stack *stk, struct ip4 ip)
{
	struct addr a = addr_from_ip4(ip);

	return ip_addr_kind(stk, &a) == IP_ADDR_BROADCAST;
}

/* A source that names no single host (RFC 1122 3.2.2).  Loopback is one only
 * while the packet has not been on a wire. */
static bool
source_is_host(struct stack *stk, const struct pkt *pkt, struct ip4 src)
{
	if (ip4_is_any(src) || ip4_is_multicast(src))
		return false;
	if (src.v >> 28 == 0xf)		/* class E and 255.255.255.255 */
		return false;
	if (ip4_is_loopback(src))
		return pkt->ifp == NULL || pkt->ifp->kind == IFACE_LO;
	return !is_broadcast(stk, src);
}

static bool
icmp_type_is_query(uint8_t type)
{
	switch (type) {
	case ICMP_ECHO_REPLY:
	case ICMP_ECHO:
	case 9:				/* router advertisement, RFC 1256 */
	case 10:			/* router solicitation */
	case ICMP_TIMESTAMP:
	case ICMP_TIMESTAMP_REPLY:
	case 15: case 16:		/* information, RFC 792 */
	case 17: case 18:		/* address mask, RFC 950 */
	case 42: case 43:		/* extended echo, RFC 8335 */
		return true;
	}
	return false;			/* an error, or unknown: be silent */
}

/* May anybody be told about this packet? (RFC 1122 3.2.2, RFC 1812 4.3.2.7) */
static bool
error_allowed(struct stack *stk, const struct pkt *pkt,
    const struct ip4_hdr *h, const uint8_t *l4, uint32_t l4_len)
{
	if (pkt->l2_group)
		return false;
	if (ip4_is_multicast(h->dst) || is_broadcast(stk, h->dst))
		return false;
	if (!source_is_host(stk, pkt, h->src))
		return false;
	if ((h->frag & IP_OFFMASK) != 0)
		return false;
	if (h->proto == IPPROTO_ICMP4)
		return l4_len > 0 && icmp_type_is_query(l4[0]);
	return true;
}

/* Copies n bytes of pkt from offset at (from buf), borrowed payload behind the
 * buffer's own.  The caller knows that they are there. */
static void
pkt_read(const struct pkt *pkt, uint32_t at, uint8_t *dst, uint32_t n)
{
	uint32_t own = pkt->off + pkt->len - at;

	if (own > n)
		own = n;
	memcpy(dst, pkt->buf + at, own);
	dst += own;
	n -= own;
	for (uint32_t i = 0; i < pkt->nref && n > 0; i++) {
		uint32_t part = n;

		if (part > pkt->ref[i].iov_len)
			part = (uint32_t)pkt->ref[i].iov_len;
		memcpy(dst, pkt->ref[i].iov_base, part);
		dst += part;
		n -= part;
	}
}

/* The second word of the header: most errors leave it zero. */
static uint32_t
error_word(uint8_t type, uint8_t code, uint32_t info)
{
	switch (type) {
	case ICMP_UNREACH:		/* RFC 1191 4: next-hop MTU */
		return code == ICMP_UNREACH_FRAG ? info & 0xffff : 0;
	case ICMP_PARAM_PROBLEM:	/* RFC 792: pointer in the first byte */
		return code == 0 ? info << 24 : 0;
	case ICMP_REDIRECT:
		return info;
	}
	return 0;
}

/* Builds the message about the `quote` bytes at pkt->l3; NULL: no memory. */
static struct pkt *
error_build(struct stack *stk, const struct pkt *pkt, uint32_t quote,
    uint8_t type, uint8_t code, uint32_t word)
{
	struct pkt *out = pkt_alloc(&stk->pool, ICMP_HLEN + quote);
	struct wr w;
	uint8_t *p;

	if (out == NULL)
		return NULL;
	p = pkt_append(out, ICMP_HLEN + quote);
	w = wr_init(p, ICMP_HLEN);
	wr_u8(&w, type);
	wr_u8(&w, code);
	wr_u16(&w, 0);
	wr_u32(&w, word);
	pkt_read(pkt, pkt->l3, p + ICMP_HLEN, quote);
	be16_put(p + ICMP_OFF_CSUM,
	    csum_finish(csum_add(0, p, ICMP_HLEN + quote)));
	out->l4 = out->off;
	return out;
}

void
icmp_error(struct stack *stk, const struct pkt *pkt, uint8_t type,
    uint8_t code, uint32_t info)
{
	uint32_t end = pkt->off + pkt->len, own, quote;
	struct ip_send s = { .proto = IPPROTO_ICMP4 };
	struct ip4_hdr h;
	struct pkt *out;

	assert(pkt->l3 != PKT_NO_OFF && pkt->l3 <= end);
	own = end - pkt->l3;
	if (own < IP4_HLEN ||
	    ip4_parse_hdr(pkt->buf + pkt->l3, own + pkt->ref_len, &h) != 0 ||
	    h.hlen > own)
		return;
	if (!error_allowed(stk, pkt, &h, pkt->buf + pkt->l3 + h.hlen,
	    own - h.hlen))
		return;
	if (!rate_allows(stk, h.src, type, code))
		return;

	/* RFC 1812 4.3.2.3: as much of the packet as fits 576 bytes. */
	quote = h.total_len;
	if (quote > ICMP_ERROR_MAX - IP4_HLEN - ICMP_HLEN)
		quote = ICMP_ERROR_MAX - IP4_HLEN - ICMP_HLEN;
	out = error_build(stk, pkt, quote, type, code,
	    error_word(type, code, info));
	if (out == NULL) {
		drop_count(stk, DROP_NO_MEMORY);
		return;
	}
	/* RFC 1122 3.2.2: the address that was spoken to, if it is ours;
	 * RFC 1812 4.3.2.4: else that of the interface it leaves by. */
	if (iface_addr_local(stk, h.dst) != NULL)
		s.src = addr_from_ip4(h.dst);
	s.dst = addr_from_ip4(h.src);
	s.tos = 0xc0;		/* RFC 1812 4.3.2.5: internetwork control */
	stk->icmp.sent_errors++;
	(void)ip_send(stk, out, &s);
}

/*
 * frame_fix.c - lengths, checksums, and what a peer knows of the stack, in
 * IPv4 frames.
 */
#include "fuzz/frame_fix.h"

#include <string.h>

#include "base/addr.h"
#include "base/csum.h"
#include "base/cursor.h"
#include "ip/ip_wire.h"

#define TCP_SYN 0x02
#define TCP_FIN 0x01
#define TCP_ACK 0x10

/* Total length of a quoted packet that has none. */
#define QUOTED_LEN 1400

/* Kinds of options. */
#define TCP_END		0
#define TCP_NOP		1
#define TCP_SACK	5
#define TCP_TIMES	8
#define TCP_COOKIE	34

/* Where the parts of an IPv4 packet are. */
struct parts {
	uint8_t *ip, *l4;
	uint32_t hlen, l4_len;	/* l4_len: bytes that are there */
};

static bool
parts_of(uint8_t *frame, uint32_t len, bool l2, struct parts *p)
{
	uint32_t at = l2 ? 14 : 0;

	if (len < at + 20 || (l2 && be16_get(frame + 12) != 0x0800))
		return false;
	p->ip = frame + at;
	p->hlen = (p->ip[0] & 15u) * 4;
	if (p->ip[0] >> 4 != 4 || p->hlen < 20 || p->hlen > len - at)
		return false;
	p->l4 = p->ip + p->hlen;
	p->l4_len = len - at - p->hlen;
	return true;
}

/* The next TCP option at *at, and its length; false: no more. */
static bool
option_next(uint8_t *tcp, uint32_t end, uint32_t *at, uint8_t *len)
{
	while (*at < end && tcp[*at] == TCP_NOP)
		(*at)++;
	if (*at + 2 > end || tcp[*at] == TCP_END)
		return false;
	*len = tcp[*at + 1];
	return *len >= 2 && *at + *len <= end;
}

static uint32_t
tcp_hlen(const struct parts *p)
{
	uint32_t hlen = (p->l4[12] >> 4) * 4u;

	return hlen < p->l4_len ? hlen : p->l4_len;
}

static void
seen_options(struct frame_seen *seen, struct frame_talk *t,
    const struct parts *p)
{
	uint8_t len;

	for (uint32_t at = 20; option_next(p->l4, tcp_hlen(p), &at, &len);
	    at += len) {
		uint8_t *o = p->l4 + at;

		if (o[0] == TCP_TIMES && len == 10)
			t->time = be32_get(o + 2);
		if (o[0] != TCP_COOKIE || len == 2 || len > 18)
			continue;
		seen->cookie_len = len - 2;
		memcpy(seen->cookie, o + 2, seen->cookie_len);
	}
}

void
frame_seen(struct frame_seen *seen, const uint8_t *frame, uint32_t len,
    bool l2)
{
	struct parts p;
	struct frame_talk *t = NULL, now = { .port = 0 };

	if (!parts_of((uint8_t *)(uintptr_t)frame, len, l2, &p) ||
	    (p.ip[9] != IPPROTO_TCP4 && p.ip[9] != IPPROTO_UDP4) ||
	    p.l4_len < (p.ip[9] == IPPROTO_TCP4 ? 20 : 8))
		return;
	now.proto = p.ip[9];
	now.port = be16_get(p.l4);
	now.peer_port = be16_get(p.l4 + 2);
	for (unsigned i = 0; i < FRAME_TALKS; i++) {
		if (seen->talk[i].port == now.port &&
		    seen->talk[i].peer_port == now.peer_port &&
		    seen->talk[i].proto == now.proto)
			t = &seen->talk[i];
	}
	if (t == NULL)
		t = &seen->talk[seen->next++ % FRAME_TALKS];
	if (now.proto == IPPROTO_TCP4) {
		now.seq_end = be32_get(p.l4 + 4) + p.l4_len - tcp_hlen(&p) +
		    ((p.l4[13] & TCP_SYN) != 0) + ((p.l4[13] & TCP_FIN) != 0);
		now.ack = be32_get(p.l4 + 8);
		seen_options(seen, &now, &p);
		/* What is said again is not the end. */
		if (t->proto == now.proto && t->port == now.port &&
		    (p.l4[13] & TCP_SYN) == 0 &&
		    (int32_t)(now.seq_end - t->seq_end) < 0)
			now.seq_end = t->seq_end;
	}
	*t = now;
}

/* The talk of these two, the latest if our port is not told; or NULL. */
static const struct frame_talk *
talk_of(const struct frame_seen *seen, uint8_t proto, uint16_t peer_port,
    uint16_t port)
{
	for (unsigned i = 1; i <= FRAME_TALKS; i++) {
		const struct frame_talk *t =
		    &seen->talk[(seen->next - i) % FRAME_TALKS];

		if (t->proto == proto && t->peer_port == peer_port &&
		    t->port != 0 && (port == 0 || t->port == port))
			return t;
	}
	return NULL;
}

/* The low half of what stands at p is a distance with its sign. */
static void
fix_number(uint8_t *p, uint32_t from)
{
	be32_put(p, from + (uint32_t)(int16_t)be16_get(p + 2));
}

static void
fix_options(const struct parts *p, const struct frame_seen *seen,
    const struct frame_talk *t)
{
	uint8_t len;

	for (uint32_t at = 20; option_next(p->l4, tcp_hlen(p), &at, &len);
	    at += len) {
		uint8_t *o = p->l4 + at;

		if (o[0] == TCP_COOKIE && len == seen->cookie_len + 2 &&
		    (p->l4[13] & TCP_ACK) == 0)
			memcpy(o + 2, seen->cookie, seen->cookie_len);
		if (t == NULL)
			continue;
		if (o[0] == TCP_TIMES && len == 10)
			fix_number(o + 6, t->time);
		for (uint8_t i = 2; o[0] == TCP_SACK && i + 4 <= len; i += 4)
			fix_number(o + i, t->seq_end);
	}
}

static void
fix_numbers(const struct parts *p, const struct frame_seen *seen)
{
	const struct frame_talk *t = talk_of(seen, p->ip[9], be16_get(p->l4),
	    be16_get(p->l4 + 2));

	if (t != NULL)
		be16_put(p->l4 + 2, t->port);
	if (p->ip[9] != IPPROTO_TCP4 || p->l4_len < 20)
		return;
	if (t != NULL) {
		fix_number(p->l4 + 4, t->ack);
		fix_number(p->l4 + 8, t->seq_end);
	}
	fix_options(p, seen, t);
}

/* An ICMP error quotes what the stack sent. */
static void
fix_quote(const struct parts *p, const struct frame_seen *seen)
{
	struct parts q;
	const struct frame_talk *t;

	if (p->l4_len < 8 || p->l4[0] == 0 || p->l4[0] == 8 ||
	    !parts_of(p->l4 + 8, p->l4_len - 8, false, &q) || q.l4_len < 8)
		return;
	t = talk_of(seen, q.ip[9], be16_get(q.l4 + 2), be16_get(q.l4));
	if (t == NULL)
		return;
	be16_put(q.l4, t->port);
	if (be16_get(q.ip + 2) == 0)
		be16_put(q.ip + 2, QUOTED_LEN);
	if (q.ip[9] == IPPROTO_TCP4)
		fix_number(q.l4 + 4, t->seq_end);
}

/* Where in the transport header its checksum is; 0: nowhere. */
static uint32_t
csum_at(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP4:
		return 16;
	case IPPROTO_UDP4:
		return 6;
	case IPPROTO_ICMP4:
	case IPPROTO_IGMP4:
		return 2;
	}
	return 0;
}

static void
fix_sums(const struct parts *p)
{
	uint8_t proto = p->ip[9];
	uint32_t at = csum_at(proto), sum = 0;
	struct ip4 src = { be32_get(p->ip + 12) };
	struct ip4 dst = { be32_get(p->ip + 16) };

	be16_put(p->ip + 2, (uint16_t)(p->hlen + p->l4_len));
	be16_put(p->ip + 10, 0);
	be16_put(p->ip + 10, csum_finish(csum_add(0, p->ip, p->hlen)));
	if (at == 0 || p->l4_len < at + 2 ||
	    (be16_get(p->ip + 6) & 0x3fff) != 0)
		return;
	if (proto == IPPROTO_UDP4)
		be16_put(p->l4 + 4, (uint16_t)p->l4_len);
	be16_put(p->l4 + at, 0);
	if (proto == IPPROTO_TCP4 || proto == IPPROTO_UDP4)
		sum = csum_pseudo4(src, dst, proto, p->l4_len);
	sum = csum_finish(csum_add(sum, p->l4, p->l4_len));
	be16_put(p->l4 + at, sum == 0 ? 0xffff : (uint16_t)sum);
}

void
frame_fix(uint8_t *frame, uint32_t len, bool l2, const struct frame_fix *fix,
    const struct frame_seen *seen)
{
	struct parts p;

	if (!parts_of(frame, len, l2, &p))
		return;
	if (fix->relative && p.ip[9] == IPPROTO_ICMP4)
		fix_quote(&p, seen);
	else if (fix->relative && p.l4_len >= 8)
		fix_numbers(&p, seen);
	if (fix->sums)
		fix_sums(&p);
}

/*
 * frame_fix.c - lengths, checksums and sequence numbers of IPv4 frames.
 */
#include "fuzz/frame_fix.h"

#include "base/addr.h"
#include "base/csum.h"
#include "base/cursor.h"
#include "ip/ip_wire.h"

#define TCP_SYN 0x02
#define TCP_FIN 0x01

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

void
frame_seen(struct frame_seen *seen, const uint8_t *frame, uint32_t len,
    bool l2)
{
	struct parts p;
	struct frame_talk *t = NULL;
	uint32_t data;
	uint16_t port, peer_port;

	if (!parts_of((uint8_t *)(uintptr_t)frame, len, l2, &p) ||
	    p.ip[9] != IPPROTO_TCP4 || p.l4_len < 20)
		return;
	port = be16_get(p.l4);
	peer_port = be16_get(p.l4 + 2);
	for (unsigned i = 0; i < FRAME_TALKS; i++) {
		if (seen->talk[i].port == port &&
		    seen->talk[i].peer_port == peer_port)
			t = &seen->talk[i];
	}
	if (t == NULL)
		t = &seen->talk[seen->next++ % FRAME_TALKS];
	data = (p.l4[12] >> 4) * 4u;
	data = p.l4_len > data ? p.l4_len - data : 0;
	data += ((p.l4[13] & TCP_SYN) != 0) + ((p.l4[13] & TCP_FIN) != 0);
	*t = (struct frame_talk){
		.peer = be32_get(p.ip + 16),
		.peer_port = peer_port,
		.port = port,
		.seq_end = be32_get(p.l4 + 4) + data,
		.ack = be32_get(p.l4 + 8),
	};
}

static void
fix_numbers(const struct parts *p, const struct frame_seen *seen)
{
	for (unsigned i = 0; i < FRAME_TALKS; i++) {
		const struct frame_talk *t = &seen->talk[i];

		if (t->peer_port != be16_get(p->l4) ||
		    t->port != be16_get(p->l4 + 2) || t->port == 0)
			continue;
		/* The low half is a distance with its sign. */
		be32_put(p->l4 + 4, t->ack +
		    (uint32_t)(int16_t)be16_get(p->l4 + 6));
		be32_put(p->l4 + 8, t->seq_end +
		    (uint32_t)(int16_t)be16_get(p->l4 + 10));
		return;
	}
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
	if (fix->relative && p.ip[9] == IPPROTO_TCP4 && p.l4_len >= 20)
		fix_numbers(&p, seen);
	if (fix->sums)
		fix_sums(&p);
}

/*
 * frame.c - judging, damaging and measuring frames.
 *
 * Read: RFC 1071 (the arithmetic: sums modulo 65535), RFC 1624.
 */
#include "frame.h"

#define ETH		14u
#define TYPE_IP		0x0800u
#define ICMP		8u	/* its header */
#define FRAG_BITS	0x3fffu	/* more fragments, offset */

static uint32_t
u16_at(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t
u32_at(const uint8_t *p)
{
	return u16_at(p) << 16 | u16_at(p + 2);
}

/* The sum of all words, unfolded. */
static uint64_t
sum_of(const uint8_t *p, uint32_t len)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i + 4 <= len; i += 4)
		sum += u32_at(p + i);
	for (; i + 2 <= len; i += 2)
		sum += u16_at(p + i);
	if (i < len)
		sum += (uint64_t)p[i] << 8;
	return sum;
}

/* Is a sum that should be 0 modulo 65535 off by one bit? */
static bool
off_by_a_bit(uint64_t sum)
{
	uint32_t d = (uint32_t)(sum % 65535);

	for (uint32_t bit = 1; bit <= 0x8000; bit <<= 1) {
		if (d == bit || d == 65535 - bit)
			return true;
	}
	return false;
}

static void
judge_sum(struct frame_view *v, uint64_t sum, const char *fault)
{
	if (sum % 65535 == 0)
		return;
	if (off_by_a_bit(sum))
		v->damaged = true;
	else
		v->fault = fault;
}

static void view_ip(struct frame_view *v, const struct mem_frame *f,
    const uint8_t *p, uint32_t len);

static uint64_t
pseudo_sum(const struct frame_view *v, uint32_t l4_len)
{
	return (uint64_t)(v->src >> 16) + (v->src & 0xffff) +
	    (v->dst >> 16) + (v->dst & 0xffff) + v->proto + l4_len;
}

/* What an ICMP error quotes was a packet once, and its header is one still. */
static void
judge_quote(struct frame_view *v, const uint8_t *p, uint32_t len)
{
	uint32_t hlen = len >= ICMP + 20 ? (p[ICMP] & 15u) * 4 : 0;

	if (len < ICMP || (p[0] != 3 && p[0] != 11 && p[0] != 12))
		return;
	if (hlen < 20 || hlen > len - ICMP || p[ICMP] >> 4 != 4)
		v->fault = "IP header in what an ICMP error quotes";
	else if (sum_of(p + ICMP, hlen) % 65535 != 0)
		v->fault = "IP header checksum in what an ICMP error quotes";
}

/* The transport of a packet that is no fragment. */
static void
view_l4(struct frame_view *v, const struct mem_frame *f, const uint8_t *p,
    uint32_t len)
{
	uint64_t sum = sum_of(p, len);
	uint32_t at = v->proto == 6 ? 16 : 6;

	switch (v->proto) {
	case 1:
	case 2:
		judge_sum(v, sum, "ICMP or IGMP checksum");
		if (v->proto == 1 && !v->damaged && v->fault == NULL)
			judge_quote(v, p, len);
		return;
	case 4:
		view_ip(v, f, p, len);
		return;
	case 6:
	case 17:
		break;
	default:
		return;
	}
	if (len < at + 2) {
		v->fault = "transport header cut off";
		return;
	}
	v->l4 = p;
	v->l4_len = len;
	v->sport = (uint16_t)u16_at(p);
	v->dport = (uint16_t)u16_at(p + 2);
	if (v->proto == 17 && u16_at(p + at) == 0)
		return;
	if (f->csum_needed) {
		if ((pseudo_sum(v, len) + 65535 - u16_at(p + at)) % 65535 != 0)
			v->fault = "partial transport checksum";
		return;
	}
	judge_sum(v, sum + pseudo_sum(v, len), "transport checksum");
}

static void
view_ip(struct frame_view *v, const struct mem_frame *f, const uint8_t *p,
    uint32_t len)
{
	uint32_t hlen = len >= 20 ? (p[0] & 15u) * 4 : 0;
	uint32_t total;

	if (hlen < 20 || hlen > len || p[0] >> 4 != 4) {
		v->fault = "IP header";
		return;
	}
	total = u16_at(p + 2);
	v->ttl = p[8];
	v->proto = p[9];
	v->src = u32_at(p + 12);
	v->dst = u32_at(p + 16);
	judge_sum(v, sum_of(p, hlen), "IP header checksum");
	if (v->damaged || v->fault != NULL)
		return;
	if (total < hlen || total > len) {
		v->fault = "IP length";
		return;
	}
	if ((u16_at(p + 6) & FRAG_BITS) != 0)
		v->fragment = true;
	else
		view_l4(v, f, p + hlen, total - hlen);
}

void
frame_view(const struct mem_frame *f, struct frame_view *v)
{
	*v = (struct frame_view){ 0 };
	if (f->len < ETH) {
		v->fault = "Ethernet header";
		return;
	}
	if (u16_at(f->data + 12) != TYPE_IP)
		return;
	v->ip = true;
	view_ip(v, f, f->data + ETH, f->len - ETH);
}

uint32_t
frame_ip_len(const struct mem_frame *f)
{
	const uint8_t *ip = f->data + ETH;
	uint32_t l4;

	if (f->gso_type == PKT_GSO_NONE)
		return f->len - ETH;
	l4 = (ip[0] & 15u) * 4;
	return l4 + (f->gso_type == PKT_GSO_UDP ? 8 :
	    (ip[l4 + 12] >> 4) * 4u) + f->gso_size;
}

/* The segments that a TCP frame stands for; 0: it is none. */
static uint32_t
segments(const struct mem_frame *f)
{
	struct frame_view v;
	uint32_t hlen, len;

	frame_view(f, &v);
	if (!v.ip || v.fragment || v.proto != 6 || v.l4_len < 20)
		return 0;
	hlen = (v.l4[12] >> 4) * 4u;
	len = v.l4_len > hlen ? v.l4_len - hlen : 0;
	return f->gso_type != PKT_GSO_NONE && len > f->gso_size ?
	    (len + f->gso_size - 1) / f->gso_size : 1;
}

uint32_t
frame_marks(const struct mem_frame *f)
{
	uint32_t n = segments(f);

	return n > 0 && (f->data[ETH + 1] & 3) == 3 ? n : 0;
}

uint32_t
frame_mark(struct mem_frame *f)
{
	uint32_t n = segments(f);
	uint8_t *ip = f->data + ETH;
	uint32_t more = 3 - (ip[1] & 3), sum;

	if (n == 0 || more == 0 || more == 3)
		return 0;
	ip[1] |= 3;
	/* What the header has more its checksum has less. */
	sum = u16_at(ip + 10) + 0xffff - more;
	sum = (sum & 0xffff) + (sum >> 16);
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
	return n;
}

bool
frame_damage(struct mem_frame *f, struct rng *rng)
{
	struct frame_view v;
	uint32_t bit;

	frame_view(f, &v);
	/* The sum of a fragment alone does not tell whether it was hit, and
	 * twice is too often. */
	if (!v.ip || v.damaged || v.fragment || f->csum_needed)
		return false;
	bit = rng_below(rng, (f->len - ETH) * 8);
	f->data[ETH + bit / 8] ^= (uint8_t)(1u << bit % 8);
	return true;
}

/* What a TCP could say wrong, with the checksum right: the urgent pointer,
 * which nobody reads, has what the other word lacks. */
static void
plant_tcp(uint8_t *tcp, enum wire_fault fault)
{
	uint32_t at = fault == WIRE_SHUTS ? 14 : 10;
	uint32_t word = u16_at(tcp + at), is = 0, urgent = word;

	if (fault == WIRE_ACKS_MORE && (word & 0xff) != 0xff)
		is = word + 1, urgent = 0xfffe;
	else if (fault == WIRE_ACKS_LESS && (word & 0xff) != 0)
		is = word - 1, urgent = 1;
	else if (fault != WIRE_SHUTS)
		return;
	tcp[at] = (uint8_t)(is >> 8);
	tcp[at + 1] = (uint8_t)is;
	tcp[18] = (uint8_t)(urgent >> 8);
	tcp[19] = (uint8_t)urgent;
}

void
frame_plant(struct mem_frame *f, enum wire_fault fault)
{
	uint8_t *ip = f->data + ETH;
	struct frame_view v;

	if (f->len < ETH + 20 || u16_at(f->data + 12) != TYPE_IP)
		return;
	frame_view(f, &v);
	if (fault == WIRE_DAMAGES) {
		ip[10] ^= 0x35;
	} else if (fault == WIRE_LOWERS_TTL) {
		/* The header's sum stays what it was. */
		ip[10] = (uint8_t)(ip[10] + ip[8] - 3);
		ip[8] = 3;
	} else if (v.l4 != NULL && v.proto == 6 && (v.l4[13] & 0x32) == 0x10 &&
	    (fault == WIRE_ACKS_MORE || (ip[5] & 7) == 0)) {
		plant_tcp(ip + (ip[0] & 15u) * 4u, fault);
	}
}

/*
 * run_packet.c - packets of a script to bytes and into the stack, and what the
 * stack sent against what the script says.
 *
 * Sequence numbers and timestamps of the script count from the first seen of
 * either side; the live ones begin elsewhere, the peer's near a wrap.
 */
#include "pkt/run_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "icmp/icmp.h"
#include "ip/ip_wire.h"
#include "tcp/tcp_wire.h"

#define IRS_LIVE 0xfffffc00u	/* the peer's numbers wrap soon */
#define IP_REMOTE IP4(192, 0, 2, 1)
#define IP_LOCAL IP4(192, 0, 2, 2)

static uint32_t
live_seq(const struct run *r, uint32_t script)
{
	return script + r->irs;
}

static uint32_t
live_ack(const struct run *r, uint32_t script)
{
	return script + r->iss;
}

/* ---- in ------------------------------------------------------------------ */

static void
write_sack(const struct run *r, struct wr *w, const struct tcp_opts *o)
{
	wr_u8(w, 5);
	wr_u8(w, (uint8_t)(2 + 8 * o->sacks));
	for (unsigned i = 0; i < o->sacks; i++) {
		wr_u32(w, live_ack(r, o->sack[i].left));
		wr_u32(w, live_ack(r, o->sack[i].right));
	}
}

static void
write_acc(struct wr *w, const struct tcp_opts *o)
{
	wr_u8(w, o->acc_order == 0 ? 172 : 174);
	wr_u8(w, (uint8_t)(2 + 3 * o->acc_fields));
	for (unsigned i = 0; i < o->acc_fields; i++) {
		wr_u8(w, (uint8_t)(o->acc[i] >> 16));
		wr_u16(w, (uint16_t)o->acc[i]);
	}
}

static void
write_option(const struct run *r, struct wr *w, char letter,
    const struct tcp_opts *o)
{
	switch (letter) {
	case 'm':
		wr_u8(w, 2);
		wr_u8(w, 4);
		wr_u16(w, o->mss);
		break;
	case 'N':
		wr_u8(w, 1);
		break;
	case 'E':
		wr_u8(w, 0);
		break;
	case 'w':
		wr_u8(w, 3);
		wr_u8(w, 3);
		wr_u8(w, o->wscale);
		break;
	case 's':
		wr_u8(w, 4);
		wr_u8(w, 2);
		break;
	case 'T':
		wr_u8(w, 8);
		wr_u8(w, 10);
		wr_u32(w, o->tsval);
		wr_u32(w, o->tsecr == 0 ? 0 : o->tsecr + r->ts_offset);
		break;
	case 'f':
		wr_u8(w, o->fo_exp ? 254 : 34);
		wr_u8(w, (uint8_t)((o->fo_exp ? 4 : 2) + o->fo_len));
		if (o->fo_exp)
			wr_u16(w, 0xf989);
		wr_copy(w, o->fo, o->fo_len);
		break;
	case 'a':
		write_acc(w, o);
		break;
	case 'k':
		write_sack(r, w, o);
		break;
	}
}

static uint32_t
write_options(const struct run *r, uint8_t *p, const struct script_packet *k)
{
	struct wr w = wr_init(p, TCP_OPTIONS_MAX);

	struct tcp_opts o = k->o;

	if (k->cookie_any) {
		o.fo_len = r->cookie_len;
		memcpy(o.fo, r->cookie, sizeof(o.fo));
	}
	for (const char *c = k->order; *c != '\0'; c++)
		write_option(r, &w, *c, &o);
	while ((TCP_OPTIONS_MAX - w.left) % 4 != 0)
		wr_u8(&w, 0);
	return (uint32_t)(TCP_OPTIONS_MAX - w.left);
}

/* Puts an IPv4 header before l4_len bytes at p + 20 and gives it all. */
static int
give(struct run *r, uint8_t *p, uint8_t proto, uint8_t tos, uint32_t l4_len)
{
	struct ip4_hdr ip = { .tos = tos, .ttl = 64, .proto = proto,
	    .total_len = (uint16_t)(IP4_HLEN + l4_len), .frag = IP_DF,
	    .src = IP_REMOTE, .dst = IP_LOCAL };

	ip4_build_hdr(p, &ip);
	if (mem_port_give(r->port, p, IP4_HLEN + l4_len) != 0)
		return run_fail(r, "no memory");
	return 0;
}

int
run_inject(struct run *r, const struct script_packet *k)
{
	uint8_t *p = calloc(1, 65536), *t = p + IP4_HLEN;
	struct tcp_hdr h = { .flags = k->flags, .urgent = k->urg };
	uint32_t hlen, sum;
	int ret;

	if ((k->flags & TCP_SYN) != 0 && !r->irs_on) {
		r->irs = IRS_LIVE;
		r->irs_on = true;
	}
	hlen = TCP_HLEN + write_options(r, t + TCP_HLEN, k);
	h.sport = r->rport;
	h.dport = r->lport;
	h.seq = live_seq(r, k->seq);
	h.ack = k->ack_on ? live_ack(r, k->ack) : 0;
	h.hlen = (uint8_t)hlen;
	h.window = (uint16_t)(k->win_on ? k->win : 65535);
	tcp_build_hdr(t, &h);
	sum = csum_pseudo4(IP_REMOTE, IP_LOCAL, IPPROTO_TCP4, hlen + k->len);
	be16_put(t + TCP_OFF_CSUM, csum_finish(csum_add(sum, t,
	    hlen + k->len)));
	ret = give(r, p, IPPROTO_TCP4, k->ecn < 0 ? 0 : (uint8_t)k->ecn,
	    hlen + k->len);
	free(p);
	return ret;
}

int
run_icmp(struct run *r, const struct script_icmp *k)
{
	uint8_t p[IP4_HLEN + ICMP_HLEN + IP4_HLEN + 8] = { 0 };
	uint8_t *c = p + IP4_HLEN, *q = c + ICMP_HLEN, *t = q + IP4_HLEN;
	struct ip4_hdr ip = { .ttl = 64, .proto = IPPROTO_TCP4,
	    .total_len = (uint16_t)(IP4_HLEN + TCP_HLEN + k->len),
	    .frag = IP_DF, .src = IP_LOCAL,
	    .dst = IP_REMOTE };
	uint32_t len = sizeof(p) - IP4_HLEN;

	c[0] = k->type;
	c[1] = k->code;
	be32_put(c + 4, k->mtu);
	ip4_build_hdr(q, &ip);
	be16_put(t + TCP_OFF_SPORT, r->lport);
	be16_put(t + TCP_OFF_DPORT, r->rport);
	be32_put(t + TCP_OFF_SEQ, live_ack(r, k->seq));
	be16_put(c + 2, csum_finish(csum_add(0, c, len)));
	return give(r, p, IPPROTO_ICMP4, 0, len);
}

/* ---- out ----------------------------------------------------------------- */

static void
option_letters(const uint8_t *p, uint32_t len, char *out)
{
	static const char by_kind[] = "ENmwsk..T";
	struct rd r = rd_init(p, len);

	while (r.left > 0) {
		uint8_t kind = rd_u8(&r), n;

		if (kind <= 1) {
			*out++ = by_kind[kind];
			if (kind == 0)
				break;
			continue;
		}
		n = rd_u8(&r);
		if (n < 2)
			break;
		rd_skip(&r, n - 2u);
		*out++ = kind == 34 || kind == 254 ? 'f' :
		    kind == 172 || kind == 174 ? 'a' :
		    kind < 9 ? by_kind[kind] : '?';
	}
	*out = '\0';
}

static int
compare_values(struct run *r, const struct script_packet *k,
    const struct tcp_opts *o)
{
	if (k->o.mss != o->mss)
		return run_fail(r, "mss is %u", o->mss);
	if (k->o.wscale != o->wscale)
		return run_fail(r, "wscale is %u", o->wscale);
	if (k->o.acc_fields != o->acc_fields ||
	    k->o.acc_order != o->acc_order ||
	    memcmp(k->o.acc, o->acc, 4u * o->acc_fields) != 0)
		return run_fail(r, "order %u, %u counters: %u %u %u",
		    o->acc_order, o->acc_fields, o->acc[0], o->acc[1],
		    o->acc[2]);
	if (k->o.ts_on && !r->ts_on) {
		r->ts_on = true;
		r->ts_offset = o->tsval - k->o.tsval;
	}
	if (k->o.ts_on && (o->tsval - r->ts_offset != k->o.tsval ||
	    o->tsecr != k->o.tsecr))
		return run_fail(r, "TS val %u ecr %u", o->tsval -
		    r->ts_offset, o->tsecr);
	if (k->o.sacks != o->sacks)
		return run_fail(r, "%u SACK blocks", o->sacks);
	for (unsigned i = 0; i < o->sacks; i++) {
		if (live_seq(r, k->o.sack[i].left) != o->sack[i].left ||
		    live_seq(r, k->o.sack[i].right) != o->sack[i].right)
			return run_fail(r, "SACK block %u is %u:%u", i,
			    o->sack[i].left - r->irs,
			    o->sack[i].right - r->irs);
	}
	if (o->fo_on && o->fo_len > 0) {
		r->cookie_len = o->fo_len;
		memcpy(r->cookie, o->fo, sizeof(r->cookie));
	}
	if (k->o.fo_exp != o->fo_exp)
		return run_fail(r, "the other form of Fast Open");
	if (k->cookie_any ? o->fo_len != 8 : k->o.fo_len != o->fo_len ||
	    memcmp(k->o.fo, o->fo, o->fo_len) != 0)
		return run_fail(r, "another Fast Open cookie");
	return 0;
}

static int
compare_options(struct run *r, const struct script_packet *k,
    const struct tcp_hdr *h, const uint8_t *p)
{
	char order[TCP_OPTIONS_MAX + 1];
	struct tcp_opts o;

	if (k->options_any)
		return 0;
	option_letters(p, h->hlen - (uint32_t)TCP_HLEN, order);
	if (strcmp(order, k->order) != 0)
		return run_fail(r, "options \"%s\", expected \"%s\"", order,
		    k->order);
	tcp_parse_options(p, h->hlen - (size_t)TCP_HLEN,
	    (h->flags & TCP_SYN) != 0, &o);
	return compare_values(r, k, &o);
}

static void
flag_letters(uint16_t flags, char out[10])
{
	static const char letters[] = "FSRP.UEWA";
	unsigned n = 0;

	for (unsigned i = 0; i < 9; i++) {
		if ((flags >> i & 1) != 0)
			out[n++] = letters[i];
	}
	out[n] = '\0';
}

static int
compare_header(struct run *r, const struct script_packet *k,
    const struct tcp_hdr *h, uint32_t len)
{
	uint32_t seq = h->seq - r->iss, ack = h->ack - r->irs;
	char f[10];

	flag_letters(h->flags, f);
	if (h->flags != k->flags || seq != k->seq || len != k->len)
		return run_fail(r, "sent %s %u:%u(%u) ack %u win %u", f, seq,
		    seq + len, len, ack, h->window);
	if ((h->flags & TCP_ACK) != 0 && (!k->ack_on || ack != k->ack))
		return run_fail(r, "sent %s ack %u", f, ack);
	if (k->win_on && h->window != k->win)
		return run_fail(r, "sent %s win %u", f, h->window);
	return 0;
}

int
run_compare(struct run *r, const struct script_packet *k,
    const struct mem_frame *f)
{
	struct ip4_hdr ip;
	struct tcp_hdr h;
	uint32_t l4;
	const uint8_t *t;

	if (ip4_parse_hdr(f->data, f->len, &ip) != 0 ||
	    ip.proto != IPPROTO_TCP4)
		return run_fail(r, "sent something that is not TCP");
	t = f->data + ip.hlen;
	l4 = ip.total_len - (uint32_t)ip.hlen;
	if (tcp_parse_hdr(t, l4, &h) != 0 || csum_finish(csum_add(
	    csum_pseudo4(ip.src, ip.dst, ip.proto, l4), t, l4)) != 0)
		return run_fail(r, "sent a bad header or checksum");
	if ((h.flags & TCP_SYN) != 0 && !r->iss_on) {
		r->iss = h.seq;
		r->iss_on = true;
		r->lport = h.sport;
	}
	if (k->ecn >= 0 && (ip.tos & 3) != k->ecn)
		return run_fail(r, "ECN codepoint is %u", ip.tos & 3u);
	if (compare_header(r, k, &h, l4 - h.hlen) != 0)
		return -1;
	return compare_options(r, k, &h, t + TCP_HLEN);
}

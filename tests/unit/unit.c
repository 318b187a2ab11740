/*
 * unit.c - the fixture of the unit tests.
 *
 * Frames are built and taken apart here with the cursor alone, not with the
 * stack's own builders, so that an error in those cannot hide itself.
 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"

#define TURNS_MAX 1000000	/* turns without progress: a live-lock */

static struct env
unit_env(void)
{
	struct env env = { .seed = { 1 }, .limits = LIMITS_DEFAULT };

	env.limits.pkt_small = 4096;
	env.limits.pkt_large = 64;
	env.limits.lb_flows = 4096;
	return env;
}

struct stack *
unit_stack(void)
{
	struct env env = unit_env();
	struct stack *stk = stack_new(&env, instant_from_us(0));

	ck_assert_ptr_nonnull(stk);
	return stk;
}

struct stack *
unit_stack_failing(uint64_t n)
{
	struct env env = unit_env();

	env.mem_fail_at = n;
	return stack_new(&env, instant_from_us(0));
}

void
unit_stack_free(struct stack *stk)
{
	stack_free(stk);
}

struct port *
unit_port_offload(struct stack *stk, const char *name, uint8_t last,
    const char *address, uint32_t offload)
{
	struct mac mac = { { 2, 0, 0, 0, 0, last } };
	struct port *port;
	struct ip4_prefix prefix;
	struct err err = { "" };

	port = mem_port_new(&stk->mem, name, true, mac, 1500, offload);
	ck_assert_ptr_nonnull(port);
	ck_assert_int_eq(port_add(stk, port), 0);
	if (address != NULL) {
		ck_assert_int_eq(ip4_prefix_parse(address, &prefix), 0);
		ck_assert_msg(iface_addr_add(stk, port->ifp, prefix,
		    SCOPE_GLOBAL, &err) == 0, "%s: %s", address, err.text);
	}
	return port;
}

struct port *
unit_port(struct stack *stk, const char *name, uint8_t last,
    const char *address)
{
	return unit_port_offload(stk, name, last, address, 0);
}

void
unit_run_until(struct stack *stk, int64_t us)
{
	struct instant end = instant_from_us(us);
	int turns = 0;

	for (;;) {
		struct instant due = stack_next_deadline(stk);

		if (!instant_reached(end, due))
			break;
		if (instant_before(stk->now, due)) {
			stack_poll(stk, due);
			turns = 0;
		} else {
			stack_poll(stk, stk->now);
			ck_assert_msg(++turns < TURNS_MAX,
			    "no progress at %lld us", (long long)stk->now.us);
		}
	}
	stack_poll(stk, end);
}

void
unit_poll(struct stack *stk)
{
	stack_poll(stk, stk->now);
}

/* Transport header and payload.  *csum_at: where in the header the checksum
 * stands; UINT32_MAX if there is none. */
static void
build_transport(struct wr *w, const struct unit_frame *f, uint32_t *csum_at)
{
	switch (f->raw ? 0 : f->proto) {
	case IPPROTO_TCP4:
		wr_u16(w, f->sport);
		wr_u16(w, f->dport);
		wr_u32(w, f->seq);
		wr_u32(w, f->ack);
		wr_u16(w, (uint16_t)((20 + f->options_len) / 4 << 12 |
		    f->flags));
		wr_u16(w, f->window != 0 ? f->window : 65535);
		wr_u32(w, 0);
		wr_copy(w, f->options, f->options_len);
		*csum_at = 16;
		break;
	case IPPROTO_UDP4:
		wr_u16(w, f->sport);
		wr_u16(w, f->dport);
		wr_u16(w, (uint16_t)(8 + f->payload_len));
		wr_u16(w, 0);
		*csum_at = 6;
		break;
	case IPPROTO_ICMP4:
		wr_u8(w, f->icmp_type);
		wr_u8(w, f->icmp_code);
		wr_u16(w, 0);
		wr_u32(w, f->icmp_rest);
		*csum_at = 2;
		break;
	default:
		*csum_at = UINT32_MAX;
		break;
	}
	wr_copy(w, f->payload, f->payload_len);
}

uint32_t
unit_frame_build(uint8_t *dst, uint32_t max, const struct unit_frame *f)
{
	struct wr w = wr_init(dst, max);
	uint32_t hlen = 20 + f->ip_options_len;
	uint8_t *ip = dst + 14, *l4 = ip + hlen;
	uint32_t l4_len, csum_at, sum = 0;

	wr_copy(&w, f->dst.b, 6);
	wr_copy(&w, f->src.b, 6);
	wr_u16(&w, 0x0800);
	wr_u8(&w, (uint8_t)(0x40 | hlen / 4));
	wr_u8(&w, f->tos);
	wr_u16(&w, 0);
	wr_u16(&w, f->id);
	wr_u16(&w, f->frag);
	wr_u8(&w, f->ttl != 0 ? f->ttl : 64);
	wr_u8(&w, f->proto);
	wr_u16(&w, 0);
	wr_u32(&w, f->sip.v);
	wr_u32(&w, f->dip.v);
	wr_copy(&w, f->ip_options, f->ip_options_len);
	build_transport(&w, f, &csum_at);
	ck_assert(!w.bad);
	l4_len = (uint32_t)(w.p - l4);
	be16_put(ip + 2, (uint16_t)(hlen + l4_len));
	be16_put(ip + 10, csum_finish(csum_add(0, ip, hlen)));
	if (csum_at != UINT32_MAX) {
		if (f->proto != IPPROTO_ICMP4)
			sum = csum_pseudo4(f->sip, f->dip, f->proto, l4_len);
		sum = csum_finish(csum_add(sum, l4, l4_len));
		if (f->proto == IPPROTO_UDP4 && sum == 0)
			sum = 0xffff;
		if (f->bad_csum)
			sum ^= 0x5555;
		be16_put(l4 + csum_at, (uint16_t)sum);
	}
	return (uint32_t)(w.p - dst);
}

void
unit_feed_bytes(struct stack *stk, struct port *port, const void *p,
    uint32_t len)
{
	ck_assert_int_eq(mem_port_give(port, p, len), 0);
	unit_poll(stk);
}

void
unit_feed(struct stack *stk, struct port *port, const struct unit_frame *f)
{
	static const uint32_t max = 65536 + 64;
	uint8_t *frame = malloc(max);

	ck_assert_ptr_nonnull(frame);
	unit_feed_bytes(stk, port, frame, unit_frame_build(frame, max, f));
	free(frame);
}

static void
take_all(struct pkt_pool *pool, struct pkt_queue *q, uint32_t room,
    uint32_t most)
{
	struct pkt *pkt;

	while (most-- > 0 && (pkt = pkt_alloc(pool, room)) != NULL)
		pkt_queue_put(q, pkt);
}

void
unit_hog_take(struct stack *stk, struct unit_hog *hog, uint32_t small,
    uint32_t large)
{
	struct pkt_pool *pool = &stk->pool;
	struct pkt_queue spare;

	pkt_queue_init(&spare);
	pkt_queue_init(&hog->taken);
	hog->small_max = pool->small_max;
	hog->large_max = pool->large_max;
	take_all(pool, &spare, 0, small);
	take_all(pool, &spare, PKT_LARGE_ROOM, large);
	pool->small_max = pool->small_made;
	pool->large_max = pool->large_made;
	take_all(pool, &hog->taken, 0, UINT32_MAX);
	take_all(pool, &hog->taken, PKT_LARGE_ROOM, UINT32_MAX);
	pkt_queue_flush(&spare);
}

void
unit_hog_free(struct stack *stk, struct unit_hog *hog)
{
	pkt_queue_flush(&hog->taken);
	stk->pool.small_max = hog->small_max;
	stk->pool.large_max = hog->large_max;
}

void
unit_feed_arp(struct stack *stk, struct port *port, struct mac dst,
    const struct arp_msg *msg)
{
	uint8_t frame[42];
	struct wr w = wr_init(frame, sizeof(frame));

	wr_copy(&w, dst.b, 6);
	wr_copy(&w, msg->sha.b, 6);
	wr_u16(&w, msg->op < 3 ? 0x0806 : 0x8035);
	wr_u16(&w, 1);
	wr_u16(&w, 0x0800);
	wr_u8(&w, 6);
	wr_u8(&w, 4);
	wr_u16(&w, msg->op);
	wr_copy(&w, msg->sha.b, 6);
	wr_u32(&w, msg->spa.v);
	wr_copy(&w, msg->tha.b, 6);
	wr_u32(&w, msg->tpa.v);
	ck_assert(!w.bad && w.left == 0);
	unit_feed_bytes(stk, port, frame, sizeof(frame));
}

void
unit_neighbour(struct stack *stk, const char *ifname, const char *ip,
    uint8_t last)
{
	struct mac mac = { { 2, 0, 0, 0, 0, last } };
	struct iface *ifp = iface_lookup(stk, ifname);
	struct ip4 addr;

	ck_assert_ptr_nonnull(ifp);
	ck_assert_int_eq(ip4_parse(ip, &addr), 0);
	if (neigh_lookup(stk, ifp, addr) != NULL)
		ck_assert_int_eq(neigh_del(stk, ifp, addr, NULL), 0);
	ck_assert_int_eq(neigh_add(stk, ifp, addr, mac, NULL), 0);
}

static struct mac
read_mac(struct rd *r)
{
	struct mac m;

	rd_copy(r, m.b, 6);
	return m;
}

static void
see_arp(struct unit_seen *s, struct rd r)
{
	ck_assert_uint_eq(rd_u16(&r), 1);
	ck_assert_uint_eq(rd_u16(&r), 0x0800);
	ck_assert_uint_eq(rd_u8(&r), 6);
	ck_assert_uint_eq(rd_u8(&r), 4);
	s->arp.op = rd_u16(&r);
	s->arp.sha = read_mac(&r);
	s->arp.spa.v = rd_u32(&r);
	s->arp.tha = read_mac(&r);
	s->arp.tpa.v = rd_u32(&r);
	ck_assert_msg(!r.bad, "ARP message cut off");
}

/* Is the transport checksum right, or the part of it that is ours? */
static void
check_transport(const struct unit_seen *s, uint32_t csum_at)
{
	uint16_t field = be16_get(s->l4 + csum_at);
	uint32_t sum = 0;

	if (s->ip.proto != IPPROTO_ICMP4)
		sum = csum_pseudo4(s->ip.src, s->ip.dst, s->ip.proto,
		    s->l4_len);
	if (s->frame->csum_needed) {
		ck_assert_uint_eq(s->frame->csum_start,
		    (uint32_t)(s->l4 - s->frame->data));
		ck_assert_uint_eq(s->frame->csum_offset, csum_at);
		ck_assert_msg(field == csum_fold(sum),
		    "partial checksum is not that of the pseudo-header");
		return;
	}
	if (s->ip.proto == IPPROTO_UDP4 && field == 0)
		return;
	ck_assert_msg(csum_finish(csum_add(sum, s->l4, s->l4_len)) == 0,
	    "transport checksum is wrong");
}

/* The header that an ICMP error quotes is a right one, too. */
static void
check_quote(const struct unit_seen *s)
{
	uint32_t hlen;

	if (s->icmp_type != ICMP_UNREACH &&
	    s->icmp_type != ICMP_TIME_EXCEEDED &&
	    s->icmp_type != ICMP_PARAM_PROBLEM)
		return;
	ck_assert_uint_ge(s->l4_len, 8 + 20);
	hlen = (s->l4[8] & 15) * 4u;
	ck_assert_uint_ge(hlen, 20);
	ck_assert_uint_ge(s->l4_len, 8 + hlen);
	ck_assert_msg(csum_finish(csum_add(0, s->l4 + 8, hlen)) == 0,
	    "IP header checksum of what is quoted is wrong");
}

static void
see_transport(struct unit_seen *s)
{
	struct rd r = rd_init(s->l4, s->l4_len);
	uint32_t hlen = 0;

	switch (s->ip.proto) {
	case IPPROTO_TCP4:
		s->sport = rd_u16(&r);
		s->dport = rd_u16(&r);
		s->seq = rd_u32(&r);
		s->ack = rd_u32(&r);
		s->flags = rd_u16(&r);
		hlen = (s->flags >> 12) * 4u;
		s->flags &= TCP_FLAGS_MASK;
		s->window = rd_u16(&r);
		ck_assert_uint_ge(hlen, 20);
		ck_assert_uint_le(hlen, s->l4_len);
		check_transport(s, 16);
		break;
	case IPPROTO_UDP4:
		s->sport = rd_u16(&r);
		s->dport = rd_u16(&r);
		ck_assert_uint_eq(rd_u16(&r), s->l4_len);
		hlen = 8;
		check_transport(s, 6);
		break;
	case IPPROTO_ICMP4:
		s->icmp_type = rd_u8(&r);
		s->icmp_code = rd_u8(&r);
		rd_u16(&r);
		s->icmp_rest = rd_u32(&r);
		hlen = 8;
		check_transport(s, 2);
		check_quote(s);
		break;
	}
	ck_assert_msg(!r.bad, "transport header cut off");
	s->payload = s->l4 + hlen;
	s->payload_len = s->l4_len - hlen;
}

static void
see_ip(struct unit_seen *s, struct rd r)
{
	const uint8_t *p = r.p;
	uint32_t have = (uint32_t)r.left;

	s->ip.hlen = (uint8_t)((rd_u8(&r) & 15) * 4);
	s->ip.tos = rd_u8(&r);
	s->ip.total_len = rd_u16(&r);
	s->ip.id = rd_u16(&r);
	s->ip.frag = rd_u16(&r);
	s->ip.ttl = rd_u8(&r);
	s->ip.proto = rd_u8(&r);
	rd_skip(&r, 2);		/* the checksum: judged below */
	s->ip.src.v = rd_u32(&r);
	s->ip.dst.v = rd_u32(&r);
	ck_assert_msg(!r.bad, "IP header cut off");
	ck_assert_uint_eq(p[0] >> 4, 4);
	ck_assert_uint_ge(s->ip.hlen, 20);
	ck_assert_uint_le(s->ip.hlen, s->ip.total_len);
	ck_assert_uint_le(s->ip.total_len, have);
	ck_assert_msg(csum_finish(csum_add(0, p, s->ip.hlen)) == 0,
	    "IP header checksum is wrong");
	s->l4 = p + s->ip.hlen;
	s->l4_len = s->ip.total_len - s->ip.hlen;
	if ((s->ip.frag & (IP_MF | IP_OFFMASK)) == 0)
		see_transport(s);
	else {
		s->payload = s->l4;
		s->payload_len = s->l4_len;
	}
}

struct unit_seen
unit_expect(struct port *port)
{
	struct unit_seen s = { .port = port };
	struct rd r;

	s.frame = mem_port_take(port);
	ck_assert_msg(s.frame != NULL, "%s: nothing was sent", port->name);
	r = rd_init(s.frame->data, s.frame->len);
	s.eth.type = ETHERTYPE_IP4;
	if (port->l2) {
		s.eth.dst = read_mac(&r);
		s.eth.src = read_mac(&r);
		s.eth.type = rd_u16(&r);
		ck_assert_msg(!r.bad, "Ethernet header cut off");
		ck_assert_msg(s.frame->gso_type != PKT_GSO_NONE ||
		    s.frame->len <= port->mtu + 14, "frame exceeds the MTU");
	}
	if (s.eth.type == ETHERTYPE_ARP || s.eth.type == ETHERTYPE_RARP)
		see_arp(&s, r);
	else if (s.eth.type == ETHERTYPE_IP4)
		see_ip(&s, r);
	return s;
}

void
unit_seen_free(struct unit_seen *s)
{
	mem_port_free(s->port, s->frame);
	s->frame = NULL;
}

void
unit_expect_nothing(struct port *port)
{
	ck_assert_msg(mem_port_sent(port) == 0, "%s: %u frame(s) were sent",
	    port->name, mem_port_sent(port));
}

unsigned
unit_drain(struct port *port)
{
	struct mem_frame *f;
	unsigned n = 0;

	for (; (f = mem_port_take(port)) != NULL; n++)
		mem_port_free(port, f);
	return n;
}

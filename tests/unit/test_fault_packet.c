/*
 * test_fault_packet.c - the pool runs out of packets: on every way on which one
 * packet needs others, there are none to be had, then one, two, and so on, of
 * either size.
 *
 * What is not sent then is dropped and counted; nothing is held that nobody
 * knows of, and afterwards all works again.
 */
#include <stdlib.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "port/fault.h"
#include "tcp/tcp_wire.h"
#include "unit/fault_bed.h"

#define CLIENT	IP4(192, 168, 1, 10)
#define US	IP4(192, 168, 1, 1)
#define SERVER	IP4(10, 0, 0, 11)
#define BEHIND	IP4(10, 8, 0, 1)	/* by the tunnel */
#define LATER_US USEC_PER_SEC
#define SPARE_MAX 5u		/* of either size */
#define SPARE_ALL ((SPARE_MAX + 1) * (SPARE_MAX + 1))

static const uint8_t data[UINT16_MAX - 40];

/* Frames that came out of all ports since the last time; each must be right. */
static uint32_t
drain(struct stack *stk)
{
	uint32_t n = 0;

	for (struct port *p = stk->ports; p != NULL; p = p->next) {
		for (; mem_port_sent(p) > 0; n++) {
			struct unit_seen s = unit_expect(p);

			unit_seen_free(&s);
		}
	}
	return n;
}

/* ---- the ways ------------------------------------------------------------ */

/* f as a super-frame, of segments with so many bytes of payload. */
static void
super_frame(struct stack *stk, const char *port, struct unit_frame *f,
    uint16_t size)
{
	bool tcp = f->proto == IPPROTO_TCP4;
	struct mem_frame *m = calloc(1, sizeof(*m) + 66000);

	ck_assert_ptr_nonnull(m);
	f->flags = TCP_ACK;
	f->payload = data;
	m->len = unit_frame_build(m->data, 66000, f);
	m->csum_needed = true;
	m->csum_start = 34;
	m->csum_offset = tcp ? TCP_OFF_CSUM : 6;
	m->gso_type = tcp ? PKT_GSO_TCP4 : PKT_GSO_UDP;
	m->gso_size = size;
	be16_put(m->data + 34 + m->csum_offset, csum_fold(csum_pseudo4(f->sip,
	    f->dip, f->proto, m->len - 34)));
	ck_assert_int_eq(mem_port_give_frame(port_lookup(stk, port), m), 0);
	free(m);
	unit_poll(stk);
}

static struct unit_frame
to_client(uint8_t proto, uint32_t len)
{
	return (struct unit_frame){ .dst = { { 2, 0, 0, 0, 0, 2 } },
	    .src = { { 2, 0, 0, 0, 0, 11 } }, .sip = SERVER, .dip = CLIENT,
	    .proto = proto, .sport = 9, .dport = 9, .payload_len = len };
}

static struct unit_frame
from_client(uint8_t proto, uint32_t len)
{
	return (struct unit_frame){ .dst = { { 2, 0, 0, 0, 0, 1 } },
	    .src = { { 2, 0, 0, 0, 0, 10 } }, .sip = CLIENT, .dip = SERVER,
	    .proto = proto, .sport = 9, .dport = 9, .payload_len = len };
}

/* A port with a bad wire takes copies of the segments. */
static void
cut_on_the_way_out(struct stack *stk)
{
	struct unit_frame f = to_client(IPPROTO_TCP4, 4000);

	super_frame(stk, "sv", &f, 1000);
}

/* So does what comes in by it. */
static void
cut_on_the_way_in(struct stack *stk)
{
	struct unit_frame f = from_client(IPPROTO_TCP4, 4000);

	super_frame(stk, "cl", &f, 1000);
}

static void
doubled(struct stack *stk)
{
	struct fault_conf bad = { .dirs = 3, .duplicate_ppm = FAULT_PPM,
	    .delay_us = 1000 };
	struct unit_frame f = from_client(IPPROTO_UDP4, 4);
	struct port *cl = port_lookup(stk, "cl");

	f.payload = data;
	ck_assert_int_eq(fault_set(stk, cl, &bad), 0);
	unit_feed(stk, cl, &f);
	f = to_client(IPPROTO_UDP4, 4);
	f.payload = data;
	unit_feed(stk, port_lookup(stk, "sv"), &f);
	unit_run_until(stk, stk->now.us + LATER_US);
	bad = (struct fault_conf){ .dirs = 1u << FAULT_IN };
	ck_assert_int_eq(fault_set(stk, cl, &bad), 0);
}

/* Too long for an outer header as a whole. */
static void
into_the_tunnel(struct stack *stk)
{
	struct unit_frame f = to_client(IPPROTO_TCP4, sizeof(data));

	f.dip = BEHIND;
	super_frame(stk, "sv", &f, 1400);
}

/* Datagrams of a super-frame that are longer than the way takes. */
static void
cut_and_fragmented(struct stack *stk)
{
	struct unit_frame f = to_client(IPPROTO_UDP4, 4000);
	struct iface *cl = iface_lookup(stk, "cl");
	uint32_t mtu = cl->mtu;

	cl->mtu = 700;
	super_frame(stk, "sv", &f, 1000);
	cl->mtu = mtu;
}

/* A packet of ours whose payload is lent. */
static void
lent(struct stack *stk, struct ip4 dst, uint32_t len)
{
	struct iovec iov = { (void *)(uintptr_t)data, len };
	struct ip_send s = { .dst = addr_from_ip4(dst), .proto = 99 };
	struct pkt *pkt = pkt_alloc(&stk->pool, 8);

	if (pkt == NULL)
		return;
	memset(pkt_append(pkt, 8), 0, 8);
	pkt->ref = &iov;
	pkt->nref = 1;
	pkt->ref_len = len;
	(void)ip_send(stk, pkt, &s);
	unit_poll(stk);
}

static void
lent_in_fragments(struct stack *stk)
{
	lent(stk, CLIENT, 4000);
}

static void
lent_to_ourselves(struct stack *stk)
{
	lent(stk, US, 1000);
	unit_run_until(stk, stk->now.us + LATER_US);
}

static const struct way {
	const char *name;
	void (*send)(struct stack *stk);
} ways[] = {
	{ "cut on the way out", cut_on_the_way_out },
	{ "cut on the way in", cut_on_the_way_in },
	{ "doubled", doubled },
	{ "into the tunnel", into_the_tunnel },
	{ "cut and fragmented", cut_and_fragmented },
	{ "lent, in fragments", lent_in_fragments },
	{ "lent, to ourselves", lent_to_ourselves },
};

/* ---- tests --------------------------------------------------------------- */

static void
expect_no_leak(const struct stack *stk, uint32_t hogged, const char *what,
    uint32_t spare)
{
	uint32_t known = hogged + stk->arp.held + stk->ip.loop.count;

	ck_assert_msg(stk->pool.live == known, "%s, %u small and %u large "
	    "packets to spare: %u live, %u known", what,
	    spare / (SPARE_MAX + 1), spare % (SPARE_MAX + 1), stk->pool.live,
	    known);
}

START_TEST(a_way_without_packets)
{
	const struct way *w = &ways[_i];
	struct fault_bed *b = fault_bed_up();
	struct stack *stk = b->stk;
	struct unit_hog hog;
	uint64_t sent;

	/* What a start brings with it is over. */
	unit_run_until(stk, 20 * USEC_PER_SEC);
	drain(stk);
	w->send(stk);
	sent = drain(stk);
	ck_assert_uint_gt(sent + stk->ip.stats.looped, 0);
	expect_no_leak(stk, 0, w->name, SPARE_ALL);
	for (uint32_t n = 0; n < SPARE_ALL; n++) {
		unit_hog_take(stk, &hog, n / (SPARE_MAX + 1),
		    n % (SPARE_MAX + 1));
		w->send(stk);
		ck_assert_uint_le(drain(stk), sent);
		expect_no_leak(stk, hog.taken.count, w->name, n);
		unit_hog_free(stk, &hog);
		/* There may have been no packet to read a frame into. */
		for (struct port *p = stk->ports; p != NULL; p = p->next)
			p->readable = true;
		unit_run_until(stk, stk->now.us + LATER_US);
		drain(stk);
	}
	w->send(stk);
	ck_assert_uint_eq(drain(stk), sent);
	fault_bed_down(b);
}
END_TEST

/* All that the bed does. */
START_TEST(traffic_without_packets)
{
	struct fault_bed *b = fault_bed_up();
	struct unit_hog hog;

	for (uint32_t n = 0; n < SPARE_ALL; n++) {
		uint16_t sport = (uint16_t)(2000 + 2 * n);

		unit_hog_take(b->stk, &hog, n / (SPARE_MAX + 1),
		    n % (SPARE_MAX + 1));
		fault_traffic(b, sport);
		expect_no_leak(b->stk, hog.taken.count, "traffic", n);
		unit_hog_free(b->stk, &hog);
		unit_run_until(b->stk, b->stk->now.us + 5 * USEC_PER_SEC);
	}
	fault_traffic(b, 5000);
	fault_expect_all(b);
	fault_bed_down(b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fault_packet");
	TCase *tc = tcase_create("packets");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_way_without_packets, 0,
	    sizeof(ways) / sizeof(ways[0]));
	tcase_add_test(tc, traffic_without_packets);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

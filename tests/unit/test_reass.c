/*
 * test_reass.c - fragments become one packet: order, duplicates, overlaps,
 * bounds, time, and the ICMP answers.  Whole datagrams are echo requests to
 * us, so an echo reply shows that all of it came together.
 */
#include <stdlib.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "lb/sched.h"
#include "unit/ip_net.h"

#define ECHO_MAX 65515

/* An echo request of len bytes (its header too) to be cut up. */
struct echo {
	uint8_t b[ECHO_MAX];
	uint32_t len;
};

static struct echo *
echo_new(uint32_t len)
{
	struct echo *e = calloc(1, sizeof(*e));

	ck_assert_ptr_nonnull(e);
	e->len = len;
	e->b[0] = 8;
	for (uint32_t i = 8; i < len; i++)
		e->b[i] = (uint8_t)(i * 7 + i / 256);
	be16_put(e->b + 2, csum_finish(csum_add(0, e->b, len)));
	return e;
}

/* The bytes [from, to) of it as a fragment with this id. */
static struct unit_frame
piece(const struct echo *e, uint16_t id, uint32_t from, uint32_t to)
{
	struct unit_frame f = ip_net_frame();

	f.dip = OUR_A;
	f.proto = IPPROTO_ICMP4;
	f.raw = true;
	f.id = id;
	f.frag = (uint16_t)(from / 8 | (to < e->len ? IP_MF : 0));
	f.payload = e->b + from;
	f.payload_len = to - from;
	return f;
}

static void
feed(struct ip_net *n, const struct echo *e, uint16_t id, uint32_t from,
    uint32_t to)
{
	struct unit_frame f = piece(e, id, from, to);

	unit_feed(n->stk, n->a, &f);
}

/* The same, with the k-th allocation of the stack failing. */
static void
feed_failing(struct ip_net *n, const struct echo *e, uint16_t id,
    uint32_t from, uint32_t to, uint64_t k)
{
	struct unit_frame f = piece(e, id, from, to);
	uint8_t b[1600];
	uint32_t len = unit_frame_build(b, sizeof(b), &f);

	ck_assert_int_eq(mem_port_give(n->a, b, len), 0);
	n->stk->mem.fail_at = k;
	unit_poll(n->stk);
	n->stk->mem.fail_at = 0;
}

/* The reply came, whole or in fragments in order; nothing is held any more. */
static void
expect_reply(struct ip_net *n, const struct echo *e)
{
	struct unit_seen s;
	uint8_t *got = calloc(1, e->len);
	uint32_t have = 0;

	ck_assert_ptr_nonnull(got);
	while (have < e->len) {
		s = unit_expect(n->a);
		have += s.l4_len;
		memcpy(got + (s.ip.frag & IP_OFFMASK) * 8, s.l4, s.l4_len);
		unit_seen_free(&s);
	}
	ck_assert_uint_eq(got[0], 0);
	ck_assert_mem_eq(got + 4, e->b + 4, e->len - 4);
	ck_assert_uint_eq(csum_finish(csum_add(0, got, e->len)), 0);
	free(got);
	unit_expect_nothing(n->a);
	ck_assert_uint_eq(n->stk->ip.reass.queues, 0);
	ck_assert_uint_eq(n->stk->ip.reass.bytes, 0);
}

/* packetimpact: ipv4_fragment_reassembly */
START_TEST(test_ipv4_fragment_reassembly)
{
	static const struct {
		uint32_t cut[4][2];
		int count;
		bool whole;
	} row[] = {
		{ { { 0, 800 }, { 800, 1200 } }, 2, true },
		{ { { 800, 1200 }, { 0, 800 } }, 2, true },
		{ { { 0, 400 }, { 400, 800 }, { 800, 1200 } }, 3, true },
		{ { { 800, 1200 }, { 400, 800 }, { 0, 400 } }, 3, true },
		{ { { 400, 800 }, { 800, 1200 }, { 0, 400 } }, 3, true },
		/* the same twice */
		{ { { 0, 800 }, { 0, 800 }, { 800, 1200 } }, 3, true },
		{ { { 800, 1200 }, { 800, 1200 }, { 0, 800 } }, 3, true },
		/* a part of what is there, and an overlap by both ends */
		{ { { 0, 800 }, { 80, 160 }, { 800, 1200 } }, 3, false },
		{ { { 0, 800 }, { 0, 400 }, { 800, 1200 } }, 3, false },
		{ { { 0, 800 }, { 400, 1200 } }, 2, false },
		{ { { 400, 1200 }, { 0, 800 } }, 2, false },
		{ { { 400, 800 }, { 0, 1000 } }, 2, false },
	};

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct ip_net n = ip_net_up();
		struct echo *e = echo_new(1200);

		for (int k = 0; k < row[i].count; k++)
			feed(&n, e, 7, row[i].cut[k][0], row[i].cut[k][1]);
		if (row[i].whole) {
			expect_reply(&n, e);
			ck_assert_uint_eq(n.stk->ip.stats.reassembled, 1);
		} else {
			unit_expect_nothing(n.a);
			ck_assert_uint_eq(n.stk->ip.stats.reassembled, 0);
			ck_assert_uint_eq(ip_net_drops(&n, DROP_FRAG_OVERLAP),
			    (uint64_t)row[i].count);
		}
		free(e);
		ip_net_down(&n);
	}
}
END_TEST

START_TEST(test_largest_datagram)
{
	struct ip_net n = ip_net_up();
	struct echo *e = echo_new(ECHO_MAX);

	for (uint32_t at = 0; at < e->len; at += 1480)
		feed(&n, e, 9, at, at + 1480 < e->len ? at + 1480 : e->len);
	expect_reply(&n, e);
	ck_assert_uint_eq(n.stk->ip.stats.merged, 44);
	free(e);
	ip_net_down(&n);
}
END_TEST

/* The same range with other bytes is no duplicate. */
START_TEST(test_same_range_other_bytes)
{
	struct ip_net n = ip_net_up();
	struct echo *e = echo_new(1200);

	feed(&n, e, 7, 0, 800);
	e->b[100] ^= 1;
	feed(&n, e, 7, 0, 800);
	feed(&n, e, 7, 800, 1200);
	ck_assert_uint_eq(ip_net_drops(&n, DROP_FRAG_OVERLAP), 3);
	unit_expect_nothing(n.a);
	/* RFC 5722 4: what comes later is swallowed as well, for 30 s */
	ck_assert_uint_eq(n.stk->ip.reass.queues, 1);
	unit_run_until(n.stk, 30 * USEC_PER_SEC);
	ck_assert_uint_eq(n.stk->ip.reass.queues, 0);
	unit_expect_nothing(n.a);
	free(e);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_impossible_fragments)
{
	struct ip_net n = ip_net_up();
	struct echo *e = echo_new(60000);
	struct unit_frame f = ip_net_frame();

	feed(&n, e, 1, 0, 100);		/* not a multiple of eight */
	ck_assert_uint_eq(ip_net_drops(&n, DROP_FRAG_BAD), 1);
	feed(&n, e, 2, 800, 800);	/* empty */
	ck_assert_uint_eq(ip_net_drops(&n, DROP_FRAG_BAD), 2);
	f.dip = OUR_A;			/* the ping of death */
	f.raw = true;
	f.frag = IP_OFFMASK;
	unit_feed(n.stk, n.a, &f);
	ck_assert_uint_eq(ip_net_drops(&n, DROP_FRAG_BAD), 3);
	ck_assert_uint_eq(n.stk->ip.reass.queues, 0);
	unit_expect_nothing(n.a);
	free(e);
	ip_net_down(&n);
}
END_TEST

/* Two ends, or bytes behind the end. */
START_TEST(test_contradicting_ends)
{
	struct ip_net n = ip_net_up();
	struct echo *e = echo_new(1200);

	feed(&n, e, 1, 800, 1200);
	e->len = 1400;
	feed(&n, e, 1, 1200, 1400);
	ck_assert_uint_eq(ip_net_drops(&n, DROP_FRAG_BAD), 2);
	feed(&n, e, 2, 800, 1200);
	e->len = 800;
	feed(&n, e, 2, 400, 800);
	ck_assert_uint_eq(ip_net_drops(&n, DROP_FRAG_BAD), 4);
	unit_expect_nothing(n.a);
	free(e);
	ip_net_down(&n);
}
END_TEST

/* RFC 1122 3.3.2, RFC 792: told after 30 s, if the first fragment is here. */
START_TEST(test_timeout)
{
	struct ip_net n = ip_net_up();
	struct echo *e = echo_new(1200);
	struct unit_seen s;

	feed(&n, e, 1, 0, 400);
	feed(&n, e, 1, 800, 1200);
	feed(&n, e, 2, 400, 800);	/* no first one */
	unit_run_until(n.stk, 30 * USEC_PER_SEC - 1);
	unit_expect_nothing(n.a);
	ck_assert_uint_eq(ip_net_drops(&n, DROP_FRAG_TIMEOUT), 0);
	unit_run_until(n.stk, 30 * USEC_PER_SEC);
	ck_assert_uint_eq(ip_net_drops(&n, DROP_FRAG_TIMEOUT), 3);
	s = unit_expect(n.a);
	ck_assert_uint_eq(s.icmp_type, 11);
	ck_assert_uint_eq(s.icmp_code, 1);
	ck_assert_uint_eq(be16_get(s.payload + IP4_OFF_ID), 1);
	ck_assert_uint_eq(be16_get(s.payload + IP4_OFF_FRAG), IP_MF);
	ck_assert_mem_eq(s.payload + 20, e->b, 400);
	unit_seen_free(&s);
	unit_expect_nothing(n.a);
	ck_assert_uint_eq(n.stk->ip.reass.bytes, 0);
	free(e);
	ip_net_down(&n);
}
END_TEST

/* What belongs together: source, destination, protocol and identification. */
START_TEST(test_keys_are_apart)
{
	struct ip_net n = ip_net_up();
	struct echo *e = echo_new(1200);

	feed(&n, e, 1, 0, 800);
	feed(&n, e, 2, 800, 1200);
	unit_expect_nothing(n.a);
	ck_assert_uint_eq(n.stk->ip.reass.queues, 2);
	feed(&n, e, 2, 0, 800);
	e->len = 1200;
	unit_run_until(n.stk, 1);
	ck_assert_uint_eq(n.stk->ip.reass.queues, 1);
	unit_drain(n.a);
	free(e);
	ip_net_down(&n);
}
END_TEST

/* One source gets its share and no more; another one still has room. */
START_TEST(test_share_of_one_source)
{
	struct ip_net n = ip_net_up();
	struct echo *e = echo_new(60000);
	struct unit_frame f = ip_net_frame();
	uint64_t refused;

	n.stk->limits.frag_source = 10000;
	for (uint16_t id = 0; id < 20; id++)
		feed(&n, e, id, 0, 1480);
	refused = ip_net_drops(&n, DROP_FRAG_LIMIT);
	ck_assert_uint_ge(refused, 13);
	ck_assert_uint_le(n.stk->ip.reass.bytes, 10000);
	f.sip = ip_net_ip("10.0.1.11");
	f.dip = OUR_A;
	f.raw = true;
	f.frag = IP_MF;
	f.payload_len = 96;
	unit_feed(n.stk, n.a, &f);
	ck_assert_uint_eq(ip_net_drops(&n, DROP_FRAG_LIMIT), refused);
	free(e);
	ip_net_down(&n);
}
END_TEST

/* Whose first fragments are lost on the way fills its share with tails; a
 * datagram that comes whole is assembled all the same. */
START_TEST(test_full_share_lets_the_new_in)
{
	struct ip_net n = ip_net_up();
	struct echo *e = echo_new(1580);

	n.stk->limits.frag_source = 2 * 1600;
	for (uint16_t id = 0; id < 30; id++)
		feed(&n, e, id, 1480, 1580);
	ck_assert_uint_gt(ip_net_drops(&n, DROP_FRAG_LIMIT), 0);
	feed(&n, e, 77, 0, 1480);
	feed(&n, e, 77, 1480, 1580);
	ck_assert_uint_eq(n.stk->ip.stats.reassembled, 1);
	unit_drain(n.a);
	free(e);
	ip_net_down(&n);
}
END_TEST

/* In all: the oldest datagram makes room. */
START_TEST(test_bytes_and_queues_are_bounded)
{
	struct ip_net n = ip_net_up();
	struct echo *e = echo_new(1200);
	struct unit_frame f = ip_net_frame();

	n.stk->limits.frag_queues = 8;
	n.stk->limits.frag_bytes = 6000;
	f.dip = OUR_A;
	f.raw = true;
	f.frag = IP_MF;
	f.payload = e->b;
	f.payload_len = 800;
	for (uint32_t i = 0; i < 100; i++) {
		f.sip = (struct ip4){ ip_net_ip("10.0.1.2").v + i };
		unit_feed(n.stk, n.a, &f);
		ck_assert_uint_le(n.stk->ip.reass.bytes, 6000);
		ck_assert_uint_le(n.stk->ip.reass.queues, 8);
	}
	ck_assert_uint_eq(ip_net_drops(&n, DROP_FRAG_LIMIT) +
	    n.stk->ip.reass.queues, 100);
	/* the newest is still welcome */
	feed(&n, e, 77, 0, 800);
	feed(&n, e, 77, 800, 1200);
	ck_assert_uint_eq(n.stk->ip.stats.reassembled, 1);
	unit_drain(n.a);
	free(e);
	ip_net_down(&n);
}
END_TEST

/* RFC 3168 5.3. */
START_TEST(test_congestion_mark_survives)
{
	static const struct { uint8_t a, b; int result; } row[] = {
		{ 2, 3, 3 }, { 3, 2, 3 }, { 0, 0, 0 }, { 2, 2, 2 },
		{ 0, 3, -1 }, { 3, 0, -1 },
	};

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct ip_net n = ip_net_up();
		struct echo *e = echo_new(160);
		struct unit_frame f = ip_net_frame();
		struct unit_seen s;

		f.dip = OUR_A;
		f.proto = IPPROTO_ICMP4;
		f.raw = true;
		f.tos = row[i].a;
		f.frag = IP_MF;
		f.payload = e->b;
		f.payload_len = 80;
		unit_feed(n.stk, n.a, &f);
		f.tos = row[i].b;
		f.frag = 10;
		f.payload = e->b + 80;
		unit_feed(n.stk, n.a, &f);
		if (row[i].result < 0) {
			ck_assert_uint_eq(ip_net_drops(&n, DROP_FRAG_BAD), 2);
		} else {
			/* the reply has the request's TOS */
			s = unit_expect(n.a);
			ck_assert_int_eq(s.ip.tos, row[i].result);
			unit_seen_free(&s);
		}
		free(e);
		ip_net_down(&n);
	}
}
END_TEST

/* The header of the whole is a right one, with its options: as it is quoted. */
START_TEST(test_whole_with_options_is_quoted)
{
	static const uint8_t nops[8] = { 1, 1, 1, 1, 1, 1, 1, 0 };
	struct ip_net n = ip_net_up();
	uint8_t udp[160] = { 0x9c, 0x40, 0, 99, 0, sizeof(udp) };
	struct unit_frame f = ip_net_frame();
	struct unit_seen s;

	f.dip = OUR_A;
	f.proto = IPPROTO_UDP4;
	f.raw = true;
	f.tos = IP_ECN_CE;
	f.ip_options = nops;
	f.ip_options_len = sizeof(nops);
	for (uint16_t at = 0; at < sizeof(udp); at = (uint16_t)(at + 80)) {
		f.frag = at == 0 ? IP_MF : at / 8;
		f.payload = udp + at;
		f.payload_len = 80;
		unit_feed(n.stk, n.a, &f);
	}
	s = unit_expect(n.a);	/* sees that the quote's checksum is right */
	ck_assert_uint_eq(s.icmp_type, ICMP_UNREACH);
	ck_assert_uint_eq(s.icmp_code, ICMP_UNREACH_PORT);
	ck_assert_uint_eq(s.payload_len, 28 + sizeof(udp));
	ck_assert_mem_eq(s.payload + 20, nops, sizeof(nops));
	ck_assert_uint_eq(be16_get(s.payload + IP4_OFF_LEN),
	    28 + sizeof(udp));
	unit_seen_free(&s);
	ip_net_down(&n);
}
END_TEST

/* What only passes through stays in pieces. */
START_TEST(test_fragments_in_transit)
{
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();
	struct unit_seen s;

	f.frag = IP_MF | 5;
	f.raw = true;
	unit_feed(n.stk, n.a, &f);
	s = unit_expect(n.b);
	ck_assert_uint_eq(s.ip.frag, IP_MF | 5);
	unit_seen_free(&s);
	ck_assert_uint_eq(n.stk->ip.reass.queues, 0);
	ip_net_down(&n);
}
END_TEST

/* To a service and back from its server: translated, so whole in between. */
START_TEST(test_fragments_of_a_service)
{
	static const uint8_t mac_b[6] = { 2, 0, 0, 0, 0, 20 };
	struct ip_net n = ip_net_up();
	struct lb_service_key key = { .proto = IPPROTO_UDP4, .port = 53,
	    .addr = addr_from_ip4(ip_net_ip("10.0.1.100")) };
	struct lb_service_conf conf = { .sched = lb_sched_find("rr") };
	struct lb_server_conf nat = { .fwd = LB_FWD_NAT, .weight = 1 };
	struct addr server = addr_from_ip4(HOST_B);
	struct unit_frame f = ip_net_frame();
	static uint8_t udp[2008];
	struct unit_seen s;
	uint32_t have = 0;

	ck_assert_int_eq(lb_service_add(n.stk, &key, &conf, NULL), 0);
	ck_assert_int_eq(lb_server_add(n.stk,
	    lb_service_lookup(n.stk, &key), &server, 53, &nat, NULL), 0);
	f.dip = ip_net_ip("10.0.1.100");
	f.dport = 53;
	unit_feed(n.stk, n.a, &f);
	s = unit_expect(n.b);
	ck_assert_uint_eq(s.ip.dst.v, HOST_B.v);
	unit_seen_free(&s);
	/* the answer comes in two fragments */
	be16_put(udp, 53);
	be16_put(udp + 2, 1000);
	be16_put(udp + 4, sizeof(udp));
	f = ip_net_frame();
	memcpy(f.src.b, mac_b, 6);
	f.dst.b[5] = 2;
	f.sip = HOST_B;
	f.dip = HOST_A;
	f.raw = true;
	f.frag = 180;
	f.payload = udp + 1440;
	f.payload_len = sizeof(udp) - 1440;
	unit_feed(n.stk, n.b, &f);
	f.frag = IP_MF;
	f.payload = udp;
	f.payload_len = 1440;
	unit_feed(n.stk, n.b, &f);
	while (have < sizeof(udp)) {
		s = unit_expect(n.a);
		ck_assert_uint_eq(s.ip.src.v, ip_net_ip("10.0.1.100").v);
		ck_assert_uint_eq(s.ip.dst.v, HOST_A.v);
		have += s.l4_len;
		unit_seen_free(&s);
	}
	ck_assert_uint_eq(have, sizeof(udp));
	unit_expect_nothing(n.a);
	ip_net_down(&n);
}
END_TEST

/* Without memory a fragment is lost, and nothing else. */
START_TEST(test_out_of_memory)
{
	for (uint64_t k = 1; k < 6; k++) {
		struct ip_net n = ip_net_up();
		struct echo *e = echo_new(1200);

		feed_failing(&n, e, 2, 0, 800, k);
		feed_failing(&n, e, 2, 800, 1200, k);
		if (k <= 2)
			ck_assert_uint_ge(ip_net_drops(&n, DROP_NO_MEMORY), 1);
		unit_run_until(n.stk, 31 * USEC_PER_SEC);
		ck_assert_uint_eq(n.stk->ip.reass.bytes, 0);
		unit_drain(n.a);
		/* and all is well again */
		feed(&n, e, 3, 0, 800);
		feed(&n, e, 3, 800, 1200);
		expect_reply(&n, e);
		free(e);
		ip_net_down(&n);
	}
}
END_TEST

/* An interface that goes takes its half datagrams along. */
START_TEST(test_interface_goes)
{
	struct ip_net n = ip_net_up();
	struct echo *e = echo_new(1200);

	feed(&n, e, 1, 0, 800);
	iface_set_up(n.stk, n.a->ifp, false);
	ck_assert_uint_eq(n.stk->ip.reass.queues, 0);
	ck_assert_uint_eq(ip_net_drops(&n, DROP_PORT_DOWN), 1);
	iface_set_up(n.stk, n.a->ifp, true);
	feed(&n, e, 1, 0, 800);
	ck_assert_uint_eq(n.stk->ip.reass.queues, 1);
	port_del(n.stk, n.a);
	ck_assert_uint_eq(n.stk->ip.reass.queues, 0);
	ck_assert_uint_eq(ip_net_drops(&n, DROP_PORT_DOWN), 2);
	free(e);
	ip_net_down(&n);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("reass");
	TCase *tc = tcase_create("reass");

	tcase_add_test(tc, test_ipv4_fragment_reassembly);
	tcase_add_test(tc, test_largest_datagram);
	tcase_add_test(tc, test_same_range_other_bytes);
	tcase_add_test(tc, test_impossible_fragments);
	tcase_add_test(tc, test_contradicting_ends);
	tcase_add_test(tc, test_timeout);
	tcase_add_test(tc, test_keys_are_apart);
	tcase_add_test(tc, test_share_of_one_source);
	tcase_add_test(tc, test_full_share_lets_the_new_in);
	tcase_add_test(tc, test_bytes_and_queues_are_bounded);
	tcase_add_test(tc, test_congestion_mark_survives);
	tcase_add_test(tc, test_whole_with_options_is_quoted);
	tcase_add_test(tc, test_fragments_in_transit);
	tcase_add_test(tc, test_fragments_of_a_service);
	tcase_add_test(tc, test_out_of_memory);
	tcase_add_test(tc, test_interface_goes);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

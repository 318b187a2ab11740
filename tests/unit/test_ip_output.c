/*
 * test_ip_output.c - what leaves: headers of ours, identifications,
 * fragments, super-frames, path MTUs, packets to ourselves, broadcasts.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "unit/ip_net.h"

/* Sends len bytes of protocol 253 to dst. */
static int
send_to(struct ip_net *n, struct ip4 dst, uint32_t len, bool df)
{
	struct ip_send s = { .dst = addr_from_ip4(dst), .proto = 253,
	    .df = df };
	struct pkt *pkt = pkt_alloc(&n->stk->pool, len);
	uint8_t *p;

	ck_assert_ptr_nonnull(pkt);
	p = pkt_append(pkt, len);
	for (uint32_t i = 0; i < len; i++)
		p[i] = (uint8_t)i;
	return ip_send(n->stk, pkt, &s);
}

START_TEST(test_header_of_ours)
{
	struct ip_net n = ip_net_up();
	struct unit_seen s;

	ck_assert_int_eq(send_to(&n, HOST_B, 100, true), 0);
	s = unit_expect(n.b);
	ck_assert_uint_eq(s.ip.src.v, OUR_B.v);
	ck_assert_uint_eq(s.ip.dst.v, HOST_B.v);
	ck_assert_uint_eq(s.ip.ttl, 64);
	ck_assert_uint_eq(s.ip.frag, IP_DF);
	ck_assert_uint_eq(s.ip.total_len, 120);
	ck_assert_uint_eq(s.ip.proto, 253);
	unit_seen_free(&s);
	ck_assert_uint_eq(n.stk->ip.stats.sent, 1);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_send_errors)
{
	struct ip_net n = ip_net_up();
	uint64_t refused = 0;

	ip_net_route(&n, ROUTE_BLACKHOLE, "10.5.0.0/16", NULL, NULL, 0);
	ip_net_route(&n, ROUTE_UNREACHABLE, "10.6.0.0/16", NULL, NULL, 0);
	ip_net_route(&n, ROUTE_PROHIBIT, "10.7.0.0/16", NULL, NULL, 0);
	ck_assert_int_eq(send_to(&n, ip_net_ip("10.5.0.1"), 9, 0), -EINVAL);
	ck_assert_int_eq(send_to(&n, ip_net_ip("10.6.0.1"), 9, 0),
	    -EHOSTUNREACH);
	ck_assert_int_eq(send_to(&n, ip_net_ip("10.7.0.1"), 9, 0), -EACCES);
	ck_assert_int_eq(send_to(&n, ip_net_ip("10.8.0.1"), 9, 0),
	    -ENETUNREACH);
	ck_assert_int_eq(send_to(&n, IP4_ANY, 9, 0), -ENETUNREACH);
	ck_assert_int_eq(send_to(&n, HOST_B, 1481, true), -EMSGSIZE);
	refused = 6;
	ck_assert_uint_eq(ip_net_drops(&n, DROP_IP_UNSENT), refused);
	unit_expect_nothing(n.a);
	unit_expect_nothing(n.b);
	ip_net_down(&n);
}
END_TEST

/* packetimpact: ipv4_id_uniqueness.  What is sent again has a new one. */
START_TEST(test_ipv4_id_uniqueness)
{
	struct ip_net n = ip_net_up();
	uint8_t *seen = calloc(1, 65536);
	struct unit_seen s;

	for (int i = 0; i < 20000; i++) {
		send_to(&n, HOST_B, 8, false);
		s = unit_expect(n.b);
		ck_assert_uint_eq(s.ip.frag, 0);
		ck_assert_uint_eq(seen[s.ip.id], 0);
		seen[s.ip.id] = 1;
		unit_seen_free(&s);
	}
	free(seen);
	ip_net_down(&n);
}
END_TEST

/* A super-frame takes one identification for each of its segments. */
START_TEST(test_ids_of_a_super_frame)
{
	struct ip_net n = ip_net_up();
	struct ip4_hdr h = { .src = OUR_B, .dst = HOST_B, .proto = 6 };
	struct pkt *pkt = pkt_alloc(&n.stk->pool, 4900);
	uint16_t id;

	pkt_append(pkt, 4900);
	pkt->gso_type = PKT_GSO_TCP4;
	pkt->gso_size = 1000;
	id = ip_pkt_id(n.stk, pkt, &h);
	pkt_free(pkt);

	ck_assert_uint_eq(ip_next_id(n.stk, OUR_B, HOST_B, 6),
	    (uint16_t)(id + 5));
	ck_assert_uint_ne(ip_next_id(n.stk, OUR_B, HOST_B, 17),
	    (uint16_t)(id + 6));
	ip_net_down(&n);
}
END_TEST

/* ---- fragments (RFC 791 3.2, RFC 1812 4.2.2.7) ------------------------ */

/* Takes the fragments of one packet off port into got; the payload's length. */
static uint32_t
collect(struct port *port, uint8_t *got, uint16_t *id, uint32_t *count)
{
	uint32_t end = 0;

	*count = 0;
	while (mem_port_sent(port) > 0) {
		struct unit_seen s = unit_expect(port);
		uint32_t off = (s.ip.frag & IP_OFFMASK) * 8u;

		if (*count > 0)
			ck_assert_uint_eq(s.ip.id, *id);
		*id = s.ip.id;
		ck_assert_uint_eq(off, end);
		ck_assert_uint_eq(s.ip.frag & IP_DF, 0);
		ck_assert((s.ip.frag & IP_MF) != 0 ||
		    mem_port_sent(port) == 0);
		memcpy(got + off, s.l4, s.l4_len);
		end = off + s.l4_len;
		(*count)++;
		unit_seen_free(&s);
	}
	return end;
}

START_TEST(test_fragments_in_transit)
{
	static uint8_t payload[1472];
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();
	uint8_t got[2000], in[1600];
	uint32_t count;
	uint16_t id = 0;

	n.b->ifp->mtu = 576;
	for (uint32_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 3);
	f.payload = payload;
	f.payload_len = sizeof(payload);
	f.id = 0x4242;
	unit_frame_build(in, sizeof(in), &f);
	unit_feed(n.stk, n.a, &f);
	ck_assert_uint_eq(collect(n.b, got, &id, &count), 1480);
	/* 552 + 552 + 376 bytes */
	ck_assert_uint_eq(count, 3);
	ck_assert_uint_eq(id, 0x4242);
	ck_assert_mem_eq(got, in + 34, 1480);
	ck_assert_uint_eq(n.stk->ip.stats.fragmented, 1);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_df_and_too_big)
{
	static uint8_t payload[1472];
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();

	n.b->ifp->mtu = 1000;
	f.payload = payload;
	f.frag = IP_DF;
	f.payload_len = 1000 - 28;
	ip_net_passes(&n, &f);
	f.payload_len = 1000 - 27;
	ip_net_dies(&n, &f, DROP_IP_TOO_BIG);
	ip_net_icmp(n.a, 3, 4, 1000);
	ip_net_down(&n);
}
END_TEST

/* A fragment is cut further, and its last piece still says "more". */
START_TEST(test_fragment_of_a_fragment)
{
	static uint8_t payload[1000];
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();
	struct unit_seen s;

	n.b->ifp->mtu = 620;
	f.raw = true;
	f.frag = IP_MF | 100;
	f.payload = payload;
	f.payload_len = 1000;
	unit_feed(n.stk, n.a, &f);
	s = unit_expect(n.b);
	ck_assert_uint_eq(s.ip.frag, IP_MF | 100);
	ck_assert_uint_eq(s.ip.total_len, 620);
	unit_seen_free(&s);
	s = unit_expect(n.b);
	ck_assert_uint_eq(s.ip.frag, IP_MF | 175);
	ck_assert_uint_eq(s.ip.total_len, 420);
	unit_seen_free(&s);
	ip_net_down(&n);
}
END_TEST

/* RFC 791 3.1: only options with the copied flag are in later fragments. */
START_TEST(test_options_of_fragments)
{
	static uint8_t payload[1000];
	/* router alert (copied), no-op, timestamp (not copied) */
	static const uint8_t opt[] = { 0x94, 4, 0, 0, 1, 0x44, 8, 9, 0, 0, 0,
	    0, 0, 0, 0, 0 };
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();
	struct unit_seen s;

	n.b->ifp->mtu = 620;
	f.ip_options = opt;
	f.ip_options_len = sizeof(opt);
	f.payload = payload;
	f.payload_len = 1000;
	unit_feed(n.stk, n.a, &f);
	s = unit_expect(n.b);
	ck_assert_uint_eq(s.ip.hlen, 36);
	ck_assert_uint_eq(s.l4_len, 584);
	unit_seen_free(&s);
	s = unit_expect(n.b);
	ck_assert_uint_eq(s.ip.hlen, 24);
	ck_assert_mem_eq(s.frame->data + 34, opt, 4);
	ck_assert_uint_eq(s.ip.frag, 73);
	ck_assert_uint_eq(s.l4_len, 1008 - 584);
	unit_seen_free(&s);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_fragments_of_ours)
{
	struct ip_net n = ip_net_up();
	uint8_t *got = malloc(65536);
	uint32_t count;
	uint16_t id;

	ck_assert_int_eq(send_to(&n, HOST_B, 65515, false), 0);
	ck_assert_uint_eq(collect(n.b, got, &id, &count), 65515);
	ck_assert_uint_eq(count, 45);
	for (uint32_t i = 0; i < 65515; i++)
		ck_assert_uint_eq(got[i], (uint8_t)i);
	ck_assert_int_eq(send_to(&n, HOST_B, 65516, false), -EMSGSIZE);
	free(got);
	ip_net_down(&n);
}
END_TEST

/* All fragments leave, or none. */
START_TEST(test_fragments_without_memory)
{
	struct ip_net n = ip_net_up();

	send_to(&n, HOST_B, 1400, false);	/* one small packet is made */
	unit_drain(n.b);
	n.stk->pool.small_max = n.stk->pool.small_made + 1;
	ck_assert_int_eq(send_to(&n, HOST_B, 5000, false), 0);
	ck_assert_uint_eq(ip_net_drops(&n, DROP_NO_MEMORY), 1);
	unit_expect_nothing(n.b);
	ip_net_down(&n);
}
END_TEST

/* ---- super-frames ----------------------------------------------------- */

/* A TCP super-frame of four times 1000 bytes from HOST_A to HOST_B. */
static void
feed_super(struct ip_net *n, uint16_t frag)
{
	static uint8_t payload[4000];
	struct unit_frame f = ip_net_frame();
	struct mem_frame *m = calloc(1, sizeof(*m) + 5000);

	for (uint32_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 5);
	f.proto = IPPROTO_TCP4;
	f.frag = frag;
	f.seq = 1000;
	f.flags = 0x18;
	f.payload = payload;
	f.payload_len = sizeof(payload);
	m->len = unit_frame_build(m->data, 5000, &f);
	m->gso_type = PKT_GSO_TCP4;
	m->gso_size = 1000;
	m->csum_needed = true;
	m->csum_start = 34;
	m->csum_offset = 16;
	be16_put(m->data + 50, csum_fold(csum_pseudo4(f.sip, f.dip, 6, 4020)));
	ck_assert_int_eq(mem_port_give_frame(n->a, m), 0);
	free(m);
	unit_poll(n->stk);
}

static struct ip_net
net_offload(void)
{
	struct ip_net n = { .stk = unit_stack() };

	n.a = unit_port_offload(n.stk, "a", 1, "10.0.1.1/24",
	    PORT_CSUM | PORT_TSO4);
	n.b = unit_port_offload(n.stk, "b", 2, "10.0.2.1/24",
	    PORT_CSUM | PORT_TSO4);
	unit_neighbour(n.stk, "a", "10.0.1.10", 10);
	unit_neighbour(n.stk, "b", "10.0.2.20", 20);
	return n;
}

START_TEST(test_super_frame_goes_through_whole)
{
	struct ip_net n = net_offload();
	struct unit_seen s;

	n.b->ifp->mtu = 1040;	/* segments just fit */
	feed_super(&n, IP_DF);
	s = unit_expect(n.b);
	ck_assert_uint_eq(s.payload_len, 4000);
	ck_assert_uint_eq(s.frame->gso_size, 1000);
	ck_assert(s.frame->csum_needed);
	ck_assert_uint_eq(s.ip.ttl, 63);
	unit_seen_free(&s);
	unit_expect_nothing(n.b);
	/* one byte less, and the segments are too big */
	n.b->ifp->mtu = 1039;
	feed_super(&n, IP_DF);
	ck_assert_uint_eq(ip_net_drops(&n, DROP_IP_TOO_BIG), 1);
	ip_net_icmp(n.a, 3, 4, 1039);
	unit_expect_nothing(n.b);
	ip_net_down(&n);
}
END_TEST

/* With DF clear each segment becomes fragments, with right checksums. */
START_TEST(test_super_frame_in_fragments)
{
	struct ip_net n = net_offload();
	uint8_t got[1100];
	uint32_t total = 0;

	n.b->ifp->mtu = 620;
	feed_super(&n, 0);
	while (mem_port_sent(n.b) > 0) {
		struct unit_seen s = unit_expect(n.b);
		struct ip4_hdr first = s.ip;
		uint32_t off = (s.ip.frag & IP_OFFMASK) * 8u;

		memcpy(got + off, s.l4, s.l4_len);
		unit_seen_free(&s);
		if (first.frag & IP_MF)
			continue;
		ck_assert_uint_eq(off, 600);
		ck_assert_uint_eq(csum_finish(csum_add(csum_pseudo4(HOST_A,
		    HOST_B, 6, 1020), got, 1020)), 0);
		ck_assert_uint_eq(be32_get(got + 4), 1000 + total);
		total += 1000;
	}
	ck_assert_uint_eq(total, 4000);
	ip_net_down(&n);
}
END_TEST

/* ---- path MTU (RFC 1191) ---------------------------------------------- */

START_TEST(test_path_mtu)
{
	struct ip_net n = ip_net_up();
	struct addr dst = addr_from_ip4(HOST_B), src;
	struct unit_seen s;
	uint32_t mtu;

	ck_assert_int_eq(ip_path(n.stk, &dst, &src, &mtu), 0);
	ck_assert_uint_eq(mtu, 1500);
	ck_assert_uint_eq(ip_pmtu_update(n.stk, HOST_B, 1400, 1500), 1400);
	ck_assert_int_eq(ip_path(n.stk, &dst, &src, &mtu), 0);
	ck_assert_uint_eq(mtu, 1400);
	ck_assert_int_eq(send_to(&n, HOST_B, 1381, true), -EMSGSIZE);
	ck_assert_int_eq(send_to(&n, HOST_B, 1380, true), 0);
	s = unit_expect(n.b);
	unit_seen_free(&s);
	/* it only shrinks, and never below what makes sense */
	ck_assert_uint_eq(ip_pmtu_update(n.stk, HOST_B, 1450, 1500), 1400);
	ck_assert_uint_eq(ip_pmtu_update(n.stk, HOST_B, 67, 1500), 1400);
	/* an old router names none: the next plateau (RFC 1191 7.1) */
	ck_assert_uint_eq(ip_pmtu_update(n.stk, HOST_A, 0, 1500), 1492);
	ck_assert_uint_eq(ip_pmtu_update(n.stk, HOST_A, 0, 1492), 1006);
	/* ten minutes later it is forgotten */
	unit_run_until(n.stk, 600 * USEC_PER_SEC - 1);
	ck_assert_int_eq(ip_path(n.stk, &dst, &src, &mtu), 0);
	ck_assert_uint_eq(mtu, 1400);
	unit_run_until(n.stk, 600 * USEC_PER_SEC);
	ck_assert_int_eq(ip_path(n.stk, &dst, &src, &mtu), 0);
	ck_assert_uint_eq(mtu, 1500);
	ip_net_down(&n);
}
END_TEST

/* Below the floor DF is given up, so that routers may cut. */
START_TEST(test_path_mtu_floor)
{
	struct ip_net n = ip_net_up();
	struct unit_seen s;

	ck_assert_uint_eq(ip_pmtu_update(n.stk, HOST_B, 300, 1500), 552);
	ck_assert_int_eq(send_to(&n, HOST_B, 532, true), 0);
	s = unit_expect(n.b);
	ck_assert_uint_eq(s.ip.frag, 0);
	ck_assert_uint_eq(s.ip.total_len, 552);
	unit_seen_free(&s);
	ip_pmtu_flush(n.stk, HOST_B);
	n.stk->ip.pmtu.floor = 68;
	ck_assert_uint_eq(ip_pmtu_update(n.stk, HOST_B, 300, 1500), 300);
	ck_assert_int_eq(send_to(&n, HOST_B, 532, true), -EMSGSIZE);
	ip_pmtu_flush(n.stk, IP4_ANY);
	ck_assert_int_eq(send_to(&n, HOST_B, 532, true), 0);
	unit_drain(n.b);
	ip_net_down(&n);
}
END_TEST

/* More destinations than entries: memory stays, the newest is known. */
START_TEST(test_path_mtu_table_is_bounded)
{
	struct ip_net n = ip_net_up();
	uint64_t live = n.stk->mem.live_bytes;

	ip_net_route(&n, ROUTE_UNICAST, "0.0.0.0/0", "10.0.2.20", NULL, 0);
	for (uint32_t i = 0; i < 5000; i++) {
		struct ip4 dst = { 0x14000000 + i };

		ip_pmtu_update(n.stk, dst, 1000, 1500);
		ck_assert_ptr_nonnull(ip_pmtu_lookup(n.stk, dst));
	}
	ck_assert_uint_lt(n.stk->mem.live_bytes, live + 1000);
	ip_net_down(&n);
}
END_TEST

/* ---- to ourselves, to everybody --------------------------------------- */

START_TEST(test_packets_to_ourselves)
{
	struct ip_net n = ip_net_up();

	ck_assert_int_eq(send_to(&n, OUR_A, 100, false), 0);
	ck_assert_int_eq(send_to(&n, ip_net_ip("127.0.0.1"), 100, false), 0);
	/* not from inside the call that sent them */
	ck_assert_uint_eq(n.stk->ip.stats.received, 0);
	unit_poll(n.stk);
	ck_assert_uint_eq(n.stk->ip.stats.received, 2);
	ck_assert_uint_eq(ip_net_drops(&n, DROP_IP_PROTO), 2);
	/* the errors about them come back the same way */
	unit_run_until(n.stk, 10);
	ck_assert_uint_eq(n.stk->ip.stats.received, 4);
	unit_expect_nothing(n.a);
	unit_expect_nothing(n.b);
	ip_net_down(&n);
}
END_TEST

/* Nor does a single one that is caused by what came in wait for another. */
START_TEST(test_an_answer_to_ourselves)
{
	struct ip_net n = ip_net_up();

	ck_assert_int_eq(send_to(&n, OUR_A, 100, false), 0);
	unit_poll(n.stk);
	ck_assert_uint_eq(n.stk->ip.stats.received, 1);
	ck_assert_uint_eq(n.stk->ip.loop.count, 1);
	unit_run_until(n.stk, 1);
	ck_assert_uint_eq(n.stk->ip.stats.received, 2);
	ck_assert_uint_eq(n.stk->ip.loop.count, 0);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_loop_is_bounded)
{
	struct ip_net n = ip_net_up();

	for (uint32_t i = 0; i < IP_LOOP_MAX + 10; i++)
		send_to(&n, OUR_A, 100, false);
	ck_assert_uint_eq(ip_net_drops(&n, DROP_IP_LOOP_FULL), 10);
	unit_run_until(n.stk, USEC_PER_SEC);
	ck_assert_uint_eq(ip_net_drops(&n, DROP_IP_PROTO), IP_LOOP_MAX);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_group_macs)
{
	struct ip_net n = ip_net_up();
	struct unit_seen s;

	send_to(&n, ip_net_ip("10.0.2.255"), 100, false);
	s = unit_expect(n.b);
	ck_assert(mac_eq(s.eth.dst, MAC_BROADCAST));
	unit_seen_free(&s);
	ip_net_route(&n, ROUTE_UNICAST, "0.0.0.0/0", "10.0.2.20", NULL, 0);
	send_to(&n, IP4_BROADCAST, 100, false);
	s = unit_expect(n.b);
	ck_assert(mac_eq(s.eth.dst, MAC_BROADCAST));
	unit_seen_free(&s);
	send_to(&n, ip_net_ip("239.129.2.3"), 100, false);
	s = unit_expect(n.b);
	ck_assert_uint_eq(s.eth.dst.b[0], 1);
	ck_assert_uint_eq(s.eth.dst.b[3], 1);
	ck_assert_uint_eq(s.eth.dst.b[5], 3);
	ck_assert_uint_eq(s.ip.ttl, 1);	/* RFC 1112 6.1 */
	unit_seen_free(&s);
	ip_net_down(&n);
}
END_TEST

/* RFC 1122 3.3.4: a socket bound to an interface. */
START_TEST(test_bound_interface)
{
	struct ip_net n = ip_net_up();
	struct ip_send to = { .dst = addr_from_ip4(IP4_BROADCAST),
	    .proto = 253, .ifp = n.a->ifp };
	struct pkt *pkt = pkt_alloc(&n.stk->pool, 50);
	struct unit_seen s;

	pkt_append(pkt, 50);
	ck_assert_int_eq(ip_send(n.stk, pkt, &to), 0);
	s = unit_expect(n.a);
	ck_assert(mac_eq(s.eth.dst, MAC_BROADCAST));
	ck_assert_uint_eq(s.ip.src.v, OUR_A.v);
	unit_seen_free(&s);
	unit_expect_nothing(n.b);
	ip_net_down(&n);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ip_output");
	TCase *tc = tcase_create("send");

	tcase_add_test(tc, test_header_of_ours);
	tcase_add_test(tc, test_send_errors);
	tcase_add_test(tc, test_ipv4_id_uniqueness);
	tcase_add_test(tc, test_ids_of_a_super_frame);
	tcase_add_test(tc, test_packets_to_ourselves);
	tcase_add_test(tc, test_an_answer_to_ourselves);
	tcase_add_test(tc, test_loop_is_bounded);
	tcase_add_test(tc, test_group_macs);
	tcase_add_test(tc, test_bound_interface);
	suite_add_tcase(s, tc);
	tc = tcase_create("fragments");
	tcase_add_test(tc, test_fragments_in_transit);
	tcase_add_test(tc, test_df_and_too_big);
	tcase_add_test(tc, test_fragment_of_a_fragment);
	tcase_add_test(tc, test_options_of_fragments);
	tcase_add_test(tc, test_fragments_of_ours);
	tcase_add_test(tc, test_fragments_without_memory);
	tcase_add_test(tc, test_super_frame_goes_through_whole);
	tcase_add_test(tc, test_super_frame_in_fragments);
	suite_add_tcase(s, tc);
	tc = tcase_create("pmtu");
	tcase_add_test(tc, test_path_mtu);
	tcase_add_test(tc, test_path_mtu_floor);
	tcase_add_test(tc, test_path_mtu_table_is_bounded);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

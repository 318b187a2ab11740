/*
 * test_ip.c - IPv4 in and through: one test a rule, each with the reason that
 * a packet dies of and the ICMP answer, or with what it looks like behind.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "unit/ip_net.h"

#define GROUP_MAC { { 0x01, 0x00, 0x5e, 0, 0, 1 } }
#define BCAST_MAC { { 255, 255, 255, 255, 255, 255 } }

/* ---- header (RFC 1122 3.2.1, RFC 1812 5.2.2) -------------------------- */

static void
bytes_die(const char *hex_ip, enum drop why)
{
	struct ip_net n = ip_net_up();
	uint8_t f[100];
	uint32_t len = unit_hex(f, sizeof(f),
	    "020000000001 02000000000a 0800");

	len += unit_hex(f + len, sizeof(f) - len, hex_ip);
	unit_feed_bytes(n.stk, n.a, f, len);
	ck_assert_uint_eq(ip_net_drops(&n, why), 1);
	ck_assert_uint_eq(n.stk->ip.stats.received, 1);
	unit_expect_nothing(n.a);
	unit_expect_nothing(n.b);
	ip_net_down(&n);
}

/* Changed where it lies, a header sums up as one that was built so. */
START_TEST(test_fields_set_keep_the_sum)
{
	struct ip4_hdr h = { .hlen = 20, .tos = 3, .total_len = 1000,
	    .id = 0xfffe, .ttl = 64, .proto = 6, .src = IP4(10, 255, 0, 1),
	    .dst = IP4(255, 254, 253, 1) };
	uint8_t is[20], want[20];

	ip4_build_hdr(is, &h);
	ip4_set_src(is, h.src = IP4(192, 168, 255, 255));
	ip4_build_hdr(want, &h);
	ck_assert_mem_eq(is, want, 20);
	ip4_set_dst(is, h.dst = IP4(1, 2, 3, 4));
	ip4_build_hdr(want, &h);
	ck_assert_mem_eq(is, want, 20);
	ip4_set_tos(is, h.tos = 0xb8);
	ip4_set_len(is, h.total_len = 65535);
	ip4_set_id(is, h.id = 1);
	ip4_build_hdr(want, &h);
	ck_assert_mem_eq(is, want, 20);
}
END_TEST

START_TEST(test_header_faults_by_name)
{
	bytes_die("45", DROP_IP_SHORT);
	bytes_die("45000014000040004011000000000000000000", DROP_IP_SHORT);
	bytes_die("65000014 00004000 40110000 0a00010a 0a000214",
	    DROP_IP_VERSION);
	bytes_die("44000014 00004000 40110000 0a00010a 0a000214",
	    DROP_IP_HLEN);
	bytes_die("46000018 00004000 40110000 0a00010a 0a000214",
	    DROP_IP_HLEN);
	bytes_die("45000013 00004000 40110000 0a00010a 0a000214",
	    DROP_IP_LENGTH);
	bytes_die("45000015 00004000 40110000 0a00010a 0a000214",
	    DROP_IP_LENGTH);
	bytes_die("45000014 00004000 40110000 0a00010a 0a000214",
	    DROP_IP_CSUM);
}
END_TEST

/* Ethernet's padding does not travel on. */
START_TEST(test_padding_is_cut)
{
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();
	uint8_t b[60] = { 0 };
	struct unit_seen s;

	f.payload_len = 1;
	ck_assert_uint_eq(unit_frame_build(b, sizeof(b), &f), 43);
	unit_feed_bytes(n.stk, n.a, b, sizeof(b));
	s = unit_expect(n.b);
	ck_assert_uint_eq(s.frame->len, 43);
	unit_seen_free(&s);
	ip_net_down(&n);
}
END_TEST

/* An offload word may not point behind what the IP header leaves. */
START_TEST(test_checksum_behind_the_end)
{
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();
	struct mem_frame *m = calloc(1, sizeof(*m) + 200);

	f.raw = true;
	f.payload_len = 0;
	m->len = unit_frame_build(m->data, 200, &f) + 26;
	m->csum_needed = true;
	m->csum_start = 34;
	m->csum_offset = 6;
	ck_assert_int_eq(mem_port_give_frame(n.a, m), 0);
	free(m);
	unit_poll(n.stk);
	ck_assert_uint_eq(ip_net_drops(&n, DROP_PORT_BAD_VNET), 1);
	unit_expect_nothing(n.a);
	unit_expect_nothing(n.b);
	ip_net_down(&n);
}
END_TEST

/* ---- martians (RFC 1812 5.3.7) ---------------------------------------- */

START_TEST(test_martian_sources)
{
	static const char *const src[] = { "0.0.0.0", "0.1.2.3", "127.0.0.1",
	    "127.255.255.255", "224.0.0.1", "239.1.1.1", "240.0.0.1",
	    "255.255.255.255", "10.0.1.255" };
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();

	for (unsigned i = 0; i < sizeof(src) / sizeof(src[0]); i++) {
		f.sip = ip_net_ip(src[i]);
		ip_net_dies(&n, &f, DROP_IP_MARTIAN_SRC);
	}
	unit_expect_nothing(n.a);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_martian_destinations)
{
	static const char *const dst[] = { "0.0.0.0", "0.1.2.3", "127.0.0.1",
	    "127.1.2.3", "240.0.0.1", "255.255.255.254" };
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();

	for (unsigned i = 0; i < sizeof(dst) / sizeof(dst[0]); i++) {
		f.dip = ip_net_ip(dst[i]);
		ip_net_dies(&n, &f, DROP_IP_MARTIAN_DST);
	}
	unit_expect_nothing(n.a);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_own_source)
{
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();

	f.sip = OUR_B;
	ip_net_dies(&n, &f, DROP_IP_OWN_SRC);
	f.sip = OUR_A;
	ip_net_dies(&n, &f, DROP_IP_OWN_SRC);
	unit_expect_nothing(n.a);
	ip_net_down(&n);
}
END_TEST

/* RFC 1122 3.2.1.3: a host without an address speaks from 0.0.0.0. */
START_TEST(test_unconfigured_host_reaches_us_only)
{
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();

	f.sip = IP4_ANY;
	f.dip = IP4_BROADCAST;
	f.dst = (struct mac)BCAST_MAC;
	unit_feed(n.stk, n.a, &f);
	ck_assert_uint_eq(n.stk->ip.stats.delivered, 1);
	ck_assert_uint_eq(ip_net_drops(&n, DROP_IP_MARTIAN_SRC), 0);
	unit_expect_nothing(n.b);
	ip_net_down(&n);
}
END_TEST

/* ---- rp_filter with Linux's meaning (RFC 3704) ------------------------ */

START_TEST(test_rp_filter)
{
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();
	struct { const char *src; bool pass[3]; } row[] = {
		{ "10.0.1.77", { true, true, true } },	/* behind a */
		{ "10.0.2.77", { true, false, true } },	/* behind b */
		{ "10.9.0.1", { true, false, false } },	/* blackhole */
		{ "172.16.0.1", { true, false, false } },	/* no route */
	};

	ip_net_route(&n, ROUTE_BLACKHOLE, "10.9.0.0/16", NULL, NULL, 0);
	for (unsigned mode = 0; mode < 3; mode++) {
		n.a->ifp->conf.rp_filter = (uint8_t)mode;
		for (unsigned i = 0; i < 4; i++) {
			f.sip = ip_net_ip(row[i].src);
			if (row[i].pass[mode])
				ip_net_passes(&n, &f);
			else
				ip_net_dies(&n, &f, DROP_IP_RP_FILTER);
		}
	}
	ip_net_down(&n);
}
END_TEST

/* One of several next hops is enough for strict. */
START_TEST(test_rp_filter_multipath)
{
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();
	union {
		struct route r;
		uint8_t room[sizeof(struct route) +
		    2 * sizeof(struct next_hop)];
	} spec = { .r = { .dst = ip_net_prefix("172.16.0.0/16"), .hops = 2 } };

	spec.r.hop[0].via = ip_net_ip("10.0.2.20");
	spec.r.hop[1].via = HOST_A;
	ck_assert_int_eq(route_add(n.stk, &spec.r, NULL), 0);
	n.a->ifp->conf.rp_filter = 1;
	f.sip = ip_net_ip("172.16.0.1");
	ip_net_passes(&n, &f);
	ip_net_down(&n);
}
END_TEST

/* ---- what is ours, what is a broadcast -------------------------------- */

START_TEST(test_unicast_in_group_frame)
{
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();

	f.dst = (struct mac)BCAST_MAC;
	ip_net_dies(&n, &f, DROP_IP_L2_GROUP);
	f.dip = OUR_A;
	ip_net_dies(&n, &f, DROP_IP_L2_GROUP);
	f.dst = (struct mac)GROUP_MAC;
	ip_net_dies(&n, &f, DROP_IP_L2_GROUP);
	unit_expect_nothing(n.a);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_broadcasts_are_ours_not_forwarded)
{
	static const char *const dst[] = { "255.255.255.255", "10.0.1.255" };
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();

	f.dst = (struct mac)BCAST_MAC;
	for (unsigned i = 0; i < 2; i++) {
		f.dip = ip_net_ip(dst[i]);
		/* nobody listens, and nobody is told about a broadcast */
		ip_net_dies(&n, &f, DROP_UDP_NO_PORT);
		ck_assert_uint_eq(n.stk->ip.stats.delivered, i + 1);
	}
	unit_expect_nothing(n.a);
	ip_net_down(&n);
}
END_TEST

/* RFC 2644: a broadcast to another network of ours is not made one there. */
START_TEST(test_directed_broadcast_is_not_forwarded)
{
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();

	f.dip = ip_net_ip("10.0.2.255");
	ip_net_dies(&n, &f, DROP_IP_NO_FORWARD);
	unit_expect_nothing(n.a);
	ip_net_down(&n);
}
END_TEST

/* A broadcast comes and goes with its network, and is one on its own link. */
START_TEST(test_broadcast_goes_with_its_address)
{
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();
	struct ip4_prefix p = { IP4(10, 5, 0, 1), 16 };

	f.sip = IP4(10, 5, 255, 255);
	ip_net_passes(&n, &f);
	ck_assert_int_eq(iface_addr_add(n.stk, n.b->ifp, p, SCOPE_GLOBAL,
	    NULL), 0);
	ip_net_passes(&n, &f);
	ck_assert_int_eq(iface_addr_del(n.stk, n.b->ifp, p, NULL), 0);
	ck_assert_int_eq(iface_addr_add(n.stk, n.a->ifp, p, SCOPE_GLOBAL,
	    NULL), 0);
	ip_net_dies(&n, &f, DROP_IP_MARTIAN_SRC);
	ck_assert_int_eq(iface_addr_del(n.stk, n.a->ifp, p, NULL), 0);
	ip_net_passes(&n, &f);
	ip_net_down(&n);
}
END_TEST

/* For every checksum that a header can have. */
START_TEST(test_ttl_keeps_the_checksum)
{
	struct ip4_hdr h = { .total_len = 20, .proto = 17, .src = HOST_A,
	    .dst = HOST_B };
	uint8_t p[IP4_HLEN], q[IP4_HLEN];

	for (uint32_t id = 0; id <= UINT16_MAX; id++) {
		h.id = (uint16_t)id;
		h.ttl = (uint8_t)(id % 255 + 1);
		ip4_build_hdr(p, &h);
		h.ttl--;
		ip4_build_hdr(q, &h);
		ip4_dec_ttl(p);
		ck_assert_mem_eq(p, q, IP4_HLEN);
	}
}
END_TEST

/* RFC 3021: a /31 has two hosts and no broadcast. */
START_TEST(test_slash_31)
{
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();
	struct port *c = unit_port(n.stk, "c", 3, "10.0.3.0/31");
	struct unit_seen s;

	unit_neighbour(n.stk, "c", "10.0.3.1", 31);
	f.dip = ip_net_ip("10.0.3.1");
	unit_feed(n.stk, n.a, &f);
	s = unit_expect(c);
	ck_assert_uint_eq(s.eth.dst.b[5], 31);
	unit_seen_free(&s);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_multicast_only_for_members)
{
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();

	f.dst = (struct mac)GROUP_MAC;
	f.dip = ip_net_ip("225.0.0.1");	/* the MAC of 224.0.0.1 */
	ip_net_dies(&n, &f, DROP_IP_NO_GROUP);
	f.dip = ip_net_ip("224.0.0.1");
	ip_net_dies(&n, &f, DROP_UDP_NO_PORT);
	unit_expect_nothing(n.a);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_unknown_protocol)
{
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();

	f.dip = OUR_A;
	f.proto = 253;
	ip_net_dies(&n, &f, DROP_IP_PROTO);
	ip_net_icmp(n.a, 3, 2, 0);
	ip_net_down(&n);
}
END_TEST

/* ---- forwarding (RFC 1812 5.2, 5.3) ----------------------------------- */

START_TEST(test_forward_changes_ttl_and_nothing_else)
{
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();
	uint8_t in[200];
	uint32_t len;
	struct unit_seen s;

	f.tos = 0xb8;
	f.id = 0x1234;
	f.frag = IP_DF;
	f.ttl = 2;
	len = unit_frame_build(in, sizeof(in), &f);
	unit_feed(n.stk, n.a, &f);
	s = unit_expect(n.b);
	ck_assert_uint_eq(s.frame->len, len);
	ck_assert_uint_eq(s.ip.ttl, 1);
	s.frame->data[14 + IP4_OFF_TTL] = 2;
	memcpy(s.frame->data + 14 + IP4_OFF_CSUM, in + 14 + IP4_OFF_CSUM, 2);
	ck_assert_mem_eq(s.frame->data + 14, in + 14, len - 14);
	unit_seen_free(&s);
	ck_assert_uint_eq(n.stk->ip.stats.forwarded, 1);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_ttl_runs_out)
{
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();
	struct unit_seen s;

	f.ttl = 1;
	ip_net_dies(&n, &f, DROP_IP_TTL);
	s = unit_expect(n.a);
	ck_assert_uint_eq(s.icmp_type, 11);
	ck_assert_uint_eq(s.icmp_code, 0);
	ck_assert_uint_eq(s.ip.src.v, OUR_A.v);
	/* the packet is quoted as it came */
	ck_assert_uint_eq(s.payload[IP4_OFF_TTL], 1);
	unit_seen_free(&s);
	/* to ourselves the last hop counts */
	f.dip = OUR_B;
	ip_net_dies(&n, &f, DROP_UDP_NO_PORT);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_route_types)
{
	static const struct {
		enum route_type type;
		enum drop why;
		int icmp_type, icmp_code;
	} row[] = {
		{ ROUTE_BLACKHOLE, DROP_IP_BLACKHOLE, -1, 0 },
		{ ROUTE_UNREACHABLE, DROP_IP_HOST_UNREACH, 3, 1 },
		{ ROUTE_PROHIBIT, DROP_IP_PROHIBIT, 3, 13 },
	};
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();

	f.dip = ip_net_ip("10.9.1.1");
	ip_net_dies(&n, &f, DROP_IP_NO_ROUTE);
	ip_net_icmp(n.a, 3, 0, 0);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(ip_net_route(&n, row[i].type, "10.9.0.0/16",
		    NULL, NULL, 0), 0);
		ip_net_dies(&n, &f, row[i].why);
		if (row[i].icmp_type >= 0)
			ip_net_icmp(n.a, (uint8_t)row[i].icmp_type,
			    (uint8_t)row[i].icmp_code, 0);
		unit_expect_nothing(n.a);
		ck_assert_int_eq(route_del(n.stk,
		    ip_net_prefix("10.9.0.0/16"), 0, NULL), 0);
	}
	/* a local route makes a whole network ours */
	ck_assert_int_eq(ip_net_route(&n, ROUTE_LOCAL, "10.9.0.0/16", NULL,
	    NULL, 0), 0);
	ip_net_dies(&n, &f, DROP_UDP_NO_PORT);
	ip_net_icmp(n.a, 3, 3, 0);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_forwarding_off)
{
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();

	n.a->ifp->conf.forwarding = false;
	ip_net_dies(&n, &f, DROP_IP_NO_FORWARD);
	unit_expect_nothing(n.a);
	ip_net_down(&n);
}
END_TEST

/* RFC 3927 7, RFC 1812 5.3.7. */
START_TEST(test_link_local_is_not_forwarded)
{
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();

	f.sip = ip_net_ip("169.254.1.1");
	ip_net_dies(&n, &f, DROP_IP_NO_FORWARD);
	f = ip_net_frame();
	f.dip = ip_net_ip("169.254.1.1");
	ip_net_dies(&n, &f, DROP_IP_NO_FORWARD);
	unit_expect_nothing(n.a);
	ip_net_down(&n);
}
END_TEST

/* ---- redirects (RFC 1812 5.2.7.2) ------------------------------------- */

START_TEST(test_redirect_by_knob)
{
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();
	struct unit_seen s;

	unit_neighbour(n.stk, "a", "10.0.1.99", 99);
	ip_net_route(&n, ROUTE_UNICAST, "10.9.0.0/16", "10.0.1.99", NULL, 0);
	f.dip = ip_net_ip("10.9.0.1");
	for (int on = 0; on < 2; on++) {
		n.a->ifp->conf.redirects = on != 0;
		unit_feed(n.stk, n.a, &f);
		if (on)
			ip_net_icmp(n.a, 5, 1, 0x0a000163);
		s = unit_expect(n.a);	/* and on it goes */
		ck_assert_uint_eq(s.eth.dst.b[5], 99);
		ck_assert_uint_eq(s.ip.ttl, 63);
		unit_seen_free(&s);
		unit_expect_nothing(n.a);
	}
	/* the source is not on that link: no redirect */
	f.sip = ip_net_ip("10.77.0.1");
	unit_feed(n.stk, n.a, &f);
	s = unit_expect(n.a);
	ck_assert_uint_eq(s.eth.dst.b[5], 99);
	unit_seen_free(&s);
	unit_expect_nothing(n.a);
	ip_net_down(&n);
}
END_TEST

/* Every packet that came in is forwarded, delivered or dropped by reason. */
/* So many routes that frames are read some at a time. */
static void
many_routes(struct ip_net *n)
{
	char dst[24];

	for (unsigned i = 0; i <= ROUTE_FETCH_ROUTES; i++) {
		snprintf(dst, sizeof(dst), "172.%u.%u.0/24", 16 + i / 256,
		    i % 256);
		ck_assert_int_eq(ip_net_route(n, ROUTE_UNICAST, dst,
		    "10.0.2.20", n->b, 0), 0);
	}
}

START_TEST(test_flood_is_accounted_for)
{
	struct ip_net n = ip_net_up();
	uint64_t dropped = 0, at_delivery;
	uint8_t b[200];
	struct rng r;
	static const uint8_t seed[RNG_SEED_LEN] = { 9 };

	rng_init(&r, seed);
	if (_i != 0)
		many_routes(&n);
	for (int i = 0; i < 20000; i++) {
		struct unit_frame f = ip_net_frame();
		uint32_t len, at;

		f.dip.v ^= rng_u32(&r) & rng_u32(&r) & rng_u32(&r);
		f.ttl = (uint8_t)(1 + rng_below(&r, 3));
		f.proto = (uint8_t)rng_below(&r, 20);
		len = unit_frame_build(b, sizeof(b), &f);
		at = 14 + rng_below(&r, 20);
		b[at] ^= (uint8_t)(1u << rng_below(&r, 8));
		if (rng_below(&r, 2) == 0 && (b[14] & 15) == 5) {
			be16_put(b + 24, 0);
			be16_put(b + 24, csum_finish(csum_add(0, b + 14, 20)));
		}
		if (_i != 0 && i % 8 == 0)
			len = rng_below(&r, len);
		ck_assert_int_eq(mem_port_give(n.a, b, len), 0);
		if (_i != 0 && i % 50 != 49)
			continue;
		unit_poll(n.stk);
		unit_drain(n.a);
		unit_drain(n.b);
	}
	unit_run_until(n.stk, 60 * USEC_PER_SEC);
	for (int i = DROP_IP_SHORT; i <= DROP_IP_NO_GROUP; i++) {
		if (i != DROP_IP_UNSENT)
			dropped += n.stk->drop.count[i];
	}
	at_delivery = n.stk->ip.stats.delivered;
	ck_assert_uint_eq(n.stk->ip.reass.queues, 0);
	ck_assert_uint_eq(n.stk->ip.stats.received, dropped + at_delivery +
	    n.stk->ip.stats.forwarded + n.stk->ip.stats.merged);
	ip_net_down(&n);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ip");
	TCase *tc = tcase_create("input");

	tcase_add_test(tc, test_fields_set_keep_the_sum);
	tcase_add_test(tc, test_header_faults_by_name);
	tcase_add_test(tc, test_padding_is_cut);
	tcase_add_test(tc, test_checksum_behind_the_end);
	tcase_add_test(tc, test_martian_sources);
	tcase_add_test(tc, test_martian_destinations);
	tcase_add_test(tc, test_own_source);
	tcase_add_test(tc, test_unconfigured_host_reaches_us_only);
	tcase_add_test(tc, test_rp_filter);
	tcase_add_test(tc, test_rp_filter_multipath);
	tcase_add_test(tc, test_unicast_in_group_frame);
	tcase_add_test(tc, test_broadcasts_are_ours_not_forwarded);
	tcase_add_test(tc, test_directed_broadcast_is_not_forwarded);
	tcase_add_test(tc, test_broadcast_goes_with_its_address);
	tcase_add_test(tc, test_ttl_keeps_the_checksum);
	tcase_add_test(tc, test_slash_31);
	tcase_add_test(tc, test_multicast_only_for_members);
	tcase_add_test(tc, test_unknown_protocol);
	suite_add_tcase(s, tc);
	tc = tcase_create("forward");
	tcase_add_test(tc, test_forward_changes_ttl_and_nothing_else);
	tcase_add_test(tc, test_ttl_runs_out);
	tcase_add_test(tc, test_route_types);
	tcase_add_test(tc, test_forwarding_off);
	tcase_add_test(tc, test_link_local_is_not_forwarded);
	tcase_add_test(tc, test_redirect_by_knob);
	tcase_add_loop_test(tc, test_flood_is_accounted_for, 0, 2);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

/*
 * test_igmp.c - joining and leaving groups, and what queriers of the three
 * versions hear from us and when.
 */
#include <errno.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "unit/ip_net.h"

#define GROUP	IP4(239, 1, 2, 3)

#define IS_EXCLUDE 2
#define TO_INCLUDE 3
#define TO_EXCLUDE 4

/* The next frame is an IGMP message to dst; checks what all have in common. */
static struct unit_seen
expect_igmp(struct ip_net *n, const char *dst, uint8_t type)
{
	static const uint8_t alert[4] = { 0x94, 4, 0, 0 };
	struct unit_seen s = unit_expect(n->a);

	ck_assert_uint_eq(s.ip.proto, IPPROTO_IGMP4);
	ck_assert_uint_eq(s.ip.dst.v, ip_net_ip(dst).v);
	ck_assert_uint_eq(s.ip.src.v, OUR_A.v);
	ck_assert_uint_eq(s.ip.ttl, 1);
	ck_assert_uint_eq(s.ip.tos, 0xc0);
	ck_assert_uint_eq(s.ip.hlen, 24);
	ck_assert_mem_eq(s.frame->data + 34, alert, 4);
	ck_assert_uint_eq(csum_finish(csum_add(0, s.l4, s.l4_len)), 0);
	ck_assert_uint_eq(s.l4[0], type);
	return s;
}

/* A version 3 report of one record. */
static void
expect_record(struct ip_net *n, uint8_t record, struct ip4 group)
{
	struct unit_seen s = expect_igmp(n, "224.0.0.22", 0x22);

	ck_assert_uint_eq(s.l4_len, 16);
	ck_assert_uint_eq(be16_get(s.l4 + 6), 1);
	ck_assert_uint_eq(s.l4[8], record);
	ck_assert_uint_eq(be16_get(s.l4 + 10), 0);
	ck_assert_uint_eq(be32_get(s.l4 + 12), group.v);
	unit_seen_free(&s);
}

/* A message of version 1 or 2. */
static void
expect_old(struct ip_net *n, const char *dst, uint8_t type, struct ip4 group)
{
	struct unit_seen s = expect_igmp(n, dst, type);

	ck_assert_uint_eq(s.l4_len, 8);
	ck_assert_uint_eq(be32_get(s.l4 + 4), group.v);
	unit_seen_free(&s);
}

/* A message from HOST_A of len bytes (8, or 12 for version 3). */
static void
feed_igmp(struct ip_net *n, struct ip4 dst, uint8_t type, uint8_t code,
    struct ip4 group, uint32_t len, uint8_t ttl)
{
	struct unit_frame f = ip_net_frame();
	uint8_t b[12] = { type, code };

	be32_put(b + 4, group.v);
	be16_put(b + 2, csum_finish(csum_add(0, b, len)));
	f.dst = eth_group_mac(dst);
	f.dip = dst;
	f.proto = IPPROTO_IGMP4;
	f.ttl = ttl;
	f.payload = b;
	f.payload_len = len;
	unit_feed(n->stk, n->a, &f);
}

static void
query(struct ip_net *n, struct ip4 group, uint8_t code, uint32_t len)
{
	feed_igmp(n, ip4_is_any(group) ? IP4(224, 0, 0, 1) : group, 0x11,
	    code, group, len, 1);
}

/* Joined, and both reports of that are out. */
static struct ip_net
net_joined(void)
{
	struct ip_net n = ip_net_up();

	ck_assert_int_eq(ip_group_join(n.stk, n.a->ifp, GROUP), 0);
	expect_record(&n, TO_EXCLUDE, GROUP);
	unit_run_until(n.stk, 2 * USEC_PER_SEC);
	expect_record(&n, TO_EXCLUDE, GROUP);
	unit_expect_nothing(n.a);
	return n;
}

/* Nobody is told of what lo hears, and nothing is left of the telling. */
START_TEST(test_join_on_lo_is_silent)
{
	struct ip_net n = ip_net_up();
	struct iface *lo = iface_lookup(n.stk, "lo");

	ck_assert_int_eq(ip_group_join(n.stk, lo, GROUP), 0);
	ck_assert(ip_group_is_member(n.stk, lo, GROUP));
	unit_run_until(n.stk, 5 * USEC_PER_SEC);
	ck_assert_int_eq(ip_group_leave(n.stk, lo, GROUP), 0);
	unit_run_until(n.stk, 10 * USEC_PER_SEC);
	ck_assert_uint_eq(n.stk->ip.igmp.count, 0);
	unit_expect_nothing(n.a);
	ip_net_down(&n);
}
END_TEST

/* A query between the two reports of a join is answered as one; then the
 * second report still comes. */
START_TEST(test_answer_while_joining)
{
	struct ip_net n = ip_net_up();
	struct ip_group *g;

	ck_assert_int_eq(ip_group_join(n.stk, n.a->ifp, GROUP), 0);
	expect_record(&n, TO_EXCLUDE, GROUP);
	g = n.stk->ip.igmp.groups;
	query(&n, GROUP, 1, 12);
	ck_assert(g->answer);
	unit_run_until(n.stk, 100000);
	expect_record(&n, IS_EXCLUDE, GROUP);
	ck_assert(!g->answer);
	unit_run_until(n.stk, 3 * USEC_PER_SEC);
	expect_record(&n, TO_EXCLUDE, GROUP);
	unit_expect_nothing(n.a);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_join_hears_and_leave_does_not)
{
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();

	f.dip = GROUP;
	f.dst = eth_group_mac(GROUP);
	ip_net_dies(&n, &f, DROP_ETH_MCAST);
	ck_assert_int_eq(ip_group_join(n.stk, n.a->ifp, GROUP), 0);
	ck_assert_int_eq(ip_group_join(n.stk, n.a->ifp, GROUP), 0);
	ip_net_dies(&n, &f, DROP_UDP_NO_PORT);
	ck_assert(!ip_group_is_member(n.stk, n.b->ifp, GROUP));
	ck_assert_int_eq(ip_group_leave(n.stk, n.a->ifp, GROUP), 0);
	ip_net_dies(&n, &f, DROP_UDP_NO_PORT);
	ck_assert_int_eq(ip_group_leave(n.stk, n.a->ifp, GROUP), 0);
	ip_net_dies(&n, &f, DROP_ETH_MCAST);
	ck_assert_int_eq(ip_group_leave(n.stk, n.a->ifp, GROUP), -ENOENT);
	ck_assert_int_eq(ip_group_join(n.stk, n.a->ifp, HOST_A), -EINVAL);
	unit_drain(n.a);
	ip_net_down(&n);
}
END_TEST

/* RFC 3376 5.1: a change is told twice. */
START_TEST(test_version_3_join_and_leave)
{
	struct ip_net n = net_joined();

	ck_assert_int_eq(ip_group_leave(n.stk, n.a->ifp, GROUP), 0);
	expect_record(&n, TO_INCLUDE, GROUP);
	unit_run_until(n.stk, 4 * USEC_PER_SEC);
	expect_record(&n, TO_INCLUDE, GROUP);
	unit_run_until(n.stk, 60 * USEC_PER_SEC);
	unit_expect_nothing(n.a);
	ck_assert_uint_eq(n.stk->ip.igmp.count, 0);
	ip_net_down(&n);
}
END_TEST

/* RFC 3376 5.2: one report with everything, within the time allowed. */
START_TEST(test_version_3_general_query)
{
	struct ip_net n = net_joined();
	struct unit_seen s;

	ck_assert_int_eq(ip_group_join(n.stk, n.a->ifp,
	    IP4(239, 9, 9, 9)), 0);
	unit_run_until(n.stk, 4 * USEC_PER_SEC);
	expect_record(&n, TO_EXCLUDE, IP4(239, 9, 9, 9));
	expect_record(&n, TO_EXCLUDE, IP4(239, 9, 9, 9));
	query(&n, IP4_ANY, 100, 12);
	unit_expect_nothing(n.a);
	unit_run_until(n.stk, 14 * USEC_PER_SEC);
	s = expect_igmp(&n, "224.0.0.22", 0x22);
	ck_assert_uint_eq(be16_get(s.l4 + 6), 2);
	ck_assert_uint_eq(s.l4[8], IS_EXCLUDE);
	ck_assert_uint_eq(be32_get(s.l4 + 12), GROUP.v);
	ck_assert_uint_eq(be32_get(s.l4 + 20), 0xef090909);
	unit_seen_free(&s);
	unit_expect_nothing(n.a);
	/* about one group only */
	query(&n, GROUP, 10, 12);
	unit_run_until(n.stk, 15 * USEC_PER_SEC + 100000);
	expect_record(&n, IS_EXCLUDE, GROUP);
	unit_expect_nothing(n.a);
	ip_net_down(&n);
}
END_TEST

/* RFC 3376 7.2.1: with an older querier about we speak as it does. */
START_TEST(test_version_2)
{
	struct ip_net n = net_joined();

	query(&n, IP4_ANY, 20, 8);
	unit_run_until(n.stk, 5 * USEC_PER_SEC);
	expect_old(&n, "239.1.2.3", 0x16, GROUP);
	unit_expect_nothing(n.a);
	ck_assert_int_eq(ip_group_leave(n.stk, n.a->ifp, GROUP), 0);
	expect_old(&n, "224.0.0.2", 0x17, GROUP);
	unit_run_until(n.stk, 30 * USEC_PER_SEC);
	unit_expect_nothing(n.a);
	/* 260 s after its last query it is forgotten */
	unit_run_until(n.stk, 262 * USEC_PER_SEC);
	ck_assert_int_eq(ip_group_join(n.stk, n.a->ifp, GROUP), 0);
	expect_record(&n, TO_EXCLUDE, GROUP);
	ip_net_down(&n);
}
END_TEST

/* RFC 2236 3: another's report saves ours, and then the leave is its. */
START_TEST(test_version_2_suppression)
{
	struct ip_net n = net_joined();

	query(&n, IP4_ANY, 100, 8);
	feed_igmp(&n, GROUP, 0x16, 0, GROUP, 8, 1);
	unit_run_until(n.stk, 30 * USEC_PER_SEC);
	unit_expect_nothing(n.a);
	ck_assert_int_eq(ip_group_leave(n.stk, n.a->ifp, GROUP), 0);
	unit_expect_nothing(n.a);
	ck_assert_uint_eq(n.stk->ip.igmp.count, 0);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_version_1)
{
	struct ip_net n = net_joined();

	query(&n, IP4_ANY, 0, 8);
	unit_run_until(n.stk, 13 * USEC_PER_SEC);
	expect_old(&n, "239.1.2.3", 0x12, GROUP);
	ck_assert_int_eq(ip_group_leave(n.stk, n.a->ifp, GROUP), 0);
	unit_expect_nothing(n.a);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_bad_messages)
{
	struct ip_net n = net_joined();
	struct unit_frame f = ip_net_frame();
	uint8_t b[8] = { 0x11, 100, 0x12, 0x34 };

	f.dip = IP4(224, 0, 0, 1);
	f.dst = eth_group_mac(f.dip);
	f.proto = IPPROTO_IGMP4;
	f.ttl = 1;
	f.payload = b;
	f.payload_len = 7;
	ip_net_dies(&n, &f, DROP_IGMP_BAD);
	f.payload_len = 8;	/* the checksum is wrong */
	ip_net_dies(&n, &f, DROP_IGMP_BAD);
	/* from elsewhere */
	feed_igmp(&n, IP4(224, 0, 0, 1), 0x11, 10, IP4_ANY, 8, 2);
	ck_assert_uint_eq(ip_net_drops(&n, DROP_IGMP_NO_MATCH), 1);
	unit_run_until(n.stk, 30 * USEC_PER_SEC);
	unit_expect_nothing(n.a);
	ip_net_down(&n);
}
END_TEST

/* Every host is in 224.0.0.1, also one that has joined nothing. */
START_TEST(test_query_without_memberships)
{
	struct ip_net n = ip_net_up();
	struct ip4 all = IP4(224, 0, 0, 1);

	feed_igmp(&n, all, 0x11, 100, IP4_ANY, 8, 1);
	feed_igmp(&n, all, 0x11, 100, IP4_ANY, 12, 1);
	ck_assert_uint_eq(ip_net_drops(&n, DROP_IGMP_NO_MATCH), 2);
	ck_assert_uint_eq(n.stk->pool.live, 0);
	unit_run_until(n.stk, 20 * USEC_PER_SEC);
	unit_expect_nothing(n.a);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_memberships_are_bounded)
{
	struct ip_net n = ip_net_up();

	n.stk->limits.groups = 2;
	ck_assert_int_eq(ip_group_join(n.stk, n.a->ifp, GROUP), 0);
	ck_assert_int_eq(ip_group_join(n.stk, n.b->ifp, GROUP), 0);
	ck_assert_int_eq(ip_group_join(n.stk, n.a->ifp, IP4(239, 0, 0, 1)),
	    -ENOSPC);
	for (uint64_t k = 1; k < 4; k++) {
		n.stk->limits.groups = 256;
		n.stk->mem.fail_at = k;
		if (ip_group_join(n.stk, n.a->ifp, IP4(239, 0, 0, 1)) == 0)
			ck_assert_int_eq(ip_group_leave(n.stk, n.a->ifp,
			    IP4(239, 0, 0, 1)), 0);
		n.stk->mem.fail_at = 0;
		unit_run_until(n.stk, (int64_t)k * 10 * USEC_PER_SEC);
		ck_assert_uint_eq(n.stk->ip.igmp.count, 2);
	}
	/* an interface that goes takes them along */
	port_del(n.stk, n.b);
	ck_assert_uint_eq(n.stk->ip.igmp.count, 1);
	ip_net_down(&n);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("igmp");
	TCase *tc = tcase_create("igmp");

	tcase_add_test(tc, test_join_on_lo_is_silent);
	tcase_add_test(tc, test_answer_while_joining);
	tcase_add_test(tc, test_join_hears_and_leave_does_not);
	tcase_add_test(tc, test_version_3_join_and_leave);
	tcase_add_test(tc, test_version_3_general_query);
	tcase_add_test(tc, test_version_2);
	tcase_add_test(tc, test_version_2_suppression);
	tcase_add_test(tc, test_version_1);
	tcase_add_test(tc, test_bad_messages);
	tcase_add_test(tc, test_query_without_memberships);
	tcase_add_test(tc, test_memberships_are_bounded);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

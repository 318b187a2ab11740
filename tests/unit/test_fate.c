/*
 * test_fate.c - what became of the packets that ports brought in: each has
 * one fate, and what was made here has none.
 */
#include "unit/host_fixture.h"

#include <string.h>

static void
expect_fates(uint64_t forwarded, uint64_t delivered, uint64_t merged,
    uint64_t dropped, uint64_t waiting)
{
	const uint64_t *n = stk->pool.fate;

	ck_assert_uint_eq(n[PKT_FORWARDED], forwarded);
	ck_assert_uint_eq(n[PKT_DELIVERED], delivered);
	ck_assert_uint_eq(n[PKT_MERGED], merged);
	ck_assert_uint_eq(n[PKT_DROPPED], dropped);
	ck_assert_uint_eq(n[PKT_RECEIVED], forwarded + delivered + merged +
	    dropped + waiting);
	ck_assert_uint_eq(reass_waiting(stk), waiting);
}

static void
feed_fragment(uint16_t id, uint16_t frag)
{
	uint8_t data[16] = { 0 };
	struct unit_frame f = host_icmp(0, 0, NULL, 0);

	f.raw = true;
	f.id = id;
	f.frag = frag;
	f.payload = data;
	f.payload_len = sizeof(data);
	unit_feed(stk, port, &f);
}

START_TEST(delivered)
{
	struct unit_frame f = host_icmp(ICMP_ECHO, 1, NULL, 0);

	unit_feed(stk, port, &f);
	expect_fates(0, 1, 0, 0, 0);
	host_flush(port);
}
END_TEST

START_TEST(forwarded)
{
	struct unit_frame f = host_icmp(ICMP_ECHO, 1, NULL, 0);

	f.dip = PEER_B;
	unit_feed(stk, port, &f);
	expect_fates(1, 0, 0, 0, 0);
	/* It stays forwarded when its neighbour does not answer. */
	f.dip = IP4(10, 0, 1, 77);
	unit_feed(stk, port, &f);
	unit_run_until(stk, 60 * USEC_PER_SEC);
	ck_assert_uint_eq(stk->drop.count[DROP_NEIGH_FAILED], 1);
	ck_assert_uint_eq(stk->drop.received[DROP_NEIGH_FAILED], 0);
	expect_fates(2, 0, 0, 0, 0);
	host_flush(port);
	host_flush(port_b);
}
END_TEST

START_TEST(dropped)
{
	struct unit_frame f = host_icmp(ICMP_ECHO, 1, NULL, 0);

	f.dst.b[5] ^= 0x40;
	unit_feed(stk, port, &f);
	ck_assert_uint_eq(stk->drop.received[DROP_ETH_OTHER_HOST], 1);
	expect_fates(0, 0, 0, 1, 0);
	unit_feed_bytes(stk, port, "short", 5);
	expect_fates(0, 0, 0, 2, 0);
}
END_TEST

START_TEST(fragments)
{
	feed_fragment(1, IP_MF);
	feed_fragment(1, IP_MF | 2);
	expect_fates(0, 0, 0, 0, 2);
	feed_fragment(1, 4);
	/* 48 zeros are an echo reply to nobody, with a bad checksum */
	expect_fates(0, 0, 2, 1, 0);
	feed_fragment(2, IP_MF);
	feed_fragment(2, IP_MF | 4);
	unit_run_until(stk, 40 * USEC_PER_SEC);
	ck_assert_uint_eq(stk->drop.received[DROP_FRAG_TIMEOUT], 2);
	expect_fates(0, 0, 2, 3, 0);
	feed_fragment(3, IP_MF);
	feed_fragment(3, IP_MF | 1);
	ck_assert_uint_eq(stk->drop.received[DROP_FRAG_OVERLAP], 2);
	expect_fates(0, 0, 2, 5, 0);
	host_flush(port);
}
END_TEST

/* Super-frames and errors of our own are not among them. */
START_TEST(ours_have_none)
{
	struct unit_frame f = host_icmp(0, 0, NULL, 0);

	f.proto = IPPROTO_UDP4;
	f.sport = 1000;
	f.dport = 9;
	unit_feed(stk, port, &f);
	host_expect_drop(DROP_UDP_NO_PORT, 1);
	expect_fates(0, 0, 0, 1, 0);
	ck_assert_uint_eq(stk->icmp.sent_errors, 1);
	host_flush(port);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fate");
	TCase *t = tcase_create("fate");

	tcase_add_checked_fixture(t, host_setup, host_teardown);
	tcase_add_test(t, delivered);
	tcase_add_test(t, forwarded);
	tcase_add_test(t, dropped);
	tcase_add_test(t, fragments);
	tcase_add_test(t, ours_have_none);
	suite_add_tcase(s, t);
	return unit_main(s);
}

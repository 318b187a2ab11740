/*
 * test_tcp_closed.c - segments that no connection and no listener wants:
 * RFC 9293 3.10.7.1, and what is never answered.
 */
#include "tcp/tcp_wire.h"
#include "unit/unit.h"

static struct stack *stk;
static struct port *port;

static void
setup(void)
{
	stk = unit_stack();
	port = unit_port(stk, "tap0", 1, "10.0.0.1/24");
	unit_neighbour(stk, "tap0", "10.0.0.2", 2);
	unit_drain(port);
}

static void
teardown(void)
{
	unit_stack_free(stk);
}

static struct unit_frame
segment(uint8_t flags)
{
	return (struct unit_frame){
		.dst = { { 2, 0, 0, 0, 0, 1 } },
		.src = { { 2, 0, 0, 0, 0, 2 } },
		.sip = IP4(10, 0, 0, 2), .dip = IP4(10, 0, 0, 1),
		.proto = IPPROTO_TCP4, .sport = 40000, .dport = 81,
		.seq = 1000, .ack = 5000, .flags = flags,
	};
}

/* Feeds f; expects one RST with these fields. */
static void
expect_reset(const struct unit_frame *f, uint8_t flags, uint32_t seq,
    uint32_t ack)
{
	struct unit_seen s;

	unit_feed(stk, port, f);
	s = unit_expect(port);
	ck_assert_uint_eq(s.ip.src.v, IP4(10, 0, 0, 1).v);
	ck_assert_uint_eq(s.ip.dst.v, IP4(10, 0, 0, 2).v);
	ck_assert_uint_eq(s.sport, 81);
	ck_assert_uint_eq(s.dport, 40000);
	ck_assert_uint_eq(s.flags, flags);
	ck_assert_uint_eq(s.seq, seq);
	ck_assert_uint_eq(s.ack, ack);
	ck_assert_uint_eq(s.window, 0);
	ck_assert_uint_eq(s.payload_len, 0);
	unit_seen_free(&s);
	unit_expect_nothing(port);
}

/* RFC 9293 3.10.7.1: ACK off gives <SEQ=0><ACK=SEG.SEQ+SEG.LEN><RST,ACK>. */
START_TEST(syn_draws_rst_ack)
{
	struct unit_frame f = segment(TCP_SYN);

	f.ack = 0;
	expect_reset(&f, TCP_RST | TCP_ACK, 0, 1001);
	ck_assert_uint_eq(stk->drop.count[DROP_TCP_NO_PORT], 1);
}
END_TEST

START_TEST(fin_and_data_count_in_seg_len)
{
	struct unit_frame f = segment(TCP_FIN | TCP_PSH);

	f.payload = "abcde";
	f.payload_len = 5;
	expect_reset(&f, TCP_RST | TCP_ACK, 0, 1006);
	f.flags = TCP_SYN | TCP_FIN;
	expect_reset(&f, TCP_RST | TCP_ACK, 0, 1007);
	f.flags = 0;
	expect_reset(&f, TCP_RST | TCP_ACK, 0, 1005);
}
END_TEST

/* RFC 9293 3.10.7.1: ACK on gives <SEQ=SEG.ACK><CTL=RST>. */
START_TEST(ack_draws_rst)
{
	struct unit_frame f = segment(TCP_ACK);

	expect_reset(&f, TCP_RST, 5000, 0);
	f.flags = TCP_SYN | TCP_ACK;
	expect_reset(&f, TCP_RST, 5000, 0);
	f.flags = TCP_FIN | TCP_ACK;
	expect_reset(&f, TCP_RST, 5000, 0);
}
END_TEST

START_TEST(rst_is_never_answered)
{
	struct unit_frame f = segment(TCP_RST);

	unit_feed(stk, port, &f);
	f.flags = TCP_RST | TCP_ACK;
	unit_feed(stk, port, &f);
	unit_expect_nothing(port);
	ck_assert_uint_eq(stk->drop.count[DROP_TCP_NO_PORT], 2);
}
END_TEST

START_TEST(bad_checksum_is_dropped)
{
	struct unit_frame f = segment(TCP_SYN);

	f.bad_csum = true;
	unit_feed(stk, port, &f);
	unit_expect_nothing(port);
	ck_assert_uint_eq(stk->drop.count[DROP_TCP_CSUM], 1);
}
END_TEST

/* RFC 1122 4.2.3.10: not to a broadcast address. */
START_TEST(group_is_dropped)
{
	struct unit_frame f = segment(TCP_SYN);

	f.dip = IP4(10, 0, 0, 255);
	f.dst = MAC_BROADCAST;
	unit_feed(stk, port, &f);
	unit_expect_nothing(port);
	ck_assert_uint_eq(stk->drop.count[DROP_TCP_GROUP], 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tcp_closed");
	TCase *t = tcase_create("closed");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, syn_draws_rst_ack);
	tcase_add_test(t, fin_and_data_count_in_seg_len);
	tcase_add_test(t, ack_draws_rst);
	tcase_add_test(t, rst_is_never_answered);
	tcase_add_test(t, bad_checksum_is_dropped);
	tcase_add_test(t, group_is_dropped);
	suite_add_tcase(s, t);
	return unit_main(s);
}

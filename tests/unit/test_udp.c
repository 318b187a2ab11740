/*
 * test_udp.c - datagrams in: validation, readiness of sockets, queues.
 */
#include "unit/udp_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"

static const struct addr any;

/* ---- validation ---- */

START_TEST(no_port_is_answered)
{
	struct unit_seen s;

	udp_feed(99, "hello");
	host_expect_drop(DROP_UDP_NO_PORT, 1);
	s = unit_expect(port);
	ck_assert_uint_eq(s.icmp_type, ICMP_UNREACH);
	ck_assert_uint_eq(s.icmp_code, ICMP_UNREACH_PORT);
	ck_assert_uint_eq(s.payload_len, 20 + 8 + 5);
	unit_seen_free(&s);
}
END_TEST

START_TEST(no_port_of_a_group_is_silence)
{
	struct unit_frame f = udp_datagram(99, "hello");

	f.dip = IP4(10, 0, 0, 255);
	f.dst = MAC_BROADCAST;
	unit_feed(stk, port, &f);
	host_expect_drop(DROP_UDP_NO_PORT, 1);
	unit_expect_nothing(port);
}
END_TEST

START_TEST(bad_checksum)
{
	struct note n;
	struct udp_sock *s = note_sock_on(&n, IP4_ANY, 99);
	struct unit_frame f = udp_datagram(99, "hello");

	f.bad_csum = true;
	unit_feed(stk, port, &f);
	host_expect_drop(DROP_UDP_CSUM, 1);
	ck_assert_uint_eq(n.calls, 0);
	udp_expect_none(s);
}
END_TEST

/* RFC 768: no checksum is a checksum of zero. */
START_TEST(checksum_zero_is_accepted)
{
	struct note n;
	struct udp_sock *s = note_sock_on(&n, IP4_ANY, 99);
	struct unit_frame f = udp_datagram(99, "hello");
	uint8_t frame[128];
	uint32_t len = unit_frame_build(frame, sizeof(frame), &f);

	be16_put(frame + 40, 0);
	unit_feed_bytes(stk, port, frame, len);
	udp_expect_text(s, "hello");
}
END_TEST

/* The length of the header: lies are dropped, less than IP's is a trailer. */
START_TEST(length_field)
{
	static const struct {
		uint16_t len;
		int got;	/* bytes delivered, or -1 */
	} rows[] = { { 0, -1 }, { 7, -1 }, { 8, 0 }, { 10, 2 }, { 13, 5 },
	    { 14, -1 }, { 65535, -1 } };
	struct note n;
	struct udp_sock *s = note_sock_on(&n, IP4_ANY, 99);
	struct unit_frame f = udp_datagram(99, "hello");
	uint64_t bad = 0;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t frame[128];
		uint32_t len = unit_frame_build(frame, sizeof(frame), &f);

		be16_put(frame + 38, rows[i].len);
		be16_put(frame + 40, 0);
		unit_feed_bytes(stk, port, frame, len);
		if (rows[i].got < 0) {
			host_expect_drop(DROP_UDP_SHORT, ++bad);
			udp_expect_none(s);
		} else {
			char buf[8];

			ck_assert_int_eq(udp_recv(stk, s, buf, 8, NULL),
			    rows[i].got);
		}
	}
}
END_TEST

START_TEST(header_cut_off)
{
	struct unit_frame f = udp_datagram(99, "");

	for (uint16_t len = 0; len < UDP_HLEN; len++) {
		uint8_t frame[64] = { 0 };

		unit_frame_build(frame, sizeof(frame), &f);
		ip4_set_len(frame + 14, (uint16_t)(IP4_HLEN + len));
		unit_feed_bytes(stk, port, frame, 60);
	}
	host_expect_drop(DROP_UDP_SHORT, UDP_HLEN);
	unit_expect_nothing(port);
}
END_TEST

START_TEST(udp_discard_mcast_source_addr)
{
	struct note n;
	struct udp_sock *s = note_sock_on(&n, IP4_ANY, 99);
	struct unit_frame f = udp_datagram(99, "hello");

	f.sip = IP4(224, 1, 2, 3);
	unit_feed(stk, port, &f);
	host_expect_drop(DROP_IP_MARTIAN_SRC, 1);
	udp_expect_none(s);
	unit_expect_nothing(port);
}
END_TEST

/* ---- readiness ---- */

START_TEST(owner_is_told_once_for_all)
{
	struct unit_frame f = udp_datagram(99, "one");
	struct note n;
	struct udp_sock *s = note_sock_on(&n, IP4_ANY, 99);
	uint8_t frame[128];
	uint32_t len = unit_frame_build(frame, sizeof(frame), &f);

	ck_assert_int_eq(mem_port_give(port, frame, len), 0);
	ck_assert_int_eq(mem_port_give(port, frame, len), 0);
	ck_assert_uint_eq(n.calls, 0);
	unit_poll(stk);
	ck_assert_uint_eq(n.calls, 1);
	ck_assert_uint_eq(n.events, UDP_READ);
	unit_poll(stk);
	ck_assert_uint_eq(n.calls, 1);
	udp_expect_text(s, "one");
	udp_expect_text(s, "one");
	udp_expect_none(s);
}
END_TEST

static void
close_both(struct stack *st, struct udp_sock *s, unsigned events)
{
	struct udp_sock **pair = s->owner;

	(void)events;
	for (int i = 0; i < 2; i++) {
		if (pair[i] != NULL)
			udp_close(st, pair[i]);
		pair[i] = NULL;
	}
}

/* An owner may close any socket, ready ones too. */
START_TEST(closing_while_being_told)
{
	struct udp_sock *pair[2];
	uint8_t frame[128];

	for (unsigned i = 0; i < 2; i++) {
		struct unit_frame f = udp_datagram((uint16_t)(99 + i), "x");
		uint32_t len = unit_frame_build(frame, sizeof(frame), &f);

		pair[i] = udp_open(stk, close_both, pair);
		ck_assert_int_eq(udp_bind(stk, pair[i], &any,
		    (uint16_t)(99 + i)), 0);
		ck_assert_int_eq(mem_port_give(port, frame, len), 0);
	}
	unit_poll(stk);
	ck_assert_ptr_null(pair[0]);
	ck_assert_ptr_null(pair[1]);
	ck_assert_uint_eq(stk->udp.count, 0);
}
END_TEST

static void
ready_again(struct stack *st, struct udp_sock *s, unsigned events)
{
	++*(unsigned *)s->owner;
	udp_mark_ready(st, s, events);
}

/* Who becomes ready while owners are told waits for the next turn. */
START_TEST(ready_while_being_told)
{
	unsigned calls = 0;
	struct udp_sock *s = udp_open(stk, ready_again, &calls);

	ck_assert_int_eq(udp_bind(stk, s, &any, 99), 0);
	udp_feed(99, "x");
	ck_assert_uint_eq(calls, 1);
	ck_assert_int_eq(stack_next_deadline(stk).us, 0);
	unit_poll(stk);
	ck_assert_uint_eq(calls, 2);
}
END_TEST

static void
echo_back(struct stack *st, struct udp_sock *s, unsigned events)
{
	unsigned *rounds = s->owner;
	struct udp_from from;
	char buf[16];
	ssize_t n;

	(void)events;
	while ((n = udp_recv(st, s, buf, sizeof(buf), &from)) >= 0) {
		++*rounds;
		ck_assert_int_eq(udp_reply(st, s, &from, buf, (uint32_t)n),
		    0);
	}
}

/* Two that answer each other for ever take turns of the stack: each poll ends
 * and the rest of the stack goes on. */
START_TEST(loop_of_two_sockets_starves_nobody)
{
	unsigned rounds[2] = { 0, 0 };
	struct udp_sock *s[2];

	for (unsigned i = 0; i < 2; i++) {
		s[i] = udp_open(stk, echo_back, &rounds[i]);
		ck_assert_int_eq(udp_bind(stk, s[i], &any,
		    (uint16_t)(2000 + i)), 0);
	}
	ck_assert_int_eq(udp_send_text(s[0], US, 2001, "ball"), 0);
	for (int i = 0; i < 100; i++)
		unit_poll(stk);
	ck_assert_uint_le(rounds[0], 100);
	ck_assert_uint_gt(rounds[0], 10);
}
END_TEST

/* ---- queues ---- */

START_TEST(queue_is_bounded)
{
	struct note n;
	struct udp_sock *s = note_sock_on(&n, IP4_ANY, 99);
	uint32_t cost = (uint32_t)sizeof(struct udp_dgram) + 5;

	ck_assert_int_eq(udp_set(stk, s, UDP_QUEUE, 3 * cost + 1), 0);
	for (int i = 0; i < 5; i++)
		udp_feed(99, "hello");
	host_expect_drop(DROP_UDP_QUEUE, 2);
	ck_assert_uint_eq(s->dropped, 2);
	ck_assert_uint_eq(s->rx_bytes, 3 * cost);
	udp_expect_text(s, "hello");
	udp_feed(99, "again");
	udp_expect_text(s, "hello");
	udp_expect_text(s, "hello");
	udp_expect_text(s, "again");
	ck_assert_uint_eq(s->rx_bytes, 0);
	unit_expect_nothing(port);
}
END_TEST

START_TEST(datagram_is_cut_to_the_buffer)
{
	struct note n;
	struct udp_sock *s = note_sock_on(&n, IP4_ANY, 99);
	struct udp_from from;
	char buf[3];

	unit_run_until(stk, 7);
	udp_feed(99, "hello");
	ck_assert_int_eq(udp_recv(stk, s, buf, 3, &from), 3);
	ck_assert_mem_eq(buf, "hel", 3);
	ck_assert_uint_eq(from.len, 5);
	ck_assert_uint_eq(addr_to_ip4(&from.src).v, PEER.v);
	ck_assert_uint_eq(addr_to_ip4(&from.dst).v, US.v);
	ck_assert_uint_eq(from.sport, 5000);
	ck_assert_uint_eq(from.ttl, 64);
	ck_assert_uint_eq(from.ifindex, port->ifp->index);
	ck_assert_int_eq(from.when.us, 7);
	udp_expect_none(s);
}
END_TEST

START_TEST(no_memory_for_a_datagram)
{
	struct note n;
	struct udp_sock *s = note_sock_on(&n, IP4_ANY, 99);
	struct unit_frame f = udp_datagram(99, "hello");
	uint8_t frame[128];
	uint32_t len = unit_frame_build(frame, sizeof(frame), &f);

	udp_feed(99, "fills the pool");
	udp_expect_text(s, "fills the pool");
	ck_assert_int_eq(mem_port_give(port, frame, len), 0);
	stk->mem.fail_at = 1;
	unit_poll(stk);
	host_expect_drop(DROP_NO_MEMORY, 1);
	udp_expect_none(s);
}
END_TEST

START_TEST(sockets_are_limited)
{
	struct note n;
	struct udp_sock *a, *b;

	stk->limits.udp_socks = 2;
	a = note_sock(&n);
	b = note_sock(&n);
	ck_assert_ptr_null(udp_open(stk, note_ready, &n));
	udp_close(stk, b);
	ck_assert_ptr_eq(udp_next(stk, NULL), a);
	stk->mem.fail_at = 1;
	ck_assert_ptr_null(udp_open(stk, note_ready, &n));
	ck_assert_uint_eq(stk->udp.count, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("udp");
	TCase *c = tcase_create("udp");

	tcase_add_checked_fixture(c, host_setup, host_teardown);
	tcase_add_test(c, no_port_is_answered);
	tcase_add_test(c, no_port_of_a_group_is_silence);
	tcase_add_test(c, bad_checksum);
	tcase_add_test(c, checksum_zero_is_accepted);
	tcase_add_test(c, length_field);
	tcase_add_test(c, header_cut_off);
	tcase_add_test(c, udp_discard_mcast_source_addr);
	tcase_add_test(c, owner_is_told_once_for_all);
	tcase_add_test(c, closing_while_being_told);
	tcase_add_test(c, ready_while_being_told);
	tcase_add_test(c, loop_of_two_sockets_starves_nobody);
	tcase_add_test(c, queue_is_bounded);
	tcase_add_test(c, datagram_is_cut_to_the_buffer);
	tcase_add_test(c, no_memory_for_a_datagram);
	tcase_add_test(c, sockets_are_limited);
	suite_add_tcase(s, c);
	return unit_main(s);
}

/*
 * test_icmp_echo.c - echo sessions: replies and errors to whom they belong,
 * path MTUs, bounds.
 */
#include "unit/host_fixture.h"

#include <errno.h>
#include <string.h>

#include "icmp/echo.h"
#include "ip/pmtu.h"

static struct icmp_echo_event events[128];
static unsigned event_count, calls;

static void
echo_ready(struct stack *s, struct icmp_echo *e)
{
	ck_assert_ptr_eq(s, stk);
	calls++;
	while (icmp_echo_next(e, &events[event_count]))
		event_count++;
}

static struct icmp_echo *
echo_open(const struct icmp_echo_conf *conf)
{
	static const struct icmp_echo_conf plain;
	struct icmp_echo *e = NULL;

	event_count = calls = 0;
	ck_assert_int_eq(icmp_echo_open(stk, conf != NULL ? conf : &plain,
	    echo_ready, NULL, &e), 0);
	return e;
}

static int
echo_send(struct icmp_echo *e, struct ip4 dst, uint16_t seq)
{
	struct addr a = addr_from_ip4(dst);

	return icmp_echo_send(stk, e, &a, seq, 0, 4);
}

/* Reply to the request that leaves now. */
static void
answer_request(void)
{
	struct unit_seen s = unit_expect(port);
	struct unit_frame f;

	ck_assert_uint_eq(s.icmp_type, ICMP_ECHO);
	f = host_icmp(ICMP_ECHO_REPLY, s.icmp_rest, s.payload,
	    s.payload_len);
	f.ttl = 61;
	f.sip = s.ip.dst;
	f.dip = s.ip.src;
	unit_feed(stk, port, &f);
	unit_seen_free(&s);
}

START_TEST(reply_reaches_its_session)
{
	struct icmp_echo *other = echo_open(NULL), *e = echo_open(NULL);

	ck_assert_uint_ne(e->id, other->id);
	unit_run_until(stk, 500);
	ck_assert_int_eq(echo_send(e, PEER, 9), 0);
	answer_request();
	ck_assert_uint_eq(calls, 1);
	ck_assert_uint_eq(event_count, 1);
	ck_assert_uint_eq(events[0].type, ICMP_ECHO_REPLY);
	ck_assert_uint_eq(events[0].seq, 9);
	ck_assert_uint_eq(events[0].ttl, 61);
	ck_assert_uint_eq(events[0].len, 12);
	ck_assert_int_eq(events[0].when.us, 500);
	ck_assert_uint_eq(addr_to_ip4(&events[0].from).v, PEER.v);
	icmp_echo_close(stk, other);
	icmp_echo_close(stk, e);
}
END_TEST

START_TEST(reply_to_nobody)
{
	struct icmp_echo *e = echo_open(NULL);
	struct unit_frame f = host_icmp(ICMP_ECHO_REPLY,
	    (uint32_t)(e->id ^ 1) << 16, NULL, 0);

	unit_feed(stk, port, &f);
	host_expect_drop(DROP_ICMP_NO_MATCH, 1);
	ck_assert_uint_eq(calls, 0);
	icmp_echo_close(stk, e);
}
END_TEST

/* icmpv4_socket_send_recv: bound to an address or an interface. */
START_TEST(icmpv4_socket_send_recv)
{
	struct icmp_echo_conf conf = { .src = addr_from_ip4(US),
	    .ifname = "a" };
	struct icmp_echo *e = echo_open(&conf), *none;
	struct unit_frame f;
	struct unit_seen s;

	ck_assert_int_eq(echo_send(e, PEER, 1), 0);
	s = unit_expect(port);
	ck_assert_mem_eq(&s.eth.dst, &PEER_MAC, 6);
	ck_assert_uint_eq(s.ip.src.v, US.v);
	unit_seen_free(&s);
	/* to another address of ours: not this session's */
	f = host_icmp(ICMP_ECHO_REPLY, (uint32_t)e->id << 16 | 1, NULL, 0);
	f.dip = IP4(10, 0, 1, 1);
	unit_feed(stk, port, &f);
	host_expect_drop(DROP_ICMP_NO_MATCH, 1);
	f.dip = US;
	unit_feed(stk, port, &f);
	ck_assert_uint_eq(event_count, 1);
	/* broadcast and multicast */
	ck_assert_int_eq(echo_send(e, IP4(10, 0, 0, 255), 2), -EACCES);
	ck_assert_int_eq(echo_send(e, IP4_BROADCAST, 2), -EACCES);
	e->conf.broadcast = true;
	ck_assert_int_eq(echo_send(e, IP4(10, 0, 0, 255), 2), 0);
	s = unit_expect(port);
	ck_assert_mem_eq(&s.eth.dst, &MAC_BROADCAST, 6);
	unit_seen_free(&s);
	ck_assert_int_eq(echo_send(e, IP4_BROADCAST, 3), 0);
	s = unit_expect(port);
	ck_assert_mem_eq(&s.eth.dst, &MAC_BROADCAST, 6);
	unit_seen_free(&s);
	ck_assert_int_eq(echo_send(e, IP4(224, 0, 0, 1), 4), 0);
	s = unit_expect(port);
	ck_assert_mem_eq(s.eth.dst.b, "\x01\x00\x5e\x00\x00\x01", 6);
	ck_assert_uint_eq(s.ip.ttl, 1);
	unit_seen_free(&s);
	icmp_echo_close(stk, e);

	conf.src = addr_from_ip4(PEER);
	ck_assert_int_eq(icmp_echo_open(stk, &conf, echo_ready, NULL, &none),
	    -EADDRNOTAVAIL);
	conf = (struct icmp_echo_conf){ .ifname = "nowhere" };
	ck_assert_int_eq(icmp_echo_open(stk, &conf, echo_ready, NULL, &none),
	    -ENODEV);
}
END_TEST

START_TEST(error_reaches_its_session)
{
	struct icmp_echo *e = echo_open(NULL);
	struct unit_frame f = host_icmp(ICMP_ECHO,
	    (uint32_t)e->id << 16 | 7, "data", 4);

	f.sip = US;
	f.dip = IP4(10, 9, 9, 9);
	host_feed_error(&f, ICMP_TIME_EXCEEDED, 0, 0, 28);
	host_feed_error(&f, ICMP_UNREACH, ICMP_UNREACH_FRAG, 1300, 28);
	ck_assert_uint_eq(event_count, 2);
	ck_assert_uint_eq(events[0].type, ICMP_TIME_EXCEEDED);
	ck_assert_uint_eq(events[0].seq, 7);
	ck_assert_uint_eq(addr_to_ip4(&events[0].from).v, PEER.v);
	ck_assert_uint_eq(events[1].info, 1300);
	/* about a reply, not a request */
	f.icmp_type = ICMP_ECHO_REPLY;
	host_feed_error(&f, ICMP_UNREACH, 1, 0, 28);
	host_expect_drop(DROP_ICMP_NO_MATCH, 1);
	icmp_echo_close(stk, e);
}
END_TEST

/* An error that is sent to everyone is for nobody. */
START_TEST(error_to_a_broadcast_address)
{
	struct icmp_echo *e = echo_open(NULL);
	struct unit_frame f = host_icmp(ICMP_ECHO, (uint32_t)e->id << 16,
	    NULL, 0);
	uint8_t quote[64];
	struct unit_frame err = host_icmp(ICMP_UNREACH, 0, quote + 14, 28);

	f.sip = US;
	f.dip = PEER;
	unit_frame_build(quote, sizeof(quote), &f);
	err.dip = IP4_BROADCAST;
	err.dst = MAC_BROADCAST;
	unit_feed(stk, port, &err);
	ck_assert_uint_eq(event_count, 0);
	host_expect_drop(DROP_ICMP_NO_MATCH, 1);
	icmp_echo_close(stk, e);
}
END_TEST

/* RFC 1191 3: what a router says about the path is learnt, if the packet was
 * ours; 7.1: an old one names no MTU. */
START_TEST(path_mtu_is_learnt)
{
	struct icmp_echo *e = echo_open(NULL);
	uint8_t data[1472] = { 0 };
	struct unit_frame f = host_icmp(ICMP_ECHO,
	    (uint32_t)(e->id ^ 1) << 16, data, sizeof(data));

	f.sip = US;
	f.dip = PEER;
	host_feed_error(&f, ICMP_UNREACH, ICMP_UNREACH_FRAG, 1400, 28);
	host_expect_drop(DROP_ICMP_NO_MATCH, 1);
	ck_assert_ptr_null(ip_pmtu_lookup(stk, PEER));
	f.icmp_rest = (uint32_t)e->id << 16;
	host_feed_error(&f, ICMP_UNREACH, ICMP_UNREACH_FRAG, 0, 28);
	ck_assert_ptr_nonnull(ip_pmtu_lookup(stk, PEER));
	ck_assert_uint_eq(ip_pmtu_lookup(stk, PEER)->mtu, 1492);
	host_feed_error(&f, ICMP_UNREACH, ICMP_UNREACH_FRAG, 1400, 28);
	ck_assert_uint_eq(ip_pmtu_lookup(stk, PEER)->mtu, 1400);
	host_feed_error(&f, ICMP_UNREACH, ICMP_UNREACH_HOST, 1300, 28);
	ck_assert_uint_eq(ip_pmtu_lookup(stk, PEER)->mtu, 1400);
	ck_assert_uint_eq(events[1].info, 1400);
	icmp_echo_close(stk, e);
}
END_TEST

/* More events in one turn than a session holds: dropped by name. */
START_TEST(session_is_bounded)
{
	struct icmp_echo *e = echo_open(NULL);
	struct unit_frame f = host_icmp(ICMP_ECHO_REPLY,
	    (uint32_t)e->id << 16, NULL, 0);
	struct ip_meta m = { .src = addr_from_ip4(PEER),
	    .dst = addr_from_ip4(US), .l4_len = 8, .proto = 1 };

	for (unsigned i = 0; i < ICMP_ECHO_EVENTS + 3; i++) {
		uint8_t frame[64];
		uint32_t len = unit_frame_build(frame, sizeof(frame), &f);
		struct pkt *pkt = pkt_alloc(&stk->pool, len);

		memcpy(pkt_append(pkt, len - 34), frame + 34, len - 34);
		icmp_input(stk, pkt, &m);
	}
	host_expect_drop(DROP_ICMP_QUEUE, 3);
	ck_assert_int_eq(stack_next_deadline(stk).us, 0);
	unit_poll(stk);
	ck_assert_uint_eq(calls, 1);
	ck_assert_uint_eq(event_count, ICMP_ECHO_EVENTS);
	icmp_echo_close(stk, e);
}
END_TEST

START_TEST(sessions_are_limited)
{
	struct icmp_echo *e[256], *more;
	struct icmp_echo_conf conf = { .tos = 0 };

	for (unsigned i = 0; i < 256; i++)
		e[i] = echo_open(NULL);
	ck_assert_int_eq(icmp_echo_open(stk, &conf, echo_ready, NULL, &more),
	    -ENOSPC);
	icmp_echo_close(stk, e[0]);
	stk->mem.fail_at = 1;
	ck_assert_int_eq(icmp_echo_open(stk, &conf, echo_ready, NULL, &more),
	    -ENOMEM);
	for (unsigned i = 1; i < 256; i++)
		icmp_echo_close(stk, e[i]);
}
END_TEST

/* What is asked of ourselves is answered inside. */
START_TEST(echo_to_ourselves)
{
	struct icmp_echo *e = echo_open(NULL);

	ck_assert_int_eq(echo_send(e, US, 1), 0);
	ck_assert_int_eq(echo_send(e, IP4(127, 0, 0, 1), 2), 0);
	unit_run_until(stk, 1000);
	ck_assert_uint_eq(event_count, 2);
	ck_assert_uint_eq(events[1].seq, 2);
	unit_expect_nothing(port);
	icmp_echo_close(stk, e);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("icmp_echo");
	TCase *echo = tcase_create("sessions");

	tcase_add_checked_fixture(echo, host_setup, host_teardown);
	tcase_add_test(echo, reply_reaches_its_session);
	tcase_add_test(echo, reply_to_nobody);
	tcase_add_test(echo, icmpv4_socket_send_recv);
	tcase_add_test(echo, error_reaches_its_session);
	tcase_add_test(echo, error_to_a_broadcast_address);
	tcase_add_test(echo, path_mtu_is_learnt);
	tcase_add_test(echo, session_is_bounded);
	tcase_add_test(echo, sessions_are_limited);
	tcase_add_test(echo, echo_to_ourselves);
	suite_add_tcase(s, echo);
	return unit_main(s);
}

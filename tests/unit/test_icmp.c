/*
 * test_icmp.c - ICMP in: echo and timestamp answered, replies and errors to
 * whom they belong, the rest dropped by name.
 */
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "icmp/echo.h"
#include "ip/pmtu.h"

#define US	IP4(10, 0, 0, 1)
#define PEER	IP4(10, 0, 0, 2)

static const struct mac us_mac = { { 2, 0, 0, 0, 0, 1 } };
static const struct mac peer_mac = { { 2, 0, 0, 0, 0, 2 } };

static struct stack *stk;
static struct port *port;

static void
setup(void)
{
	stk = unit_stack();
	port = unit_port(stk, "a", 1, "10.0.0.1/24");
	unit_neighbour(stk, "a", "10.0.0.2", 2);
	while (mem_port_sent(port) > 0)
		mem_port_free(port, mem_port_take(port));
}

static void
teardown(void)
{
	unit_stack_free(stk);
}

static struct unit_frame
icmp_frame(uint8_t type, uint32_t rest, const void *data, uint32_t len)
{
	return (struct unit_frame){ .dst = us_mac, .src = peer_mac,
	    .sip = PEER, .dip = US, .proto = IPPROTO_ICMP4,
	    .icmp_type = type, .icmp_rest = rest, .payload = data,
	    .payload_len = len };
}

static void
expect_drop(enum drop why, uint64_t times)
{
	ck_assert_msg(stk->drop.count[why] == times, "%s: %llu, not %llu",
	    drop_rows[why].name, (unsigned long long)stk->drop.count[why],
	    (unsigned long long)times);
}

/* ---- what is answered ---- */

/* RFC 1122 3.2.2.6: identifier, sequence and data come back as they went. */
START_TEST(echo_is_answered)
{
	static const uint32_t sizes[] = { 0, 1, 2, 3, 55, 56, 1471, 1472 };
	uint8_t data[1472];

	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct unit_frame f = icmp_frame(ICMP_ECHO, 0x12340000 + i,
		    data, sizes[i]);
		struct unit_seen s;

		f.tos = 0x48;
		f.ttl = 3;
		unit_feed(stk, port, &f);
		s = unit_expect(port);
		ck_assert_uint_eq(s.icmp_type, ICMP_ECHO_REPLY);
		ck_assert_uint_eq(s.icmp_code, 0);
		ck_assert_uint_eq(s.icmp_rest, 0x12340000 + i);
		ck_assert_uint_eq(s.ip.src.v, US.v);
		ck_assert_uint_eq(s.ip.dst.v, PEER.v);
		ck_assert_uint_eq(s.ip.tos, 0x48);	/* RFC 1812 4.3.2.5 */
		ck_assert_uint_eq(s.ip.ttl, 64);
		ck_assert_uint_eq(s.payload_len, sizes[i]);
		ck_assert_int_eq(memcmp(s.payload, data, sizes[i]), 0);
		unit_seen_free(&s);
	}
	ck_assert_uint_eq(stk->icmp.sent_replies, 8);
}
END_TEST

/* The incremental checksum holds for every code and sum. */
START_TEST(echo_checksum_for_all_sums)
{
	for (uint32_t v = 0; v < 0x10000; v += 0x111) {
		uint8_t data[2] = { (uint8_t)(v >> 8), (uint8_t)v };
		struct unit_frame f = icmp_frame(ICMP_ECHO, 0, data, 2);
		struct unit_seen s;

		f.icmp_code = (uint8_t)v;
		unit_feed(stk, port, &f);
		s = unit_expect(port);		/* looks at the checksum */
		ck_assert_uint_eq(s.icmp_type, ICMP_ECHO_REPLY);
		ck_assert_uint_eq(s.icmp_code, (uint8_t)v);
		unit_seen_free(&s);
	}
}
END_TEST

/* The address asked answers, also if it is another interface's. */
START_TEST(echo_to_another_interface)
{
	struct unit_frame f = icmp_frame(ICMP_ECHO, 1, NULL, 0);
	struct unit_seen s;

	unit_port(stk, "b", 9, "10.0.1.1/24");
	f.dip = IP4(10, 0, 1, 1);
	unit_feed(stk, port, &f);
	s = unit_expect(port);
	ck_assert_uint_eq(s.ip.src.v, IP4(10, 0, 1, 1).v);
	unit_seen_free(&s);
}
END_TEST

/* A neighbour on this machine leaves the checksum to the port. */
START_TEST(echo_that_needs_its_checksum)
{
	struct unit_frame f = icmp_frame(ICMP_ECHO, 5, "abcd", 4);
	uint8_t frame[128];
	uint32_t len = unit_frame_build(frame, sizeof(frame), &f);
	struct mem_frame *mf = calloc(1, sizeof(*mf) + len);
	struct unit_seen s;

	ck_assert_ptr_nonnull(mf);
	be16_put(frame + 36, 0);
	memcpy(mf->data, frame, len);
	mf->len = len;
	mf->csum_needed = true;
	mf->csum_start = 34;
	mf->csum_offset = 2;
	ck_assert_int_eq(mem_port_give_frame(port, mf), 0);
	free(mf);
	unit_poll(stk);
	s = unit_expect(port);
	ck_assert_uint_eq(s.icmp_type, ICMP_ECHO_REPLY);
	ck_assert(!s.frame->csum_needed);
	unit_seen_free(&s);
}
END_TEST

/* RFC 1122 3.2.2.6: silence is the default, and a knob. */
START_TEST(echo_to_a_group)
{
	static const struct ip4 dst[] = { { 0xffffffff }, { 0x0a0000ff },
	    { 0xe0000001 } };

	for (unsigned i = 0; i < 3; i++) {
		struct unit_frame f = icmp_frame(ICMP_ECHO, i, NULL, 0);
		struct unit_seen s;

		f.dip = dst[i];
		f.dst = i < 2 ? MAC_BROADCAST :
		    (struct mac){ { 1, 0, 0x5e, 0, 0, 1 } };
		unit_feed(stk, port, &f);
		unit_expect_nothing(port);
		expect_drop(DROP_ICMP_BROADCAST, i + 1);

		stk->icmp.echo_group = true;
		unit_feed(stk, port, &f);
		s = unit_expect(port);
		ck_assert_uint_eq(s.ip.src.v, US.v);
		ck_assert_uint_eq(s.ip.dst.v, PEER.v);
		unit_seen_free(&s);
		stk->icmp.echo_group = false;
	}
}
END_TEST

static struct unit_seen
timestamp_reply(const struct ip4 dip)
{
	uint8_t data[12] = { 0, 0, 0, 42 };
	struct unit_frame f = icmp_frame(ICMP_TIMESTAMP, 0x00070008, data,
	    sizeof(data));

	f.dip = dip;
	unit_feed(stk, port, &f);
	return unit_expect(port);
}

/* RFC 792: milliseconds since midnight UT, in all three places. */
START_TEST(timestamp_is_answered)
{
	struct unit_seen s;

	/* 2026-11-21 10:48:26.5, at 0 us */
	stk->wall_offset_us = INT64_C(1795258106500000);
	unit_run_until(stk, 250000);
	s = timestamp_reply(US);
	ck_assert_uint_eq(s.icmp_type, ICMP_TIMESTAMP_REPLY);
	ck_assert_uint_eq(s.icmp_rest, 0x00070008);
	ck_assert_uint_eq(s.payload_len, 12);
	ck_assert_uint_eq(be32_get(s.payload), 42);
	ck_assert_uint_eq(be32_get(s.payload + 4), 38906750);
	ck_assert_uint_eq(be32_get(s.payload + 8), 38906750);
	unit_seen_free(&s);
}
END_TEST

START_TEST(timestamp_without_a_clock)
{
	struct unit_seen s;

	unit_run_until(stk, 5000);
	s = timestamp_reply(US);
	ck_assert_uint_eq(be32_get(s.payload + 4), 0x80000005u);
	unit_seen_free(&s);
}
END_TEST

START_TEST(timestamp_not_answered)
{
	uint8_t data[12] = { 0 };
	struct unit_frame f = icmp_frame(ICMP_TIMESTAMP, 1, data, 11);

	unit_feed(stk, port, &f);
	expect_drop(DROP_ICMP_SHORT, 1);
	f.payload_len = 12;
	f.dip = IP4_BROADCAST;
	f.dst = MAC_BROADCAST;
	unit_feed(stk, port, &f);
	expect_drop(DROP_ICMP_BROADCAST, 1);
	unit_expect_nothing(port);
}
END_TEST

/* ---- what is not ---- */

START_TEST(bad_checksum)
{
	struct unit_frame f = icmp_frame(ICMP_ECHO, 1, "x", 1);

	f.bad_csum = true;
	unit_feed(stk, port, &f);
	expect_drop(DROP_ICMP_CSUM, 1);
	unit_expect_nothing(port);
}
END_TEST

START_TEST(cut_off)
{
	struct unit_frame f = icmp_frame(ICMP_ECHO, 1, NULL, 0);

	for (uint16_t len = 0; len < ICMP_HLEN; len++) {
		uint8_t frame[64] = { 0 };

		unit_frame_build(frame, sizeof(frame), &f);
		ip4_set_len(frame + 14, (uint16_t)(IP4_HLEN + len));
		unit_feed_bytes(stk, port, frame, 60);
	}
	expect_drop(DROP_ICMP_SHORT, ICMP_HLEN);
	unit_expect_nothing(port);
}
END_TEST

START_TEST(unknown_types)
{
	static const uint8_t types[] = { 1, 2, 4, 6, 7, 9, 10, 14, 15, 16, 17,
	    18, 19, 42, 255 };

	for (unsigned i = 0; i < sizeof(types); i++) {
		struct unit_frame f = icmp_frame(types[i], 1, NULL, 0);

		unit_feed(stk, port, &f);
		expect_drop(DROP_ICMP_TYPE, i + 1);
	}
	unit_expect_nothing(port);
}
END_TEST

/* RFC 1812 5.2.7.2: a router does not listen to redirects. */
START_TEST(redirect_is_ignored)
{
	struct unit_frame f = icmp_frame(ICMP_REDIRECT, 0x0a000003, NULL, 0);
	struct route_result r;

	f.icmp_code = 1;
	unit_feed(stk, port, &f);
	expect_drop(DROP_ICMP_REDIRECT, 1);
	r = route_lookup(stk, IP4(10, 9, 9, 9), 0);
	ck_assert_ptr_null(r.route);
	unit_expect_nothing(port);
}
END_TEST

/* ---- errors in ---- */

/* An error of type and code that quotes f, of which quote bytes are there. */
static void
feed_error(const struct unit_frame *f, uint8_t type, uint8_t code,
    uint32_t rest, uint32_t quote)
{
	uint8_t frame[1600];
	struct unit_frame e = icmp_frame(type, rest, frame + 14, quote);
	uint32_t len = unit_frame_build(frame, sizeof(frame), f);

	ck_assert_uint_le(quote, len - 14);
	e.icmp_code = code;
	unit_feed(stk, port, &e);
}

static struct unit_frame
our_datagram(void)
{
	return (struct unit_frame){ .sip = US, .dip = IP4(10, 9, 9, 9),
	    .proto = IPPROTO_UDP4, .sport = 1111, .dport = 2222,
	    .payload = "01234567", .payload_len = 8 };
}

START_TEST(error_that_quotes_too_little)
{
	struct unit_frame f = our_datagram();

	for (uint32_t quote = 0; quote < 28; quote++)
		feed_error(&f, ICMP_UNREACH, 3, 0, quote);
	expect_drop(DROP_ICMP_SHORT, 28);
	expect_drop(DROP_ICMP_NO_MATCH, 0);
	feed_error(&f, ICMP_UNREACH, 3, 0, 28);
	expect_drop(DROP_ICMP_NO_MATCH, 1);
}
END_TEST

START_TEST(error_about_nothing_of_ours)
{
	struct unit_frame f = our_datagram();

	f.sip = IP4(10, 0, 0, 77);
	feed_error(&f, ICMP_UNREACH, 3, 0, 28);
	expect_drop(DROP_ICMP_NO_MATCH, 1);
	f = our_datagram();
	f.frag = 100;
	feed_error(&f, ICMP_TIME_EXCEEDED, 1, 0, 28);
	expect_drop(DROP_ICMP_SHORT, 1);
	f = our_datagram();
	f.proto = 200;
	feed_error(&f, ICMP_UNREACH, 2, 0, 28);
	expect_drop(DROP_ICMP_NO_MATCH, 2);
	unit_expect_nothing(port);
}
END_TEST

/* ---- echo sessions ---- */

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
	f = icmp_frame(ICMP_ECHO_REPLY, s.icmp_rest, s.payload,
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
	struct unit_frame f = icmp_frame(ICMP_ECHO_REPLY,
	    (uint32_t)(e->id ^ 1) << 16, NULL, 0);

	unit_feed(stk, port, &f);
	expect_drop(DROP_ICMP_NO_MATCH, 1);
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

	unit_port(stk, "b", 9, "10.0.1.1/24");
	ck_assert_int_eq(echo_send(e, PEER, 1), 0);
	s = unit_expect(port);
	ck_assert_mem_eq(&s.eth.dst, &peer_mac, 6);
	ck_assert_uint_eq(s.ip.src.v, US.v);
	unit_seen_free(&s);
	/* to another address of ours: not this session's */
	f = icmp_frame(ICMP_ECHO_REPLY, (uint32_t)e->id << 16 | 1, NULL, 0);
	f.dip = IP4(10, 0, 1, 1);
	unit_feed(stk, port, &f);
	expect_drop(DROP_ICMP_NO_MATCH, 1);
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
	struct unit_frame f = icmp_frame(ICMP_ECHO,
	    (uint32_t)e->id << 16 | 7, "data", 4);

	f.sip = US;
	f.dip = IP4(10, 9, 9, 9);
	feed_error(&f, ICMP_TIME_EXCEEDED, 0, 0, 28);
	feed_error(&f, ICMP_UNREACH, ICMP_UNREACH_FRAG, 1300, 28);
	ck_assert_uint_eq(event_count, 2);
	ck_assert_uint_eq(events[0].type, ICMP_TIME_EXCEEDED);
	ck_assert_uint_eq(events[0].seq, 7);
	ck_assert_uint_eq(addr_to_ip4(&events[0].from).v, PEER.v);
	ck_assert_uint_eq(events[1].info, 1300);
	/* about a reply, not a request */
	f.icmp_type = ICMP_ECHO_REPLY;
	feed_error(&f, ICMP_UNREACH, 1, 0, 28);
	expect_drop(DROP_ICMP_NO_MATCH, 1);
	icmp_echo_close(stk, e);
}
END_TEST

/* RFC 1191 3: what a router says about the path is learnt, if the packet was
 * ours; 7.1: an old one names no MTU. */
START_TEST(path_mtu_is_learnt)
{
	struct icmp_echo *e = echo_open(NULL);
	uint8_t data[1472] = { 0 };
	struct unit_frame f = icmp_frame(ICMP_ECHO,
	    (uint32_t)(e->id ^ 1) << 16, data, sizeof(data));

	f.sip = US;
	f.dip = PEER;
	feed_error(&f, ICMP_UNREACH, ICMP_UNREACH_FRAG, 1400, 28);
	expect_drop(DROP_ICMP_NO_MATCH, 1);
	ck_assert_ptr_null(ip_pmtu_lookup(stk, PEER));
	f.icmp_rest = (uint32_t)e->id << 16;
	feed_error(&f, ICMP_UNREACH, ICMP_UNREACH_FRAG, 0, 28);
	ck_assert_ptr_nonnull(ip_pmtu_lookup(stk, PEER));
	ck_assert_uint_eq(ip_pmtu_lookup(stk, PEER)->mtu, 1492);
	feed_error(&f, ICMP_UNREACH, ICMP_UNREACH_FRAG, 1400, 28);
	ck_assert_uint_eq(ip_pmtu_lookup(stk, PEER)->mtu, 1400);
	feed_error(&f, ICMP_UNREACH, ICMP_UNREACH_HOST, 1300, 28);
	ck_assert_uint_eq(ip_pmtu_lookup(stk, PEER)->mtu, 1400);
	ck_assert_uint_eq(events[1].info, 1400);
	icmp_echo_close(stk, e);
}
END_TEST

/* More events in one turn than a session holds: dropped by name. */
START_TEST(session_is_bounded)
{
	struct icmp_echo *e = echo_open(NULL);
	struct unit_frame f = icmp_frame(ICMP_ECHO_REPLY,
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
	expect_drop(DROP_ICMP_QUEUE, 3);
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
	Suite *s = suite_create("icmp");
	TCase *in = tcase_create("in"), *echo = tcase_create("sessions");

	tcase_add_checked_fixture(in, setup, teardown);
	tcase_add_test(in, echo_is_answered);
	tcase_add_test(in, echo_checksum_for_all_sums);
	tcase_add_test(in, echo_to_another_interface);
	tcase_add_test(in, echo_that_needs_its_checksum);
	tcase_add_test(in, echo_to_a_group);
	tcase_add_test(in, timestamp_is_answered);
	tcase_add_test(in, timestamp_without_a_clock);
	tcase_add_test(in, timestamp_not_answered);
	tcase_add_test(in, bad_checksum);
	tcase_add_test(in, cut_off);
	tcase_add_test(in, unknown_types);
	tcase_add_test(in, redirect_is_ignored);
	tcase_add_test(in, error_that_quotes_too_little);
	tcase_add_test(in, error_about_nothing_of_ours);
	suite_add_tcase(s, in);
	tcase_add_checked_fixture(echo, setup, teardown);
	tcase_add_test(echo, reply_reaches_its_session);
	tcase_add_test(echo, reply_to_nobody);
	tcase_add_test(echo, icmpv4_socket_send_recv);
	tcase_add_test(echo, error_reaches_its_session);
	tcase_add_test(echo, path_mtu_is_learnt);
	tcase_add_test(echo, session_is_bounded);
	tcase_add_test(echo, sessions_are_limited);
	tcase_add_test(echo, echo_to_ourselves);
	suite_add_tcase(s, echo);
	return unit_main(s);
}

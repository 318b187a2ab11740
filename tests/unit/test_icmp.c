/*
 * test_icmp.c - ICMP in: echo and timestamp answered, the rest dropped by name.
 */
#include "unit/host_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"

/* ---- what is answered ---- */

/* RFC 1122 3.2.2.6: identifier, sequence and data come back as they went. */
START_TEST(echo_is_answered)
{
	static const uint32_t sizes[] = { 0, 1, 2, 3, 55, 56, 1471, 1472 };
	uint8_t data[1472];

	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct unit_frame f = host_icmp(ICMP_ECHO, 0x12340000 + i,
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
		struct unit_frame f = host_icmp(ICMP_ECHO, 0, data, 2);
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

/* RFC 1122 3.2.2.6: record route and timestamp come back with our own entry,
 * and nothing else does. */
START_TEST(echo_carries_its_record_back)
{
	static const uint8_t opts[] = {
		0x94, 4, 0, 0,				/* router alert */
		7, 11, 8, 10, 0, 0, 2, 0, 0, 0, 0,	/* record route */
		1,
		68, 8, 5, 0, 0, 0, 0, 0,		/* timestamp */
		0, 0, 0, 0,
	};
	static const uint8_t back[] = {
		7, 11, 12, 10, 0, 0, 2, 10, 0, 0, 1,
		68, 8, 9, 0, 0x80, 0, 0, 1, 0,
	};
	uint8_t data[56] = { 1 };
	struct unit_frame f = host_icmp(ICMP_ECHO, 7, data, sizeof(data));
	struct unit_seen s;

	unit_run_until(stk, 1000);
	f.ip_options = opts;
	f.ip_options_len = sizeof(opts);
	unit_feed(stk, port, &f);
	s = unit_expect(port);
	ck_assert_uint_eq(s.icmp_type, ICMP_ECHO_REPLY);
	ck_assert_uint_eq(s.ip.hlen, 20 + sizeof(back));
	ck_assert_mem_eq(s.frame->data + 14 + 20, back, sizeof(back));
	ck_assert_uint_eq(s.payload_len, 56);
	unit_seen_free(&s);
}
END_TEST

/* A full record comes back as it is. */
START_TEST(echo_with_a_full_record)
{
	static const uint8_t opts[] = { 7, 7, 8, 10, 0, 0, 2, 0 };
	struct unit_frame f = host_icmp(ICMP_ECHO, 7, NULL, 0);
	struct unit_seen s;

	f.ip_options = opts;
	f.ip_options_len = sizeof(opts);
	unit_feed(stk, port, &f);
	s = unit_expect(port);
	ck_assert_uint_eq(s.ip.hlen, 28);
	ck_assert_mem_eq(s.frame->data + 14 + 20, opts, sizeof(opts));
	unit_seen_free(&s);
}
END_TEST

/* The address asked answers, also if it is another interface's. */
START_TEST(echo_to_another_interface)
{
	struct unit_frame f = host_icmp(ICMP_ECHO, 1, NULL, 0);
	struct unit_seen s;

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
	struct unit_frame f = host_icmp(ICMP_ECHO, 5, "abcd", 4);
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
		struct unit_frame f = host_icmp(ICMP_ECHO, i, NULL, 0);
		struct unit_seen s;

		f.dip = dst[i];
		f.dst = i < 2 ? MAC_BROADCAST :
		    (struct mac){ { 1, 0, 0x5e, 0, 0, 1 } };
		unit_feed(stk, port, &f);
		unit_expect_nothing(port);
		host_expect_drop(DROP_ICMP_BROADCAST, i + 1);

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
	struct unit_frame f = host_icmp(ICMP_TIMESTAMP, 0x00070008, data,
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
	struct unit_frame f = host_icmp(ICMP_TIMESTAMP, 1, data, 11);

	unit_feed(stk, port, &f);
	host_expect_drop(DROP_ICMP_SHORT, 1);
	f.payload_len = 12;
	f.dip = IP4_BROADCAST;
	f.dst = MAC_BROADCAST;
	unit_feed(stk, port, &f);
	host_expect_drop(DROP_ICMP_BROADCAST, 1);
	unit_expect_nothing(port);
}
END_TEST

/* ---- what is not ---- */

START_TEST(bad_checksum)
{
	struct unit_frame f = host_icmp(ICMP_ECHO, 1, "x", 1);

	f.bad_csum = true;
	unit_feed(stk, port, &f);
	host_expect_drop(DROP_ICMP_CSUM, 1);
	unit_expect_nothing(port);
}
END_TEST

START_TEST(cut_off)
{
	struct unit_frame f = host_icmp(ICMP_ECHO, 1, NULL, 0);

	for (uint16_t len = 0; len < ICMP_HLEN; len++) {
		uint8_t frame[64] = { 0 };

		unit_frame_build(frame, sizeof(frame), &f);
		ip4_set_len(frame + 14, (uint16_t)(IP4_HLEN + len));
		unit_feed_bytes(stk, port, frame, 60);
	}
	host_expect_drop(DROP_ICMP_SHORT, ICMP_HLEN);
	unit_expect_nothing(port);
}
END_TEST

START_TEST(unknown_types)
{
	static const uint8_t types[] = { 1, 2, 4, 6, 7, 9, 10, 14, 15, 16, 17,
	    18, 19, 42, 255 };

	for (unsigned i = 0; i < sizeof(types); i++) {
		struct unit_frame f = host_icmp(types[i], 1, NULL, 0);

		unit_feed(stk, port, &f);
		host_expect_drop(DROP_ICMP_TYPE, i + 1);
	}
	unit_expect_nothing(port);
}
END_TEST

/* RFC 1812 5.2.7.2: a router does not listen to redirects. */
START_TEST(redirect_is_ignored)
{
	struct unit_frame f = host_icmp(ICMP_REDIRECT, 0x0a000003, NULL, 0);
	struct route_result r;

	f.icmp_code = 1;
	unit_feed(stk, port, &f);
	host_expect_drop(DROP_ICMP_REDIRECT, 1);
	r = route_lookup(stk, IP4(10, 9, 9, 9), 0);
	ck_assert_ptr_null(r.route);
	unit_expect_nothing(port);
}
END_TEST

/* ---- errors in ---- */

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
		host_feed_error(&f, ICMP_UNREACH, 3, 0, quote);
	host_expect_drop(DROP_ICMP_SHORT, 28);
	host_expect_drop(DROP_ICMP_NO_MATCH, 0);
	host_feed_error(&f, ICMP_UNREACH, 3, 0, 28);
	host_expect_drop(DROP_ICMP_NO_MATCH, 1);
}
END_TEST

START_TEST(error_about_nothing_of_ours)
{
	struct unit_frame f = our_datagram();

	f.sip = IP4(10, 0, 0, 77);
	host_feed_error(&f, ICMP_UNREACH, 3, 0, 28);
	host_expect_drop(DROP_ICMP_NO_MATCH, 1);
	f = our_datagram();
	f.frag = 100;
	host_feed_error(&f, ICMP_TIME_EXCEEDED, 1, 0, 28);
	host_expect_drop(DROP_ICMP_SHORT, 1);
	f = our_datagram();
	f.proto = 200;
	host_feed_error(&f, ICMP_UNREACH, 2, 0, 28);
	host_expect_drop(DROP_ICMP_NO_MATCH, 2);
	unit_expect_nothing(port);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("icmp");
	TCase *in = tcase_create("in");

	tcase_add_checked_fixture(in, host_setup, host_teardown);
	tcase_add_test(in, echo_is_answered);
	tcase_add_test(in, echo_checksum_for_all_sums);
	tcase_add_test(in, echo_carries_its_record_back);
	tcase_add_test(in, echo_with_a_full_record);
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
	return unit_main(s);
}

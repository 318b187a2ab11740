/*
 * test_icmp_error.c - about whom and what an ICMP error may be sent, what it
 * quotes, from which address, and how often (RFC 1122 3.2.2, RFC 1812 4.3.2).
 */
#include "unit/host_fixture.h"

#include <string.h>

#include "base/cursor.h"

#define FAR	IP4(10, 9, 9, 9)

/* A packet as ip_input() would hold it: data at the IP header, l3 set. */
static struct pkt *
packet(const struct unit_frame *f)
{
	uint8_t frame[2048];
	uint32_t len = unit_frame_build(frame, sizeof(frame), f);
	struct pkt *pkt = pkt_alloc(&stk->pool, len);

	ck_assert_ptr_nonnull(pkt);
	memcpy(pkt_append(pkt, len - 14), frame + 14, len - 14);
	pkt->l3 = pkt->off;
	pkt->ifp = port->ifp;
	return pkt;
}

static struct unit_frame
udp_frame(void)
{
	static const uint8_t data[8] = "payload";

	return (struct unit_frame){ .sip = PEER, .dip = FAR,
	    .proto = IPPROTO_UDP4, .sport = 1111, .dport = 2222,
	    .payload = data, .payload_len = sizeof(data) };
}

/* Host unreachable about such a packet: was it sent? */
static bool
answered(const struct unit_frame *f, bool l2_group)
{
	struct pkt *pkt = packet(f);
	uint32_t before = mem_port_sent(port);
	bool sent;

	pkt->l2_group = l2_group;
	icmp_error(stk, pkt, ICMP_UNREACH, ICMP_UNREACH_HOST, 0);
	pkt_free(pkt);
	sent = mem_port_sent(port) > before;
	if (sent)
		mem_port_free(port, mem_port_take(port));
	return sent;
}

/* Each row changes one thing of a packet that is answered. */
static const struct rule {
	const char *name;
	struct ip4 sip, dip;	/* any: as udp_frame() */
	uint16_t frag;
	uint8_t proto, icmp_type;
	bool l2_group, src_any, answered;
} rules[] = {
	{ "a plain datagram", .answered = true },
	{ "TCP", .proto = IPPROTO_TCP4, .answered = true },
	{ "an unknown protocol", .proto = 200, .answered = true },
	{ "a first fragment", .frag = IP_MF, .answered = true },
	{ "DF set", .frag = IP_DF, .answered = true },
	{ "to an address of ours", .dip = US, .answered = true },
	/* RFC 1122 3.2.2: not about these */
	{ "a later fragment", .frag = IP_MF | 185 },
	{ "a last fragment", .frag = 185 },
	{ "in a broadcast frame", .l2_group = true },
	{ "to 255.255.255.255", .dip = IP4_BROADCAST },
	{ "to our network's broadcast", .dip = IP4(10, 0, 0, 255) },
	{ "to a group", .dip = IP4(224, 0, 0, 5) },
	/* ... nor to those who are no single host */
	{ "from 0.0.0.0", .src_any = true },
	{ "from loopback", .sip = IP4(127, 0, 0, 1) },
	{ "from a group", .sip = IP4(239, 1, 2, 3) },
	{ "from class E", .sip = IP4(240, 0, 0, 1) },
	{ "from 255.255.255.255", .sip = IP4_BROADCAST },
	{ "from our network's broadcast", .sip = IP4(10, 0, 0, 255) },
	/* ICMP: queries yes, errors and what nobody knows no */
	{ "echo", .proto = 1, .icmp_type = ICMP_ECHO, .answered = true },
	{ "echo reply", .proto = 1, .icmp_type = 0, .answered = true },
	{ "timestamp", .proto = 1, .icmp_type = 13, .answered = true },
	{ "address mask", .proto = 1, .icmp_type = 17, .answered = true },
	{ "unreachable", .proto = 1, .icmp_type = ICMP_UNREACH },
	{ "source quench", .proto = 1, .icmp_type = 4 },
	{ "redirect", .proto = 1, .icmp_type = ICMP_REDIRECT },
	{ "time exceeded", .proto = 1, .icmp_type = ICMP_TIME_EXCEEDED },
	{ "parameter problem", .proto = 1, .icmp_type = ICMP_PARAM_PROBLEM },
	{ "unknown type", .proto = 1, .icmp_type = 99 },
};

START_TEST(rule_of_the_table)
{
	const struct rule *r = &rules[_i];
	struct unit_frame f = udp_frame();

	if (r->sip.v != 0 || r->src_any)
		f.sip = r->sip;
	if (r->dip.v != 0)
		f.dip = r->dip;
	if (r->proto != 0)
		f.proto = r->proto;
	f.frag = r->frag;
	f.icmp_type = r->icmp_type;
	ck_assert_msg(answered(&f, r->l2_group) == r->answered, "%s: %s",
	    r->name, r->answered ? "not answered" : "answered");
}
END_TEST

START_TEST(icmp_without_a_type_is_not_answered)
{
	struct unit_frame f = udp_frame();
	struct pkt *pkt = packet(&f);

	pkt_trim(pkt, IP4_HLEN);
	ip4_set_len(pkt_data(pkt), IP4_HLEN);
	pkt_data(pkt)[IP4_OFF_PROTO] = IPPROTO_ICMP4;
	icmp_error(stk, pkt, ICMP_UNREACH, ICMP_UNREACH_HOST, 0);
	pkt_free(pkt);
	unit_expect_nothing(port);
}
END_TEST

START_TEST(cut_off_header_is_not_quoted)
{
	struct unit_frame f = udp_frame();

	for (uint32_t len = 0; len < IP4_HLEN; len++) {
		struct pkt *pkt = packet(&f);

		pkt_trim(pkt, len);
		icmp_error(stk, pkt, ICMP_UNREACH, ICMP_UNREACH_HOST, 0);
		pkt_free(pkt);
		unit_expect_nothing(port);
	}
}
END_TEST

/* Loopback may be told of what never was on a wire. */
START_TEST(loopback_is_told_inside)
{
	struct unit_frame f = udp_frame();
	struct pkt *pkt;

	f.sip = f.dip = IP4(127, 0, 0, 1);
	pkt = packet(&f);
	pkt->ifp = NULL;
	icmp_error(stk, pkt, ICMP_UNREACH, ICMP_UNREACH_PORT, 0);
	pkt_free(pkt);
	ck_assert_uint_eq(stk->icmp.sent_errors, 1);
	unit_run_until(stk, 1000);
	unit_expect_nothing(port);
}
END_TEST

/* RFC 1812 4.3.2.3: as much as fits 576 bytes. */
START_TEST(quotes_what_fits)
{
	static const uint8_t data[1400] = { [0 ... 1399] = 0x5a };
	static const uint32_t sizes[] = { 0, 1, 519, 520, 521, 1400 };

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct unit_frame f = udp_frame();
		uint32_t quote = IP4_HLEN + 8 + sizes[i];
		struct unit_seen s;
		struct pkt *pkt;

		f.payload = data;
		f.payload_len = sizes[i];
		pkt = packet(&f);
		icmp_error(stk, pkt, ICMP_TIME_EXCEEDED, 0, 0);
		s = unit_expect(port);
		if (quote > 548)
			quote = 548;
		ck_assert_uint_eq(s.payload_len, quote);
		ck_assert_int_eq(memcmp(s.payload, pkt_data(pkt), quote), 0);
		ck_assert_uint_le(s.ip.total_len, 576);
		unit_seen_free(&s);
		pkt_free(pkt);
	}
}
END_TEST

/* The headers may have been pulled, and the payload only be borrowed. */
START_TEST(quotes_from_l3_and_borrowed_payload)
{
	struct iovec iov[2] = { { (void *)(uintptr_t)"abc", 3 },
	    { (void *)(uintptr_t)"defgh", 5 } };
	struct unit_frame f = udp_frame();
	struct unit_seen s;
	struct pkt *pkt;

	f.payload_len = 0;
	pkt = packet(&f);
	ip4_set_len(pkt_data(pkt), IP4_HLEN + 8 + 8);
	pkt_pull(pkt, IP4_HLEN);
	pkt->ref = iov;
	pkt->nref = 2;
	pkt->ref_len = 8;
	icmp_error(stk, pkt, ICMP_UNREACH, ICMP_UNREACH_PORT, 0);
	pkt->ref_len = pkt->nref = 0;
	pkt_free(pkt);
	s = unit_expect(port);
	ck_assert_uint_eq(s.payload_len, 36);
	ck_assert_mem_eq(s.payload + 28, "abcdefgh", 8);
	unit_seen_free(&s);
}
END_TEST

START_TEST(header_of_an_error)
{
	struct unit_frame f = udp_frame();
	struct pkt *pkt = packet(&f);
	struct unit_seen s;

	icmp_error(stk, pkt, ICMP_UNREACH, ICMP_UNREACH_HOST, 77);
	s = unit_expect(port);
	ck_assert_uint_eq(s.ip.src.v, US.v);	/* RFC 1812 4.3.2.4 */
	ck_assert_uint_eq(s.ip.dst.v, PEER.v);
	ck_assert_uint_eq(s.ip.tos, 0xc0);	/* RFC 1812 4.3.2.5 */
	ck_assert_uint_eq(s.ip.ttl, 64);
	ck_assert_uint_eq(s.icmp_type, 3);
	ck_assert_uint_eq(s.icmp_code, 1);
	ck_assert_uint_eq(s.icmp_rest, 0);	/* no MTU in this one */
	unit_seen_free(&s);
	pkt_free(pkt);
}
END_TEST

/* The address that was spoken to answers, also if it is another interface's. */
START_TEST(source_is_the_address_asked)
{
	struct unit_frame f = udp_frame();
	struct unit_seen s;
	struct pkt *pkt;

	f.dip = IP4(10, 0, 1, 1);
	pkt = packet(&f);
	icmp_error(stk, pkt, ICMP_UNREACH, ICMP_UNREACH_PORT, 0);
	pkt_free(pkt);
	s = unit_expect(port);
	ck_assert_uint_eq(s.ip.src.v, IP4(10, 0, 1, 1).v);
	unit_seen_free(&s);
}
END_TEST

/* Type, code and info in; the second word out. */
static const struct word {
	uint8_t type, code;
	uint32_t info, rest;
} words[] = {
	{ ICMP_UNREACH, ICMP_UNREACH_FRAG, 1400, 1400 },	/* RFC 1191 4 */
	{ ICMP_UNREACH, ICMP_UNREACH_FRAG, 65536 + 68, 68 },
	{ ICMP_UNREACH, ICMP_UNREACH_PORT, 1400, 0 },
	{ ICMP_PARAM_PROBLEM, 0, 20, 20u << 24 },
	{ ICMP_PARAM_PROBLEM, 1, 20, 0 },
	{ ICMP_REDIRECT, 1, 0x0a000003, 0x0a000003 },
	{ ICMP_TIME_EXCEEDED, 1, 1400, 0 },
};

START_TEST(second_word)
{
	struct unit_frame f = udp_frame();
	struct pkt *pkt = packet(&f);
	struct unit_seen s;

	icmp_error(stk, pkt, words[_i].type, words[_i].code, words[_i].info);
	s = unit_expect(port);
	ck_assert_uint_eq(s.icmp_type, words[_i].type);
	ck_assert_uint_eq(s.icmp_code, words[_i].code);
	ck_assert_uint_eq(s.icmp_rest, words[_i].rest);
	unit_seen_free(&s);
	pkt_free(pkt);
}
END_TEST

/* Every row of the drop table answers as it says, and counts once. */
START_TEST(row_of_the_drop_table)
{
	const struct drop_row *row = &drop_rows[_i];
	struct unit_frame f = udp_frame();
	struct unit_seen s;

	pkt_drop(stk, packet(&f), (enum drop)_i);
	ck_assert_uint_eq(stk->drop.count[_i], 1);
	if (row->icmp_type == NO_ICMP) {
		unit_expect_nothing(port);
		return;
	}
	s = unit_expect(port);
	ck_assert_int_eq(s.icmp_type, row->icmp_type);
	ck_assert_int_eq(s.icmp_code, row->icmp_code);
	unit_seen_free(&s);
}
END_TEST

static unsigned
errors_out(uint8_t type, uint8_t code, struct ip4 sip, unsigned tries)
{
	struct unit_frame f = udp_frame();
	uint64_t before = stk->icmp.sent_errors;

	f.sip = sip;
	for (unsigned i = 0; i < tries; i++) {
		struct pkt *pkt = packet(&f);

		icmp_error(stk, pkt, type, code, 1400);
		pkt_free(pkt);
	}
	host_flush(port);
	return (unsigned)(stk->icmp.sent_errors - before);
}

/* RFC 1812 4.3.2.8: 10 a second for one destination, a burst of 10. */
START_TEST(rate_of_one_destination)
{
	ck_assert_uint_eq(errors_out(3, 1, PEER, 25), 10);
	ck_assert_uint_eq(stk->drop.count[DROP_ICMP_RATE], 15);
	unit_run_until(stk, 99999);
	ck_assert_uint_eq(errors_out(3, 1, PEER, 1), 0);
	unit_run_until(stk, 100000);		/* one tenth: one token */
	ck_assert_uint_eq(errors_out(3, 1, PEER, 2), 1);
	unit_run_until(stk, 600000);
	ck_assert_uint_eq(errors_out(3, 1, PEER, 9), 5);
	unit_run_until(stk, 100000000);		/* never more than a burst */
	ck_assert_uint_eq(errors_out(3, 1, PEER, 25), 10);
}
END_TEST

START_TEST(full_bucket_stays_full)
{
	ck_assert_uint_eq(errors_out(3, 1, PEER, 1), 1);
	unit_run_until(stk, 500000);
	ck_assert_uint_eq(errors_out(3, 1, PEER, 25), 10);
}
END_TEST

/* Another destination has its own share. */
START_TEST(rates_of_two_destinations)
{
	ck_assert_uint_eq(errors_out(3, 1, PEER, 20), 10);
	ck_assert_uint_eq(errors_out(3, 1, IP4(10, 0, 0, 3), 20), 10);
}
END_TEST

/* A lost "fragmentation needed" is a path that hangs: only the common limit. */
START_TEST(fragmentation_needed_has_no_share)
{
	ck_assert_uint_eq(errors_out(3, 4, PEER, 100), 100);
	ck_assert_uint_eq(errors_out(3, 1, PEER, 20), 10);
}
END_TEST

START_TEST(rate_of_all)
{
	unsigned sent = 0;

	for (uint8_t i = 2; i < 250; i++)
		sent += errors_out(3, 1, IP4(10, 0, 0, i), 6);
	ck_assert_uint_eq(sent, 1000);
	ck_assert_uint_eq(stk->drop.count[DROP_ICMP_RATE], 248 * 6 - 1000);
	unit_run_until(stk, 10000);
	sent = 0;
	for (uint8_t i = 2; i < 250; i++)
		sent += errors_out(3, 4, IP4(10, 0, 0, i), 1);
	ck_assert_uint_eq(sent, 10);		/* 10 ms of 1000 a second */
}
END_TEST

START_TEST(limit_of_zero_is_silence)
{
	stk->limits.icmp_per_sec = 0;
	unit_run_until(stk, 2000000);
	ck_assert_uint_eq(errors_out(3, 1, PEER, 3), 0);
}
END_TEST

/* Without memory the error is not sent, and that is counted. */
START_TEST(pool_exhausted)
{
	struct unit_frame f = udp_frame();
	struct pkt *pkt = packet(&f), *held = NULL, *p;

	while ((p = pkt_alloc(&stk->pool, 0)) != NULL) {
		p->next = held;
		held = p;
	}
	icmp_error(stk, pkt, ICMP_UNREACH, ICMP_UNREACH_HOST, 0);
	ck_assert_uint_eq(stk->drop.count[DROP_NO_MEMORY], 1);
	ck_assert_uint_eq(stk->icmp.sent_errors, 0);
	unit_expect_nothing(port);
	while ((p = held) != NULL) {
		held = p->next;
		pkt_free(p);
	}
	pkt_free(pkt);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("icmp_error");
	TCase *rule = tcase_create("rules"), *rate = tcase_create("rate");

	tcase_add_checked_fixture(rule, host_setup, host_teardown);
	tcase_add_loop_test(rule, rule_of_the_table, 0,
	    sizeof(rules) / sizeof(rules[0]));
	tcase_add_test(rule, icmp_without_a_type_is_not_answered);
	tcase_add_test(rule, cut_off_header_is_not_quoted);
	tcase_add_test(rule, loopback_is_told_inside);
	tcase_add_test(rule, quotes_what_fits);
	tcase_add_test(rule, quotes_from_l3_and_borrowed_payload);
	tcase_add_test(rule, header_of_an_error);
	tcase_add_test(rule, source_is_the_address_asked);
	tcase_add_loop_test(rule, second_word, 0,
	    sizeof(words) / sizeof(words[0]));
	tcase_add_loop_test(rule, row_of_the_drop_table, 0, DROP_COUNT);
	suite_add_tcase(s, rule);
	tcase_add_checked_fixture(rate, host_setup, host_teardown);
	tcase_add_test(rate, rate_of_one_destination);
	tcase_add_test(rate, full_bucket_stays_full);
	tcase_add_test(rate, rates_of_two_destinations);
	tcase_add_test(rate, fragmentation_needed_has_no_share);
	tcase_add_test(rate, rate_of_all);
	tcase_add_test(rate, limit_of_zero_is_silence);
	tcase_add_test(rate, pool_exhausted);
	suite_add_tcase(s, rate);
	return unit_main(s);
}

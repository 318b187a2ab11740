/*
 * test_udp_match.c - who may have a port, who gets a datagram, and who hears of
 * an ICMP error.
 */
#include "unit/udp_fixture.h"

#include <errno.h>
#include <string.h>

static const struct addr any;

/* ---- ports ---- */

START_TEST(ephemeral_ports)
{
	struct note n;
	uint16_t first = 0;
	bool varies = false;

	for (int i = 0; i < 200; i++) {
		struct udp_sock *s = note_sock_on(&n, IP4_ANY, 0);

		ck_assert_uint_ge(s->lport, UDP_EPHEMERAL_MIN);
		ck_assert_uint_le(s->lport, UDP_EPHEMERAL_MAX);
		/* RFC 6056 2: the next is not to be guessed */
		varies |= i > 0 && s->lport != first + i;
		if (i == 0)
			first = s->lport;
		for (const struct udp_sock *t = udp_next(stk, s); t != NULL;
		    t = udp_next(stk, t))
			ck_assert_uint_ne(t->lport, s->lport);
	}
	ck_assert(varies);
}
END_TEST

START_TEST(ephemeral_ports_run_out)
{
	uint32_t n = UDP_EPHEMERAL_MAX - UDP_EPHEMERAL_MIN + 1;
	struct note note;
	struct udp_sock *s, *last;

	for (uint32_t i = 0; i < n; i++) {
		s = note_sock(&note);
		udp_set(stk, s, UDP_REUSE_ADDR, 1);
		ck_assert_int_eq(udp_bind(stk, s, &any,
		    (uint16_t)(UDP_EPHEMERAL_MIN + i)), 0);
	}
	last = note_sock(&note);
	udp_set(stk, last, UDP_REUSE_ADDR, 1);	/* none is shared unasked */
	ck_assert_int_eq(udp_bind(stk, last, &any, 0), -EADDRINUSE);
	ck_assert_uint_eq(last->lport, 0);
	udp_close(stk, s);
	ck_assert_int_eq(udp_bind(stk, last, &any, 0), 0);
	ck_assert_uint_eq(last->lport, UDP_EPHEMERAL_MAX);
}
END_TEST

/* Who may have a port that another has. */
static const struct share {
	const char *name;
	uint32_t ip1, ip2;
	bool addr1, addr2, port1, port2;	/* reuse options */
	const char *if1, *if2;
	int code;
} shares[] = {
	{ .name = "any and any", .code = -EADDRINUSE },
	{ .name = "any and ours", .ip2 = 0x0a000001, .code = -EADDRINUSE },
	{ .name = "the same", .ip1 = 0x0a000001, .ip2 = 0x0a000001,
	    .code = -EADDRINUSE },
	{ .name = "two addresses", .ip1 = 0x0a000001, .ip2 = 0x0a000101 },
	{ .name = "address and group", .ip1 = 0x0a000001,
	    .ip2 = 0xe0000001 },
	{ .name = "one agrees", .addr1 = true, .code = -EADDRINUSE },
	{ .name = "both agree", .addr1 = true, .addr2 = true },
	{ .name = "both spread", .port1 = true, .port2 = true },
	{ .name = "they mean different things", .addr1 = true,
	    .port2 = true, .code = -EADDRINUSE },
	{ .name = "two interfaces", .if1 = "a", .if2 = "b" },
	{ .name = "one interface", .if1 = "a", .if2 = "a",
	    .code = -EADDRINUSE },
	{ .name = "one interface and all", .if1 = "a",
	    .code = -EADDRINUSE },
};

START_TEST(sharing_a_port)
{
	const struct share *r = &shares[_i];
	struct addr a1 = addr_from_ip4((struct ip4){ r->ip1 });
	struct addr a2 = addr_from_ip4((struct ip4){ r->ip2 });
	struct note n;
	struct udp_sock *s1 = note_sock(&n), *s2 = note_sock(&n);

	udp_set(stk, s1, UDP_REUSE_ADDR, r->addr1);
	udp_set(stk, s2, UDP_REUSE_ADDR, r->addr2);
	udp_set(stk, s1, UDP_REUSE_PORT, r->port1);
	udp_set(stk, s2, UDP_REUSE_PORT, r->port2);
	if (r->if1 != NULL)
		ck_assert_int_eq(udp_bind_iface(stk, s1, r->if1), 0);
	if (r->if2 != NULL)
		ck_assert_int_eq(udp_bind_iface(stk, s2, r->if2), 0);
	ck_assert_int_eq(udp_bind(stk, s1, &a1, 99), 0);
	ck_assert_msg(udp_bind(stk, s2, &a2, 99) == r->code, "%s", r->name);
}
END_TEST

START_TEST(bind_refuses)
{
	struct addr far = addr_from_ip4(IP4(10, 9, 9, 9));
	struct addr six = { { 0xfe, 0x80, [15] = 1 } };
	struct note n;
	struct udp_sock *s = note_sock(&n);

	ck_assert_int_eq(udp_bind(stk, s, &far, 99), -EADDRNOTAVAIL);
	ck_assert_int_eq(udp_bind(stk, s, &six, 99), -EAFNOSUPPORT);
	ck_assert_int_eq(udp_bind_iface(stk, s, "nowhere"), -ENODEV);
	ck_assert_int_eq(udp_bind(stk, s, &any, 99), 0);
	ck_assert_int_eq(udp_bind(stk, s, &any, 98), -EINVAL);
	ck_assert_int_eq(udp_set(stk, s, UDP_TTL, 0), -EINVAL);
	ck_assert_int_eq(udp_set(stk, s, UDP_TTL, 256), -EINVAL);
	ck_assert_int_eq(udp_set(stk, s, UDP_QUEUE, UINT32_MAX), -EINVAL);
}
END_TEST

/* ---- who gets it ---- */

START_TEST(udp_any_addr_recv_unicast)
{
	struct note n;
	struct udp_sock *s = note_sock_on(&n, IP4_ANY, 99);

	udp_feed(99, "hello");
	udp_expect_text(s, "hello");
	ck_assert_uint_eq(stk->udp.delivered, 1);
}
END_TEST

/* The one that names most: peer over address over interface. */
START_TEST(best_match)
{
	struct note n[5];
	struct udp_sock *s[5];
	struct addr us = addr_from_ip4(US), peer = addr_from_ip4(PEER);

	for (int i = 0; i < 5; i++) {
		s[i] = note_sock(&n[i]);
		udp_set(stk, s[i], UDP_REUSE_ADDR, 1);
		if (i == 1)
			ck_assert_int_eq(udp_bind_iface(stk, s[i], "a"), 0);
		ck_assert_int_eq(udp_bind(stk, s[i],
		    i == 2 || i == 4 ? &us : &any, 99), 0);
		if (i >= 3)
			ck_assert_int_eq(udp_connect(stk, s[i], &peer,
			    (uint16_t)(i == 3 ? 5001 : 5000)), 0);
	}
	udp_feed(99, "to the connected one");
	udp_expect_text(s[4], "to the connected one");
	udp_close(stk, s[4]);
	udp_feed(99, "to the address");
	udp_expect_text(s[2], "to the address");
	udp_close(stk, s[2]);
	udp_feed(99, "to the interface");
	udp_expect_text(s[1], "to the interface");
	udp_close(stk, s[1]);
	udp_feed(99, "to anyone");
	udp_expect_text(s[0], "to anyone");
	udp_expect_none(s[3]);		/* its peer has another port */
}
END_TEST

/* A peer counts more than an address and an interface together. */
START_TEST(peer_above_all)
{
	struct addr us = addr_from_ip4(US), peer = addr_from_ip4(PEER);
	struct note n;
	struct udp_sock *s[2];

	for (int i = 0; i < 2; i++) {
		s[i] = note_sock(&n);
		udp_set(stk, s[i], UDP_REUSE_ADDR, 1);
		if (i == 1)
			ck_assert_int_eq(udp_bind_iface(stk, s[i], "a"), 0);
		ck_assert_int_eq(udp_bind(stk, s[i], &us, 99), 0);
	}
	ck_assert_int_eq(udp_connect(stk, s[0], &peer, 5000), 0);
	udp_feed(99, "x");
	udp_expect_text(s[0], "x");
	udp_expect_none(s[1]);
}
END_TEST

START_TEST(last_bound_gets_it)
{
	struct note n;
	struct udp_sock *s[2];

	for (int i = 0; i < 2; i++) {
		s[i] = note_sock(&n);
		udp_set(stk, s[i], UDP_REUSE_ADDR, 1);
		ck_assert_int_eq(udp_bind(stk, s[i], &any, 99), 0);
	}
	udp_feed(99, "x");
	udp_expect_none(s[0]);
	udp_expect_text(s[1], "x");
}
END_TEST

/* Sharers: each flow has one, and each has its share. */
START_TEST(flows_are_spread)
{
	struct note n;
	struct udp_sock *s[4];
	unsigned got[4] = { 0 };

	for (int i = 0; i < 4; i++) {
		s[i] = note_sock(&n);
		udp_set(stk, s[i], UDP_REUSE_PORT, 1);
		ck_assert_int_eq(udp_bind(stk, s[i], &any, 99), 0);
	}
	for (uint16_t sport = 1; sport <= 400; sport++) {
		struct unit_frame f = udp_datagram(99, "x");
		unsigned took = 0;

		f.sport = sport;
		unit_feed(stk, port, &f);
		unit_feed(stk, port, &f);
		for (int i = 0; i < 4; i++) {
			if (udp_recv(stk, s[i], NULL, 0, NULL) < 0)
				continue;
			took++;
			got[i]++;
			udp_expect_text(s[i], "x");	/* the same flow */
		}
		ck_assert_uint_eq(took, 1);
	}
	for (int i = 0; i < 4; i++) {
		ck_assert_uint_gt(got[i], 60);
		ck_assert_uint_lt(got[i], 140);
	}
}
END_TEST

/* ---- ICMP errors ---- */

/* An error from a router about the datagram that leaves now. */
static void
answer_with(uint8_t type, uint8_t code, uint32_t rest)
{
	struct unit_seen s = unit_expect(port);
	struct unit_frame e = { .dst = US_MAC, .src = PEER_MAC,
	    .sip = IP4(10, 0, 0, 254), .dip = s.ip.src,
	    .proto = IPPROTO_ICMP4, .icmp_type = type, .icmp_code = code,
	    .icmp_rest = rest, .payload = s.frame->data + 14,
	    .payload_len = 28 };

	unit_feed(stk, port, &e);
	unit_seen_free(&s);
}

/* Only port (and protocol) unreachable, and what must not be fragmented; only
 * when connected, only once. */
START_TEST(udp_icmp_error_propagation)
{
	static const struct {
		uint8_t type, code;
		int error;
		bool df;
	} rows[] = {
		{ ICMP_UNREACH, ICMP_UNREACH_PORT, -ECONNREFUSED, false },
		{ ICMP_UNREACH, ICMP_UNREACH_FRAG, -EMSGSIZE, true },
		{ ICMP_UNREACH, ICMP_UNREACH_PROTO, -ENOPROTOOPT, false },
		{ ICMP_UNREACH, ICMP_UNREACH_NET, 0, false },
		{ ICMP_UNREACH, ICMP_UNREACH_HOST, 0, false },
		{ ICMP_UNREACH, ICMP_UNREACH_FRAG, 0, false },
		{ ICMP_TIME_EXCEEDED, 0, 0, false },
	};
	struct addr peer = addr_from_ip4(PEER);

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct note n;
		struct udp_sock *s = note_sock(&n);

		ck_assert_int_eq(udp_set(stk, s, UDP_DF, rows[i].df), 0);
		/* not connected: nothing */
		ck_assert_int_eq(udp_send_text(s, PEER, 7, "x"), 0);
		answer_with(rows[i].type, rows[i].code, 1400);
		ck_assert_uint_eq(n.calls, 0);
		udp_expect_none(s);
		ck_assert_int_eq(udp_error(s), 0);
		/* connected: by recv, by send, by asking; once */
		ck_assert_int_eq(udp_connect(stk, s, &peer, 7), 0);
		for (int how = 0; how < 3; how++) {
			n.events = 0;
			ck_assert_int_eq(udp_send(stk, s, NULL, 0, "x", 1, 0),
			    0);
			answer_with(rows[i].type, rows[i].code, 1400);
			ck_assert_uint_eq(n.events,
			    rows[i].error != 0 ? UDP_ERROR : 0);
			if (how == 0 && rows[i].error != 0)
				ck_assert_int_eq(udp_recv(stk, s, NULL, 0,
				    NULL), rows[i].error);
			else if (how == 1 && rows[i].error != 0)
				ck_assert_int_eq(udp_send(stk, s, NULL, 0,
				    "x", 1, 0), rows[i].error);
			else
				ck_assert_int_eq(udp_error(s), rows[i].error);
			ck_assert_int_eq(udp_error(s), 0);
			udp_expect_none(s);
		}
		udp_close(stk, s);
		unit_expect_nothing(port);
	}
}
END_TEST

/* A connected socket hears only of its own peer. */
START_TEST(error_about_another_peer)
{
	struct addr peer = addr_from_ip4(PEER);
	struct note n;
	struct udp_sock *s = note_sock(&n);

	ck_assert_int_eq(udp_send_text(s, IP4(10, 0, 0, 2), 8, "x"), 0);
	ck_assert_int_eq(udp_connect(stk, s, &peer, 7), 0);
	answer_with(ICMP_UNREACH, ICMP_UNREACH_PORT, 0);
	host_expect_drop(DROP_ICMP_NO_MATCH, 1);
	ck_assert_int_eq(udp_error(s), 0);
}
END_TEST

START_TEST(reports_by_request)
{
	struct udp_report rep;
	struct note n;
	struct udp_sock *s = note_sock(&n);

	ck_assert_int_eq(udp_set(stk, s, UDP_REPORTS, 1), 0);
	ck_assert_int_eq(udp_send_text(s, PEER, 33434, "x"), 0);
	unit_run_until(stk, 1500);
	answer_with(ICMP_TIME_EXCEEDED, 0, 0);
	ck_assert_uint_eq(n.events, UDP_ERROR);
	ck_assert(udp_report(s, &rep));
	ck_assert_uint_eq(addr_to_ip4(&rep.from).v, IP4(10, 0, 0, 254).v);
	ck_assert_uint_eq(addr_to_ip4(&rep.dst).v, PEER.v);
	ck_assert_uint_eq(rep.dport, 33434);
	ck_assert_uint_eq(rep.type, ICMP_TIME_EXCEEDED);
	ck_assert_int_eq(rep.when.us, 1500);
	ck_assert(!udp_report(s, &rep));
	for (int i = 0; i < UDP_REPORTS_MAX + 3; i++) {
		ck_assert_int_eq(udp_send_text(s, PEER, 33434, "x"), 0);
		answer_with(ICMP_UNREACH, ICMP_UNREACH_FRAG, 1400);
	}
	for (int i = 0; i < UDP_REPORTS_MAX; i++) {
		ck_assert(udp_report(s, &rep));
		ck_assert_uint_eq(rep.info, 1400);
	}
	ck_assert(!udp_report(s, &rep));
	ck_assert_uint_eq(s->dropped, 3);
	ck_assert_int_eq(udp_set(stk, s, UDP_REPORTS, 0), 0);
	stk->mem.fail_at = 1;
	ck_assert_int_eq(udp_set(stk, s, UDP_REPORTS, 1), -ENOMEM);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("udp_match");
	TCase *c = tcase_create("match");

	tcase_add_checked_fixture(c, host_setup, host_teardown);
	tcase_add_test(c, ephemeral_ports);
	tcase_add_test(c, ephemeral_ports_run_out);
	tcase_add_loop_test(c, sharing_a_port, 0,
	    sizeof(shares) / sizeof(shares[0]));
	tcase_add_test(c, bind_refuses);
	tcase_add_test(c, udp_any_addr_recv_unicast);
	tcase_add_test(c, best_match);
	tcase_add_test(c, peer_above_all);
	tcase_add_test(c, last_bound_gets_it);
	tcase_add_test(c, flows_are_spread);
	tcase_add_test(c, udp_icmp_error_propagation);
	tcase_add_test(c, error_about_another_peer);
	tcase_add_test(c, reports_by_request);
	suite_add_tcase(s, c);
	return unit_main(s);
}

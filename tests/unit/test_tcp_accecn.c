/*
 * test_tcp_accecn.c - Accurate ECN (RFC 9768): who agrees to it, by tables;
 * the option's bytes; and, over a wire that marks, that both ends count what
 * the wire did.
 *
 * Single connections step by step are in tests/pkt/accecn.
 */
#include "tcp/tcp_conn.h"
#include "unit/tcp_pair.h"

#include <string.h>

static struct stack *stk;
static struct port *port;

static void
setup(void)
{
	struct addr any = { { 0 } };
	struct tcp_listener *l;

	stk = unit_stack();
	port = unit_port(stk, "tap0", 1, "10.0.0.1/24");
	unit_neighbour(stk, "tap0", "10.0.0.2", 2);
	unit_drain(port);
	ck_assert_int_eq(tcp_listen(stk, &any, 80, 5, NULL, NULL, NULL, &l),
	    0);
}

static void
teardown(void)
{
	unit_stack_free(stk);
}

/* The flags whose ACE is n. */
static uint16_t
ace(unsigned n)
{
	return (uint16_t)(n << 6);
}

static struct unit_frame
frame_of(uint16_t flags, uint32_t seq, uint32_t ack, uint8_t tos)
{
	return (struct unit_frame){
		.dst = { { 2, 0, 0, 0, 0, 1 } },
		.src = { { 2, 0, 0, 0, 0, 2 } },
		.sip = IP4(10, 0, 0, 2), .dip = IP4(10, 0, 0, 1),
		.proto = IPPROTO_TCP4, .sport = 1000, .dport = 80,
		.seq = seq, .ack = ack, .flags = flags, .tos = tos,
	};
}

static void
give(uint16_t flags, uint32_t seq, uint32_t ack, uint8_t tos)
{
	struct unit_frame f = frame_of(flags, seq, ack, tos);

	unit_feed(stk, port, &f);
}

/* The n-th allocation from now on fails; it may be the port's, too. */
static void
give_failing(unsigned n, uint16_t flags, uint32_t seq)
{
	struct unit_frame f = frame_of(flags, seq, 0, 0);
	uint8_t frame[256];
	uint32_t len = unit_frame_build(frame, sizeof(frame), &f);

	stk->mem.fail_at = n;
	if (mem_port_give(port, frame, len) == 0)
		unit_poll(stk);
}

static uint16_t
answer(void)
{
	struct unit_seen s = unit_expect(port);
	uint16_t flags = s.flags;

	ck_assert_uint_eq(s.ip.tos & IP_ECN_MASK, IP_ECN_NOT);
	unit_seen_free(&s);
	return flags & (uint16_t)~(TCP_SYN | TCP_ACK);
}

/* RFC 9768 3.1.2 table 2, 3.1.3: every SYN to every setting; the answer to one
 * that is neither nothing nor RFC 3168's is the codepoint. */
START_TEST(every_syn_to_every_setting)
{
	static const uint8_t said[4] = { 2, 3, 4, 6 };
	unsigned mode = (unsigned)_i / 32, asked = (unsigned)_i / 4 % 8;
	uint8_t ecn = (uint8_t)(_i % 4);
	uint16_t want = 0;

	stk->tcp.conf.ecn = (uint8_t)mode;
	stk->tcp.conf.syn_cookies = TCP_COOKIES_NEVER;
	if (mode >= TCP_ECN_ACCURATE && asked != 0 && asked != 3)
		want = ace(said[ecn]);
	else if (mode != TCP_ECN_OFF && (asked & 3) == 3)
		want = TCP_ECE;
	give(TCP_SYN | ace(asked), 100, 0, ecn);
	ck_assert_uint_eq(answer(), want);
}
END_TEST

/* The same without state. */
START_TEST(every_syn_by_cookie)
{
	static const uint8_t said[4] = { 2, 3, 4, 6 };
	unsigned asked = (unsigned)_i / 4;
	uint8_t ecn = (uint8_t)(_i % 4);

	stk->tcp.conf.syn_cookies = TCP_COOKIES_ALWAYS;
	give(TCP_SYN | ace(asked), 100, 0, ecn);
	/* RFC 3168's is kept in a timestamp, and there is none. */
	ck_assert_uint_eq(answer(), asked != 0 && asked != 3 ?
	    ace(said[ecn]) : 0);
}
END_TEST

static struct tcp_conn *
opening(uint16_t *sport, uint32_t *iss)
{
	struct tcp_open o = { .remote = addr_from_ip4(IP4(10, 0, 0, 2)),
	    .rport = 80 };
	struct tcp_conn *c;
	struct unit_seen s;

	ck_assert_int_eq(tcp_connect(stk, &o, &c), 0);
	unit_poll(stk);
	s = unit_expect(port);
	*sport = s.sport;
	*iss = s.seq;
	ck_assert_uint_eq(s.flags & ace(7), ace(7));
	unit_seen_free(&s);
	return c;
}

/* RFC 9768 3.1.2 table 2: what our SYN may be answered with. */
START_TEST(every_answer)
{
	static const enum tcp_ecn_mode mode[8] = { TCP_ECN_OFF,
	    TCP_ECN_REQUEST, TCP_ECN_ACCURATE, TCP_ECN_ACCURATE,
	    TCP_ECN_ACCURATE, TCP_ECN_ACCURATE, TCP_ECN_ACCURATE,
	    TCP_ECN_OFF };
	struct unit_frame f = {
		.dst = { { 2, 0, 0, 0, 0, 1 } },
		.src = { { 2, 0, 0, 0, 0, 2 } },
		.sip = IP4(10, 0, 0, 2), .dip = IP4(10, 0, 0, 1),
		.proto = IPPROTO_TCP4, .sport = 80, .seq = 500,
		.flags = TCP_SYN | TCP_ACK | ace((unsigned)_i),
	};
	struct tcp_status st;
	struct tcp_conn *c;
	uint32_t iss;

	stk->tcp.conf.ecn = TCP_ECN_ACCURATE;
	c = opening(&f.dport, &iss);
	f.ack = iss + 1;
	unit_feed(stk, port, &f);
	/* The ACK says that the SYN,ACK had no codepoint. */
	ck_assert_uint_eq(answer(), mode[_i] == TCP_ECN_ACCURATE ? ace(2) : 0);
	tcp_status(stk, c, &st);
	ck_assert_int_eq(st.state, TCPS_ESTABLISHED);
	ck_assert_int_eq(st.ecn, mode[_i] != TCP_ECN_OFF);
	ck_assert_int_eq(st.accurate, mode[_i] == TCP_ECN_ACCURATE);
	tcp_close(stk, c);
}
END_TEST

/* Out of memory for the counters: a SYN asks for RFC 3168 instead; one that
 * came, and may come again when there is memory, gets no ECN at all. */
START_TEST(without_memory_the_old_way)
{
	struct tcp_open o = { .remote = addr_from_ip4(IP4(10, 0, 0, 2)),
	    .rport = 80 };
	struct tcp_conn *c;
	unsigned old[2] = { 0 };

	stk->tcp.conf.ecn = TCP_ECN_ACCURATE;
	stk->tcp.conf.syn_cookies = TCP_COOKIES_NEVER;
	for (unsigned i = 1; i <= 4; i++) {
		give_failing(i, TCP_SYN | ace(7), 100);
		stk->mem.fail_at = 0;
		if (mem_port_sent(port) > 0)
			old[0] += answer() == 0;
		give(TCP_RST, 101, 0, 0);
		stk->mem.fail_at = i;
		if (tcp_connect(stk, &o, &c) == 0)
			unit_poll(stk);
		stk->mem.fail_at = 0;
		if (mem_port_sent(port) > 0)
			old[1] += answer() == (TCP_ECE | TCP_CWR);
	}
	ck_assert_uint_eq(old[0], 1);
	ck_assert_uint_eq(old[1], 1);
}
END_TEST

/* ---- the option ---------------------------------------------------------- */

/* What is built is what is read; NOPs stand behind it. */
START_TEST(option_there_and_back)
{
	struct tcp_opts in = { .acc_on = true, .acc_order = (uint8_t)(_i % 2),
	    .acc_fields = (uint8_t)(_i / 2),
	    .acc = { 0xfedcba, 0, 0x010203 } }, out;
	static const uint8_t lens[] = { 4, 8, 8, 12 };
	uint8_t p[TCP_OPTIONS_MAX];
	uint32_t n = tcp_build_options(p, &in);

	ck_assert_uint_eq(n, lens[_i / 2]);
	ck_assert_uint_eq(n, tcp_options_len(&in));
	ck_assert_uint_eq(p[0], _i % 2 == 0 ? 172 : 174);
	ck_assert_uint_eq(p[1], 2 + 3 * in.acc_fields);
	tcp_parse_options(p, n, false, &out);
	ck_assert(out.acc_on);
	ck_assert_uint_eq(out.acc_order, in.acc_order);
	ck_assert_uint_eq(out.acc_fields, in.acc_fields);
	ck_assert_mem_eq(out.acc, in.acc, 4u * in.acc_fields);
}
END_TEST

/* RFC 9768 3.2.3: of a length that is no whole number of counters the whole
 * ones count, and of more than three the first three. */
START_TEST(option_of_any_length)
{
	uint8_t p[40] = { 174, (uint8_t)(2 + _i), 0, 0, 1, 0, 0, 2, 0, 0, 3 };
	struct tcp_opts o;

	tcp_parse_options(p, 2u + (unsigned)_i, false, &o);
	ck_assert(o.acc_on);
	ck_assert_uint_eq(o.acc_fields, _i / 3 > 3 ? 3 : _i / 3);
	for (unsigned i = 0; i < o.acc_fields; i++)
		ck_assert_uint_eq(o.acc[i], i + 1);
}
END_TEST

/* ---- over a wire that marks ---------------------------------------------- */

static struct tcp_status
status_of(struct pair *p, int side, const struct pair_app *a)
{
	struct tcp_status s;

	tcp_status(p->stk[side], a->c, &s);
	return s;
}

/* Nothing is lost: each end has counted what the wire marked on its way to it,
 * and the other end has been told of all of it. */
START_TEST(both_ends_count_what_the_wire_marked)
{
	static const struct {
		uint32_t ce, offload;
		uint16_t habits;
		uint8_t option;
		bool timestamps, delack;
	} v[] = {
		{ 1000, 0, 0, TCP_ACC_CHANGED, true, true },
		{ 30000, 0, 0, TCP_ACC_CHANGED, true, true },
		{ 30000, 0, 0, TCP_ACC_NEVER, true, true },
		{ 300000, 0, 0, TCP_ACC_NEVER, false, true },
		{ 300000, 0, TCP_HABIT_ECT_ALL, TCP_ACC_ALWAYS, false, true },
		{ 1000000, 0, 0, TCP_ACC_ALWAYS, true, false },
		{ 1000000, 0, TCP_HABIT_ECT_ALL, TCP_ACC_NEVER, true, true },
		{ 30000, PORT_CSUM | PORT_TSO4, 0, TCP_ACC_ALWAYS, true,
		    true },
	};
	struct wire_conf w = { .delay_us = 5000, .ce = v[_i].ce,
	    .rate = 12500000, .queue = 4000000 };
	struct pair *p = pair_new((uint8_t)(_i + 1), 1500, v[_i].offload);
	struct pair_app a = { .total = 3000000, .salt = 1, .peer_salt = 2,
	    .keep = true };
	struct pair_app b = { .total = 200000, .salt = 2, .peer_salt = 1,
	    .keep = true };
	struct tcp_status s[2];
	struct tcp_conf conf;

	tcp_conf_default(&conf);
	conf.ecn = TCP_ECN_ACCURATE;
	conf.habits = v[_i].habits;
	conf.ecn_option = v[_i].option;
	conf.timestamps = v[_i].timestamps;
	conf.delack_us = v[_i].delack ? conf.delack_us : 0;
	pair_wire(p, &w);
	pair_serve(p, 1, 80, &conf, &b);
	pair_connect(p, 0, 80, &conf, &a);
	pair_run_until(p, 120 * USEC_PER_SEC);
	ck_assert_uint_eq(b.received, a.total);
	ck_assert_uint_eq(a.received, b.total);
	ck_assert_uint_eq(p->lost[0] + p->lost[1], 0);
	s[0] = status_of(p, 0, &a);
	s[1] = status_of(p, 1, &b);
	for (int i = 0; i < 2; i++) {
		ck_assert(s[i].accurate);
		ck_assert_uint_eq(s[i].total_retrans, 0);
		/* Nothing but an empty ACK may remain to be told. */
		ck_assert_uint_eq(s[!i].received_ce, p->marked[i]);
		ck_assert_uint_eq(s[!i].received_ecn[TCP_ACC_CE],
		    p->marked_bytes[i]);
		if (v[_i].habits == 0)
			ck_assert_uint_eq(s[i].delivered_ce, p->marked[i]);
		if (v[_i].option == TCP_ACC_ALWAYS)
			ck_assert_uint_eq(s[i].delivered_ecn[TCP_ACC_CE],
			    p->marked_bytes[i]);
	}
	ck_assert_uint_gt(p->marked[0], 0);
	pair_free(p);
}
END_TEST

/* Marks are heeded: the queue never fills, as with RFC 3168. */
START_TEST(marks_instead_of_loss)
{
	struct wire_conf w = { .delay_us = 10000, .rate = 1250000,
	    .queue = 200000, .mark = true };
	struct pair *p = pair_new(1, 1500, 0);
	struct pair_app a = { .total = 5000000, .salt = 1, .peer_salt = 2 };
	struct pair_app b = { .salt = 2, .peer_salt = 1 };
	struct tcp_conf conf;

	tcp_conf_default(&conf);
	conf.ecn = TCP_ECN_ACCURATE;
	pair_wire(p, &w);
	pair_serve(p, 1, 80, &conf, &b);
	pair_connect(p, 0, 80, &conf, &a);
	pair_run_apps(p, &a, &b, 60 * USEC_PER_SEC);
	ck_assert(a.closed && b.closed);
	ck_assert_uint_gt(p->marked[0], 0);
	ck_assert_uint_eq(p->lost[0], 0);
	ck_assert_uint_eq(p->stk[0]->tcp.stats.retransmits, 0);
	pair_free(p);
}
END_TEST

/* What is lost, doubled and late beside marks does no harm: all arrives, and
 * no more marks are believed than there were. */
START_TEST(a_bad_wire_that_marks)
{
	struct wire_conf w = { .delay_us = 5000, .ce = 50000, .loss = 20000,
	    .reorder = 20000, .reorder_us = 3000, .dup = 10000 };
	struct pair *p = pair_new((uint8_t)(_i + 1), 1500, 0);
	struct pair_app a = { .total = 1000000, .salt = 1, .peer_salt = 2,
	    .keep = true };
	struct pair_app b = { .total = 100000, .salt = 2, .peer_salt = 1,
	    .keep = true };
	struct tcp_conf conf;

	tcp_conf_default(&conf);
	conf.ecn = TCP_ECN_ACCURATE;
	conf.ecn_option = (uint8_t)(_i % 3);
	conf.sack = _i % 2 == 0;
	pair_wire(p, &w);
	pair_serve(p, 1, 80, &conf, &b);
	pair_connect(p, 0, 80, &conf, &a);
	pair_run_until(p, 300 * USEC_PER_SEC);
	ck_assert_uint_eq(b.received, a.total);
	ck_assert_uint_eq(a.received, b.total);
	ck_assert_uint_le(status_of(p, 0, &a).delivered_ce,
	    2 * p->marked[0] + 8);
	pair_free(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tcp_accecn");
	TCase *t = tcase_create("handshake"), *o = tcase_create("option");
	TCase *w = tcase_create("wire");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, every_syn_to_every_setting, 0, 6 * 8 * 4);
	tcase_add_loop_test(t, every_syn_by_cookie, 0, 8 * 4);
	tcase_add_loop_test(t, every_answer, 0, 8);
	tcase_add_test(t, without_memory_the_old_way);
	suite_add_tcase(s, t);
	tcase_add_loop_test(o, option_there_and_back, 0, 8);
	tcase_add_loop_test(o, option_of_any_length, 0, 15);
	suite_add_tcase(s, o);
	tcase_set_timeout(w, 120);
	tcase_add_loop_test(w, both_ends_count_what_the_wire_marked, 0, 8);
	tcase_add_test(w, marks_instead_of_loss);
	tcase_add_loop_test(w, a_bad_wire_that_marks, 0, 12);
	suite_add_tcase(s, w);
	return unit_main(s);
}

/*
 * test_tcp_icmp.c - ICMP errors about a connection (RFC 1122 4.2.3.9, RFC
 * 5927): which of them end an attempt to open, what the others leave behind,
 * and who is not believed.
 *
 * A router, 10.0.0.3, complains of what goes to 10.0.0.2.
 */
#include <errno.h>

#include "base/cursor.h"
#include "unit/unit.h"

#define US	IP4(10, 0, 0, 1)
#define PEER	IP4(10, 0, 0, 2)
#define ROUTER	IP4(10, 0, 0, 3)

static struct stack *stk;
static struct port *port;
static struct tcp_conn *conn;	/* NULL: closed */
static int error;		/* what its owner was told */

static void
setup(void)
{
	stk = unit_stack();
	port = unit_port(stk, "tap0", 1, "10.0.0.1/24");
	unit_neighbour(stk, "tap0", "10.0.0.2", 2);
	unit_neighbour(stk, "tap0", "10.0.0.3", 3);
	unit_drain(port);
	error = 0;
}

static void
teardown(void)
{
	if (conn != NULL)
		tcp_abort(stk, conn);
	unit_stack_free(stk);
}

static void
ready(struct stack *s, struct tcp_conn *c, void *owner)
{
	(void)owner;
	if ((tcp_events(c) & TCP_EV_ERROR) == 0)
		return;
	error = tcp_error(c);
	tcp_close(s, c);
	conn = NULL;
}

/* Opens, and takes the SYN. */
static struct unit_seen
open_by(const struct tcp_conf *conf)
{
	struct tcp_open o = { .remote = addr_from_ip4(PEER), .rport = 80,
	    .lport = 5000, .conf = conf, .ready = ready };

	ck_assert_int_eq(tcp_connect(stk, &o, &conn), 0);
	unit_poll(stk);
	return unit_expect(port);
}

/* The router's word of a segment, as if its number were seq. */
static void
complain(const struct unit_seen *about, uint32_t seq, uint8_t type,
    uint8_t code)
{
	uint8_t quote[28];
	struct unit_frame f = { .dst = { { 2, 0, 0, 0, 0, 1 } },
	    .src = { { 2, 0, 0, 0, 0, 3 } }, .sip = ROUTER, .dip = US,
	    .proto = IPPROTO_ICMP4, .icmp_type = type, .icmp_code = code,
	    .payload = quote, .payload_len = sizeof(quote) };

	memcpy(quote, about->l4 - IP4_HLEN, sizeof(quote));
	be32_put(quote + IP4_HLEN + TCP_OFF_SEQ, seq);
	unit_feed(stk, port, &f);
	unit_poll(stk);
}

static const struct {
	uint8_t type, code;
	int error;
	bool hard;		/* will not pass by itself */
} errors[] = {
	{ ICMP_UNREACH, 0, ENETUNREACH, false },
	{ ICMP_UNREACH, 1, EHOSTUNREACH, false },
	{ ICMP_UNREACH, 2, ENOPROTOOPT, true },
	{ ICMP_UNREACH, 3, ECONNREFUSED, true },
	{ ICMP_UNREACH, 5, EOPNOTSUPP, false },
	{ ICMP_UNREACH, 7, EHOSTDOWN, false },
	{ ICMP_UNREACH, 8, ENONET, false },
	{ ICMP_UNREACH, 9, ENETUNREACH, true },
	{ ICMP_UNREACH, 10, EHOSTUNREACH, true },
	{ ICMP_UNREACH, 11, ENETUNREACH, false },
	{ ICMP_UNREACH, 13, EHOSTUNREACH, true },
	{ ICMP_UNREACH, 15, EHOSTUNREACH, false },
	{ ICMP_UNREACH, 16, EHOSTUNREACH, false },	/* nobody's */
	{ ICMP_UNREACH, 32 + 3, EHOSTUNREACH, false },
	{ ICMP_TIME_EXCEEDED, 0, EHOSTUNREACH, true },
	{ ICMP_TIME_EXCEEDED, 1, EHOSTUNREACH, false },
	{ ICMP_PARAM_PROBLEM, 0, EPROTO, false },
	{ ICMP_PARAM_PROBLEM, 1, EPROTO, false },
};

#define ERRORS	((int)(sizeof(errors) / sizeof(errors[0])))

static bool
ends_attempt(int row, enum tcp_icmp_mode mode)
{
	return mode == TCP_ICMP_ANY ||
	    (mode == TCP_ICMP_HARD && errors[row].hard);
}

/* An attempt ends at once, or goes on and has the error for a reason if it
 * fails. */
static void
while_opening(int row, enum tcp_icmp_mode mode)
{
	int want = errors[row].error;
	struct unit_seen syn, again;
	struct tcp_conf conf;

	tcp_conf_default(&conf);
	conf.icmp = (uint8_t)mode;
	conf.syn_retries = 1;
	syn = open_by(&conf);
	complain(&syn, syn.seq, errors[row].type, errors[row].code);
	if (ends_attempt(row, mode)) {
		if (mode == TCP_ICMP_HARD && errors[row].type == ICMP_UNREACH)
			want = ECONNREFUSED;
		ck_assert_int_eq(error, -want);
		unit_run_until(stk, 60000000);
		unit_expect_nothing(port);
	} else {
		ck_assert_int_eq(error, 0);
		unit_run_until(stk, 1000000);
		again = unit_expect(port);
		ck_assert_uint_eq(again.flags, TCP_SYN);
		ck_assert_uint_eq(again.seq, syn.seq);
		unit_seen_free(&again);
		unit_run_until(stk, 60000000);
		ck_assert_int_eq(error, -want);
	}
	ck_assert_uint_eq(stk->drop.count[DROP_ICMP_NO_MATCH], 0);
	unit_seen_free(&syn);
}

START_TEST(any_error_ends_the_attempt)
{
	while_opening(_i, TCP_ICMP_ANY);
}
END_TEST

START_TEST(a_hard_error_ends_the_attempt)
{
	while_opening(_i, TCP_ICMP_HARD);
}
END_TEST

START_TEST(no_error_ends_the_attempt)
{
	while_opening(_i, TCP_ICMP_NEVER);
}
END_TEST

/* RFC 5927 4.1: only a number that is in flight. */
START_TEST(a_wrong_number_is_not_believed)
{
	struct unit_seen syn = open_by(NULL);

	complain(&syn, syn.seq - 1, errors[_i].type, errors[_i].code);
	complain(&syn, syn.seq + 1, errors[_i].type, errors[_i].code);
	ck_assert_uint_eq(stk->drop.count[DROP_ICMP_NO_MATCH], 2);
	ck_assert_int_eq(error, 0);
	/* It is not kept for a reason either. */
	unit_run_until(stk, 300000000);
	ck_assert_int_eq(error, -ETIMEDOUT);
	unit_drain(port);
	unit_seen_free(&syn);
}
END_TEST

/* ---- an open connection ---- */

static struct unit_frame
from_peer(uint8_t flags, uint32_t seq, uint32_t ack)
{
	return (struct unit_frame){ .dst = { { 2, 0, 0, 0, 0, 1 } },
	    .src = { { 2, 0, 0, 0, 0, 2 } }, .sip = PEER, .dip = US,
	    .proto = IPPROTO_TCP4, .sport = 80, .dport = 5000,
	    .flags = flags, .seq = seq, .ack = ack };
}

/* Open, with a hundred bytes in flight, which it gives up after 30 s. */
static struct unit_seen
opened(void)
{
	static const uint8_t data[100];
	struct unit_seen syn, s;
	struct unit_frame f;
	struct tcp_conf conf;

	tcp_conf_default(&conf);
	conf.user_timeout_ms = 30000;
	syn = open_by(&conf);
	f = from_peer(TCP_SYN | TCP_ACK, 7000, syn.seq + 1);
	unit_feed(stk, port, &f);
	s = unit_expect(port);
	ck_assert_uint_eq(s.flags, TCP_ACK);
	unit_seen_free(&s);
	unit_seen_free(&syn);
	ck_assert_int_eq(tcp_write(stk, conn, data, sizeof(data)), 100);
	unit_poll(stk);
	s = unit_expect(port);
	ck_assert_uint_eq(s.payload_len, 100);
	return s;
}

/* RFC 5927 4: whatever it is, it ends nothing; it is the reason only if the
 * peer really does not answer any more. */
START_TEST(an_open_one_goes_on)
{
	struct unit_seen s = opened();

	complain(&s, s.seq, errors[_i].type, errors[_i].code);
	complain(&s, s.seq + 99, errors[_i].type, errors[_i].code);
	ck_assert_int_eq(error, 0);
	ck_assert_uint_eq(stk->drop.count[DROP_ICMP_NO_MATCH], 0);
	complain(&s, s.seq - 1, errors[_i].type, errors[_i].code);
	complain(&s, s.seq + 100, errors[_i].type, errors[_i].code);
	ck_assert_uint_eq(stk->drop.count[DROP_ICMP_NO_MATCH], 2);
	unit_run_until(stk, 29000000);
	ck_assert_int_eq(error, 0);
	ck_assert_uint_gt(mem_port_sent(port), 2);
	unit_run_until(stk, 60000000);
	ck_assert_int_eq(error, -errors[_i].error);
	unit_seen_free(&s);
}
END_TEST

/* What gets through makes the error old. */
START_TEST(an_answer_makes_it_forgotten)
{
	static const uint8_t data[10];
	struct unit_seen s = opened();
	struct unit_frame f;

	complain(&s, s.seq, errors[_i].type, errors[_i].code);
	f = from_peer(TCP_ACK, 7001, s.seq + 100);
	unit_feed(stk, port, &f);
	ck_assert_int_eq(tcp_write(stk, conn, data, sizeof(data)), 10);
	unit_run_until(stk, 60000000);
	ck_assert_int_eq(error, -ETIMEDOUT);
	unit_seen_free(&s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tcp_icmp");
	TCase *tc = tcase_create("opening");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, any_error_ends_the_attempt, 0, ERRORS);
	tcase_add_loop_test(tc, a_hard_error_ends_the_attempt, 0, ERRORS);
	tcase_add_loop_test(tc, no_error_ends_the_attempt, 0, ERRORS);
	tcase_add_loop_test(tc, a_wrong_number_is_not_believed, 0, ERRORS);
	suite_add_tcase(s, tc);
	tc = tcase_create("open");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, an_open_one_goes_on, 0, ERRORS);
	tcase_add_loop_test(tc, an_answer_makes_it_forgotten, 0, ERRORS);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

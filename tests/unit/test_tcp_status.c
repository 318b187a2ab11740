/*
 * test_tcp_status.c - what tcp_status() says of a connection, at every stage
 * of a transfer of which all is known.
 */
#include <errno.h>

#include "unit/tcp_pair.h"

#define UP	5000u
#define DOWN	3000u

static struct pair *p;
static struct pair_app a, b;	/* on stack 0, who connects; on stack 1 */
static struct wire_conf wire;

static void
setup(void)
{
	p = pair_new(1, 1500, 0);
	a = (struct pair_app){ .salt = 1, .peer_salt = 2, .keep = true };
	b = (struct pair_app){ .salt = 2, .peer_salt = 1, .keep = true };
	wire = (struct wire_conf){ .delay_us = 20000 };
}

static void
teardown(void)
{
	pair_free(p);
}

/* a connects to b over this wire, sends that much, and time goes on. */
static void
connect_and_send(const struct tcp_conf *conf, uint64_t up, int64_t until_us)
{
	a.total = up;
	pair_wire(p, &wire);
	pair_serve(p, 1, 80, conf, &b);
	pair_connect(p, 0, 80, conf, &a);
	pair_run_until(p, until_us);
}

/* From now on the wire loses everything. */
static void
cut_wire(void)
{
	wire.loss = 1000000;
	pair_wire(p, &wire);
}

static struct tcp_status
status_of(const struct pair_app *app)
{
	struct tcp_status s;

	ck_assert_ptr_nonnull(app->c);
	tcp_status(p->stk[app->side], app->c, &s);
	return s;
}

/* Neither SYN nor FIN is a byte of the stream. */
START_TEST(bytes_are_those_of_the_stream)
{
	struct tcp_status s, t;

	b.total = DOWN;
	connect_and_send(NULL, UP, 0);
	s = status_of(&a);
	ck_assert_int_eq(s.state, TCPS_SYN_SENT);
	ck_assert_uint_eq(s.bytes_acked, 0);
	ck_assert_uint_eq(s.bytes_received, 0);
	pair_run_until(p, USEC_PER_SEC);
	for (int fin = 0; fin < 3; fin++) {
		s = status_of(&a);
		t = status_of(&b);
		ck_assert_uint_eq(s.bytes_acked, UP);
		ck_assert_uint_eq(s.bytes_sent, UP);
		ck_assert_uint_eq(s.bytes_received, DOWN);
		ck_assert_uint_eq(t.bytes_acked, DOWN);
		ck_assert_uint_eq(t.bytes_received, UP);
		ck_assert_uint_eq(s.bytes_retrans + t.bytes_retrans, 0);
		ck_assert_uint_eq(s.send_q + s.recv_q + s.unsent, 0);
		ck_assert_uint_eq(s.ssthresh, UINT32_MAX);
		ck_assert_uint_eq(s.unacked_segs, 0);
		ck_assert_uint_eq(s.snd_nxt, s.snd_una);
		ck_assert_uint_eq(s.snd_nxt - s.iss, UP + 1 + (fin > 0));
		ck_assert_uint_eq(s.rcv_nxt - s.irs, DOWN + 1 + (fin > 1));
		ck_assert(s.sack && s.timestamps && s.wscale);
		/* the side that ends it first, then the other */
		if (fin == 0)
			tcp_shutdown(p->stk[0], a.c);
		else if (fin == 1)
			tcp_shutdown(p->stk[1], b.c);
		pair_run_until(p, (fin + 2) * USEC_PER_SEC);
	}
}
END_TEST

/* Who ended it first waits; without an owner, as little as a key and a clock
 * is left, and is shown yet. */
START_TEST(time_wait_is_seen)
{
	struct tcp_status held, s;
	uint64_t pos = 0;

	connect_and_send(NULL, UP, USEC_PER_SEC);
	tcp_shutdown(p->stk[0], a.c);
	pair_run_until(p, 2 * USEC_PER_SEC);
	tcp_shutdown(p->stk[1], b.c);
	pair_run_until(p, 3 * USEC_PER_SEC);
	held = status_of(&a);
	ck_assert_int_eq(held.state, TCPS_TIME_WAIT);
	tcp_close(p->stk[0], a.c);
	pair_run_until(p, 4 * USEC_PER_SEC);
	ck_assert(tcp_walk(p->stk[0], &pos, &s));
	ck_assert_int_eq(s.state, TCPS_TIME_WAIT);
	ck_assert(addr_eq(&s.local, &held.local));
	ck_assert(addr_eq(&s.remote, &held.remote));
	ck_assert_uint_eq(s.lport, held.lport);
	ck_assert_uint_eq(s.rport, 80);
	ck_assert_uint_eq(s.snd_nxt, held.snd_nxt);
	ck_assert_uint_eq(s.rcv_nxt, held.rcv_nxt);
	ck_assert(s.timestamps);
	ck_assert_str_eq(s.timer, "timewait");
	ck_assert_int_eq(s.timer_us, held.timer_us - USEC_PER_SEC);
	ck_assert_uint_lt(s.mem_bytes, held.mem_bytes);
	ck_assert(!tcp_walk(p->stk[0], &pos, &s));
}
END_TEST

/* Nothing comes back: what was sent stands there until it is sent again. */
START_TEST(what_is_lost_is_counted)
{
	struct tcp_status s;
	char buf[4000] = "";

	connect_and_send(NULL, 100, USEC_PER_SEC);
	cut_wire();
	ck_assert_int_eq(tcp_write(p->stk[0], a.c, buf, sizeof(buf)), 4000);
	pair_run_until(p, USEC_PER_SEC + 1000);
	s = status_of(&a);
	ck_assert_uint_eq(s.send_q, 4000);
	ck_assert_uint_eq(s.unsent, 0);
	ck_assert_uint_eq(s.unacked_segs, 3);
	ck_assert_uint_eq(s.total_retrans, 0);
	ck_assert_str_eq(s.timer, "probe");
	pair_run_until(p, 5 * USEC_PER_SEC);
	s = status_of(&a);
	ck_assert_uint_ge(s.backoff, 2);
	ck_assert_uint_ge(s.total_retrans, 3);
	ck_assert_uint_ge(s.timeouts, 2);
	ck_assert_uint_eq(s.loss_spells, 1);
	ck_assert_uint_eq(s.data_segs_out, 4 + s.total_retrans);
	ck_assert_uint_gt(s.bytes_retrans, 0);
	ck_assert_uint_eq(s.bytes_sent, 4100 + s.bytes_retrans);
	ck_assert_uint_eq(s.bytes_acked, 100);
	/* RFC 9438 4.6: seven tenths of the window of ten segments */
	ck_assert_uint_eq(s.ssthresh, 7 * 1448);
	ck_assert_int_eq(s.ca_state, TCP_CA_LOSS);
	ck_assert_str_eq(s.timer, "rto");
	ck_assert_int_gt(s.timer_us, 0);
}
END_TEST

/* Our FIN is a number, and no byte: neither sent nor acknowledged. */
START_TEST(fin_in_flight)
{
	struct tcp_status s;
	char buf[40000] = "";

	connect_and_send(NULL, 100, USEC_PER_SEC);
	cut_wire();
	tcp_shutdown(p->stk[0], a.c);
	pair_run_until(p, USEC_PER_SEC + 1000);
	s = status_of(&a);
	ck_assert_int_eq(s.state, TCPS_FIN_WAIT_1);
	ck_assert_uint_eq(s.snd_nxt - s.snd_una, 1);
	ck_assert_uint_eq(s.bytes_acked, 100);
	ck_assert_uint_eq(s.bytes_sent, 100);
	/* The other side: more than cwnd lets out. */
	ck_assert_int_eq(tcp_write(p->stk[1], b.c, buf, sizeof(buf)), 40000);
	pair_run_until(p, USEC_PER_SEC + 2000);
	s = status_of(&b);
	ck_assert_uint_eq(s.bytes_sent, s.snd_nxt - s.snd_una);
	ck_assert_uint_eq(s.send_q - s.unsent, s.bytes_sent);
	ck_assert_uint_gt(s.unsent, 0);
}
END_TEST

/* Nothing under way: what is waited for is the next sign of life, and after the
 * end its two lives of a segment. */
START_TEST(what_an_idle_one_waits_for)
{
	struct tcp_status s;

	wire.delay_us = 0;
	connect_and_send(NULL, 0, USEC_PER_SEC);
	s = status_of(&a);
	ck_assert_str_eq(s.timer, "off");
	ck_assert_int_eq(s.timer_us, -1);
	ck_assert_int_eq(tcp_set(p->stk[0], a.c, TCPO_KEEP_IDLE_MS, 5000), 0);
	ck_assert_int_eq(tcp_set(p->stk[0], a.c, TCPO_KEEPALIVE, 1), 0);
	s = status_of(&a);
	ck_assert_str_eq(s.timer, "keepalive");
	ck_assert_int_eq(s.timer_us, 5 * USEC_PER_SEC - s.last_ack_recv_us);
	tcp_shutdown(p->stk[0], a.c);
	pair_run_until(p, 2 * USEC_PER_SEC);
	tcp_shutdown(p->stk[1], b.c);
	pair_run_until(p, 3 * USEC_PER_SEC);
	s = status_of(&a);
	ck_assert_int_eq(s.state, TCPS_TIME_WAIT);
	ck_assert_str_eq(s.timer, "timewait");
	ck_assert_int_eq(s.timer_us, 59 * USEC_PER_SEC);
}
END_TEST

/* A SYN went out again: that is over when the connection is open. */
START_TEST(opened_late)
{
	struct tcp_status s;

	wire.loss = 1000000;
	connect_and_send(NULL, 0, USEC_PER_SEC / 2);
	ck_assert_uint_eq(status_of(&a).backoff, 0);
	wire.loss = 0;
	pair_wire(p, &wire);
	pair_run_until(p, 3 * USEC_PER_SEC / 2);
	s = status_of(&a);
	ck_assert_int_eq(s.state, TCPS_ESTABLISHED);
	ck_assert_uint_eq(s.total_retrans, 1);
	ck_assert_uint_eq(s.backoff, 0);
	ck_assert_uint_eq(s.timeouts, 1);
	ck_assert_uint_eq(s.loss_spells, 1);
	ck_assert_uint_eq(s.data_segs_out, 0);
}
END_TEST

/* 40 ms there and back, and nothing but data one way: what the receiver makes
 * of it, by timestamps and by what a new window brings, and the sender. */
START_TEST(seen_from_both_ends)
{
	struct tcp_conf conf = *tcp_conf_stack(p->stk[0]);
	struct tcp_status s, t;

	conf.timestamps = _i == 0;
	connect_and_send(&conf, 1000000, 3 * USEC_PER_SEC);
	s = status_of(&a);
	t = status_of(&b);
	ck_assert_uint_eq(s.bytes_acked, 1000000);
	ck_assert_uint_ge(s.data_segs_out, 1000000 / s.snd_mss);
	ck_assert_uint_ge(t.rcv_rtt_us, 40000);
	ck_assert_uint_le(t.rcv_rtt_us, 41000);
	ck_assert_uint_eq(s.rcv_rtt_us, 0);
	ck_assert_uint_eq(s.data_segs_out, t.data_segs_in);
	ck_assert_uint_eq(s.segs_out, s.data_segs_out + 1);	/* SYN */
	ck_assert_uint_eq(s.data_segs_in + t.data_segs_out, 0);
	ck_assert_uint_eq(s.timeouts + s.reordered + t.ooo_segs, 0);
}
END_TEST

/* The wire is what limits a long transfer; headers are in its rate. */
START_TEST(wire_limits)
{
	struct tcp_status s;

	wire.rate = 2000000;
	wire.queue = 1000000;
	connect_and_send(NULL, 3000000, USEC_PER_SEC);
	s = status_of(&a);
	ck_assert_uint_gt(s.delivery_rate, 1900000);
	ck_assert_uint_lt(s.delivery_rate, 2000000);
	ck_assert(!s.app_limited);
}
END_TEST

/* An owner with little to say is what limits it. */
START_TEST(owner_limits)
{
	struct tcp_status s;

	connect_and_send(NULL, 1448, USEC_PER_SEC);
	s = status_of(&a);
	ck_assert(s.app_limited);
	ck_assert_uint_ge(s.delivery_rate, 1448 * 24);
	ck_assert_uint_le(s.delivery_rate, 1448 * 25);
}
END_TEST

/* Segments overtake others: both ends say so. */
START_TEST(disorder_is_counted)
{
	struct tcp_status s;

	wire.rate = 2000000;
	wire.queue = 1000000;
	wire.reorder = 20000;
	wire.reorder_us = 3000;
	connect_and_send(NULL, 500000, 5 * USEC_PER_SEC);
	s = status_of(&a);
	ck_assert_uint_eq(s.bytes_acked, 500000);
	ck_assert_uint_ge(s.reordered, 2);
	ck_assert_uint_ge(status_of(&b).ooo_segs, s.reordered);
}
END_TEST

/* What was set is what one gets; the worst values are refused, and change
 * nothing. */
static const struct {
	enum tcp_opt opt;
	uint32_t good, bad;	/* bad 0: every value is good, or 0 is bad */
	bool zero;		/* 0 is bad */
} options[] = {
	{ TCPO_NODELAY, 1, 0, false }, { TCPO_CORK, 1, 0, false },
	{ TCPO_KEEPALIVE, 1, 0, false }, { TCPO_MORE, 1, 0, false },
	{ TCPO_KEEP_IDLE_MS, 32767000, 32767001, true },
	{ TCPO_KEEP_INTVL_MS, 32767000, 32767001, true },
	{ TCPO_KEEP_COUNT, 127, 128, true },
	{ TCPO_USER_TIMEOUT_MS, UINT32_MAX, 0, false },
	{ TCPO_RCVBUF, 5000, UINT32_MAX, true },
	{ TCPO_SNDBUF, 5000, UINT32_MAX, true },
	{ TCPO_MSS, 900, 65496, true },
	{ TCPO_FINWAIT2_MS, UINT32_MAX / 1000, UINT32_MAX / 1000 + 1, false },
	{ TCPO_LINGER, 1, 0, false },
	{ TCPO_LINGER_MS, 70, 0, false },
	{ TCPO_TTL, 255, 256, false }, { TCPO_TOS, 0xb8, 256, false },
	{ TCPO_CC, TCP_CC_NEWRENO, TCP_CC_COUNT, false },
	{ TCPO_RTO_MIN_US, 120000000, 120000001, true },
	{ TCPO_SYN_RETRIES, 127, 128, true }, { TCPO_PACING, 1, 0, false },
	{ TCPO_ECN_OPTION, TCP_ACC_ALWAYS, TCP_ACC_ALWAYS + 1, false },
};

/* It is a count inside, and ends by itself: set or not is all one sees. */
START_TEST(quickack_is_on_or_off)
{
	connect_and_send(NULL, 0, USEC_PER_SEC);
	ck_assert_int_eq(tcp_set(p->stk[0], a.c, TCPO_QUICKACK, 0), 0);
	ck_assert_uint_eq(tcp_get(a.c, TCPO_QUICKACK), 0);
	ck_assert_int_eq(tcp_set(p->stk[0], a.c, TCPO_QUICKACK, 1), 0);
	ck_assert_uint_eq(tcp_get(a.c, TCPO_QUICKACK), 1);
}
END_TEST

START_TEST(options_are_what_was_set)
{
	enum tcp_opt opt = options[_i].opt;
	struct tcp_conf conf = *tcp_conf_stack(p->stk[0]);

	connect_and_send(NULL, 0, USEC_PER_SEC);
	ck_assert_uint_ne(tcp_get(a.c, opt), options[_i].good);
	ck_assert_int_eq(tcp_set(p->stk[0], a.c, opt, options[_i].good), 0);
	ck_assert_uint_eq(tcp_get(a.c, opt), options[_i].good);
	if (options[_i].bad != 0)
		ck_assert_int_eq(tcp_set(p->stk[0], a.c, opt,
		    options[_i].bad), -EINVAL);
	ck_assert_int_eq(tcp_set(p->stk[0], a.c, opt, 0),
	    options[_i].zero ? -EINVAL : 0);
	ck_assert_uint_eq(tcp_get(a.c, opt), options[_i].zero ?
	    options[_i].good : 0);
	/* nobody else's settings are others */
	ck_assert_mem_eq(&conf, tcp_conf_stack(p->stk[0]), sizeof(conf));
	ck_assert_int_eq(tcp_set(p->stk[0], a.c, TCPO_COUNT, 1), -EINVAL);
	ck_assert_uint_eq(tcp_get(a.c, TCPO_COUNT), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tcp_status");
	TCase *tc = tcase_create("status");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, bytes_are_those_of_the_stream);
	tcase_add_test(tc, time_wait_is_seen);
	tcase_add_test(tc, what_is_lost_is_counted);
	tcase_add_test(tc, fin_in_flight);
	tcase_add_test(tc, what_an_idle_one_waits_for);
	tcase_add_test(tc, opened_late);
	tcase_add_loop_test(tc, seen_from_both_ends, 0, 2);
	tcase_add_test(tc, wire_limits);
	tcase_add_test(tc, owner_limits);
	tcase_add_test(tc, disorder_is_counted);
	tcase_add_test(tc, quickack_is_on_or_off);
	tcase_add_loop_test(tc, options_are_what_was_set, 0,
	    sizeof(options) / sizeof(options[0]));
	suite_add_tcase(s, tc);
	return unit_main(s);
}

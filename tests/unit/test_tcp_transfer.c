/*
 * test_tcp_transfer.c - two stacks send each other data over a wire that is
 * good, slow, or bad: every byte arrives, in order, and both ends close.
 */
#include "unit/tcp_pair.h"

static struct pair *
pair_with(uint8_t seed, const struct wire_conf *w, uint32_t offload)
{
	struct pair *p = pair_new(seed, 1500, offload);

	pair_wire(p, w);
	return p;
}

/* a on side 1 serves, b on side 0 connects; both send. */
static int64_t
transfer(struct pair *p, const struct tcp_conf *conf, uint64_t up,
    uint64_t down, int64_t limit_us)
{
	struct pair_app b = { .total = up, .salt = 1, .peer_salt = 2 };
	struct pair_app a = { .total = down, .salt = 2, .peer_salt = 1 };
	struct tcp_listener *l = pair_serve(p, 1, 80, conf, &a);

	pair_connect(p, 0, 80, conf, &b);
	pair_run_apps(p, &a, &b, limit_us);
	ck_assert_msg(a.closed && b.closed, "not closed at %lld us",
	    (long long)p->now.us);
	ck_assert_int_eq(a.error, 0);
	ck_assert_int_eq(b.error, 0);
	ck_assert_uint_eq(a.received, up);
	ck_assert_uint_eq(b.received, down);
	tcp_listen_close(p->stk[1], l);
	return a.done_us;
}

START_TEST(clean_wire)
{
	struct wire_conf w = { .delay_us = 5000 };
	struct pair *p = pair_with(1, &w, 0);
	struct tcp_status st;
	uint64_t pos = 0;

	transfer(p, NULL, 1000000, 300000, 10000000);
	ck_assert_uint_eq(p->stk[0]->tcp.stats.retransmits, 0);
	ck_assert_uint_eq(p->stk[1]->tcp.stats.retransmits, 0);
	/* All is over after 2 MSL. */
	pair_run_until(p, p->now.us + 61000000);
	ck_assert(!tcp_walk(p->stk[0], &pos, &st));
	pos = 0;
	ck_assert(!tcp_walk(p->stk[1], &pos, &st));
	ck_assert_uint_eq(p->stk[0]->tcp.mem_used, 0);
	pair_free(p);
}
END_TEST

START_TEST(nothing_to_send)
{
	struct wire_conf w = { .delay_us = 5000 };
	struct pair *p = pair_with(1, &w, 0);

	transfer(p, NULL, 0, 0, 10000000);
	pair_free(p);
}
END_TEST

/* Every MTU up to the largest: over the last of them a full segment is longer
 * than the longest frame that TCP builds. */
START_TEST(large_mtus)
{
	static const uint32_t mtus[] = { 9000, 60000, 65400, 65480, 65495,
	    65500, 65535 };
	struct pair *p = pair_new(1, mtus[_i], 0);
	struct wire_conf w = { .delay_us = 1000 };

	pair_wire(p, &w);
	transfer(p, NULL, 500000, 300000, 10000000);
	pair_free(p);
}
END_TEST

START_TEST(offload_sends_super_frames)
{
	struct wire_conf w = { .delay_us = 1000 };
	struct pair *p = pair_with(1, &w, PORT_CSUM | PORT_TSO4);

	transfer(p, NULL, 8000000, 0, 10000000);
	/* 8 MB in 1448 byte segments were 5525 frames. */
	ck_assert_uint_lt(p->frames[0], 400);
	pair_free(p);
}
END_TEST

static const struct {
	uint32_t loss, reorder, dup;
} faults[] = {
	{ 10000, 0, 0 }, { 50000, 0, 0 }, { 150000, 0, 0 },
	{ 0, 100000, 0 }, { 0, 0, 200000 }, { 30000, 100000, 50000 },
};

/* What `tcp show` says of a stream is what went over it, holes on the way
 * included. */
START_TEST(counts_bytes)
{
	struct wire_conf w = { .delay_us = 5000, .loss = 30000,
	    .reorder = 30000, .reorder_us = 7000 };
	struct pair *p = pair_with(1, &w, 0);
	struct pair_app b = { .total = 200000, .salt = 1, .peer_salt = 2,
	    .keep = true };
	struct pair_app a = { .total = 30000, .salt = 2, .peer_salt = 1,
	    .keep = true };
	struct tcp_status here, there;

	pair_serve(p, 1, 80, NULL, &a);
	pair_connect(p, 0, 80, NULL, &b);
	pair_run_until(p, 20000000);
	tcp_status(p->stk[0], b.c, &here);
	tcp_status(p->stk[1], a.c, &there);
	ck_assert_uint_eq(there.bytes_received, 200000);
	ck_assert_uint_eq(here.bytes_received, 30000);
	ck_assert_uint_eq(here.bytes_acked, 200000);
	ck_assert_uint_eq(there.bytes_acked, 30000);
	ck_assert_uint_gt(here.bytes_retrans, 0);
	ck_assert_uint_eq(here.bytes_sent, 200000 + here.bytes_retrans);
	tcp_abort(p->stk[0], b.c);
	tcp_abort(p->stk[1], a.c);
	pair_free(p);
}
END_TEST

/* Every fault with SACK and RACK, with SACK alone, and without either. */
START_TEST(bad_wire)
{
	struct wire_conf w = { .delay_us = 10000,
	    .loss = faults[_i % 6].loss, .reorder = faults[_i % 6].reorder,
	    .reorder_us = 7000, .dup = faults[_i % 6].dup };
	struct tcp_conf conf;

	tcp_conf_default(&conf);
	conf.sack = _i / 6 % 3 != 2;
	conf.rack = _i / 6 % 3 == 0;
	conf.timestamps = _i / 18 == 0;
	for (uint8_t seed = 1; seed <= 5; seed++) {
		struct pair *p = pair_with(seed, &w, 0);

		transfer(p, &conf, 200000, 100000, 600000000);
		pair_free(p);
	}
}
END_TEST

/* ---- Fast Open ----------------------------------------------------------- */

static bool
lose_syn_data(void *arg, int from, const struct mem_frame *f)
{
	bool *lost = arg;
	bool syn = (f->data[20 + 13] & 2) != 0;

	if (from == 0 && syn && f->len > 200 && !*lost) {
		*lost = true;
		return false;
	}
	return true;
}

/* RFC 7413 4.2: the first connection learns the cookie, the second sends its
 * data with the SYN; what the server has read after how long says whether
 * they were taken at once.  1: the SYN is lost; 2: the server has forgotten
 * the knob. */
START_TEST(fastopen)
{
	struct wire_conf w = { .delay_us = 50000 };
	struct pair *p = pair_with(1, &w, 0);
	struct pair_app a = { .salt = 2, .peer_salt = 1 };
	struct pair_app b = { .total = 500, .salt = 1, .peer_salt = 2 };
	struct tcp_conf conf, off;
	struct tcp_listener *l;
	bool lost = false;
	int64_t t;

	tcp_conf_default(&conf);
	off = conf;
	conf.fastopen = TCP_FASTOPEN_CLIENT | TCP_FASTOPEN_SERVER;
	l = pair_serve(p, 1, 80, &conf, &a);
	pair_connect_data(p, 0, 80, &conf, &b, 500);
	pair_run_apps(p, &a, &b, 10000000);
	ck_assert(a.closed && b.closed);
	ck_assert_uint_eq(a.received, 500);
	if (_i == 1) {
		p->filter = lose_syn_data;
		p->filter_arg = &lost;
	} else if (_i == 2) {
		tcp_listen_close(p->stk[1], l);
		a = (struct pair_app){ .salt = 2, .peer_salt = 1 };
		pair_serve(p, 1, 80, &off, &a);
	}
	a.closed = a.eof = false;
	a.sent = a.received = 0;
	b = (struct pair_app){ .total = 2000, .salt = 1, .peer_salt = 2 };
	t = p->now.us;
	pair_connect_data(p, 0, 80, &conf, &b, 500);
	pair_run_until(p, t + 51000);
	ck_assert_uint_eq(a.received, _i == 0 ? 500 : 0);
	pair_run_apps(p, &a, &b, 20000000);
	ck_assert(a.closed && b.closed);
	ck_assert_uint_eq(a.received, 2000);
	ck_assert(lost == (_i == 1));
	pair_free(p);
}
END_TEST

/* Both ends on one stack. */
START_TEST(to_self)
{
	struct pair *p = pair_new(1, 1500, 0);
	struct pair_app a = { .total = 100000, .salt = 2, .peer_salt = 1 };
	struct pair_app b = { .total = 200000, .salt = 1, .peer_salt = 2 };
	struct tcp_open o = { .remote = pair_addr(0), .rport = 80,
	    .ready = pair_app_ready, .owner = &b };

	pair_serve(p, 0, 80, NULL, &a);
	ck_assert_int_eq(tcp_connect(p->stk[0], &o, &b.c), 0);
	pair_run_apps(p, &a, &b, 10000000);
	ck_assert(a.closed && b.closed);
	ck_assert_uint_eq(a.received, 200000);
	ck_assert_uint_eq(b.received, 100000);
	ck_assert_uint_eq(p->frames[0], 0);
	pair_free(p);
}
END_TEST

/* A reader that stops for a minute and goes on: the window closes, probes keep
 * the connection, nothing is lost. */
START_TEST(slow_reader)
{
	struct wire_conf w = { .delay_us = 10000, .loss = 20000 };
	struct pair *p = pair_with(3, &w, 0);
	struct pair_app a = { .salt = 2, .peer_salt = 1,
	    .stop_reading = true };
	struct pair_app b = { .total = 1000000, .salt = 1, .peer_salt = 2 };

	pair_serve(p, 1, 80, NULL, &a);
	pair_connect(p, 0, 80, NULL, &b);
	pair_run_until(p, 60000000);
	ck_assert_uint_eq(a.received, 0);
	ck_assert_ptr_nonnull(a.c);
	a.stop_reading = false;
	pair_app_ready(p->stk[1], a.c, &a);
	pair_run_apps(p, &a, &b, 600000000);
	ck_assert(a.closed && b.closed);
	ck_assert_uint_eq(a.received, 1000000);
	pair_free(p);
}
END_TEST

/* RFC 3168: where routers mark instead of dropping, nothing is sent twice. */
START_TEST(ecn_instead_of_loss)
{
	struct wire_conf w = { .delay_us = 10000, .rate = 1250000,
	    .queue = 200000, .mark = true };
	struct pair *p = pair_with(1, &w, 0);
	struct tcp_conf conf;

	tcp_conf_default(&conf);
	conf.ecn = TCP_ECN_REQUEST;
	transfer(p, &conf, 5000000, 0, 60000000);
	ck_assert_uint_eq(p->stk[0]->tcp.stats.retransmits, 0);
	ck_assert_uint_eq(p->lost[0], 0);
	pair_free(p);
}
END_TEST

static bool
black_hole(void *arg, int from, const struct mem_frame *f)
{
	(void)arg, (void)from;
	return f->len <= 1100;
}

/* RFC 2923 2.1: big segments vanish and nobody says so. */
START_TEST(path_that_swallows_big_segments)
{
	struct wire_conf w = { .delay_us = 10000 };
	struct pair *p = pair_with(1, &w, 0);

	p->filter = black_hole;
	transfer(p, NULL, 100000, 0, 60000000);
	pair_free(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tcp_transfer");
	TCase *t = tcase_create("wire");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, clean_wire);
	tcase_add_test(t, nothing_to_send);
	tcase_add_test(t, counts_bytes);
	tcase_add_loop_test(t, large_mtus, 0, 7);
	tcase_add_test(t, offload_sends_super_frames);
	tcase_add_loop_test(t, bad_wire, 0, 36);
	tcase_add_loop_test(t, fastopen, 0, 3);
	tcase_add_test(t, to_self);
	tcase_add_test(t, slow_reader);
	tcase_add_test(t, ecn_instead_of_loss);
	tcase_add_test(t, path_that_swallows_big_segments);
	suite_add_tcase(s, t);
	return unit_main(s);
}

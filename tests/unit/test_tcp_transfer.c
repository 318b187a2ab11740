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

int
main(void)
{
	Suite *s = suite_create("tcp_transfer");
	TCase *t = tcase_create("wire");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, clean_wire);
	tcase_add_test(t, nothing_to_send);
	tcase_add_loop_test(t, large_mtus, 0, 7);
	tcase_add_test(t, offload_sends_super_frames);
	tcase_add_loop_test(t, bad_wire, 0, 36);
	suite_add_tcase(s, t);
	return unit_main(s);
}

/*
 * test_tcp_probe.c - RFC 4821 between two stacks: segments grow to what the
 * path passes, whatever that is, and no byte is lost on the way.
 */
#include "tcp/tcp_conn.h"
#include "unit/tcp_pair.h"

#include "ip/ip_wire.h"

static struct pair *p;
static struct tcp_listener *l;
static struct pair_app near, far;
static uint32_t hole;		/* longer packets vanish without a word */
static uint32_t vanished, longest;

static bool
narrow(void *arg, int from, const struct mem_frame *f)
{
	(void)arg;
	if (from != 0)
		return true;
	if (f->len > hole) {
		vanished++;
		return false;
	}
	if (f->len > longest)
		longest = f->len;
	return true;
}

static void
setup(void)
{
	struct wire_conf w = { .delay_us = 5000 };

	p = pair_new(5, 1500, 0);
	pair_wire(p, &w);
	p->filter = narrow;
	hole = 1500;
	vanished = longest = 0;
}

static void
teardown(void)
{
	tcp_listen_close(p->stk[1], l);
	pair_free(p);
}

/* Sends n bytes by these settings; checks that all arrive. */
static void
send(uint8_t probing, uint64_t n)
{
	struct tcp_conf conf = *tcp_conf_stack(p->stk[0]);

	conf.mtu_probing = probing;
	near = (struct pair_app){ .total = n, .salt = 1, .peer_salt = 2,
	    .keep = true };
	far = (struct pair_app){ .salt = 2, .peer_salt = 1, .keep = true };
	l = pair_serve(p, 1, 80, NULL, &far);
	pair_connect(p, 0, 80, &conf, &near);
	pair_run_until(p, 120000000);
	ck_assert_uint_eq(far.received, n);
	ck_assert_int_eq(near.error, 0);
}

static void
finish(void)
{
	tcp_abort(p->stk[0], near.c);
	if (far.c != NULL)
		tcp_abort(p->stk[1], far.c);
	pair_run_until(p, p->now.us + 1000000);
	ck_assert_uint_eq(p->stk[0]->tcp.mem_used, 0);
}

/* Nothing in the way: up to the link's MTU, in a few steps. */
START_TEST(clear_path)
{
	send(TCP_PROBING_ALWAYS, 2000000);
	ck_assert_uint_ge(near.c->pmtu, 1500 - 8);
	ck_assert_uint_ge(longest, 1500 - 8);
	ck_assert_uint_eq(p->stk[0]->tcp.stats.retransmits, 0);
	finish();
}
END_TEST

/* Any hole above the base: found to within a few bytes, at the price of the
 * probes; cwnd does not suffer. */
START_TEST(hole_above_base)
{
	static const uint32_t holes[] = { 1070, 1100, 1199, 1280, 1400, 1492,
	    1499 };

	hole = holes[_i];
	send(TCP_PROBING_ALWAYS, 2000000);
	ck_assert_uint_le(near.c->pmtu, hole);
	ck_assert_uint_ge(near.c->pmtu, hole - 8);
	ck_assert_uint_le(vanished, 9);
	ck_assert_uint_eq(p->stk[0]->tcp.stats.timeouts, 0);
	ck_assert_uint_eq(p->stk[0]->tcp.stats.fast_recoveries, 0);
	finish();
}
END_TEST

/* The hole is found the hard way; then the search finds its edge. */
START_TEST(after_a_black_hole)
{
	hole = 1300;
	send(TCP_PROBING_BLACK_HOLE, 2000000);
	ck_assert_uint_le(near.c->pmtu, 1300);
	ck_assert_uint_ge(near.c->pmtu, 1300 - 8);
	finish();
}
END_TEST

/* Off: the step down is the last one. */
START_TEST(off_stays_small)
{
	hole = 1300;
	send(TCP_PROBING_OFF, 500000);
	ck_assert_uint_eq(near.c->pmtu, 1024 + 40);
	/* Only what the time-outs have left. */
	ck_assert_ptr_nonnull(near.c->ext);
	ck_assert_uint_eq(near.c->ext->search_high, 0);
	finish();
}
END_TEST

/* The path gets wider later: the search begins again. */
START_TEST(wider_later)
{
	hole = 1200;
	send(TCP_PROBING_ALWAYS, 2000000);
	ck_assert_uint_le(near.c->pmtu, 1200);
	hole = 1500;
	near.total += 1000000;
	pair_run_until(p, p->now.us + 300000000);
	tcp_set_owner(p->stk[0], near.c, pair_app_ready, &near);
	pair_run_until(p, p->now.us + 60000000);
	ck_assert_uint_le(near.c->pmtu, 1200);
	near.total += 1000000;
	pair_run_until(p, p->now.us + 400000000);
	tcp_set_owner(p->stk[0], near.c, pair_app_ready, &near);
	pair_run_until(p, p->now.us + 60000000);
	ck_assert_uint_eq(far.received, 4000000);
	ck_assert_uint_ge(near.c->pmtu, 1500 - 8);
	finish();
}
END_TEST

/* Losses of other kinds besides: all arrives, and no size is taken for good
 * that does not pass. */
START_TEST(lossy_path)
{
	struct wire_conf w = { .delay_us = 5000, .loss = 10000 };

	pair_wire(p, &w);
	hole = 1300;
	send(TCP_PROBING_ALWAYS, 2000000);
	ck_assert_uint_le(near.c->pmtu, 1300);
	finish();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tcp_probe");
	TCase *t = tcase_create("probe");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, clear_path);
	tcase_add_loop_test(t, hole_above_base, 0, 7);
	tcase_add_test(t, after_a_black_hole);
	tcase_add_test(t, off_stays_small);
	tcase_add_test(t, wider_later);
	tcase_add_test(t, lossy_path);
	suite_add_tcase(s, t);
	return unit_main(s);
}

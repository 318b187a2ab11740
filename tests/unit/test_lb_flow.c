/*
 * test_lb_flow.c - the flow table against a slow, obvious one: look-up from
 * both sides, deadlines, pressure.
 */
#include <stdlib.h>
#include <string.h>

#include "unit/flow_bed.h"

START_TEST(a_flow_is_small)
{
	ck_assert_uint_le(sizeof(struct lb_flow), 128);
}
END_TEST

/* Adds, touches, deletes and time at random; the oracle is an array of exact
 * deadlines.  A flow may stay a slot longer, and not a moment less. */
START_TEST(random_life_equals_the_oracle)
{
	enum { N = 500 };
	static int64_t due[N];
	struct flow_bed b = flow_bed_up(4096);
	int64_t now = 0;

	memset(due, 0, sizeof(due));
	srand(12345 + (unsigned)_i);
	for (unsigned step = 0; step < 6000; step++) {
		uint32_t n = (uint32_t)rand() % N;
		uint32_t t = (uint32_t)rand() % 4 == 0 ?
		    (uint32_t)rand() % 2000 : (uint32_t)rand() % 30;
		struct lb_flow *f = flow_bed_find(&b, n);

		switch (rand() % 5) {
		case 0:
		case 1:
			if (f == NULL) {
				f = flow_bed_add(&b, n, rand() % 2, t);
				ck_assert_ptr_nonnull(f);
			} else {
				lb_flow_touch(b.stk, f, t);
			}
			due[n] = now + t * USEC_PER_SEC;
			break;
		case 2:
			if (f != NULL) {
				lb_flow_del(b.stk, f);
				due[n] = 0;
			}
			break;
		case 3:
			if (f != NULL)
				lb_flow_set_half_open(b.stk, f, rand() % 2);
			break;
		default:
			now += rand() % 3000000;
			unit_run_until(b.stk, now);
			break;
		}
		for (uint32_t i = step % 13; i < N; i += 13) {
			f = flow_bed_find(&b, i);
			if (due[i] > now)
				ck_assert_ptr_nonnull(f);
			if (due[i] != 0 && due[i] + 312500 <= now)
				ck_assert_ptr_null(f);
			if (f == NULL)
				due[i] = 0;
		}
	}
	unit_run_until(b.stk, now + 2001 * USEC_PER_SEC);
	ck_assert_uint_eq(b.stk->lb.flows.count, 0);
	ck_assert_uint_eq(b.srv->refs, 0);
	ck_assert(!timer_is_set(&b.stk->lb.flows.timer));
	unit_stack_free(b.stk);
}
END_TEST

/* What was found lately hides neither an end nor a beginning. */
START_TEST(what_was_found_is_not_believed)
{
	struct flow_bed b = flow_bed_up(64);
	struct lb_flow f = flow_bed_flow(&b, 1, false);
	struct lb_flow g = flow_bed_flow(&b, 2, false);
	struct lb_tuple back = { f.server, f.local, f.sport, f.lport,
	    f.proto };
	struct lb_flow *fp = lb_flow_add(b.stk, &f, 100), *gp;
	bool reply;

	for (int i = 0; i < 2; i++) {
		ck_assert_ptr_eq(lb_flow_lookup(b.stk, &back, &reply), fp);
		ck_assert(reply);
	}
	/* From now on these are another connection's words as well, and a
	 * client goes before a server. */
	g.client = back.src, g.cport = back.sport;
	g.vip = back.dst, g.vport = back.dport;
	gp = lb_flow_add(b.stk, &g, 100);
	for (int i = 0; i < 2; i++) {
		ck_assert_ptr_eq(lb_flow_lookup(b.stk, &back, &reply), gp);
		ck_assert(!reply);
	}
	lb_flow_del(b.stk, gp);
	ck_assert_ptr_eq(lb_flow_lookup(b.stk, &back, &reply), fp);
	ck_assert(reply);
	lb_flow_del(b.stk, fp);
	ck_assert_ptr_null(lb_flow_lookup(b.stk, &back, &reply));
	stack_free(b.stk);
}
END_TEST

START_TEST(a_packet_never_sets_the_timer)
{
	struct flow_bed b = flow_bed_up(64);
	struct lb_flow *f = flow_bed_add(&b, 1, false, 900);
	struct instant due = b.stk->lb.flows.timer.due;

	for (int64_t s = 1; s < 800; s++) {
		unit_run_until(b.stk, s * USEC_PER_SEC);
		lb_flow_touch(b.stk, f, 900);
		ck_assert_int_eq(b.stk->lb.flows.timer.due.us, due.us);
	}
	/* A deadline that comes nearer counts at once. */
	lb_flow_touch(b.stk, f, 10);
	unit_run_until(b.stk, 808999999);
	ck_assert_ptr_nonnull(flow_bed_find(&b, 1));
	unit_run_until(b.stk, 809000000);
	ck_assert_ptr_null(flow_bed_find(&b, 1));
	unit_stack_free(b.stk);
}
END_TEST

START_TEST(long_deadlines_go_round)
{
	struct flow_bed b = flow_bed_up(64);
	const int64_t day = 86400 * USEC_PER_SEC;

	flow_bed_add(&b, 1, false, 30 * 86400);
	unit_run_until(b.stk, 30 * day - 1);
	ck_assert_ptr_nonnull(flow_bed_find(&b, 1));
	unit_run_until(b.stk, 30 * day);
	ck_assert_ptr_null(flow_bed_find(&b, 1));
	unit_stack_free(b.stk);
}
END_TEST

START_TEST(a_slot_of_many_is_swept_in_turns)
{
	struct flow_bed b = flow_bed_up(20000);

	for (uint32_t n = 0; n < 20000; n++)
		ck_assert_ptr_nonnull(flow_bed_add(&b, n, false, 60));
	stack_poll(b.stk, instant_from_us(60 * USEC_PER_SEC));
	ck_assert_uint_gt(b.stk->lb.flows.count, 0);
	ck_assert_uint_lt(b.stk->lb.flows.count, 20000);
	unit_run_until(b.stk, 60 * USEC_PER_SEC + 100);
	ck_assert_uint_eq(b.stk->lb.flows.count, 0);
	unit_stack_free(b.stk);
}
END_TEST

START_TEST(full_table_gives_up_half_open_ones)
{
	struct flow_bed b = flow_bed_up(100);

	for (uint32_t n = 0; n < 40; n++)
		flow_bed_add(&b, n, false, 900);
	for (uint32_t n = 40; n < 100; n++) {
		unit_run_until(b.stk, n * USEC_PER_SEC / 2);
		ck_assert_ptr_nonnull(flow_bed_add(&b, n, true, 60));
	}
	/* Full: the oldest half-open goes, nobody else. */
	for (uint32_t n = 100; n < 160; n++) {
		ck_assert_ptr_nonnull(flow_bed_add(&b, n, false, 900));
		ck_assert_ptr_null(flow_bed_find(&b, n - 60));
		if (n < 159)
			ck_assert_ptr_nonnull(flow_bed_find(&b, n - 59));
	}
	ck_assert_uint_eq(b.stk->lb.flows.evicted, 60);
	ck_assert_ptr_null(flow_bed_add(&b, 160, true, 60));
	ck_assert_uint_eq(b.stk->lb.flows.refused, 1);
	ck_assert_uint_eq(b.stk->lb.flows.count, 100);
	unit_stack_free(b.stk);
}
END_TEST

START_TEST(templates_are_found_apart)
{
	struct flow_bed b = flow_bed_up(64);
	struct lb_flow t = flow_bed_flow(&b, 1, false);
	struct lb_flow f = flow_bed_flow(&b, 2, false), *tp, *fp;
	struct lb_tuple k;
	bool reply;

	t.cport = 0;
	t.flags = LB_FLOW_TEMPLATE;
	t.state = 0;
	k = (struct lb_tuple){ t.client, t.vip, 0, 80, t.proto };
	tp = lb_flow_add(b.stk, &t, 10);
	ck_assert_ptr_eq(lb_flow_template(b.stk, &k), tp);
	ck_assert_ptr_null(lb_flow_lookup(b.stk, &k, &reply));
	ck_assert_uint_eq(b.srv->persist, 1);
	ck_assert_uint_eq(b.srv->inactive, 0);
	/* A template stays while a flow follows it, a minute at a time. */
	f.template_index = lb_flow_index(&b.stk->lb.flows, tp);
	fp = lb_flow_add(b.stk, &f, 100);
	ck_assert_uint_eq(tp->controls, 1);
	unit_run_until(b.stk, 105 * USEC_PER_SEC);
	ck_assert_ptr_eq(lb_flow_template(b.stk, &k), tp);
	ck_assert_uint_eq(tp->controls, 0);
	ck_assert_ptr_null(flow_bed_find(&b, 2));
	(void)fp;
	unit_run_until(b.stk, 130 * USEC_PER_SEC);
	ck_assert_ptr_null(lb_flow_template(b.stk, &k));
	unit_stack_free(b.stk);
}
END_TEST

/* Flushed alone, it leaves its flows without one: who gets its place in the
 * table is none of theirs. */
START_TEST(a_template_goes_before_its_flows)
{
	struct flow_bed b = flow_bed_up(64);
	struct lb_flow t = flow_bed_flow(&b, 1, false);
	struct lb_flow_filter w = { .has_client = true, .client = t.client };
	struct lb_flow *tp, *fp[3];

	t.cport = 0;
	t.flags = LB_FLOW_TEMPLATE;
	t.state = 0;
	tp = lb_flow_add(b.stk, &t, 10);
	for (uint32_t i = 0; i < 3; i++) {
		struct lb_flow f = flow_bed_flow(&b, 7 + i, false);

		f.template_index = lb_flow_index(&b.stk->lb.flows, tp);
		fp[i] = lb_flow_add(b.stk, &f, 100);
		ck_assert_ptr_nonnull(fp[i]);
	}
	ck_assert_uint_eq(tp->controls, 3);
	ck_assert_uint_eq(lb_flow_flush(b.stk, &w), 1);
	ck_assert_uint_eq(b.srv->persist, 0);
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_uint_eq(fp[i]->template_index, 0);
	ck_assert_ptr_eq(lb_flow_add(b.stk, &t, 300), tp);
	ck_assert_uint_eq(tp->controls, 0);
	unit_run_until(b.stk, 105 * USEC_PER_SEC);
	ck_assert_ptr_null(flow_bed_find(&b, 7));
	ck_assert_uint_eq(tp->controls, 0);
	ck_assert_uint_eq(b.stk->lb.flows.count, 1);
	unit_stack_free(b.stk);
}
END_TEST

START_TEST(filters_and_flush)
{
	struct flow_bed b = flow_bed_up(4096);
	struct lb_flow_filter w = { .has_client = true,
	    .client = addr_from_ip4((struct ip4){ 0xac100003 }) };
	struct lb_service_key other = b.svc->key;
	uint32_t pos = 0, n = 0;

	for (uint32_t i = 0; i < 100; i++)
		flow_bed_add(&b, i, false, 900);
	while (lb_flow_next(b.stk, &pos, &w) != NULL)
		n++;
	ck_assert_uint_eq(n, 7);
	other.port = 81;
	w = (struct lb_flow_filter){ .service = &other };
	ck_assert_uint_eq(lb_flow_flush(b.stk, &w), 0);
	w = (struct lb_flow_filter){ .service = &b.svc->key, .cport = 1001 };
	ck_assert_uint_eq(lb_flow_flush(b.stk, &w), 15);
	ck_assert_uint_eq(b.stk->lb.flows.count, 85);
	ck_assert_uint_eq(lb_flow_flush(b.stk, NULL), 85);
	ck_assert_uint_eq(b.srv->refs, 0);
	unit_stack_free(b.stk);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lb_flow");
	TCase *tc = tcase_create("flow");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_flow_is_small);
	tcase_add_loop_test(tc, random_life_equals_the_oracle, 0, 4);
	tcase_add_test(tc, what_was_found_is_not_believed);
	tcase_add_test(tc, a_packet_never_sets_the_timer);
	tcase_add_test(tc, long_deadlines_go_round);
	tcase_add_test(tc, a_slot_of_many_is_swept_in_turns);
	tcase_add_test(tc, full_table_gives_up_half_open_ones);
	tcase_add_test(tc, templates_are_found_apart);
	tcase_add_test(tc, a_template_goes_before_its_flows);
	tcase_add_test(tc, filters_and_flush);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

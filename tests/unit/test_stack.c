/*
 * test_stack.c - a stack's life: made without memory, driven, two at a time;
 * the drop table.
 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

/* ---- life ---- */

/* Every allocation fails once: all or nothing, and nothing leaks. */
START_TEST(new_without_memory)
{
	struct stack *stk = NULL;
	uint64_t n;

	for (n = 1; stk == NULL; n++) {
		ck_assert_uint_lt(n, 1000);
		stk = unit_stack_failing(n);
	}
	ck_assert_uint_eq(stk->mem.failed, 0);
	unit_stack_free(stk);
	ck_assert_uint_gt(n, 2);
}
END_TEST

START_TEST(free_takes_ports_along)
{
	struct stack *stk = unit_stack();

	unit_port(stk, "a", 1, "10.0.0.1/24");
	unit_port(stk, "b", 2, "10.0.1.1/24");
	unit_feed_bytes(stk, port_lookup(stk, "a"), "x", 1);
	ck_assert_int_eq(mem_port_give(port_lookup(stk, "b"), "y", 1), 0);
	unit_stack_free(stk);
}
END_TEST

static void
count_line(void *arg, enum log_level level, const char *line)
{
	(void)level;
	(void)line;
	++*(int *)arg;
}

START_TEST(log_budget_is_refilled)
{
	struct env env = { .limits = LIMITS_DEFAULT };
	struct stack *stk;
	int lines = 0;

	env.limits.log_per_sec = 3;
	env.limits.lb_flows = 1024;
	env.log = (struct log){ .sink = count_line, .arg = &lines,
	    .level = LOG_LVL_DEBUG };
	stk = stack_new(&env, instant_from_us(0));
	ck_assert_ptr_nonnull(stk);
	lines = 0;
	for (int i = 0; i < 10; i++)
		log_line(&stk->log, LOG_LVL_WARN, "test: %d", i);
	ck_assert_int_le(lines, 3);
	stack_poll(stk, instant_from_us(999999));
	log_line(&stk->log, LOG_LVL_WARN, "test: lost");
	ck_assert_int_le(lines, 3);
	lines = 0;
	stack_poll(stk, instant_from_us(1000000));
	log_line(&stk->log, LOG_LVL_WARN, "test: new");
	ck_assert_int_eq(lines, 1);
	stack_free(stk);
}
END_TEST

static void
note_time(struct stack *stk, struct timer *t)
{
	(void)t;
	ck_assert_int_eq(stk->now.us, 5000);
	stk->wall_offset_us = 77;	/* a mark that it ran */
}

START_TEST(deadline_is_the_earliest)
{
	struct stack *stk = unit_stack();
	struct timer t;

	timer_init(&t, note_time);
	timer_set(&stk->timers, &t, instant_from_us(5000));
	ck_assert_int_eq(stack_next_deadline(stk).us, 5000);
	unit_run_until(stk, 4999);
	ck_assert_int_eq(stk->wall_offset_us, 0);
	unit_run_until(stk, 6000);
	ck_assert_int_eq(stk->wall_offset_us, 77);
	unit_stack_free(stk);
}
END_TEST

START_TEST(unread_frames_are_due_at_once)
{
	struct stack *stk = unit_stack();
	struct port *p = unit_port(stk, "a", 1, NULL);

	unit_run_until(stk, 1234);
	ck_assert_int_eq(mem_port_give(p, "x", 1), 0);
	ck_assert_int_eq(stack_next_deadline(stk).us, 1234);
	unit_poll(stk);
	ck_assert_int_gt(stack_next_deadline(stk).us, 1234);
	unit_stack_free(stk);
}
END_TEST

/* Same seed, same numbers; and what one does the other does not see. */
START_TEST(two_stacks_share_nothing)
{
	struct stack *a = unit_stack(), *b = unit_stack();

	ck_assert_uint_eq(rng_u64(&a->rng), rng_u64(&b->rng));
	unit_port(a, "p", 1, "10.0.0.1/24");
	ck_assert_ptr_null(port_lookup(b, "p"));
	unit_feed_bytes(a, port_lookup(a, "p"), "x", 1);
	ck_assert_uint_eq(a->drop.count[DROP_ETH_SHORT], 1);
	ck_assert_uint_eq(b->drop.count[DROP_ETH_SHORT], 0);
	unit_run_until(a, 1000000);
	ck_assert_int_eq(b->now.us, 0);
	unit_stack_free(a);
	unit_stack_free(b);
}
END_TEST

/* ---- drops ---- */

START_TEST(drop_table_is_sound)
{
	for (int i = 0; i < DROP_COUNT; i++) {
		const struct drop_row *row = &drop_rows[i];

		ck_assert_ptr_nonnull(row->name);
		ck_assert_uint_gt(strlen(row->name), 0);
		ck_assert_uint_gt(strlen(row->text), 0);
		ck_assert_uint_eq(strspn(row->name,
		    "abcdefghijklmnopqrstuvwxyz0123456789-"),
		    strlen(row->name));
		ck_assert(row->icmp_type == NO_ICMP ||
		    row->icmp_type == ICMP_UNREACH ||
		    row->icmp_type == ICMP_TIME_EXCEEDED ||
		    row->icmp_type == ICMP_PARAM_PROBLEM);
		ck_assert_int_le(row->icmp_code, 15);
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(row->name, drop_rows[j].name);
	}
}
END_TEST

static void
see(void *arg, const struct pkt *pkt, enum drop why)
{
	ck_assert_uint_eq(pkt->len, 5);
	*(enum drop *)arg = why;
}

START_TEST(drop_counts_shows_and_frees)
{
	struct stack *stk = unit_stack();
	enum drop seen = DROP_COUNT;
	struct pkt *pkt = pkt_alloc(&stk->pool, 0);

	stk->drop.tap = see;
	stk->drop.tap_arg = &seen;
	pkt_append(pkt, 5);
	pkt_drop(stk, pkt, DROP_PORT_TX);
	ck_assert_int_eq(seen, DROP_PORT_TX);
	ck_assert_uint_eq(stk->drop.count[DROP_PORT_TX], 1);
	ck_assert_uint_eq(stk->pool.live, 0);
	unit_stack_free(stk);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("stack");
	TCase *tc = tcase_create("stack");

	tcase_add_test(tc, new_without_memory);
	tcase_add_test(tc, free_takes_ports_along);
	tcase_add_test(tc, log_budget_is_refilled);
	tcase_add_test(tc, deadline_is_the_earliest);
	tcase_add_test(tc, unread_frames_are_due_at_once);
	tcase_add_test(tc, two_stacks_share_nothing);
	tcase_add_test(tc, drop_table_is_sound);
	tcase_add_test(tc, drop_counts_shows_and_frees);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

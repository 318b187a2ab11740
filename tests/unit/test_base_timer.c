/*
 * test_base_timer.c - the timing wheel: exact deadlines, order, handlers that
 * free, move and re-arm, and a sorted list as oracle.
 */
#include "unit/unit.h"

#include <stdlib.h>

#include "base/rng.h"
#include "base/timer.h"

#define FIRED_MAX 4096

static struct timers wheel;
static int fired[FIRED_MAX];	/* ids in order of firing */
static int fired_count;

struct item {
	struct timer timer;	/* first: handlers cast */
	int id;
	int again;		/* times to re-arm */
	int64_t step_us;	/* re-arm so much later than due */
	struct item *victim;	/* cancelled by the handler */
};

static void
note(struct stack *stk, struct timer *t)
{
	struct item *it = (struct item *)t;

	(void)stk;
	ck_assert(!timer_is_set(t));
	ck_assert_int_lt(fired_count, FIRED_MAX);
	fired[fired_count++] = it->id;
	if (it->victim != NULL)
		timer_cancel(&wheel, &it->victim->timer);
	if (it->again > 0) {
		it->again--;
		timer_set(&wheel, t, instant_add(t->due, it->step_us));
	}
}

static void
free_owner(struct stack *stk, struct timer *t)
{
	(void)stk;
	fired[fired_count++] = ((struct item *)t)->id;
	free(t);
}

static void
setup(void)
{
	timers_init(&wheel, instant_from_us(0));
	fired_count = 0;
}

static void
item_init(struct item *it, int id)
{
	*it = (struct item){ .id = id };
	timer_init(&it->timer, note);
}

static void
set(struct item *it, int64_t us)
{
	timer_set(&wheel, &it->timer, instant_from_us(us));
}

static void
run(int64_t us)
{
	timers_run(&wheel, NULL, instant_from_us(us));
}

START_TEST(never_early_and_exact)
{
	static const int64_t due[] = { 0, 1, 1023, 1024, 1025, 65535, 65536,
	    4194303, 4194304, 268435456, 17179869184, 1099511627776,
	    70368744177664, 4000000000000000 };

	for (size_t i = 0; i < sizeof(due) / sizeof(due[0]); i++) {
		struct item it;

		setup();
		item_init(&it, 1);
		set(&it, due[i]);
		ck_assert_int_eq(timers_next(&wheel).us, due[i]);
		if (due[i] > 0)
			run(due[i] - 1);
		ck_assert_int_eq(fired_count, 0);
		ck_assert_int_eq(timers_next(&wheel).us, due[i]);
		run(due[i]);
		ck_assert_int_eq(fired_count, 1);
		ck_assert(instant_is_never(timers_next(&wheel)));
		ck_assert_uint_eq(wheel.count, 0);
	}
}
END_TEST

/* Set from different distances, so they pass through different levels. */
START_TEST(equal_deadlines_fire_in_set_order)
{
	enum { N = 50 };
	struct item it[N];
	int64_t due = 10000000;

	for (int i = 0; i < N; i++) {
		item_init(&it[i], i);
		run(due * i / N);
		set(&it[i], due);
	}
	run(due - 1);
	ck_assert_int_eq(fired_count, 0);
	run(due);
	ck_assert_int_eq(fired_count, N);
	for (int i = 0; i < N; i++)
		ck_assert_int_eq(fired[i], i);
}
END_TEST

START_TEST(one_slot_is_sorted)
{
	static const int64_t due[] = { 2047, 1500, 1024, 1500, 1030 };
	static const int order[] = { 2, 4, 1, 3, 0 };
	struct item it[5];

	for (int i = 0; i < 5; i++) {
		item_init(&it[i], i);
		set(&it[i], due[i]);
	}
	run(5000);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(fired[i], order[i]);
}
END_TEST

START_TEST(setting_again_moves)
{
	struct item a, b;

	item_init(&a, 1);
	item_init(&b, 2);
	set(&a, 5000);
	set(&b, 5000);
	set(&a, 5000);		/* now behind b */
	ck_assert_uint_eq(wheel.count, 2);
	run(5000);
	ck_assert_int_eq(fired[0], 2);
	ck_assert_int_eq(fired[1], 1);
	set(&a, 9000);
	timer_set(&wheel, &a.timer, INSTANT_NEVER);
	ck_assert(!timer_is_set(&a.timer));
	ck_assert_uint_eq(wheel.count, 0);
}
END_TEST

START_TEST(past_deadline_fires_in_next_run)
{
	struct item it;

	item_init(&it, 1);
	run(1000000);
	set(&it, 10);
	ck_assert_int_eq(timers_next(&wheel).us, 10);
	timer_cancel(&wheel, &it.timer);
	ck_assert_uint_eq(wheel.count, 0);
	set(&it, 10);
	run(1000000);
	ck_assert_int_eq(fired_count, 1);
}
END_TEST

START_TEST(handler_rearms_for_now)
{
	struct item it;

	item_init(&it, 1);
	it.again = 5;		/* five times for the same instant */
	set(&it, 3000);
	run(3000);
	ck_assert_int_eq(fired_count, 6);
	ck_assert(!timer_is_set(&it.timer));
}
END_TEST

/* A late call fires a period as often as it was missed, in order with the
 * others. */
START_TEST(handler_rearms_in_a_late_run)
{
	struct item period, other;

	item_init(&period, 1);
	item_init(&other, 2);
	period.again = 100;
	period.step_us = 1000;
	set(&period, 1000);
	set(&other, 2500);
	run(5000);
	ck_assert_int_eq(fired_count, 6);
	ck_assert_int_eq(fired[1], 1);
	ck_assert_int_eq(fired[2], 2);
	ck_assert_int_eq(fired[3], 1);
	ck_assert_int_eq(timers_next(&wheel).us, 6000);
}
END_TEST

START_TEST(handler_frees_its_owner)
{
	struct item *it = malloc(sizeof(*it));

	ck_assert_ptr_nonnull(it);
	item_init(it, 7);
	timer_init(&it->timer, free_owner);
	set(it, 4000);
	run(4000);
	ck_assert_int_eq(fired_count, 1);
	ck_assert_int_eq(fired[0], 7);
}
END_TEST

START_TEST(handler_cancels_its_neighbour)
{
	struct item a, b, c;

	item_init(&a, 1);
	item_init(&b, 2);
	item_init(&c, 3);
	a.victim = &b;
	set(&a, 4000);
	set(&b, 4000);
	set(&c, 4000);
	run(4000);
	ck_assert_int_eq(fired_count, 2);
	ck_assert_int_eq(fired[1], 3);
}
END_TEST

/* The wake-up for a timer that was cancelled is not repeated. */
START_TEST(cancelled_earliest_does_not_spin)
{
	struct item a, b;

	item_init(&a, 1);
	item_init(&b, 2);
	set(&a, 5000000);
	set(&b, 5000700);
	timer_cancel(&wheel, &a.timer);
	ck_assert_int_ge(timers_next(&wheel).us, 5000000);
	run(timers_next(&wheel).us);
	ck_assert_int_eq(timers_next(&wheel).us, 5000700);
}
END_TEST

/* ---- the oracle: a list sorted by (deadline, order of setting) ---- */

#define ORACLE_N 200

struct oracle {
	int64_t due[ORACLE_N];		/* -1: not set */
	uint64_t order[ORACLE_N];
	uint64_t next_order;
};

static int
oracle_first(const struct oracle *o)
{
	int first = -1;

	for (int i = 0; i < ORACLE_N; i++) {
		if (o->due[i] < 0)
			continue;
		if (first < 0 || o->due[i] < o->due[first] ||
		    (o->due[i] == o->due[first] &&
		    o->order[i] < o->order[first]))
			first = i;
	}
	return first;
}

/* Distances from microseconds to days, with many equal ones. */
static int64_t
random_distance(struct rng *r)
{
	static const uint32_t range[] = { 3, 1500, 70000, 5000000, 400000000,
	    4000000000 };

	return rng_below(r, range[rng_below(r, 6)]) / 7 * 7;
}

static void
compare_run(struct oracle *o, int64_t now)
{
	int first, i = 0;

	fired_count = 0;
	run(now);
	while ((first = oracle_first(o)) >= 0 && o->due[first] <= now) {
		ck_assert_int_lt(i, fired_count);
		ck_assert_int_eq(fired[i++], first);
		o->due[first] = -1;
	}
	ck_assert_int_eq(i, fired_count);
}

START_TEST(random_against_a_sorted_list)
{
	static struct item it[ORACLE_N];
	static struct oracle o;
	uint8_t seed[RNG_SEED_LEN] = { (uint8_t)(_i + 1) };
	struct rng r;
	int64_t now = 0;

	rng_init(&r, seed);
	for (int i = 0; i < ORACLE_N; i++) {
		item_init(&it[i], i);
		o.due[i] = -1;
	}
	for (int step = 0; step < 20000; step++) {
		int i = (int)rng_below(&r, ORACLE_N);
		int first;

		switch (rng_below(&r, 8)) {
		case 0:
			timer_cancel(&wheel, &it[i].timer);
			o.due[i] = -1;
			break;
		case 1:
			now += random_distance(&r) / 10;
			compare_run(&o, now);
			break;
		case 2:		/* exactly to the next deadline */
			first = oracle_first(&o);
			if (first < 0)
				break;
			ck_assert_int_le(timers_next(&wheel).us, o.due[first]);
			now = o.due[first] > now ? o.due[first] : now;
			compare_run(&o, now);
			break;
		default:
			o.due[i] = now + random_distance(&r);
			o.order[i] = o.next_order++;
			set(&it[i], o.due[i]);
			break;
		}
	}
}
END_TEST

/* How many turns does a loop take that sleeps until timers_next()? */
START_TEST(one_wakeup_per_deadline)
{
	static struct item it[ORACLE_N];
	uint8_t seed[RNG_SEED_LEN] = { 9 };
	struct rng r;
	int turns = 0;

	rng_init(&r, seed);
	for (int i = 0; i < ORACLE_N; i++) {
		item_init(&it[i], i);
		set(&it[i], 1 + random_distance(&r) * ORACLE_N + i);
	}
	while (!instant_is_never(timers_next(&wheel))) {
		run(timers_next(&wheel).us);
		turns++;
	}
	ck_assert_int_eq(fired_count, ORACLE_N);
	ck_assert_int_le(turns, ORACLE_N);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("base_timer");
	TCase *tc = tcase_create("timer");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, never_early_and_exact);
	tcase_add_test(tc, equal_deadlines_fire_in_set_order);
	tcase_add_test(tc, one_slot_is_sorted);
	tcase_add_test(tc, setting_again_moves);
	tcase_add_test(tc, past_deadline_fires_in_next_run);
	tcase_add_test(tc, handler_rearms_for_now);
	tcase_add_test(tc, handler_rearms_in_a_late_run);
	tcase_add_test(tc, handler_frees_its_owner);
	tcase_add_test(tc, handler_cancels_its_neighbour);
	tcase_add_test(tc, cancelled_earliest_does_not_spin);
	tcase_add_loop_test(tc, random_against_a_sorted_list, 0, 5);
	tcase_add_test(tc, one_wakeup_per_deadline);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

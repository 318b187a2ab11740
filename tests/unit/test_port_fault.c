/*
 * test_port_fault.c - a bad wire: shares, order, what is held, super-frames.
 */
#include "unit/host_fixture.h"

#include <errno.h>
#include <string.h>

#include "port/fault.h"

#define FRAMES	2000

/* Echo requests answered: each is a frame in and a frame out. */
static unsigned
pings(unsigned n)
{
	unsigned answers = 0;

	for (unsigned i = 0; i < n; i++) {
		struct unit_frame f = host_icmp(ICMP_ECHO, i, "x", 1);

		unit_feed(stk, port, &f);
		while (mem_port_sent(port) > 0) {
			mem_port_free(port, mem_port_take(port));
			answers++;
		}
	}
	return answers;
}

static const struct fault_counts *
counts(enum fault_dir dir)
{
	return &port->fault->counts[dir];
}

static void
set(struct fault_conf conf)
{
	ck_assert_int_eq(fault_set(stk, port, &conf), 0);
}

START_TEST(shares_are_kept)
{
	unsigned n;

	set((struct fault_conf){ .dirs = 2, .loss_ppm = 100000, .seed = 7 });
	n = pings(FRAMES);
	ck_assert_uint_eq(counts(FAULT_OUT)->frames, FRAMES);
	ck_assert_uint_eq(counts(FAULT_IN)->frames, 0);
	ck_assert_uint_eq(n, FRAMES - counts(FAULT_OUT)->lost);
	ck_assert_uint_gt(counts(FAULT_OUT)->lost, FRAMES / 10 - 60);
	ck_assert_uint_lt(counts(FAULT_OUT)->lost, FRAMES / 10 + 60);
	/* To the stack they were sent. */
	ck_assert_uint_eq(port->stats.tx_packets, FRAMES);
	set((struct fault_conf){ .dirs = 1, .duplicate_ppm = 100000 });
	n = pings(FRAMES);
	unit_run_until(stk, stk->now.us + 1);
	ck_assert_uint_gt(counts(FAULT_IN)->duplicated, FRAMES / 10 - 60);
	ck_assert_uint_ge(n + 1, FRAMES + counts(FAULT_IN)->duplicated);
	host_flush(port);
}
END_TEST

START_TEST(damage_is_seen)
{
	set((struct fault_conf){ .dirs = 1, .corrupt_ppm = 1000000 });
	/* A bit of the IP header, of ICMP, or of the padding behind. */
	ck_assert_uint_lt(pings(200), 40);
	ck_assert_uint_eq(counts(FAULT_IN)->corrupted, 200);
}
END_TEST

/* Who is held back comes after who was sent later. */
START_TEST(order_changes)
{
	uint32_t last = 0, late = 0, seen = 0;

	set((struct fault_conf){ .dirs = 2, .reorder_ppm = 200000,
	    .hold_us = 500, .seed = 3 });
	for (uint32_t i = 1; i <= 200; i++) {
		struct unit_frame f = host_icmp(ICMP_ECHO, i, "x", 1);

		unit_feed(stk, port, &f);
		unit_run_until(stk, (int64_t)i * 100);
	}
	unit_run_until(stk, 100000);
	while (mem_port_sent(port) > 0) {
		struct unit_seen s = unit_expect(port);

		late += s.icmp_rest < last;
		last = s.icmp_rest;
		seen++;
		unit_seen_free(&s);
	}
	ck_assert_uint_eq(seen, 200);
	ck_assert_uint_gt(late, 10);
	ck_assert_uint_ge(counts(FAULT_OUT)->reordered, late);
}
END_TEST

START_TEST(delay_is_exact_and_jitter_keeps_order)
{
	struct unit_frame f = host_icmp(ICMP_ECHO, 1, "x", 1);

	set((struct fault_conf){ .dirs = 3, .delay_us = 1000 });
	unit_feed(stk, port, &f);
	unit_run_until(stk, 1999);
	unit_expect_nothing(port);
	unit_run_until(stk, 2000);
	ck_assert_uint_eq(mem_port_sent(port), 1);
	host_flush(port);
	set((struct fault_conf){ .dirs = 2, .jitter_us = 5000 });
	for (uint32_t i = 1; i <= 100; i++) {
		f = host_icmp(ICMP_ECHO, i, "x", 1);
		unit_feed(stk, port, &f);
		unit_run_until(stk, stk->now.us + 100);
	}
	unit_run_until(stk, stk->now.us + 10000);
	for (uint32_t i = 1; i <= 100; i++) {
		struct unit_seen s = unit_expect(port);

		ck_assert_uint_eq(s.icmp_rest, i);
		unit_seen_free(&s);
	}
}
END_TEST

/* The timer goes on to the next frame, whichever way that goes. */
START_TEST(each_frame_has_its_time)
{
	struct unit_frame f = host_icmp(ICMP_ECHO, 1, "x", 1);
	int64_t t;

	set((struct fault_conf){ .dirs = 1u << _i, .delay_us = 1000 });
	t = stk->now.us;
	for (int i = 0; i < 3; i++) {
		unit_run_until(stk, t + i * 300);
		unit_feed(stk, port, &f);
	}
	for (uint32_t i = 0; i < 3; i++) {
		unit_run_until(stk, t + 999 + i * 300);
		ck_assert_uint_eq(mem_port_sent(port), i);
		unit_run_until(stk, t + 1000 + i * 300);
		ck_assert_uint_eq(mem_port_sent(port), i + 1);
	}
	host_flush(port);
}
END_TEST

/* What a timer brings in goes on within the turn, also where segments wait for
 * others to be joined with: to a port where nobody listens, so a RST comes. */
START_TEST(what_comes_late_is_not_kept)
{
	struct unit_frame f = host_icmp(ICMP_ECHO, 1, "x", 1);

	f.proto = IPPROTO_TCP4;
	f.sport = 1000;
	f.dport = 81;
	f.flags = 0x10;		/* ACK, no PSH */
	port->ifp->conf.gro = true;
	set((struct fault_conf){ .dirs = 1u << FAULT_IN, .delay_us = 1000 });
	unit_feed(stk, port, &f);
	ck_assert_uint_eq(mem_port_sent(port), 0);
	unit_run_until(stk, stk->now.us + 1000);
	ck_assert_uint_eq(mem_port_sent(port), 1);
	ck_assert_uint_eq(stk->pool.live, 0);
	host_flush(port);
}
END_TEST

/* So many are held, and no more: what comes then is lost. */
START_TEST(what_is_held_is_bounded)
{
	struct unit_frame f = host_icmp(ICMP_ECHO, 1, "x", 1);

	stk->pool.small_max = 2 * FAULT_HELD_MAX;
	set((struct fault_conf){ .dirs = 1u << _i, .delay_us = 1000000 });
	for (uint32_t i = 0; i < FAULT_HELD_MAX + 3; i++)
		unit_feed(stk, port, &f);
	ck_assert_uint_eq(counts((enum fault_dir)_i)->overrun, 3);
	ck_assert_uint_eq(port->fault->held_count[_i], FAULT_HELD_MAX);
	ck_assert_uint_eq(stk->pool.live, FAULT_HELD_MAX);
	unit_run_until(stk, stk->now.us + 2000000);
	ck_assert_uint_eq(stk->pool.live, 0);
	host_flush(port);
}
END_TEST

/* What is held goes with its port, and when the faults go. */
START_TEST(nothing_leaks)
{
	struct unit_frame f = host_icmp(ICMP_ECHO, 1, "x", 1);

	set((struct fault_conf){ .dirs = 3, .delay_us = 1000000 });
	unit_feed(stk, port, &f);
	ck_assert_uint_eq(port->fault->held_count[FAULT_IN], 1);
	fault_clear(stk, port);
	fault_clear(stk, port);
	ck_assert_uint_eq(stk->pool.live, 0);
	set((struct fault_conf){ .dirs = 3, .delay_us = 1000000 });
	unit_feed(stk, port, &f);
	stk->mem.fail_at = 1;
	ck_assert_int_eq(fault_set(stk, port, &port->fault->conf), -ENOMEM);
	ck_assert_uint_eq(port->fault->held_count[FAULT_IN], 1);
	/* No memory to hold a frame: it is lost, and counted. */
	stk->mem.fail_at = 2;	/* the first is the port's own copy */
	unit_feed(stk, port, &f);
	ck_assert_uint_eq(counts(FAULT_IN)->overrun, 1);
	stk->mem.fail_at = 0;
}
END_TEST

/* The same seed throws the same dice. */
START_TEST(seeds_repeat)
{
	struct fault_conf c = { .dirs = 3, .loss_ppm = 300000, .seed = 99 };
	unsigned n;

	set(c);
	n = pings(500);
	set(c);
	ck_assert_uint_eq(pings(500), n);
	c.seed = 100;
	set(c);
	ck_assert_uint_ne(pings(500), n);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("port_fault");
	TCase *c = tcase_create("port_fault");

	tcase_add_checked_fixture(c, host_setup, host_teardown);
	tcase_add_test(c, shares_are_kept);
	tcase_add_test(c, damage_is_seen);
	tcase_add_test(c, order_changes);
	tcase_add_test(c, delay_is_exact_and_jitter_keeps_order);
	tcase_add_loop_test(c, each_frame_has_its_time, FAULT_IN,
	    FAULT_DIRS);
	tcase_add_test(c, what_comes_late_is_not_kept);
	tcase_add_loop_test(c, what_is_held_is_bounded, FAULT_IN,
	    FAULT_DIRS);
	tcase_add_test(c, nothing_leaks);
	tcase_add_test(c, seeds_repeat);
	suite_add_tcase(s, c);
	return unit_main(s);
}

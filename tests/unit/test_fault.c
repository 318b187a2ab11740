/*
 * test_fault.c - the n-th allocation fails, for every n: while a stack is
 * configured, while traffic passes, while the configuration changes under it,
 * and while it is taken down.
 *
 * Each loop ends when a run needed fewer than n allocations.  Afterwards the
 * stack must work as if nothing had been, and stack_free() finds no leak.
 */
#include <stdlib.h>

#include "unit/fault_bed.h"

#define LATER_US (5 * USEC_PER_SEC)

static char *
config_copy(struct fault_bed *b)
{
	char *text = ctl_config_show(b->u->ctl);

	ck_assert_ptr_nonnull(text);
	return text;
}

/* Orders the n-th allocation from now to fail; 0: none. */
static void
fail_at(struct fault_bed *b, uint64_t n)
{
	b->stk->mem.failed = 0;
	b->stk->mem.fail_at = n;
}

/* Was the order not carried out?  Takes it back. */
static bool
spared(struct fault_bed *b)
{
	bool none = b->stk->mem.failed == 0;

	b->stk->mem.fail_at = 0;
	return none;
}

START_TEST(set_up)
{
	struct fault_bed *ref = fault_bed_up();
	char *want = config_copy(ref);
	bool done = false;
	uint64_t n;

	for (n = 1; !done; n++) {
		struct fault_bed *b = fault_bed_new();
		char *is;
		int r;

		fail_at(b, n);
		r = ctl_unit_file(b->u, "config apply f", fault_config);
		done = spared(b);
		is = config_copy(b);
		ck_assert_str_eq(is, r == 0 ? want : "");
		free(is);
		if (r != 0)
			ck_assert_int_eq(ctl_unit_file(b->u, "config apply f",
			    fault_config), 0);
		ck_assert_int_eq(fault_listen(b), 0);
		fault_traffic(b, 2000);
		fault_expect_all(b);
		fault_bed_down(b);
	}
	ck_assert_uint_gt(n, 30);
	free(want);
	fault_bed_down(ref);
}
END_TEST

START_TEST(sockets)
{
	bool done = false;
	uint64_t n;

	for (n = 1; !done; n++) {
		struct fault_bed *b = fault_bed_new();
		struct tcp_open o = { .rport = 80,
		    .remote = addr_from_ip4(IP4(10, 0, 0, 11)) };
		struct addr any = { { 0 } };
		struct tcp_conn *c = NULL;
		struct udp_sock *s;

		ctl_unit_must(b->u, "port add sv");
		ctl_unit_must(b->u, "addr add 10.0.0.1/24 dev sv");
		fail_at(b, n);
		(void)fault_listen(b);
		s = udp_open(b->stk, NULL, NULL);
		if (s != NULL) {
			(void)udp_bind(b->stk, s, &any, 53);
			(void)udp_send(b->stk, s, &o.remote, 53, "x", 1, 0);
		}
		(void)tcp_connect(b->stk, &o, &c);
		unit_run_until(b->stk, LATER_US);
		done = spared(b);
		fault_bed_down(b);
	}
	ck_assert_uint_gt(n, 8);
}
END_TEST

START_TEST(traffic)
{
	bool done = false;
	uint64_t n;

	for (n = 1; !done; n++) {
		struct fault_bed *b = fault_bed_up();

		fail_at(b, n);
		fault_traffic(b, 2000);
		done = spared(b);
		if (done)
			fault_expect_all(b);
		unit_run_until(b->stk, LATER_US);
		fault_traffic(b, 3000);
		fault_expect_all(b);
		fault_bed_down(b);
	}
	ck_assert_uint_gt(n, 20);
}
END_TEST

/* Flows, connections, held packets are there while it changes. */
START_TEST(reconfiguration)
{
	struct fault_bed *ref = fault_bed_up();
	char *before = config_copy(ref), *after;
	bool done = false;
	uint64_t n;

	ck_assert_int_eq(ctl_unit_file(ref->u, "config apply f",
	    fault_config_other), 0);
	after = config_copy(ref);
	for (n = 1; !done; n++) {
		struct fault_bed *b = fault_bed_up();
		uint32_t flows;
		char *is;
		int r;

		fault_traffic(b, 2000);
		flows = b->stk->lb.flows.count;
		ck_assert_uint_ge(flows, 5);
		b->u->next_mac = ref->u->next_mac;
		fail_at(b, n);
		r = ctl_unit_file(b->u, "config apply f", fault_config_other);
		done = spared(b);
		is = config_copy(b);
		if (r != 0) {
			ck_assert_msg(strlen(is) == strlen(before), "%s", is);
			ck_assert_uint_eq(b->stk->lb.flows.count, flows);
			fault_traffic(b, 3000);
			ck_assert_uint_eq(b->seen.nat, 1);
		} else {
			ck_assert_uint_eq(strlen(is), strlen(after));
		}
		free(is);
		unit_run_until(b->stk, LATER_US);
		fault_bed_down(b);
	}
	ck_assert_uint_gt(n, 30);
	free(before);
	free(after);
	fault_bed_down(ref);
}
END_TEST

START_TEST(tear_down)
{
	bool done = false;
	uint64_t n;

	for (n = 1; !done; n++) {
		struct fault_bed *b = fault_bed_up();
		int r;

		fault_traffic(b, 2000);
		fail_at(b, n);
		r = ctl_unit_file(b->u, "config apply f", "");
		done = spared(b);
		if (r != 0)
			ck_assert_int_eq(ctl_unit_file(b->u, "config apply f",
			    ""), 0);
		ck_assert_ptr_null(b->stk->ports);
		fault_bed_down(b);
	}
	ck_assert_uint_gt(n, 5);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fault");
	TCase *tc = tcase_create("memory");

	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, set_up);
	tcase_add_test(tc, sockets);
	tcase_add_test(tc, traffic);
	tcase_add_test(tc, reconfiguration);
	tcase_add_test(tc, tear_down);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

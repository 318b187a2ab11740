/*
 * test_fault_port.c - the n-th write to a port fails, for every n; a port goes
 * away in the middle of traffic, and comes back.
 */
#include <stdlib.h>

#include "unit/fault_bed.h"
#include "unit/tcp_pair.h"

#define LATER_US (5 * USEC_PER_SEC)

static uint64_t
tx_errors(struct fault_bed *b, const char *name)
{
	return port_lookup(b->stk, name)->stats.tx_errors;
}

START_TEST(nth_write_fails)
{
	static const char *const name[] = { "cl", "sv" };
	bool done = false;
	uint32_t n;

	for (n = 1; !done; n++) {
		struct fault_bed *b = fault_bed_up();
		struct port *port = port_lookup(b->stk, name[_i]);

		mem_port_fail_send(port, n);
		fault_traffic(b, 2000);
		done = tx_errors(b, name[_i]) == 0;
		mem_port_fail_send(port, 0);
		ck_assert_uint_eq(b->stk->drop.count[DROP_PORT_TX], !done);
		unit_run_until(b->stk, LATER_US);
		fault_traffic(b, 3000);
		fault_expect_all(b);
		fault_bed_down(b);
	}
	ck_assert_uint_gt(n, 5);
}
END_TEST

/* TCP repeats what a port refused. */
START_TEST(stream_survives_a_write)
{
	for (uint32_t n = 1; n <= 60; n++) {
		struct pair *p = pair_new(1, 1500, 0);
		struct pair_app a = { .total = 40000, .salt = 1,
		    .peer_salt = 2 };
		struct pair_app b = { .total = 30000, .salt = 2,
		    .peer_salt = 1 };

		pair_serve(p, 1, 80, NULL, &b);
		mem_port_fail_send(p->port[n % 2], n / 2);
		pair_connect(p, 0, 80, NULL, &a);
		pair_run_apps(p, &a, &b, 60 * USEC_PER_SEC);
		ck_assert(a.closed && b.closed);
		ck_assert_uint_eq(a.received, b.total);
		ck_assert_uint_eq(b.received, a.total);
		ck_assert_int_eq(a.error, 0);
		pair_free(p);
	}
}
END_TEST

/* At every step of the traffic: time, flows, held packets, fragments and
 * connections belong to a port that is no more. */
START_TEST(port_goes_and_returns)
{
	static const char *const gone[][3] = {
		{ "port del cl", NULL },
		{ "local del tcp 192.168.1.100:83 10.0.0.1", "port del sv",
		    NULL },
	};
	static const char *const back[][6] = {
		{ "port add cl mac 02:00:00:00:00:01",
		    "addr add 192.168.1.1/24 dev cl",
		    "addr add 192.168.1.100/32 dev cl",
		    "neigh add 192.168.1.10 mac 02:00:00:00:00:0a dev cl",
		    NULL },
		{ "port add sv mac 02:00:00:00:00:02",
		    "addr add 10.0.0.1/24 dev sv",
		    "neigh add 10.0.0.11 mac 02:00:00:00:00:0b dev sv",
		    "neigh add 10.0.0.12 mac 02:00:00:00:00:0c dev sv",
		    "local add tcp 192.168.1.100:83 10.0.0.1", NULL },
	};
	struct fault_bed *b = fault_bed_up();

	for (uint16_t round = 0; round < 3; round++) {
		uint16_t sport = (uint16_t)(2000 + round * 10);

		fault_traffic(b, sport);
		fault_expect_all(b);
		for (int i = 0; gone[_i][i] != NULL; i++)
			ctl_unit_must(b->u, gone[_i][i]);
		fault_traffic(b, sport + 1);
		ck_assert_uint_eq(b->seen.routed, 0);
		unit_run_until(b->stk, b->stk->now.us + LATER_US);
		for (int i = 0; back[_i][i] != NULL; i++)
			ctl_unit_must(b->u, back[_i][i]);
		/* A new address first asks whether it is free. */
		unit_run_until(b->stk, b->stk->now.us + 2 * LATER_US);
		fault_traffic(b, sport + 2);
		fault_expect_all(b);
	}
	fault_bed_down(b);
}
END_TEST

/* A connection waits for a port, its address and its route to come back. */
START_TEST(stream_survives_its_port)
{
	struct pair *p = pair_new(1, 1500, 0);
	struct pair_app a = { .total = 400000, .salt = 1, .peer_salt = 2 };
	struct pair_app b = { .total = 1000, .salt = 2, .peer_salt = 1 };
	struct ip4_prefix addr = { IP4(10, 0, 0, 1), 24 };
	struct wire_conf wire = { .delay_us = 10000, .rate = 100000,
	    .queue = 100000 };
	struct stack *stk = p->stk[0];

	pair_wire(p, &wire);
	pair_serve(p, 1, 80, NULL, &b);
	pair_connect(p, 0, 80, NULL, &a);
	pair_run_until(p, USEC_PER_SEC);
	ck_assert_uint_lt(b.received, a.total);
	port_del(stk, p->port[0]);
	p->port[0] = mem_port_new(&stk->mem, "tun0", false, MAC_ZERO, 1500, 0);
	ck_assert_int_eq(port_add(stk, p->port[0]), 0);
	pair_run_until(p, 4 * USEC_PER_SEC);
	ck_assert_int_eq(iface_addr_add(stk, p->port[0]->ifp, addr,
	    SCOPE_GLOBAL, NULL), 0);
	pair_run_apps(p, &a, &b, 120 * USEC_PER_SEC);
	ck_assert(a.closed && b.closed);
	ck_assert_uint_eq(b.received, a.total);
	ck_assert_int_eq(a.error, 0);
	pair_free(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fault_port");
	TCase *tc = tcase_create("port");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, nth_write_fails, 0, 2);
	tcase_add_test(tc, stream_survives_a_write);
	tcase_add_loop_test(tc, port_goes_and_returns, 0, 2);
	tcase_add_test(tc, stream_survives_its_port);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

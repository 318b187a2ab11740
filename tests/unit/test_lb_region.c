/*
 * test_lb_region.c - the memory of the flow table outlives the process: what
 * the next one takes over, what it throws away, and how its room is bounded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit/flow_bed.h"

START_TEST(a_new_process_goes_on)
{
	size_t len = lb_flows_bytes(REGION_FLOWS);
	void *mem = calloc(1, len);
	struct flow_bed a = flow_bed_at(mem, len, 100000, 5000000), b;
	struct lb_flow *f;

	flow_bed_service(&a);
	for (uint32_t n = 0; n < 100; n++) {
		f = flow_bed_add(&a, n, n % 3 == 0, 20 + n);
		lb_flow_set_active(a.stk, f, n % 2);
	}
	for (uint32_t n = 0; n < 100; n += 10)
		lb_flow_del(a.stk, flow_bed_find(&a, n));
	unit_stack_free(a.stk);

	/* It starts without configuration, later. */
	b = flow_bed_at(mem, len, 100000, 7000000);
	ck_assert_uint_eq(b.stk->lb.flows.count, 90);
	ck_assert_uint_eq(b.stk->lb.flows.taken_over, 90);
	flow_bed_service(&b);
	ck_assert_uint_eq(b.srv->active, 50);
	ck_assert_uint_eq(b.srv->inactive, 40);
	for (uint32_t n = 0; n < 100; n++) {
		f = flow_bed_find(&b, n);
		ck_assert((f == NULL) == (n % 10 == 0));
		if (f != NULL)
			ck_assert_uint_eq(lb_flow_expires_s(b.stk, f),
			    18 + n);
	}
	unit_run_until(b.stk, 25 * USEC_PER_SEC - 1);
	ck_assert_uint_eq(b.stk->lb.flows.count, 90);
	unit_run_until(b.stk, 27 * USEC_PER_SEC);
	ck_assert_uint_eq(b.stk->lb.flows.count, 88);
	unit_stack_free(b.stk);
	free(mem);
}
END_TEST

START_TEST(a_torn_region_costs_only_the_torn_flow)
{
	size_t len = lb_flows_bytes(REGION_FLOWS);
	uint8_t *mem = calloc(1, len);
	struct flow_bed a = flow_bed_at(mem, len, 100000, 0), b;
	struct lb_flow *f;

	flow_bed_service(&a);
	for (uint32_t n = 0; n < 100; n++)
		flow_bed_add(&a, n, false, 900);
	/* As if it had died in the middle: links and one flow are rubbish. */
	for (uint32_t n = 0; n < 100; n++) {
		f = flow_bed_find(&a, n);
		f->wheel_next = f->wheel_prev = 0xffffffff;
		f->slot = 0xffff;
	}
	f = flow_bed_find(&a, 50);
	f->proto = 99;
	a.stk->lb.flows.region->high = 110;
	memset(a.stk->lb.flows.bucket, 0xff, a.stk->lb.flows.buckets *
	    sizeof(struct lb_bucket));
	/* It is never torn down in order. */
	b = flow_bed_at(mem, len, 100000, 1000000);
	ck_assert_uint_eq(b.stk->lb.flows.count, 99);
	flow_bed_service(&b);
	ck_assert_uint_eq(b.srv->inactive, 99);
	ck_assert_ptr_null(flow_bed_find(&b, 50));
	ck_assert_ptr_nonnull(flow_bed_find(&b, 51));
	ck_assert_ptr_nonnull(flow_bed_add(&b, 50, false, 900));
	unit_stack_free(b.stk);
	/* Its heap still has to go: with a region of its own again. */
	memset(mem, 0, len);
	memset(a.stk->lb.flows.wheel, 0, 2 * sizeof(struct lb_wheel));
	unit_stack_free(a.stk);
	free(mem);
}
END_TEST

/* What no process of ours could have written is thrown away, whatever field of
 * a flow says so; a template of a firewall mark has no protocol, and stays. */
static const struct {
	uint16_t flags;
	uint8_t proto, state, fwd;
	uint32_t fwmark;
	bool nowhere, stays;
} left[] = {
	{ LB_FLOW_USED, IPPROTO_TCP4, 0, LB_FWD_NAT, 0, false, true },
	{ 0, IPPROTO_TCP4, 0, LB_FWD_NAT, 0, false, false },
	{ LB_FLOW_USED, IPPROTO_TCP4, 0, LB_FWD_COUNT - 1, 0, false, true },
	{ LB_FLOW_USED, IPPROTO_TCP4, 0, LB_FWD_COUNT, 0, false, false },
	{ LB_FLOW_USED, IPPROTO_TCP4, LB_TCP_STATE_COUNT - 1, LB_FWD_NAT, 0,
	    false, true },
	{ LB_FLOW_USED, IPPROTO_TCP4, LB_TCP_STATE_COUNT, LB_FWD_NAT, 0,
	    false, false },
	{ LB_FLOW_USED, IPPROTO_SCTP4, LB_SCTP_STATE_COUNT - 1, LB_FWD_NAT, 0,
	    false, true },
	{ LB_FLOW_USED, IPPROTO_SCTP4, LB_SCTP_STATE_COUNT, LB_FWD_NAT, 0,
	    false, false },
	{ LB_FLOW_USED, IPPROTO_UDP4, 0, LB_FWD_NAT, 0, false, true },
	{ LB_FLOW_USED, 0, 0, LB_FWD_NAT, 5, false, false },
	{ LB_FLOW_USED | LB_FLOW_TEMPLATE, 0, 0, LB_FWD_NAT, 5, false, true },
	{ LB_FLOW_USED | LB_FLOW_TEMPLATE, 0, 0, LB_FWD_NAT, 0, false, false },
	{ LB_FLOW_USED | LB_FLOW_TEMPLATE, 1, 0, LB_FWD_NAT, 5, false, false },
	{ LB_FLOW_USED | LB_FLOW_TEMPLATE, IPPROTO_TCP4, 0, LB_FWD_NAT, 0,
	    false, true },
	{ LB_FLOW_USED | LB_FLOW_TEMPLATE | LB_FLOW_ACTIVE, IPPROTO_TCP4, 0,
	    LB_FWD_NAT, 0, false, false },
	{ LB_FLOW_USED | LB_FLOW_TEMPLATE | LB_FLOW_HALF_OPEN, IPPROTO_TCP4,
	    0, LB_FWD_NAT, 0, false, false },
	{ LB_FLOW_USED, IPPROTO_TCP4, 0, LB_FWD_NAT, 0, true, false },
};

START_TEST(only_sane_flows_are_taken_over)
{
	size_t len = lb_flows_bytes(REGION_FLOWS);
	uint8_t *mem = calloc(1, len);
	struct flow_bed a = flow_bed_at(mem, len, 100000, 0), b;
	struct lb_flow *f;

	flow_bed_service(&a);
	for (uint32_t n = 0; n < 10; n++)
		flow_bed_add(&a, n, false, 900);
	f = flow_bed_find(&a, 5);
	unit_stack_free(a.stk);
	/* It lies in the region, which nobody has now. */
	f->flags = left[_i].flags;
	f->proto = left[_i].proto;
	f->state = left[_i].state;
	f->fwd = left[_i].fwd;
	f->fwmark = left[_i].fwmark;
	if (left[_i].nowhere)
		f->server = (struct addr){ { 0 } };
	b = flow_bed_at(mem, len, 100000, 1000000);
	ck_assert_uint_eq(b.stk->lb.flows.count, 9 + left[_i].stays);
	ck_assert_uint_eq(b.stk->lb.flows.taken_over, 9 + left[_i].stays);
	unit_stack_free(b.stk);
	free(mem);
}
END_TEST

/* The server of a flow is the one it went to, by the flow's own port; or by its
 * template's, if the flow says that this port is the packet's. */
START_TEST(a_flow_finds_its_server_again)
{
	size_t len = lb_flows_bytes(REGION_FLOWS);
	uint8_t *mem = calloc(1, len);
	struct flow_bed a = flow_bed_at(mem, len, 100000, 0), b;
	bool same_port = _i != 0;
	struct lb_flow t, f;

	flow_bed_service(&a);
	t = flow_bed_flow(&a, 1, false);
	t.cport = 0;
	t.flags = LB_FLOW_TEMPLATE;
	t.state = 0;
	t.sport = same_port ? 80 : 81;
	f = flow_bed_flow(&a, 2, false);
	f.template_index = lb_flow_index(&a.stk->lb.flows,
	    lb_flow_add(a.stk, &t, 900));
	f.sport = same_port ? 81 : 80;
	f.flags = same_port ? LB_FLOW_SAME_PORT : 0;
	ck_assert_ptr_nonnull(lb_flow_add(a.stk, &f, 900));
	unit_stack_free(a.stk);
	b = flow_bed_at(mem, len, 100000, 1000000);
	ck_assert_uint_eq(b.stk->lb.flows.taken_over, 2);
	flow_bed_service(&b);
	ck_assert_uint_eq(b.srv->inactive, 1);
	ck_assert_uint_eq(b.srv->persist, same_port);
	unit_stack_free(b.stk);
	free(mem);
}
END_TEST

START_TEST(a_foreign_region_is_cleared)
{
	size_t len = lb_flows_bytes(REGION_FLOWS);
	uint8_t *mem = malloc(len);
	struct flow_bed b;

	memset(mem, 0xa5, len);
	b = flow_bed_at(mem, len, 100000, 0);
	flow_bed_service(&b);
	ck_assert_uint_eq(b.stk->lb.flows.count, 0);
	for (uint32_t n = 0; n < REGION_FLOWS - 1; n++)
		ck_assert_ptr_nonnull(flow_bed_add(&b, n, false, 900));
	ck_assert_ptr_null(flow_bed_add(&b, REGION_FLOWS, false, 900));
	unit_stack_free(b.stk);
	/* A version of another day is cleared, too. */
	((struct lb_region *)(void *)mem)->version++;
	b = flow_bed_at(mem, len, 100000, 0);
	ck_assert_uint_eq(b.stk->lb.flows.count, 0);
	unit_stack_free(b.stk);
	free(mem);
}
END_TEST

START_TEST(a_region_without_a_head_is_no_fresh_one)
{
	size_t len = lb_flows_bytes(REGION_FLOWS);
	void *mem = calloc(1, len);
	struct flow_bed b = flow_bed_at(mem, len, 100000, 0);

	flow_bed_service(&b);
	for (uint32_t n = 0; n < 100; n++)
		flow_bed_add(&b, n, false, 900);
	unit_stack_free(b.stk);
	memset(mem, 0, 16);
	b = flow_bed_at(mem, len, 100000, 0);
	flow_bed_service(&b);
	for (uint32_t n = 0; n < 100; n++)
		ck_assert_ptr_null(flow_bed_find(&b, n));
	for (uint32_t n = 0; n < REGION_FLOWS - 1; n++)
		ck_assert_ptr_nonnull(flow_bed_add(&b, n, false, 900));
	ck_assert_uint_eq(b.srv->refs, REGION_FLOWS - 1);
	unit_stack_free(b.stk);
	free(mem);
}
END_TEST

START_TEST(a_template_that_says_it_is_a_flow_is_torn)
{
	size_t len = lb_flows_bytes(REGION_FLOWS);
	void *mem = calloc(1, len);
	struct flow_bed b = flow_bed_at(mem, len, 100000, 0);
	struct lb_flow t, *last = NULL;

	flow_bed_service(&b);
	for (uint32_t n = 0; n < 3; n++) {
		t = flow_bed_flow(&b, 10 * n, false);
		t.cport = 0;
		t.flags = LB_FLOW_TEMPLATE;
		last = lb_flow_add(b.stk, &t, 100);
	}
	unit_stack_free(b.stk);
	last[0].flags |= LB_FLOW_ACTIVE;
	last[-1].flags |= LB_FLOW_HALF_OPEN;
	b = flow_bed_at(mem, len, 100000, 0);
	flow_bed_service(&b);
	ck_assert_uint_eq(b.stk->lb.flows.count, 1);
	ck_assert_uint_eq(b.srv->persist, 1);
	ck_assert_uint_eq(b.srv->active + b.srv->inactive, 0);
	unit_stack_free(b.stk);
	free(mem);
}
END_TEST

/* Statistics are in the region, too: killed or ended in order, the next process
 * goes on counting.  Who is removed starts anew. */
START_TEST(a_new_process_goes_on_counting)
{
	size_t len = lb_flows_bytes(REGION_FLOWS);
	uint8_t *mem = calloc(1, len);
	struct flow_bed a = flow_bed_at(mem, len, 100000, 0), b;
	struct addr rs = addr_from_ip4(IP4(10, 0, 0, 11));

	flow_bed_service(&a);
	a.svc->tally->stats.conns = 5;
	a.srv->tally->stats.in_bytes = 1 << 20;
	a.srv->tally->est.in_pps = 77;
	a.stk->lb.services.tally->stats.out_pkts = 9;
	b = flow_bed_at(mem, len, 100000, 1000000);
	flow_bed_service(&b);
	ck_assert_uint_eq(b.svc->tally->stats.conns, 5);
	ck_assert_uint_eq(b.srv->tally->stats.in_bytes, 1 << 20);
	ck_assert_uint_eq(b.srv->tally->est.in_pps, 77);
	ck_assert_uint_eq(b.stk->lb.services.tally->stats.out_pkts, 9);
	unit_stack_free(b.stk);
	b = flow_bed_at(mem, len, 100000, 2000000);
	flow_bed_service(&b);
	ck_assert_uint_eq(b.svc->tally->stats.conns, 5);
	ck_assert_int_eq(lb_server_del(b.stk, b.svc, &rs, 80, NULL), 0);
	ck_assert_int_eq(lb_service_del(b.stk, &b.svc->key, NULL), 0);
	flow_bed_service(&b);
	ck_assert_uint_eq(b.svc->tally->stats.conns, 0);
	ck_assert_uint_eq(b.srv->tally->stats.in_bytes, 0);
	unit_stack_free(b.stk);
	memset(mem, 0, len);
	unit_stack_free(a.stk);
	free(mem);
}
END_TEST

/* More owners than room: the others count in their own memory. */
START_TEST(statistics_without_room_stand_with_their_owner)
{
	const uint32_t services = 1000;
	size_t len = lb_flows_bytes(REGION_FLOWS);
	uint8_t *mem = calloc(1, len);
	struct flow_bed b = flow_bed_at(mem, len, 100000, 0);
	struct lb_service_key key = { .proto = IPPROTO_UDP4,
	    .addr = addr_from_ip4(IP4(192, 0, 2, 1)) };
	struct lb_service_conf conf = { 0 };
	uint32_t own = 0;

	for (key.port = 1; key.port <= services; key.port++) {
		ck_assert_int_eq(lb_service_add(b.stk, &key, &conf, NULL), 0);
		b.svc = lb_service_lookup(b.stk, &key);
		ck_assert_uint_eq(b.svc->tally->stats.conns, 0);
		b.svc->tally->stats.conns = key.port;
		own += b.svc->tally == &b.svc->own_tally;
	}
	ck_assert_uint_gt(own, services - REGION_FLOWS - 16);
	ck_assert_uint_lt(own, services - REGION_FLOWS / 2);
	for (key.port = 1; key.port <= services; key.port++)
		ck_assert_uint_eq(lb_service_lookup(b.stk,
		    &key)->tally->stats.conns, key.port);
	unit_stack_free(b.stk);
	free(mem);
}
END_TEST

/* The limit may change while flows are alive: chains are made anew, nobody is
 * lost, and a new process keeps it. */
START_TEST(the_limit_moves_with_flows_in_it)
{
	static const uint32_t limits[] = { 100, 4000, 63, 1000, 1, 5000 };
	size_t len = lb_flows_bytes(5001);
	void *mem = calloc(1, len);
	struct flow_bed b = flow_bed_at(mem, len, 5000, 0), c;
	struct lb_conf conf;
	struct err err;

	flow_bed_service(&b);
	for (uint32_t n = 0; n < 200; n++)
		ck_assert_ptr_nonnull(flow_bed_add(&b, n, false, 900));
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		lb_conf_get(b.stk, &conf);
		conf.max_flows = limits[i];
		ck_assert_int_eq(lb_conf_set(b.stk, &conf, &err), 0);
		for (uint32_t n = 0; n < 200; n++)
			ck_assert_ptr_nonnull(flow_bed_find(&b, n));
		ck_assert((flow_bed_add(&b, 1000 + (uint32_t)i, false, 900) !=
		    NULL) == (limits[i] > b.stk->lb.flows.count));
	}
	ck_assert_uint_eq(b.stk->lb.flows.count, 203);
	ck_assert_uint_eq(b.stk->lb.flows.refused, 3);
	/* Only what the region has room for; and then nothing changes. */
	conf.max_flows = 5001;
	conf.timeouts.tcp_s = 77;
	ck_assert_int_eq(lb_conf_set(b.stk, &conf, &err), -EINVAL);
	ck_assert_str_eq(err.text, "max_flows 5001: 1 to 5000");
	conf.max_flows = 0;
	ck_assert_int_eq(lb_conf_set(b.stk, &conf, &err), -EINVAL);
	lb_conf_get(b.stk, &conf);
	ck_assert_uint_eq(conf.max_flows, 5000);
	ck_assert_uint_eq(conf.timeouts.tcp_s, 900);
	c = flow_bed_at(mem, len, 5000, 0);
	lb_conf_get(c.stk, &conf);
	ck_assert_uint_eq(conf.max_flows, 5000);
	ck_assert_uint_eq(c.stk->lb.flows.count, 203);
	/* But what stood there at first can be had again. */
	conf.max_flows = LB_FLOWS_DEFAULT;
	ck_assert_int_eq(lb_conf_set(c.stk, &conf, &err), 0);
	ck_assert_uint_eq(c.stk->lb.flows.count, 203);
	unit_stack_free(c.stk);
	memset(mem, 0, len);
	memset(b.stk->lb.flows.wheel, 0, 2 * sizeof(struct lb_wheel));
	unit_stack_free(b.stk);
	free(mem);
}
END_TEST

/* Rates that a damaged region brought along are none, but overflow nowhere. */
START_TEST(rates_may_be_anything)
{
	size_t len = lb_flows_bytes(REGION_FLOWS);
	void *mem = calloc(1, len);
	struct flow_bed b = flow_bed_at(mem, len, 100000, 0);
	struct lb_estimator *e;

	flow_bed_service(&b);
	e = &b.srv->tally->est;
	e->cps = UINT64_MAX;
	e->in_bps = 5;
	e->last.out_pkts = 1;
	unit_run_until(b.stk, 2 * USEC_PER_SEC);
	ck_assert_uint_eq(e->cps, UINT64_MAX - UINT64_MAX / 4 - 1);
	ck_assert_uint_eq(e->in_bps, 5 - 1 - 1);
	/* One packet less than before: nearly all of 64 bits, a quarter. */
	ck_assert_uint_eq(e->out_pps, (0 - 512ull) / 4);
	unit_run_until(b.stk, 4 * USEC_PER_SEC);
	ck_assert_uint_eq(e->in_bps, 2);
	unit_stack_free(b.stk);
	free(mem);
}
END_TEST

START_TEST(too_small_a_region_is_refused)
{
	uint8_t mem[512] = { 0 };
	struct env env = flow_bed_env(mem, sizeof(mem), 100);

	ck_assert_ptr_null(stack_new(&env, instant_from_us(0)));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lb_region");
	TCase *tc = tcase_create("region");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_new_process_goes_on);
	tcase_add_test(tc, a_torn_region_costs_only_the_torn_flow);
	tcase_add_loop_test(tc, only_sane_flows_are_taken_over, 0,
	    sizeof(left) / sizeof(left[0]));
	tcase_add_loop_test(tc, a_flow_finds_its_server_again, 0, 2);
	tcase_add_test(tc, a_foreign_region_is_cleared);
	tcase_add_test(tc, a_region_without_a_head_is_no_fresh_one);
	tcase_add_test(tc, a_template_that_says_it_is_a_flow_is_torn);
	tcase_add_test(tc, a_new_process_goes_on_counting);
	tcase_add_test(tc, statistics_without_room_stand_with_their_owner);
	tcase_add_test(tc, the_limit_moves_with_flows_in_it);
	tcase_add_test(tc, rates_may_be_anything);
	tcase_add_test(tc, too_small_a_region_is_refused);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

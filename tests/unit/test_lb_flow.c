/*
 * test_lb_flow.c - the flow table against a slow, obvious one: look-up from
 * both sides, deadlines, pressure, and a region that outlives its process.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lb/sched.h"
#include "unit/unit.h"

#define REGION_FLOWS 256

struct bed {
	struct stack *stk;
	struct lb_service *svc;
	struct lb_server *srv;
};

static struct env
env_of(void *mem, size_t len, uint32_t flows)
{
	struct env env = { .seed = { 7 }, .limits = LIMITS_DEFAULT,
	    .flow_mem = mem, .flow_mem_len = len };

	env.limits.pkt_small = 64;
	env.limits.pkt_large = 4;
	env.limits.lb_flows = flows;
	return env;
}

static void
bed_service(struct bed *b)
{
	struct lb_service_key key = { .proto = IPPROTO_TCP4, .port = 80,
	    .addr = addr_from_ip4(IP4(192, 0, 2, 1)) };
	struct lb_service_conf conf = { .sched = lb_sched_find("rr") };
	struct lb_server_conf c = { .fwd = LB_FWD_NAT, .weight = 1 };
	struct addr a = addr_from_ip4(IP4(10, 0, 0, 11));

	ck_assert_int_eq(lb_service_add(b->stk, &key, &conf, NULL), 0);
	b->svc = lb_service_lookup(b->stk, &key);
	ck_assert_int_eq(lb_server_add(b->stk, b->svc, &a, 80, &c, NULL), 0);
	b->srv = lb_server_lookup(b->stk, b->svc, &a, 80);
}

static struct bed
bed_at(void *mem, size_t len, uint32_t flows, int64_t now_us)
{
	struct env env = env_of(mem, len, flows);
	struct bed b = { .stk = stack_new(&env, instant_from_us(now_us)) };

	ck_assert_ptr_nonnull(b.stk);
	return b;
}

static struct bed
bed_up(uint32_t flows)
{
	struct bed b = bed_at(NULL, 0, flows, 0);

	bed_service(&b);
	return b;
}

/* The flow of client number n. */
static struct lb_flow
flow_of(const struct bed *b, uint32_t n, bool half_open)
{
	struct addr client = addr_from_ip4((struct ip4){ 0xac100000 + n / 7 });
	struct lb_flow f = {
		.client = client, .cport = (uint16_t)(1000 + n % 7),
		.vip = b->svc->key.addr, .vport = 80,
		.server = b->srv->addr, .sport = 80,
		.local = client, .lport = (uint16_t)(1000 + n % 7),
		.server_index = b->srv->index,
		.proto = IPPROTO_TCP4, .state = LB_TCP_ESTABLISHED,
		.flags = half_open ? LB_FLOW_HALF_OPEN : 0,
	};

	return f;
}

static struct lb_flow *
flow_add(struct bed *b, uint32_t n, bool half_open, uint32_t timeout_s)
{
	struct lb_flow f = flow_of(b, n, half_open);

	return lb_flow_add(b->stk, &f, timeout_s);
}

/* The flow of client n, found from both sides; NULL: from neither. */
static struct lb_flow *
flow_find(struct bed *b, uint32_t n)
{
	struct lb_flow f = flow_of(b, n, false), *x, *y;
	struct lb_tuple in = { f.client, f.vip, f.cport, 80, f.proto };
	struct lb_tuple out = { f.server, f.client, 80, f.cport, f.proto };
	bool reply;

	x = lb_flow_lookup(b->stk, &in, &reply);
	ck_assert(x == NULL || !reply);
	y = lb_flow_lookup(b->stk, &out, &reply);
	ck_assert(y == NULL || reply);
	ck_assert_ptr_eq(x, y);
	return x;
}

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
	struct bed b = bed_up(4096);
	int64_t now = 0;

	memset(due, 0, sizeof(due));
	srand(12345 + (unsigned)_i);
	for (unsigned step = 0; step < 6000; step++) {
		uint32_t n = (uint32_t)rand() % N;
		uint32_t t = (uint32_t)rand() % 4 == 0 ?
		    (uint32_t)rand() % 2000 : (uint32_t)rand() % 30;
		struct lb_flow *f = flow_find(&b, n);

		switch (rand() % 5) {
		case 0:
		case 1:
			if (f == NULL) {
				f = flow_add(&b, n, rand() % 2, t);
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
			f = flow_find(&b, i);
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
	struct bed b = bed_up(64);
	struct lb_flow f = flow_of(&b, 1, false), g = flow_of(&b, 2, false);
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
	struct bed b = bed_up(64);
	struct lb_flow *f = flow_add(&b, 1, false, 900);
	struct instant due = b.stk->lb.flows.timer.due;

	for (int64_t s = 1; s < 800; s++) {
		unit_run_until(b.stk, s * USEC_PER_SEC);
		lb_flow_touch(b.stk, f, 900);
		ck_assert_int_eq(b.stk->lb.flows.timer.due.us, due.us);
	}
	/* A deadline that comes nearer counts at once. */
	lb_flow_touch(b.stk, f, 10);
	unit_run_until(b.stk, 808999999);
	ck_assert_ptr_nonnull(flow_find(&b, 1));
	unit_run_until(b.stk, 809000000);
	ck_assert_ptr_null(flow_find(&b, 1));
	unit_stack_free(b.stk);
}
END_TEST

START_TEST(long_deadlines_go_round)
{
	struct bed b = bed_up(64);
	const int64_t day = 86400 * USEC_PER_SEC;

	flow_add(&b, 1, false, 30 * 86400);
	unit_run_until(b.stk, 30 * day - 1);
	ck_assert_ptr_nonnull(flow_find(&b, 1));
	unit_run_until(b.stk, 30 * day);
	ck_assert_ptr_null(flow_find(&b, 1));
	unit_stack_free(b.stk);
}
END_TEST

START_TEST(a_slot_of_many_is_swept_in_turns)
{
	struct bed b = bed_up(20000);

	for (uint32_t n = 0; n < 20000; n++)
		ck_assert_ptr_nonnull(flow_add(&b, n, false, 60));
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
	struct bed b = bed_up(100);

	for (uint32_t n = 0; n < 40; n++)
		flow_add(&b, n, false, 900);
	for (uint32_t n = 40; n < 100; n++) {
		unit_run_until(b.stk, n * USEC_PER_SEC / 2);
		ck_assert_ptr_nonnull(flow_add(&b, n, true, 60));
	}
	/* Full: the oldest half-open goes, nobody else. */
	for (uint32_t n = 100; n < 160; n++) {
		ck_assert_ptr_nonnull(flow_add(&b, n, false, 900));
		ck_assert_ptr_null(flow_find(&b, n - 60));
		if (n < 159)
			ck_assert_ptr_nonnull(flow_find(&b, n - 59));
	}
	ck_assert_uint_eq(b.stk->lb.flows.evicted, 60);
	ck_assert_ptr_null(flow_add(&b, 160, true, 60));
	ck_assert_uint_eq(b.stk->lb.flows.refused, 1);
	ck_assert_uint_eq(b.stk->lb.flows.count, 100);
	unit_stack_free(b.stk);
}
END_TEST

START_TEST(templates_are_found_apart)
{
	struct bed b = bed_up(64);
	struct lb_flow t = flow_of(&b, 1, false);
	struct lb_flow f = flow_of(&b, 2, false), *tp, *fp;
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
	ck_assert_ptr_null(flow_find(&b, 2));
	(void)fp;
	unit_run_until(b.stk, 130 * USEC_PER_SEC);
	ck_assert_ptr_null(lb_flow_template(b.stk, &k));
	unit_stack_free(b.stk);
}
END_TEST

START_TEST(a_new_process_goes_on)
{
	size_t len = lb_flows_bytes(REGION_FLOWS);
	void *mem = calloc(1, len);
	struct bed a = bed_at(mem, len, 100000, 5000000), b;
	struct lb_flow *f;

	bed_service(&a);
	for (uint32_t n = 0; n < 100; n++) {
		f = flow_add(&a, n, n % 3 == 0, 20 + n);
		lb_flow_set_active(a.stk, f, n % 2);
	}
	for (uint32_t n = 0; n < 100; n += 10)
		lb_flow_del(a.stk, flow_find(&a, n));
	unit_stack_free(a.stk);

	/* It starts without configuration, later. */
	b = bed_at(mem, len, 100000, 7000000);
	ck_assert_uint_eq(b.stk->lb.flows.count, 90);
	ck_assert_uint_eq(b.stk->lb.flows.taken_over, 90);
	bed_service(&b);
	ck_assert_uint_eq(b.srv->active, 50);
	ck_assert_uint_eq(b.srv->inactive, 40);
	for (uint32_t n = 0; n < 100; n++) {
		f = flow_find(&b, n);
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
	struct bed a = bed_at(mem, len, 100000, 0), b;
	struct lb_flow *f;

	bed_service(&a);
	for (uint32_t n = 0; n < 100; n++)
		flow_add(&a, n, false, 900);
	/* As if it had died in the middle: links and one flow are rubbish. */
	for (uint32_t n = 0; n < 100; n++) {
		f = flow_find(&a, n);
		f->wheel_next = f->wheel_prev = 0xffffffff;
		f->slot = 0xffff;
	}
	f = flow_find(&a, 50);
	f->proto = 99;
	a.stk->lb.flows.region->high = 110;
	memset(a.stk->lb.flows.bucket, 0xff, a.stk->lb.flows.buckets *
	    sizeof(struct lb_bucket));
	/* It is never torn down in order. */
	b = bed_at(mem, len, 100000, 1000000);
	ck_assert_uint_eq(b.stk->lb.flows.count, 99);
	bed_service(&b);
	ck_assert_uint_eq(b.srv->inactive, 99);
	ck_assert_ptr_null(flow_find(&b, 50));
	ck_assert_ptr_nonnull(flow_find(&b, 51));
	ck_assert_ptr_nonnull(flow_add(&b, 50, false, 900));
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
	struct bed a = bed_at(mem, len, 100000, 0), b;
	struct lb_flow *f;

	bed_service(&a);
	for (uint32_t n = 0; n < 10; n++)
		flow_add(&a, n, false, 900);
	f = flow_find(&a, 5);
	unit_stack_free(a.stk);
	/* It lies in the region, which nobody has now. */
	f->flags = left[_i].flags;
	f->proto = left[_i].proto;
	f->state = left[_i].state;
	f->fwd = left[_i].fwd;
	f->fwmark = left[_i].fwmark;
	if (left[_i].nowhere)
		f->server = (struct addr){ { 0 } };
	b = bed_at(mem, len, 100000, 1000000);
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
	struct bed a = bed_at(mem, len, 100000, 0), b;
	bool same_port = _i != 0;
	struct lb_flow t, f;

	bed_service(&a);
	t = flow_of(&a, 1, false);
	t.cport = 0;
	t.flags = LB_FLOW_TEMPLATE;
	t.state = 0;
	t.sport = same_port ? 80 : 81;
	f = flow_of(&a, 2, false);
	f.template_index = lb_flow_index(&a.stk->lb.flows,
	    lb_flow_add(a.stk, &t, 900));
	f.sport = same_port ? 81 : 80;
	f.flags = same_port ? LB_FLOW_SAME_PORT : 0;
	ck_assert_ptr_nonnull(lb_flow_add(a.stk, &f, 900));
	unit_stack_free(a.stk);
	b = bed_at(mem, len, 100000, 1000000);
	ck_assert_uint_eq(b.stk->lb.flows.taken_over, 2);
	bed_service(&b);
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
	struct bed b;

	memset(mem, 0xa5, len);
	b = bed_at(mem, len, 100000, 0);
	bed_service(&b);
	ck_assert_uint_eq(b.stk->lb.flows.count, 0);
	for (uint32_t n = 0; n < REGION_FLOWS - 1; n++)
		ck_assert_ptr_nonnull(flow_add(&b, n, false, 900));
	ck_assert_ptr_null(flow_add(&b, REGION_FLOWS, false, 900));
	unit_stack_free(b.stk);
	/* A version of another day is cleared, too. */
	((struct lb_region *)(void *)mem)->version++;
	b = bed_at(mem, len, 100000, 0);
	ck_assert_uint_eq(b.stk->lb.flows.count, 0);
	unit_stack_free(b.stk);
	free(mem);
}
END_TEST

START_TEST(a_region_without_a_head_is_no_fresh_one)
{
	size_t len = lb_flows_bytes(REGION_FLOWS);
	void *mem = calloc(1, len);
	struct bed b = bed_at(mem, len, 100000, 0);

	bed_service(&b);
	for (uint32_t n = 0; n < 100; n++)
		flow_add(&b, n, false, 900);
	unit_stack_free(b.stk);
	memset(mem, 0, 16);
	b = bed_at(mem, len, 100000, 0);
	bed_service(&b);
	for (uint32_t n = 0; n < 100; n++)
		ck_assert_ptr_null(flow_find(&b, n));
	for (uint32_t n = 0; n < REGION_FLOWS - 1; n++)
		ck_assert_ptr_nonnull(flow_add(&b, n, false, 900));
	ck_assert_uint_eq(b.srv->refs, REGION_FLOWS - 1);
	unit_stack_free(b.stk);
	free(mem);
}
END_TEST

START_TEST(a_template_that_says_it_is_a_flow_is_torn)
{
	size_t len = lb_flows_bytes(REGION_FLOWS);
	void *mem = calloc(1, len);
	struct bed b = bed_at(mem, len, 100000, 0);
	struct lb_flow t, *last = NULL;

	bed_service(&b);
	for (uint32_t n = 0; n < 3; n++) {
		t = flow_of(&b, 10 * n, false);
		t.cport = 0;
		t.flags = LB_FLOW_TEMPLATE;
		last = lb_flow_add(b.stk, &t, 100);
	}
	unit_stack_free(b.stk);
	last[0].flags |= LB_FLOW_ACTIVE;
	last[-1].flags |= LB_FLOW_HALF_OPEN;
	b = bed_at(mem, len, 100000, 0);
	bed_service(&b);
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
	struct bed a = bed_at(mem, len, 100000, 0), b;
	struct addr rs = addr_from_ip4(IP4(10, 0, 0, 11));

	bed_service(&a);
	a.svc->tally->stats.conns = 5;
	a.srv->tally->stats.in_bytes = 1 << 20;
	a.srv->tally->est.in_pps = 77;
	a.stk->lb.services.tally->stats.out_pkts = 9;
	b = bed_at(mem, len, 100000, 1000000);
	bed_service(&b);
	ck_assert_uint_eq(b.svc->tally->stats.conns, 5);
	ck_assert_uint_eq(b.srv->tally->stats.in_bytes, 1 << 20);
	ck_assert_uint_eq(b.srv->tally->est.in_pps, 77);
	ck_assert_uint_eq(b.stk->lb.services.tally->stats.out_pkts, 9);
	unit_stack_free(b.stk);
	b = bed_at(mem, len, 100000, 2000000);
	bed_service(&b);
	ck_assert_uint_eq(b.svc->tally->stats.conns, 5);
	ck_assert_int_eq(lb_server_del(b.stk, b.svc, &rs, 80, NULL), 0);
	ck_assert_int_eq(lb_service_del(b.stk, &b.svc->key, NULL), 0);
	bed_service(&b);
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
	struct bed b = bed_at(mem, len, 100000, 0);
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
	struct bed b = bed_at(mem, len, 5000, 0), c;
	struct lb_conf conf;
	struct err err;

	bed_service(&b);
	for (uint32_t n = 0; n < 200; n++)
		ck_assert_ptr_nonnull(flow_add(&b, n, false, 900));
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		lb_conf_get(b.stk, &conf);
		conf.max_flows = limits[i];
		ck_assert_int_eq(lb_conf_set(b.stk, &conf, &err), 0);
		for (uint32_t n = 0; n < 200; n++)
			ck_assert_ptr_nonnull(flow_find(&b, n));
		ck_assert((flow_add(&b, 1000 + (uint32_t)i, false, 900) !=
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
	c = bed_at(mem, len, 5000, 0);
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

START_TEST(too_small_a_region_is_refused)
{
	uint8_t mem[512] = { 0 };
	struct env env = env_of(mem, sizeof(mem), 100);

	ck_assert_ptr_null(stack_new(&env, instant_from_us(0)));
}
END_TEST

START_TEST(filters_and_flush)
{
	struct bed b = bed_up(4096);
	struct lb_flow_filter w = { .has_client = true,
	    .client = addr_from_ip4((struct ip4){ 0xac100003 }) };
	struct lb_service_key other = b.svc->key;
	uint32_t pos = 0, n = 0;

	for (uint32_t i = 0; i < 100; i++)
		flow_add(&b, i, false, 900);
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
	tcase_add_test(tc, too_small_a_region_is_refused);
	tcase_add_test(tc, filters_and_flush);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

/*
 * flow_bed.c - a stack with one service and one server, and flows to it.
 */
#include "unit/flow_bed.h"

struct env
flow_bed_env(void *mem, size_t len, uint32_t flows)
{
	struct env env = { .seed = { 7 }, .limits = LIMITS_DEFAULT,
	    .flow_mem = mem, .flow_mem_len = len };

	env.limits.pkt_small = 64;
	env.limits.pkt_large = 4;
	env.limits.lb_flows = flows;
	return env;
}

void
flow_bed_service(struct flow_bed *b)
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

struct flow_bed
flow_bed_at(void *mem, size_t len, uint32_t flows, int64_t now_us)
{
	struct env env = flow_bed_env(mem, len, flows);
	struct flow_bed b = { .stk = stack_new(&env, instant_from_us(now_us)) };

	ck_assert_ptr_nonnull(b.stk);
	return b;
}

struct flow_bed
flow_bed_up(uint32_t flows)
{
	struct flow_bed b = flow_bed_at(NULL, 0, flows, 0);

	flow_bed_service(&b);
	return b;
}

struct lb_flow
flow_bed_flow(const struct flow_bed *b, uint32_t n, bool half_open)
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

struct lb_flow *
flow_bed_add(struct flow_bed *b, uint32_t n, bool half_open, uint32_t timeout_s)
{
	struct lb_flow f = flow_bed_flow(b, n, half_open);

	return lb_flow_add(b->stk, &f, timeout_s);
}

struct lb_flow *
flow_bed_find(struct flow_bed *b, uint32_t n)
{
	struct lb_flow f = flow_bed_flow(b, n, false), *x, *y;
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

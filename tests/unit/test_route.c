/*
 * test_route.c - addresses and the routes they make, routes by hand, the
 * choice among several next hops, and what `route get` explains.
 */
#include <errno.h>
#include <stdlib.h>

#include "unit/ip_net.h"

/* Room for a route with all its next hops. */
union spec {
	struct route r;
	uint8_t room[sizeof(struct route) +
	    ROUTE_HOPS_MAX * sizeof(struct next_hop)];
};

static struct route_result
look(struct ip_net *n, const char *dst)
{
	return route_lookup(n->stk, ip_net_ip(dst), 0);
}

static void
expect_type(struct ip_net *n, const char *dst, int type, struct port *port)
{
	struct route_result r = look(n, dst);

	if (type < 0) {
		ck_assert_ptr_null(r.route);
		return;
	}
	ck_assert_msg(r.route != NULL, "%s: no route", dst);
	ck_assert_int_eq((int)r.route->type, type);
	if (port != NULL)
		ck_assert_ptr_eq(r.ifp, port->ifp);
}

/* ---- by an address ---------------------------------------------------- */

START_TEST(test_address_makes_its_routes)
{
	struct ip_net n = ip_net_up();

	expect_type(&n, "10.0.1.1", ROUTE_LOCAL, n.a);
	expect_type(&n, "10.0.1.0", ROUTE_UNICAST, n.a);
	expect_type(&n, "10.0.1.254", ROUTE_UNICAST, n.a);
	expect_type(&n, "10.0.1.255", ROUTE_BROADCAST, n.a);
	expect_type(&n, "10.0.3.1", -1, NULL);
	expect_type(&n, "127.0.0.1", ROUTE_LOCAL, NULL);
	expect_type(&n, "127.9.9.9", ROUTE_LOCAL, NULL);
	ck_assert_int_eq(iface_addr_del(n.stk, n.a->ifp,
	    ip_net_prefix("10.0.1.1/24"), NULL), 0);
	expect_type(&n, "10.0.1.1", -1, NULL);
	expect_type(&n, "10.0.1.0", -1, NULL);
	expect_type(&n, "10.0.1.255", -1, NULL);
	ip_net_down(&n);
}
END_TEST

/* Addresses in one network share its routes until the last goes. */
START_TEST(test_addresses_share_a_network)
{
	struct ip_net n = ip_net_up();
	struct iface *ifp = n.a->ifp;

	ck_assert_int_eq(iface_addr_add(n.stk, ifp,
	    ip_net_prefix("10.0.1.2/24"), SCOPE_GLOBAL, NULL), 0);
	ck_assert_int_eq(iface_addr_del(n.stk, ifp,
	    ip_net_prefix("10.0.1.1/24"), NULL), 0);
	expect_type(&n, "10.0.1.1", ROUTE_UNICAST, n.a);
	expect_type(&n, "10.0.1.2", ROUTE_LOCAL, n.a);
	expect_type(&n, "10.0.1.255", ROUTE_BROADCAST, n.a);
	ck_assert_int_eq(iface_addr_del(n.stk, ifp,
	    ip_net_prefix("10.0.1.2/24"), NULL), 0);
	expect_type(&n, "10.0.1.2", -1, NULL);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_bad_addresses)
{
	static const char *const bad[] = { "10.1.0.0/24", "10.1.0.255/24",
	    "0.0.0.0/8", "0.0.0.1/24", "0.1.2.3/32", "224.0.0.1/24",
	    "240.0.0.1/24", "240.0.0.1/32", "127.0.0.2/8",
	    "255.255.255.255/32", "10.1.0.1/0" };
	struct ip_net n = ip_net_up();
	struct err err = { "" };

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(iface_addr_add(n.stk, n.a->ifp,
		    ip_net_prefix(bad[i]), SCOPE_GLOBAL, &err), -EINVAL);
		ck_assert_ptr_nonnull(strstr(err.text, bad[i]));
	}
	ck_assert_int_eq(iface_addr_add(n.stk, n.b->ifp,
	    ip_net_prefix("10.0.1.1/16"), SCOPE_GLOBAL, &err), -EEXIST);
	ck_assert_str_eq(err.text,
	    "\"10.0.1.1/16\": a has that address already");
	ck_assert_int_eq(iface_addr_del(n.stk, n.b->ifp,
	    ip_net_prefix("10.0.1.1/24"), &err), -ENOENT);
	n.stk->limits.addrs = n.stk->ip.addr_count;
	ck_assert_int_eq(iface_addr_add(n.stk, n.a->ifp,
	    ip_net_prefix("10.7.0.1/24"), SCOPE_GLOBAL, &err), -ENOSPC);
	ip_net_down(&n);
}
END_TEST

/* On lo the whole network is ours. */
START_TEST(test_network_on_lo)
{
	struct ip_net n = ip_net_up();

	ck_assert_int_eq(iface_addr_add(n.stk, iface_lookup(n.stk, "lo"),
	    ip_net_prefix("10.7.0.1/24"), SCOPE_HOST, NULL), 0);
	expect_type(&n, "10.7.0.77", ROUTE_LOCAL, NULL);
	expect_type(&n, "10.7.1.77", -1, NULL);
	ip_net_down(&n);
}
END_TEST

/* RFC 1122 3.3.4.3: near the destination, else global, else anywhere. */
START_TEST(test_source_address)
{
	struct ip_net n = ip_net_up();
	struct port *c = unit_port(n.stk, "c", 3, NULL);
	struct iface *ifp = n.a->ifp;

	ck_assert_int_eq(iface_addr_add(n.stk, ifp,
	    ip_net_prefix("10.5.0.1/16"), SCOPE_GLOBAL, NULL), 0);
	ck_assert_uint_eq(iface_source(n.stk, ifp, ip_net_ip("10.5.7.7")).v,
	    ip_net_ip("10.5.0.1").v);
	ck_assert_uint_eq(iface_source(n.stk, ifp, ip_net_ip("10.0.1.7")).v,
	    OUR_A.v);
	ck_assert_uint_eq(iface_source(n.stk, ifp, ip_net_ip("8.8.8.8")).v,
	    OUR_A.v);
	ck_assert_uint_eq(iface_source(n.stk, c->ifp,
	    ip_net_ip("8.8.8.8")).v, OUR_A.v);
	ip_net_down(&n);
}
END_TEST

/* ---- by hand ---------------------------------------------------------- */

START_TEST(test_metric_and_length_decide)
{
	struct ip_net n = ip_net_up();

	ck_assert_int_eq(ip_net_route(&n, ROUTE_UNICAST, "0.0.0.0/0",
	    "10.0.1.254", NULL, 0), 0);
	ck_assert_int_eq(ip_net_route(&n, ROUTE_UNICAST, "10.9.0.0/16",
	    "10.0.2.254", NULL, 20), 0);
	ck_assert_int_eq(ip_net_route(&n, ROUTE_UNICAST, "10.9.0.0/16",
	    "10.0.1.253", NULL, 10), 0);
	ck_assert_uint_eq(look(&n, "10.9.1.1").next_hop.v,
	    ip_net_ip("10.0.1.253").v);
	ck_assert_uint_eq(look(&n, "10.8.1.1").next_hop.v,
	    ip_net_ip("10.0.1.254").v);
	ck_assert_int_eq(route_del(n.stk, ip_net_prefix("10.9.0.0/16"), 10,
	    NULL), 0);
	ck_assert_uint_eq(look(&n, "10.9.1.1").next_hop.v,
	    ip_net_ip("10.0.2.254").v);
	ck_assert_int_eq(route_del(n.stk, ip_net_prefix("10.9.0.0/16"), 10,
	    NULL), -ENOENT);
	/* an interface that is down gives way to a shorter prefix */
	n.b->ifp->up = false;
	ck_assert_uint_eq(look(&n, "10.9.1.1").next_hop.v,
	    ip_net_ip("10.0.1.254").v);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_routes_refused)
{
	struct ip_net n = ip_net_up();
	union spec s = { .r = { .dst = ip_net_prefix("10.9.0.0/16") } };
	struct err err = { "" };

	ck_assert_int_eq(route_add(n.stk, &s.r, &err), -EINVAL);
	s.r.hops = 1;
	ck_assert_int_eq(route_add(n.stk, &s.r, &err), -EINVAL);
	s.r.hop[0].via = ip_net_ip("10.3.0.1");
	ck_assert_int_eq(route_add(n.stk, &s.r, &err), -ENETUNREACH);
	ck_assert_str_eq(err.text,
	    "\"10.3.0.1\": not in a network of any interface");
	s.r.hop[0].ifp = n.b->ifp;
	s.r.hop[0].via = ip_net_ip("10.0.1.9");
	ck_assert_int_eq(route_add(n.stk, &s.r, &err), -ENETUNREACH);
	ck_assert_str_eq(err.text, "\"10.0.1.9\": not in a network of b");
	s.r.hop[0].via = OUR_B;
	ck_assert_int_eq(route_add(n.stk, &s.r, &err), -EINVAL);
	s.r.hop[0].via = HOST_B;
	s.r.hop[0].weight = 257;
	ck_assert_int_eq(route_add(n.stk, &s.r, &err), -EINVAL);
	s.r.hop[0].weight = 1;
	s.r.dst.ip = ip_net_ip("10.9.0.1");
	ck_assert_int_eq(route_add(n.stk, &s.r, &err), -EINVAL);
	ck_assert_str_eq(err.text, "\"10.9.0.1/16\": host bits are set");
	s.r.dst = ip_net_prefix("10.9.0.0/16");
	s.r.type = ROUTE_BROADCAST;
	ck_assert_int_eq(route_add(n.stk, &s.r, &err), -EINVAL);
	s.r.type = ROUTE_BLACKHOLE;
	ck_assert_int_eq(route_add(n.stk, &s.r, &err), -EINVAL);
	s.r.type = ROUTE_UNICAST;
	ck_assert_int_eq(route_add(n.stk, &s.r, &err), 0);
	ck_assert_int_eq(route_add(n.stk, &s.r, &err), -EEXIST);
	/* what an address made stays */
	ck_assert_int_eq(route_del(n.stk, ip_net_prefix("10.0.1.0/24"), 0,
	    &err), -EPERM);
	s.r.dst = ip_net_prefix("10.0.1.0/24");
	ck_assert_int_eq(route_add(n.stk, &s.r, &err), -EEXIST);
	n.stk->limits.routes = n.stk->ip.route_count;
	s.r.dst = ip_net_prefix("10.11.0.0/16");
	ck_assert_int_eq(route_add(n.stk, &s.r, &err), -ENOSPC);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_set_replaces_or_keeps)
{
	struct ip_net n = ip_net_up();
	union spec s = { .r = { .dst = ip_net_prefix("10.9.0.0/16"),
	    .hops = 1 } };

	s.r.hop[0].via = HOST_B;
	ck_assert_int_eq(route_set(n.stk, &s.r, NULL), 0);
	s.r.hop[0] = (struct next_hop){ .via = HOST_A };
	ck_assert_int_eq(route_set(n.stk, &s.r, NULL), 0);
	ck_assert_uint_eq(look(&n, "10.9.1.1").next_hop.v, HOST_A.v);
	s.r.hop[0] = (struct next_hop){ .via = ip_net_ip("9.9.9.9") };
	ck_assert_int_eq(route_set(n.stk, &s.r, NULL), -ENETUNREACH);
	ck_assert_uint_eq(look(&n, "10.9.1.1").next_hop.v, HOST_A.v);
	ip_net_down(&n);
}
END_TEST

/* What stands in for the same prefix with other metrics stays. */
START_TEST(test_set_keeps_other_metrics)
{
	struct ip_net n = ip_net_up();
	union spec s = { .r = { .dst = ip_net_prefix("10.9.0.0/16"),
	    .hops = 1 } };
	uint32_t count = n.stk->ip.route_count;

	for (uint32_t metric = 0; metric < 3; metric++) {
		s.r.metric = metric;
		s.r.hop[0] = (struct next_hop){ .via = HOST_B };
		ck_assert_int_eq(route_add(n.stk, &s.r, NULL), 0);
	}
	for (uint32_t metric = 0; metric < 3; metric++) {
		s.r.metric = metric;
		s.r.hop[0] = (struct next_hop){ .via = HOST_A };
		ck_assert_int_eq(route_set(n.stk, &s.r, NULL), 0);
	}
	ck_assert_uint_eq(n.stk->ip.route_count, count + 3);
	for (uint32_t metric = 0; metric < 3; metric++) {
		ck_assert_uint_eq(look(&n, "10.9.1.1").route->metric, metric);
		ck_assert_uint_eq(look(&n, "10.9.1.1").next_hop.v, HOST_A.v);
		ck_assert_int_eq(route_del(n.stk, s.r.dst, metric, NULL), 0);
	}
	expect_type(&n, "10.9.1.1", -1, NULL);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_routes_go_with_interface_and_source)
{
	struct ip_net n = ip_net_up();
	union spec s = { .r = { .dst = ip_net_prefix("10.9.0.0/16"),
	    .hops = 1, .src = OUR_A } };
	uint32_t count = n.stk->ip.route_count;

	s.r.hop[0].via = HOST_B;
	ck_assert_int_eq(route_add(n.stk, &s.r, NULL), 0);
	iface_addr_del(n.stk, n.a->ifp, ip_net_prefix("10.0.1.1/24"), NULL);
	expect_type(&n, "10.9.0.1", -1, NULL);
	ck_assert_uint_eq(n.stk->ip.route_count, count - 3);
	s.r.src = IP4_ANY;
	ck_assert_int_eq(route_add(n.stk, &s.r, NULL), 0);
	port_del(n.stk, n.b);
	expect_type(&n, "10.9.0.1", -1, NULL);
	expect_type(&n, "10.0.2.9", -1, NULL);
	/* only lo's are left */
	ck_assert_uint_eq(n.stk->ip.route_count, count - 6);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_mtu_of_a_route)
{
	struct ip_net n = ip_net_up();
	union spec s = { .r = { .dst = ip_net_prefix("10.9.0.0/16"),
	    .hops = 1, .mtu = 1400 } };

	s.r.hop[0].via = HOST_B;
	ck_assert_int_eq(route_add(n.stk, &s.r, NULL), 0);
	ck_assert_uint_eq(look(&n, "10.9.0.1").mtu, 1400);
	ck_assert_uint_eq(look(&n, "10.0.2.9").mtu, 1500);
	ip_net_down(&n);
}
END_TEST

static bool
count_walk(void *arg, const struct route *r)
{
	struct { uint32_t count; const struct route *last; } *w = arg;

	if (w->last != NULL)
		ck_assert(r->dst.ip.v > w->last->dst.ip.v ||
		    (r->dst.ip.v == w->last->dst.ip.v &&
		    (r->dst.len > w->last->dst.len ||
		    (r->dst.len == w->last->dst.len &&
		    r->metric >= w->last->metric))));
	w->count++;
	w->last = r;
	return true;
}

START_TEST(test_walk_is_in_order)
{
	struct { uint32_t count; const struct route *last; } w = { 0, NULL };
	struct ip_net n = ip_net_up();

	ip_net_route(&n, ROUTE_UNICAST, "10.9.0.0/16", "10.0.2.20", NULL, 9);
	ip_net_route(&n, ROUTE_UNICAST, "10.9.0.0/16", "10.0.2.20", NULL, 3);
	ip_net_route(&n, ROUTE_BLACKHOLE, "0.0.0.0/0", NULL, NULL, 0);
	route_walk(n.stk, count_walk, &w);
	ck_assert_uint_eq(w.count, n.stk->ip.route_count);
	ip_net_down(&n);
}
END_TEST

/* ---- several next hops ------------------------------------------------ */

#define FLOWS 40000

/* Which hop each of FLOWS flows takes: index by the last byte of via. */
static void
spread(struct ip_net *n, uint8_t *via)
{
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct route_result r = route_lookup(n->stk,
		    ip_net_ip("10.9.0.1"), i * 2654435761u);

		via[i] = (uint8_t)r.next_hop.v;
	}
}

static union spec
multipath(struct ip_net *n, const uint16_t *weight, uint8_t hops)
{
	union spec s = { .r = { .dst = ip_net_prefix("10.9.0.0/16"),
	    .hops = hops } };

	for (uint8_t i = 0; i < hops; i++)
		s.r.hop[i] = (struct next_hop){ NULL,
		    { ip_net_ip("10.0.2.100").v + i }, weight[i] };
	ck_assert_int_eq(route_set(n->stk, &s.r, NULL), 0);
	return s;
}

START_TEST(test_weights_share_the_flows)
{
	static const uint16_t weight[4] = { 1, 2, 5, 32 };
	struct ip_net n = ip_net_up();
	uint8_t *via = malloc(FLOWS);
	uint32_t got[4] = { 0 };

	multipath(&n, weight, 4);
	spread(&n, via);
	for (uint32_t i = 0; i < FLOWS; i++)
		got[via[i] - 100]++;
	for (uint32_t i = 0; i < 4; i++) {
		double want = (double)FLOWS * weight[i] / 40;

		ck_assert_double_gt(got[i], want * 0.93);
		ck_assert_double_lt(got[i], want * 1.07);
	}
	free(via);
	ip_net_down(&n);
}
END_TEST

/* A gateway that does not answer, or is taken out, moves its flows alone. */
START_TEST(test_only_a_dead_hops_flows_move)
{
	static const uint16_t weight[5] = { 3, 1, 4, 1, 5 };
	struct ip_net n = ip_net_up();
	uint8_t *before = malloc(FLOWS), *after = malloc(FLOWS);
	union spec s = multipath(&n, weight, 5);
	struct pkt *pkt;

	spread(&n, before);
	/* 10.0.2.102 is asked for and stays silent */
	pkt = pkt_alloc(&n.stk->pool, 100);
	pkt_append(pkt, 100);
	neigh_output(n.stk, n.b->ifp, ip_net_ip("10.0.2.102"), pkt);
	unit_run_until(n.stk, 4 * USEC_PER_SEC);
	unit_drain(n.b);
	ck_assert(!neigh_usable(n.stk, n.b->ifp, ip_net_ip("10.0.2.102")));
	spread(&n, after);
	for (uint32_t i = 0; i < FLOWS; i++) {
		ck_assert_uint_ne(after[i], 102);
		if (before[i] != 102)
			ck_assert_uint_eq(after[i], before[i]);
	}
	/* the same when the operator takes it out */
	s.r.hop[2] = s.r.hop[4];
	s.r.hops = 4;
	ck_assert_int_eq(route_set(n.stk, &s.r, NULL), 0);
	spread(&n, before);
	ck_assert_mem_eq(before, after, FLOWS);
	free(before);
	free(after);
	ip_net_down(&n);
}
END_TEST

/* Another stack, another key, another spread; one stack, always the same. */
START_TEST(test_flow_hash_is_keyed)
{
	struct ip_net n = ip_net_up();
	struct ip4_hdr h = { .src = HOST_A, .dst = HOST_B,
	    .proto = IPPROTO_TCP4 };
	static const uint8_t ports[4] = { 1, 2, 3, 4 };
	uint32_t one = ip_flow_hash(n.stk, &h, ports, 4);

	ck_assert_uint_eq(ip_flow_hash(n.stk, &h, ports, 4), one);
	ck_assert_uint_ne(ip_flow_hash(n.stk, &h, ports, 0), one);
	/* all fragments go one way: no ports, be it the first or not */
	h.frag = IP_MF;
	ck_assert_uint_eq(ip_flow_hash(n.stk, &h, ports, 4),
	    ip_flow_hash(n.stk, &h, NULL, 0));
	h.frag = 0;
	n.stk->ip.key.k0++;
	ck_assert_uint_ne(ip_flow_hash(n.stk, &h, ports, 4), one);
	ip_net_down(&n);
}
END_TEST

/* ---- route get -------------------------------------------------------- */

START_TEST(test_explain)
{
	static const uint16_t weight[3] = { 1, 1, 1 };
	struct ip_net n = ip_net_up();
	struct route_explained e;

	route_explain(n.stk, ip_net_ip("10.9.0.1"), IP4_ANY, &e);
	ck_assert_ptr_null(e.result.route);
	ck_assert_int_eq(e.drop, DROP_IP_NO_ROUTE);
	ck_assert(!e.passed_over);

	multipath(&n, weight, 3);
	route_explain(n.stk, ip_net_ip("10.9.0.1"), IP4_ANY, &e);
	ck_assert_int_eq(e.drop, -1);
	ck_assert_uint_eq(e.src.v, OUR_B.v);
	ck_assert_uint_eq(e.result.route->hop[e.hop].via.v,
	    e.result.next_hop.v);
	ck_assert(e.usable[0] && e.usable[1] && e.usable[2]);

	ip_net_route(&n, ROUTE_PROHIBIT, "0.0.0.0/0", NULL, NULL, 0);
	n.b->ifp->up = false;
	route_explain(n.stk, ip_net_ip("10.9.0.1"), HOST_A, &e);
	ck_assert_int_eq(e.drop, DROP_IP_PROHIBIT);
	ck_assert(e.passed_over);
	ck_assert_uint_eq(e.passed.len, 16);
	ck_assert_uint_eq(e.src.v, HOST_A.v);

	ip_pmtu_update(n.stk, HOST_A, 1000, 1500);
	route_explain(n.stk, HOST_A, IP4_ANY, &e);
	ck_assert_uint_eq(e.path_mtu, 1000);
	route_explain(n.stk, OUR_A, IP4_ANY, &e);
	ck_assert_int_eq(e.drop, -1);
	ck_assert_uint_eq(e.src.v, OUR_A.v);
	ip_net_down(&n);
}
END_TEST

/* The n-th allocation fails, for every n: nothing half-done stays. */
START_TEST(test_out_of_memory)
{
	for (uint64_t k = 1; k < 12; k++) {
		struct ip_net n = ip_net_up();
		uint32_t count = n.stk->ip.route_count;
		uint64_t live = n.stk->mem.live;
		int code;

		n.stk->mem.fail_at = k;
		code = iface_addr_add(n.stk, n.a->ifp,
		    ip_net_prefix("172.16.5.1/25"), SCOPE_GLOBAL, NULL);
		if (code == 0)
			code = ip_net_route(&n, ROUTE_UNICAST,
			    "172.17.5.128/26", "172.16.5.2", NULL, 0);
		else
			ck_assert_uint_eq(n.stk->ip.route_count, count);
		n.stk->mem.fail_at = 0;
		ck_assert(code == 0 || code == -ENOMEM);
		expect_type(&n, "172.17.5.130", code == 0 ? ROUTE_UNICAST : -1,
		    NULL);
		ck_assert_uint_ge(n.stk->mem.live, live);
		ip_net_down(&n);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("route");
	TCase *tc = tcase_create("address");

	tcase_add_test(tc, test_address_makes_its_routes);
	tcase_add_test(tc, test_addresses_share_a_network);
	tcase_add_test(tc, test_bad_addresses);
	tcase_add_test(tc, test_network_on_lo);
	tcase_add_test(tc, test_source_address);
	suite_add_tcase(s, tc);
	tc = tcase_create("route");
	tcase_add_test(tc, test_metric_and_length_decide);
	tcase_add_test(tc, test_routes_refused);
	tcase_add_test(tc, test_set_replaces_or_keeps);
	tcase_add_test(tc, test_set_keeps_other_metrics);
	tcase_add_test(tc, test_routes_go_with_interface_and_source);
	tcase_add_test(tc, test_mtu_of_a_route);
	tcase_add_test(tc, test_walk_is_in_order);
	tcase_add_test(tc, test_weights_share_the_flows);
	tcase_add_test(tc, test_only_a_dead_hops_flows_move);
	tcase_add_test(tc, test_flow_hash_is_keyed);
	tcase_add_test(tc, test_explain);
	tcase_add_test(tc, test_out_of_memory);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

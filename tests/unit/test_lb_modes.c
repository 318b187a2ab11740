/*
 * test_lb_modes.c - DR and LOCAL, persistence, one-packet scheduling,
 * marks, thresholds, RST knobs: what the records of the kernel do not show.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "unit/lb_bed.h"

static struct lb_bed
bed_of(enum lb_fwd fwd)
{
	struct lb_bed b = lb_bed_up(IPPROTO_TCP4, 0, NULL);

	lb_bed_server(&b, RS1, 80, fwd, 1);
	return b;
}

static void
conf_set(struct lb_bed *b, struct lb_conf conf)
{
	ck_assert_int_eq(lb_conf_set(b->stk, &conf, NULL), 0);
}

/* ---- DR --------------------------------------------------------------- */

START_TEST(dr_changes_only_the_mac)
{
	struct lb_bed b = bed_of(LB_FWD_DR);
	struct unit_seen s;

	lb_bed_client(&b, 40000, TCP_SYN);
	s = lb_bed_expect(b.sv);
	ck_assert_uint_eq(s.eth.dst.b[5], 11);
	ck_assert_uint_eq(s.eth.src.b[5], 2);
	ck_assert_uint_eq(s.ip.src.v, CLIENT.v);
	ck_assert_uint_eq(s.ip.dst.v, VIP.v);
	ck_assert_uint_eq(s.dport, 80);
	ck_assert_uint_eq(s.ip.ttl, 63);
	unit_seen_free(&s);
	lb_bed_expect_state(&b, "SYN_RECV", 60);
	lb_bed_client(&b, 40000, TCP_ACK);
	lb_bed_expect_state(&b, "ESTABLISHED", 900);
	/* INPUT-ONLY: the client's FIN is all there is to see. */
	lb_bed_client(&b, 40000, TCP_FIN | TCP_ACK);
	lb_bed_expect_state(&b, "FIN_WAIT", 120);
	lb_bed_down(&b);
}
END_TEST

START_TEST(dr_needs_a_shared_link)
{
	struct lb_bed b = lb_bed_up(IPPROTO_TCP4, 0, NULL);
	struct route *r = calloc(1, sizeof(*r) + sizeof(r->hop[0]));
	struct unit_seen s;

	ck_assert_int_eq(ip4_prefix_parse("10.9.0.0/16", &r->dst), 0);
	r->type = ROUTE_UNICAST;
	r->hops = 1;
	r->hop[0] = (struct next_hop){ b.sv->ifp, IP4(10, 0, 0, 254), 1 };
	ck_assert_int_eq(route_add(b.stk, r, NULL), 0);
	free(r);
	lb_bed_server(&b, IP4(10, 9, 0, 1), 80, LB_FWD_DR, 1);
	lb_bed_client(&b, 40000, TCP_SYN);
	unit_expect_nothing(b.sv);
	ck_assert_uint_eq(b.stk->drop.count[DROP_LB_OFF_LINK], 1);
	s = lb_bed_expect(b.cl);
	ck_assert_uint_eq(s.icmp_type, ICMP_UNREACH);
	unit_seen_free(&s);
	lb_bed_down(&b);
}
END_TEST

START_TEST(dr_passes_the_clients_errors_on)
{
	struct lb_bed b = bed_of(LB_FWD_DR);
	struct unit_frame f = lb_bed_in(IPPROTO_ICMP4, 0, 0);
	uint8_t quote[28] = { 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0xf7, 0x11,
	    192, 168, 1, 100, 192, 168, 1, 10, 0, 80, 40000 >> 8,
	    40000 & 255 };
	struct unit_seen s;

	lb_bed_client(&b, 40000, TCP_SYN);
	lb_bed_expect_to(b.sv, CLIENT, 40000, VIP, 80);
	f.icmp_type = ICMP_UNREACH;
	f.icmp_code = ICMP_UNREACH_FRAG;
	f.icmp_rest = 1400;
	f.payload = quote;
	f.payload_len = sizeof(quote);
	unit_feed(b.stk, b.cl, &f);
	s = lb_bed_expect(b.sv);
	ck_assert_uint_eq(s.eth.dst.b[5], 11);
	ck_assert_uint_eq(s.ip.dst.v, VIP.v);
	ck_assert_uint_eq(s.icmp_rest, 1400);
	unit_seen_free(&s);
	lb_bed_down(&b);
}
END_TEST

START_TEST(ports_cannot_be_mapped_without_nat)
{
	struct lb_bed b = lb_bed_up(IPPROTO_TCP4, 0, NULL);
	struct addr a = addr_from_ip4(RS1);
	static const enum lb_fwd modes[] = { LB_FWD_DR, LB_FWD_TUN,
	    LB_FWD_LOCAL };

	for (unsigned i = 0; i < 3; i++) {
		struct lb_server_conf c = { .fwd = modes[i], .weight = 1 };
		struct err err = { "" };

		ck_assert_int_eq(lb_server_add(b.stk, b.svc, &a, 8080, &c,
		    &err), -EINVAL);
		ck_assert_ptr_nonnull(strstr(err.text, "8080"));
		ck_assert_ptr_nonnull(strstr(err.text,
		    lb_fwd_name(modes[i])));
	}
	lb_bed_down(&b);
}
END_TEST

/* ---- LOCAL ------------------------------------------------------------ */

START_TEST(local_goes_up)
{
	struct lb_bed b = lb_bed_up(IPPROTO_TCP4, 0, NULL);
	struct ip4_prefix vip = { VIP, 32 };
	struct unit_seen s;

	ck_assert_int_eq(iface_addr_add(b.stk, b.cl->ifp, vip, SCOPE_GLOBAL,
	    NULL), 0);
	lb_bed_server(&b, LOCAL1, 80, LB_FWD_LOCAL, 1);
	lb_bed_client(&b, 40000, TCP_SYN);
	unit_expect_nothing(b.sv);
	/* Nobody listens, so the stack itself answers, as the service. */
	s = lb_bed_expect(b.cl);
	ck_assert_uint_eq(s.ip.src.v, VIP.v);
	ck_assert_uint_eq(s.flags & TCP_RST, TCP_RST);
	unit_seen_free(&s);
	lb_bed_expect_state(&b, "SYN_RECV", 60);
	lb_bed_down(&b);
}
END_TEST

/* ---- services --------------------------------------------------------- */

START_TEST(no_server_may_be_a_reset)
{
	struct lb_service_conf conf = { .flags = LB_SVC_RST };
	struct lb_bed b = lb_bed_up(IPPROTO_TCP4, 0, &conf);
	struct unit_seen s;

	lb_bed_client(&b, 40000, TCP_SYN);
	s = lb_bed_expect(b.cl);
	ck_assert_uint_eq(s.ip.proto, IPPROTO_TCP4);
	ck_assert_uint_eq(s.flags, TCP_RST | TCP_ACK);
	ck_assert_uint_eq(s.ack, 1001);
	ck_assert_uint_eq(s.ip.src.v, VIP.v);
	unit_seen_free(&s);
	ck_assert_uint_eq(b.stk->drop.count[DROP_LB_NO_SERVER], 1);
	lb_bed_down(&b);
}
END_TEST

/* RFC 9293 3.10.7.1: what a reset acknowledges is all that took a number. */
START_TEST(a_reset_acknowledges_all)
{
	static const struct { uint8_t flags; uint32_t data, ack; } rows[] = {
		{ TCP_SYN, 0, 1001 }, { TCP_FIN, 0, 1001 }, { 0, 0, 1000 },
		{ TCP_FIN, 10, 1011 }, { 0, 10, 1010 },
	};
	const struct lb_service_conf conf = { .flags = LB_SVC_RST };
	struct lb_bed b = lb_bed_up(IPPROTO_TCP4, 0, &conf);
	struct ip4_prefix vip = { VIP, 32 };

	ck_assert_int_eq(iface_addr_add(b.stk, b.cl->ifp, vip, SCOPE_GLOBAL,
	    NULL), 0);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct unit_frame f = lb_bed_in(IPPROTO_TCP4, 40000,
		    rows[i].flags);
		struct unit_seen s;

		f.payload = "0123456789";
		f.payload_len = rows[i].data;
		unit_feed(b.stk, b.cl, &f);
		s = lb_bed_expect(b.cl);
		ck_assert_uint_eq(s.flags, TCP_RST | TCP_ACK);
		ck_assert_uint_eq(s.seq, 0);
		ck_assert_uint_eq(s.ack, rows[i].ack);
		unit_seen_free(&s);
	}
	lb_bed_down(&b);
}
END_TEST

START_TEST(idle_end_resets_both)
{
	struct lb_bed b = lb_bed_up(IPPROTO_TCP4, 0, NULL);
	struct unit_frame f = lb_bed_in(IPPROTO_TCP4, 40000, TCP_ACK);
	struct lb_timeouts t = { .tcp_s = 5 };
	struct unit_seen s;
	struct lb_conf conf;

	lb_bed_server(&b, RS1, 8080, LB_FWD_NAT, 1);
	lb_conf_get(b.stk, &conf);
	conf.rst_on_expire = true;
	conf_set(&b, conf);
	ck_assert_int_eq(lb_timeouts_set(b.stk, &t, NULL), 0);
	lb_bed_client(&b, 40000, TCP_SYN);
	lb_bed_reply(&b, RS1, 8080, 40000, TCP_SYN | TCP_ACK);
	f.seq = 1001;
	f.payload = "hello";
	f.payload_len = 5;
	unit_feed(b.stk, b.cl, &f);
	lb_bed_expect_state(&b, "ESTABLISHED", 5);
	lb_bed_expect_to(b.sv, CLIENT, 40000, RS1, 8080);
	lb_bed_expect_to(b.sv, CLIENT, 40000, RS1, 8080);
	lb_bed_expect_to(b.cl, VIP, 80, CLIENT, 40000);
	unit_run_until(b.stk, 4999999);
	unit_expect_nothing(b.cl);
	unit_run_until(b.stk, 5000000);
	/* RFC 5961 3.2: exactly the number that each expects. */
	s = lb_bed_expect(b.cl);
	ck_assert_uint_eq(s.flags & TCP_RST, TCP_RST);
	ck_assert_uint_eq(s.seq, 5001);
	ck_assert_uint_eq(s.ip.src.v, VIP.v);
	unit_seen_free(&s);
	s = lb_bed_expect(b.sv);
	ck_assert_uint_eq(s.flags & TCP_RST, TCP_RST);
	ck_assert_uint_eq(s.seq, 1006);
	ck_assert_uint_eq(s.ip.dst.v, RS1.v);
	ck_assert_uint_eq(s.dport, 8080);
	unit_seen_free(&s);
	ck_assert_uint_eq(b.stk->lb.flows.count, 0);
	lb_bed_down(&b);
}
END_TEST

START_TEST(a_service_has_its_own_timeouts)
{
	struct lb_service_conf conf = { .timeouts = { .tcp_s = 33,
	    .tcp_fin_s = 7 } };
	struct lb_bed b = lb_bed_up(IPPROTO_TCP4, 0, &conf);

	lb_bed_server(&b, RS1, 80, LB_FWD_DR, 1);
	lb_bed_client(&b, 40000, TCP_SYN);
	lb_bed_expect_state(&b, "SYN_RECV", 60);
	lb_bed_client(&b, 40000, TCP_ACK);
	lb_bed_expect_state(&b, "ESTABLISHED", 33);
	lb_bed_client(&b, 40000, TCP_FIN | TCP_ACK);
	lb_bed_expect_state(&b, "FIN_WAIT", 7);
	lb_bed_down(&b);
}
END_TEST

START_TEST(port_zero_is_every_port)
{
	struct lb_bed b = lb_bed_up(IPPROTO_TCP4, 0, NULL);
	struct lb_service_conf conf = { .sched = lb_sched_find("rr") };
	struct unit_frame f = lb_bed_in(IPPROTO_TCP4, 40000, TCP_SYN);
	struct err err;

	b.key.port = 0;
	ck_assert_int_eq(lb_service_add(b.stk, &b.key, &conf, &err),
	    -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "persistent"));
	conf.flags = LB_SVC_PERSIST;
	ck_assert_int_eq(lb_service_add(b.stk, &b.key, &conf, &err), 0);
	b.svc = lb_service_lookup(b.stk, &b.key);
	ck_assert_uint_eq(b.svc->conf.persist_s, 360);
	lb_bed_server(&b, RS2, 0, LB_FWD_NAT, 1);
	lb_bed_server(&b, RS1, 0, LB_FWD_NAT, 1);
	for (uint16_t port = 1000; port < 1005; port++) {
		f.sport = (uint16_t)(40000 + port);
		f.dport = port;
		unit_feed(b.stk, b.cl, &f);
		/* One client, one server, the port as it came. */
		lb_bed_expect_to(b.sv, CLIENT, f.sport, RS1, port);
	}
	ck_assert_uint_eq(lb_bed_find(&b, RS1, 0)->persist, 1);
	lb_bed_down(&b);
}
END_TEST

START_TEST(quiescent_templates_end_by_knob)
{
	struct lb_service_conf sc = { .flags = LB_SVC_PERSIST,
	    .persist_s = 100 };
	struct lb_bed b = lb_bed_up(IPPROTO_TCP4, 0, &sc);
	struct lb_server_conf quiet = { .fwd = LB_FWD_NAT, .weight = 0 };
	struct addr rs1 = addr_from_ip4(RS1);
	struct lb_conf conf;

	lb_bed_server(&b, RS2, 80, LB_FWD_NAT, 1);
	lb_bed_server(&b, RS1, 80, LB_FWD_NAT, 1);
	lb_bed_client(&b, 40000, TCP_SYN);
	lb_bed_expect_to(b.sv, CLIENT, 40000, RS1, 80);
	ck_assert_int_eq(lb_server_set(b.stk, b.svc, &rs1, 80, &quiet, NULL),
	    0);
	lb_bed_client(&b, 40001, TCP_SYN);
	lb_bed_expect_to(b.sv, CLIENT, 40001, RS1, 80);
	lb_conf_get(b.stk, &conf);
	conf.expire_quiescent_template = true;
	conf_set(&b, conf);
	lb_bed_client(&b, 40002, TCP_SYN);
	lb_bed_expect_to(b.sv, CLIENT, 40002, RS2, 80);
	ck_assert_uint_eq(lb_bed_find(&b, RS1, 80)->persist, 0);
	ck_assert_uint_eq(lb_bed_find(&b, RS2, 80)->persist, 1);
	/* Its own connections stay. */
	lb_bed_client(&b, 40000, TCP_ACK);
	lb_bed_expect_to(b.sv, CLIENT, 40000, RS1, 80);
	lb_bed_down(&b);
}
END_TEST

/* Bit 0: the knob; bit 1: the server goes. */
START_TEST(nodest_flows_end_by_knob)
{
	struct lb_bed b = lb_bed_up(IPPROTO_UDP4, 0, NULL);
	struct unit_frame f = lb_bed_in(IPPROTO_UDP4, 40000, 0);
	struct addr rs1 = addr_from_ip4(RS1);
	struct lb_conf conf;

	lb_bed_server(&b, RS2, 80, LB_FWD_NAT, 1);
	lb_bed_server(&b, RS1, 80, LB_FWD_NAT, 1);
	lb_conf_get(b.stk, &conf);
	conf.drain_s = 0;
	conf.expire_nodest_conn = (_i & 1) != 0;
	conf_set(&b, conf);
	unit_feed(b.stk, b.cl, &f);
	lb_bed_expect_to(b.sv, CLIENT, 40000, RS1, 80);
	if ((_i & 2) != 0)
		ck_assert_int_eq(lb_server_del(b.stk, b.svc, &rs1, 80, NULL),
		    0);
	unit_feed(b.stk, b.cl, &f);
	if (_i == 2)	/* it waits for the server to come back */
		unit_expect_nothing(b.sv);
	else
		lb_bed_expect_to(b.sv, CLIENT, 40000, _i == 3 ? RS2 : RS1,
		    80);
	ck_assert_uint_eq(b.stk->lb.flows.count, 1);
	lb_bed_down(&b);
}
END_TEST

START_TEST(rates_follow_in_steps)
{
	struct lb_bed b = bed_of(LB_FWD_NAT);
	struct lb_rates r;

	for (uint16_t i = 0; i < 8; i++)
		lb_bed_client(&b, (uint16_t)(40000 + i), TCP_SYN);
	unit_run_until(b.stk, 1999999);
	lb_estimator_read(&b.svc->tally->est, &r);
	ck_assert_uint_eq(r.cps, 0);
	unit_run_until(b.stk, 2000000);
	lb_estimator_read(&b.svc->tally->est, &r);
	ck_assert_uint_eq(r.cps, 1);		/* 8 / 2 s / 4 */
	ck_assert_uint_eq(r.in_pps, 1);
	ck_assert_uint_eq(r.in_bps, 40);
	unit_run_until(b.stk, 30000000);
	lb_estimator_read(&b.svc->tally->est, &r);
	ck_assert_uint_eq(r.cps, 0);
	lb_zero(b.stk, b.svc);
	ck_assert_uint_eq(b.svc->tally->stats.conns, 0);
	ck_assert_uint_eq(b.stk->lb.services.tally->stats.conns, 8);
	lb_zero(b.stk, NULL);
	ck_assert_uint_eq(b.stk->lb.services.tally->stats.conns, 0);
	lb_bed_down(&b);
}
END_TEST

START_TEST(control_refuses_in_words)
{
	struct lb_bed b = bed_of(LB_FWD_NAT);
	struct lb_service_conf conf = { .sched = lb_sched_find("rr") };
	struct lb_service_key key = b.key;
	struct lb_server_conf c = { .fwd = LB_FWD_NAT, .weight = -1 };
	struct addr a = addr_from_ip4(RS1), any = addr_from_ip4(IP4_ANY);
	struct err err;

	ck_assert_int_eq(lb_service_add(b.stk, &key, &conf, &err), -EEXIST);
	key.proto = IPPROTO_ICMP4;
	ck_assert_int_eq(lb_service_add(b.stk, &key, &conf, &err), -EINVAL);
	key = b.key;
	key.addr = addr_from_ip4(IP4(224, 0, 0, 1));
	ck_assert_int_eq(lb_service_add(b.stk, &key, &conf, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "224.0.0.1"));
	key = b.key;
	key.port = 81;
	ck_assert_int_eq(lb_service_set(b.stk, &key, &conf, &err), -ENOENT);
	ck_assert_int_eq(lb_service_del(b.stk, &key, &err), -ENOENT);
	conf.flags = LB_SVC_OPS;
	ck_assert_int_eq(lb_service_add(b.stk, &key, &conf, &err), -EINVAL);
	ck_assert_int_eq(lb_server_set(b.stk, b.svc, &a, 80, &c, &err),
	    -EINVAL);
	ck_assert_int_eq(lb_server_add(b.stk, b.svc, &any, 80, &c, &err),
	    -EINVAL);
	c = (struct lb_server_conf){ .weight = 1, .upper = 5, .lower = 6 };
	ck_assert_int_eq(lb_server_set(b.stk, b.svc, &a, 80, &c, &err),
	    -ERANGE);
	ck_assert_int_eq(lb_server_del(b.stk, b.svc, &a, 81, &err), -ENOENT);
	ck_assert_int_eq(lb_server_add(b.stk, b.svc, &a, 80, &c, &err),
	    -ERANGE);
	c.lower = 0;
	ck_assert_int_eq(lb_server_add(b.stk, b.svc, &a, 80, &c, &err),
	    -EEXIST);
	lb_bed_down(&b);
}
END_TEST

/* Every control call with the n-th allocation failing, for every n: -ENOMEM,
 * and what is there is what was there. */
START_TEST(control_survives_no_memory)
{
	struct lb_bed b = bed_of(LB_FWD_NAT);
	struct lb_service_conf conf = { .sched = lb_sched_find("maglev") };
	struct lb_mark_rule rule = { .mark = 1, .dport_high = 65535 };
	struct addr local = addr_from_ip4(LOCAL1);
	struct lb_service_key key = b.key;

	key.port = 81;
	for (unsigned call = 0; call < 5; call++) {
		uint64_t live;
		int r = -ENOMEM;

		for (uint64_t n = 1; r != 0; n++) {
			live = b.stk->mem.live;
			b.stk->mem.fail_at = n;
			if (call == 0)
				r = lb_service_add(b.stk, &key, &conf, NULL);
			else if (call < 3)
				r = lb_mark_add(b.stk, &rule, NULL);
			else if (call == 3)
				r = lb_local_add(b.stk, b.svc, &local, NULL);
			else
				r = ipip_add(b.stk, "t", IP4_ANY, IP4_ANY,
				    NULL);
			b.stk->mem.fail_at = 0;
			if (r != 0) {
				ck_assert_int_eq(r, -ENOMEM);
				ck_assert_uint_eq(b.stk->mem.live, live);
			}
		}
		rule.mark++;
	}
	ck_assert_ptr_nonnull(lb_service_lookup(b.stk, &key));
	ck_assert_uint_eq(lb_mark_at(b.stk, 1)->mark, 3);
	rule = *lb_mark_at(b.stk, 0);
	b.stk->mem.fail_at = 1;
	ck_assert_int_eq(lb_mark_del(b.stk, &rule, NULL), -ENOMEM);
	b.stk->mem.fail_at = 0;
	ck_assert_int_eq(lb_mark_del(b.stk, &rule, NULL), 0);
	ck_assert_uint_eq(lb_mark_at(b.stk, 0)->mark, 3);
	ck_assert_ptr_null(lb_mark_at(b.stk, 1));
	lb_bed_down(&b);
}
END_TEST

/* A director that finds no memory for a local port refuses, and goes on. */
START_TEST(packets_survive_no_memory)
{
	struct lb_service_conf sc = { .sched = lb_sched_find("lblc") };
	struct lb_bed b = lb_bed_up(IPPROTO_TCP4, 0, &sc);
	struct addr local = addr_from_ip4(LOCAL1);

	lb_bed_server(&b, RS1, 80, LB_FWD_FULLNAT, 1);
	ck_assert_int_eq(lb_local_add(b.stk, b.svc, &local, NULL), 0);
	for (uint64_t n = 1; n < 12; n++) {
		struct unit_frame f = lb_bed_in(IPPROTO_TCP4,
		    (uint16_t)(40000 + n), TCP_SYN);
		uint8_t frame[64];
		uint32_t len = unit_frame_build(frame, sizeof(frame), &f);

		ck_assert_int_eq(mem_port_give(b.cl, frame, len), 0);
		b.stk->mem.fail_at = n;
		unit_poll(b.stk);
		b.stk->mem.fail_at = 0;
	}
	lb_bed_client(&b, 50000, TCP_SYN);
	ck_assert_ptr_nonnull(lb_bed_flow(&b));
	lb_bed_down(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lb_modes");
	TCase *tc = tcase_create("modes");

	tcase_add_test(tc, dr_changes_only_the_mac);
	tcase_add_test(tc, dr_needs_a_shared_link);
	tcase_add_test(tc, dr_passes_the_clients_errors_on);
	tcase_add_test(tc, ports_cannot_be_mapped_without_nat);
	tcase_add_test(tc, local_goes_up);
	suite_add_tcase(s, tc);
	tc = tcase_create("services");
	tcase_add_test(tc, no_server_may_be_a_reset);
	tcase_add_test(tc, a_reset_acknowledges_all);
	tcase_add_test(tc, idle_end_resets_both);
	tcase_add_test(tc, a_service_has_its_own_timeouts);
	tcase_add_test(tc, port_zero_is_every_port);
	tcase_add_test(tc, quiescent_templates_end_by_knob);
	tcase_add_loop_test(tc, nodest_flows_end_by_knob, 0, 4);
	tcase_add_test(tc, rates_follow_in_steps);
	tcase_add_test(tc, control_refuses_in_words);
	tcase_add_test(tc, control_survives_no_memory);
	tcase_add_test(tc, packets_survive_no_memory);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

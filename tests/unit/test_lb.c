/*
 * test_lb.c - the load balancer over memory ports: NAT both ways, states and
 * time-outs, ICMP errors, offloads, drops.
 *
 * lb_bed.h draws the network.
 */
#include <stdlib.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "unit/lb_bed.h"

/* Two servers with a mapped port; the newest comes first. */
static struct lb_bed
net_two(void)
{
	struct lb_bed n = lb_bed_up(IPPROTO_TCP4, 0, NULL);

	lb_bed_server(&n, RS2, 8080, LB_FWD_NAT, 1);
	lb_bed_server(&n, RS1, 8080, LB_FWD_NAT, 1);
	return n;
}

static void
server_sends(struct lb_bed *n, struct ip4 rs, uint16_t dport, uint8_t flags)
{
	lb_bed_reply(n, rs, 8080, dport, flags);
}

START_TEST(nat_translates_both_ways)
{
	struct lb_bed n = net_two();

	lb_bed_client(&n, 40000, TCP_SYN);
	lb_bed_expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	server_sends(&n, RS1, 40000, TCP_SYN | TCP_ACK);
	lb_bed_expect_to(n.cl, VIP, 80, CLIENT, 40000);
	lb_bed_client(&n, 40000, TCP_ACK);
	lb_bed_expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	ck_assert_uint_eq(n.svc->tally->stats.conns, 1);
	ck_assert_uint_eq(n.svc->tally->stats.in_pkts, 2);
	ck_assert_uint_eq(n.svc->tally->stats.out_pkts, 1);
	ck_assert_uint_eq(n.svc->tally->stats.in_bytes, 80);
	lb_bed_down(&n);
}
END_TEST

/* RFC 9768 3.3: what is balanced keeps its feedback. */
START_TEST(nat_leaves_accurate_ecn_alone)
{
	static const uint8_t acc[] = { 172, 11, 0, 0, 1, 0, 0, 5, 0, 0, 9, 1 };
	struct lb_bed n = net_two();
	struct unit_frame f;
	struct unit_seen s;

	lb_bed_client(&n, 40000, TCP_SYN);
	lb_bed_expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	for (uint16_t ace = 0; ace < 8; ace++) {
		f = lb_bed_in(IPPROTO_TCP4, 40000, TCP_ACK);
		f.flags |= (uint16_t)(ace << 6);
		f.tos = IP_ECN_ECT1;
		f.options = acc;
		f.options_len = sizeof(acc);
		unit_feed(n.stk, n.cl, &f);
		s = lb_bed_expect(n.sv);
		ck_assert_uint_eq(s.flags, TCP_ACK | ace << 6);
		ck_assert_uint_eq(s.ip.tos, IP_ECN_ECT1);
		ck_assert_mem_eq(s.l4 + 20, acc, sizeof(acc));
		unit_seen_free(&s);
	}
	lb_bed_down(&n);
}
END_TEST

START_TEST(rr_takes_turns)
{
	struct lb_bed n = net_two();
	struct ip4 want[] = { RS1, RS2, RS1, RS2 };

	for (uint16_t i = 0; i < 4; i++) {
		lb_bed_client(&n, (uint16_t)(40000 + i), TCP_SYN);
		lb_bed_expect_to(n.sv, CLIENT, (uint16_t)(40000 + i), want[i],
		    8080);
	}
	/* A flow stays where it is. */
	lb_bed_client(&n, 40001, TCP_ACK);
	lb_bed_expect_to(n.sv, CLIENT, 40001, RS2, 8080);
	lb_bed_down(&n);
}
END_TEST

START_TEST(states_and_timeouts_are_ipvs)
{
	struct lb_bed n = net_two();
	struct lb_server *rs1;

	lb_bed_client(&n, 40000, TCP_SYN);
	rs1 = lb_bed_find(&n, RS1, 8080);
	lb_bed_expect_state(&n, "SYN_RECV", 60);
	ck_assert_uint_eq(rs1->active, 1);
	server_sends(&n, RS1, 40000, TCP_SYN | TCP_ACK);
	lb_bed_expect_state(&n, "SYN_RECV", 60);
	lb_bed_client(&n, 40000, TCP_ACK);
	lb_bed_expect_state(&n, "ESTABLISHED", 900);
	lb_bed_client(&n, 40000, TCP_FIN | TCP_ACK);
	lb_bed_expect_state(&n, "CLOSE_WAIT", 60);
	ck_assert_uint_eq(rs1->active, 0);
	ck_assert_uint_eq(rs1->inactive, 1);
	server_sends(&n, RS1, 40000, TCP_FIN | TCP_ACK);
	lb_bed_expect_state(&n, "TIME_WAIT", 120);
	unit_run_until(n.stk, 119999999);
	ck_assert_uint_eq(n.stk->lb.flows.count, 1);
	unit_run_until(n.stk, 120000000);
	ck_assert_uint_eq(n.stk->lb.flows.count, 0);
	ck_assert_uint_eq(rs1->inactive, 0);
	lb_bed_down(&n);
}
END_TEST

START_TEST(half_open_until_the_server_spoke)
{
	struct lb_bed n = net_two();
	struct lb_flow *f;

	/* Anybody can send these two under a false address. */
	lb_bed_client(&n, 40000, TCP_SYN);
	lb_bed_client(&n, 40000, TCP_ACK);
	f = lb_bed_flow(&n);
	lb_bed_expect_state(&n, "ESTABLISHED", 900);
	ck_assert_uint_ne(f->flags & LB_FLOW_HALF_OPEN, 0);
	server_sends(&n, RS1, 40000, TCP_SYN | TCP_ACK);
	lb_bed_client(&n, 40000, TCP_ACK);
	ck_assert_uint_eq(f->flags & LB_FLOW_HALF_OPEN, 0);
	lb_bed_down(&n);
}
END_TEST

START_TEST(reset_closes_in_ten_seconds)
{
	struct lb_bed n = net_two();

	lb_bed_client(&n, 40000, TCP_SYN);
	lb_bed_client(&n, 40000, TCP_ACK);
	unit_run_until(n.stk, 500000000);
	server_sends(&n, RS1, 40000, TCP_RST);
	lb_bed_expect_state(&n, "CLOSE", 10);
	unit_run_until(n.stk, 509999999);
	ck_assert_uint_eq(n.stk->lb.flows.count, 1);
	unit_run_until(n.stk, 510000000);
	ck_assert_uint_eq(n.stk->lb.flows.count, 0);
	lb_bed_down(&n);
}
END_TEST

START_TEST(packets_keep_a_flow_alive)
{
	struct lb_bed n = net_two();

	lb_bed_client(&n, 40000, TCP_SYN);
	lb_bed_client(&n, 40000, TCP_ACK);
	for (int64_t s = 800; s <= 4000; s += 800) {
		unit_run_until(n.stk, s * 1000000);
		lb_bed_client(&n, 40000, TCP_ACK);
		lb_bed_expect_state(&n, "ESTABLISHED", 900);
	}
	unit_run_until(n.stk, 4899999999);
	ck_assert_uint_eq(n.stk->lb.flows.count, 1);
	unit_run_until(n.stk, 4900000000);
	ck_assert_uint_eq(n.stk->lb.flows.count, 0);
	lb_bed_down(&n);
}
END_TEST

START_TEST(no_server_answers_at_once)
{
	struct lb_bed n = lb_bed_up(IPPROTO_TCP4, 0, NULL);
	struct unit_seen s;

	lb_bed_client(&n, 40000, TCP_SYN);
	s = unit_expect(n.cl);
	ck_assert_uint_eq(s.icmp_type, ICMP_UNREACH);
	ck_assert_uint_eq(s.icmp_code, ICMP_UNREACH_PORT);
	ck_assert_uint_eq(s.ip.dst.v, CLIENT.v);
	unit_seen_free(&s);
	ck_assert_uint_eq(n.stk->drop.count[DROP_LB_NO_SERVER], 1);
	ck_assert_uint_eq(n.stk->lb.flows.count, 0);
	lb_bed_down(&n);
}
END_TEST

START_TEST(mid_flow_is_not_scheduled)
{
	struct lb_bed n = net_two();
	struct lb_conf conf;
	struct unit_seen s;

	lb_bed_client(&n, 40000, TCP_ACK);
	unit_expect_nothing(n.sv);
	ck_assert_uint_eq(n.stk->drop.count[DROP_LB_NO_FLOW], 1);
	lb_bed_client(&n, 40000, TCP_SYN | TCP_RST);
	ck_assert_uint_eq(n.stk->drop.count[DROP_LB_NO_FLOW], 2);
	lb_conf_get(n.stk, &conf);
	conf.sloppy_tcp = true;
	ck_assert_int_eq(lb_conf_set(n.stk, &conf, NULL), 0);
	lb_bed_client(&n, 40000, TCP_RST);
	ck_assert_uint_eq(n.stk->drop.count[DROP_LB_NO_FLOW], 3);
	lb_bed_client(&n, 40000, TCP_ACK);
	lb_bed_expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	lb_bed_expect_state(&n, "ESTABLISHED", 900);
	/* To an address of ours it is answered as by any host. */
	conf.sloppy_tcp = false;
	ck_assert_int_eq(lb_conf_set(n.stk, &conf, NULL), 0);
	ck_assert_int_eq(iface_addr_add(n.stk, n.cl->ifp,
	    (struct ip4_prefix){ VIP, 32 }, SCOPE_GLOBAL, NULL), 0);
	lb_bed_client(&n, 40001, TCP_RST);
	unit_expect_nothing(n.cl);
	lb_bed_client(&n, 40001, TCP_ACK);
	s = lb_bed_expect(n.cl);
	ck_assert_uint_eq(s.flags, TCP_RST);
	ck_assert_uint_eq(s.dport, 40001);
	unit_seen_free(&s);
	ck_assert_uint_eq(n.stk->drop.count[DROP_LB_NO_FLOW], 5);
	lb_bed_down(&n);
}
END_TEST

START_TEST(udp_keeps_a_zero_checksum)
{
	struct lb_bed n = lb_bed_up(IPPROTO_UDP4, 0, NULL);
	struct unit_frame f = lb_bed_in(IPPROTO_UDP4, 40000, 0);
	struct unit_seen s;
	uint8_t frame[64];
	uint32_t len;

	lb_bed_server(&n, RS1, 8080, LB_FWD_NAT, 1);
	len = unit_frame_build(frame, sizeof(frame), &f);
	be16_put(frame + 14 + 20 + 6, 0);
	unit_feed_bytes(n.stk, n.cl, frame, len);
	s = unit_expect(n.sv);
	ck_assert_uint_eq(s.dport, 8080);
	ck_assert_uint_eq(be16_get(s.l4 + 6), 0);
	unit_seen_free(&s);
	lb_bed_expect_state(&n, "UDP", 300);
	ck_assert_uint_eq(lb_bed_find(&n, RS1, 8080)->inactive, 1);
	f = lb_bed_out(IPPROTO_UDP4, RS1, 8080, 40000, 0);
	unit_feed(n.stk, n.sv, &f);
	lb_bed_expect_to(n.cl, VIP, 80, CLIENT, 40000);
	lb_bed_down(&n);
}
END_TEST

/* A server's reply by NAT: the identification that the client sees. */
static uint16_t
id_of_reply(struct lb_bed *n, struct ip4 rs, uint16_t dport, uint16_t frag)
{
	struct unit_frame f = lb_bed_out(IPPROTO_UDP4, rs, 8080, dport, 0);
	struct unit_seen s;
	uint16_t id;

	f.id = 5259;
	f.frag = frag;
	unit_feed(n->stk, n->sv, &f);
	s = lb_bed_expect(n->cl);
	ck_assert_uint_eq(s.ip.src.v, VIP.v);
	id = s.ip.id;
	unit_seen_free(&s);
	return id;
}

/* RFC 6864 5.3.1: the same number of two servers is not the same number of the
 * service; what is never fragmented may keep it. */
START_TEST(servers_do_not_share_identifications)
{
	struct lb_bed n = lb_bed_up(IPPROTO_UDP4, 0, NULL);
	struct ip4 rs[] = { RS1, RS2 };
	struct unit_frame f;
	struct unit_seen s;
	uint16_t id = 0;

	for (uint16_t i = 0; i < 2; i++) {
		lb_bed_server(&n, rs[i], 8080, LB_FWD_NAT, 1);
		f = lb_bed_in(IPPROTO_UDP4, 40000 + i, 0);
		f.id = 77;
		unit_feed(n.stk, n.cl, &f);
		s = lb_bed_expect(n.sv);
		ck_assert_uint_eq(s.ip.dst.v, rs[i].v);
		id = s.ip.id;
		unit_seen_free(&s);
	}
	/* To a server in the order of the counter that its own has. */
	unit_feed(n.stk, n.cl, &f);
	s = lb_bed_expect(n.sv);
	ck_assert_uint_eq(s.ip.id, (uint16_t)(id + 1));
	unit_seen_free(&s);
	id = id_of_reply(&n, RS1, 40000, 0);
	ck_assert_uint_eq(id_of_reply(&n, RS2, 40001, 0), (uint16_t)(id + 1));
	ck_assert_uint_eq(id_of_reply(&n, RS1, 40000, 0), (uint16_t)(id + 2));
	ck_assert_uint_eq(id_of_reply(&n, RS2, 40001, IP_DF), 5259);
	lb_bed_down(&n);
}
END_TEST

START_TEST(ttl_ends_before_the_translation)
{
	struct lb_bed n = net_two();
	struct unit_frame f = lb_bed_in(IPPROTO_TCP4, 40000, TCP_SYN);
	struct unit_seen s;

	f.ttl = 1;
	unit_feed(n.stk, n.cl, &f);
	unit_expect_nothing(n.sv);
	s = unit_expect(n.cl);
	ck_assert_uint_eq(s.icmp_type, ICMP_TIME_EXCEEDED);
	/* The quote is what the client sent. */
	ck_assert_uint_eq(be32_get(s.payload + IP4_OFF_DST), VIP.v);
	ck_assert_uint_eq(be16_get(s.payload + 20 + 2), 80);
	unit_seen_free(&s);
	lb_bed_down(&n);
}
END_TEST

/* An ICMP error about the packet that stands in `quoted`. */
static struct unit_frame
icmp_about(const struct unit_seen *quoted, uint32_t quote_len, uint8_t type,
    uint8_t code, uint32_t rest)
{
	return (struct unit_frame){
		.proto = IPPROTO_ICMP4, .icmp_type = type, .icmp_code = code,
		.icmp_rest = rest, .payload = quoted->l4 - 20,
		.payload_len = quote_len,
	};
}

START_TEST(icmp_from_the_server_side)
{
	struct lb_bed n = net_two();
	struct unit_seen out, s;
	struct unit_frame f;

	lb_bed_client(&n, 40000, TCP_SYN);
	out = unit_expect(n.sv);
	/* 8 bytes of the transport are all that RFC 792 promises. */
	f = icmp_about(&out, 28, ICMP_UNREACH, ICMP_UNREACH_FRAG, 1400);
	f.dst = (struct mac){ { 2, 0, 0, 0, 0, 2 } };
	f.src = (struct mac){ { 2, 0, 0, 0, 0, 11 } };
	f.sip = RS1;
	f.dip = CLIENT;
	unit_feed(n.stk, n.sv, &f);
	unit_seen_free(&out);
	s = unit_expect(n.cl);
	ck_assert_uint_eq(s.ip.src.v, VIP.v);
	ck_assert_uint_eq(s.ip.dst.v, CLIENT.v);
	ck_assert_uint_eq(s.icmp_type, ICMP_UNREACH);
	ck_assert_uint_eq(s.icmp_rest, 1400);
	ck_assert_uint_eq(be32_get(s.payload + IP4_OFF_SRC), CLIENT.v);
	ck_assert_uint_eq(be32_get(s.payload + IP4_OFF_DST), VIP.v);
	ck_assert_uint_eq(csum_finish(csum_add(0, s.payload, 20)), 0);
	ck_assert_uint_eq(be16_get(s.payload + 20), 40000);
	ck_assert_uint_eq(be16_get(s.payload + 22), 80);
	unit_seen_free(&s);
	lb_bed_down(&n);
}
END_TEST

START_TEST(icmp_from_the_client_side)
{
	struct lb_bed n = net_two();
	struct unit_seen out, s;
	struct unit_frame f;

	lb_bed_client(&n, 40000, TCP_SYN);
	lb_bed_expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	server_sends(&n, RS1, 40000, TCP_SYN | TCP_ACK);
	out = unit_expect(n.cl);
	f = icmp_about(&out, 28, ICMP_UNREACH, ICMP_UNREACH_FRAG, 1300);
	f.dst = (struct mac){ { 2, 0, 0, 0, 0, 1 } };
	f.src = (struct mac){ { 2, 0, 0, 0, 0, 10 } };
	f.sip = CLIENT;
	f.dip = VIP;
	unit_feed(n.stk, n.cl, &f);
	unit_seen_free(&out);
	s = unit_expect(n.sv);
	ck_assert_uint_eq(s.ip.src.v, CLIENT.v);
	ck_assert_uint_eq(s.ip.dst.v, RS1.v);
	ck_assert_uint_eq(be32_get(s.payload + IP4_OFF_SRC), RS1.v);
	ck_assert_uint_eq(be32_get(s.payload + IP4_OFF_DST), CLIENT.v);
	ck_assert_uint_eq(be16_get(s.payload + 20), 8080);
	ck_assert_uint_eq(be16_get(s.payload + 22), 40000);
	unit_seen_free(&s);
	lb_bed_down(&n);
}
END_TEST

START_TEST(icmp_with_a_wrong_sum_goes_nowhere)
{
	struct lb_bed n = net_two();
	struct unit_seen out;
	struct unit_frame f;

	lb_bed_client(&n, 40000, TCP_SYN);
	out = unit_expect(n.sv);
	f = icmp_about(&out, 28, ICMP_UNREACH, ICMP_UNREACH_HOST, 0);
	f.dst = (struct mac){ { 2, 0, 0, 0, 0, 2 } };
	f.src = (struct mac){ { 2, 0, 0, 0, 0, 11 } };
	f.sip = RS1;
	f.dip = CLIENT;
	f.bad_csum = true;
	unit_feed(n.stk, n.sv, &f);
	unit_seen_free(&out);
	unit_expect_nothing(n.cl);
	ck_assert_uint_eq(n.stk->drop.count[DROP_LB_CSUM], 1);
	lb_bed_down(&n);
}
END_TEST

START_TEST(super_frame_passes_whole)
{
	struct lb_bed n = lb_bed_up(IPPROTO_TCP4, PORT_CSUM | PORT_TSO4,
	    NULL);
	struct unit_frame f = lb_bed_in(IPPROTO_TCP4, 40000, TCP_ACK);
	static uint8_t data[20000];
	struct mem_frame *give = calloc(1, sizeof(*give) + 21000);
	struct unit_seen s;

	lb_bed_server(&n, RS1, 8080, LB_FWD_NAT, 1);
	lb_bed_client(&n, 40000, TCP_SYN);
	lb_bed_expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	f.frag = IP_DF;
	f.payload = data;
	f.payload_len = sizeof(data);
	give->len = unit_frame_build(give->data, 21000, &f);
	/* Partial: only the pseudo-header is summed so far. */
	be16_put(give->data + 34 + TCP_OFF_CSUM, csum_fold(csum_pseudo4(f.sip,
	    f.dip, f.proto, give->len - 34)));
	give->csum_start = 34;
	give->csum_offset = TCP_OFF_CSUM;
	give->csum_needed = true;
	give->gso_type = PKT_GSO_TCP4;
	give->gso_size = 1448;
	ck_assert_int_eq(mem_port_give_frame(n.cl, give), 0);
	free(give);
	unit_poll(n.stk);
	s = unit_expect(n.sv);
	ck_assert_uint_eq(s.frame->gso_type, PKT_GSO_TCP4);
	ck_assert_uint_eq(s.frame->gso_size, 1448);
	ck_assert(s.frame->csum_needed);
	ck_assert_uint_eq(s.ip.dst.v, RS1.v);
	ck_assert_uint_eq(s.dport, 8080);
	ck_assert_uint_eq(s.payload_len, sizeof(data));
	unit_seen_free(&s);
	lb_bed_down(&n);
}
END_TEST

START_TEST(removed_server_drains)
{
	struct lb_bed n = net_two();
	struct addr rs1 = addr_from_ip4(RS1);

	lb_bed_client(&n, 40000, TCP_SYN);
	lb_bed_expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	ck_assert_int_eq(lb_server_del(n.stk, n.svc, &rs1, 8080, NULL), 0);
	ck_assert_ptr_null(lb_bed_find(&n, RS1, 8080));
	lb_bed_client(&n, 40000, TCP_ACK);
	lb_bed_expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	unit_run_until(n.stk, 299999999);
	unit_neighbour(n.stk, "sv", "10.0.0.11", 11);
	lb_bed_client(&n, 40000, TCP_ACK);
	lb_bed_expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	unit_run_until(n.stk, 300000000);
	lb_bed_client(&n, 40000, TCP_ACK);
	ck_assert_uint_eq(n.stk->drop.count[DROP_LB_SERVER_GONE], 1);
	/* Adding it again finds its flow. */
	lb_bed_server(&n, RS1, 8080, LB_FWD_NAT, 1);
	ck_assert_uint_eq(lb_bed_find(&n, RS1, 8080)->active, 1);
	lb_bed_client(&n, 40000, TCP_ACK);
	lb_bed_expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	lb_bed_down(&n);
}
END_TEST

START_TEST(fragments_of_whom)
{
	struct lb_bed n = net_two();
	struct addr rs1 = addr_from_ip4(RS1);

	ck_assert(lb_wants_whole(n.stk, VIP));
	ck_assert(!lb_wants_whole(n.stk, RS1));
	ck_assert(lb_wants_reply_whole(n.stk, RS1));
	ck_assert(!lb_wants_reply_whole(n.stk, CLIENT));
	/* A removed server goes on answering while it has flows. */
	lb_bed_client(&n, 40000, TCP_SYN);
	ck_assert_int_eq(lb_server_del(n.stk, n.svc, &rs1, 8080, NULL), 0);
	ck_assert(lb_wants_reply_whole(n.stk, RS1));
	ck_assert_uint_eq(lb_flow_flush(n.stk, NULL), 1);
	ck_assert(!lb_wants_reply_whole(n.stk, RS1));
	ck_assert_int_eq(lb_service_del(n.stk, &n.key, NULL), 0);
	ck_assert(!lb_wants_whole(n.stk, VIP));
	ck_assert(!lb_wants_reply_whole(n.stk, RS2));
	lb_bed_down(&n);
}
END_TEST

START_TEST(drain_ends)
{
	struct lb_bed n = net_two();
	struct addr rs1 = addr_from_ip4(RS1);
	struct lb_server_conf conf;

	lb_bed_client(&n, 40000, TCP_SYN);
	lb_bed_expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	ck_assert_int_eq(lb_server_drain(n.stk, n.svc, &rs1, 8080, 3, NULL),
	    0);
	lb_bed_client(&n, 40001, TCP_SYN);
	lb_bed_expect_to(n.sv, CLIENT, 40001, RS2, 8080);
	unit_run_until(n.stk, 2999999);
	lb_bed_client(&n, 40000, TCP_ACK);
	lb_bed_expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	unit_run_until(n.stk, 3000000);
	lb_bed_client(&n, 40000, TCP_ACK);
	unit_expect_nothing(n.sv);
	ck_assert_uint_eq(n.stk->drop.count[DROP_LB_SERVER_GONE], 1);
	/* The same words again change nothing, drain once more begins anew. */
	conf = lb_bed_find(&n, RS1, 8080)->conf;
	ck_assert_int_eq(lb_server_set(n.stk, n.svc, &rs1, 8080, &conf, NULL),
	    0);
	lb_bed_client(&n, 40000, TCP_ACK);
	unit_expect_nothing(n.sv);
	ck_assert_int_eq(lb_server_drain(n.stk, n.svc, &rs1, 8080, 3, NULL),
	    0);
	lb_bed_client(&n, 40000, TCP_ACK);
	lb_bed_expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	conf.weight = 1;
	ck_assert_int_eq(lb_server_set(n.stk, n.svc, &rs1, 8080, &conf, NULL),
	    -EINVAL);
	conf.drain_s = 0;
	ck_assert_int_eq(lb_server_set(n.stk, n.svc, &rs1, 8080, &conf, NULL),
	    0);
	unit_run_until(n.stk, 7000000);
	lb_bed_client(&n, 40000, TCP_ACK);
	lb_bed_expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	lb_bed_down(&n);
}
END_TEST

START_TEST(syn_on_a_closed_flow_is_scheduled_anew)
{
	struct lb_bed n = net_two();

	lb_bed_client(&n, 40000, TCP_SYN);
	lb_bed_expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	lb_bed_client(&n, 40000, TCP_SYN);
	lb_bed_expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	server_sends(&n, RS1, 40000, TCP_RST | TCP_ACK);
	lb_bed_expect_state(&n, "CLOSE", 10);
	lb_bed_client(&n, 40000, TCP_SYN);
	lb_bed_expect_to(n.sv, CLIENT, 40000, RS2, 8080);
	ck_assert_uint_eq(n.stk->lb.flows.count, 1);
	lb_bed_down(&n);
}
END_TEST

START_TEST(short_headers_are_dropped_by_name)
{
	struct lb_bed n = net_two();
	struct unit_frame f = lb_bed_in(IPPROTO_TCP4, 40000, TCP_SYN);
	uint8_t frame[64];
	uint32_t len = unit_frame_build(frame, sizeof(frame), &f);

	frame[34 + TCP_OFF_DOFF] = 0xf0;	/* options past the end */
	unit_feed_bytes(n.stk, n.cl, frame, len);
	ck_assert_uint_eq(n.stk->drop.count[DROP_LB_SHORT], 1);
	unit_expect_nothing(n.sv);
	lb_bed_down(&n);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lb");
	TCase *tc = tcase_create("nat");

	tcase_add_test(tc, nat_translates_both_ways);
	tcase_add_test(tc, nat_leaves_accurate_ecn_alone);
	tcase_add_test(tc, rr_takes_turns);
	tcase_add_test(tc, states_and_timeouts_are_ipvs);
	tcase_add_test(tc, half_open_until_the_server_spoke);
	tcase_add_test(tc, reset_closes_in_ten_seconds);
	tcase_add_test(tc, packets_keep_a_flow_alive);
	tcase_add_test(tc, no_server_answers_at_once);
	tcase_add_test(tc, mid_flow_is_not_scheduled);
	tcase_add_test(tc, udp_keeps_a_zero_checksum);
	tcase_add_test(tc, servers_do_not_share_identifications);
	tcase_add_test(tc, ttl_ends_before_the_translation);
	tcase_add_test(tc, icmp_from_the_server_side);
	tcase_add_test(tc, icmp_from_the_client_side);
	tcase_add_test(tc, icmp_with_a_wrong_sum_goes_nowhere);
	tcase_add_test(tc, super_frame_passes_whole);
	tcase_add_test(tc, removed_server_drains);
	tcase_add_test(tc, fragments_of_whom);
	tcase_add_test(tc, drain_ends);
	tcase_add_test(tc, syn_on_a_closed_flow_is_scheduled_anew);
	tcase_add_test(tc, short_headers_are_dropped_by_name);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

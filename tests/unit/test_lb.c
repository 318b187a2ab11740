/*
 * test_lb.c - the load balancer over memory ports: NAT both ways, states and
 * time-outs, ICMP errors, offloads, drops.
 *
 *   client 192.168.1.10 -- cl [hopd] sv -- 10.0.0.11, 10.0.0.12
 *                    VIP 192.168.1.100
 */
#include <stdlib.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "lb/sched.h"
#include "tcp/tcp_wire.h"
#include "unit/unit.h"

#define CLIENT	IP4(192, 168, 1, 10)
#define VIP	IP4(192, 168, 1, 100)
#define RS1	IP4(10, 0, 0, 11)
#define RS2	IP4(10, 0, 0, 12)

struct net {
	struct stack *stk;
	struct port *cl, *sv;
	struct lb_service_key key;
	struct lb_service *svc;
};

static struct lb_server_conf
nat(int32_t weight)
{
	return (struct lb_server_conf){ .fwd = LB_FWD_NAT, .weight = weight };
}

static void
server_add(struct net *n, struct ip4 ip, uint16_t port, int32_t weight)
{
	struct addr a = addr_from_ip4(ip);
	struct lb_server_conf conf = nat(weight);
	struct err err = { "" };

	ck_assert_msg(lb_server_add(n->stk, n->svc, &a, port, &conf, &err) ==
	    0, "%s", err.text);
}

static struct net
net_up(uint8_t proto, uint32_t offload)
{
	struct net n = { .stk = unit_stack() };
	struct lb_service_conf conf = { .sched = lb_sched_find("rr") };
	struct err err = { "" };

	n.cl = unit_port_offload(n.stk, "cl", 1, "192.168.1.1/24", offload);
	n.sv = unit_port_offload(n.stk, "sv", 2, "10.0.0.1/24", offload);
	unit_neighbour(n.stk, "cl", "192.168.1.10", 10);
	unit_neighbour(n.stk, "sv", "10.0.0.11", 11);
	unit_neighbour(n.stk, "sv", "10.0.0.12", 12);
	n.key = (struct lb_service_key){ .proto = proto, .port = 80,
	    .addr = addr_from_ip4(VIP) };
	ck_assert_msg(lb_service_add(n.stk, &n.key, &conf, &err) == 0, "%s",
	    err.text);
	n.svc = lb_service_lookup(n.stk, &n.key);
	return n;
}

/* The usual one: TCP, two servers with a mapped port. */
static struct net
net_two(void)
{
	struct net n = net_up(IPPROTO_TCP4, 0);

	/* The newest comes first. */
	server_add(&n, RS2, 8080, 1);
	server_add(&n, RS1, 8080, 1);
	return n;
}

static void
net_down(struct net *n)
{
	unit_stack_free(n->stk);
}

static struct unit_frame
from_client(uint8_t proto, uint16_t sport, uint8_t flags)
{
	return (struct unit_frame){
		.dst = { { 2, 0, 0, 0, 0, 1 } },
		.src = { { 2, 0, 0, 0, 0, 10 } },
		.sip = CLIENT, .dip = VIP, .proto = proto,
		.sport = sport, .dport = 80, .flags = flags, .seq = 1000,
	};
}

static struct unit_frame
from_server(uint8_t proto, struct ip4 rs, uint16_t dport, uint8_t flags)
{
	return (struct unit_frame){
		.dst = { { 2, 0, 0, 0, 0, 2 } },
		.src = { { 2, 0, 0, 0, 0, 11 } },
		.sip = rs, .dip = CLIENT, .proto = proto,
		.sport = 8080, .dport = dport, .flags = flags, .seq = 5000,
	};
}

static void
client_sends(struct net *n, uint16_t sport, uint8_t flags)
{
	struct unit_frame f = from_client(IPPROTO_TCP4, sport, flags);

	unit_feed(n->stk, n->cl, &f);
}

static void
server_sends(struct net *n, struct ip4 rs, uint16_t dport, uint8_t flags)
{
	struct unit_frame f = from_server(IPPROTO_TCP4, rs, dport, flags);

	unit_feed(n->stk, n->sv, &f);
}

/* The next frame that is not a question for a neighbour. */
static struct unit_seen
expect_ip(struct port *port)
{
	struct unit_seen s = unit_expect(port);

	while (s.eth.type == ETHERTYPE_ARP) {
		unit_seen_free(&s);
		s = unit_expect(port);
	}
	return s;
}

/* What came out of port goes to dst:dport. */
static void
expect_to(struct port *port, struct ip4 src, uint16_t sport, struct ip4 dst,
    uint16_t dport)
{
	struct unit_seen s = expect_ip(port);

	ck_assert_uint_eq(s.ip.src.v, src.v);
	ck_assert_uint_eq(s.ip.dst.v, dst.v);
	ck_assert_uint_eq(s.sport, sport);
	ck_assert_uint_eq(s.dport, dport);
	ck_assert_uint_eq(s.ip.ttl, 63);
	unit_seen_free(&s);
}

/* The only flow's state and seconds left. */
static void
expect_state(struct net *n, const char *name, uint32_t expires)
{
	uint32_t pos = 0;
	struct lb_flow *f = lb_flow_next(n->stk, &pos, NULL);

	ck_assert_ptr_nonnull(f);
	ck_assert_str_eq(lb_flow_state_name(f), name);
	ck_assert_uint_eq(lb_flow_expires_s(n->stk, f), expires);
}

static struct lb_server *
server_of(struct net *n, struct ip4 ip, uint16_t port)
{
	struct addr a = addr_from_ip4(ip);

	return lb_server_lookup(n->stk, n->svc, &a, port);
}

START_TEST(nat_translates_both_ways)
{
	struct net n = net_two();

	client_sends(&n, 40000, TCP_SYN);
	expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	server_sends(&n, RS1, 40000, TCP_SYN | TCP_ACK);
	expect_to(n.cl, VIP, 80, CLIENT, 40000);
	client_sends(&n, 40000, TCP_ACK);
	expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	ck_assert_uint_eq(n.svc->stats.conns, 1);
	ck_assert_uint_eq(n.svc->stats.in_pkts, 2);
	ck_assert_uint_eq(n.svc->stats.out_pkts, 1);
	ck_assert_uint_eq(n.svc->stats.in_bytes, 80);
	net_down(&n);
}
END_TEST

START_TEST(rr_takes_turns)
{
	struct net n = net_two();
	struct ip4 want[] = { RS1, RS2, RS1, RS2 };

	for (uint16_t i = 0; i < 4; i++) {
		client_sends(&n, (uint16_t)(40000 + i), TCP_SYN);
		expect_to(n.sv, CLIENT, (uint16_t)(40000 + i), want[i], 8080);
	}
	/* A flow stays where it is. */
	client_sends(&n, 40001, TCP_ACK);
	expect_to(n.sv, CLIENT, 40001, RS2, 8080);
	net_down(&n);
}
END_TEST

START_TEST(states_and_timeouts_are_ipvs)
{
	struct net n = net_two();
	struct lb_server *rs1;

	client_sends(&n, 40000, TCP_SYN);
	rs1 = server_of(&n, RS1, 8080);
	expect_state(&n, "SYN_RECV", 60);
	ck_assert_uint_eq(rs1->active, 1);
	server_sends(&n, RS1, 40000, TCP_SYN | TCP_ACK);
	expect_state(&n, "SYN_RECV", 60);
	client_sends(&n, 40000, TCP_ACK);
	expect_state(&n, "ESTABLISHED", 900);
	client_sends(&n, 40000, TCP_FIN | TCP_ACK);
	expect_state(&n, "CLOSE_WAIT", 60);
	ck_assert_uint_eq(rs1->active, 0);
	ck_assert_uint_eq(rs1->inactive, 1);
	server_sends(&n, RS1, 40000, TCP_FIN | TCP_ACK);
	expect_state(&n, "TIME_WAIT", 120);
	unit_run_until(n.stk, 119999999);
	ck_assert_uint_eq(n.stk->lb.flows.count, 1);
	unit_run_until(n.stk, 120000000);
	ck_assert_uint_eq(n.stk->lb.flows.count, 0);
	ck_assert_uint_eq(rs1->inactive, 0);
	net_down(&n);
}
END_TEST

START_TEST(reset_closes_in_ten_seconds)
{
	struct net n = net_two();

	client_sends(&n, 40000, TCP_SYN);
	client_sends(&n, 40000, TCP_ACK);
	unit_run_until(n.stk, 500000000);
	server_sends(&n, RS1, 40000, TCP_RST);
	expect_state(&n, "CLOSE", 10);
	unit_run_until(n.stk, 509999999);
	ck_assert_uint_eq(n.stk->lb.flows.count, 1);
	unit_run_until(n.stk, 510000000);
	ck_assert_uint_eq(n.stk->lb.flows.count, 0);
	net_down(&n);
}
END_TEST

START_TEST(packets_keep_a_flow_alive)
{
	struct net n = net_two();

	client_sends(&n, 40000, TCP_SYN);
	client_sends(&n, 40000, TCP_ACK);
	for (int64_t s = 800; s <= 4000; s += 800) {
		unit_run_until(n.stk, s * 1000000);
		client_sends(&n, 40000, TCP_ACK);
		expect_state(&n, "ESTABLISHED", 900);
	}
	unit_run_until(n.stk, 4899999999);
	ck_assert_uint_eq(n.stk->lb.flows.count, 1);
	unit_run_until(n.stk, 4900000000);
	ck_assert_uint_eq(n.stk->lb.flows.count, 0);
	net_down(&n);
}
END_TEST

START_TEST(no_server_answers_at_once)
{
	struct net n = net_up(IPPROTO_TCP4, 0);
	struct unit_seen s;

	client_sends(&n, 40000, TCP_SYN);
	s = unit_expect(n.cl);
	ck_assert_uint_eq(s.icmp_type, ICMP_UNREACH);
	ck_assert_uint_eq(s.icmp_code, ICMP_UNREACH_PORT);
	ck_assert_uint_eq(s.ip.dst.v, CLIENT.v);
	unit_seen_free(&s);
	ck_assert_uint_eq(n.stk->drop.count[DROP_LB_NO_SERVER], 1);
	ck_assert_uint_eq(n.stk->lb.flows.count, 0);
	net_down(&n);
}
END_TEST

START_TEST(mid_flow_is_not_scheduled)
{
	struct net n = net_two();
	struct lb_conf conf;

	client_sends(&n, 40000, TCP_ACK);
	unit_expect_nothing(n.sv);
	ck_assert_uint_eq(n.stk->drop.count[DROP_LB_NO_FLOW], 1);
	client_sends(&n, 40000, TCP_SYN | TCP_RST);
	ck_assert_uint_eq(n.stk->drop.count[DROP_LB_NO_FLOW], 2);
	lb_conf_get(n.stk, &conf);
	conf.sloppy_tcp = true;
	ck_assert_int_eq(lb_conf_set(n.stk, &conf, NULL), 0);
	client_sends(&n, 40000, TCP_ACK);
	expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	expect_state(&n, "ESTABLISHED", 900);
	net_down(&n);
}
END_TEST

START_TEST(udp_keeps_a_zero_checksum)
{
	struct net n = net_up(IPPROTO_UDP4, 0);
	struct unit_frame f = from_client(IPPROTO_UDP4, 40000, 0);
	struct unit_seen s;
	uint8_t frame[64];
	uint32_t len;

	server_add(&n, RS1, 8080, 1);
	len = unit_frame_build(frame, sizeof(frame), &f);
	be16_put(frame + 14 + 20 + 6, 0);
	unit_feed_bytes(n.stk, n.cl, frame, len);
	s = unit_expect(n.sv);
	ck_assert_uint_eq(s.dport, 8080);
	ck_assert_uint_eq(be16_get(s.l4 + 6), 0);
	unit_seen_free(&s);
	expect_state(&n, "UDP", 300);
	ck_assert_uint_eq(server_of(&n, RS1, 8080)->inactive, 1);
	f = from_server(IPPROTO_UDP4, RS1, 40000, 0);
	unit_feed(n.stk, n.sv, &f);
	expect_to(n.cl, VIP, 80, CLIENT, 40000);
	net_down(&n);
}
END_TEST

START_TEST(ttl_ends_before_the_translation)
{
	struct net n = net_two();
	struct unit_frame f = from_client(IPPROTO_TCP4, 40000, TCP_SYN);
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
	net_down(&n);
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
	struct net n = net_two();
	struct unit_seen out, s;
	struct unit_frame f;

	client_sends(&n, 40000, TCP_SYN);
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
	net_down(&n);
}
END_TEST

START_TEST(icmp_from_the_client_side)
{
	struct net n = net_two();
	struct unit_seen out, s;
	struct unit_frame f;

	client_sends(&n, 40000, TCP_SYN);
	expect_to(n.sv, CLIENT, 40000, RS1, 8080);
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
	net_down(&n);
}
END_TEST

START_TEST(icmp_with_a_wrong_sum_goes_nowhere)
{
	struct net n = net_two();
	struct unit_seen out;
	struct unit_frame f;

	client_sends(&n, 40000, TCP_SYN);
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
	net_down(&n);
}
END_TEST

START_TEST(super_frame_passes_whole)
{
	struct net n = net_up(IPPROTO_TCP4, PORT_CSUM | PORT_TSO4);
	struct unit_frame f = from_client(IPPROTO_TCP4, 40000, TCP_ACK);
	static uint8_t data[20000];
	struct mem_frame *give = calloc(1, sizeof(*give) + 21000);
	struct unit_seen s;

	server_add(&n, RS1, 8080, 1);
	client_sends(&n, 40000, TCP_SYN);
	expect_to(n.sv, CLIENT, 40000, RS1, 8080);
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
	net_down(&n);
}
END_TEST

START_TEST(removed_server_drains)
{
	struct net n = net_two();
	struct addr rs1 = addr_from_ip4(RS1);

	client_sends(&n, 40000, TCP_SYN);
	expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	ck_assert_int_eq(lb_server_del(n.stk, n.svc, &rs1, 8080, NULL), 0);
	ck_assert_ptr_null(server_of(&n, RS1, 8080));
	client_sends(&n, 40000, TCP_ACK);
	expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	unit_run_until(n.stk, 299999999);
	unit_neighbour(n.stk, "sv", "10.0.0.11", 11);
	client_sends(&n, 40000, TCP_ACK);
	expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	unit_run_until(n.stk, 300000000);
	client_sends(&n, 40000, TCP_ACK);
	ck_assert_uint_eq(n.stk->drop.count[DROP_LB_SERVER_GONE], 1);
	/* Adding it again finds its flow. */
	server_add(&n, RS1, 8080, 1);
	ck_assert_uint_eq(server_of(&n, RS1, 8080)->active, 1);
	client_sends(&n, 40000, TCP_ACK);
	expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	net_down(&n);
}
END_TEST

START_TEST(syn_on_a_closed_flow_is_scheduled_anew)
{
	struct net n = net_two();

	client_sends(&n, 40000, TCP_SYN);
	expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	client_sends(&n, 40000, TCP_SYN);
	expect_to(n.sv, CLIENT, 40000, RS1, 8080);
	server_sends(&n, RS1, 40000, TCP_RST | TCP_ACK);
	expect_state(&n, "CLOSE", 10);
	client_sends(&n, 40000, TCP_SYN);
	expect_to(n.sv, CLIENT, 40000, RS2, 8080);
	ck_assert_uint_eq(n.stk->lb.flows.count, 1);
	net_down(&n);
}
END_TEST

START_TEST(short_headers_are_dropped_by_name)
{
	struct net n = net_two();
	struct unit_frame f = from_client(IPPROTO_TCP4, 40000, TCP_SYN);
	uint8_t frame[64];
	uint32_t len = unit_frame_build(frame, sizeof(frame), &f);

	frame[34 + TCP_OFF_DOFF] = 0xf0;	/* options past the end */
	unit_feed_bytes(n.stk, n.cl, frame, len);
	ck_assert_uint_eq(n.stk->drop.count[DROP_LB_SHORT], 1);
	unit_expect_nothing(n.sv);
	net_down(&n);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lb");
	TCase *tc = tcase_create("nat");

	tcase_add_test(tc, nat_translates_both_ways);
	tcase_add_test(tc, rr_takes_turns);
	tcase_add_test(tc, states_and_timeouts_are_ipvs);
	tcase_add_test(tc, reset_closes_in_ten_seconds);
	tcase_add_test(tc, packets_keep_a_flow_alive);
	tcase_add_test(tc, no_server_answers_at_once);
	tcase_add_test(tc, mid_flow_is_not_scheduled);
	tcase_add_test(tc, udp_keeps_a_zero_checksum);
	tcase_add_test(tc, ttl_ends_before_the_translation);
	tcase_add_test(tc, icmp_from_the_server_side);
	tcase_add_test(tc, icmp_from_the_client_side);
	tcase_add_test(tc, icmp_with_a_wrong_sum_goes_nowhere);
	tcase_add_test(tc, super_frame_passes_whole);
	tcase_add_test(tc, removed_server_drains);
	tcase_add_test(tc, syn_on_a_closed_flow_is_scheduled_anew);
	tcase_add_test(tc, short_headers_are_dropped_by_name);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

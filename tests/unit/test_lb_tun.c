/*
 * test_lb_tun.c - TUN, what a path to a server tells of itself, and the
 * interface of tunnels.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "tunnel/ipip.h"
#include "unit/lb_bed.h"

static struct lb_bed
bed_of(enum lb_fwd fwd)
{
	struct lb_bed b = lb_bed_up(IPPROTO_TCP4, 0, NULL);

	lb_bed_server(&b, RS1, 80, fwd, 1);
	return b;
}

/* ---- TUN -------------------------------------------------------------- */

START_TEST(tun_puts_it_into_another)
{
	struct lb_bed b = bed_of(LB_FWD_TUN);
	struct unit_frame f = lb_bed_in(IPPROTO_TCP4, 40000, TCP_SYN);
	struct unit_seen s;
	const uint8_t *in;

	f.tos = 0xb8 | 2;	/* EF, ECT(0) */
	f.frag = IP_DF;
	unit_feed(b.stk, b.cl, &f);
	s = lb_bed_expect(b.sv);
	ck_assert_uint_eq(s.ip.proto, IPPROTO_IPIP4);
	ck_assert_uint_eq(s.ip.src.v, LOCAL1.v);
	ck_assert_uint_eq(s.ip.dst.v, RS1.v);
	ck_assert_uint_eq(s.ip.ttl, 63);
	ck_assert_uint_eq(s.ip.tos, 0xb8 | 2);
	ck_assert_uint_eq(s.ip.frag, IP_DF);
	in = s.l4;
	ck_assert_uint_eq(in[IP4_OFF_TTL], 63);
	ck_assert_uint_eq(be32_get(in + IP4_OFF_SRC), CLIENT.v);
	ck_assert_uint_eq(be32_get(in + IP4_OFF_DST), VIP.v);
	ck_assert_uint_eq(be16_get(in + 20), 40000);
	unit_seen_free(&s);
	lb_bed_down(&b);
}
END_TEST

START_TEST(tun_tells_the_mtu_less_its_own)
{
	struct lb_bed b = bed_of(LB_FWD_TUN);
	struct unit_frame f = lb_bed_in(IPPROTO_TCP4, 40000, TCP_ACK);
	static uint8_t data[1460];
	struct unit_seen s;

	lb_bed_client(&b, 40000, TCP_SYN);
	s = lb_bed_expect(b.sv);
	unit_seen_free(&s);
	f.payload = data;
	f.payload_len = 1441;	/* 1481 bytes of IP */
	f.frag = IP_DF;
	unit_feed(b.stk, b.cl, &f);
	unit_expect_nothing(b.sv);
	s = lb_bed_expect(b.cl);
	ck_assert_uint_eq(s.icmp_type, ICMP_UNREACH);
	ck_assert_uint_eq(s.icmp_code, ICMP_UNREACH_FRAG);
	ck_assert_uint_eq(s.icmp_rest, 1480);
	unit_seen_free(&s);
	f.payload_len = 1440;
	unit_feed(b.stk, b.cl, &f);
	s = lb_bed_expect(b.sv);
	ck_assert_uint_eq(s.ip.total_len, 1500);
	unit_seen_free(&s);
	/* Without DF the outer packet is fragmented. */
	f.frag = 0;
	f.payload_len = 1460;
	unit_feed(b.stk, b.cl, &f);
	s = lb_bed_expect(b.sv);
	ck_assert_uint_eq(s.ip.frag, IP_MF);
	unit_seen_free(&s);
	s = lb_bed_expect(b.sv);
	ck_assert_uint_ne(s.ip.frag & IP_OFFMASK, 0);
	unit_seen_free(&s);
	lb_bed_down(&b);
}
END_TEST

/* An error about the tunnel's packet `out`, from a router on the way. */
static void
tunnel_error_of(struct lb_bed *b, const struct unit_seen *out, uint8_t type,
    uint8_t code, uint32_t rest, uint32_t quote)
{
	struct unit_frame f = {
		.dst = { { 2, 0, 0, 0, 0, 2 } },
		.src = { { 2, 0, 0, 0, 0, 254 } },
		.sip = IP4(10, 0, 0, 254), .dip = LOCAL1,
		.proto = IPPROTO_ICMP4, .icmp_type = type, .icmp_code = code,
		.icmp_rest = rest, .payload = out->l4 - 20,
		.payload_len = quote,
	};

	unit_feed(b->stk, b->sv, &f);
}

static void
tunnel_error(struct lb_bed *b, const struct unit_seen *out, uint8_t type,
    uint8_t code, uint32_t rest)
{
	tunnel_error_of(b, out, type, code, rest, 60);
}

START_TEST(tun_learns_the_path_mtu)
{
	struct lb_bed b = bed_of(LB_FWD_TUN);
	struct unit_frame f = lb_bed_in(IPPROTO_TCP4, 40000, TCP_SYN);
	struct unit_seen out, s;
	static uint8_t data[1400];

	f.frag = IP_DF;
	unit_feed(b.stk, b.cl, &f);
	out = lb_bed_expect(b.sv);
	tunnel_error(&b, &out, ICMP_UNREACH, ICMP_UNREACH_FRAG, 1400);
	ck_assert_uint_eq(b.stk->ip.stats.delivered, 1);
	s = lb_bed_expect(b.cl);
	ck_assert_uint_eq(s.icmp_type, ICMP_UNREACH);
	ck_assert_uint_eq(s.icmp_code, ICMP_UNREACH_FRAG);
	ck_assert_uint_eq(s.icmp_rest, 1380);
	ck_assert_uint_eq(s.ip.dst.v, CLIENT.v);
	ck_assert_uint_eq(be32_get(s.payload + IP4_OFF_SRC), CLIENT.v);
	ck_assert_uint_eq(be32_get(s.payload + IP4_OFF_DST), VIP.v);
	ck_assert_uint_eq(be16_get(s.payload + 22), 80);
	unit_seen_free(&s);
	/* From now on it is known before anything is sent ... */
	f = lb_bed_in(IPPROTO_TCP4, 40000, TCP_ACK);
	f.frag = IP_DF;
	f.payload = data;
	f.payload_len = 1341;
	unit_feed(b.stk, b.cl, &f);
	unit_expect_nothing(b.sv);
	s = lb_bed_expect(b.cl);
	ck_assert_uint_eq(s.icmp_rest, 1380);
	unit_seen_free(&s);
	/* ... and forgotten after ten minutes (RFC 1191 6.3). */
	unit_run_until(b.stk, 601000000);
	unit_neighbour(b.stk, "sv", "10.0.0.11", 11);
	while (mem_port_sent(b.sv) > 0) {
		s = unit_expect(b.sv);
		unit_seen_free(&s);
	}
	unit_feed(b.stk, b.cl, &f);
	s = lb_bed_expect(b.sv);
	ck_assert_uint_eq(s.ip.total_len, 1401);
	unit_seen_free(&s);
	unit_seen_free(&out);
	lb_bed_down(&b);
}
END_TEST

START_TEST(tun_relays_other_errors_and_no_forged_ones)
{
	struct lb_bed b = bed_of(LB_FWD_TUN);
	struct unit_seen out, s;
	uint8_t *quoted;

	lb_bed_client(&b, 40000, TCP_SYN);
	out = lb_bed_expect(b.sv);
	tunnel_error(&b, &out, ICMP_UNREACH, ICMP_UNREACH_HOST, 0);
	s = lb_bed_expect(b.cl);
	ck_assert_uint_eq(s.icmp_type, ICMP_UNREACH);
	ck_assert_uint_eq(s.icmp_code, ICMP_UNREACH_HOST);
	unit_seen_free(&s);
	/* The quote names another server than the flow has. */
	quoted = out.frame->data + 14;
	quoted[IP4_OFF_DST + 3] = 12;
	tunnel_error(&b, &out, ICMP_UNREACH, ICMP_UNREACH_FRAG, 600);
	ck_assert_uint_eq(lb_bed_find(&b, RS1, 80)->tun_mtu, 0);
	unit_expect_nothing(b.cl);
	unit_seen_free(&out);
	lb_bed_down(&b);
}
END_TEST

/* RFC 792 wants no more than eight bytes of what the packet held: what the
 * client hears quotes as much, and its header says so. */
START_TEST(tun_relays_an_error_that_quotes_little)
{
	struct lb_bed b = bed_of(LB_FWD_TUN);
	struct unit_seen out, s;

	lb_bed_client(&b, 40000, TCP_SYN);
	out = lb_bed_expect(b.sv);
	tunnel_error_of(&b, &out, ICMP_UNREACH, ICMP_UNREACH_HOST, 0, 48);
	s = lb_bed_expect(b.cl);
	ck_assert_uint_eq(s.icmp_code, ICMP_UNREACH_HOST);
	ck_assert_uint_eq(s.payload_len, 28);
	ck_assert_uint_eq(be16_get(s.payload + IP4_OFF_LEN), 28);
	unit_seen_free(&s);
	unit_seen_free(&out);
	lb_bed_down(&b);
}
END_TEST

/* An MTU that no link may have is not believed; and who lets his packets be
 * fragmented need not know: from now on the tunnel's are. */
START_TEST(tun_keeps_some_errors_to_itself)
{
	struct lb_bed b = bed_of(LB_FWD_TUN);
	struct unit_frame f = lb_bed_in(IPPROTO_TCP4, 40000, TCP_SYN);
	struct unit_seen out;

	f.frag = IP_DF;
	unit_feed(b.stk, b.cl, &f);
	out = lb_bed_expect(b.sv);
	tunnel_error(&b, &out, ICMP_UNREACH, ICMP_UNREACH_FRAG, 87);
	ck_assert_uint_eq(b.stk->drop.count[DROP_ICMP_NO_MATCH], 1);
	ck_assert_uint_eq(lb_bed_find(&b, RS1, 80)->tun_mtu, 0);
	unit_seen_free(&out);
	f.frag = 0;
	unit_feed(b.stk, b.cl, &f);
	out = lb_bed_expect(b.sv);
	tunnel_error(&b, &out, ICMP_UNREACH, ICMP_UNREACH_FRAG, 88);
	ck_assert_uint_eq(lb_bed_find(&b, RS1, 80)->tun_mtu, 88);
	unit_seen_free(&out);
	unit_expect_nothing(b.cl);
	ck_assert_uint_eq(b.stk->pool.live, 0);
	lb_bed_down(&b);
}
END_TEST

START_TEST(tun_cuts_super_frames)
{
	struct lb_bed b = lb_bed_up(IPPROTO_TCP4, PORT_CSUM | PORT_TSO4,
	    NULL);
	struct unit_frame f = lb_bed_in(IPPROTO_TCP4, 40000, TCP_ACK);
	struct mem_frame *give = calloc(1, sizeof(*give) + 5000);
	static uint8_t data[4000];
	struct unit_seen s;
	uint32_t total = 0, id = 0;

	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 256);

	lb_bed_server(&b, RS1, 80, LB_FWD_TUN, 1);
	lb_bed_client(&b, 40000, TCP_SYN);
	s = lb_bed_expect(b.sv);
	unit_seen_free(&s);
	f.payload = data;
	f.payload_len = sizeof(data);
	give->len = unit_frame_build(give->data, 5000, &f);
	give->csum_start = 34;
	give->csum_offset = TCP_OFF_CSUM;
	give->csum_needed = true;
	give->gso_type = PKT_GSO_TCP4;
	give->gso_size = 1400;
	be16_put(give->data + 34 + TCP_OFF_CSUM, csum_fold(csum_pseudo4(f.sip,
	    f.dip, f.proto, give->len - 34)));
	ck_assert_int_eq(mem_port_give_frame(b.cl, give), 0);
	free(give);
	unit_poll(b.stk);
	for (unsigned i = 0; i < 3; i++) {
		s = lb_bed_expect(b.sv);
		ck_assert_uint_eq(s.frame->gso_type, PKT_GSO_NONE);
		ck_assert_uint_eq(s.ip.proto, IPPROTO_IPIP4);
		ck_assert_uint_eq(be32_get(s.l4 + 20 + TCP_OFF_SEQ),
		    1000 + total);
		ck_assert_mem_eq(s.l4 + 40, data + total, s.ip.total_len - 60);
		ck_assert(csum_header_ok(s.l4, 20));
		ck_assert(i == 0 || s.ip.id == (uint16_t)(id + 1));
		id = s.ip.id;
		total += s.ip.total_len - 60;
		unit_seen_free(&s);
	}
	ck_assert_uint_eq(total, 4000);
	unit_expect_nothing(b.sv);
	lb_bed_down(&b);
}
END_TEST

START_TEST(tun_clamps_the_mss_when_asked)
{
	struct lb_bed b = bed_of(LB_FWD_TUN);
	struct unit_frame f = lb_bed_in(IPPROTO_TCP4, 40000, TCP_SYN);
	uint8_t options[8] = { 1, 2, 4, 1460 >> 8, 1460 & 255, 1, 1, 0 };
	struct lb_conf conf;
	struct unit_seen s;

	lb_conf_get(b.stk, &conf);
	conf.mss_clamp = true;
	ck_assert_int_eq(lb_conf_set(b.stk, &conf, NULL), 0);
	f.options = options;
	f.options_len = sizeof(options);
	unit_feed(b.stk, b.cl, &f);
	s = lb_bed_expect(b.sv);
	ck_assert_uint_eq(be16_get(s.l4 + 20 + 20 + 3), 1440);
	/* The inner checksum is right, though the option stood odd. */
	ck_assert_uint_eq(csum_finish(csum_add(csum_pseudo4(CLIENT, VIP,
	    IPPROTO_TCP4, 28), s.l4 + 20, 28)), 0);
	unit_seen_free(&s);
	lb_bed_down(&b);
}
END_TEST

/* ---- the tunnel interface --------------------------------------------- */

START_TEST(ipip_takes_packets_out)
{
	struct stack *stk = unit_stack();
	struct port *p = unit_port(stk, "p", 2, "10.0.0.11/24");
	struct unit_frame f = { .dst = { { 2, 0, 0, 0, 0, 2 } },
	    .src = { { 2, 0, 0, 0, 0, 1 } }, .sip = LOCAL1, .dip = RS1,
	    .proto = IPPROTO_IPIP4, .tos = 3 };
	struct unit_frame inner = lb_bed_in(IPPROTO_ICMP4, 0, 0);
	struct ip4_prefix vip = { VIP, 32 };
	uint8_t frame[128];
	struct unit_seen s;

	ck_assert_int_eq(ipip_add(stk, "tunl0", IP4_ANY, IP4_ANY, NULL), 0);
	ck_assert_int_eq(iface_addr_add(stk, iface_lookup(stk, "tunl0"), vip,
	    SCOPE_GLOBAL, NULL), 0);
	unit_neighbour(stk, "p", "10.0.0.1", 1);
	inner.sip = LOCAL1;
	inner.icmp_type = ICMP_ECHO;
	inner.tos = 2;
	f.payload_len = unit_frame_build(frame, sizeof(frame), &inner) - 14;
	f.payload = frame + 14;
	unit_feed(stk, p, &f);
	s = lb_bed_expect(p);
	ck_assert_uint_eq(s.icmp_type, ICMP_ECHO_REPLY);
	ck_assert_uint_eq(s.ip.src.v, VIP.v);
	/* RFC 6040 4.2: congestion seen outside shows inside. */
	ck_assert_uint_eq(s.ip.tos & 3, 3);
	unit_seen_free(&s);
	/* ... and a packet that cannot carry the mark is dropped. */
	inner.tos = 0;
	unit_frame_build(frame, sizeof(frame), &inner);
	unit_feed(stk, p, &f);
	unit_expect_nothing(p);
	ck_assert_uint_eq(stk->drop.count[DROP_TUNNEL_ECN], 1);
	frame[14] = 0x65;
	unit_feed(stk, p, &f);
	ck_assert_uint_eq(stk->drop.count[DROP_TUNNEL_INNER], 1);
	ck_assert_uint_eq(ipip_next(stk, NULL)->errors, 2);
	ck_assert_int_eq(ipip_del(stk, "tunl0", NULL), 0);
	unit_feed(stk, p, &f);
	ck_assert_uint_eq(stk->drop.count[DROP_IP_PROTO], 1);
	unit_stack_free(stk);
}
END_TEST

START_TEST(ipip_sends_to_its_other_end)
{
	struct stack *stk = unit_stack();
	struct port *a = unit_port(stk, "a", 1, "192.168.1.1/24");
	struct port *b = unit_port(stk, "b", 2, "10.0.0.1/24");
	struct route *r = calloc(1, sizeof(*r) + sizeof(r->hop[0]));
	struct unit_frame f = lb_bed_in(IPPROTO_UDP4, 1, 0);
	struct unit_seen s;

	unit_neighbour(stk, "b", "10.0.0.11", 11);
	ck_assert_int_eq(ipip_add(stk, "t", LOCAL1, RS1, NULL), 0);
	ck_assert_int_eq(ipip_add(stk, "u", LOCAL1, RS1, NULL), -EEXIST);
	ck_assert_int_eq(ipip_add(stk, "t", LOCAL1, RS2, NULL), -EEXIST);
	ck_assert_int_eq(ip4_prefix_parse("172.16.0.0/12", &r->dst), 0);
	r->type = ROUTE_UNICAST;
	r->hops = 1;
	r->hop[0] = (struct next_hop){ iface_lookup(stk, "t"), IP4_ANY, 1 };
	ck_assert_int_eq(route_add(stk, r, NULL), 0);
	free(r);
	f.dip = IP4(172, 16, 0, 1);
	unit_feed(stk, a, &f);
	s = lb_bed_expect(b);
	ck_assert_uint_eq(s.ip.proto, IPPROTO_IPIP4);
	ck_assert_uint_eq(s.ip.dst.v, RS1.v);
	ck_assert_uint_eq(be32_get(s.l4 + IP4_OFF_DST), 0xac100001);
	unit_seen_free(&s);
	unit_stack_free(stk);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lb_tun");
	TCase *tc = tcase_create("tun");

	tcase_add_test(tc, tun_puts_it_into_another);
	tcase_add_test(tc, tun_tells_the_mtu_less_its_own);
	tcase_add_test(tc, tun_learns_the_path_mtu);
	tcase_add_test(tc, tun_relays_other_errors_and_no_forged_ones);
	tcase_add_test(tc, tun_relays_an_error_that_quotes_little);
	tcase_add_test(tc, tun_keeps_some_errors_to_itself);
	tcase_add_test(tc, tun_cuts_super_frames);
	tcase_add_test(tc, tun_clamps_the_mss_when_asked);
	suite_add_tcase(s, tc);
	tc = tcase_create("ipip");
	tcase_add_test(tc, ipip_takes_packets_out);
	tcase_add_test(tc, ipip_sends_to_its_other_end);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

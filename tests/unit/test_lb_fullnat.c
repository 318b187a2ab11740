/*
 * test_lb_fullnat.c - FULLNAT: local addresses and ports, sequence mapping,
 * the client's address in TOA, options, errors.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "lb/lb_tcp_opt.h"
#include "lb/local.h"
#include "unit/lb_bed.h"

static struct lb_bed
bed_of(uint8_t proto, uint32_t offload)
{
	struct lb_bed b = lb_bed_up(proto, offload, NULL);
	struct addr local = addr_from_ip4(LOCAL1);
	struct err err = { "" };

	lb_bed_server(&b, RS1, 8080, LB_FWD_FULLNAT, 1);
	ck_assert_msg(lb_local_add(b.stk, b.svc, &local, &err) == 0, "%s",
	    err.text);
	return b;
}

/* What a server sends back to the port that the flow has on LOCAL1. */
static struct unit_frame
from_server(struct lb_bed *b, uint8_t proto, uint8_t flags)
{
	struct lb_flow *f = lb_bed_flow(b);
	struct unit_frame r = lb_bed_out(proto, RS1, 8080, f->lport, flags);

	r.dip = LOCAL1;
	return r;
}

/* An open connection: client's numbers 1000, server's 5000. */
static void
handshake(struct lb_bed *b, uint16_t sport)
{
	struct unit_frame f = lb_bed_in(IPPROTO_TCP4, sport, TCP_SYN);
	struct unit_seen s;

	unit_feed(b->stk, b->cl, &f);
	s = lb_bed_expect(b->sv);
	unit_seen_free(&s);
	f = from_server(b, IPPROTO_TCP4, TCP_SYN | TCP_ACK);
	f.ack = lb_bed_flow(b)->seq_delta + 1001;
	unit_feed(b->stk, b->sv, &f);
	s = lb_bed_expect(b->cl);
	ck_assert_uint_eq(s.ack, 1001);
	unit_seen_free(&s);
}

static struct unit_frame
client_data(uint16_t sport, uint32_t ack, const char *text)
{
	struct unit_frame f = lb_bed_in(IPPROTO_TCP4, sport, TCP_ACK);

	f.seq = 1001;
	f.ack = ack;
	f.payload = text;
	f.payload_len = (uint32_t)strlen(text);
	return f;
}

START_TEST(both_sides_are_rewritten)
{
	struct lb_bed b = bed_of(IPPROTO_TCP4, 0);
	struct unit_frame f;
	struct lb_flow *flow;

	lb_bed_client(&b, 40000, TCP_SYN);
	flow = lb_bed_flow(&b);
	ck_assert_uint_ge(flow->lport, LB_LOCAL_PORT_LOW);
	lb_bed_expect_to(b.sv, LOCAL1, flow->lport, RS1, 8080);
	f = from_server(&b, IPPROTO_TCP4, TCP_SYN | TCP_ACK);
	unit_feed(b.stk, b.sv, &f);
	lb_bed_expect_to(b.cl, VIP, 80, CLIENT, 40000);
	lb_bed_expect_state(&b, "SYN_RECV", 60);
	lb_bed_down(&b);
}
END_TEST

START_TEST(udp_is_rewritten)
{
	struct lb_bed b = bed_of(IPPROTO_UDP4, 0);
	struct unit_frame f = lb_bed_in(IPPROTO_UDP4, 40000, 0);
	uint16_t lport;

	f.payload = "question";
	f.payload_len = 8;
	unit_feed(b.stk, b.cl, &f);
	lport = lb_bed_flow(&b)->lport;
	lb_bed_expect_to(b.sv, LOCAL1, lport, RS1, 8080);
	f = from_server(&b, IPPROTO_UDP4, 0);
	unit_feed(b.stk, b.sv, &f);
	lb_bed_expect_to(b.cl, VIP, 80, CLIENT, 40000);
	lb_bed_down(&b);
}
END_TEST

/* RFC 6864 5.3.1: on the server's side all clients are one address. */
START_TEST(clients_do_not_share_identifications)
{
	struct lb_bed b = bed_of(IPPROTO_UDP4, 0);
	struct unit_frame f;
	struct unit_seen s;
	uint16_t id[2];

	for (uint16_t i = 0; i < 2; i++) {
		f = lb_bed_in(IPPROTO_UDP4, 40000, 0);
		f.sip.v += i;
		f.id = 77;
		unit_feed(b.stk, b.cl, &f);
		s = lb_bed_expect(b.sv);
		ck_assert_uint_eq(s.ip.src.v, LOCAL1.v);
		id[i] = s.ip.id;
		unit_seen_free(&s);
	}
	ck_assert_uint_eq(id[1], (uint16_t)(id[0] + 1));
	lb_bed_down(&b);
}
END_TEST

/* Once with the SACK block at an even place, once at an odd one. */
START_TEST(sequence_numbers_are_mapped)
{
	struct lb_bed b = bed_of(IPPROTO_TCP4, 0);
	struct unit_frame f = lb_bed_in(IPPROTO_TCP4, 40000, TCP_SYN);
	static const uint8_t even[12] = { 1, 1, 5, 10 }, odd[12] = { 1, 5, 10 };
	uint32_t at = _i == 0 ? 4 : 3;
	uint8_t sack[12];
	struct unit_seen s;
	uint32_t delta;

	f.seq = 0xfffffff0;	/* wraps under way */
	unit_feed(b.stk, b.cl, &f);
	delta = lb_bed_flow(&b)->seq_delta;
	s = lb_bed_expect(b.sv);
	ck_assert_uint_eq(s.seq, 0xfffffff0 + delta);
	unit_seen_free(&s);
	/* Sent again it gets the same number. */
	unit_feed(b.stk, b.cl, &f);
	s = lb_bed_expect(b.sv);
	ck_assert_uint_eq(s.seq, 0xfffffff0 + delta);
	unit_seen_free(&s);
	f = from_server(&b, IPPROTO_TCP4, TCP_ACK);
	f.ack = 0xfffffff1 + delta;
	memcpy(sack, _i == 0 ? even : odd, sizeof(sack));
	be32_put(sack + at, 0x10 + delta);
	be32_put(sack + at + 4, 0x20 + delta);
	f.options = sack;
	f.options_len = sizeof(sack);
	unit_feed(b.stk, b.sv, &f);
	s = lb_bed_expect(b.cl);
	ck_assert_uint_eq(s.seq, 5000);
	ck_assert_uint_eq(s.ack, 0xfffffff1);
	ck_assert_uint_eq(be32_get(s.l4 + 20 + at), 0x10);
	ck_assert_uint_eq(be32_get(s.l4 + 24 + at), 0x20);
	unit_seen_free(&s);
	/* A RST of the client goes in the server's numbers. */
	f = lb_bed_in(IPPROTO_TCP4, 40000, TCP_RST);
	f.seq = 0xfffffff1;
	unit_feed(b.stk, b.cl, &f);
	s = lb_bed_expect(b.sv);
	ck_assert_uint_eq(s.seq, 0xfffffff1 + delta);
	unit_seen_free(&s);
	lb_bed_down(&b);
}
END_TEST

/* Whoever asked knows its own number, by which it believes the refusal. */
START_TEST(a_refusal_is_mapped)
{
	struct lb_bed b = bed_of(IPPROTO_TCP4, 0);
	struct unit_frame f;
	struct unit_seen s;

	lb_bed_client(&b, 40000, TCP_SYN);
	s = lb_bed_expect(b.sv);
	f = from_server(&b, IPPROTO_TCP4, TCP_RST | TCP_ACK);
	f.seq = 0;
	f.ack = s.seq + 1;
	unit_seen_free(&s);
	unit_feed(b.stk, b.sv, &f);
	s = lb_bed_expect(b.cl);
	ck_assert_uint_eq(s.flags, TCP_RST | TCP_ACK);
	ck_assert_uint_eq(s.seq, 0);
	ck_assert_uint_eq(s.ack, 1001);
	unit_seen_free(&s);
	lb_bed_down(&b);
}
END_TEST

/* Where a flow is kept for the next connection on the client's port, that one
 * gets numbers of its own: later ones than the server saw, and the client's
 * address again. */
START_TEST(the_next_connection_gets_later_numbers)
{
	struct lb_bed b = bed_of(IPPROTO_TCP4, 0);
	struct unit_frame f;
	struct unit_seen s;
	struct lb_conf conf;
	uint32_t last;

	lb_conf_get(b.stk, &conf);
	conf.conn_reuse_mode = 0;
	ck_assert_int_eq(lb_conf_set(b.stk, &conf, NULL), 0);
	handshake(&b, 40000);
	f = client_data(40000, 5100, "x");
	f.flags = TCP_FIN | TCP_ACK;
	unit_feed(b.stk, b.cl, &f);
	s = lb_bed_expect(b.sv);
	last = s.seq + 2;
	unit_seen_free(&s);
	f = from_server(&b, IPPROTO_TCP4, TCP_FIN | TCP_ACK);
	unit_feed(b.stk, b.sv, &f);
	s = lb_bed_expect(b.cl);
	unit_seen_free(&s);
	lb_bed_expect_state(&b, "TIME_WAIT", 120);
	/* The client's own numbers may be anything. */
	unit_run_until(b.stk, b.stk->now.us + USEC_PER_SEC);
	f = lb_bed_in(IPPROTO_TCP4, 40000, TCP_SYN);
	f.seq = 1000 - 500000;
	unit_feed(b.stk, b.cl, &f);
	s = lb_bed_expect(b.sv);
	ck_assert_int_gt((int32_t)(s.seq - last), 0);
	ck_assert_int_lt((int32_t)(s.seq - last), 500000);
	unit_seen_free(&s);
	f = from_server(&b, IPPROTO_TCP4, TCP_SYN | TCP_ACK);
	unit_feed(b.stk, b.sv, &f);
	s = lb_bed_expect(b.cl);
	unit_seen_free(&s);
	f = client_data(40000, 5001, "GET");
	f.seq = 1001 - 500000;
	unit_feed(b.stk, b.cl, &f);
	s = lb_bed_expect(b.sv);
	ck_assert_uint_eq(s.l4[20], 254);
	unit_seen_free(&s);
	lb_bed_down(&b);
}
END_TEST

START_TEST(toa_until_the_servers_data_is_acked)
{
	struct lb_bed b = bed_of(IPPROTO_TCP4, 0);
	static const uint8_t toa[] = { 254, 8, 40000 >> 8, 40000 & 255, 192,
	    168, 1, 10 };
	struct unit_frame f = client_data(40000, 5001, "GET / HTTP/1.0");
	struct unit_seen s;

	handshake(&b, 40000);
	for (unsigned i = 0; i < 2; i++) {	/* repeated, so loss-safe */
		unit_feed(b.stk, b.cl, &f);
		s = lb_bed_expect(b.sv);
		ck_assert_mem_eq(s.l4 + 20, toa, sizeof(toa));
		ck_assert_uint_eq(s.payload_len, 14);
		ck_assert_mem_eq(s.payload, "GET / HTTP/1.0", 14);
		unit_seen_free(&s);
	}
	f = client_data(40000, 5100, "more");
	unit_feed(b.stk, b.cl, &f);
	s = lb_bed_expect(b.sv);
	ck_assert_uint_eq(s.payload - s.l4, 20);
	unit_seen_free(&s);
	/* An old segment after that has none either. */
	f = client_data(40000, 5001, "GET / HTTP/1.0");
	unit_feed(b.stk, b.cl, &f);
	s = lb_bed_expect(b.sv);
	ck_assert_uint_eq(s.payload - s.l4, 20);
	unit_seen_free(&s);
	lb_bed_down(&b);
}
END_TEST

/* RFC 9768 3.3: who rewrites headers leaves AE, CWR, ECE, the option and the
 * codepoint alone, here with the client's address put before the option. */
START_TEST(accurate_ecn_passes)
{
	static const uint8_t acc[] = { 174, 11, 0, 0, 1, 0, 0, 5, 0, 0, 9, 1 };
	struct lb_bed b = bed_of(IPPROTO_TCP4, 0);
	struct unit_frame f;
	struct unit_seen s;

	handshake(&b, 40000);
	for (uint16_t ace = 0; ace < 8; ace++) {
		f = client_data(40000, 5001, "GET");
		f.flags |= (uint16_t)(ace << 6);
		f.tos = IP_ECN_CE;
		f.options = acc;
		f.options_len = sizeof(acc);
		unit_feed(b.stk, b.cl, &f);
		s = lb_bed_expect(b.sv);
		ck_assert_uint_eq(s.flags, TCP_ACK | ace << 6);
		ck_assert_uint_eq(s.ip.tos, IP_ECN_CE);
		ck_assert_mem_eq(s.l4 + 20 + 8, acc, sizeof(acc));
		unit_seen_free(&s);
		f = from_server(&b, IPPROTO_TCP4, TCP_ACK);
		f.flags |= (uint16_t)(ace << 6);
		f.options = acc;
		f.options_len = sizeof(acc);
		unit_feed(b.stk, b.sv, &f);
		s = lb_bed_expect(b.cl);
		ck_assert_uint_eq(s.flags, TCP_ACK | ace << 6);
		ck_assert_mem_eq(s.l4 + 20, acc, sizeof(acc));
		unit_seen_free(&s);
	}
	lb_bed_down(&b);
}
END_TEST

START_TEST(toa_goes_into_a_super_frame)
{
	struct lb_bed b = bed_of(IPPROTO_TCP4, PORT_CSUM | PORT_TSO4);
	struct unit_frame f = client_data(40000, 5001, "");
	struct mem_frame *give = calloc(1, sizeof(*give) + 21000);
	static uint8_t data[20000];
	struct unit_seen s;

	handshake(&b, 40000);
	memset(data, 'x', sizeof(data));
	f.payload = data;
	f.payload_len = sizeof(data);
	f.frag = IP_DF;
	give->len = unit_frame_build(give->data, 21000, &f);
	give->csum_start = 34;
	give->csum_offset = TCP_OFF_CSUM;
	give->csum_needed = true;
	give->gso_type = PKT_GSO_TCP4;
	give->gso_size = 1452;		/* what the lowered MSS allows */
	be16_put(give->data + 34 + TCP_OFF_CSUM, csum_fold(csum_pseudo4(f.sip,
	    f.dip, f.proto, give->len - 34)));
	ck_assert_int_eq(mem_port_give_frame(b.cl, give), 0);
	unit_poll(b.stk);
	s = lb_bed_expect(b.sv);
	ck_assert_uint_eq(s.frame->gso_type, PKT_GSO_TCP4);
	ck_assert_uint_eq(s.l4[20], 254);
	ck_assert_uint_eq(s.payload_len, sizeof(data));
	ck_assert_mem_eq(s.payload, data, sizeof(data));
	unit_seen_free(&s);
	/* Segments that fill the MTU leave no room: counted, sent without. */
	give->gso_size = 1460;
	ck_assert_int_eq(mem_port_give_frame(b.cl, give), 0);
	unit_poll(b.stk);
	s = lb_bed_expect(b.sv);
	ck_assert_uint_eq(s.payload - s.l4, 20);
	unit_seen_free(&s);
	ck_assert_uint_eq(b.stk->lb.toa_missed, 1);
	free(give);
	lb_bed_down(&b);
}
END_TEST

START_TEST(syn_options_are_made_fit)
{
	struct lb_bed b = bed_of(IPPROTO_TCP4, 0);
	struct unit_frame f = lb_bed_in(IPPROTO_TCP4, 40000, TCP_SYN);
	/* MSS, SACK permitted, timestamps at an odd place, window scale */
	uint8_t options[20] = { 2, 4, 5, 180, 4, 2, 1, 8, 10, 1, 2, 3, 4, 0,
	    0, 0, 0, 3, 3, 7 };
	uint8_t mss[4] = { 2, 4, 5, 180 };
	struct unit_seen s;

	f.options = options;
	f.options_len = sizeof(options);
	unit_feed(b.stk, b.cl, &f);
	s = lb_bed_expect(b.sv);
	memset(options + 7, TCP_OPT_NOP, 10);
	ck_assert_mem_eq(s.l4 + 20, options, sizeof(options));
	unit_seen_free(&s);
	f = from_server(&b, IPPROTO_TCP4, TCP_SYN | TCP_ACK);
	f.options = mss;
	f.options_len = sizeof(mss);
	unit_feed(b.stk, b.sv, &f);
	s = lb_bed_expect(b.cl);
	ck_assert_uint_eq(be16_get(s.l4 + 22), 1452);
	unit_seen_free(&s);
	lb_bed_down(&b);
}
END_TEST

START_TEST(a_forged_toa_is_taken_out)
{
	struct lb_bed b = bed_of(IPPROTO_TCP4, 0);
	struct unit_frame f = client_data(40000, 5001, "x");
	uint8_t forged[8] = { 254, 8, 0, 22, 6, 6, 6, 6 };
	struct unit_seen s;

	handshake(&b, 40000);
	f.options = forged;
	f.options_len = sizeof(forged);
	unit_feed(b.stk, b.cl, &f);
	s = lb_bed_expect(b.sv);
	ck_assert_uint_eq(s.payload - s.l4, 36);
	ck_assert_uint_eq(s.l4[20], 254);
	ck_assert_uint_eq(s.l4[24], 192);
	for (unsigned i = 28; i < 36; i++)
		ck_assert_uint_eq(s.l4[i], TCP_OPT_NOP);
	unit_seen_free(&s);
	lb_bed_down(&b);
}
END_TEST

START_TEST(ports_are_unique_and_come_back_late)
{
	struct lb_bed b = bed_of(IPPROTO_TCP4, 0);
	static uint8_t seen[65536];
	uint32_t pos = 0, isn = 0;
	struct lb_flow *f;
	uint16_t last = 0;

	memset(seen, 0, sizeof(seen));
	for (uint16_t i = 0; i < 2000; i++) {
		lb_bed_client(&b, (uint16_t)(10000 + i), TCP_SYN);
		unit_drain(b.sv);
	}
	while ((f = lb_flow_next(b.stk, &pos, NULL)) != NULL) {
		ck_assert_uint_eq(seen[f->lport]++, 0);
		last = f->lport;
	}
	ck_assert_uint_eq(lb_flow_flush(b.stk, NULL), 2000);
	/* Given back, but the next ones are still others. */
	for (uint16_t i = 0; i < 1000; i++) {
		lb_bed_client(&b, (uint16_t)(20000 + i), TCP_SYN);
		f = lb_bed_flow(&b);
		ck_assert_uint_eq(seen[f->lport], 0);
		lb_flow_del(b.stk, f);
		unit_drain(b.sv);
	}
	/* On the same port later, the numbers have gone on (RFC 6528). */
	for (unsigned i = 0; i < 2; i++) {
		struct lb_local_use *u = lb_bed_find(&b, RS1,
		    8080)->local_uses;

		u->turn = last - LB_LOCAL_PORT_LOW;
		lb_bed_client(&b, 30000, TCP_SYN);
		f = lb_bed_flow(&b);
		ck_assert_uint_eq(f->lport, last);
		if (i > 0)
			ck_assert_uint_eq(f->seq_delta + 1000 - isn,
			    250000);
		isn = f->seq_delta + 1000;
		lb_flow_del(b.stk, f);
		unit_run_until(b.stk, b.stk->now.us + 1000000);
	}
	lb_bed_down(&b);
}
END_TEST

START_TEST(exhaustion_is_refused_and_seen)
{
	struct lb_bed b = bed_of(IPPROTO_TCP4, 0);
	struct lb_local_info info;
	struct lb_local_use *u;
	struct unit_seen s;

	lb_bed_client(&b, 40000, TCP_SYN);
	s = lb_bed_expect(b.sv);
	unit_seen_free(&s);
	u = lb_bed_find(&b, RS1, 8080)->local_uses;
	u->count += LB_LOCAL_PORTS - 1;
	lb_bed_client(&b, 40001, TCP_SYN);
	unit_expect_nothing(b.sv);
	s = lb_bed_expect(b.cl);
	ck_assert_uint_eq(s.icmp_code, ICMP_UNREACH_PORT);
	unit_seen_free(&s);
	ck_assert_uint_eq(b.stk->drop.count[DROP_LB_NO_LOCAL], 1);
	ck_assert_uint_eq(b.svc->no_local, 1);
	ck_assert(lb_local_at(b.svc, 0, &info));
	ck_assert_uint_eq(info.misses, 1);
	ck_assert_uint_eq(info.flows, LB_LOCAL_PORTS);
	u->count -= LB_LOCAL_PORTS - 1;
	lb_bed_down(&b);
}
END_TEST

START_TEST(local_addresses_take_turns)
{
	struct lb_bed b = bed_of(IPPROTO_TCP4, 0);
	struct ip4_prefix second = { IP4(10, 0, 0, 2), 32 };
	struct addr a = addr_from_ip4(second.ip);
	struct lb_local_info info;
	struct err err;

	ck_assert_int_eq(lb_local_add(b.stk, b.svc, &a, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "10.0.0.2"));
	ck_assert_int_eq(iface_addr_add(b.stk, b.sv->ifp, second,
	    SCOPE_GLOBAL, NULL), 0);
	ck_assert_int_eq(lb_local_add(b.stk, b.svc, &a, &err), 0);
	ck_assert_int_eq(lb_local_add(b.stk, b.svc, &a, &err), -EEXIST);
	for (uint16_t i = 0; i < 10; i++)
		lb_bed_client(&b, (uint16_t)(40000 + i), TCP_SYN);
	ck_assert(lb_local_at(b.svc, 1, &info));
	ck_assert_uint_eq(info.flows, 5);
	ck_assert(addr_eq(&info.addr, &a));
	ck_assert(!lb_local_at(b.svc, 2, &info));
	ck_assert_int_eq(lb_local_del(b.stk, b.svc, &a, &err), 0);
	ck_assert_int_eq(lb_local_del(b.stk, b.svc, &a, &err), -ENOENT);
	/* Flows that have it keep it. */
	lb_bed_client(&b, 40001, TCP_ACK);
	ck_assert_uint_eq(b.stk->drop.count[DROP_LB_NO_FLOW], 0);
	lb_bed_down(&b);
}
END_TEST

START_TEST(errors_carry_the_clients_numbers)
{
	struct lb_bed b = bed_of(IPPROTO_TCP4, 0);
	struct unit_seen out, s;
	struct unit_frame f;

	lb_bed_client(&b, 40000, TCP_SYN);
	out = lb_bed_expect(b.sv);
	f = (struct unit_frame){ .dst = { { 2, 0, 0, 0, 0, 2 } },
	    .src = { { 2, 0, 0, 0, 0, 254 } }, .sip = IP4(10, 0, 0, 254),
	    .dip = LOCAL1, .proto = IPPROTO_ICMP4, .icmp_type = ICMP_UNREACH,
	    .icmp_code = ICMP_UNREACH_HOST, .payload = out.l4 - 20,
	    .payload_len = 28 };
	unit_feed(b.stk, b.sv, &f);
	unit_seen_free(&out);
	s = lb_bed_expect(b.cl);
	ck_assert_uint_eq(s.ip.src.v, VIP.v);
	ck_assert_uint_eq(s.ip.dst.v, CLIENT.v);
	ck_assert_uint_eq(be32_get(s.payload + IP4_OFF_SRC), CLIENT.v);
	ck_assert_uint_eq(be32_get(s.payload + IP4_OFF_DST), VIP.v);
	ck_assert_uint_eq(be16_get(s.payload + 20), 40000);
	ck_assert_uint_eq(be16_get(s.payload + 22), 80);
	ck_assert_uint_eq(be32_get(s.payload + 24), 1000);
	unit_seen_free(&s);
	lb_bed_down(&b);
}
END_TEST

START_TEST(without_a_local_address_nothing_goes)
{
	struct lb_bed b = lb_bed_up(IPPROTO_TCP4, 0, NULL);

	lb_bed_server(&b, RS1, 8080, LB_FWD_FULLNAT, 1);
	lb_bed_client(&b, 40000, TCP_SYN);
	unit_expect_nothing(b.sv);
	ck_assert_uint_eq(b.stk->drop.count[DROP_LB_NO_LOCAL], 1);
	ck_assert_uint_eq(b.stk->lb.flows.count, 0);
	lb_bed_down(&b);
}
END_TEST

/* A segment full of options, as a packet. */
static struct pkt *
segment(struct stack *stk, struct ip4_hdr *h)
{
	struct unit_frame f = lb_bed_in(IPPROTO_TCP4, 1, TCP_ACK);
	uint8_t options[40], frame[128];
	struct pkt *p = pkt_alloc(&stk->pool, 128);
	uint32_t len;

	memset(options, 0x5a, sizeof(options));
	f.options = options;
	f.options_len = sizeof(options);
	len = unit_frame_build(frame, sizeof(frame), &f) - 14;
	memcpy(pkt_append(p, len), frame + 14, len);
	p->l3 = p->off;
	p->l4 = p->off + 20;
	ck_assert_int_eq(ip4_parse_hdr(pkt_data(p), len, h), 0);
	return p;
}

static void
expect_sum(const struct pkt *p)
{
	ck_assert_uint_eq(csum_finish(csum_add(csum_pseudo4(CLIENT, VIP,
	    IPPROTO_TCP4, p->len - 20), pkt_data(p) + 20, p->len - 20)), 0);
}

/* The checksum after each edit equals one computed anew, for every offset. */
START_TEST(edits_keep_the_checksum)
{
	static const uint8_t fill[8] = { 0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4 };
	static const uint32_t delta[] = { 0, 1, 0xff, 0x100, 0xffff, 0x10000,
	    0xa5a5a5a6, UINT32_MAX };
	struct stack *stk = unit_stack();
	struct ip4_hdr h;

	for (uint32_t off = 0; off < 16; off++) {
		for (uint32_t n = 1; n <= 8; n++) {
			struct pkt *p = segment(stk, &h);

			lb_tcp_write(p, &h, 24 + off, fill, n);
			ck_assert_mem_eq(pkt_data(p) + 44 + off, fill, n);
			expect_sum(p);
			lb_tcp_add32(p, &h, 40 + off, delta[n - 1]);
			ck_assert_uint_eq(be32_get(pkt_data(p) + 60 + off),
			    0x5a5a5a5a + delta[n - 1]);
			expect_sum(p);
			pkt_free(p);
		}
	}
	unit_stack_free(stk);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lb_fullnat");
	TCase *tc = tcase_create("fullnat");

	tcase_add_test(tc, both_sides_are_rewritten);
	tcase_add_test(tc, udp_is_rewritten);
	tcase_add_test(tc, clients_do_not_share_identifications);
	tcase_add_loop_test(tc, sequence_numbers_are_mapped, 0, 2);
	tcase_add_test(tc, the_next_connection_gets_later_numbers);
	tcase_add_test(tc, a_refusal_is_mapped);
	tcase_add_test(tc, toa_until_the_servers_data_is_acked);
	tcase_add_test(tc, accurate_ecn_passes);
	tcase_add_test(tc, toa_goes_into_a_super_frame);
	tcase_add_test(tc, syn_options_are_made_fit);
	tcase_add_test(tc, a_forged_toa_is_taken_out);
	tcase_add_test(tc, ports_are_unique_and_come_back_late);
	tcase_add_test(tc, exhaustion_is_refused_and_seen);
	tcase_add_test(tc, local_addresses_take_turns);
	tcase_add_test(tc, errors_carry_the_clients_numbers);
	tcase_add_test(tc, without_a_local_address_nothing_goes);
	tcase_add_test(tc, edits_keep_the_checksum);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

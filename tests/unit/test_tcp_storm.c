/*
 * test_tcp_storm.c - peers that mean ill, and peers that went away: a flood of
 * SYNs, storms of RSTs, windows closed for minutes, connections that only one
 * side knows.
 */
#include "unit/tcp_pair.h"

#include <errno.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "ip/ip_wire.h"
#include "tcp/tcp_conn.h"

static struct stack *stk;
static struct port *port;
static struct tcp_listener *l;

static void
setup(void)
{
	struct ip4_prefix a = { IP4(10, 0, 0, 1), 8 };
	struct addr any = { { 0 } };

	stk = unit_stack();
	port = mem_port_new(&stk->mem, "tun0", false, MAC_ZERO, 1500, 0);
	ck_assert_ptr_nonnull(port);
	ck_assert_int_eq(port_add(stk, port), 0);
	ck_assert_int_eq(iface_addr_add(stk, port->ifp, a, SCOPE_GLOBAL,
	    NULL), 0);
	ck_assert_int_eq(tcp_listen(stk, &any, 80, 128, NULL, NULL, NULL,
	    &l), 0);
	unit_poll(stk);
}

static void
teardown(void)
{
	unit_stack_free(stk);
}

/* A segment without data from 10.x.x.x, and no turn. */
static void
give(struct ip4 src, uint16_t sport, uint8_t flags, uint32_t seq,
    uint32_t ack)
{
	uint8_t p[IP4_HLEN + TCP_HLEN] = { 0 }, *t = p + IP4_HLEN;
	struct ip4_hdr ip = { .ttl = 64, .proto = IPPROTO_TCP4,
	    .total_len = sizeof(p), .src = src, .dst = IP4(10, 0, 0, 1) };
	struct tcp_hdr h = { .sport = sport, .dport = 80, .seq = seq,
	    .ack = ack, .hlen = TCP_HLEN, .flags = flags, .window = 65535 };

	ip4_build_hdr(p, &ip);
	tcp_build_hdr(t, &h);
	be16_put(t + TCP_OFF_CSUM, csum_finish(csum_add(csum_pseudo4(ip.src,
	    ip.dst, ip.proto, TCP_HLEN), t, TCP_HLEN)));
	ck_assert_int_eq(mem_port_give(port, p, sizeof(p)), 0);
}

/* Takes what was sent; the last sequence number to this peer and how many
 * there were. */
static uint32_t
take(struct ip4 to, uint32_t *count)
{
	struct mem_frame *f;
	uint32_t seq = 0;

	while ((f = mem_port_take(port)) != NULL) {
		if (be32_get(f->data + 16) == to.v)
			seq = be32_get(f->data + IP4_HLEN + TCP_OFF_SEQ);
		(*count)++;
		mem_port_free(port, f);
	}
	return seq;
}

/* 100 SYNs every millisecond from anywhere, for so long. */
static void
flood(struct rng *r, int ms)
{
	uint32_t count = 0;

	for (int i = 0; i < ms; i++) {
		for (int n = 0; n < 100; n++) {
			struct ip4 from = { 0x0a000000u |
			    (0x10000u + rng_below(r, 0xe00000)) };

			give(from, (uint16_t)(1024 + rng_below(r, 60000)),
			    TCP_SYN, rng_below(r, UINT32_MAX), 0);
		}
		unit_run_until(stk, stk->now.us + 1000);
		take(IP4(0, 0, 0, 0), &count);
	}
}

/* RFC 4987 3.6: 100,000 SYNs a second, and memory stays where it was after the
 * queue was full; who means it still gets in; when it is over, all is as
 * before. */
START_TEST(syn_flood)
{
	struct ip4 friend = IP4(10, 0, 0, 2);
	uint64_t quiet, full;
	uint8_t seed[RNG_SEED_LEN] = { 9 };
	uint32_t seq, count = 0;
	struct rng r;

	rng_init(&r, seed);
	/* Buffers of packets stay where they were once needed. */
	for (uint16_t n = 0; n < 100; n++)
		give(friend, n, TCP_ACK, 1, 1);
	unit_poll(stk);
	take(friend, &count);
	quiet = stk->mem.live_bytes;
	flood(&r, 100);
	full = stk->mem.live_bytes;
	/* As many wait as may be accepted. */
	ck_assert_uint_eq(stk->tcp.half_open, 128 + 1);
	flood(&r, 1000);
	ck_assert_uint_le(stk->mem.live_bytes, full);
	ck_assert_uint_le(stk->tcp.half_open, 128 + 1);
	ck_assert_uint_gt(stk->tcp.stats.cookies_sent, 90000);

	give(friend, 4000, TCP_SYN, 100, 0);
	unit_poll(stk);
	seq = take(friend, &count);
	give(friend, 4000, TCP_ACK, 101, seq + 1);
	unit_poll(stk);
	ck_assert_uint_eq(tcp_listener_waiting(l), 1);

	/* Nobody ever answers: SYN,ACKs are repeated, then forgotten. */
	for (int s = 0; s < 300; s++) {
		unit_run_until(stk, stk->now.us + 1000000);
		take(friend, &count);
	}
	ck_assert_uint_eq(stk->tcp.half_open, 0);
	ck_assert_uint_eq(stk->tcp.table_count, 1);
	tcp_close(stk, tcp_accept(stk, l));
	give(friend, 4000, TCP_RST, 101, 0);
	unit_poll(stk);
	unit_run_until(stk, stk->now.us + 200000000);
	take(friend, &count);
	ck_assert_uint_eq(stk->tcp.table_count, 0);
	ck_assert_uint_le(stk->mem.live_bytes, quiet);
}
END_TEST

/* A connection from port 4000 of friend; its SND.NXT. */
static uint32_t
established_from(struct ip4 friend)
{
	uint32_t seq, count = 0;

	give(friend, 4000, TCP_SYN, 100, 0);
	unit_poll(stk);
	seq = take(friend, &count) + 1;
	give(friend, 4000, TCP_ACK, 101, seq);
	unit_poll(stk);
	ck_assert_uint_eq(tcp_listener_waiting(l), 1);
	return seq;
}

static uint32_t
established(void)
{
	return established_from(IP4(10, 0, 0, 2));
}

#define MANY	(TCP_FETCH_CONNS + 452)

static struct ip4
friend_ip(uint32_t i)
{
	return (struct ip4){ 0x0a010000u + i };
}

/* Among so many, connections are fetched ahead for a batch: each segment of it
 * finds its own all the same, and one of nobody none. */
START_TEST(batches_among_many)
{
	static struct tcp_conn *c[MANY];
	static uint32_t seq[MANY];
	uint32_t count = 0, resets = 0;

	for (uint32_t i = 0; i < MANY; i++) {
		seq[i] = established_from(friend_ip(i));
		c[i] = tcp_accept(stk, l);
	}
	ck_assert(tcp_fetch_pays(&stk->tcp));
	take(friend_ip(0), &count);
	count = 0;
	/* In one batch, of three one ends, one is asked, one is nobody's. */
	for (uint32_t i = 0; i + 2 < MANY; i += 3) {
		give(friend_ip(i), 4000, TCP_RST, 101, 0);
		give(friend_ip(i + 1), 4000, TCP_ACK, 100, seq[i + 1]);
		give(friend_ip(i + 2), 4001, TCP_ACK, 101, 1);
		if (i % 39 == 36)
			unit_poll(stk);
	}
	unit_poll(stk);
	take(friend_ip(0), &count);
	for (uint32_t i = 0; i < MANY; i++)
		resets += tcp_error(c[i]) == -ECONNRESET;
	ck_assert_uint_eq(resets, MANY / 3);
	ck_assert_int_eq(tcp_error(c[0]), -ECONNRESET);
	ck_assert_int_eq(tcp_error(c[1]), 0);
	/* an ACK of what was asked, a RST to nobody */
	ck_assert_uint_eq(count, MANY / 3 * 2);
	for (uint32_t i = 0; i < MANY; i++)
		tcp_abort(stk, c[i]);
}
END_TEST

/* RFC 5961 3.2 and 7: RSTs in the window that do not hit its first number kill
 * nothing, and draw few challenge ACKs, however many they are; SYNs the same
 * (4.2); the right one kills at once. */
START_TEST(rst_storm)
{
	uint8_t flags = _i == 0 ? TCP_RST : TCP_SYN;
	uint32_t seq = established(), count = 0;
	struct tcp_conn *c = tcp_accept(stk, l);

	for (uint32_t n = 0; n < 20000; n++) {
		give(IP4(10, 0, 0, 2), 4000, flags, 102 + n * 3, seq);
		if (n % 100 != 99)
			continue;
		unit_run_until(stk, stk->now.us + 10000);
		take(IP4(10, 0, 0, 2), &count);
	}
	ck_assert_int_eq(c->key.state, TCPS_ESTABLISHED);
	ck_assert_uint_gt(count, 0);
	/* Two seconds: at most one each conf->challenge_us. */
	ck_assert_uint_le(count, 2000000 / stk->tcp.conf.challenge_us + 1);
	give(IP4(10, 0, 0, 2), 4000, TCP_RST, 101, 0);
	unit_poll(stk);
	ck_assert_int_eq(tcp_error(c), -ECONNRESET);
	tcp_close(stk, c);
	unit_poll(stk);
}
END_TEST

/* RSTs to nobody draw nothing, ever (RFC 9293 3.10.7.1). */
START_TEST(rst_storm_to_nobody)
{
	uint32_t count = 0;

	for (uint32_t n = 0; n < 10000; n++) {
		give((struct ip4){ 0x0a000002u + n }, (uint16_t)(n + 1),
		    TCP_RST | (n % 2 != 0 ? TCP_ACK : 0), n, n);
		if (n % 100 == 99)
			unit_poll(stk);
	}
	take(IP4(10, 0, 0, 2), &count);
	ck_assert_uint_eq(count, 0);
	ck_assert_uint_eq(stk->tcp.table_count, 0);
}
END_TEST

/* A peer that was switched off and on does not know the connection: it answers
 * our data with RST; and when it opens anew from the same port, our challenge
 * ACK makes it reset the old one, and its next SYN gets in (RFC 9293 3.5.1,
 * RFC 5961 4.2). */
START_TEST(half_open_peer)
{
	struct ip4 friend = IP4(10, 0, 0, 2);
	uint32_t seq = established(), count = 0;
	struct tcp_conn *c = tcp_accept(stk, l);

	if (_i == 0) {
		ck_assert_int_eq(tcp_write(stk, c, "x", 1), 1);
		unit_poll(stk);
		ck_assert_uint_eq(take(friend, &count), seq);
		give(friend, 4000, TCP_RST, 101, 0);
	} else {
		give(friend, 4000, TCP_SYN, 7777, 0);
		unit_poll(stk);
		ck_assert_uint_eq(take(friend, &count), seq);
		ck_assert_uint_eq(count, 1);
		/* It resets what our ACK acknowledges. */
		give(friend, 4000, TCP_RST, 101, 0);
	}
	unit_poll(stk);
	ck_assert_int_eq(tcp_error(c), -ECONNRESET);
	tcp_close(stk, c);
	unit_poll(stk);
	ck_assert_uint_eq(stk->tcp.table_count, 0);
	tcp_close(stk, (established(), tcp_accept(stk, l)));
	give(friend, 4000, TCP_RST, 101, 0);
	unit_poll(stk);
	take(friend, &count);
}
END_TEST

/* A peer that is gone for good: keepalive finds out. */
START_TEST(peer_that_vanished)
{
	const struct tcp_conf *f = &stk->tcp.conf;
	uint32_t count = 0;
	int64_t until;
	struct tcp_conn *c;

	established();
	c = tcp_accept(stk, l);
	ck_assert_int_eq(tcp_set(stk, c, TCPO_KEEPALIVE, 1), 0);
	until = (int64_t)f->keep_idle_ms * 1000 +
	    (int64_t)f->keep_count * f->keep_intvl_ms * 1000;
	unit_run_until(stk, stk->now.us + until - 1000);
	ck_assert_int_eq(tcp_error(c), 0);
	unit_run_until(stk, stk->now.us + 2000);
	ck_assert_int_eq(tcp_error(c), -ETIMEDOUT);
	take(IP4(10, 0, 0, 2), &count);
	ck_assert_uint_eq(count, f->keep_count + 1u);	/* and a RST */
	tcp_close(stk, c);
	unit_poll(stk);
}
END_TEST

/* RFC 9293 3.8.6.1: a reader that stops for an hour keeps its connection, the
 * probes get rarer, and not a byte is lost. */
START_TEST(window_closed_for_an_hour)
{
	struct wire_conf w = { .delay_us = 10000 };
	struct pair *p = pair_new(5, 1500, 0);
	struct pair_app a = { .salt = 2, .peer_salt = 1,
	    .stop_reading = true };
	struct pair_app b = { .total = 3000000, .salt = 1, .peer_salt = 2 };
	uint64_t before;

	pair_wire(p, &w);
	pair_serve(p, 1, 80, NULL, &a);
	pair_connect(p, 0, 80, NULL, &b);
	pair_run_until(p, 10000000);
	before = p->frames[0];
	pair_run_until(p, INT64_C(3600) * 1000000);
	ck_assert_int_eq(b.error, 0);
	/* One each two minutes, once they are as rare as they get. */
	ck_assert_uint_le(p->frames[0] - before, 3600 / 120 + 12);
	ck_assert_uint_ge(p->frames[0] - before, 3600 / 120 - 4);
	a.stop_reading = false;
	pair_app_ready(p->stk[1], a.c, &a);
	pair_run_apps(p, &a, &b, INT64_C(3700) * 1000000);
	ck_assert(a.closed && b.closed);
	ck_assert_uint_eq(a.received, 3000000);
	pair_free(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tcp_storm");
	TCase *t = tcase_create("storm"), *u = tcase_create("pair");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, syn_flood);
	tcase_add_loop_test(t, rst_storm, 0, 2);
	tcase_add_test(t, rst_storm_to_nobody);
	tcase_add_test(t, batches_among_many);
	tcase_add_loop_test(t, half_open_peer, 0, 2);
	tcase_add_test(t, peer_that_vanished);
	suite_add_tcase(s, t);
	tcase_set_timeout(u, 120);
	tcase_add_test(u, window_closed_for_an_hour);
	suite_add_tcase(s, u);
	return unit_main(s);
}

/*
 * test_tcp_listen.c - listeners: queues and their bounds, SYN cookies when a
 * queue overflows, addresses, ports, and what a connection costs.
 */
#include "tcp/tcp_conn.h"
#include "base/cursor.h"
#include "unit/unit.h"

#include <errno.h>

static struct stack *stk;
static struct port *port;
static struct tcp_listener *l;

static void
flush(void)
{
	unit_drain(port);
}

static void
setup(void)
{
	stk = unit_stack();
	port = unit_port(stk, "tap0", 1, "10.0.0.1/24");
	unit_neighbour(stk, "tap0", "10.0.0.2", 2);
	flush();
}

static void
teardown(void)
{
	unit_stack_free(stk);
}

static void
serve(uint32_t backlog, const struct tcp_conf *conf)
{
	struct addr any = { { 0 } };

	ck_assert_int_eq(tcp_listen(stk, &any, 80, backlog, conf, NULL, NULL,
	    &l), 0);
}

static void
give(uint16_t sport, uint8_t flags, uint32_t seq, uint32_t ack)
{
	struct unit_frame f = {
		.dst = { { 2, 0, 0, 0, 0, 1 } },
		.src = { { 2, 0, 0, 0, 0, 2 } },
		.sip = IP4(10, 0, 0, 2), .dip = IP4(10, 0, 0, 1),
		.proto = IPPROTO_TCP4, .sport = sport, .dport = 80,
		.seq = seq, .ack = ack, .flags = flags,
	};

	uint8_t frame[256];
	uint32_t len = unit_frame_build(frame, sizeof(frame), &f);

	/* The port may be without memory too, on purpose. */
	if (mem_port_give(port, frame, len) == 0)
		unit_poll(stk);
}

/* SYN from sport; returns the sequence number of the SYN,ACK. */
static uint32_t
syn(uint16_t sport)
{
	struct unit_seen s;
	uint32_t seq;

	give(sport, TCP_SYN, 100, 0);
	s = unit_expect(port);
	ck_assert_uint_eq(s.flags, TCP_SYN | TCP_ACK);
	ck_assert_uint_eq(s.dport, sport);
	ck_assert_uint_eq(s.ack, 101);
	seq = s.seq;
	unit_seen_free(&s);
	return seq;
}

static void
handshake(uint16_t sport)
{
	uint32_t seq = syn(sport);

	give(sport, TCP_ACK, 101, seq + 1);
}

/* ---- what owners are told ------------------------------------------------ */

static void
count_call(struct stack *stack, struct tcp_listener *lis, void *owner)
{
	ck_assert_ptr_eq(stack, stk);
	ck_assert_ptr_eq(lis, l);
	++*(unsigned *)owner;
}

/* Also while others wait, of which its owner may take one at a time. */
START_TEST(each_connection_is_told)
{
	struct addr any = { { 0 } };
	unsigned calls = 0;

	ck_assert_int_eq(tcp_listen(stk, &any, 80, 5, NULL, count_call,
	    &calls, &l), 0);
	for (uint16_t i = 1; i <= 3; i++) {
		handshake((uint16_t)(1000 + i));
		ck_assert_uint_eq(calls, i);
	}
	ck_assert_uint_eq(tcp_listener_waiting(l), 3);
	flush();
}
END_TEST

static void
note_events(struct stack *stack, struct tcp_conn *c, void *owner)
{
	ck_assert_ptr_eq(stack, stk);
	*(uint32_t *)owner = tcp_events(c);
}

/* Who has not let go of the connection hears of its end, by LAST-ACK (0) or
 * after TIME-WAIT (1). */
START_TEST(a_good_end_is_told)
{
	struct tcp_conn *c;
	uint32_t seq, events = 0;

	serve(5, NULL);
	seq = syn(1001);
	give(1001, TCP_ACK, 101, seq + 1);
	c = tcp_accept(stk, l);
	tcp_set_owner(stk, c, note_events, &events);
	unit_poll(stk);
	if (_i == 0) {
		give(1001, TCP_FIN | TCP_ACK, 101, seq + 1);
		ck_assert_uint_ne(events & TCP_EV_EOF, 0);
		tcp_shutdown(stk, c);
		unit_poll(stk);
		give(1001, TCP_ACK, 102, seq + 2);
	} else {
		tcp_shutdown(stk, c);
		unit_poll(stk);
		give(1001, TCP_FIN | TCP_ACK, 101, seq + 2);
		ck_assert_uint_ne(events & TCP_EV_EOF, 0);
		ck_assert_uint_eq(events & TCP_EV_CLOSED, 0);
		unit_run_until(stk, stk->now.us + 300 * USEC_PER_SEC);
	}
	ck_assert_uint_eq(events & (TCP_EV_CLOSED | TCP_EV_ERROR),
	    TCP_EV_CLOSED);
	tcp_close(stk, c);
	flush();
}
END_TEST

/* RFC 1191 3.1: what we offer to take is a matter of our link, whatever is
 * known of the way to the peer; what we send is not. */
START_TEST(offer_is_of_the_first_hop)
{
	struct addr peer = addr_from_ip4(IP4(10, 0, 0, 2));
	static const enum tcp_cookie_mode mode[] = { TCP_COOKIES_NEVER,
	    TCP_COOKIES_ALWAYS };
	struct unit_seen s;
	struct tcp_opts o;
	struct tcp_conn *c;

	stk->tcp.conf.syn_cookies = mode[_i];
	ck_assert_uint_eq(ip_path_too_big(stk, &peer, 1200, 1500), 1200);
	serve(5, NULL);
	give(1001, TCP_SYN, 100, 0);
	s = unit_expect(port);
	tcp_parse_options(s.l4 + TCP_HLEN, tcp_header_len(s.l4, s.l4_len) -
	    (size_t)TCP_HLEN, true, &o);
	ck_assert_uint_eq(o.mss, 1460);
	give(1001, TCP_ACK, 101, s.seq + 1);
	unit_seen_free(&s);
	c = tcp_accept(stk, l);
	ck_assert_ptr_nonnull(c);
	ck_assert_uint_eq(tcp_own_mss(c), 1160);
}
END_TEST

/* A FULLNAT director names the client in option 254 of the last ACK of the
 * handshake; one of another length does not count. */
START_TEST(the_client_behind_a_director)
{
	static const uint8_t toa[] = { 254, 8, 0x30, 0x39, 192, 0, 2, 7 };
	static const uint8_t odd[] = { 254, 7, 0x30, 0x39, 192, 0, 2, 1 };
	struct unit_frame f = {
		.dst = { { 2, 0, 0, 0, 0, 1 } },
		.src = { { 2, 0, 0, 0, 0, 2 } },
		.sip = IP4(10, 0, 0, 2), .dip = IP4(10, 0, 0, 1),
		.proto = IPPROTO_TCP4, .sport = 1001, .dport = 80,
		.seq = 101, .flags = TCP_ACK, .options_len = 8,
	};
	struct tcp_ends e;
	struct tcp_conn *c;

	serve(5, NULL);
	for (int i = 0; i < 2; i++) {
		f.sport = (uint16_t)(1001 + i);
		f.ack = syn(f.sport) + 1;
		f.options = i == 0 ? toa : odd;
		unit_feed(stk, port, &f);
		c = tcp_accept(stk, l);
		ck_assert_ptr_nonnull(c);
		tcp_ends(c, &e);
		ck_assert_uint_eq(e.rport, f.sport);
		ck_assert_uint_eq(e.lport, 80);
		ck_assert_int_eq(addr_is_any(&e.toa), i);
		ck_assert_uint_eq(e.toa_port, i == 0 ? 12345 : 0);
		if (i == 0)
			ck_assert(ip4_eq(addr_to_ip4(&e.toa),
			    IP4(192, 0, 2, 7)));
		tcp_abort(stk, c);
		unit_poll(stk);
		flush();
	}
}
END_TEST

/* tcp_listen_backlog: the accept queue holds backlog + 1, further last ACKs
 * are ignored until there is room, further SYNs too. */
START_TEST(tcp_listen_backlog)
{
	struct tcp_conn *c;
	uint32_t seq;

	serve(1, NULL);
	seq = syn(1003);
	handshake(1001);
	handshake(1002);
	unit_expect_nothing(port);
	give(1003, TCP_ACK, 101, seq + 1);
	unit_expect_nothing(port);
	ck_assert_uint_eq(stk->drop.count[DROP_TCP_BACKLOG], 1);
	give(1004, TCP_SYN, 100, 0);
	unit_expect_nothing(port);
	ck_assert_uint_eq(stk->drop.count[DROP_TCP_BACKLOG], 2);
	c = tcp_accept(stk, l);
	ck_assert_uint_eq(c->key.rport, 1001);
	tcp_close(stk, c);
	give(1003, TCP_ACK, 101, seq + 1);
	c = tcp_accept(stk, l);
	ck_assert_uint_eq(c->key.rport, 1002);
	tcp_close(stk, c);
	c = tcp_accept(stk, l);
	ck_assert_uint_eq(c->key.rport, 1003);
	tcp_close(stk, c);
	ck_assert_ptr_null(tcp_accept(stk, l));
	unit_poll(stk);
	flush();
}
END_TEST

/* A bound set anew counts from then on, and takes nothing away. */
START_TEST(backlog_is_set_anew)
{
	serve(0, NULL);
	handshake(1001);
	give(1002, TCP_SYN, 100, 0);
	unit_expect_nothing(port);
	tcp_listener_set_backlog(l, 2);
	handshake(1002);
	handshake(1003);
	ck_assert_uint_eq(tcp_listener_waiting(l), 3);
	tcp_listener_set_backlog(l, 1);
	ck_assert_uint_eq(tcp_listener_waiting(l), 3);
	tcp_abort(stk, tcp_accept(stk, l));
	flush();
	give(1004, TCP_SYN, 100, 0);
	unit_expect_nothing(port);
	tcp_abort(stk, tcp_accept(stk, l));
	flush();
	handshake(1004);
	ck_assert_uint_eq(tcp_listener_waiting(l), 2);
	flush();
}
END_TEST

START_TEST(stray_ack_draws_reset)
{
	struct unit_seen s;

	serve(1, NULL);
	give(1001, TCP_ACK, 101, 5000);
	s = unit_expect(port);
	ck_assert_uint_eq(s.flags, TCP_RST);
	ck_assert_uint_eq(s.seq, 5000);
	unit_seen_free(&s);
}
END_TEST

START_TEST(nothing_without_syn_or_ack)
{
	serve(1, NULL);
	give(1001, 0, 101, 0);
	give(1001, TCP_FIN, 101, 0);
	give(1001, TCP_SYN | TCP_FIN, 101, 0);
	give(1001, TCP_RST, 101, 0);
	unit_expect_nothing(port);
	ck_assert_uint_eq(stk->tcp.table_count, 0);
}
END_TEST

/* A full SYN queue goes on with cookies, and memory does not grow. */
START_TEST(overflow_answers_with_cookies)
{
	uint64_t live;
	uint32_t seq = 0;

	stk->limits.tcp_syn_queue = 4;
	serve(1000, NULL);
	for (uint16_t i = 0; i < 4; i++)
		syn((uint16_t)(2000 + i));
	live = stk->mem.live_bytes;
	for (uint16_t i = 0; i < 1000; i++)
		seq = syn((uint16_t)(3000 + i));
	ck_assert_uint_eq(stk->mem.live_bytes, live);
	ck_assert_uint_eq(stk->tcp.stats.cookies_sent, 1000);
	give(3999, TCP_ACK, 101, seq + 1);
	ck_assert_uint_eq(stk->tcp.stats.cookies_good, 1);
	ck_assert_uint_eq(l->waiting, 1);
	/* The same cookie for another tuple is worth nothing. */
	give(4000, TCP_ACK, 101, seq + 1);
	ck_assert_uint_eq(stk->tcp.stats.cookies_bad, 1);
	flush();
	/* Nor is it after some minutes. */
	unit_run_until(stk, 250000000);
	flush();
	seq = syn(5000);
	(void)seq;
	flush();
}
END_TEST

START_TEST(cookies_off_drops)
{
	struct tcp_conf conf;

	tcp_conf_default(&conf);
	conf.syn_cookies = TCP_COOKIES_NEVER;
	stk->limits.tcp_syn_queue = 1;
	serve(10, &conf);
	syn(1001);
	ck_assert_uint_eq(stk->tcp.stats.listen_overflows, 0);
	give(1002, TCP_SYN, 100, 0);
	unit_expect_nothing(port);
	ck_assert_uint_eq(stk->tcp.stats.listen_overflows, 1);
}
END_TEST

/* Two minutes after the last cookie no ACK is looked at for one. */
START_TEST(cookies_have_an_end)
{
	struct tcp_conf conf;
	uint32_t seq;

	tcp_conf_default(&conf);
	conf.syn_cookies = TCP_COOKIES_ALWAYS;
	serve(1, &conf);
	give(1001, TCP_ACK, 101, 4711);
	ck_assert_uint_eq(stk->tcp.stats.cookies_bad, 0);
	flush();
	seq = syn(1001);
	unit_run_until(stk, stk->now.us + 120000000 - 1);
	flush();
	give(1001, TCP_ACK, 101, seq);
	ck_assert_uint_eq(stk->tcp.stats.cookies_bad, 1);
	unit_run_until(stk, stk->now.us + 1);
	flush();
	give(1001, TCP_ACK, 101, seq + 1);
	ck_assert_uint_eq(stk->tcp.stats.cookies_bad, 1);
	ck_assert_uint_eq(stk->tcp.stats.cookies_good, 0);
	ck_assert_uint_eq(stk->tcp.stats.resets_sent, 3);
	flush();
}
END_TEST

/* Whom nobody accepts: no SYN is answered, and no cookie redeemed; each is
 * counted. */
START_TEST(full_accept_queue_is_counted)
{
	struct tcp_conf conf;
	uint32_t seq[3];

	tcp_conf_default(&conf);
	conf.syn_cookies = TCP_COOKIES_ALWAYS;
	serve(1, &conf);
	for (uint16_t i = 0; i < 3; i++)
		seq[i] = syn((uint16_t)(1001 + i));
	/* One more than it says, as everywhere. */
	give(1001, TCP_ACK, 101, seq[0] + 1);
	give(1002, TCP_ACK, 101, seq[1] + 1);
	ck_assert_uint_eq(l->waiting, 2);
	ck_assert_uint_eq(stk->tcp.stats.listen_overflows, 0);
	give(1003, TCP_ACK, 101, seq[2] + 1);
	ck_assert_uint_eq(stk->tcp.stats.listen_overflows, 1);
	ck_assert_uint_eq(l->waiting, 2);
	flush();
	give(1004, TCP_SYN, 100, 0);
	unit_expect_nothing(port);
	ck_assert_uint_eq(stk->tcp.stats.listen_overflows, 2);
}
END_TEST

/* What an administrator sets reaches who listens already: each setting, and
 * listeners with settings of their own. */
START_TEST(change_reaches_listeners)
{
	struct addr any = { { 0 } };
	struct tcp_listener *other;
	const struct tcp_conf *seen[2];
	struct tcp_conf conf = *tcp_conf_stack(stk);

	serve(1, NULL);
	ck_assert_int_eq(tcp_listen(stk, &any, 81, 1, &conf, NULL, NULL,
	    &other), 0);
	conf.cc = TCP_CC_NEWRENO;
	conf.ecn = TCP_ECN_REQUEST;
	conf.syn_cookies = TCP_COOKIES_NEVER;
	conf.fastopen = TCP_FASTOPEN_SERVER;
	conf.mtu_probing = TCP_PROBING_ALWAYS;
	conf.sack = !conf.sack;
	conf.timestamps = !conf.timestamps;
	conf.ts_lax = !conf.ts_lax;
	conf.pacing = !conf.pacing;
	conf.rfc1337 = !conf.rfc1337;
	conf.timewait_us++;
	conf.finwait2_us++;
	conf.keep_idle_ms++;
	conf.keep_intvl_ms++;
	conf.keep_count++;
	conf.user_timeout_ms++;
	tcp_conf_change(stk, &conf);
	seen[0] = l->conf;
	seen[1] = other->conf;
	ck_assert_ptr_eq(seen[0], tcp_conf_stack(stk));
	ck_assert_ptr_ne(seen[1], seen[0]);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(seen[i]->cc, conf.cc);
		ck_assert_int_eq(seen[i]->ecn, conf.ecn);
		ck_assert_int_eq(seen[i]->syn_cookies, conf.syn_cookies);
		ck_assert_int_eq(seen[i]->fastopen, conf.fastopen);
		ck_assert_int_eq(seen[i]->mtu_probing, conf.mtu_probing);
		ck_assert_int_eq(seen[i]->sack, conf.sack);
		ck_assert_int_eq(seen[i]->timestamps, conf.timestamps);
		ck_assert_int_eq(seen[i]->ts_lax, conf.ts_lax);
		ck_assert_int_eq(seen[i]->pacing, conf.pacing);
		ck_assert_int_eq(seen[i]->rfc1337, conf.rfc1337);
		ck_assert_int_eq(seen[i]->timewait_us, conf.timewait_us);
		ck_assert_int_eq(seen[i]->finwait2_us, conf.finwait2_us);
		ck_assert_int_eq(seen[i]->keep_idle_ms, conf.keep_idle_ms);
		ck_assert_int_eq(seen[i]->keep_intvl_ms, conf.keep_intvl_ms);
		ck_assert_int_eq(seen[i]->keep_count, conf.keep_count);
		ck_assert_int_eq(seen[i]->user_timeout_ms,
		    conf.user_timeout_ms);
	}
}
END_TEST

START_TEST(cookie_keeps_mss_and_tuple)
{
	static const uint16_t mss[] = { 100, 536, 1460, 9000 };
	static const uint16_t kept[] = { 216, 536, 1460, 8960 };
	struct tcp_key k = { .local = addr_from_ip4(IP4(10, 0, 0, 1)),
	    .remote = addr_from_ip4(IP4(10, 0, 0, 2)), .lport = 80,
	    .rport = 1234 };

	for (int i = 0; i < 4; i++) {
		uint32_t v = tcp_cookie_make(stk, &k, 777, mss[i]);

		ck_assert_uint_eq(tcp_cookie_check(stk, &k, 777, v), kept[i]);
		ck_assert_uint_eq(tcp_cookie_check(stk, &k, 778, v), 0);
		ck_assert_uint_eq(tcp_cookie_check(stk, &k, 777, v ^ 1), 0);
		stk->now.us += 100000000;
		ck_assert_uint_eq(tcp_cookie_check(stk, &k, 777, v), kept[i]);
		stk->now.us += 150000000;
		ck_assert_uint_eq(tcp_cookie_check(stk, &k, 777, v), 0);
		stk->now.us = 0;
	}
}
END_TEST

START_TEST(exact_address_before_any)
{
	struct addr own = addr_from_ip4(IP4(10, 0, 0, 1));
	struct tcp_listener *exact, *dup;

	serve(1, NULL);
	ck_assert_int_eq(tcp_listen(stk, &own, 80, 1, NULL, NULL, NULL,
	    &exact), 0);
	ck_assert_int_eq(tcp_listen(stk, &own, 80, 1, NULL, NULL, NULL,
	    &dup), -EADDRINUSE);
	ck_assert_ptr_eq(tcp_listener_lookup(stk, &own, 80), exact);
	tcp_listen_close(stk, exact);
	ck_assert_ptr_eq(tcp_listener_lookup(stk, &own, 80), l);
	ck_assert_int_eq(tcp_listen(stk, &own, 0, 1, NULL, NULL, NULL,
	    &dup), -EINVAL);
}
END_TEST

/* RFC 6056: the ports of a pair do not repeat and lie in the range. */
START_TEST(ephemeral_ports)
{
	struct tcp_open o = { .remote = addr_from_ip4(IP4(10, 0, 0, 2)),
	    .rport = 9 };
	struct tcp_conn *c[200];

	for (int i = 0; i < 200; i++) {
		ck_assert_int_eq(tcp_connect(stk, &o, &c[i]), 0);
		ck_assert_uint_ge(c[i]->key.lport, 32768);
		ck_assert_uint_le(c[i]->key.lport, 60999);
		for (int j = 0; j < i; j++)
			ck_assert_uint_ne(c[i]->key.lport, c[j]->key.lport);
	}
	for (int i = 0; i < 200; i++)
		tcp_close(stk, c[i]);
	unit_poll(stk);
	flush();
}
END_TEST

/* An idle connection that has carried data is one object and its table slot:
 * under 512 bytes with the allocator's word. */
START_TEST(idle_connection_is_small)
{
	uint64_t live = stk->mem.live, bytes;
	uint32_t n = 1024;

	stk->tcp.conf.syn_cookies = TCP_COOKIES_NEVER;
	serve(n, NULL);
	handshake(1999);
	live = stk->mem.live;
	bytes = stk->mem.live_bytes;
	for (uint32_t i = 0; i < n; i++)
		handshake((uint16_t)(2000 + i));
	ck_assert_uint_eq(stk->mem.live - live, n);
	bytes = stk->mem.live_bytes - bytes;
	ck_assert_msg(bytes / n + 8 <= 528, "%llu bytes a connection",
	    (unsigned long long)bytes / n);
	flush();
}
END_TEST

/* Every allocation of a handshake, an exchange and a close may fail: nothing
 * leaks, and the state is sound afterwards. */
static uint64_t
life(uint64_t fail_at)
{
	struct tcp_conn *c;
	uint64_t before;
	uint8_t buf[3000] = { 0 };
	uint32_t seq = 0;
	struct mem_frame *f;

	serve(1, NULL);
	unit_run_until(stk, stk->now.us + 1000);
	before = stk->mem.calls;
	stk->mem.fail_at = fail_at;
	give(1001, TCP_SYN, 100, 0);
	while ((f = mem_port_take(port)) != NULL) {
		seq = be32_get(f->data + 14 + 20 + TCP_OFF_SEQ);
		mem_port_free(port, f);
	}
	give(1001, TCP_ACK, 101, seq + 1);
	c = tcp_accept(stk, l);
	if (c != NULL) {
		tcp_set_owner(stk, c, NULL, NULL);
		tcp_write(stk, c, buf, sizeof(buf));
		unit_poll(stk);
		give(1001, TCP_ACK | TCP_PSH, 201, seq + 1);
		give(1001, TCP_ACK, 101, seq + 537);
		tcp_read(stk, c, buf, sizeof(buf));
		tcp_close(stk, c);
	}
	unit_run_until(stk, stk->now.us + 2000000);
	stk->mem.fail_at = 0;
	tcp_listen_close(stk, l);
	before = stk->mem.calls - before;
	flush();
	return before;
}

START_TEST(every_allocation_may_fail)
{
	uint64_t calls = life(0);

	ck_assert_uint_gt(calls, 5);
	for (uint64_t n = 1; n <= calls; n++) {
		teardown();
		setup();
		life(n);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tcp_listen");
	TCase *t = tcase_create("listen");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_client_behind_a_director);
	tcase_add_loop_test(t, offer_is_of_the_first_hop, 0, 2);
	tcase_add_test(t, tcp_listen_backlog);
	tcase_add_test(t, backlog_is_set_anew);
	tcase_add_test(t, stray_ack_draws_reset);
	tcase_add_test(t, nothing_without_syn_or_ack);
	tcase_add_test(t, overflow_answers_with_cookies);
	tcase_add_test(t, cookies_off_drops);
	tcase_add_test(t, cookies_have_an_end);
	tcase_add_test(t, full_accept_queue_is_counted);
	tcase_add_test(t, change_reaches_listeners);
	tcase_add_test(t, cookie_keeps_mss_and_tuple);
	tcase_add_test(t, exact_address_before_any);
	tcase_add_test(t, ephemeral_ports);
	tcase_add_test(t, each_connection_is_told);
	tcase_add_loop_test(t, a_good_end_is_told, 0, 2);
	tcase_add_test(t, idle_connection_is_small);
	tcase_add_test(t, every_allocation_may_fail);
	suite_add_tcase(s, t);
	return unit_main(s);
}

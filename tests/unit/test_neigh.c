/*
 * test_neigh.c - the neighbour states: one test per row of the table in
 * neigh.c, named for it, with exact virtual times.
 *
 *   us 10.0.0.1 02:..:01 --- port a --- 10.0.0.2 02:..:02
 */
#include "unit/unit.h"

#include <errno.h>
#include <string.h>

#include "base/cursor.h"

#define SEC INT64_C(1000000)
#define US IP4(10, 0, 0, 1)
#define PEER IP4(10, 0, 0, 2)

static const struct mac us_mac = { { 2, 0, 0, 0, 0, 1 } };
static const struct mac peer_mac = { { 2, 0, 0, 0, 0, 2 } };
static const struct mac other_mac = { { 2, 0, 0, 0, 0, 3 } };

static struct stack *stk;
static struct port *port;
static char last_line[256];

static void
setup(void)
{
	stk = unit_stack();
	port = unit_port(stk, "a", 1, "10.0.0.1/24");
}

static void
teardown(void)
{
	unit_expect_nothing(port);
	unit_stack_free(stk);
}

/* ---- feed -------------------------------------------------------------- */

/* Sends a packet to the neighbour, told apart by its identification. */
static void
send_packet(uint16_t id)
{
	struct ip4_hdr h = { .total_len = 28, .id = id, .ttl = 64,
	    .proto = 253, .src = US, .dst = PEER };
	struct pkt *pkt = pkt_alloc(&stk->pool, 28);

	ck_assert_ptr_nonnull(pkt);
	ip4_build_hdr(pkt_append(pkt, 28), &h);
	neigh_output(stk, port->ifp, PEER, pkt);
}

static void
feed_reply(struct mac from)
{
	struct arp_msg m = { ARP_OP_REPLY, from, us_mac, PEER, US };

	unit_feed_arp(stk, port, us_mac, &m);
}

/* A request of the peer's for somebody else: word from it, unsolicited. */
static void
feed_heard(struct mac from)
{
	struct arp_msg m = { ARP_OP_REQUEST, from, MAC_ZERO, PEER,
	    IP4(10, 0, 0, 9) };

	unit_feed_arp(stk, port, MAC_BROADCAST, &m);
}

/* ---- expect ------------------------------------------------------------ */

static struct neigh *
entry(void)
{
	return neigh_lookup(stk, port->ifp, PEER);
}

static void
expect_state(enum neigh_state state)
{
	struct neigh *n = entry();

	ck_assert_ptr_nonnull(n);
	ck_assert_str_eq(neigh_state_name(n->state), neigh_state_name(state));
}

/* A packet went out to mac. */
static void
expect_packet(uint16_t id, struct mac mac)
{
	struct unit_seen s = unit_expect(port);

	ck_assert_uint_eq(s.eth.type, ETHERTYPE_IP4);
	ck_assert_mem_eq(s.eth.dst.b, mac.b, 6);
	ck_assert_mem_eq(s.eth.src.b, us_mac.b, 6);
	ck_assert_uint_eq(s.ip.id, id);
	unit_seen_free(&s);
}

/* A request for the peer went out to mac. */
static void
expect_ask(struct mac mac)
{
	struct unit_seen s = unit_expect(port);

	ck_assert_uint_eq(s.eth.type, ETHERTYPE_ARP);
	ck_assert_mem_eq(s.eth.dst.b, mac.b, 6);
	ck_assert_uint_eq(s.arp.op, ARP_OP_REQUEST);
	ck_assert_uint_eq(s.arp.tpa.v, PEER.v);
	ck_assert_uint_eq(s.arp.spa.v, US.v);
	ck_assert_mem_eq(s.arp.sha.b, us_mac.b, 6);
	unit_seen_free(&s);
}

static void
expect_drops(enum drop why, uint64_t n)
{
	ck_assert_msg(stk->drop.count[why] == n, "%s: %llu, expected %llu",
	    drop_rows[why].name, (unsigned long long)stk->drop.count[why],
	    (unsigned long long)n);
}

/* ---- arrange: all start at 0 ------------------------------------------- */

static void
make_incomplete(void)
{
	send_packet(1);
	expect_ask(MAC_BROADCAST);
	expect_state(NEIGH_INCOMPLETE);
}

static void
make_reachable(void)
{
	make_incomplete();
	feed_reply(peer_mac);
	expect_packet(1, peer_mac);
	expect_state(NEIGH_REACHABLE);
}

static void
make_stale(void)
{
	neigh_learn(stk, port->ifp, PEER, peer_mac, false, true);
	expect_state(NEIGH_STALE);
}

static void
make_delay(void)
{
	make_stale();
	send_packet(1);
	expect_packet(1, peer_mac);
	expect_state(NEIGH_DELAY);
}

/* At 5 s. */
static void
make_probe(void)
{
	make_delay();
	unit_run_until(stk, 5 * SEC);
	expect_ask(peer_mac);
	expect_state(NEIGH_PROBE);
}

/* At 3 s. */
static void
make_failed(void)
{
	make_incomplete();
	unit_run_until(stk, 3 * SEC);
	expect_ask(MAC_BROADCAST);
	expect_ask(MAC_BROADCAST);
	expect_state(NEIGH_FAILED);
	expect_drops(DROP_NEIGH_FAILED, 1);
}

static void
make_permanent(void)
{
	ck_assert_int_eq(neigh_add(stk, port->ifp, PEER, peer_mac, NULL), 0);
	expect_state(NEIGH_PERMANENT);
}

/* ---- none -------------------------------------------------------------- */

START_TEST(none_packet)
{
	send_packet(1);
	expect_ask(MAC_BROADCAST);
	expect_state(NEIGH_INCOMPLETE);
	ck_assert_uint_eq(stk->arp.held, 1);
}
END_TEST

START_TEST(none_heard)
{
	struct arp_msg m = { ARP_OP_REQUEST, peer_mac, MAC_ZERO, PEER, US };
	struct unit_seen s;

	unit_feed_arp(stk, port, MAC_BROADCAST, &m);
	s = unit_expect(port);
	ck_assert_uint_eq(s.arp.op, ARP_OP_REPLY);
	unit_seen_free(&s);
	expect_state(NEIGH_STALE);
	ck_assert_mem_eq(entry()->mac.b, peer_mac.b, 6);
}
END_TEST

/* ---- incomplete -------------------------------------------------------- */

START_TEST(incomplete_packet)
{
	make_incomplete();
	send_packet(2);
	unit_expect_nothing(port);
	expect_state(NEIGH_INCOMPLETE);
	ck_assert_uint_eq(entry()->held.count, 2);
	feed_reply(peer_mac);
	expect_packet(1, peer_mac);
	expect_packet(2, peer_mac);
}
END_TEST

START_TEST(incomplete_reply)
{
	make_incomplete();
	unit_run_until(stk, SEC / 2);
	feed_reply(peer_mac);
	expect_packet(1, peer_mac);
	expect_state(NEIGH_REACHABLE);
	ck_assert_int_eq(entry()->confirmed.us, SEC / 2);
	ck_assert_uint_eq(stk->arp.held, 0);
}
END_TEST

START_TEST(incomplete_heard)
{
	make_incomplete();
	feed_heard(peer_mac);
	expect_packet(1, peer_mac);
	expect_state(NEIGH_DELAY);
}
END_TEST

START_TEST(incomplete_timeout)
{
	make_incomplete();
	unit_run_until(stk, SEC - 1);
	unit_expect_nothing(port);
	unit_run_until(stk, SEC);
	expect_ask(MAC_BROADCAST);
	unit_run_until(stk, 2 * SEC - 1);
	unit_expect_nothing(port);
	unit_run_until(stk, 2 * SEC);
	expect_ask(MAC_BROADCAST);
	expect_state(NEIGH_INCOMPLETE);
}
END_TEST

START_TEST(incomplete_spent)
{
	make_incomplete();
	unit_run_until(stk, 3 * SEC - 1);
	expect_ask(MAC_BROADCAST);
	expect_ask(MAC_BROADCAST);
	expect_state(NEIGH_INCOMPLETE);
	unit_run_until(stk, 3 * SEC);
	expect_state(NEIGH_FAILED);
	expect_drops(DROP_NEIGH_FAILED, 1);
	ck_assert_uint_eq(stk->arp.held, 0);
	ck_assert_int_eq(entry()->retry.us, 4 * SEC);
}
END_TEST

/* ---- reachable --------------------------------------------------------- */

START_TEST(reachable_packet)
{
	struct instant due;

	make_reachable();
	due = entry()->timer.due;
	unit_run_until(stk, 7 * SEC);
	send_packet(2);
	expect_packet(2, peer_mac);
	expect_state(NEIGH_REACHABLE);
	ck_assert_int_eq(entry()->used.us, 7 * SEC);
	ck_assert_int_eq(entry()->timer.due.us, due.us);
}
END_TEST

START_TEST(reachable_moved)
{
	make_reachable();
	unit_run_until(stk, SEC);
	feed_heard(other_mac);
	expect_state(NEIGH_STALE);
	ck_assert_mem_eq(entry()->mac.b, other_mac.b, 6);
	send_packet(2);
	expect_packet(2, other_mac);
}
END_TEST

/* Two answers to one request: the first counts, for a second. */
START_TEST(reachable_moved_too_soon)
{
	make_reachable();
	unit_run_until(stk, SEC - 1);
	feed_reply(other_mac);
	feed_heard(other_mac);
	expect_state(NEIGH_REACHABLE);
	ck_assert_mem_eq(entry()->mac.b, peer_mac.b, 6);
}
END_TEST

START_TEST(reachable_hint)
{
	make_reachable();
	unit_run_until(stk, 10 * SEC);
	neigh_confirm(stk, port->ifp, PEER);
	expect_state(NEIGH_REACHABLE);
	ck_assert_int_eq(entry()->confirmed.us, 10 * SEC);
}
END_TEST

START_TEST(reachable_renewed)
{
	make_reachable();
	unit_run_until(stk, 20 * SEC);
	neigh_confirm(stk, port->ifp, PEER);
	unit_run_until(stk, 50 * SEC - 1);
	expect_state(NEIGH_REACHABLE);
	unit_run_until(stk, 50 * SEC);
	expect_state(NEIGH_STALE);
}
END_TEST

/* A neighbour in use is asked by unicast and packets flow on. */
START_TEST(reachable_in_use)
{
	make_reachable();
	unit_run_until(stk, 26 * SEC);
	send_packet(2);
	expect_packet(2, peer_mac);
	unit_run_until(stk, 30 * SEC);
	expect_state(NEIGH_DELAY);
	unit_run_until(stk, 35 * SEC);
	expect_ask(peer_mac);
	expect_state(NEIGH_PROBE);
}
END_TEST

START_TEST(reachable_timeout)
{
	make_reachable();
	unit_run_until(stk, 30 * SEC - 1);
	expect_state(NEIGH_REACHABLE);
	unit_run_until(stk, 30 * SEC);
	expect_state(NEIGH_STALE);
}
END_TEST

START_TEST(reachable_heard_changes_nothing)
{
	make_reachable();
	unit_run_until(stk, 10 * SEC);
	feed_heard(peer_mac);
	expect_state(NEIGH_REACHABLE);
	ck_assert_int_eq(entry()->confirmed.us, 0);
}
END_TEST

/* Nobody asked: an answer proves nothing. */
START_TEST(reachable_reply_changes_nothing)
{
	make_reachable();
	unit_run_until(stk, 10 * SEC);
	feed_reply(peer_mac);
	ck_assert_int_eq(entry()->confirmed.us, 0);
}
END_TEST

/* ---- stale ------------------------------------------------------------- */

START_TEST(stale_packet)
{
	make_stale();
	unit_run_until(stk, 100 * SEC);
	send_packet(2);
	expect_packet(2, peer_mac);
	expect_state(NEIGH_DELAY);
	ck_assert_int_eq(entry()->timer.due.us, 105 * SEC);
}
END_TEST

START_TEST(stale_moved)
{
	make_stale();
	unit_run_until(stk, SEC);
	feed_heard(other_mac);
	expect_state(NEIGH_STALE);
	ck_assert_mem_eq(entry()->mac.b, other_mac.b, 6);
}
END_TEST

START_TEST(stale_hint)
{
	make_stale();
	neigh_confirm(stk, port->ifp, PEER);
	expect_state(NEIGH_REACHABLE);
}
END_TEST

START_TEST(stale_timeout)
{
	make_stale();
	unit_run_until(stk, 600 * SEC - 1);
	expect_state(NEIGH_STALE);
	unit_run_until(stk, 600 * SEC);
	ck_assert_ptr_null(entry());
	ck_assert_uint_eq(stk->arp.count, 0);
}
END_TEST

/* ---- delay ------------------------------------------------------------- */

START_TEST(delay_packet)
{
	make_delay();
	unit_run_until(stk, 4 * SEC);
	send_packet(2);
	expect_packet(2, peer_mac);
	expect_state(NEIGH_DELAY);
	ck_assert_int_eq(entry()->timer.due.us, 5 * SEC);
}
END_TEST

START_TEST(delay_moved)
{
	make_delay();
	unit_run_until(stk, SEC);
	feed_heard(other_mac);
	expect_state(NEIGH_STALE);
	ck_assert_mem_eq(entry()->mac.b, other_mac.b, 6);
}
END_TEST

START_TEST(delay_hint)
{
	make_delay();
	unit_run_until(stk, 2 * SEC);
	neigh_confirm(stk, port->ifp, PEER);
	expect_state(NEIGH_REACHABLE);
	ck_assert_int_eq(entry()->timer.due.us, 32 * SEC);
}
END_TEST

START_TEST(delay_timeout)
{
	make_delay();
	unit_run_until(stk, 5 * SEC - 1);
	expect_state(NEIGH_DELAY);
	unit_run_until(stk, 5 * SEC);
	expect_ask(peer_mac);
	expect_state(NEIGH_PROBE);
}
END_TEST

/* ---- probe ------------------------------------------------------------- */

START_TEST(probe_packet)
{
	make_probe();
	send_packet(2);
	expect_packet(2, peer_mac);
	expect_state(NEIGH_PROBE);
}
END_TEST

START_TEST(probe_reply)
{
	make_probe();
	feed_reply(peer_mac);
	expect_state(NEIGH_REACHABLE);
	ck_assert_int_eq(entry()->confirmed.us, 5 * SEC);
}
END_TEST

START_TEST(probe_moved)
{
	make_probe();
	feed_heard(other_mac);
	expect_state(NEIGH_STALE);
	ck_assert_mem_eq(entry()->mac.b, other_mac.b, 6);
}
END_TEST

START_TEST(probe_hint)
{
	make_probe();
	neigh_confirm(stk, port->ifp, PEER);
	expect_state(NEIGH_REACHABLE);
}
END_TEST

START_TEST(probe_timeout)
{
	make_probe();
	unit_run_until(stk, 6 * SEC);
	expect_ask(peer_mac);
	unit_run_until(stk, 7 * SEC);
	expect_ask(peer_mac);
	unit_run_until(stk, 8 * SEC - 1);
	expect_state(NEIGH_PROBE);
}
END_TEST

/* It may have moved without a word: ask everybody before giving up. */
START_TEST(probe_spent)
{
	make_probe();
	unit_run_until(stk, 8 * SEC);
	expect_ask(peer_mac);
	expect_ask(peer_mac);
	expect_ask(MAC_BROADCAST);
	expect_state(NEIGH_INCOMPLETE);
	send_packet(2);
	unit_expect_nothing(port);
	feed_reply(other_mac);
	expect_packet(2, other_mac);
	expect_state(NEIGH_REACHABLE);
}
END_TEST

/* ---- failed ------------------------------------------------------------ */

START_TEST(failed_packet)
{
	make_failed();
	unit_run_until(stk, 4 * SEC);
	send_packet(2);
	expect_ask(MAC_BROADCAST);
	expect_state(NEIGH_INCOMPLETE);
	expect_drops(DROP_NEIGH_FAILED, 1);
	feed_reply(peer_mac);
	expect_packet(2, peer_mac);
}
END_TEST

START_TEST(failed_early)
{
	make_failed();
	unit_run_until(stk, 4 * SEC - 1);
	send_packet(2);
	unit_expect_nothing(port);
	expect_state(NEIGH_FAILED);
	expect_drops(DROP_NEIGH_FAILED, 2);
}
END_TEST

/* 1, 2, 4, 8, 8 seconds between the rounds of three requests. */
START_TEST(failed_backs_off)
{
	static const int64_t wait_us[] = { SEC, 2 * SEC, 4 * SEC, 8 * SEC,
		8 * SEC };
	int64_t t = 0;

	for (unsigned i = 0; i < 5; i++) {
		send_packet(1);
		expect_ask(MAC_BROADCAST);
		unit_run_until(stk, t += 3 * SEC);
		expect_ask(MAC_BROADCAST);
		expect_ask(MAC_BROADCAST);
		expect_state(NEIGH_FAILED);
		ck_assert_int_eq(entry()->retry.us, t + wait_us[i]);
		unit_run_until(stk, t += wait_us[i]);
	}
}
END_TEST

START_TEST(failed_wanted)
{
	make_failed();
	unit_run_until(stk, 4 * SEC - 1);
	ck_assert(!neigh_usable(stk, port->ifp, PEER));
	unit_expect_nothing(port);
	unit_run_until(stk, 4 * SEC);
	ck_assert(!neigh_usable(stk, port->ifp, PEER));
	expect_ask(MAC_BROADCAST);
	expect_state(NEIGH_INCOMPLETE);
	ck_assert(!neigh_usable(stk, port->ifp, PEER));
	unit_expect_nothing(port);
	feed_reply(peer_mac);
	ck_assert(neigh_usable(stk, port->ifp, PEER));
}
END_TEST

START_TEST(failed_heard)
{
	make_failed();
	feed_heard(peer_mac);
	expect_state(NEIGH_STALE);
	send_packet(2);
	expect_packet(2, peer_mac);
}
END_TEST

START_TEST(failed_timeout)
{
	make_failed();
	unit_run_until(stk, 63 * SEC - 1);
	expect_state(NEIGH_FAILED);
	unit_run_until(stk, 63 * SEC);
	ck_assert_ptr_null(entry());
}
END_TEST

/* ---- permanent --------------------------------------------------------- */

START_TEST(permanent_packet)
{
	make_permanent();
	send_packet(1);
	expect_packet(1, peer_mac);
	expect_state(NEIGH_PERMANENT);
}
END_TEST

START_TEST(permanent_ignores_arp)
{
	make_permanent();
	unit_run_until(stk, 10 * SEC);
	feed_heard(other_mac);
	feed_reply(other_mac);
	neigh_confirm(stk, port->ifp, PEER);
	unit_run_until(stk, 100000 * SEC);
	expect_state(NEIGH_PERMANENT);
	ck_assert_mem_eq(entry()->mac.b, peer_mac.b, 6);
}
END_TEST

/* Every state but permanent can be set; what waits goes out. */
START_TEST(others_set)
{
	static void (*const make[])(void) = { make_incomplete,
		make_reachable, make_stale, make_delay, make_probe,
		make_failed };

	make[_i]();
	ck_assert_int_eq(neigh_add(stk, port->ifp, PEER, other_mac, NULL), 0);
	expect_state(NEIGH_PERMANENT);
	if (_i == 0)
		expect_packet(1, other_mac);
	ck_assert_int_eq(neigh_add(stk, port->ifp, PEER, other_mac, NULL),
	    -EEXIST);
}
END_TEST

/* ---- log, reasons ------------------------------------------------------ */

static void
keep_line(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	ck_assert_int_eq(level, LOG_LVL_DEBUG);
	strncpy(last_line, line, sizeof(last_line) - 1);
}

START_TEST(transitions_are_logged)
{
	stk->log.sink = keep_line;
	stk->log.level = LOG_LVL_DEBUG;
	stk->log.budget = 10;
	make_incomplete();
	ck_assert_str_eq(last_line,
	    "neigh: 10.0.0.2 dev a none -> incomplete (packet)");
	feed_reply(peer_mac);
	ck_assert_str_eq(last_line,
	    "neigh: 10.0.0.2 dev a incomplete -> reachable (reply)");
	expect_packet(1, peer_mac);
	last_line[0] = '\0';
	send_packet(2);
	expect_packet(2, peer_mac);
	ck_assert_str_eq(last_line, "");
}
END_TEST

/* A forwarded packet that nobody takes is answered: host unreachable. */
START_TEST(failed_tells_the_sender)
{
	struct port *b = unit_port(stk, "b", 0xb, "10.0.1.1/24");
	struct unit_frame f = { .dst = { { 2, 0, 0, 0, 0, 0xb } },
	    .src = { { 2, 0, 0, 0, 0, 0xc } }, .sip = IP4(10, 0, 1, 2),
	    .dip = PEER, .proto = IPPROTO_UDP4, .sport = 1, .dport = 2 };
	struct unit_seen s;

	unit_neighbour(stk, "b", "10.0.1.2", 0xc);
	unit_feed(stk, b, &f);
	unit_feed(stk, b, &f);
	expect_ask(MAC_BROADCAST);
	unit_run_until(stk, 3 * SEC);
	expect_ask(MAC_BROADCAST);
	expect_ask(MAC_BROADCAST);
	for (int i = 0; i < 2; i++) {
		s = unit_expect(b);
		ck_assert_uint_eq(s.ip.proto, IPPROTO_ICMP4);
		ck_assert_uint_eq(s.icmp_type, ICMP_UNREACH);
		ck_assert_uint_eq(s.icmp_code, ICMP_UNREACH_HOST);
		ck_assert_uint_eq(be32_get(s.payload + IP4_OFF_DST), PEER.v);
		unit_seen_free(&s);
	}
	unit_feed(stk, b, &f);		/* negative cache: at once */
	s = unit_expect(b);
	ck_assert_uint_eq(s.icmp_code, ICMP_UNREACH_HOST);
	unit_seen_free(&s);
	unit_expect_nothing(b);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("neigh");
	TCase *tc = tcase_create("rows");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, none_packet);
	tcase_add_test(tc, none_heard);
	tcase_add_test(tc, incomplete_packet);
	tcase_add_test(tc, incomplete_reply);
	tcase_add_test(tc, incomplete_heard);
	tcase_add_test(tc, incomplete_timeout);
	tcase_add_test(tc, incomplete_spent);
	tcase_add_test(tc, reachable_packet);
	tcase_add_test(tc, reachable_moved);
	tcase_add_test(tc, reachable_moved_too_soon);
	tcase_add_test(tc, reachable_hint);
	tcase_add_test(tc, reachable_renewed);
	tcase_add_test(tc, reachable_in_use);
	tcase_add_test(tc, reachable_timeout);
	tcase_add_test(tc, reachable_heard_changes_nothing);
	tcase_add_test(tc, reachable_reply_changes_nothing);
	tcase_add_test(tc, stale_packet);
	tcase_add_test(tc, stale_moved);
	tcase_add_test(tc, stale_hint);
	tcase_add_test(tc, stale_timeout);
	tcase_add_test(tc, delay_packet);
	tcase_add_test(tc, delay_moved);
	tcase_add_test(tc, delay_hint);
	tcase_add_test(tc, delay_timeout);
	tcase_add_test(tc, probe_packet);
	tcase_add_test(tc, probe_reply);
	tcase_add_test(tc, probe_moved);
	tcase_add_test(tc, probe_hint);
	tcase_add_test(tc, probe_timeout);
	tcase_add_test(tc, probe_spent);
	tcase_add_test(tc, failed_packet);
	tcase_add_test(tc, failed_early);
	tcase_add_test(tc, failed_backs_off);
	tcase_add_test(tc, failed_wanted);
	tcase_add_test(tc, failed_heard);
	tcase_add_test(tc, failed_timeout);
	tcase_add_test(tc, permanent_packet);
	tcase_add_test(tc, permanent_ignores_arp);
	tcase_add_loop_test(tc, others_set, 0, 6);
	tcase_add_test(tc, transitions_are_logged);
	tcase_add_test(tc, failed_tells_the_sender);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return unit_main(suite());
}

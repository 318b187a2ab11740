/*
 * test_arp_acd.c - address conflict detection (RFC 5227): probing, announcing,
 * defending, yielding, with virtual times.
 */
#include "unit/unit.h"

#include <string.h>

#define SEC INT64_C(1000000)
#define US IP4(10, 0, 0, 1)

static const struct mac us_mac = { { 2, 0, 0, 0, 0, 1 } };
static const struct mac rival_mac = { { 2, 0, 0, 0, 0, 9 } };

static struct stack *stk;
static struct port *port;
static struct iface_addr *addr;
static char last_line[256];

static void
keep_line(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	strncpy(last_line, line, sizeof(last_line) - 1);
}

static void
setup(void)
{
	stk = unit_stack();
	stk->log.sink = keep_line;
	stk->log.level = LOG_LVL_WARN;
	port = unit_port(stk, "a", 1, NULL);
}

static void
teardown(void)
{
	unit_expect_nothing(port);
	unit_stack_free(stk);
}

static void
addr_add(enum acd_mode mode, enum addr_scope scope)
{
	struct ip4_prefix p = { US, 24 };

	port->ifp->conf.acd = mode;
	ck_assert_int_eq(iface_addr_add(stk, port->ifp, p, scope, NULL), 0);
	addr = iface_addr_local(stk, US);
}

/* A probe or an announcement of ours. */
static void
expect_request(struct ip4 spa)
{
	struct unit_seen s = unit_expect(port);

	ck_assert_uint_eq(s.eth.type, ETHERTYPE_ARP);
	ck_assert_mem_eq(s.eth.dst.b, MAC_BROADCAST.b, 6);
	ck_assert_uint_eq(s.arp.op, ARP_OP_REQUEST);
	ck_assert_mem_eq(s.arp.sha.b, us_mac.b, 6);
	ck_assert_mem_eq(s.arp.tha.b, MAC_ZERO.b, 6);
	ck_assert_uint_eq(s.arp.spa.v, spa.v);
	ck_assert_uint_eq(s.arp.tpa.v, US.v);
	unit_seen_free(&s);
}

#define expect_probe() expect_request(IP4_ANY)
#define expect_announcement() expect_request(US)

/* Runs on to the next step of the address and says when that was. */
static int64_t
next_step(void)
{
	int64_t due = addr->acd.timer.due.us;

	ck_assert(timer_is_set(&addr->acd.timer));
	unit_run_until(stk, due - 1);
	unit_expect_nothing(port);
	unit_run_until(stk, due);
	return due;
}

static void
feed_claim(uint16_t op, struct mac sha, struct ip4 spa)
{
	struct arp_msg m = { op, sha, MAC_ZERO, spa, US };

	unit_feed_arp(stk, port, MAC_BROADCAST, &m);
}

static void
expect_state(enum acd_state state)
{
	ck_assert_str_eq(acd_state_name(addr->acd.state),
	    acd_state_name(state));
}

/* Somebody asks for the address: is there an answer? */
static bool
answered(void)
{
	struct mac asker = { { 2, 0, 0, 0, 0, 0x20 } };
	struct arp_msg m = { ARP_OP_REQUEST, asker, MAC_ZERO,
	    IP4(10, 0, 0, 32), US };
	struct unit_seen s;

	unit_feed_arp(stk, port, MAC_BROADCAST, &m);
	if (mem_port_sent(port) == 0)
		return false;
	s = unit_expect(port);
	ck_assert_uint_eq(s.arp.op, ARP_OP_REPLY);
	unit_seen_free(&s);
	return true;
}

START_TEST(silent)
{
	addr_add(ACD_SILENT, SCOPE_GLOBAL);
	unit_run_until(stk, 100 * SEC);
	expect_state(ACD_OURS);
	ck_assert(instant_is_never(stack_next_deadline(stk)));
}
END_TEST

/* Down, nothing is said; up again, it is probed for anew. */
START_TEST(interface_down_and_up)
{
	addr_add(ACD_FULL, SCOPE_GLOBAL);
	next_step();
	expect_probe();
	iface_set_up(stk, port->ifp, false);
	expect_state(ACD_OURS);
	ck_assert(!answered());
	unit_run_until(stk, 100 * SEC);
	iface_set_up(stk, port->ifp, true);
	iface_set_up(stk, port->ifp, true);
	expect_state(ACD_PROBING);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_ge(next_step(), 100 * SEC);
		expect_probe();
	}
	next_step();
	expect_announcement();
	next_step();
	expect_announcement();
	expect_state(ACD_OURS);
}
END_TEST

START_TEST(announce_only)
{
	addr_add(ACD_ANNOUNCE_ONLY, SCOPE_GLOBAL);
	expect_announcement();
	ck_assert_int_eq(next_step(), 2 * SEC);
	expect_announcement();
	expect_state(ACD_OURS);
	ck_assert(!timer_is_set(&addr->acd.timer));
}
END_TEST

/* RFC 5227 1.1: PROBE_WAIT 1 s, PROBE_MIN 1 s, PROBE_MAX 2 s, ANNOUNCE_WAIT
 * and ANNOUNCE_INTERVAL 2 s. */
START_TEST(probe_then_announce)
{
	int64_t t, last = 0;

	addr_add(ACD_FULL, SCOPE_GLOBAL);
	expect_state(ACD_PROBING);
	for (int i = 0; i < 3; i++) {
		t = next_step();
		expect_probe();
		if (i == 0) {
			ck_assert_int_lt(t, SEC);
		} else {
			ck_assert_int_ge(t - last, SEC);
			ck_assert_int_lt(t - last, 2 * SEC);
		}
		last = t;
	}
	for (int i = 0; i < 2; i++) {
		expect_state(ACD_ANNOUNCING);
		t = next_step();
		expect_announcement();
		ck_assert_int_eq(t - last, 2 * SEC);
		last = t;
	}
	expect_state(ACD_OURS);
}
END_TEST

START_TEST(usable_while_probing)
{
	addr_add(ACD_FULL, SCOPE_GLOBAL);
	ck_assert(answered());
}
END_TEST

/* An answer to the probe, or a word as if the address were the other's. */
START_TEST(claim_while_probing)
{
	addr_add(ACD_FULL, SCOPE_GLOBAL);
	next_step();
	expect_probe();
	feed_claim(_i == 0 ? ARP_OP_REPLY : ARP_OP_REQUEST, rival_mac, US);
	expect_state(ACD_CONFLICT);
	ck_assert_uint_eq(stk->drop.count[DROP_ARP_SPOOF], 1);
	ck_assert_uint_eq(stk->arp.stats.conflicts, 1);
	ck_assert_str_eq(last_line, "arp: 10.0.0.1 dev a claimed by "
	    "02:00:00:00:00:09, not announced");
	ck_assert(!answered());
}
END_TEST

/* RATE_LIMIT_INTERVAL later the rival may have gone. */
START_TEST(conflict_is_tried_again)
{
	int64_t lost;

	addr_add(ACD_FULL, SCOPE_GLOBAL);
	lost = next_step();
	expect_probe();
	feed_claim(ARP_OP_REPLY, rival_mac, US);
	ck_assert_int_eq(next_step(), lost + 60 * SEC);
	expect_state(ACD_PROBING);
	for (int i = 0; i < 3; i++) {
		next_step();
		expect_probe();
	}
	next_step();
	expect_announcement();
	next_step();
	expect_announcement();
	expect_state(ACD_OURS);
	ck_assert(answered());
}
END_TEST

/* RFC 5227 2.4 (c): one defence in ten seconds, and never given up. */
START_TEST(defend)
{
	addr_add(ACD_SILENT, SCOPE_GLOBAL);
	unit_run_until(stk, SEC);
	feed_claim(ARP_OP_REQUEST, rival_mac, US);
	expect_announcement();
	ck_assert_str_eq(last_line, "arp: 10.0.0.1 dev a claimed by "
	    "02:00:00:00:00:09, defended");
	feed_claim(ARP_OP_REPLY, rival_mac, US);
	unit_run_until(stk, 11 * SEC - 1);
	feed_claim(ARP_OP_REPLY, rival_mac, US);
	unit_expect_nothing(port);
	unit_run_until(stk, 11 * SEC);
	feed_claim(ARP_OP_REPLY, rival_mac, US);
	expect_announcement();
	expect_state(ACD_OURS);
	ck_assert_uint_eq(stk->drop.count[DROP_ARP_SPOOF], 4);
	ck_assert_uint_eq(stk->arp.stats.conflicts, 4);
	ck_assert_ptr_null(neigh_lookup(stk, port->ifp, US));
}
END_TEST

/* The answer to a probe for what is ours is defence enough, while it is still
 * probed for (0) and later (1). */
START_TEST(probe_of_ours_is_answered)
{
	struct unit_seen s;

	addr_add(_i == 0 ? ACD_FULL : ACD_SILENT, SCOPE_GLOBAL);
	feed_claim(ARP_OP_REQUEST, rival_mac, IP4_ANY);
	s = unit_expect(port);
	ck_assert_uint_eq(s.arp.op, ARP_OP_REPLY);
	ck_assert_mem_eq(s.eth.dst.b, rival_mac.b, 6);
	unit_seen_free(&s);
	ck_assert_uint_eq(stk->arp.stats.conflicts, 0);
}
END_TEST

/* RFC 5227 2.1.1: two stacks on one wire, both sure that it is theirs. */
START_TEST(two_probe_at_once)
{
	struct stack *other = unit_stack();
	struct port *far = unit_port(other, "b", 9, NULL);
	struct ip4_prefix p = { US, 24 };
	struct mem_frame *f;

	addr_add(ACD_FULL, SCOPE_GLOBAL);
	far->ifp->conf.acd = ACD_FULL;
	ck_assert_int_eq(iface_addr_add(other, far->ifp, p, SCOPE_GLOBAL,
	    NULL), 0);
	for (int64_t t = 0; t < 10 * SEC; t += SEC / 10) {
		unit_run_until(stk, t);
		unit_run_until(other, t);
		while ((f = mem_port_take(port)) != NULL) {
			unit_feed_bytes(other, far, f->data, f->len);
			mem_port_free(port, f);
		}
		while ((f = mem_port_take(far)) != NULL) {
			unit_feed_bytes(stk, port, f->data, f->len);
			mem_port_free(far, f);
		}
	}
	expect_state(ACD_CONFLICT);
	ck_assert_uint_gt(other->arp.stats.conflicts, 0);
	unit_stack_free(other);
}
END_TEST

/* Our own voice: a loop in the segment, or a second port of ours on it. */
START_TEST(own_voice_is_no_rival)
{
	struct port *b = unit_port(stk, "b", 0xb, NULL);

	addr_add(ACD_FULL, SCOPE_GLOBAL);
	feed_claim(ARP_OP_REQUEST, us_mac, US);
	feed_claim(ARP_OP_REPLY, b->mac, US);
	expect_state(ACD_PROBING);
	ck_assert_uint_eq(stk->arp.stats.conflicts, 0);
	ck_assert_uint_eq(stk->drop.count[DROP_ARP_SPOOF], 2);
}
END_TEST

START_TEST(scope_host_is_silent)
{
	addr_add(ACD_FULL, SCOPE_HOST);
	ck_assert(!timer_is_set(&addr->acd.timer));
	feed_claim(ARP_OP_REQUEST, rival_mac, US);
	ck_assert_uint_eq(stk->arp.stats.conflicts, 0);
}
END_TEST

/* The address, or its port, goes in the middle of it. */
START_TEST(address_goes)
{
	struct ip4_prefix p = { US, 24 };

	addr_add(ACD_FULL, SCOPE_GLOBAL);
	ck_assert_int_eq(iface_addr_del(stk, port->ifp, p, NULL), 0);
	unit_run_until(stk, 10 * SEC);
	addr_add(ACD_FULL, SCOPE_GLOBAL);
	ck_assert(timer_is_set(&addr->acd.timer));
}
END_TEST

START_TEST(announce_on_demand)
{
	addr_add(ACD_SILENT, SCOPE_GLOBAL);
	arp_announce(stk, port->ifp, US);
	expect_announcement();
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("arp_acd");
	TCase *tc = tcase_create("acd");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, silent);
	tcase_add_test(tc, announce_only);
	tcase_add_test(tc, probe_then_announce);
	tcase_add_test(tc, usable_while_probing);
	tcase_add_loop_test(tc, claim_while_probing, 0, 2);
	tcase_add_test(tc, conflict_is_tried_again);
	tcase_add_test(tc, defend);
	tcase_add_loop_test(tc, probe_of_ours_is_answered, 0, 2);
	tcase_add_test(tc, two_probe_at_once);
	tcase_add_test(tc, own_voice_is_no_rival);
	tcase_add_test(tc, scope_host_is_silent);
	tcase_add_test(tc, interface_down_and_up);
	tcase_add_test(tc, address_goes);
	tcase_add_test(tc, announce_on_demand);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return unit_main(suite());
}

/*
 * test_neigh_table.c - the bounds of the neighbour table: who is displaced,
 * whose packets wait, and that no allocation failure does harm.
 *
 * The oracle looks at every entry to find who must go next, and after each of
 * many random operations every invariant of neigh.h is checked the slow way.
 */
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cursor.h"

#define SEC INT64_C(1000000)
#define US IP4(10, 0, 0, 1)
#define HOST(i) IP4(10, 0, (i) >> 8 & 0xff, (i) & 0xff)

static const struct mac us_mac = { { 2, 0, 0, 0, 0, 1 } };

static struct stack *stk;
static struct port *port;

static void
setup(void)
{
	stk = unit_stack();
	port = unit_port(stk, "a", 1, "10.0.0.1/16");
}

static void
teardown(void)
{
	unit_drain(port);
	unit_stack_free(stk);
}

static struct mac
host_mac(unsigned i)
{
	return (struct mac){ { 2, 0, 0, 1, (i >> 8) & 0xff, i & 0xff } };
}

static void
send_to_host(unsigned i, uint16_t id, uint32_t len)
{
	struct ip4_hdr h = { .total_len = (uint16_t)len, .id = id, .ttl = 64,
	    .proto = 253, .src = US, .dst = HOST(i) };
	struct pkt *pkt = pkt_alloc(&stk->pool, len);

	ck_assert_ptr_nonnull(pkt);
	ip4_build_hdr(pkt_append(pkt, len), &h);
	neigh_output(stk, port->ifp, HOST(i), pkt);
}

static void
feed_reply(unsigned i)
{
	struct arp_msg m = { ARP_OP_REPLY, host_mac(i), us_mac, HOST(i), US };

	unit_feed_arp(stk, port, us_mac, &m);
}

static void
feed_request(unsigned i)
{
	struct arp_msg m = { ARP_OP_REQUEST, host_mac(i), MAC_ZERO, HOST(i),
	    US };

	unit_feed_arp(stk, port, MAC_BROADCAST, &m);
}

static struct neigh *
entry(unsigned i)
{
	return neigh_lookup(stk, port->ifp, HOST(i));
}

static void
make_proven(unsigned i)
{
	send_to_host(i, 1, 28);
	feed_reply(i);
	ck_assert_uint_eq(entry(i)->class, NEIGH_PROVEN);
}

/* ---- invariants, the slow way ------------------------------------------ */

static bool
in_list(const struct neigh_list *list, const struct neigh *n)
{
	const struct neigh *i;

	TAILQ_FOREACH(i, list, lru) {
		if (i == n)
			return true;
	}
	return false;
}

static bool
is_holder(const struct neigh *n)
{
	const struct neigh *i;

	TAILQ_FOREACH(i, &stk->arp.holders, holder) {
		if (i == n)
			return true;
	}
	return false;
}

static uint8_t
class_of(const struct neigh *n)
{
	switch (n->state) {
	case NEIGH_PERMANENT:
		return NEIGH_PINNED;
	case NEIGH_INCOMPLETE:
	case NEIGH_FAILED:
		return NEIGH_UNRESOLVED;
	default:
		return n->traffic ? NEIGH_PROVEN : NEIGH_HEARD;
	}
}

static void
check_lists(void)
{
	const struct neigh *n, *prev;
	uint32_t listed = 0;

	for (int c = 0; c < NEIGH_CLASS_COUNT; c++) {
		prev = NULL;
		TAILQ_FOREACH(n, &stk->arp.lru[c], lru) {
			ck_assert_int_eq(n->class, c);
			ck_assert_int_le(n->ranked.us, n->used.us);
			if (prev != NULL)
				ck_assert_int_le(prev->ranked.us,
				    n->ranked.us);
			prev = n;
			listed++;
		}
	}
	ck_assert_uint_eq(listed, stk->arp.count);
}

/* What was found last is still there. */
static void
check_recent(void)
{
	const struct neigh *recent;
	struct neigh *n;

	for (uint32_t i = 0; i < NEIGH_RECENT; i++) {
		recent = stk->arp.recent[i];
		n = NULL;
		while (recent != NULL && (n = neigh_next(stk, n)) != recent)
			ck_assert_ptr_nonnull(n);
	}
}

static void
check_invariants(void)
{
	uint32_t count = 0, held = 0, large = 0;
	struct neigh *n = NULL;

	while ((n = neigh_next(stk, n)) != NULL) {
		count++;
		held += n->held.count;
		for (struct pkt *p = n->held.head; p != NULL; p = p->next)
			large += p->size != PKT_SMALL;
		ck_assert_ptr_eq(neigh_lookup(stk, n->ifp, n->ip), n);
		ck_assert_uint_eq(n->class, class_of(n));
		ck_assert(in_list(&stk->arp.lru[n->class], n));
		ck_assert(is_holder(n) == (n->held.count > 0));
		ck_assert_uint_le(n->held.count, stk->limits.neigh_hold);
		ck_assert(n->held.count == 0 ||
		    n->state == NEIGH_INCOMPLETE);
		ck_assert(timer_is_set(&n->timer) ==
		    (n->state != NEIGH_PERMANENT));
	}
	ck_assert_uint_eq(count, stk->arp.count);
	ck_assert_uint_eq(held, stk->arp.held);
	ck_assert_uint_eq(large, stk->arp.held_large);
	ck_assert_uint_le(count, stk->limits.neighs);
	ck_assert_uint_le(held, stk->limits.neigh_hold_all);
	check_lists();
	check_recent();
}

/* ---- the oracle -------------------------------------------------------- */

/* Would a be displaced before b? */
static bool
goes_before(const struct neigh *a, const struct neigh *b)
{
	if (a->class != b->class)
		return a->class < b->class;
	return a->used.us < b->used.us;
}

/* Who must go if an entry is made now, or NULL. */
static struct neigh *
oracle_victim(bool for_packet)
{
	struct neigh *best = NULL, *n = NULL;

	if (stk->arp.count < stk->limits.neighs)
		return NULL;
	while ((n = neigh_next(stk, n)) != NULL) {
		bool busy = stk->now.us - n->used.us < 5 * SEC;

		if (n->class == NEIGH_PINNED ||
		    (n->class == NEIGH_PROVEN && busy) ||
		    (!for_packet && n->class != NEIGH_HEARD))
			continue;
		if (best == NULL || goes_before(n, best))
			best = n;
	}
	return best;
}

#define HOSTS 96	/* addresses that the random test uses: 2 and up */

/* Which hosts have an entry. */
static void
snapshot(bool seen[HOSTS])
{
	for (unsigned i = 0; i < HOSTS; i++)
		seen[i] = entry(i + 2) != NULL;
}

/* After something that may have made an entry for host made: who has gone is
 * who the oracle named, or one of the same class and last use. */
static void
check_victim(const bool before[HOSTS], unsigned made, const int64_t used[],
    int victim)
{
	for (unsigned i = 0; i < HOSTS; i++) {
		if (i == made || !before[i] || entry(i + 2) != NULL)
			continue;
		ck_assert_msg(victim >= 0, "host %u was displaced", i + 2);
		ck_assert_int_eq(used[i], used[victim]);
	}
}

/* One operation that may make an entry, against the oracle. */
static void
checked_make(unsigned host, bool by_packet, uint32_t len)
{
	bool before[HOSTS], room = stk->arp.count < stk->limits.neighs;
	uint64_t refused = stk->drop.count[DROP_NEIGH_TABLE];
	struct neigh *victim = oracle_victim(by_packet);
	unsigned i = host - 2;
	int64_t used[HOSTS] = { 0 };
	int v = victim == NULL || entry(host) != NULL ? -1 :
	    (int)(victim->ip.v & 0xff) - 2;

	snapshot(before);
	for (unsigned k = 0; k < HOSTS; k++) {
		if (before[k])
			used[k] = entry(k + 2)->used.us;
	}
	if (by_packet)
		send_to_host(host, 7, len);
	else
		feed_request(host);
	check_victim(before, i, used, v);
	if (!before[i])
		ck_assert((entry(host) != NULL) == (room || v >= 0));
	if (by_packet && !before[i] && !room && v < 0)
		ck_assert_uint_eq(stk->drop.count[DROP_NEIGH_TABLE],
		    refused + 1);
}

static void
random_step(struct rng *rng)
{
	unsigned host = 2 + rng_below(rng, HOSTS);
	struct neigh *n = entry(host);

	switch (rng_below(rng, 16)) {
	case 0: case 1: case 2: case 3: case 4:
		checked_make(host, true, rng_below(rng, 8) == 0 ? 4000 : 100);
		break;
	case 5: case 6:
		checked_make(host, false, 0);
		break;
	case 7: case 8: case 9: case 10:
		if (n != NULL)
			feed_reply(host);
		break;
	case 11:
		neigh_confirm(stk, port->ifp, HOST(host));
		break;
	case 12:
		if (rng_below(rng, 8) == 0 && (n == NULL ||
		    n->state != NEIGH_PERMANENT))
			neigh_add(stk, port->ifp, HOST(host), host_mac(host),
			    NULL);
		break;
	case 13:
		if (n != NULL && rng_below(rng, 2) == 0)
			ck_assert_int_eq(neigh_del(stk, port->ifp, HOST(host),
			    NULL), 0);
		break;
	case 14:
		if (rng_below(rng, 200) == 0)
			neigh_flush(stk, port->ifp);
		break;
	default:
		unit_run_until(stk, stk->now.us + rng_below(rng, 3 * SEC));
		break;
	}
}

START_TEST(random_operations)
{
	struct rng rng;
	uint8_t seed[RNG_SEED_LEN] = { (uint8_t)(_i + 1) };

	rng_init(&rng, seed);
	stk->limits.neighs = 24;
	stk->limits.neigh_hold = 3;
	stk->limits.neigh_hold_all = 12;
	stk->limits.pkt_large = 16;
	for (int step = 0; step < 3000; step++) {
		random_step(&rng);
		check_invariants();
		unit_drain(port);
	}
	ck_assert_uint_gt(stk->arp.stats.evicted, 0);
	ck_assert_uint_gt(stk->drop.count[DROP_NEIGH_QUEUE], 0);
}
END_TEST

/* ---- who is displaced -------------------------------------------------- */

START_TEST(least_recently_used_goes)
{
	stk->limits.neighs = 3;
	for (unsigned i = 2; i < 5; i++) {
		make_proven(i);
		unit_run_until(stk, stk->now.us + SEC);
	}
	send_to_host(2, 2, 28);		/* the hot path: only `used` changes */
	unit_run_until(stk, 20 * SEC);
	send_to_host(9, 1, 28);
	ck_assert_ptr_null(entry(3));
	ck_assert_ptr_nonnull(entry(2));
	ck_assert_ptr_nonnull(entry(4));
	check_invariants();
}
END_TEST

START_TEST(in_use_stays)
{
	stk->limits.neighs = 2;
	make_proven(2);
	make_proven(3);
	unit_run_until(stk, 5 * SEC - 1);
	send_to_host(4, 1, 28);
	ck_assert_uint_eq(stk->drop.count[DROP_NEIGH_TABLE], 1);
	ck_assert_ptr_null(entry(4));
	unit_run_until(stk, 5 * SEC);
	send_to_host(4, 1, 28);
	ck_assert_ptr_nonnull(entry(4));
	ck_assert_uint_eq(stk->arp.count, 2);
}
END_TEST

START_TEST(permanent_stays)
{
	struct err err;

	stk->limits.neighs = 2;
	ck_assert_int_eq(neigh_add(stk, port->ifp, HOST(2), host_mac(2), &err),
	    0);
	ck_assert_int_eq(neigh_add(stk, port->ifp, HOST(3), host_mac(3), &err),
	    0);
	unit_run_until(stk, 1000 * SEC);
	send_to_host(4, 1, 28);
	ck_assert_uint_eq(stk->drop.count[DROP_NEIGH_TABLE], 1);
	ck_assert_int_eq(neigh_add(stk, port->ifp, HOST(4), host_mac(4), &err),
	    -ENOSPC);
	ck_assert_str_eq(err.text,
	    "\"10.0.0.4\": the neighbour table is full (2 entries)");
	neigh_flush(stk, NULL);
	ck_assert_uint_eq(stk->arp.count, 2);
}
END_TEST

/* Who only talks to us cannot push anybody else out. */
START_TEST(strangers_displace_only_strangers)
{
	stk->limits.neighs = 4;
	make_proven(2);
	send_to_host(3, 1, 28);
	for (unsigned i = 100; i < 300; i++) {
		unit_run_until(stk, stk->now.us + 1);
		feed_request(i);
	}
	ck_assert_ptr_nonnull(entry(2));
	ck_assert_ptr_nonnull(entry(3));
	ck_assert_ptr_nonnull(entry(298));
	ck_assert_ptr_nonnull(entry(299));
	check_invariants();
}
END_TEST

/* A scan through us of addresses where nobody is leaves those who answer
 * alone, and a new one is found in the middle of it. */
START_TEST(scan_displaces_only_itself)
{
	stk->limits.neighs = 32;
	for (unsigned i = 2; i < 10; i++)
		make_proven(i);
	unit_run_until(stk, 20 * SEC);
	for (unsigned i = 256; i < 2256; i++) {
		send_to_host(i, 1, 28);
		if (i == 1000)
			send_to_host(20, 1, 28);
		if (i == 1010)
			feed_reply(20);
		unit_run_until(stk, stk->now.us + 1000);
		unit_drain(port);
	}
	for (unsigned i = 2; i < 10; i++)
		ck_assert_ptr_nonnull(entry(i));
	ck_assert_ptr_nonnull(entry(20));
	check_invariants();
}
END_TEST

/* ---- whose packets wait ------------------------------------------------ */

START_TEST(oldest_of_the_neighbour_goes)
{
	struct unit_seen s;

	for (uint16_t id = 1; id <= 20; id++)
		send_to_host(2, id, 28);
	ck_assert_uint_eq(unit_drain(port), 1);
	ck_assert_uint_eq(stk->drop.count[DROP_NEIGH_QUEUE], 4);
	feed_reply(2);
	for (uint16_t id = 5; id <= 20; id++) {
		s = unit_expect(port);
		ck_assert_uint_eq(s.ip.id, id);
		unit_seen_free(&s);
	}
}
END_TEST

/* 64 dead hosts fill every place; the first packet to a live one is held all
 * the same, and the dead lose one packet each in turn. */
START_TEST(dead_hosts_starve_nobody)
{
	struct unit_seen s;

	for (unsigned i = 256; i < 320; i++) {
		for (uint16_t id = 0; id < 16; id++)
			send_to_host(i, id, 28);
	}
	ck_assert_uint_eq(stk->arp.held, stk->limits.neigh_hold_all);
	ck_assert_uint_eq(stk->drop.count[DROP_NEIGH_QUEUE], 0);
	for (unsigned i = 2; i < 66; i++)
		send_to_host(i, 77, 28);
	for (unsigned i = 256; i < 320; i++)
		ck_assert_uint_eq(entry(i)->held.count, 15);
	unit_drain(port);
	for (unsigned i = 2; i < 66; i++) {
		feed_reply(i);
		s = unit_expect(port);
		ck_assert_uint_eq(s.ip.id, 77);
		unit_seen_free(&s);
	}
	check_invariants();
}
END_TEST

/* All places taken: who already has one pays for its own next packet. */
START_TEST(own_share_first)
{
	stk->limits.neigh_hold_all = 4;
	send_to_host(2, 1, 28);
	send_to_host(2, 2, 28);
	send_to_host(3, 3, 28);
	send_to_host(3, 4, 28);
	send_to_host(3, 5, 28);
	ck_assert_uint_eq(entry(2)->held.count, 2);
	ck_assert_uint_eq(entry(3)->held.count, 2);
	ck_assert_uint_eq(stk->drop.count[DROP_NEIGH_QUEUE], 1);
	check_invariants();
}
END_TEST

/* Of 64 large buffers, 16 may wait; small packets are not concerned. */
START_TEST(super_frames_wait_in_small_number)
{
	for (unsigned i = 2; i < 22; i++)
		send_to_host(i, 1, 40000);
	ck_assert_uint_eq(stk->arp.held_large, 16);
	ck_assert_uint_eq(stk->drop.count[DROP_NEIGH_QUEUE], 4);
	send_to_host(21, 2, 28);
	ck_assert_uint_eq(stk->arp.held, 17);
	check_invariants();
}
END_TEST

/* The interface by which a waiting packet came goes: so does the packet, as an
 * ICMP answer would look at where it came in. */
START_TEST(waiting_goes_with_its_way_in)
{
	struct port *b = unit_port(stk, "b", 0xb, "10.1.0.1/24");
	struct unit_frame f = { .dst = { { 2, 0, 0, 0, 0, 0xb } },
	    .src = { { 2, 0, 0, 0, 0, 0xc } }, .sip = IP4(10, 1, 0, 2),
	    .dip = HOST(2), .proto = 253 };

	unit_feed(stk, b, &f);
	send_to_host(2, 5, 28);
	ck_assert_uint_eq(stk->arp.held, 2);
	port_del(stk, b);
	ck_assert_uint_eq(stk->arp.held, 1);
	ck_assert_uint_eq(stk->drop.count[DROP_PORT_DOWN], 1);
	check_invariants();
	unit_run_until(stk, 4 * SEC);
}
END_TEST

/* Several neighbours keep a packet each, and stand in the order of before. */
START_TEST(what_came_another_way_keeps_waiting)
{
	struct port *b = unit_port(stk, "b", 0xb, "10.1.0.1/24");
	struct unit_frame f = { .dst = { { 2, 0, 0, 0, 0, 0xb } },
	    .src = { { 2, 0, 0, 0, 0, 0xc } }, .sip = IP4(10, 1, 0, 2),
	    .proto = 253 };
	static const unsigned left[] = { 2, 4, 5 };
	unsigned i = 2;
	struct neigh *n;

	for (; i < 6; i++) {
		f.dip = HOST(i);
		unit_feed(stk, b, &f);
		if (i != 3)
			send_to_host(i, 5, 28);
	}
	port_del(stk, b);
	ck_assert_uint_eq(stk->arp.held, 3);
	ck_assert_uint_eq(stk->drop.count[DROP_PORT_DOWN], 4);
	check_invariants();
	i = 0;
	TAILQ_FOREACH(n, &stk->arp.holders, holder) {
		ck_assert_uint_eq(n->ip.v, HOST(left[i]).v);
		i++;
	}
	ck_assert_uint_eq(i, 3);
	unit_run_until(stk, 4 * SEC);
}
END_TEST

START_TEST(interface_takes_its_neighbours)
{
	unit_port(stk, "b", 0xb, "10.1.0.1/24");
	unit_neighbour(stk, "b", "10.1.0.2", 5);
	make_proven(2);
	send_to_host(3, 1, 28);
	unit_neighbour(stk, "a", "10.0.0.4", 4);
	neigh_iface_down(stk, port->ifp);
	ck_assert_uint_eq(stk->arp.count, 1);
	ck_assert_uint_eq(stk->arp.held, 0);
	check_invariants();
}
END_TEST

/* ---- control ----------------------------------------------------------- */

START_TEST(control_errors)
{
	struct iface *lo = iface_lookup(stk, "lo");
	struct mac group = { { 1, 0, 0x5e, 0, 0, 1 } };
	struct err err;

	ck_assert_int_eq(neigh_add(stk, lo, HOST(2), host_mac(2), &err),
	    -EINVAL);
	ck_assert_str_eq(err.text, "\"lo\" has no neighbours");
	ck_assert_int_eq(neigh_add(stk, port->ifp, IP4(224, 0, 0, 1),
	    host_mac(2), &err), -EINVAL);
	ck_assert_str_eq(err.text,
	    "\"224.0.0.1\": expected the address of one host");
	ck_assert_int_eq(neigh_add(stk, port->ifp, HOST(2), group, &err),
	    -EINVAL);
	ck_assert_str_eq(err.text,
	    "\"01:00:5e:00:00:01\": expected the MAC of one host");
	ck_assert_int_eq(neigh_del(stk, port->ifp, HOST(2), &err), -ENOENT);
	ck_assert_str_eq(err.text, "\"10.0.0.2\": no such neighbour of a");
	ck_assert_uint_eq(stk->arp.count, 0);
}
END_TEST

/* Whatever allocation fails, nothing is half done and nothing leaks. */
START_TEST(allocations_fail)
{
	uint64_t failed = 0;

	for (uint64_t n = 1;; n++) {
		teardown();
		setup();
		stk->limits.neighs = 2;
		stk->mem.fail_at = n;
		neigh_add(stk, port->ifp, HOST(9), host_mac(9), NULL);
		for (unsigned i = 2; i < 6; i++) {
			struct pkt *pkt = pkt_alloc(&stk->pool, 28);
			struct ip4_hdr h = { .total_len = 28, .src = US,
			    .dst = HOST(i) };

			if (pkt == NULL)
				continue;
			ip4_build_hdr(pkt_append(pkt, 28), &h);
			neigh_output(stk, port->ifp, HOST(i), pkt);
			neigh_learn(stk, port->ifp, HOST(i), host_mac(i),
			    true, true);
			check_invariants();
		}
		unit_run_until(stk, 10 * SEC);
		check_invariants();
		failed = stk->mem.failed;
		if (failed == 0)
			break;
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("neigh_table");
	TCase *tc = tcase_create("table");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, random_operations, 0, 3);
	tcase_add_test(tc, least_recently_used_goes);
	tcase_add_test(tc, in_use_stays);
	tcase_add_test(tc, permanent_stays);
	tcase_add_test(tc, strangers_displace_only_strangers);
	tcase_add_test(tc, scan_displaces_only_itself);
	tcase_add_test(tc, oldest_of_the_neighbour_goes);
	tcase_add_test(tc, dead_hosts_starve_nobody);
	tcase_add_test(tc, own_share_first);
	tcase_add_test(tc, super_frames_wait_in_small_number);
	tcase_add_test(tc, waiting_goes_with_its_way_in);
	tcase_add_test(tc, what_came_another_way_keeps_waiting);
	tcase_add_test(tc, interface_takes_its_neighbours);
	tcase_add_test(tc, control_errors);
	tcase_add_test(tc, allocations_fail);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return unit_main(suite());
}

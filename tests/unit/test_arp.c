/*
 * test_arp.c - ARP messages in and out: what is answered, what is learned, what
 * is dropped; the knobs with Linux's meaning; RARP.
 *
 *   us 10.0.0.1 02:..:01 --- port a --- peer 10.0.0.2 02:..:02
 *   us 10.0.1.1 02:..:0b --- port b
 */
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cursor.h"

#define SEC INT64_C(1000000)
#define US IP4(10, 0, 0, 1)
#define US_B IP4(10, 0, 1, 1)
#define PEER IP4(10, 0, 0, 2)
#define VIP IP4(10, 0, 0, 100)

static const struct mac us_mac = { { 2, 0, 0, 0, 0, 1 } };
static const struct mac peer_mac = { { 2, 0, 0, 0, 0, 2 } };
static const struct mac other_mac = { { 2, 0, 0, 0, 0, 3 } };

static struct stack *stk;
static struct port *a, *b;

static void
setup(void)
{
	stk = unit_stack();
	a = unit_port(stk, "a", 1, "10.0.0.1/24");
	b = unit_port(stk, "b", 0xb, "10.0.1.1/24");
}

static void
teardown(void)
{
	unit_expect_nothing(a);
	unit_expect_nothing(b);
	unit_stack_free(stk);
}

static void
feed_request(struct ip4 from, struct ip4 target)
{
	struct arp_msg m = { ARP_OP_REQUEST, peer_mac, MAC_ZERO, from,
	    target };

	unit_feed_arp(stk, a, MAC_BROADCAST, &m);
}

static void
expect_answer(struct ip4 target, struct ip4 to)
{
	struct unit_seen s = unit_expect(a);

	ck_assert_uint_eq(s.eth.type, ETHERTYPE_ARP);
	ck_assert_mem_eq(s.eth.dst.b, peer_mac.b, 6);
	ck_assert_uint_eq(s.arp.op, ARP_OP_REPLY);
	ck_assert_mem_eq(s.arp.sha.b, us_mac.b, 6);
	ck_assert_mem_eq(s.arp.tha.b, peer_mac.b, 6);
	ck_assert_uint_eq(s.arp.spa.v, target.v);
	ck_assert_uint_eq(s.arp.tpa.v, to.v);
	unit_seen_free(&s);
	unit_expect_nothing(a);
}

/* Asks for target from PEER: is it answered? */
static bool
answered(struct ip4 from, struct ip4 target)
{
	feed_request(from, target);
	if (mem_port_sent(a) == 0)
		return false;
	expect_answer(target, from);
	return true;
}

static void
expect_drops(enum drop why, uint64_t n)
{
	ck_assert_msg(stk->drop.count[why] == n, "%s: %llu, expected %llu",
	    drop_rows[why].name, (unsigned long long)stk->drop.count[why],
	    (unsigned long long)n);
}

static void
add_addr(const char *ifname, const char *prefix, enum addr_scope scope)
{
	struct ip4_prefix p;
	struct err err = { "" };

	ck_assert_int_eq(ip4_prefix_parse(prefix, &p), 0);
	ck_assert_msg(iface_addr_add(stk, iface_lookup(stk, ifname), p, scope,
	    &err) == 0, "%s", err.text);
}

static void
add_route(const char *prefix, struct port *port, struct ip4 via)
{
	struct route *r = calloc(1, sizeof(*r) + sizeof(r->hop[0]));
	struct err err = { "" };

	ck_assert_int_eq(ip4_prefix_parse(prefix, &r->dst), 0);
	r->type = ROUTE_UNICAST;
	r->origin = ROUTE_STATIC;
	r->hops = 1;
	r->hop[0].ifp = port->ifp;
	r->hop[0].via = via;
	r->hop[0].weight = 1;
	ck_assert_msg(route_add(stk, r, &err) == 0, "%s", err.text);
	free(r);
}

/* ---- the message ------------------------------------------------------- */

START_TEST(wire)
{
	static const char text[] = "0001 0800 06 04 0002 020000000001"
	    " 0a000001 020000000002 0a000002";
	struct arp_msg m = { ARP_OP_REPLY, us_mac, peer_mac, US, PEER }, back;
	uint8_t want[ARP_LEN], got[ARP_LEN];

	ck_assert_uint_eq(unit_hex(want, sizeof(want), text), ARP_LEN);
	arp_build(got, &m);
	ck_assert_mem_eq(got, want, ARP_LEN);
	ck_assert_int_eq(arp_parse(want, ARP_LEN, &back), 0);
	ck_assert_uint_eq(back.op, ARP_OP_REPLY);
	ck_assert_mem_eq(back.sha.b, us_mac.b, 6);
	ck_assert_mem_eq(back.tha.b, peer_mac.b, 6);
	ck_assert_uint_eq(back.spa.v, US.v);
	ck_assert_uint_eq(back.tpa.v, PEER.v);
	for (size_t len = 0; len < ARP_LEN; len++)
		ck_assert_int_eq(arp_parse(want, len, &back), -EMSGSIZE);
}
END_TEST

/* Each byte that says "IPv4 over Ethernet" matters. */
START_TEST(other_kinds)
{
	uint8_t p[ARP_LEN];
	struct arp_msg m = { ARP_OP_REPLY, us_mac, peer_mac, US, PEER };

	for (int i = 0; i < 6; i++) {
		arp_build(p, &m);
		p[i] ^= 0x10;
		ck_assert_int_eq(arp_parse(p, ARP_LEN, &m), -EINVAL);
	}
}
END_TEST

START_TEST(bad_messages)
{
	struct arp_msg m = { ARP_OP_REQUEST, peer_mac, MAC_ZERO, PEER, US };
	uint8_t frame[41] = { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 2,
	    8, 6, 0, 1, 8, 0, 6, 4, 0, 1 };

	unit_feed_bytes(stk, a, frame, sizeof(frame));
	expect_drops(DROP_ARP_SHORT, 1);
	frame[15] = 6;			/* IEEE 802 */
	unit_feed_bytes(stk, a, frame, sizeof(frame));
	expect_drops(DROP_ARP_BAD, 1);
	m.op = 9;
	unit_feed_arp(stk, a, MAC_BROADCAST, &m);
	expect_drops(DROP_ARP_BAD, 2);
	m.op = ARP_OP_REQUEST;
	m.spa = IP4(10, 0, 0, 255);	/* the network's broadcast */
	unit_feed_arp(stk, a, MAC_BROADCAST, &m);
	expect_drops(DROP_ARP_BAD, 3);
	m.spa = IP4(224, 0, 0, 1);
	unit_feed_arp(stk, a, MAC_BROADCAST, &m);
	m.spa = IP4(127, 0, 0, 1);
	unit_feed_arp(stk, a, MAC_BROADCAST, &m);
	m.spa = IP4(0, 0, 0, 7);
	unit_feed_arp(stk, a, MAC_BROADCAST, &m);
	m.spa = IP4_BROADCAST;
	unit_feed_arp(stk, a, MAC_BROADCAST, &m);
	expect_drops(DROP_ARP_BAD, 7);
	ck_assert_uint_eq(stk->arp.count, 0);
}
END_TEST

/* A sender whose hardware address names nobody. */
START_TEST(bad_hardware_addresses)
{
	uint8_t frame[42];
	uint32_t n = unit_hex(frame, sizeof(frame), "ffffffffffff 020000000002"
	    " 0806 0001 0800 06 04 0001 ffffffffffff 0a000002"
	    " 000000000000 0a000001");

	unit_feed_bytes(stk, a, frame, n);
	expect_drops(DROP_ARP_SPOOF, 1);
	for (int i = 22; i < 28; i++)
		frame[i] = 0;
	unit_feed_bytes(stk, a, frame, n);
	expect_drops(DROP_ARP_SPOOF, 2);
	ck_assert_uint_eq(stk->arp.count, 0);
}
END_TEST

/* ---- answering and learning -------------------------------------------- */

START_TEST(request_is_answered_and_learned)
{
	struct neigh *n;

	ck_assert(answered(PEER, US));
	n = neigh_lookup(stk, a->ifp, PEER);
	ck_assert_ptr_nonnull(n);
	ck_assert_uint_eq(n->state, NEIGH_STALE);
	ck_assert_mem_eq(n->mac.b, peer_mac.b, 6);
	ck_assert_uint_eq(stk->arp.stats.received, 1);
}
END_TEST

START_TEST(request_for_another_host)
{
	ck_assert(!answered(PEER, IP4(10, 0, 0, 50)));
	expect_drops(DROP_ARP_NOT_US, 1);
	ck_assert_ptr_null(neigh_lookup(stk, a->ifp, PEER));
}
END_TEST

/* By a frame to us alone: an entry about us that is out of date. */
START_TEST(request_to_us_for_another_host)
{
	struct arp_msg m = { ARP_OP_REQUEST, peer_mac, MAC_ZERO, PEER,
	    IP4(10, 0, 0, 50) };

	unit_feed_arp(stk, a, us_mac, &m);
	unit_expect_nothing(a);
	expect_drops(DROP_ARP_NOT_US, 1);
	ck_assert_uint_eq(stk->pool.live, 0);
}
END_TEST

/* RFC 5227 1.1: a probe is answered, and teaches nothing. */
START_TEST(probe_is_answered)
{
	ck_assert(answered(IP4_ANY, US));
	ck_assert_uint_eq(stk->arp.count, 0);
	ck_assert(!answered(IP4_ANY, IP4(10, 0, 0, 50)));
	expect_drops(DROP_ARP_NOT_US, 1);
}
END_TEST

START_TEST(stranger)
{
	ck_assert(!answered(IP4(192, 168, 7, 7), US));
	expect_drops(DROP_ARP_STRANGER, 1);
	ck_assert_uint_eq(stk->arp.count, 0);
	a->ifp->conf.arp_accept = true;
	ck_assert(answered(IP4(192, 168, 7, 7), US));
	ck_assert_uint_eq(stk->arp.count, 1);
}
END_TEST

/* A host route makes a neighbour of who is outside every network. */
START_TEST(stranger_with_a_route)
{
	add_route("192.168.7.7/32", a, IP4_ANY);
	ck_assert(answered(IP4(192, 168, 7, 7), US));
	ck_assert_uint_eq(stk->arp.count, 1);
	ck_assert(!answered(IP4(192, 168, 7, 8), US));
}
END_TEST

/* A router asks with the source of what it forwards, which lies behind it: it
 * is answered, but nothing goes straight to that address. */
START_TEST(stranger_behind_a_gateway)
{
	add_route("192.168.7.0/24", a, PEER);
	ck_assert(answered(IP4(192, 168, 7, 7), US));
	ck_assert_uint_eq(stk->arp.count, 0);
	add_route("192.168.8.0/24", b, IP4(10, 0, 1, 254));
	ck_assert(!answered(IP4(192, 168, 8, 8), US));
	expect_drops(DROP_ARP_STRANGER, 1);
	/* What is not for us is no reason to believe him either. */
	ck_assert(!answered(IP4(192, 168, 7, 7), IP4(10, 0, 0, 50)));
	expect_drops(DROP_ARP_STRANGER, 2);
}
END_TEST

/* Whom we ask is no stranger, wherever his address lies. */
START_TEST(asked_stranger_may_answer)
{
	struct ip4 far = IP4(203, 0, 113, 9);
	struct arp_msg m = { ARP_OP_REPLY, peer_mac, us_mac, far, US };
	struct ip4_hdr h = { .total_len = 20, .src = US, .dst = far };
	struct pkt *pkt = pkt_alloc(&stk->pool, 20);
	struct unit_seen s;

	ip4_build_hdr(pkt_append(pkt, 20), &h);
	neigh_output(stk, a->ifp, far, pkt);
	s = unit_expect(a);
	ck_assert_uint_eq(s.arp.tpa.v, far.v);
	unit_seen_free(&s);
	unit_feed_arp(stk, a, us_mac, &m);
	s = unit_expect(a);
	ck_assert_uint_eq(s.ip.dst.v, far.v);
	unit_seen_free(&s);
}
END_TEST

/* An answer that nobody asked for makes no entry, accepted or not. */
START_TEST(unsolicited_reply)
{
	struct arp_msg m = { ARP_OP_REPLY, peer_mac, us_mac, PEER, US };

	unit_feed_arp(stk, a, us_mac, &m);
	unit_feed_arp(stk, a, MAC_BROADCAST, &m);
	ck_assert_uint_eq(stk->arp.count, 0);
	expect_drops(DROP_ARP_NOT_US, 0);
}
END_TEST

/* arp_accept: gratuitous ARP makes an entry only if it is on, but an entry
 * that is there follows either way. */
START_TEST(gratuitous)
{
	struct arp_msg m = { ARP_OP_REQUEST, peer_mac, MAC_ZERO, PEER, PEER };

	m.op = _i == 0 ? ARP_OP_REQUEST : ARP_OP_REPLY;
	unit_feed_arp(stk, a, MAC_BROADCAST, &m);
	ck_assert_uint_eq(stk->arp.count, 0);
	a->ifp->conf.arp_accept = true;
	unit_feed_arp(stk, a, MAC_BROADCAST, &m);
	ck_assert_uint_eq(stk->arp.count, 1);
	a->ifp->conf.arp_accept = false;
	unit_run_until(stk, 2 * SEC);
	m.sha = other_mac;
	unit_feed_arp(stk, a, MAC_BROADCAST, &m);
	ck_assert_mem_eq(neigh_lookup(stk, a->ifp, PEER)->mac.b,
	    other_mac.b, 6);
}
END_TEST

/* Answers to all prove nothing: the entry waits for its own. */
START_TEST(broadcast_reply_is_unsolicited)
{
	struct arp_msg m = { ARP_OP_REPLY, peer_mac, us_mac, PEER, US };
	struct ip4_hdr h = { .total_len = 20, .src = US, .dst = PEER };
	struct pkt *pkt = pkt_alloc(&stk->pool, 20);
	struct unit_seen s;

	ip4_build_hdr(pkt_append(pkt, 20), &h);
	neigh_output(stk, a->ifp, PEER, pkt);
	s = unit_expect(a);
	unit_seen_free(&s);
	unit_feed_arp(stk, a, MAC_BROADCAST, &m);
	ck_assert_uint_eq(neigh_lookup(stk, a->ifp, PEER)->state,
	    NEIGH_DELAY);
	s = unit_expect(a);
	unit_seen_free(&s);
}
END_TEST

/* ---- arp_ignore -------------------------------------------------------- */

START_TEST(arp_ignore_0)
{
	add_addr("lo", "10.9.9.9/32", SCOPE_GLOBAL);
	ck_assert(answered(PEER, US));
	ck_assert(answered(PEER, US_B));
	ck_assert(answered(PEER, IP4(10, 9, 9, 9)));
	ck_assert(!answered(PEER, IP4(127, 0, 0, 1)));
}
END_TEST

START_TEST(arp_ignore_1)
{
	add_addr("lo", "10.9.9.9/32", SCOPE_GLOBAL);
	add_addr("a", "172.16.0.1/16", SCOPE_GLOBAL);
	a->ifp->conf.arp_ignore = 1;
	ck_assert(answered(PEER, US));
	ck_assert(answered(PEER, IP4(172, 16, 0, 1)));
	ck_assert(!answered(PEER, US_B));
	ck_assert(!answered(PEER, IP4(10, 9, 9, 9)));
	expect_drops(DROP_ARP_NOT_US, 2);
}
END_TEST

START_TEST(arp_ignore_2)
{
	add_addr("a", "172.16.0.1/16", SCOPE_GLOBAL);
	a->ifp->conf.arp_ignore = 2;
	ck_assert(answered(PEER, US));
	ck_assert(!answered(PEER, IP4(172, 16, 0, 1)));
	ck_assert(answered(IP4(172, 16, 5, 5), IP4(172, 16, 0, 1)));
	ck_assert(!answered(PEER, US_B));
	ck_assert(answered(IP4_ANY, US));
}
END_TEST

/* A real server behind direct routing: the virtual address is there, and
 * invisible. */
START_TEST(scope_host_is_hidden)
{
	struct arp_msg director = { ARP_OP_REQUEST, other_mac, MAC_ZERO, VIP,
	    PEER };

	add_addr("lo", "10.0.0.100/32", SCOPE_HOST);
	ck_assert_ptr_nonnull(iface_addr_local(stk, VIP));
	ck_assert(!answered(PEER, VIP));
	ck_assert_uint_eq(arp_source(stk, a->ifp, PEER, VIP).v, US.v);
	/* The director's own claim to it is no attack, and not learned. */
	unit_feed_arp(stk, a, MAC_BROADCAST, &director);
	expect_drops(DROP_ARP_SPOOF, 1);
	ck_assert_uint_eq(stk->arp.stats.conflicts, 0);
}
END_TEST

/* ---- arp_announce ------------------------------------------------------ */

/* To whom the packet's source is a stranger's, the interface's own is not:
 * the second question carries that. */
START_TEST(asks_again_with_an_address_of_the_link)
{
	struct ip4 elsewhere = IP4(10, 0, 1, 1);
	struct ip4_hdr h = { .total_len = 20, .src = elsewhere, .dst = PEER };
	struct ip4 want[] = { elsewhere, US, US };
	struct pkt *pkt = pkt_alloc(&stk->pool, 20);

	ip4_build_hdr(pkt_append(pkt, 20), &h);
	neigh_output(stk, a->ifp, PEER, pkt);
	for (unsigned i = 0; i < 3; i++) {
		struct unit_seen s = unit_expect(a);

		ck_assert_uint_eq(s.arp.tpa.v, PEER.v);
		ck_assert_uint_eq(s.arp.spa.v, want[i].v);
		unit_seen_free(&s);
		unit_run_until(stk, stk->now.us + USEC_PER_SEC);
	}
}
END_TEST

START_TEST(arp_announce_levels)
{
	struct ip4 same = IP4(10, 0, 0, 7), elsewhere = US_B;

	add_addr("a", "10.0.0.7/24", SCOPE_GLOBAL);
	ck_assert_uint_eq(arp_source(stk, a->ifp, PEER, same).v, same.v);
	ck_assert_uint_eq(arp_source(stk, a->ifp, PEER, elsewhere).v,
	    elsewhere.v);
	a->ifp->conf.arp_announce = 1;
	ck_assert_uint_eq(arp_source(stk, a->ifp, PEER, same).v, same.v);
	ck_assert_uint_eq(arp_source(stk, a->ifp, PEER, elsewhere).v, US.v);
	a->ifp->conf.arp_announce = 2;
	ck_assert_uint_eq(arp_source(stk, a->ifp, PEER, same).v, US.v);
	ck_assert_uint_eq(arp_source(stk, a->ifp, PEER, elsewhere).v, US.v);
	/* A forwarded packet's source is nobody of ours. */
	a->ifp->conf.arp_announce = 0;
	ck_assert_uint_eq(arp_source(stk, a->ifp, PEER,
	    IP4(10, 0, 1, 50)).v, US.v);
}
END_TEST

/* The request carries the source of the packet that waits. */
START_TEST(request_speaks_as_its_packet)
{
	struct ip4_hdr h = { .total_len = 20, .src = US_B, .dst = PEER };
	struct unit_seen s;
	struct pkt *pkt;

	for (uint8_t level = 0; level < 3; level++) {
		a->ifp->conf.arp_announce = level;
		pkt = pkt_alloc(&stk->pool, 20);
		ip4_build_hdr(pkt_append(pkt, 20), &h);
		neigh_output(stk, a->ifp, PEER, pkt);
		s = unit_expect(a);
		ck_assert_uint_eq(s.arp.spa.v, level == 0 ? US_B.v : US.v);
		unit_seen_free(&s);
		neigh_flush(stk, a->ifp);
	}
}
END_TEST

/* ---- proxy ARP --------------------------------------------------------- */

START_TEST(proxy_arp)
{
	struct ip4 far = IP4(10, 0, 1, 50), near = IP4(10, 0, 0, 50);

	ck_assert(!answered(PEER, far));
	a->ifp->conf.proxy_arp = true;
	ck_assert(answered(PEER, far));		/* out of b */
	ck_assert(!answered(PEER, near));	/* out of a: it is there */
	ck_assert(!answered(PEER, IP4(9, 9, 9, 9)));	/* no route */
	ck_assert(!answered(IP4_ANY, far));	/* RFC 5227: a probe */
	feed_request(far, far);			/* gratuitous */
	ck_assert_uint_eq(mem_port_sent(a), 0);
}
END_TEST

/* A workload whose only route is 169.254.1.1, and whose address is in no
 * network of ours: one host route leads to it. */
START_TEST(proxy_arp_link_local_gateway)
{
	struct ip4 pod = IP4(192, 168, 44, 5), gw = IP4(169, 254, 1, 1);

	add_route("0.0.0.0/0", b, IP4(10, 0, 1, 254));
	a->ifp->conf.proxy_arp = true;
	ck_assert(answered(pod, gw));
	ck_assert_uint_eq(stk->arp.count, 0);	/* a stranger still */
	add_route("192.168.44.5/32", a, IP4_ANY);
	ck_assert(answered(pod, gw));
	ck_assert_ptr_nonnull(neigh_lookup(stk, a->ifp, pod));
}
END_TEST

/* ---- RARP -------------------------------------------------------------- */

static void
feed_rarp(struct mac asker, struct mac target)
{
	struct arp_msg m = { RARP_OP_REQUEST, asker, target, IP4_ANY,
	    IP4_ANY };

	unit_feed_arp(stk, a, MAC_BROADCAST, &m);
}

START_TEST(rarp_answers)
{
	struct unit_seen s;

	ck_assert_int_eq(rarp_add(stk, peer_mac, PEER, NULL), 0);
	feed_rarp(other_mac, peer_mac);
	s = unit_expect(a);
	ck_assert_uint_eq(s.eth.type, ETHERTYPE_RARP);
	ck_assert_mem_eq(s.eth.dst.b, other_mac.b, 6);
	ck_assert_uint_eq(s.arp.op, RARP_OP_REPLY);
	ck_assert_mem_eq(s.arp.sha.b, us_mac.b, 6);
	ck_assert_uint_eq(s.arp.spa.v, US.v);
	ck_assert_mem_eq(s.arp.tha.b, peer_mac.b, 6);
	ck_assert_uint_eq(s.arp.tpa.v, PEER.v);
	unit_seen_free(&s);
}
END_TEST

START_TEST(rarp_is_silent)
{
	struct arp_msg m = { RARP_OP_REPLY, peer_mac, us_mac, PEER, US };

	ck_assert_int_eq(rarp_add(stk, peer_mac, IP4(10, 0, 1, 9), NULL), 0);
	feed_rarp(other_mac, other_mac);
	feed_rarp(peer_mac, peer_mac);		/* its network is on b */
	expect_drops(DROP_RARP_UNKNOWN, 2);
	unit_feed_arp(stk, a, us_mac, &m);
	expect_drops(DROP_ARP_BAD, 1);
}
END_TEST

START_TEST(rarp_stations)
{
	const struct rarp_station *s;
	struct err err;

	stk->limits.rarp_stations = 2;
	ck_assert_int_eq(rarp_add(stk, MAC_BROADCAST, PEER, &err), -EINVAL);
	ck_assert_int_eq(rarp_add(stk, peer_mac, IP4_ANY, &err), -EINVAL);
	ck_assert_str_eq(err.text,
	    "\"0.0.0.0\": expected the address of one station");
	ck_assert_int_eq(rarp_add(stk, peer_mac, PEER, &err), 0);
	ck_assert_int_eq(rarp_add(stk, peer_mac, PEER, &err), -EEXIST);
	stk->mem.fail_at = 1;
	ck_assert_int_eq(rarp_add(stk, other_mac, VIP, &err), -ENOMEM);
	ck_assert_int_eq(rarp_add(stk, other_mac, VIP, &err), 0);
	ck_assert_int_eq(rarp_add(stk, us_mac, US, &err), -ENOSPC);
	s = rarp_next(stk, NULL);
	ck_assert_uint_eq(s->ip.v, PEER.v);
	s = rarp_next(stk, s);
	ck_assert_uint_eq(s->ip.v, VIP.v);
	ck_assert_ptr_null(rarp_next(stk, s));
	ck_assert_int_eq(rarp_del(stk, peer_mac, &err), 0);
	ck_assert_int_eq(rarp_del(stk, peer_mac, &err), -ENOENT);
	ck_assert_str_eq(err.text, "\"02:00:00:00:00:02\": no such station");
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("arp");
	TCase *tc = tcase_create("arp");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, wire);
	tcase_add_test(tc, other_kinds);
	tcase_add_test(tc, bad_messages);
	tcase_add_test(tc, bad_hardware_addresses);
	tcase_add_test(tc, request_is_answered_and_learned);
	tcase_add_test(tc, request_for_another_host);
	tcase_add_test(tc, request_to_us_for_another_host);
	tcase_add_test(tc, probe_is_answered);
	tcase_add_test(tc, stranger);
	tcase_add_test(tc, stranger_with_a_route);
	tcase_add_test(tc, stranger_behind_a_gateway);
	tcase_add_test(tc, asked_stranger_may_answer);
	tcase_add_test(tc, unsolicited_reply);
	tcase_add_loop_test(tc, gratuitous, 0, 2);
	tcase_add_test(tc, broadcast_reply_is_unsolicited);
	tcase_add_test(tc, arp_ignore_0);
	tcase_add_test(tc, arp_ignore_1);
	tcase_add_test(tc, arp_ignore_2);
	tcase_add_test(tc, scope_host_is_hidden);
	tcase_add_test(tc, asks_again_with_an_address_of_the_link);
	tcase_add_test(tc, arp_announce_levels);
	tcase_add_test(tc, request_speaks_as_its_packet);
	tcase_add_test(tc, proxy_arp);
	tcase_add_test(tc, proxy_arp_link_local_gateway);
	tcase_add_test(tc, rarp_answers);
	tcase_add_test(tc, rarp_is_silent);
	tcase_add_test(tc, rarp_stations);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return unit_main(suite());
}

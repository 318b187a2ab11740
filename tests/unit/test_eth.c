/*
 * test_eth.c - which frames are taken, which are dropped and by what name, and
 * what goes out.
 */
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "tcp/tcp_wire.h"

#define US IP4(10, 0, 0, 1)
#define PEER IP4(10, 0, 0, 2)

static const struct mac us_mac = { { 2, 0, 0, 0, 0, 1 } };
static const struct mac peer_mac = { { 2, 0, 0, 0, 0, 2 } };
static const struct mac group = { { 1, 0, 0x5e, 1, 2, 3 } };

static struct stack *stk;
static struct port *port;

static void
setup(void)
{
	stk = unit_stack();
	port = unit_port(stk, "a", 1, "10.0.0.1/24");
	unit_neighbour(stk, "a", "10.0.0.2", 2);
}

static void
teardown(void)
{
	unit_expect_nothing(port);
	unit_stack_free(stk);
}

/* One frame more was dropped, for this reason. */
static void
expect_drop(enum drop why)
{
	for (int i = 0; i < DROP_COUNT; i++)
		ck_assert_msg(stk->drop.count[i] == (i == (int)why),
		    "%s: %llu, expected only %s", drop_rows[i].name,
		    (unsigned long long)stk->drop.count[i],
		    drop_rows[why].name);
	stk->drop.count[why] = 0;
}

/* A frame of len bytes in all, its payload zero. */
static void
feed(struct mac dst, struct mac src, uint16_t type, uint32_t len)
{
	uint8_t frame[2000] = { 0 };

	ck_assert_uint_le(len, sizeof(frame));
	memcpy(frame, dst.b, 6);
	memcpy(frame + 6, src.b, 6);
	be16_put(frame + 12, type);
	unit_feed_bytes(stk, port, frame, len);
}

/* A ping to us with a payload of so many bytes; was it answered? */
static bool
ping(struct mac dst, uint32_t payload_len)
{
	static const uint8_t zero[2000];
	struct unit_frame f = { .dst = dst, .src = peer_mac, .sip = PEER,
	    .dip = US, .proto = IPPROTO_ICMP4, .icmp_type = ICMP_ECHO,
	    .icmp_rest = 1, .payload = zero, .payload_len = payload_len };
	struct unit_seen s;

	unit_feed(stk, port, &f);
	if (mem_port_sent(port) == 0)
		return false;
	s = unit_expect(port);
	ck_assert_uint_eq(s.icmp_type, ICMP_ECHO_REPLY);
	ck_assert_mem_eq(s.eth.dst.b, peer_mac.b, 6);
	ck_assert_mem_eq(s.eth.src.b, us_mac.b, 6);
	ck_assert_uint_eq(s.payload_len, payload_len);
	unit_seen_free(&s);
	return true;
}

START_TEST(header_round_trip)
{
	struct eth_hdr h = { group, us_mac, 0x1234 }, back;
	struct pkt *pkt = pkt_alloc(&stk->pool, ETH_HLEN);
	static const uint8_t bytes[ETH_HLEN] = { 1, 0, 0x5e, 1, 2, 3,
	    2, 0, 0, 0, 0, 1, 0x12, 0x34 };

	eth_build(pkt_append(pkt, ETH_HLEN), &h);
	ck_assert_mem_eq(pkt_data(pkt), bytes, ETH_HLEN);
	ck_assert_int_eq(eth_parse(pkt, &back), 0);
	ck_assert_mem_eq(back.dst.b, group.b, 6);
	ck_assert_mem_eq(back.src.b, us_mac.b, 6);
	ck_assert_uint_eq(back.type, 0x1234);
	pkt_trim(pkt, ETH_HLEN - 1);
	ck_assert_int_eq(eth_parse(pkt, &back), -EINVAL);
	pkt_free(pkt);
}
END_TEST

/* Shorter than a cable's 60 bytes is no fault, shorter than a header is. */
START_TEST(runts)
{
	ck_assert(ping(us_mac, 0));
	for (uint32_t len = 1; len < ETH_HLEN; len++) {
		feed(us_mac, peer_mac, ETHERTYPE_IP4, len);
		expect_drop(DROP_ETH_SHORT);
	}
	feed(us_mac, peer_mac, ETHERTYPE_IP4, ETH_HLEN);
	expect_drop(DROP_IP_SHORT);
}
END_TEST

/* Padding behind a short packet is not part of it. */
START_TEST(padding_is_cut)
{
	uint8_t frame[60] = { 0 };
	struct unit_frame f = { .dst = us_mac, .src = peer_mac, .sip = PEER,
	    .dip = US, .proto = IPPROTO_ICMP4, .icmp_type = ICMP_ECHO,
	    .icmp_rest = 1 };
	struct unit_seen s;

	unit_frame_build(frame, sizeof(frame), &f);
	unit_feed_bytes(stk, port, frame, sizeof(frame));
	s = unit_expect(port);
	ck_assert_uint_eq(s.frame->len, ETH_HLEN + 28);
	unit_seen_free(&s);
}
END_TEST

START_TEST(to_us_to_all_to_others)
{
	struct mac other = { { 2, 0, 0, 0, 0, 9 } };

	ck_assert(ping(us_mac, 10));
	ck_assert(!ping(other, 10));
	expect_drop(DROP_ETH_OTHER_HOST);
	feed(MAC_BROADCAST, peer_mac, ETHERTYPE_IP4, 60);
	ck_assert_uint_eq(stk->drop.count[DROP_ETH_OTHER_HOST], 0);
	ck_assert_uint_eq(stk->drop.count[DROP_ETH_MCAST], 0);
}
END_TEST

START_TEST(impossible_sources)
{
	feed(us_mac, MAC_ZERO, ETHERTYPE_IP4, 60);
	expect_drop(DROP_ETH_BAD_SRC);
	feed(us_mac, MAC_BROADCAST, ETHERTYPE_IP4, 60);
	expect_drop(DROP_ETH_BAD_SRC);
	feed(us_mac, group, ETHERTYPE_IP4, 60);
	expect_drop(DROP_ETH_BAD_SRC);
}
END_TEST

/* Below 0x0600 the field is a length: spanning tree, IPX, NetBEUI. */
START_TEST(length_frames)
{
	feed(us_mac, peer_mac, 0, 60);
	expect_drop(DROP_ETH_LLC);
	feed(us_mac, peer_mac, 46, 60);
	expect_drop(DROP_ETH_LLC);
	feed(us_mac, peer_mac, 0x05ff, 60);
	expect_drop(DROP_ETH_LLC);
	feed(us_mac, peer_mac, 0x0600, 60);
	expect_drop(DROP_ETH_TYPE);
	feed(us_mac, peer_mac, ETHERTYPE_IP6, 60);
	expect_drop(DROP_ETH_TYPE);
}
END_TEST

START_TEST(giants)
{
	ck_assert(ping(us_mac, 1472));
	ck_assert(!ping(us_mac, 1473));
	expect_drop(DROP_ETH_GIANT);
}
END_TEST

START_TEST(jumbo_up_to_the_mtu)
{
	struct mac mac = { { 2, 0, 0, 0, 0, 0x10 } };
	struct port *j = mem_port_new(&stk->mem, "j", true, mac, 1900, 0);

	ck_assert_int_eq(port_add(stk, j), 0);
	port = j;
	feed(mac, peer_mac, ETHERTYPE_IP4, 1900 + ETH_HLEN);
	ck_assert_uint_eq(stk->drop.count[DROP_ETH_GIANT], 0);
	feed(mac, peer_mac, ETHERTYPE_IP4, 1901 + ETH_HLEN);
	ck_assert_uint_eq(stk->drop.count[DROP_ETH_GIANT], 1);
}
END_TEST

/* A super-frame is as long as it likes: its segments fit. */
START_TEST(super_frames_are_no_giants)
{
	static const uint8_t zero[4000];
	struct port *b = unit_port_offload(stk, "b", 0xb, "10.0.1.1/24",
	    PORT_CSUM | PORT_TSO4);
	struct unit_frame f = { .dst = b->mac, .src = peer_mac,
	    .sip = IP4(10, 0, 1, 2), .dip = PEER, .proto = IPPROTO_TCP4,
	    .flags = TCP_ACK, .payload = zero, .payload_len = sizeof(zero) };
	struct mem_frame *big = calloc(1, sizeof(*big) + 4100);
	struct mem_frame *out;

	big->len = unit_frame_build(big->data, 4100, &f);
	big->gso_type = PKT_GSO_TCP4;
	big->gso_size = 1460;
	big->csum_needed = true;
	big->csum_start = 34;
	big->csum_offset = 16;
	ck_assert_int_eq(mem_port_give_frame(b, big), 0);
	unit_poll(stk);
	free(big);
	ck_assert_uint_eq(mem_port_sent(port), 3);	/* a has no TSO */
	while ((out = mem_port_take(port)) != NULL)
		mem_port_free(port, out);
	ck_assert_uint_eq(stk->drop.count[DROP_ETH_GIANT], 0);
}
END_TEST

START_TEST(multicast_filter)
{
	struct iface *ifp = port->ifp;
	struct mac all_hosts = { { 1, 0, 0x5e, 0, 0, 1 } };
	uint64_t live;

	ck_assert(eth_mcast_match(ifp, all_hosts));
	feed(group, peer_mac, ETHERTYPE_IP4, 60);
	expect_drop(DROP_ETH_MCAST);
	live = stk->mem.live;
	ck_assert_int_eq(eth_mcast_join(stk, ifp, group), 0);
	ck_assert_int_eq(eth_mcast_join(stk, ifp, group), 0);
	feed(group, peer_mac, ETHERTYPE_IP4, 60);
	expect_drop(DROP_IP_VERSION);
	eth_mcast_leave(stk, ifp, group);
	ck_assert(eth_mcast_match(ifp, group));
	eth_mcast_leave(stk, ifp, group);
	ck_assert(!eth_mcast_match(ifp, group));
	ck_assert_uint_eq(stk->mem.live, live);
	ck_assert_int_eq(eth_mcast_join(stk, ifp, us_mac), -EINVAL);
	stk->mem.fail_at = 1;
	ck_assert_int_eq(eth_mcast_join(stk, ifp, group), -ENOMEM);
	ck_assert(!eth_mcast_match(ifp, group));
	ck_assert_int_eq(eth_mcast_join(stk, ifp, group), 0); /* port_del */
}
END_TEST

START_TEST(group_macs)
{
	/* RFC 1112 6.4: the 24th bit is cut, so 32 groups share one. */
	static const uint8_t want[6] = { 1, 0, 0x5e, 0x7f, 0xff, 0xfe };
	struct mac a = eth_group_mac(IP4(239, 255, 255, 254));
	struct mac b = eth_group_mac(IP4(224, 127, 255, 254));

	ck_assert_mem_eq(a.b, want, 6);
	ck_assert_mem_eq(b.b, want, 6);
}
END_TEST

START_TEST(down_interface)
{
	struct pkt *pkt = pkt_alloc(&stk->pool, 46);

	port->ifp->up = false;
	ck_assert(!ping(us_mac, 0));
	expect_drop(DROP_PORT_DOWN);
	pkt_append(pkt, 46);
	eth_output(stk, port->ifp, peer_mac, ETHERTYPE_IP4, pkt);
	expect_drop(DROP_PORT_DOWN);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("eth");
	TCase *tc = tcase_create("eth");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, header_round_trip);
	tcase_add_test(tc, runts);
	tcase_add_test(tc, padding_is_cut);
	tcase_add_test(tc, to_us_to_all_to_others);
	tcase_add_test(tc, impossible_sources);
	tcase_add_test(tc, length_frames);
	tcase_add_test(tc, giants);
	tcase_add_test(tc, jumbo_up_to_the_mtu);
	tcase_add_test(tc, super_frames_are_no_giants);
	tcase_add_test(tc, multicast_filter);
	tcase_add_test(tc, group_macs);
	tcase_add_test(tc, down_interface);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return unit_main(suite());
}

/*
 * test_port.c - ports in a stack: coming and going, counters, drops, software
 * checksums, and super-frames cut into segments.
 */
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"

#define SUPER_PAYLOAD 4000

static struct stack *stk;
static uint8_t data[SUPER_PAYLOAD];

static void
setup(void)
{
	stk = unit_stack();
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
}

static void
teardown(void)
{
	unit_stack_free(stk);
}

static struct port *
tun(const char *name, uint32_t offload)
{
	struct port *port = mem_port_new(&stk->mem, name, false, MAC_ZERO,
	    1500, offload);

	ck_assert_ptr_nonnull(port);
	ck_assert_int_eq(port_add(stk, port), 0);
	return port;
}

/* ---- coming and going ---- */

START_TEST(add_lookup_del)
{
	struct port *a = unit_port(stk, "a", 1, NULL);
	struct port *b = unit_port(stk, "b", 2, "10.0.0.1/24");

	ck_assert_ptr_eq(port_lookup(stk, "a"), a);
	ck_assert_ptr_eq(port_lookup(stk, "b"), b);
	ck_assert_ptr_null(port_lookup(stk, "c"));
	ck_assert_ptr_eq(stk->ports, a);
	ck_assert_ptr_eq(a->next, b);
	ck_assert_ptr_eq(iface_lookup(stk, "b"), b->ifp);
	ck_assert_ptr_eq(b->ifp->port, b);
	ck_assert(b->ifp->up && b->ifp->needs_neigh);
	ck_assert(mac_eq(b->ifp->mac, b->mac));
	ck_assert_uint_eq(b->ifp->mtu, 1500);
	port_del(stk, a);
	ck_assert_ptr_null(port_lookup(stk, "a"));
	ck_assert_ptr_null(iface_lookup(stk, "a"));
	ck_assert_uint_eq(stk->port_count, 1);
}
END_TEST

START_TEST(names_are_unique)
{
	struct port *p = mem_port_new(&stk->mem, "a", true, MAC_ZERO, 1500, 0);

	unit_port(stk, "a", 1, NULL);
	ck_assert_int_eq(port_add(stk, p), -EEXIST);
	p->ops->close(p, &stk->mem);
	p = mem_port_new(&stk->mem, "lo", true, MAC_ZERO, 1500, 0);
	ck_assert_int_eq(port_add(stk, p), -EEXIST);
	p->ops->close(p, &stk->mem);
	p = mem_port_new(&stk->mem, "a-name-that-is-too-long", true, MAC_ZERO,
	    1500, 0);
	ck_assert_str_eq(p->name, "a-name-that-is-");
	p->ops->close(p, &stk->mem);
}
END_TEST

START_TEST(ports_are_bounded)
{
	struct port *p = mem_port_new(&stk->mem, "b", true, MAC_ZERO, 1500, 0);

	stk->limits.ports = 1;
	unit_port(stk, "a", 1, NULL);
	ck_assert_int_eq(port_add(stk, p), -ENOSPC);
	p->ops->close(p, &stk->mem);
}
END_TEST

START_TEST(add_without_memory)
{
	struct port *p = mem_port_new(&stk->mem, "a", true, MAC_ZERO, 1500, 0);

	stk->mem.fail_at = 1;
	ck_assert_int_eq(port_add(stk, p), -ENOMEM);
	ck_assert_uint_eq(stk->port_count, 0);
	ck_assert_ptr_null(iface_lookup(stk, "a"));
	ck_assert_int_eq(port_add(stk, p), 0);
	stk->mem.fail_at = 1;
	ck_assert_ptr_null(mem_port_new(&stk->mem, "b", true, MAC_ZERO, 1500,
	    0));
}
END_TEST

/* ---- in ---- */

START_TEST(input_counts_and_shows)
{
	struct port *p = unit_port(stk, "a", 1, NULL);
	uint8_t runt[10] = { 0 };

	unit_feed_bytes(stk, p, runt, sizeof(runt));
	ck_assert_uint_eq(p->stats.rx_packets, 1);
	ck_assert_uint_eq(p->stats.rx_bytes, 10);
	ck_assert_uint_eq(stk->drop.count[DROP_ETH_SHORT], 1);
	ck_assert(!p->readable);
}
END_TEST

START_TEST(batch_is_bounded)
{
	struct port *p = unit_port(stk, "a", 1, NULL);

	for (int i = 0; i < PORT_BATCH + 1; i++)
		ck_assert_int_eq(mem_port_give(p, "x", 1), 0);
	unit_poll(stk);
	ck_assert_uint_eq(p->stats.rx_packets, PORT_BATCH);
	ck_assert(p->readable);
	ck_assert_int_eq(stack_next_deadline(stk).us, stk->now.us);
	unit_poll(stk);
	ck_assert_uint_eq(p->stats.rx_packets, PORT_BATCH + 1);
	ck_assert(!p->readable);
}
END_TEST

/* Virtual time must not stand still because nothing can be read. */
START_TEST(exhausted_pool_leaves_the_port)
{
	struct port *p = unit_port(stk, "a", 1, NULL);
	struct pkt_queue q;
	struct pkt *pkt;

	pkt_queue_init(&q);
	while ((pkt = pkt_alloc(&stk->pool, PKT_LARGE_ROOM)) != NULL)
		pkt_queue_put(&q, pkt);
	unit_feed_bytes(stk, p, "plain", 5);	/* into a small one */
	ck_assert_uint_eq(stk->drop.count[DROP_ETH_SHORT], 1);
	ck_assert_uint_eq(stk->drop.count[DROP_NO_MEMORY], 0);
	unit_feed_bytes(stk, p, data, 3000);	/* fits none */
	ck_assert_uint_eq(stk->drop.count[DROP_NO_MEMORY], 1);
	while ((pkt = pkt_alloc(&stk->pool, 0)) != NULL)
		pkt_queue_put(&q, pkt);
	unit_feed_bytes(stk, p, "plain", 5);
	ck_assert_uint_eq(stk->drop.count[DROP_NO_MEMORY], 2);
	ck_assert(!p->readable);
	pkt_queue_flush(&q);
	p->readable = true;
	unit_poll(stk);
	ck_assert_uint_eq(stk->drop.count[DROP_ETH_SHORT], 2);
}
END_TEST

START_TEST(down_interface_drops)
{
	struct port *p = unit_port(stk, "a", 1, NULL);

	p->ifp->up = false;
	unit_feed_bytes(stk, p, data, 60);
	ck_assert_uint_eq(stk->drop.count[DROP_PORT_DOWN], 1);
}
END_TEST

START_TEST(tun_tells_versions_apart)
{
	struct port *p = tun("t", 0);

	unit_feed_bytes(stk, p, "", 0);
	ck_assert_uint_eq(stk->drop.count[DROP_IP_SHORT], 1);
	unit_feed_bytes(stk, p, "\x60", 1);
	ck_assert_uint_eq(stk->drop.count[DROP_IP_VERSION], 1);
	unit_feed_bytes(stk, p, "\x45", 1);
	ck_assert_uint_eq(stk->drop.count[DROP_IP_SHORT], 2);
}
END_TEST

/* A ping through a port without Ethernet. */
START_TEST(tun_answers_echo)
{
	struct port *p = tun("t", 0);
	struct ip4_prefix prefix = { IP4(10, 0, 0, 1), 24 };
	struct unit_frame f = { .sip = IP4(10, 0, 0, 2),
	    .dip = IP4(10, 0, 0, 1), .proto = IPPROTO_ICMP4, .icmp_type = 8,
	    .icmp_rest = 0x00010002, .payload = "hello", .payload_len = 5 };
	struct unit_seen s;
	uint8_t frame[200];
	uint32_t len;

	ck_assert_int_eq(iface_addr_add(stk, p->ifp, prefix, SCOPE_GLOBAL,
	    NULL), 0);
	len = unit_frame_build(frame, sizeof(frame), &f);
	unit_feed_bytes(stk, p, frame + 14, len - 14);
	s = unit_expect(p);
	ck_assert(ip4_eq(s.ip.dst, IP4(10, 0, 0, 2)));
	ck_assert_uint_eq(s.icmp_type, 0);
	ck_assert_uint_eq(s.icmp_rest, 0x00010002);
	ck_assert_mem_eq(s.payload, "hello", 5);
	unit_seen_free(&s);
	unit_expect_nothing(p);
}
END_TEST

/* ---- out ---- */

/* A frame of proto to 10.0.0.9 with n payload bytes, partial checksum, as an
 * upper layer hands it to port_send(). */
static struct pkt *
outgoing(uint8_t proto, uint8_t flags, uint32_t n)
{
	struct unit_frame f = { .dst = { { 2, 0, 0, 0, 0, 9 } },
	    .src = { { 2, 0, 0, 0, 0, 1 } }, .sip = IP4(10, 0, 0, 1),
	    .dip = IP4(10, 0, 0, 9), .id = 0xfffe, .proto = proto,
	    .sport = 1000, .dport = 80, .seq = 0xfffffff0, .ack = 5,
	    .flags = flags, .options = "\1\1\1\0", .options_len = 4,
	    .payload = data, .payload_len = n };
	struct pkt *pkt = pkt_alloc(&stk->pool, 100 + n);
	bool tcp = proto == IPPROTO_TCP4;
	uint32_t len;

	ck_assert_ptr_nonnull(pkt);
	len = unit_frame_build(pkt_data(pkt), pkt_tailroom(pkt), &f);
	pkt_append(pkt, len);
	pkt->l3 = pkt->off + 14;
	pkt->l4 = pkt->csum_start = pkt->off + 34;
	pkt->csum_offset = tcp ? 16 : 6;
	pkt->csum_needed = true;
	be16_put(pkt->buf + pkt->l4 + pkt->csum_offset,
	    csum_fold(csum_pseudo4(f.sip, f.dip, proto, len - 34)));
	return pkt;
}

static struct pkt *
super_frame(uint8_t proto, uint8_t flags, uint32_t n, uint16_t gso_size)
{
	struct pkt *pkt = outgoing(proto, flags, n);

	pkt->gso_type = proto == IPPROTO_TCP4 ? PKT_GSO_TCP4 : PKT_GSO_UDP;
	pkt->gso_size = gso_size;
	pkt->gso_ecn = true;
	return pkt;
}

START_TEST(output_completes_the_checksum)
{
	struct port *p = unit_port(stk, "a", 1, NULL);
	struct unit_seen s;

	port_send(stk, p, outgoing(IPPROTO_TCP4, TCP_ACK, 101));
	s = unit_expect(p);		/* verifies the sum */
	ck_assert(!s.frame->csum_needed);
	ck_assert_uint_eq(s.payload_len, 101);
	unit_seen_free(&s);
	ck_assert_uint_eq(p->stats.tx_packets, 1);
	ck_assert_uint_eq(p->stats.tx_bytes, 14 + 20 + 24 + 101);
	ck_assert_uint_eq(stk->pool.live, 0);
}
END_TEST

START_TEST(output_leaves_it_to_the_port)
{
	struct port *p = unit_port_offload(stk, "a", 1, NULL,
	    PORT_CSUM | PORT_TSO4);
	struct unit_seen s;

	port_send(stk, p, outgoing(IPPROTO_UDP4, 0, 101));
	s = unit_expect(p);		/* verifies the part */
	ck_assert(s.frame->csum_needed);
	ck_assert_uint_eq(s.frame->csum_start, 34);
	unit_seen_free(&s);
	port_send(stk, p, super_frame(IPPROTO_TCP4, TCP_ACK, 4000, 1000));
	s = unit_expect(p);
	ck_assert_uint_eq(s.frame->gso_type, PKT_GSO_TCP4);
	ck_assert_uint_eq(s.frame->gso_size, 1000);
	ck_assert_uint_eq(s.payload_len, 4000);
	unit_seen_free(&s);
	unit_expect_nothing(p);
}
END_TEST

START_TEST(output_drops)
{
	struct port *p = unit_port(stk, "a", 1, NULL);

	port_send(stk, p, outgoing(IPPROTO_UDP4, 0, 1473));
	ck_assert_uint_eq(stk->drop.count[DROP_PORT_MTU], 1);
	port_send(stk, p, outgoing(IPPROTO_UDP4, 0, 1472));
	ck_assert_uint_eq(mem_port_sent(p), 1);
	mem_port_fail_send(p, 2);
	port_send(stk, p, outgoing(IPPROTO_UDP4, 0, 10));
	port_send(stk, p, outgoing(IPPROTO_UDP4, 0, 10));
	ck_assert_uint_eq(stk->drop.count[DROP_PORT_TX], 1);
	ck_assert_uint_eq(mem_port_sent(p), 2);
	p->down = true;
	port_send(stk, p, outgoing(IPPROTO_UDP4, 0, 10));
	ck_assert_uint_eq(stk->drop.count[DROP_PORT_DOWN], 1);
	ck_assert_uint_eq(p->stats.tx_errors, 3);
	ck_assert_uint_eq(p->stats.tx_packets, 2);
	ck_assert_uint_eq(stk->pool.live, 0);
}
END_TEST

/* ---- segments ---- */

#define ALL_FLAGS (TCP_ACK | TCP_PSH | TCP_FIN | TCP_CWR | TCP_ECE)

/* Takes the segments off the port and compares them with the whole; once: CWR
 * is on the first of them. */
static void
expect_tcp_segments(struct port *p, uint32_t n, uint32_t size, bool partial,
    bool once)
{
	for (uint32_t done = 0, i = 0; done < n; i++) {
		struct unit_seen s = unit_expect(p);
		uint32_t want = n - done < size ? n - done : size;
		uint16_t flags = TCP_ACK | TCP_ECE;

		if (i == 0 || !once)
			flags |= TCP_CWR;
		if (done + want == n)
			flags |= TCP_FIN | TCP_PSH;
		ck_assert_uint_eq(s.frame->gso_type, PKT_GSO_NONE);
		ck_assert_int_eq(s.frame->csum_needed, partial);
		ck_assert_uint_eq(s.flags, flags);
		ck_assert_uint_eq(s.seq, 0xfffffff0 + done);
		ck_assert_uint_eq(s.ack, 5);
		ck_assert_uint_eq(s.ip.id, (uint16_t)(0xfffe + i));
		ck_assert_uint_eq(s.payload_len, want);
		ck_assert_mem_eq(s.payload, data + done, want);
		ck_assert_mem_eq(s.l4 + 20, "\1\1\1\0", 4);
		unit_seen_free(&s);
		done += want;
	}
	unit_expect_nothing(p);
}

START_TEST(tcp_super_frame_is_cut)
{
	static const struct {
		uint32_t n;
		uint16_t size;
	} v[] = { { 4000, 1448 }, { 4000, 1000 }, { 4000, 1 }, { 1000, 1000 },
	    { 1, 1000 }, { 1001, 1000 } };
	uint32_t offload = _i == 0 ? 0 : PORT_CSUM;
	struct port *p = unit_port_offload(stk, "a", 1, NULL, offload);

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		port_send(stk, p, super_frame(IPPROTO_TCP4, ALL_FLAGS, v[i].n,
		    v[i].size));
		expect_tcp_segments(p, v[i].n, v[i].size, _i != 0, true);
		ck_assert_uint_eq(stk->pool.live, 0);
	}
}
END_TEST

/* RFC 9768: CWR is part of a number and goes with each segment.  A port that
 * cuts super-frames itself knows only RFC 3168, and gets segments. */
START_TEST(cwr_of_a_number_is_on_each)
{
	uint32_t offload = _i == 0 ? 0 : PORT_CSUM | PORT_TSO4;
	struct port *p = unit_port_offload(stk, "a", 1, NULL, offload);
	struct pkt *pkt = super_frame(IPPROTO_TCP4, ALL_FLAGS, 4000, 1448);

	pkt->gso_ecn = false;
	port_send(stk, p, pkt);
	expect_tcp_segments(p, 4000, 1448, _i != 0, false);
	ck_assert_uint_eq(stk->pool.live, 0);
}
END_TEST

/* The payload partly in the buffer, partly borrowed in odd pieces. */
START_TEST(borrowed_payload_is_cut)
{
	struct port *p = unit_port(stk, "a", 1, NULL);

	for (uint32_t own = 0; own < 3000; own += 499) {
		struct pkt *pkt = super_frame(IPPROTO_TCP4, ALL_FLAGS, 4000,
		    1448);
		struct iovec iov[3] = {
			{ data + own, 1 },
			{ data + own + 1, 0 },
			{ data + own + 1, 4000 - own - 1 },
		};

		pkt_trim(pkt, 14 + 20 + 24 + own);
		pkt->ref = iov;
		pkt->nref = 3;
		pkt->ref_len = 4000 - own;
		port_send(stk, p, pkt);
		expect_tcp_segments(p, 4000, 1448, false, true);
	}
}
END_TEST

START_TEST(udp_super_frame_is_cut)
{
	struct port *p = unit_port_offload(stk, "a", 1, NULL, PORT_TSO4);
	uint32_t done = 0;

	port_send(stk, p, super_frame(IPPROTO_UDP4, 0, 4000, 1200));
	while (done < 4000) {
		struct unit_seen s = unit_expect(p);

		ck_assert_uint_eq(s.ip.id, (uint16_t)(0xfffe + done / 1200));
		ck_assert_uint_eq(s.payload_len, done < 3600 ? 1200 : 400);
		ck_assert_mem_eq(s.payload, data + done, s.payload_len);
		done += s.payload_len;
		unit_seen_free(&s);
	}
	unit_expect_nothing(p);
}
END_TEST

START_TEST(cutting_without_memory)
{
	struct port *p = unit_port(stk, "a", 1, NULL);
	struct pkt *pkt = super_frame(IPPROTO_TCP4, TCP_ACK, 4000, 1000);
	struct iovec borrowed = { data, 1000 };
	struct pkt_queue q;
	struct pkt *small;

	pkt_queue_init(&q);
	while ((small = pkt_alloc(&stk->pool, 0)) != NULL)
		pkt_queue_put(&q, small);
	/* It needs none where the segments lie. */
	port_send(stk, p, pkt);
	ck_assert_uint_eq(mem_port_sent(p), 4);
	unit_drain(p);
	pkt = super_frame(IPPROTO_TCP4, TCP_ACK, 4000, 1000);
	pkt->ref = &borrowed;
	pkt->nref = 1;
	pkt->ref_len = 1000;
	port_send(stk, p, pkt);
	ck_assert_uint_eq(stk->drop.count[DROP_NO_MEMORY], 1);
	unit_expect_nothing(p);
	pkt_queue_flush(&q);
	ck_assert_uint_eq(stk->pool.live, 0);
}
END_TEST

/* A segment that the port refuses is lost alone, and seen as what it was. */
START_TEST(one_segment_is_refused)
{
	struct port *p = unit_port(stk, "a", 1, NULL);

	for (uint32_t lost = 1; lost <= 4; lost++) {
		mem_port_fail_send(p, lost);
		port_send(stk, p, super_frame(IPPROTO_TCP4, TCP_ACK, 3500,
		    1000));
		ck_assert_uint_eq(stk->drop.count[DROP_PORT_TX], lost);
		ck_assert_uint_eq(p->stats.tx_errors, lost);
		for (uint32_t i = 1; i <= 4; i++) {
			struct unit_seen s;

			if (i == lost)
				continue;
			s = unit_expect(p);
			ck_assert_uint_eq(s.seq, 0xfffffff0 + (i - 1) * 1000);
			ck_assert_uint_eq(s.payload_len, i < 4 ? 1000 : 500);
			ck_assert_mem_eq(s.payload, data + (i - 1) * 1000,
			    s.payload_len);
			unit_seen_free(&s);
		}
		unit_expect_nothing(p);
	}
	ck_assert_uint_eq(stk->pool.live, 0);
}
END_TEST

START_TEST(what_cannot_be_cut_is_dropped)
{
	struct port *p = unit_port(stk, "a", 1, NULL);
	struct pkt *pkt = super_frame(IPPROTO_TCP4, TCP_ACK, 4000, 1000);

	pkt->l3 = PKT_NO_OFF;
	port_send(stk, p, pkt);
	pkt = super_frame(IPPROTO_TCP4, TCP_ACK, 4000, 1000);
	pkt->gso_type = PKT_GSO_UDP;
	port_send(stk, p, pkt);
	pkt = super_frame(IPPROTO_TCP4, TCP_ACK, 4000, 1000);
	pkt->gso_type = PKT_GSO_TCP6;
	port_send(stk, p, pkt);
	ck_assert_uint_eq(stk->drop.count[DROP_PORT_TX], 3);
	unit_expect_nothing(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("port");
	TCase *tc = tcase_create("port");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, add_lookup_del);
	tcase_add_test(tc, names_are_unique);
	tcase_add_test(tc, ports_are_bounded);
	tcase_add_test(tc, add_without_memory);
	tcase_add_test(tc, input_counts_and_shows);
	tcase_add_test(tc, batch_is_bounded);
	tcase_add_test(tc, exhausted_pool_leaves_the_port);
	tcase_add_test(tc, down_interface_drops);
	tcase_add_test(tc, tun_tells_versions_apart);
	tcase_add_test(tc, tun_answers_echo);
	tcase_add_test(tc, output_completes_the_checksum);
	tcase_add_test(tc, output_leaves_it_to_the_port);
	tcase_add_test(tc, output_drops);
	tcase_add_loop_test(tc, tcp_super_frame_is_cut, 0, 2);
	tcase_add_loop_test(tc, cwr_of_a_number_is_on_each, 0, 2);
	tcase_add_test(tc, borrowed_payload_is_cut);
	tcase_add_test(tc, udp_super_frame_is_cut);
	tcase_add_test(tc, cutting_without_memory);
	tcase_add_test(tc, one_segment_is_refused);
	tcase_add_test(tc, what_cannot_be_cut_is_dropped);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

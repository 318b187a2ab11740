/*
 * test_port_tap.c - the TAP port over a socket pair that stands for the device
 * (one message a frame), and the virtio header both ways.
 */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "port/tap.h"

#define ALL (PORT_CSUM | PORT_TSO4 | PORT_TSO6 | PORT_USO)

/* The virtio header as the kernel writes it. */
struct vnet {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset;
};

static_assert(sizeof(struct vnet) == TAP_VNET_HLEN, "no padding");

static struct stack *stk;
static struct port *port;
static int wire;		/* the far end */
static uint8_t payload[3000];

static struct port *
tap_on(int *far, const char *name, bool l2)
{
	struct mac mac = { { 2, 0, 0, 0, 0, 1 } };
	struct port *p;
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
	    fd), 0);
	p = tap_port_new(&stk->mem, name, fd[0], l2, mac, 1500, ALL);
	ck_assert_ptr_nonnull(p);
	ck_assert_int_eq(tap_port_fd(p), fd[0]);
	ck_assert_int_eq(port_add(stk, p), 0);
	*far = fd[1];
	return p;
}

static void
setup(void)
{
	stk = unit_stack();
	port = tap_on(&wire, "tap0", true);
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 3);
}

static void
teardown(void)
{
	close(wire);
	unit_stack_free(stk);
}

static uint32_t
build(uint8_t *dst, uint8_t proto, uint32_t n)
{
	struct unit_frame f = { .dst = { { 2, 0, 0, 0, 0, 1 } },
	    .src = { { 2, 0, 0, 0, 0, 9 } }, .sip = IP4(10, 0, 0, 9),
	    .dip = IP4(10, 0, 0, 1), .proto = proto, .sport = 1000,
	    .dport = 9, .payload = payload, .payload_len = n };

	return unit_frame_build(dst, 4000, &f);
}

/* One frame with its virtio header into the device; one turn. */
static void
feed(const struct vnet *v, const void *frame, size_t len)
{
	struct iovec iov[2] = { { (void *)(uintptr_t)v, sizeof(*v) },
	    { (void *)(uintptr_t)frame, len } };

	ck_assert_int_eq(writev(wire, iov, 2), (ssize_t)(sizeof(*v) + len));
	port->readable = true;
	unit_poll(stk);
}

/* ---- the header alone ---- */

static struct pkt *
packet_of(uint8_t proto, uint32_t n)
{
	struct pkt *pkt = pkt_alloc(&stk->pool, PKT_LARGE_ROOM);

	ck_assert_ptr_nonnull(pkt);
	pkt_append(pkt, build(pkt_data(pkt), proto, n));
	return pkt;
}

static int
parse(const struct vnet *v, struct pkt *pkt)
{
	uint8_t hdr[TAP_VNET_HLEN];

	memcpy(hdr, v, sizeof(hdr));
	return tap_vnet_parse(hdr, pkt, true);
}

START_TEST(header_round_trip)
{
	static const struct vnet v[] = {
		{ 0, 0, 0, 0, 0, 0 },
		{ 1, 0, 0, 0, 34, 16 },
		{ 1, 1, 54, 1000, 34, 16 },
		{ 1, 0x81, 54, 1000, 34, 16 },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct pkt *pkt = packet_of(IPPROTO_TCP4, 3000);
		uint8_t hdr[TAP_VNET_HLEN];

		ck_assert_int_eq(parse(&v[i], pkt), 0);
		ck_assert_int_eq(pkt->csum_needed, v[i].flags);
		ck_assert_int_eq(pkt->gso_ecn, v[i].gso_type == 0x81);
		tap_vnet_build(pkt, hdr);
		ck_assert_mem_eq(hdr, &v[i], sizeof(hdr));
		pkt_free(pkt);
	}
}
END_TEST

START_TEST(udp_header_round_trip)
{
	static const struct vnet v = { 1, 5, 42, 1200, 34, 6 };
	struct pkt *pkt = packet_of(IPPROTO_UDP4, 3000);
	uint8_t hdr[TAP_VNET_HLEN];

	ck_assert_int_eq(parse(&v, pkt), 0);
	ck_assert_uint_eq(pkt->gso_type, PKT_GSO_UDP);
	tap_vnet_build(pkt, hdr);
	ck_assert_mem_eq(hdr, &v, sizeof(hdr));
	pkt_free(pkt);
}
END_TEST

START_TEST(header_moves_with_the_headroom)
{
	static const struct vnet v = { 1, 1, 54, 1000, 34, 16 };
	struct pkt *pkt = packet_of(IPPROTO_TCP4, 3000);
	struct vnet out;

	ck_assert_int_eq(parse(&v, pkt), 0);
	pkt_push(pkt, 20);
	tap_vnet_build(pkt, (uint8_t *)&out);
	ck_assert_uint_eq(out.csum_start, 54);
	ck_assert_uint_eq(out.hdr_len, 74);
	pkt_free(pkt);
}
END_TEST

START_TEST(lying_headers_are_refused)
{
	static const struct vnet v[] = {
		{ 1, 0, 0, 0, 3054, 0 },	/* sum past the end */
		{ 1, 0, 0, 0, 3053, 0 },
		{ 1, 0, 0, 0, 65535, 16 },
		{ 1, 0, 0, 0, 34, 65535 },
		{ 0, 1, 54, 1000, 34, 16 },	/* segments without sum */
		{ 1, 1, 54, 0, 34, 16 },	/* of no size */
		{ 1, 2, 54, 1000, 34, 16 },	/* of no type */
		{ 1, 3, 54, 1000, 34, 16 },	/* UDP fragments */
		{ 1, 4, 54, 1000, 34, 16 },	/* IPv6 */
		{ 1, 5, 54, 1000, 34, 16 },	/* UDP */
		{ 1, 1, 54, 1000, 35, 16 },	/* elsewhere */
		{ 1, 1, 54, 1000, 14, 16 },
		{ 1, 1, 54, 1000, 34, 6 },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct pkt *pkt = packet_of(IPPROTO_TCP4, 3000);

		ck_assert_msg(parse(&v[i], pkt) == -EINVAL, "row %zu", i);
		pkt_free(pkt);
	}
}
END_TEST

/* The header is right, the frame is not. */
START_TEST(lying_frames_are_refused)
{
	static const struct vnet v = { 1, 1, 54, 1000, 34, 16 };
	static const struct {
		uint8_t at, value;
	} change[] = { { 12, 0x86 }, { 14, 0x65 }, { 14, 0x44 }, { 14, 0x46 },
	    { 23, 17 }, { 20, 0x20 }, { 21, 1 }, { 46, 0x40 } };

	for (size_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
		struct pkt *pkt = packet_of(IPPROTO_TCP4, 3000);

		pkt_data(pkt)[change[i].at] = change[i].value;
		ck_assert_msg(parse(&v, pkt) == -EINVAL, "row %zu", i);
		pkt_free(pkt);
	}
	for (uint32_t len = 36; len < 54; len++) {
		struct pkt *pkt = packet_of(IPPROTO_TCP4, 3000);

		pkt_trim(pkt, len);
		ck_assert_int_eq(parse(&v, pkt), -EINVAL);
		pkt_free(pkt);
	}
}
END_TEST

/* Of what is inside IPIP the sum may wait. */
START_TEST(checksum_inside_ipip_waits)
{
	static const struct vnet v = { 1, 0, 0, 0, 54, 16 };
	struct pkt *pkt = packet_of(IPPROTO_IPIP4, 100);
	uint8_t *inner = pkt_data(pkt) + 34;

	inner[0] = 0x45;
	inner[9] = IPPROTO_TCP4;
	ck_assert_int_eq(parse(&v, pkt), 0);
	ck_assert(pkt->csum_needed);
	ck_assert_uint_eq(pkt->csum_start, pkt->off + 54);
	/* In a fragment it does not, for then the rest is elsewhere. */
	be16_put(pkt_data(pkt) + 20, 0x2000);
	ck_assert_int_eq(parse(&v, pkt), 0);
	ck_assert(!pkt->csum_needed);
	pkt_free(pkt);
}
END_TEST

/* The sum of another inner packet is put at once: csum_needed speaks only of
 * the frame's own transport header. */
START_TEST(inner_checksum_is_put_at_once)
{
	static const struct vnet v = { 1, 0, 0, 0, 62, 16 };
	struct pkt *pkt = packet_of(IPPROTO_UDP4, 100);
	uint16_t sum = csum_finish(csum_add(0, pkt_data(pkt) + 62, 80));

	ck_assert_int_eq(parse(&v, pkt), 0);
	ck_assert(!pkt->csum_needed);
	ck_assert_uint_eq(be16_get(pkt_data(pkt) + 78), sum);
	pkt_free(pkt);
}
END_TEST

START_TEST(vlan_tags_are_stepped_over)
{
	static const struct vnet v = { 1, 1, 58, 1000, 38, 16 };
	struct pkt *pkt = packet_of(IPPROTO_TCP4, 2000);

	memmove(pkt_push(pkt, 4), pkt_data(pkt) + 4, 12);
	be32_put(pkt_data(pkt) + 12, 0x81000005);
	ck_assert_int_eq(parse(&v, pkt), 0);
	ck_assert_uint_eq(pkt->csum_start, pkt->off + 38);
	pkt_free(pkt);
}
END_TEST

/* ---- the port ---- */

static const struct pkt *seen;		/* by watch(); a copy */

static void
watch(void *arg, const struct port *p, const struct pkt *pkt, bool out)
{
	(void)p;
	if (out == (arg != NULL))
		seen = pkt_copy(pkt);
}

static struct pkt *
take_seen(void)
{
	struct pkt *pkt = (struct pkt *)(uintptr_t)seen;

	ck_assert_ptr_nonnull(pkt);
	seen = NULL;
	return pkt;
}

START_TEST(reads_super_frames)
{
	static const struct vnet v = { 1, 1, 54, 1000, 34, 16 };
	uint8_t frame[4000];
	uint32_t len = build(frame, IPPROTO_TCP4, 3000);
	struct pkt *pkt;

	port->tap = watch;
	feed(&v, frame, len);
	pkt = take_seen();
	ck_assert_uint_eq(pkt->len, len);
	ck_assert_mem_eq(pkt_data(pkt), frame, len);
	ck_assert_uint_eq(pkt->gso_type, PKT_GSO_TCP4);
	ck_assert_uint_eq(pkt->gso_size, 1000);
	ck_assert_uint_eq(pkt->csum_start, pkt->off + 34);
	ck_assert_uint_eq(port->stats.rx_packets, 1);
	ck_assert_uint_eq(port->stats.rx_bytes, len);
	pkt_free(pkt);
}
END_TEST

START_TEST(data_valid_is_csum_ok)
{
	static const struct vnet valid = { 2, 0, 0, 0, 0, 0 }, plain = { 0 };
	uint8_t frame[4000];
	uint32_t len = build(frame, IPPROTO_UDP4, 10);
	struct pkt *pkt;

	port->tap = watch;
	feed(&valid, frame, len);
	pkt = take_seen();
	ck_assert(pkt->csum_ok && !pkt->csum_needed);
	pkt_free(pkt);
	feed(&plain, frame, len);
	pkt = take_seen();
	ck_assert(!pkt->csum_ok);
	pkt_free(pkt);
}
END_TEST

START_TEST(bad_reads_are_dropped_by_name)
{
	static const struct vnet lie = { 1, 0, 0, 0, 60000, 0 };
	uint8_t frame[4000];
	uint32_t len = build(frame, IPPROTO_TCP4, 10);

	feed(&lie, frame, len);
	ck_assert_uint_eq(stk->drop.count[DROP_PORT_BAD_VNET], 1);
	ck_assert_int_eq(write(wire, "short", 5), 5);
	port->readable = true;
	unit_poll(stk);
	ck_assert_uint_eq(stk->drop.count[DROP_PORT_BAD_VNET], 2);
	ck_assert_uint_eq(port->stats.rx_errors, 2);
	ck_assert_uint_eq(port->stats.rx_packets, 0);
	ck_assert(!port->down);
}
END_TEST

START_TEST(cut_read_is_no_frame)
{
	static const struct vnet v = { 0 };
	uint8_t frame[4000];
	struct pkt_queue q;
	struct pkt *pkt;

	pkt_queue_init(&q);
	while ((pkt = pkt_alloc(&stk->pool, PKT_LARGE_ROOM)) != NULL)
		pkt_queue_put(&q, pkt);
	feed(&v, frame, build(frame, IPPROTO_UDP4, 2500));
	ck_assert_uint_eq(stk->drop.count[DROP_NO_MEMORY], 1);
	ck_assert_uint_eq(port->stats.rx_packets, 0);
	feed(&v, frame, build(frame, IPPROTO_UDP4, 1400));
	ck_assert_uint_eq(port->stats.rx_packets, 1);
	pkt_queue_flush(&q);
}
END_TEST

START_TEST(lost_descriptor_takes_the_port_down)
{
	int null = open("/dev/null", O_WRONLY);

	ck_assert_int_ge(null, 0);
	ck_assert_int_ge(dup2(null, tap_port_fd(port)), 0);
	close(null);
	port->readable = true;
	unit_poll(stk);			/* EBADF */
	ck_assert(port->down);
	ck_assert(!port->readable);
	ck_assert_uint_eq(stk->drop.count[DROP_PORT_DOWN], 1);
}
END_TEST

/* A frame of our own with its payload borrowed. */
START_TEST(writes_header_and_borrowed_payload)
{
	struct iovec iov[2] = { { payload, 999 }, { payload + 999, 2001 } };
	struct pkt *pkt = packet_of(IPPROTO_TCP4, 0);
	uint8_t got[5000];
	struct vnet v;
	ssize_t n;

	pkt->csum_needed = true;
	pkt->l3 = pkt->off + 14;
	pkt->csum_start = pkt->off + 34;
	pkt->csum_offset = 16;
	pkt->gso_type = PKT_GSO_TCP4;
	pkt->gso_size = 1448;
	pkt->ref = iov;
	pkt->nref = 2;
	pkt->ref_len = 3000;
	port_send(stk, port, pkt);
	n = read(wire, got, sizeof(got));
	ck_assert_int_eq(n, TAP_VNET_HLEN + 54 + 3000);
	memcpy(&v, got, sizeof(v));
	ck_assert_uint_eq(v.flags, 1);
	ck_assert_uint_eq(v.gso_type, 1);
	ck_assert_uint_eq(v.gso_size, 1448);
	ck_assert_uint_eq(v.hdr_len, 54);
	ck_assert_uint_eq(v.csum_start, 34);
	ck_assert_mem_eq(got + TAP_VNET_HLEN + 54, payload, 3000);
}
END_TEST

START_TEST(full_queue_costs_the_frame)
{
	uint64_t sent;

	for (sent = 0; stk->drop.count[DROP_PORT_TX] == 0; sent++) {
		ck_assert_uint_lt(sent, 100000);
		port_send(stk, port, packet_of(IPPROTO_UDP4, 1000));
	}
	ck_assert_uint_eq(port->stats.tx_errors, 1);
	ck_assert_uint_eq(port->stats.tx_packets, sent - 1);
	ck_assert(!port->down);
	ck_assert_uint_eq(stk->pool.live, 0);
}
END_TEST

START_TEST(kinds)
{
	int far;
	struct port *t = tap_on(&far, "tun0", false);

	ck_assert_str_eq(port->ops->kind, "tap");
	ck_assert_str_eq(t->ops->kind, "tun");
	ck_assert(!t->ifp->needs_neigh);
	stk->mem.fail_at = 1;
	ck_assert_ptr_null(tap_port_new(&stk->mem, "x", far, true, MAC_ZERO,
	    1500, 0));
	close(far);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("port_tap");
	TCase *tc = tcase_create("tap");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, header_round_trip);
	tcase_add_test(tc, udp_header_round_trip);
	tcase_add_test(tc, header_moves_with_the_headroom);
	tcase_add_test(tc, lying_headers_are_refused);
	tcase_add_test(tc, lying_frames_are_refused);
	tcase_add_test(tc, inner_checksum_is_put_at_once);
	tcase_add_test(tc, checksum_inside_ipip_waits);
	tcase_add_test(tc, vlan_tags_are_stepped_over);
	tcase_add_test(tc, reads_super_frames);
	tcase_add_test(tc, data_valid_is_csum_ok);
	tcase_add_test(tc, bad_reads_are_dropped_by_name);
	tcase_add_test(tc, cut_read_is_no_frame);
	tcase_add_test(tc, lost_descriptor_takes_the_port_down);
	tcase_add_test(tc, writes_header_and_borrowed_payload);
	tcase_add_test(tc, full_queue_costs_the_frame);
	tcase_add_test(tc, kinds);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

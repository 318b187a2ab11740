/*
 * test_tap_ring.c - ports that read and write in batches, over socket pairs
 * that stand for devices (one message a frame), beside plain ones.
 *
 * Where the kernel has no io_uring for us all ports are plain ones; the tests
 * say what holds for both.
 */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hopd/tap_ring.h"

#define FRAME	60u
#define HLEN	14u

static struct tap_ring *ring;
static struct stack *stk;
static struct port *port[2];
static int wire[2];		/* the far ends */

static struct port *
port_on(struct tap_ring *on, const char *name, int *far)
{
	struct mac mac = { { 2, 0, 0, 0, 0, 1 } };
	int room = 1 << 20, fd[2];
	struct port *p;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
	    fd), 0);
	for (int i = 0; i < 2; i++)
		setsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	p = tap_ring_port_new(on, stk, name, fd[0], true, mac, 1500, 0);
	ck_assert_ptr_nonnull(p);
	ck_assert_int_eq(port_add(stk, p), 0);
	*far = fd[1];
	return p;
}

static void
setup(void)
{
	int r;

	signal(SIGPIPE, SIG_IGN);
	ring = tap_ring_new(&r);
	if (ring == NULL)
		printf("# io_uring: %s\n", strerror(-r));
	stk = unit_stack();
	port[0] = port_on(ring, "tap0", &wire[0]);
	port[1] = port_on(ring, "tap1", &wire[1]);
}

static void
flush(void)
{
	if (ring != NULL)
		tap_ring_flush(ring);
}

static void
teardown(void)
{
	unit_stack_free(stk);
	if (ring != NULL)
		tap_ring_free(ring);
	close(wire[0]);
	close(wire[1]);
}

/* A frame of len bytes behind its virtio header; n is in it. */
static void
put(int far, uint32_t n, uint32_t len)
{
	static uint8_t frame[70000];

	memset(frame, 0, TAP_VNET_HLEN + HLEN);
	memset(frame + TAP_VNET_HLEN + HLEN, (uint8_t)n, len - HLEN);
	memcpy(frame + TAP_VNET_HLEN, &n, sizeof(n));
	ck_assert_int_eq(write(far, frame, TAP_VNET_HLEN + len),
	    (ssize_t)TAP_VNET_HLEN + len);
}

/* What came in, in its order: a tap on the port. */
static struct {
	uint32_t count, sum;
	uint32_t n[4096], len[4096];
} seen;

static void
see(void *arg, const struct port *p, const struct pkt *pkt, bool out)
{
	const uint8_t *data = pkt_data(pkt);

	(void)arg;
	(void)p;
	if (out)
		return;
	memcpy(&seen.n[seen.count], data, sizeof(uint32_t));
	seen.len[seen.count++] = pkt->len;
	for (uint32_t i = HLEN; i < pkt->len; i++)
		seen.sum += data[i] != data[HLEN];
}

static void
watch(struct port *p)
{
	memset(&seen, 0, sizeof(seen));
	p->tap = see;
}

static void
poll_until_dry(struct port *p)
{
	p->readable = true;
	for (int i = 0; p->readable; i++) {
		ck_assert_int_lt(i, 1000);
		unit_poll(stk);
	}
}

/* Makes the port one that asks for many at once, and fetches n frames. */
static void
fetch(int i, uint32_t n)
{
	for (uint32_t k = 0; k < 40; k++)
		put(wire[i], k, FRAME);
	poll_until_dry(port[i]);
	for (uint32_t k = 0; k < n; k++)
		put(wire[i], k, FRAME);
	if (port[i]->ops->fetch == NULL)
		return;
	port[i]->ops->fetch(port[i], PORT_BATCH);
	ck_assert_uint_eq(port[i]->ahead, n);
}

/* ---- in ----------------------------------------------------------------- */

START_TEST(all_come_in_their_order)
{
	watch(port[0]);
	for (uint32_t round = 0; round < 5; round++) {
		uint32_t before = seen.count;

		for (uint32_t i = 0; i < 40 * round + 1; i++)
			put(wire[0], before + i, FRAME + i % 7);
		poll_until_dry(port[0]);
		/* A device that was dry is asked again when it is readable. */
		poll_until_dry(port[0]);
		ck_assert_uint_eq(seen.count, before + 40 * round + 1);
	}
	for (uint32_t i = 0; i < seen.count; i++)
		ck_assert_uint_eq(seen.n[i], i);
	ck_assert_uint_eq(seen.sum, 0);
	ck_assert_uint_eq(port[0]->stats.rx_packets, seen.count);
	ck_assert_uint_eq(stk->drop.count[DROP_NO_MEMORY], 0);
}
END_TEST

/* A turn reads its batch and no more; the rest is there in the next. */
START_TEST(a_turn_is_a_batch)
{
	watch(port[0]);
	for (uint32_t i = 0; i < 3 * PORT_BATCH; i++)
		put(wire[0], i, FRAME);
	port[0]->readable = true;
	for (uint32_t turn = 1; turn <= 3; turn++) {
		unit_poll(stk);
		ck_assert_uint_eq(seen.count, turn * PORT_BATCH);
		ck_assert(port[0]->readable);
		ck_assert_uint_eq(port[0]->ahead, 0);
	}
	unit_poll(stk);
	ck_assert(!port[0]->readable);
}
END_TEST

START_TEST(large_ones_among_small_ones)
{
	watch(port[0]);
	for (uint32_t i = 0; i < 150; i++) {
		put(wire[0], i, i % 50 == 49 ? 60000 : i % 3 == 0 ? 1514 :
		    FRAME);
		if (i % 75 == 74)
			poll_until_dry(port[0]);
	}
	ck_assert_uint_eq(seen.count, 150);
	for (uint32_t i = 0; i < 150; i++) {
		ck_assert_uint_eq(seen.n[i], i);
		ck_assert_uint_eq(seen.len[i], i % 50 == 49 ? 60000 :
		    i % 3 == 0 ? 1514 : FRAME);
	}
	ck_assert_uint_eq(seen.sum, 0);
}
END_TEST

/* In a batch as one by one. */
START_TEST(bad_ones_are_named)
{
	static uint8_t junk[66000];

	for (uint32_t i = 0; i < 40; i++)
		put(wire[0], i, FRAME);
	ck_assert_int_eq(write(wire[0], junk, 5), 5);
	junk[1] = 2;				/* an offload of no type */
	ck_assert_int_eq(write(wire[0], junk, 70), 70);
	junk[1] = 0;
	ck_assert_int_eq(write(wire[0], junk, 66000), 66000);	/* cut */
	put(wire[0], 40, FRAME);
	watch(port[0]);
	poll_until_dry(port[0]);
	ck_assert_uint_eq(seen.count, 41);
	ck_assert_uint_eq(stk->drop.count[DROP_PORT_BAD_VNET], 2);
	ck_assert_uint_eq(stk->drop.count[DROP_NO_MEMORY], 1);
	ck_assert_uint_eq(port[0]->stats.rx_errors, 3);
	ck_assert(!port[0]->down);
}
END_TEST

/* While no buffer is free nothing is lost, and the other port goes on. */
START_TEST(starved_in_a_batch)
{
	struct pkt *held = NULL, *pkt;

	fetch(0, 8);
	watch(port[0]);
	port[0]->readable = true;
	while ((pkt = pkt_alloc(&stk->pool, PKT_LARGE_ROOM)) != NULL ||
	    (pkt = pkt_alloc(&stk->pool, 0)) != NULL) {
		pkt->next = held;
		held = pkt;
	}
	unit_poll(stk);
	ck_assert_uint_eq(seen.count, 0);
	/* Nobody else knows of them. */
	ck_assert_uint_eq(port[0]->readable, port[0]->ahead != 0);
	ck_assert_uint_ge(stk->drop.count[DROP_NO_MEMORY], 1);
	while ((pkt = held) != NULL) {
		held = pkt->next;
		pkt_free(pkt);
	}
	for (uint32_t i = 0; i < 20; i++)
		put(wire[1], i, FRAME);
	poll_until_dry(port[1]);
	poll_until_dry(port[0]);
	ck_assert_uint_eq(seen.count, 8);
	ck_assert_uint_eq(port[1]->stats.rx_packets, 20);
}
END_TEST

START_TEST(both_ports_at_once)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < 400; i++)
		put(wire[i % 2], i, FRAME);
	while (port[0]->stats.rx_packets + port[1]->stats.rx_packets < 400) {
		ck_assert_uint_lt(n++, 100);
		port[0]->readable = port[1]->readable = true;
		unit_poll(stk);
	}
	ck_assert_uint_eq(port[0]->stats.rx_packets, 200);
	ck_assert_uint_eq(port[1]->stats.rx_packets, 200);
}
END_TEST

/* ---- out ---------------------------------------------------------------- */

static void
send_one(struct port *p, uint32_t n, uint32_t len)
{
	struct pkt *pkt = pkt_alloc(&stk->pool, PKT_LARGE_ROOM);
	uint8_t *data;

	ck_assert_ptr_nonnull(pkt);
	data = pkt_append(pkt, len);
	memset(data, (uint8_t)n, len);
	memcpy(data, &n, sizeof(n));
	p->mtu = 65535;
	port_send(stk, p, pkt);
}

static void
expect_one(int far, uint32_t n, uint32_t len)
{
	static uint8_t got[70000];
	uint32_t is;

	ck_assert_int_eq(read(far, got, sizeof(got)),
	    (ssize_t)TAP_VNET_HLEN + len);
	for (uint32_t i = 0; i < TAP_VNET_HLEN; i++)
		ck_assert_uint_eq(got[i], 0);
	memcpy(&is, got + TAP_VNET_HLEN, sizeof(is));
	ck_assert_uint_eq(is, n);
	ck_assert_uint_eq(got[TAP_VNET_HLEN + len - 1], (uint8_t)n);
}

static void
expect_none(int far)
{
	char c;

	ck_assert_int_eq(read(far, &c, 1), -1);
	ck_assert_int_eq(errno, EAGAIN);
}

/* Few or many, large between small: each leaves once, in its order. */
START_TEST(all_leave_in_their_order)
{
	for (uint32_t count = 1; count < 120; count += 13) {
		for (uint32_t i = 0; i < count; i++)
			send_one(port[0], i, i % 40 == 39 ? 40000 : 60 + i);
		flush();
		for (uint32_t i = 0; i < count; i++)
			expect_one(wire[0], i, i % 40 == 39 ? 40000 : 60 + i);
		expect_none(wire[0]);
	}
	ck_assert_uint_eq(stk->pool.live, 0);
	ck_assert_uint_eq(port[0]->stats.tx_errors, 0);
}
END_TEST

START_TEST(borrowed_payload_leaves)
{
	static uint8_t payload[1000];
	struct iovec iov[2] = { { payload, 300 }, { payload + 300, 700 } };
	struct pkt *pkt = pkt_alloc(&stk->pool, 0);
	uint8_t got[2000];

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7);
	memset(pkt_append(pkt, 54), 0xaa, 54);
	pkt->ref = iov;
	pkt->nref = 2;
	pkt->ref_len = 1000;
	port_send(stk, port[0], pkt);
	memset(payload + 500, 0, 500);		/* the caller's again */
	flush();
	ck_assert_int_eq(read(wire[0], got, sizeof(got)),
	    TAP_VNET_HLEN + 1054);
	ck_assert_uint_eq(got[TAP_VNET_HLEN + 53], 0xaa);
	ck_assert_uint_eq(got[TAP_VNET_HLEN + 54 + 299], (uint8_t)(299 * 7));
	ck_assert_uint_eq(got[TAP_VNET_HLEN + 54 + 300], (uint8_t)(300 * 7));
	if (ring != NULL)
		ck_assert_uint_eq(got[TAP_VNET_HLEN + 54 + 999],
		    (uint8_t)(999 * 7));
}
END_TEST

/* Who is refused later is counted as who is refused at once. */
START_TEST(full_queue_costs_the_frame)
{
	uint64_t sent = 0, there = 0;
	static uint8_t got[70000];

	while (stk->drop.count[DROP_PORT_TX] == 0) {
		ck_assert_uint_lt(sent, 100000);
		for (uint32_t i = 0; i < 10; i++)
			send_one(port[0], 1, 1000);
		sent += 10;
		flush();
	}
	while (read(wire[0], got, sizeof(got)) > 0)
		there++;
	ck_assert_uint_eq(port[0]->stats.tx_packets, there);
	ck_assert_uint_eq(port[0]->stats.tx_bytes, there * 1000);
	ck_assert_uint_eq(port[0]->stats.tx_errors, sent - there);
	ck_assert_uint_eq(stk->drop.count[DROP_PORT_TX], sent - there);
	ck_assert(!port[0]->down);
	ck_assert_uint_eq(stk->pool.live, 0);
	/* It goes on. */
	send_one(port[0], 5, 100);
	flush();
	expect_one(wire[0], 5, 100);
}
END_TEST

/* Without memory for the lost frame the counters are right all the same. */
START_TEST(lost_without_memory)
{
	struct pkt *held = NULL, *pkt;

	close(wire[0]);
	wire[0] = -1;
	for (uint32_t i = 0; i < 20; i++)
		send_one(port[0], i, 100);
	while ((pkt = pkt_alloc(&stk->pool, 0)) != NULL) {
		pkt->next = held;
		held = pkt;
	}
	flush();
	ck_assert_uint_eq(port[0]->stats.tx_errors, 20);
	ck_assert_uint_eq(port[0]->stats.tx_packets, 0);
	ck_assert_uint_eq(port[0]->stats.tx_bytes, 0);
	ck_assert_uint_eq(stk->drop.count[DROP_PORT_TX], 20);
	while ((pkt = held) != NULL) {
		held = pkt->next;
		pkt_free(pkt);
	}
}
END_TEST

/* ---- coming and going --------------------------------------------------- */

/* What was sent leaves, what was fetched is forgotten, the device is closed,
 * and its place serves the next one. */
START_TEST(port_goes_with_frames_in_flight)
{
	int off = 0;
	socklen_t len = sizeof(off);

	for (uint32_t round = 0; round < 300; round++) {
		if (round % 16 == 0)
			fetch(0, 8);
		for (uint32_t i = 0; i < 12; i++)
			send_one(port[0], i, 100);
		port_del(stk, port[0]);
		/* That it was closed with frames unread comes first. */
		getsockopt(wire[0], SOL_SOCKET, SO_ERROR, &off, &len);
		for (uint32_t i = 0; i < 12; i++)
			expect_one(wire[0], i, 100);
		/* The kernel's own end of the pair is gone. */
		ck_assert_int_eq(read(wire[0], &off, sizeof(off)), 0);
		close(wire[0]);
		port[0] = port_on(ring, "tap0", &wire[0]);
	}
	put(wire[1], 1, FRAME);
	poll_until_dry(port[1]);
	ck_assert_uint_eq(port[1]->stats.rx_packets, 1);
}
END_TEST

START_TEST(down_while_fetched)
{
	fetch(0, 8);
	port[0]->down = true;
	/* The other one has the ring to itself. */
	for (uint32_t i = 0; i < 60; i++)
		put(wire[1], i, FRAME);
	poll_until_dry(port[1]);
	ck_assert_uint_eq(port[1]->stats.rx_packets, 60);
}
END_TEST

START_TEST(no_memory_for_a_port)
{
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
	    fd), 0);
	for (int i = 0; i < 300; i++) {
		stk->mem.fail_at = 1;
		ck_assert_ptr_null(tap_ring_port_new(ring, stk, "x", fd[0],
		    true, MAC_ZERO, 1500, 0));
	}
	close(fd[0]);
	close(fd[1]);
}
END_TEST

/* ---- beside a plain port ------------------------------------------------ */

/* The same random traffic by both ways: the same counters, the same frames. */
START_TEST(as_a_plain_port_does)
{
	struct port *plain;
	int far;
	static uint8_t a[70000], b[70000];
	uint32_t x = 1;

	plain = port_on(NULL, "plain", &far);
	ck_assert_ptr_null(plain->ops->fetch);
	for (uint32_t round = 0; round < 150; round++) {
		uint32_t in, out;
		ssize_t n;

		x = x * 1103515245 + 12345;
		in = (x >> 16) % 70;
		out = (x >> 8) % 90;
		for (uint32_t i = 0; i < in || i < out; i++) {
			uint32_t len = (x >> (i % 16)) % 50 == 0 ? 30000 :
			    60 + i;

			if (i < in) {
				put(wire[0], i, len);
				put(far, i, len);
			}
			if (i < out) {
				send_one(port[0], i, len);
				send_one(plain, i, len);
			}
		}
		poll_until_dry(port[0]);
		poll_until_dry(plain);
		flush();
		while ((n = read(far, a, sizeof(a))) > 0) {
			ck_assert_int_eq(read(wire[0], b, sizeof(b)), n);
			ck_assert_mem_eq(a, b, (size_t)n);
		}
		expect_none(wire[0]);
	}
	ck_assert_mem_eq(&port[0]->stats, &plain->stats,
	    sizeof(plain->stats));
	ck_assert_uint_gt(plain->stats.rx_packets, 4000);
	close(far);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tap_ring");
	TCase *tc = tcase_create("ports");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, all_come_in_their_order);
	tcase_add_test(tc, a_turn_is_a_batch);
	tcase_add_test(tc, large_ones_among_small_ones);
	tcase_add_test(tc, bad_ones_are_named);
	tcase_add_test(tc, starved_in_a_batch);
	tcase_add_test(tc, both_ports_at_once);
	tcase_add_test(tc, all_leave_in_their_order);
	tcase_add_test(tc, borrowed_payload_leaves);
	tcase_add_test(tc, full_queue_costs_the_frame);
	tcase_add_test(tc, lost_without_memory);
	tcase_add_test(tc, port_goes_with_frames_in_flight);
	tcase_add_test(tc, down_while_fetched);
	tcase_add_test(tc, no_memory_for_a_port);
	tcase_add_test(tc, as_a_plain_port_does);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

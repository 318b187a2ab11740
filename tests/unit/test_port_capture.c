/*
 * test_port_capture.c - captures, byte by byte.
 */
#include "unit/unit.h"

#include <errno.h>
#include <string.h>

#include "base/cursor.h"
#include "port/capture.h"

static struct stack *stk;
static struct port *port;
static struct capture cap;
static uint8_t out[8192];
static size_t out_len;
static int writes;

static void
collect(void *arg, const struct iovec *iov, int n)
{
	(void)arg;
	writes++;
	for (int i = 0; i < n; i++) {
		ck_assert_uint_le(out_len + iov[i].iov_len, sizeof(out));
		memcpy(out + out_len, iov[i].iov_base, iov[i].iov_len);
		out_len += iov[i].iov_len;
	}
}

static struct capture_conf conf;

static void
setup(void)
{
	stk = unit_stack();
	port = unit_port(stk, "a", 1, "10.0.0.1/24");
	conf = (struct capture_conf){ .write = collect };
	out_len = 0;
	writes = 0;
}

static void
teardown(void)
{
	capture_stop(&cap);
	unit_stack_free(stk);
}

static void
expect_file_header(uint32_t magic, uint32_t snaplen, uint32_t link)
{
	struct rd r = rd_init(out, out_len);

	ck_assert_uint_eq(rd_u32(&r), magic);
	ck_assert_uint_eq(rd_u32(&r), 0x00020004);
	ck_assert_uint_eq(rd_u32(&r), 0);
	ck_assert_uint_eq(rd_u32(&r), 0);
	ck_assert_uint_eq(rd_u32(&r), snaplen);
	ck_assert_uint_eq(rd_u32(&r), link);
	ck_assert(!r.bad);
	ck_assert_uint_eq(r.left, 0);
	out_len = 0;
}

/* Checks the head of the oldest record, returns its bytes, and forgets it. */
static const uint8_t *
expect_record(uint32_t sec, uint32_t part, uint32_t shown, uint32_t len)
{
	static uint8_t record[4096];
	struct rd r = rd_init(out, out_len);

	ck_assert_uint_eq(rd_u32(&r), sec);
	ck_assert_uint_eq(rd_u32(&r), part);
	ck_assert_uint_eq(rd_u32(&r), shown);
	ck_assert_uint_eq(rd_u32(&r), len);
	rd_copy(&r, record, shown);
	ck_assert(!r.bad);
	memmove(out, r.p, r.left);
	out_len = r.left;
	return record;
}

static uint32_t
echo_request(uint8_t *frame, uint32_t max)
{
	struct unit_frame f = { .dst = port->mac,
	    .src = { { 2, 0, 0, 0, 0, 9 } }, .sip = IP4(10, 0, 0, 9),
	    .dip = IP4(10, 0, 0, 1), .proto = IPPROTO_ICMP4, .icmp_type = 8,
	    .payload = "0123456789", .payload_len = 10 };

	return unit_frame_build(frame, max, &f);
}

/* Request and reply, with the time of day. */
START_TEST(both_directions)
{
	uint8_t frame[100];
	uint32_t len = echo_request(frame, sizeof(frame));
	struct unit_seen s;

	stk->wall_offset_us = INT64_C(1700000000) * USEC_PER_SEC;
	ck_assert_int_eq(capture_port(&cap, stk, port, &conf), 0);
	expect_file_header(0xa1b2c3d4, CAPTURE_SNAPLEN, 1);
	unit_neighbour(stk, "a", "10.0.0.9", 9);
	unit_run_until(stk, 2000005);
	unit_feed_bytes(stk, port, frame, len);
	ck_assert_mem_eq(expect_record(1700000002, 5, len, len), frame, len);
	s = unit_expect(port);
	ck_assert_mem_eq(expect_record(1700000002, 5, len, s.frame->len),
	    s.frame->data, s.frame->len);
	ck_assert_uint_eq(out_len, 0);
	ck_assert_int_eq(writes, 3);
	ck_assert_uint_eq(cap.frames, 2);
	ck_assert_uint_eq(cap.cut, 0);
	unit_seen_free(&s);
}
END_TEST

START_TEST(nanoseconds_and_snaplen)
{
	uint8_t frame[100];
	uint32_t len = echo_request(frame, sizeof(frame));

	conf.nanoseconds = true;
	conf.snaplen = 20;
	ck_assert_int_eq(capture_port(&cap, stk, port, &conf), 0);
	expect_file_header(0xa1b23c4d, 20, 1);
	unit_run_until(stk, 1000007);
	frame[0] ^= 4;			/* to somebody else: no answer */
	unit_feed_bytes(stk, port, frame, len);
	ck_assert_mem_eq(expect_record(1, 7000, 20, len), frame, 20);
	ck_assert_uint_eq(out_len, 0);
	ck_assert_uint_eq(cap.cut, 1);
}
END_TEST

START_TEST(borrowed_payload_is_shown)
{
	char abc[] = "abc", defg[] = "defg";
	struct iovec iov[2] = { { abc, 3 }, { defg, 4 } };
	struct pkt *pkt = pkt_alloc(&stk->pool, 0);
	const uint8_t *record;

	memset(pkt_append(pkt, 14), 7, 14);
	pkt->ref = iov;
	pkt->nref = 2;
	pkt->ref_len = 7;
	ck_assert_int_eq(capture_port(&cap, stk, port, &conf), 0);
	out_len = 0;
	port_send(stk, port, pkt);
	record = expect_record(0, 0, 21, 21);
	ck_assert_mem_eq(record + 14, "abcdefg", 7);
	cap.conf.snaplen = 16;
	pkt = pkt_alloc(&stk->pool, 0);
	memset(pkt_append(pkt, 14), 7, 14);
	pkt->ref = iov;
	pkt->nref = 2;
	pkt->ref_len = 7;
	port_send(stk, port, pkt);
	record = expect_record(0, 0, 16, 21);
	ck_assert_mem_eq(record + 14, "ab", 2);
}
END_TEST

START_TEST(one_at_a_time)
{
	struct capture other;

	ck_assert_int_eq(capture_port(&cap, stk, port, &conf), 0);
	ck_assert_int_eq(capture_port(&other, stk, port, &conf), -EBUSY);
	capture_stop(&cap);
	ck_assert_int_eq(capture_port(&other, stk, port, &conf), 0);
	capture_stop(&other);
	ck_assert_ptr_null((void *)(uintptr_t)port->tap);
	ck_assert_int_eq(capture_drops(&cap, stk, CAPTURE_ANY, &conf), 0);
	ck_assert_int_eq(capture_drops(&other, stk, CAPTURE_ANY, &conf),
	    -EBUSY);
}
END_TEST

START_TEST(port_may_go_first)
{
	struct port *b = unit_port(stk, "b", 2, NULL);

	ck_assert_int_eq(capture_port(&cap, stk, b, &conf), 0);
	port_del(stk, b);
	capture_stop(&cap);
}
END_TEST

START_TEST(tun_is_raw)
{
	struct port *t = mem_port_new(&stk->mem, "t", false, MAC_ZERO, 1500,
	    0);

	ck_assert_int_eq(port_add(stk, t), 0);
	ck_assert_int_eq(capture_port(&cap, stk, t, &conf), 0);
	expect_file_header(0xa1b2c3d4, CAPTURE_SNAPLEN, 101);
	unit_feed_bytes(stk, t, "\x60xyz", 4);
	ck_assert_mem_eq(expect_record(0, 0, 4, 4), "\x60xyz", 4);
}
END_TEST

/* ---- drops ---- */

/* Dropped deep in the stack, shown from the first byte of its frame. */
START_TEST(drops_are_whole_frames)
{
	struct unit_frame f = { .dst = port->mac,
	    .src = { { 2, 0, 0, 0, 0, 9 } }, .sip = IP4(10, 0, 0, 9),
	    .dip = IP4(10, 0, 0, 1), .proto = IPPROTO_UDP4, .sport = 1,
	    .dport = 2, .payload = "lost", .payload_len = 4,
	    .bad_csum = true };
	uint8_t frame[100];
	uint32_t len = unit_frame_build(frame, sizeof(frame), &f);

	ck_assert_int_eq(capture_drops(&cap, stk, DROP_UDP_CSUM, &conf), 0);
	expect_file_header(0xa1b2c3d4, CAPTURE_SNAPLEN, 1);
	unit_feed_bytes(stk, port, "x", 1);	/* of another reason */
	unit_feed_bytes(stk, port, frame, len);
	ck_assert_uint_eq(stk->drop.count[DROP_UDP_CSUM], 1);
	ck_assert_mem_eq(expect_record(0, 0, len, len), frame, len);
	ck_assert_uint_eq(out_len, 0);
}
END_TEST

/* No Ethernet came with it: one without addresses goes in front. */
START_TEST(drops_get_a_link_header)
{
	static const uint8_t link[14] = { [12] = 8 };
	struct port *t = mem_port_new(&stk->mem, "t", false, MAC_ZERO, 1500,
	    0);
	const uint8_t *record;

	ck_assert_int_eq(port_add(stk, t), 0);
	ck_assert_int_eq(capture_drops(&cap, stk, CAPTURE_ANY, &conf), 0);
	out_len = 0;
	unit_feed_bytes(stk, t, "\x60xyz", 4);
	record = expect_record(0, 0, 18, 18);
	ck_assert_mem_eq(record, link, 14);
	ck_assert_mem_eq(record + 14, "\x60xyz", 4);
}
END_TEST

START_TEST(own_packets_dropped_at_the_port)
{
	struct pkt *pkt = pkt_alloc(&stk->pool, 0);

	ck_assert_int_eq(capture_drops(&cap, stk, CAPTURE_ANY, &conf), 0);
	out_len = 0;
	memset(pkt_append(pkt, 34), 7, 34);
	pkt->l3 = pkt->off + 14;
	port->down = true;
	port_send(stk, port, pkt);
	ck_assert_uint_eq(expect_record(0, 0, 34, 34)[0], 7);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("port_capture");
	TCase *tc = tcase_create("capture");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, both_directions);
	tcase_add_test(tc, nanoseconds_and_snaplen);
	tcase_add_test(tc, borrowed_payload_is_shown);
	tcase_add_test(tc, one_at_a_time);
	tcase_add_test(tc, port_may_go_first);
	tcase_add_test(tc, tun_is_raw);
	tcase_add_test(tc, drops_are_whole_frames);
	tcase_add_test(tc, drops_get_a_link_header);
	tcase_add_test(tc, own_packets_dropped_at_the_port);
	suite_add_tcase(s, tc);
	return unit_main(s);
}

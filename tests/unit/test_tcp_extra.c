/*
 * test_tcp_extra.c - records (MSG_EOR) and urgent data (RFC 6093) between two
 * stacks: what goes over the wire, what the far side learns, what it costs.
 */
#include "tcp/tcp_conn.h"
#include "unit/tcp_pair.h"

#include <errno.h>
#include <string.h>

#include "ip/ip_wire.h"

#define SPAN 65536u

static struct pair *p;
static struct tcp_listener *l;
static struct pair_app near, far;
static bool ends[SPAN];		/* a record ends before this byte */
static uint32_t segments, crossed, urgent, small;

/* Looks at every segment with data from side 0. */
static bool
watch(void *arg, int from, const struct mem_frame *f)
{
	struct ip4_hdr ip;
	struct tcp_hdr h;
	uint32_t at, len;

	(void)arg;
	if (from != 0 || ip4_parse_hdr(f->data, f->len, &ip) != 0 ||
	    tcp_parse_hdr(f->data + ip.hlen, f->len - ip.hlen, &h) != 0)
		return true;
	len = f->len - ip.hlen - h.hlen;
	urgent += (h.flags & TCP_URG) != 0;
	if (len == 0 || (h.flags & TCP_SYN) != 0)
		return true;
	segments++;
	at = h.seq - near.c->iss - 1;
	for (uint32_t i = 1; i < len && at + i < SPAN; i++)
		crossed += ends[at + i];
	if (at + len < SPAN && ends[at + len])
		small += (h.flags & TCP_PSH) == 0;
	return true;
}

static void
setup(void)
{
	struct wire_conf w = { .delay_us = 5000 };

	p = pair_new(3, 1500, 0);
	pair_wire(p, &w);
	p->filter = watch;
	memset(ends, 0, sizeof(ends));
	segments = crossed = urgent = small = 0;
	near = (struct pair_app){ .keep = true, .salt = 1, .peer_salt = 2 };
	far = (struct pair_app){ .keep = true, .salt = 2, .peer_salt = 1 };
	l = pair_serve(p, 1, 80, NULL, &far);
	pair_connect(p, 0, 80, NULL, &near);
	pair_run_until(p, 100000);
	ck_assert(near.connected && far.connected);
}

static void
teardown(void)
{
	tcp_abort(p->stk[0], near.c);
	if (far.c != NULL)
		tcp_abort(p->stk[1], far.c);
	tcp_listen_close(p->stk[1], l);
	pair_run_until(p, p->now.us + 1000000);
	ck_assert_uint_eq(p->stk[0]->tcp.mem_used, 0);
	pair_free(p);
}

/* n bytes of the stream that the far side checks. */
static const void *
bytes(uint32_t n)
{
	static uint8_t buf[8192];

	for (uint32_t i = 0; i < n; i++)
		buf[i] = pair_pattern(near.sent + i, near.salt);
	return buf;
}

static void
put_record(uint32_t n)
{
	ck_assert_int_eq(tcp_write_record(p->stk[0], near.c, bytes(n), n),
	    (int32_t)n);
	near.sent += n;
	ends[near.sent] = true;
}

/* Records of any size, over a wire that loses: no segment, new or sent again,
 * has bytes of two, and each end is pushed. */
START_TEST(no_segment_crosses)
{
	struct wire_conf bad = { .delay_us = 5000, .loss = 50000 };
	uint32_t n;

	pair_wire(p, &bad);
	for (int i = 0; i < 40; i++) {
		n = rng_below(&p->rng, i % 4 == 0 ? 4000 : 300) + 1;
		put_record(n);
	}
	pair_run_until(p, 60000000);
	ck_assert_uint_eq(far.received, near.sent);
	ck_assert_uint_ge(segments, 40);
	ck_assert_uint_eq(crossed, 0);
	ck_assert_uint_eq(small, 0);
	ck_assert_ptr_null(near.c->ext->mark_head);
}
END_TEST

/* Where there is no record end, segments are full. */
START_TEST(stream_is_not_cut)
{
	put_record(100);
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(tcp_write(p->stk[0], near.c, bytes(1448),
		    1448), 1448);
		near.sent += 1448;
	}
	pair_run_until(p, 1000000);
	ck_assert_uint_eq(far.received, near.sent);
	ck_assert_uint_eq(segments, 11);
}
END_TEST

/* A write that is not taken whole ends no record. */
START_TEST(part_of_a_record)
{
	uint32_t room;
	int32_t n;

	do {
		room = tcp_write_room(p->stk[0], near.c);
		n = tcp_write_record(p->stk[0], near.c, bytes(8000), 8000);
		if (n > 0)
			near.sent += (uint32_t)n;
	} while (n == 8000);
	ck_assert_int_eq(n, (int32_t)room);
	ck_assert_uint_eq(near.c->ext->mark_tail->seq,
	    tcp_snd_end(near.c) - (uint32_t)n);
	pair_run_until(p, 10000000);
	ck_assert_uint_eq(far.received, near.sent);
}
END_TEST

/* Without memory nothing is taken. */
START_TEST(record_without_memory)
{
	static const uint64_t fail_at[] = { 1, 2, 1, 2 };
	struct stack *stk = p->stk[0];

	/* The extra, its mark; with the extra there, the mark, the chunk. */
	for (uint32_t n = 0; n < 4; n++) {
		stk->mem.fail_at = fail_at[n];
		ck_assert_int_lt(tcp_write_record(stk, near.c, bytes(10), 10),
		    0);
		ck_assert_uint_eq(near.c->snd.len, 0);
	}
	stk->mem.fail_at = 0;
	put_record(10);
	pair_run_until(p, 1000000);
	ck_assert_uint_eq(far.received, 10);
	stk->limits.tcp_mem = (uint32_t)stk->tcp.mem_used;
	ck_assert_int_eq(tcp_write_record(stk, near.c, bytes(10), 10),
	    -ENOMEM);
}
END_TEST

/* The far side hears of urgent data before they are there, how far they go,
 * and that they are over when it has read them. */
START_TEST(urgent_is_told)
{
	struct stack *stk = p->stk[0];

	far.stop_reading = true;
	ck_assert_uint_eq(tcp_events(far.c) & TCP_EV_URGENT, 0);
	ck_assert_int_eq(tcp_write_urgent(stk, near.c, bytes(8000), 8000),
	    8000);
	near.sent += 8000;
	pair_run_until(p, p->now.us + 5500);
	ck_assert_uint_ne(tcp_events(far.c) & TCP_EV_URGENT, 0);
	ck_assert_uint_eq(tcp_urgent_left(far.c), 8000);
	pair_run_until(p, p->now.us + 1000000);
	/* Every one of them says so; what follows does not. */
	ck_assert_uint_eq(urgent, 6);
	ck_assert_int_eq(tcp_write(stk, near.c, bytes(100), 100), 100);
	near.sent += 100;
	pair_run_until(p, p->now.us + 1000000);
	ck_assert_uint_eq(urgent, 6);
	ck_assert_uint_eq(tcp_readable(far.c), 8100);
	tcp_consume(p->stk[1], far.c, 7999);
	ck_assert_uint_eq(tcp_urgent_left(far.c), 1);
	tcp_consume(p->stk[1], far.c, 1);
	ck_assert_uint_eq(tcp_urgent_left(far.c), 0);
	ck_assert_uint_eq(tcp_events(far.c) & TCP_EV_URGENT, 0);
}
END_TEST

/* More urgent data than the field can say (RFC 9293 3.8.5, MUST-31). */
START_TEST(urgent_is_long)
{
	uint32_t total = 0;

	far.stop_reading = true;
	near.c->snd_wnd = 300000;
	while (total < 100000) {
		ck_assert_int_eq(tcp_write_urgent(p->stk[0], near.c,
		    bytes(8000), 8000), 8000);
		near.sent += 8000;
		total += 8000;
	}
	pair_run_until(p, p->now.us + 5500);
	ck_assert_uint_eq(tcp_urgent_left(far.c), 65535 + 9 * 1448);
	pair_run_until(p, p->now.us + 1000000);
	ck_assert_uint_eq(tcp_urgent_left(far.c), total);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tcp_extra");
	TCase *t = tcase_create("extra");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, no_segment_crosses);
	tcase_add_test(t, stream_is_not_cut);
	tcase_add_test(t, part_of_a_record);
	tcase_add_test(t, record_without_memory);
	tcase_add_test(t, urgent_is_told);
	tcase_add_test(t, urgent_is_long);
	suite_add_tcase(s, t);
	return unit_main(s);
}

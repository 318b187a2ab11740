/*
 * test_tcp_buffer.c - the queues of bytes and the islands of out-of-order
 * data, against an oracle that is an array and a loop.
 */
#include "tcp/tcp_conn.h"
#include "unit/unit.h"

#define SPAN 6000u

static struct stack *stk;
static struct tcp_conn *c;
static struct rng rng;
static uint8_t stream[SPAN];

static void
setup(void)
{
	struct tcp_key k = { .lport = 1, .rport = 2 };
	uint8_t seed[RNG_SEED_LEN] = { 9 };

	stk = unit_stack();
	rng_init(&rng, seed);
	rng_bytes(&rng, stream, sizeof(stream));
	c = tcp_conn_new(stk, &k, &stk->tcp.conf);
	ck_assert_ptr_nonnull(c);
	c->flags |= CF_SACK;
}

static void
teardown(void)
{
	ck_assert_uint_eq(stk->tcp.mem_used, tcp_bytes_memory(&c->rcv) +
	    tcp_bytes_memory(&c->snd));
	tcp_conn_free(stk, c);
	ck_assert_uint_eq(stk->tcp.mem_used, 0);
	unit_stack_free(stk);
}

/* Random appends, skips and looks at any place equal the array. */
START_TEST(bytes_equal_an_array)
{
	struct tcp_bytes *q = &c->snd;
	uint32_t front = 0, back = 0, got, n, off;
	struct iovec iov[8];
	uint8_t copy[SPAN];

	while (back < SPAN || front < back) {
		n = rng_below(&rng, 700);
		n = n < SPAN - back ? n : SPAN - back;
		ck_assert_uint_eq(tcp_bytes_append(stk, q, stream + back, n),
		    n);
		back += n;
		if (front < back) {
			off = rng_below(&rng, back - front);
			n = rng_below(&rng, back - front - off) + 1;
			n = tcp_bytes_iov(q, off, n, iov, 8, &got);
			for (uint32_t i = 0, at = front + off; i < n; i++) {
				ck_assert_mem_eq(iov[i].iov_base, stream + at,
				    iov[i].iov_len);
				at += (uint32_t)iov[i].iov_len;
			}
		}
		ck_assert_uint_eq(tcp_bytes_copy(q, copy, SPAN), back - front);
		ck_assert_mem_eq(copy, stream + front, back - front);
		n = rng_below(&rng, back < SPAN ? 650 : 5000);
		n = n < back - front ? n : back - front;
		tcp_bytes_skip(stk, q, n);
		front += n;
		ck_assert_uint_eq(q->len, back - front);
	}
	ck_assert_ptr_null(q->head);
}
END_TEST

/* A super-frame never needs more vectors than there are. */
START_TEST(few_chunks_make_a_frame)
{
	struct tcp_bytes *q = &c->snd;
	struct iovec iov[8];
	uint32_t got;

	for (uint32_t i = 0; i < 200000; i++)
		tcp_bytes_append(stk, q, stream + i % SPAN, 1);
	for (uint32_t off = 0; off + TCP_FRAME_MAX < q->len; off += 997) {
		tcp_bytes_iov(q, off, TCP_FRAME_MAX, iov, 8, &got);
		if (got != TCP_FRAME_MAX)
			ck_abort_msg("only %u bytes at %u", got, off);
	}
	tcp_bytes_clear(stk, q);
}
END_TEST

START_TEST(memory_has_a_bound)
{
	uint32_t n = 0, r;

	stk->limits.tcp_mem = 100000;
	while ((r = tcp_bytes_append(stk, &c->snd, stream, 5000)) == 5000)
		n += r;
	ck_assert_uint_le(stk->tcp.mem_used, 100000);
	ck_assert_uint_ge(n + r, 50000);
	ck_assert_uint_eq(tcp_bytes_append(stk, &c->snd, stream, 5000), 0);
	tcp_bytes_clear(stk, &c->snd);
}
END_TEST

/* The islands are the runs of the bytes that came and were not delivered. */
static void
compare_islands(const uint8_t *have)
{
	const struct tcp_island *i = c->ooo;
	uint8_t copy[SPAN];

	for (uint32_t at = c->rcv_nxt; at < SPAN; at++) {
		uint32_t end = at;

		while (end < SPAN && have[end])
			end++;
		if (end == at)
			continue;
		if (i == NULL || i->seq != at || i->q.len != end - at ||
		    tcp_bytes_copy(&i->q, copy, SPAN) != end - at ||
		    memcmp(copy, stream + at, end - at) != 0)
			ck_abort_msg("the island at %u is wrong", at);
		at = end;
		i = i->next;
	}
	ck_assert_ptr_null(i);
}

START_TEST(islands_equal_a_map)
{
	static uint8_t have[SPAN];
	struct tcp_sack b[4];
	uint8_t copy[SPAN];

	memset(have, 0, sizeof(have));
	while (c->rcv_nxt < SPAN) {
		uint32_t seq = rng_below(&rng, SPAN), fresh = 0;
		uint32_t n = 1 + rng_below(&rng, 900);
		bool full = false;

		n = n < SPAN - seq ? n : SPAN - seq;
		if (seq <= c->rcv_nxt && seq + n > c->rcv_nxt) {
			/* In order: as tcp_text() does. */
			uint32_t m = seq + n - c->rcv_nxt;

			tcp_bytes_append(stk, &c->rcv, stream + c->rcv_nxt, m);
			memset(have + c->rcv_nxt, 1, m);
			c->rcv_nxt += m;
			tcp_ooo_deliver(stk, c);
		} else if (seq > c->rcv_nxt) {
			for (uint32_t i = seq; i < seq + n; i++) {
				fresh += !have[i];
				have[i] = 1;
			}
			ck_assert_uint_eq(tcp_ooo_add(stk, c, seq,
			    stream + seq, n, &full), fresh);
			ck_assert(!full);
			c->flags &= ~CF_DSACK;
			ck_assert_uint_ge(tcp_ooo_blocks(c, b, 4), 1);
			/* RFC 2018 4: the first block holds this segment. */
			ck_assert_uint_le(b[0].left, seq);
			ck_assert_uint_ge(b[0].right, seq + n);
		}
		compare_islands(have);
	}
	ck_assert_uint_eq(tcp_bytes_copy(&c->rcv, copy, SPAN), SPAN);
	ck_assert_mem_eq(copy, stream, SPAN);
	ck_assert_uint_eq(c->ooo_bytes, 0);
}
END_TEST

/* One byte here and there: their number has a bound, and so has memory. */
START_TEST(islands_have_a_bound)
{
	uint32_t n = 0;
	bool full = false;

	c->rcv_buf = 65536;
	while (!full)
		tcp_ooo_add(stk, c, 10 + 2 * n++, stream, 1, &full);
	ck_assert_uint_eq(c->ooo_count, 64);
	tcp_ooo_clear(stk, c);
}
END_TEST

/* RFC 6298 2.2 and 2.3, by hand. */
START_TEST(rto_by_hand)
{
	tcp_rtt_sample(c, 100000);
	ck_assert_uint_eq(c->srtt_us, 100000);
	ck_assert_uint_eq(c->rttvar_us, 50000);
	ck_assert_uint_eq(c->rto_us, 300000);
	tcp_rtt_sample(c, 180000);
	ck_assert_uint_eq(c->srtt_us, 110000);
	ck_assert_uint_eq(c->rttvar_us, 37500 + 20000);
	ck_assert_uint_eq(c->rto_us, 110000 + 4 * 57500);
	c->backoff = 3;
	ck_assert_uint_eq(tcp_rto_now(c), 8 * c->rto_us);
	c->backoff = 255;
	ck_assert_uint_eq(tcp_rto_now(c), 120000000);
	tcp_rtt_sample(c, 110000);
	ck_assert_uint_eq(c->backoff, 0);
	ck_assert_uint_eq(c->min_rtt_us, 100000);
}
END_TEST

/* RFC 9438 figure 1 and 2: after a loss at 1000 segments the window is back
 * there after K = cbrt(1000 * 0.3 / 0.4) = 9.085 s, and not before. */
START_TEST(cubic_returns_after_k)
{
	const struct tcp_cc_ops *cc = tcp_cc(c);
	uint32_t mss;
	int64_t k = 0;

	c->mss = 1000;
	mss = tcp_mss_now(c);
	c->srtt_us = 100000;
	c->cwnd = 1000 * mss;
	c->ssthresh = cc->reduce(stk, c);
	ck_assert_uint_eq(c->ssthresh, 700 * mss);
	c->cwnd = c->ssthresh;
	while (c->cwnd < 999 * mss && k < 60000000) {
		cc->avoid(stk, c, c->cwnd);
		stk->now.us += 100000;
		k += 100000;
	}
	ck_assert_int_ge(k, 7000000);
	ck_assert_int_le(k, 9200000);
	/* Fast convergence: lost again below W_max, it aims lower. */
	c->cwnd = 900 * mss;
	cc->reduce(stk, c);
	ck_assert_uint_eq(c->ccp.cubic.w_max, 900 * mss * 17 / 20);
}
END_TEST

/* RFC 9438 4.9.1: a reduction that is taken back leaves CUBIC as it was. */
START_TEST(cubic_after_undo)
{
	struct tcp_acked a = { .rtt_us = -1, .ts_on = true };
	struct cc_cubic was;

	c->mss = 1000;
	c->flags |= CF_TS;
	c->cwnd = c->ssthresh = 40000;
	c->ccp.cubic = (struct cc_cubic){ .epoch = instant_from_us(5),
	    .w_max = 60000, .prior_cwnd = 60000, .k_ms = 3000,
	    .w_est = 41000, .acked = 7, .est_acked = 9 };
	was = c->ccp.cubic;
	stk->now = instant_from_us(9000000);
	ck_assert_ptr_nonnull(tcp_flight_get(stk, c));
	ck_assert_int_eq(tcp_rec_add(stk, c, c->snd_nxt, c->snd_nxt + 1000,
	    false), 0);
	c->snd_nxt += 1000;
	tcp_recovery_timeout(stk, c);
	ck_assert_uint_eq(c->cwnd, tcp_mss_now(c));
	ck_assert_uint_lt(c->ccp.cubic.w_max, 60000);
	ck_assert(instant_is_never(c->ccp.cubic.epoch));
	/* What arrives was sent before the retransmission. */
	c->fl->retrans_ts_on = true;
	c->fl->retrans_ts = 1000;
	a.tsecr = 999;
	a.prior_una = c->snd_una - 1;
	tcp_recovery_ack(stk, c, &a);
	ck_assert_uint_eq(stk->tcp.stats.undone, 1);
	ck_assert_uint_eq(c->cwnd, 40000);
	ck_assert_mem_eq(&c->ccp.cubic, &was, sizeof(was));
	/* Nobody polls here. */
	c->key.todo = 0;
	stk->tcp.todo_head = NULL;
	stk->tcp.todo_tail = &stk->tcp.todo_head;
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tcp_buffer");
	TCase *t = tcase_create("buffer");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, bytes_equal_an_array);
	tcase_add_test(t, few_chunks_make_a_frame);
	tcase_add_test(t, memory_has_a_bound);
	tcase_add_test(t, islands_equal_a_map);
	tcase_add_test(t, islands_have_a_bound);
	tcase_add_test(t, rto_by_hand);
	tcase_add_test(t, cubic_returns_after_k);
	tcase_add_test(t, cubic_after_undo);
	suite_add_tcase(s, t);
	return unit_main(s);
}

/*
 * tcp_text.c - data that came in (RFC 9293 3.10.7.4, seventh), and the window
 * that we promise for more (3.8.6.2.2).
 *
 * The window is what is free of the receive buffer; data out of order lie in
 * what was promised already, so all of the buffer is of use to them.  The
 * right edge never moves left.  The buffer grows while the owner reads as much
 * in a round trip as half of it holds.
 */
#include "tcp/tcp_conn.h"

uint32_t
tcp_rcv_wnd(const struct tcp_conn *c)
{
	return seq_gt(c->rcv_adv, c->rcv_nxt) ? c->rcv_adv - c->rcv_nxt : 0;
}

/* The largest window there can be: of the buffer, of the field, of the clamp,
 * and of what a peer that has sent so little can use. */
static uint32_t
window_max(const struct tcp_conn *c)
{
	return tcp_conf_window(c->conf, tcp_min(tcp_min(c->rcv_buf,
	    (uint32_t)c->rcv_limit_k << 10),
	    (uint32_t)UINT16_MAX << c->rcv_shift));
}

/* Twice what slow start adds to the peer's cwnd for these n bytes: the limit
 * never holds it back, but memory is promised to who uses it. */
static void
raise_limit(struct tcp_conn *c, uint32_t n)
{
	if (tcp_synced(c) && (uint32_t)c->rcv_limit_k << 10 < c->rcv_buf)
		c->rcv_limit_k = (uint16_t)tcp_min(UINT16_MAX,
		    c->rcv_limit_k + (2 * n + 1023) / 1024);
}

static uint32_t
buffer_space(const struct tcp_conn *c)
{
	uint32_t space = c->rcv_buf > c->rcv.len ? c->rcv_buf - c->rcv.len : 0;

	return tcp_min(space, window_max(c));
}

/* RFC 9293 3.8.6.2.2: no smaller step than this opens the window. */
static uint32_t
window_step(const struct tcp_conn *c)
{
	return tcp_min(c->rcv_mss, tcp_conf_window(c->conf, c->rcv_buf) / 2);
}

uint32_t
tcp_window_select(struct tcp_conn *c)
{
	uint32_t cur = tcp_rcv_wnd(c), space = buffer_space(c), wnd = cur;
	uint32_t unit = 1u << c->rcv_shift;

	space &= ~(unit - 1);
	if (space > cur && space >= window_step(c))
		wnd = space;
	/* RFC 7323 2.4: rounding down takes back what was promised, but
	 * rounding up with every segment promises more than there is.  What
	 * lies before rcv_adv is taken in any case. */
	if (c->rcv.len + wnd < c->rcv_buf)
		wnd += unit - 1;
	wnd &= ~(unit - 1);
	wnd = tcp_min(wnd, (uint32_t)UINT16_MAX << c->rcv_shift);
	c->rcv_adv = seq_max(c->rcv_adv, c->rcv_nxt + wnd);
	return wnd;
}

/* The owner read: is it time to tell the peer? */
static bool
window_update_due(const struct tcp_conn *c)
{
	uint32_t cur = tcp_rcv_wnd(c), space = buffer_space(c);

	if (c->key.state >= TCPS_CLOSE_WAIT || space <= cur ||
	    space < window_step(c))
		return false;
	/* Two segments more, when the peer is about to run dry. */
	return cur < window_max(c) / 2 &&
	    space - cur >= tcp_min(2u * c->rcv_mss, c->rcv_buf / 2);
}

/* RFC 3168 6.1.3: echo a mark until the sender says that it heard. */
static void
note_ecn(struct tcp_conn *c, const struct tcp_seg *s)
{
	if ((c->flags & CF_ECN) == 0)
		return;
	if ((s->h.flags & TCP_CWR) != 0)
		c->flags &= ~CF_ECE_SEND;
	if (s->ecn == IP_ECN_CE)
		c->flags |= CF_ECE_SEND | CF_ACK_NOW;
}

static void
note_dsack(struct tcp_conn *c, uint32_t left, uint32_t right)
{
	if ((c->flags & CF_SACK) == 0 || (c->flags & CF_DSACK) != 0)
		return;
	c->dsack = (struct tcp_sack){ left, right };
	c->flags |= CF_DSACK;
}

/* The next bytes in order. */
static enum drop
take_in_order(struct stack *stk, struct tcp_conn *c, const uint8_t *p,
    uint32_t n)
{
	uint32_t got;

	/* Promised, but the owner has made the buffer smaller since. */
	if (c->rcv.len >= c->rcv_buf + (1u << c->rcv_shift)) {
		c->flags |= CF_ACK_NOW;
		return DROP_TCP_OUT_WINDOW;
	}
	got = tcp_bytes_append(stk, &c->rcv, p, n);
	if (got == 0)
		return DROP_NO_MEMORY;
	tcp_rcv_advance(c, got);
	c->flags |= CF_ACK_SOON;
	raise_limit(c, got);
	if (c->ooo != NULL) {
		/* RFC 5681 4.2: a hole is being filled. */
		c->flags |= CF_ACK_NOW;
		tcp_ooo_deliver(stk, c);
	}
	tcp_todo(stk, c, TODO_EVENT | TODO_OUTPUT);
	return DROP_COUNT;
}

/* Bytes beyond a hole: kept, and answered at once (RFC 5681 4.2). */
static enum drop
take_ahead(struct stack *stk, struct tcp_conn *c, uint32_t seq,
    const uint8_t *p, uint32_t n, uint32_t segments)
{
	bool full = false;

	c->ooo_stamp += segments - 1;
	tcp_ooo_add(stk, c, seq, p, n, &full);
	tcp_send_ack(stk, c);
	return full ? DROP_TCP_OOO_LIMIT : DROP_COUNT;
}

/* A round trip took so long, or less.  Of what may have waited for the peer's
 * owner, only the shortest says anything. */
static void
rtt_seen(struct tcp_conn *c, uint32_t us, bool waited)
{
	if (c->rcv_rtt_us == 0 || us < c->rcv_rtt_us)
		c->rcv_rtt_us = us;
	else if (!waited)
		c->rcv_rtt_us += (us - c->rcv_rtt_us) / 8;
}

/* The receiver's measure of the round trip: how old is what a full segment
 * echoes (RFC 7323 4.1), or how long does the first byte take that nobody might
 * send before? */
static void
measure_rtt(const struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s, uint32_t each)
{
	uint32_t now = (uint32_t)stk->now.us, ms;

	if ((c->flags & CF_TS) == 0) {
		if (c->rcv_rtt_from_us == 0) {
			c->rcv_rtt_mark = c->rcv_adv;
			c->rcv_rtt_from_us = tcp_max(now, 1);
		} else if (seq_gt(s->seq + s->len, c->rcv_rtt_mark)) {
			rtt_seen(c, tcp_max(now - c->rcv_rtt_from_us,
			    TCP_CLOCK_US), true);
			c->rcv_rtt_from_us = 0;
		}
		return;
	}
	if (s->o.tsecr == c->rcv_rtt_mark || !s->o.ts_on || each < c->rcv_mss)
		return;
	c->rcv_rtt_mark = s->o.tsecr;
	ms = tcp_ts_now(stk) + c->ts_offset - s->o.tsecr;
	/* Data since then: the peer had some to send. */
	if (s->o.tsecr != 0 && ms < 1u << 20)
		rtt_seen(c, tcp_max(ms, 1) * TCP_CLOCK_US,
		    tcp_ts_now(stk) - c->data_ms >= ms);
}

enum drop
tcp_text(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s)
{
	uint32_t seq = s->seq, n = s->len, each = s->len / s->segments;
	const uint8_t *p = s->data;

	c->unacked_segs = (uint8_t)tcp_min(c->unacked_segs + s->segments,
	    UINT8_MAX);
	if (each >= c->rcv_mss)
		c->rcv_mss = (uint16_t)tcp_min(each, tcp_own_mss(c));
	measure_rtt(stk, c, s, each);
	c->data_ms = tcp_ts_now(stk);
	note_ecn(c, s);
	if (seq_lt(seq, c->rcv_nxt)) {
		uint32_t old = tcp_min(c->rcv_nxt - seq, n);

		/* RFC 2883 4: report the part that came twice. */
		note_dsack(c, seq, seq + old);
		seq += old;
		p += old;
		n -= old;
		c->flags |= CF_ACK_NOW;
	}
	if (seq_gt(seq + n, c->rcv_adv)) {
		n = seq_lt(seq, c->rcv_adv) ? c->rcv_adv - seq : 0;
		c->flags |= CF_ACK_NOW;
	}
	if (n == 0)
		return DROP_COUNT;
	if (seq == c->rcv_nxt)
		return take_in_order(stk, c, p, n);
	return take_ahead(stk, c, seq, p, n, s->segments);
}

/* The round trip by which the buffer is tuned: the sender's, of the handshake
 * mostly, since rcv_rtt_us has in it the queue that a larger window only makes
 * longer, and that overflows at last.  But whoever sends no data has no other
 * after a SYN cookie, or a SYN that went twice (RFC 6298 3). */
static uint32_t
tune_round(const struct tcp_conn *c)
{
	return tcp_max(c->srtt_us != 0 ? c->srtt_us : c->rcv_rtt_us,
	    TCP_CLOCK_US);
}

/* Grows the buffer: twice what the owner read in a round trip, so that the
 * window is never what holds the sender back. */
static void
tune_buffer(struct stack *stk, struct tcp_conn *c, uint32_t n)
{
	uint32_t max = tcp_min(c->conf->rcvbuf_max, stk->limits.tcp_rcvbuf);
	uint32_t now = (uint32_t)stk->now.us;

	if (c->rcv_buf >= max)
		return;
	c->tune_copied += n;
	if (now - c->tune_us < tune_round(c))
		return;
	if (c->tune_copied > c->rcv_buf / 2)
		c->rcv_buf = tcp_min(max, 2 * tcp_max(c->tune_copied,
		    c->rcv_buf / 2 + 1));
	c->tune_us = now;
	c->tune_copied = 0;
}

void
tcp_rcv_consumed(struct stack *stk, struct tcp_conn *c, uint32_t n)
{
	tune_buffer(stk, c, n);
	if (tcp_synced(c) && window_update_due(c)) {
		c->flags |= CF_ACK_NOW;
		tcp_todo(stk, c, TODO_OUTPUT);
	}
}

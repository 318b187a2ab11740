/*
 * tcp_ack.c - what an acceptable ACK does (RFC 9293 3.10.7.4, fifth): takes
 * acknowledged data away, moves the window, feeds the round-trip estimate,
 * loss recovery and congestion control.
 *
 * The caller has checked that SND.UNA - MAX.SND.WND <= SEG.ACK <= SND.NXT.
 */
#include "tcp/tcp_conn.h"

/* RFC 9293 3.10.7.4: only a segment at least as new may change the window.
 * SND.WL2 =< SEG.ACK need not be asked: SND.WL2 =< SND.UNA always.  Returns
 * whether it did change. */
static bool
update_window(struct tcp_conn *c, const struct tcp_seg *s)
{
	bool changed = s->wnd != c->snd_wnd;

	if (seq_lt(s->h.ack, c->snd_una))
		return false;
	if (seq_gt(c->snd_wl1, s->h.seq))
		return false;
	c->snd_wnd = s->wnd;
	c->snd_wl1 = s->h.seq;
	c->max_wnd = tcp_max(c->max_wnd, s->wnd);
	return changed;
}

/* RFC 7323 4.1: by timestamp, where every record was sent twice. */
static int64_t
rtt_by_ts(const struct stack *stk, const struct tcp_conn *c,
    const struct tcp_acked *a)
{
	uint32_t ms;

	if (!a->ts_on)
		return -1;
	ms = tcp_ts_now(stk) + c->ts_offset - a->tsecr;
	return ms < 1u << 20 ? (int64_t)ms * TCP_CLOCK_US : -1;
}

/* SND.UNA moves on: the buffer shrinks, the owner may write. */
static void
advance(struct stack *stk, struct tcp_conn *c, uint32_t ack)
{
	uint32_t n = tcp_min(ack - c->snd_una, c->snd.len);

	tcp_bytes_skip(stk, &c->snd, n);
	tcp_una_advance(c, ack);
	c->tries = 0;
	c->hole_tries = 0;
	c->soft_error = 0;
	c->stuck_since = c->snd_una == c->snd_nxt ? INSTANT_NEVER : stk->now;
	if (c->ext != NULL)
		tcp_extra_acked(stk, c);
	if (n > 0)
		tcp_todo(stk, c, TODO_EVENT);
}

/* RFC 5681 2: a duplicate ACK; with SACK, one that says something new
 * (RFC 6675 2). */
static bool
is_dup(const struct tcp_conn *c, const struct tcp_seg *s,
    const struct tcp_acked *a)
{
	if (s->h.ack != a->prior_una || a->prior_flight == 0 || s->slen != 0)
		return false;
	if ((c->flags & CF_SACK) != 0)
		return a->sacked > 0;
	return !a->wnd_changed;
}

/* After the ACK: what looks after the rest. */
static void
restart_timer(struct stack *stk, struct tcp_conn *c,
    const struct tcp_acked *a)
{
	if (c->send_kind == TCP_T_PERSIST) {
		/* The window opened: what waits goes out by itself. */
		if (c->snd_wnd > 0) {
			c->backoff = 0;
			c->stuck_since = INSTANT_NEVER;
			tcp_send_timer(stk, c, TCP_T_OFF, 0);
		} else {
			/* RFC 9293 3.8.6.1: it has just been told. */
			tcp_send_timer(stk, c, TCP_T_PERSIST, tcp_rto_now(c));
		}
		c->tries = 0;
		return;
	}
	/* RFC 6298 5.2, 5.3; RFC 8985 7.2 the same for the probe.  A
	 * reordering timer that is running was set by this very ACK. */
	if (c->snd_una != a->prior_una && c->send_kind != TCP_T_REO)
		tcp_send_timer_restart(stk, c);
	else if (a->sacked > 0 && c->send_kind == TCP_T_PTO)
		tcp_send_timer_restart(stk, c);
}

/* RFC 9768 3.2.2: does the ACK, of so many segments, tell of new marks? */
static bool
newly_marked(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s,
    uint32_t segments)
{
	bool newer = (c->flags & CF_TS) != 0 && s->o.ts_on &&
	    seq_gt(s->o.tsval, c->ts_recent);
	uint32_t n = tcp_accecn_acked(c, s, segments, newer);

	stk->tcp.stats.marks_told += n;
	return n > 0;
}

/* How fast data arrive, for who looks: by round trips, the first of which
 * begins with the flight.  What ACKs that came bunched would say is more than
 * any path carries. */
static void
measure_rate(struct stack *stk, struct tcp_conn *c, uint32_t delivered)
{
	struct tcp_flight *f = c->fl;
	int64_t us = instant_diff(stk->now, f->rate_from);
	uint64_t rate;

	f->rate_bytes += delivered;
	if (!f->rate_on) {
		f->rate_on = true;
		f->rate_end = c->snd_nxt;
	}
	if (seq_lt(c->snd_una, f->rate_end))
		return;
	if (us > 0 && us >= (int64_t)c->min_rtt_us) {
		rate = (uint64_t)f->rate_bytes * USEC_PER_SEC / (uint64_t)us;
		c->rate = (uint32_t)(rate > UINT32_MAX ? UINT32_MAX : rate) &
		    ~1u;
		c->rate |= tcp_unsent(c) < tcp_mss_now(c) &&
		    f->out_max + tcp_mss_now(c) <= c->cwnd;
	}
	f->rate_from = stk->now;
	f->rate_end = c->snd_nxt;
	f->rate_bytes = 0;
}

/* Nothing is in flight: nothing is to be looked after, but for what may prove
 * that it never was lost. */
static void
all_acked(struct stack *stk, struct tcp_conn *c)
{
	bool open = tcp_recovery_open(stk, c);

	if (open)
		c->key.ca = TCP_CA_OPEN;
	else
		tcp_flight_put(stk, c);
	if (c->send_kind == TCP_T_PERSIST)
		return;
	if (open)
		tcp_send_timer(stk, c, TCP_T_UNDO,
		    instant_diff(c->fl->undo_until, stk->now));
	else
		tcp_send_timer(stk, c, TCP_T_OFF, 0);
}

void
tcp_ack(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s)
{
	struct tcp_acked a = { .prior_una = c->snd_una, .rtt_us = -1,
	    .prior_flight = tcp_flight_bytes(c), .tsecr = s->o.tsecr };
	uint32_t delivered = c->delivered;

	a.ts_on = (c->flags & CF_TS) != 0 && s->o.ts_on && s->o.tsecr != 0;
	a.ece = (c->flags & CF_ECN) != 0 && (s->h.flags & TCP_ECE) != 0;
	if (c->send_kind == TCP_T_REO)
		tcp_send_timer(stk, c, TCP_T_OFF, 0);
	if ((c->flags & CF_SACK) != 0 && s->o.sacks > 0)
		tcp_sack_input(stk, c, s, &a);
	if (c->fl != NULL && seq_gt(s->h.ack, c->snd_una))
		tcp_flight_ack(stk, c, s->h.ack, &a);
	if (c->acc != NULL)
		a.ece = newly_marked(stk, c, s, c->delivered - delivered);
	a.wnd_changed = update_window(c, s);
	if (seq_gt(s->h.ack, c->snd_una)) {
		advance(stk, c, s->h.ack);
		if (a.rtt_us < 0)
			a.rtt_us = rtt_by_ts(stk, c, &a);
	}
	a.dup = is_dup(c, s, &a);
	if (a.rtt_us >= 0)
		tcp_rtt_sample(c, a.rtt_us);
	if (a.delivered > 0)
		measure_rate(stk, c, a.delivered);
	tcp_tlp_ack(stk, c, s, &a);
	if (c->fl != NULL && (a.prior_flight > 0 || a.dsack))
		tcp_recovery_ack(stk, c, &a);
	if (c->send_kind == TCP_T_OFF && tcp_flight_bytes(c) > 0)
		tcp_send_timer_restart(stk, c);
	restart_timer(stk, c, &a);
	if (c->snd_una == c->snd_nxt)
		all_acked(stk, c);
}

/*
 * tcp_rack.c - RACK-TLP (RFC 8985): losses by time, and a probe for lost
 * tails.
 *
 * A record is lost when one sent later has arrived and a reordering window
 * has passed.  Works with SACK only.  Retransmissions are judged the same way,
 * so a lost one is found without a time-out.
 */
#include "tcp/tcp_conn.h"

#define PERSIST_RECOVERIES	16u	/* RFC 8985 6.2.4 */
#define MAX_ACK_DELAY_US	200000	/* RFC 8985 7.2: peer's delayed ACK */
#define PTO_MIN_US	2000	/* what hosts need to answer, at the least */

/* RFC 8985 5.1: was (t1, end1) sent after (t2, end2)? */
static bool
sent_after(struct instant t1, uint32_t end1, struct instant t2, uint32_t end2)
{
	return instant_before(t2, t1) || (t1.us == t2.us &&
	    seq_gt(end1, end2));
}

static bool
rack_on(const struct tcp_conn *c)
{
	return c->conf->rack && (c->flags & CF_SACK) != 0;
}

/* RFC 8985 6.2 step 2: is it the original that arrived, and not yet what was
 * sent again?  The timestamp tells, or an ACK too quick for it. */
static bool
came_before(const struct tcp_conn *c, const struct tcp_rec *r,
    const struct tcp_acked *a, int64_t rtt)
{
	uint32_t ts = (uint32_t)(r->sent.us / TCP_CLOCK_US) + c->ts_offset;

	return (r->flags & REC_EVER) != 0 && ((a->ts_on &&
	    seq_lt(a->tsecr, ts)) || rtt < (int64_t)c->min_rtt_us);
}

/* How far segments have overtaken others, for who looks. */
static void
note_degree(struct tcp_conn *c, uint32_t bytes)
{
	uint32_t n = (bytes + tcp_mss_now(c) - 1) / tcp_mss_now(c);

	c->fl->reordering = (uint8_t)tcp_max(c->fl->reordering,
	    tcp_min(n, UINT8_MAX));
}

/* RFC 8985 6.2 steps 1 to 3, for one record newly delivered. */
void
tcp_rack_delivered(struct stack *stk, struct tcp_conn *c,
    const struct tcp_rec *r, struct tcp_acked *a)
{
	struct tcp_flight *f = c->fl;
	int64_t rtt = instant_diff(stk->now, r->sent);

	if ((r->flags & REC_EVER) != 0)
		a->again = true;
	else if (seq_le(r->end, f->recover))
		a->once = true;
	/* Step 3: an original that arrives below what arrived before this
	 * ACK: what one ACK brings has no order. */
	if ((r->flags & REC_EVER) == 0 && f->rack_fack != 0 &&
	    seq_lt(r->end, f->rack_fack)) {
		if (!a->overtaken && c->reo_seen < UINT8_MAX)
			c->reo_seen++;
		a->overtaken = true;
		note_degree(c, f->rack_fack - r->seq);
	}
	if (f->rack_fack_new == 0 || seq_gt(r->end, f->rack_fack_new))
		f->rack_fack_new = r->end;
	if (came_before(c, r, a, rtt))
		return;
	if (f->rack_rtt_us == 0 || sent_after(r->sent, r->end, f->rack_sent,
	    f->rack_end)) {
		f->rack_sent = r->sent;
		f->rack_end = r->end;
		f->rack_rtt_us = (uint32_t)(rtt < 1 ? 1 : rtt);
	}
}

/* Segments, however small, of which the peer has told: DupThresh at least? */
static bool
thresh_sacked(const struct tcp_conn *c)
{
	const struct tcp_flight *f = c->fl;
	uint32_t mss = tcp_mss_now(c), n = 0;

	if (f->sacked >= TCP_DUPTHRESH * mss)
		return true;
	for (const struct tcp_rec *r = f->head; r != NULL && f->sacked > 0 &&
	    n < TCP_DUPTHRESH; r = r->next) {
		if ((r->flags & REC_SACKED) != 0)
			n += (r->end - r->seq + mss - 1) / mss;
	}
	return n >= TCP_DUPTHRESH;
}

/* RFC 8985 6.2 step 4: how long reordering may take. */
static uint32_t
reo_window(const struct tcp_conn *c)
{
	uint32_t wnd;

	if (c->reo_seen == 0 && (c->key.ca >= TCP_CA_RECOVERY ||
	    thresh_sacked(c)))
		return 0;
	wnd = c->min_rtt_us / 4 * c->reo_mult;
	return tcp_min(wnd, c->srtt_us);
}

/* RFC 8985 6.2 step 4, RACK.dsack_round: a needless retransmission widens the
 * window, once a round. */
static void
adapt_window(struct tcp_conn *c, const struct tcp_acked *a)
{
	struct tcp_flight *f = c->fl;

	if (f->dsack_round_on && seq_ge(c->snd_una, f->reo_round))
		f->dsack_round_on = false;
	if (a->dsack && !f->dsack_round_on) {
		f->dsack_round_on = true;
		f->reo_round = c->snd_nxt;
		if (c->reo_mult < UINT8_MAX)
			c->reo_mult++;
		c->reo_persist = PERSIST_RECOVERIES;
	}
}

/* RFC 8985 6.2 step 5; returns how long until the next one may be lost. */
static int64_t
detect(struct stack *stk, struct tcp_conn *c, bool *found)
{
	struct tcp_flight *f = c->fl;
	int64_t wnd = reo_window(c), next = 0;

	for (struct tcp_rec *r = f->head; r != NULL; r = r->next) {
		uint8_t st = r->flags & (REC_LOST | REC_RETRANS);
		int64_t left;

		if ((r->flags & REC_SACKED) != 0 || st == REC_LOST)
			continue;
		if (!sent_after(f->rack_sent, f->rack_end, r->sent, r->end)) {
			/* Sent once, so all behind it left later still. */
			if ((r->flags & REC_EVER) == 0)
				break;
			continue;
		}
		left = instant_diff(r->sent, stk->now) + f->rack_rtt_us + wnd;
		if (left > 0) {
			next = left > next ? left : next;
			continue;
		}
		tcp_rec_unmark(f, r, REC_RETRANS);
		tcp_rec_mark(f, r, REC_LOST);
		*found = true;
	}
	return next;
}

void
tcp_rack_detect(struct stack *stk, struct tcp_conn *c, struct tcp_acked *a)
{
	struct tcp_flight *f = c->fl;
	int64_t next;

	f->rack_fack = f->rack_fack_new;
	adapt_window(c, a);
	if (f->rack_rtt_us == 0 || f->head == NULL || (f->sacked == 0 &&
	    f->retrans == 0 && c->reo_seen == 0))
		return;
	next = detect(stk, c, &a->lost_new);
	if (next > 0)
		tcp_send_timer(stk, c, TCP_T_REO,
		    next < tcp_rto_now(c) ? next : tcp_rto_now(c));
}

void
tcp_rack_reo_timeout(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_acked a = { .prior_una = c->snd_una, .rtt_us = -1,
	    .prior_flight = tcp_flight_bytes(c) };

	if (c->fl != NULL)
		tcp_recovery_ack(stk, c, &a);
	if (c->send_kind == TCP_T_OFF)
		tcp_send_timer_restart(stk, c);
}

/* ---- tail loss probe ----------------------------------------------------- */

/* Is one segment all that is in flight?  Two small ones are two, and the first
 * of them need not wait for its ACK. */
static bool
one_segment(const struct tcp_conn *c)
{
	const struct tcp_rec *r = c->fl->head;

	return r == c->fl->tail && r->end - r->seq -
	    ((r->flags & REC_FIN) != 0) <= tcp_mss_now(c);
}

/* RFC 8985 7.2: microseconds to the probe, or -1 if there is to be none. */
int64_t
tcp_tlp_timeout(const struct stack *stk, const struct tcp_conn *c)
{
	const struct tcp_flight *f = c->fl;
	int64_t pto;
	bool one;

	(void)stk;
	if (f == NULL || !rack_on(c) || !c->conf->tlp ||
	    c->key.ca >= TCP_CA_RECOVERY || f->sacked > 0 ||
	    c->tlp != TCP_TLP_NONE || c->backoff > 0)
		return -1;
	one = one_segment(c);
	/* RFC 9293 3.8.6: the window has shrunk, and the tail is beyond it. */
	if (!one && tcp_flight_bytes(c) > c->snd_wnd)
		return -1;
	if (c->srtt_us == 0)
		return c->conf->rto_initial_us;
	/* RFC 8985 7.2 has the second round trip for the delay variance of
	 * hosts, which does not shrink with a path of microseconds. */
	pto = tcp_max(2 * c->srtt_us, PTO_MIN_US);
	if (one)
		pto += MAX_ACK_DELAY_US;
	return pto;
}

/* RFC 8985 7.3: new data if there are, else the last segment again. */
void
tcp_tlp_send(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_flight *f = c->fl;
	uint32_t mss = tcp_mss_now(c), cwnd = c->cwnd, ssthresh;
	struct tcp_rec *r;

	if (f == NULL || f->tail == NULL)
		return;
	stk->tcp.stats.tlp_probes++;
	c->tlp = TCP_TLP_NEW;
	/* One segment, whatever cwnd says. */
	c->cwnd = tcp_flight_pipe(c) + mss;
	ssthresh = c->ssthresh;
	c->flags |= CF_FORCE;
	if (!tcp_send_new(stk, c, mss)) {
		r = f->tail;
		if (r->end - r->seq > mss && tcp_rec_split(stk, c, r,
		    r->seq + (r->end - r->seq - 1) / mss * mss) == 0)
			r = f->tail;
		c->tlp = tcp_retransmit(stk, c, r, mss) ? TCP_TLP_AGAIN :
		    TCP_TLP_NONE;
	}
	c->flags &= ~CF_FORCE;
	c->cwnd = cwnd;
	c->ssthresh = ssthresh;
	c->tlp_end = c->snd_nxt;
	tcp_send_timer(stk, c, TCP_T_RTO, tcp_rto_now(c));
}

/* RFC 8985 7.4.2: did the probe repair a loss?  Only when more is acknowledged
 * without word of a duplicate is that sure; then it counts as one. */
void
tcp_tlp_ack(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s,
    struct tcp_acked *a)
{
	if (c->tlp == TCP_TLP_NONE || seq_lt(s->h.ack, c->tlp_end))
		return;
	if (c->tlp == TCP_TLP_NEW) {
		c->tlp = TCP_TLP_NONE;
	} else if (a->dsack && a->dsack_end == c->tlp_end) {
		c->tlp = TCP_TLP_NONE;
		a->dsack = false;	/* a timer's doing, not reordering's */
	} else if (seq_gt(s->h.ack, c->tlp_end)) {
		c->tlp = TCP_TLP_NONE;
		tcp_recovery_enter_cwr(stk, c, a);
	} else if (s->h.ack == a->prior_una && s->slen == 0 &&
	    s->o.sacks == 0 && !a->wnd_changed) {
		c->tlp = TCP_TLP_NONE;
	}
}

/*
 * tcp_cc.c - what all congestion control shares: the initial window, slow
 * start with its early exit, restart after idle, the pacing rate.
 *
 * cwnd and ssthresh are bytes.  Growth is by bytes acknowledged (RFC 3465),
 * and only while cwnd is what limits the sender (RFC 9438 4.2, RFC 7661).
 *
 * Reading: RFC 5681, RFC 6928, RFC 9406.
 */
#include "tcp/tcp_conn.h"

/* RFC 9406 4.3 */
#define HS_MIN_THRESH_US	4000u
#define HS_MAX_THRESH_US	16000u
#define HS_SAMPLES		8u
#define HS_GROWTH_DIVISOR	4u
#define HS_ROUNDS		5u

const struct tcp_cc_ops *
tcp_cc(const struct tcp_conn *c)
{
	return c->cc == TCP_CC_NEWRENO ? &cc_newreno : &cc_cubic;
}

/* RFC 6928 2, or one segment if the SYN was lost (RFC 5681 3.1), or came with a
 * mark, which calls for the same (RFC 3168 6.1.2).  Ours goes as not
 * ECN-capable, but RFC 9768 3.2.2.3 wants the answer all the same: who made it
 * ECN-capable may have done so before a bottleneck that marked in earnest. */
static uint32_t
initial_cwnd(const struct tcp_conn *c)
{
	uint32_t mss = tcp_mss_now(c);

	if ((c->flags & CF_SYN_RETRANS) != 0 ||
	    (c->acc != NULL && tcp_accecn_syn_marked(c->acc)))
		return mss;
	return mss * tcp_max(c->conf->initial_cwnd, 1);
}

void
tcp_cc_start(struct tcp_conn *c)
{
	c->cwnd = initial_cwnd(c);
	c->ssthresh = UINT32_MAX;
	tcp_cc(c)->init(c);
	/* RFC 6298 5.7 */
	if ((c->flags & CF_SYN_RETRANS) != 0 && c->srtt_us == 0)
		c->rto_us = tcp_max(c->rto_us, 3000000);
}

void
tcp_cc_idle(struct stack *stk, struct tcp_conn *c)
{
	(void)stk;
	c->cwnd = tcp_min(c->cwnd, tcp_mss_now(c) *
	    tcp_max(c->conf->initial_cwnd, 1));
	tcp_cc(c)->restart(c);
}

/* ---- HyStart++ ----------------------------------------------------------- */

static void
hs_round(struct tcp_conn *c)
{
	struct tcp_flight *f = c->fl;

	if (seq_lt(c->snd_una, f->hs_round_end))
		return;
	f->hs_last_min_us = f->hs_cur_min_us;
	f->hs_cur_min_us = UINT32_MAX;
	f->hs_samples = 0;
	f->hs_round_end = c->snd_nxt;
	if (f->hs_css && ++f->hs_css_rounds >= HS_ROUNDS)
		c->ssthresh = c->cwnd;	/* RFC 9406 4.2: to avoidance */
}

/* RFC 9406 4.2: does the delay grow?  Then go slower; did it shrink again?
 * Then it was noise. */
static void
hs_sample(struct tcp_conn *c, uint32_t rtt_us)
{
	struct tcp_flight *f = c->fl;
	uint32_t thresh;

	f->hs_cur_min_us = tcp_min(f->hs_cur_min_us, rtt_us);
	if (f->hs_samples < UINT16_MAX)
		f->hs_samples++;
	if (f->hs_samples < HS_SAMPLES || f->hs_last_min_us == UINT32_MAX)
		return;
	if (f->hs_css) {
		if (f->hs_cur_min_us < f->hs_base_us)
			f->hs_css = false;
		return;
	}
	thresh = tcp_max(HS_MIN_THRESH_US, tcp_min(f->hs_last_min_us / 8,
	    HS_MAX_THRESH_US));
	if (f->hs_cur_min_us >= f->hs_last_min_us + thresh) {
		f->hs_base_us = f->hs_cur_min_us;
		f->hs_css = true;
		f->hs_css_rounds = 0;
	}
}

/* RFC 5681 3.1, bytes as RFC 3465 with no limit a single ACK: one ACK stands
 * for a whole super-frame here.  But what SACK or duplicates had told of has
 * sent its successors already (RFC 3042), and would make a burst.  Returns
 * what is left for avoidance. */
static uint32_t
slow_start(struct tcp_conn *c, uint32_t delivered, int64_t rtt_us)
{
	struct tcp_flight *f = c->fl;
	uint32_t grow = delivered, room;

	if (c->conf->hystart && c->ssthresh == UINT32_MAX) {
		hs_round(c);
		if (rtt_us > 0)
			hs_sample(c, (uint32_t)tcp_min(UINT32_MAX,
			    (uint32_t)rtt_us));
		if (f->hs_css)
			grow /= HS_GROWTH_DIVISOR;
	}
	room = c->ssthresh > c->cwnd ? c->ssthresh - c->cwnd : 0;
	grow = tcp_min(grow, room);
	c->cwnd += grow;
	return grow == room ? delivered - grow : 0;
}

void
tcp_cc_acked(struct stack *stk, struct tcp_conn *c,
    const struct tcp_acked *a)
{
	struct tcp_flight *f = c->fl;
	uint32_t acked = a->acked;
	bool slow = c->cwnd < c->ssthresh;
	bool limited = f->cwnd_limited;

	/* RFC 7661 4.3: in slow start half a window in flight is reason to
	 * double it. */
	if (slow && c->cwnd < 2 * f->out_max)
		limited = true;
	f->cwnd_limited = false;
	if (!limited || c->cwnd >= stk->limits.tcp_sndbuf)
		return;
	if (slow)
		acked = slow_start(c, a->delivered, a->rtt_us);
	if (acked > 0 && c->cwnd >= c->ssthresh)
		tcp_cc(c)->avoid(stk, c, acked);
}

uint64_t
tcp_send_rate(const struct tcp_conn *c)
{
	uint64_t rate;

	if (c->srtt_us == 0)
		return 0;
	rate = (uint64_t)c->cwnd * USEC_PER_SEC / c->srtt_us;
	return c->cwnd < c->ssthresh / 2 ? rate * 2 : rate + rate / 5;
}

uint64_t
tcp_pacing_rate(const struct tcp_conn *c)
{
	return c->conf->pacing ? tcp_send_rate(c) : 0;
}

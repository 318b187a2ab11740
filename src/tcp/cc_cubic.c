/*
 * cc_cubic.c - CUBIC (RFC 9438): after a loss the window climbs back to where
 * it was along a cubic of the time since, rests there, and then looks further.
 *
 * Windows are bytes, so the constant C of the RFC, in segments, is multiplied
 * by the segment size.  Integer arithmetic throughout: a run repeats exactly.
 */
#include "tcp/tcp_conn.h"

/* RFC 9438 4.6 and 5: C = 0.4, beta = 0.7. */
#define BETA_NUM	7u
#define BETA_DEN	10u

static void
init(struct tcp_conn *c)
{
	c->ccp.cubic = (struct cc_cubic){ .epoch = INSTANT_NEVER };
}

/* The largest r with r^3 <= v. */
static uint32_t
cube_root(uint64_t v)
{
	uint64_t r = 0;

	for (int bit = 20; bit >= 0; bit--) {
		uint64_t t = r | UINT64_C(1) << bit;

		if (t * t * t <= v)
			r = t;
	}
	return (uint32_t)r;
}

/* RFC 9438 4.2 figure 2: K = cbrt((W_max - cwnd_epoch) / C), here in ms. */
static void
epoch_begin(struct stack *stk, struct tcp_conn *c)
{
	struct cc_cubic *q = &c->ccp.cubic;
	uint32_t mss = tcp_mss_now(c);

	q->epoch = stk->now;
	q->acked = q->est_acked = 0;
	q->w_est = c->cwnd;
	if (q->w_max <= c->cwnd) {
		q->w_max = c->cwnd;
		q->k_ms = 0;
		return;
	}
	q->k_ms = cube_root((uint64_t)(q->w_max - c->cwnd) / mss *
	    UINT64_C(2500000000));
}

/* RFC 9438 4.2 figure 1: W_cubic(t) = C * (t - K)^3 + W_max. */
static uint32_t
w_cubic(const struct tcp_conn *c, int64_t t_ms)
{
	const struct cc_cubic *q = &c->ccp.cubic;
	int64_t d = t_ms - q->k_ms, w;

	if (d > 200000)
		d = 200000;
	w = q->w_max + d * d * d / 1000000 * tcp_mss_now(c) * 4 / 10000;
	if (w < 0)
		return 0;
	return w > INT32_MAX ? INT32_MAX : (uint32_t)w;
}

/* RFC 9438 4.3: what Reno would have. */
static void
estimate(struct tcp_conn *c, uint32_t acked)
{
	struct cc_cubic *q = &c->ccp.cubic;
	uint32_t step;

	/* alpha = 3 * (1 - beta) / (1 + beta) = 9/17, and 1 beyond the
	 * window that was reduced. */
	q->est_acked += acked;
	step = q->w_est >= q->prior_cwnd ? c->cwnd :
	    (uint32_t)((uint64_t)c->cwnd * 17 / 9);
	while (q->est_acked >= step) {
		q->est_acked -= step;
		q->w_est += tcp_mss_now(c);
	}
}

static void
avoid(struct stack *stk, struct tcp_conn *c, uint32_t acked)
{
	struct cc_cubic *q = &c->ccp.cubic;
	uint32_t target, inc;
	int64_t t;

	if (instant_is_never(q->epoch))
		epoch_begin(stk, c);
	estimate(c, acked);
	t = instant_diff(stk->now, q->epoch) / USEC_PER_MSEC;
	if (w_cubic(c, t) < q->w_est) {
		c->cwnd = tcp_max(c->cwnd, q->w_est);
		return;
	}
	/* RFC 9438 4.4: reach W_cubic(t + RTT) in one round trip. */
	target = w_cubic(c, t + c->srtt_us / 1000);
	target = tcp_min(target, c->cwnd + c->cwnd / 2);
	if (target <= c->cwnd)
		return;
	q->acked += acked;
	inc = (uint32_t)((uint64_t)(target - c->cwnd) * q->acked / c->cwnd);
	if (inc > 0) {
		c->cwnd += inc;
		q->acked = 0;
	}
}

/* RFC 9438 4.6, with the fast convergence of 4.7. */
static uint32_t
reduce(struct stack *stk, struct tcp_conn *c)
{
	struct cc_cubic *q = &c->ccp.cubic;

	(void)stk;
	q->epoch = INSTANT_NEVER;
	q->prior_cwnd = c->cwnd;
	if (c->cwnd < q->w_max)
		q->w_max = (uint32_t)((uint64_t)c->cwnd *
		    (BETA_DEN + BETA_NUM) / (2 * BETA_DEN));
	else
		q->w_max = c->cwnd;
	return tcp_max((uint32_t)((uint64_t)c->cwnd * BETA_NUM / BETA_DEN),
	    2 * tcp_mss_now(c));
}

/* RFC 9438 4.8: a new epoch when avoidance is next reached. */
static void
restart(struct tcp_conn *c)
{
	c->ccp.cubic.epoch = INSTANT_NEVER;
}

const struct tcp_cc_ops cc_cubic = {
	.name = "cubic",
	.init = init,
	.avoid = avoid,
	.reduce = reduce,
	.restart = restart,
};

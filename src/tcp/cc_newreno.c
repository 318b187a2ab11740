/*
 * cc_newreno.c - the congestion avoidance of RFC 5681 3.1: one segment more a
 * round trip, half of it after a loss.
 */
#include "tcp/tcp_conn.h"

static void
init(struct tcp_conn *c)
{
	c->ccp.newreno = (struct cc_newreno){ 0 };
}

static void
avoid(struct stack *stk, struct tcp_conn *c, uint32_t acked)
{
	struct cc_newreno *n = &c->ccp.newreno;

	(void)stk;
	n->acked += acked;
	/* RFC 5681 3.1: at most one SMSS a window (RFC 3465 2.1). */
	while (n->acked >= c->cwnd) {
		n->acked -= c->cwnd;
		c->cwnd += tcp_mss_now(c);
	}
}

/* RFC 5681 equation 4: cwnd is no more than FlightSize by now. */
static uint32_t
reduce(struct stack *stk, struct tcp_conn *c)
{
	(void)stk;
	c->ccp.newreno.acked = 0;
	return tcp_max(c->cwnd / 2, 2 * tcp_mss_now(c));
}

const struct tcp_cc_ops cc_newreno = {
	.name = "newreno",
	.init = init,
	.avoid = avoid,
	.reduce = reduce,
	.restart = init,
};

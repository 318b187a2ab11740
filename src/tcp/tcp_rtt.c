/*
 * tcp_rtt.c - round-trip time and retransmission time-out (RFC 6298).
 *
 * The variance term is bounded from below by conf->rto_min_us, and not the
 * whole RTO, as every widespread stack does: with a long path of little
 * variance the time-out stays clear of the delayed ACK of the peer.
 */
#include "tcp/tcp_conn.h"

void
tcp_rtt_sample(struct tcp_conn *c, int64_t rtt_us)
{
	uint32_t r = rtt_us < 1 ? 1 : (uint32_t)tcp_min(
	    rtt_us > UINT32_MAX / 8 ? UINT32_MAX / 8 : (uint32_t)rtt_us,
	    UINT32_MAX / 8);

	if (c->srtt_us == 0) {
		/* RFC 6298 2.2 */
		c->srtt_us = r;
		c->rttvar_us = r / 2;
		c->min_rtt_us = r;
	} else {
		/* RFC 6298 2.3: alpha 1/8, beta 1/4 */
		uint32_t diff = c->srtt_us > r ? c->srtt_us - r :
		    r - c->srtt_us;

		c->rttvar_us = c->rttvar_us - c->rttvar_us / 4 + diff / 4;
		c->srtt_us = c->srtt_us - c->srtt_us / 8 + r / 8;
		if (c->srtt_us == 0)
			c->srtt_us = 1;
		c->min_rtt_us = tcp_min(c->min_rtt_us, r);
	}
	c->backoff = 0;
	tcp_rto_compute(c);
}

void
tcp_rto_compute(struct tcp_conn *c)
{
	uint32_t var = tcp_max(4 * c->rttvar_us, c->conf->rto_min_us);

	c->rto_us = tcp_min(c->srtt_us + var, c->conf->rto_max_us);
}

uint32_t
tcp_rto_now(const struct tcp_conn *c)
{
	uint64_t rto = (uint64_t)c->rto_us << tcp_min(c->backoff, 16);

	return rto < c->conf->rto_max_us ? (uint32_t)rto :
	    c->conf->rto_max_us;
}

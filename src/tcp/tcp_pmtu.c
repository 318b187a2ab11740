/*
 * tcp_pmtu.c - the size of segments follows the path: ICMP "too big"
 * (RFC 1191, RFC 5927 7), and the black hole that says nothing (RFC 2923 2.1,
 * RFC 4821 7).
 *
 * Here a segment size only shrinks; a new connection asks ip_path() afresh, and
 * tcp_probe.c may find more.
 */
#include "tcp/tcp_conn.h"

#define PMTU_MIN	552u	/* heed no smaller one from a stranger */
#define HOLE_TRIES	4u	/* time-outs of full segments in a row */
#define HOLE_MSS	1024u	/* first step down, then 512 */

void
tcp_pmtu_set(struct stack *stk, struct tcp_conn *c, uint32_t mtu)
{
	uint16_t old = c->mss;

	tcp_probe_too_big(stk, c, mtu);
	if (mtu >= c->pmtu)
		return;
	c->pmtu = (uint16_t)mtu;
	tcp_mss_update(c);
	if (c->mss < old && tcp_synced(c)) {
		tcp_recovery_resize(stk, c);
		tcp_todo(stk, c, TODO_OUTPUT);
	}
}

void
tcp_pmtu_too_big(struct stack *stk, struct tcp_conn *c, uint32_t mtu)
{
	if (!c->conf->pmtud)
		return;
	/* RFC 1191 5: an old router tells nothing. */
	if (mtu < PMTU_MIN)
		mtu = PMTU_MIN;
	tcp_pmtu_set(stk, c, mtu);
}

void
tcp_pmtu_timeout(struct stack *stk, struct tcp_conn *c)
{
	const struct tcp_flight *f = c->fl;
	uint32_t mss;

	if (!c->conf->pmtud || f == NULL || f->head == NULL ||
	    f->head->end - f->head->seq < c->mss / 2u)
		return;
	if (++c->hole_tries < HOLE_TRIES)
		return;
	c->hole_tries = 0;
	/* Below the first step a path is no black hole, it is dead, unless
	 * it was we who stepped there. */
	if (c->mss < HOLE_MSS)
		return;
	mss = c->mss > HOLE_MSS ? HOLE_MSS : HOLE_MSS / 2;
	tcp_pmtu_set(stk, c, mss + TCP_IP4_OVERHEAD);
	tcp_probe_black_hole(stk, c);
}

/*
 * tcp_cookie.c - SYN cookies (RFC 4987 3.6): the state of a half-open
 * connection inside the sequence number and the timestamp of its SYN,ACK.
 *
 *	ISN		5 bits: minutes, 3 bits: MSS index, 24 bits: keyed hash
 *	TSval		low 6 bits: wscale (15: none), SACK, ECN
 *
 * Added to the ISN is a hash of the tuple and the peer's ISN, so that the
 * number also moves with the peer's.  A cookie is good for two minutes.
 */
#include "tcp/tcp_conn.h"

#define MINUTE_US	(INT64_C(64) * USEC_PER_SEC)
#define AGE_MAX		2u

/* RFC 9293 3.7.1: what is usual on the Internet, least to most. */
static const uint16_t mss_steps[8] = { 216, 536, 1024, 1220, 1360, 1440, 1460,
    8960 };

static uint32_t
cookie_hash(const struct stack *stk, const struct tcp_key *k, uint32_t irs,
    uint32_t minute, uint32_t index)
{
	uint8_t in[36 + 12];

	memcpy(in, &k->local, 36);
	memcpy(in + 36, &irs, 4);
	memcpy(in + 40, &minute, 4);
	memcpy(in + 44, &index, 4);
	return (uint32_t)siphash24(&stk->tcp.cookie_key, in, sizeof(in)) &
	    0xffffff;
}

static uint32_t
minute_now(const struct stack *stk)
{
	return (uint32_t)(stk->now.us / MINUTE_US);
}

uint32_t
tcp_cookie_make(struct stack *stk, const struct tcp_key *k, uint32_t irs,
    uint16_t mss)
{
	uint32_t i = 7, minute = minute_now(stk);

	while (i > 0 && mss_steps[i] > mss)
		i--;
	return (minute & 31) << 27 | i << 24 |
	    cookie_hash(stk, k, irs, minute, i);
}

uint16_t
tcp_cookie_check(const struct stack *stk, const struct tcp_key *k,
    uint32_t irs, uint32_t cookie)
{
	uint32_t now = minute_now(stk), i = cookie >> 24 & 7;
	uint32_t age = (now - (cookie >> 27)) & 31;

	if (age > AGE_MAX || cookie_hash(stk, k, irs, now - age, i) !=
	    (cookie & 0xffffff))
		return 0;
	return mss_steps[i];
}

uint32_t
tcp_cookie_ts(const struct stack *stk, const struct tcp_opts *o, bool ecn)
{
	uint32_t bits = o->wscale_on ? o->wscale : 15;

	bits |= (o->sack_ok ? 16u : 0) | (ecn ? 32u : 0);
	/* Never ahead of the clock: a later segment must not look older. */
	return ((tcp_ts_now(stk) & ~TCP_COOKIE_TS_MASK) - 64) | bits;
}

void
tcp_cookie_ts_read(uint32_t tsecr, struct tcp_opts *o, bool *ecn)
{
	uint32_t bits = tsecr & TCP_COOKIE_TS_MASK;

	o->wscale_on = (bits & 15) != 15;
	o->wscale = o->wscale_on ? (uint8_t)(bits & 15) : 0;
	o->sack_ok = (bits & 16) != 0;
	*ecn = (bits & 32) != 0;
}

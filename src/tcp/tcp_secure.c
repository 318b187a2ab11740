/*
 * tcp_secure.c - what keeps a stranger from guessing: initial sequence
 * numbers (RFC 6528), timestamp offsets (RFC 7323 5.4), ports (RFC 6056), and
 * the answers that blind attackers try to draw (RFC 5961), rate limited.
 *
 * Secrets are drawn once a stack; no state is kept per peer.
 */
#include "tcp/tcp_conn.h"

#include <errno.h>

#define PORT_FIRST	32768u
#define PORT_LAST	60999u
#define CHALLENGES_PER_SEC 1000u

static uint64_t
tuple_hash(const struct hash_key *key, const struct tcp_key *k)
{
	return siphash24(key, &k->local, 36);
}

/* RFC 6528 3: ISN = M + F(tuple, secret), where M counts every 4 us. */
uint32_t
tcp_isn(const struct stack *stk, const struct tcp_key *k)
{
	return (uint32_t)tuple_hash(&stk->tcp.isn_key, k) +
	    (uint32_t)(stk->now.us / 4);
}

/* RFC 7323 7.1: a clock of its own for each connection, by the addresses
 * only, so that a new connection of the same pair never goes back. */
uint32_t
tcp_ts_offset(const struct stack *stk, const struct tcp_key *k)
{
	uint8_t pair[32];

	memcpy(pair, k->local.b, 16);
	memcpy(pair + 16, k->remote.b, 16);
	return (uint32_t)(siphash24(&stk->tcp.isn_key, pair, 32) >> 32);
}

/* May this port be used for k?  A TIME-WAIT of the same four is in the way:
 * trying another port costs nothing. */
static bool
port_free(const struct stack *stk, const struct tcp_key *k, uint16_t port)
{
	return tcp_key_lookup(stk, &k->local, port, &k->remote, k->rport)
	    == NULL && tcp_listener_lookup(stk, &k->local, port) == NULL;
}

/* RFC 6056 3.3.3: offset by a keyed hash of the destination plus a counter,
 * which steps on by a random amount. */
int
tcp_port_choose(struct stack *stk, struct tcp_key *k)
{
	const uint32_t range = PORT_LAST - PORT_FIRST + 1;
	uint32_t offset;

	k->lport = 0;
	offset = (uint32_t)tuple_hash(&stk->tcp.port_key, k);
	stk->tcp.port_next += 1 + rng_below(&stk->rng, 8);
	for (uint32_t i = 0; i < range; i++) {
		uint32_t n = (offset + stk->tcp.port_next + i) % range;

		if (port_free(stk, k, (uint16_t)(PORT_FIRST + n))) {
			k->lport = (uint16_t)(PORT_FIRST + n);
			stk->tcp.port_next += i;
			return 0;
		}
	}
	return -EADDRNOTAVAIL;
}

/* Did this connection send one within conf->challenge_us?  If not, it does
 * now. */
static bool
too_soon(struct stack *stk, struct tcp_conn *c)
{
	uint32_t now = tcp_ts_now(stk);

	if ((c->flags & CF_CHALLENGED) != 0 &&
	    now - c->challenge_ms < c->conf->challenge_us / 1000)
		return true;
	c->flags |= CF_CHALLENGED;
	c->challenge_ms = now;
	return false;
}

/* RFC 5961 7: a budget for all connections too, with a random size so that
 * it cannot be used as a side channel. */
static bool
budget_take(struct stack *stk)
{
	struct tcp_state *t = &stk->tcp;

	if (instant_reached(stk->now, t->challenge_refill)) {
		t->challenge_left = CHALLENGES_PER_SEC / 2 +
		    rng_below(&stk->rng, CHALLENGES_PER_SEC);
		t->challenge_refill = instant_add(stk->now, USEC_PER_SEC);
	}
	if (t->challenge_left == 0)
		return false;
	t->challenge_left--;
	return true;
}

void
tcp_challenge_ack(struct stack *stk, struct tcp_conn *c)
{
	if (too_soon(stk, c) || !budget_take(stk))
		return;
	stk->tcp.stats.challenge_acks++;
	tcp_send_ack(stk, c);
}

void
tcp_stray_ack(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s)
{
	/* Data out of the window is a retransmission and wants its ACK;
	 * an endless ping-pong of empty segments does not. */
	if (s->len == 0 && (s->h.flags & TCP_SYN) == 0 && too_soon(stk, c))
		return;
	tcp_send_ack(stk, c);
}

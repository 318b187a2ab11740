/*
 * tcp_probe.c - how large segments may be, found out by sending some
 * (RFC 4821): a probe is a segment of new data, larger than those around it.
 * If it arrives, all may be as large; if it alone is lost, that was its size
 * and no congestion.
 *
 * With mtu_probing 2 a connection begins at base_mss and goes up; with 1 it
 * begins to once a black hole made it step down (tcp_pmtu.c); with 0 never.
 * The search halves what is between the largest size that passed and the
 * smallest that did not, and begins again after SEARCH_AGAIN_US, as paths
 * change.
 *
 * What it knows is in struct tcp_extra.  ICMP errors are believed beside it:
 * ip_path() bounds the search from above.
 */
#include "tcp/tcp_conn.h"

#define SEARCH_AGAIN_US	600000000	/* RFC 4821 7.3, as RFC 1191 6.3 */
#define SEARCH_END	8u		/* closer than that is found */
/* RFC 4821 7.4: what is behind a probe must tell of its loss. */
#define SEGMENTS_BEHIND	(TCP_DUPTHRESH + 1)
#define CWND_SEGMENTS	11u		/* a lost one must not cost much */

/* The largest MTU that this path and this peer may have. */
static uint32_t
search_top(struct stack *stk, const struct tcp_conn *c)
{
	uint32_t mtu, own = c->conf->mss, peer = c->peer_mss;
	struct addr src;

	if (ip_path(stk, &c->key.remote, &src, &mtu) != 0)
		return c->pmtu;
	if (own != 0)
		peer = tcp_min(peer, own);
	return tcp_min(tcp_min(mtu, peer + TCP_IP4_OVERHEAD), UINT16_MAX);
}

static void
search_begin(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_extra *x = c->ext;

	x->search_high = (uint16_t)tcp_max(search_top(stk, c), c->pmtu);
	x->search_low = c->pmtu;
	x->search_again = instant_add(stk->now, SEARCH_AGAIN_US);
}

void
tcp_probe_start(struct stack *stk, struct tcp_conn *c)
{
	uint32_t base = (uint32_t)c->conf->base_mss + TCP_IP4_OVERHEAD;

	if (c->conf->mtu_probing != TCP_PROBING_ALWAYS || !c->conf->pmtud ||
	    tcp_extra_get(stk, c) == NULL)
		return;
	if (base < c->pmtu) {
		c->pmtu = (uint16_t)base;
		tcp_mss_update(c);
	}
	search_begin(stk, c);
}

void
tcp_probe_black_hole(struct stack *stk, struct tcp_conn *c)
{
	if (c->conf->mtu_probing == TCP_PROBING_OFF ||
	    tcp_extra_get(stk, c) == NULL)
		return;
	c->ext->probe_mtu = 0;
	search_begin(stk, c);
}

/* The size to try next; 0: there is nothing to find out now. */
static uint32_t
next_size(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_extra *x = c->ext;

	if (x->search_high < x->search_low + SEARCH_END) {
		if (instant_before(stk->now, x->search_again))
			return 0;
		search_begin(stk, c);
		if (x->search_high < x->search_low + SEARCH_END)
			return 0;
	}
	return ((uint32_t)x->search_low + x->search_high) / 2;
}

/* RFC 4821 7.4: are there the data, the window and the quiet for it?  A probe
 * waits for none of them. */
static bool
may_probe(const struct tcp_conn *c, uint32_t len)
{
	uint32_t mss = tcp_mss_now(c), pipe = tcp_flight_pipe(c);
	uint32_t need = len + SEGMENTS_BEHIND * mss;
	uint32_t end = tcp_snd_end(c);

	return c->key.ca == TCP_CA_OPEN && c->ooo == NULL &&
	    (c->flags & (CF_DSACK | CF_CORK)) == 0 && !tcp_urgent(c) &&
	    c->cwnd >= CWND_SEGMENTS * mss && pipe + need <= c->cwnd &&
	    seq_ge(end, c->snd_nxt + need) &&
	    seq_ge(c->snd_una + c->snd_wnd, c->snd_nxt + need) &&
	    tcp_record_left(c, need) == need;
}

uint32_t
tcp_probe_len(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_extra *x = c->ext;
	uint32_t mtu, opts = c->mss - tcp_mss_now(c), len;

	if (x->search_high == 0 || x->probe_mtu != 0)
		return 0;
	mtu = next_size(stk, c);
	if (mtu <= TCP_IP4_OVERHEAD + opts)
		return 0;
	len = mtu - TCP_IP4_OVERHEAD - opts;
	if (len <= tcp_mss_now(c) || !may_probe(c, len))
		return 0;
	return len;
}

void
tcp_probe_sent(struct tcp_conn *c, uint32_t seq, uint32_t len)
{
	struct tcp_extra *x = c->ext;

	x->probe_seq = seq;
	x->probe_end = seq + len;
	x->probe_mtu = (uint16_t)(len + TCP_IP4_OVERHEAD +
	    (c->mss - tcp_mss_now(c)));
}

void
tcp_probe_failed(struct tcp_conn *c)
{
	struct tcp_extra *x = c->ext;

	x->search_high = (uint16_t)(x->probe_mtu - 1);
	x->probe_mtu = 0;
}

void
tcp_probe_acked(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_extra *x = c->ext;

	if (x->probe_mtu == 0 || seq_lt(c->snd_una, x->probe_end))
		return;
	x->search_low = c->pmtu = x->probe_mtu;
	x->probe_mtu = 0;
	x->search_again = instant_add(stk->now, SEARCH_AGAIN_US);
	tcp_mss_update(c);
}

bool
tcp_probe_lost(const struct tcp_conn *c)
{
	const struct tcp_extra *x = c->ext;
	const struct tcp_flight *f = c->fl;

	/* RFC 4821 7.6.2: it or its first piece, and nothing else. */
	return x != NULL && x->probe_mtu != 0 && f->head != NULL &&
	    f->head->seq == x->probe_seq && seq_le(f->head->end,
	    x->probe_end) &&
	    (f->head->flags & REC_LOST) != 0 &&
	    f->lost == f->head->end - f->head->seq;
}

void
tcp_probe_too_big(struct stack *stk, struct tcp_conn *c, uint32_t mtu)
{
	struct tcp_extra *x = c->ext;

	if (x == NULL || x->search_high == 0)
		return;
	if (x->probe_mtu > mtu)
		tcp_recovery_probe(stk, c);
	x->search_high = (uint16_t)tcp_min(x->search_high, mtu);
	x->search_low = (uint16_t)tcp_min(x->search_low, mtu);
}

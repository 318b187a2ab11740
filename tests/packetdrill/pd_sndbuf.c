/*
 * pd_sndbuf.c - how much a socket of Linux's takes, and what it waited for.
 *
 * A buffer that SO_SNDBUF fixed, or a bound on what is unsent, is filled as
 * Linux does: by runs of as many whole segments as half of the peer's window
 * holds, each taken whole once it was begun, and a run's bookkeeping counts.
 * Room is told of when a third of the buffer is free, or half of the bound.
 * Buffers that grow by themselves are the stack's (tcp_api.c).
 *
 * The times of TCP_INFO: what kept data from leaving, while any was written
 * and not acknowledged.
 */
#include "packetdrill/pd.h"

#define RUN_MAX		65160u	/* bytes */
#define RUN_OVERHEAD	1792u	/* of a run, bytes of the buffer */

static uint32_t
lowat_of(const struct pd *pd, const struct pd_sock *s)
{
	return s->notsent_lowat != 0 ? s->notsent_lowat : pd->notsent_lowat;
}

bool
pd_sndbuf_fixed(const struct pd *pd, const struct pd_sock *s)
{
	return pd->layout == PD_LINUX && s->conn != NULL &&
	    (s->sndbuf != 0 || lowat_of(pd, s) != UINT32_MAX);
}

static uint32_t
run_size(struct pd *pd, struct pd_sock *s)
{
	struct tcp_status st;
	uint32_t half;

	tcp_status(pd->stk, s->conn, &st);
	if (st.snd_wnd > s->max_wnd)
		s->max_wnd = st.snd_wnd;
	half = s->max_wnd > 536 ? s->max_wnd / 2 : s->max_wnd;
	if (half > RUN_MAX)
		half = RUN_MAX;
	return half < st.snd_mss ? st.snd_mss : half - half % st.snd_mss;
}

static uint64_t
used(struct pd *pd, struct pd_sock *s)
{
	uint32_t n = tcp_unacked(s->conn), run = run_size(pd, s);

	return n == 0 ? 0 : n + (uint64_t)RUN_OVERHEAD *
	    ((n + run - 1) / run + 1);
}

static uint64_t
buffer(const struct pd_sock *s)
{
	return s->sndbuf != 0 ? 2 * (uint64_t)s->sndbuf : UINT32_MAX;
}

uint32_t
pd_sndbuf_room(struct pd *pd, struct pd_sock *s)
{
	uint32_t run = run_size(pd, s), unsent = tcp_unsent(s->conn);
	uint32_t tail = s->run_len < unsent ? s->run_len : unsent;

	if (tail > 0 && tail < run)
		return run - tail;
	if (used(pd, s) >= buffer(s) || unsent >= lowat_of(pd, s))
		return 0;
	s->run_len = 0;
	return run;
}

void
pd_sndbuf_wrote(struct pd_sock *s, uint32_t n)
{
	uint32_t unsent = tcp_unsent(s->conn) - n;

	if (s->run_len > unsent)
		s->run_len = unsent;
	s->run_len += n;
}

bool
pd_sndbuf_writable(struct pd *pd, struct pd_sock *s)
{
	uint64_t n = used(pd, s);

	return n < buffer(s) && buffer(s) - n >= n / 2 &&
	    2 * (uint64_t)tcp_unsent(s->conn) < lowat_of(pd, s);
}

/* ---- what it waited for -------------------------------------------------- */

void
pd_sndbuf_account(struct pd *pd, struct pd_sock *s, int64_t us)
{
	struct tcp_status st;
	uint32_t flight;

	if (s->conn == NULL || us <= 0 || tcp_unacked(s->conn) == 0)
		return;
	tcp_status(pd->stk, s->conn, &st);
	flight = st.snd_nxt - st.snd_una;
	s->busy_us += (uint64_t)us;
	if (st.unsent > 0 && flight + st.snd_mss <= st.cwnd &&
	    flight + (st.unsent < st.snd_mss ? st.unsent : st.snd_mss) >
	    st.snd_wnd)
		s->rwnd_us += (uint64_t)us;
	else if (st.unsent == 0 && s->nospace)
		s->sndbuf_us += (uint64_t)us;
}

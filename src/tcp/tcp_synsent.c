/*
 * tcp_synsent.c - the SYN-SENT state (RFC 9293 3.10.7.3), and what any SYN
 * brings: its number, its options, the agreement on extensions.
 */
#include "tcp/tcp_conn.h"

#include <errno.h>

/* What both sides must want: SACK (RFC 2018 2), scaling and timestamps
 * (RFC 7323 2.2, 3.2). */
static void
agree_options(struct stack *stk, struct tcp_conn *c, const struct tcp_opts *o)
{
	c->flags &= ~(CF_SACK | CF_TS | CF_WSCALE);
	c->snd_shift = c->rcv_shift = 0;
	if (c->conf->sack && o->sack_ok)
		c->flags |= CF_SACK;
	if (c->conf->timestamps && o->ts_on) {
		c->flags |= CF_TS;
		c->ts_recent = o->tsval;
		c->ts_recent_ms = tcp_ts_now(stk);
	}
	if (c->conf->window_scaling && o->wscale_on) {
		c->flags |= CF_WSCALE;
		c->snd_shift = o->wscale;
		c->rcv_shift = tcp_own_wscale(c->conf);
	}
}

/* Accurate feedback, or (RFC 3168 6.1.1: a SYN asks with ECE and CWR, a
 * SYN,ACK agrees with ECE) the other, or none.  A SYN that asks for the first
 * does not get the second for want of memory: it may come again (RFC 9768
 * 3.1.5). */
static void
agree_ecn(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s)
{
	const uint16_t both = TCP_ECE | TCP_CWR;
	bool on, asked = c->acc != NULL, answer = (s->h.flags & TCP_ACK) != 0;

	c->flags &= ~CF_ECN;
	if (tcp_accecn_agree(stk, c, s))
		return;
	if (answer)
		on = (s->h.flags & (both | TCP_AE)) == TCP_ECE &&
		    (asked || (tcp_ecn_asks(c->conf) &&
		    c->tries < c->conf->ecn_tries));
	else
		on = c->conf->ecn != TCP_ECN_OFF &&
		    (s->h.flags & both) == both &&
		    !tcp_accecn_asked(c->conf, s);
	if (on)
		c->flags |= CF_ECN;
}

void
tcp_take_syn(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s)
{
	c->irs = s->h.seq;
	c->rcv_nxt = c->rcv_acked = c->irs + 1;
	c->rcv_limit_k = (c->conf->habits & TCP_HABIT_BUFFER_WINDOW) != 0 ?
	    UINT16_MAX : TCP_RCV_LIMIT_K;
	c->rcv_adv = c->rcv_nxt + tcp_initial_window(c);
	c->snd_wnd = c->max_wnd = s->wnd;	/* RFC 7323 2.2: unscaled */
	c->snd_wl1 = s->h.seq;
	/* RFC 9293 MUST-15: without the option, 536. */
	c->peer_mss = s->o.mss_on ? s->o.mss : TCP_MSS_DEFAULT;
	agree_options(stk, c, &s->o);
	agree_ecn(stk, c, s);
	tcp_mss_update(c);
	c->rcv_mss = (uint16_t)tcp_min(tcp_own_mss(c), TCP_MSS_DEFAULT);
	if (c->conf->quickack) {
		uint32_t n = c->rcv_buf / (2u * c->rcv_mss);

		c->quick = (uint8_t)tcp_min(tcp_max(n, 2), 16);
	}
}

/* RFC 7323 3.2: TSecr is a time at which a SYN of ours went out, or somebody
 * guesses. */
static bool
echo_ours(const struct stack *stk, const struct tcp_conn *c,
    const struct tcp_seg *s)
{
	uint32_t now = tcp_ts_now(stk), first;

	if (!c->conf->timestamps || !s->o.ts_on || s->o.tsecr == 0 ||
	    instant_is_never(c->stuck_since))
		return true;
	first = (uint32_t)(c->stuck_since.us / TCP_CLOCK_US);
	return s->o.tsecr - c->ts_offset - first <= now - first;
}

/* First: is the ACK one of ours?  A reason to drop, or DROP_COUNT. */
static enum drop
synsent_check_ack(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s)
{
	struct tcp_hdr r = { .seq = s->h.ack, .flags = TCP_RST };

	if (seq_gt(s->h.ack, c->iss) && seq_le(s->h.ack, c->snd_nxt) &&
	    echo_ours(stk, c, s))
		return DROP_COUNT;
	if ((s->h.flags & TCP_RST) == 0) {
		stk->tcp.stats.resets_sent++;
		tcp_respond(stk, &c->key, &r, &(struct tcp_opts){ 0 });
	}
	return DROP_TCP_BAD_SEGMENT;
}

/* The SYN,ACK of an active open: ESTABLISHED, with whatever else it brings. */
static void
synsent_open(struct stack *stk, struct tcp_conn *c, struct tcp_seg *s)
{
	if ((c->flags & CF_SYN_RETRANS) == 0 &&
	    !instant_is_never(c->stuck_since))
		tcp_rtt_sample(c, instant_diff(stk->now, c->stuck_since));
	c->snd_una = c->iss + 1;
	c->flags |= CF_SYN_ACKED | CF_ACK_NOW;
	tcp_established(stk, c, s);
	tcp_fastopen_synack(stk, c, s);
	tcp_fastopen_taken(stk, c, s->h.ack);
	/* What waits is an answer to this, in a way: see answer_sent(). */
	if (tcp_unsent(c) > 0)
		c->data_ms = tcp_ts_now(stk);
	if ((c->flags & CF_FIN) != 0)
		tcp_set_state(stk, c, TCPS_FIN_WAIT_1);
	if (s->len > 0 && (c->flags & CF_ORPHAN) == 0)
		tcp_text(stk, c, s);
	tcp_fin_input(stk, c, s);
}

enum drop
tcp_synsent_input(struct stack *stk, struct tcp_conn *c, struct tcp_seg *s)
{
	enum drop why;
	bool full = false;

	if ((s->h.flags & TCP_ACK) != 0 &&
	    (why = synsent_check_ack(stk, c, s)) != DROP_COUNT)
		return why;
	if ((s->h.flags & TCP_RST) != 0) {
		/* RFC 5961 3.2: only one that acknowledges our SYN. */
		if ((s->h.flags & TCP_ACK) == 0)
			return DROP_TCP_BAD_SEGMENT;
		stk->tcp.stats.resets_received++;
		tcp_die(stk, c, ECONNREFUSED);
		return DROP_COUNT;
	}
	if ((s->h.flags & TCP_SYN) == 0)
		return DROP_TCP_BAD_SEGMENT;
	if ((s->h.flags & TCP_FIN) != 0 &&
	    (c->conf->habits & TCP_HABIT_NO_SYN_FIN) != 0)
		return DROP_TCP_BAD_SEGMENT;
	tcp_take_syn(stk, c, s);
	if ((s->h.flags & TCP_ACK) != 0) {
		synsent_open(stk, c, s);
		return DROP_COUNT;
	}
	/* RFC 9293 3.5, figure 7: simultaneous open. */
	tcp_set_state(stk, c, TCPS_SYN_RECEIVED);
	c->flags = (c->flags | CF_SYN_DUE) & ~(CF_FO_ASK | CF_FASTOPEN);
	/* RFC 9293 3.10.7.3: text is for when the connection is open; it is
	 * not acknowledged before. */
	if (s->len > 0)
		tcp_ooo_add(stk, c, s->seq, s->data,
		    tcp_min(s->len, tcp_rcv_wnd(c)), &full);
	tcp_todo(stk, c, TODO_OUTPUT);
	return full ? DROP_TCP_OOO_LIMIT : DROP_COUNT;
}

/*
 * tcp_input.c - a segment came in: whose is it, and the eight steps of
 * RFC 9293 3.10.7.4, one function each, in that order.
 *
 * Every step answers GO (on to the next), TAKEN (done with the segment) or a
 * drop reason.  Nothing here calls an owner or frees a connection; what
 * happened is left on the to-do list, and tcp_poll() goes on from there.
 * ACKs are sent from here only where each segment must draw its own.
 *
 * Not here: SYN-SENT (tcp_synsent.c), LISTEN (tcp_listen.c), TIME-WAIT without
 * an owner (tcp_timewait.c), what an ACK does (tcp_ack.c), what data do
 * (tcp_text.c).
 *
 * Reading: RFC 9293 3.10.7, RFC 5961, RFC 7323 5, RFC 6093.
 */
#include "tcp/tcp_conn.h"

#include <errno.h>

#define GO	(-1)
#define TAKEN	(-2)

/* ---- first, check sequence number ---------------------------------------- */

/* RFC 7323 3.2: once agreed on, timestamps are in every segment but a RST: one
 * without is not the peer's, or not this connection's.  Nor is a SYN, but that
 * has an answer (RFC 5961 4.2), which frees a peer that has forgotten. */
static bool
ts_lacks(const struct tcp_conn *c, const struct tcp_seg *s)
{
	return (c->flags & CF_TS) != 0 && !s->o.ts_on &&
	    (s->h.flags & (TCP_RST | TCP_SYN)) == 0 && !c->conf->ts_lax;
}

/* RFC 7323 5.3 R1: true for an old duplicate. */
static bool
paws_rejects(const struct stack *stk, const struct tcp_conn *c,
    const struct tcp_seg *s)
{
	if ((c->flags & CF_TS) == 0 || !s->o.ts_on ||
	    (s->h.flags & TCP_RST) != 0 || seq_ge(s->o.tsval, c->ts_recent))
		return false;
	/* RFC 7323 5.5: after 24 days TS.Recent says nothing any more. */
	return tcp_ts_now(stk) - c->ts_recent_ms < 24u * 86400 * 1000;
}

/* RCV.WND: what was promised; by habit, what there is room for. */
static uint32_t
window(const struct tcp_conn *c)
{
	uint32_t wnd = tcp_rcv_wnd(c);

	if ((c->conf->habits & TCP_HABIT_BUFFER_WINDOW) == 0 ||
	    c->key.state == TCPS_TIME_WAIT ||
	    (c->key.state == TCPS_SYN_RECEIVED &&
	    (c->flags & CF_PASSIVE) != 0) || c->rcv.len >= c->rcv_buf)
		return wnd;
	return tcp_max(wnd, c->rcv_buf - c->rcv.len);
}

/* RFC 9293 3.4: does the segment touch the window?  An empty one may stand
 * right behind it: that is where a peer's window probe is, and the reply
 * would be the same ACK for ever.  A FIN that comes again counts, too: its ACK
 * may be new, of a FIN of ours that crossed it, and it restarts TIME-WAIT. */
static bool
acceptable(const struct tcp_conn *c, const struct tcp_seg *s)
{
	uint32_t wnd = window(c), seq = s->h.seq;

	/* RFC 5961 3.2: a RST is in the window or it is nothing. */
	if (s->slen == 0)
		return seq - c->rcv_nxt <=
		    wnd - (wnd > 0 && (s->h.flags & TCP_RST) != 0);
	if ((c->flags & CF_RFIN) != 0 && seq + s->slen == c->rcv_nxt &&
	    (s->h.flags & (TCP_FIN | TCP_SYN | TCP_RST)) == TCP_FIN)
		return true;
	if (wnd == 0)
		return false;
	return seq - c->rcv_nxt < wnd || seq + s->slen - 1 - c->rcv_nxt < wnd;
}

/* RFC 7323 4.3 (2) and (3): remember the timestamp to echo. */
static void
remember_ts(const struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s)
{
	if ((c->flags & CF_TS) == 0 || !s->o.ts_on)
		return;
	if (seq_ge(s->o.tsval, c->ts_recent) &&
	    seq_le(s->h.seq, c->rcv_acked)) {
		c->ts_recent = s->o.tsval;
		c->ts_recent_ms = tcp_ts_now(stk);
	}
}

/* All of s was acknowledged before (RFC 2883 4: report that). */
static void
came_again(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s)
{
	if ((c->flags & CF_SACK) != 0) {
		c->dsack = (struct tcp_sack){ s->seq, s->seq + s->len };
		c->flags |= CF_DSACK;
	}
	/* It came on the path of this connection: its mark counts. */
	if (c->acc != NULL) {
		tcp_accecn_received(stk, c, s);
		tcp_accecn_repeated(c);
	}
}

/* RFC 9768 3.2.2.1: also to a SYN,ACK that comes again. */
static void
stray_ack(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s)
{
	bool again = c->acc != NULL && (c->flags & CF_PASSIVE) == 0 &&
	    (s->h.flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);

	if (again)
		tcp_accecn_again(c, s, true);
	tcp_stray_ack(stk, c, s);
	if (again)
		tcp_accecn_again(c, s, false);
}

/* The errno that a reset means to the owner in this state. */
static int
reset_error(const struct tcp_conn *c)
{
	switch (c->key.state) {
	case TCPS_SYN_RECEIVED:
		return (c->flags & CF_FO_EARLY) != 0 ? ECONNRESET :
		    ECONNREFUSED;
	case TCPS_TIME_WAIT:
		return 0;
	default:
		/* Before our FIN is acknowledged, data may be lost. */
		return ECONNRESET;
	}
}

/* The SYN that c answers came again, so our SYN,ACK may be lost. */
static void
syn_again(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s)
{
	if (!tcp_accecn_syn_again(c, s)) {
		tcp_send_reset(stk, c);
		tcp_die(stk, c, reset_error(c));
		return;
	}
	c->flags |= CF_SYN_DUE;
	tcp_todo(stk, c, TODO_OUTPUT);
}

/* What a segment outside the window draws: nothing for a RST, else an ACK. */
static int
reject(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s,
    enum drop why)
{
	if ((s->h.flags & TCP_RST) != 0)
		return (int)why;
	if (s->len > 0 && seq_lt(s->seq, c->rcv_nxt) &&
	    seq_le(s->seq + s->len, c->rcv_nxt))
		came_again(stk, c, s);
	/* RFC 9293 3.10.7.4: without ACK nothing would come of it. */
	if (c->key.state == TCPS_SYN_RECEIVED &&
	    (s->h.flags & TCP_SYN) != 0 && s->h.seq == c->irs)
		syn_again(stk, c, s);
	else if ((s->h.flags & (TCP_ACK | TCP_SYN)) != 0 || s->len > 0)
		stray_ack(stk, c, s);
	return (int)why;
}

static int
check_sequence(struct stack *stk, struct tcp_conn *c, struct tcp_seg *s)
{
	if (ts_lacks(c, s))
		return DROP_TCP_PAWS;
	/* RFC 9293 3.5: in a simultaneous open the peer's SYN,ACK repeats the
	 * SYN that we have: what is new in it is the ACK. */
	if (c->key.state == TCPS_SYN_RECEIVED &&
	    (s->h.flags & (TCP_SYN | TCP_ACK | TCP_RST)) ==
	    (TCP_SYN | TCP_ACK) && s->h.seq == c->irs &&
	    seq_gt(s->h.ack, c->iss) && seq_le(s->h.ack, c->snd_nxt)) {
		s->h.flags &= (uint16_t)~TCP_SYN;
		s->h.seq++;
		s->slen--;
	}
	if (paws_rejects(stk, c, s))
		return reject(stk, c, s, DROP_TCP_PAWS);
	if (!acceptable(c, s))
		return reject(stk, c, s, DROP_TCP_OUT_WINDOW);
	return GO;
}

/* ---- second, check the RST bit ------------------------------------------- */

static int
check_rst(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s)
{
	if ((s->h.flags & TCP_RST) == 0)
		return GO;
	/* RFC 5961 3.2: only the exact number resets. */
	if (s->h.seq != c->rcv_nxt &&
	    (c->conf->habits & TCP_HABIT_RST_WINDOW) == 0) {
		tcp_challenge_ack(stk, c);
		return DROP_TCP_BAD_SEGMENT;
	}
	/* RFC 1337 4 (I1), by knob. */
	if (c->key.state == TCPS_TIME_WAIT && c->conf->rfc1337)
		return DROP_TCP_BAD_SEGMENT;
	stk->tcp.stats.resets_received++;
	if (c->key.state == TCPS_SYN_RECEIVED &&
	    (c->flags & CF_FO_EARLY) != 0)
		tcp_fastopen_reset(stk);
	if ((c->flags & CF_CONNECTED) != 0)
		stk->tcp.stats.established_resets++;
	tcp_die(stk, c, reset_error(c));
	return TAKEN;
}

/* ---- fourth, check the SYN bit (third, security, is not here) ------------ */

static int
check_syn(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s)
{
	if ((s->h.flags & TCP_SYN) == 0)
		return GO;
	/* RFC 9293 3.10.7.4: a half-open child goes back to LISTEN. */
	if (c->key.state == TCPS_SYN_RECEIVED &&
	    (c->flags & (CF_PASSIVE | CF_FO_EARLY)) == CF_PASSIVE) {
		tcp_die(stk, c, ECONNREFUSED);
		return DROP_TCP_BAD_SEGMENT;
	}
	if ((c->conf->habits & TCP_HABIT_SYN_RESETS) != 0 &&
	    seq_ge(s->h.seq, c->rcv_nxt)) {
		tcp_send_reset(stk, c);
		tcp_die(stk, c, ECONNRESET);
		return DROP_TCP_BAD_SEGMENT;
	}
	/* RFC 5961 4.2: whatever its number, a challenge ACK. */
	tcp_challenge_ack(stk, c);
	return DROP_TCP_BAD_SEGMENT;
}

/* ---- fifth, check the ACK field ------------------------------------------ */

void
tcp_established(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s)
{
	if (c->timeouts > 0)
		tcp_loss_end(stk, c);
	tcp_set_state(stk, c, TCPS_ESTABLISHED);
	c->flags |= CF_CONNECTED;
	c->tries = c->backoff = 0;
	c->stuck_since = INSTANT_NEVER;
	tcp_send_timer(stk, c, TCP_T_OFF, 0);
	/* The window of a SYN is never scaled, later ones are (RFC 7323 2.2):
	 * s->wnd is right for either. */
	c->snd_wnd = s->wnd;
	c->max_wnd = tcp_max(c->max_wnd, s->wnd);
	c->snd_wl1 = s->h.seq;
	tcp_mss_update(c);
	tcp_probe_start(stk, c);
	c->heard_ms = c->sent_ms = tcp_ts_now(stk);
	c->delivered++;
	/* RFC 7413 4.2.2: what is in flight has used cwnd already; but what
	 * is not has to wait if the SYN,ACK was marked. */
	if ((c->flags & CF_FO_EARLY) == 0 ||
	    (c->acc != NULL && tcp_accecn_syn_marked(c->acc)))
		tcp_cc_start(c);
	/* Data of a SYN that crossed ours have waited for this. */
	if (c->ooo != NULL) {
		tcp_ooo_deliver(stk, c);
		c->flags |= CF_ACK_SOON;
	}
	tcp_keepalive_restart(stk, c);
	tcp_todo(stk, c, TODO_EVENT | TODO_OUTPUT);
}

/* RTT of the handshake: by timestamp, or by time if nothing was repeated. */
static void
handshake_rtt(struct stack *stk, struct tcp_conn *c)
{
	if ((c->flags & CF_SYN_RETRANS) == 0 &&
	    !instant_is_never(c->stuck_since))
		tcp_rtt_sample(c, instant_diff(stk->now, c->stuck_since));
}

/* RFC 9293 3.10.7.4: <SEQ=SEG.ACK><CTL=RST>: the number that the peer expects,
 * so that it need not ask again (RFC 5961 3.2). */
static void
send_reset_at(struct stack *stk, struct tcp_conn *c, uint32_t seq)
{
	struct tcp_hdr r = { .seq = seq, .flags = TCP_RST };

	stk->tcp.stats.resets_sent++;
	tcp_respond(stk, &c->key, &r, &(struct tcp_opts){ 0 });
}

static int
synrcvd_ack(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s)
{
	if (seq_le(s->h.ack, c->iss) || seq_gt(s->h.ack, c->snd_nxt)) {
		send_reset_at(stk, c, s->h.ack);
		return DROP_TCP_BAD_SEGMENT;
	}
	if (s->o.toa_on) {
		c->toa_ip = s->o.toa_ip;
		c->toa_port = s->o.toa_port;
	}
	if (c->acc != NULL)
		tcp_accecn_opened(c, s);
	/* Fast Open may have done this at the SYN. */
	if (c->listener != NULL && (c->flags & CF_ACCEPTQ) == 0) {
		if (s->slen == 0 && tcp_listen_defers(c)) {
			c->stuck_since = INSTANT_NEVER;
			return TAKEN;
		}
		if (!tcp_listen_promote(stk, c))
			return DROP_TCP_BACKLOG;
	}
	handshake_rtt(stk, c);
	c->snd_una = c->iss + 1;
	c->flags |= CF_SYN_ACKED;
	tcp_established(stk, c, s);
	if ((c->flags & CF_PASSIVE) == 0)
		tcp_fastopen_taken(stk, c, s->h.ack);
	else if (tcp_flight_bytes(c) > 0)
		c->stuck_since = stk->now;
	/* The owner had closed already. */
	if ((c->flags & CF_FIN) != 0)
		tcp_set_state(stk, c, TCPS_FIN_WAIT_1);
	return GO;
}

/* Our FIN has been acknowledged. */
static bool
fin_acked(const struct tcp_conn *c)
{
	return (c->flags & CF_FIN) != 0 && c->snd_una == c->snd_fin + 1;
}

/* What the ACK of our FIN changes. */
static int
ack_of_fin(struct stack *stk, struct tcp_conn *c)
{
	switch (c->key.state) {
	case TCPS_FIN_WAIT_1:
		tcp_set_state(stk, c, TCPS_FIN_WAIT_2);
		/* Nobody will read: do not wait for ever. */
		if ((c->flags & CF_ORPHAN) != 0 && c->conf->finwait2_us != 0) {
			c->life_due = instant_add(stk->now,
			    c->conf->finwait2_us);
			tcp_timer_update(stk, c);
		}
		tcp_todo(stk, c, TODO_EVENT);
		return GO;
	case TCPS_CLOSING:
		tcp_set_state(stk, c, TCPS_TIME_WAIT);
		tcp_timewait_enter(stk, c);
		return GO;
	case TCPS_LAST_ACK:
		tcp_die(stk, c, 0);
		return TAKEN;
	default:
		return GO;
	}
}

/* RFC 5961 5.2: an ACK older than anything we sent lately is forged.  So is one
 * of what was never sent: by a large window the whole of the number space would
 * be lately. */
static uint32_t
ack_reach(const struct tcp_conn *c)
{
	return c->snd_wraps > 0 ? c->max_wnd :
	    tcp_min(c->max_wnd, c->snd_una - c->iss);
}

static int
check_ack(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s)
{
	int r;

	if ((s->h.flags & TCP_ACK) == 0)
		return DROP_TCP_BAD_SEGMENT;
	if (c->key.state == TCPS_SYN_RECEIVED &&
	    (r = synrcvd_ack(stk, c, s)) != GO)
		return r;
	if (seq_lt(s->h.ack, c->snd_una - ack_reach(c))) {
		tcp_challenge_ack(stk, c);
		return DROP_TCP_BAD_SEGMENT;
	}
	/* RFC 9293 3.10.7.4: it acknowledges what was never sent. */
	if (seq_gt(s->h.ack, c->snd_nxt)) {
		tcp_stray_ack(stk, c, s);
		return DROP_TCP_BAD_SEGMENT;
	}
	tcp_ack(stk, c, s);
	/* There is nothing behind the peer's FIN: it does not speak of this
	 * connection, and shall hear where we stand. */
	if (c->key.state == TCPS_TIME_WAIT && s->slen == 0 &&
	    s->h.seq != c->rcv_nxt)
		tcp_stray_ack(stk, c, s);
	if (fin_acked(c))
		return ack_of_fin(stk, c);
	return GO;
}

/* ---- sixth, check the URG bit -------------------------------------------- */

/* RFC 6093 6: urgent data are ordinary data, in line; the owner is told of the
 * pointer, should it care. */
static void
check_urg(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s)
{
	if ((s->h.flags & TCP_URG) != 0)
		tcp_urgent_input(stk, c, s);
}

/* ---- seventh, process the segment text ----------------------------------- */

/* Remembers where the peer's FIN is. */
static void
note_fin(struct tcp_conn *c, const struct tcp_seg *s)
{
	uint32_t fin = s->seq + s->len;

	if ((s->h.flags & TCP_FIN) != 0 && (c->flags & CF_RFIN) == 0 &&
	    seq_ge(fin, c->rcv_nxt)) {
		c->rcv_fin = fin;
		c->flags |= CF_FIN_AHEAD;
	}
}

static int
process_text(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s)
{
	enum drop why;

	if (s->len == 0)
		return GO;
	switch (c->key.state) {
	case TCPS_ESTABLISHED:
	case TCPS_FIN_WAIT_1:
	case TCPS_FIN_WAIT_2:
		break;
	default:
		/* RFC 9293 3.10.7.4: the peer had sent its FIN. */
		c->flags |= CF_ACK_NOW;
		return GO;
	}
	/* RFC 1122 4.2.2.13: nobody is left to read it. */
	if ((c->flags & CF_ORPHAN) != 0 &&
	    seq_gt(s->seq + s->len, c->rcv_nxt)) {
		send_reset_at(stk, c, s->h.ack);
		tcp_die(stk, c, ECONNRESET);
		return TAKEN;
	}
	/* Before the text: its ACK has the FIN in a SACK block. */
	note_fin(c, s);
	why = tcp_text(stk, c, s);
	return why == DROP_COUNT ? GO : (int)why;
}

/* ---- eighth, check the FIN bit ------------------------------------------- */

/* The peer's FIN is next in sequence: take it. */
static void
take_fin(struct stack *stk, struct tcp_conn *c)
{
	tcp_rcv_advance(c, 1);
	c->flags = (c->flags | CF_RFIN | CF_ACK_NOW) & ~CF_FIN_AHEAD;
	tcp_ooo_clear(stk, c);
	switch (c->key.state) {
	case TCPS_ESTABLISHED:
		tcp_set_state(stk, c, TCPS_CLOSE_WAIT);
		break;
	case TCPS_FIN_WAIT_1:
		/* An ACK of our FIN would have made it FIN-WAIT-2. */
		tcp_set_state(stk, c, TCPS_CLOSING);
		break;
	case TCPS_FIN_WAIT_2:
		tcp_set_state(stk, c, TCPS_TIME_WAIT);
		tcp_timewait_enter(stk, c);
		break;
	default:
		break;
	}
	tcp_todo(stk, c, TODO_EVENT | TODO_OUTPUT);
}

/* May its ACK wait a little, since the owner may close, too? */
static bool
fin_may_wait(const struct tcp_conn *c, const struct tcp_seg *s)
{
	return (c->conf->habits & TCP_HABIT_FIN_WAITS) != 0 &&
	    c->key.state == TCPS_ESTABLISHED && s->seq == c->rcv_nxt &&
	    c->data_ms != 0 && c->ooo == NULL &&
	    (c->flags & (CF_ACK_NOW | CF_ACK_SOON | CF_FASTOPEN)) == 0;
}

void
tcp_fin_input(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s)
{
	bool wait = (s->h.flags & TCP_FIN) != 0 && s->len == 0 &&
	    fin_may_wait(c, s);

	note_fin(c, s);
	if ((s->h.flags & TCP_FIN) != 0 && (c->flags & CF_RFIN) != 0) {
		/* A retransmission: our ACK was lost. */
		c->flags |= CF_ACK_NOW;
		if (c->key.state == TCPS_TIME_WAIT)
			tcp_timewait_enter(stk, c);
	} else if ((s->h.flags & TCP_FIN) != 0 && s->len == 0) {
		/* RFC 5681 4.2: beyond a hole, an ACK at once; data have drawn
		 * theirs. */
		c->flags |= CF_ACK_NOW;
	}
	/* It may have come before the data that fill the hole. */
	if ((c->flags & CF_FIN_AHEAD) != 0 && c->rcv_nxt == c->rcv_fin)
		take_fin(stk, c);
	if (wait) {
		c->flags = (c->flags | CF_ACK_SOON) & ~CF_ACK_NOW;
		c->quick = 0;
	}
}

/* ---- all of it ----------------------------------------------------------- */

static int
conn_steps(struct stack *stk, struct tcp_conn *c, struct tcp_seg *s)
{
	int r;

	if ((r = check_sequence(stk, c, s)) != GO)
		return r;
	c->heard_ms = tcp_ts_now(stk);
	/* Probes may be further apart than the silence before the first. */
	if (c->keep_tries != 0) {
		c->keep_tries = 0;
		tcp_keepalive_restart(stk, c);
	}
	if ((r = check_rst(stk, c, s)) != GO)
		return r;
	if ((r = check_syn(stk, c, s)) != GO)
		return r;
	if ((r = check_ack(stk, c, s)) != GO)
		return r;
	/* Not before: a forged ACK must not move TS.Recent either, nor what
	 * is counted. */
	remember_ts(stk, c, s);
	if (c->acc != NULL)
		tcp_accecn_received(stk, c, s);
	check_urg(stk, c, s);
	if ((r = process_text(stk, c, s)) != GO)
		return r;
	tcp_fin_input(stk, c, s);
	return TAKEN;
}

enum drop
tcp_conn_segment(struct stack *stk, struct tcp_conn *c, struct tcp_seg *s)
{
	int r;

	c->segs_in += s->segments;
	if (s->len > 0)
		c->data_segs_in += s->segments;
	if (c->key.state == TCPS_SYN_SENT)
		return tcp_synsent_input(stk, c, s);
	/* RFC 7323 2.2: every window but a SYN's is scaled. */
	if ((s->h.flags & TCP_SYN) == 0)
		s->wnd <<= c->snd_shift;
	r = conn_steps(stk, c, s);
	if (c->key.state != TCPS_CLOSED)
		tcp_todo(stk, c, TODO_OUTPUT);
	return r == TAKEN ? DROP_COUNT : (enum drop)r;
}

/* Whose is it?  A drop reason, or DROP_COUNT if it was of use. */
static enum drop
dispatch(struct stack *stk, const struct ip_meta *m, struct tcp_seg *s)
{
	struct tcp_key *k = tcp_key_lookup(stk, &m->dst, s->h.dport, &m->src,
	    s->h.sport);
	struct tcp_listener *l;
	enum drop why;

	if (k != NULL && k->kind == TCP_KIND_CONN)
		return tcp_conn_segment(stk, (struct tcp_conn *)k, s);
	if (k != NULL &&
	    !tcp_timewait_input(stk, (struct tcp_tw *)k, s, &why))
		return why;
	l = tcp_listener_lookup(stk, &m->dst, s->h.dport);
	if (l != NULL)
		return tcp_listen_input(stk, l, m, s);
	tcp_respond_reset(stk, m, &s->h, s->slen);
	return DROP_TCP_NO_PORT;
}

void
tcp_input(struct stack *stk, struct pkt *pkt, const struct ip_meta *m)
{
	struct tcp_seg s;
	enum drop why;

	stk->tcp.stats.received++;
	if (tcp_seg_parse(pkt, m, &s, &why))
		why = dispatch(stk, m, &s);
	if (why == DROP_COUNT)
		pkt_free(pkt);
	else
		pkt_drop(stk, pkt, why);
}

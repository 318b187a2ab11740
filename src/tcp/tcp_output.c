/*
 * tcp_output.c - what a connection sends, and when: called by tcp_poll() once
 * for all that happened in a turn.
 *
 * In this order: SYN, or lost data, then new data as far as the peer's window
 * and cwnd let, then a probe, then an ACK if nothing carried it.  Nagle
 * (RFC 9293 3.7.4) in Minshall's form, the sender's side of silly windows
 * (3.8.6.2.1), cork and pacing decide about small segments.
 *
 * Not here: which records are lost (tcp_recovery.c, tcp_sack.c, tcp_rack.c),
 * how a segment is built (tcp_emit.c), the timers' handlers (tcp_timer.c).
 */
#include "tcp/tcp_conn.h"

#include <errno.h>

/* ---- SYN ----------------------------------------------------------------- */

static void
send_syn(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_out o = { .seq = c->iss, .flags = TCP_SYN };

	if (c->key.state == TCPS_SYN_RECEIVED)
		o.flags |= TCP_ACK;
	c->flags &= ~CF_SYN_DUE;
	if (instant_is_never(c->stuck_since))
		c->stuck_since = stk->now;
	if (c->key.state == TCPS_SYN_SENT)
		o.len = tcp_fastopen_syn_len(stk, c);
	/* The first hop takes less than it did at tcp_connect(). */
	if (tcp_emit(stk, c, &o) == -EMSGSIZE && o.len > 0) {
		o.len = tcp_fastopen_syn_len(stk, c);
		tcp_emit(stk, c, &o);
	}
	if (c->snd_nxt == c->iss)
		c->snd_nxt = c->iss + 1 + o.len;
	tcp_send_timer(stk, c, TCP_T_RTO, tcp_rto_now(c));
}

/* Bytes that may go beyond those in the network.  RFC 5681 has no cwnd below a
 * segment, but a segment may hold more than when cwnd was one: options that
 * came now and then, or the path takes more.  Nothing would ever move then. */
static uint32_t
cwnd_left(const struct tcp_conn *c)
{
	uint32_t pipe = tcp_flight_pipe(c);

	if (pipe == 0)
		return c->cwnd > tcp_mss_now(c) ? c->cwnd : tcp_mss_now(c);
	return c->cwnd > pipe ? c->cwnd - pipe : 0;
}

/* ---- retransmission ------------------------------------------------------ */

/* The most that goes again of what begins at seq, if cwnd lets max bytes.
 * RFC 9293 3.8.6 (SHLD-16): of a window that shrank only what still is in it;
 * but when nothing is, a whole segment probes it. */
static uint32_t
retransmit_max(const struct tcp_conn *c, uint32_t seq, uint32_t max)
{
	uint32_t mss = tcp_mss_now(c), edge = c->snd_una + c->snd_wnd;

	if (tcp_urgent(c))
		max = mss;
	max = tcp_min(max < mss ? mss : max - max % mss, TCP_FRAME_MAX -
	    TCP_FRAME_MAX % mss);
	return seq_gt(edge, seq) ? tcp_min(max, edge - seq) : max;
}

/* Small segments go again as one: with r what follows it, as far as a segment
 * has room for it, and the window.  A record of the owner's ends with its
 * segment, and urgent data stay cut as they were. */
static void
take_more(struct stack *stk, struct tcp_conn *c, struct tcp_rec *r,
    uint32_t max)
{
	const struct tcp_rec *n;

	if (tcp_urgent(c))
		return;
	while ((n = r->next) != NULL && r->end - r->seq < max &&
	    (r->flags & REC_MARK) == 0 && (n->flags & REC_SACKED) == 0 &&
	    n->end - r->seq <= max + ((n->flags & REC_FIN) != 0) &&
	    seq_le(n->end, c->snd_una + c->snd_wnd))
		tcp_rec_join(stk, c->fl, r);
}

bool
tcp_retransmit(struct stack *stk, struct tcp_conn *c, struct tcp_rec *r,
    uint32_t max)
{
	struct tcp_flight *f = c->fl;
	struct tcp_out o = { .seq = r->seq, .flags = TCP_ACK };
	uint32_t mss = tcp_mss_now(c);

	max = retransmit_max(c, r->seq, max);
	take_more(stk, c, r, tcp_min(max, mss));
	if (r->end - r->seq > max && tcp_rec_split(stk, c, r, r->seq + max))
		return false;
	o.len = r->end - r->seq;
	if ((r->flags & REC_FIN) != 0) {
		o.flags |= TCP_FIN;
		o.len--;
	}
	/* As it was sent at first. */
	if (o.len > 0 && ((r->flags & REC_PSH) != 0 ||
	    r->end == tcp_snd_end(c) + ((o.flags & TCP_FIN) != 0)))
		o.flags |= TCP_PSH;
	if (!f->retrans_ts_on) {
		f->retrans_ts_on = true;
		f->retrans_ts = tcp_ts_now(stk) + c->ts_offset;
	}
	tcp_rec_mark(f, r, REC_RETRANS | REC_EVER);
	r->sent = stk->now;
	r->tries++;
	f->prr_out += r->end - r->seq;
	if (f->undo_left >= 0 && c->key.ca >= TCP_CA_RECOVERY) {
		f->undo_left++;
		f->undo_until = instant_add(stk->now, tcp_rto_now(c));
	}
	c->total_retrans += (o.len + mss - 1) / mss;
	c->bytes_retrans += o.len;
	stk->tcp.stats.retransmits++;
	tcp_emit(stk, c, &o);
	return true;
}

/* Every record marked lost, in order, as far as cwnd lets. */
static void
retransmit_lost(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_flight *f = c->fl;
	uint32_t mss = tcp_mss_now(c);

	for (struct tcp_rec *r = f->head; r != NULL; r = r->next) {
		uint32_t room;

		if ((r->flags & (REC_LOST | REC_RETRANS)) != REC_LOST)
			continue;
		/* RFC 6675 5 (C): cwnd - pipe >= 1 SMSS. */
		room = cwnd_left(c);
		if (room < tcp_min(mss, r->end - r->seq)) {
			f->cwnd_limited = true;
			return;
		}
		/* RFC 9293 3.8.6: not beyond a window that shrank, but for
		 * the first, which probes it. */
		if (r != f->head && seq_ge(r->seq, c->snd_una + c->snd_wnd))
			return;
		if (!tcp_retransmit(stk, c, r, room)) {
			tcp_send_timer(stk, c, TCP_T_RETRY, tcp_rto_now(c));
			return;
		}
		/* Refused as too long: from the first on, in smaller ones. */
		if (tcp_mss_now(c) < mss)
			return;
		/* RFC 6675 6: recovery may last longer than a time-out. */
		if (c->key.ca == TCP_CA_RECOVERY && c->send_kind == TCP_T_RTO)
			tcp_send_timer(stk, c, TCP_T_RTO, tcp_rto_now(c));
	}
}

/* RFC 6675 5 (C), NextSeg() (3) and (4): nothing is lost that has not gone
 * again, and nothing new may go. */
static void
retransmit_ahead(struct stack *stk, struct tcp_conn *c)
{
	uint32_t mss = tcp_mss_now(c);
	struct tcp_rec *r;

	while (c->cwnd >= tcp_flight_pipe(c) + mss &&
	    (r = tcp_sack_next(stk, c)) != NULL) {
		if (r != c->fl->head &&
		    seq_ge(r->seq, c->snd_una + c->snd_wnd))
			return;
		if (!tcp_retransmit(stk, c, r, mss)) {
			tcp_send_timer(stk, c, TCP_T_RETRY, tcp_rto_now(c));
			return;
		}
	}
}

/* ---- new data ------------------------------------------------------------ */

/* RFC 9293 3.7.4 (Nagle), Minshall's form: one small segment in flight, no
 * more, unless the owner will not wait. */
static bool
small_allowed(const struct tcp_conn *c)
{
	if ((c->flags & (CF_FIN | CF_FORCE)) != 0 || tcp_urgent(c))
		return true;
	if ((c->flags & CF_CORK) != 0)
		return false;
	if ((c->flags & CF_NODELAY) != 0 || c->fl == NULL)
		return true;
	return seq_le(c->fl->small_end, c->snd_una) ||
	    seq_gt(c->fl->small_end, c->snd_nxt);
}

/* Window bytes left beyond snd_nxt. */
static uint32_t
window_left(const struct tcp_conn *c)
{
	uint32_t edge = c->snd_una + c->snd_wnd;

	return seq_gt(edge, c->snd_nxt) ? edge - c->snd_nxt : 0;
}

/*
 * The most that one frame may hold: half of cwnd, so that ACKs come back while
 * the other half goes out; and a millisecond of the rate, so that a long path
 * gets no long bursts (on a short one a frame is no burst).
 */
static uint32_t
frame_max(const struct tcp_conn *c)
{
	uint32_t mss = tcp_mss_now(c), near = c->min_rtt_us >> 9;
	uint64_t bytes = TCP_FRAME_MAX, segs;

	if (c->srtt_us != 0)
		bytes = (tcp_send_rate(c) >> 10) +
		    (near < 16 ? TCP_FRAME_MAX >> near : 0);
	segs = bytes / mss;
	if (segs < c->conf->burst_segments)
		segs = c->conf->burst_segments;
	if (segs > c->cwnd / mss / 2)
		segs = c->cwnd / mss / 2;
	if (segs == 0)
		segs = 1;
	return segs * mss > TCP_FRAME_MAX ? TCP_FRAME_MAX :
	    (uint32_t)segs * mss;
}

/*
 * How much of avail to send in one frame, 0 for nothing: whole segments, and
 * the odd end of the data only where Nagle lets; RFC 9293 3.8.6.2.1 where the
 * window is smaller than a segment.
 */
static uint32_t
frame_size(struct tcp_conn *c, uint32_t avail, uint32_t max)
{
	uint32_t mss = tcp_mss_now(c), wnd = window_left(c);
	uint32_t room = cwnd_left(c), n;
	bool last = true;

	max = tcp_min(max, frame_max(c));
	if (c->ext != NULL) {
		/* One pointer would not be right for all of a frame. */
		max = c->ext->snd_urgent ? tcp_min(max, mss) : max;
		n = tcp_record_left(c, avail);
		last = n == avail;
		avail = n;
	}
	n = tcp_min(tcp_min(avail, wnd), tcp_min(room, max));
	/* What more is written behind a record cannot make it longer. */
	if (n == avail && n < mss)
		return !last || small_allowed(c) ? n : 0;
	if (n == avail && n % mss != 0)
		return !last || small_allowed(c) ? n : n - n % mss;
	if (n >= mss)
		return n - n % mss;
	if (n == wnd && wnd < room)
		return (c->flags & CF_FORCE) != 0 ||
		    (c->max_wnd > 1 && n >= c->max_wnd / 2) ? n : 0;
	if (c->fl != NULL && n == room)
		c->fl->cwnd_limited = true;
	return 0;
}

/* What is written and not sent, the FIN not counted. */
static uint32_t
unsent_bytes(const struct tcp_conn *c)
{
	uint32_t end = tcp_snd_end(c);

	return seq_gt(end, c->snd_nxt) ? end - c->snd_nxt : 0;
}

static bool
fin_unsent(const struct tcp_conn *c)
{
	return (c->flags & CF_FIN) != 0 && seq_le(c->snd_nxt, c->snd_fin);
}

/* The rate: RFC 9438 has no pacing; twice cwnd per RTT in slow start and 1.2
 * times after keep the pipe full without bursts. */
static void
pace(struct stack *stk, struct tcp_conn *c, uint32_t len)
{
	uint64_t rate = tcp_pacing_rate(c);

	if (rate == 0)
		return;
	c->fl->pace_due = instant_add(stk->now,
	    (int64_t)((uint64_t)len * USEC_PER_SEC / rate));
}

static bool
pacing_holds(const struct stack *stk, const struct tcp_conn *c)
{
	return c->conf->pacing && c->fl != NULL &&
	    !instant_is_never(c->fl->pace_due) &&
	    instant_before(stk->now, c->fl->pace_due);
}

/* RFC 9293 3.9.1.2: PSH on the last bytes that there are, if the owner has not
 * announced more; and at the end of a burst, so that a receiver that coalesces
 * segments passes it on at once. */
static bool
push(const struct tcp_conn *c, uint32_t seq, uint32_t len)
{
	if (len > tcp_mss_now(c) &&
	    (c->conf->habits & TCP_HABIT_PUSH_END) == 0)
		return true;
	return len > 0 && seq + len == tcp_snd_end(c) &&
	    ((c->flags & CF_MORE) == 0 || (c->flags & CF_FORCE) != 0);
}

/* The most that was in flight in this round: what cwnd was needed for. */
static void
note_flight(struct tcp_conn *c)
{
	struct tcp_flight *f = c->fl;
	uint32_t n = tcp_flight_bytes(c);

	if (n > f->out_max || seq_ge(c->snd_una, f->out_end)) {
		f->out_max = n;
		f->out_end = c->snd_nxt;
	}
}

/* An answer soon after data: a dialogue, where answers carry the ACKs.  Quick
 * ones would be for a peer's slow start. */
static void
answer_sent(const struct stack *stk, struct tcp_conn *c)
{
	if (c->data_ms != 0 && tcp_ts_now(stk) - c->data_ms <
	    c->conf->delack_us / 1000)
		c->quick = 0;
}

/* Sends [snd_nxt, snd_nxt + n) and perhaps FIN, and remembers it. */
static bool
transmit(struct stack *stk, struct tcp_conn *c, uint32_t n, bool fin)
{
	struct tcp_out o = { .seq = c->snd_nxt, .len = n, .flags = TCP_ACK,
	    .ect = n > 0 };
	uint32_t end = c->snd_nxt + n + fin;
	struct tcp_flight *f = c->fl;

	if (tcp_rec_add(stk, c, c->snd_nxt, end, fin) != 0)
		return false;
	if (fin)
		o.flags |= TCP_FIN;
	if (c->ext != NULL && tcp_record_sent(stk, c, end)) {
		o.flags |= TCP_PSH;
		f->tail->flags |= REC_PSH | REC_MARK;
	} else if (push(c, o.seq, n)) {
		o.flags |= TCP_PSH;
		f->tail->flags |= REC_PSH;
	}
	if (n % tcp_mss_now(c) != 0)
		f->small_end = end;
	/* Before that it is the SYN,ACK which waits. */
	if (tcp_flight_bytes(c) == 0 && tcp_synced(c))
		c->stuck_since = stk->now;
	c->snd_nxt = end;
	answer_sent(stk, c);
	note_flight(c);
	f->prr_out += n;
	c->flags &= ~CF_FORCE;
	tcp_emit(stk, c, &o);
	if (c->conf->pacing)
		pace(stk, c, n);
	return true;
}

/* RFC 4821 7.5: a segment larger than the others, if there is one to send. */
static bool
send_larger(struct stack *stk, struct tcp_conn *c)
{
	uint32_t n = tcp_probe_len(stk, c);
	struct tcp_out o = { .seq = c->snd_nxt, .len = n, .flags = TCP_ACK,
	    .ect = true, .whole = true };

	if (n == 0 || tcp_flight_get(stk, c) == NULL ||
	    tcp_rec_add(stk, c, o.seq, o.seq + n, false) != 0)
		return false;
	c->fl->tail->flags |= REC_MARK;	/* alone in its record */
	if (tcp_flight_bytes(c) == 0)
		c->stuck_since = stk->now;
	c->snd_nxt += n;
	note_flight(c);
	c->fl->prr_out += n;
	tcp_probe_sent(c, o.seq, n);
	tcp_emit(stk, c, &o);
	if (c->conf->pacing)
		pace(stk, c, n);
	return true;
}

bool
tcp_send_new(struct stack *stk, struct tcp_conn *c, uint32_t max)
{
	uint32_t avail = unsent_bytes(c), n = 0;
	bool fin = fin_unsent(c);

	if (avail == 0 && !fin)
		return false;
	if (tcp_flight_get(stk, c) == NULL) {
		tcp_send_timer(stk, c, TCP_T_RETRY, tcp_rto_now(c));
		return false;
	}
	if (avail > 0) {
		n = frame_size(c, avail, max);
		if (n == 0)
			return false;
	}
	/* The FIN takes a number, and so a byte of the window. */
	fin = fin && n == avail && (n > 0 || window_left(c) > 0);
	if (n == 0 && !fin)
		return false;
	if (!transmit(stk, c, n, fin)) {
		tcp_send_timer(stk, c, TCP_T_RETRY, tcp_rto_now(c));
		return false;
	}
	return true;
}

/* RFC 5681 4.1: nothing in flight and nothing sent for an RTO. */
static void
restart_after_idle(struct stack *stk, struct tcp_conn *c)
{
	if (c->fl == NULL && unsent_bytes(c) > 0 &&
	    c->conf->slow_start_idle &&
	    tcp_since_us(stk, c->sent_ms) > (int64_t)c->rto_us)
		tcp_cc_idle(stk, c);
}

static void
send_data(struct stack *stk, struct tcp_conn *c)
{
	bool any = false;

	if (c->fl != NULL && c->fl->lost > 0 && c->fl->frto != TCP_FRTO_NEW)
		retransmit_lost(stk, c);
	restart_after_idle(stk, c);
	if (c->ext != NULL && c->ext->search_high != 0 && !pacing_holds(stk, c))
		any = send_larger(stk, c);
	while (!pacing_holds(stk, c) && tcp_send_new(stk, c, UINT32_MAX))
		any = true;
	if (any)
		c->sent_ms = tcp_ts_now(stk);
	else if (!c->conf->rack && (c->flags & CF_SACK) != 0 &&
	    c->key.ca == TCP_CA_RECOVERY && c->fl != NULL)
		retransmit_ahead(stk, c);
	/* RFC 8985 7.2: the probe is for the tail that now is. */
	if (any && c->send_kind == TCP_T_PTO)
		tcp_send_timer_restart(stk, c);
	/* Held by the pace with cwnd used up: cwnd is the limit. */
	if (c->fl != NULL && pacing_holds(stk, c) && unsent_bytes(c) > 0 &&
	    tcp_flight_pipe(c) + tcp_mss_now(c) > c->cwnd)
		c->fl->cwnd_limited = true;
}

/* ---- probes and ACKs ----------------------------------------------------- */

/* A number just behind the window draws an ACK (RFC 1122 4.2.3.6), for a zero
 * window and for a silent peer alike. */
static void
send_probe(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_out o = { .seq = c->snd_una - 1, .flags = TCP_ACK };

	c->flags &= ~CF_PROBE_DUE;
	tcp_emit(stk, c, &o);
}

void
tcp_send_ack(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_out o = { .seq = c->snd_nxt, .flags = TCP_ACK };

	tcp_emit(stk, c, &o);
}

void
tcp_send_reset(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_out o = { .seq = c->snd_nxt, .flags = TCP_RST | TCP_ACK };

	stk->tcp.stats.resets_sent++;
	tcp_emit(stk, c, &o);
}

/* RFC 9293 3.8.6.3: an ACK for every second segment, also a small one (its
 * sender's Nagle may wait), and for all that is out of the ordinary. */
static bool
ack_wanted(const struct tcp_conn *c)
{
	if ((c->flags & CF_ACK_NOW) != 0)
		return true;
	if ((c->flags & CF_ACK_SOON) == 0)
		return false;
	return c->quick > 0 || c->conf->delack_us == 0 || c->ooo != NULL ||
	    c->unacked_segs >= c->conf->ack_segments ||
	    c->rcv_nxt - c->rcv_acked >
	    (uint32_t)c->rcv_mss * (c->conf->ack_segments - 1);
}

/* The ACK that is due; by habit with our FIN again, if that is not ACKed. */
static void
send_ack(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_out o = { .seq = c->snd_fin, .flags = TCP_ACK | TCP_FIN };

	if ((c->conf->habits & TCP_HABIT_FIN_AGAIN) != 0 &&
	    (c->flags & CF_FIN) != 0 && c->snd_una == c->snd_fin &&
	    c->snd_nxt == c->snd_fin + 1)
		tcp_emit(stk, c, &o);
	else
		tcp_send_ack(stk, c);
}

static void
send_ack_if_due(struct stack *stk, struct tcp_conn *c)
{
	if (ack_wanted(c))
		send_ack(stk, c);
	else if ((c->flags & CF_ACK_SOON) != 0 &&
	    instant_is_never(c->ack_due))
		c->ack_due = instant_add(stk->now, c->conf->delack_us);
}

/* ---- all of it ----------------------------------------------------------- */

/* After sending: something must look after what is out, or what waits. */
static void
arm_timers(struct stack *stk, struct tcp_conn *c)
{
	bool waiting = unsent_bytes(c) > 0 || fin_unsent(c);
	bool off = c->send_kind == TCP_T_OFF || c->send_kind == TCP_T_UNDO;

	if (tcp_flight_bytes(c) > 0) {
		if (off || c->send_kind == TCP_T_PERSIST)
			tcp_send_timer_restart(stk, c);
	} else if (waiting && !pacing_holds(stk, c)) {
		if (off)
			tcp_send_timer(stk, c, TCP_T_PERSIST, tcp_rto_now(c));
	} else if (c->send_kind == TCP_T_PERSIST) {
		tcp_send_timer(stk, c, TCP_T_OFF, 0);
	}
	tcp_timer_update(stk, c);
}

/* RFC 7413 4.2.2: the answer to data in a SYN need not wait for the last ACK
 * of the handshake.  Until that comes the timer is the SYN,ACK's: if anything
 * is lost, that goes again. */
static void
send_early(struct stack *stk, struct tcp_conn *c)
{
	send_data(stk, c);
	send_ack_if_due(stk, c);
	if (c->send_kind != TCP_T_RTO)
		tcp_send_timer(stk, c, TCP_T_RTO, tcp_rto_now(c));
}

void
tcp_output(struct stack *stk, struct tcp_conn *c)
{
	switch (c->key.state) {
	case TCPS_CLOSED:
		return;
	case TCPS_SYN_SENT:
	case TCPS_SYN_RECEIVED:
		if ((c->flags & CF_SYN_DUE) != 0)
			send_syn(stk, c);
		if ((c->flags & CF_FO_EARLY) != 0)
			send_early(stk, c);
		tcp_timer_update(stk, c);
		return;
	default:
		break;
	}
	if ((c->flags & CF_TLP_DUE) != 0) {
		c->flags &= ~CF_TLP_DUE;
		tcp_tlp_send(stk, c);
	}
	send_data(stk, c);
	if ((c->flags & CF_PROBE_DUE) != 0)
		send_probe(stk, c);
	send_ack_if_due(stk, c);
	arm_timers(stk, c);
}

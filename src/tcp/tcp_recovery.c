/*
 * tcp_recovery.c - loss recovery: when it begins, how much is sent while it
 * lasts, when it ends, and when it is taken back.
 *
 *	OPEN/DISORDER	nothing lost so far
 *	CWR		reducing because of ECN (RFC 3168 6.1.2) or a probe
 *	RECOVERY	fast recovery: RFC 6675 with SACK, RFC 6582 without
 *	LOSS		after a time-out (RFC 5681 3.1, RFC 6298 5)
 *
 * CWR and RECOVERY are paced by PRR (RFC 9937).  Eifel (RFC 3522, by
 * timestamps), F-RTO (RFC 5682, without them) and D-SACK (RFC 3708, for a while
 * after recovery, too) take a needless reduction back.
 *
 * Who is lost is marked by tcp_rack.c or tcp_sack.c; without SACK, here.
 */
#include "tcp/tcp_conn.h"

/* ---- without SACK: RFC 6582 ---------------------------------------------- */

static void
mark_head_lost(struct stack *stk, struct tcp_conn *c, struct tcp_acked *a)
{
	struct tcp_rec *r = c->fl->head;
	uint32_t mss = tcp_mss_now(c);

	if (r == NULL || (r->flags & (REC_LOST | REC_RETRANS)) != 0)
		return;
	if (r->end - r->seq > mss &&
	    tcp_rec_split(stk, c, r, r->seq + mss) != 0)
		return;
	tcp_rec_mark(c->fl, r, REC_LOST);
	a->lost_new = true;
}

/* Every duplicate says that one segment more has left the network. */
static void
count_dups(struct tcp_conn *c, struct tcp_acked *a)
{
	struct tcp_flight *f = c->fl;
	uint32_t mss = tcp_mss_now(c), left;

	if (a->dup) {
		f->dupacks++;
		left = tcp_flight_bytes(c) - f->lost;
		if (f->dup_bytes + mss <= left) {
			f->dup_bytes += mss;
			a->delivered += mss;
		}
	} else if (a->acked > 0) {
		/* All but the repaired segment had been counted. */
		uint32_t n = a->acked > mss ? a->acked - mss : 0;

		n = tcp_min(n, f->dup_bytes);
		f->dup_bytes -= n;
		a->delivered -= tcp_min(n, a->delivered - 1);
		if (c->key.ca < TCP_CA_RECOVERY) {
			f->dupacks = 0;
			f->dup_bytes = 0;
		}
	}
}

static void
newreno_mark_lost(struct stack *stk, struct tcp_conn *c, struct tcp_acked *a)
{
	struct tcp_flight *f = c->fl;

	/* RFC 5681 3.2 step 2; RFC 6582 3.2 step 3: a partial ACK. */
	if (c->key.ca < TCP_CA_RECOVERY && f->dupacks >= TCP_DUPTHRESH)
		mark_head_lost(stk, c, a);
	else if (c->key.ca == TCP_CA_RECOVERY && a->acked > 0 &&
	    seq_lt(c->snd_una, f->recover))
		mark_head_lost(stk, c, a);
}

static void
mark_lost(struct stack *stk, struct tcp_conn *c, struct tcp_acked *a)
{
	if ((c->flags & CF_SACK) == 0)
		newreno_mark_lost(stk, c, a);
	else if (c->conf->rack)
		tcp_rack_detect(stk, c, a);
	else
		tcp_sack_mark_lost(c, a);
}

/* ---- beginning ----------------------------------------------------------- */

/* What of cwnd was in use, flight bytes being out: the rest says nothing about
 * the path.  RFC 5681 equation 4 wants FlightSize.  RFC 9438 4.6 lets CUBIC
 * take cwnd where it does not grow unused: up to what the last round needed
 * (RFC 7661 4.4.1), and the initial window needs no proof.  While PRR lowers
 * cwnd, ssthresh is what a second loss, that of a retransmission, lowers again
 * (RFC 5681 4.3). */
static uint32_t
window_used(const struct tcp_conn *c, uint32_t flight)
{
	uint32_t w = c->cwnd, used = flight;

	if (c->cc == TCP_CC_CUBIC)
		used = tcp_max(tcp_max(used, c->fl->out_max),
		    tcp_mss_now(c) * c->conf->initial_cwnd);
	if (c->key.ca == TCP_CA_CWR || c->key.ca == TCP_CA_RECOVERY)
		w = tcp_max(w, c->ssthresh);
	return tcp_min(w, used);
}

/* What a reduction begins with (RFC 9937 6.1); a: the ACK that tells of it, or
 * NULL. */
static void
begin(struct stack *stk, struct tcp_conn *c, const struct tcp_acked *a)
{
	struct tcp_flight *f = c->fl;
	uint32_t flight = tcp_flight_bytes(c);

	f->recover = c->snd_nxt;
	f->prr_delivered = f->prr_out = 0;
	/* RecoverFS: what may still be told to have been delivered. */
	f->prr_flight = flight + (a != NULL ? a->delivered : 0) - f->sacked -
	    tcp_min(f->dup_bytes, flight - f->sacked);
	f->prr_flight = tcp_max(f->prr_flight, 1);
	f->undo_cwnd = c->cwnd;
	f->undo_ssthresh = c->ssthresh;
	f->undo_ccp = c->ccp;
	f->undo_cc = c->cc;
	f->undo_marker = c->snd_una;
	f->undo_left = 0;
	f->rescued = false;
	f->retrans_ts_on = false;
	f->frto = TCP_FRTO_OFF;
	c->tlp = TCP_TLP_NONE;
	/* What the ACK takes out of the network was out when it was lost. */
	c->cwnd = window_used(c, a != NULL ? a->prior_flight : flight);
	c->ssthresh = tcp_cc(c)->reduce(stk, c);
	if ((c->flags & CF_ECN) != 0)
		c->flags |= CF_CWR_SEND;
}

void
tcp_recovery_enter_cwr(struct stack *stk, struct tcp_conn *c,
    const struct tcp_acked *a)
{
	if (c->fl == NULL || c->key.ca >= TCP_CA_CWR)
		return;
	begin(stk, c, a);
	c->fl->undo_left = -1;
	c->key.ca = TCP_CA_CWR;
}

static void
enter_recovery(struct stack *stk, struct tcp_conn *c,
    const struct tcp_acked *a)
{
	stk->tcp.stats.fast_recoveries++;
	/* RFC 4821 7.6.3: more is lost than a probe: that says nothing. */
	if (c->ext != NULL)
		c->ext->probe_mtu = 0;
	if (c->key.ca < TCP_CA_CWR)
		begin(stk, c, a);
	else
		c->fl->recover = c->snd_nxt;
	c->key.ca = TCP_CA_RECOVERY;
}

/* RFC 4821 7.6.2: what was lost is a probe, for its size.  It goes again in
 * pieces that fit, and nothing was congested. */
static void
forgive_probe(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_flight *f = c->fl;
	uint32_t cwnd = c->cwnd, ssthresh = c->ssthresh;
	uint32_t end = c->ext->probe_end;

	begin(stk, c, NULL);
	f->undo_left = -1;
	f->recover = end;
	for (struct tcp_rec *r = f->head; r != NULL && seq_lt(r->seq, end);
	    r = r->next) {
		if (seq_ge(r->seq, c->ext->probe_seq) &&
		    (r->flags & REC_SACKED) == 0)
			tcp_rec_mark(f, r, REC_LOST);
	}
	c->key.ca = TCP_CA_LOSS;
	c->flags &= ~CF_CWR_SEND;
	c->cwnd = cwnd;
	c->ssthresh = ssthresh;
	tcp_probe_failed(c);
}

/* RFC 2018 8: after a time-out the peer may have thrown away what it sacked;
 * it did for sure if the first record is such. */
static void
forget_sacks(struct tcp_flight *f)
{
	if (f->head == NULL || (f->head->flags & REC_SACKED) == 0)
		return;
	for (struct tcp_rec *r = f->head; r != NULL; r = r->next)
		tcp_rec_unmark(f, r, REC_SACKED);
}

void
tcp_recovery_timeout(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_flight *f = c->fl;
	bool was_quiet = c->key.ca < TCP_CA_CWR;

	if (f == NULL)
		return;
	/* RFC 5681 3.1: not again for a retransmission of the same. */
	if (c->key.ca != TCP_CA_LOSS || seq_ge(c->snd_una, f->recover))
		begin(stk, c, NULL);
	/* Where there are timestamps, Eifel knows at the first ACK. */
	if (was_quiet && (c->flags & CF_TS) == 0)
		f->frto = TCP_FRTO_FIRST;
	f->recover = c->snd_nxt;
	f->dupacks = 0;
	f->dup_bytes = 0;
	c->tlp = TCP_TLP_NONE;
	if (c->ext != NULL && c->ext->probe_mtu != 0)
		tcp_probe_failed(c);
	forget_sacks(f);
	for (struct tcp_rec *r = f->head; r != NULL; r = r->next) {
		if ((r->flags & REC_SACKED) != 0)
			continue;
		tcp_rec_unmark(f, r, REC_RETRANS);
		tcp_rec_mark(f, r, REC_LOST);
	}
	c->key.ca = TCP_CA_LOSS;
	if (f->loss_ms == 0)
		f->loss_ms = tcp_max(tcp_ts_now(stk), 1);
	c->cwnd = tcp_mss_now(c);	/* RFC 5681 3.1: LW */
	tcp_cc(c)->restart(c);
}

/* ---- taking back --------------------------------------------------------- */

static bool
was_needless(const struct tcp_conn *c, const struct tcp_acked *a)
{
	const struct tcp_flight *f = c->fl;

	if (f->undo_left < 0 || !f->retrans_ts_on)
		return false;
	/* RFC 3522 3.2 (5): the ACK echoes what was sent before. */
	if (c->key.ca >= TCP_CA_RECOVERY &&
	    c->snd_una != a->prior_una && a->ts_on &&
	    seq_lt(a->tsecr, f->retrans_ts))
		return true;
	/* Every retransmission was reported as a duplicate. */
	return a->dsack && f->undo_left == 0;
}

static void
undo(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_flight *f = c->fl;

	stk->tcp.stats.undone++;
	/* RFC 8985 4: what looked lost was late. */
	if (c->key.ca == TCP_CA_RECOVERY && c->reo_seen == 0)
		c->reo_seen = 1;
	f->frto = TCP_FRTO_OFF;
	for (struct tcp_rec *r = f->head; r != NULL; r = r->next)
		tcp_rec_unmark(f, r, REC_LOST | REC_RETRANS);
	c->cwnd = tcp_max(c->cwnd, f->undo_cwnd);
	c->ssthresh = tcp_max(c->ssthresh, f->undo_ssthresh);
	tcp_todo(stk, c, TODO_EVENT);	/* room to write grows with cwnd */
	f->undo_left = -1;
	f->dupacks = 0;
	f->dup_bytes = 0;
	c->backoff = 0;
	c->key.ca = TCP_CA_OPEN;
	/* RFC 9438 4.9.1: W_max, K and the epoch as they were. */
	if (f->undo_cc == c->cc)
		c->ccp = f->undo_ccp;
}

/* RFC 5682 3.1 step 2: are there whole segments of new data to send? */
static bool
can_send_new(const struct tcp_conn *c)
{
	uint32_t end = seq_min(tcp_snd_end(c), c->snd_una + c->snd_wnd);

	return seq_ge(end, c->snd_nxt + tcp_mss_now(c));
}

/* RFC 5682 3.1: after a time-out, new data instead of old tell whether the
 * originals still arrive. */
static void
frto(struct stack *stk, struct tcp_conn *c, const struct tcp_acked *a)
{
	struct tcp_flight *f = c->fl;

	if (f->frto == TCP_FRTO_OFF || c->key.ca != TCP_CA_LOSS)
		return;
	/* Step 3 (b): what was sent once has arrived, and no more than it. */
	if (a->once && !a->again) {
		undo(stk, c);
	} else if (f->frto == TCP_FRTO_FIRST && a->acked > 0 &&
	    seq_lt(c->snd_una, f->recover) && can_send_new(c)) {
		f->frto = TCP_FRTO_NEW;		/* step 2 (b) */
		c->cwnd = 2 * tcp_mss_now(c);
	} else {
		f->frto = TCP_FRTO_OFF;		/* steps 2 (a), 3 (a) */
	}
}

/* ---- while it lasts, and its end ----------------------------------------- */

/* RFC 9937 6: send in proportion to what arrives; where the pipe is short, as
 * much as arrives, and one more as long as recovery gets on.  Without SACK
 * nobody can tell whether it does, and every duplicate may send one more. */
static void
prr(struct tcp_conn *c, const struct tcp_acked *a)
{
	struct tcp_flight *f = c->fl;
	uint32_t pipe = tcp_flight_pipe(c), mss = tcp_mss_now(c);
	int64_t n;

	f->prr_delivered += a->delivered;
	if (pipe > c->ssthresh) {
		n = ((int64_t)f->prr_delivered * c->ssthresh +
		    f->prr_flight - 1) / f->prr_flight - f->prr_out;
	} else {
		int64_t limit = (int64_t)f->prr_delivered - f->prr_out;

		limit = limit > a->delivered ? limit : a->delivered;
		if ((c->flags & CF_SACK) == 0 ||
		    (c->snd_una != a->prior_una && !a->lost_new))
			limit += mss;
		n = (int64_t)c->ssthresh - pipe;
		n = n < limit ? n : limit;
	}
	/* The first retransmission always goes; whole segments go. */
	if (f->prr_out == 0 && n < mss)
		n = mss;
	c->cwnd = pipe + (n > 0 ? ((uint32_t)n + mss - 1) / mss * mss : 0);
}

static void
leave(struct tcp_conn *c)
{
	struct tcp_flight *f = c->fl;

	if (c->key.ca == TCP_CA_CWR || c->key.ca == TCP_CA_RECOVERY)
		c->cwnd = tcp_max(c->ssthresh, tcp_mss_now(c));
	/* RFC 8985 6.2 step 4 */
	if (c->key.ca != TCP_CA_CWR && c->reo_persist > 0 &&
	    --c->reo_persist == 0)
		c->reo_mult = 1;
	f->dupacks = 0;
	f->dup_bytes = 0;
	c->key.ca = TCP_CA_OPEN;
}

/* Has the reduction come to its end? */
static bool
is_over(const struct tcp_conn *c)
{
	if (c->key.ca < TCP_CA_CWR || seq_lt(c->snd_una, c->fl->recover))
		return false;
	/* RFC 3168 6.1.2: CWR went with what is beyond. */
	return c->key.ca != TCP_CA_CWR || c->snd_una == c->snd_nxt ||
	    seq_gt(c->snd_una, c->fl->recover);
}

void
tcp_recovery_ack(struct stack *stk, struct tcp_conn *c, struct tcp_acked *a)
{
	struct tcp_flight *f = c->fl;
	bool was_reducing = c->key.ca >= TCP_CA_CWR;

	if ((c->flags & CF_SACK) == 0)
		count_dups(c, a);
	/* RFC 3708 3: word of a duplicate takes a round trip, and recovery
	 * may have ended before.  It is waited for as long as for an ACK. */
	if (c->key.ca < TCP_CA_CWR &&
	    instant_reached(stk->now, f->undo_until))
		f->undo_left = -1;
	if (c->key.ca != TCP_CA_CWR && was_needless(c, a))
		undo(stk, c);
	frto(stk, c, a);
	mark_lost(stk, c, a);
	if (is_over(c))
		leave(c);
	/* RFC 3168 6.1.2: an ACK that ends a reduction speaks of the time
	 * before the peer saw CWR. */
	if (a->ece && !was_reducing)
		tcp_recovery_enter_cwr(stk, c, a);
	if (f->lost > 0 && c->key.ca < TCP_CA_CWR && tcp_probe_lost(c))
		forgive_probe(stk, c);
	else if (f->lost > 0 && c->key.ca < TCP_CA_RECOVERY)
		enter_recovery(stk, c, a);
	if (c->key.ca == TCP_CA_CWR || c->key.ca == TCP_CA_RECOVERY)
		prr(c, a);
	else if (a->acked > 0 && f->frto != TCP_FRTO_NEW) {
		/* What duplicates told of has let new segments out
		 * (RFC 3042). */
		if (!was_reducing)
			a->acked = tcp_min(a->acked, a->delivered);
		tcp_cc_acked(stk, c, a);
	}
	if (was_reducing && c->key.ca != TCP_CA_LOSS && f->loss_ms != 0)
		tcp_loss_end(stk, c);
	if (c->key.ca <= TCP_CA_DISORDER)
		c->key.ca = f->sacked > 0 || f->dupacks > 0 ?
		    TCP_CA_DISORDER : TCP_CA_OPEN;
}

bool
tcp_recovery_open(const struct stack *stk, const struct tcp_conn *c)
{
	const struct tcp_flight *f = c->fl;

	return f != NULL && f->undo_left > 0 &&
	    (c->flags & (CF_SACK | CF_FIN)) == CF_SACK &&
	    !instant_reached(stk->now, f->undo_until);
}

void
tcp_recovery_probe(struct stack *stk, struct tcp_conn *c)
{
	/* Where more is lost already, it goes again with the rest. */
	if (c->fl == NULL || c->fl->head == NULL || c->key.ca >= TCP_CA_CWR) {
		tcp_probe_failed(c);
		return;
	}
	forgive_probe(stk, c);
	tcp_todo(stk, c, TODO_OUTPUT);
}

/* Segments are smaller from now on: the big ones go again, without blame. */
void
tcp_recovery_resize(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_flight *f = c->fl;
	uint32_t cwnd = c->cwnd, ssthresh = c->ssthresh;

	if (f == NULL)
		return;
	if (c->key.ca < TCP_CA_RECOVERY) {
		begin(stk, c, NULL);
		f->undo_left = -1;
	}
	f->recover = c->snd_nxt;
	for (struct tcp_rec *r = f->head; r != NULL; r = r->next) {
		if ((r->flags & REC_SACKED) != 0)
			continue;
		tcp_rec_unmark(f, r, REC_RETRANS);
		tcp_rec_mark(f, r, REC_LOST);
	}
	c->key.ca = TCP_CA_LOSS;
	c->cwnd = cwnd;
	c->ssthresh = ssthresh;
}

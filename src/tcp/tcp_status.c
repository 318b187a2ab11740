/*
 * tcp_status.c - a connection as an operator sees it: `ss -tinem`, TCP_INFO.
 */
#include "tcp/tcp_conn.h"

static const char *const timer_names[] = {
	[TCP_T_OFF] = "off", [TCP_T_RTO] = "rto", [TCP_T_PTO] = "probe",
	[TCP_T_REO] = "reorder", [TCP_T_PERSIST] = "persist",
	[TCP_T_RETRY] = "retry", [TCP_T_UNDO] = "undo",
};

static uint32_t
segments(uint32_t bytes, uint32_t mss)
{
	return (bytes + mss - 1) / mss;
}

/* A FIN rides on a segment, or is one by itself. */
static uint32_t
rec_segments(const struct tcp_rec *r, uint32_t mss)
{
	uint32_t len = r->end - r->seq - ((r->flags & REC_FIN) != 0);

	return len == 0 ? 1 : segments(len, mss);
}

/* As they were cut, and not as many as the bytes would fill. */
static void
show_flight(const struct tcp_flight *f, struct tcp_status *o)
{
	uint32_t n, mss = o->snd_mss;

	for (const struct tcp_rec *r = f->head; r != NULL; r = r->next) {
		n = rec_segments(r, mss);
		o->unacked_segs += n;
		if ((r->flags & REC_SACKED) != 0)
			o->sacked_segs += n;
		if ((r->flags & REC_LOST) != 0)
			o->lost_segs += n;
		if ((r->flags & REC_RETRANS) != 0)
			o->retrans_segs += n;
	}
	o->sacked_segs += segments(f->dup_bytes, mss);
	o->reordering = tcp_max(f->reordering, TCP_DUPTHRESH);
}

static void
show_options(const struct tcp_conn *c, struct tcp_status *o)
{
	bool agreed = c->acc != NULL && c->key.state != TCPS_SYN_SENT;

	o->sack = (c->flags & CF_SACK) != 0;
	o->timestamps = (c->flags & CF_TS) != 0;
	o->wscale = (c->flags & CF_WSCALE) != 0;
	o->ecn = (c->flags & CF_ECN) != 0 || agreed;
	o->accurate = agreed;
	if (agreed)
		tcp_accecn_show(c->acc, o);
	o->fastopen = (c->flags & CF_FASTOPEN) != 0;
	o->snd_wscale = c->snd_shift;
	o->rcv_wscale = c->rcv_shift;
}

/* Bytes of a stream from the number of its SYN to that: SYN and FIN are not
 * of them. */
static uint64_t
span(uint16_t wraps, uint32_t syn, uint32_t to, bool fin)
{
	uint64_t n = (uint64_t)wraps << 32 | (to - syn);

	return n > 1u + fin ? n - 1 - fin : 0;
}

static void
show_sending(const struct tcp_conn *c, struct tcp_status *o)
{
	uint32_t mss = o->snd_mss;

	o->cwnd = c->cwnd;
	o->ssthresh = c->ssthresh;
	o->cwnd_segs = c->cwnd / mss;
	o->ssthresh_segs = c->ssthresh == UINT32_MAX ? INT32_MAX :
	    c->ssthresh / mss;
	if (c->fl != NULL)
		show_flight(c->fl, o);
	else
		o->unacked_segs = segments(tcp_flight_bytes(c), mss);
	o->pacing_rate = tcp_pacing_rate(c);
	o->bytes_acked = span(c->snd_wraps, c->iss, c->snd_una,
	    (c->flags & CF_FIN) != 0 && seq_gt(c->snd_una, c->snd_fin));
	o->bytes_retrans = c->bytes_retrans;
	o->bytes_sent = o->bytes_acked + tcp_min(tcp_flight_bytes(c),
	    c->snd.len) + c->bytes_retrans;
	o->total_retrans = c->total_retrans;
	o->dsack_dups = c->dsack_dups;
}

static void
show_time(const struct stack *stk, const struct tcp_conn *c,
    struct tcp_status *o)
{
	o->rto_us = tcp_rto_now(c);
	o->rtt_us = c->srtt_us;
	o->rttvar_us = c->rttvar_us;
	o->min_rtt_us = c->min_rtt_us;
	o->ato_us = c->conf->delack_us;
	o->rcv_rtt_us = c->rcv_rtt_us;
	o->backoff = c->backoff;
	o->probes = c->send_kind == TCP_T_PERSIST ? c->tries : c->keep_tries;
	o->timer = timer_names[c->send_kind];
	o->timer_us = -1;
	if (c->send_kind != TCP_T_OFF) {
		o->timer_us = instant_diff(c->send_due, stk->now);
	} else if (!instant_is_never(c->life_due)) {
		o->timer = c->key.state == TCPS_TIME_WAIT ? "timewait" :
		    "keepalive";
		o->timer_us = instant_diff(c->life_due, stk->now);
	}
	o->last_ack_recv_us = tcp_since_us(stk, c->heard_ms);
	o->last_data_recv_us = c->data_ms == 0 ? o->last_ack_recv_us :
	    tcp_since_us(stk, c->data_ms);
	o->last_data_sent_us = tcp_since_us(stk, c->sent_ms);
}

static uint32_t
memory_of(const struct tcp_conn *c)
{
	uint32_t n = sizeof(*c) + tcp_bytes_memory(&c->snd) +
	    tcp_bytes_memory(&c->rcv);

	if (c->acc != NULL)
		n += (uint32_t)sizeof(*c->acc);
	if (c->ext != NULL) {
		n += (uint32_t)sizeof(*c->ext);
		for (struct tcp_mark *m = c->ext->mark_head; m != NULL;
		    m = m->next)
			n += (uint32_t)sizeof(*m);
	}
	for (const struct tcp_island *i = c->ooo; i != NULL; i = i->next)
		n += (uint32_t)sizeof(*i) + tcp_bytes_memory(&i->q);
	if (c->fl != NULL) {
		n += sizeof(*c->fl);
		for (const struct tcp_rec *r = c->fl->head; r != NULL;
		    r = r->next)
			n += sizeof(*r);
	}
	return n;
}

void
tcp_status(const struct stack *stk, const struct tcp_conn *c,
    struct tcp_status *out)
{
	struct tcp_status o = { .local = c->key.local,
	    .remote = c->key.remote, .lport = c->key.lport,
	    .rport = c->key.rport, .state = c->key.state,
	    .ca_state = c->key.ca };

	o.recv_q = c->rcv.len;
	o.send_q = c->snd.len;
	o.unsent = tcp_unsent(c);
	o.rcv_ooo = c->ooo_bytes;
	o.snd_mss = tcp_mss_now(c);
	o.rcv_mss = c->rcv_mss;
	o.pmtu = c->pmtu;
	o.advmss = tcp_own_mss(c);
	o.snd_wnd = c->snd_wnd;
	o.rcv_wnd = tcp_rcv_wnd(c);
	o.rcv_space = c->rcv_buf;
	o.reordering = TCP_DUPTHRESH;
	o.snd_una = c->snd_una;
	o.snd_nxt = c->snd_nxt;
	o.rcv_nxt = c->rcv_nxt;
	o.iss = c->iss;
	o.irs = c->irs;
	o.bytes_received = span(c->rcv_wraps, c->irs, c->rcv_nxt,
	    (c->flags & CF_RFIN) != 0);
	o.segs_in = c->segs_in;
	o.segs_out = c->segs_out;
	o.data_segs_in = c->data_segs_in;
	o.data_segs_out = c->data_segs_out;
	o.delivered = c->delivered;
	o.ooo_segs = c->ooo_stamp;
	o.reordered = c->reo_seen;
	o.timeouts = c->timeouts;
	o.loss_spells = c->loss_spells;
	o.loss_ms = tcp_loss_ms(stk, c);
	o.delivery_rate = c->rate & ~1u;
	o.app_limited = (c->rate & 1) != 0;
	o.cc = tcp_cc(c)->name;
	o.error = -c->error;
	o.mem_bytes = memory_of(c);
	show_options(c, &o);
	show_sending(c, &o);
	show_time(stk, c, &o);
	*out = o;
}

static void
tw_status(const struct stack *stk, const struct tcp_tw *w,
    struct tcp_status *out)
{
	*out = (struct tcp_status){ .local = w->key.local,
	    .remote = w->key.remote, .lport = w->key.lport,
	    .rport = w->key.rport, .state = TCPS_TIME_WAIT,
	    .timestamps = w->ts_on, .snd_nxt = w->snd_nxt,
	    .rcv_nxt = w->rcv_nxt, .cc = "-", .timer = "timewait",
	    .timer_us = instant_diff(w->timer.due, stk->now),
	    .mem_bytes = sizeof(*w) };
}

/* *pos: bucket above, place in its chain below. */
bool
tcp_walk(const struct stack *stk, uint64_t *pos, struct tcp_status *out)
{
	uint32_t b = (uint32_t)(*pos >> 32), n = (uint32_t)*pos;

	for (; b < stk->tcp.table_size; b++, n = 0) {
		const struct tcp_key *k = stk->tcp.table[b];

		for (uint32_t i = 0; k != NULL && i < n; i++)
			k = k->next;
		if (k == NULL)
			continue;
		*pos = (uint64_t)b << 32 | (n + 1);
		if (k->kind == TCP_KIND_TW)
			tw_status(stk, (const struct tcp_tw *)k, out);
		else
			tcp_status(stk, (const struct tcp_conn *)k, out);
		return true;
	}
	return false;
}

void
tcp_ends(const struct tcp_conn *c, struct tcp_ends *out)
{
	*out = (struct tcp_ends){ .local = c->key.local,
	    .remote = c->key.remote, .lport = c->key.lport,
	    .rport = c->key.rport, .toa_port = c->toa_port };
	if (c->toa_ip != 0)
		out->toa = addr_from_ip4((struct ip4){ c->toa_ip });
}

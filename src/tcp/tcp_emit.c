/*
 * tcp_emit.c - one segment of a connection to bytes: header, options, window,
 * payload by reference, and out by ip_send().
 *
 * More payload than one segment holds makes a super-frame, which the port
 * cuts.  The checksum is always left partial: the far side, or the port's
 * software path, finishes it.
 *
 * Decides nothing about when and what (tcp_output.c); the rest of RFC 3168
 * 6.1 that stands in the header is here.
 */
#include "tcp/tcp_conn.h"

#include <errno.h>

#include "base/csum.h"
#include "base/cursor.h"

#define IOV_MAX_FRAME	8	/* chunks grow: see chunk_new() */

uint8_t
tcp_own_wscale(const struct tcp_conf *conf)
{
	uint32_t max = tcp_conf_window(conf, conf->rcvbuf_max);
	uint8_t s = 0;

	if (conf->wscale >= 0)
		return (uint8_t)conf->wscale;
	while (s < TCP_WSCALE_MAX && max >> s > UINT16_MAX)
		s++;
	return s;
}

uint16_t
tcp_own_mss(const struct tcp_conn *c)
{
	uint32_t mss = tcp_max(c->pmtu, TCP_IP4_OVERHEAD + TCP_PAYLOAD_MIN) -
	    TCP_IP4_OVERHEAD;

	if (c->conf->mss != 0)
		mss = tcp_min(mss, c->conf->mss);
	return (uint16_t)mss;
}

uint16_t
tcp_offer_mss(struct stack *stk, const struct addr *remote, uint16_t mss)
{
	uint32_t mtu = tcp_min(ip_hop_mtu(stk, remote), UINT16_MAX), own;

	if (mtu == 0)
		mtu = TCP_MSS_DEFAULT + TCP_IP4_OVERHEAD;
	own = tcp_max(mtu, TCP_IP4_OVERHEAD + TCP_PAYLOAD_MIN) -
	    TCP_IP4_OVERHEAD;
	return (uint16_t)(mss != 0 ? tcp_min(own, mss) : own);
}

void
tcp_mss_update(struct tcp_conn *c)
{
	uint32_t own = tcp_own_mss(c);

	/* Tiny segments are for a tiny MTU, not for who asks for them. */
	c->mss = (uint16_t)tcp_max(tcp_min(own, TCP_MSS_MIN),
	    tcp_min(own, c->peer_mss));
}

uint32_t
tcp_initial_window(const struct tcp_conn *c)
{
	return tcp_min(tcp_conf_window(c->conf, c->rcv_buf), UINT16_MAX);
}

/* ---- options ------------------------------------------------------------- */

static void
syn_options(struct stack *stk, struct tcp_conn *c, struct tcp_opts *o)
{
	/* A SYN offers what we may; a SYN,ACK what was agreed. */
	bool answer = c->key.state == TCPS_SYN_RECEIVED;
	const struct tcp_conf *f = c->conf;

	o->mss_on = f->mss_option;
	/* Who opens after a "too big" says what it was told. */
	o->mss = answer ? tcp_offer_mss(stk, &c->key.remote, f->mss) :
	    tcp_own_mss(c);
	/* Something on the way may throw away what it does not know. */
	if (!answer && f->plain_after != 0 && c->tries >= f->plain_after)
		return;
	o->sack_ok = answer ? (c->flags & CF_SACK) != 0 : f->sack;
	o->ts_on = answer ? (c->flags & CF_TS) != 0 : f->timestamps;
	o->wscale_on = answer ? (c->flags & CF_WSCALE) != 0 :
	    f->window_scaling;
	o->wscale = tcp_own_wscale(f);
	if ((c->flags & CF_FO_ASK) != 0)
		tcp_fastopen_option(stk, c, o);
	if (answer && c->acc != NULL)
		tcp_accecn_synack_option(c, o);
}

/* SACK blocks that a segment of now may have: what the other options leave
 * (RFC 2018 3), and over a tiny MTU what some bytes of payload leave. */
static uint32_t
sack_max(const struct tcp_conn *c)
{
	bool ts = (c->flags & CF_TS) != 0;
	uint32_t used = (ts ? TCP_TS_LEN : 0) + 4 + TCP_PAYLOAD_MIN;

	if ((c->flags & CF_SACK) == 0 ||
	    (c->ooo == NULL && (c->flags & CF_DSACK) == 0) || c->mss < used)
		return 0;
	return tcp_min((c->mss - used) / 8, ts ? 3 : 4);
}

/* What goes with the next segment that has no SYN. */
struct plan {
	uint8_t blocks;		/* of SACK */
	uint8_t fields;		/* of Accurate ECN */
};

static uint8_t
blocks_there(const struct tcp_conn *c, uint32_t max)
{
	uint8_t n = (c->flags & CF_DSACK) != 0;

	for (const struct tcp_island *i = c->ooo; i != NULL && n < max;
	    i = i->next)
		n++;
	return n;
}

/* The bytes of it. */
static uint32_t
plan_options(const struct tcp_conn *c, struct plan *p)
{
	uint32_t used = (c->flags & CF_TS) != 0 ? TCP_TS_LEN : 0, max;

	*p = (struct plan){ 0 };
	if ((max = sack_max(c)) > 0)
		p->blocks = blocks_there(c, max);
	if (c->acc != NULL)
		p->fields = tcp_accecn_fields(c, used, &p->blocks);
	if (p->blocks > 0)
		used += 4 + 8u * p->blocks;
	return p->fields > 0 ? used + tcp_acc_len(p->fields) : used;
}

static void
segment_options(struct stack *stk, struct tcp_conn *c,
    const struct tcp_out *o, struct tcp_opts *out)
{
	struct plan p;

	*out = (struct tcp_opts){ 0 };
	if ((o->flags & TCP_SYN) != 0)
		syn_options(stk, c, out);
	else
		out->ts_on = (c->flags & CF_TS) != 0;
	if (out->ts_on) {
		out->tsval = tcp_ts_now(stk) + c->ts_offset;
		/* RFC 7323 3.2: TSecr is 0 where there is no ACK. */
		out->tsecr = (o->flags & TCP_ACK) != 0 ? c->ts_recent : 0;
	}
	if ((o->flags & (TCP_SYN | TCP_RST)) == 0) {
		plan_options(c, &p);
		if (p.blocks > 0)
			out->sacks = tcp_ooo_blocks(c, out->sack, p.blocks);
		if (p.fields > 0)
			tcp_accecn_option(c, p.fields, out);
	}
}

/* tcp_mss_now() is called often, and mostly there is nothing to plan. */
static SLOW uint32_t
planned_bytes(const struct tcp_conn *c)
{
	struct plan p;

	return plan_options(c, &p);
}

uint32_t
tcp_mss_now(const struct tcp_conn *c)
{
	uint32_t opts = (c->flags & CF_TS) != 0 ? TCP_TS_LEN : 0;

	if (c->ooo != NULL || c->acc != NULL || (c->flags & CF_DSACK) != 0)
		opts = planned_bytes(c);
	/* RFC 9293 3.7.1: options come out of the payload.  Over an MTU of
	 * 65535 (to ourselves) a segment is as long as the longest frame. */
	return c->mss > opts + TCP_PAYLOAD_MIN ?
	    tcp_min(c->mss - opts, TCP_FRAME_MAX) : TCP_PAYLOAD_MIN;
}

/* ---- the segment --------------------------------------------------------- */

/* RFC 3168 6.1.1: a SYN asks with ECE and CWR, a SYN,ACK agrees with ECE. */
static uint16_t
syn_ecn_flags(struct tcp_conn *c, bool ack)
{
	if (c->acc != NULL)
		return tcp_accecn_syn_flags(c, ack);
	if (ack)
		return (c->flags & CF_ECN) != 0 ? TCP_ECE : 0;
	return tcp_ecn_asks(c->conf) && c->tries < c->conf->ecn_tries ?
	    TCP_ECE | TCP_CWR : 0;
}

/* ECN bits of the flags (RFC 3168 6.1.2, 6.1.3); CWR goes out once. */
static uint16_t
ecn_flags(struct tcp_conn *c, const struct tcp_out *o)
{
	uint16_t f = o->flags;

	if ((f & TCP_SYN) != 0)
		return f | syn_ecn_flags(c, (f & TCP_ACK) != 0);
	if ((f & TCP_RST) != 0)
		return f;
	if (c->acc != NULL)
		return f | tcp_accecn_flags(c);
	if ((c->flags & CF_ECN) == 0)
		return f;
	if ((c->flags & CF_ECE_SEND) != 0)
		f |= TCP_ECE;
	if (o->ect && (c->flags & CF_CWR_SEND) != 0) {
		f |= TCP_CWR;
		c->flags &= ~CF_CWR_SEND;
	}
	return f;
}

/* RFC 3168 6.1: new data; whoever counts marks may let all have them
 * (RFC 8311 4.3). */
static bool
ecn_capable(const struct tcp_conn *c, const struct tcp_out *o)
{
	if (c->acc == NULL)
		return (c->flags & CF_ECN) != 0 && o->ect;
	return (o->ect || (c->conf->habits & TCP_HABIT_ECT_ALL) != 0) &&
	    (o->flags & (TCP_SYN | TCP_RST)) == 0 && tcp_accecn_ect(c);
}

static void
build_header(struct tcp_conn *c, const struct tcp_out *o, uint32_t hlen,
    uint8_t *p)
{
	struct tcp_hdr h = { .sport = c->key.lport, .dport = c->key.rport,
	    .seq = o->seq, .hlen = (uint8_t)hlen, .flags = ecn_flags(c, o) };

	if ((o->flags & TCP_ACK) != 0)
		h.ack = c->rcv_nxt;
	if ((o->flags & TCP_SYN) != 0)
		h.window = (uint16_t)tcp_initial_window(c);
	else if ((o->flags & TCP_RST) == 0)
		h.window = (uint16_t)(tcp_window_select(c) >> c->rcv_shift);
	if (tcp_urgent(c))
		tcp_urgent_header(c, &h);
	tcp_build_hdr(p, &h);
}

/* Our side of an ACK that went out. */
static void
ack_sent(struct tcp_conn *c)
{
	c->rcv_acked = c->rcv_nxt;
	c->unacked_segs = 0;
	if ((c->flags & (CF_ACK_NOW | CF_ACK_SOON)) != 0 && c->quick > 0)
		c->quick--;
	c->flags &= ~(CF_ACK_NOW | CF_ACK_SOON | CF_DSACK);
	c->ack_due = INSTANT_NEVER;
}

static void
set_offload(struct tcp_conn *c, struct pkt *pkt, uint32_t len, uint32_t mss,
    bool cwr)
{
	const struct tcp_key *k = &c->key;
	uint32_t l4_len = pkt->len + len;

	pkt->csum_needed = true;
	pkt->csum_start = pkt->l4;
	pkt->csum_offset = TCP_OFF_CSUM;
	be16_put(pkt_data(pkt) + TCP_OFF_CSUM, csum_fold(csum_pseudo(&k->local,
	    &k->remote, IPPROTO_TCP4, l4_len)));
	if (len > mss) {
		pkt->gso_type = PKT_GSO_TCP4;
		pkt->gso_size = (uint16_t)mss;
		pkt->gso_ecn = cwr;
	}
}

/* Lends n bytes from seq on to pkt. */
static void
lend_payload(struct tcp_conn *c, struct pkt *pkt, const struct tcp_out *o,
    struct iovec *iov)
{
	uint32_t got, seq = o->seq + ((o->flags & TCP_SYN) != 0);

	pkt->nref = tcp_bytes_iov(&c->snd, seq - tcp_snd_base(c), o->len,
	    iov, IOV_MAX_FRAME, &got);
	assert(got == o->len);
	pkt->ref = iov;
	pkt->ref_len = got;
}

static void
count_sent(struct stack *stk, struct tcp_conn *c, const struct tcp_out *o,
    uint32_t mss)
{
	uint32_t n = o->len > mss ? (o->len + mss - 1) / mss : 1;

	stk->tcp.stats.sent += n;
	c->segs_out += n;
	if (o->len > 0)
		c->data_segs_out += n;
	if ((o->flags & TCP_ACK) != 0)
		ack_sent(c);
}

int
tcp_emit(struct stack *stk, struct tcp_conn *c, const struct tcp_out *o)
{
	uint32_t mss = o->whole ? o->len : tcp_mss_now(c), hlen, mtu;
	struct ip_send s = { .src = c->key.local, .dst = c->key.remote,
	    .proto = IPPROTO_TCP4, .tos = c->conf->tos, .ttl = c->conf->ttl,
	    .df = c->conf->pmtud, .mtu = &mtu };
	struct iovec iov[IOV_MAX_FRAME];
	struct tcp_opts opts;
	struct pkt *pkt;
	bool cwr = (c->flags & CF_CWR_SEND) != 0;
	uint8_t *p;
	int r;

	segment_options(stk, c, o, &opts);
	hlen = TCP_HLEN + tcp_options_len(&opts);
	pkt = pkt_alloc(&stk->pool, hlen);
	if (pkt == NULL) {
		drop_count(stk, DROP_NO_MEMORY);
		return -ENOMEM;
	}
	p = pkt_append(pkt, hlen);
	pkt->l4 = pkt->off;
	build_header(c, o, hlen, p);
	tcp_build_options(p + TCP_HLEN, &opts);
	if (ecn_capable(c, o))
		s.tos = (uint8_t)((s.tos & ~IP_ECN_MASK) | IP_ECN_ECT0);
	set_offload(c, pkt, o->len, mss, cwr);
	if (o->len > 0)
		lend_payload(c, pkt, o, iov);
	count_sent(stk, c, o, mss);
	r = ip_send(stk, pkt, &s);
	/* Whatever it was, the same again would be refused again. */
	if (r == -EMSGSIZE)
		tcp_pmtu_set(stk, c, mtu);
	else if (r != 0)
		c->soft_error = (uint8_t)-r;
	return r;
}

/*
 * tcp_conn.h - what the files of src/tcp share: the connection and its parts.
 * Nobody outside src/tcp includes this.
 *
 * A connection is split by use.  struct tcp_conn is all that an idle one
 * keeps.  struct tcp_flight is what only data in flight needs, and exists
 * from the first byte sent to the last one acknowledged; a little longer where
 * a reduction may still be taken back (TCP_T_UNDO).  A connection that
 * waits out 2 MSL with no owner left is a struct tcp_tw.
 *
 * Life: born by conn_new(), dead when its state is CLOSED, freed by
 * tcp_poll() once its owner has let go, on one line of tcp_conn_free().
 */
#ifndef HOPD_TCP_TCP_CONN_H
#define HOPD_TCP_TCP_CONN_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/timer.h"
#include "stack/stack.h"
#include "tcp/tcp.h"
#include "tcp/tcp_accecn.h"
#include "tcp/tcp_bytes.h"
#include "tcp/tcp_cc.h"
#include "tcp/tcp_options.h"
#include "tcp/tcp_seq.h"
#include "tcp/tcp_wire.h"

#define TCP_MSS_DEFAULT	536	/* RFC 9293 3.7.1 */
#define TCP_MSS_MIN	88	/* send no smaller ones, whoever asks */
#define TCP_PAYLOAD_MIN	8	/* where options leave less, over a tiny MTU */
#define TCP_IP4_OVERHEAD (20 + TCP_HLEN)
#define TCP_DUPTHRESH	3	/* RFC 5681 3.2 */
#define TCP_RCV_LIMIT_K	64u	/* window before data came, KiB */
#define TCP_CLOCK_US	1000	/* tick of our timestamps (RFC 7323 5.4) */

/* What hangs in the demultiplexing table. */
enum tcp_kind { TCP_KIND_CONN, TCP_KIND_TW };

struct tcp_key {
	struct tcp_key *next;		/* in its bucket */
	struct addr local, remote;
	uint16_t lport, rport;
	uint8_t kind;			/* enum tcp_kind */
	uint8_t state;			/* enum tcp_st: tcp_set_state() only */
	uint8_t ca;			/* enum tcp_ca_state */
	uint8_t todo;			/* TODO_*: what tcp_poll() must do */
};

#define TODO_LISTED	0x01u	/* is on the list */
#define TODO_EVENT	0x02u	/* call the owner */
#define TODO_OUTPUT	0x04u	/* tcp_output() */

/* A record of one transmission, and the scoreboard of RFC 6675 in one: the
 * records of a flight cover [snd_una, snd_nxt) without gaps, in order. */
struct tcp_rec {
	struct tcp_rec *next, *prev;
	uint32_t seq, end;		/* [seq, end), FIN included */
	struct instant sent;		/* last transmission */
	uint8_t flags;			/* REC_* */
	uint8_t tries;			/* retransmissions */
};

#define REC_SACKED	0x01u	/* the peer has it */
#define REC_LOST	0x02u	/* we think it is lost */
#define REC_RETRANS	0x04u	/* retransmitted since, in flight again */
#define REC_EVER	0x08u	/* retransmitted at least once (Karn) */
#define REC_FIN		0x10u	/* its last number is the FIN */
#define REC_PSH		0x20u	/* its end was pushed */
#define REC_MARK	0x40u	/* it ends a record of the owner: MSG_EOR */

/* Invariants: the byte counts equal what the records' flags say: sacked sums
 * REC_SACKED, lost REC_LOST, retrans REC_RETRANS; REC_SACKED excludes the
 * other two. */
struct tcp_flight {
	struct tcp_rec *head, *tail;
	struct tcp_flight *spare_next;	/* in the stack's warm list */
	uint32_t sacked, lost, retrans;	/* bytes */
	uint32_t high_sacked;		/* end of the highest sacked record */

	/* recovery: RFC 6675, 6582, 9937, 3522 */
	uint32_t recover;		/* leave when acknowledged up to here */
	uint32_t prr_delivered, prr_out, prr_flight;
	uint32_t undo_cwnd, undo_ssthresh;
	union tcp_cc_priv undo_ccp;	/* and what the algorithm knew */
	uint32_t undo_marker;		/* snd_una at the reduction */
	int32_t undo_left;		/* retransmissions no DSACK denied; -1:
					 * cannot be undone */
	struct instant undo_until;	/* behind recovery: when that may be */
	uint32_t retrans_ts;		/* TSval of the first retransmission */
	uint32_t dup_bytes;		/* without SACK: left the network */
	uint32_t small_end;		/* end of the last small segment */
	uint16_t dupacks;
	uint8_t undo_cc;		/* enum tcp_cc_id */
	bool retrans_ts_on;
	bool cwnd_limited;		/* since the last ACK */
	bool rescued;			/* RFC 6675 4: NextSeg() (4) was used */
	uint32_t out_max, out_end;	/* most in flight, until out_end */
	struct instant pace_due;	/* the next frame may go; NEVER: now */

	/* for tcp_status(): how much arrives in a round trip */
	struct instant rate_from;	/* this round began */
	uint32_t rate_end, rate_bytes;	/* ends it; arrived since */
	bool rate_on;			/* rate_end is set */
	uint32_t loss_ms;		/* the RTO whose recovery goes on; 0 */

	/* RACK-TLP: RFC 8985 5.2 */
	struct instant rack_sent;	/* of the latest delivered record */
	uint32_t rack_end, rack_rtt_us, rack_fack;
	uint32_t rack_fack_new;		/* with what this ACK brings */
	uint32_t reo_round;		/* RACK.dsack_round's end */
	bool dsack_round_on;
	uint8_t frto;			/* enum tcp_frto */
	uint8_t reordering;		/* segments, in this flight */

	/* HyStart++: RFC 9406 4.2 */
	uint32_t hs_round_end, hs_last_min_us, hs_cur_min_us, hs_base_us;
	uint16_t hs_samples, hs_css_rounds;
	bool hs_css;
};

/* RFC 5682 3.1: is a time-out needless?  Nothing to find out; its first ACK is
 * awaited (step 2); new data are under way instead of old (step 3). */
enum tcp_frto { TCP_FRTO_OFF, TCP_FRTO_FIRST, TCP_FRTO_NEW };

/* RFC 8985 7.3: a probe is under way with new data, or is an old segment. */
enum tcp_tlp { TCP_TLP_NONE, TCP_TLP_NEW, TCP_TLP_AGAIN };

/* One island of out-of-order data: also one SACK block. */
struct tcp_island {
	struct tcp_island *next;	/* by sequence, none touch */
	uint32_t seq;			/* its bytes are [seq, seq + q.len) */
	uint32_t stamp;			/* c->ooo_stamp at its last arrival */
	struct tcp_bytes q;
};

/* Where a record of the owner's ends: no segment goes across. */
struct tcp_mark {
	struct tcp_mark *next;
	uint32_t seq;			/* behind its last byte */
};

/* What few connections need: tcp_extra.c. */
struct tcp_extra {
	struct tcp_mark *mark_head, *mark_tail;	/* by sequence, not sent */
	uint32_t snd_up, rcv_up;	/* behind the urgent data */
	bool snd_urgent;		/* SND.UNA < snd_up */
	bool rcv_urgent;		/* rcv_up has not been read */
	/* RFC 4821 7.3: an MTU that passes, and the largest that may */
	uint16_t search_low, search_high;	/* high 0: no search */
	uint16_t probe_mtu;		/* under way; 0: none */
	uint32_t probe_seq, probe_end;
	struct instant search_again;	/* from its start, then */
	uint32_t loss_ms;		/* spent after RTOs, for who looks */
};

/* Kinds of the one timer that looks after what we sent. */
enum tcp_send_timer { TCP_T_OFF, TCP_T_RTO, TCP_T_PTO, TCP_T_REO,
    TCP_T_PERSIST, TCP_T_RETRY, TCP_T_UNDO };

struct tcp_conn {
	struct tcp_key key;		/* first: the table holds keys */
	struct timer timer;		/* at the earliest of the deadlines */
	struct tcp_conn *todo_next;
	/* Until accepted: its place in the listener's queue. */
	struct tcp_listener *listener;	/* NULL: none, or not any more */
	union {
		struct {
			tcp_ready_fn *ready;
			void *owner;
		};
		struct {
			struct tcp_conn *q_next, *q_prev;
		};
	};
	const struct tcp_conf *conf;	/* the stack's, or counted */
	uint32_t flags;			/* CF_* */

	/* send sequence variables (RFC 9293 3.3.1) */
	uint32_t iss, snd_una, snd_nxt;
	uint32_t snd_wnd, snd_wl1, max_wnd;	/* SND.WL2: update_window() */
	uint32_t snd_fin;		/* number of our FIN: CF_FIN */
	uint32_t tlp_end;		/* SND.NXT at the probe: tlp */
	uint32_t bytes_retrans;		/* for tcp_status() only */
	struct tcp_bytes snd;		/* [snd_una, ...), SYN not in it */
	struct tcp_flight *fl;
	struct tcp_extra *ext;
	struct tcp_accecn *acc;		/* asked for, or agreed on; or NULL */

	/* receive sequence variables */
	uint32_t irs, rcv_nxt;
	uint32_t rcv_adv;		/* right edge that we promised */
	uint32_t rcv_acked;		/* rcv_nxt in our last segment */
	uint32_t rcv_fin;		/* number of the peer's FIN: CF_RFIN */
	uint32_t rcv_buf;		/* bytes that may wait for the owner */
	struct tcp_bytes rcv;
	struct tcp_island *ooo;
	uint32_t ooo_bytes;		/* in islands */
	uint16_t ooo_count;		/* islands */
	uint16_t dsack_dups;		/* for tcp_status(); stays at its end */
	uint32_t ooo_stamp;		/* segments that came early, ever */
	struct tcp_sack dsack;		/* RFC 2883: report once; CF_DSACK */

	uint32_t toa_ip;		/* IPv4 of option 254, host order; 0: */
	uint16_t toa_port;		/* none came */
	uint16_t mss;			/* payload of a segment, options off */
	uint16_t peer_mss;		/* its MSS option, or 536 */
	uint16_t rcv_mss;		/* what the peer seems to send */
	uint16_t pmtu;
	uint8_t snd_shift, rcv_shift;	/* window scale */
	uint8_t backoff;		/* RTO doublings, persist steps */
	uint8_t tries;			/* timeouts without progress */
	uint8_t keep_tries;
	uint8_t send_kind;		/* enum tcp_send_timer */
	uint8_t quick;			/* ACKs yet to send at once */
	uint8_t soft_error;		/* errno of an ICMP, not fatal */
	uint8_t error;			/* errno of the death */
	uint8_t cc;			/* enum tcp_cc_id */
	uint8_t hole_tries;		/* PMTU black hole: timeouts in a row */
	uint8_t unacked_segs;		/* segments since our last ACK */
	uint16_t rcv_limit_k;		/* promise no more KiB: tcp_text.c */

	/* RFC 8985: what outlives a flight */
	uint8_t tlp;			/* enum tcp_tlp */
	uint8_t reo_mult, reo_persist;
	uint8_t reo_seen;		/* how often; stays at its end */

	/* RFC 6298, RFC 7323 */
	uint32_t srtt_us, rttvar_us, rto_us, min_rtt_us;
	uint32_t ts_recent, ts_offset;
	uint32_t ts_recent_ms;		/* when, on our timestamp clock */
	/* on the same: the last segment from the peer, with data in it; the
	 * last new data from us */
	uint32_t heard_ms, data_ms, sent_ms;

	/* congestion control (RFC 5681) */
	uint32_t cwnd, ssthresh;	/* bytes */
	uint32_t challenge_ms;		/* last challenge ACK; CF_CHALLENGED */
	union tcp_cc_priv ccp;

	/* deadlines; INSTANT_NEVER: off */
	struct instant send_due, ack_due, life_due;
	struct instant stuck_since;	/* first unanswered transmission */

	/* receive buffer tuning */
	uint32_t tune_us, tune_copied;	/* this round: began, bytes read */
	uint32_t rcv_rtt_us;		/* by what comes in; 0: not yet */

	/* for tcp_status() only */
	uint32_t rcv_rtt_mark;		/* the echo that came last; without
					 * timestamps, what was not promised */
	uint32_t rcv_rtt_from_us;	/* at this time; 0: none is awaited */
	uint32_t total_retrans, segs_in, segs_out, delivered;
	uint32_t data_segs_in, data_segs_out;
	uint32_t rate;			/* bytes a second, lately; odd:
					 * the owner had no more */
	uint16_t snd_wraps, rcv_wraps;	/* how often 2^32 bytes went by */
	uint16_t timeouts, loss_spells;	/* RTOs, and rows of them */
};

#define CF_SACK		0x00000001u	/* both sides permit */
#define CF_TS		0x00000002u
#define CF_WSCALE	0x00000004u
#define CF_ECN		0x00000008u
#define CF_FIN_AHEAD	0x00000010u	/* FIN seen beyond a hole: rcv_fin */
#define CF_NODELAY	0x00000020u
#define CF_CORK		0x00000040u
#define CF_KEEPALIVE	0x00000080u
#define CF_FIN		0x00000100u	/* the owner is done writing */
#define CF_RFIN		0x00000200u	/* the peer's FIN was taken */
#define CF_ORPHAN	0x00000400u	/* no owner: free when CLOSED */
#define CF_ACK_NOW	0x00000800u
#define CF_ACK_SOON	0x00001000u	/* may be delayed */
#define CF_DSACK	0x00002000u
#define CF_SYN_DUE	0x00004000u	/* (re)send SYN or SYN,ACK */
#define CF_ECE_SEND	0x00008000u	/* RFC 3168 6.1.3 */
#define CF_CWR_SEND	0x00010000u	/* RFC 3168 6.1.2 */
#define CF_PASSIVE	0x00020000u	/* born by a listener */
#define CF_ACCEPTQ	0x00040000u	/* in the accept queue */
#define CF_CONNECTED	0x00080000u	/* was ESTABLISHED */
#define CF_CHALLENGED	0x00100000u
#define CF_FORCE	0x00200000u	/* send a small segment: SWS override */
#define CF_PROBE_DUE	0x00400000u	/* window or keepalive probe */
#define CF_TLP_DUE	0x00800000u
#define CF_FASTOPEN	0x01000000u	/* data went with the SYN */
#define CF_FO_ASK	0x40000000u	/* our SYN has a Fast Open option */
#define CF_SYN_ACKED	0x04000000u	/* our SYN left the sequence space */
#define CF_SYN_RETRANS	0x10000000u
#define CF_FO_EXP	0x02000000u	/* by the experimental option */
#define CF_FO_OFF	0x08000000u	/* the next SYN goes without */
#define CF_FO_EARLY	0x20000000u	/* accepted in SYN-RECEIVED */
#define CF_MORE		0x80000000u	/* no PSH where what is written ends */

struct tcp_listener {
	struct tcp_listener *hash_next, *todo_next;
	struct addr local;		/* all zero: any of ours */
	uint16_t port;
	bool listed;			/* on stk->tcp.ltodo */
	uint32_t backlog;
	uint32_t waiting, half_open;	/* queue lengths */
	struct tcp_conn *ready_head, *ready_tail;	/* accept queue */
	struct tcp_conn *syn_head, *syn_tail;		/* oldest first */
	struct instant cookie_sent;	/* the last SYN cookie; NEVER: none */
	const struct tcp_conf *conf;
	tcp_accept_fn *ready;
	void *owner;
};

/* A connection in TIME-WAIT without an owner. */
struct tcp_tw {
	struct tcp_key key;
	struct timer timer;
	uint32_t snd_nxt, rcv_nxt, rcv_wnd;
	uint32_t ts_recent, ts_recent_ms, ts_offset;
	uint32_t acked_ms;		/* last ACK, for the rate limit */
	uint32_t timewait_us;
	bool ts_on, ts_lax, rfc1337, acked;
	uint8_t rcv_shift;
	uint16_t ace;			/* flags of its ACKs: RFC 9768 */
};

/* A segment that came in, taken apart. */
struct tcp_seg {
	struct tcp_hdr h;
	struct tcp_opts o;
	const uint8_t *data;		/* its payload, trimmed by step 1 */
	uint32_t seq;			/* of data[0]; SYN does not count */
	uint32_t len;			/* payload bytes */
	uint32_t slen;			/* SEG.LEN: payload, SYN and FIN */
	uint32_t wnd;			/* scaled */
	uint32_t segments;		/* the peer sent it in so many */
	uint8_t ecn;			/* enum ip_ecn, of the IP header */
	bool iss_on;			/* a new connection begins at iss */
	uint32_t iss;
};

/* What one ACK did; tcp_ack.c fills it, recovery and cc read it. */
struct tcp_acked {
	uint32_t prior_una, prior_flight;
	uint32_t acked;			/* cumulatively, bytes */
	uint32_t delivered;		/* newly known to have arrived */
	uint32_t sacked;		/* newly sacked */
	int64_t rtt_us;			/* -1: no sample */
	bool dup;			/* RFC 5681: a duplicate ACK */
	bool dsack, ece, overtaken;	/* overtaken: reordering was seen */
	uint32_t dsack_end;		/* of the D-SACK */
	bool lost_new;			/* something was marked lost */
	bool wnd_changed;
	bool once, again;		/* of that, sent once; sent again */
	bool ts_on;
	uint32_t tsecr;			/* with ts_on: the ACK's */
};

/* ---- tcp_conn.c ---- */
/* In the table, CLOSED, with a reference to conf; NULL: -ENOMEM or limit. */
struct tcp_conn *tcp_conn_new(struct stack *stk, const struct tcp_key *k,
    const struct tcp_conf *conf);
void tcp_conn_free(struct stack *stk, struct tcp_conn *c);
int tcp_key_insert(struct stack *stk, struct tcp_key *k);
void tcp_key_remove(struct stack *stk, struct tcp_key *k);
struct tcp_key *tcp_key_lookup(const struct stack *stk,
    const struct addr *local, uint16_t lport, const struct addr *remote,
    uint16_t rport);
void tcp_todo(struct stack *stk, struct tcp_conn *c, uint32_t what);
void tcp_kick(struct stack *stk);
/* The connection is over for this errno (0: in peace): CLOSED, buffers for
 * sending gone; freed by tcp_poll() once it is an orphan. */
void tcp_die(struct stack *stk, struct tcp_conn *c, int error);
struct tcp_flight *tcp_flight_get(struct stack *stk, struct tcp_conn *c);
void tcp_flight_put(struct stack *stk, struct tcp_conn *c);
void tcp_flight_fini(struct stack *stk);

/* ---- tcp_conf.c: settings, shared and counted ---- */
/* from NULL: the stack's own.  NULL: no memory. */
const struct tcp_conf *tcp_conf_new(struct stack *stk,
    const struct tcp_conf *from);
void tcp_conf_get(struct stack *stk, const struct tcp_conf *conf);
void tcp_conf_put(struct stack *stk, const struct tcp_conf *conf);

/* ---- tcp_state.c ---- */
void tcp_set_state(struct stack *stk, struct tcp_conn *c, enum tcp_st st);
bool tcp_state_legal(enum tcp_st from, enum tcp_st to);

/* Does an active open ask for ECN of either kind? */
static inline bool
tcp_ecn_asks(const struct tcp_conf *conf)
{
	return conf->ecn == TCP_ECN_REQUEST || conf->ecn == TCP_ECN_ACCURATE ||
	    conf->ecn == TCP_ECN_ACCURATE_ANSWER;
}

static inline bool
tcp_synced(const struct tcp_conn *c)
{
	return c->key.state >= TCPS_ESTABLISHED;
}

/* ---- tcp_segment.c: from bytes to struct tcp_seg ---- */
bool tcp_seg_parse(const struct pkt *pkt, const struct ip_meta *m,
    struct tcp_seg *s, enum drop *why);

/* ---- tcp_listen.c ---- */
struct tcp_listener *tcp_listener_lookup(const struct stack *stk,
    const struct addr *local, uint16_t port);
enum drop tcp_listen_input(struct stack *stk, struct tcp_listener *l,
    const struct ip_meta *m, struct tcp_seg *s);
/* A half-open connection of c->listener became ESTABLISHED; false: no room in
 * the accept queue, leave it half open. */
bool tcp_listen_promote(struct stack *stk, struct tcp_conn *c);
void tcp_listen_forget(struct stack *stk, struct tcp_conn *c);
/* Is the last ACK of c's handshake to be ignored, as conf->defer_tries asks? */
bool tcp_listen_defers(const struct tcp_conn *c);
/* It was, and the SYN,ACK need not be sent again. */
bool tcp_listen_waits(const struct tcp_conn *c);
void tcp_listen_poll(struct stack *stk);
void tcp_listen_fini(struct stack *stk);

/* ---- tcp_cookie.c: SYN cookies (RFC 4987 3.6) ---- */
#define TCP_COOKIE_TS_MASK 63u	/* bits of a timestamp that hold options */
uint32_t tcp_cookie_make(struct stack *stk, const struct tcp_key *k,
    uint32_t irs, uint16_t mss);
/* 0, or the MSS that a good cookie keeps. */
uint16_t tcp_cookie_check(const struct stack *stk, const struct tcp_key *k,
    uint32_t irs, uint32_t cookie);
uint32_t tcp_cookie_ts(const struct stack *stk, const struct tcp_opts *o,
    bool ecn);
void tcp_cookie_ts_read(uint32_t tsecr, struct tcp_opts *o, bool *ecn);

/* ---- tcp_output.c ---- */
void tcp_output(struct stack *stk, struct tcp_conn *c);
void tcp_send_ack(struct stack *stk, struct tcp_conn *c);
void tcp_send_reset(struct stack *stk, struct tcp_conn *c);
/* Sends record r once more; false: could not. */
bool tcp_retransmit(struct stack *stk, struct tcp_conn *c, struct tcp_rec *r,
    uint32_t max);
bool tcp_send_new(struct stack *stk, struct tcp_conn *c, uint32_t max);

/* ---- tcp_emit.c: one segment to bytes ---- */
struct tcp_out {
	uint32_t seq, len;		/* payload bytes from c->snd */
	uint16_t flags;
	bool ect;			/* may carry ECT(0) */
	bool whole;			/* one segment, longer than others */
};
#define TCP_FRAME_MAX	(65535 - 60 - 60)	/* payload of a super-frame */
int tcp_emit(struct stack *stk, struct tcp_conn *c, const struct tcp_out *o);
uint8_t tcp_own_wscale(const struct tcp_conf *conf);
uint16_t tcp_own_mss(const struct tcp_conn *c);	/* that the path lets */
/* To advertise: of what the first hop brings, as the way back may be another
 * (RFC 1191 3.1); mss: the owner's bound, or 0. */
uint16_t tcp_offer_mss(struct stack *stk, const struct addr *remote,
    uint16_t mss);
uint32_t tcp_mss_now(const struct tcp_conn *c);	/* options of now off */
uint32_t tcp_initial_window(const struct tcp_conn *c);	/* receive */
void tcp_mss_update(struct tcp_conn *c);	/* pmtu or peer_mss changed */

/* ---- tcp_respond.c: segments that belong to no connection ---- */
void tcp_respond_reset(struct stack *stk, const struct ip_meta *m,
    const struct tcp_hdr *h, uint32_t slen);
/* A segment from k's local to its remote; options as told. */
void tcp_respond(struct stack *stk, const struct tcp_key *k,
    const struct tcp_hdr *h, const struct tcp_opts *o);

/* ---- tcp_input.c ---- */
/* A segment for c: a drop reason, or DROP_COUNT if it was of use. */
enum drop tcp_conn_segment(struct stack *stk, struct tcp_conn *c,
    struct tcp_seg *s);
void tcp_established(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s);
/* The FIN of s, or one that came before its turn. */
void tcp_fin_input(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s);

/* ---- tcp_synsent.c: RFC 9293 3.10.7.3 ---- */
enum drop tcp_synsent_input(struct stack *stk, struct tcp_conn *c,
    struct tcp_seg *s);
/* Options and windows that a SYN brings. */
void tcp_take_syn(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s);

/* ---- tcp_ack.c ---- */
void tcp_ack(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s);

/* ---- tcp_text.c: receiving data ---- */
enum drop tcp_text(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s);
uint32_t tcp_rcv_wnd(const struct tcp_conn *c);	/* promised, from rcv_nxt */
uint32_t tcp_window_select(struct tcp_conn *c);	/* and promise */
void tcp_rcv_consumed(struct stack *stk, struct tcp_conn *c, uint32_t n);

/* ---- tcp_ooo.c ---- */
/* Keeps [seq, seq + n), beyond rcv_nxt.  Bytes that were new; 0 with *full:
 * no memory. */
uint32_t tcp_ooo_add(struct stack *stk, struct tcp_conn *c, uint32_t seq,
    const uint8_t *p, uint32_t n, bool *full);
/* Moves what rcv_nxt has reached to c->rcv. */
void tcp_ooo_deliver(struct stack *stk, struct tcp_conn *c);
void tcp_ooo_clear(struct stack *stk, struct tcp_conn *c);
/* Blocks to report, RFC 2018 4 and RFC 2883 4: at most max. */
uint8_t tcp_ooo_blocks(struct tcp_conn *c, struct tcp_sack *out, uint8_t max);

/* ---- tcp_flight.c: the records ---- */
int tcp_rec_add(struct stack *stk, struct tcp_conn *c, uint32_t seq,
    uint32_t end, bool fin);
/* Cuts r at seq; its first part stays r.  0 or -ENOMEM. */
int tcp_rec_split(struct stack *stk, struct tcp_conn *c, struct tcp_rec *r,
    uint32_t seq);
/* Makes one record of r and the next, neither of them SACKed. */
void tcp_rec_join(struct stack *stk, struct tcp_flight *f, struct tcp_rec *r);
void tcp_rec_mark(struct tcp_flight *f, struct tcp_rec *r, uint8_t flags);
void tcp_rec_unmark(struct tcp_flight *f, struct tcp_rec *r, uint8_t flags);
/* Drops the records that ack covers; fills a->acked, rtt, delivered. */
void tcp_flight_ack(struct stack *stk, struct tcp_conn *c, uint32_t ack,
    struct tcp_acked *a);
uint32_t tcp_flight_pipe(const struct tcp_conn *c);	/* RFC 6675 4 */

/* ---- tcp_sack.c ---- */
void tcp_sack_input(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s, struct tcp_acked *a);
void tcp_sack_mark_lost(struct tcp_conn *c, struct tcp_acked *a);
/* What may go again in a recovery without RACK, though nothing says that it is
 * lost, when there is nothing else to send; NULL: nothing. */
struct tcp_rec *tcp_sack_next(struct stack *stk, struct tcp_conn *c);

/* ---- tcp_rack.c: RFC 8985 ---- */
void tcp_rack_delivered(struct stack *stk, struct tcp_conn *c,
    const struct tcp_rec *r, struct tcp_acked *a);
void tcp_rack_detect(struct stack *stk, struct tcp_conn *c,
    struct tcp_acked *a);
void tcp_rack_reo_timeout(struct stack *stk, struct tcp_conn *c);
int64_t tcp_tlp_timeout(const struct stack *stk, const struct tcp_conn *c);
void tcp_tlp_send(struct stack *stk, struct tcp_conn *c);
void tcp_tlp_ack(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s, struct tcp_acked *a);

/* ---- tcp_recovery.c ---- */
void tcp_recovery_ack(struct stack *stk, struct tcp_conn *c,
    struct tcp_acked *a);
void tcp_recovery_timeout(struct stack *stk, struct tcp_conn *c);
/* What a tells of is no loss, but congestion. */
void tcp_recovery_enter_cwr(struct stack *stk, struct tcp_conn *c,
    const struct tcp_acked *a);
void tcp_recovery_resize(struct stack *stk, struct tcp_conn *c);
/* The probe that is out is too big, as a router says: its bytes go again. */
void tcp_recovery_probe(struct stack *stk, struct tcp_conn *c);
/* May a reduction yet be taken back, with nothing in flight any more? */
bool tcp_recovery_open(const struct stack *stk, const struct tcp_conn *c);

/* ---- tcp_rtt.c: RFC 6298 ---- */
void tcp_rtt_sample(struct tcp_conn *c, int64_t rtt_us);
void tcp_rto_compute(struct tcp_conn *c);
uint32_t tcp_rto_now(const struct tcp_conn *c);		/* with backoff */

/* ---- tcp_timer.c ---- */
void tcp_timer_fire(struct stack *stk, struct timer *t);
/* Sets the timer to the earliest deadline: after every change of one. */
void tcp_timer_update(struct stack *stk, struct tcp_conn *c);
void tcp_send_timer(struct stack *stk, struct tcp_conn *c,
    enum tcp_send_timer kind, int64_t after_us);
/* Chooses what the send timer must be now, and restarts it. */
void tcp_send_timer_restart(struct stack *stk, struct tcp_conn *c);
/* Milliseconds spent after RTOs, with what goes on; that is over. */
uint32_t tcp_loss_ms(const struct stack *stk, const struct tcp_conn *c);
void tcp_loss_end(struct stack *stk, struct tcp_conn *c);
void tcp_keepalive_restart(struct stack *stk, struct tcp_conn *c);

/* ---- tcp_timewait.c ---- */
/* c is in TIME-WAIT: starts the wait, again if need be. */
void tcp_timewait_enter(struct stack *stk, struct tcp_conn *c);
/* An orphan in TIME-WAIT becomes a tcp_tw and is gone; without memory it
 * stays as it is. */
void tcp_timewait_shrink(struct stack *stk, struct tcp_conn *c);
/* True: the segment opens a new connection (RFC 6191): w is gone. */
bool tcp_timewait_input(struct stack *stk, struct tcp_tw *w,
    struct tcp_seg *s, enum drop *why);
void tcp_timewait_free(struct stack *stk, struct tcp_tw *w);

/* ---- tcp_secure.c ---- */
uint32_t tcp_isn(const struct stack *stk, const struct tcp_key *k);
uint32_t tcp_ts_offset(const struct stack *stk, const struct tcp_key *k);
int tcp_port_choose(struct stack *stk, struct tcp_key *k);
/* RFC 5961 7: may this connection send a challenge ACK now? */
void tcp_challenge_ack(struct stack *stk, struct tcp_conn *c);
/* The same limit for ACKs to dataless segments out of the window. */
void tcp_stray_ack(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s);

static inline uint32_t
tcp_ts_now(const struct stack *stk)
{
	return (uint32_t)(stk->now.us / TCP_CLOCK_US);
}

/* Microseconds since ms was tcp_ts_now(). */
static inline int64_t
tcp_since_us(const struct stack *stk, uint32_t ms)
{
	return (int64_t)(tcp_ts_now(stk) - ms) * TCP_CLOCK_US;
}

/* ---- tcp_pmtu.c ---- */
void tcp_pmtu_too_big(struct stack *stk, struct tcp_conn *c, uint32_t mtu);
void tcp_pmtu_timeout(struct stack *stk, struct tcp_conn *c);
/* The way, or ip_send(), takes no more than that. */
void tcp_pmtu_set(struct stack *stk, struct tcp_conn *c, uint32_t mtu);

/* ---- tcp_extra.c: records and urgent data; c->ext != NULL but for the
 * first two and the last ---- */
struct tcp_extra *tcp_extra_get(struct stack *stk, struct tcp_conn *c);
void tcp_extra_put(struct stack *stk, struct tcp_conn *c);
/* How many of the next avail bytes one segment may hold. */
uint32_t tcp_record_left(const struct tcp_conn *c, uint32_t avail);
/* Bytes up to end were sent for the first time: do they end a record? */
bool tcp_record_sent(struct stack *stk, struct tcp_conn *c, uint32_t end);
/* SND.UNA has moved. */
void tcp_extra_acked(struct stack *stk, struct tcp_conn *c);
/* Something was read. */
void tcp_extra_read(struct tcp_conn *c);
/* The flag and the pointer of a segment that begins at h->seq. */
void tcp_urgent_header(const struct tcp_conn *c, struct tcp_hdr *h);
/* An acceptable segment has the flag. */
void tcp_urgent_input(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s);

static inline bool
tcp_urgent(const struct tcp_conn *c)
{
	return c->ext != NULL && c->ext->snd_urgent;
}

/* ---- tcp_probe.c: RFC 4821; but for the first two c->ext != NULL ---- */
/* A connection is open: does it begin with small segments? */
void tcp_probe_start(struct stack *stk, struct tcp_conn *c);
/* Segments became smaller without word from anyone. */
void tcp_probe_black_hole(struct stack *stk, struct tcp_conn *c);
/* Payload of the probe to send now; 0: none. */
uint32_t tcp_probe_len(struct stack *stk, struct tcp_conn *c);
void tcp_probe_sent(struct tcp_conn *c, uint32_t seq, uint32_t len);
void tcp_probe_failed(struct tcp_conn *c);
void tcp_probe_acked(struct stack *stk, struct tcp_conn *c);
/* Is a probe what was lost, and nothing else?  Also without c->ext. */
bool tcp_probe_lost(const struct tcp_conn *c);
/* The path's MTU is said to be no more; also without c->ext. */
void tcp_probe_too_big(struct stack *stk, struct tcp_conn *c, uint32_t mtu);

/* ---- tcp_fastopen.c: RFC 7413 ---- */
/* c was made from this SYN: takes its data if the cookie is good; true: c is
 * open for its owner before the handshake ends. */
bool tcp_fastopen_syn(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s);
/* An active open wants Fast Open. */
void tcp_fastopen_open(struct stack *stk, struct tcp_conn *c);
/* The option of our SYN or SYN,ACK. */
void tcp_fastopen_option(const struct stack *stk, const struct tcp_conn *c,
    struct tcp_opts *o);
/* Bytes of c->snd that go with our SYN. */
uint32_t tcp_fastopen_syn_len(const struct stack *stk,
    const struct tcp_conn *c);
/* The SYN,ACK of an active open: a cookie to remember. */
void tcp_fastopen_synack(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s);
/* An active open ends in SYN-SENT with this errno. */
void tcp_fastopen_failed(struct stack *stk, const struct tcp_conn *c,
    int error);
/* A RST ended what was accepted early. */
void tcp_fastopen_reset(struct stack *stk);
/* The handshake ends with this ACK: of the data that went with our SYN it
 * takes some, and the rest goes again. */
void tcp_fastopen_taken(struct stack *stk, struct tcp_conn *c, uint32_t ack);

/* ---- small things many files need ---- */
static inline uint32_t
tcp_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint32_t
tcp_max(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* n bytes of window, or as many as conf lets be promised. */
static inline uint32_t
tcp_conf_window(const struct tcp_conf *conf, uint32_t n)
{
	return conf->window_clamp != 0 && conf->window_clamp < n ?
	    conf->window_clamp : n;
}

/* Number of the first byte in c->snd. */
static inline uint32_t
tcp_snd_base(const struct tcp_conn *c)
{
	return (c->flags & CF_SYN_ACKED) != 0 ? c->snd_una : c->iss + 1;
}

/* Number behind the last byte written. */
static inline uint32_t
tcp_snd_end(const struct tcp_conn *c)
{
	return tcp_snd_base(c) + c->snd.len;
}

static inline uint32_t
tcp_flight_bytes(const struct tcp_conn *c)
{
	return c->snd_nxt - c->snd_una;
}

/* RCV.NXT and SND.UNA move on; they are counted beyond 32 bits. */
static inline void
tcp_rcv_advance(struct tcp_conn *c, uint32_t n)
{
	c->rcv_nxt += n;
	c->rcv_wraps += c->rcv_nxt - c->irs < n;
}

static inline void
tcp_una_advance(struct tcp_conn *c, uint32_t ack)
{
	c->snd_wraps += ack - c->iss < c->snd_una - c->iss;
	c->snd_una = ack;
}

#endif

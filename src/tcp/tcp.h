/*
 * tcp.h - TCP (RFC 9293): connections and listeners for what runs on the
 * stack, and the ways in from below.
 *
 * The API is event style.  An owner opens or accepts a connection and gives it
 * a `ready` function; tcp_poll() calls that after the batch when something
 * changed, and the owner then reads, writes, closes.  Nothing is called from
 * inside tcp_input(), and a connection is freed only by tcp_poll().
 *
 *	static void
 *	echo_ready(struct stack *stk, struct tcp_conn *c, void *arg)
 *	{
 *		char buf[4096];
 *		int32_t n;
 *
 *		while (tcp_write_room(stk, c) >= sizeof(buf) &&
 *		    (n = tcp_read(stk, c, buf, sizeof(buf))) > 0)
 *			tcp_write(stk, c, buf, (uint32_t)n);
 *		if ((tcp_events(c) & (TCP_EV_EOF | TCP_EV_ERROR)) != 0)
 *			tcp_close(stk, c);
 *	}
 *
 * A handle is good until its owner calls tcp_close() or tcp_abort(), whatever
 * the peer does: a connection that died stays, with its error, until then.
 *
 * What is written is sent by the next tcp_poll(), together with any ACK that
 * is due.  Limits: tcp_conns, tcp_listeners, tcp_syn_queue, tcp_half_open,
 * tcp_sndbuf, tcp_rcvbuf, tcp_mem of base/limits.h.
 *
 * Urgent data are delivered in line (RFC 6093).  Not here: the security
 * compartments of RFC 9293 A.1, MD5, TCP-AO.
 */
#ifndef HOPD_TCP_TCP_H
#define HOPD_TCP_TCP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/addr.h"
#include "base/hash.h"
#include "base/instant.h"
#include "base/pkt.h"
#include "base/timer.h"
#include "ip/ip.h"

struct stack;
struct tcp_chunk;
struct tcp_conn;
struct tcp_flight;
struct tcp_key;
struct tcp_listener;

/* RFC 9293 3.3.2. */
enum tcp_st {
	TCPS_CLOSED, TCPS_LISTEN, TCPS_SYN_SENT, TCPS_SYN_RECEIVED,
	TCPS_ESTABLISHED, TCPS_FIN_WAIT_1, TCPS_FIN_WAIT_2, TCPS_CLOSE_WAIT,
	TCPS_CLOSING, TCPS_LAST_ACK, TCPS_TIME_WAIT,
	TCPS_COUNT
};

const char *tcp_state_name(enum tcp_st st);	/* "SYN-SENT" */

enum tcp_cc_id { TCP_CC_CUBIC, TCP_CC_NEWRENO, TCP_CC_COUNT };

/* Feedback of congestion marks, RFC 3168's or, accurate, RFC 9768's: neither
 * asks nor answers; does both by RFC 3168; answers by it.  The same three with
 * accurate answers to who asks for them: asks for them, too; asks by RFC 3168;
 * asks for nothing. */
enum tcp_ecn_mode { TCP_ECN_OFF, TCP_ECN_REQUEST, TCP_ECN_ACCEPT,
    TCP_ECN_ACCURATE, TCP_ECN_ACCURATE_ANSWER, TCP_ECN_ACCURATE_ACCEPT };
/* RFC 9768 3.2.3.3: when the counters go as an option: never; while they
 * change; with every segment. */
enum tcp_acc_option { TCP_ACC_NEVER, TCP_ACC_CHANGED, TCP_ACC_ALWAYS };
enum tcp_cookie_mode { TCP_COOKIES_NEVER, TCP_COOKIES_OVERFLOW,
    TCP_COOKIES_ALWAYS };

/* Which ICMP errors end an attempt to connect (RFC 5461 4.1): all that say that
 * the peer cannot be reached; those of RFC 1122 4.2.3.9 that will not pass by
 * themselves, "unreachable" as -ECONNREFUSED; none. */
enum tcp_icmp_mode { TCP_ICMP_ANY, TCP_ICMP_HARD, TCP_ICMP_NEVER };

/* What one family of systems does otherwise; none of it unless asked for. */
#define TCP_HABIT_RST_WINDOW	0x01u	/* RFC 793: a RST in the window resets,
					 * instead of RFC 5961 3.2 */
#define TCP_HABIT_SYN_RESETS	0x02u	/* RFC 793: a SYN in the window, too,
					 * instead of RFC 5961 4.2 */
#define TCP_HABIT_BUFFER_WINDOW	0x04u	/* the window is the buffer, also where
					 * its field was too small to say so */
#define TCP_HABIT_FIN_AGAIN	0x08u	/* an ACK repeats a FIN not yet ACKed */
#define TCP_HABIT_SYN_FIN	0x10u	/* a listener takes a SYN with a FIN */
#define TCP_HABIT_NO_SYN_FIN	0x20u	/* nor does SYN-SENT take one */
#define TCP_HABIT_ASK_ONCE	0x40u	/* a server that gives no Fast Open
					 * cookie is not asked again soon */
#define TCP_HABIT_PUSH_END	0x80u	/* PSH only where nothing follows */
#define TCP_HABIT_ECT_ALL	0x200u	/* with accurate feedback all but SYN
					 * and RST is ECN-capable */
#define TCP_HABIT_FIN_WAITS	0x100u	/* the ACK of a FIN behind data waits
					 * for ours as that of data does */

/* RFC 4821: search for a larger MTU never; after a black hole; always. */
enum tcp_probing { TCP_PROBING_OFF, TCP_PROBING_BLACK_HOLE,
    TCP_PROBING_ALWAYS };

#define TCP_FASTOPEN_CLIENT	0x01u
#define TCP_FASTOPEN_SERVER	0x02u
/* RFC 7413 5.1: for networks whose hosts need not prove their address: data in
 * the SYN without a cookie. */
#define TCP_FASTOPEN_CLIENT_BARE 0x04u
#define TCP_FASTOPEN_SERVER_BARE 0x08u
#define TCP_FASTOPEN_KEY_LEN	16u

/*
 * Settings.  The stack has one set, listeners and connections share it until
 * they are given, or set, something of their own; an accepted connection has
 * its listener's.
 */
struct tcp_conf {
	uint32_t rcvbuf;	/* receive buffer at first, bytes */
	uint32_t rcvbuf_max;	/* tuned up to this; = rcvbuf: fixed */
	uint32_t window_clamp;	/* promise no more, bytes; 0: by the buffer */
	uint32_t sndbuf;	/* send buffer at first, bytes */
	uint32_t sndbuf_max;	/* tuned up to this */
	uint32_t rto_initial_us;	/* RFC 6298 2.1 */
	uint32_t rto_min_us;	/* least variance term of the RTO */
	uint32_t rto_max_us;
	uint32_t delack_us;	/* longest delay of an ACK; 0: never delay */
	uint32_t ack_segments;	/* segments that draw an ACK at once; 2 */
	uint32_t timewait_us;	/* 2 MSL */
	uint32_t finwait2_us;	/* an orphan's wait for the peer's FIN */
	uint32_t keep_idle_ms, keep_intvl_ms;	/* RFC 1122 4.2.3.6 */
	uint32_t user_timeout_ms;	/* RFC 9293 3.8.3; 0: by retries */
	uint32_t open_timeout_ms;	/* of an active open; 0: by retries */
	uint32_t challenge_us;	/* RFC 5961 7: least gap on a connection */
	uint32_t linger_ms;	/* with linger */
	uint16_t habits;	/* TCP_HABIT_* */
	uint16_t mss;		/* offer and send no more; 0: by the MTU */
	uint16_t base_mss;	/* mtu_probing begins with it */
	uint16_t initial_cwnd;	/* segments; RFC 6928: 10 */
	uint16_t burst_segments;	/* one frame may always hold so many */
	int8_t wscale;		/* shift to offer; -1: by rcvbuf_max */
	uint8_t keep_count;	/* probes without an answer */
	uint8_t syn_retries, synack_retries, retries;
	/* Not accepted before data come; a handshake without any is done when
	 * the SYN,ACK has timed out so often.  0: at once. */
	uint8_t defer_tries;
	uint8_t ttl, tos;	/* ttl 0: the stack's */
	uint8_t ecn;		/* enum tcp_ecn_mode */
	uint8_t ecn_tries;	/* SYNs that ask for ECN (RFC 3168 6.1.1.1) */
	uint8_t ecn_option;	/* enum tcp_acc_option */
	uint8_t syn_linear;	/* SYNs before their timer doubles; 0: RFC
				 * 6298 5.5 */
	uint8_t plain_after;	/* SYNs, then one without options; 0: none */
	uint8_t icmp;		/* enum tcp_icmp_mode */
	uint8_t mtu_probing;	/* enum tcp_probing; with pmtud */
	uint8_t cc;		/* enum tcp_cc_id */
	uint8_t syn_cookies;	/* enum tcp_cookie_mode */
	uint8_t fastopen;	/* TCP_FASTOPEN_* */
	bool fastopen_keyed;	/* the cookies' key is fastopen_key, else one
				 * of the stack's own choice */
	uint8_t fastopen_key[TCP_FASTOPEN_KEY_LEN];
	uint16_t fastopen_queue;	/* RFC 7413 4.2.2: accepted early and
					 * unfinished, at most */
	bool window_scaling, timestamps;	/* RFC 7323 */
	bool mss_option;	/* off: the peer assumes 536 */
	bool sack;		/* RFC 2018, with RFC 2883 */
	bool rack;		/* RFC 8985: RACK, and TLP: */
	bool tlp;		/* a probe of the tail before the RTO */
	bool hystart;		/* RFC 9406 */
	bool pacing;
	bool pmtud;		/* set DF, heed "too big" */
	bool quickack;		/* ACK each segment at first */
	bool slow_start_idle;	/* RFC 5681 4.1: restart after idle */
	bool ecn_validate;	/* RFC 9768 3.2.2.3: who reports on a SYN,ACK
				 * a mark that it cannot have gets no ECT */
	bool rfc1337;		/* RST does not end TIME-WAIT */
	bool ts_lax;		/* RFC 7323 3.2: agreed timestamps may lack */
	bool nodelay, cork, keepalive;	/* initial values of the options */
	bool linger;		/* close: reset after linger_ms */
};

/* What happened; level, not edge: tcp_events() tells the present. */
#define TCP_EV_CONNECTED	0x01u	/* the handshake is done */
#define TCP_EV_READABLE		0x02u	/* bytes wait to be read */
#define TCP_EV_WRITABLE		0x04u	/* tcp_write() would take some */
#define TCP_EV_EOF		0x08u	/* the peer's FIN, all before read */
#define TCP_EV_ERROR		0x10u	/* dead: tcp_error() says of what */
#define TCP_EV_CLOSED		0x20u	/* no state left, nothing to wait for */
#define TCP_EV_FIN		0x40u	/* the peer's FIN, data may wait */
#define TCP_EV_URGENT		0x80u	/* urgent data are coming, or wait */

typedef void tcp_ready_fn(struct stack *stk, struct tcp_conn *c, void *owner);
typedef void tcp_accept_fn(struct stack *stk, struct tcp_listener *l,
    void *owner);

struct tcp_stats {
	uint64_t received, sent, resets_sent, resets_received;
	uint64_t active_opens, passive_opens, failed_opens, established_resets;
	uint64_t retransmits, timeouts, fast_recoveries, tlp_probes, undone;
	uint64_t challenge_acks, cookies_sent, cookies_good, cookies_bad;
	uint64_t listen_overflows, time_waits, dsacks_sent, dsacks_seen;
	/* RFC 9768: segments that came with CE; of ours, by what peers say */
	uint64_t marks_received, marks_told;
};

#define TCP_FO_CACHE 64		/* paths whose cookie a client remembers */
#define TCP_SPARE_MAX 64	/* warm buffers kept */
#define TCP_LISTENER_BUCKETS 1024	/* by port */

#define TCP_FO_COOKIE 8		/* bytes of the cookies that we give */

struct tcp_fo_entry {
	struct addr client, server;
	struct instant off_until;	/* with refused: none till then */
	uint16_t mss;		/* 0: the entry is free */
	bool exp;		/* cookie by the experimental option */
	uint8_t asked;		/* in vain, 1: by kind 34, 2: by both */
	uint8_t refused;	/* data in the SYN not taken, times in a row */
	bool bare;		/* those had no cookie with them */
	uint8_t len;		/* of the cookie; 0: none known */
	uint8_t cookie[16];
};

struct tcp_state {
	struct tcp_stats stats;
	struct tcp_conf conf;
	struct hash_key key;		/* demultiplexing */
	struct hash_key isn_key;	/* RFC 6528 */
	struct hash_key port_key;	/* RFC 6056 */
	struct hash_key cookie_key;	/* RFC 4987, RFC 7413 */
	struct tcp_key **table;		/* connections and TIME-WAIT */
	uint32_t table_size, table_count;
	struct tcp_listener *listeners[TCP_LISTENER_BUCKETS];
	uint32_t listener_count;
	uint32_t half_open;		/* SYN-RECEIVED by listeners */
	uint32_t fo_pending;		/* accepted before SYN-RECEIVED ends */
	uint32_t fo_resets;		/* RFC 7413 5.1: ended by a RST: as */
	struct instant fo_resets_end;	/* if pending, until then */
	uint32_t tw_count;
	uint32_t port_next;		/* RFC 6056 3.3.3: the counter */
	uint64_t mem_used;		/* bytes in buffers */
	struct tcp_chunk *spare_chunk;	/* warm, big ones */
	uint32_t spare_chunks;
	struct tcp_flight *spare_flight;
	uint32_t spare_flights;
	struct tcp_conn *todo_head, **todo_tail;	/* for tcp_poll() */
	struct tcp_listener *ltodo;
	struct timer kick;		/* something waits for tcp_poll() */
	uint32_t challenge_left;	/* RFC 5961 7: in this second */
	struct instant challenge_refill;
	struct tcp_fo_entry fo_cache[TCP_FO_CACHE];	/* by hash */
};

/* ---- from below ---------------------------------------------------------- */

int tcp_init(struct stack *stk);	/* 0 or -ENOMEM */
void tcp_fini(struct stack *stk);	/* frees all, sends nothing */

/* Consumes; data at the TCP header. */
void tcp_input(struct stack *stk, struct pkt *pkt, const struct ip_meta *m);

/* See ip/ip_fetch.h. */
#define TCP_FETCH_CONNS 2048u
void tcp_fetch(const struct stack *stk, const struct ip_glance g[],
    uint32_t n);
static inline bool
tcp_fetch_pays(const struct tcp_state *t)
{
	return t->table_count > TCP_FETCH_CONNS;
}

/* An ICMP error speaks of a segment of ours: 8 bytes of it are at l4.  Does
 * not consume. */
void tcp_icmp_error(struct stack *stk, const struct ip_meta *quoted,
    const uint8_t *l4, uint8_t type, uint8_t code, uint32_t info);

/* Drains the ready list: stack_poll() calls it after the batch. */
void tcp_poll(struct stack *stk);

/* ---- opening ------------------------------------------------------------- */

struct tcp_open {
	struct addr local, remote;	/* local: all zero: by route */
	uint16_t lport, rport;		/* lport 0: chosen (RFC 6056) */
	const struct tcp_conf *conf;	/* NULL: the stack's; copied */
	tcp_ready_fn *ready;
	void *owner;
	/* The first data; copied, all of it or -ENOMEM.  With conf->fastopen
	 * they go with the SYN if a cookie is known (RFC 7413 4.2.1), else
	 * after the handshake. */
	const void *data;
	uint32_t data_len;
};

/* Active open: *out is in SYN-SENT.  0, -EADDRINUSE, -EADDRNOTAVAIL (no free
 * port), -ENETUNREACH, -EHOSTUNREACH, -EACCES, -ENOSPC, -ENOMEM. */
int tcp_connect(struct stack *stk, const struct tcp_open *o,
    struct tcp_conn **out);

/* Bytes of first data that a SYN to remote would carry now: 0 without Fast
 * Open, or as long as no cookie is known. */
uint32_t tcp_fastopen_room(struct stack *stk, const struct addr *remote,
    const struct tcp_conf *conf);
/* Forgets the cookies of all servers. */
void tcp_fastopen_forget(struct stack *stk);

/* Passive open.  local all zero: every address of ours.  backlog bounds the
 * connections that wait for tcp_accept(); ready is called when there are some.
 * 0, -EADDRINUSE, -EINVAL (port 0), -ENOSPC, -ENOMEM. */
int tcp_listen(struct stack *stk, const struct addr *local, uint16_t port,
    uint32_t backlog, const struct tcp_conf *conf, tcp_accept_fn *ready,
    void *owner, struct tcp_listener **out);

/* The oldest established connection, or NULL; tcp_set_owner() it. */
struct tcp_conn *tcp_accept(struct stack *stk, struct tcp_listener *l);

/* Other settings, for SYNs from now on.  0 or -ENOMEM. */
int tcp_listener_set_conf(struct stack *stk, struct tcp_listener *l,
    const struct tcp_conf *conf);
/* Another bound; who waits already waits on. */
void tcp_listener_set_backlog(struct tcp_listener *l, uint32_t backlog);
uint32_t tcp_listener_waiting(const struct tcp_listener *l); /* to accept */

/* Ends listening: connections not yet accepted are reset, l is gone. */
void tcp_listen_close(struct stack *stk, struct tcp_listener *l);

/* Whom the connection tells from now on, first of what is the case already. */
void tcp_set_owner(struct stack *stk, struct tcp_conn *c, tcp_ready_fn *ready,
    void *owner);

/* ---- data ---------------------------------------------------------------- */

/* What is the case now, TCP_EV_* together; not what is new. */
uint32_t tcp_events(const struct tcp_conn *c);

/* Bytes taken out, 0 at the end of the stream, -EAGAIN, or the error of a
 * dead connection.  After tcp_shutdown() of the other side as before. */
int32_t tcp_read(struct stack *stk, struct tcp_conn *c, void *buf,
    uint32_t len);
/* The bytes where they lie, without taking them: fills up to max entries and
 * returns how many; valid until the next call that names c, or tcp_poll(). */
uint32_t tcp_peek(const struct tcp_conn *c, struct iovec *iov, uint32_t max);
/* Takes n bytes that tcp_peek() showed. */
void tcp_consume(struct stack *stk, struct tcp_conn *c, uint32_t n);
uint32_t tcp_readable(const struct tcp_conn *c);	/* bytes waiting */
/* With TCP_EV_URGENT: bytes to read, from the next one on, until the last
 * urgent one (RFC 9293 3.8.5), which may be more than are readable; else 0. */
uint32_t tcp_urgent_left(const struct tcp_conn *c);

/* Bytes taken (copied), which may be fewer than len; -EAGAIN (full, or not
 * yet open: data written in SYN-SENT waits), -EPIPE (after tcp_shutdown), or
 * the error of a dead connection. */
int32_t tcp_write(struct stack *stk, struct tcp_conn *c, const void *buf,
    uint32_t len);
/* The same; if all of len was taken, a record ends there (MSG_EOR): no segment
 * holds bytes of it and of what is written behind it.  Also -ENOMEM. */
int32_t tcp_write_record(struct stack *stk, struct tcp_conn *c,
    const void *buf, uint32_t len);
/* The same; what was taken is urgent up to its last byte, and all before it
 * (MSG_OOB, RFC 6093): it goes at once, small or not.  Also -ENOMEM. */
int32_t tcp_write_urgent(struct stack *stk, struct tcp_conn *c,
    const void *buf, uint32_t len);
uint32_t tcp_write_room(const struct stack *stk, const struct tcp_conn *c);
uint32_t tcp_unsent(const struct tcp_conn *c);	/* written, not sent */
uint32_t tcp_unacked(const struct tcp_conn *c);	/* written, not ACKed */

/* ---- closing ------------------------------------------------------------- */

/* No more writes: FIN after what is written (half close). */
void tcp_shutdown(struct stack *stk, struct tcp_conn *c);
/* Gives the handle up: FIN after what is written.  RST instead if received
 * bytes were not read (RFC 1122 4.2.2.13), or with linger and linger_ms 0;
 * linger_ms > 0 resets when that has passed. */
void tcp_close(struct stack *stk, struct tcp_conn *c);
/* Gives the handle up with a RST. */
void tcp_abort(struct stack *stk, struct tcp_conn *c);

/* Why a connection died: -ECONNRESET, -ECONNREFUSED, -ETIMEDOUT, an ICMP's
 * -EHOSTUNREACH...; 0 if it did not. */
int tcp_error(const struct tcp_conn *c);

/* ---- settings and what to see -------------------------------------------- */

enum tcp_opt {
	TCPO_NODELAY, TCPO_CORK, TCPO_KEEPALIVE, TCPO_KEEP_IDLE_MS,
	TCPO_KEEP_INTVL_MS, TCPO_KEEP_COUNT, TCPO_USER_TIMEOUT_MS,
	TCPO_RCVBUF, TCPO_SNDBUF, TCPO_MSS, TCPO_FINWAIT2_MS, TCPO_QUICKACK,
	TCPO_LINGER, TCPO_LINGER_MS, TCPO_TTL, TCPO_TOS, TCPO_CC,
	TCPO_RTO_MIN_US, TCPO_SYN_RETRIES, TCPO_PACING,
	TCPO_WINDOW_CLAMP,	/* 0: none */
	TCPO_MORE,	/* what is written ends no message: no PSH */
	TCPO_ECN_OPTION,	/* enum tcp_acc_option */
	TCPO_COUNT
};

/* 0, -EINVAL (value out of range), -ENOMEM. */
int tcp_set(struct stack *stk, struct tcp_conn *c, enum tcp_opt opt,
    uint32_t value);
uint32_t tcp_get(const struct tcp_conn *c, enum tcp_opt opt);

/* The stack's settings: for whatever opens from now on. */
void tcp_conf_default(struct tcp_conf *conf);	/* the built-in ones */
struct tcp_conf *tcp_conf_stack(struct stack *stk);
/* What an administrator may change (hopctl's "tcp set"), taken from conf: the
 * stack's settings and those of every listener, whose owner has no say in
 * them.  A connection with settings of its own keeps them. */
void tcp_conf_change(struct stack *stk, const struct tcp_conf *conf);

enum tcp_ca_state { TCP_CA_OPEN, TCP_CA_DISORDER, TCP_CA_CWR, TCP_CA_RECOVERY,
    TCP_CA_LOSS };

/* The option of RFC 9768 that the peer sends: none; one without counters; one
 * with them; one that something on the way has mangled. */
enum tcp_acc_seen { TCP_ACC_SEEN_NONE, TCP_ACC_SEEN_EMPTY, TCP_ACC_SEEN_COUNTS,
    TCP_ACC_SEEN_MANGLED };

/* What of RFC 9768 does not get through (Linux's bits): our flags ACE, the
 * peer's; our option, the peer's. */
#define TCP_ACC_FAIL_ACE_SENT		0x1u
#define TCP_ACC_FAIL_ACE_RECEIVED	0x2u
#define TCP_ACC_FAIL_OPTION_SENT	0x4u
#define TCP_ACC_FAIL_OPTION_RECEIVED	0x8u

/* One connection as `ss -tinem` or TCP_INFO would show it. */
struct tcp_status {
	struct addr local, remote;
	uint16_t lport, rport;
	enum tcp_st state;
	enum tcp_ca_state ca_state;
	uint8_t snd_wscale, rcv_wscale;
	bool sack, timestamps, wscale, ecn, fastopen;
	bool accurate;			/* and ecn: RFC 9768 */
	uint32_t received_ce, delivered_ce;	/* its packets with CE */
	uint32_t received_ecn[3];	/* payload bytes, by ECT(1), */
	uint32_t delivered_ecn[3];	/* ECT(0), CE */
	uint8_t acc_seen;		/* enum tcp_acc_seen */
	uint8_t acc_fail;		/* TCP_ACC_FAIL_* */
	uint8_t backoff, probes;
	uint32_t recv_q, send_q;	/* bytes unread; unacknowledged */
	uint32_t unsent;
	uint32_t rto_us, rtt_us, rttvar_us, min_rtt_us, ato_us;
	uint32_t rcv_rtt_us;		/* measured by what comes in; 0: not */
	uint32_t snd_mss, rcv_mss, pmtu, advmss;
	uint32_t cwnd, ssthresh;	/* bytes; UINT32_MAX: no ssthresh */
	uint32_t cwnd_segs, ssthresh_segs;	/* as Linux counts them */
	uint32_t unacked_segs, sacked_segs, lost_segs, retrans_segs;
	uint32_t snd_wnd, rcv_wnd, rcv_space, reordering;
	uint32_t rcv_ooo;		/* bytes out of order */
	uint32_t snd_una, snd_nxt, rcv_nxt, iss, irs;
	uint64_t bytes_acked, bytes_received, bytes_sent, bytes_retrans;
	uint32_t segs_in, segs_out, total_retrans, dsack_dups;
	uint32_t data_segs_in, data_segs_out;	/* of them, with payload */
	uint32_t delivered;		/* segments that arrived, SYN too */
	uint32_t ooo_segs;		/* that came before their turn */
	uint32_t reordered;		/* ACKs that told of such, up to 255 */
	uint32_t timeouts, loss_spells;	/* RTOs, and rows of them */
	uint32_t loss_ms;		/* from such an RTO to its repair */
	uint32_t delivery_rate;		/* bytes a second; 0: not yet */
	bool app_limited;		/* there were no more to send */
	int64_t last_data_sent_us, last_data_recv_us, last_ack_recv_us;
	uint64_t pacing_rate;		/* bytes a second; 0: off */
	const char *cc;			/* "cubic" */
	const char *timer;		/* "rto", "persist", ... or "off" */
	int64_t timer_us;		/* until it fires */
	uint32_t mem_bytes;		/* all memory it holds */
	int error;
};

/* As of this turn. */
void tcp_status(const struct stack *stk, const struct tcp_conn *c,
    struct tcp_status *out);

/* Whose connection it is. */
struct tcp_ends {
	struct addr local, remote;
	/* The client that a FULLNAT director or proxy names in TCP option 254
	 * of the first segments; all zero: it named none.  Who has the
	 * network may lie here as anywhere. */
	struct addr toa;
	uint16_t lport, rport, toa_port;
};

void tcp_ends(const struct tcp_conn *c, struct tcp_ends *out);

/* A walk over everything, TIME-WAIT included, in no order: *pos is 0 at first
 * and the table may not change meanwhile; false at the end. */
bool tcp_walk(const struct stack *stk, uint64_t *pos, struct tcp_status *out);

/* For checks: does a timer run, or a turn in tcp_poll() wait, for every
 * connection that has anything unacknowledged or unsent?  Walks over all. */
bool tcp_timers_run(const struct stack *stk);

struct tcp_listener_status {
	struct addr local;
	uint16_t port;
	uint32_t backlog, waiting, half_open;
};
/* The n-th listener; false at the end. */
bool tcp_listener_at(const struct stack *stk, uint32_t n,
    struct tcp_listener_status *out);

#endif

/*
 * tcp_listen.c - the LISTEN state (RFC 9293 3.10.7.2): listeners, their queue
 * of half-open connections, their queue of connections to accept.
 *
 * A SYN makes a child in SYN-RECEIVED, on the listener's SYN queue; the last
 * ACK of the handshake moves it to the accept queue, if that has room, and
 * otherwise is ignored, so that the peer repeats it.  With defer_tries it is
 * ignored as long as no data come with it or after it: then the SYN,ACK rests,
 * and is sent once more at the end to ask for an ACK that counts.  When a SYN
 * queue is full the listener answers with SYN cookies (tcp_cookie.c) and keeps
 * nothing.
 *
 * Limits: tcp_listeners, tcp_syn_queue a listener, tcp_half_open in all,
 * backlog + 1 connections to accept.  Owns struct tcp_listener.
 */
#include "tcp/tcp_conn.h"

#include <errno.h>

/* How long after a cookie was sent an ACK may bring one back. */
#define COOKIE_LIFE_US	(INT64_C(120) * USEC_PER_SEC)

static struct tcp_listener **
bucket_of(const struct stack *stk, uint16_t port)
{
	return (struct tcp_listener **)(uintptr_t)
	    &stk->tcp.listeners[port % TCP_LISTENER_BUCKETS];
}

struct tcp_listener *
tcp_listener_lookup(const struct stack *stk, const struct addr *local,
    uint16_t port)
{
	struct tcp_listener *l, *any = NULL;

	for (l = *bucket_of(stk, port); l != NULL; l = l->hash_next) {
		if (l->port != port)
			continue;
		if (addr_eq(&l->local, local))
			return l;
		if (addr_is_any(&l->local))
			any = l;
	}
	return any;
}

/* Is there one with exactly this address and port? */
static bool
listener_taken(const struct stack *stk, const struct addr *local,
    uint16_t port)
{
	struct tcp_listener *l = tcp_listener_lookup(stk, local, port);

	return l != NULL && addr_is_any(&l->local) == addr_is_any(local);
}

int
tcp_listen(struct stack *stk, const struct addr *local, uint16_t port,
    uint32_t backlog, const struct tcp_conf *conf, tcp_accept_fn *ready,
    void *owner, struct tcp_listener **out)
{
	struct tcp_listener *l, **b;

	if (port == 0)
		return -EINVAL;
	if (listener_taken(stk, local, port))
		return -EADDRINUSE;
	if (stk->tcp.listener_count >= stk->limits.tcp_listeners)
		return -ENOSPC;
	l = mem_alloc(&stk->mem, sizeof(*l));
	if (l == NULL)
		return -ENOMEM;
	l->conf = tcp_conf_new(stk, conf);
	if (l->conf == NULL) {
		mem_free(&stk->mem, l, sizeof(*l));
		return -ENOMEM;
	}
	l->local = *local;
	l->port = port;
	l->backlog = backlog;
	l->cookie_sent = INSTANT_NEVER;
	l->ready = ready;
	l->owner = owner;
	b = bucket_of(stk, port);
	l->hash_next = *b;
	*b = l;
	stk->tcp.listener_count++;
	*out = l;
	return 0;
}

/* ---- the two queues ------------------------------------------------------ */

static void
queue_put(struct tcp_conn **head, struct tcp_conn **tail, struct tcp_conn *c)
{
	c->q_next = NULL;
	c->q_prev = *tail;
	if (*tail != NULL)
		(*tail)->q_next = c;
	else
		*head = c;
	*tail = c;
}

static void
queue_remove(struct tcp_conn **head, struct tcp_conn **tail,
    struct tcp_conn *c)
{
	if (c->q_prev != NULL)
		c->q_prev->q_next = c->q_next;
	else
		*head = c->q_next;
	if (c->q_next != NULL)
		c->q_next->q_prev = c->q_prev;
	else
		*tail = c->q_prev;
	c->ready = NULL;
	c->owner = NULL;
}

/* Takes c off whichever queue holds it; it has no listener any more. */
void
tcp_listen_forget(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_listener *l = c->listener;

	if (l == NULL)
		return;
	if ((c->flags & CF_ACCEPTQ) != 0) {
		queue_remove(&l->ready_head, &l->ready_tail, c);
		c->flags &= ~CF_ACCEPTQ;
		l->waiting--;
	} else {
		queue_remove(&l->syn_head, &l->syn_tail, c);
		l->half_open--;
		stk->tcp.half_open--;
	}
	c->listener = NULL;
}

static bool
accept_full(const struct tcp_listener *l)
{
	return l->waiting > l->backlog;
}

static void
listener_notify(struct stack *stk, struct tcp_listener *l)
{
	if (l->listed)
		return;
	l->listed = true;
	l->todo_next = stk->tcp.ltodo;
	stk->tcp.ltodo = l;
	tcp_kick(stk);
}

static void
accept_put(struct stack *stk, struct tcp_listener *l, struct tcp_conn *c)
{
	c->flags |= CF_ACCEPTQ;
	c->listener = l;
	queue_put(&l->ready_head, &l->ready_tail, c);
	l->waiting++;
	stk->tcp.stats.passive_opens++;
	listener_notify(stk, l);
}

bool
tcp_listen_promote(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_listener *l = c->listener;

	if (accept_full(l)) {
		stk->tcp.stats.listen_overflows++;
		return false;
	}
	tcp_listen_forget(stk, c);
	accept_put(stk, l, c);
	return true;
}

bool
tcp_listen_defers(const struct tcp_conn *c)
{
	return c->tries < c->conf->defer_tries;
}

/* Its start is forgotten: what comes later says nothing of a round trip. */
bool
tcp_listen_waits(const struct tcp_conn *c)
{
	return (c->flags & CF_PASSIVE) != 0 && tcp_listen_defers(c) &&
	    instant_is_never(c->stuck_since);
}

struct tcp_conn *
tcp_accept(struct stack *stk, struct tcp_listener *l)
{
	struct tcp_conn *c = l->ready_head;

	if (c != NULL)
		tcp_listen_forget(stk, c);
	return c;
}

int
tcp_listener_set_conf(struct stack *stk, struct tcp_listener *l,
    const struct tcp_conf *conf)
{
	const struct tcp_conf *fresh = tcp_conf_new(stk, conf);

	if (fresh == NULL)
		return -ENOMEM;
	tcp_conf_put(stk, l->conf);
	l->conf = fresh;
	return 0;
}

void
tcp_listener_set_backlog(struct tcp_listener *l, uint32_t backlog)
{
	l->backlog = backlog;
}

uint32_t
tcp_listener_waiting(const struct tcp_listener *l)
{
	return l->waiting;
}

/* Calls the owners whose queue got something; a call may close listeners. */
void
tcp_listen_poll(struct stack *stk)
{
	struct tcp_listener *l;

	while ((l = stk->tcp.ltodo) != NULL) {
		stk->tcp.ltodo = l->todo_next;
		l->listed = false;
		if (l->ready != NULL)
			l->ready(stk, l, l->owner);
	}
}

/* ---- a SYN --------------------------------------------------------------- */

static struct tcp_key
key_of(const struct ip_meta *m, const struct tcp_seg *s)
{
	return (struct tcp_key){ .local = m->dst, .remote = m->src,
	    .lport = s->h.dport, .rport = s->h.sport };
}

/* A connection out of a SYN (or of a cookie that stands for one). */
static struct tcp_conn *
child_new(struct stack *stk, struct tcp_listener *l, const struct tcp_key *k,
    const struct tcp_seg *syn, uint32_t iss)
{
	struct tcp_conn *c = tcp_conn_new(stk, k, l->conf);
	struct addr src;
	uint32_t mtu;

	if (c == NULL)
		return NULL;
	if (ip_path(stk, &k->remote, &src, &mtu) != 0)
		mtu = TCP_MSS_DEFAULT + TCP_IP4_OVERHEAD;
	c->pmtu = (uint16_t)tcp_min(mtu, UINT16_MAX);
	c->flags |= CF_PASSIVE;
	c->iss = c->snd_una = iss;
	c->snd_nxt = iss + 1;
	tcp_take_syn(stk, c, syn);
	tcp_set_state(stk, c, TCPS_SYN_RECEIVED);
	return c;
}

static enum drop
syn_to_child(struct stack *stk, struct tcp_listener *l,
    const struct tcp_key *k, const struct tcp_seg *s)
{
	struct tcp_conn *c = child_new(stk, l, k, s,
	    s->iss_on ? s->iss : tcp_isn(stk, k));

	if (c == NULL)
		return DROP_TCP_LIMIT;
	c->listener = l;
	queue_put(&l->syn_head, &l->syn_tail, c);
	l->half_open++;
	stk->tcp.half_open++;
	c->flags |= CF_SYN_DUE;
	if (tcp_fastopen_syn(stk, c, s))
		tcp_listen_promote(stk, c);
	tcp_todo(stk, c, TODO_OUTPUT);
	return DROP_COUNT;
}

/* RFC 4987 3.6: a SYN,ACK that carries all that is to be known. */
static enum drop
syn_to_cookie(struct stack *stk, struct tcp_listener *l,
    const struct tcp_key *k, const struct tcp_seg *s)
{
	const struct tcp_conf *f = l->conf;
	const uint16_t ask = TCP_ECE | TCP_CWR;
	uint16_t accurate = tcp_accecn_cookie(f, s);
	bool ecn = f->ecn != TCP_ECN_OFF && accurate == 0 &&
	    (s->h.flags & ask) == ask;
	struct tcp_hdr h = { .ack = s->h.seq + 1, .flags = TCP_SYN | TCP_ACK,
	    .window = (uint16_t)tcp_min(tcp_conf_window(f, f->rcvbuf),
	    UINT16_MAX) };
	struct tcp_opts o = { .mss_on = true,
	    .mss = tcp_offer_mss(stk, &k->remote, f->mss) };

	h.seq = tcp_cookie_make(stk, k, s->h.seq,
	    s->o.mss_on ? s->o.mss : TCP_MSS_DEFAULT);
	/* SACK and scaling can be kept only in a timestamp. */
	if (f->timestamps && s->o.ts_on) {
		o.ts_on = true;
		o.tsecr = s->o.tsval;
		o.sack_ok = f->sack && s->o.sack_ok;
		o.wscale_on = f->window_scaling && s->o.wscale_on;
		o.wscale = o.wscale_on ? s->o.wscale : 0;
		o.tsval = tcp_cookie_ts(stk, &o, ecn) +
		    (tcp_ts_offset(stk, k) & ~TCP_COOKIE_TS_MASK);
		o.wscale = tcp_own_wscale(f);
		if (ecn)
			h.flags |= TCP_ECE;
	}
	/* The ACK itself will tell of this. */
	h.flags |= accurate;
	l->cookie_sent = stk->now;
	stk->tcp.stats.cookies_sent++;
	tcp_respond(stk, k, &h, &o);
	return DROP_TCP_BACKLOG;
}

static bool
syn_queue_full(const struct stack *stk, const struct tcp_listener *l)
{
	return l->half_open >= stk->limits.tcp_syn_queue ||
	    l->half_open > l->backlog ||
	    stk->tcp.half_open >= stk->limits.tcp_half_open;
}

static enum drop
listen_syn(struct stack *stk, struct tcp_listener *l, const struct ip_meta *m,
    const struct tcp_seg *s)
{
	struct tcp_key k = key_of(m, s);

	/* RFC 9293 lets a SYN carry a FIN; no host sends that but a scan. */
	if ((s->h.flags & TCP_FIN) != 0 &&
	    (l->conf->habits & TCP_HABIT_SYN_FIN) == 0)
		return DROP_TCP_BAD_SEGMENT;
	if (accept_full(l)) {
		stk->tcp.stats.listen_overflows++;
		return DROP_TCP_BACKLOG;
	}
	if (l->conf->syn_cookies == TCP_COOKIES_ALWAYS)
		return syn_to_cookie(stk, l, &k, s);
	if (!syn_queue_full(stk, l))
		return syn_to_child(stk, l, &k, s);
	if (l->conf->syn_cookies == TCP_COOKIES_OVERFLOW)
		return syn_to_cookie(stk, l, &k, s);
	stk->tcp.stats.listen_overflows++;
	return DROP_TCP_BACKLOG;
}

/* ---- an ACK that may hold a cookie --------------------------------------- */

static bool
cookies_out(const struct stack *stk, const struct tcp_listener *l)
{
	return !instant_is_never(l->cookie_sent) && instant_diff(stk->now,
	    l->cookie_sent) < COOKIE_LIFE_US;
}

/* The SYN that the cookie's ACK makes us remember. */
static struct tcp_seg
syn_of_cookie(const struct tcp_seg *s, uint16_t mss, uint32_t ts_offset,
    bool accurate, bool *ecn)
{
	struct tcp_seg syn = { .h = s->h, .o = { .mss_on = true, .mss = mss } };

	*ecn = false;
	syn.h.seq = s->h.seq - 1;
	syn.h.flags = TCP_SYN;
	syn.wnd = s->h.window;
	if (s->o.ts_on) {
		syn.o.ts_on = true;
		syn.o.tsval = s->o.tsval;
		tcp_cookie_ts_read(s->o.tsecr -
		    (ts_offset & ~TCP_COOKIE_TS_MASK), &syn.o, ecn);
	}
	if (accurate || *ecn)
		syn.h.flags |= TCP_ECE | TCP_CWR;
	if (accurate)
		syn.h.flags |= TCP_AE;
	return syn;
}

static enum drop
listen_cookie(struct stack *stk, struct tcp_listener *l,
    const struct tcp_key *k, struct tcp_seg *s, uint16_t mss)
{
	struct tcp_conn *c;
	struct tcp_seg syn;
	bool ecn;

	if (accept_full(l)) {
		stk->tcp.stats.listen_overflows++;
		return DROP_TCP_BACKLOG;
	}
	syn = syn_of_cookie(s, mss, tcp_ts_offset(stk, k),
	    tcp_accecn_cookie_back(l->conf, s), &ecn);
	c = child_new(stk, l, k, &syn, s->h.ack - 1);
	if (c == NULL)
		return DROP_TCP_LIMIT;
	stk->tcp.stats.cookies_good++;
	c->tries = l->conf->defer_tries;	/* no SYN,ACK to repeat */
	c->listener = l;
	queue_put(&l->syn_head, &l->syn_tail, c);
	l->half_open++;
	stk->tcp.half_open++;
	/* From here on it is the last ACK of a handshake like any other. */
	return tcp_conn_segment(stk, c, s);
}

enum drop
tcp_listen_input(struct stack *stk, struct tcp_listener *l,
    const struct ip_meta *m, struct tcp_seg *s)
{
	struct tcp_key k = key_of(m, s);
	uint16_t mss;

	if ((s->h.flags & TCP_RST) != 0)
		return DROP_TCP_BAD_SEGMENT;
	if ((s->h.flags & TCP_ACK) != 0) {
		if ((s->h.flags & TCP_SYN) == 0 && cookies_out(stk, l)) {
			mss = tcp_cookie_check(stk, &k, s->h.seq - 1,
			    s->h.ack - 1);
			if (mss != 0)
				return listen_cookie(stk, l, &k, s, mss);
			stk->tcp.stats.cookies_bad++;
		}
		tcp_respond_reset(stk, m, &s->h, s->slen);
		return DROP_TCP_BAD_SEGMENT;
	}
	if ((s->h.flags & TCP_SYN) != 0)
		return listen_syn(stk, l, m, s);
	/* RFC 9293 3.10.7.2 fourth: should not happen, drop. */
	return DROP_TCP_BAD_SEGMENT;
}

/* ---- the end ------------------------------------------------------------- */

static void
listener_unlink(struct stack *stk, struct tcp_listener *l)
{
	struct tcp_listener **p = bucket_of(stk, l->port);

	while (*p != l)
		p = &(*p)->hash_next;
	*p = l->hash_next;
	for (p = &stk->tcp.ltodo; *p != NULL; p = &(*p)->todo_next) {
		if (*p == l) {
			*p = l->todo_next;
			break;
		}
	}
	stk->tcp.listener_count--;
}

void
tcp_listen_close(struct stack *stk, struct tcp_listener *l)
{
	struct tcp_conn *c;

	while ((c = l->syn_head) != NULL)
		tcp_die(stk, c, ECONNABORTED);
	/* RFC 9293 3.10.4: CLOSE of connections nobody will ever take. */
	while ((c = tcp_accept(stk, l)) != NULL)
		tcp_abort(stk, c);
	listener_unlink(stk, l);
	tcp_conf_put(stk, l->conf);
	mem_free(&stk->mem, l, sizeof(*l));
}

void
tcp_listen_fini(struct stack *stk)
{
	for (uint32_t i = 0; i < TCP_LISTENER_BUCKETS; i++) {
		while (stk->tcp.listeners[i] != NULL) {
			struct tcp_listener *l = stk->tcp.listeners[i];

			assert(l->syn_head == NULL && l->ready_head == NULL);
			listener_unlink(stk, l);
			tcp_conf_put(stk, l->conf);
			mem_free(&stk->mem, l, sizeof(*l));
		}
	}
}

bool
tcp_listener_at(const struct stack *stk, uint32_t n,
    struct tcp_listener_status *out)
{
	for (uint32_t i = 0; i < TCP_LISTENER_BUCKETS; i++) {
		const struct tcp_listener *l = stk->tcp.listeners[i];

		for (; l != NULL; l = l->hash_next) {
			if (n-- > 0)
				continue;
			*out = (struct tcp_listener_status){
				.local = l->local, .port = l->port,
				.backlog = l->backlog, .waiting = l->waiting,
				.half_open = l->half_open };
			return true;
		}
	}
	return false;
}

/*
 * tcp_api.c - what owners call (RFC 9293 3.10.1 to 3.10.5): open, send,
 * receive, close, abort.  Contracts in tcp.h.
 *
 * Nothing is sent from here: the connection goes on the to-do list and
 * tcp_poll() sends.
 */
#include "tcp/tcp_conn.h"

#include <errno.h>

/* ---- open ---------------------------------------------------------------- */

/* Completes the four numbers of a new connection, and its path's MTU. */
static int
choose_key(struct stack *stk, const struct tcp_open *o, struct tcp_key *k,
    uint32_t *mtu)
{
	struct addr src;
	struct tcp_key *old;
	int r = ip_path(stk, &o->remote, &src, mtu);

	if (r != 0)
		return r;
	*k = (struct tcp_key){ .local = o->local, .remote = o->remote,
	    .lport = o->lport, .rport = o->rport };
	if (addr_is_any(&k->local))
		k->local = src;
	if (k->lport == 0)
		return tcp_port_choose(stk, k);
	old = tcp_key_lookup(stk, &k->local, k->lport, &k->remote, k->rport);
	return old == NULL ? 0 : -EADDRINUSE;
}

int
tcp_connect(struct stack *stk, const struct tcp_open *o,
    struct tcp_conn **out)
{
	const struct tcp_conf *conf;
	struct tcp_conn *c;
	struct tcp_key k;
	uint32_t mtu;
	int r = choose_key(stk, o, &k, &mtu);

	if (r != 0)
		return r;
	if (stk->tcp.table_count >= stk->limits.tcp_conns)
		return -ENOSPC;
	conf = tcp_conf_new(stk, o->conf);
	if (conf == NULL)
		return -ENOMEM;
	c = tcp_conn_new(stk, &k, conf);
	tcp_conf_put(stk, conf);	/* c has its own reference */
	if (c == NULL)
		return -ENOMEM;
	c->pmtu = (uint16_t)tcp_min(mtu, UINT16_MAX);
	c->iss = c->snd_una = c->snd_nxt = tcp_isn(stk, &k);
	c->ready = o->ready;
	c->owner = o->owner;
	c->flags |= CF_SYN_DUE;
	tcp_mss_update(c);
	if (tcp_bytes_append(stk, &c->snd, o->data, o->data_len) !=
	    o->data_len) {
		tcp_conn_free(stk, c);
		return -ENOMEM;
	}
	tcp_fastopen_open(stk, c);
	tcp_accecn_open(stk, c);
	tcp_set_state(stk, c, TCPS_SYN_SENT);
	if (c->conf->open_timeout_ms != 0) {
		c->life_due = instant_add(stk->now,
		    (int64_t)c->conf->open_timeout_ms * 1000);
		tcp_timer_update(stk, c);
	}
	stk->tcp.stats.active_opens++;
	tcp_todo(stk, c, TODO_OUTPUT);
	*out = c;
	return 0;
}

void
tcp_set_owner(struct stack *stk, struct tcp_conn *c, tcp_ready_fn *ready,
    void *owner)
{
	assert(c->listener == NULL);
	c->ready = ready;
	c->owner = owner;
	tcp_todo(stk, c, TODO_EVENT);
}

/* ---- receive ------------------------------------------------------------- */

/* All data and then the FIN have come. */
static bool
at_eof(const struct tcp_conn *c)
{
	return c->rcv.len == 0 && (c->flags & CF_RFIN) != 0;
}

int32_t
tcp_read(struct stack *stk, struct tcp_conn *c, void *buf, uint32_t len)
{
	uint32_t n = tcp_bytes_copy(&c->rcv, buf, len);

	if (n > 0) {
		tcp_consume(stk, c, n);
		return (int32_t)n;
	}
	if (len == 0 || at_eof(c))
		return 0;
	if (c->key.state == TCPS_CLOSED)
		return -c->error;
	return -EAGAIN;
}

uint32_t
tcp_peek(const struct tcp_conn *c, struct iovec *iov, uint32_t max)
{
	struct tcp_chunk *k = c->rcv.head;
	uint32_t n = 0;

	for (; k != NULL && n < max; k = k->next) {
		iov[n].iov_base = k->data + k->off;
		iov[n].iov_len = k->len;
		n++;
	}
	return n;
}

void
tcp_consume(struct stack *stk, struct tcp_conn *c, uint32_t n)
{
	tcp_bytes_skip(stk, &c->rcv, n);
	if (c->ext != NULL)
		tcp_extra_read(c);
	tcp_rcv_consumed(stk, c, n);
}

uint32_t
tcp_readable(const struct tcp_conn *c)
{
	return c->rcv.len;
}

/* ---- send ---------------------------------------------------------------- */

/* Bytes that may wait: two windows, so that one can be written while the
 * other is under way. */
static uint32_t
send_limit(const struct stack *stk, const struct tcp_conn *c)
{
	const struct tcp_conf *f = c->conf;
	uint32_t want = c->cwnd > UINT32_MAX / 2 ? UINT32_MAX : 2 * c->cwnd;

	want = tcp_max(f->sndbuf, tcp_min(want, f->sndbuf_max));
	return tcp_min(want, stk->limits.tcp_sndbuf);
}

uint32_t
tcp_write_room(const struct stack *stk, const struct tcp_conn *c)
{
	uint32_t max = send_limit(stk, c);

	if (c->key.state == TCPS_CLOSED || (c->flags & CF_FIN) != 0)
		return 0;
	return max > c->snd.len ? max - c->snd.len : 0;
}

int32_t
tcp_write(struct stack *stk, struct tcp_conn *c, const void *buf,
    uint32_t len)
{
	uint32_t n;

	if (c->key.state == TCPS_CLOSED)
		return c->error != 0 ? -c->error : -EPIPE;
	if ((c->flags & CF_FIN) != 0)
		return -EPIPE;
	n = tcp_min(tcp_min(len, tcp_write_room(stk, c)), INT32_MAX);
	n = tcp_bytes_append(stk, &c->snd, buf, n);
	if (n == 0)
		return len == 0 ? 0 : -EAGAIN;
	tcp_todo(stk, c, TODO_OUTPUT);
	return (int32_t)n;
}

uint32_t
tcp_unacked(const struct tcp_conn *c)
{
	return c->snd.len;
}

uint32_t
tcp_unsent(const struct tcp_conn *c)
{
	uint32_t end = tcp_snd_end(c);

	if (c->key.state <= TCPS_SYN_RECEIVED &&
	    (c->flags & CF_FO_EARLY) == 0)
		return c->snd.len;
	return seq_gt(end, c->snd_nxt) ? end - c->snd_nxt : 0;
}

/* ---- close --------------------------------------------------------------- */

void
tcp_shutdown(struct stack *stk, struct tcp_conn *c)
{
	if ((c->flags & CF_FIN) != 0 || c->key.state == TCPS_CLOSED)
		return;
	c->flags |= CF_FIN;
	c->snd_fin = tcp_snd_end(c);
	/* RFC 9293 3.10.4: queued until the connection is open. */
	if (c->key.state == TCPS_ESTABLISHED)
		tcp_set_state(stk, c, TCPS_FIN_WAIT_1);
	else if (c->key.state == TCPS_CLOSE_WAIT)
		tcp_set_state(stk, c, TCPS_LAST_ACK);
	tcp_todo(stk, c, TODO_OUTPUT);
}

void
tcp_abort(struct stack *stk, struct tcp_conn *c)
{
	/* RFC 9293 3.10.5: RST in every state that the peer knows of. */
	if (c->key.state >= TCPS_SYN_RECEIVED &&
	    c->key.state != TCPS_TIME_WAIT)
		tcp_send_reset(stk, c);
	c->flags |= CF_ORPHAN;
	tcp_die(stk, c, ECONNABORTED);
	tcp_todo(stk, c, TODO_OUTPUT);
}

/* What limits the life of a connection that nobody owns any more. */
static void
orphan_limits(struct stack *stk, struct tcp_conn *c)
{
	if (c->key.state == TCPS_TIME_WAIT)
		return;
	c->life_due = INSTANT_NEVER;
	if (c->conf->linger)
		c->life_due = instant_add(stk->now,
		    (int64_t)c->conf->linger_ms * 1000);
	else if (c->key.state == TCPS_FIN_WAIT_2 &&
	    c->conf->finwait2_us != 0)
		c->life_due = instant_add(stk->now, c->conf->finwait2_us);
	tcp_timer_update(stk, c);
}

void
tcp_close(struct stack *stk, struct tcp_conn *c)
{
	const struct tcp_conf *f = c->conf;

	/* RFC 9293 3.10.4: nothing has happened yet. */
	if (c->key.state == TCPS_SYN_SENT) {
		c->flags |= CF_ORPHAN;
		tcp_die(stk, c, 0);
		return;
	}
	/* RFC 1122 4.2.2.13: unread data would be lost unnoticed. */
	if (c->key.state != TCPS_CLOSED && ((f->linger &&
	    f->linger_ms == 0) || c->rcv.len > 0)) {
		tcp_abort(stk, c);
		return;
	}
	c->flags |= CF_ORPHAN;
	tcp_shutdown(stk, c);
	orphan_limits(stk, c);
	tcp_todo(stk, c, TODO_OUTPUT);
}

/* ---- what to see --------------------------------------------------------- */

uint32_t
tcp_events(const struct tcp_conn *c)
{
	uint32_t ev = 0;

	if ((c->flags & CF_CONNECTED) != 0)
		ev |= TCP_EV_CONNECTED;
	if (c->rcv.len > 0)
		ev |= TCP_EV_READABLE;
	if ((c->flags & CF_RFIN) != 0)
		ev |= TCP_EV_FIN;
	if (at_eof(c))
		ev |= TCP_EV_EOF;
	if (c->ext != NULL && c->ext->rcv_urgent)
		ev |= TCP_EV_URGENT;
	if (c->key.state == TCPS_CLOSED)
		ev |= c->error != 0 ? TCP_EV_ERROR | TCP_EV_CLOSED :
		    TCP_EV_CLOSED;
	else if ((c->flags & (CF_CONNECTED | CF_FIN)) == CF_CONNECTED &&
	    c->snd.len < tcp_max(c->conf->sndbuf, 2 * tcp_min(c->cwnd,
	    c->conf->sndbuf_max / 2)))
		ev |= TCP_EV_WRITABLE;
	return ev;
}

int
tcp_error(const struct tcp_conn *c)
{
	return -c->error;
}

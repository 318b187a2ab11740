/*
 * http_conn.c - the life of a connection to the HTTP server: requests in
 * their order, answers in the same, patience, the end.
 *
 * One request at a time: those that a client sends ahead (RFC 9112 9.3.2) wait
 * in TCP's receive buffer.  A request is looked at when its head is whole and
 * there is room for an answer's head; so nothing is half-answered.
 *
 * After the last answer the writing side is shut and what still comes is
 * thrown away until the client closes (RFC 9112 9.6): a reset could destroy
 * an answer that the client has not read yet.
 *
 * Does not know what answers say (http_reply.c).  Owns struct http_conn.
 */
#include "service/http_conn.h"

#include <stddef.h>
#include <string.h>

#include "stack/stack.h"

#define PIECES	16		/* of a receive buffer, looked at in one go */

/* ---- life ---------------------------------------------------------------- */

/* Forgets the connection, whose handle has been given up. */
static void
conn_free(struct stack *stk, struct http_conn *hc)
{
	timer_cancel(&stk->timers, &hc->timer);
	if (hc->file >= 0)
		stk->service.http.files.close(stk->service.http.files.arg,
		    hc->file);
	*hc->prev = hc->next;
	if (hc->next != NULL)
		hc->next->prev = hc->prev;
	hc->server->stats.open--;
	service_conn_leave(stk);
	mem_free(&stk->mem, hc, sizeof(*hc));
}

static void
conn_close(struct stack *stk, struct http_conn *hc)
{
	tcp_close(stk, hc->tcp);
	conn_free(stk, hc);
}

static void
conn_abort(struct stack *stk, struct http_conn *hc)
{
	tcp_abort(stk, hc->tcp);
	conn_free(stk, hc);
}

static void
patience(struct stack *stk, struct http_conn *hc, int64_t us)
{
	hc->due = instant_add(stk->now, us);
	/* A timer that stands earlier looks again when it fires: setting it
	 * with every request would cost more than the request. */
	if (!timer_is_set(&hc->timer) ||
	    instant_before(hc->due, hc->timer.due))
		timer_set(&stk->timers, &hc->timer, hc->due);
}

static void
impatient(struct stack *stk, struct timer *t)
{
	struct http_conn *hc = (struct http_conn *)
	    ((char *)t - offsetof(struct http_conn, timer));
	struct http_request none = { .method = HTTP_GET, .minor = 1 };

	if (instant_before(stk->now, hc->due)) {
		timer_set(&stk->timers, t, hc->due);
		return;
	}
	/* One that is just idle, or does not close, is no fault. */
	if (hc->state == HTTP_ST_SEND || hc->state == HTTP_ST_SKIP ||
	    (hc->state == HTTP_ST_HEAD && tcp_readable(hc->tcp) > 0))
		hc->server->stats.timeouts++;
	/* RFC 9110 15.5.9: tell a client whose head never ended. */
	if (hc->state == HTTP_ST_HEAD && tcp_readable(hc->tcp) > 0 &&
	    tcp_write_room(stk, hc->tcp) >= HTTP_REPLY_MAX)
		(void)http_refuse(stk, hc, &none, 408);
	if (hc->state == HTTP_ST_SEND) {
		conn_abort(stk, hc);
		return;
	}
	tcp_consume(stk, hc->tcp, tcp_readable(hc->tcp));
	conn_close(stk, hc);
}

/* ---- a request ----------------------------------------------------------- */

/* Up to HTTP_HEAD_MAX bytes of what waits, in one piece: where they lie, or
 * copied to buf. */
static const char *
look(const struct http_conn *hc, char *buf, uint32_t *len)
{
	struct iovec iov[PIECES];
	uint32_t n = tcp_peek(hc->tcp, iov, PIECES), have = 0;

	*len = 0;
	if (n == 0)
		return buf;
	if (n == 1 || iov[0].iov_len >= HTTP_HEAD_MAX || http_head_len(
	    iov[0].iov_base, (uint32_t)iov[0].iov_len, hc->scanned) > 0) {
		*len = (uint32_t)(iov[0].iov_len < HTTP_HEAD_MAX ?
		    iov[0].iov_len : HTTP_HEAD_MAX);
		return iov[0].iov_base;
	}
	for (uint32_t i = 0; i < n && have < HTTP_HEAD_MAX; i++) {
		uint32_t m = (uint32_t)iov[i].iov_len;

		if (m > HTTP_HEAD_MAX - have)
			m = HTTP_HEAD_MAX - have;
		memcpy(buf + have, iov[i].iov_base, m);
		have += m;
	}
	*len = have;
	return buf;
}

/* Nothing more will be said. */
static void
finish(struct stack *stk, struct http_conn *hc)
{
	hc->state = HTTP_ST_LINGER;
	tcp_shutdown(stk, hc->tcp);
	patience(stk, hc, HTTP_LINGER_US);
}

/* What comes after an answer, or after the file that belongs to it. */
static void
next_state(struct stack *stk, struct http_conn *hc)
{
	if (hc->file >= 0) {
		hc->state = HTTP_ST_SEND;
		patience(stk, hc, HTTP_STALL_US);
	} else if (hc->close) {
		finish(stk, hc);
	} else if (hc->chunked || hc->skip_left > 0) {
		hc->state = HTTP_ST_SKIP;
		patience(stk, hc, HTTP_HEAD_US);
	} else {
		hc->state = HTTP_ST_HEAD;
		patience(stk, hc, HTTP_IDLE_US);
	}
}

/* A request's head is whole.  False: the connection is gone. */
static bool
take_head(struct stack *stk, struct http_conn *hc, const char *p,
    uint32_t len)
{
	struct http_request rq;
	int status = http_request_parse(p, len, &rq);
	bool good;

	hc->scanned = 0;
	hc->requests++;
	hc->server->stats.requests++;
	hc->chunked = rq.chunked;
	hc->chunks = (struct http_chunks){ 0 };
	hc->skip_left = rq.chunked ? HTTP_BODY_MAX : rq.length;
	/* RFC 9110 10.1.1: who waits for a "continue" gets the answer instead,
	 * and whether the body comes is then anybody's guess. */
	hc->close = rq.close || rq.expect || (rq.minor == 0 &&
	    !rq.keep_alive) || (!rq.chunked && rq.length > HTTP_BODY_MAX);
	if (status != 0) {
		hc->close = true;
		good = http_refuse(stk, hc, &rq, status);
	} else if (rq.length > HTTP_BODY_MAX) {
		good = http_refuse(stk, hc, &rq, 413);
	} else {
		good = http_answer(stk, hc, &rq);
	}
	if (!good) {
		conn_abort(stk, hc);
		return false;
	}
	tcp_consume(stk, hc->tcp, len);
	next_state(stk, hc);
	return true;
}

/* HTTP_HEAD_MAX bytes, and no end of the head. */
static bool
head_too_long(struct stack *stk, struct http_conn *hc, const char *p,
    uint32_t len)
{
	struct http_request rq = { .method = HTTP_GET, .minor = 1 };
	int status = memchr(p, '\n', len) == NULL ? 414 : 431;

	hc->requests++;
	hc->server->stats.requests++;
	hc->close = true;
	if (!http_refuse(stk, hc, &rq, status)) {
		conn_abort(stk, hc);
		return false;
	}
	finish(stk, hc);
	return true;
}

/* One step of the state HEAD.  True: there may be more to do at once. */
static bool
step_head(struct stack *stk, struct http_conn *hc)
{
	char buf[HTTP_HEAD_MAX];
	uint32_t len, head, blank = 0;
	const char *p;

	if (tcp_write_room(stk, hc->tcp) < HTTP_REPLY_MAX)
		return false;
	p = look(hc, buf, &len);
	/* RFC 9112 2.2: empty lines before a request do not count. */
	while (hc->scanned == 0 && blank < len &&
	    (p[blank] == '\r' || p[blank] == '\n'))
		blank++;
	if (blank > 0) {
		tcp_consume(stk, hc->tcp, blank);
		return true;
	}
	if (len == 0) {
		if ((tcp_events(hc->tcp) & TCP_EV_EOF) != 0)
			conn_close(stk, hc);
		return false;
	}
	head = http_head_len(p, len, hc->scanned);
	if (head > 0)
		return take_head(stk, hc, p, head);
	if (len >= HTTP_HEAD_MAX)
		return head_too_long(stk, hc, p, len);
	if (hc->scanned == 0)
		patience(stk, hc, HTTP_HEAD_US);
	hc->scanned = len;
	return false;
}

/* ---- a file on its way --------------------------------------------------- */

static bool
step_send(struct stack *stk, struct http_conn *hc)
{
	const struct files *f = &stk->service.http.files;
	char *buf = stk->service.http.buf;
	uint32_t turn = 0;

	while (hc->file_at < hc->file_end && turn < HTTP_TURN) {
		uint64_t left = hc->file_end - hc->file_at;
		uint32_t n = tcp_write_room(stk, hc->tcp);
		int32_t got;

		/* Crumbs would cost a read of the file each. */
		if (n < HTTP_REPLY_MAX && n < left)
			break;
		if (n > HTTP_PIECE)
			n = HTTP_PIECE;
		if (n > left)
			n = (uint32_t)left;
		got = f->read(f->arg, hc->file, hc->file_at, buf, n);
		/* It was cut short under us: the length is a promise that only
		 * a reset can break. */
		if (got <= 0 || tcp_write(stk, hc->tcp, buf,
		    (uint32_t)got) != got) {
			conn_abort(stk, hc);
			return false;
		}
		hc->file_at += (uint32_t)got;
		hc->server->stats.body_bytes += (uint32_t)got;
		turn += (uint32_t)got;
	}
	if (turn > 0)
		patience(stk, hc, HTTP_STALL_US);
	if (hc->file_at < hc->file_end)
		return false;		/* the next ACK calls again */
	f->close(f->arg, hc->file);
	hc->file = -1;
	next_state(stk, hc);
	return true;
}

/* ---- bytes that nobody wants --------------------------------------------- */

static bool
step_skip(struct stack *stk, struct http_conn *hc)
{
	struct iovec iov;
	uint32_t n;

	if (tcp_peek(hc->tcp, &iov, 1) == 0) {
		if ((tcp_events(hc->tcp) & TCP_EV_EOF) != 0)
			conn_close(stk, hc);
		return false;
	}
	n = (uint32_t)(iov.iov_len < hc->skip_left ? iov.iov_len :
	    hc->skip_left);
	if (hc->chunked)
		n = http_chunks_skip(&hc->chunks, iov.iov_base, n);
	hc->skip_left -= n;
	tcp_consume(stk, hc->tcp, n);
	if (hc->chunks.bad || (hc->chunked && !hc->chunks.done &&
	    hc->skip_left == 0)) {
		finish(stk, hc);
	} else if (hc->chunks.done || hc->skip_left == 0) {
		hc->chunked = false;
		hc->skip_left = 0;
		next_state(stk, hc);
	}
	return true;
}

static bool
step_linger(struct stack *stk, struct http_conn *hc)
{
	tcp_consume(stk, hc->tcp, tcp_readable(hc->tcp));
	if ((tcp_events(hc->tcp) & TCP_EV_EOF) != 0)
		conn_close(stk, hc);
	return false;
}

/* ---- from TCP ------------------------------------------------------------ */

static bool
step(struct stack *stk, struct http_conn *hc)
{
	switch ((enum http_conn_state)hc->state) {
	case HTTP_ST_HEAD:
		return step_head(stk, hc);
	case HTTP_ST_SEND:
		return step_send(stk, hc);
	case HTTP_ST_SKIP:
		return step_skip(stk, hc);
	case HTTP_ST_LINGER:
		break;
	}
	return step_linger(stk, hc);
}

static void
conn_ready(struct stack *stk, struct tcp_conn *c, void *owner)
{
	struct http_conn *hc = owner;

	if ((tcp_events(c) & (TCP_EV_ERROR | TCP_EV_CLOSED)) != 0) {
		conn_close(stk, hc);
		return;
	}
	while (step(stk, hc))
		;
}

static void
conn_new(struct stack *stk, struct http_server *s, struct tcp_conn *c)
{
	struct http_conn *hc = NULL;

	if (service_conn_enter(stk)) {
		hc = mem_alloc(&stk->mem, sizeof(*hc));
		if (hc == NULL)
			service_conn_leave(stk);
	}
	if (hc == NULL) {
		s->stats.refused++;
		tcp_abort(stk, c);
		return;
	}
	hc->server = s;
	hc->tcp = c;
	hc->file = -1;
	hc->next = s->conns;
	hc->prev = &s->conns;
	if (hc->next != NULL)
		hc->next->prev = &hc->next;
	s->conns = hc;
	s->stats.accepted++;
	s->stats.open++;
	timer_init(&hc->timer, impatient);
	patience(stk, hc, HTTP_IDLE_US);
	tcp_set_owner(stk, c, conn_ready, hc);
}

void
http_acceptable(struct stack *stk, struct tcp_listener *l, void *owner)
{
	struct tcp_conn *c;

	while ((c = tcp_accept(stk, l)) != NULL)
		conn_new(stk, owner, c);
}

void
http_conns_drop(struct stack *stk, struct http_server *s)
{
	while (s->conns != NULL)
		conn_abort(stk, s->conns);
}

/*
 * cmd_connect.c - tcp connect: a stream from the stack itself to a client of
 * the control language, a small nc.
 *
 * The stream goes in pieces of base64, and each side tells the other what it
 * has done with them ("taken"), so that neither holds more than
 * CTL_STREAM_WINDOW bytes that the other cannot get rid of.  What TCP does not
 * take waits here; what the client does not take stays in TCP's own buffer.
 */
#include "ctl/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/base64.h"

#define PIECE	16384u		/* of one reply */

struct connect {
	struct job *job;
	struct tcp_conn *tcp;	/* NULL: given up */
	struct timer timer;	/* patience with the handshake */
	char who[80];		/* "10.0.0.1 port 80" */
	bool open, scan, end;	/* end: the client has no more */
	uint32_t owed;		/* bytes given to the client, not yet taken */
	uint32_t len;		/* bytes of the client's in buf */
	uint8_t buf[CTL_STREAM_WINDOW];
};

static const char *
error_words(int error)
{
	switch (-error) {
	case ECONNREFUSED:
		return "connection refused";
	case ECONNRESET:
		return "connection reset";
	case ETIMEDOUT:
		return "timed out";
	case ENETUNREACH:
	case EHOSTUNREACH:
		return "no route";
	case EADDRNOTAVAIL:
		return "not an address of ours, or no free port";
	default:
		return strerror(-error);
	}
}

static void
fail(struct connect *k, int error)
{
	err_set(&k->job->rq.err, error, "%s: %s", k->who,
	    error_words(error));
	k->job->rq.code = error;
	job_done(k->job, 1);
}

/* From TCP to the client. */
static void
pump_out(struct connect *k)
{
	struct request *rq = &k->job->rq;
	struct stack *stk = rq->ctl->stk;
	struct iovec iov;

	while (k->owed < CTL_STREAM_WINDOW && tcp_peek(k->tcp, &iov, 1) > 0) {
		uint32_t n = CTL_STREAM_WINDOW - k->owed;
		char *text;

		n = n < PIECE ? n : PIECE;
		n = n < iov.iov_len ? n : (uint32_t)iov.iov_len;
		iov.iov_len = n;
		text = base64_encode(&iov, 1);
		if (text == NULL)
			return;
		reply_data(rq, json_pack("{s:s}", "stream", text));
		free(text);
		tcp_consume(stk, k->tcp, n);
		k->owed += n;
	}
}

/* From the client to TCP. */
static void
pump_in(struct connect *k)
{
	struct request *rq = &k->job->rq;
	int32_t n = 0;

	if (k->len > 0)
		n = tcp_write(rq->ctl->stk, k->tcp, k->buf, k->len);
	if (n > 0) {
		k->len -= (uint32_t)n;
		memmove(k->buf, k->buf + n, k->len);
		reply_data(rq, json_pack("{s:i}", "taken", (int)n));
	}
	if (k->end && k->len == 0)
		tcp_shutdown(rq->ctl->stk, k->tcp);
}

/* It stands: who wanted to know no more is told and done. */
static bool
opened(struct connect *k)
{
	char line[128];

	k->open = true;
	timer_cancel(&k->job->rq.ctl->stk->timers, &k->timer);
	if (!k->scan)
		return false;
	snprintf(line, sizeof(line), "%s: open", k->who);
	reply_line(&k->job->rq, line);
	job_done(k->job, 0);
	return true;
}

static void
conn_ready(struct stack *stk, struct tcp_conn *c, void *owner)
{
	struct connect *k = owner;
	uint32_t ev = tcp_events(c);

	(void)stk;
	if ((ev & TCP_EV_CONNECTED) != 0 && !k->open && opened(k))
		return;
	/* What came before a reset is still the client's. */
	pump_out(k);
	if ((ev & TCP_EV_ERROR) != 0) {
		fail(k, tcp_error(c));
		return;
	}
	if (k->open)
		pump_in(k);
	/* Nothing follows, and all of it has been given away. */
	if ((tcp_events(c) & TCP_EV_EOF) != 0)
		job_done(k->job, 0);
}

static void
impatient(struct stack *stk, struct timer *t)
{
	struct connect *k = (struct connect *)
	    ((char *)t - offsetof(struct connect, timer));

	(void)stk;
	fail(k, -ETIMEDOUT);
}

void
connect_stop(struct stack *stk, struct connect *k)
{
	timer_cancel(&stk->timers, &k->timer);
	/* With all said it ends in peace; else the peer learns at once. */
	if (k->tcp != NULL)
		tcp_close(stk, k->tcp);
	free(k);
}

void
connect_input(struct job *job, const json_t *obj)
{
	struct connect *k = job->engine;
	const char *piece = json_string_value(json_object_get(obj, "stream"));
	json_int_t taken = json_integer_value(json_object_get(obj, "taken"));

	if (taken > 0)
		k->owed -= taken < k->owed ? (uint32_t)taken : k->owed;
	/* Whoever sends more than was asked for loses it. */
	if (piece != NULL && !k->end)
		k->len += (uint32_t)base64_decode(piece, k->buf + k->len,
		    sizeof(k->buf) - k->len);
	if (json_is_true(json_object_get(obj, "end")))
		k->end = true;
	/* The rest in the stack's own turn. */
	tcp_set_owner(job->rq.ctl->stk, k->tcp, conn_ready, k);
}

int
connect_query(struct request *rq)
{
	const union value *src = command_get(rq->cmd, A_SRC);
	struct stack *stk = rq->ctl->stk;
	struct tcp_open o = {
		.remote = addr_from_ip4(command_get(rq->cmd, A_DST)->ip),
		.rport = (uint16_t)command_num(rq->cmd, A_PORT, 0),
		.ready = conn_ready };
	struct connect *k = calloc(1, sizeof(*k));
	char text[ADDR_STRLEN];
	int r;

	if (k == NULL || (k->job = job_new(rq, JOB_CONNECT)) == NULL) {
		free(k);
		return -ENOMEM;
	}
	snprintf(k->who, sizeof(k->who), "%s port %u",
	    addr_format(&o.remote, text), o.rport);
	k->scan = command_given(rq->cmd, A_SCAN);
	timer_init(&k->timer, impatient);
	o.owner = k;
	if (src != NULL)
		o.local = addr_from_ip4(src->ip);
	r = tcp_connect(stk, &o, &k->tcp);
	if (r != 0) {
		err_set(&rq->err, r, "%s: %s", k->who, error_words(r));
		job_free(k->job);
		free(k);
		return r;
	}
	timer_set(&stk->timers, &k->timer, instant_add(stk->now,
	    command_num(rq->cmd, A_TIMEOUT, 0)));
	k->job->engine = k;
	return -EINPROGRESS;
}

/*
 * tcp_flight.c - the records of what is in flight: the retransmission queue
 * and the scoreboard of RFC 6675 in one.
 *
 * One record is one transmission, so a super-frame costs one; it is cut only
 * where the peer's SACK or a retransmission needs it.  Records sent in the
 * same turn are merged.  The byte counts of struct tcp_flight follow every
 * mark made through tcp_rec_mark() and tcp_rec_unmark().
 */
#include "tcp/tcp_conn.h"

#include <errno.h>

static uint32_t
rec_len(const struct tcp_rec *r)
{
	return r->end - r->seq;
}

/* Adds what r weighs, or takes it away. */
static void
weigh(struct tcp_flight *f, const struct tcp_rec *r, uint32_t len, bool add)
{
	uint32_t n = add ? len : 0 - len;

	if ((r->flags & REC_SACKED) != 0)
		f->sacked += n;
	if ((r->flags & REC_LOST) != 0)
		f->lost += n;
	if ((r->flags & REC_RETRANS) != 0)
		f->retrans += n;
}

void
tcp_rec_mark(struct tcp_flight *f, struct tcp_rec *r, uint8_t flags)
{
	weigh(f, r, rec_len(r), false);
	r->flags |= flags;
	weigh(f, r, rec_len(r), true);
}

void
tcp_rec_unmark(struct tcp_flight *f, struct tcp_rec *r, uint8_t flags)
{
	weigh(f, r, rec_len(r), false);
	r->flags &= (uint8_t)~flags;
	weigh(f, r, rec_len(r), true);
}

/* May [.., end) sent now go on in the last record?  Only whole segments, so
 * that cutting by MSS finds the old boundaries. */
static bool
can_merge(const struct stack *stk, const struct tcp_conn *c,
    const struct tcp_rec *last)
{
	return last != NULL && (last->flags & ~REC_PSH) == 0 &&
	    last->sent.us == stk->now.us &&
	    rec_len(last) % tcp_mss_now(c) == 0;
}

int
tcp_rec_add(struct stack *stk, struct tcp_conn *c, uint32_t seq,
    uint32_t end, bool fin)
{
	struct tcp_flight *f = c->fl;
	struct tcp_rec *r = f->tail;

	if (can_merge(stk, c, r) && r->end == seq) {
		r->end = end;
		r->flags = fin ? REC_FIN : 0;
		return 0;
	}
	r = mem_alloc(&stk->mem, sizeof(*r));
	if (r == NULL)
		return -ENOMEM;
	r->seq = seq;
	r->end = end;
	r->sent = stk->now;
	r->flags = fin ? REC_FIN : 0;
	r->prev = f->tail;
	if (f->tail != NULL)
		f->tail->next = r;
	else
		f->head = r;
	f->tail = r;
	return 0;
}

int
tcp_rec_split(struct stack *stk, struct tcp_conn *c, struct tcp_rec *r,
    uint32_t seq)
{
	struct tcp_flight *f = c->fl;
	struct tcp_rec *n = mem_alloc(&stk->mem, sizeof(*n));

	assert(seq_gt(seq, r->seq) && seq_lt(seq, r->end));
	if (n == NULL)
		return -ENOMEM;
	*n = *r;
	n->seq = seq;
	n->prev = r;
	if (n->next != NULL)
		n->next->prev = n;
	else
		f->tail = n;
	r->next = n;
	r->end = seq;
	r->flags &= (uint8_t)~(REC_FIN | REC_PSH | REC_MARK);
	return 0;
}

void
tcp_rec_join(struct stack *stk, struct tcp_flight *f, struct tcp_rec *r)
{
	struct tcp_rec *n = r->next;

	assert(((r->flags | n->flags) & REC_SACKED) == 0);
	weigh(f, n, rec_len(n), false);
	weigh(f, r, rec_len(n), true);
	r->end = n->end;
	r->flags |= n->flags & (REC_EVER | REC_FIN | REC_PSH | REC_MARK);
	r->next = n->next;
	if (n->next != NULL)
		n->next->prev = r;
	else
		f->tail = r;
	mem_free(&stk->mem, n, sizeof(*n));
}

/* Takes r, which is the head, out. */
static void
pop_head(struct stack *stk, struct tcp_flight *f, struct tcp_rec *r)
{
	assert(f->head == r);
	weigh(f, r, rec_len(r), false);
	f->head = r->next;
	if (f->head != NULL)
		f->head->prev = NULL;
	else
		f->tail = NULL;
	mem_free(&stk->mem, r, sizeof(*r));
}

void
tcp_flight_ack(struct stack *stk, struct tcp_conn *c, uint32_t ack,
    struct tcp_acked *a)
{
	struct tcp_flight *f = c->fl;
	struct instant first = INSTANT_NEVER;
	struct tcp_rec *r;
	bool again = false;

	while ((r = f->head) != NULL && seq_lt(r->seq, ack)) {
		uint32_t n = tcp_min(rec_len(r), ack - r->seq);

		a->acked += n;
		again |= (r->flags & REC_EVER) != 0;
		if ((r->flags & REC_SACKED) == 0) {
			struct tcp_rec part = *r;

			/* The rest of a super-frame has not arrived. */
			part.end = r->seq + n;
			first = instant_min(first, r->sent);
			a->delivered += n;
			c->delivered += (n + tcp_mss_now(c) - 1) /
			    tcp_mss_now(c);
			tcp_rack_delivered(stk, c, &part, a);
		}
		if (n == rec_len(r)) {
			pop_head(stk, f, r);
		} else {
			weigh(f, r, n, false);
			r->seq += n;
		}
	}
	/* RFC 6298 3 (Karn): never of what was sent twice, nor of what the
	 * peer had and could not acknowledge before that came. */
	if (!again && a->rtt_us < 0 && !instant_is_never(first))
		a->rtt_us = instant_diff(stk->now, first);
}

uint32_t
tcp_flight_pipe(const struct tcp_conn *c)
{
	const struct tcp_flight *f = c->fl;
	uint32_t out = tcp_flight_bytes(c) + (f != NULL ? f->retrans : 0);
	uint32_t gone;

	if (f == NULL)
		return 0;
	gone = f->sacked + f->lost + f->dup_bytes;
	return out > gone ? out - gone : 0;
}

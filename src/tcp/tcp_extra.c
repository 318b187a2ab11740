/*
 * tcp_extra.c - what an owner may say about bytes that it writes: where a
 * record ends, and what is urgent; and what a peer says of the latter.
 *
 * A record's end is the sender's matter alone (sendmsg(2): MSG_EOR): no
 * segment holds bytes of both sides of it, and it is pushed.  The peer sees a
 * stream as ever.
 *
 * Urgent data (RFC 9293 3.8.5) are bytes of the stream like others; a pointer
 * says how far they go, and by RFC 6093 5 it points behind their last byte, as
 * every stack has it.  They are read in line (RFC 6093 6).
 *
 * Few connections use either, so both live in struct tcp_extra, which is made
 * at the first use and goes with the connection's buffers.
 */
#include "tcp/tcp_conn.h"

#include <errno.h>

struct tcp_extra *
tcp_extra_get(struct stack *stk, struct tcp_conn *c)
{
	if (c->ext == NULL)
		c->ext = mem_alloc(&stk->mem, sizeof(*c->ext));
	return c->ext;
}

static void
mark_pop(struct stack *stk, struct tcp_extra *x)
{
	struct tcp_mark *m = x->mark_head;

	x->mark_head = m->next;
	if (x->mark_head == NULL)
		x->mark_tail = NULL;
	stk->tcp.mem_used -= sizeof(*m);
	mem_free(&stk->mem, m, sizeof(*m));
}

void
tcp_extra_put(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_extra *x = c->ext;

	if (x == NULL)
		return;
	while (x->mark_head != NULL)
		mark_pop(stk, x);
	mem_free(&stk->mem, x, sizeof(*x));
	c->ext = NULL;
}

/* ---- records ------------------------------------------------------------- */

/* Marks are memory that a writer of tiny records asks for: they count as
 * buffers do. */
static struct tcp_mark *
mark_new(struct stack *stk)
{
	struct tcp_mark *m;

	if (stk->tcp.mem_used + sizeof(*m) > stk->limits.tcp_mem)
		return NULL;
	m = mem_alloc(&stk->mem, sizeof(*m));
	if (m != NULL)
		stk->tcp.mem_used += sizeof(*m);
	return m;
}

int32_t
tcp_write_record(struct stack *stk, struct tcp_conn *c, const void *buf,
    uint32_t len)
{
	struct tcp_extra *x;
	struct tcp_mark *m;
	int32_t n;

	/* Whose memory ran out shall not find the bytes taken. */
	if (c->key.state == TCPS_CLOSED || (c->flags & CF_FIN) != 0)
		return tcp_write(stk, c, buf, len);
	x = tcp_extra_get(stk, c);
	m = x != NULL ? mark_new(stk) : NULL;
	if (m == NULL)
		return -ENOMEM;
	n = tcp_write(stk, c, buf, len);
	if (n <= 0 || (uint32_t)n < len) {
		stk->tcp.mem_used -= sizeof(*m);
		mem_free(&stk->mem, m, sizeof(*m));
		return n;
	}
	m->seq = tcp_snd_end(c);
	if (x->mark_tail != NULL)
		x->mark_tail->next = m;
	else
		x->mark_head = m;
	x->mark_tail = m;
	return n;
}

uint32_t
tcp_record_left(const struct tcp_conn *c, uint32_t avail)
{
	const struct tcp_mark *m = c->ext->mark_head;

	while (m != NULL && seq_le(m->seq, c->snd_nxt))
		m = m->next;
	return m == NULL ? avail : tcp_min(avail, m->seq - c->snd_nxt);
}

bool
tcp_record_sent(struct stack *stk, struct tcp_conn *c, uint32_t end)
{
	struct tcp_extra *x = c->ext;
	bool ends = false;

	/* More than one: those that a SYN took with it. */
	while (x->mark_head != NULL && seq_le(x->mark_head->seq, end)) {
		ends = x->mark_head->seq == end;
		mark_pop(stk, x);
	}
	return ends;
}

/* ---- urgent data, out ---------------------------------------------------- */

int32_t
tcp_write_urgent(struct stack *stk, struct tcp_conn *c, const void *buf,
    uint32_t len)
{
	struct tcp_extra *x;
	int32_t n;

	if (c->key.state == TCPS_CLOSED || (c->flags & CF_FIN) != 0)
		return tcp_write(stk, c, buf, len);
	x = tcp_extra_get(stk, c);
	if (x == NULL)
		return -ENOMEM;
	n = tcp_write(stk, c, buf, len);
	if (n <= 0)
		return n;
	/* RFC 9293 3.10.3; RFC 6093 5: behind the last byte. */
	x->snd_up = tcp_snd_end(c);
	x->snd_urgent = true;
	/* RFC 9293 3.8.6: a closed window holds the bytes back, but not the
	 * news of them. */
	if (tcp_synced(c) && seq_le(c->snd_una + c->snd_wnd, c->snd_nxt))
		c->flags |= CF_ACK_NOW;
	return n;
}

void
tcp_urgent_header(const struct tcp_conn *c, struct tcp_hdr *h)
{
	const struct tcp_extra *x = c->ext;

	if ((h->flags & (TCP_SYN | TCP_RST)) != 0 ||
	    !seq_lt(h->seq, x->snd_up))
		return;
	h->flags |= TCP_URG;
	/* RFC 9293 3.8.5: urgent data may be longer than the field can say;
	 * what follows then points on. */
	h->urgent = (uint16_t)tcp_min(x->snd_up - h->seq, UINT16_MAX);
}

void
tcp_extra_acked(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_extra *x = c->ext;

	if (x->snd_urgent && seq_ge(c->snd_una, x->snd_up))
		x->snd_urgent = false;
	tcp_probe_acked(stk, c);
}

/* ---- urgent data, in ----------------------------------------------------- */

/* Number of the first byte that the owner has not read. */
static uint32_t
unread_from(const struct tcp_conn *c)
{
	return c->rcv_nxt - ((c->flags & CF_RFIN) != 0) - c->rcv.len;
}

void
tcp_urgent_input(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s)
{
	uint32_t up = s->h.seq + s->h.urgent;
	struct tcp_extra *x;

	/* RFC 9293 3.10.7.4, sixth: not in states behind the peer's FIN. */
	if ((c->flags & CF_RFIN) != 0 || seq_le(up, unread_from(c)))
		return;
	x = tcp_extra_get(stk, c);
	if (x == NULL || (x->rcv_urgent && seq_le(up, x->rcv_up)))
		return;
	/* RCV.UP <- max(RCV.UP, SEG.UP), and the owner hears of it. */
	x->rcv_up = up;
	x->rcv_urgent = true;
	tcp_todo(stk, c, TODO_EVENT);
}

uint32_t
tcp_urgent_left(const struct tcp_conn *c)
{
	const struct tcp_extra *x = c->ext;

	return x != NULL && x->rcv_urgent ? x->rcv_up - unread_from(c) : 0;
}

void
tcp_extra_read(struct tcp_conn *c)
{
	struct tcp_extra *x = c->ext;

	if (x->rcv_urgent && seq_ge(unread_from(c), x->rcv_up))
		x->rcv_urgent = false;
}

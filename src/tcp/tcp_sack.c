/*
 * tcp_sack.c - SACK blocks that came in (RFC 2018, RFC 2883), and which
 * records they prove lost (RFC 6675 4).
 *
 * A block may cover a FIN, or its data only: the peer need not keep a FIN that
 * came early.  A block that lies is ignored.  A record is cut at a block's edge
 * only where a segment of ours began, so that a hostile peer cannot shred the
 * queue.
 */
#include "tcp/tcp_conn.h"

/* RFC 2883 4: the first block is a D-SACK if it lies below the ACK, or inside
 * the second. */
static bool
is_dsack(const struct tcp_seg *s)
{
	const struct tcp_sack *b = s->o.sack;

	if (seq_le(b[0].right, s->h.ack))
		return true;
	return s->o.sacks > 1 && seq_ge(b[0].left, b[1].left) &&
	    seq_le(b[0].right, b[1].right);
}

static void
take_dsack(struct stack *stk, struct tcp_conn *c, const struct tcp_sack *b,
    struct tcp_acked *a)
{
	struct tcp_flight *f = c->fl;

	if (!seq_lt(b->left, b->right) ||
	    seq_lt(b->left, c->snd_una - c->max_wnd))
		return;
	a->dsack = true;
	a->dsack_end = b->right;
	if (c->dsack_dups < UINT16_MAX)
		c->dsack_dups++;
	stk->tcp.stats.dsacks_seen++;
	/* One retransmission was needless (as RFC 3708 2 reasons): of this
	 * recovery, or of the last one if there is none. */
	if (f != NULL && f->undo_left > 0 && seq_ge(b->left, f->undo_marker) &&
	    (c->key.ca >= TCP_CA_RECOVERY || seq_le(b->right, f->recover)))
		f->undo_left--;
}

/* s moved up to where a segment of r begins. */
static uint32_t
align_up(const struct tcp_rec *r, uint32_t s, uint32_t mss)
{
	uint32_t off = s - r->seq;

	return r->seq + (off + mss - 1) / mss * mss;
}

/* Cuts r so that its first part holds none of b, or all that b holds of it is
 * its first part.  NULL: nothing of r is in b, or there is no memory. */
static struct tcp_rec *
cut_to_block(struct stack *stk, struct tcp_conn *c, struct tcp_rec *r,
    const struct tcp_sack *b)
{
	uint32_t mss = tcp_mss_now(c), at;

	if (seq_lt(r->seq, b->left)) {
		at = align_up(r, b->left, mss);
		if (seq_ge(at, r->end) || seq_ge(at, b->right) ||
		    tcp_rec_split(stk, c, r, at) != 0)
			return NULL;
		r = r->next;
	}
	if (seq_gt(r->end, b->right)) {
		at = r->seq + (b->right - r->seq) / mss * mss;
		if ((r->flags & REC_FIN) != 0 && b->right == r->end - 1)
			at = b->right;
		if (at == r->seq || tcp_rec_split(stk, c, r, at) != 0)
			return NULL;
	}
	return r;
}

static void
sack_record(struct stack *stk, struct tcp_conn *c, struct tcp_rec *r,
    struct tcp_acked *a)
{
	struct tcp_flight *f = c->fl;
	uint32_t n = r->end - r->seq;

	if ((r->flags & REC_EVER) == 0 && a->rtt_us < 0)
		a->rtt_us = instant_diff(stk->now, r->sent);
	tcp_rack_delivered(stk, c, r, a);
	tcp_rec_unmark(f, r, REC_LOST | REC_RETRANS);
	tcp_rec_mark(f, r, REC_SACKED);
	a->sacked += n;
	a->delivered += n;
	c->delivered += (n + tcp_mss_now(c) - 1) / tcp_mss_now(c);
	if (f->sacked == n || seq_gt(r->end, f->high_sacked))
		f->high_sacked = r->end;
}

static void
take_block(struct stack *stk, struct tcp_conn *c, const struct tcp_sack *b,
    struct tcp_acked *a)
{
	struct tcp_rec *r;

	if (!seq_lt(b->left, b->right) || seq_le(b->right, c->snd_una) ||
	    seq_gt(b->right, c->snd_nxt))
		return;
	for (r = c->fl->head; r != NULL && seq_lt(r->seq, b->right);
	    r = r->next) {
		if (seq_le(r->end, b->left) || (r->flags & REC_SACKED) != 0)
			continue;
		if (seq_lt(r->seq, b->left) || seq_gt(r->end, b->right)) {
			r = cut_to_block(stk, c, r, b);
			if (r == NULL)
				return;
		}
		sack_record(stk, c, r, a);
	}
}

void
tcp_sack_input(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s, struct tcp_acked *a)
{
	unsigned i = 0;

	if (is_dsack(s)) {
		take_dsack(stk, c, &s->o.sack[0], a);
		i = 1;
	}
	for (; i < s->o.sacks && c->fl != NULL; i++)
		take_block(stk, c, &s->o.sack[i], a);
}

/* RFC 6675 4, IsLost(): three islands, or more than two segments, sacked
 * above it. */
void
tcp_sack_mark_lost(struct tcp_conn *c, struct tcp_acked *a)
{
	struct tcp_flight *f = c->fl;
	uint32_t above = 0, islands = 0, mss = tcp_mss_now(c);
	bool inside = false;

	for (struct tcp_rec *r = f->tail; r != NULL; r = r->prev) {
		if ((r->flags & REC_SACKED) != 0) {
			above += r->end - r->seq;
			islands += !inside;
			inside = true;
			continue;
		}
		inside = false;
		if ((r->flags & (REC_LOST | REC_RETRANS)) == 0 &&
		    (islands >= TCP_DUPTHRESH ||
		    above > (TCP_DUPTHRESH - 1) * mss)) {
			tcp_rec_mark(f, r, REC_LOST);
			a->lost_new = true;
		}
	}
}

/* RFC 6675 4, NextSeg() (3): the first one below what has been sacked; (4):
 * once in a recovery the last one, so that an ACK comes. */
struct tcp_rec *
tcp_sack_next(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_flight *f = c->fl;
	uint32_t mss = tcp_mss_now(c);
	struct tcp_rec *r;

	for (r = f->head; r != NULL && f->sacked > 0 &&
	    seq_lt(r->seq, f->high_sacked); r = r->next) {
		if ((r->flags & (REC_SACKED | REC_RETRANS)) == 0)
			return r;
	}
	for (r = f->tail; r != NULL && (r->flags & REC_SACKED) != 0;
	    r = r->prev)
		;
	if (f->rescued || r == NULL || (r->flags & REC_RETRANS) != 0)
		return NULL;
	f->rescued = true;
	if (r->end - r->seq > mss && tcp_rec_split(stk, c, r,
	    r->seq + (r->end - r->seq - 1) / mss * mss) == 0)
		r = r->next;
	return r;
}

/*
 * tcp_ooo.c - data that came out of order: islands beyond rcv_nxt.
 *
 * One island is one run of bytes and one SACK block.  Bytes are kept once,
 * the first to come; what comes again is reported as D-SACK (RFC 2883).  All
 * of the promised window may be filled with islands, and their number is
 * bounded, since one costs a chunk however small it is.
 */
#include "tcp/tcp_conn.h"

#define ISLAND_BYTES 1024u	/* of receive buffer an island may cost */
#define ISLANDS_MIN 64u

static uint32_t
island_end(const struct tcp_island *i)
{
	return i->seq + i->q.len;
}

static void
island_free(struct stack *stk, struct tcp_conn *c, struct tcp_island *i)
{
	tcp_bytes_clear(stk, &i->q);
	c->ooo_count--;
	mem_free(&stk->mem, i, sizeof(*i));
}

/* A new, empty island at seq, linked in at *at; NULL: no room. */
static struct tcp_island *
island_new(struct stack *stk, struct tcp_conn *c, struct tcp_island **at,
    uint32_t seq)
{
	struct tcp_island *i;

	if (c->ooo_count >= tcp_min(UINT16_MAX,
	    tcp_max(ISLANDS_MIN, c->rcv_buf / ISLAND_BYTES)))
		return NULL;
	i = mem_alloc(&stk->mem, sizeof(*i));
	if (i == NULL)
		return NULL;
	i->seq = seq;
	i->next = *at;
	*at = i;
	c->ooo_count++;
	return i;
}

/* The island behind i begins where i ends: one island. */
static void
merge_next(struct stack *stk, struct tcp_conn *c, struct tcp_island *i)
{
	struct tcp_island *n = i->next;

	if (n == NULL || n->seq != island_end(i))
		return;
	tcp_bytes_cat(&i->q, &n->q);
	i->next = n->next;
	island_free(stk, c, n);
}

/* Bytes from seq that i has already: skipped, and reported once. */
static uint32_t
overlap(struct tcp_conn *c, const struct tcp_island *i, uint32_t seq,
    uint32_t n)
{
	uint32_t over = tcp_min(n, island_end(i) - seq);

	if (over > 0 && (c->flags & CF_SACK) != 0 &&
	    (c->flags & CF_DSACK) == 0) {
		c->dsack = (struct tcp_sack){ seq, seq + over };
		c->flags |= CF_DSACK;
	}
	return over;
}

/* Appends to i what fits before the next island; *full if memory ran out. */
static uint32_t
extend(struct stack *stk, struct tcp_conn *c, struct tcp_island *i,
    const uint8_t *p, uint32_t n, bool *full)
{
	uint32_t end = island_end(i), got;

	if (i->next != NULL)
		n = tcp_min(n, i->next->seq - end);
	got = tcp_bytes_append(stk, &i->q, p, n);
	*full = got < n;
	c->ooo_bytes += got;
	merge_next(stk, c, i);
	return got;
}

uint32_t
tcp_ooo_add(struct stack *stk, struct tcp_conn *c, uint32_t seq,
    const uint8_t *p, uint32_t n, bool *full)
{
	struct tcp_island **at = &c->ooo, *i;
	uint32_t fresh = 0, m;

	c->ooo_stamp++;
	while (*at != NULL && seq_lt(island_end(*at), seq))
		at = &(*at)->next;
	i = *at;
	while (n > 0 && !*full) {
		if (i == NULL || seq_lt(seq, i->seq)) {
			i = island_new(stk, c, at, seq);
			if (i == NULL) {
				*full = true;
				break;
			}
		}
		i->stamp = c->ooo_stamp;
		m = overlap(c, i, seq, n);
		seq += m;
		p += m;
		n -= m;
		if (n > 0) {
			m = extend(stk, c, i, p, n, full);
			fresh += m;
			seq += m;
			p += m;
			n -= m;
		}
	}
	/* Memory ran out before the first byte of a new island. */
	if (i != NULL && i->q.len == 0) {
		*at = i->next;
		island_free(stk, c, i);
	}
	return fresh;
}

void
tcp_ooo_deliver(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_island *i;

	while ((i = c->ooo) != NULL && seq_le(i->seq, c->rcv_nxt)) {
		uint32_t len = i->q.len;
		uint32_t over = tcp_min(len, c->rcv_nxt - i->seq);

		overlap(c, i, i->seq, over);
		tcp_bytes_skip(stk, &i->q, over);
		tcp_bytes_cat(&c->rcv, &i->q);
		tcp_rcv_advance(c, len - over);
		c->ooo_bytes -= len;
		c->ooo = i->next;
		island_free(stk, c, i);
	}
}

void
tcp_ooo_clear(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_island *i;

	while ((i = c->ooo) != NULL) {
		c->ooo = i->next;
		island_free(stk, c, i);
	}
	c->ooo_bytes = 0;
}

/* The island last touched before `before`, or NULL. */
static const struct tcp_island *
next_recent(const struct tcp_conn *c, const struct tcp_island *before)
{
	const struct tcp_island *best = NULL;

	for (const struct tcp_island *i = c->ooo; i != NULL; i = i->next) {
		if (before != NULL && (int32_t)(i->stamp - before->stamp) >= 0)
			continue;
		if (best == NULL || (int32_t)(i->stamp - best->stamp) > 0)
			best = i;
	}
	return best;
}

/* RFC 2018 4: the block of the latest segment first, then the most recently
 * reported ones, which are the most recently touched. */
uint8_t
tcp_ooo_blocks(struct tcp_conn *c, struct tcp_sack *out, uint8_t max)
{
	const struct tcp_island *i = NULL;
	uint8_t n = 0;

	if ((c->flags & CF_DSACK) != 0)
		out[n++] = c->dsack;
	while (n < max && (i = next_recent(c, i)) != NULL) {
		uint32_t end = island_end(i);

		/* A FIN is data too, to who counts numbers (RFC 2018 3). */
		if ((c->flags & CF_FIN_AHEAD) != 0 && end == c->rcv_fin)
			end++;
		out[n++] = (struct tcp_sack){ i->seq, end };
	}
	return n;
}

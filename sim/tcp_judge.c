/*
 * tcp_judge.c - the books on what each host's TCP has received and promised.
 *
 * Bounded: a bucket keeps its latest connections; what is forgotten is not
 * judged.
 *
 * Read: RFC 9293 3.4, 3.8.6, RFC 1122 4.2.3.2, RFC 2018 3, RFC 2883 4,
 * RFC 7323 2, 5.3.
 */
#include "tcp_judge.h"

#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "lb/lb.h"
#include "stack/stack.h"
#include "util.h"
#include "world.h"

#define BUCKETS		256u
#define DEPTH		16u	/* connections of a bucket */
#define HEADER		20u

#define TH_FIN	0x01u
#define TH_SYN	0x02u
#define TH_RST	0x04u
#define TH_ACK	0x10u

#define NO_SCALE	0xffu	/* the SYN had no window scale */
#define ACK_LATE_US	(500 * USEC_PER_MSEC)	/* RFC 1122 4.2.3.2 */

struct range {
	uint32_t left, right;	/* [left, right) */
};

struct ends {
	uint32_t here, there;	/* addresses, host order */
	uint16_t hport, tport;
};

/* What one connection received. */
struct heard {
	struct heard *next;
	struct ends ends;
	uint32_t irs, whole;	/* all of [irs, whole) arrived */
	bool synced;		/* the peer's SYN came */
	bool spoke;		/* sent an ACK, the last one being ... */
	uint32_t acked;		/* ... this, ... */
	uint32_t edge;		/* ... with a window up to here */
	uint8_t scale[2];	/* of the SYN that went out, that came in */
	uint32_t latest;	/* timestamp */
	bool doubtful;		/* a part of the whole may not have counted */
	struct instant since;	/* the first of what is not ACKed came */
	uint64_t unsent;	/* frames that died on their way out, by then */
	struct range *island;	/* what arrived behind that */
	uint32_t islands, size;
};

struct tcp_judge {
	struct heard *bucket[BUCKETS];
};

struct segment {
	uint32_t seq, ack, len;	/* len: with SYN and FIN */
	uint32_t flags, window;
	const uint8_t *opt;
	uint32_t opt_len;
};

static uint32_t
u32_at(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static bool
leq(uint32_t a, uint32_t b)
{
	return (int32_t)(b - a) >= 0;
}

static bool
segment_of(const struct frame_view *v, struct segment *s)
{
	uint32_t hlen;

	if (!v->ip || v->proto != 6 || v->fragment || v->damaged ||
	    v->fault != NULL || v->l4_len < HEADER)
		return false;
	hlen = (uint32_t)(v->l4[12] >> 4) * 4;
	if (hlen < HEADER || hlen > v->l4_len)
		return false;
	s->seq = u32_at(v->l4 + 4);
	s->ack = u32_at(v->l4 + 8);
	s->flags = v->l4[13];
	s->window = (uint32_t)v->l4[14] << 8 | v->l4[15];
	s->len = v->l4_len - hlen + ((s->flags & TH_SYN) != 0) +
	    ((s->flags & TH_FIN) != 0);
	s->opt = v->l4 + HEADER;
	s->opt_len = hlen - HEADER;
	return true;
}

static struct heard **
bucket_of(struct tcp_judge *j, const struct ends *e)
{
	uint32_t h = (e->here * 31 ^ e->there) * 2654435761u;

	h ^= ((uint32_t)e->hport << 16 | e->tport) * 2246822519u;
	return &j->bucket[(h ^ h >> 15) % BUCKETS];
}

static struct heard *
heard_find(struct node *n, const struct ends *e)
{
	if (n->tcp_judge == NULL)
		return NULL;
	for (struct heard *h = *bucket_of(n->tcp_judge, e); h != NULL;
	    h = h->next) {
		if (h->ends.here == e->here && h->ends.there == e->there &&
		    h->ends.hport == e->hport && h->ends.tport == e->tport)
			return h;
	}
	return NULL;
}

static void
heard_free(struct heard *h)
{
	free(h->island);
	free(h);
}

/* A new one; the oldest of a full bucket is forgotten. */
static struct heard *
heard_new(struct node *n, const struct ends *e)
{
	struct heard *h = sim_alloc(sizeof(*h));
	struct heard **link;

	if (n->tcp_judge == NULL)
		n->tcp_judge = sim_alloc(sizeof(*n->tcp_judge));
	link = bucket_of(n->tcp_judge, e);
	h->ends = *e;
	h->since = INSTANT_NEVER;
	h->next = *link;
	*link = h;
	for (uint32_t i = 0; i < DEPTH && *link != NULL; i++)
		link = &(*link)->next;
	if (*link != NULL) {
		heard_free(*link);	/* the last: there is never one more */
		*link = NULL;
	}
	return h;
}

void
tcp_judge_forget(struct node *n)
{
	if (n->tcp_judge == NULL)
		return;
	for (uint32_t i = 0; i < BUCKETS; i++) {
		struct heard *h;

		while ((h = n->tcp_judge->bucket[i]) != NULL) {
			n->tcp_judge->bucket[i] = h->next;
			heard_free(h);
		}
	}
	free(n->tcp_judge);
	n->tcp_judge = NULL;
}

/* Islands that the whole reaches become part of it. */
static void
absorb(struct heard *h)
{
	for (uint32_t i = 0; i < h->islands;) {
		if (!leq(h->island[i].left, h->whole)) {
			i++;
			continue;
		}
		if (leq(h->whole, h->island[i].right))
			h->whole = h->island[i].right;
		h->island[i] = h->island[--h->islands];
		i = 0;
	}
}

static void
hear(struct heard *h, uint32_t left, uint32_t right)
{
	if (left == right)
		return;
	if (leq(left, h->whole)) {
		if (leq(h->whole, right))
			h->whole = right;
		absorb(h);
		return;
	}
	for (uint32_t i = 0; i < h->islands;) {
		struct range *r = &h->island[i];

		if (!leq(r->left, right) || !leq(left, r->right)) {
			i++;
			continue;
		}
		if (leq(r->left, left))
			left = r->left;
		if (leq(right, r->right))
			right = r->right;
		*r = h->island[--h->islands];
		i = 0;
	}
	h->island = sim_grow(h->island, &h->size, h->islands + 1,
	    sizeof(*h->island));
	h->island[h->islands++] = (struct range){ left, right };
}

/* The option of that kind and length; NULL: none. */
static const uint8_t *
option(const struct segment *s, uint8_t kind, uint32_t len)
{
	uint32_t i = 0;

	while (i + len <= s->opt_len && s->opt[i] != 0) {
		if (s->opt[i] == kind && s->opt[i + 1] == len)
			return s->opt + i;
		if (s->opt[i] != 1 && s->opt[i + 1] < 2)
			break;
		i += s->opt[i] == 1 ? 1 : s->opt[i + 1];
	}
	return NULL;
}

static uint8_t
scale_of(const struct segment *s)
{
	const uint8_t *o = option(s, 3, 3);

	return o != NULL ? o[2] : NO_SCALE;
}

/* May it be thrown away for its timestamp (RFC 7323 5.3)? */
static bool
is_stale(struct heard *h, const struct segment *s)
{
	const uint8_t *o = option(s, 8, 10);
	uint32_t val;

	if (o == NULL)
		return false;
	val = u32_at(o + 2);
	if ((s->flags & TH_SYN) != 0 || leq(h->latest, val)) {
		h->latest = val;
		return false;
	}
	return true;
}

/* Frames of n's that left TCP, and died before the wire. */
static uint64_t
unsent(const struct node *n)
{
	static const enum drop why[] = { DROP_NO_MEMORY, DROP_PORT_DOWN,
	    DROP_PORT_TX, DROP_PORT_MTU, DROP_NEIGH_QUEUE, DROP_NEIGH_TABLE,
	    DROP_NEIGH_FAILED, DROP_IP_UNSENT, DROP_IP_NO_ROUTE };
	uint64_t sum = n->stk->arp.held;

	for (size_t i = 0; i < sizeof(why) / sizeof(why[0]); i++)
		sum += n->stk->drop.count[why[i]];
	return sum;
}

/* A SYN came, the first one or that of the next connection of the same ends. */
static void
begin(struct heard *h, const struct segment *s)
{
	h->irs = h->whole = s->seq;
	h->synced = true;
	h->spoke = h->doubtful = false;
	h->since = INSTANT_NEVER;
	h->scale[1] = scale_of(s);
	h->islands = 0;
}

/* While nodes come and go, connections of several lives have the same ends, and
 * what did not count for one is not to be told from what another forgot. */
static bool
judges(struct node *n)
{
	if (world_settled(n->world))
		return true;
	tcp_judge_forget(n);
	return false;
}

/* Something new is there to be ACKed. */
static void
ack_is_due(struct node *n, struct heard *h)
{
	if (h->doubtful || !instant_is_never(h->since))
		return;
	h->since = n->world->now;
	h->unsent = unsent(n);
}

void
tcp_judge_arrival(struct node *n, const struct frame_view *v)
{
	struct ends ends = { v->dst, v->src, v->dport, v->sport };
	struct segment s;
	struct heard *h;

	if (!judges(n))
		return;
	if (v->ip && v->proto == 6 && v->fragment) {
		tcp_judge_forget(n);
		return;
	}
	if (!segment_of(v, &s))
		return;
	h = heard_find(n, &ends);
	if ((s.flags & TH_SYN) != 0 &&
	    (h == NULL || !h->synced || h->irs != s.seq)) {
		if (h == NULL)
			h = heard_new(n, &ends);
		begin(h, &s);
	}
	if (h == NULL || !h->synced)
		return;
	hear(h, s.seq, s.seq + s.len);
	if (is_stale(h, &s) && !leq(s.seq + s.len, h->acked)) {
		h->doubtful = true;
		h->since = INSTANT_NEVER;
	}
	/* Who has reset it, or is reset, need not answer. */
	if ((s.flags & TH_RST) != 0)
		h->spoke = false;
	else if (h->spoke && h->acked != h->whole)
		ack_is_due(n, h);
}

static bool
arrived(const struct heard *h, uint32_t left, uint32_t right)
{
	if (leq(h->irs, left) && leq(left, right) && leq(right, h->whole))
		return true;
	for (uint32_t i = 0; i < h->islands; i++) {
		if (leq(h->island[i].left, left) && leq(left, right) &&
		    leq(right, h->island[i].right))
			return true;
	}
	return false;
}

static void
judge_sack(struct node *n, const struct heard *h, const struct segment *s)
{
	uint32_t i = 0;

	while (i + 1 < s->opt_len && s->opt[i] != 0) {
		uint32_t len = s->opt[i] == 1 ? 1 : s->opt[i + 1];

		if (len == 0 || i + len > s->opt_len || (len == 1 &&
		    s->opt[i] != 1)) {
			world_fail(n->world, "%s sent TCP options that do not "
			    "fit", n->name);
			return;
		}
		for (uint32_t b = 2; s->opt[i] == 5 && b + 8 <= len; b += 8) {
			uint32_t left = u32_at(s->opt + i + b);
			uint32_t right = u32_at(s->opt + i + b + 4);

			if (!arrived(h, left, right))
				world_fail(n->world, "%s sent a SACK block of "
				    "bytes %u to %u of a stream, which did "
				    "not arrive", n->name, left - h->irs,
				    right - h->irs);
		}
		i += len;
	}
}

/* Does this node speak for itself alone? */
static bool
is_host(struct node *n, uint32_t src)
{
	return iface_addr_local(n->stk, (struct ip4){ src }) != NULL &&
	    lb_service_next(n->stk, NULL) == NULL;
}

/* A window once promised is not taken back (RFC 9293 3.8.6), but for what
 * scaling rounds off, and for what a SYN, which has no scale, cannot say. */
static void
judge_window(struct node *n, struct heard *h, const struct segment *s)
{
	bool scaled = (s->flags & TH_SYN) == 0 && h->scale[0] != NO_SCALE &&
	    h->scale[1] != NO_SCALE;
	uint32_t unit = scaled ? 1u << (h->scale[0] & 15) : 1;
	uint32_t edge = s->ack + s->window * unit;
	bool all = (s->flags & TH_SYN) != 0 && s->window == UINT16_MAX;

	if (h->spoke && !all && leq(edge + unit, h->edge))
		world_fail(n->world, "%s took back %u bytes of a window",
		    n->name, h->edge - edge);
	if (!h->spoke || leq(h->edge, edge))
		h->edge = edge;
}

/* A SYN goes out: a new connection, or its answer. */
static void
syn_sent(struct node *n, const struct ends *ends, const struct segment *s)
{
	struct heard *h = heard_find(n, ends);

	if (h == NULL)
		h = heard_new(n, ends);
	h->scale[0] = scale_of(s);
}

void
tcp_judge_sent(struct node *n, const struct frame_view *v)
{
	struct ends ends = { v->src, v->dst, v->sport, v->dport };
	struct segment s;
	struct heard *h;

	if (!judges(n) || !segment_of(v, &s) || !is_host(n, v->src))
		return;
	if ((s.flags & TH_SYN) != 0)
		syn_sent(n, &ends, &s);
	h = heard_find(n, &ends);
	if (h == NULL || !h->synced)
		return;
	if ((s.flags & TH_RST) != 0)
		h->spoke = false;
	if ((s.flags & (TH_ACK | TH_RST)) != TH_ACK)
		return;
	if (!leq(s.ack, h->whole))
		world_fail(n->world, "%s sent an ACK of %u bytes of a stream, "
		    "but only %u arrived", n->name, s.ack - h->irs,
		    h->whole - h->irs);
	if (h->spoke && !leq(h->acked, s.ack))
		world_fail(n->world, "%s sent an ACK of %u bytes of a stream "
		    "after one of %u", n->name, s.ack - h->irs,
		    h->acked - h->irs);
	judge_sack(n, h, &s);
	judge_window(n, h, &s);
	h->spoke = true;
	h->acked = s.ack;
	h->since = INSTANT_NEVER;
	if (h->acked == h->whole)
		h->doubtful = h->islands > 0 && h->doubtful;
	else
		ack_is_due(n, h);
}

void
tcp_judge_audit(struct node *n)
{
	if (!judges(n))
		return;
	for (uint32_t i = 0; n->tcp_judge != NULL && i < BUCKETS; i++) {
		struct heard *h = n->tcp_judge->bucket[i];

		for (; h != NULL; h = h->next) {
			if (!h->spoke || instant_is_never(h->since) ||
			    instant_diff(n->world->now, h->since) <=
			    ACK_LATE_US)
				continue;
			if (h->unsent == unsent(n) && n->stk->arp.held == 0)
				world_fail(n->world, "%s: %u bytes of a stream "
				    "came half a second ago, but %u are ACKed",
				    n->name, h->whole - h->irs,
				    h->acked - h->irs);
			h->spoke = false;	/* said once, or excused */
		}
	}
}

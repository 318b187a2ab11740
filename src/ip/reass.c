/*
 * reass.c - several fragments become one packet again.
 *
 * Fragments are copied to memory of their own size, so that a flood of them
 * cannot empty the packet pool.  A datagram is given up as soon as two of its
 * fragments overlap (the reasoning of RFC 5722: nobody honest does that), and
 * what is left of it is swallowed for the rest of its 30 seconds; a fragment
 * that comes twice, byte for byte, is only ignored.
 *
 * It does not guess at the ports of later fragments, and it never reassembles
 * what is only passing through, unless the load balancer asked for it.
 *
 * Read: RFC 791 3.2, RFC 815, RFC 1122 3.3.2, RFC 1858, RFC 3168 5.3, RFC 5722.
 *
 * Owns struct frag_queue and struct frag, in stk->mem.
 *
 * Limits: limits.frag_bytes in all (the oldest datagram goes first),
 * limits.frag_source by one source (its own oldest goes first; hashed: sources
 * that collide share it), limits.frag_queues datagrams.
 */
#include "ip/reass.h"

#include "base/csum.h"
#include "base/cursor.h"
#include "stack/stack.h"

#define PAYLOAD_MAX	(UINT16_MAX - IP4_HLEN)


struct frag {
	struct frag *next;
	uint32_t off, len;	/* of payload */
	uint8_t hlen;		/* header bytes in front of it: first only */
	bool undecided;		/* as of a packet */
	bool l2_group;
	uint8_t data[];		/* header, payload */
};

static uint64_t
reass_hash(struct stack *stk, struct ip4 src, struct ip4 dst, uint16_t id,
    uint8_t proto)
{
	uint8_t b[11];

	be32_put(b, src.v);
	be32_put(b + 4, dst.v);
	be16_put(b + 8, id);
	b[10] = proto;
	return siphash13(&stk->ip.key, b, sizeof(b));
}

static struct frag_queue **
bucket_of(struct stack *stk, struct ip4 src, struct ip4 dst, uint16_t id,
    uint8_t proto)
{
	return &stk->ip.reass.bucket[reass_hash(stk, src, dst, id, proto) %
	    REASS_BUCKETS];
}

static uint32_t *
source_share(struct stack *stk, struct ip4 src)
{
	return &stk->ip.reass.source_bytes[reass_hash(stk, src, IP4_ANY, 0,
	    0) % REASS_BUCKETS];
}

static void
charge(struct stack *stk, struct frag_queue *q, uint32_t bytes)
{
	q->bytes += bytes;
	stk->ip.reass.bytes += bytes;
	*source_share(stk, q->src) += bytes;
}

static void
discharge(struct stack *stk, struct frag_queue *q, uint32_t bytes)
{
	q->bytes -= bytes;
	stk->ip.reass.bytes -= bytes;
	*source_share(stk, q->src) -= bytes;
}

static uint32_t
frag_size(const struct frag *f)
{
	return (uint32_t)sizeof(*f) + f->hlen + f->len;
}

/* Frees the fragments; the queue stays. */
static void
frags_free(struct stack *stk, struct frag_queue *q)
{
	struct frag *f;

	while ((f = q->frags) != NULL) {
		q->frags = f->next;
		discharge(stk, q, frag_size(f));
		mem_free(&stk->mem, f, frag_size(f));
	}
	q->count = 0;
	q->have = 0;
}

static void
queue_free(struct stack *stk, struct frag_queue *q)
{
	struct reass_state *rs = &stk->ip.reass;
	struct frag_queue **p = bucket_of(stk, q->src, q->dst, q->id, q->proto);

	frags_free(stk, q);
	timer_cancel(&stk->timers, &q->timer);
	while (*p != q)
		p = &(*p)->hash_next;
	*p = q->hash_next;
	*(q->older != NULL ? &q->older->newer : &rs->oldest) = q->newer;
	*(q->newer != NULL ? &q->newer->older : &rs->newest) = q->older;
	rs->queues--;
	discharge(stk, q, sizeof(*q));
	mem_free(&stk->mem, q, sizeof(*q));
}

/* Counts the fragments of a datagram that dies. */
static void
frags_count(struct stack *stk, const struct frag_queue *q, enum drop why)
{
	for (const struct frag *f = q->frags; f != NULL; f = f->next) {
		if (f->undecided)
			drop_count_received(stk, why);
		else
			drop_count(stk, why);
	}
}

/* The same, and frees them; answers none. */
static void
queue_drop(struct stack *stk, struct frag_queue *q, enum drop why)
{
	frags_count(stk, q, why);
	queue_free(stk, q);
}

/* RFC 1122 3.3.2, RFC 792: time exceeded, if the first fragment is here. */
static void
queue_timeout(struct stack *stk, struct timer *t)
{
	struct frag_queue *q = (struct frag_queue *)((char *)t -
	    offsetof(struct frag_queue, timer));
	struct frag *f = q->frags;
	struct pkt *pkt = NULL;

	/* The first leaves its queue as a packet again, to be answered. */
	if (f != NULL && f->off == 0)
		pkt = pkt_alloc(&stk->pool, f->hlen + f->len);
	if (pkt != NULL) {
		memcpy(pkt_append(pkt, f->hlen + f->len), f->data,
		    f->hlen + f->len);
		pkt->l3 = pkt->off;
		pkt->l4 = pkt->off + f->hlen;
		pkt->ifp = q->ifp;
		pkt->l2_group = f->l2_group;
		pkt->undecided = f->undecided;
		q->frags = f->next;
		q->count--;
		discharge(stk, q, frag_size(f));
		mem_free(&stk->mem, f, frag_size(f));
		pkt_drop(stk, pkt, DROP_FRAG_TIMEOUT);
	}
	queue_drop(stk, q, DROP_FRAG_TIMEOUT);
}

static struct frag_queue *
queue_find(struct stack *stk, const struct ip4_hdr *h)
{
	struct frag_queue *q = *bucket_of(stk, h->src, h->dst, h->id,
	    h->proto);

	while (q != NULL && !(ip4_eq(q->src, h->src) &&
	    ip4_eq(q->dst, h->dst) && q->id == h->id &&
	    q->proto == h->proto))
		q = q->hash_next;
	return q;
}

static struct frag_queue *
queue_new(struct stack *stk, struct iface *ifp, const struct ip4_hdr *h)
{
	struct frag_queue **p = bucket_of(stk, h->src, h->dst, h->id, h->proto);
	struct reass_state *rs = &stk->ip.reass;
	struct frag_queue *q = mem_alloc(&stk->mem, sizeof(*q));

	if (q == NULL)
		return NULL;
	q->src = h->src;
	q->dst = h->dst;
	q->id = h->id;
	q->proto = h->proto;
	q->ifp = ifp;
	q->hash_next = *p;
	*p = q;
	q->older = rs->newest;
	*(q->older != NULL ? &q->older->newer : &rs->oldest) = q;
	rs->newest = q;
	rs->queues++;
	charge(stk, q, sizeof(*q));
	timer_init(&q->timer, queue_timeout);
	timer_set(&stk->timers, &q->timer,
	    instant_add(stk->now, REASS_TIMEOUT_US));
	return q;
}

/* The oldest datagram besides keep; share: of the sources that have it, or
 * NULL. */
static struct frag_queue *
oldest_of(struct stack *stk, const uint32_t *share,
    const struct frag_queue *keep)
{
	struct frag_queue *q = stk->ip.reass.oldest;

	while (q != NULL && (q == keep ||
	    (share != NULL && source_share(stk, q->src) != share)))
		q = q->newer;
	return q;
}

/* Makes room for a fragment of size bytes, which belongs to keep if that is
 * here: false if it alone is too much.  A source over its share loses its own
 * oldest datagram, not the new one: else what cannot be completed any more
 * would keep out, for half a minute, what can. */
static bool
room_make(struct stack *stk, struct ip4 src, const struct frag_queue *keep,
    uint32_t size)
{
	const struct reass_state *rs = &stk->ip.reass;
	const uint32_t *share = source_share(stk, src);

	size += (uint32_t)sizeof(struct frag_queue);
	for (;;) {
		struct frag_queue *q;

		if (*share + size > stk->limits.frag_source)
			q = oldest_of(stk, share, keep);
		else if (rs->bytes + size > stk->limits.frag_bytes ||
		    (keep == NULL && rs->queues >= stk->limits.frag_queues))
			q = oldest_of(stk, NULL, keep);
		else
			return true;
		if (q == NULL)
			return false;
		queue_drop(stk, q, DROP_FRAG_LIMIT);
	}
}

/* ---- one fragment ------------------------------------------------------- */

/* Could it be part of a datagram at all? */
static bool
frag_valid(const struct ip4_hdr *h, uint32_t off, uint32_t len)
{
	if (len == 0 || off + len > PAYLOAD_MAX)
		return false;
	/* RFC 791 3.2: all but the last end on a multiple of eight */
	return (h->frag & IP_MF) == 0 || len % 8 == 0;
}

/* What is wrong with it beside those that are here: 0, DROP_FRAG_DUPLICATE,
 * DROP_FRAG_OVERLAP or DROP_FRAG_BAD (ends that contradict).  *at becomes the
 * place for it. */
static int
frag_fit(struct frag_queue *q, const struct ip4_hdr *h, const uint8_t *data,
    uint32_t off, uint32_t len, struct frag ***at)
{
	bool last = (h->frag & IP_MF) == 0;
	struct frag **p = &q->frags, *f;

	while ((f = *p) != NULL && f->off + f->len <= off)
		p = &f->next;
	*at = p;
	if (f != NULL && f->off == off && f->len == len &&
	    memcmp(f->data + f->hlen, data, len) == 0 &&
	    last == (q->end == off + len))
		return DROP_FRAG_DUPLICATE;
	if (f != NULL && f->off < off + len)
		return DROP_FRAG_OVERLAP;
	if (q->end != 0 && (last || off + len > q->end))
		return DROP_FRAG_BAD;
	if (last && f != NULL)
		return DROP_FRAG_BAD;
	return 0;
}

/* A copy of the fragment in pkt; NULL: no memory. */
static struct frag *
frag_new(struct stack *stk, const struct pkt *pkt, const struct ip4_hdr *h,
    uint32_t off, uint32_t len)
{
	uint8_t hlen = off == 0 ? h->hlen : 0;
	struct frag *f = mem_alloc(&stk->mem, sizeof(*f) + hlen + len);

	if (f == NULL)
		return NULL;
	f->off = off;
	f->len = len;
	f->hlen = hlen;
	f->l2_group = pkt->l2_group;
	f->undecided = pkt->undecided;
	memcpy(f->data, pkt_data(pkt) + h->hlen - hlen, hlen + len);
	return f;
}

/* Puts it into its datagram: 0 or why not (enum drop). */
static int
frag_add(struct stack *stk, struct frag_queue *q, const struct pkt *pkt,
    const struct ip4_hdr *h)
{
	uint32_t off = (h->frag & IP_OFFMASK) * 8u;
	uint32_t len = (uint32_t)h->total_len - h->hlen;
	struct frag **at, *f;
	int why;

	if (q->broken)
		return DROP_FRAG_OVERLAP;
	why = frag_fit(q, h, pkt_data(pkt) + h->hlen, off, len, &at);
	if (why != 0)
		return why;
	f = frag_new(stk, pkt, h, off, len);
	if (f == NULL)
		return DROP_NO_MEMORY;
	f->next = *at;
	*at = f;
	charge(stk, q, frag_size(f));
	q->count++;
	q->have += len;
	q->ecn_seen |= (uint8_t)(1u << (h->tos & IP_ECN_MASK));
	if ((h->frag & IP_MF) == 0)
		q->end = off + len;
	return 0;
}

/* Gives the datagram up, but remembers it: RFC 5722 4, "including those not
 * yet received". */
static void
queue_break(struct stack *stk, struct frag_queue *q, enum drop why)
{
	frags_count(stk, q, why);
	frags_free(stk, q);
	q->broken = true;
}

/* ---- the whole ---------------------------------------------------------- */

/* All of it as one packet; NULL: no memory. */
static struct pkt *
whole_build(struct stack *stk, const struct frag_queue *q, struct ip4_hdr *h)
{
	const struct frag *f = q->frags;
	struct pkt *pkt = pkt_alloc(&stk->pool, f->hlen + q->end);
	uint8_t *p;

	if (pkt == NULL)
		return NULL;
	p = pkt_append(pkt, f->hlen + q->end);
	memcpy(p, f->data, f->hlen);
	be16_put(p + IP4_OFF_LEN, (uint16_t)(f->hlen + q->end));
	be16_put(p + IP4_OFF_FRAG, 0);
	/* RFC 3168 5.3: congestion seen by one was seen by the datagram */
	if ((q->ecn_seen & 1u << IP_ECN_CE) != 0)
		p[IP4_OFF_TOS] |= IP_ECN_CE;
	be16_put(p + IP4_OFF_CSUM, 0);
	be16_put(p + IP4_OFF_CSUM, csum_finish(csum_add(0, p, f->hlen)));
	pkt->l3 = pkt->off;
	pkt->l4 = pkt->off + f->hlen;
	pkt->ifp = q->ifp;
	for (p += f->hlen; f != NULL; f = f->next) {
		memcpy(p, f->data + f->hlen, f->len);
		p += f->len;
		pkt->l2_group |= f->l2_group;
		/* One fragment's fate is the whole's. */
		if (f->undecided && pkt->undecided)
			stk->pool.fate[PKT_MERGED]++;
		pkt->undecided |= f->undecided;
	}
	(void)ip4_parse_hdr(pkt_data(pkt), pkt->len, h);
	return pkt;
}

static void
queue_finish(struct stack *stk, struct frag_queue *q)
{
	bool ce = (q->ecn_seen & 1u << IP_ECN_CE) != 0;
	bool not_ect = (q->ecn_seen & 1u << IP_ECN_NOT) != 0;
	struct ip4_hdr h;
	struct pkt *pkt;

	/* RFC 3168 5.3: that mixture is a forgery; and the first fragment's
	 * options may leave no room for what the others carry. */
	if ((ce && not_ect) || q->frags->hlen + q->end > UINT16_MAX) {
		queue_drop(stk, q, DROP_FRAG_BAD);
		return;
	}
	pkt = whole_build(stk, q, &h);
	if (pkt == NULL) {
		queue_drop(stk, q, DROP_NO_MEMORY);
		return;
	}
	stk->ip.stats.reassembled++;
	stk->ip.stats.merged += q->count - 1;
	queue_free(stk, q);
	ip_input_whole(stk, pkt, &h);
}

void
reass_input(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h)
{
	uint32_t off = (h->frag & IP_OFFMASK) * 8u;
	uint32_t len = (uint32_t)h->total_len - h->hlen;
	struct frag_queue *q = queue_find(stk, h);
	int why = 0;

	if (!frag_valid(h, off, len))
		why = DROP_FRAG_BAD;
	else if (!room_make(stk, h->src, q,
	    (uint32_t)sizeof(struct frag) + h->hlen + len))
		why = DROP_FRAG_LIMIT;
	else if (q == NULL && (q = queue_new(stk, pkt->ifp, h)) == NULL)
		why = DROP_NO_MEMORY;
	if (why == 0)
		why = frag_add(stk, q, pkt, h);
	if (q != NULL && !q->broken &&
	    (why == DROP_FRAG_OVERLAP || why == DROP_FRAG_BAD))
		queue_break(stk, q, (enum drop)why);
	if (why != 0) {
		pkt_drop(stk, pkt, (enum drop)why);
		return;
	}
	pkt->undecided = false;		/* its copy waits for a fate */
	pkt_free(pkt);
	if (q->end != 0 && q->have == q->end)
		queue_finish(stk, q);
}

uint32_t
reass_waiting(const struct stack *stk)
{
	uint32_t n = 0;

	for (const struct frag_queue *q = stk->ip.reass.oldest; q != NULL;
	    q = q->newer)
		n += q->count;
	return n;
}

void
reass_flush(struct stack *stk, const struct iface *ifp)
{
	struct frag_queue *q = stk->ip.reass.oldest, *next;

	for (; q != NULL; q = next) {
		next = q->newer;
		if (ifp == NULL || q->ifp == ifp)
			queue_drop(stk, q, DROP_PORT_DOWN);
	}
}

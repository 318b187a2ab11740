/*
 * neigh_table.c - where neighbours are kept: look-up, order of eviction, and
 * the packets that wait.  What their states mean is neigh.c's.
 *
 * Look-up is a keyed hash (a stranger's packets choose the addresses) behind a
 * small table of what was found last.
 *
 * Eviction.  The table is bounded; a new entry displaces the least recently
 * used one of the lowest class that has any:
 *
 *  heard       learned from ARP, but no packet of ours ever used it: strangers
 *              can make these at will, so they go first, and making one never
 *              displaces anything of another class;
 *  unresolved  incomplete or failed: a scan of empty addresses makes these;
 *  proven      resolved and used, but not within the last NEIGH_BUSY_US.
 *
 * Permanent entries, and proven ones in use, never go: then the packet that
 * wanted a new entry is dropped (neigh-table).
 *
 * The hot path only stores the time of use.  So a list is sorted by `ranked`,
 * the use that its order knows of, and evict() brings the head up to date
 * until it finds one that was not used since: that is the least recently used
 * of all, because every other was ranked, and so used, later.
 *
 * Waiting packets are bounded per neighbour and in all.  A neighbour at its
 * bound loses its own oldest.  When all together are at theirs, one that has
 * packets waiting pays itself, and one that has none takes the oldest packet
 * of the neighbours in turn: however many hosts do not answer, a new one can
 * still have its first packet held.  Super-frames, of which the pool has few,
 * may fill a quarter of it.
 */
#include <assert.h>

#include "base/cursor.h"
#include "stack/stack.h"

#define NEIGH_BUSY_US	(5 * USEC_PER_SEC)	/* used since: in use */

static struct neigh **
bucket_of(struct stack *stk, const struct iface *ifp, struct ip4 ip)
{
	uint8_t key[8];

	be32_put(key, ifp->index);
	be32_put(key + 4, ip.v);
	return &stk->arp.bucket[siphash13(&stk->arp.key, key, sizeof(key)) %
	    NEIGH_BUCKETS];
}

struct neigh *
neigh_lookup(struct stack *stk, const struct iface *ifp, struct ip4 ip)
{
	struct neigh *n = neigh_recent(&stk->arp, ifp, ip);

	if (n != NULL)
		return n;
	n = *bucket_of(stk, ifp, ip);
	while (n != NULL && (!ip4_eq(n->ip, ip) || n->ifp != ifp))
		n = n->hash_next;
	if (n != NULL)
		stk->arp.recent[ip.v % NEIGH_RECENT] = n;
	return n;
}

struct neigh *
neigh_next(struct stack *stk, struct neigh *n)
{
	struct neigh **b = stk->arp.bucket;

	if (n != NULL) {
		if (n->hash_next != NULL)
			return n->hash_next;
		b = bucket_of(stk, n->ifp, n->ip) + 1;
	}
	for (; b < stk->arp.bucket + NEIGH_BUCKETS; b++) {
		if (*b != NULL)
			return *b;
	}
	return NULL;
}

/* Links n into its class's list, sorted by ranked: from the tail, where an
 * entry that was just used belongs. */
static void
rank_insert(struct stack *stk, struct neigh *n)
{
	struct neigh_list *list = &stk->arp.lru[n->class];
	struct neigh *before = TAILQ_LAST(list, neigh_list);

	n->ranked = n->used;
	while (before != NULL && instant_before(n->ranked, before->ranked))
		before = TAILQ_PREV(before, neigh_list, lru);
	if (before != NULL)
		TAILQ_INSERT_AFTER(list, before, n, lru);
	else
		TAILQ_INSERT_HEAD(list, n, lru);
}

void
neigh_table_rank(struct stack *stk, struct neigh *n, enum neigh_class class)
{
	if (n->class == class)
		return;
	TAILQ_REMOVE(&stk->arp.lru[n->class], n, lru);
	n->class = class;
	rank_insert(stk, n);
}

/* The least recently used of a class, or NULL.  A head that is in use ends the
 * search at once: all behind it were used later. */
static struct neigh *
least_used(struct stack *stk, enum neigh_class class)
{
	struct neigh_list *list = &stk->arp.lru[class];
	struct instant busy = instant_add(stk->now, -NEIGH_BUSY_US);
	struct neigh *n;

	while ((n = TAILQ_FIRST(list)) != NULL) {
		if (class == NEIGH_PROVEN && instant_before(busy, n->ranked))
			return NULL;
		if (n->used.us == n->ranked.us)
			return n;
		TAILQ_REMOVE(list, n, lru);
		rank_insert(stk, n);
	}
	return NULL;
}

/* Makes place for one entry; false: nobody may go. */
static bool
evict(struct stack *stk, bool for_packet)
{
	enum neigh_class last = for_packet ? NEIGH_PROVEN : NEIGH_HEARD;
	struct neigh *n = NULL;

	for (int c = NEIGH_HEARD; c <= (int)last && n == NULL; c++)
		n = least_used(stk, c);
	if (n == NULL)
		return false;
	stk->arp.stats.evicted++;
	neigh_table_free(stk, n, DROP_NEIGH_TABLE);
	return true;
}

struct neigh *
neigh_table_new(struct stack *stk, struct iface *ifp, struct ip4 ip,
    bool for_packet, enum drop *why)
{
	struct neigh **b = bucket_of(stk, ifp, ip);
	struct neigh *n;

	*why = DROP_NEIGH_TABLE;
	if (stk->arp.count >= stk->limits.neighs && !evict(stk, for_packet))
		return NULL;
	*why = DROP_NO_MEMORY;
	n = mem_alloc(&stk->mem, sizeof(*n));
	if (n == NULL)
		return NULL;
	n->ifp = ifp;
	n->ip = ip;
	n->state = NEIGH_NONE;
	n->class = NEIGH_HEARD;
	n->used = stk->now;
	n->traffic = for_packet;
	pkt_queue_init(&n->held);
	n->hash_next = *b;
	*b = n;
	rank_insert(stk, n);
	stk->arp.count++;
	return n;
}

void
neigh_table_free(struct stack *stk, struct neigh *n, enum drop why)
{
	struct neigh **np = bucket_of(stk, n->ifp, n->ip);
	struct neigh **recent = &stk->arp.recent[n->ip.v % NEIGH_RECENT];
	struct pkt_queue waiting;
	struct pkt *pkt;

	if (*recent == n)
		*recent = NULL;
	while (*np != n)
		np = &(*np)->hash_next;
	*np = n->hash_next;
	TAILQ_REMOVE(&stk->arp.lru[n->class], n, lru);
	timer_cancel(&stk->timers, &n->timer);
	neigh_unhold(stk, n, &waiting);
	stk->arp.count--;
	mem_free(&stk->mem, n, sizeof(*n));
	while ((pkt = pkt_queue_get(&waiting)) != NULL)
		pkt_drop_silent(stk, pkt, why);
}

/* One packet more waits for n. */
static void
keep(struct stack *stk, struct neigh *n, struct pkt *pkt)
{
	if (n->held.count == 0)
		TAILQ_INSERT_TAIL(&stk->arp.holders, n, holder);
	pkt_queue_put(&n->held, pkt);
	stk->arp.held++;
	stk->arp.held_large += pkt->size != PKT_SMALL;
}

/* One packet less waits for n; the oldest, as it is the likeliest to be given
 * up by its sender already. */
static struct pkt *
take_oldest(struct stack *stk, struct neigh *n)
{
	struct pkt *pkt = pkt_queue_get(&n->held);

	assert(pkt != NULL);
	stk->arp.held--;
	stk->arp.held_large -= pkt->size != PKT_SMALL;
	if (n->held.count == 0)
		TAILQ_REMOVE(&stk->arp.holders, n, holder);
	return pkt;
}

/* All together are at their bound: who gives a packet for one of n's? */
static struct neigh *
who_pays(struct stack *stk, struct neigh *n)
{
	struct neigh *payer = TAILQ_FIRST(&stk->arp.holders);

	if (n->held.count > 0)
		return n;
	if (payer != NULL) {		/* next time it is another's turn */
		TAILQ_REMOVE(&stk->arp.holders, payer, holder);
		TAILQ_INSERT_TAIL(&stk->arp.holders, payer, holder);
	}
	return payer;
}

void
neigh_hold(struct stack *stk, struct neigh *n, struct pkt *pkt)
{
	struct neigh *payer = NULL;

	pkt = pkt_keep(pkt);
	if (pkt == NULL) {
		drop_count(stk, DROP_NO_MEMORY);
		return;
	}
	if (pkt->size != PKT_SMALL &&
	    stk->arp.held_large >= stk->limits.pkt_large / 4) {
		pkt_drop(stk, pkt, DROP_NEIGH_QUEUE);
		return;
	}
	if (n->held.count >= stk->limits.neigh_hold)
		payer = n;
	else if (stk->arp.held >= stk->limits.neigh_hold_all)
		payer = who_pays(stk, n);
	if (payer != NULL && payer->held.count > 0)
		pkt_drop(stk, take_oldest(stk, payer), DROP_NEIGH_QUEUE);
	keep(stk, n, pkt);
}

void
neigh_hold_purge(struct stack *stk, const struct iface *ifp)
{
	struct neigh *last = TAILQ_LAST(&stk->arp.holders, neigh_list);
	struct neigh *n = NULL;
	struct pkt_queue waiting;
	struct pkt *pkt;

	/* Who keeps some goes to the end, behind the one that was last. */
	while (n != last) {
		n = TAILQ_FIRST(&stk->arp.holders);
		neigh_unhold(stk, n, &waiting);
		while ((pkt = pkt_queue_get(&waiting)) != NULL) {
			if (pkt->ifp == ifp)
				pkt_drop_silent(stk, pkt, DROP_PORT_DOWN);
			else
				keep(stk, n, pkt);
		}
	}
}

void
neigh_unhold(struct stack *stk, struct neigh *n, struct pkt_queue *out)
{
	pkt_queue_init(out);
	while (n->held.count > 0)
		pkt_queue_put(out, take_oldest(stk, n));
}

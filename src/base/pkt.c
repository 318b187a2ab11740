/*
 * pkt.c - the packet pool, copies, software checksums, queues.
 *
 * A packet and its buffer are one allocation, made when first needed and kept
 * until the pool goes.  The free lists are last in, first out, so the next
 * packet is the one that is still in the cache; a pool that was never busy
 * stays small.  Only the descriptor is reset on reuse, never the buffer.
 */
#include "base/pkt.h"

#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "base/slow.h"

#define UDP_CSUM_OFFSET 6	/* RFC 768; TCP's is 16 */

void
pkt_pool_init(struct pkt_pool *pool, struct mem *mem, uint32_t small_max,
    uint32_t large_max)
{
	*pool = (struct pkt_pool){
		.mem = mem,
		.small_max = small_max,
		.large_max = large_max,
	};
}

static void
free_list(struct mem *mem, struct pkt *pkt)
{
	while (pkt != NULL) {
		struct pkt *next = pkt->next;

		mem_free(mem, pkt, sizeof(*pkt) + pkt->size);
		pkt = next;
	}
}

void
pkt_pool_fini(struct pkt_pool *pool)
{
	assert(pool->live == 0);
	free_list(pool->mem, pool->free_small);
	free_list(pool->mem, pool->free_large);
	pool->free_small = NULL;
	pool->free_large = NULL;
}

/* Made, if the bound allows. */
static SLOW struct pkt *
make(struct pkt_pool *pool, uint32_t *made, uint32_t max, uint32_t size)
{
	struct pkt *pkt;

	if (*made >= max)
		return NULL;
	pkt = mem_alloc(pool->mem, sizeof(*pkt) + size);
	if (pkt == NULL)
		return NULL;
	(*made)++;
	pkt->pool = pool;
	pkt->buf = (uint8_t *)(pkt + 1);
	pkt->size = size;
	return pkt;
}

/* Off the free list, or made. */
static inline struct pkt *
take(struct pkt_pool *pool, struct pkt **list, uint32_t *made, uint32_t max,
    uint32_t size)
{
	struct pkt *pkt = *list;

	if (pkt == NULL)
		return make(pool, made, max, size);
	*list = pkt->next;
	return pkt;
}

/* Everything but pool, buf and size.  Field by field, because the compiler
 * would clear the whole with a string instruction, which takes as long as all
 * of a router's checks. */
static inline void
reset(struct pkt *pkt)
{
	pkt->next = NULL;
	pkt->off = PKT_HEADROOM;
	pkt->len = 0;
	pkt->l3 = PKT_NO_OFF;
	pkt->l4 = PKT_NO_OFF;
	pkt->csum_start = 0;
	pkt->csum_offset = 0;
	pkt->gso_size = 0;
	pkt->gso_type = PKT_GSO_NONE;
	pkt->csum_needed = false;
	pkt->csum_ok = false;
	pkt->gso_ecn = false;
	pkt->gso_ipip = false;
	pkt->l2_group = false;
	pkt->forwarded = false;
	pkt->undecided = false;
	pkt->ifp = NULL;
	pkt->mark = 0;
	pkt->info = 0;
	pkt->ref = NULL;
	pkt->nref = 0;
	pkt->ref_len = 0;
}

struct pkt *
pkt_alloc(struct pkt_pool *pool, uint32_t room)
{
	struct pkt *pkt = NULL;

	if (room <= PKT_SMALL - PKT_HEADROOM)
		pkt = take(pool, &pool->free_small, &pool->small_made,
		    pool->small_max, PKT_SMALL);
	else if (room <= PKT_LARGE_ROOM)
		pkt = take(pool, &pool->free_large, &pool->large_made,
		    pool->large_max, PKT_LARGE);
	if (pkt == NULL) {
		pool->exhausted++;
		return NULL;
	}
	reset(pkt);
	pool->live++;
	return pkt;
}

void
pkt_free(struct pkt *pkt)
{
	struct pkt_pool *pool = pkt->pool;
	struct pkt **list = pkt->size == PKT_SMALL ? &pool->free_small :
	    &pool->free_large;

	assert(pool->live > 0);
	pkt_decide(pkt, PKT_DELIVERED);
	pool->live--;
	pkt->next = *list;
	*list = pkt;
}

/* The first byte that an offset of pkt points at: pulled headers count. */
static uint32_t
first_byte(const struct pkt *pkt)
{
	uint32_t first = pkt->off;

	if (pkt->l3 < first)
		first = pkt->l3;
	if (pkt->l4 < first)
		first = pkt->l4;
	return first;
}

struct pkt *
pkt_copy(const struct pkt *pkt)
{
	uint32_t first = first_byte(pkt);
	uint32_t end = pkt->off + pkt->len;
	uint32_t need = end + pkt->ref_len;
	struct pkt *copy;

	if (need > PKT_LARGE)
		return NULL;
	copy = pkt_alloc(pkt->pool, need > PKT_SMALL ? PKT_LARGE_ROOM : 0);
	if (copy == NULL)
		return NULL;
	/* Same offsets in the new buffer, so that all of them hold. */
	memcpy(copy->buf + first, pkt->buf + first, end - first);
	for (uint32_t i = 0; i < pkt->nref; i++) {
		memcpy(copy->buf + end, pkt->ref[i].iov_base,
		    pkt->ref[i].iov_len);
		end += (uint32_t)pkt->ref[i].iov_len;
	}
	assert(end == need);
	*copy = (struct pkt){
		.pool = copy->pool,
		.buf = copy->buf,
		.size = copy->size,
		.off = pkt->off,
		.len = pkt_len(pkt),
		.l3 = pkt->l3,
		.l4 = pkt->l4,
		.csum_start = pkt->csum_start,
		.csum_offset = pkt->csum_offset,
		.gso_size = pkt->gso_size,
		.gso_type = pkt->gso_type,
		.csum_needed = pkt->csum_needed,
		.csum_ok = pkt->csum_ok,
		.gso_ecn = pkt->gso_ecn,
		.gso_ipip = pkt->gso_ipip,
		.l2_group = pkt->l2_group,
		.forwarded = pkt->forwarded,
		.ifp = pkt->ifp,
		.mark = pkt->mark,
		.info = pkt->info,
	};
	return copy;
}

struct pkt *
pkt_keep(struct pkt *pkt)
{
	struct pkt *copy;
	bool fits = pkt->off + pkt_len(pkt) <= PKT_SMALL;

	if (pkt->nref == 0 && (pkt->size == PKT_SMALL || !fits))
		return pkt;
	copy = pkt_copy(pkt);
	if (copy == NULL)
		pkt_decide(pkt, PKT_DROPPED);
	else
		copy->undecided = pkt->undecided;
	pkt->undecided = false;
	pkt_free(pkt);
	return copy;
}

/* Adds a piece that starts at byte `at` of the message: at an odd one its
 * sum counts with its bytes swapped (RFC 1071 2 B). */
static uint32_t
add_piece(uint32_t sum, const void *p, size_t len, size_t at)
{
	uint16_t piece = csum_fold(csum_add(0, p, len));

	if (at & 1)
		piece = (uint16_t)(piece << 8 | piece >> 8);
	return csum_fold(sum + piece);
}

void
pkt_csum_complete(struct pkt *pkt)
{
	uint8_t *field = pkt->buf + pkt->csum_start + pkt->csum_offset;
	uint32_t at = pkt->off + pkt->len - pkt->csum_start;
	uint32_t sum;
	uint16_t csum;

	assert(pkt->csum_needed && pkt->gso_type == PKT_GSO_NONE);
	assert(pkt->off <= pkt->csum_start);
	assert(pkt->csum_start + pkt->csum_offset + 2u <=
	    pkt->off + pkt->len);
	sum = csum_add(0, pkt->buf + pkt->csum_start, at);
	for (uint32_t i = 0; i < pkt->nref; i++) {
		sum = add_piece(sum, pkt->ref[i].iov_base, pkt->ref[i].iov_len,
		    at);
		at += (uint32_t)pkt->ref[i].iov_len;
	}
	csum = csum_finish(sum);
	if (csum == 0 && pkt->csum_offset == UDP_CSUM_OFFSET)
		csum = 0xffff;
	be16_put(field, csum);
	pkt->csum_needed = false;
	pkt->csum_ok = true;
}

void
pkt_queue_init(struct pkt_queue *q)
{
	q->head = NULL;
	q->tail = &q->head;
	q->count = 0;
}

void
pkt_queue_put(struct pkt_queue *q, struct pkt *pkt)
{
	assert(pkt->nref == 0);
	pkt->next = NULL;
	*q->tail = pkt;
	q->tail = &pkt->next;
	q->count++;
}

struct pkt *
pkt_queue_get(struct pkt_queue *q)
{
	struct pkt *pkt = q->head;

	if (pkt == NULL)
		return NULL;
	q->head = pkt->next;
	if (q->head == NULL)
		q->tail = &q->head;
	q->count--;
	pkt->next = NULL;
	return pkt;
}

void
pkt_queue_flush(struct pkt_queue *q)
{
	struct pkt *pkt;

	while ((pkt = pkt_queue_get(q)) != NULL)
		pkt_free(pkt);
}

/*
 * pkt.h - a packet: one buffer with headroom, its offload words, and
 * optionally a payload that is only borrowed.
 *
 * Ownership is in the verb: *_input, *_output and *_send consume the packet,
 * *_parse, *_build, *_lookup and *_match never do.  A dead packet goes through
 * pkt_drop() (base/drop.h); pkt_free() is for packets that did their work.
 *
 * Offload words are in host terms and stay with the packet from port to port.
 * csum_needed: the 2 bytes at csum_start + csum_offset hold the folded
 * pseudo-header sum, and the checksum over [csum_start, end) is still to be
 * put there.  gso_type: a super-frame, to be cut into segments of gso_size
 * payload bytes where the wire needs it.
 *
 * Offsets l3, l4 and csum_start count from buf, so that they hold while headers
 * are pushed and pulled.
 *
 * Invariants: off + len <= size; csum_needed implies off <= csum_start and
 * csum_start + csum_offset + 2 <= off + len; gso_type implies csum_needed; in
 * an IP packet csum_start is its transport header, or, where it is IPIP, that
 * of the packet inside; the borrowed payload lies behind the buffer's bytes and
 * total length is pkt_len().
 */
#ifndef HOPD_BASE_PKT_H
#define HOPD_BASE_PKT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/mem.h"

struct iface;

#define PKT_HEADROOM	128		/* Ethernet, an outer IP, TOA, spare */
#define PKT_SMALL	2048		/* small buffer, headroom included */
#define PKT_LARGE	(65536 + 256)	/* any super-frame, likewise */
#define PKT_LARGE_ROOM	65536		/* the most to ask pkt_alloc() for */
#define PKT_NO_OFF	UINT32_MAX

enum pkt_gso {
	PKT_GSO_NONE,
	PKT_GSO_TCP4,		/* TSO over IPv4 */
	PKT_GSO_TCP6,
	PKT_GSO_UDP,		/* USO: UDP datagrams of gso_size each */
};

/* What became of the packets that ports brought in: each has one fate.  Those
 * that wait (fragments, a socket's queue) have none yet. */
enum pkt_fate {
	PKT_RECEIVED,		/* all of them */
	PKT_FORWARDED,		/* sent on, or on the way to their neighbour */
	PKT_DELIVERED,		/* taken by the stack itself */
	PKT_MERGED,		/* fragments: part of a whole that has a fate */
	PKT_DROPPED,
	PKT_FATES
};

struct pkt {
	struct pkt *next;	/* link of the one queue that holds it */
	struct pkt_pool *pool;
	uint8_t *buf;		/* the buffer */
	uint32_t size;		/* its bytes */
	uint32_t off;		/* first live byte */
	uint32_t len;		/* live bytes in the buffer */
	uint32_t l3;		/* network header, or PKT_NO_OFF */
	uint32_t l4;		/* transport header, or PKT_NO_OFF */

	uint32_t csum_start;
	uint16_t csum_offset;
	uint16_t gso_size;	/* payload bytes of one segment */
	uint8_t gso_type;	/* enum pkt_gso */
	bool csum_needed;
	bool csum_ok;		/* the port says that the sum is right */
	bool gso_ecn;		/* CWR is for the first segment only: RFC
				 * 3168; else for all: RFC 9768 */
	bool gso_ipip;		/* the super-frame is inside IPIP: l3 is the
				 * outer header, of each segment in its turn */
	bool l2_group;		/* came to a multicast or broadcast MAC */
	bool forwarded;		/* set by ip_forward: never answer twice */
	bool undecided;		/* came in by a port and has no fate yet */

	struct iface *ifp;	/* where it came in; NULL: built here */
	uint32_t mark;		/* set by match rules, read by services */
	uint32_t info;		/* for pkt_drop: MTU of a "too big", pointer
				 * of a parameter problem */

	/* Payload by reference: owned by the caller of *_output and valid
	 * until that returns.  Who keeps the packet longer: pkt_keep(). */
	const struct iovec *ref;
	uint32_t nref;
	uint32_t ref_len;	/* sum of their lengths */
};

/* First-in first-out, linked through pkt->next. */
struct pkt_queue {
	struct pkt *head, **tail;
	uint32_t count;
};

struct pkt_pool {
	struct mem *mem;
	struct pkt *free_small, *free_large;	/* last in, first out: warm */
	uint32_t small_max, large_max;		/* bounds, from limits.h */
	uint32_t small_made, large_made;	/* allocated so far */
	uint32_t live;				/* handed out */
	uint64_t exhausted;			/* pkt_alloc() said no */
	uint64_t fate[PKT_FATES];
};

/* Empty: buffers are made in mem as they are first wanted, so many at most. */
void pkt_pool_init(struct pkt_pool *pool, struct mem *mem, uint32_t small_max,
    uint32_t large_max);
/* Asserts that no packet is alive. */
void pkt_pool_fini(struct pkt_pool *pool);

/* An empty packet with PKT_HEADROOM in front and at least room bytes behind;
 * NULL if the pool is exhausted or room is over PKT_LARGE_ROOM. */
struct pkt *pkt_alloc(struct pkt_pool *pool, uint32_t room);
/* One that came in and has no fate yet counts as delivered. */
void pkt_free(struct pkt *pkt);

/* A copy in the smallest buffer that holds it, borrowed payload copied in;
 * offload words and offsets carry over.  NULL if the pool is exhausted. */
struct pkt *pkt_copy(const struct pkt *pkt);

/* For who must keep a packet (neighbour queue, reassembly): returns pkt itself
 * if it owns all its bytes in a small buffer, else a small copy, having freed
 * pkt.  NULL (pkt freed) if the pool is exhausted. */
struct pkt *pkt_keep(struct pkt *pkt);

/* A port read it. */
static inline void
pkt_received(struct pkt *pkt)
{
	pkt->undecided = true;
	pkt->pool->fate[PKT_RECEIVED]++;
}

/* Counts its fate, unless it has one or was made here. */
static inline void
pkt_decide(struct pkt *pkt, enum pkt_fate fate)
{
	if (pkt->undecided)
		pkt->pool->fate[fate]++;
	pkt->undecided = false;
}

static inline uint8_t *
pkt_data(const struct pkt *pkt)
{
	return pkt->buf + pkt->off;
}

/* Total length, borrowed payload included. */
static inline uint32_t
pkt_len(const struct pkt *pkt)
{
	return pkt->len + pkt->ref_len;
}

static inline uint32_t
pkt_headroom(const struct pkt *pkt)
{
	return pkt->off;
}

static inline uint32_t
pkt_tailroom(const struct pkt *pkt)
{
	return pkt->size - pkt->off - pkt->len;
}

/* Takes n bytes off the front.  The caller has checked the length. */
static inline void
pkt_pull(struct pkt *pkt, uint32_t n)
{
	assert(n <= pkt->len);
	pkt->off += n;
	pkt->len -= n;
}

/* Opens n bytes in front; returns the first. */
static inline uint8_t *
pkt_push(struct pkt *pkt, uint32_t n)
{
	assert(n <= pkt->off);
	pkt->off -= n;
	pkt->len += n;
	return pkt->buf + pkt->off;
}

/* Opens n bytes behind; returns the first.  No borrowed payload yet. */
static inline uint8_t *
pkt_append(struct pkt *pkt, uint32_t n)
{
	uint8_t *p = pkt->buf + pkt->off + pkt->len;

	assert(pkt->nref == 0);
	assert(n <= pkt_tailroom(pkt));
	pkt->len += n;
	return p;
}

/* Cuts to len bytes (Ethernet padding, lying lengths); len <= pkt->len. */
static inline void
pkt_trim(struct pkt *pkt, uint32_t len)
{
	assert(pkt->nref == 0);
	assert(len <= pkt->len);
	pkt->len = len;
}

/* Puts the checksum that csum_needed promises (software path: ports without
 * the offload, tunnels, local delivery that must look).  A UDP sum of 0
 * becomes 0xffff.  Works with borrowed payload. */
void pkt_csum_complete(struct pkt *pkt);

/* Forget the offload words: a fresh meaning for the same bytes. */
static inline void
pkt_clear_offload(struct pkt *pkt)
{
	pkt->gso_type = PKT_GSO_NONE;
	pkt->gso_size = 0;
	pkt->csum_needed = false;
	pkt->csum_ok = false;
	pkt->gso_ecn = false;
	pkt->gso_ipip = false;
}

/* First in, first out; a packet in a queue is the queue's. */
void pkt_queue_init(struct pkt_queue *q);
void pkt_queue_put(struct pkt_queue *q, struct pkt *pkt);
struct pkt *pkt_queue_get(struct pkt_queue *q);		/* NULL if empty */
void pkt_queue_flush(struct pkt_queue *q);		/* frees all */

#endif

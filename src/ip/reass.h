/*
 * reass.h - several fragments become one packet again (RFC 791 3.2, RFC 815).
 */
#ifndef HOPD_IP_REASS_H
#define HOPD_IP_REASS_H

#include "base/addr.h"
#include "base/timer.h"

struct frag;
struct iface;
struct ip4_hdr;
struct pkt;
struct stack;

#define REASS_TIMEOUT_US	(30 * USEC_PER_SEC)
#define REASS_BUCKETS		256

/* A datagram of which some fragments are here.
 * Invariants: frags do not overlap and stand in order of offset; have is the
 * sum of their lengths; broken implies no frags. */
struct frag_queue {
	struct frag_queue *hash_next;
	struct frag_queue *older, *newer;	/* in order of arrival */
	struct timer timer;			/* gives it up */
	struct ip4 src, dst;
	uint16_t id;
	uint8_t proto;
	uint8_t ecn_seen;	/* bit per ECN codepoint, RFC 3168 5.3 */
	struct iface *ifp;	/* where the first to arrive came in */
	struct frag *frags;
	uint32_t count;		/* of frags */
	uint32_t have;		/* payload bytes of them */
	uint32_t end;		/* payload of the whole; 0: not known */
	uint32_t bytes;		/* of memory */
	bool broken;		/* they overlapped: swallow the rest too */
};

struct reass_state {
	struct frag_queue *bucket[REASS_BUCKETS];
	struct frag_queue *oldest, *newest;
	uint32_t queues;
	uint32_t bytes;				/* in all */
	uint32_t source_bytes[REASS_BUCKETS];	/* by keyed hash of source */
};

/* Consumes a fragment (data at its header h).  The one that completes its
 * datagram goes on, as the whole, to ip_input_whole(). */
void reass_input(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h);

/* Fragments that wait for their siblings. */
uint32_t reass_waiting(const struct stack *stk);

/* Gives up everything that came in by ifp; NULL: everything. */
void reass_flush(struct stack *stk, const struct iface *ifp);

#endif

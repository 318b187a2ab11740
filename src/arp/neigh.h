/*
 * neigh.h - the neighbour table: who has which MAC on which interface.
 *
 * States and their transitions are those of RFC 4861 7.3, used for ARP; the
 * table of them is in neigh.c.  Packets to a neighbour that is not resolved
 * yet are held (bounded per neighbour and in all), so the first ping is never
 * lost.
 */
#ifndef HOPD_ARP_NEIGH_H
#define HOPD_ARP_NEIGH_H

#include "base/addr.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/pkt.h"
#include "base/timer.h"

struct iface;
struct stack;

enum neigh_state {
	NEIGH_INCOMPLETE,	/* asked, no answer yet; packets wait */
	NEIGH_REACHABLE,	/* confirmed lately */
	NEIGH_STALE,		/* usable, to be confirmed on next use */
	NEIGH_DELAY,		/* used while stale: waits for a hint */
	NEIGH_PROBE,		/* asked by unicast */
	NEIGH_FAILED,		/* did not answer: negative cache */
	NEIGH_PERMANENT,	/* configured, never expires */
	NEIGH_STATE_COUNT
};

struct neigh {
	struct neigh *hash_next;
	struct neigh *lru_prev, *lru_next;	/* oldest use first */
	struct iface *ifp;
	struct ip4 ip;
	struct mac mac;
	enum neigh_state state;
	uint8_t probes;			/* sent in this state */
	struct timer timer;		/* leaves the state */
	struct instant confirmed;	/* last proof of reachability */
	struct instant used;		/* last packet sent by it */
	struct pkt_queue held;
};

#define NEIGH_BUCKETS 1024

struct arp_state {
	struct hash_key key;
	struct neigh *bucket[NEIGH_BUCKETS];
	struct neigh *lru_head, *lru_tail;
	uint32_t count;
	uint32_t held;			/* packets held in all */
};

int arp_init(struct stack *stk);
void arp_fini(struct stack *stk);

/* Sends an IP packet (data at its IP header) to the neighbour next_hop on ifp,
 * resolving it first if need be: consumes pkt. */
void neigh_output(struct stack *stk, struct iface *ifp, struct ip4 next_hop,
    struct pkt *pkt);

/* An ARP message said that ip is at mac.  solicited: it answers a request of
 * ours.  create: make an entry if there is none. */
void neigh_learn(struct stack *stk, struct iface *ifp, struct ip4 ip,
    struct mac mac, bool solicited, bool create);

/* A higher layer saw forward progress (RFC 4861 7.3.1). */
void neigh_confirm(struct stack *stk, struct iface *ifp, struct ip4 ip);

struct neigh *neigh_lookup(struct stack *stk, const struct iface *ifp,
    struct ip4 ip);

/* Control: a permanent entry; removal; all (not permanent) of an interface or
 * of every one (NULL).  0, -EEXIST, -ENOENT, -ENOSPC. */
int neigh_add(struct stack *stk, struct iface *ifp, struct ip4 ip,
    struct mac mac, struct err *err);
int neigh_del(struct stack *stk, struct iface *ifp, struct ip4 ip,
    struct err *err);
void neigh_flush(struct stack *stk, struct iface *ifp);
void neigh_iface_down(struct stack *stk, struct iface *ifp);

/* Walk in no order: NULL starts, NULL ends.  The table may not change. */
struct neigh *neigh_next(struct stack *stk, struct neigh *n);
const char *neigh_state_name(enum neigh_state state);

#endif

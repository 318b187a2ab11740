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

#include <sys/queue.h>

#include "base/addr.h"
#include "base/drop.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/pkt.h"
#include "base/timer.h"

struct iface;
struct rarp_station;
struct stack;

enum neigh_state {
	NEIGH_INCOMPLETE,	/* asked, no answer yet; packets wait */
	NEIGH_REACHABLE,	/* confirmed lately */
	NEIGH_STALE,		/* usable, to be confirmed on next use */
	NEIGH_DELAY,		/* used while stale: waits for a hint */
	NEIGH_PROBE,		/* asked by unicast */
	NEIGH_FAILED,		/* did not answer: negative cache */
	NEIGH_PERMANENT,	/* configured, never expires */
	NEIGH_NONE,		/* just made, or about to be freed */
	NEIGH_STATE_COUNT
};

/* Who goes first when the table is full, and in which order. */
enum neigh_class {
	NEIGH_HEARD,		/* learned, but no packet of ours uses it */
	NEIGH_UNRESOLVED,	/* no MAC: incomplete, failed */
	NEIGH_PROVEN,		/* resolved and used by traffic */
	NEIGH_PINNED,		/* permanent: never goes */
	NEIGH_CLASS_COUNT
};

struct neigh {
	struct neigh *hash_next;
	TAILQ_ENTRY(neigh) lru;		/* in arp_state.lru[class] */
	TAILQ_ENTRY(neigh) holder;	/* in arp_state.holders: held > 0 */
	struct iface *ifp;
	struct ip4 ip;
	struct mac mac;
	uint8_t hdr[14];		/* Ethernet header, ready to copy */
	uint8_t state;			/* enum neigh_state */
	uint8_t class;			/* enum neigh_class */
	uint8_t probes;			/* sent in this state */
	uint8_t failures;		/* in a row: back-off */
	bool traffic;			/* a packet of ours wanted it */
	struct timer timer;		/* leaves the state */
	struct instant confirmed;	/* last proof of reachability */
	struct instant taken;		/* mac was last set */
	struct instant used;		/* last packet sent by it */
	struct instant ranked;		/* used, when it got its place in lru */
	struct instant retry;		/* failed: not asked again before */
	struct pkt_queue held;
};

TAILQ_HEAD(neigh_list, neigh);

#define NEIGH_BUCKETS 4096
#define NEIGH_RECENT 1024

struct arp_stats {
	uint64_t received;		/* messages that were made use of */
	uint64_t sent;			/* of every kind */
	uint64_t evicted;		/* neighbours displaced by others */
	uint64_t conflicts;		/* claims to addresses of ours */
};

/*
 * Invariants: every entry is in one bucket and in lru[its class]; a list of
 * lru is sorted by ranked, and used >= ranked; an entry is in holders if and
 * only if held.count > 0; held is the sum of all held.count; count is at most
 * limits.neighs; what is in recent is in the table.
 */
struct arp_state {
	struct hash_key key;
	struct neigh *bucket[NEIGH_BUCKETS];
	/* Found last, by the low bits of the address: saves most of the
	 * keyed hashes, and a stranger can at most undo that. */
	struct neigh *recent[NEIGH_RECENT];
	struct neigh_list lru[NEIGH_CLASS_COUNT];  /* least recent first */
	struct neigh_list holders;	/* whose packets wait, oldest first */
	uint32_t count;
	uint32_t held;			/* packets held in all */
	uint32_t held_large;		/* of these, in large buffers */
	struct rarp_station *stations;	/* arp/rarp.h */
	struct arp_stats stats;
};

/* stk->arp, empty; its end, with neighbours, stations and what they hold.
 * init: 0, nothing is allocated. */
int arp_init(struct stack *stk);
void arp_fini(struct stack *stk);

/* Sends an IP packet (data at its IP header) to the neighbour next_hop on ifp,
 * resolving it first if need be: consumes pkt. */
void neigh_output(struct stack *stk, struct iface *ifp, struct ip4 next_hop,
    struct pkt *pkt);

/* An ARP message said that ip is at mac.  solicited: it is an answer sent to
 * us alone.  create: make an entry if there is none, which may displace only
 * another that no packet of ours used. */
void neigh_learn(struct stack *stk, struct iface *ifp, struct ip4 ip,
    struct mac mac, bool solicited, bool create);

/* May a flow go that way?  Not if ip did not answer the last time; then it is
 * asked again once its back-off is over. */
bool neigh_usable(struct stack *stk, struct iface *ifp, struct ip4 ip);

/* A higher layer saw forward progress (RFC 4861 7.3.1). */
void neigh_confirm(struct stack *stk, struct iface *ifp, struct ip4 ip);

/* The entry of ip on ifp in whatever state, or NULL; good until the table
 * changes. */
struct neigh *neigh_lookup(struct stack *stk, const struct iface *ifp,
    struct ip4 ip);

/* The same, if it was looked up a moment ago; else perhaps NULL. */
static inline struct neigh *
neigh_recent(const struct arp_state *arp, const struct iface *ifp,
    struct ip4 ip)
{
	struct neigh *n = arp->recent[ip.v % NEIGH_RECENT];

	return n != NULL && ip4_eq(n->ip, ip) && n->ifp == ifp ? n : NULL;
}

/* Control: a permanent entry (a dynamic one becomes permanent); 0, -EINVAL
 * (no unicast address or MAC, or ifp has no neighbours), -EEXIST, -ENOSPC,
 * -ENOMEM. */
int neigh_add(struct stack *stk, struct iface *ifp, struct ip4 ip,
    struct mac mac, struct err *err);
/* 0 or -ENOENT. */
int neigh_del(struct stack *stk, struct iface *ifp, struct ip4 ip,
    struct err *err);
/* Forgets all but the permanent ones, of an interface or of all (NULL). */
void neigh_flush(struct stack *stk, struct iface *ifp);
/* Forgets all of ifp, permanent ones too: it goes down, or its MAC (which
 * every entry's ready header carries) changes. */
void neigh_iface_down(struct stack *stk, struct iface *ifp);

/* Walk in no order: NULL starts, NULL ends.  The table may not change. */
struct neigh *neigh_next(struct stack *stk, struct neigh *n);
const char *neigh_state_name(enum neigh_state state);

/* Between neigh.c and neigh_table.c only. */

/* A new entry in state NEIGH_NONE that is linked everywhere, making place for
 * it if need be: for_packet also displaces what is not in use by traffic, else
 * only what never was.  NULL: no place, or no memory; *why says which. */
struct neigh *neigh_table_new(struct stack *stk, struct iface *ifp,
    struct ip4 ip, bool for_packet, enum drop *why);
/* Frees it; packets that still wait are dropped with why, unanswered. */
void neigh_table_free(struct stack *stk, struct neigh *n, enum drop why);
/* Puts n in the list of class at its place by last use. */
void neigh_table_rank(struct stack *stk, struct neigh *n,
    enum neigh_class class);
/* Keeps a packet until n is resolved: consumes it. */
void neigh_hold(struct stack *stk, struct neigh *n, struct pkt *pkt);
/* Drops what waits anywhere and came in by ifp, which goes. */
void neigh_hold_purge(struct stack *stk, const struct iface *ifp);
/* Moves all that waits to out. */
void neigh_unhold(struct stack *stk, struct neigh *n, struct pkt_queue *out);

#endif

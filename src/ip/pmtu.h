/*
 * pmtu.h - path MTUs that routers told us of, as a host (RFC 1191).
 */
#ifndef HOPD_IP_PMTU_H
#define HOPD_IP_PMTU_H

#include "base/addr.h"
#include "base/instant.h"

struct stack;

#define PMTU_SETS	256
#define PMTU_WAYS	4
#define PMTU_EXPIRE_US	(600 * USEC_PER_SEC)	/* RFC 1191 6.3 */
#define PMTU_FLOOR	552	/* as Linux: below, DF is given up */

struct pmtu {
	struct ip4 dst;
	uint16_t mtu;		/* 0: free */
	bool no_df;		/* the path is below the floor */
	struct instant expires;
};

struct pmtu_state {
	uint32_t floor;		/* PMTU_FLOOR, or by the operator; >= 68 */
	struct pmtu entry[PMTU_SETS][PMTU_WAYS];
};

/* A router could not pass our packet of size bytes (total length, as quoted)
 * on to dst and named mtu; 0: it is an old one that named none.  The caller
 * has made sure that the packet was ours.  Only ever lowers; returns the MTU
 * of the path now. */
uint32_t ip_pmtu_update(struct stack *stk, struct ip4 dst, uint32_t mtu,
    uint32_t size);

/* What is known about dst now, or NULL. */
const struct pmtu *ip_pmtu_lookup(struct stack *stk, struct ip4 dst);
/* No path is believed to be smaller (68 or more).  What is known already is
 * forgotten: it was judged by another floor. */
void ip_pmtu_set_floor(struct stack *stk, uint32_t floor);
/* Forget dst; any: everything. */
void ip_pmtu_flush(struct stack *stk, struct ip4 dst);

#endif

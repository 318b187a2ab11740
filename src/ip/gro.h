/*
 * gro.h - joining TCP segments that came in one after the other.
 *
 * Where neither the far side of a port nor a tunnel hands on super-frames, a
 * bulk transfer comes in single segments, and each costs its whole way.  Here
 * those of a flow that came in one batch become a super-frame again, with the
 * same offload words that a TAP would have set: a port that cannot take it
 * sends the very segments that came in.
 *
 * By knob of the port that they came in by (iface->conf.gro).
 *
 * Limits: GRO_FLOWS flows at a time; TCP over IPv4 without options of IP.
 */
#ifndef HOPD_IP_GRO_H
#define HOPD_IP_GRO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pkt.h"

struct iface;
struct stack;

#define GRO_FLOWS 8u

/* What is held of one flow: its first segment, and behind it the payload of
 * those that joined. */
struct gro_flow {
	struct pkt *pkt;	/* data at its IP header; NULL: free */
	struct iface *ifp;	/* whose packet it is */
	uint32_t next_seq;	/* the byte that would come next */
	uint16_t mss;		/* payload of every segment but the last */
	uint16_t segments;
	bool sum_right;		/* its checksum was looked at */
};

struct gro_state {
	struct gro_flow flow[GRO_FLOWS];
	uint32_t count;		/* of them in use */
	uint32_t turn;		/* who makes room next */
	uint64_t frames;	/* super-frames that were made ... */
	uint64_t joined;	/* ... of so many segments */
};

/* As ip_input(), which gets it now, or, with others, by the end of the batch:
 * consumes. */
void gro_input(struct stack *stk, struct iface *ifp, struct pkt *pkt);

/* The batch is over: what is held goes on. */
void gro_flush_all(struct stack *stk);
static inline void
gro_flush(struct stack *stk, const struct gro_state *g)
{
	if (g->count > 0)
		gro_flush_all(stk);
}

#endif

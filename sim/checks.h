/*
 * checks.h - what must be true of a world, after every step.
 *
 * Of each frame that a stack sends: its checksums are right, and its TTL says
 * that it passed no more routers than there are: no loop.  A host's TCP ACKs
 * what arrived (tcp_judge.h).
 * Of a stack after each turn: every packet alive is accounted for by a queue
 * that may hold it; packets that came in were delivered, forwarded, dropped
 * by name, or are held; no timer lies in the past, and time goes on; no script
 * waits for what is already there, and no queue inside for a turn.
 * Once a second, and at the end: of each wire, that what entered arrived, was
 * lost for a reason, or is under way; of each director, that both directions
 * of every flow lead to it and its servers' counters are the sums over their
 * flows; of each TCP connection with anything to send, that a timer runs; of
 * each host, that TCP counted no more congestion marks than came; of each node,
 * that look-ups of routes answer as a walk over all of them does, at the edges
 * of those that are there and of those that were (now and then, where they are
 * many), and that as many are there as are counted.
 * What the applications saw, byte for byte, they check themselves (host.h).
 */
#ifndef HOPD_SIM_CHECKS_H
#define HOPD_SIM_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/drop.h"
#include "base/instant.h"

#define CHECK_PAST	64u	/* prefixes that are remembered */

struct node;
struct wire_end;
struct mem_frame;
struct world;

/* The checker's own books of one life of a stack. */
struct check_node {
	uint64_t seen[DROP_COUNT];	/* drops with a packet */
	uint64_t before_ip;		/* of them, before ip_input() */
	uint64_t in_ip;			/* between ip_input() and its fate */
	uint64_t gone_rx;		/* received by ports that went away */
	struct instant turn;		/* time of the last turn ... */
	uint32_t turns;			/* ... and how many it had then */
	struct ip4_prefix past[CHECK_PAST];	/* of the last look */
	uint32_t pasts;
};

void check_node_start(struct node *n);
/* After a turn. */
void check_node(struct node *n);
/* A stack gives a frame to the wire. */
void check_frame(struct wire_end *end, const struct mem_frame *f);
/* A stack reads a frame. */
void check_arrival(struct wire_end *end, const struct mem_frame *f);
/* A port goes away. */
void check_end_closed(struct wire_end *end);
/* Wires and directors. */
void check_world(struct world *w);
/* Routes of one node: dear where it has many.  Who changes some may ask at
 * once. */
void check_routes(struct node *n);

#endif

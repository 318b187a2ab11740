/*
 * wire.h - what joins the nodes: a cable between two ends, or, with more ends,
 * an ideal switch that knows where each MAC is.
 *
 * A frame that an end sends is delayed, lost, held back, doubled, damaged or
 * cut off as the end's conf says, each by chance from the wire's own seed or
 * by script.  Damage is one flipped bit in an IP packet, behind the Ethernet
 * header: what happens in the memory of a switch, where no frame check sees
 * it.  Every frame is judged as it leaves (sim/frame.h) and counted: a frame
 * that enters is delivered, or lost for a reason that has a counter, or under
 * way.
 */
#ifndef HOPD_SIM_WIRE_H
#define HOPD_SIM_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "event.h"
#include "port/mem_port.h"

struct node;
struct wire_end;
struct world;

/* What happens to the frames that an end sends.  All zero: an ideal wire. */
struct wire_conf {
	int64_t delay_us;
	int64_t jitter_us;	/* more delay, 0 to this; order is kept */
	int64_t reorder_us;	/* so late comes who is held back */
	uint32_t reorder_ppm, loss_ppm, duplicate_ppm, corrupt_ppm;
	uint32_t mark_ppm;	/* of the ECN-capable: marked with CE */
	uint64_t rate_bps;	/* bits a second; 0: no limit */
	uint32_t queue_bytes;	/* waiting for a slow wire, drop tail; 0: any */
	uint32_t mtu;		/* of IP packets; 0: no limit */
	uint64_t loss_mask;	/* bit i: the i-th frame is lost ... */
	uint32_t loss_period;	/* ... and again after so many; 0: never */
};

struct wire_frame {
	struct event arrival;
	struct wire_frame *next;	/* in the queue of its end */
	struct wire_end *to;
	struct mem_frame m;	/* last: its bytes follow */
};

struct wire_stats {
	uint64_t sent;		/* frames that the port gave to the wire */
	uint64_t copies;	/* made of them: so many arrive ... */
	uint64_t lost, queue_full, too_long, no_carrier; /* ... but these */
	uint64_t duplicated, corrupted, reordered;
	uint64_t marked;	/* segments, doubles not counted */
	uint64_t arrived;	/* frames for this end's port */
	uint64_t not_up;	/* of them, found the node down */
	uint64_t read;		/* of them, read by the stack */
	uint64_t marks_read;	/* segments with CE in those */
};

struct wire_end {
	struct wire *wire;
	struct node *node;
	struct wire_end *node_next;	/* all of the node */
	char name[PORT_NAME_MAX];	/* of the port */
	uint32_t id;			/* in the world; makes the MAC */
	struct port *port;		/* NULL: the node is down */
	uint32_t offload;		/* PORT_*: what its port has */
	struct wire_conf conf;
	struct wire_stats stats;
	struct instant free_at;		/* the slow wire is busy until then */
	struct instant last_arrival;	/* keeps the order under jitter */
	struct wire_frame *in, **in_tail;	/* arrived, not yet read */
	uint32_t in_count;
};

/* Planted faults, for tests of the checks. */
enum wire_fault {
	WIRE_SOUND,
	WIRE_LEAKS,		/* forgets every 50th frame, uncounted */
	WIRE_DOUBLES,		/* delivers every 50th twice, uncounted */
	WIRE_DAMAGES,		/* hands the stack's frame on with its IP
				 * checksum wrong, as a stack's bug would */
	WIRE_ACKS_MORE,		/* as a TCP that counts wrong would */
	WIRE_ACKS_LESS,		/* now and then, as one that goes back would */
	WIRE_SHUTS,		/* now and then a window that was promised */
	WIRE_LOWERS_TTL,	/* as a packet that ran in circles has it */
};

struct wire {
	struct world *world;
	uint32_t index;
	struct wire_end **ends;
	uint32_t count, size;
	struct wire_conf conf;	/* what new ends get */
	uint32_t offload;	/* likewise, PORT_*: set before joining */
	bool up;
	uint64_t under_way;	/* copies */
	struct rng rng;
	enum wire_fault fault;
};

struct wire *wire_new(struct world *w, const struct wire_conf *conf);
void wire_free(struct wire *wire);
/* A new end at the node, whose port of that name will be plugged in when its
 * stack opens it. */
struct wire_end *wire_join(struct wire *wire, struct node *node,
    const char *name);
/* For all its ends. */
void wire_set(struct wire *wire, const struct wire_conf *conf);
/* Carrier: both sides see it go; what is under way is lost. */
void wire_carrier(struct wire *wire, bool up);

/* Opens the end's port in a stack; 0, -EEXIST, -ENOSPC, -ENOMEM as
 * port_add(). */
int wire_plug(struct wire_end *end, struct stack *stk, struct mac mac,
    uint32_t mtu);

#endif

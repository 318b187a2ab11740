/*
 * fault.h - a bad wire: frames lost, doubled, damaged, late, out of order, by
 * chance from a seed.
 *
 * Between a port and its device, for tests and labs: what is lost there was
 * sent, or never came, as far as the stack can tell.  Super-frames are cut
 * first, so that a fault meets one segment and not forty.  The simulator's
 * wires throw the same dice.
 *
 * Limit: FAULT_HELD_MAX frames held in one direction; more are lost.
 */
#ifndef HOPD_PORT_FAULT_H
#define HOPD_PORT_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/rng.h"
#include "base/timer.h"
#include "port/port.h"

#define FAULT_PPM	1000000u
#define FAULT_HELD_MAX	4096u

/* ---- the dice ------------------------------------------------------------ */

/* True in ppm of a million cases; draws nothing for 0. */
bool fault_chance(struct rng *r, uint32_t ppm);
/* low to high, both possible. */
int64_t fault_between(struct rng *r, int64_t low, int64_t high);
/* A frame that would arrive at *at: held back for hold_us by chance (true), or
 * in order, not before *last. */
bool fault_release(struct rng *r, uint32_t reorder_ppm, int64_t hold_us,
    struct instant *at, struct instant *last);

/* ---- a port with faults -------------------------------------------------- */

enum fault_dir { FAULT_IN, FAULT_OUT, FAULT_DIRS };

struct fault_conf {
	uint32_t loss_ppm, duplicate_ppm, corrupt_ppm, reorder_ppm;
	int64_t hold_us;	/* so late comes who is held back */
	int64_t delay_us;	/* of every frame */
	int64_t jitter_us;	/* more delay, 0 to this; order is kept */
	uint32_t dirs;		/* bit 1 << enum fault_dir */
	uint32_t seed;
};

struct fault_held {
	struct fault_held *next;	/* by due */
	struct instant due;
	struct pkt *pkt;
};

struct fault_counts {
	uint64_t frames, lost, duplicated, corrupted, reordered;
	uint64_t overrun;	/* lost: too many held, no memory */
};

struct fault {
	struct fault_conf conf;
	struct port *port;
	struct rng rng;
	struct timer timer;
	struct fault_held *held[FAULT_DIRS];
	struct instant last[FAULT_DIRS];
	uint32_t held_count[FAULT_DIRS];
	struct fault_counts counts[FAULT_DIRS];
};

/* Puts faults on a port, in the place of those it had: what these held is
 * lost.  0 or -ENOMEM. */
int fault_set(struct stack *stk, struct port *port,
    const struct fault_conf *conf);
/* A good wire again. */
void fault_clear(struct stack *stk, struct port *port);

/* From port.c, in the place of port->ops->send(): does not consume. */
int fault_send(struct stack *stk, struct port *port, const struct pkt *pkt);
/* From port_read(), in the place of port_input(): consumes. */
void fault_input(struct stack *stk, struct port *port, struct pkt *pkt);

#endif

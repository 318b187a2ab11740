/*
 * world.h - many stacks in one virtual time: nodes, the wires between them,
 * and the one heap of events that drives all.
 *
 * A step is one event: a frame that arrives, a node whose stack has something
 * due, a line of a script.  After each step what it touched is checked
 * (checks.h).  The first failure ends the run; it is told with seed and step,
 * and the same seed comes to the same failure again.
 */
#ifndef HOPD_SIM_WORLD_H
#define HOPD_SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/rng.h"
#include "checks.h"
#include "event.h"
#include "node.h"
#include "wire.h"

#define WORLD_FAILURE_MAX 512

struct recorder;

struct world {
	uint64_t seed;
	struct instant now;
	uint64_t step;
	struct events events;
	struct node **nodes;
	uint32_t node_count, node_size;
	struct wire **wires;
	uint32_t wire_count, wire_size;
	struct wire_end **ends;		/* by id */
	uint32_t end_count, end_size;
	struct rng rng;			/* for scripts */
	struct rng check_rng;		/* for samples of the checks */
	struct event audit;		/* the dear checks, once a second */
	uint64_t audits;
	struct event script;		/* the topology's own */
	void *script_arg, *script_free;	/* its memory: freed with the world */
	uint32_t hops_max;		/* routers that a packet may pass */
	uint64_t trace;			/* hash of all frames and their times */
	uint64_t frames;		/* that stacks sent */
	uint64_t polls;			/* turns of stacks */
	struct instant reborn;		/* a node began anew; or -31 s */
	char failure[WORLD_FAILURE_MAX];	/* "": none */
	struct recorder *recorder;	/* NULL: nobody records */
};

struct world *world_new(uint64_t seed);
/* Has no node begun anew for so long that nothing is left of its last life, not
 * even pieces of datagrams, which wait for 30 s? */
bool world_settled(const struct world *w);
/* Takes every node down, which asserts that nothing leaked. */
void world_free(struct world *w);

/* Runs until that instant, or the first failure.  False: it failed. */
bool world_run(struct world *w, struct instant end);

/* The first one counts. */
void world_fail(struct world *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static inline bool
world_failed(const struct world *w)
{
	return w->failure[0] != '\0';
}

/* Calls fire at `at` with w->script; one at a time. */
void world_script(struct world *w, event_fn *fire, struct instant at);

struct node *world_node(struct world *w, const char *name);

/* For wire.c and node.c. */
void world_add_wire(struct world *w, struct wire *wire);
void world_add_end(struct world *w, struct wire_end *end);
void world_add_node(struct world *w, struct node *n);
struct mac world_end_mac(const struct wire_end *end);
struct wire_end *world_end_by_mac(struct world *w, const uint8_t *mac);

#endif

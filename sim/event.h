/*
 * event.h - what happens next: one heap for a whole world, ordered by (time,
 * sequence).
 *
 * A struct event is embedded in its owner, who cancels it before it goes.
 * Events of the same instant fire in the order in which they were set, so a
 * run depends on nothing but its seed.
 */
#ifndef HOPD_SIM_EVENT_H
#define HOPD_SIM_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"

struct event;
struct world;

typedef void event_fn(struct world *w, struct event *e);

struct event {
	struct instant at;
	uint64_t seq;		/* order among those of the same instant */
	uint32_t pos;		/* in the heap, from 1; 0: idle */
	event_fn *fire;
};

/* Invariant: heap[i]->pos == i for i from 1 to count. */
struct events {
	struct event **heap;
	uint32_t count, size;
	uint64_t next_seq;
};

void events_fini(struct events *h);

void event_init(struct event *e, event_fn *fire);
/* Sets, or moves, it; INSTANT_NEVER cancels. */
void event_set(struct events *h, struct event *e, struct instant at);
void event_cancel(struct events *h, struct event *e);

static inline bool
event_is_set(const struct event *e)
{
	return e->pos != 0;
}

/* The first to fire, still set; NULL: nothing will ever happen. */
struct event *events_first(const struct events *h);

#endif

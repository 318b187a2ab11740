/*
 * world.c - the loop, and who belongs to it.
 */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "stack/stack.h"
#include "util.h"

#define SETTLED_US	(31 * USEC_PER_SEC)
#define AUDIT_US	USEC_PER_SEC
#define ROUTES_AUDITS	20u	/* audits between looks at a long table */
#define ROUTES_SHORT	256u	/* no longer than that: at every audit */

static void
audit(struct world *w, struct event *e)
{
	check_world(w);
	w->audits++;
	for (uint32_t i = 0; i < w->node_count; i++) {
		struct node *n = w->nodes[i];

		if (n->stk != NULL && (n->stk->ip.route_count <= ROUTES_SHORT ||
		    w->audits % (ROUTES_AUDITS * w->node_count) ==
		    ROUTES_AUDITS * i))
			check_routes(n);
	}
	event_set(&w->events, e, instant_add(w->now, AUDIT_US));
}

struct world *
world_new(uint64_t seed)
{
	struct world *w = sim_alloc(sizeof(*w));

	w->seed = seed;
	w->trace = seed;
	w->reborn = instant_from_us(-SETTLED_US);
	sim_rng(&w->rng, seed, "script", 0);
	sim_rng(&w->check_rng, seed, "check", 0);
	event_init(&w->audit, audit);
	event_set(&w->events, &w->audit, instant_from_us(AUDIT_US));
	return w;
}

bool
world_settled(const struct world *w)
{
	return instant_diff(w->now, w->reborn) >= SETTLED_US;
}

void
world_free(struct world *w)
{
	struct event *e;

	for (uint32_t i = 0; i < w->node_count; i++)
		node_free(w->nodes[i]);
	event_cancel(&w->events, &w->audit);
	event_cancel(&w->events, &w->script);
	/* What is left are frames on their way. */
	while ((e = events_first(&w->events)) != NULL) {
		event_cancel(&w->events, e);
		free(e);
	}
	for (uint32_t i = 0; i < w->wire_count; i++)
		wire_free(w->wires[i]);
	events_fini(&w->events);
	free(w->nodes);
	free(w->wires);
	free(w->ends);
	free(w->script_arg);
	free(w->script_free);
	free(w);
}

bool
world_run(struct world *w, struct instant end)
{
	struct event *e;

	while (!world_failed(w) && (e = events_first(&w->events)) != NULL &&
	    instant_reached(end, e->at)) {
		event_cancel(&w->events, e);
		w->now = e->at;
		w->step++;
		e->fire(w, e);
	}
	if (!world_failed(w))
		w->now = end;
	return !world_failed(w);
}

void
world_fail(struct world *w, const char *fmt, ...)
{
	va_list ap;

	if (world_failed(w))
		return;
	va_start(ap, fmt);
	vsnprintf(w->failure, sizeof(w->failure), fmt, ap);
	va_end(ap);
}

void
world_script(struct world *w, event_fn *fire, struct instant at)
{
	w->script.fire = fire;
	event_set(&w->events, &w->script, at);
}

struct node *
world_node(struct world *w, const char *name)
{
	for (uint32_t i = 0; i < w->node_count; i++) {
		if (strcmp(w->nodes[i]->name, name) == 0)
			return w->nodes[i];
	}
	return NULL;
}

void
world_add_wire(struct world *w, struct wire *wire)
{
	w->wires = sim_grow(w->wires, &w->wire_size, w->wire_count + 1,
	    sizeof(struct wire *));
	wire->index = w->wire_count;
	w->wires[w->wire_count++] = wire;
}

void
world_add_node(struct world *w, struct node *n)
{
	w->nodes = sim_grow(w->nodes, &w->node_size, w->node_count + 1,
	    sizeof(struct node *));
	n->index = w->node_count;
	w->nodes[w->node_count++] = n;
}

void
world_add_end(struct world *w, struct wire_end *end)
{
	w->ends = sim_grow(w->ends, &w->end_size, w->end_count + 1,
	    sizeof(struct wire_end *));
	end->id = w->end_count;
	w->ends[w->end_count++] = end;
}

struct mac
world_end_mac(const struct wire_end *end)
{
	return (struct mac){ { 2, 0, (uint8_t)(end->id >> 24),
	    (uint8_t)(end->id >> 16), (uint8_t)(end->id >> 8),
	    (uint8_t)end->id } };
}

struct wire_end *
world_end_by_mac(struct world *w, const uint8_t *mac)
{
	uint32_t id = (uint32_t)mac[2] << 24 | (uint32_t)mac[3] << 16 |
	    (uint32_t)mac[4] << 8 | mac[5];

	if (mac[0] != 2 || mac[1] != 0 || id >= w->end_count)
		return NULL;
	return w->ends[id];
}

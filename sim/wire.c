/*
 * wire.c - frames on their way, and the port at each end of the way.
 */
#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "frame.h"
#include "port/fault.h"
#include "record.h"
#include "stack/stack.h"
#include "util.h"
#include "world.h"

#define FAULT_PERIOD 50		/* every so many frames, of planted faults */

/* The port at an end of a wire: one object of the stack's memory. */
struct wire_port {
	struct port port;	/* first: the two are one object */
	struct wire_end *end;
};

static struct wire_end *
end_of(struct port *port)
{
	return ((struct wire_port *)port)->end;
}

/* ---- arriving --------------------------------------------------------- */

static void
arrive(struct world *w, struct event *e)
{
	struct wire_frame *f = (struct wire_frame *)e;
	struct wire_end *end = f->to;

	end->wire->under_way--;
	if (!end->wire->up) {
		end->stats.no_carrier++;
		free(f);
		return;
	}
	end->stats.arrived++;
	if (end->port == NULL) {
		end->stats.not_up++;
		free(f);
		return;
	}
	f->next = NULL;
	*end->in_tail = f;
	end->in_tail = &f->next;
	end->in_count++;
	end->port->readable = true;
	node_wake(end->node, w->now);
}

static struct wire_frame *
in_take(struct wire_end *end)
{
	struct wire_frame *f = end->in;

	if (f == NULL)
		return NULL;
	end->in = f->next;
	if (end->in == NULL)
		end->in_tail = &end->in;
	end->in_count--;
	return f;
}

static enum port_read
wire_port_read(struct port *port, struct pkt *pkt, int *why)
{
	struct wire_end *end = end_of(port);
	struct wire_frame *f = in_take(end);
	enum port_read result;

	if (f == NULL)
		return PORT_READ_EMPTY;
	end->stats.read++;
	end->stats.marks_read += frame_marks(&f->m);
	check_arrival(end, &f->m);
	result = mem_frame_load(&f->m, port, pkt, why);
	free(f);
	return result;
}

/* ---- leaving ---------------------------------------------------------- */

static struct wire_frame *
frame_new(uint32_t len)
{
	struct wire_frame *f = malloc(sizeof(*f) + len);

	if (f == NULL)
		abort();
	memset(f, 0, sizeof(*f));
	f->m.len = len;
	return f;
}

static struct wire_frame *
frame_copy(const struct wire_frame *f)
{
	struct wire_frame *c = frame_new(f->m.len);

	memcpy(&c->m, &f->m, sizeof(f->m) + f->m.len);
	event_init(&c->arrival, arrive);
	return c;
}

static struct wire_frame *
frame_of_pkt(const struct pkt *pkt)
{
	struct wire_frame *f = frame_new(pkt_len(pkt));

	event_init(&f->arrival, arrive);
	mem_frame_store(&f->m, pkt);
	return f;
}

static bool
script_says_lost(const struct wire_conf *c, uint64_t nth)
{
	if (c->loss_mask == 0)
		return false;
	if (c->loss_period != 0)
		nth %= c->loss_period;
	return nth < 64 && (c->loss_mask >> nth & 1) != 0;
}

/* Puts one copy on its way to an end, at `at` if nothing holds it back. */
static void
dispatch(struct wire_end *from, struct wire_end *to, struct wire_frame *f,
    struct instant at)
{
	const struct wire_conf *c = &from->conf;
	struct wire *wire = from->wire;

	from->stats.copies++;
	f->to = to;
	from->stats.reordered += fault_release(&wire->rng, c->reorder_ppm,
	    c->reorder_us, &at, &from->last_arrival);
	wire->under_way++;
	event_set(&wire->world->events, &f->arrival, at);
}

/* The one end that a frame is for; NULL: for all others. */
static struct wire_end *
end_by_mac(struct wire_end *from, const uint8_t *mac)
{
	struct wire_end *to;

	if (from->wire->count == 2)
		return from->wire->ends[from->wire->ends[0] == from];
	if ((mac[0] & 1) != 0)
		return NULL;
	to = world_end_by_mac(from->wire->world, mac);
	return to != NULL && to->wire == from->wire ? to : NULL;
}

static void
spread(struct wire_end *from, struct wire_frame *f, struct instant at)
{
	struct wire_end *to = end_by_mac(from, f->m.data);
	struct wire *wire = from->wire;

	if (to == from) {	/* a switch does not send back */
		free(f);
		return;
	}
	if (to != NULL) {
		dispatch(from, to, f, at);
		return;
	}
	for (uint32_t i = 0; i < wire->count; i++) {
		if (wire->ends[i] != from)
			dispatch(from, wire->ends[i], frame_copy(f), at);
	}
	free(f);
}

/* When the last bit is on the wire; NEVER: the queue is full. */
static struct instant
serialise(struct wire_end *end, uint32_t len)
{
	const struct wire_conf *c = &end->conf;
	struct instant now = end->wire->world->now;
	int64_t wait;

	if (c->rate_bps == 0)
		return now;
	if (instant_before(end->free_at, now))
		end->free_at = now;
	wait = instant_diff(end->free_at, now);
	if (c->queue_bytes != 0 && wait > 0 &&
	    (uint64_t)wait * c->rate_bps / 8000000 + len > c->queue_bytes)
		return INSTANT_NEVER;
	end->free_at = instant_add(end->free_at,
	    (int64_t)((uint64_t)len * 8000000 / c->rate_bps));
	return end->free_at;
}

/* Does a planted fault strike this frame?  Then it is gone. */
static bool
fault_strikes(struct wire_end *end, struct wire_frame *f, struct instant at)
{
	enum wire_fault fault = end->wire->fault;

	if (fault == WIRE_SOUND || end->stats.sent % FAULT_PERIOD != 0)
		return false;
	switch (fault) {
	case WIRE_LEAKS:
		free(f);
		return true;
	case WIRE_DOUBLES:
		spread(end, frame_copy(f), at);
		end->stats.copies--;
		return false;
	default:	/* struck when the stack sent it */
		return false;
	}
}

/* The frame is on the wire: what becomes of it? */
static void
transmit(struct wire_end *end, struct wire_frame *f)
{
	const struct wire_conf *c = &end->conf;
	struct wire *wire = end->wire;
	struct rng *rng = &wire->rng;
	uint64_t nth = end->stats.sent++;
	uint64_t *lost = NULL;
	struct instant at;

	at = serialise(end, f->m.len);
	if (!wire->up)
		lost = &end->stats.no_carrier;
	else if (instant_is_never(at))
		lost = &end->stats.queue_full;
	else if (c->mtu != 0 && frame_ip_len(&f->m) > c->mtu)
		lost = &end->stats.too_long;
	else if (script_says_lost(c, nth) || sim_chance(rng, c->loss_ppm))
		lost = &end->stats.lost;
	if (lost != NULL) {
		end->stats.copies++;
		(*lost)++;
		free(f);
		return;
	}
	at = instant_add(at, c->delay_us);
	if (c->jitter_us > 0)
		at = instant_add(at, sim_between(rng, 0, c->jitter_us));
	if (sim_chance(rng, c->mark_ppm))
		end->stats.marked += frame_mark(&f->m);
	if (sim_chance(rng, c->corrupt_ppm) && frame_damage(&f->m, rng))
		end->stats.corrupted++;
	if (sim_chance(rng, c->duplicate_ppm)) {
		end->stats.duplicated++;
		spread(end, frame_copy(f), at);
	}
	if (!fault_strikes(end, f, at))
		spread(end, f, at);
}

static int
wire_port_send(struct port *port, const struct pkt *pkt)
{
	struct wire_end *end = end_of(port);
	struct wire_frame *f = frame_of_pkt(pkt);

	if (end->stats.sent % FAULT_PERIOD == FAULT_PERIOD - 1)
		frame_plant(&f->m, end->wire->fault);
	check_frame(end, &f->m);
	transmit(end, f);
	return 0;
}

static void
wire_port_close(struct port *port, struct mem *mem)
{
	struct wire_end *end = end_of(port);
	struct wire_frame *f;

	check_end_closed(end);
	while ((f = in_take(end)) != NULL) {
		end->stats.not_up++;
		free(f);
	}
	end->port = NULL;
	mem_free(mem, port, sizeof(struct wire_port));
}

static const struct port_ops wire_port_ops = {
	.kind = "wire",
	.read = wire_port_read,
	.send = wire_port_send,
	.close = wire_port_close,
};

int
wire_plug(struct wire_end *end, struct stack *stk, struct mac mac,
    uint32_t mtu)
{
	struct wire_port *p = mem_alloc(&stk->mem, sizeof(*p));
	int r;

	if (p == NULL)
		return -ENOMEM;
	port_init(&p->port, &wire_port_ops, end->name, true, mac, mtu,
	    end->offload);
	p->end = end;
	r = port_add(stk, &p->port);
	if (r != 0) {
		mem_free(&stk->mem, p, sizeof(*p));
		return r;
	}
	p->port.down = !end->wire->up;
	end->port = &p->port;
	record_end(end->wire->world->recorder, end);
	return 0;
}

/* ---- the wire --------------------------------------------------------- */

struct wire *
wire_new(struct world *w, const struct wire_conf *conf)
{
	struct wire *wire = sim_alloc(sizeof(*wire));

	wire->world = w;
	wire->conf = *conf;
	wire->up = true;
	world_add_wire(w, wire);
	sim_rng(&wire->rng, w->seed, "wire", wire->index);
	return wire;
}

void
wire_free(struct wire *wire)
{
	for (uint32_t i = 0; i < wire->count; i++)
		free(wire->ends[i]);
	free(wire->ends);
	free(wire);
}

struct wire_end *
wire_join(struct wire *wire, struct node *node, const char *name)
{
	struct wire_end *end = sim_alloc(sizeof(*end));
	struct wire_end **tail = &node->ends;

	end->wire = wire;
	end->node = node;
	strncpy(end->name, name, sizeof(end->name) - 1);
	end->in_tail = &end->in;
	end->conf = wire->conf;
	end->offload = wire->offload;
	wire->ends = sim_grow(wire->ends, &wire->size, wire->count + 1,
	    sizeof(struct wire_end *));
	wire->ends[wire->count++] = end;
	while (*tail != NULL)
		tail = &(*tail)->node_next;
	*tail = end;
	world_add_end(wire->world, end);
	return end;
}

void
wire_set(struct wire *wire, const struct wire_conf *conf)
{
	wire->conf = *conf;
	for (uint32_t i = 0; i < wire->count; i++)
		wire->ends[i]->conf = *conf;
}

void
wire_carrier(struct wire *wire, bool up)
{
	wire->up = up;
	for (uint32_t i = 0; i < wire->count; i++) {
		if (wire->ends[i]->port != NULL)
			wire->ends[i]->port->down = !up;
	}
}

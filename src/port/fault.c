/*
 * fault.c - a bad wire between a port and its device.
 *
 * Does not know what is in a frame, but that behind the Ethernet header there
 * is something whose checksum ought to tell when a bit is flipped.  Owns the
 * frames that it holds back.
 */
#include "port/fault.h"

#include <errno.h>

#include "port/segment.h"
#include "stack/stack.h"

#define L2_LEN 14u		/* what damage spares */

bool
fault_chance(struct rng *r, uint32_t ppm)
{
	return ppm != 0 && rng_below(r, FAULT_PPM) < ppm;
}

int64_t
fault_between(struct rng *r, int64_t low, int64_t high)
{
	return low + (int64_t)(rng_u64(r) % (uint64_t)(high - low + 1));
}

bool
fault_release(struct rng *r, uint32_t reorder_ppm, int64_t hold_us,
    struct instant *at, struct instant *last)
{
	if (fault_chance(r, reorder_ppm)) {
		*at = instant_add(*at, hold_us);
		return true;
	}
	if (instant_before(*at, *last))
		*at = *last;
	*last = *at;
	return false;
}

/* ---- holding frames back ------------------------------------------------- */

static void
timer_follow(struct stack *stk, struct fault *f)
{
	struct instant due = INSTANT_NEVER;

	for (int d = 0; d < FAULT_DIRS; d++) {
		if (f->held[d] != NULL)
			due = instant_min(due, f->held[d]->due);
	}
	timer_set(&stk->timers, &f->timer, due);
}

/* Takes pkt, which may be NULL: no memory for it. */
static void
hold(struct stack *stk, struct fault *f, enum fault_dir dir, struct pkt *pkt,
    struct instant due)
{
	struct fault_held **at = &f->held[dir], *h = NULL;

	if (pkt != NULL && f->held_count[dir] < FAULT_HELD_MAX)
		h = mem_alloc(&stk->mem, sizeof(*h));
	if (h == NULL) {
		f->counts[dir].overrun++;
		if (pkt != NULL)
			pkt_free(pkt);
		return;
	}
	while (*at != NULL && !instant_before(due, (*at)->due))
		at = &(*at)->next;
	*h = (struct fault_held){ .next = *at, .due = due, .pkt = pkt };
	*at = h;
	f->held_count[dir]++;
	timer_follow(stk, f);
}

static struct pkt *
held_take(struct stack *stk, struct fault *f, int dir)
{
	struct fault_held *h = f->held[dir];
	struct pkt *pkt = h->pkt;

	f->held[dir] = h->next;
	f->held_count[dir]--;
	mem_free(&stk->mem, h, sizeof(*h));
	return pkt;
}

/* What is due goes on; that may change what there is to hold, and even end
 * the port's faults, so each look is a fresh one. */
static void
release(struct stack *stk, struct timer *t)
{
	struct fault *f = (struct fault *)
	    ((char *)t - offsetof(struct fault, timer));
	struct port *port = f->port;

	for (int d = 0; d < FAULT_DIRS; d++) {
		while (port->fault == f && f->held[d] != NULL &&
		    instant_reached(stk->now, f->held[d]->due)) {
			struct pkt *pkt = held_take(stk, f, d);

			if (d == FAULT_IN) {
				port_input(stk, port, pkt);
				continue;
			}
			(void)port->ops->send(port, pkt);
			pkt_free(pkt);
		}
	}
	if (port->fault == f)
		timer_follow(stk, f);
}

/* ---- what becomes of a frame --------------------------------------------- */

struct fate {
	bool lost, corrupt;
	int copies;
	struct instant at[2];
};

static struct fate
judge(struct stack *stk, struct fault *f, enum fault_dir dir)
{
	const struct fault_conf *c = &f->conf;
	struct fault_counts *n = &f->counts[dir];
	struct fate fate = { .copies = 1 };
	struct instant at = instant_add(stk->now, c->delay_us);

	n->frames++;
	if (fault_chance(&f->rng, c->loss_ppm)) {
		n->lost++;
		fate.lost = true;
		return fate;
	}
	if (c->jitter_us > 0)
		at = instant_add(at, fault_between(&f->rng, 0, c->jitter_us));
	fate.corrupt = fault_chance(&f->rng, c->corrupt_ppm);
	n->corrupted += fate.corrupt;
	if (fault_chance(&f->rng, c->duplicate_ppm)) {
		n->duplicated++;
		fate.copies = 2;
	}
	for (int i = 0; i < fate.copies; i++) {
		fate.at[i] = at;
		n->reordered += fault_release(&f->rng, c->reorder_ppm,
		    c->hold_us, &fate.at[i], &f->last[dir]);
	}
	return fate;
}

/* One bit, in bytes that are ours; nobody has vouched for them any more. */
static void
damage(struct fault *f, struct pkt *pkt)
{
	uint32_t from = f->port->l2 ? L2_LEN : 0, bit;

	if (pkt->len <= from)
		return;
	if (pkt->csum_needed)
		pkt_csum_complete(pkt);
	pkt_clear_offload(pkt);
	bit = rng_below(&f->rng, (pkt->len - from) * 8);
	pkt_data(pkt)[from + bit / 8] ^= (uint8_t)(1u << bit % 8);
}

int
fault_send(struct stack *stk, struct port *port, const struct pkt *pkt)
{
	struct fault *f = port->fault;
	struct fate fate;

	if ((f->conf.dirs & 1u << FAULT_OUT) == 0)
		return port->ops->send(port, pkt);
	fate = judge(stk, f, FAULT_OUT);
	for (int i = 0; i < fate.copies && !fate.lost; i++) {
		struct pkt *copy;

		if (!fate.corrupt && instant_reached(stk->now, fate.at[i])) {
			(void)port->ops->send(port, pkt);
			continue;
		}
		copy = pkt_copy(pkt);
		if (copy != NULL && fate.corrupt)
			damage(f, copy);
		hold(stk, f, FAULT_OUT, copy, fate.at[i]);
	}
	return 0;
}

/* Consumes. */
static void
input_one(struct stack *stk, struct port *port, struct pkt *pkt)
{
	struct fault *f = port->fault;
	struct fate fate = judge(stk, f, FAULT_IN);

	if (fate.lost) {
		pkt_free(pkt);
		return;
	}
	if (fate.corrupt)
		damage(f, pkt);
	if (fate.copies == 2)
		hold(stk, f, FAULT_IN, pkt_copy(pkt), fate.at[1]);
	if (instant_reached(stk->now, fate.at[0]))
		port_input(stk, port, pkt);
	else
		hold(stk, f, FAULT_IN, pkt_keep(pkt), fate.at[0]);
}

void
fault_input(struct stack *stk, struct port *port, struct pkt *pkt)
{
	struct segmenter s;

	if ((port->fault->conf.dirs & 1u << FAULT_IN) == 0) {
		port_input(stk, port, pkt);
		return;
	}
	if (pkt->gso_type == PKT_GSO_NONE) {
		input_one(stk, port, pkt);
		return;
	}
	pkt->l3 = pkt->off + (port->l2 ? L2_LEN : 0);
	if (segment_begin(&s, pkt) != 0) {
		port_input(stk, port, pkt);
		return;
	}
	/* A segment's way may end the port's faults. */
	while (port->fault != NULL && segment_more(&s)) {
		struct pkt *seg = segment_next(&s);

		if (seg == NULL)
			break;
		input_one(stk, port, seg);
	}
	pkt_free(pkt);
}

/* ---- on and off ---------------------------------------------------------- */

int
fault_set(struct stack *stk, struct port *port, const struct fault_conf *conf)
{
	struct fault *f = mem_alloc(&stk->mem, sizeof(*f));
	uint8_t seed[RNG_SEED_LEN] = { (uint8_t)conf->seed,
	    (uint8_t)(conf->seed >> 8), (uint8_t)(conf->seed >> 16),
	    (uint8_t)(conf->seed >> 24) };

	if (f == NULL)
		return -ENOMEM;
	fault_clear(stk, port);
	f->conf = *conf;
	f->port = port;
	rng_init(&f->rng, seed);
	timer_init(&f->timer, release);
	port->fault = f;
	return 0;
}

void
fault_clear(struct stack *stk, struct port *port)
{
	struct fault *f = port->fault;

	if (f == NULL)
		return;
	port->fault = NULL;
	timer_cancel(&stk->timers, &f->timer);
	for (int d = 0; d < FAULT_DIRS; d++) {
		while (f->held[d] != NULL)
			pkt_free(held_take(stk, f, d));
	}
	mem_free(&stk->mem, f, sizeof(*f));
}

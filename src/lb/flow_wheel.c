/*
 * flow_wheel.c - when flows end: two coarse wheels and the one timer that
 * drives them.
 *
 * Wheel 1 has the half-open flows, wheel 0 all others.  A slot is 250 ms and
 * holds flows in the order in which they came.  A flow stands in the slot in
 * which it was due when it was put there; the sweep moves on what is not due
 * any more, so a packet costs one store.  Slots count from time 0; a flow's
 * deadline is 32 bits of ticks, which reach four years either way.
 *
 * The sweep handles at most SWEEP_MAX flows a turn; a slot with more goes on
 * in the next turn, so that a million flows that end together do not stop the
 * stack.
 */
#include "lb/flow_impl.h"

#include "lb/fwd.h"
#include "stack/stack.h"

#define SWEEP_MAX	4096u
#define SLOT_US		(LB_SLOT_TICKS * LB_TICK_US)
#define SLOT_MASK	(LB_SLOTS - 1)
/* How far ahead of the swept slot a flow may stand: two short of the circle,
 * since a slot that is swept in two turns counts as not yet swept. */
#define SLOT_FAR	(LB_SLOTS - 2)

/* IPVS: a template that ended while flows still need it stays so long. */
#define TEMPLATE_AGAIN_S 60

static uint64_t
tick_now(const struct stack *stk)
{
	return (uint64_t)stk->now.us / LB_TICK_US;
}

/* A deadline as a tick since time 0. */
static uint64_t
tick_due(const struct stack *stk, const struct lb_flow *f)
{
	uint64_t now = tick_now(stk);

	return now + (uint64_t)(int64_t)(int32_t)(f->due - (uint32_t)now);
}

static uint64_t
slot_due(const struct stack *stk, const struct lb_flow *f)
{
	return (tick_due(stk, f) + LB_SLOT_TICKS - 1) / LB_SLOT_TICKS;
}

uint32_t
lb_wheel_due(const struct stack *stk, uint32_t timeout_s)
{
	uint64_t now = ((uint64_t)stk->now.us + LB_TICK_US - 1) / LB_TICK_US;

	if (timeout_s > INT32_MAX / LB_TICKS_PER_S - 1)
		timeout_s = INT32_MAX / LB_TICKS_PER_S - 1;
	return (uint32_t)(now + (uint64_t)timeout_s * LB_TICKS_PER_S);
}

uint32_t
lb_flow_expires_s(const struct stack *stk, const struct lb_flow *f)
{
	int32_t left = (int32_t)(f->due - (uint32_t)tick_now(stk));

	return left <= 0 ? 0 : (uint32_t)left / LB_TICKS_PER_S;
}

/* The first slot with flows after `from`, counted from time 0; UINT64_MAX if
 * the wheel is empty. */
static uint64_t
slot_next(const struct lb_wheel *w, uint64_t from)
{
	uint64_t d, bits;

	if (w->count == 0)
		return UINT64_MAX;
	for (d = 1; d <= LB_SLOTS;) {
		uint32_t s = (uint32_t)(from + d) & SLOT_MASK;

		bits = w->used[s / 64] >> (s % 64);
		if (bits != 0)
			return from + d + (uint64_t)__builtin_ctzll(bits);
		d += 64 - s % 64;
	}
	return UINT64_MAX;
}

struct lb_flow *
lb_wheel_first(const struct lb_flows *ft, unsigned wheel)
{
	const struct lb_wheel *w = &ft->wheel[wheel];
	uint64_t s = slot_next(w, ft->swept);

	return s == UINT64_MAX ? NULL : &ft->flow[w->head[s & SLOT_MASK]];
}

/* Sets the timer for a flow in slot s, unless it is set for earlier. */
static void
timer_pull(struct stack *stk, uint64_t s)
{
	struct lb_flows *ft = &stk->lb.flows;
	struct instant due = instant_from_us((int64_t)(s * SLOT_US));

	if (!timer_is_set(&ft->timer) || instant_before(due, ft->timer.due))
		timer_set(&stk->timers, &ft->timer, due);
}

void
lb_wheel_link(struct stack *stk, struct lb_flow *f)
{
	struct lb_flows *ft = &stk->lb.flows;
	struct lb_wheel *w = &ft->wheel[f->wheel];
	uint32_t i = lb_flow_index(ft, f);
	uint64_t s = slot_due(stk, f);

	if (ft->wheel[0].count + ft->wheel[1].count == 0)
		ft->swept = tick_now(stk) / LB_SLOT_TICKS;
	if (s <= ft->swept)
		s = ft->swept + 1;
	if (s > ft->swept + SLOT_FAR)
		s = ft->swept + SLOT_FAR;
	f->slot = (uint16_t)(s & SLOT_MASK);
	f->wheel_next = 0;
	f->wheel_prev = w->tail[f->slot];
	if (f->wheel_prev != 0)
		ft->flow[f->wheel_prev].wheel_next = i;
	else
		w->head[f->slot] = i;
	w->tail[f->slot] = i;
	w->used[f->slot / 64] |= UINT64_C(1) << f->slot % 64;
	w->count++;
	timer_pull(stk, s);
}

void
lb_wheel_unlink(struct stack *stk, struct lb_flow *f)
{
	struct lb_flows *ft = &stk->lb.flows;
	struct lb_wheel *w = &ft->wheel[f->wheel];

	if (f->wheel_prev != 0)
		ft->flow[f->wheel_prev].wheel_next = f->wheel_next;
	else
		w->head[f->slot] = f->wheel_next;
	if (f->wheel_next != 0)
		ft->flow[f->wheel_next].wheel_prev = f->wheel_prev;
	else
		w->tail[f->slot] = f->wheel_prev;
	if (w->head[f->slot] == 0)
		w->used[f->slot / 64] &= ~(UINT64_C(1) << f->slot % 64);
	w->count--;
	if (ft->wheel[0].count + ft->wheel[1].count == 0)
		timer_cancel(&stk->timers, &ft->timer);
}

/* f's deadline came nearer: it may stand too far. */
static SLOW void
pull(struct stack *stk, struct lb_flow *f)
{
	const struct lb_flows *ft = &stk->lb.flows;
	uint64_t stands;

	stands = ft->swept + ((f->slot - ft->swept) & SLOT_MASK);
	if (slot_due(stk, f) < stands) {
		lb_wheel_unlink(stk, f);
		lb_wheel_link(stk, f);
	}
}

void
lb_flow_touch(struct stack *stk, struct lb_flow *f, uint32_t timeout_s)
{
	uint32_t due = lb_wheel_due(stk, timeout_s);
	bool nearer = (int32_t)(due - f->due) < 0;

	f->due = due;
	if (nearer)
		pull(stk, f);
}

void
lb_flow_set_half_open(struct stack *stk, struct lb_flow *f, bool on)
{
	if (((f->flags & LB_FLOW_HALF_OPEN) != 0) == on)
		return;
	lb_wheel_unlink(stk, f);
	f->flags ^= LB_FLOW_HALF_OPEN;
	f->wheel = on ? 1 : 0;
	lb_wheel_link(stk, f);
}

/* A flow whose time has come. */
static void
flow_expire(struct stack *stk, struct lb_flow *f)
{
	struct lb_flows *ft = &stk->lb.flows;

	if (f->flags & LB_FLOW_TEMPLATE && f->controls > 0) {
		f->due = lb_wheel_due(stk, TEMPLATE_AGAIN_S);
		lb_wheel_unlink(stk, f);
		lb_wheel_link(stk, f);
		return;
	}
	ft->expired++;
	if (stk->lb.conf.rst_on_expire)
		lb_reset_expired(stk, f);
	lb_flow_del(stk, f);
}

/* Sweeps one slot of one wheel: ends what is due, moves on what is not.
 * Returns what is left of the budget; 0: the slot may not be done. */
static uint32_t
slot_sweep(struct stack *stk, unsigned wheel, uint64_t s, uint32_t budget)
{
	struct lb_flows *ft = &stk->lb.flows;
	struct lb_wheel *w = &ft->wheel[wheel];
	uint64_t now = tick_now(stk);

	while (budget > 0 && w->head[s & SLOT_MASK] != 0) {
		struct lb_flow *f = &ft->flow[w->head[s & SLOT_MASK]];

		budget--;
		if (tick_due(stk, f) <= now) {
			flow_expire(stk, f);
		} else {
			lb_wheel_unlink(stk, f);
			lb_wheel_link(stk, f);
		}
	}
	return budget;
}

static void
wheel_fire(struct stack *stk, struct timer *t)
{
	struct lb_flows *ft = &stk->lb.flows;
	uint64_t now = tick_now(stk) / LB_SLOT_TICKS;
	uint32_t budget = SWEEP_MAX;
	uint64_t s;

	for (;;) {
		uint64_t a = slot_next(&ft->wheel[0], ft->swept);
		uint64_t b = slot_next(&ft->wheel[1], ft->swept);

		s = a < b ? a : b;
		if (s > now)
			break;
		ft->swept = s;
		for (unsigned i = 0; i < 2; i++)
			budget = slot_sweep(stk, i, s, budget);
		if (budget == 0) {
			ft->swept = s - 1;
			timer_set(&stk->timers, t, instant_add(stk->now, 1));
			return;
		}
	}
	if (s != UINT64_MAX)
		timer_set(&stk->timers, t,
		    instant_from_us((int64_t)(s * SLOT_US)));
}

void
lb_wheel_init(struct stack *stk)
{
	timer_init(&stk->lb.flows.timer, wheel_fire);
	stk->lb.flows.swept = tick_now(stk) / LB_SLOT_TICKS;
}

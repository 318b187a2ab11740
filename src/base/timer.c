/*
 * timer.c - the hierarchical timing wheel.
 *
 * Read: Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987),
 * scheme 7.
 *
 * Time is counted in ticks of 1024 us, written in base 64.  A timer stands at
 * the level of the highest digit in which its tick differs from the present
 * one, in the slot of that digit; so every timer of one tick is in one slot,
 * and a lower level is due before a higher one.  When time enters a slot above
 * level 0, its timers move down; when it enters one of level 0, they are
 * sorted, and from then on what is set for the present tick is put where it
 * belongs.  Order comes from three rules: slots grow at the end, moving down
 * keeps the order, and the sort is stable.
 *
 * Limits: the present is between 0 and 142 years; later deadlines wait at the
 * end of the wheel.
 */
#include "base/timer.h"

#include <assert.h>
#include <stddef.h>

#define TICK_SHIFT	10
#define DIGIT_SHIFT	6
#define DIGIT_MASK	((uint64_t)TIMER_SLOTS - 1)
#define TICK_MAX	((UINT64_C(1) << (TIMER_LEVELS * DIGIT_SHIFT)) - 1)

static_assert(1 << DIGIT_SHIFT == TIMER_SLOTS, "a digit is a slot");
static_assert(TIMER_SLOTS == 64, "used[] has a bit for each slot");

struct place {
	unsigned level, digit;
};

static uint64_t
tick_of(struct instant t)
{
	uint64_t tick = (uint64_t)t.us >> TICK_SHIFT;

	return tick < TICK_MAX ? tick : TICK_MAX;
}

/* Where a timer for due stands at the present time. */
static struct place
place_of(const struct timers *w, struct instant due)
{
	uint64_t now = tick_of(w->now);
	uint64_t tick = instant_reached(w->now, due) ? now : tick_of(due);
	uint64_t differ = now ^ tick;
	unsigned level = 0;

	if (differ != 0)
		level = (unsigned)(63 - __builtin_clzll(differ)) / DIGIT_SHIFT;
	return (struct place){ level,
	    (unsigned)(tick >> (level * DIGIT_SHIFT) & DIGIT_MASK) };
}

static struct place
present(const struct timers *w)
{
	return (struct place){ 0, (unsigned)(tick_of(w->now) & DIGIT_MASK) };
}

void
timers_init(struct timers *w, struct instant now)
{
	assert(now.us >= 0);
	*w = (struct timers){ .now = now };
}

void
timer_init(struct timer *t, timer_fn *fire)
{
	*t = (struct timer){ .fire = fire };
}

/* Links t into the ring before `at`. */
static void
link_before(struct timer *t, struct timer *at)
{
	t->next = at;
	t->prev = at->prev;
	at->prev->next = t;
	at->prev = t;
}

/* Puts t at the end of its slot or, in a sorted one, behind all that are due
 * no later.  The search starts at the end: most deadlines grow with time. */
static void
insert(struct timers *w, struct timer *t, struct place at, bool sorted)
{
	struct timer **slot = &w->slot[at.level][at.digit];
	struct timer *after;

	if (*slot == NULL) {
		t->next = t->prev = t;
		*slot = t;
		w->used[at.level] |= UINT64_C(1) << at.digit;
		w->earliest[at.level][at.digit] = t->due;
		return;
	}
	w->earliest[at.level][at.digit] =
	    instant_min(w->earliest[at.level][at.digit], t->due);
	after = (*slot)->prev;
	while (sorted && instant_before(t->due, after->due)) {
		if (after == *slot) {
			link_before(t, *slot);
			*slot = t;
			return;
		}
		after = after->prev;
	}
	link_before(t, after->next);
}

void
timer_cancel(struct timers *w, struct timer *t)
{
	struct place at;
	struct timer **slot;

	if (!timer_is_set(t))
		return;
	at = place_of(w, t->due);
	slot = &w->slot[at.level][at.digit];
	assert(*slot != NULL);
	if (t->next == t) {
		assert(*slot == t);
		*slot = NULL;
		w->used[at.level] &= ~(UINT64_C(1) << at.digit);
	} else {
		t->prev->next = t->next;
		t->next->prev = t->prev;
		if (*slot == t)
			*slot = t->next;
	}
	t->next = t->prev = NULL;
	w->count--;
}

void
timer_set(struct timers *w, struct timer *t, struct instant due)
{
	struct place at, here = present(w);

	timer_cancel(w, t);
	if (instant_is_never(due))
		return;
	assert(t->fire != NULL);
	t->due = due;
	at = place_of(w, due);
	insert(w, t, at, at.level == 0 && at.digit == here.digit);
	w->count++;
}

/* Empties a slot; returns its timers as a list that ends in NULL. */
static struct timer *
take_slot(struct timers *w, struct place at)
{
	struct timer *head = w->slot[at.level][at.digit];

	if (head == NULL)
		return NULL;
	w->slot[at.level][at.digit] = NULL;
	w->used[at.level] &= ~(UINT64_C(1) << at.digit);
	head->prev->next = NULL;
	return head;
}

/* One list of two sorted ones; of equals, those of a come first. */
static struct timer *
merge(struct timer *a, struct timer *b)
{
	struct timer *head = NULL, **tail = &head;

	while (a != NULL && b != NULL) {
		struct timer **from = instant_before(b->due, a->due) ? &b : &a;

		*tail = *from;
		tail = &(*from)->next;
		*from = *tail;
	}
	*tail = a != NULL ? a : b;
	return head;
}

/* Stable merge sort of a list; run[i] holds 2^i timers or none. */
static struct timer *
sort(struct timer *list)
{
	struct timer *run[64] = { NULL };
	struct timer *sorted = NULL;

	if (list == NULL || list->next == NULL)
		return list;
	while (list != NULL) {
		struct timer *t = list;
		int i;

		list = t->next;
		t->next = NULL;
		for (i = 0; run[i] != NULL; i++) {
			t = merge(run[i], t);
			run[i] = NULL;
		}
		run[i] = t;
	}
	for (int i = 0; i < 64; i++) {
		if (run[i] != NULL)
			sorted = merge(run[i], sorted);
	}
	return sorted;
}

/* Finds the first tick after the present one whose slot is not empty. */
static bool
next_place(const struct timers *w, struct place *at)
{
	uint64_t now = tick_of(w->now);

	for (unsigned l = 0; l < TIMER_LEVELS; l++) {
		unsigned digit = (unsigned)(now >> (l * DIGIT_SHIFT) &
		    DIGIT_MASK);
		uint64_t later = w->used[l] & ~((UINT64_C(2) << digit) - 1);

		if (later != 0) {
			*at = (struct place){ l,
			    (unsigned)__builtin_ctzll(later) };
			return true;
		}
	}
	return false;
}

/* The instant at which a later slot begins. */
static struct instant
place_begins(const struct timers *w, struct place at)
{
	unsigned shift = at.level * DIGIT_SHIFT;
	uint64_t tick = tick_of(w->now) >> shift;

	tick = (tick & ~DIGIT_MASK) | at.digit;
	return (struct instant){ (int64_t)(tick << shift << TICK_SHIFT) };
}

/* Moves the present to the start of slot `at`, spreads it over the levels
 * below, and sorts what is due in the present tick. */
static void
enter(struct timers *w, struct place at)
{
	struct timer *list, *next;
	struct place here;

	w->now = place_begins(w, at);
	if (at.level > 0) {
		for (list = take_slot(w, at); list != NULL; list = next) {
			next = list->next;
			insert(w, list, place_of(w, list->due), false);
		}
	}
	here = present(w);
	for (list = sort(take_slot(w, here)); list != NULL; list = next) {
		next = list->next;
		insert(w, list, here, false);
	}
}

void
timers_run(struct timers *w, struct stack *stk, struct instant now)
{
	assert(!instant_before(now, w->now));
	for (;;) {
		struct place here = present(w), at;
		struct timer *t = w->slot[0][here.digit];

		if (t != NULL && instant_reached(now, t->due)) {
			timer_cancel(w, t);
			t->fire(stk, t);
			continue;
		}
		if (!next_place(w, &at) ||
		    !instant_reached(now, place_begins(w, at)))
			break;
		enter(w, at);
	}
	w->now = now;
}

struct instant
timers_next(const struct timers *w)
{
	struct place here = present(w), at;

	if (w->slot[0][here.digit] != NULL)
		return w->slot[0][here.digit]->due;
	if (!next_place(w, &at))
		return INSTANT_NEVER;
	return w->earliest[at.level][at.digit];
}

/*
 * timer.h - a hierarchical timing wheel (Varghese and Lauck 1987) that keeps
 * exact deadlines.
 *
 * Setting and cancelling cost the same with ten timers and with a million.  A
 * slot of the lowest wheel is 1024 us; inside it timers fire in order of their
 * exact deadline, and equal ones in the order in which they were set, so a run
 * in virtual time is exact and repeatable.  A timer never fires early.
 *
 * A struct timer is embedded in its owner, who cancels it before it goes.  The
 * handler runs from stack_poll() with the timer already idle, so it may set it
 * again or free its owner.
 */
#ifndef HOPD_BASE_TIMER_H
#define HOPD_BASE_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"

struct stack;
struct timer;

typedef void timer_fn(struct stack *stk, struct timer *t);

struct timer {
	struct timer *next, *prev;	/* ring of its slot; NULL: idle */
	struct instant due;
	timer_fn *fire;
};

#define TIMER_LEVELS	7	/* 64^7 slots of 1024 us: 142 years */
#define TIMER_SLOTS	64

/*
 * Invariants: a timer's slot follows from its due and `now` alone; a slot
 * lists equal deadlines in the order in which they were set; the slot that
 * holds `now` is sorted; earliest[] is not later than any due in its slot.
 */
struct timers {
	struct instant now;	/* everything due up to here has fired */
	uint64_t count;		/* timers that are set */
	uint64_t used[TIMER_LEVELS];	/* bit per non-empty slot */
	struct timer *slot[TIMER_LEVELS][TIMER_SLOTS];	/* first of a ring */
	struct instant earliest[TIMER_LEVELS][TIMER_SLOTS];
};

/* None are set.  The memory is the caller's, and nothing is allocated. */
void timers_init(struct timers *w, struct instant now);

/* Not set; fire is what it calls each time.  A timer lives in an object of its
 * owner's, who cancels it before that goes. */
void timer_init(struct timer *t, timer_fn *fire);
/* Sets, or moves, t to fire at the first stack_poll() with now >= due.
 * INSTANT_NEVER cancels. */
void timer_set(struct timers *w, struct timer *t, struct instant due);
void timer_cancel(struct timers *w, struct timer *t);

static inline bool
timer_is_set(const struct timer *t)
{
	return t->next != NULL;
}

/* Fires all that is due at now, in order of deadline.  Timers set meanwhile
 * for now or earlier fire in the same run. */
void timers_run(struct timers *w, struct stack *stk, struct instant now);

/* When to call timers_run() next: the earliest deadline, or that of a timer
 * cancelled since then if it was earlier; INSTANT_NEVER without timers. */
struct instant timers_next(const struct timers *w);

#endif

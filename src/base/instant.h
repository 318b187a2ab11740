/*
 * instant.h - a point in time, as a type of its own.
 *
 * An instant is a number of microseconds since an origin that only the caller
 * of stack_poll() knows.  It sits in a struct so that it cannot be mixed up
 * with a duration: durations are plain int64_t whose names end in _us.
 * Nothing here reads a clock; the present is stk->now.
 */
#ifndef HOPD_BASE_INSTANT_H
#define HOPD_BASE_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

#define USEC_PER_MSEC	INT64_C(1000)
#define USEC_PER_SEC	INT64_C(1000000)

struct instant {
	int64_t us;
};

/* Later than every instant that occurs: "no deadline". */
#define INSTANT_NEVER	((struct instant){ INT64_MAX })

static inline struct instant
instant_from_us(int64_t us)
{
	return (struct instant){ us };
}

/* t + us; stays INSTANT_NEVER once there. */
static inline struct instant
instant_add(struct instant t, int64_t us)
{
	if (t.us == INT64_MAX)
		return t;
	return (struct instant){ t.us + us };
}

/* a - b in microseconds. */
static inline int64_t
instant_diff(struct instant a, struct instant b)
{
	return a.us - b.us;
}

static inline bool
instant_before(struct instant a, struct instant b)
{
	return a.us < b.us;
}

/* Has `due` come, at `now`? */
static inline bool
instant_reached(struct instant now, struct instant due)
{
	return due.us <= now.us;
}

static inline struct instant
instant_min(struct instant a, struct instant b)
{
	return a.us < b.us ? a : b;
}

static inline bool
instant_is_never(struct instant t)
{
	return t.us == INT64_MAX;
}

#endif

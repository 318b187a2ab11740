/*
 * ping.h - the ping engine: echo requests at an interval, and what became of
 * each.
 *
 * Every result is told by the owner's function, in the order of events, from
 * stack_poll() and from nowhere else.  Times are exact to the turn of the
 * stack in which the reply came in.
 *
 * Limits: PING_WINDOW requests unanswered at a time; limits.icmp_echoes pings.
 */
#ifndef HOPD_ICMP_PING_H
#define HOPD_ICMP_PING_H

#include "base/addr.h"
#include "base/err.h"
#include "base/instant.h"
#include "base/timer.h"
#include "icmp/echo.h"

struct stack;
struct ping;

#define PING_WINDOW		256
#define PING_INTERVAL_US	USEC_PER_SEC	/* what people expect */
#define PING_INTERVAL_MIN_US	USEC_PER_MSEC
#define PING_TIMEOUT_US		(10 * USEC_PER_SEC)
#define PING_SIZE		56

struct ping_conf {
	struct addr dst;
	struct icmp_echo_conf echo;	/* source, interface, TTL, TOS, DF */
	uint32_t count;			/* requests; 0: until stopped */
	uint32_t size;			/* bytes of data */
	int64_t interval_us;		/* between requests */
	int64_t timeout_us;		/* until a request counts as lost */
};

/* What people expect, but for dst. */
#define PING_CONF_DEFAULT { .size = PING_SIZE, \
	.interval_us = PING_INTERVAL_US, .timeout_us = PING_TIMEOUT_US }

enum ping_what {
	PING_REPLY,		/* from, bytes, ttl, rtt_us */
	PING_DUPLICATE,		/* the same for a seq answered already */
	PING_ERROR,		/* from, type, code, info: an ICMP error */
	PING_LOST,		/* no answer in timeout_us; one may yet come */
	PING_UNSENT,		/* error: -Exxx of sending */
	PING_DONE,		/* the last: all sent and answered or lost */
};

struct ping_result {
	enum ping_what what;
	uint32_t seq;		/* of the request, from 1 */
	struct addr from;
	uint32_t bytes;		/* ICMP header and data */
	uint8_t ttl;
	uint8_t type, code;
	uint32_t info;		/* MTU of "fragmentation needed" */
	int64_t rtt_us;
	int error;
};

struct ping_stats {
	uint32_t sent, received, duplicates, errors;
	int64_t min_us, avg_us, max_us, mdev_us;	/* 0 without replies */
	int64_t elapsed_us;	/* since the first was sent */
};

/* May call ping_stop(). */
typedef void ping_fn(struct stack *stk, struct ping *p,
    const struct ping_result *r, void *owner);

/* Begins with the next turn of the stack.  0 and *out, or -EINVAL (interval,
 * timeout or size out of range), -EADDRNOTAVAIL (source), -ENODEV, -EACCES
 * (broadcast not allowed), -ENETUNREACH and the like, -ENOSPC, -ENOMEM. */
int ping_start(struct stack *stk, const struct ping_conf *conf, ping_fn *fn,
    void *owner, struct ping **out, struct err *err);

/* Ends it and frees it; needed after PING_DONE too, and before the stack goes.
 * No more results. */
void ping_stop(struct stack *stk, struct ping *p);

/* So far. */
void ping_stats(const struct stack *stk, const struct ping *p,
    struct ping_stats *out);

#endif

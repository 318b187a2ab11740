/*
 * trace.h - the traceroute engine: probes with growing TTL, by UDP or ICMP
 * echo, and who answered each (RFC 1393 1 tells how it works).
 *
 * Up to TRACE_WINDOW probes are on their way at a time; results are told in
 * the order of probes, by the owner's function, from stack_poll() and from
 * nowhere else.
 */
#ifndef HOPD_SERVICE_TRACE_H
#define HOPD_SERVICE_TRACE_H

#include "base/addr.h"
#include "base/err.h"
#include "base/instant.h"
#include "port/port.h"

struct stack;
struct trace;

#define TRACE_WINDOW		16
#define TRACE_QUERIES_MAX	10
#define TRACE_SIZE_MAX		1472
#define TRACE_PORT		33434	/* of the first probe by UDP */

enum trace_mode { TRACE_UDP, TRACE_ICMP };

struct trace_conf {
	struct addr dst, src;		/* src all zero: by route */
	char ifname[PORT_NAME_MAX];	/* only by it; "": by route */
	enum trace_mode mode;
	uint8_t first_ttl, max_ttl;
	uint8_t queries;		/* probes with each TTL */
	uint8_t tos;
	bool df;
	uint16_t port;			/* UDP: each probe's is one higher */
	uint32_t size;			/* bytes of data in a probe */
	int64_t timeout_us;
};

/* What people expect, but for dst. */
#define TRACE_CONF_DEFAULT { .first_ttl = 1, .max_ttl = 30, .queries = 3, \
	.port = TRACE_PORT, .size = 32, .timeout_us = 5 * USEC_PER_SEC }

enum trace_what {
	TRACE_ANSWER,	/* from, rtt_us, type, code, info, reached */
	TRACE_SILENT,	/* nobody answered in time */
	TRACE_UNSENT,	/* error: -Exxx of sending */
	TRACE_DONE,	/* the last; reached: the destination answered */
};

struct trace_result {
	enum trace_what what;
	uint8_t ttl;		/* of the probe */
	uint8_t query;		/* which of those with that TTL, from 1 */
	bool reached;		/* it is from the destination itself */
	struct addr from;
	uint8_t type, code;	/* ICMP; 0, 0: the destination's own reply */
	uint32_t info;		/* MTU of "fragmentation needed" */
	int64_t rtt_us;
	int error;
};

/* May call trace_stop(). */
typedef void trace_fn(struct stack *stk, struct trace *t,
    const struct trace_result *r, void *owner);

/* Begins with the next turn of the stack.  0 and *out, or -EINVAL (a number
 * out of range), -EADDRNOTAVAIL, -ENODEV, -ENETUNREACH and the like, -ENOSPC,
 * -ENOMEM. */
int trace_start(struct stack *stk, const struct trace_conf *conf,
    trace_fn *fn, void *owner, struct trace **out, struct err *err);

/* Ends it and frees it; needed after TRACE_DONE too, and before the stack
 * goes.  No more results. */
void trace_stop(struct stack *stk, struct trace *t);

#endif

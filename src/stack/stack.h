/*
 * stack.h - struct stack: one whole TCP/IP stack, and the calls that drive it.
 *
 * There are no globals: two stacks share nothing.  The caller owns the clock:
 * stack_poll(stk, now) does what is due, stack_next_deadline(stk) says when to
 * call again.  Between calls nothing happens.
 *
 * Each room owns its member and nobody else touches it; others call its
 * functions.
 */
#ifndef HOPD_STACK_STACK_H
#define HOPD_STACK_STACK_H

#include "base/drop.h"
#include "base/err.h"
#include "base/instant.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pkt.h"
#include "base/rng.h"
#include "base/timer.h"

#include "port/port.h"
#include "eth/eth.h"
#include "arp/acd.h"
#include "arp/arp.h"
#include "arp/neigh.h"
#include "arp/rarp.h"
#include "ip/iface.h"
#include "ip/ip.h"
#include "ip/route.h"
#include "icmp/icmp.h"
#include "udp/udp.h"
#include "tcp/tcp.h"
#include "tunnel/ipip.h"
#include "lb/lb.h"
#include "service/service.h"

/* The upper seam: everything the stack wants from outside, given once. */
struct env {
	uint8_t seed[RNG_SEED_LEN];	/* same seed, same run */
	struct log log;			/* sink, arg and level are read */
	struct limits limits;		/* LIMITS_DEFAULT to begin with */
	/* The flow table's memory: a mapped region that outlives the stack,
	 * or NULL for memory of the stack's own. */
	void *flow_mem;
	size_t flow_mem_len;
	/* An instant plus this is Unix time (microseconds since 1970, UTC):
	 * for what tells the time of day.  0: not known. */
	int64_t wall_offset_us;
	struct files files;		/* for HTTP; .open NULL: none */
	uint64_t mem_fail_at;	/* tests: see base/mem.h */
};

struct stack {
	struct instant now;	/* of this turn: set by stack_poll() only */
	int64_t wall_offset_us;	/* now + this is Unix time; 0: not known */
	struct mem mem;
	struct limits limits;
	struct log log;
	struct instant log_refill;	/* next top-up of log.budget */
	struct rng rng;
	struct timers timers;
	struct pkt_pool pool;
	struct drop_state drop;
	struct port *ports;	/* in the order of addition */
	uint32_t port_count;

	struct arp_state arp;
	struct ip_state ip;
	struct icmp_state icmp;
	struct udp_state udp;
	struct tcp_state tcp;
	struct ipip_state ipip;
	struct lb_state lb;
	struct service_state service;
};

/* env is copied.  now starts the stack's time.  NULL: no memory. */
struct stack *stack_new(const struct env *env, struct instant now);
/* Closes every port, frees everything; asserts that nothing leaked. */
void stack_free(struct stack *stk);

/* One turn: reads the readable ports (a batch each), fires the timers that are
 * due, drains the ready lists.  now never goes back. */
void stack_poll(struct stack *stk, struct instant now);

/* When to call stack_poll() next if no port becomes readable before:
 * the past if a port still has unread frames, INSTANT_NEVER if nothing is
 * pending. */
struct instant stack_next_deadline(const struct stack *stk);

#endif

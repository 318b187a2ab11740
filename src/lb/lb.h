/*
 * lb.h - the load balancer's door: what the rest of the stack calls.
 *
 * ip_input() asks lb_match() about every packet; it answers with a flow, a
 * service, or nothing, and only then is lb_input() called.  The rooms behind
 * the door: service.h (services and real servers), flow.h (the table), sched.h
 * (one scheduler per file), fwd.h (one forwarding mode per file).
 */
#ifndef HOPD_LB_LB_H
#define HOPD_LB_LB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pkt.h"
#include "ip/ip_wire.h"
#include "lb/flow.h"
#include "lb/service.h"

struct stack;

struct lb_hit {
	struct lb_flow *flow;		/* known connection, or NULL */
	struct lb_service *service;	/* to be scheduled, or NULL */
	bool reply;			/* from server to client */
	bool icmp;			/* an error that quotes the flow */
};

struct lb_state {
	struct lb_services services;
	struct lb_flows flows;
};

/* mem: the flow table's memory, which outlives the stack, or NULL for its own.
 * 0 or -ENOMEM. */
int lb_init(struct stack *stk, void *mem, size_t mem_len);
void lb_fini(struct stack *stk);

/* Is this packet the load balancer's?  Never changes or consumes it.  data at
 * the IP header, l3 and l4 set, h parsed, not a later fragment. */
bool lb_match(struct stack *stk, const struct pkt *pkt,
    const struct ip4_hdr *h, struct lb_hit *hit);

/* Translates and sends on, or drops: consumes pkt. */
void lb_input(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    const struct lb_hit *hit);

#endif

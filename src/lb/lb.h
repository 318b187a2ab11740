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

#include "base/err.h"
#include "base/pkt.h"
#include "ip/ip_fetch.h"
#include "ip/ip_wire.h"
#include "lb/flow.h"
#include "lb/service.h"

struct stack;

struct lb_hit {
	struct lb_flow *flow;		/* known connection, or NULL */
	struct lb_service *service;	/* to be scheduled, or NULL */
	bool reply;			/* from server to client; icmp: quotes
					 * what went to the client */
	bool icmp;			/* an error that quotes the flow */
	struct lb_tuple tuple;		/* the packet's; icmp: not set */
};

/* Knobs of the whole load balancer.  Names are IPVS's where it has them. */
struct lb_conf {
	struct lb_timeouts timeouts;	/* 900, 120, 300 */
	uint32_t max_flows;		/* flows and templates at most: 1048576,
					 * or the table's room if it has less */
	uint32_t drain_s;		/* how long flows of a removed server
					 * go on: 300; 0: not at all */
	bool sloppy_tcp;		/* any segment may open a flow */
	bool expire_nodest_conn;	/* a flow whose server is gone for good
					 * ends at its next packet; else its
					 * packets are dropped */
	bool expire_quiescent_template;	/* weight 0 ends persistence, too */
	uint8_t conn_reuse_mode;	/* 1: a SYN in a closed state is
					 * scheduled anew; 0: never */
	bool rst_on_expire;		/* idle TCP flow ends: RST to both */
	bool mss_clamp;			/* TUN: lower the MSS in SYNs */
	bool toa;			/* FULLNAT: client address in option
					 * 254; default on */
};

/* A match rule that gives packets their mark, before services are looked up.
 * The first rule that fits counts. */
struct lb_mark_rule {
	uint32_t mark;			/* not 0 */
	uint8_t proto;			/* 0: any */
	struct ip4_prefix src, dst;	/* 0.0.0.0/0: any */
	uint16_t dport_low, dport_high;	/* 0 to 65535: any */
};

#define LB_MARK_RULES_MAX 1024

struct lb_marks {
	struct lb_mark_rule *rule;
	uint32_t count;
};

struct lb_state {
	struct lb_conf conf;
	struct lb_services services;
	struct lb_flows flows;
	struct lb_marks marks;
	uint64_t toa_missed;	/* FULLNAT: no room for the option */
};

/* mem: the flow table's memory, which outlives the stack, or NULL for its own.
 * Fresh memory is all zero.  0 or -ENOMEM. */
int lb_init(struct stack *stk, void *mem, size_t mem_len);
void lb_fini(struct stack *stk);

/* Is there nothing that a packet could be for? */
static inline bool
lb_is_idle(const struct lb_state *lb)
{
	return lb->services.count == 0 && lb->flows.count == 0;
}

/* Is this packet the load balancer's?  Never changes or consumes it.  data at
 * the IP header, l3 and l4 set, h parsed, not a later fragment. */
bool lb_match(struct stack *stk, const struct pkt *pkt,
    const struct ip4_hdr *h, struct lb_hit *hit);

/* See ip/ip_fetch.h. */
#define LB_FETCH_FLOWS	8192u		/* 1 MiB of flows */
#define LB_FETCH_SERVERS 512u		/* 256 KiB of them */
void lb_fetch(struct stack *stk, const struct ip_glance g[], uint32_t n);
static inline bool
lb_fetch_pays(const struct lb_state *lb)
{
	return lb->flows.count > LB_FETCH_FLOWS;
}

/* Translates and sends on, or drops: consumes pkt. */
void lb_input(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    const struct lb_hit *hit);

/* Would lb_match() look at packets to this address?  For reassembly: a
 * fragmented datagram to a service must be whole first. */
bool lb_wants_whole(struct stack *stk, struct ip4 dst);
/* The same for what a real server behind NAT sends back: its address must be
 * translated in every fragment. */
bool lb_wants_reply_whole(struct stack *stk, struct ip4 src);

/* Control.  _set: zero time-outs keep what there is (as ipvsadm --set does).
 * 0 or -EINVAL. */
void lb_conf_get(const struct stack *stk, struct lb_conf *out);
int lb_conf_set(struct stack *stk, const struct lb_conf *conf,
    struct err *err);
int lb_timeouts_set(struct stack *stk, const struct lb_timeouts *t,
    struct err *err);

/* Mark rules, in the order of addition.  0, -EEXIST, -ENOENT, -EINVAL,
 * -ENOSPC, -ENOMEM. */
int lb_mark_add(struct stack *stk, const struct lb_mark_rule *rule,
    struct err *err);
int lb_mark_del(struct stack *stk, const struct lb_mark_rule *rule,
    struct err *err);
/* i from 0; NULL ends. */
const struct lb_mark_rule *lb_mark_at(const struct stack *stk, uint32_t i);
/* The mark that the rules give such a packet, or 0. */
uint32_t lb_mark_of(const struct stack *stk, const struct ip4_hdr *h,
    uint16_t dport);

/* FULLNAT local addresses of a service, in the order of addition.  An address
 * must be one of the stack's own, so that it answers ARP.  0, -EEXIST,
 * -ENOENT, -EINVAL, -ENOMEM. */
int lb_local_add(struct stack *stk, struct lb_service *svc,
    const struct addr *addr, struct err *err);
int lb_local_del(struct stack *stk, struct lb_service *svc,
    const struct addr *addr, struct err *err);
struct lb_local_info {
	struct addr addr;
	uint32_t flows;			/* that use it now */
	uint64_t misses;		/* no port free towards a server */
};
/* i from 0; false: no more. */
bool lb_local_at(const struct lb_service *svc, uint32_t i,
    struct lb_local_info *out);

#endif

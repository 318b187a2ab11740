/*
 * flow_bed.h - a stack with one service and one server, and flows to it: for
 * the tests of the flow table and of the memory that it lies in.
 */
#ifndef HOPD_TESTS_FLOW_BED_H
#define HOPD_TESTS_FLOW_BED_H

#include "lb/sched.h"
#include "unit/unit.h"

#define REGION_FLOWS 256	/* of a region that a test brings */

struct flow_bed {
	struct stack *stk;
	struct lb_service *svc;
	struct lb_server *srv;
};

struct env flow_bed_env(void *mem, size_t len, uint32_t flows);
/* 192.0.2.1:80 by rr, with 10.0.0.11:80 behind it by NAT. */
void flow_bed_service(struct flow_bed *b);
/* A stack without the service, with its flows in mem (NULL: its own). */
struct flow_bed flow_bed_at(void *mem, size_t len, uint32_t flows,
    int64_t now_us);
/* One with the service, at 0. */
struct flow_bed flow_bed_up(uint32_t flows);
/* The flow of client n, not in the table; the same added to it. */
struct lb_flow flow_bed_flow(const struct flow_bed *b, uint32_t n,
    bool half_open);
struct lb_flow *flow_bed_add(struct flow_bed *b, uint32_t n, bool half_open,
    uint32_t timeout_s);
/* The flow of client n, found from both sides; NULL: from neither. */
struct lb_flow *flow_bed_find(struct flow_bed *b, uint32_t n);

#endif

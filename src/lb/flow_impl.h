/*
 * flow_impl.h - between flow.c, flow_region.c and flow_wheel.c; for nobody
 * else.
 */
#ifndef HOPD_LB_FLOW_IMPL_H
#define HOPD_LB_FLOW_IMPL_H

#include "lb/flow.h"

/* flow.c: hash, chains, references. */
uint32_t lb_tuple_bucket(const struct lb_flows *ft, const struct lb_tuple *t);
void lb_flow_link(struct lb_flows *ft, struct lb_flow *f);
void lb_flow_attach(struct stack *stk, struct lb_flow *f);
/* Lets go of the flows that a template controls. */
void lb_flow_orphan(struct stack *stk, struct lb_flow *template_);

/* flow_wheel.c */
void lb_wheel_init(struct stack *stk);
/* The tick that lies timeout_s from now, not earlier. */
uint32_t lb_wheel_due(const struct stack *stk, uint32_t timeout_s);
void lb_wheel_link(struct stack *stk, struct lb_flow *f);
void lb_wheel_unlink(struct stack *stk, struct lb_flow *f);
/* The flow of a wheel that stands nearest to its end, or NULL. */
struct lb_flow *lb_wheel_first(const struct lb_flows *ft, unsigned wheel);

#endif

/*
 * flow_impl.h - between flow.c, flow_region.c and flow_wheel.c; for nobody
 * else.
 */
#ifndef HOPD_LB_FLOW_IMPL_H
#define HOPD_LB_FLOW_IMPL_H

#include "lb/flow.h"

/* Where a tuple belongs. */
struct lb_place {
	struct lb_bucket *bucket;
	uint32_t tag;			/* its bit in a head */
};

/* flow.c: hash, chains, references. */
struct lb_place lb_tuple_place(const struct lb_flows *ft,
    const struct lb_tuple *t);
/* Where f belongs, from either side; both are on their way into the cache
 * then. */
struct lb_places {
	struct lb_place client, server;	/* server: no bucket if it has none */
};
struct lb_places lb_flow_places(const struct lb_flows *ft,
    const struct lb_flow *f);
void lb_flow_link(struct lb_flows *ft, struct lb_flow *f,
    const struct lb_places *at);
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

/*
 * persist.h - persistence templates; see persist.c.
 */
#ifndef HOPD_LB_PERSIST_H
#define HOPD_LB_PERSIST_H

#include "lb/flow.h"
#include "lb/service.h"

struct lb_pick;
struct stack;

/* The server for a new connection t to a persistent service, from its template
 * or picked anew, and the template that the connection is to follow (NULL: the
 * table has no room for one).  NULL: no server available. */
struct lb_server *lb_persist_pick(struct stack *stk, struct lb_service *svc,
    const struct lb_tuple *t, const struct lb_pick *pick,
    struct lb_flow **template_);

#endif

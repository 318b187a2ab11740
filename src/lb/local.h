/*
 * local.h - FULLNAT's local addresses and the ports on them; see local.c.
 */
#ifndef HOPD_LB_LOCAL_H
#define HOPD_LB_LOCAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

struct lb_flow;
struct lb_server;
struct lb_service;
struct stack;

#define LB_LOCAL_PORT_LOW	1025
#define LB_LOCAL_PORT_HIGH	65535
#define LB_LOCAL_PORTS	(LB_LOCAL_PORT_HIGH - LB_LOCAL_PORT_LOW + 1)

/* A local address of a service. */
struct lb_local {
	struct lb_local *next;	/* in the order of addition */
	struct addr addr;
	uint64_t misses;	/* no port free towards the server picked */
};

/* A local address as one server sees it. */
struct lb_local_use {
	struct lb_local_use *next;
	struct addr addr;
	uint32_t count;		/* flows */
	uint32_t turn;		/* of the port to try next */
};

/* Gives f, on its way to srv, a local address of svc and a port that no other
 * flow has towards the same server and port.  false: none is left, counted. */
bool lb_local_pick(struct stack *stk, struct lb_service *svc,
    struct lb_server *srv, struct lb_flow *f);
/* For a flow that has its local address already (taken over): makes the entry
 * that _hold counts in.  0 or -ENOMEM. */
int lb_local_reserve(struct stack *stk, struct lb_server *srv,
    const struct addr *addr);
/* A flow from addr to srv begins, ends. */
void lb_local_hold(struct lb_server *srv, const struct addr *addr);
void lb_local_release(struct lb_server *srv, const struct addr *addr);

/* All of them, when the service, or the server, goes. */
void lb_locals_free(struct stack *stk, struct lb_service *svc);
void lb_local_uses_free(struct stack *stk, struct lb_server *srv);

#endif

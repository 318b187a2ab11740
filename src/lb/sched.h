/*
 * sched.h - schedulers: which real server takes a new connection.
 *
 * One file each, sched_NAME.c, one ops struct each.  A scheduler's state is in
 * svc->sched_data (and the fields of struct lb_server that name it); nothing
 * of it is in flows.
 */
#ifndef HOPD_LB_SCHED_H
#define HOPD_LB_SCHED_H

#include <stdint.h>

#include "base/addr.h"

struct lb_server;
struct lb_service;
struct stack;

/* What a scheduler may look at. */
struct lb_pick {
	struct addr src, dst;
	uint16_t sport, dport;
};

struct lb_sched {
	const char *name;
	uint32_t flags;		/* LB_SVC_FLAG* that mean something to it;
				 * others are kept and do nothing */

	/* Before the first pick: allocate svc->sched_data.  0 or -ENOMEM.
	 * NULL: nothing to do. */
	int (*init)(struct stack *stk, struct lb_service *svc);
	void (*fini)(struct stack *stk, struct lb_service *svc);

	/* svc->servers changed: srv was linked in, or has a new weight, or was
	 * unlinked (srv->svc is NULL; its prev and next still say where it
	 * was).  0 or -ENOMEM; then the change is taken back and told again,
	 * and pick must work meanwhile. */
	int (*changed)(struct stack *stk, struct lb_service *svc,
	    struct lb_server *srv);

	/* The server for this connection, lb_server_available(), or NULL. */
	struct lb_server *(*pick)(struct stack *stk, struct lb_service *svc,
	    const struct lb_pick *p);
};

/* By name, or NULL. */
const struct lb_sched *lb_sched_find(const char *name);
/* All of them, i from 0; NULL ends. */
const struct lb_sched *lb_sched_at(unsigned i);

#endif

/*
 * sched.h - schedulers: which real server takes a new connection.
 *
 * One file each, sched_NAME.c, one ops struct each.  A scheduler's state is in
 * svc->sched_data (and the fields of struct lb_server that name it); nothing
 * of it is in flows.
 */
#ifndef HOPD_LB_SCHED_H
#define HOPD_LB_SCHED_H

#include <stddef.h>
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

	size_t size;		/* of svc->sched_data: made, zeroed, before
				 * init and freed after fini; 0: the scheduler
				 * may use the pointer itself, NULL at first */

	/* Before the first pick; there may be servers already.  0 or -ENOMEM.
	 * NULL: changed() is told instead, of no server. */
	int (*init)(struct stack *stk, struct lb_service *svc);
	/* For what sched_data owns beside itself; or NULL. */
	void (*fini)(struct stack *stk, struct lb_service *svc);

	/* svc->servers changed: srv was linked in, or has a new weight, or was
	 * unlinked (srv->svc is NULL; its prev and next still say where it
	 * was), or all are new (srv is NULL).  0 or -ENOMEM; then the change
	 * is taken back and told again, and pick must work meanwhile. */
	int (*changed)(struct stack *stk, struct lb_service *svc,
	    struct lb_server *srv);

	/* The server for this connection, lb_server_available(), or NULL. */
	struct lb_server *(*pick)(struct stack *stk, struct lb_service *svc,
	    const struct lb_pick *p);
};

/* Makes and ends what svc->conf.sched keeps for svc.  0 or -ENOMEM; then there
 * is nothing to end. */
int lb_sched_start(struct stack *stk, struct lb_service *svc);
void lb_sched_stop(struct stack *stk, struct lb_service *svc);

/* By name, or NULL. */
const struct lb_sched *lb_sched_find(const char *name);
/* All of them, i from 0; NULL ends. */
const struct lb_sched *lb_sched_at(unsigned i);

#endif

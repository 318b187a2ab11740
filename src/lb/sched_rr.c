/*
 * sched_rr.c - round robin: the next available server after the last pick.
 *
 * Weights count only as 0 or not.  sched_data is the server picked last, or
 * NULL: then the first is next.
 */
#include "lb/sched_impl.h"

/* The last pick leaves the list: its predecessor takes its part. */
static int
rr_changed(struct stack *stk, struct lb_service *svc, struct lb_server *srv)
{
	(void)stk;
	if (srv != NULL && svc->sched_data == srv && srv->svc == NULL)
		svc->sched_data = srv->prev;
	return 0;
}

static struct lb_server *
rr_pick(struct stack *stk, struct lb_service *svc, const struct lb_pick *p)
{
	struct lb_server *srv = svc->sched_data;
	uint32_t n;

	(void)stk;
	(void)p;
	for (n = 0; n < svc->server_count; n++) {
		srv = srv != NULL && srv->next != NULL ? srv->next :
		    svc->servers;
		if (lb_server_available(srv)) {
			svc->sched_data = srv;
			return srv;
		}
	}
	return NULL;
}

const struct lb_sched lb_sched_rr = {
	.name = "rr",
	.changed = rr_changed,
	.pick = rr_pick,
};

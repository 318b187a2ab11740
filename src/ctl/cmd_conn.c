/*
 * cmd_conn.c - conn show|flush: the flows of the load balancer.
 *
 * There may be millions, and packets wait while one list is made: so it is made
 * in pieces, one in a turn.  A flow that ends or begins meanwhile may be in the
 * list or not; all others are in it once.
 */
#include "ctl/cmd_lb.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#define ROWS_TURN	256u	/* told in one turn: about a millisecond */
#define STEPS_TURN	65536u	/* looked at in one turn: as long */

/* Where a listing is. */
struct conn_list {
	struct lb_flow_filter filter;
	struct lb_service_key key;	/* filter.service, if that is set */
	uint32_t pos;
};

/* As the flows have it, or NULL. */
static const char *
state_find(const char *name)
{
	const char *state;

	for (unsigned i = 0; (state = lb_flow_state_at(i)) != NULL; i++) {
		if (strcasecmp(state, name) == 0)
			return state;
	}
	return NULL;
}

/* The filter that the words mean. */
static int
filter(struct request *rq, struct conn_list *list)
{
	struct lb_flow_filter *w = &list->filter;
	const union value *v;

	v = command_get(rq->cmd, A_SERVICE);
	if (v != NULL) {
		list->key = lb_key(&v->service);
		w->service = &list->key;
	}
	v = command_get(rq->cmd, A_CLIENT);
	if (v != NULL) {
		w->has_client = true;
		w->client = addr_from_ip4(v->ip);
	}
	v = command_get(rq->cmd, A_SERVER_IP);
	if (v != NULL) {
		w->has_server = true;
		w->server = addr_from_ip4(v->ip);
	}
	v = command_get(rq->cmd, A_STATE);
	if (v == NULL)
		return 0;
	w->state = state_find(v->str);
	if (w->state == NULL)
		return err_set(&rq->err, -EINVAL,
		    "\"%s\": no such state; such as ESTABLISHED, SYN_RECV, "
		    "FIN_WAIT", v->str);
	return 0;
}

static void
set_end(json_t *obj, const char *name, const struct addr *a, uint16_t port)
{
	char text[ADDR_STRLEN];

	json_object_set_new(obj, name, json_pack("{s:s,s:i}", "address",
	    addr_format(a, text), "port", (int)port));
}

/* A template that holds for many ports says so, as IPVS shows it. */
static uint16_t
server_port(const struct lb_flow *f)
{
	return (f->flags & LB_FLOW_TEMPLATE) != 0 && (f->fwmark != 0 ||
	    (f->flags & LB_FLOW_ANY_PORT) != 0) ? 0 : f->sport;
}

static json_t *
flow_json(const struct stack *stk, const struct lb_flow *f)
{
	json_t *obj = json_pack("{s:s,s:i,s:s,s:s}", "protocol",
	    f->proto == IPPROTO_TCP4 ? "tcp" : f->proto == IPPROTO_UDP4 ?
	    "udp" : f->proto == IPPROTO_SCTP4 ? "sctp" : "ip",
	    "expires_s", (int)lb_flow_expires_s(stk, f), "state",
	    lb_flow_state_name(f), "mode", lb_fwd_name((enum lb_fwd)f->fwd));

	set_end(obj, "client", &f->client, f->cport);
	set_end(obj, "virtual", &f->vip, f->vport);
	set_end(obj, "server", &f->server, server_port(f));
	if (f->fwd == LB_FWD_FULLNAT)
		set_end(obj, "local", &f->local, f->lport);
	if (f->fwmark != 0)
		json_object_set_new(obj, "fwmark", json_integer(f->fwmark));
	if ((f->flags & LB_FLOW_TEMPLATE) != 0)
		json_object_set_new(obj, "template", json_true());
	return obj;
}

/* A piece of the list; true if it was the last. */
static bool
tell(struct request *rq, struct conn_list *list)
{
	struct stack *stk = rq->ctl->stk;
	uint32_t steps = STEPS_TURN;

	for (unsigned rows = 0; rows < ROWS_TURN; rows++) {
		const struct lb_flow *f = lb_flow_scan(stk, &list->pos,
		    &steps, &list->filter);

		if (f == NULL)
			return steps > 0;
		reply_data(rq, flow_json(stk, f));
	}
	return false;
}

void
conn_turn(struct job *job)
{
	if (tell(&job->rq, job->engine))
		job_done(job, 0);
}

/* There is more than one turn may tell. */
static int
tell_later(struct request *rq, const struct conn_list *list)
{
	struct conn_list *copy = malloc(sizeof(*copy));
	struct job *job = copy != NULL ? job_new(rq, JOB_CONN) : NULL;

	if (job == NULL) {
		free(copy);
		return -ENOMEM;
	}
	*copy = *list;
	if (list->filter.service != NULL)
		copy->filter.service = &copy->key;
	job->engine = copy;
	return -EINPROGRESS;
}

int
conn_query(struct request *rq)
{
	struct conn_list list = { .pos = 0 };
	uint32_t n;
	int r = filter(rq, &list);

	if (r != 0)
		return r;
	if (rq->cmd->row->verb == VERB_FLUSH) {
		n = lb_flow_flush(rq->ctl->stk, &list.filter);
		reply_data(rq, json_pack("{s:i}", "flushed", (int)n));
		return 0;
	}
	return tell(rq, &list) ? 0 : tell_later(rq, &list);
}

/*
 * cmd_conn.c - conn show|flush: the flows of the load balancer.
 */
#include "ctl/cmd_lb.h"

#include <errno.h>
#include <strings.h>

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

/* The filter that the words mean; key lives as long as the filter. */
static int
filter(struct request *rq, struct lb_flow_filter *w,
    struct lb_service_key *key)
{
	const union value *v;

	*w = (struct lb_flow_filter){ 0 };
	v = command_get(rq->cmd, A_SERVICE);
	if (v != NULL) {
		*key = lb_key(&v->service);
		w->service = key;
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

int
conn_query(struct request *rq)
{
	struct stack *stk = rq->ctl->stk;
	const struct lb_flow *f;
	struct lb_service_key key;
	struct lb_flow_filter w;
	uint32_t pos = 0, n;
	int r = filter(rq, &w, &key);

	if (r != 0)
		return r;
	if (rq->cmd->row->verb == VERB_FLUSH) {
		n = lb_flow_flush(stk, &w);
		reply_data(rq, json_pack("{s:i}", "flushed", (int)n));
		return 0;
	}
	while ((f = lb_flow_next(stk, &pos, &w)) != NULL)
		reply_data(rq, flow_json(stk, f));
	return 0;
}

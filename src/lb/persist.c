/*
 * persist.c - persistence: a template remembers which server a client's
 * network has, and new connections from there follow it.
 *
 * A template is a flow of its own kind in the same table: from the masked
 * client, port 0, to the service's address and port; for a service on all
 * ports to port 0; for a service by mark to 0.0.0.0 + mark, protocol 0.  It
 * lives persist_s beyond the last new connection, and at least as long as a
 * connection that follows it (flow_wheel.c).
 *
 * A server of weight 0 keeps its templates (expire_quiescent_template ends
 * that); when it is removed they go over to the next server picked.
 */
#include "lb/lb.h"
#include "lb/persist.h"
#include "lb/sched.h"
#include "stack/stack.h"

static struct addr
addr_masked(const struct addr *a, const struct addr *mask)
{
	static const struct addr none;
	struct addr out = *a;

	if (addr_eq(mask, &none))
		return out;
	for (unsigned i = 0; i < sizeof(out.b); i++)
		out.b[i] &= mask->b[i];
	return out;
}

/* What names the template for a connection t to svc. */
static struct lb_tuple
template_tuple(const struct lb_service *svc, const struct lb_tuple *t)
{
	struct lb_tuple k = {
		.src = addr_masked(&t->src, &svc->conf.netmask),
		.dst = t->dst, .dport = svc->key.port, .proto = t->proto,
	};

	if (svc->key.fwmark != 0) {
		k.dst = addr_from_ip4((struct ip4){ svc->key.fwmark });
		k.proto = 0;
	}
	return k;
}

/* May new connections still follow the template? */
static bool
template_holds(const struct stack *stk, const struct lb_server *srv)
{
	if (srv->svc == NULL)
		return false;
	return srv->conf.weight != 0 ||
	    !stk->lb.conf.expire_quiescent_template;
}

static struct lb_flow *
template_add(struct stack *stk, const struct lb_service *svc,
    const struct lb_server *srv, const struct lb_tuple *k)
{
	struct lb_flow f = {
		.client = k->src, .vip = k->dst, .vport = k->dport,
		.server = srv->addr, .sport = srv->port,
		.server_index = srv->index,
		.fwmark = svc->key.fwmark,
		.proto = k->proto,
		.fwd = (uint8_t)srv->conf.fwd,
		.flags = LB_FLOW_TEMPLATE,
	};

	if (svc->key.fwmark == 0 && svc->key.port == 0)
		f.flags |= LB_FLOW_ANY_PORT;
	if (srv->port == 0)
		f.flags |= LB_FLOW_SERVER_ANY;
	return lb_flow_add(stk, &f, svc->conf.persist_s);
}

struct lb_server *
lb_persist_pick(struct stack *stk, struct lb_service *svc,
    const struct lb_tuple *t, const struct lb_pick *pick,
    struct lb_flow **template_)
{
	struct lb_tuple k = template_tuple(svc, t);
	struct lb_flow *ct = lb_flow_template(stk, &k);
	struct lb_server *srv;

	*template_ = NULL;
	if (ct != NULL) {
		srv = lb_server_by_index(stk, ct->server_index);
		if (template_holds(stk, srv)) {
			lb_flow_touch(stk, ct, svc->conf.persist_s);
			*template_ = ct;
			return srv;
		}
	}
	srv = svc->conf.sched->pick(stk, svc, pick);
	if (srv == NULL)
		return NULL;
	if (ct == NULL)
		ct = template_add(stk, svc, srv, &k);
	else
		lb_flow_retarget(stk, ct, srv);
	if (ct != NULL)
		lb_flow_touch(stk, ct, svc->conf.persist_s);
	*template_ = ct;
	return srv;
}

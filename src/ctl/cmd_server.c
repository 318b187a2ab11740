/*
 * cmd_server.c - server add|set|del|show|drain.
 *
 * `set` changes what it names and leaves the rest; where there is no such
 * server it adds one.
 */
#include "ctl/cmd_lb.h"

#include <errno.h>

static void
overlay(const struct command *cmd, struct lb_server_conf *c, bool only_given)
{
	/* The choices stand in the order of enum lb_fwd. */
	if (!only_given || command_given(cmd, A_MODE))
		c->fwd = (enum lb_fwd)command_num(cmd, A_MODE, 0);
	if (!only_given || command_given(cmd, A_WEIGHT))
		c->weight = (int32_t)command_num(cmd, A_WEIGHT, 1);
	if (!only_given || command_given(cmd, A_UPPER))
		c->upper = (uint32_t)command_num(cmd, A_UPPER, 0);
	if (!only_given || command_given(cmd, A_LOWER))
		c->lower = (uint32_t)command_num(cmd, A_LOWER, 0);
	if (!only_given || command_given(cmd, A_DRAIN))
		c->drain_s = command_seconds(cmd, A_DRAIN);
	else if (c->weight > 0)
		c->drain_s = 0;	/* it has a weight again */
}

/* What goes to a host does not come back to us; and what is ours another cannot
 * have. */
static int
check_ours(struct stack *stk, const struct addr *addr, enum lb_fwd fwd,
    struct err *err)
{
	char text[ADDR_STRLEN];

	if (fwd == LB_FWD_LOCAL || ip_addr_kind(stk, addr) != IP_ADDR_LOCAL)
		return 0;
	return err_set(err, -EADDRINUSE, "\"%s\": an address of hopd's own, "
	    "which mode %s cannot reach: expected mode local",
	    addr_format(addr, text), lb_fwd_name(fwd));
}

int
server_change(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	const struct service_key *at = &command_get(cmd, A_SERVER)->service;
	struct lb_service *svc = lb_find(ctl, cmd, err);
	struct lb_server_conf conf = { 0 };
	const struct lb_server *old;
	char text[ADDR_STRLEN];
	uint16_t port;
	bool edit;
	int r;

	/* Which of the two is missing, programs see by the code. */
	if (svc == NULL)
		return -ESRCH;
	port = at->port != 0 ? at->port : svc->key.port;
	old = lb_server_lookup(ctl->stk, svc, &at->addr, port);
	if (old == NULL && (cmd->row->verb == VERB_DEL ||
	    cmd->row->verb == VERB_DRAIN))
		return err_set(err, -ENOENT,
		    "\"%s:%u\": no such server of the service",
		    addr_format(&at->addr, text), at->port);
	if (cmd->row->verb == VERB_DEL)
		return lb_server_del(ctl->stk, svc, &at->addr, port, err);
	if (cmd->row->verb == VERB_DRAIN)
		return lb_server_drain(ctl->stk, svc, &at->addr, port,
		    command_seconds(cmd, A_TIMEOUT), err);
	edit = cmd->row->verb == VERB_SET && old != NULL;
	if (edit)
		conf = old->conf;
	overlay(cmd, &conf, edit);
	r = check_ours(ctl->stk, &at->addr, conf.fwd, err);
	if (r != 0)
		return r;
	if (edit)
		return lb_server_set(ctl->stk, svc, &at->addr, port, &conf,
		    err);
	return lb_server_add(ctl->stk, svc, &at->addr, port, &conf, err);
}

int
server_query(struct request *rq)
{
	struct stack *stk = rq->ctl->stk;
	const struct lb_service *svc;
	int r = 0;

	if (command_given(rq->cmd, A_SERVICE)) {
		svc = lb_find(rq->ctl, rq->cmd, &rq->err);
		return svc == NULL ? -ENOENT :
		    server_walk(svc, lb_show_one, rq);
	}
	for (svc = lb_service_next(stk, NULL); svc != NULL && r == 0;
	    svc = lb_service_next(stk, svc))
		r = server_walk(svc, lb_show_one, rq);
	return r;
}

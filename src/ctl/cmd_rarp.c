/*
 * cmd_rarp.c - rarp add|set|del|show: stations that the RARP server knows.
 */
#include "ctl/cmd.h"

#include <errno.h>

int
rarp_change(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	struct mac mac = command_get(cmd, A_MAC)->mac;
	const struct rarp_station *old;
	struct ip4 was;
	int r;

	if (cmd->row->verb == VERB_DEL)
		return rarp_del(ctl->stk, mac, err);
	old = rarp_lookup(ctl->stk, mac);
	if (cmd->row->verb == VERB_ADD || old == NULL)
		return rarp_add(ctl->stk, mac, command_get(cmd, A_IP)->ip,
		    err);
	was = old->ip;
	r = rarp_del(ctl->stk, mac, err);
	if (r == 0)
		r = rarp_add(ctl->stk, mac, command_get(cmd, A_IP)->ip, err);
	if (r != 0)
		rarp_add(ctl->stk, mac, was, NULL);
	return r;
}

int
rarp_walk(struct ctl *ctl, command_fn *fn, void *arg)
{
	const struct rarp_station *s = NULL;
	struct command cmd;
	int r = 0;

	while (r == 0 && (s = rarp_next(ctl->stk, s)) != NULL) {
		command_init(&cmd, grammar_row(OBJ_RARP, VERB_ADD));
		command_set(&cmd, A_MAC)->mac = s->mac;
		command_set(&cmd, A_IP)->ip = s->ip;
		r = fn(arg, &cmd, s);
	}
	return r;
}

static int
show_one(void *arg, const struct command *cmd, const void *obj)
{
	struct request *rq = arg;

	(void)obj;
	reply_object(rq, cmd, NULL);
	return 0;
}

int
rarp_query(struct request *rq)
{
	return rarp_walk(rq->ctl, show_one, rq);
}

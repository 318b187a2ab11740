/*
 * cmd_tunnel.c - tunnel add|del|show: IPIP interfaces.
 */
#include "ctl/cmd.h"

#include "tunnel/ipip.h"

int
tunnel_change(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	const union value *local = command_get(cmd, A_LOCAL);
	const union value *remote = command_get(cmd, A_REMOTE);
	const char *name = command_str(cmd, A_NAME);

	if (cmd->row->verb == VERB_DEL)
		return ipip_del(ctl->stk, name, err);
	return ipip_add(ctl->stk, name, local != NULL ? local->ip : IP4_ANY,
	    remote != NULL ? remote->ip : IP4_ANY, err);
}

int
tunnel_walk(struct ctl *ctl, command_fn *fn, void *arg)
{
	const struct ipip *t = NULL;
	struct command cmd;
	int r = 0;

	while (r == 0 && (t = ipip_next(ctl->stk, t)) != NULL) {
		command_init(&cmd, grammar_row(OBJ_TUNNEL, VERB_ADD));
		command_set(&cmd, A_NAME)->str = t->ifp->name;
		if (!ip4_is_any(t->local))
			command_set(&cmd, A_LOCAL)->ip = t->local;
		if (!ip4_is_any(t->remote))
			command_set(&cmd, A_REMOTE)->ip = t->remote;
		r = fn(arg, &cmd, t);
	}
	return r;
}

static int
show_one(void *arg, const struct command *cmd, const void *obj)
{
	const struct ipip *t = obj;

	reply_object(arg, cmd, json_pack("{s:I,s:I,s:I,s:I}", "mtu",
	    (json_int_t)t->ifp->mtu, "received", (json_int_t)t->received,
	    "sent", (json_int_t)t->sent, "errors", (json_int_t)t->errors));
	return 0;
}

int
tunnel_query(struct request *rq)
{
	return tunnel_walk(rq->ctl, show_one, rq);
}

/*
 * cmd_addr.c - addr add|del|show.
 */
#include "ctl/cmd.h"

#include <errno.h>
#include <string.h>

int
addr_change(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	struct iface *ifp = ctl_iface(ctl, command_str(cmd, A_DEV), err);
	struct ip4_prefix prefix = command_get(cmd, A_PREFIX)->prefix;

	if (ifp == NULL)
		return -ENOENT;
	if (cmd->row->verb == VERB_DEL)
		return iface_addr_del(ctl->stk, ifp, prefix, err);
	return iface_addr_add(ctl->stk, ifp, prefix,
	    (enum addr_scope)command_num(cmd, A_SCOPE, SCOPE_GLOBAL), err);
}

/* Of those that are there from the start, only when asked. */
static int
walk(struct ctl *ctl, bool built_in, command_fn *fn, void *arg)
{
	struct command cmd;
	int r = 0;

	for (const struct iface *ifp = ctl->stk->ip.ifaces; ifp != NULL;
	    ifp = ifp->next) {
		for (const struct iface_addr *a = ifp->addrs;
		    a != NULL && r == 0; a = a->next) {
			if (!built_in && ifp->kind == IFACE_LO &&
			    ip4_eq(a->prefix.ip, IP4(127, 0, 0, 1)))
				continue;
			command_init(&cmd, grammar_row(OBJ_ADDR, VERB_ADD));
			command_set(&cmd, A_PREFIX)->prefix = a->prefix;
			command_set(&cmd, A_DEV)->str = ifp->name;
			command_set(&cmd, A_SCOPE)->num = a->scope;
			r = fn(arg, &cmd, a);
		}
	}
	return r;
}

int
addr_walk(struct ctl *ctl, command_fn *fn, void *arg)
{
	return walk(ctl, false, fn, arg);
}

/* An address that somebody else has, and who; else NULL. */
static json_t *
acd_json(const struct iface_addr *a)
{
	char mac[MAC_STRLEN];

	if (a->acd.state != ACD_CONFLICT)
		return NULL;
	return json_pack("{s:s,s:s}", "acd", acd_state_name(a->acd.state),
	    "rival", mac_format(a->acd.rival, mac));
}

static int
show_one(void *arg, const struct command *cmd, const void *obj)
{
	struct request *rq = arg;
	const char *only = command_str(rq->cmd, A_DEV);

	if (only == NULL || strcmp(only, command_str(cmd, A_DEV)) == 0)
		reply_object(rq, cmd, acd_json(obj));
	return 0;
}

int
addr_query(struct request *rq)
{
	const char *only = command_str(rq->cmd, A_DEV);

	if (only != NULL && ctl_iface(rq->ctl, only, &rq->err) == NULL)
		return -ENOENT;
	return walk(rq->ctl, true, show_one, rq);
}

/*
 * cmd_local.c - local add|del|show: addresses from which FULLNAT speaks to
 * real servers.
 */
#include "ctl/cmd_lb.h"

#include <errno.h>

int
local_change(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	struct addr addr = addr_from_ip4(command_get(cmd, A_IP)->ip);
	struct lb_service *svc = lb_find(ctl, cmd, err);

	if (svc == NULL)
		return -ESRCH;
	if (cmd->row->verb == VERB_DEL)
		return lb_local_del(ctl->stk, svc, &addr, err);
	return lb_local_add(ctl->stk, svc, &addr, err);
}

int
local_walk(const struct lb_service *svc, command_fn *fn, void *arg)
{
	struct lb_local_info info;
	struct command cmd;
	int r = 0;

	for (uint32_t i = 0; r == 0 && lb_local_at(svc, i, &info); i++) {
		command_init(&cmd, grammar_row(OBJ_LOCAL, VERB_ADD));
		command_set(&cmd, A_SERVICE)->service = word_key(&svc->key);
		command_set(&cmd, A_IP)->ip = addr_to_ip4(&info.addr);
		r = fn(arg, &cmd, &info);
	}
	return r;
}

static int
show_one(void *arg, const struct command *cmd, const void *obj)
{
	const struct lb_local_info *info = obj;

	reply_object(arg, cmd, json_pack("{s:I,s:I}", "flows",
	    (json_int_t)info->flows, "misses", (json_int_t)info->misses));
	return 0;
}

int
local_query(struct request *rq)
{
	struct stack *stk = rq->ctl->stk;
	const struct lb_service *svc;
	int r = 0;

	if (command_given(rq->cmd, A_SERVICE)) {
		svc = lb_find(rq->ctl, rq->cmd, &rq->err);
		return svc == NULL ? -ENOENT : local_walk(svc, show_one, rq);
	}
	for (svc = lb_service_next(stk, NULL); svc != NULL && r == 0;
	    svc = lb_service_next(stk, svc))
		r = local_walk(svc, show_one, rq);
	return r;
}

/*
 * cmd_ip.c - ip set|show: IPv4 as a whole.
 */
#include "ctl/cmd.h"

int
ip_change(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	struct ip_state *ip = &ctl->stk->ip;

	(void)err;
	take_switch(cmd, A_SOURCE_ROUTE, &ip->accept_source_route);
	if (command_given(cmd, A_MIN_PMTU))
		ip_pmtu_set_floor(ctl->stk,
		    (uint32_t)command_num(cmd, A_MIN_PMTU, PMTU_FLOOR));
	return 0;
}

static void
describe(struct stack *stk, struct command *cmd)
{
	command_init(cmd, grammar_row(OBJ_IP, VERB_SET));
	command_set(cmd, A_SOURCE_ROUTE)->num = stk->ip.accept_source_route;
	command_set(cmd, A_MIN_PMTU)->num = stk->ip.pmtu.floor;
}

int
ip_walk(struct ctl *ctl, command_fn *fn, void *arg)
{
	return settings_walk(ctl, describe, fn, arg);
}

int
ip_query(struct request *rq)
{
	return settings_query(rq, describe, NULL);
}

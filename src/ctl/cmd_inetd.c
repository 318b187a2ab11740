/*
 * cmd_inetd.c - inetd add|del|show: the small services on hopd itself.
 */
#include "ctl/cmd.h"

#include "service/service.h"

static const char *
name_of(const struct command *cmd, char *buf, size_t size)
{
	const struct arg *a = grammar_arg(cmd->row, A_NAME);

	choice_at(a->meta, (unsigned)command_num(cmd, A_NAME, 0), buf, size);
	return buf;
}

int
inetd_change(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	char name[16];

	name_of(cmd, name, sizeof(name));
	if (cmd->row->verb == VERB_DEL)
		return service_stop(ctl->stk, name, err);
	return service_start(ctl->stk, name, err);
}

int
inetd_walk(struct ctl *ctl, command_fn *fn, void *arg)
{
	struct command cmd;
	int r = 0;

	for (int id = 0; id < SERVICE_COUNT && r == 0; id++) {
		const struct service *s = service_get(ctl->stk,
		    (enum service_id)id);

		if (s == NULL)
			continue;
		command_init(&cmd, grammar_row(OBJ_INETD, VERB_ADD));
		/* The choices stand in the order of enum service_id. */
		command_set(&cmd, A_NAME)->num = id;
		r = fn(arg, &cmd, s);
	}
	return r;
}

static int
show_one(void *arg, const struct command *cmd, const void *obj)
{
	const struct service *s = obj;

	reply_object(arg, cmd, json_pack("{s:i,s:I,s:I,s:I,s:I,s:i}", "port",
	    (int)service_port(s->id), "requests", (json_int_t)s->requests,
	    "replies", (json_int_t)s->replies, "refused",
	    (json_int_t)s->refused, "accepted", (json_int_t)s->accepted,
	    "open", (int)s->open));
	return 0;
}

int
inetd_query(struct request *rq)
{
	return inetd_walk(rq->ctl, show_one, rq);
}

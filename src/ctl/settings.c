/*
 * settings.c - objects that are always there and can only be set: IPv4, TCP,
 * the load balancer as a whole.  Each describes itself as the command that
 * would make it what it is.
 */
#include "ctl/cmd.h"

#include <string.h>

void
take_switch(const struct command *cmd, enum arg_id id, bool *out)
{
	if (command_given(cmd, id))
		*out = command_num(cmd, id, 0) != 0;
}

void
take_u8(const struct command *cmd, enum arg_id id, uint8_t *out)
{
	if (command_given(cmd, id))
		*out = (uint8_t)command_num(cmd, id, 0);
}

void
take_u32(const struct command *cmd, enum arg_id id, uint32_t *out)
{
	if (command_given(cmd, id))
		*out = (uint32_t)command_num(cmd, id, 0);
}

void
take_seconds(const struct command *cmd, enum arg_id id, uint32_t *out)
{
	if (command_given(cmd, id))
		*out = command_seconds(cmd, id);
}

int
settings_walk(struct ctl *ctl, describe_fn *describe, command_fn *fn,
    void *arg)
{
	struct command cmd;
	char text[COMMAND_TEXT_MAX];

	describe(ctl->stk, &cmd);
	/* All defaults: no line. */
	if (command_format(&cmd, FORMAT_ARGS, text, sizeof(text)) == 0)
		return 0;
	return fn(arg, &cmd, NULL);
}

int
settings_query(struct request *rq, describe_fn *describe, json_t *more)
{
	struct command cmd;
	char text[COMMAND_TEXT_MAX];

	describe(rq->ctl->stk, &cmd);
	if (!rq->text) {
		reply_object(rq, &cmd, more);
		return 0;
	}
	/* With its defaults: there is nothing else to see. */
	command_format(&cmd, FORMAT_GIVEN, text, sizeof(text));
	reply_line(rq, text + strlen(object_name(cmd.row->object)) +
	    sizeof(" set ") - 1);
	return 0;
}

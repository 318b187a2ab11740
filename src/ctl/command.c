/*
 * command.c - a command by hand, and reading one by the names of its
 * arguments.
 */
#include "base/instant.h"
#include "ctl/grammar.h"

#include <assert.h>
#include <string.h>

static int
arg_index(const struct command *cmd, enum arg_id id)
{
	const struct arg *args = cmd->row->args;

	for (int i = 0; args[i].kind != ARG_END; i++) {
		if (args[i].id == id)
			return i;
	}
	return -1;
}

void
command_init(struct command *cmd, const struct command_row *row)
{
	cmd->row = row;
	cmd->given = cmd->valid = 0;
	cmd->hops = 0;
}

union value *
command_set(struct command *cmd, enum arg_id id)
{
	int i = arg_index(cmd, id);

	assert(i >= 0);
	cmd->given |= 1u << i;
	cmd->valid |= 1u << i;
	return &cmd->val[i];
}

void
command_defaults(struct command *cmd)
{
	const struct arg *args = cmd->row->args;

	cmd->valid = cmd->given;
	for (unsigned i = 0; args[i].kind != ARG_END; i++) {
		if ((cmd->given & 1u << i) != 0 ||
		    (args[i].flags & ARG_DEF) == 0)
			continue;
		cmd->valid |= 1u << i;
		if (args[i].kind == ARG_NETMASK)
			cmd->val[i].ip.v = (uint32_t)args[i].def;
		else
			cmd->val[i].num = args[i].def;
	}
}

void
command_turn(struct command *out, const struct command *cmd,
    const struct command_row *row)
{
	command_init(out, row);
	for (unsigned i = 0; cmd->row->args[i].kind != ARG_END; i++) {
		enum arg_id id = cmd->row->args[i].id;

		if ((cmd->valid & 1u << i) != 0 && grammar_arg(row, id) != NULL)
			*command_set(out, id) = cmd->val[i];
	}
	out->hops = cmd->hops;
	memcpy(out->hop, cmd->hop, cmd->hops * sizeof(cmd->hop[0]));
}

const union value *
command_get(const struct command *cmd, enum arg_id id)
{
	int i = arg_index(cmd, id);

	if (i < 0 || (cmd->valid & 1u << i) == 0)
		return NULL;
	return &cmd->val[i];
}

bool
command_given(const struct command *cmd, enum arg_id id)
{
	int i = arg_index(cmd, id);

	return i >= 0 && (cmd->given & 1u << i) != 0;
}

int64_t
command_num(const struct command *cmd, enum arg_id id, int64_t none)
{
	const union value *v = command_get(cmd, id);

	return v != NULL ? v->num : none;
}

uint32_t
command_seconds(const struct command *cmd, enum arg_id id)
{
	return (uint32_t)(command_num(cmd, id, 0) / USEC_PER_SEC);
}

const char *
command_str(const struct command *cmd, enum arg_id id)
{
	const union value *v = command_get(cmd, id);

	return v != NULL ? v->str : NULL;
}

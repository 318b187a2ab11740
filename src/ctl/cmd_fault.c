/*
 * cmd_fault.c - fault add|set|del|show: ports whose wire is bad on purpose.
 */
#include "ctl/cmd.h"

#include <errno.h>

#include "port/fault.h"

/* The choices of "dir", in their order. */
static const uint32_t dirs[] = { 1u << FAULT_IN | 1u << FAULT_OUT,
    1u << FAULT_IN, 1u << FAULT_OUT };

static struct fault_conf
conf_from(const struct command *cmd)
{
	return (struct fault_conf){
		.loss_ppm = (uint32_t)command_num(cmd, A_LOSS, 0),
		.duplicate_ppm = (uint32_t)command_num(cmd, A_DUPLICATE, 0),
		.corrupt_ppm = (uint32_t)command_num(cmd, A_CORRUPT, 0),
		.reorder_ppm = (uint32_t)command_num(cmd, A_REORDER, 0),
		.hold_us = command_num(cmd, A_HOLD, 0),
		.delay_us = command_num(cmd, A_DELAY, 0),
		.jitter_us = command_num(cmd, A_JITTER, 0),
		.dirs = dirs[command_num(cmd, A_DIR, 0)],
		.seed = (uint32_t)command_num(cmd, A_SEED, 1) };
}

int
fault_change(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	const char *name = command_str(cmd, A_DEV);
	struct port *port = port_lookup(ctl->stk, name);
	struct fault_conf conf = conf_from(cmd);

	if (port == NULL)
		return err_set(err, -ENOENT, "\"%s\": no such port", name);
	if (cmd->row->verb == VERB_ADD && port->fault != NULL)
		return err_set(err, -EEXIST, "\"%s\": has faults already",
		    name);
	if (cmd->row->verb == VERB_DEL && port->fault == NULL)
		return err_set(err, -ENOENT, "\"%s\": has no faults", name);
	if (cmd->row->verb != VERB_DEL)
		return fault_set(ctl->stk, port, &conf);
	fault_clear(ctl->stk, port);
	return 0;
}

int
fault_walk(struct ctl *ctl, command_fn *fn, void *arg)
{
	struct command cmd;
	int r = 0;

	for (const struct port *p = ctl->stk->ports; p != NULL && r == 0;
	    p = p->next) {
		const struct fault_conf *c;
		int dir = 0;

		if (p->fault == NULL)
			continue;
		c = &p->fault->conf;
		while (dirs[dir] != c->dirs)
			dir++;
		command_init(&cmd, grammar_row(OBJ_FAULT, VERB_ADD));
		command_set(&cmd, A_DEV)->str = p->name;
		command_set(&cmd, A_DIR)->num = dir;
		command_set(&cmd, A_LOSS)->num = c->loss_ppm;
		command_set(&cmd, A_DUPLICATE)->num = c->duplicate_ppm;
		command_set(&cmd, A_CORRUPT)->num = c->corrupt_ppm;
		command_set(&cmd, A_REORDER)->num = c->reorder_ppm;
		command_set(&cmd, A_HOLD)->num = c->hold_us;
		command_set(&cmd, A_DELAY)->num = c->delay_us;
		command_set(&cmd, A_JITTER)->num = c->jitter_us;
		command_set(&cmd, A_SEED)->num = c->seed;
		r = fn(arg, &cmd, p->fault);
	}
	return r;
}

static int
show_one(void *arg, const struct command *cmd, const void *obj)
{
	const struct fault *f = obj;
	struct fault_counts n = { 0 };

	for (int d = 0; d < FAULT_DIRS; d++) {
		n.frames += f->counts[d].frames;
		n.lost += f->counts[d].lost;
		n.duplicated += f->counts[d].duplicated;
		n.corrupted += f->counts[d].corrupted;
		n.reordered += f->counts[d].reordered;
		n.overrun += f->counts[d].overrun;
	}
	reply_object(arg, cmd, json_pack("{s:I,s:I,s:I,s:I,s:I,s:I}",
	    "frames", (json_int_t)n.frames, "lost", (json_int_t)n.lost,
	    "duplicated", (json_int_t)n.duplicated, "corrupted",
	    (json_int_t)n.corrupted, "reordered", (json_int_t)n.reordered,
	    "overrun", (json_int_t)n.overrun));
	return 0;
}

int
fault_query(struct request *rq)
{
	return fault_walk(rq->ctl, show_one, rq);
}

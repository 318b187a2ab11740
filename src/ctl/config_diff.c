/*
 * config_diff.c - what runs, compared with what shall be.
 *
 * An object that stays equal is not touched, so it keeps its connections and
 * counters.  One that differs is changed in place; where that cannot be (a
 * port's type, an address's scope) it is made anew, and with it what stands
 * on it.
 */
#include "ctl/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int
collect(void *arg, const struct command *cmd, const void *obj)
{
	(void)obj;
	return conf_add(arg, cmd, 0) == NULL ? -ENOMEM : 0;
}

int
conf_running(struct conf *c, struct ctl *ctl)
{
	return ctl_walk(ctl, collect, c);
}

static bool
value_differs(const struct command *a, const struct command *b, unsigned i)
{
	char x[256], y[256];
	bool has_a = (a->valid & 1u << i) != 0;
	bool has_b = (b->valid & 1u << i) != 0;

	if (has_a != has_b || !has_a)
		return has_a != has_b;
	value_format(a, i, x, sizeof(x));
	value_format(b, i, y, sizeof(y));
	return strcmp(x, y) != 0;
}

/* What the file leaves open stays as it runs. */
static void
keep(const struct command *run, struct command *want)
{
	const struct arg *args = run->row->args;

	for (unsigned i = 0; args[i].kind != ARG_END; i++) {
		if ((args[i].flags & ARG_KEEP) != 0 &&
		    (want->given & 1u << i) == 0 &&
		    (run->given & 1u << i) != 0)
			*command_set(want, args[i].id) = run->val[i];
	}
}

/* Same key, other words: what is to be done.  0 or -ENOMEM. */
static int
compare(struct conf *target, struct conf_obj *run, struct conf_obj *want)
{
	struct command a, b;

	conf_command(run, &a);
	conf_command(want, &b);
	for (unsigned i = 0; a.row->args[i].kind != ARG_END; i++) {
		unsigned flags = a.row->args[i].flags;

		if ((flags & ARG_FIXED) != 0 && value_differs(&a, &b, i) &&
		    ((flags & ARG_KEEP) == 0 || (b.given & 1u << i) != 0))
			want->replace = run->replace = true;
	}
	/* What is made anew chooses anew. */
	if (!want->replace)
		keep(&a, &b);
	if (conf_change(target, want, &b) != 0)
		return -ENOMEM;
	if (conf_equal(run, want))
		return 0;
	if (want->replace) {
		want->fate = FATE_NEW;
		run->fate = FATE_GONE;
	} else {
		want->fate = run->fate = FATE_CHANGE;
	}
	return 0;
}

static int
pair(struct conf *running, struct conf *target)
{
	for (size_t i = 0; i < running->count; i++)
		running->obj[i]->fate = FATE_GONE;
	for (size_t i = 0; i < target->count; i++) {
		struct conf_obj *want = target->obj[i];
		struct conf_obj *run = conf_match(running, want);

		want->twin = run;
		if (run == NULL)
			continue;
		run->twin = want;
		run->fate = want->fate = FATE_SAME;
		if (!conf_equal(run, want) &&
		    compare(target, run, want) != 0)
			return -ENOMEM;
	}
	return 0;
}

/* Does the object of cmd stand on what goes: an interface or an address? */
static bool
stands_on(const struct command *cmd, const struct command *gone)
{
	const char *dev = command_str(cmd, A_DEV), *name;
	const union value *src = command_get(cmd, A_SRC);

	if (gone->row->object == OBJ_ADDR)
		return src != NULL && ip4_eq(src->ip,
		    command_get(gone, A_PREFIX)->prefix.ip);
	name = command_str(gone, A_NAME);
	if (dev != NULL && strcmp(dev, name) == 0)
		return true;
	for (unsigned i = 0; i < cmd->hops; i++) {
		if (strcmp(cmd->hop[i].dev, name) == 0)
			return true;
	}
	return false;
}

static void
replace_dependents(struct conf *running, const struct conf_obj *gone)
{
	struct command cmd, base;

	conf_command(gone, &base);
	for (size_t i = 0; i < running->count; i++) {
		struct conf_obj *o = running->obj[i];
		enum object object = o->row->object;

		if (o->fate == FATE_GONE || (object != OBJ_ADDR &&
		    object != OBJ_ROUTE && object != OBJ_NEIGH &&
		    object != OBJ_FAULT))
			continue;
		conf_command(o, &cmd);
		if (!stands_on(&cmd, &base))
			continue;
		o->fate = FATE_GONE;
		o->twin->fate = FATE_NEW;
		o->replace = o->twin->replace = true;
	}
}

int
conf_diff(struct conf *running, struct conf *target)
{
	int r = pair(running, target);

	/* Ports before addresses: an address may go with its port. */
	for (size_t i = 0; i < running->count && r == 0; i++) {
		struct conf_obj *o = running->obj[i];

		if (o->fate != FATE_GONE)
			continue;
		if (o->row->object == OBJ_PORT ||
		    o->row->object == OBJ_TUNNEL || o->row->object == OBJ_ADDR)
			replace_dependents(running, o);
	}
	return r;
}

static void
plan_line(struct lines *out, char sign, const struct conf_obj *o)
{
	char line[COMMAND_TEXT_MAX];
	struct command cmd;

	conf_command(o, &cmd);
	command_format(&cmd, FORMAT_LINE, line, sizeof(line));
	lines_add(out, "%c %s", sign, line);
}

void
conf_plan(const struct conf *running, const struct conf *target,
    struct lines *out)
{
	for (size_t i = running->count; i-- > 0;) {
		if (running->obj[i]->fate == FATE_GONE)
			plan_line(out, '-', running->obj[i]);
	}
	for (size_t i = 0; i < target->count; i++) {
		if (target->obj[i]->fate == FATE_NEW)
			plan_line(out, '+', target->obj[i]);
		else if (target->obj[i]->fate == FATE_CHANGE)
			plan_line(out, '~', target->obj[i]);
	}
}

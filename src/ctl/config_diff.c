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
	struct conf *c = arg;
	char key[COMMAND_TEXT_MAX];

	(void)obj;
	conf_key(cmd, key, sizeof(key));
	return conf_add(c, cmd, key, 0) == NULL ? -ENOMEM : 0;
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

/* Same key, other text: what is to be done.  0 or -ENOMEM. */
static int
compare(struct conf *target, struct conf_obj *run, struct conf_obj *want)
{
	struct conf_words run_room, want_room;
	struct command a, b;
	char text[COMMAND_TEXT_MAX];

	conf_command(run, &a, &run_room);
	conf_command(want, &b, &want_room);
	for (unsigned i = 0; a.row->args[i].kind != ARG_END; i++) {
		unsigned flags = a.row->args[i].flags;

		if ((flags & ARG_FIXED) != 0 && value_differs(&a, &b, i) &&
		    ((flags & ARG_KEEP) == 0 || (b.given & 1u << i) != 0))
			want->replace = run->replace = true;
	}
	/* What is made anew chooses anew. */
	if (!want->replace)
		keep(&a, &b);
	command_format(&b, FORMAT_ARGS, text, sizeof(text));
	if (strcmp(text, run->text) == 0)
		return 0;
	want->text = conf_strdup(target, text);
	if (want->text == NULL)
		return -ENOMEM;
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
		struct conf_obj *run = conf_find(running, want->key);

		want->twin = run;
		if (run == NULL)
			continue;
		run->twin = want;
		run->fate = want->fate = FATE_SAME;
		if (strcmp(run->text, want->text) != 0 &&
		    compare(target, run, want) != 0)
			return -ENOMEM;
	}
	return 0;
}

/* Does the object of cmd stand on what goes: an interface or an address? */
static bool
stands_on(const struct command *cmd, const struct conf_obj *gone)
{
	const char *dev = command_str(cmd, A_DEV), *name;
	const union value *src = command_get(cmd, A_SRC);
	char text[IP4_STRLEN];
	size_t len;

	if (gone->object == OBJ_ADDR) {
		if (src == NULL)
			return false;
		ip4_format(src->ip, text);
		len = strlen(text);
		return strncmp(gone->text, text, len) == 0 &&
		    gone->text[len] == '/';
	}
	/* The key is "port NAME" or "tunnel NAME". */
	name = strchr(gone->key, ' ') + 1;
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
	struct conf_words room;
	struct command cmd;

	for (size_t i = 0; i < running->count; i++) {
		struct conf_obj *o = running->obj[i];

		if (o->fate == FATE_GONE || (o->object != OBJ_ADDR &&
		    o->object != OBJ_ROUTE && o->object != OBJ_NEIGH))
			continue;
		conf_command(o, &cmd, &room);
		if (!stands_on(&cmd, gone))
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

		if (o->fate == FATE_GONE && (o->object == OBJ_PORT ||
		    o->object == OBJ_TUNNEL || o->object == OBJ_ADDR))
			replace_dependents(running, o);
	}
	return r;
}

static void
plan_line(struct lines *out, char sign, const struct conf_obj *o)
{
	lines_add(out, "%c %s %s %s", sign,
	    object_name((enum object)o->object),
	    verb_name(conf_verb((enum object)o->object)), o->text);
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

/*
 * config_apply.c - from what runs to what shall be, in one turn, all or
 * nothing.
 *
 * New ports first, since opening a device is what fails most; then what goes,
 * from the top of the house down; then the rest, from the bottom up.  When a
 * step fails, those before it are undone in reverse.
 */
#include "ctl/config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* From run to want; one of them is NULL for what comes and what goes. */
struct step {
	const struct conf_obj *run, *want;
};

struct steps {
	struct step *step;
	size_t count, size;
};

/* In the order in which objects stand on each other. */
static const enum object order[] = {
	OBJ_PORT, OBJ_TUNNEL, OBJ_FAULT, OBJ_ADDR, OBJ_ROUTE, OBJ_NEIGH,
	OBJ_RARP, OBJ_IP, OBJ_TCP, OBJ_INETD, OBJ_HTTP, OBJ_LB, OBJ_MARK,
	OBJ_SERVICE, OBJ_LOCAL, OBJ_SERVER,
};

#define ORDER (sizeof(order) / sizeof(order[0]))

/* What can only be set is there always: without words it has its defaults. */
static int
set_defaults(struct ctl *ctl, enum object object, struct err *err)
{
	struct command cmd;

	command_init(&cmd, grammar_row(object, VERB_SET));
	command_defaults(&cmd);
	cmd.given = cmd.valid;
	return ctl_change(ctl, &cmd, err);
}

/* The command that brings o about (add, set) or away (del). */
static int
act(struct ctl *ctl, const struct conf_obj *o, enum verb verb,
    struct err *err)
{
	const struct command_row *row = grammar_row(o->row->object, verb);
	struct command cmd, turned;

	if (row == NULL && verb == VERB_DEL)
		return set_defaults(ctl, o->row->object, err);
	if (row == NULL)
		row = grammar_row(o->row->object, VERB_SET);
	assert(row != NULL);
	conf_command(o, &cmd);
	command_turn(&turned, &cmd, row);
	return ctl_change(ctl, &turned, err);
}

static int
take(struct ctl *ctl, const struct step *s, struct err *err)
{
	if (s->want == NULL)
		return act(ctl, s->run, VERB_DEL, err);
	if (s->run == NULL)
		return act(ctl, s->want, VERB_ADD, err);
	return act(ctl, s->want, VERB_SET, err);
}

static int
take_back(struct ctl *ctl, const struct step *s, struct err *err)
{
	const struct step back = { s->want, s->run };

	return take(ctl, &back, err);
}

static void
push(struct steps *s, const struct conf_obj *run, const struct conf_obj *want)
{
	assert(s->count < s->size);
	s->step[s->count++] = (struct step){ run, want };
}

static bool
is_early(const struct conf_obj *o)
{
	return o->row->object == OBJ_PORT && o->fate == FATE_NEW && !o->replace;
}

static void
plan_going(struct steps *s, const struct conf *running, enum object class)
{
	const struct conf_span *span = &running->span[class];

	for (size_t i = span->end; i-- > span->first;) {
		const struct conf_obj *o = running->obj[i];

		if (o->row->object == class && o->fate == FATE_GONE)
			push(s, o, NULL);
	}
}

static void
plan_coming(struct steps *s, const struct conf *target, enum object class)
{
	const struct conf_span *span = &target->span[class];

	for (size_t i = span->first; i < span->end; i++) {
		const struct conf_obj *o = target->obj[i];

		if (o->row->object != class || is_early(o))
			continue;
		if (o->fate == FATE_CHANGE)
			push(s, o->twin, o);
		else if (o->fate == FATE_NEW)
			push(s, NULL, o);
	}
}

static void
plan_steps(struct steps *s, const struct conf *running,
    const struct conf *target)
{
	const struct conf_span *ports = &target->span[OBJ_PORT];

	for (size_t i = ports->first; i < ports->end; i++) {
		if (is_early(target->obj[i]))
			push(s, NULL, target->obj[i]);
	}
	for (size_t i = ORDER; i-- > 0;)
		plan_going(s, running, order[i]);
	for (size_t i = 0; i < ORDER; i++)
		plan_coming(s, target, order[i]);
}

static void
roll_back(struct ctl *ctl, const struct steps *s, size_t done,
    struct err *err)
{
	bool whole = true;
	struct err why;

	while (done-- > 0)
		whole &= take_back(ctl, &s->step[done], &why) == 0;
	if (!whole) {
		size_t n = strlen(err->text);

		snprintf(err->text + n, sizeof(err->text) - n,
		    "; and not all could be undone: %.80s", why.text);
	}
}

/* Says which line could not be done. */
static void
blame(const char *name, const struct step *s, const struct err *why,
    struct err *err)
{
	const struct conf_obj *o = s->want != NULL ? s->want : s->run;
	char key[COMMAND_TEXT_MAX];

	if (o->line != 0) {
		err_set(err, 0, "%s:%u: %s", name, o->line, why->text);
		return;
	}
	conf_key(o, key, sizeof(key));
	err_set(err, 0, "%s: %.100s: %s", name, key, why->text);
}

int
conf_apply(struct ctl *ctl, const char *name, struct conf *running,
    struct conf *target, struct err *err)
{
	struct steps s = { .size = running->count + target->count };
	struct err why = { "" };
	size_t i;
	int r = 0;

	s.step = mem_array(running->mem, s.size + 1, sizeof(*s.step));
	if (s.step == NULL)
		return err_set(err, -ENOMEM, "%s: out of memory", name);
	plan_steps(&s, running, target);
	for (i = 0; i < s.count && r == 0; i++)
		r = take(ctl, &s.step[i], &why);
	if (r != 0) {
		if (why.text[0] == '\0')
			err_set(&why, r, "%s", strerror(-r));
		blame(name, &s.step[i - 1], &why, err);
		roll_back(ctl, &s, i - 1, err);
	}
	mem_free(running->mem, s.step, (s.size + 1) * sizeof(*s.step));
	return r;
}

/* Does much stand on such an object? */
static bool
is_ground(enum object o)
{
	return o == OBJ_PORT || o == OBJ_TUNNEL || o == OBJ_ADDR ||
	    o == OBJ_SERVICE;
}

/* What only the process can say yes or no to. */
static bool
is_beyond(const struct conf_obj *o)
{
	const struct arg *args = o->row->args;

	for (unsigned i = 0; args[i].kind != ARG_END; i++) {
		if (args[i].id == A_ROOT && (o->said >> i & 1) != 0)
			return true;
	}
	return o->row->object == OBJ_LB;
}

int
conf_rehearse(struct ctl *ctl, const char *name, struct conf *running,
    struct conf *target, struct lines *errors)
{
	struct steps s = { .size = running->count + target->count };
	enum object bad = OBJ_COUNT;
	struct err why, err;

	s.step = mem_array(running->mem, s.size + 1, sizeof(*s.step));
	if (s.step == NULL)
		return -ENOMEM;
	plan_steps(&s, running, target);
	for (size_t i = 0; i < s.count && errors->count < ERRORS_MAX; i++) {
		const struct conf_obj *o = s.step[i].want;
		int r;

		if (o == NULL || is_beyond(o))
			continue;
		if (bad != OBJ_COUNT && bad != o->row->object)
			break;
		why.text[0] = '\0';
		if ((r = take(ctl, &s.step[i], &why)) == 0)
			continue;
		if (why.text[0] == '\0')
			err_set(&why, r, "%s", strerror(-r));
		blame(name, &s.step[i], &why, &err);
		lines_add(errors, "%s", err.text);
		if (is_ground(o->row->object))
			bad = o->row->object;
	}
	mem_free(running->mem, s.step, (s.size + 1) * sizeof(*s.step));
	return errors->count == 0 ? 0 : -EINVAL;
}

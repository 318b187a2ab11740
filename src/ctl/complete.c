/*
 * complete.c - what a shell may offer next; needs no hopd.
 *
 * Names of things that run (interfaces, services) are not offered: that would
 * ask hopd at every key.
 */
#include "ctl/parse.h"

#include <stdio.h>
#include <string.h>

struct offer {
	const char *start;	/* what is typed of the last word */
	void (*emit)(void *arg, const char *word);
	void *arg;
};

static void
offer(const struct offer *o, const char *word)
{
	if (strncmp(word, o->start, strlen(o->start)) == 0)
		o->emit(o->arg, word);
}

static void
offer_choices(const struct offer *o, const char *choices)
{
	char name[32];

	for (unsigned i = 0; choice_at(choices, i, name, sizeof(name)); i++)
		offer(o, name);
}

static void
offer_value(const struct offer *o, const struct arg *a)
{
	if (a->kind == ARG_CHOICE || a->kind == ARG_LIST)
		offer_choices(o, a->meta);
	else if (a->kind == ARG_SWITCH)
		offer_choices(o, "on|off");
	else if (a->kind == ARG_SERVICE)
		offer_choices(o, "tcp|udp|sctp|fwmark");
	else if (a->kind == ARG_NEXTHOP)
		offer_choices(o, "via|dev|weight");
	else if (a->kind == ARG_DEST)
		offer(o, "default");
}

static void
offer_verbs(const struct offer *o, enum object obj)
{
	for (int v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		if (grammar_row(obj, (enum verb)v) != NULL)
			offer(o, verb_name((enum verb)v));
	}
}

/* The argument whose keyword or last word is words[count - 2], if its value
 * is what comes next. */
static const struct arg *
pending_value(const struct command_row *row, int count,
    const char *const *words)
{
	const char *before = words[count - 2];

	for (const struct arg *a = row->args; a->kind != ARG_END; a++) {
		if ((a->flags & ARG_POS) == 0 && a->kind != ARG_FLAG &&
		    strcmp(a->word, before) == 0)
			return a;
	}
	return NULL;
}

static bool
is_service_word(const char *s)
{
	return strcmp(s, "tcp") == 0 || strcmp(s, "udp") == 0 ||
	    strcmp(s, "sctp") == 0 || strcmp(s, "fwmark") == 0;
}

static void
offer_args(const struct offer *o, const struct command_row *row, int count,
    const char *const *words)
{
	int skip = row->verb == VERB_NONE ? 1 : 2;
	const struct arg *value = pending_value(row, count, words);
	int at = skip;

	if (is_service_word(words[count - 2]))
		return;
	if (value != NULL && count - 1 > skip) {
		offer_value(o, value);
		return;
	}
	for (const struct arg *a = row->args; a->kind != ARG_END; a++) {
		if ((a->flags & ARG_POS) != 0) {
			if (at >= count - 1)
				offer_value(o, a);
			if (at >= count - 1 && (a->flags & ARG_REQ) != 0)
				return;
			at += a->kind == ARG_SERVICE ? 2 : 1;
			continue;
		}
		bool used = false;

		for (int i = skip; i < count - 1; i++)
			used |= strcmp(words[i], a->word) == 0;
		if (!used || a->kind == ARG_NEXTHOP)
			offer(o, a->word);
	}
}

void
grammar_complete(int count, const char *const *words,
    void (*emit)(void *arg, const char *word), void *arg)
{
	struct offer o = { count > 0 ? words[count - 1] : "", emit, arg };

	for (int i = 0; i < OBJ_COUNT; i++) {
		enum object obj = (enum object)i;
		const struct command_row *row = NULL;

		if (object_hidden(obj))
			continue;
		if (count <= 1) {
			offer(&o, object_name(obj));
			continue;
		}
		if (strcmp(words[0], object_name(obj)) != 0)
			continue;
		row = grammar_row(obj, VERB_NONE);
		if (row == NULL && count == 2) {
			offer_verbs(&o, obj);
			return;
		}
		for (int v = VERB_NONE + 1; v < VERB_COUNT; v++) {
			if (strcmp(words[1], verb_name((enum verb)v)) == 0)
				row = grammar_row(obj, (enum verb)v);
		}
		if (row != NULL)
			offer_args(&o, row, count, words);
		return;
	}
}

/*
 * grammar_find.c - looking things up in the table of commands.
 */
#include "ctl/grammar_impl.h"

#include <assert.h>
#include <string.h>

const char *
object_name(enum object o)
{
	return grammar_objects[o].name;
}

const char *
object_help(enum object o)
{
	return grammar_objects[o].help;
}

bool
object_hidden(enum object o)
{
	return grammar_objects[o].help[0] == '\0';
}

const char *
verb_name(enum verb v)
{
	return grammar_verbs[v];
}

const struct command_row *
grammar_row_at(unsigned i)
{
	for (int o = 0; o < OBJ_COUNT; o++) {
		if (i < grammar_objects[o].count)
			return &grammar_objects[o].rows[i];
		i -= grammar_objects[o].count;
	}
	return NULL;
}

const struct command_row *
grammar_rows(enum object o, unsigned *count)
{
	*count = grammar_objects[o].count;
	return grammar_objects[o].rows;
}

const struct command_row *
grammar_row(enum object o, enum verb v)
{
	for (unsigned i = 0; i < grammar_objects[o].count; i++) {
		if (grammar_objects[o].rows[i].verb == v)
			return &grammar_objects[o].rows[i];
	}
	return NULL;
}

const struct arg *
grammar_arg(const struct command_row *row, enum arg_id id)
{
	for (const struct arg *a = row->args; a->kind != ARG_END; a++) {
		if (a->id == id)
			return a;
	}
	return NULL;
}

bool
arg_is_text(const struct arg *a)
{
	return a->kind == ARG_NAME || a->kind == ARG_WORD ||
	    a->kind == ARG_FILE;
}

bool
choice_at(const char *choices, unsigned n, char *buf, size_t size)
{
	const char *s = choices;
	size_t len;

	for (; n > 0; n--) {
		s = strchr(s, '|');
		if (s == NULL)
			return false;
		s++;
	}
	len = strcspn(s, "|");
	assert(len < size);
	memcpy(buf, s, len);
	buf[len] = '\0';
	return true;
}

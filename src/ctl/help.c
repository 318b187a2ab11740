/*
 * help.c - `help [OBJECT [VERB]]`, from the table; needs no hopd.
 */
#include "ctl/parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct lines {
	void (*emit)(void *arg, const char *line);
	void *arg;
};

static void
line(const struct lines *to, const char *left, const char *right)
{
	char text[1024];

	if (strlen(left) < 18)
		snprintf(text, sizeof(text), "  %-18s %s", left, right);
	else
		snprintf(text, sizeof(text), "  %s\n  %-18s %s", left, "",
		    right);
	to->emit(to->arg, text);
}

static void
help_objects(const struct lines *to)
{
	to->emit(to->arg, "hopctl [-j] [-S SOCKET] OBJECT VERB [ARGUMENT ...]");
	to->emit(to->arg, "");
	for (int o = 0; o < OBJ_COUNT; o++) {
		if (!object_hidden((enum object)o))
			line(to, object_name((enum object)o),
			    object_help((enum object)o));
	}
	to->emit(to->arg, "");
	to->emit(to->arg, "Words may be cut short while they are unique. "
	    "\"help OBJECT\" tells more.");
}

static void
help_row(const struct lines *to, const struct command_row *row)
{
	char text[1024];

	row_synopsis(row, text, sizeof(text));
	to->emit(to->arg, text);
	snprintf(text, sizeof(text), "\t%s", row->help);
	to->emit(to->arg, text);
}

static void
help_args(const struct lines *to, const struct command_row *row)
{
	for (const struct arg *a = row->args; a->kind != ARG_END; a++) {
		char left[256];

		if ((a->flags & ARG_POS) != 0)
			snprintf(left, sizeof(left), "%s", a->meta);
		else
			snprintf(left, sizeof(left), "%s%s%s", a->word,
			    a->meta != NULL ? " " : "",
			    a->meta != NULL ? a->meta : "");
		line(to, left, a->help);
	}
}

int
grammar_help(int count, const char *const *words,
    void (*emit)(void *arg, const char *line), void *arg, struct err *err)
{
	struct lines to = { emit, arg };
	const struct command_row *row;
	bool found = false;

	if (count == 0) {
		help_objects(&to);
		return 0;
	}
	for (unsigned i = 0; (row = grammar_row_at(i)) != NULL; i++) {
		const char *name = object_name(row->object);

		/* A prefix explains every object that it could mean. */
		if (strncmp(name, words[0], strlen(words[0])) != 0 ||
		    object_hidden(row->object))
			continue;
		if (count > 1 && strncmp(verb_name(row->verb), words[1],
		    strlen(words[1])) != 0)
			continue;
		help_row(&to, row);
		if (count > 1)
			help_args(&to, row);
		found = true;
	}
	if (!found)
		return err_set(err, -ENOENT, "\"%s%s%s\": no such command; "
		    "\"help\" lists them", words[0], count > 1 ? " " : "",
		    count > 1 ? words[1] : "");
	return 0;
}

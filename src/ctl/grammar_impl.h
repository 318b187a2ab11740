/*
 * grammar_impl.h - the table of commands (grammar.c), for grammar_find.c.
 */
#ifndef HOPD_CTL_GRAMMAR_IMPL_H
#define HOPD_CTL_GRAMMAR_IMPL_H

#include "ctl/grammar.h"

struct grammar_object {
	const char *name;
	const struct command_row *rows;
	unsigned count;		/* of rows */
	const char *help;	/* "": hidden */
};

extern const struct grammar_object grammar_objects[OBJ_COUNT];
extern const char *const grammar_verbs[VERB_COUNT];

#endif

/*
 * grammar_impl.h - the table of commands (grammar.c, grammar_tcp.c), for
 * grammar_find.c.
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
extern const struct command_row grammar_tcp[3];

/* Whom to ping, trace, connect to. */
#define TARGET_ARG \
	{ A_DST, ARG_IP, ARG_POS | ARG_REQ, "dst", "IP", 0, 0, 0, "whom" }

#endif

/*
 * grammar_impl.h - the table of commands (grammar.c, grammar_lb.c,
 * grammar_tcp.c), for grammar_find.c.
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
extern const struct arg args_none[1];

/* grammar_tcp.c */
extern const struct command_row grammar_tcp[3];
/* grammar_lb.c */
extern const struct command_row grammar_service[5], grammar_server[5];
extern const struct command_row grammar_local[3], grammar_conn[2];
extern const struct command_row grammar_lb[2], grammar_mark[3];

#define CHANGE	ROW_CHANGE
#define FILED	(ROW_CHANGE | ROW_FILE)

/* Settings that are not said take their default. */
#define SWITCH_ARG(id, word, def, text) \
	{ id, ARG_SWITCH, ARG_DEF, word, "on|off", def, 0, 0, text }
#define CHOICE_ARG(id, word, choices, def, text) \
	{ id, ARG_CHOICE, ARG_DEF, word, choices, def, 0, 0, text }
/* f: ARG_WHOLE, or 0 */
#define SECONDS_ARG(id, f, word, def_s, text) \
	{ id, ARG_DURATION, ARG_DEF | (f), word, "SECONDS", \
	    (def_s) * INT64_C(1000000), 0, 0, text }

/* Whom to ping, trace, connect to. */
#define TARGET_ARG \
	{ A_DST, ARG_IP, ARG_POS | ARG_REQ, "dst", "IP", 0, 0, 0, "whom" }

#endif

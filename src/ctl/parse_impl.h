/*
 * parse_impl.h - between the files of the parser: parse_pick.c (a word among
 * candidates), parse_value.c (values of arguments), parse.c (the command).
 */
#ifndef HOPD_CTL_PARSE_IMPL_H
#define HOPD_CTL_PARSE_IMPL_H

#include "ctl/parse.h"

/* A command being parsed. */
struct parser {
	struct command *cmd;
	const char *const *words;
	int count;
	int at;			/* next word */
	unsigned flags;		/* PARSE_* */
	int *word;		/* out: offending word */
	struct err *err;
};

/* A word among candidates, of which those that start with it are counted. */
#define PICK_MAX 64

struct pick {
	const char *word;
	bool abbrev;
	int exact, prefix, hits;	/* candidates' numbers; -1: none */
	int count;
	const char *tried[PICK_MAX];	/* ended by NUL or "|" */
};

/* The next word, or NULL. */
const char *parse_peek(const struct parser *p);
/* The word there (or its lack) is wrong: -EINVAL. */
int parse_fail(struct parser *p, int word, const char *expected);

/* Of flags, PARSE_ABBREV lets the word be the unique beginning of a name. */
void pick_start(struct pick *k, const char *word, unsigned flags);
/* A candidate; name ends with NUL or "|". */
void pick_try(struct pick *k, const char *name, int number);
/* The candidate, or -1: none or ambiguous. */
int pick_end(const struct pick *k);
/* The next word among "a|b|c". */
int pick_choice(const struct parser *p, const char *choices, struct pick *k);
/* The word is none of them, or could be several: -EINVAL. */
int pick_fail(struct parser *p, const struct pick *k, int word,
    const char *what);

/* The value of argument i; the keyword, if any, is behind us. */
int parse_value(struct parser *p, unsigned i);

#endif

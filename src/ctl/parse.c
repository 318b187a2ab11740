/*
 * parse.c - words to command, by the table.
 *
 * Every error quotes the word at fault, says what was expected in its place
 * and, if the word is nearly a right one, which.
 */
#include "ctl/parse_impl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Does the next word stand for the optional positional argument a? */
static bool
wanted(const struct parser *p, const struct arg *a)
{
	struct pick k;

	if (parse_peek(p) == NULL)
		return false;
	if (a->kind == ARG_CHOICE)
		return pick_choice(p, a->meta, &k) >= 0;
	if (a->kind == ARG_SERVICE)
		return pick_choice(p, "tcp|udp|sctp|fwmark", &k) >= 0;
	if (a->kind == ARG_DEST) {
		struct ip4_prefix prefix;

		return text_dest(parse_peek(p), &prefix) == 0;
	}
	return true;
}

static int
parse_positional(struct parser *p)
{
	const struct arg *args = p->cmd->row->args;

	for (unsigned i = 0; args[i].kind != ARG_END; i++) {
		int r;

		if ((args[i].flags & ARG_POS) == 0)
			continue;
		if ((args[i].flags & ARG_REQ) == 0 && !wanted(p, &args[i]))
			continue;
		r = parse_value(p, i);
		if (r != 0)
			return r;
	}
	return 0;
}

/* "one of via, dev, metric", for the keywords that may still come. */
static const char *
keywords_text(const struct command *cmd, char *buf, size_t size)
{
	const struct arg *args = cmd->row->args;
	size_t n = (size_t)snprintf(buf, size, "nothing more");
	const char *sep = "";

	for (unsigned i = 0; args[i].kind != ARG_END && n < size; i++) {
		if ((args[i].flags & ARG_POS) != 0 ||
		    (cmd->given & 1u << i) != 0)
			continue;
		if (sep[0] == '\0')
			n = 0;
		n += (size_t)snprintf(buf + n, size - n, "%s%s", sep,
		    args[i].word);
		sep = ", ";
	}
	return buf;
}

static int
parse_keywords(struct parser *p)
{
	const struct arg *args = p->cmd->row->args;
	char text[ERR_TEXT_MAX];

	while (parse_peek(p) != NULL) {
		struct pick k;
		int i, r;

		pick_start(&k, parse_peek(p), p->flags);
		for (i = 0; args[i].kind != ARG_END && k.exact < 0; i++) {
			if ((args[i].flags & ARG_POS) == 0)
				pick_try(&k, args[i].word, i);
		}
		i = pick_end(&k);
		if (i < 0)
			return pick_fail(p, &k, p->at,
			    keywords_text(p->cmd, text, sizeof(text)));
		if ((p->cmd->given & 1u << i) != 0 &&
		    args[i].kind != ARG_NEXTHOP) {
			*p->word = p->at;
			return err_set(p->err, -EINVAL, "\"%s\": given twice",
			    args[i].word);
		}
		p->at++;
		r = parse_value(p, (unsigned)i);
		if (r != 0)
			return r;
	}
	return 0;
}

static int
check_required(struct parser *p)
{
	const struct arg *args = p->cmd->row->args;
	char text[ERR_TEXT_MAX];

	for (unsigned i = 0; args[i].kind != ARG_END; i++) {
		if ((args[i].flags & ARG_REQ) == 0 ||
		    (p->cmd->given & 1u << i) != 0)
			continue;
		snprintf(text, sizeof(text), "%s %s", args[i].word,
		    args[i].meta);
		return parse_fail(p, p->count, text);
	}
	return 0;
}

static int
parse_object(struct parser *p, enum object *out)
{
	struct pick k;
	int i;

	if (p->count == 0) {
		*p->word = 0;
		return err_set(p->err, -EINVAL, "expected a command");
	}
	pick_start(&k, p->words[0], p->flags);
	for (int o = 0; o < OBJ_COUNT && k.exact < 0; o++) {
		const char *name = object_name((enum object)o);

		/* Nobody abbreviates what help does not show. */
		if (!object_hidden((enum object)o) ||
		    strcmp(name, p->words[0]) == 0)
			pick_try(&k, name, o);
	}
	i = pick_end(&k);
	if (i < 0)
		return pick_fail(p, &k, 0,
		    "an object: see \"help\"");
	*out = (enum object)i;
	p->at = 1;
	return 0;
}

/* "add, del, show" of an object. */
static const char *
verbs_text(enum object o, char *buf, size_t size)
{
	unsigned count;
	const struct command_row *rows = grammar_rows(o, &count);
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < count && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s",
		    i == 0 ? "" : ", ", verb_name(rows[i].verb));
	return buf;
}

static int
parse_verb(struct parser *p, enum object o)
{
	char text[ERR_TEXT_MAX];
	unsigned count;
	const struct command_row *rows = grammar_rows(o, &count);
	struct pick k;
	int i;

	p->cmd->row = rows;
	if (rows[0].verb == VERB_NONE)
		return 0;
	if (parse_peek(p) == NULL) {
		p->cmd->row = grammar_row(o, VERB_SHOW);
		return p->cmd->row != NULL ? 0 : parse_fail(p, p->at,
		    verbs_text(o, text, sizeof(text)));
	}
	pick_start(&k, parse_peek(p), p->flags);
	for (unsigned n = 0; n < count && k.exact < 0; n++)
		pick_try(&k, verb_name(rows[n].verb), (int)n);
	i = pick_end(&k);
	if (i < 0)
		return pick_fail(p, &k, p->at,
		    verbs_text(o, text, sizeof(text)));
	p->cmd->row = &rows[i];
	p->at++;
	return 0;
}

int
command_parse(struct command *cmd, int count, const char *const *words,
    unsigned flags, int *word, struct err *err)
{
	struct parser p = { .cmd = cmd, .words = words, .count = count,
	    .flags = flags, .word = word, .err = err };
	enum object o = OBJ_COUNT;
	int r;

	command_init(cmd, NULL);
	r = parse_object(&p, &o);
	if (r == 0)
		r = parse_verb(&p, o);
	if (r == 0)
		r = parse_positional(&p);
	if (r == 0)
		r = parse_keywords(&p);
	if (r == 0)
		r = check_required(&p);
	if (r == 0)
		command_defaults(cmd);
	return r;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* By hand: words are short, and strspn() of a set costs more than they do.  A
 * large configuration is split word by word, millions of them. */
int
line_split(char *line, const char **words, int max)
{
	int n = 0;
	char *s = line;

	for (;;) {
		while (is_blank(*s))
			s++;
		if (*s == '\0' || *s == '#')
			return n;
		if (n == max)
			return -E2BIG;
		words[n++] = s;
		while (*s != '\0' && !is_blank(*s))
			s++;
		if (*s == '\0')
			return n;
		*s++ = '\0';
	}
}

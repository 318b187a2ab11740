/*
 * parse.c - words to command, by the table.
 *
 * Every error quotes the word at fault, says what was expected in its place
 * and, if the word is nearly a right one, which.
 */
#include "ctl/parse.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

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

static const char *
peek(const struct parser *p)
{
	return p->at < p->count ? p->words[p->at] : NULL;
}

/* The value of argument a, of which the meaning is in its help. */
static int
fail_value(struct parser *p, int word, const char *expected)
{
	*p->word = word;
	if (word >= p->count)
		return err_set(p->err, -EINVAL,
		    "after \"%s\" something is missing: expected %s",
		    p->words[p->count - 1], expected);
	return err_set(p->err, -EINVAL, "\"%s\": expected %s", p->words[word],
	    expected);
}

/* A word among candidates, of which those that start with it are counted. */
#define PICK_MAX 64

struct pick {
	const char *word;
	bool abbrev;
	int exact, prefix, hits;	/* candidates' numbers; -1: none */
	int count;
	const char *tried[PICK_MAX];	/* ended by NUL or "|" */
};

static void
pick_start(struct pick *k, const char *word, unsigned flags)
{
	k->word = word;
	k->abbrev = (flags & PARSE_ABBREV) != 0 && word[0] != '\0';
	k->exact = k->prefix = -1;
	k->hits = k->count = 0;
}

/* Is the word the start of the name?  *whole: all of it. */
static bool
starts(const char *name, const char *word, bool *whole)
{
	for (; *word != '\0'; word++, name++) {
		/* A "|" ends the name, whatever the word has there. */
		if (*word != *name || *name == '|')
			return false;
	}
	*whole = *name == '\0' || *name == '|';
	return true;
}

static void
pick_try(struct pick *k, const char *name, int number)
{
	bool whole;

	assert(k->count < PICK_MAX);
	k->tried[k->count++] = name;
	if (!starts(name, k->word, &whole))
		return;
	if (whole) {
		k->exact = number;
	} else if (k->abbrev) {
		k->prefix = number;
		k->hits++;
	}
}

/* The candidate, or -1: none or ambiguous. */
static int
pick_end(const struct pick *k)
{
	if (k->exact >= 0)
		return k->exact;
	return k->hits == 1 ? k->prefix : -1;
}

/* "service or server": what an ambiguous word could mean. */
static const char *
hits_text(const struct pick *k, char *buf, size_t size)
{
	size_t n = 0;
	int left = k->hits;

	for (int i = 0; i < k->count && n < size; i++) {
		bool whole;

		if (!starts(k->tried[i], k->word, &whole))
			continue;
		n += (size_t)snprintf(buf + n, size - n, "%.*s%s",
		    (int)strcspn(k->tried[i], "|"), k->tried[i],
		    left > 2 ? ", " : left == 2 ? " or " : "");
		left--;
	}
	return buf;
}

static int
fail_pick(struct parser *p, const struct pick *k, int word, const char *what)
{
	char hint[64], text[128];
	struct near near;

	*p->word = word;
	if (k->hits > 1)
		return err_set(p->err, -EINVAL, "\"%s\": could be %s",
		    k->word, hits_text(k, text, sizeof(text)));
	near_start(&near, k->word);
	for (int i = 0; i < k->count; i++)
		near_try(&near, k->tried[i], strcspn(k->tried[i], "|"));
	near_hint(&near, hint, sizeof(hint));
	return err_set(p->err, -EINVAL, "\"%s\": expected %s%s", k->word,
	    what, hint);
}

static int
pick_choice(const struct parser *p, const char *choices, struct pick *k)
{
	const char *s = choices;

	pick_start(k, p->words[p->at], p->flags);
	for (int i = 0; s != NULL && k->exact < 0; i++) {
		pick_try(k, s, i);
		s = strchr(s, '|');
		if (s != NULL)
			s++;
	}
	return pick_end(k);
}

/* "a|b|c" as "a, b or c". */
static const char *
choices_text(const char *choices, char *buf, size_t size)
{
	size_t n = 0;
	const char *last = strrchr(choices, '|');

	for (const char *s = choices; *s != '\0' && n + 5 < size; s++) {
		if (*s != '|')
			buf[n++] = *s;
		else
			n += (size_t)snprintf(buf + n, size - n, "%s",
			    s == last ? " or " : ", ");
	}
	buf[n] = '\0';
	return buf;
}

static int
parse_choice(struct parser *p, const struct arg *a, union value *v)
{
	char text[ERR_TEXT_MAX];
	struct pick k;

	v->num = pick_choice(p, a->meta, &k);
	if (v->num < 0)
		return fail_pick(p, &k, p->at,
		    choices_text(a->meta, text, sizeof(text)));
	p->at++;
	return 0;
}

static int
parse_list(struct parser *p, const struct arg *a, union value *v)
{
	const char *s = p->words[p->at];
	char text[ERR_TEXT_MAX], name[32];

	v->num = 0;
	if (strcmp(s, "none") == 0) {
		p->at++;
		return 0;
	}
	while (*s != '\0') {
		size_t len = strcspn(s, ",");
		unsigned i = 0;

		while (choice_at(a->meta, i, name, sizeof(name)) &&
		    (strlen(name) != len || memcmp(name, s, len) != 0))
			i++;
		if (!choice_at(a->meta, i, name, sizeof(name)))
			break;
		v->num |= INT64_C(1) << i;
		s += len;
		if (*s == ',')
			s++;
	}
	if (*s != '\0' || v->num == 0) {
		snprintf(text, sizeof(text), "some of %s with commas",
		    a->meta);
		return fail_value(p, p->at, text);
	}
	p->at++;
	return 0;
}

static int
parse_service(struct parser *p, struct service_key *key)
{
	static const uint8_t protos[] = { 6, 17, 132, 0 };
	int64_t mark;
	struct pick k;
	int i = pick_choice(p, "tcp|udp|sctp|fwmark", &k);

	if (i < 0)
		return fail_pick(p, &k, p->at, "tcp, udp, sctp or fwmark");
	*key = (struct service_key){ .proto = protos[i] };
	p->at++;
	if (peek(p) == NULL)
		return fail_value(p, p->at, key->proto != 0 ? "ADDR:PORT" :
		    "a mark from 1 to 4294967295");
	if (key->proto == 0) {
		if (text_number(peek(p), 1, UINT32_MAX, &mark) != 0)
			return fail_value(p, p->at,
			    "a mark from 1 to 4294967295");
		key->fwmark = (uint32_t)mark;
	} else if (addr_port_parse(peek(p), &key->addr, &key->port) != 0) {
		return fail_value(p, p->at, "ADDR:PORT, such as 10.0.0.1:80");
	}
	p->at++;
	return 0;
}

static int
parse_hop(struct parser *p, struct cmd_hop *hop)
{
	static const char words[] = "via|dev|weight";
	unsigned seen = 0;
	struct pick k;
	int64_t num;

	*hop = (struct cmd_hop){ .weight = 1 };
	while (peek(p) != NULL) {
		int i = pick_choice(p, words, &k);

		if (i < 0 || (seen & 1u << i) != 0)
			break;
		seen |= 1u << i;
		p->at++;
		if (peek(p) == NULL)
			return fail_value(p, p->at, i == 0 ? "IP" :
			    i == 1 ? "IFACE" : "a weight from 1 to 256");
		if (i == 0 && ip4_parse(peek(p), &hop->via) != 0)
			return fail_value(p, p->at, "an IPv4 address");
		if (i == 1 && !text_is_name(peek(p)))
			return fail_value(p, p->at, "an interface's name");
		if (i == 1)
			hop->dev = peek(p);
		if (i == 2 && text_number(peek(p), 1, 256, &num) != 0)
			return fail_value(p, p->at, "a weight from 1 to 256");
		if (i == 2)
			hop->weight = (uint16_t)num;
		p->at++;
	}
	if ((seen & 3) == 0)
		return fail_value(p, p->at, "via IP or dev IFACE");
	return 0;
}

static int
parse_switch(struct parser *p, union value *v)
{
	const char *s = p->words[p->at];

	if (strcmp(s, "on") == 0 || strcmp(s, "1") == 0)
		v->num = 1;
	else if (strcmp(s, "off") == 0 || strcmp(s, "0") == 0)
		v->num = 0;
	else
		return fail_value(p, p->at, "on or off");
	p->at++;
	return 0;
}

static int
parse_number(struct parser *p, const struct arg *a, union value *v)
{
	char text[96];

	if (text_number(p->words[p->at], a->min, a->max, &v->num) != 0) {
		snprintf(text, sizeof(text),
		    "a number from %lld to %lld (%s)", (long long)a->min,
		    (long long)a->max, a->help);
		return fail_value(p, p->at, text);
	}
	p->at++;
	return 0;
}

/* Kinds of one word that is right or wrong as it stands. */
static int
parse_plain(struct parser *p, const struct arg *a, union value *v)
{
	const char *s = p->words[p->at], *expected = NULL;

	switch (a->kind) {
	case ARG_NAME:
		v->str = s;
		if (!text_is_name(s))
			expected = "a name of 1 to 15 letters, digits, "
			    "\"_\", \".\" or \"-\"";
		break;
	case ARG_PATH:
		v->str = s;
		if (s[0] == '\0')
			expected = a->meta;
		break;
	case ARG_DURATION:
		if (text_duration(s, &v->num) != 0)
			expected = "a time such as 30, 30s, 5m or 2h";
		break;
	case ARG_NETMASK:
		if (text_netmask(s, &v->ip) != 0)
			expected = "a netmask such as 255.255.255.0 or 24";
		break;
	case ARG_MAC:
		if (mac_parse(s, &v->mac) != 0)
			expected = "a MAC such as 02:00:00:00:00:01";
		break;
	case ARG_IP:
		if (ip4_parse(s, &v->ip) != 0)
			expected = "an IPv4 address";
		break;
	case ARG_PREFIX:
		if (ip4_prefix_parse(s, &v->prefix) != 0)
			expected = "ADDR/LEN, such as 10.0.0.1/24";
		break;
	case ARG_DEST:
		if (text_dest(s, &v->prefix) != 0)
			expected = "\"default\" or ADDR/LEN without host bits";
		break;
	case ARG_PORTS:
		if (text_ports(s, &v->num) != 0)
			expected = "a port, or two with \"-\" between";
		break;
	default:
		assert(a->kind == ARG_ADDR_PORT);
		v->service = (struct service_key){ 0 };
		if (addr_port_parse(s, &v->service.addr,
		    &v->service.port) != 0)
			expected = "ADDR:PORT, such as 10.0.0.1:80";
		break;
	}
	if (expected != NULL)
		return fail_value(p, p->at, expected);
	p->at++;
	return 0;
}

/* The value of argument i; the keyword, if any, is behind us. */
static int
parse_value(struct parser *p, unsigned i)
{
	const struct arg *a = &p->cmd->row->args[i];
	union value *v = &p->cmd->val[i];

	p->cmd->given |= 1u << i;
	if (a->kind == ARG_FLAG) {
		v->num = 1;
		return 0;
	}
	if (peek(p) == NULL)
		return fail_value(p, p->at, a->meta);
	switch (a->kind) {
	case ARG_NUMBER:
		return parse_number(p, a, v);
	case ARG_SWITCH:
		return parse_switch(p, v);
	case ARG_CHOICE:
		return parse_choice(p, a, v);
	case ARG_LIST:
		return parse_list(p, a, v);
	case ARG_SERVICE:
		return parse_service(p, &v->service);
	case ARG_NEXTHOP:
		if (p->cmd->hops == HOPS_MAX)
			return fail_value(p, p->at - 1, "at most 16 next hops");
		return parse_hop(p, &p->cmd->hop[p->cmd->hops++]);
	case ARG_REST:
		v->rest.words = p->words + p->at;
		v->rest.count = p->count - p->at;
		p->at = p->count;
		return 0;
	default:
		return parse_plain(p, a, v);
	}
}

/* Does the next word stand for the optional positional argument a? */
static bool
wanted(const struct parser *p, const struct arg *a)
{
	struct pick k;

	if (peek(p) == NULL)
		return false;
	if (a->kind == ARG_CHOICE)
		return pick_choice(p, a->meta, &k) >= 0;
	if (a->kind == ARG_SERVICE)
		return pick_choice(p, "tcp|udp|sctp|fwmark", &k) >= 0;
	if (a->kind == ARG_DEST) {
		struct ip4_prefix prefix;

		return text_dest(peek(p), &prefix) == 0;
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

	while (peek(p) != NULL) {
		struct pick k;
		int i, r;

		pick_start(&k, peek(p), p->flags);
		for (i = 0; args[i].kind != ARG_END && k.exact < 0; i++) {
			if ((args[i].flags & ARG_POS) == 0)
				pick_try(&k, args[i].word, i);
		}
		i = pick_end(&k);
		if (i < 0)
			return fail_pick(p, &k, p->at,
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
	char text[96];

	for (unsigned i = 0; args[i].kind != ARG_END; i++) {
		if ((args[i].flags & ARG_REQ) == 0 ||
		    (p->cmd->given & 1u << i) != 0)
			continue;
		snprintf(text, sizeof(text), "%s %s", args[i].word,
		    args[i].meta);
		return fail_value(p, p->count, text);
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
		return fail_pick(p, &k, 0,
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
	if (peek(p) == NULL) {
		p->cmd->row = grammar_row(o, VERB_SHOW);
		return p->cmd->row != NULL ? 0 : fail_value(p, p->at,
		    verbs_text(o, text, sizeof(text)));
	}
	pick_start(&k, peek(p), p->flags);
	for (unsigned n = 0; n < count && k.exact < 0; n++)
		pick_try(&k, verb_name(rows[n].verb), (int)n);
	i = pick_end(&k);
	if (i < 0)
		return fail_pick(p, &k, p->at,
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

/*
 * script.c - the parser of the notation in script.h: a cursor over the text,
 * one function per part of the grammar.
 */
#include "pkt/script.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tcp/tcp_wire.h"

struct parser {
	const char *p;
	int line;
	bool bad;
	char *err;
	unsigned err_len;
};

static void
fail(struct parser *ps, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (ps->bad)
		return;
	ps->bad = true;
	n = snprintf(ps->err, ps->err_len, "line %d: ", ps->line);
	va_start(ap, fmt);
	vsnprintf(ps->err + n, ps->err_len - (unsigned)n, fmt, ap);
	va_end(ap);
}

/* ---- words --------------------------------------------------------------- */

static bool
skip_comment(struct parser *ps)
{
	if (ps->p[0] == '#' || (ps->p[0] == '/' && ps->p[1] == '/')) {
		while (*ps->p != '\0' && *ps->p != '\n')
			ps->p++;
		return true;
	}
	if (ps->p[0] == '/' && ps->p[1] == '*') {
		while (*ps->p != '\0' && strncmp(ps->p, "*/", 2) != 0)
			ps->line += *ps->p++ == '\n';
		if (*ps->p != '\0')
			ps->p += 2;
		return true;
	}
	return false;
}

static void
skip_space(struct parser *ps)
{
	for (;;) {
		while (isspace((unsigned char)*ps->p))
			ps->line += *ps->p++ == '\n';
		if (!skip_comment(ps))
			return;
	}
}

/* Takes s if it stands here. */
static bool
take(struct parser *ps, const char *s)
{
	size_t n = strlen(s);

	skip_space(ps);
	if (strncmp(ps->p, s, n) != 0)
		return false;
	ps->p += n;
	return true;
}

static void
want(struct parser *ps, const char *s)
{
	if (!take(ps, s))
		fail(ps, "\"%s\" expected at \"%.12s\"", s, ps->p);
}

static void
word(struct parser *ps, char out[SCRIPT_WORD_MAX])
{
	unsigned n = 0;

	skip_space(ps);
	while ((isalnum((unsigned char)*ps->p) || *ps->p == '_') &&
	    n < SCRIPT_WORD_MAX - 1)
		out[n++] = *ps->p++;
	out[n] = '\0';
	if (n == 0)
		fail(ps, "a word expected at \"%.12s\"", ps->p);
}

/* A word that must follow at once; taken whole. */
static bool
take_word(struct parser *ps, const char *s)
{
	size_t n = strlen(s);

	skip_space(ps);
	if (strncmp(ps->p, s, n) != 0 || isalnum((unsigned char)ps->p[n]) ||
	    ps->p[n] == '_')
		return false;
	ps->p += n;
	return true;
}

static int64_t
number(struct parser *ps)
{
	char *end;
	long long v;

	skip_space(ps);
	v = strtoll(ps->p, &end, 0);
	if (end == ps->p)
		fail(ps, "a number expected at \"%.12s\"", ps->p);
	ps->p = end;
	return v;
}

/* Seconds with a fraction, to microseconds, exactly. */
static int64_t
seconds(struct parser *ps)
{
	int64_t us = 0, unit = 100000;
	bool any = false;

	skip_space(ps);
	for (; isdigit((unsigned char)*ps->p); ps->p++, any = true)
		us = us * 10 + (*ps->p - '0');
	us *= 1000000;
	if (*ps->p == '.' && isdigit((unsigned char)ps->p[1])) {
		for (ps->p++; isdigit((unsigned char)*ps->p); ps->p++) {
			us += (*ps->p - '0') * unit;
			unit /= 10;
		}
		any = true;
	}
	if (!any)
		fail(ps, "a time expected at \"%.12s\"", ps->p);
	return us;
}

/* ---- calls --------------------------------------------------------------- */

/* One argument, up to a comma or the closing parenthesis of the call. */
static void
argument(struct parser *ps, char out[SCRIPT_WORD_MAX])
{
	unsigned n = 0;
	int depth = 0;

	skip_space(ps);
	while (*ps->p != '\0' && *ps->p != '\n' && (depth > 0 ||
	    (*ps->p != ',' && *ps->p != ')'))) {
		if (strchr("([{", *ps->p) != NULL)
			depth++;
		if (strchr(")]}", *ps->p) != NULL)
			depth--;
		if (n < SCRIPT_WORD_MAX - 1 && *ps->p != ' ')
			out[n++] = *ps->p;
		ps->p++;
	}
	out[n] = '\0';
}

static void
parse_call(struct parser *ps, struct script_call *c)
{
	word(ps, c->name);
	want(ps, "(");
	while (!ps->bad && !take(ps, ")")) {
		if (c->args == SCRIPT_ARGS_MAX) {
			fail(ps, "too many arguments");
			return;
		}
		argument(ps, c->arg[c->args++]);
		if (!take(ps, ",") && *ps->p != ')')
			fail(ps, "\")\" expected at \"%.12s\"", ps->p);
	}
	want(ps, "=");
	c->result = number(ps);
	if (c->result < 0) {
		word(ps, c->error);
		/* "(Operation now in progress)" */
		if (take(ps, "(")) {
			while (*ps->p != '\0' && *ps->p != ')')
				ps->p++;
			want(ps, ")");
		}
	}
}

/* ---- packets ------------------------------------------------------------- */

static int
parse_ecn(struct parser *ps)
{
	if (take(ps, "[noecn]"))
		return 0;
	if (take(ps, "[ect1]"))
		return 1;
	if (take(ps, "[ect0]"))
		return 2;
	if (take(ps, "[ce]"))
		return 3;
	return -1;
}

static uint16_t
parse_flags(struct parser *ps)
{
	static const char letters[] = "FSRP.UEWA";	/* bit by bit */
	uint16_t f = 0;

	skip_space(ps);
	if (*ps->p == '-') {
		ps->p++;
		return 0;
	}
	for (; *ps->p != '\0' && !isspace((unsigned char)*ps->p); ps->p++) {
		const char *l = strchr(letters, *ps->p);

		/* Bits 6 to 8. */
		if (*ps->p >= '0' && *ps->p <= '7') {
			f |= (uint16_t)((*ps->p - '0') << 6);
			continue;
		}
		if (l == NULL) {
			fail(ps, "flag \"%c\" unknown", *ps->p);
			return 0;
		}
		f |= (uint16_t)(1u << (l - letters));
	}
	return f;
}

static void
parse_range(struct parser *ps, uint32_t *seq, uint32_t *len)
{
	uint32_t end;

	*seq = (uint32_t)number(ps);
	want(ps, ":");
	end = (uint32_t)number(ps);
	want(ps, "(");
	*len = (uint32_t)number(ps);
	want(ps, ")");
	if (end - *seq != *len)
		fail(ps, "%u bytes are not %u", end - *seq, *len);
}

static void
parse_sack_blocks(struct parser *ps, struct tcp_opts *o)
{
	o->sacks = 0;
	do {
		struct tcp_sack *s = &o->sack[o->sacks++];

		s->left = (uint32_t)number(ps);
		want(ps, ":");
		s->right = (uint32_t)number(ps);
		skip_space(ps);
	} while (!ps->bad && o->sacks < TCP_SACK_MAX &&
	    isdigit((unsigned char)*ps->p));
}

/* Hex digits; none: a request.  "*": any cookie of eight bytes. */
static void
parse_cookie(struct parser *ps, struct script_packet *k)
{
	struct tcp_opts *o = &k->o;

	o->fo_on = true;
	if (take(ps, "*")) {
		k->cookie_any = true;
		return;
	}
	while (isxdigit((unsigned char)ps->p[0]) &&
	    isxdigit((unsigned char)ps->p[1]) && o->fo_len < 16) {
		unsigned v;

		sscanf(ps->p, "%2x", &v);
		o->fo[o->fo_len++] = (uint8_t)v;
		ps->p += 2;
	}
}

/* "ECN e0b N ceb N e1b N" or the other way round, fewer of them, or none. */
static void
parse_acc(struct parser *ps, struct tcp_opts *o)
{
	static const char *const words[2][TCP_ACC_FIELDS] = {
		{ "e0b", "ceb", "e1b" }, { "e1b", "ceb", "e0b" },
	};

	o->acc_on = true;
	skip_space(ps);
	o->acc_order = strncmp(ps->p, "e1b", 3) == 0;
	while (o->acc_fields < TCP_ACC_FIELDS &&
	    take_word(ps, words[o->acc_order][o->acc_fields]))
		o->acc[o->acc_fields++] = (uint32_t)number(ps);
}

/* One option; returns its letter for struct script_packet's order. */
static char
parse_option(struct parser *ps, struct script_packet *k)
{
	struct tcp_opts *o = &k->o;

	if (take_word(ps, "mss")) {
		o->mss_on = true;
		o->mss = (uint16_t)number(ps);
		return 'm';
	}
	if (take_word(ps, "nop"))
		return 'N';
	if (take_word(ps, "eol"))
		return 'E';
	if (take_word(ps, "wscale")) {
		o->wscale_on = true;
		o->wscale = (uint8_t)number(ps);
		return 'w';
	}
	if (take_word(ps, "sackOK")) {
		o->sack_ok = true;
		return 's';
	}
	if (take_word(ps, "sack")) {
		parse_sack_blocks(ps, o);
		return 'k';
	}
	if (take_word(ps, "TS")) {
		o->ts_on = true;
		want(ps, "val");
		o->tsval = (uint32_t)number(ps);
		want(ps, "ecr");
		o->tsecr = (uint32_t)number(ps);
		return 'T';
	}
	if (take_word(ps, "ECN")) {
		parse_acc(ps, o);
		return 'a';
	}
	o->fo_exp = take_word(ps, "FOEXP");
	if (o->fo_exp || take_word(ps, "FO")) {
		skip_space(ps);
		parse_cookie(ps, k);
		return 'f';
	}
	fail(ps, "option \"%.12s\" unknown", ps->p);
	return '?';
}

static void
parse_options(struct parser *ps, struct script_packet *k)
{
	unsigned n = 0;

	if (take(ps, "...>")) {
		k->options_any = true;
		return;
	}
	do {
		k->order[n++] = parse_option(ps, k);
	} while (!ps->bad && n < sizeof(k->order) - 1 && take(ps, ","));
	want(ps, ">");
}

static void
parse_packet(struct parser *ps, struct script_packet *k)
{
	k->ecn = parse_ecn(ps);
	k->flags = parse_flags(ps);
	parse_range(ps, &k->seq, &k->len);
	if (take_word(ps, "ack")) {
		k->ack_on = true;
		k->ack = (uint32_t)number(ps);
	}
	if (take_word(ps, "win")) {
		k->win_on = true;
		k->win = (uint32_t)number(ps);
	}
	if (take_word(ps, "urg")) {
		k->urg_on = true;
		k->urg = (uint16_t)number(ps);
	}
	skip_space(ps);
	/* "<" begins options here only on the packet's own line. */
	if (*ps->p == '<' && take(ps, "<"))
		parse_options(ps, k);
}

static const struct {
	const char *name;
	uint8_t type, code;
} icmp_names[] = {
	{ "net_unreachable", 3, 0 }, { "host_unreachable", 3, 1 },
	{ "protocol_unreachable", 3, 2 }, { "port_unreachable", 3, 3 },
	{ "frag_needed", 3, 4 }, { "source_route_failed", 3, 5 },
	{ "admin_prohibited", 3, 13 }, { "ttl_exceeded", 11, 0 },
};

static void
parse_icmp(struct parser *ps, struct script_icmp *k)
{
	char name[SCRIPT_WORD_MAX];
	unsigned i;

	parse_range(ps, &k->seq, &k->len);
	want(ps, "]");
	want(ps, "icmp");
	if (!take_word(ps, "unreachable"))
		want(ps, "time_exceeded");
	word(ps, name);
	for (i = 0; i < sizeof(icmp_names) / sizeof(icmp_names[0]); i++) {
		if (strcmp(icmp_names[i].name, name) == 0)
			break;
	}
	if (i == sizeof(icmp_names) / sizeof(icmp_names[0])) {
		fail(ps, "ICMP \"%s\" unknown", name);
		return;
	}
	k->type = icmp_names[i].type;
	k->code = icmp_names[i].code;
	if (take_word(ps, "mtu"))
		k->mtu = (uint32_t)number(ps);
}

/* ---- events -------------------------------------------------------------- */

static void
parse_assert(struct parser *ps, struct script_assert *a)
{
	static const char *const ops[] = { "==", "!=", "<=", ">=", "<", ">" };
	unsigned i;

	want(ps, "assert");
	word(ps, a->field);
	for (i = 0; i < 6 && !take(ps, ops[i]); i++)
		;
	if (i == 6) {
		fail(ps, "a comparison expected at \"%.12s\"", ps->p);
		return;
	}
	memcpy(a->op, ops[i], strlen(ops[i]) + 1);
	a->value = number(ps);
	want(ps, "}%");
}

static void
parse_time(struct parser *ps, struct script_event *e)
{
	if (take(ps, "*")) {
		e->any_time = true;
		return;
	}
	e->relative = take(ps, "+");
	e->at_us = e->until_us = seconds(ps);
	if (take(ps, "...")) {
		e->blocks = true;
		e->until_us = seconds(ps);
	}
}

static bool
at_icmp(const struct parser *ps)
{
	return ps->p[0] == '[' && isdigit((unsigned char)ps->p[1]);
}

static void
parse_event(struct parser *ps, struct script_event *e)
{
	skip_space(ps);
	e->line = ps->line;
	if (take(ps, "%{")) {
		e->kind = EV_ASSERT;
		e->relative = true;
		parse_assert(ps, &e->check);
		return;
	}
	parse_time(ps, e);
	if (take(ps, "%{")) {
		e->kind = EV_ASSERT;
		parse_assert(ps, &e->check);
	} else if (take(ps, "<")) {
		skip_space(ps);
		if (at_icmp(ps)) {
			ps->p++;
			e->kind = EV_ICMP;
			parse_icmp(ps, &e->icmp);
			return;
		}
		e->kind = EV_IN;
		parse_packet(ps, &e->packet);
	} else if (take(ps, ">")) {
		e->kind = EV_OUT;
		parse_packet(ps, &e->packet);
	} else {
		e->kind = EV_CALL;
		parse_call(ps, &e->call);
	}
}

static void
parse_setting(struct parser *ps, struct script *s)
{
	struct script_setting *n = calloc(1, sizeof(*n)), **at = &s->settings;
	unsigned i = 0;

	n->line = ps->line;
	word(ps, n->key);
	want(ps, "=");
	while (!isspace((unsigned char)*ps->p) && *ps->p != '\0' &&
	    i < SCRIPT_WORD_MAX - 1)
		n->value[i++] = *ps->p++;
	while (*at != NULL)
		at = &(*at)->next;
	*at = n;
}

int
script_parse(const char *text, struct script *out, char *err,
    unsigned err_len)
{
	struct parser ps = { .p = text, .line = 1, .err = err,
	    .err_len = err_len };
	struct script_event **at = &out->events;

	*out = (struct script){ NULL, NULL };
	while (take(&ps, "--") && !ps.bad)
		parse_setting(&ps, out);
	for (skip_space(&ps); *ps.p != '\0' && !ps.bad; skip_space(&ps)) {
		*at = calloc(1, sizeof(**at));
		parse_event(&ps, *at);
		at = &(*at)->next;
	}
	if (ps.bad)
		script_free(out);
	return ps.bad ? -1 : 0;
}

void
script_free(struct script *s)
{
	struct script_setting *k;
	struct script_event *e;

	while ((k = s->settings) != NULL) {
		s->settings = k->next;
		free(k);
	}
	while ((e = s->events) != NULL) {
		s->events = e->next;
		free(e);
	}
}

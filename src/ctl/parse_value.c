/*
 * parse_value.c - the value of an argument, by its kind.
 */
#include "ctl/parse_impl.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/instant.h"

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
		return pick_fail(p, &k, p->at,
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
		return parse_fail(p, p->at, text);
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
		return pick_fail(p, &k, p->at, "tcp, udp, sctp or fwmark");
	*key = (struct service_key){ .proto = protos[i] };
	p->at++;
	if (parse_peek(p) == NULL)
		return parse_fail(p, p->at, key->proto != 0 ? "ADDR:PORT" :
		    "a mark from 1 to 4294967295");
	if (key->proto == 0) {
		if (text_number(parse_peek(p), 1, UINT32_MAX, &mark) != 0)
			return parse_fail(p, p->at,
			    "a mark from 1 to 4294967295");
		key->fwmark = (uint32_t)mark;
	} else if (addr_port_parse(parse_peek(p), &key->addr,
	    &key->port) != 0) {
		return parse_fail(p, p->at, "ADDR:PORT, such as 10.0.0.1:80");
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
	while (parse_peek(p) != NULL) {
		int i = pick_choice(p, words, &k);

		if (i < 0 || (seen & 1u << i) != 0)
			break;
		seen |= 1u << i;
		p->at++;
		if (parse_peek(p) == NULL)
			return parse_fail(p, p->at, i == 0 ? "IP" :
			    i == 1 ? "IFACE" : "a weight from 1 to 256");
		if (i == 0 && ip4_parse(parse_peek(p), &hop->via) != 0)
			return parse_fail(p, p->at, "an IPv4 address");
		if (i == 1 && !text_is_name(parse_peek(p)))
			return parse_fail(p, p->at, "an interface's name");
		if (i == 1)
			hop->dev = parse_peek(p);
		if (i == 2 && text_number(parse_peek(p), 1, 256, &num) != 0)
			return parse_fail(p, p->at, "a weight from 1 to 256");
		if (i == 2)
			hop->weight = (uint16_t)num;
		p->at++;
	}
	if ((seen & 3) == 0)
		return parse_fail(p, p->at, "via IP or dev IFACE");
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
		return parse_fail(p, p->at, "on or off");
	p->at++;
	return 0;
}

static int
parse_number(struct parser *p, const struct arg *a, union value *v)
{
	char text[ERR_TEXT_MAX];

	if (text_number(p->words[p->at], a->min, a->max, &v->num) != 0) {
		snprintf(text, sizeof(text),
		    "a number from %lld to %lld (%s)", (long long)a->min,
		    (long long)a->max, a->help);
		return parse_fail(p, p->at, text);
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
	case ARG_FILE:
		v->str = s;
		if (s[0] == '\0')
			expected = a->meta;
		break;
	case ARG_WORD:
		/* It must come back whole from a configuration file. */
		v->str = s;
		if (!text_is_word(s))
			expected = "a word without blanks or \"#\"";
		break;
	case ARG_DURATION:
		if (text_duration(s, &v->num) != 0)
			expected = "a time such as 30, 30s, 5m or 2h";
		else if ((a->flags & ARG_WHOLE) != 0 &&
		    v->num % USEC_PER_SEC != 0)
			expected = "whole seconds, such as 30, 5m or 2h";
		break;
	case ARG_SHARE:
		if (text_share(s, &v->num) != 0)
			expected = "a share such as 1% or 0.05%";
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
		return parse_fail(p, p->at, expected);
	p->at++;
	return 0;
}

int
parse_value(struct parser *p, unsigned i)
{
	const struct arg *a = &p->cmd->row->args[i];
	union value *v = &p->cmd->val[i];

	p->cmd->given |= 1u << i;
	if (a->kind == ARG_FLAG) {
		v->num = 1;
		return 0;
	}
	if (parse_peek(p) == NULL)
		return parse_fail(p, p->at, a->meta);
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
			return parse_fail(p, p->at - 1, "at most 16 next hops");
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
